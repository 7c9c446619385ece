/* the zone when it is full: what goes, and what stays */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/zone_util.h"


/* an hour of media through a small zone: it stays at its size */

static void
test_wraps(void **state)
{
    int              n, kept;
    t_zone_t         t;
    struct stat      st;
    lo_zone_pin_t    pin;
    lo_zone_check_t  c;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 1800; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n * 2,
                                        100000 + n * 31 % 90000, 0),
                         LO_PUBLISH_NEW);
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 1,
                                        n * 2 + 1, 100000, 0),
                         LO_PUBLISH_NEW);

        assert_int_equal(lo_zone_find(t.z, t.track, n, 1, 0, &pin), LO_OK);
        assert_true(t_zone_same(t.z, pin.object, n * 2));
        lo_zone_unpin(t.z, &pin);
    }

    for (kept = 0; lo_zone_has(t.z, t.track, 1799 - kept, 0); kept++) {
        /* from the head down, without a hole */
    }

    assert_true(kept > 60);

    for (n = 1799 - kept; n >= 1799 - 255; n--) {
        assert_false(lo_zone_has(t.z, t.track, n, 0));
    }

    assert_int_equal(stat(t.path, &st), 0);
    assert_int_equal(st.st_size, 16 * MB);

    lo_zone_sweep(t.z);
    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.leaks, 0);

    t_zone_drop(&t);
}


/* a pipeline that is gone for good keeps nothing beyond the ring */

static void
test_wraps_alone(void **state)
{
    int              n;
    t_zone_t         t;
    lo_zone_check_t  c;

    t_zone_make(&t, 32 * MB, 1, 0);

    for (n = 0; n < 700; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n * 2,
                                        9000, 0), LO_PUBLISH_NEW);
        if (n < 200) {
            assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 1,
                                            n * 2 + 1, 9000, 0),
                             LO_PUBLISH_NEW);
        }
    }

    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.segments, 256);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_spare_goes_first(void **state)
{
    int            n;
    t_zone_t       t;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 40; n++) {
        t_zone_put(n, 0, n * 2, 0);
        t_zone_put(n, 1, n * 2 + 1, 0);

        if (n % 2) {
            lo_zone_find(t.z, t.track, n, 1, 0, &pin);
            lo_zone_unpin(t.z, &pin);
        }
    }

    for (n = 40; !lo_zone_has(t.z, t.track, n - 1, 0)
                 || lo_zone_candidate(t.z, t.track, 20, 1, &pin) == LO_OK;
         n++)
    {
        lo_zone_unpin(t.z, &pin);
        assert_true(n < 2000);
        t_zone_publish(t.z, t.event, t.track, n, 0, n * 2, 200000, 0);
    }

    /* the second candidates went, every number is still there */

    for (n = 0; n < 20; n++) {
        assert_int_equal(lo_zone_candidate(t.z, t.track, n, 0, &pin), LO_OK);
        lo_zone_unpin(t.z, &pin);
        assert_int_equal(lo_zone_candidate(t.z, t.track, n, 1, &pin),
                         LO_NONE);
    }

    t_zone_drop(&t);
}


/* a pinned object keeps its bytes while the ring wraps over it many times */

static void
test_pin_holds(void **state)
{
    int            n;
    t_zone_t       t;
    lo_zone_pin_t  pin, none;

    t_zone_make(&t, 16 * MB, 1, 0);

    t_zone_put(0, 0, 1000, 0);
    assert_int_equal(lo_zone_find(t.z, t.track, 0, 1, 0, &pin), LO_OK);

    for (n = 1; n < 600; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n,
                                        150000, 0), LO_PUBLISH_NEW);
    }

    assert_int_equal(lo_zone_find(t.z, t.track, 0, 1, 0, &none), LO_NONE);
    assert_true(t_zone_same(t.z, pin.object, 1000));

    lo_zone_unpin(t.z, &pin);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_shares(void **state)
{
    int       n, a, b, ta, tb;
    t_zone_t  t;

    t_zone_make(&t, 32 * MB, 4, 8 * MB);

    a = lo_zone_event_add(t.z, lo_cstr("a"), 4 * MB);
    b = lo_zone_event_add(t.z, lo_cstr("b"), 4 * MB);
    assert_true(a >= 0 && b >= 0 && a != b);
    assert_int_equal(lo_zone_event_find(t.z, lo_cstr("a")), a);
    assert_int_equal(lo_zone_event_add(t.z, lo_cstr("a"), 0), a);
    assert_int_equal(lo_zone_event_add(t.z, lo_cstr("big"), 64 * MB),
                     LO_FULL);
    assert_int_equal(lo_zone_event_share(t.z, b, 64 * MB), LO_FULL);
    assert_int_equal(lo_zone_event_share(t.z, b, 5 * MB), LO_OK);

    ta = lo_zone_track_add(t.z, a, lo_cstr("v"), 100);
    tb = lo_zone_track_add(t.z, b, lo_cstr("v"), 100);
    assert_true(ta >= 0 && tb >= 0 && ta != tb);
    assert_int_equal(lo_zone_track_add(t.z, a, lo_cstr("v"), 100), ta);

    for (n = 0; n < 10; n++) {
        assert_int_equal(t_zone_publish(t.z, a, ta, n, 0, n, 100000, 0),
                         LO_PUBLISH_NEW);
    }

    for (n = 0; n < 500; n++) {
        assert_int_equal(t_zone_publish(t.z, b, tb, n, 0, n, 100000, 0),
                         LO_PUBLISH_NEW);
    }

    for (n = 0; n < 10; n++) {
        assert_true(lo_zone_has(t.z, ta, n, 0));
    }

    /* larger than its share: refused, nothing of it is left, nothing lost */
    assert_int_equal(t_zone_publish(t.z, a, ta, 10, 0, 1, 5 * MB, 0),
                     LO_FULL);
    assert_int_equal(t_zone_publish(t.z, a, ta, 10, 0, 2, 5 * MB, 0),
                     LO_FULL);
    t_zone_clean(&t);

    assert_int_equal(lo_zone_event_remove(t.z, b), LO_OK);
    assert_int_equal(lo_zone_event_find(t.z, lo_cstr("b")), LO_NONE);
    assert_int_equal(lo_zone_event_find(t.z, lo_cstr("a")), a);
    assert_false(lo_zone_has(t.z, tb, 499, 0));
    lo_zone_sweep(t.z);
    t_zone_clean(&t);

    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_wraps_alone),
        cmocka_unit_test(test_spare_goes_first),
        cmocka_unit_test(test_pin_holds),
        cmocka_unit_test(test_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
