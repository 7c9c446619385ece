/* growing segments: followed while they are uploaded */

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


static void
test_grows(void **state)
{
    size_t            i;
    t_zone_t          t;
    grower_t          g;
    lo_grown_e        how;
    lo_zone_pin_t     pin, found;
    lo_zone_growth_t  at;

    /* ends of chunks at, before and behind those of pages */

    static const size_t  shown[] = {
        1, 3000, LO_ZONE_PAGE - 1, LO_ZONE_PAGE, LO_ZONE_PAGE + 1,
        4 * LO_ZONE_PAGE, 6 * LO_ZONE_PAGE + 10, 20 * LO_ZONE_PAGE
    };

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    grow_begin(t.z, &g, t.event, 2, 20 * LO_ZONE_PAGE);
    assert_int_equal(follow(8, &pin), LO_NONE);

    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &g.up), LO_OK);
    assert_int_equal(follow(8, &pin), LO_NONE);
    assert_false(lo_zone_grows(t.z, t.track, 8, 0, LONG));

    grow_more(t.z, &g, shown[0]);
    assert_true(lo_zone_grows(t.z, t.track, 8, 0, LONG));
    assert_false(lo_zone_grows(t.z, t.track, 8, 0, 0));
    assert_false(lo_zone_grows(t.z, t.track, 10, 0, LONG));
    assert_int_equal(follow(8, &pin), LO_OK);
    assert_false(lo_zone_has(t.z, t.track, 8, 0));
    assert_int_equal(lo_zone_find(t.z, t.track, 8, 1, 0, &found), LO_NONE);

    lo_zone_growth(&pin, &at);

    for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        grow_more(t.z, &g, shown[i]);
        assert_int_equal(grow_read_on(t.z, &pin, &at, g.data, &how), shown[i]);
        assert_int_equal(how, LO_GROWN_MORE);
    }

    /* pages behind the last byte are cut off under the reader's feet */

    assert_int_equal(grow_end(t.z, &g, t.track, 8, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(grow_read_on(t.z, &pin, &at, NULL, &how), g.size);
    assert_int_equal(how, LO_GROWN_WHOLE);

    assert_int_equal(lo_zone_find(t.z, t.track, 8, 1, 0, &found), LO_OK);
    assert_true(found.word == pin.word);
    assert_false(found.passing);
    lo_zone_unpin(t.z, &found);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(follow(8, &pin), LO_NONE);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_order(void **state)
{
    t_zone_t       t;
    grower_t       a, b;
    lo_zone_pin_t  pin, other;

    t_zone_make(&t, 16 * MB, 1, 0);

    /* nobody's previous segment is there */

    grow_begin(t.z, &a, t.event, 1, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 3, 0, &a.up), LO_OK);
    grow_more(t.z, &a, 1000);
    assert_int_equal(follow(3, &pin), LO_NONE);
    assert_int_equal(grow_end(t.z, &a, t.track, 3, 0, 2), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(3, 1, 4, 0), LO_PUBLISH_NEW);

    /* that of the first is not good */

    grow_begin(t.z, &a, t.event, 5, 50000);
    grow_begin(t.z, &b, t.event, 6, 60000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 4, 0, &a.up), LO_OK);
    assert_int_equal(lo_zone_announce(t.z, t.track, 4, 1, &b.up), LO_OK);
    grow_more(t.z, &a, 1000);
    assert_int_equal(follow(4, &pin), LO_NONE);
    grow_more(t.z, &b, 1000);
    assert_int_equal(follow(4, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(grow_end(t.z, &a, t.track, 4, 0, 0), LO_PUBLISH_NEW);

    /* a whole one goes out in passing while b may still become it */

    assert_int_equal(follow(4, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 4, 1, 0, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    assert_true(pin.passing);
    lo_zone_unpin(t.z, &pin);

    assert_int_equal(grow_end(t.z, &b, t.track, 4, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 4, 1, 0, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    assert_false(pin.passing);
    lo_zone_unpin(t.z, &pin);

    /* both are good: the first, and who is followed stays so */

    grow_begin(t.z, &a, t.event, 7, 50000);
    grow_begin(t.z, &b, t.event, 8, 60000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 5, 0, &a.up), LO_OK);
    assert_int_equal(lo_zone_announce(t.z, t.track, 5, 1, &b.up), LO_OK);
    grow_more(t.z, &b, 1000);
    assert_int_equal(follow(5, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    grow_more(t.z, &a, 1000);
    assert_int_equal(follow(5, &other), LO_OK);
    assert_true(other.word == pin.word);
    lo_zone_unpin(t.z, &other);

    /* unless it fails, or is silent for too long */

    lo_zone_forsake(t.z, &pin);
    assert_int_equal(follow(5, &other), LO_OK);
    assert_int_equal(other.object->pipeline, 0);
    grow_give_up(t.z, &a);
    lo_zone_unpin(t.z, &other);
    assert_int_equal(follow(5, &other), LO_OK);
    assert_int_equal(other.object->pipeline, 1);
    grow_give_up(t.z, &b);
    assert_int_equal(t_zone_put(5, 0, 9, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 5, 1, 0, &pin), LO_OK);
    assert_false(pin.passing);

    lo_zone_unpin(t.z, &pin);
    lo_zone_unpin(t.z, &other);
    t_zone_drop(&t);
}


static void
test_not_as_announced(void **state)
{
    t_zone_t          t;
    grower_t          g;
    uint64_t          visible;
    lo_zone_pin_t     pin, found;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    /* its end says that it is another number */

    grow_begin(t.z, &g, t.event, 2, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &g.up), LO_OK);
    grow_more(t.z, &g, 30000);
    assert_int_equal(follow(8, &pin), LO_OK);
    assert_int_equal(grow_end(t.z, &g, t.track, 9, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_FAILED);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_find(t.z, t.track, 9, 1, 0, &found), LO_OK);
    assert_true(t_zone_same(t.z, found.object, 2));
    lo_zone_unpin(t.z, &found);

    /* not good at its end: others are chosen against it */

    grow_begin(t.z, &g, t.event, 4, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 10, 0, &g.up), LO_OK);
    grow_more(t.z, &g, 30000);
    assert_int_equal(follow(10, &pin), LO_OK);
    assert_int_equal(grow_end(t.z, &g, t.track, 10, 0, 3), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_WHOLE);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(t_zone_put(10, 1, 5, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 10, 1, 0, &found), LO_OK);
    assert_int_equal(found.object->pipeline, 1);
    assert_false(found.passing);
    lo_zone_unpin(t.z, &found);

    /* a twin: the bytes are another object's in the end */

    grow_begin(t.z, &g, t.event, 6, 20000);
    assert_int_equal(t_zone_put(10, 0, 8, 0), LO_PUBLISH_REPLACED);
    assert_int_equal(lo_zone_announce(t.z, t.track, 11, 0, &g.up), LO_OK);
    grow_more(t.z, &g, 10000);
    assert_int_equal(follow(11, &pin), LO_OK);
    assert_int_equal(t_zone_put(11, 1, 6, 0), LO_PUBLISH_NEW);
    assert_int_equal(grow_end(t.z, &g, t.track, 11, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_WHOLE);
    assert_int_equal(visible, 20000);
    assert_int_equal(lo_zone_find(t.z, t.track, 11, 1, 0, &found), LO_OK);
    assert_true(found.word != pin.word);
    assert_false(found.passing);
    lo_zone_unpin(t.z, &found);
    lo_zone_unpin(t.z, &pin);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_bytes_stay(void **state)
{
    int               i;
    t_zone_t          t;
    grower_t          g;
    uint64_t          visible;
    lo_grown_e        how;
    unsigned char    *want;
    lo_zone_pin_t     pin;
    lo_zone_growth_t  at;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    grow_begin(t.z, &g, t.event, 2, 900000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &g.up), LO_OK);
    grow_more(t.z, &g, 800000);
    assert_int_equal(follow(8, &pin), LO_OK);
    want = malloc(900000);
    memcpy(want, g.data, 900000);
    grow_give_up(t.z, &g);

    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_FAILED);
    assert_int_equal(visible, 800000);
    assert_int_equal(follow(8, &(lo_zone_pin_t) { 0 }), LO_NONE);

    /* the zone is written over several times */

    for (i = 0; i < 200; i++) {
        assert_true(t_zone_publish(t.z, t.event, t.track, 8 + i, 0, i * 2,
                                   300000, 0) >= 0);
    }

    lo_zone_sweep(t.z);
    lo_zone_growth(&pin, &at);
    assert_int_equal(grow_read_on(t.z, &pin, &at, want, &how), 800000);
    free(want);

    lo_zone_unpin(t.z, &pin);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_not_as_announced),
        cmocka_unit_test(test_bytes_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
