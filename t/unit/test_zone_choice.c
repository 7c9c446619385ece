/* the zone: which of a number's candidates readers are given */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/verdict.h"
#include "lib/zone_util.h"
#include "zone/layout.h"


static void
test_candidates(void **state)
{
    t_zone_t       t;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);

#define served(n, p, seed) do {                                               \
    assert_int_equal(lo_zone_find(t.z, t.track, n, 1, 0, &pin), LO_OK);       \
    assert_int_equal(pin.object->pipeline, p);                                \
    assert_true(t_zone_same(t.z, pin.object, seed));                          \
    lo_zone_unpin(t.z, &pin);                                                 \
} while (0)

    /* pipeline order, while nobody was given anything */
    assert_int_equal(t_zone_put(1, 1, 11, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(1, 0, 10, 0), LO_PUBLISH_NEW);
    served(1, 0, 10);

    /* the choice stays */
    assert_int_equal(t_zone_put(2, 1, 21, 0), LO_PUBLISH_NEW);
    served(2, 1, 21);
    assert_int_equal(t_zone_put(2, 0, 20, 0), LO_PUBLISH_NEW);
    served(2, 1, 21);

    /* the same again; others after they were given out */
    assert_int_equal(t_zone_put(2, 1, 21, 0), LO_PUBLISH_SAME);
    assert_int_equal(t_zone_put(2, 1, 29, 0), LO_PUBLISH_SUPERSEDED);
    served(2, 1, 21);

    /* others before */
    assert_int_equal(t_zone_put(3, 0, 30, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(3, 0, 31, 0), LO_PUBLISH_REPLACED);
    served(3, 0, 31);

    /* defective loses to good, also after it was served */
    assert_int_equal(t_zone_put(4, 0, 40, 2), LO_PUBLISH_NEW);
    served(4, 0, 40);
    assert_int_equal(t_zone_put(4, 1, 41, 1), LO_PUBLISH_NEW);
    served(4, 1, 41);
    assert_int_equal(t_zone_put(4, 0, 42, 0), LO_PUBLISH_REPLACED);
    served(4, 0, 42);
    assert_int_equal(t_zone_put(4, 1, 43, 0), LO_PUBLISH_REPLACED);
    served(4, 0, 42);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_identical_bytes_once(void **state)
{
    t_zone_t         t;
    lo_zone_pin_t    a, b;
    lo_zone_check_t  c;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_int_equal(t_zone_put(1, 0, 5, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(1, 1, 5, 0), LO_PUBLISH_NEW);

    t_zone_check(t.z, &c);
    assert_int_equal(c.segments, 1);

    assert_int_equal(lo_zone_candidate(t.z, t.track, 1, 0, &a), LO_OK);
    assert_int_equal(lo_zone_candidate(t.z, t.track, 1, 1, &b), LO_OK);
    assert_true(a.word == b.word);
    lo_zone_unpin(t.z, &a);
    lo_zone_unpin(t.z, &b);

    /* one of the two takes other bytes: the other keeps its own */
    assert_int_equal(t_zone_put(1, 0, 6, 0), LO_PUBLISH_REPLACED);
    assert_int_equal(lo_zone_candidate(t.z, t.track, 1, 1, &b), LO_OK);
    assert_true(t_zone_same(t.z, b.object, 5));
    lo_zone_unpin(t.z, &b);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* why, and since when; masks, and what was given out before them */

static void
test_masks(void **state)
{
    t_zone_t          t;
    lo_word_t         a;
    lo_zone_pin_t     pin;
    lo_zone_entry_t  *e;

    t_zone_make(&t, 16 * MB, 1, 0);

#define given(n, masked, p, seed, why) do {                                   \
    assert_int_equal(lo_zone_find(t.z, t.track, n, 1, masked, &pin), LO_OK);  \
    assert_int_equal(pin.object->pipeline, p);                                \
    assert_true(t_zone_same(t.z, pin.object, seed));                          \
    assert_int_equal(pin.object->given & 0xff, why);                          \
    assert_true(pin.object->given >> 8 > 0);                                  \
    lo_zone_unpin(t.z, &pin);                                                 \
} while (0)

    t_zone_put(1, 0, 10, 0);
    given(1, 0, 0, 10, LO_CHOICE_ONLY);
    t_zone_put(1, 1, 11, 0);
    given(1, 0, 0, 10, LO_CHOICE_ONLY);

    a = lo_zone_given(t.z, t.track, 1);
    assert_true(a != 0);

    /* out of service: the other, from now on; back: the choice stays */

    assert_int_equal(lo_zone_find(t.z, t.track, 1, 0, 1, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);
    assert_true(lo_zone_given(t.z, t.track, 1) == a);

    given(1, 1, 1, 11, LO_CHOICE_MASKED);
    given(1, 0, 1, 11, LO_CHOICE_MASKED);

    /* no other: as if it was not there, and again when it is back */

    t_zone_put(2, 0, 20, 0);
    given(2, 0, 0, 20, LO_CHOICE_ONLY);
    assert_int_equal(lo_zone_find(t.z, t.track, 2, 1, 1, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 2, 0, 1, &pin), LO_NONE);
    assert_false(lo_zone_has(t.z, t.track, 2, 1));
    assert_true(lo_zone_has(t.z, t.track, 2, 2));
    given(2, 0, 0, 20, LO_CHOICE_ONLY);

    /* identical bytes of the other pipeline are in service */

    t_zone_put(3, 0, 30, 0);
    t_zone_put(3, 1, 30, 0);
    given(3, 0, 0, 30, LO_CHOICE_FIRST);
    given(3, 1, 0, 30, LO_CHOICE_FIRST);
    assert_int_equal(lo_zone_find(t.z, t.track, 3, 1, 3, &pin), LO_NONE);

    /* a masked one that is better is not looked at */

    t_zone_put(4, 0, 40, 0);
    t_zone_put(4, 1, 41, 3);
    given(4, 1, 1, 41, LO_CHOICE_MASKED);
    given(4, 0, 0, 40, LO_CHOICE_BETTER);

    /* the least defective, and what is better */

    t_zone_put(5, 0, 50, 3);
    t_zone_put(5, 1, 51, 2);
    given(5, 0, 1, 51, LO_CHOICE_LEAST);
    t_zone_put(5, 0, 52, 2);
    given(5, 0, 1, 51, LO_CHOICE_LEAST);
    t_zone_put(5, 0, 53, 0);
    given(5, 0, 0, 53, LO_CHOICE_BETTER);

    /* a worker was killed between its choice and saying when it was: what
       readers get has been given to them, all the same */

    t_zone_put(7, 0, 70, 0);
    t_zone_put(7, 1, 71, 0);
    e = lo_zone_entry(t.z, t.track, 7);
    e->chosen = e->cand[1];
    assert_int_equal(lo_zone_find(t.z, t.track, 7, 0, 0, &pin), LO_OK);
    assert_true(pin.object->given == 0);
    lo_zone_unpin(t.z, &pin);
    given(7, 0, 1, 71, LO_CHOICE_FIRST);

    /* GAP goes by what is in service */

    t_zone_put(6, 0, 60, 0);
    assert_false(lo_zone_gap(t.z, t.track, 6, 1, 0));
    assert_true(lo_zone_gap(t.z, t.track, 6, 1, 1));

    t_zone_clean(&t);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_identical_bytes_once),
        cmocka_unit_test(test_masks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
