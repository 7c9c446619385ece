#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "../../tools/live-packager/timing.c"
#include "../../tools/live-packager/clock.c"


#define NOW     1795383757            /* seconds since 1970 */
#define FRAMES  16


void
lp_log(lp_level_e level, const char *fmt, ...)
{
    (void) level;
    (void) fmt;
}


/* time of frame i in units of the input, as an encoder rounds it */

static int64_t
stamp(int64_t i, uint32_t fps_num, uint32_t fps_den, lp_unit_t unit)
{
    return lo_rescale(i, (uint64_t) fps_den * unit.den,
                      (uint64_t) fps_num * unit.num, LO_NEAREST);
}


static void
stamps(int64_t *pts, int64_t first, uint32_t fps_num, uint32_t fps_den,
    lp_unit_t unit)
{
    unsigned  i;

    for (i = 0; i < FRAMES; i++) {
        pts[i] = stamp(first + i, fps_num, fps_den, unit);
    }
}


static void
test_scale(void **state)
{
    static const struct {
        uint32_t  num, den, timescale, frame;
    } cases[] = {
        { 25, 1, 90000, 3600 }, { 50, 1, 90000, 1800 },
        { 30000, 1001, 30000, 1001 }, { 24000, 1001, 24000, 1001 },
        { 60000, 1001, 60000, 1001 }, { 24, 1, 90000, 3750 },
        { 25, 2, 90000, 7200 }, { 7, 1, 7000, 1000 }, { 0, 1, 0, 0 },
        { 120000, 1001, 120000, 1001 }, { 30, 0, 0, 0 }
    };
    size_t    i;
    uint32_t  frame;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(lp_timing_scale(cases[i].num, cases[i].den, &frame),
                         cases[i].timescale);
        assert_int_equal(frame, cases[i].frame);
    }
}


/* whatever the input's unit, frames come out exactly on the grid */

static void
test_grid(void **state)
{
    static const lp_unit_t  units[] = {
        { 1, 90000 }, { 1, 1000 }, { 1, 30000 }, { 1, 60000 }, { 1, 1000000 },
        { 1, 1000000000 }, { 1001, 30000 }, { 1001, 60000 }, { 1001, 24000 }
    };
    static const struct {
        uint32_t  num, den;
    } rates[] = { { 24000, 1001 }, { 30000, 1001 }, { 60000, 1001 } };

    size_t       u, r, i;
    int64_t      first, pts[FRAMES];
    lp_timing_t  t;

    for (r = 0; r < 3; r++) {
        for (u = 0; u < sizeof(units) / sizeof(units[0]); u++) {

            if (units[u].num != 1 && units[u].den != rates[r].num) {
                continue;
            }

            if (units[u].num == 1 && units[u].den == 30000 && r != 1) {
                continue;
            }

            first = (int64_t) NOW * rates[r].num / rates[r].den + u;
            stamps(pts, first, rates[r].num, rates[r].den, units[u]);

            lp_timing_video(&t, units[u], rates[r].num, rates[r].den, 0, pts,
                            FRAMES);

            assert_true(t.grid);
            assert_int_equal(t.timescale, rates[r].num);

            for (i = 0; i < FRAMES; i++) {
                assert_int_equal(lp_timing_ticks(&t, pts[i]),
                                 (first + (int64_t) i) * rates[r].den);
            }
        }
    }
}


/* off the grid: times as they are, in a timescale that says them exactly */

static void
test_off_grid(void **state)
{
    size_t       i;
    int64_t      pts[FRAMES];
    lp_unit_t    unit = { 1, 90000 };
    lp_timing_t  t;

    stamps(pts, (int64_t) NOW * 25, 25, 1, unit);

    for (i = 0; i < FRAMES; i++) {
        pts[i] += 1234;
    }

    lp_timing_video(&t, unit, 25, 1, 0, pts, FRAMES);
    assert_false(t.grid);
    assert_int_equal(t.timescale, 90000);
    assert_int_equal(lp_timing_ticks(&t, pts[3]), pts[3]);

    stamps(pts, (int64_t) NOW * 24000 / 1001, 24000, 1001, unit);

    for (i = 0; i < FRAMES; i++) {
        pts[i] += 1234;
    }

    lp_timing_video(&t, unit, 24000, 1001, 0, pts, FRAMES);
    assert_false(t.grid);
    assert_int_equal(t.timescale, 90000);
    assert_int_equal(t.frame, 3754);
    assert_int_equal(lp_timing_ticks(&t, pts[3]), pts[3]);

    lp_timing_video(&t, unit, 0, 1, 0, pts, FRAMES);
    assert_false(t.grid);
    assert_int_equal(t.timescale, 90000);
    assert_int_equal(t.frame, 0);
}


