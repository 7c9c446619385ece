#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/timeline.h"


#define NOW  1795383757            /* seconds since 1970 */

static const lo_anchor_t  utc = { 0, 1, 0 };


static lo_dur_t
dur(uint64_t duration, uint32_t timescale)
{
    lo_dur_t  d;

    assert_int_equal(lo_dur_set(&d, duration, timescale, NULL), LO_OK);

    return d;
}


static void
test_dur(void **state)
{
    lo_dur_t  d;
    lo_err_t  err;

    assert_int_equal(lo_dur_set(&d, 60060, 30000, &err), LO_OK);
    assert_int_equal(d.duration, 1001);
    assert_int_equal(d.timescale, 500);
    assert_int_equal(lo_dur_us(&d), 2002000);

    d = dur(94 * 1024, 48000);
    assert_int_equal(lo_dur_us(&d), 2005333);

    assert_int_equal(lo_dur_set(&d, 100, 1000, &err), LO_OK);
    assert_int_equal(lo_dur_set(&d, 60, 1, &err), LO_OK);
    assert_int_equal(lo_dur_set(&d, 99, 1000, &err), LO_ERROR);
    assert_int_equal(lo_dur_set(&d, 60001, 1000, &err), LO_ERROR);
    assert_int_equal(lo_dur_set(&d, 0, 1, &err), LO_ERROR);
    assert_int_equal(lo_dur_set(&d, 2, 0, &err), LO_ERROR);
    assert_int_equal(lo_dur_set(&d, UINT64_MAX, 1, &err), LO_ERROR);
    assert_int_equal(lo_dur_set(&d, UINT64_MAX, UINT64_MAX, &err), LO_OK);
    assert_int_equal(lo_dur_set(&d, UINT64_MAX, UINT64_MAX - 1, &err),
                     LO_ERROR);
}


static void
test_number(void **state)
{
    static const struct {
        uint64_t  duration;
        uint32_t  timescale;
        int64_t   n;
        uint32_t  ts;
        int64_t   off;         /* put in, and wanted back */
    } cases[] = {
        { 2, 1, 897691878, 90000, 0 },
        { 2, 1, 897691878, 90000, 512 },
        { 2, 1, 897691878, 90000, -512 },
        { 2, 1, 897691878, 48000, -1024 + 480 },
        { 2, 1, 0, 48000, -1024 },
        { 2, 1, -3, 1000, 7 },
        { 60060, 30000, 896795083, 30000, 0 },
        { 60060, 30000, 896795083, 48000, -511 },
        { 60060, 30000, 896795083, 44100, 512 },
        { 1920, 1000, 935095706, 48000, 0 },
        { 1920, 1000, 935095706, 44100, 511 },
        { 94 * 1024, 48000, 895304000, 48000, 0 },
        { 60, 1, 29923062, 10000000, 5 },
        { 1, 10, 17953837570LL, 90000, 4 },
    };
    size_t    i;
    int64_t   m, off;
    lo_dur_t  d;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        d = dur(cases[i].duration, cases[i].timescale);

        m = lo_timeline_media(&d, &utc, cases[i].n, cases[i].ts);
        m += cases[i].off;

        assert_int_equal(lo_timeline_number(&d, &utc, m, cases[i].ts, &off),
                         cases[i].n);
        assert_int_equal(off, cases[i].off);
        assert_int_equal(lo_timeline_number(&d, &utc, m, cases[i].ts, NULL),
                         cases[i].n);
    }
}


/* AAC cuts at the frame nearest to the boundary: each number exactly once */

static void
aac(uint64_t duration, uint32_t timescale, uint32_t rate, int64_t phase)
{
    int64_t   m, next, n, i, off;
    lo_dur_t  d;

    d = dur(duration, timescale);
    n = lo_timeline_at(&d, (int64_t) NOW * LO_USEC);

    for (i = 0; i < 20000; i++, n++) {
        next = lo_timeline_media(&d, &utc, n, rate) - phase;
        m = (next + 512) / 1024 * 1024 + phase;

        assert_int_equal(lo_timeline_number(&d, &utc, m, rate, &off), n);
        assert_in_range(off + 513, 0, 1026);
    }
}


static void
test_aac(void **state)
{
    aac(2, 1, 48000, 0);
    aac(2, 1, 44100, 0);
    aac(60060, 30000, 48000, 311);
    aac(60060, 30000, 44100, 1000);
    aac(1920, 1000, 48000, 17);
    aac(48048, 24000, 44100, 511);
    aac(120120, 60000, 48000, 1023);
}


/* a day and more of 2.002 s, each number once, in four timescales */

