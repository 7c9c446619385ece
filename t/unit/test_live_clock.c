#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/sim.h"


#define VIDEO  LO_MEDIA_VIDEO
#define AUDIO  LO_MEDIA_AUDIO


/* an exact grid of several durations, a day long, on UTC */

static void
test_durations(void **state)
{
    static const struct {
        const char  *doc;
        uint64_t     duration;
        uint32_t     timescale;
        uint32_t     rate;             /* of the audio */
    } cases[] = {
        { "\"segment_ms\":2000", 60, 30, 48000 },
        { "\"segment\":{\"duration\":60060,\"timescale\":30000}", 60060,
          30000, 48000 },
        { "\"segment\":{\"duration\":60060,\"timescale\":30000}", 60060,
          30000, 44100 },
        { "\"segment_ms\":1920", 1920, 1000, 44100 },
        { "\"segment\":{\"duration\":48048,\"timescale\":24000}", 48048,
          24000, 48000 },
    };
    size_t     i;
    char       doc[128];
    sim_t     *sim;
    int64_t    n, a, v, k, first;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(doc, sizeof(doc), "{\"id\":\"e\",%s}", cases[i].doc);

        sim = sim_new(doc);
        sim_init(sim, "a", "v", VIDEO, cases[i].timescale, 1);
        sim_init(sim, "a", "a", AUDIO, cases[i].rate, 2);

        first = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;

        for (k = 0; k < 43200; k++) {
            n = first + k;
            sim->f.now_us = lo_timeline_due_us(&sim->l.d, 300000, n);

            v = sim_at(sim, n, cases[i].timescale);
            assert_int_equal(sim_put(sim, "a", "v", v, cases[i].duration),
                             n);
            assert_int_equal(sim->place.off, 0);

            a = (sim_at(sim, n, cases[i].rate) + 512) / 1024 * 1024;
            assert_int_equal(sim_put(sim, "a", "a", a, 94 * 1024), n);
            assert_false(sim->place.off_grid);
        }

        assert_int_equal(sim->l.nruns, 1);
        assert_int_equal(sim->l.runs[0].flags, LO_RUN_UTC);
        assert_int_equal(sim->l.first, first);
        assert_false(sim->l.irregular);

        /* nothing of it changed the record after the beginning */

        assert_true(sim->l.serial < 20);
        sim_free(sim);
    }
}


/* a clock that begins at 0 is anchored once, for all its tracks */

static void
test_anchor(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    n = sim_ffmpeg(sim, "a", 0);
    assert_int_equal(n, lo_timeline_at(&sim->l.d, SIM_NOW) - 1);

    for (k = 1; k < 50; k++) {
        sim_after(sim, 2000);
        assert_int_equal(sim_ffmpeg(sim, "a", k), n + k);
    }

    assert_int_equal(sim->l.nruns, 1);
    assert_int_equal(sim->l.runs[0].flags, 0);
    sim_free(sim);

    /* audio first */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = sim_put(sim, "a", "a", -1024, 96256);
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n);
    assert_int_equal(sim->place.off, 0);
    sim_free(sim);
}


/* where the MPD's clock begins: never moves, whatever comes after */

/* before a clock's beginning only an edit list can lead, and that by a day */

static void
test_negative(void **state)
{
    sim_t  *sim;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    assert_int_equal(sim_push(sim, "a", "v", -86401LL * 30000, 60000),
                     LO_WHY_PAST);
    assert_int_equal(sim_push(sim, "a", "v", INT64_MIN / 2, 60000),
                     LO_WHY_PAST);
    assert_int_equal(sim_push(sim, "a", "v", -60000, 60000), LO_WHY_OK);
    sim_free(sim);
}


static void
test_origin(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = sim_ffmpeg(sim, "a", 100);
    assert_int_equal(sim->l.origin, n - 100);
    assert_int_equal(sim->l.runs[0].start_us,
                     lo_timeline_start_us(&sim->l.d, n));

    sim_after(sim, 60000);
    sim_inits(sim, "a");
    sim_ffmpeg(sim, "a", 0);
    assert_int_equal(sim->l.nruns, 2);
    assert_int_equal(sim->l.origin, n - 100);
    sim_free(sim);

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_put(sim, "a", "v", sim_utc(sim, 30000) / 60000 * 60000, 60000);
    assert_int_equal(sim->l.origin, 0);
    sim_free(sim);
}


/* killed and started again, with the same command: numbers go on */