static void
test_audio(void **state)
{
    int64_t      i, j, k, first, pts[FRAMES];
    lp_unit_t    ts = { 1, 90000 }, ms = { 1, 1000 };
    lp_timing_t  t;
    uint32_t     rates[] = { 44100, 48000, 32000, 22050 };
    int64_t      phases[] = { 0, 648, 5, 1019 };

    for (i = 0; i < 4; i++) {
        for (k = 0; k < 4; k++) {

            /* MPEG-TS: a stamp every 5 frames, counted on from, cut off */

            first = (int64_t) NOW * rates[i] / 1024 * 1024 + phases[k];

            for (j = 0; j < FRAMES; j++) {
                pts[j] = stamp(first + (j + k) / 5 * 5 * 1024, rates[i], 1, ts)
                         + (j + k) % 5 * (90000 * 1024 / rates[i]);
            }

            lp_timing_audio(&t, ts, rates[i], 1024, 0, pts, FRAMES);
            assert_true(t.grid);
            assert_false(t.smooth);

            for (j = 0; j < FRAMES; j++) {
                assert_int_equal(lp_timing_ticks(&t, pts[j]),
                                 first + (j + k) * 1024);
            }
        }
    }

    first = (int64_t) NOW * 48000 / 1024;

    for (j = 0; j < FRAMES; j++) {
        pts[j] = stamp((first + j) * 1024, 48000, 1, ms);
    }

    lp_timing_audio(&t, ms, 48000, 1024, 0, pts, FRAMES);
    assert_true(t.grid);
    assert_int_equal(lp_timing_ticks(&t, pts[7]), (first + 7) * 1024);

    for (j = 0; j < FRAMES; j++) {
        pts[j] += j * j;
    }

    lp_timing_audio(&t, ms, 48000, 1024, 0, pts, FRAMES);
    assert_false(t.grid);
    assert_true(t.smooth);
    assert_int_equal(t.slack, 48);

    lp_timing_rephase(&t, 1000);
    assert_int_equal(t.phase, 48000 % 1024);
}


static void
test_guess(void **state)
{
    static const struct {
        uint32_t  num, den;
    } rates[] = {
        { 24000, 1001 }, { 24, 1 }, { 25, 1 }, { 30000, 1001 }, { 30, 1 },
        { 50, 1 }, { 60000, 1001 }, { 60, 1 }
    };

    size_t     i;
    int64_t    pts[FRAMES];
    uint32_t   num, den;
    lp_unit_t  unit = { 1, 90000 };

    for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        stamps(pts, (int64_t) NOW * rates[i].num / rates[i].den, rates[i].num,
               rates[i].den, unit);

        assert_int_equal(lp_timing_guess(unit, pts, FRAMES, &num, &den), 0);
        assert_int_equal(num, rates[i].num);
        assert_int_equal(den, rates[i].den);
        assert_true(lp_timing_fits(unit, pts, FRAMES, num, den));
    }

    for (i = 0; i < FRAMES; i++) {
        pts[i] = i * 3600 + i * i * 31;
    }

    assert_int_equal(lp_timing_guess(unit, pts, FRAMES, &num, &den), -1);
    assert_int_equal(lp_timing_guess(unit, pts, 2, &num, &den), -1);
}


static void
test_clock_set(void **state)
{
    lp_clock_t  c;

    assert_int_equal(lp_clock_set(&c, "utc"), 0);
    assert_true(c.known);
    assert_int_equal(lp_clock_set(&c, "arrival"), 0);
    assert_false(c.known);
    assert_int_equal(lp_clock_set(&c, "auto"), 0);
    assert_int_equal(lp_clock_set(&c, "1700000000.25"), 0);
    assert_int_equal(c.offset, 1700000000ll * LP_FLICKS + LP_FLICKS / 4);
    assert_int_equal(lp_clock_set(&c, "-0.5"), 0);
    assert_int_equal(c.offset, -LP_FLICKS / 2);
    assert_int_equal(lp_clock_set(&c, "12x"), -1);
    assert_int_equal(lp_clock_set(&c, ""), -1);
    assert_int_equal(lp_clock_set(&c, "99999999999999"), -1);
}


