/* whose parts a number has, and when it has none */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/grower.h"
#include "zone/layout.h"

#define LONG   (INT64_C(3600) * LO_USEC)

#define follow(n, pin)  lo_zone_follow(t.z, t.track, n, 0, LONG, pin)
#define parts(n, pin)   lo_zone_parts(t.z, t.track, n, 0, LONG, pin)


/* what the parts of a number are cut from, from the first to the last */

static void
test_parts(void **state)
{
    t_zone_t       t;
    grower_t       a, b;
    lo_zone_pin_t  pin, whole;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(7, 1, 2, 0), LO_PUBLISH_NEW);

    /* of what nobody has followed: the choice */

    assert_int_equal(parts(7, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    assert_int_equal(lo_zone_given(t.z, t.track, 7), pin.word);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(parts(8, &pin), LO_NONE);

    /* one upload, also where another is whole before it */

    grow_begin(t.z, &a, t.event, 3, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    assert_int_equal(parts(8, &pin), LO_OK);
    assert_int_equal(t_zone_put(8, 1, 4, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(8, &whole), LO_OK);
    assert_true(whole.word == pin.word);
    lo_zone_unpin(t.z, &whole);
    assert_int_equal(lo_zone_parts_grow(t.z, t.track, 8, 0, LONG, &whole),
                     LO_OK);
    lo_zone_unpin(t.z, &whole);
    assert_int_equal(grow_end(t.z, &a, t.track, 8, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(8, &whole), LO_OK);
    assert_true(whole.word == pin.word);
    lo_zone_unpin(t.z, &whole);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_parts_grow(t.z, t.track, 8, 0, LONG, &pin),
                     LO_NONE);

    /* it fails: no parts, of none of those that come after it */

    grow_begin(t.z, &a, t.event, 5, 50000);
    grow_begin(t.z, &b, t.event, 6, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 9, 0, &a.up), LO_OK);
    assert_int_equal(lo_zone_announce(t.z, t.track, 9, 1, &b.up), LO_OK);
    grow_more(t.z, &a, 1000);
    grow_more(t.z, &b, 1000);
    assert_int_equal(parts(9, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    lo_zone_unpin(t.z, &pin);
    grow_give_up(t.z, &a);
    assert_int_equal(parts(9, &pin), LO_NONE);
    assert_int_equal(follow(9, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(grow_end(t.z, &b, t.track, 9, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(9, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 9, 1, 0, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_false(lo_zone_gap(t.z, t.track, 9, 0, 0));
    assert_int_equal(lo_zone_gap_in(t.z, t.track, 9), LO_NONE);

    /* one that nobody followed may fail */

    grow_begin(t.z, &a, t.event, 7, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 10, 1, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    grow_give_up(t.z, &a);
    assert_int_equal(t_zone_put(10, 0, 8, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(10, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);

    /* defective in the end: neither it nor what comes in its place */

    grow_begin(t.z, &a, t.event, 9, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 11, 0, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    assert_int_equal(parts(11, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(grow_end(t.z, &a, t.track, 11, 0, 2), LO_PUBLISH_NEW);
    assert_int_equal(parts(11, &pin), LO_NONE);
    assert_int_equal(t_zone_put(11, 1, 10, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(11, &pin), LO_NONE);

    /* never followed, and defective: only what is good for good */

    assert_int_equal(t_zone_put(12, 0, 11, 2), LO_PUBLISH_NEW);
    assert_int_equal(parts(12, &pin), LO_NONE);
    assert_int_equal(t_zone_put(12, 1, 12, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(12, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);

    /* silent, masked: what is followed instead has no parts */

    grow_begin(t.z, &a, t.event, 13, 50000);
    grow_begin(t.z, &b, t.event, 14, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 13, 1, &b.up), LO_OK);
    grow_more(t.z, &b, 1000);
    assert_int_equal(parts(13, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_announce(t.z, t.track, 13, 0, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    assert_int_equal(t_zone_put(12, 0, 15, 0), LO_PUBLISH_REPLACED);
    assert_int_equal(lo_zone_parts(t.z, t.track, 13, 2, LONG, &pin), LO_NONE);
    assert_int_equal(parts(13, &pin), LO_NONE);
    grow_give_up(t.z, &b);
    assert_int_equal(grow_end(t.z, &a, t.track, 13, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(13, &pin), LO_NONE);

    /* it belongs elsewhere, by its end */

    grow_begin(t.z, &a, t.event, 16, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 14, 0, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    assert_int_equal(parts(14, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(grow_end(t.z, &a, t.track, 15, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(14, 1, 17, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(14, &pin), LO_NONE);
    assert_int_equal(parts(15, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);

    /* a GAP has none, and takes the mark's place */

    assert_true(lo_zone_gap(t.z, t.track, 17, 1, 0));
    assert_int_equal(t_zone_put(17, 0, 18, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(17, &pin), LO_NONE);
    lo_zone_gap_set(t.z, t.track, 14);
    assert_true(lo_zone_gap(t.z, t.track, 14, 0, 0));

    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* number 8 of pipeline 0 grows, and its parts are given out */

static void
grow_eight(t_zone_t t, grower_t *a)
{
    lo_zone_pin_t  pin;

    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    grow_begin(t.z, a, t.event, 2, 20000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &a->up), LO_OK);
    grow_more(t.z, a, 1000);
    assert_int_equal(parts(8, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
}


/* the same bytes of two pipelines are the same parts */

static void
test_parts_of_twins(void **state)
{
    t_zone_t       t;
    grower_t       a;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);
    grow_eight(t, &a);
    assert_int_equal(t_zone_put(8, 1, 2, 0), LO_PUBLISH_NEW);
    assert_int_equal(grow_end(t.z, &a, t.track, 8, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(8, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* out of service when it is whole: its parts are, too */

static void
test_parts_masked(void **state)
{
    t_zone_t       t;
    grower_t       a;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);
    grow_eight(t, &a);
    assert_int_equal(grow_end(t.z, &a, t.track, 8, 0, 0), LO_PUBLISH_NEW);

    assert_int_equal(lo_zone_parts(t.z, t.track, 8, 1, LONG, &pin), LO_NONE);
    assert_int_equal(lo_zone_parts_grow(t.z, t.track, 8, 1, LONG, &pin),
                     LO_NONE);

    /* the mask is taken back: readers have had no others */

    assert_int_equal(parts(8, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    lo_zone_unpin(t.z, &pin);

    /* a twin is in service */

    assert_int_equal(t_zone_put(8, 1, 2, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_parts(t.z, t.track, 8, 1, LONG, &pin), LO_OK);
    assert_true(t_zone_same(t.z, pin.object, 2));
    lo_zone_unpin(t.z, &pin);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* a part that was given out is of one segment for good: where readers get
   another instead, the number has no parts */

static void
test_parts_replaced(void **state)
{
    t_zone_t       t;
    grower_t       a;
    lo_zone_pin_t  pin;

#define masked(n, pin)  lo_zone_parts(t.z, t.track, n, 1, LONG, pin)
#define none(n)         lo_zone_partless(t.z, t.track, n)
#define of(n, how, p) do {                                                    \
    assert_int_equal(how(n, &pin), LO_OK);                                    \
    assert_int_equal(pin.object->pipeline, p);                                \
    lo_zone_unpin(t.z, &pin);                                                 \
} while (0)

    t_zone_make(&t, 16 * MB, 1, 0);

    t_zone_put(7, 0, 1, 0);
    t_zone_put(7, 1, 2, 0);
    of(7, parts, 0);
    assert_int_equal(masked(7, &pin), LO_NONE);
    assert_true(none(7));
    assert_int_equal(lo_zone_find(t.z, t.track, 7, 1, 1, &pin), LO_OK);
    assert_true(t_zone_same(t.z, pin.object, 2));
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(parts(7, &pin), LO_NONE);

    /* the whole was given out, and then replaced */

    t_zone_put(8, 0, 3, 0);
    t_zone_put(8, 1, 4, 0);
    assert_int_equal(lo_zone_find(t.z, t.track, 8, 1, 0, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_find(t.z, t.track, 8, 1, 1, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(masked(8, &pin), LO_NONE);

    /* the other comes later */

    t_zone_put(9, 0, 5, 0);
    of(9, parts, 0);
    assert_int_equal(masked(9, &pin), LO_NONE);
    assert_false(none(9));
    of(9, parts, 0);
    t_zone_put(9, 1, 6, 0);
    assert_int_equal(masked(9, &pin), LO_NONE);
    assert_true(none(9));

    /* nobody had the masked one's; twins; one that is defective has none */

    t_zone_put(10, 0, 7, 0);
    t_zone_put(10, 1, 8, 0);
    of(10, masked, 1);
    of(10, parts, 1);
    t_zone_put(11, 0, 9, 0);
    t_zone_put(11, 1, 9, 0);
    of(11, parts, 0);
    of(11, masked, 0);
    t_zone_put(12, 0, 10, 2);
    assert_int_equal(parts(12, &pin), LO_NONE);
    t_zone_put(12, 1, 11, 0);
    of(12, masked, 1);

    /* other nodes agreed on another */

    t_zone_put(13, 0, 12, 0);
    t_zone_put(13, 1, 13, 0);
    of(13, parts, 0);
    assert_int_equal(lo_zone_choose(t.z, t.track, 13, 1), LO_OK);
    assert_int_equal(parts(13, &pin), LO_NONE);
    assert_true(none(13));
    t_zone_put(14, 0, 14, 0);
    t_zone_put(14, 1, 15, 0);
    assert_int_equal(lo_zone_choose(t.z, t.track, 14, 1), LO_OK);
    of(14, parts, 1);
    assert_int_equal(lo_zone_choose(t.z, t.track, 14, 1), LO_OK);
    of(14, parts, 1);

    /* masked while it grows, and the other is whole */

    grow_begin(t.z, &a, t.event, 16, 20000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 15, 0, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    of(15, parts, 0);
    t_zone_put(15, 1, 17, 0);
    of(15, parts, 0);
    assert_int_equal(masked(15, &pin), LO_NONE);
    assert_true(none(15));
    assert_int_equal(grow_end(t.z, &a, t.track, 15, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(15, &pin), LO_NONE);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_of_twins),
        cmocka_unit_test(test_parts_masked),
        cmocka_unit_test(test_parts_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