static void
restart(uint64_t video, uint64_t audio, int audio_first, int64_t down)
{
    sim_t    *sim;
    int64_t   n, head, k, i;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    for (k = 0; k < 7; k++) {
        head = sim_ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    for (i = 1; i <= 3; i++) {
        sim_after(sim, down);

        if (audio_first) {
            sim_init(sim, "a", "a", AUDIO, 48000, audio);
            n = sim_put(sim, "a", "a", -1024, 96256);
        }

        sim_init(sim, "a", "v", VIDEO, 30000, video);
        n = sim_put(sim, "a", "v", 0, 60000);
        assert_true(n > head);
        assert_true(n >= lo_timeline_at(&sim->l.d, sim->f.now_us) - 1);
        assert_int_equal(sim->l.nruns, 1 + i);

        if (!audio_first) {
            sim_init(sim, "a", "a", AUDIO, 48000, audio);
            assert_int_equal(sim_put(sim, "a", "a", -1024, 96256), n);
        }

        assert_int_equal(sim->place.run, sim->l.runs[i].id);
        assert_int_equal(sim->l.runs[i].first, n);

        for (k = 1; k < 7; k++) {
            sim_after(sim, 2000);
            assert_int_equal(sim_ffmpeg(sim, "a", k), n + k);
        }

        assert_int_equal(sim->l.nruns, 1 + i);
        head = n + 6;

        if (video != 1) {
            video++;
        }
    }

    assert_false(sim->l.irregular);
    sim_free(sim);
}


static void
test_restart(void **state)
{
    restart(1, 2, 0, 500);
    restart(1, 2, 1, 500);
    restart(1, 2, 0, 20000);
    restart(1, 2, 1, 60000);
    restart(11, 2, 0, 500);            /* another video configuration */
    restart(11, 2, 1, 20000);
    restart(11, 12, 0, 4000);
}


/* video's first segment was lost: audio's lies one number below */

static void
test_restart_below(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    for (k = 0; k < 5; k++) {
        sim_ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_after(sim, 20000);
    sim_inits(sim, "a");

    n = sim_put(sim, "a", "v", 60000, 60000);
    assert_int_equal(sim_put(sim, "a", "a", -1024, 96256), n - 1);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim->l.nruns, 2);
    assert_int_equal(sim->l.runs[1].first, n - 1);
    assert_int_equal(sim_put(sim, "a", "a", 94 * 1024 - 1024, 96256), n);
    sim_free(sim);

    /* but not when that number was given out in the run before */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    for (k = 0; k < 5; k++) {
        sim_ffmpeg(sim, "a", k);
    }

    sim_inits(sim, "a");
    n = sim_put(sim, "a", "v", 60000, 60000);
    assert_int_equal(sim_push(sim, "a", "a", -1024, 96256), LO_WHY_TAKEN);
    assert_int_equal(sim_put(sim, "a", "a", 94 * 1024 - 1024, 96256), n);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


/* the run before was begun by audio, and video never came into it */

static void
test_restart_half(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    for (k = 0; k < 5; k++) {
        sim_ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_inits(sim, "a");
    n = sim_put(sim, "a", "a", -1024, 96256);
    assert_int_equal(sim->place.run, 2);

    sim_after(sim, 400000);
    sim_inits(sim, "a");
    assert_true(sim_put(sim, "a", "v", 0, 60000) > n);
    assert_int_equal(sim->place.run, 3);
    assert_true(sim_put(sim, "a", "a", -1024, 96256) > n);
    assert_int_equal(sim->place.run, 3);
    sim_free(sim);
}


/* the last segment once more after a reconnect is no restart */

static void
test_reconnect(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_ffmpeg(sim, "a", 0);
    sim_after(sim, 2000);
    n = sim_ffmpeg(sim, "a", 1);

    sim_after(sim, 700);
    sim_init(sim, "a", "v", VIDEO, 30000, 1);
    assert_int_equal(sim->init, 1);
    assert_int_equal(sim_put(sim, "a", "v", 60000, 60000), n);
    sim_after(sim, 1300);
    assert_int_equal(sim_ffmpeg(sim, "a", 2), n + 1);
    assert_int_equal(sim->l.nruns, 1);

    /* nor is a gap in a clock that goes on */

    sim_after(sim, 62000);
    sim_inits(sim, "a");
    assert_int_equal(sim_ffmpeg(sim, "a", 33), n + 32);
    assert_int_equal(sim->l.nruns, 1);
    sim_free(sim);
}


/* the head was evicted before the pusher began again */

static void
test_restart_lost_head(void **state)
{
    int       t;
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    for (n = 0, k = 0; k < 2; k++) {
        n = sim_ffmpeg(sim, "a", k);
        sim_after(sim, 1000);
    }

    for (t = 0; t < 2; t++) {
        sim->tracks[t].head_run = 0;
        sim->tracks[t].head_m = 0;
        sim->tracks[t].head_duration = 0;
    }

    sim_inits(sim, "a");
    assert_int_equal(sim_ffmpeg(sim, "a", 0), n + 1);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


static int64_t
sim_clock(sim_t *sim, int64_t run, unsigned track, int64_t m, uint32_t ts)
{
    const lo_anchor_t  *a;

    a = lo_live_anchor(&sim->l, &sim->l.runs[run], track);
    assert_non_null(a);

    return lo_timeline_utc_us(a, m, ts);
}


/* only video's process began again: audio goes on with its own clock */

static void
test_own_process(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");

    for (k = 0; k < 100; k++) {
        n = sim_ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_init(sim, "a", "v", VIDEO, 30000, 1);

    for (k = 0; k < 50; k++) {
        assert_int_equal(sim_put(sim, "a", "v", k * 60000, 60000), n + 1 + k);
        assert_int_equal(sim_put(sim, "a", "a", (100 + k) * 96000, 96256),
                         n + 1 + k);
        assert_int_equal(sim->place.run, 2);
        sim_after(sim, 2000);
    }

    assert_int_equal(sim->l.nruns, 2);

    /* each track has a clock of its own, in the second run only */

    assert_ptr_equal(lo_live_anchor(&sim->l, &sim->l.runs[1], 0),
                     &sim->l.runs[1].anchor);
    assert_int_equal(sim_clock(sim, 1, 1, 100 * 96000, 48000),
                     lo_timeline_start_us(&sim->l.d, n + 1));
    assert_int_equal(sim_clock(sim, 0, 1, 0, 48000),
                     lo_timeline_start_us(&sim->l.d, n - 99));

    /* its header again, and its clock goes on */

    n += 50;
    sim_init(sim, "a", "a", AUDIO, 48000, 2);
    assert_int_equal(sim_put(sim, "a", "v", 50 * 60000, 60000), n + 1);
    assert_int_equal(sim_put(sim, "a", "a", 150 * 96000, 96256), n + 1);
    assert_int_equal(sim->l.nruns, 2);

    /* then its process begins again: now video is the one that goes on */

    sim_after(sim, 2000);
    sim_init(sim, "a", "a", AUDIO, 48000, 2);
    assert_int_equal(sim_put(sim, "a", "a", 0, 96256), n + 2);
    assert_int_equal(sim->l.nruns, 3);

    for (k = 0; k < 5; k++) {
        assert_int_equal(sim_put(sim, "a", "v", (51 + k) * 60000, 60000),
                         n + 2 + k);
        assert_int_equal(sim_put(sim, "a", "a", k * 96000, 96256), n + 2 + k);
        sim_after(sim, 2000);
    }

    assert_int_equal(sim->l.nruns, 3);
    assert_int_equal(sim_clock(sim, 2, 0, 51 * 60000, 30000),
                     lo_timeline_start_us(&sim->l.d, n + 2));
    assert_true(lo_live_sound(&sim->l));
    sim_free(sim);
}


/* audio goes on while video begins again more often than runs are known */

static void
test_own_process_long(void **state)
{
    sim_t    *sim;
    int64_t   n, k, i;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = sim_ffmpeg(sim, "a", 0);
    sim_after(sim, 2000);
    (void) sim_ffmpeg(sim, "a", 1);

    for (k = 2, i = 0; k < 200; k++, i++) {

        if (k % 4 == 0) {
            sim_init(sim, "a", "v", VIDEO, 30000, 1);
            i = 0;
        }

        sim_after(sim, 2000);

        if (k < 4) {
            assert_int_equal(sim_ffmpeg(sim, "a", k), n + k);
            continue;
        }

        assert_int_equal(sim_put(sim, "a", "v", i * 60000, 60000), n + k);
        assert_int_equal(sim_put(sim, "a", "a", k * 96000, 96256), n + k);
    }

    assert_int_equal(sim->l.nruns, LO_LIVE_RUNS);
    assert_true(sim->l.runs[0].id > 1);

    for (k = 0; k < LO_LIVE_RUNS; k++) {
        assert_int_equal(sim_clock(sim, k, 1, 0, 48000),
                         lo_timeline_start_us(&sim->l.d, n));
    }

    assert_true(lo_live_sound(&sim->l));
    sim_free(sim);
}


/* video's new clock is near the old one: audio stays on its own */

static void
test_own_process_short(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = sim_ffmpeg(sim, "a", 0);
    sim_after(sim, 2000);
    assert_int_equal(sim_ffmpeg(sim, "a", 1), n + 1);
    sim_after(sim, 2000);
    sim_init(sim, "a", "v", VIDEO, 30000, 1);

    for (k = 0; k < 5; k++) {
        assert_int_equal(sim_put(sim, "a", "v", k * 60000, 60000), n + 2 + k);
        assert_int_equal(sim_put(sim, "a", "a", (2 + k) * 96000, 96256),
                         n + 2 + k);
        sim_after(sim, 2000);
    }

    sim_free(sim);
}


/* one that was taken for a process of its own, and begins again after all */

static void
test_own_process_joins(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = 0;

    for (k = 0; k < 20; k++) {
        n = sim_put(sim, "a", "v", k * 60000, 60000);

        if (k < 18) {
            (void) sim_put(sim, "a", "a", k * 96000, 96256);
        }

        sim_after(sim, 2000);
    }

    sim_init(sim, "a", "v", VIDEO, 30000, 1);
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n + 1);
    assert_int_equal(sim_put(sim, "a", "a", 18 * 96000, 96256), n - 1);
    assert_int_equal(sim->l.runs[1].kept, 2);
    sim_init(sim, "a", "a", AUDIO, 48000, 2);

    for (k = 0; k < 5; k++) {
        assert_int_equal(sim_put(sim, "a", "a", k * 96000, 96256), n + 1 + k);
        sim_after(sim, 2000);
        assert_int_equal(sim_put(sim, "a", "v", (1 + k) * 60000, 60000),
                         n + 2 + k);
    }

    assert_int_equal(sim->l.runs[1].kept, 0);
    assert_int_equal(sim->l.nruns, 2);
    sim_free(sim);
}


/* a file pushed as fast as it goes, one track after the other */

static void
test_full_speed(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"dvr_s\":600}");
    sim_inits(sim, "a");
    n = 0;

    for (k = 0; k < 250; k++) {
        if (k == 0) {
            n = sim_put(sim, "a", "v", 0, 60000);
        }

        assert_int_equal(sim_put(sim, "a", "v", k * 60000, 60000), n + k);
        sim_after(sim, 10);
    }

    for (k = 0; k < 250; k++) {
        assert_int_equal(sim_put(sim, "a", "a",
                                 (k * 96000 + 512) / 1024 * 1024, 96256),
                         n + k);
    }

    assert_int_equal(sim->l.nruns, 1);

    /* and once more, right after it */

    sim_inits(sim, "a");
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n + 250);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


/* on UTC, but cut elsewhere than at multiples of d */

static void
test_shifted(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    for (k = 0; k < 100; k++) {
        assert_int_equal(sim_put(sim, "a", "v",
                                 sim_at(sim, n + k, 30000) + 24000, 60000),
                         n + k);
        assert_false(sim->place.off_grid);
        sim_after(sim, 2000);
    }

    assert_int_equal(sim->l.runs[0].flags, LO_RUN_SHIFTED);
    assert_true(llabs(lo_timeline_utc_us(&sim->l.runs[0].anchor,
                                         sim_at(sim, n, 30000), 30000)
                      - lo_timeline_start_us(&sim->l.d, n)) <= 1000000);

    /* a restart on the same clock, on the same cuts */

    sim_inits(sim, "a");
    assert_int_equal(sim_put(sim, "a", "v",
                             sim_at(sim, n + 105, 30000) + 24000, 60000),
                     n + 105);
    assert_int_equal(sim->l.nruns, 1);

    /* a second pipeline that is cut elsewhere cannot be exchanged with it */

    sim_inits(sim, "b");
    assert_int_equal(sim_push(sim, "b", "v", sim_at(sim, n + 105, 30000),
                              60000), LO_WHY_STANDBY);
    sim_free(sim);

    /* a single segment that is off a declared grid is a verdict */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    assert_int_equal(sim_put(sim, "a", "v", sim_at(sim, n + 1, 30000) + 15001,
                             60000), n + 1);
    assert_true(sim->place.off_grid);
    assert_int_equal(sim->place.off, 15001);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_anchor),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restart_below),
        cmocka_unit_test(test_restart_half),
        cmocka_unit_test(test_restart_lost_head),
        cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_own_process),
        cmocka_unit_test(test_own_process_long),
        cmocka_unit_test(test_own_process_short),
        cmocka_unit_test(test_own_process_joins),
        cmocka_unit_test(test_full_speed),
        cmocka_unit_test(test_shifted),
    };

    return cmocka_run_group_tests_name("live_clock", tests, NULL, NULL);
}