static void
test_day(void **state)
{
    static const uint32_t  scales[] = { 30000, 90000, 48000, 1000 };

    size_t    i;
    int64_t   n, first, off;
    lo_dur_t  d;

    d = dur(60060, 30000);
    first = lo_timeline_at(&d, (int64_t) NOW * LO_USEC);

    for (i = 0; i < 4; i++) {
        for (n = first; n < first + 43200; n++) {
            assert_int_equal(lo_timeline_number(&d, &utc,
                    lo_timeline_media(&d, &utc, n, scales[i]), scales[i],
                    &off), n);
            assert_int_equal(off, 0);
        }
    }
}


static void
test_wall(void **state)
{
    size_t    i;
    int64_t   n, us;
    lo_dur_t  d;

    static const uint64_t  durs[][2] = {
        { 2, 1 }, { 60060, 30000 }, { 96256, 48000 }, { 1, 7 }, { 1920, 1000 }
    };

    for (i = 0; i < 5; i++) {
        d = dur(durs[i][0], durs[i][1]);
        n = lo_timeline_at(&d, (int64_t) NOW * LO_USEC);

        us = lo_timeline_start_us(&d, n);
        assert_true(us <= (int64_t) NOW * LO_USEC);
        assert_int_equal(lo_timeline_at(&d, us), n);
        assert_int_equal(lo_timeline_at(&d, us - 1), n - 1);

        assert_int_equal(lo_timeline_due_us(&d, 1500000, n),
                         lo_timeline_start_us(&d, n + 1) + 1500000);
    }

    d = dur(2, 1);
    assert_int_equal(lo_timeline_start_us(&d, 897691878),
                     1795383756000000LL);
    assert_int_equal(lo_timeline_at(&d, -1), -1);
    assert_int_equal(lo_timeline_utc_us(&utc, 90000LL * NOW + 45000, 90000),
                     (int64_t) NOW * LO_USEC + 500000);
}


static void
test_anchor(void **state)
{
    int64_t      n, off;
    lo_dur_t     d;
    lo_anchor_t  a;

    d = dur(60060, 30000);
    n = 896795083;

    /* audio with 1024 samples of priming comes first: the grid is where
       video will be */

    lo_timeline_anchor(&a, &d, -1024, 48000, n);
    assert_int_equal(lo_timeline_number(&d, &a, 0, 30000, &off), n);
    assert_int_equal(off, 0);
    assert_int_equal(lo_timeline_number(&d, &a, -1024, 48000, &off), n);
    assert_int_equal(off, -1024);
    assert_int_equal(lo_timeline_utc_us(&a, 0, 30000),
                     lo_timeline_start_us(&d, n));

    /* the middle of a stream that began at 0 */

    lo_timeline_anchor(&a, &d, 60060 * 17 + 1001, 30000, n);
    assert_int_equal(lo_timeline_number(&d, &a, 60060 * 18, 30000, &off),
                     n + 1);
    assert_int_equal(off, 0);

    /* a clock that begins anywhere: the segment itself is the grid */

    lo_timeline_anchor(&a, &d, 60060 * 17 + 30030, 30000, n);
    assert_int_equal(lo_timeline_number(&d, &a, 60060 * 17 + 30030, 30000,
                                        &off), n);
    assert_int_equal(off, 0);
    assert_int_equal(lo_timeline_number(&d, &a, 60060 * 20 + 30030, 30000,
                                        &off), n + 3);
    assert_int_equal(off, 0);

    /* a clock ahead of UTC */

    lo_timeline_anchor(&a, &d, 60060 * (n + 5), 30000, n);
    assert_true(a.offset < 0);
    assert_int_equal(lo_timeline_number(&d, &a, 60060 * (n + 6), 30000, NULL),
                     n + 1);
}


/* what a hostile pusher can send: no overflow (UBSan watches) */

static void
test_extremes(void **state)
{
    static const int64_t  times[] = {
        INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX
    };
    static const uint32_t  scales[] = { 1, 30000, 999999937, UINT32_MAX };

    size_t       i, k, j;
    int64_t      off, n;
    lo_dur_t     d;
    lo_anchor_t  a;

    for (i = 0; i < 7; i++) {
        for (k = 0; k < 4; k++) {
            for (j = 0; j < 7; j++) {
                d = k & 1 ? dur(59999999999ULL, 1000000000) : dur(1, 10);

                a.offset = times[j];
                a.scale = scales[3 - k];

                n = lo_timeline_number(&d, &a, times[i], scales[k], &off);
                assert_true(n <= (int64_t) 1 << 53);
                assert_true(n >= -((int64_t) 1 << 53));

                lo_timeline_media(&d, &a, times[i], scales[k]);
                lo_timeline_utc_us(&a, times[i], scales[k]);
                lo_timeline_start_us(&d, times[i]);
                lo_timeline_due_us(&d, times[j], times[i]);
                lo_timeline_at(&d, times[i]);
                lo_timeline_anchor(&a, &d, times[i], scales[k], times[j]);
            }
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dur),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_aac),
        cmocka_unit_test(test_day),
        cmocka_unit_test(test_wall),
        cmocka_unit_test(test_anchor),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
