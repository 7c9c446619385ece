/*
 * Masks: what is out of service, merged, taken back, forgotten.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/live.h"


#define ALL   LO_LIVE_ALL_TRACKS

static lo_live_t  l;


static int
setup(void **state)
{
    memset(&l, 0, sizeof(l));
    l.version = LO_LIVE_VERSION;
    l.d.duration = 2;
    l.d.timescale = 1;
    l.window = 100;

    return 0;
}


static int
mask(unsigned pipeline, uint32_t track, int64_t from, int64_t to, int on)
{
    lo_live_mask_t  m;

    memset(&m, 0, sizeof(m));
    m.pipeline = pipeline;
    m.track = track;
    m.from = from;
    m.to = to;

    return on ? lo_live_mask(&l, &m, 1000) : lo_live_unmask(&l, &m, 1000);
}


static void
test_ranges(void **state)
{
    uint64_t  serial;

    assert_int_equal(lo_live_masked(&l, 0, 950), 0);
    assert_int_equal(mask(1, 0, 950, 959, 1), 1);
    assert_int_equal(lo_live_masked(&l, 0, 949), 0);
    assert_int_equal(lo_live_masked(&l, 0, 950), 2);
    assert_int_equal(lo_live_masked(&l, 0, 959), 2);
    assert_int_equal(lo_live_masked(&l, 0, 960), 0);
    assert_int_equal(lo_live_masked(&l, 1, 955), 0);

    serial = l.serial;
    assert_int_equal(mask(1, 0, 951, 958, 1), 0);
    assert_true(l.serial == serial);

    /* what touches is one range; another pipeline's is its own */

    assert_int_equal(mask(1, 0, 960, 969, 1), 1);
    assert_int_equal(l.nmasks, 1);
    assert_int_equal(mask(0, 0, 955, 960, 1), 1);
    assert_int_equal(l.nmasks, 2);
    assert_int_equal(lo_live_masked(&l, 0, 955), 3);
    assert_int_equal(mask(1, 0, 980, 989, 1), 1);
    assert_int_equal(l.nmasks, 3);
    assert_int_equal(mask(1, 0, 965, 985, 1), 1);
    assert_int_equal(l.nmasks, 2);
    assert_int_equal(lo_live_masked(&l, 0, 979), 2);

    /* all tracks, until it is taken back */

    assert_int_equal(mask(2, ALL, 900, INT64_MAX, 1), 1);
    assert_int_equal(lo_live_masked(&l, 63, INT64_MAX), 4);
    assert_int_equal(mask(2, ALL, 2000, 3000, 1), 0);
}


static void
test_back(void **state)
{
    assert_int_equal(mask(0, 3, 950, 959, 1), 1);
    assert_int_equal(mask(0, 3, 940, 945, 0), 0);
    assert_int_equal(mask(0, 2, 950, 959, 0), 0);
    assert_int_equal(mask(1, 3, 950, 959, 0), 0);

    /* the middle, then both ends */

    assert_int_equal(mask(0, 3, 953, 954, 0), 1);
    assert_int_equal(l.nmasks, 2);
    assert_int_equal(lo_live_masked(&l, 3, 952), 1);
    assert_int_equal(lo_live_masked(&l, 3, 953), 0);
    assert_int_equal(lo_live_masked(&l, 3, 954), 0);
    assert_int_equal(lo_live_masked(&l, 3, 955), 1);

    assert_int_equal(mask(0, ALL, 0, 950, 0), 1);
    assert_int_equal(lo_live_masked(&l, 3, 950), 0);
    assert_int_equal(lo_live_masked(&l, 3, 951), 1);
    assert_int_equal(mask(0, ALL, 959, INT64_MAX, 0), 1);
    assert_int_equal(lo_live_masked(&l, 3, 959), 0);
    assert_int_equal(lo_live_masked(&l, 3, 958), 1);
    assert_int_equal(mask(0, ALL, 0, INT64_MAX, 0), 1);
    assert_int_equal(l.nmasks, 0);
}


static void
test_full(void **state)
{
    int  i;

    for (i = 0; i < LO_LIVE_MASKS; i++) {
        assert_int_equal(mask(0, 0, 950 + 2 * i, 950 + 2 * i, 1), 1);
    }

    assert_int_equal(mask(0, 0, 2000, 2001, 1), LO_FULL);
    assert_int_equal(mask(0, 0, 950, 2000, 1), 1);
    assert_int_equal(l.nmasks, 1);

    /* what has left the window makes room */

    setup(NULL);

    for (i = 0; i < LO_LIVE_MASKS; i++) {
        assert_int_equal(mask(0, 0, 800 + 2 * i, 800 + 2 * i, 1), 1);
    }

    assert_int_equal(mask(0, 0, 2000, 2001, 1), 1);
    assert_true(l.nmasks <= 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(test_ranges, setup),
        cmocka_unit_test_setup(test_back, setup),
        cmocka_unit_test_setup(test_full, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