static void
test_clock_auto(void **state)
{
    int64_t     stamp33;
    lp_unit_t   ts = { 1, 90000 }, us = { 1, 1000000 };
    lp_clock_t  c;

    lp_clock_set(&c, "auto");
    lp_clock_first(&c, (NOW - 3600) * 1000000ll, us, 64, NOW * 1000000ll);
    assert_int_equal(c.mode, LP_CLOCK_UTC);

    lp_clock_set(&c, "auto");
    lp_clock_first(&c, 12345, us, 64, NOW * 1000000ll);
    assert_int_equal(c.mode, LP_CLOCK_ARRIVAL);
    assert_false(c.known);

    /* 33 bits of UTC */

    stamp33 = (NOW - 2) * 90000ll & 0x1ffffffff;

    lp_clock_set(&c, "auto");
    lp_clock_first(&c, stamp33, ts, 33, NOW * 1000000ll);
    assert_int_equal(c.mode, LP_CLOCK_UTC);
    assert_int_equal(lp_clock_unwrap(stamp33, 33,
                                     lp_clock_now(&c, ts, NOW * 1000000ll)),
                     (NOW - 2) * 90000ll);

    lp_clock_set(&c, "auto");
    lp_clock_first(&c, (stamp33 + 3600 * 90000ll) & 0x1ffffffff, ts, 33,
                   NOW * 1000000ll);
    assert_int_equal(c.mode, LP_CLOCK_ARRIVAL);

    /* across the wrap */

    assert_int_equal(lp_clock_unwrap(5, 33, 0x1fffffff0), 0x200000005);
    assert_int_equal(lp_clock_unwrap(0x1ffffffff, 33, 0x200000005),
                     0x1ffffffff);
    assert_int_equal(lp_clock_unwrap(77, 64, 1000), 77);
}


/* the anchored key frame lies on the frame nearest to a boundary, and what
   follows is on the grid, whatever moment was anchored */

static void
test_clock_anchor(void **state)
{
    int64_t      n, at, pts[FRAMES];
    lo_dur_t     d = { 2, 1, 0 };
    lp_unit_t    unit = { 1, 90000 };
    lp_clock_t   a, b;
    lp_timing_t  t;

    lp_clock_set(&a, "arrival");
    lp_clock_set(&b, "arrival");

    stamps(pts, 1000, 30000, 1001, unit);

    lp_clock_anchor(&a, &d, pts[0], unit, NOW * 1000000ll + 130000, 30000,
                    1001);
    assert_true(a.known);

    lp_timing_video(&t, unit, 30000, 1001, a.offset, pts, FRAMES);
    assert_true(t.grid);

    n = lo_timeline_number(&d, &(lo_anchor_t) { 0, 1, 0 },
                           lp_timing_ticks(&t, pts[0]), 30000, &at);
    assert_in_range(n, NOW / 2, NOW / 2 + 1);
    assert_in_range(at + 501, 0, 1002);

    /* another, anchored one segment later (60 frames of 2.002 s, d as long),
       agrees */

    d = (lo_dur_t) { 1001, 500, 0 };
    lp_clock_anchor(&a, &d, stamp(1000, 30000, 1001, unit), unit,
                    NOW * 1000000ll, 30000, 1001);
    lp_clock_anchor(&b, &d, stamp(1060, 30000, 1001, unit), unit,
                    NOW * 1000000ll + 2002000 + 90000, 30000, 1001);

    assert_in_range(a.offset - b.offset + LP_FLICKS / 90000, 0,
                    2 * LP_FLICKS / 90000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_off_grid),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_guess),
        cmocka_unit_test(test_clock_set),
        cmocka_unit_test(test_clock_auto),
        cmocka_unit_test(test_clock_anchor),
    };

    return cmocka_run_group_tests_name("packager_timing", tests, NULL, NULL);
}
