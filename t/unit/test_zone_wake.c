/* workers that hold readers are woken by the one that publishes */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <poll.h>

#include <cmocka.h>

#include "lib/zone_util.h"


static void
on_woken(void *data, uint32_t track)
{
    (*(uint64_t *) data) |= UINT64_C(1) << track;
}


static int
readable(lo_zone_t *z, int ms)
{
    struct pollfd  p = { lo_zone_wake_fd(z), POLLIN, 0 };

    return poll(&p, 1, ms) == 1;
}


/* two handles of one process stand for two workers */

static void
test_wakes(void **state)
{
    int         i, other;
    t_zone_t    t;
    uint64_t    woken;
    lo_zone_t  *z;

    t_zone_make(&t, 16 * MB, 1, 0);
    z = t_zone_join(t.path);
    other = lo_zone_track_add(t.z, t.event, lo_cstr("a"), 16);

    assert_int_equal(lo_zone_wake(t.z, t.track), 0);
    assert_false(readable(z, 0));

    lo_zone_wait(z, t.track);
    assert_int_equal(lo_zone_wake(t.z, other), 0);
    assert_false(readable(z, 0));

    /* many more than a socket's queue holds: none is lost */

    lo_zone_wait(z, other);

    for (i = 0; i < 2000; i++) {
        assert_int_equal(lo_zone_wake(t.z, t.track), 0);
    }

    assert_int_equal(lo_zone_wake(t.z, other), 0);
    assert_true(readable(z, 1000));

    woken = 0;
    lo_zone_woken(z, on_woken, &woken);
    assert_int_equal(woken, (1u << t.track) | (1u << other));
    assert_false(readable(z, 0));

    lo_zone_unwait(z, t.track);
    lo_zone_wait(t.z, t.track);
    assert_int_equal(lo_zone_wake(t.z, t.track), 1);
    assert_false(readable(z, 0));

    lo_zone_close(z);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_wakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
