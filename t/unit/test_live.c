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

static const lo_anchor_t  utc = { 0, 1, 0 };


/* media time of number n for a pusher on UTC */

static int64_t
at(const sim_t *sim, int64_t n, uint32_t ts)
{
    return lo_timeline_media(&sim->l.d, &utc, n, ts);
}


static void
inits(sim_t *sim, const char *pipeline)
{
    assert_int_equal(sim_init(sim, pipeline, "v", VIDEO, 30000, 1),
                     LO_WHY_OK);
    assert_int_equal(sim_init(sim, pipeline, "a", AUDIO, 48000, 2),
                     LO_WHY_OK);
}


/* a plain ffmpeg from its media time k * 2 s on: one number of both tracks */

static int64_t
ffmpeg(sim_t *sim, const char *pipeline, int64_t k)
{
    int64_t  n, a;

    n = sim_put(sim, pipeline, "v", k * 60000, 60000);

    a = (k * 96000 + 512) / 1024 * 1024;
    assert_int_equal(sim_put(sim, pipeline, "a", a - 1024, 96256), n);

    return n;
}


static void
test_reasons(void **state)
{
    int  i;

    assert_int_equal(lo_live_status(LO_WHY_OK), 201);
    assert_int_equal(lo_live_status(LO_WHY_NO_INIT), 412);
    assert_int_equal(lo_live_status(LO_WHY_PAST), 410);
    assert_int_equal(lo_live_status(LO_WHY_STANDBY), 409);
    assert_int_equal(lo_live_status(LO_WHY_TAKEN), 409);
    assert_string_equal(lo_live_word(LO_WHY_FUTURE), "future");
    assert_int_equal(lo_live_status(LO_WHY_N), 500);

    for (i = 0; i < LO_WHY_N; i++) {
        assert_in_range(lo_live_status(i), 200, 599);
        assert_true(strlen(lo_live_text(i)) > 3);
    }
}


static void
test_pipelines(void **state)
{
    int        changed;
    sim_t     *sim;
    unsigned   i;

    sim = sim_new("{\"id\":\"e\"}");
    changed = 0;

    assert_int_equal(sim_pipeline(sim, "a"), 0);
    assert_int_equal(sim_pipeline(sim, "b"), 1);
    assert_int_equal(sim_pipeline(sim, "a"), 0);
    sim_pipeline(sim, "c");
    sim_pipeline(sim, "d");
    assert_int_equal(lo_live_pipeline(&sim->l, lo_cstr("e"), &i, &changed),
                     LO_WHY_PIPELINES);
    assert_int_equal(lo_live_pipeline(&sim->l, lo_cstr("-"), &i, &changed),
                     LO_WHY_PIPELINE);
    assert_int_equal(changed, 0);
    sim_free(sim);

    sim = sim_new("{\"id\":\"e\",\"pipelines\":[\"x\",\"y\"]}");
    assert_int_equal(sim_pipeline(sim, "y"), 1);
    assert_int_equal(lo_live_pipeline(&sim->l, lo_cstr("a"), &i, &changed),
                     LO_WHY_PIPELINE);
    sim_free(sim);
}


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

            v = at(sim, n, cases[i].timescale);
            assert_int_equal(sim_put(sim, "a", "v", v, cases[i].duration),
                             n);
            assert_int_equal(sim->place.off, 0);

            a = (at(sim, n, cases[i].rate) + 512) / 1024 * 1024;
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


static void
test_learn(void **state)
{
    sim_t  *sim;

    /* audio waits for video, which says what d is */

    sim = sim_new("{\"id\":\"e\"}");
    inits(sim, "a");
    assert_int_equal(sim_push(sim, "a", "a", sim_utc(sim, 48000), 96256),
                     LO_WHY_WAIT);
    assert_false(sim->place.changed);
    sim_put(sim, "a", "v", sim_utc(sim, 30000) / 60060 * 60060, 60060);
    assert_int_equal(sim->l.d.duration, 1001);
    assert_int_equal(sim->l.d.timescale, 500);
    sim_put(sim, "a", "a", sim_utc(sim, 48000), 96256);
    sim_free(sim);

    /* forced, or without any video: what audio means */

    sim = sim_new("{\"id\":\"e\"}");
    inits(sim, "a");
    sim->force = 1;
    sim_put(sim, "a", "a", sim_utc(sim, 48000), 96256);
    assert_int_equal(lo_dur_us(&sim->l.d), 2000000);
    sim_free(sim);

    sim = sim_new("{\"id\":\"e\"}");
    sim_init(sim, "a", "a", AUDIO, 48000, 2);
    sim_put(sim, "a", "a", sim_utc(sim, 48000), 92160);
    assert_int_equal(lo_dur_us(&sim->l.d), 1920000);
    sim_free(sim);

    sim = sim_new("{\"id\":\"e\"}");
    sim_init(sim, "a", "a", AUDIO, 44100, 2);
    sim_put(sim, "a", "a", sim_utc(sim, 44100), 86 * 1024);
    assert_int_equal(lo_dur_us(&sim->l.d), 2000000);
    sim_free(sim);

    /* no duration, or none that could be d */

    sim = sim_new("{\"id\":\"e\"}");
    inits(sim, "a");
    assert_int_equal(sim_push(sim, "a", "v", 0, 0), LO_WHY_DURATION);
    assert_int_equal(sim_push(sim, "a", "v", 0, 1000), LO_WHY_DURATION);
    assert_int_equal(sim_push(sim, "a", "v", 0, 30000 * 61),
                     LO_WHY_DURATION);
    assert_int_equal(sim_push(sim, "a", "v", 0, UINT64_MAX),
                     LO_WHY_DURATION);
    assert_int_equal(sim->l.d.duration, 0);
    sim_free(sim);
}


static void
test_init_first(void **state)
{
    sim_t              *sim;
    lo_live_segment_t   s;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,"
                  "\"tracks\":[{\"id\":\"v\"}]}");

    assert_int_equal(sim_push(sim, "a", "v", 0, 60000), LO_WHY_NO_INIT);
    inits(sim, "a");
    assert_int_equal(sim_push(sim, "b", "v", 0, 60000), LO_WHY_NO_INIT);

    memset(&s, 0, sizeof(s));
    s.duration = 60000;
    s.track_id = 2;
    s.track_head = -1;
    assert_int_equal(lo_live_segment(&sim->l, &sim->f, &s, &sim->place),
                     LO_WHY_TRACK_ID);

    s.track = 77;
    assert_int_equal(lo_live_segment(&sim->l, &sim->f, &s, &sim->place),
                     LO_WHY_NO_INIT);

    sim_put(sim, "a", "v", 0, 60000);
    assert_int_equal(sim->place.init, 1);
    sim_free(sim);
}


/* a clock that begins at 0 is anchored once, for all its tracks */

static void
test_anchor(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");

    n = ffmpeg(sim, "a", 0);
    assert_int_equal(n, lo_timeline_at(&sim->l.d, SIM_NOW) - 1);

    for (k = 1; k < 50; k++) {
        sim_after(sim, 2000);
        assert_int_equal(ffmpeg(sim, "a", k), n + k);
    }

    assert_int_equal(sim->l.nruns, 1);
    assert_int_equal(sim->l.runs[0].flags, 0);
    sim_free(sim);

    /* audio first */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");
    n = sim_put(sim, "a", "a", -1024, 96256);
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n);
    assert_int_equal(sim->place.off, 0);
    sim_free(sim);
}


/* killed and started again, with the same command: numbers go on */

static void
restart(uint64_t video, uint64_t audio, int audio_first, int64_t down)
{
    sim_t    *sim;
    int64_t   n, head, k, i;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");

    for (k = 0; k < 7; k++) {
        head = ffmpeg(sim, "a", k);
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
            assert_int_equal(ffmpeg(sim, "a", k), n + k);
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
    inits(sim, "a");

    for (k = 0; k < 5; k++) {
        ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_after(sim, 20000);
    inits(sim, "a");

    n = sim_put(sim, "a", "v", 60000, 60000);
    assert_int_equal(sim_put(sim, "a", "a", -1024, 96256), n - 1);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim->l.nruns, 2);
    assert_int_equal(sim->l.runs[1].first, n - 1);
    assert_int_equal(sim_put(sim, "a", "a", 94 * 1024 - 1024, 96256), n);
    sim_free(sim);

    /* but not when that number was given out in the run before */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");

    for (k = 0; k < 5; k++) {
        ffmpeg(sim, "a", k);
    }

    inits(sim, "a");
    n = sim_put(sim, "a", "v", 60000, 60000);
    assert_int_equal(sim_push(sim, "a", "a", -1024, 96256), LO_WHY_TAKEN);
    assert_int_equal(sim_put(sim, "a", "a", 94 * 1024 - 1024, 96256), n);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


/* the last segment once more after a reconnect is no restart */

static void
test_reconnect(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");
    ffmpeg(sim, "a", 0);
    sim_after(sim, 2000);
    n = ffmpeg(sim, "a", 1);

    sim_after(sim, 700);
    sim_init(sim, "a", "v", VIDEO, 30000, 1);
    assert_int_equal(sim->init, 1);
    assert_int_equal(sim_put(sim, "a", "v", 60000, 60000), n);
    sim_after(sim, 1300);
    assert_int_equal(ffmpeg(sim, "a", 2), n + 1);
    assert_int_equal(sim->l.nruns, 1);

    /* nor is a gap in a clock that goes on */

    sim_after(sim, 62000);
    inits(sim, "a");
    assert_int_equal(ffmpeg(sim, "a", 33), n + 32);
    assert_int_equal(sim->l.nruns, 1);
    sim_free(sim);
}


/* only video's process began again: audio goes on with its own clock */

static void
test_own_process(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");

    for (k = 0; k < 100; k++) {
        n = ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_init(sim, "a", "v", VIDEO, 30000, 1);
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n + 1);
    assert_int_equal(sim->l.nruns, 2);
    assert_int_equal(sim_put(sim, "a", "a", 100 * 96000, 96256), n + 1);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


static void
test_two_on_utc(void **state)
{
    sim_t    *sim;
    int64_t   n, first;

    sim = sim_new("{\"id\":\"e\",\"segment\":{\"duration\":60060,"
                  "\"timescale\":30000}}");
    inits(sim, "a");
    first = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;

    for (n = first; n < first + 200; n++) {
        sim->f.now_us = lo_timeline_due_us(&sim->l.d, 0, n);

        if (n < first + 100 || n > first + 120) {
            assert_int_equal(sim_put(sim, "a", "v", at(sim, n, 30000),
                                     60060), n);
        }

        if (n == first + 4) {
            inits(sim, "b");
        }

        if (n == first + 120) {
            inits(sim, "a");           /* back after a while */
        }

        if (n >= first + 4) {
            assert_int_equal(sim_put(sim, "b", "v", at(sim, n, 30000),
                                     60060), n);
        }

        /* b fills late what it had lost */

        if (n == first + 50) {
            assert_int_equal(sim_put(sim, "b", "v", at(sim, first, 30000),
                                     60060), first);
        }
    }

    assert_int_equal(sim->l.nruns, 1);
    assert_int_equal(sim->l.ninits, 2);
    assert_int_equal(sim->l.runs[0].pipelines, 3);
    sim_free(sim);
}


/* another clock stands by; when the first is silent it takes over */

static void
standby(int first_utc, int second_utc)
{
    sim_t    *sim;
    int64_t   n, k, m, head;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");
    inits(sim, "b");
    head = 0;

    for (k = 0; k < 20; k++) {
        m = first_utc ? sim_utc(sim, 30000) / 60000 * 60000 : k * 60000;
        head = sim_put(sim, "a", "v", m, 60000);

        m = second_utc ? sim_utc(sim, 30000) / 60000 * 60000
                       : (k + 300) * 60000;
        assert_int_equal(sim_push(sim, "b", "v", m, 60000),
                         LO_WHY_STANDBY);
        assert_false(sim->place.changed);
        sim_after(sim, 2000);
    }

    for (n = 0; k < 40; k++) {
        m = second_utc ? sim_utc(sim, 30000) / 60000 * 60000
                       : (k + 300) * 60000;

        if (sim_push(sim, "b", "v", m, 60000) == LO_WHY_OK) {
            assert_true(sim->place.number > head);
            assert_true(n == 0 || sim->place.number == n + 1);
            assert_int_equal(sim->place.run, 2);
            n = sim->place.number;
        }

        sim_after(sim, 2000);
    }

    assert_true(n >= head + 19 - 1);

    /* the first is back: now it is the one that stands by */

    m = first_utc ? sim_utc(sim, 30000) / 60000 * 60000 : k * 60000;
    assert_int_equal(sim_push(sim, "a", "v", m, 60000), LO_WHY_STANDBY);
    inits(sim, "a");
    assert_int_equal(sim_push(sim, "a", "v", m, 60000), LO_WHY_STANDBY);

    /* until the second falls silent in its turn */

    sim_after(sim, 30000);
    m = first_utc ? sim_utc(sim, 30000) / 60000 * 60000 : 0;
    assert_true(sim_put(sim, "a", "v", m, 60000) > n);
    assert_int_equal(sim->place.run, 3);
    sim_free(sim);
}


static void
test_standby(void **state)
{
    standby(1, 0);
    standby(0, 1);
    standby(0, 0);
}


/* both begin at the same moment: one of them wins, and stays */

static void
test_standby_race(void **state)
{
    sim_t  *sim;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");
    inits(sim, "b");

    sim_put(sim, "a", "v", 0, 60000);

    /* a's segment is placed, but not published yet */

    sim->f.event_head = -1;
    sim->f.last_us[0] = 0;
    assert_int_equal(sim_push(sim, "b", "v", 0, 60000), LO_WHY_STANDBY);

    /* it never was: b takes over after a while */

    sim_after(sim, 12000);
    sim_put(sim, "b", "v", 360000, 60000);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


static void
test_other_init(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");
    inits(sim, "b");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);
    sim_put(sim, "a", "v", at(sim, n, 30000), 60000);
    sim_put(sim, "a", "a", at(sim, n, 48000), 96256);
    sim_put(sim, "b", "v", at(sim, n, 30000), 60000);

    /* b comes with another configuration while a lives */

    assert_int_equal(sim_init(sim, "b", "v", VIDEO, 30000, 9),
                     LO_WHY_INIT_DIFFERS);
    assert_true(sim->changed);
    assert_int_equal(sim_push(sim, "b", "v", at(sim, n + 1, 30000), 60000),
                     LO_WHY_NO_INIT);

    /* a is silent: b's configuration begins a run, on the same clock */

    sim_after(sim, 20000);
    n += 10;
    assert_int_equal(sim_init(sim, "b", "v", VIDEO, 30000, 9), LO_WHY_OK);
    assert_int_equal(sim->init, 3);
    assert_int_equal(sim_put(sim, "b", "v", at(sim, n, 30000), 60000), n);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim->place.init, 3);
    assert_int_equal(sim->l.runs[1].flags, LO_RUN_UTC);
    assert_int_equal(sim_put(sim, "b", "a", at(sim, n, 48000), 96256), n);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim->place.init, 2);

    /* the old one still serves its numbers */

    assert_int_equal(lo_live_init_at(&sim->l, 0, n - 1)->id, 1);
    assert_int_equal(lo_live_init_at(&sim->l, 0, n)->id, 3);
    assert_int_equal(lo_live_run_at(&sim->l, n - 1)->id, 1);

    /* a goes on as if nothing had been: its init is not the one any more */

    assert_int_equal(sim_push(sim, "a", "v", at(sim, n + 1, 30000), 60000),
                     LO_WHY_INIT_DIFFERS);

    /* and takes over again when b is silent */

    sim_after(sim, 20000);
    n += 10;
    assert_int_equal(sim_put(sim, "a", "v", at(sim, n, 30000), 60000), n);
    assert_int_equal(sim->place.run, 3);
    assert_int_equal(sim->place.init, 4);
    assert_int_equal(lo_live_init_by_id(&sim->l, 4)->digest, 7);
    assert_int_equal(lo_live_init_by_id(&sim->l, 4)->word, 11);
    sim_free(sim);
}


/* both tracks change their configuration: one run for both */

static void
test_new_configuration(void **state)
{
    int       audio_first;
    sim_t    *sim;
    int64_t   n, k;

    for (audio_first = 0; audio_first < 2; audio_first++) {
        sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
        inits(sim, "a");
        n = lo_timeline_at(&sim->l.d, SIM_NOW);

        for (k = 0; k < 4; k++, n++) {
            sim_put(sim, "a", "v", at(sim, n, 30000), 60000);
            sim_put(sim, "a", "a", at(sim, n, 48000), 96256);
            sim_after(sim, 2000);
        }

        sim_init(sim, "a", "v", VIDEO, 30000, 5);
        sim_init(sim, "a", "a", AUDIO, 48000, 6);

        if (audio_first) {
            sim_put(sim, "a", "a", at(sim, n + 1, 48000), 96256);
        }

        sim_put(sim, "a", "v", at(sim, n + 2, 30000), 60000);
        assert_int_equal(sim->place.run, 2);

        /* a little lower than the run's first, where nobody has been */

        sim_put(sim, "a", "a", at(sim, n + 1, 48000), 96256);
        assert_int_equal(sim->place.run, 2);
        assert_int_equal(sim->l.nruns, 2);
        assert_int_equal(sim->l.runs[1].first, n + 1);
        sim_free(sim);
    }
}


/* ended by a last segment in the window, too early, too late */

static void
test_bounds(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60}");
    inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    assert_int_equal(sim_push(sim, "a", "v", at(sim, n + 31, 30000), 60000),
                     LO_WHY_FUTURE);
    assert_int_equal(sim->l.nruns, 0);
    sim_put(sim, "a", "v", at(sim, n, 30000), 60000);
    sim_put(sim, "a", "v", at(sim, n - 30, 30000), 60000);
    assert_int_equal(sim->l.first, n - 30);
    assert_int_equal(sim_push(sim, "a", "v", at(sim, n - 31, 30000), 60000),
                     LO_WHY_PAST);
    sim_put(sim, "a", "v", at(sim, n + 30, 30000), 60000);
    assert_int_equal(sim_push(sim, "a", "v", at(sim, n + 61, 30000), 60000),
                     LO_WHY_FUTURE);

    assert_true(lo_live_end(&sim->l, n + 30));
    assert_false(lo_live_end(&sim->l, n + 31));
    assert_int_equal(sim->l.last, n + 30);
    assert_int_equal(sim_push(sim, "a", "v", at(sim, n + 31, 30000), 60000),
                     LO_WHY_ENDED);
    assert_int_equal(sim_init(sim, "a", "v", VIDEO, 30000, 1),
                     LO_WHY_ENDED);
    sim_free(sim);
}


/* a file pushed as fast as it goes, one track after the other */

static void
test_full_speed(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"dvr_s\":600}");
    inits(sim, "a");
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

    inits(sim, "a");
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
    inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    for (k = 0; k < 100; k++) {
        assert_int_equal(sim_put(sim, "a", "v",
                                 at(sim, n + k, 30000) + 24000, 60000),
                         n + k);
        assert_false(sim->place.off_grid);
        sim_after(sim, 2000);
    }

    assert_int_equal(sim->l.runs[0].flags, LO_RUN_SHIFTED);
    assert_true(llabs(lo_timeline_utc_us(&sim->l.runs[0].anchor,
                                         at(sim, n, 30000), 30000)
                      - lo_timeline_start_us(&sim->l.d, n)) <= 1000000);

    /* a restart on the same clock, on the same cuts */

    inits(sim, "a");
    assert_int_equal(sim_put(sim, "a", "v",
                             at(sim, n + 105, 30000) + 24000, 60000),
                     n + 105);
    assert_int_equal(sim->l.nruns, 1);

    /* a second pipeline that is cut elsewhere cannot be exchanged with it */

    inits(sim, "b");
    assert_int_equal(sim_push(sim, "b", "v", at(sim, n + 105, 30000), 60000),
                     LO_WHY_STANDBY);
    sim_free(sim);

    /* a single segment that is off a declared grid is a verdict */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    inits(sim, "a");
    sim_put(sim, "a", "v", at(sim, n, 30000), 60000);
    assert_int_equal(sim_put(sim, "a", "v", at(sim, n + 1, 30000) + 15001,
                             60000), n + 1);
    assert_true(sim->place.off_grid);
    assert_int_equal(sim->place.off, 15001);
    sim_free(sim);
}


static void
test_irregular(void **state)
{
    static const int  cuts[] = {        /* tenths of a second */
        100, 42, 100, 100, 13, 77, 100, 20, 20, 100, 99, 4, 100
    };
    size_t    i;
    sim_t    *sim;
    int64_t   m, a, n, an;

    sim = sim_new("{\"id\":\"e\"}");
    inits(sim, "a");
    m = 0;
    n = sim_put(sim, "a", "v", 0, 300000);
    sim_put(sim, "a", "a", 0, 47 * 10240);

    for (i = 1, m = 300000; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        sim_after(sim, cuts[i] * 100);
        assert_int_equal(sim_put(sim, "a", "v", m, cuts[i] * 3000), n + 1);
        n++;

        /* the same once more */

        assert_int_equal(sim_put(sim, "a", "v", m, cuts[i] * 3000), n);
        m += cuts[i] * 3000;
    }

    assert_true(sim->l.irregular);

    /* the other track counts for itself */

    an = sim->tracks[1].head;

    for (a = 47 * 10240, i = 0; i < 30; i++, a += 240640) {
        assert_int_equal(sim_put(sim, "a", "a", a, 240640), ++an);
    }

    /* what is older than the head has no number any more */

    assert_int_equal(sim_push(sim, "a", "v", m - 3000 * 500, 300000),
                     LO_WHY_PAST);

    /* killed and started again */

    inits(sim, "a");
    sim_after(sim, 5000);
    n = an > n ? an : n;
    assert_int_equal(sim_put(sim, "a", "v", 0, 300000), n + 1);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim_put(sim, "a", "a", 0, 240640), n + 1);
    assert_int_equal(sim_put(sim, "a", "a", 240640, 240640), n + 2);
    assert_int_equal(sim_put(sim, "a", "v", 300000, 3000), n + 2);
    assert_int_equal(sim_put(sim, "a", "v", 303000, 3000), n + 3);

    /* its clock is near the wall's all the same */

    assert_true(llabs(lo_timeline_utc_us(&sim->l.runs[1].anchor, 300000,
                                         30000) - sim->f.now_us)
                <= 20 * LO_USEC);
    sim_free(sim);
}


/* the last segment before the end may be short: that alone is no reason */

static void
test_short_last(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\"}");
    inits(sim, "a");

    for (k = 0; k < 5; k++) {
        n = ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_put(sim, "a", "v", 300000, 9000);
    assert_false(sim->l.irregular);
    inits(sim, "a");
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n + 2);
    assert_false(sim->l.irregular);
    sim_free(sim);
}


static void
test_ready(void **state)
{
    sim_t            *sim;
    int64_t           n;
    lo_live_ready_t   r;

    /* declared tracks: all of them, whatever else there is */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":100,"
                  "\"tracks\":[{\"id\":\"v\"},{\"id\":\"a\"}]}");
    inits(sim, "a");
    memset(&r, 0, sizeof(r));
    r.now_us = sim->f.now_us;
    r.head = -1;
    assert_false(lo_live_ready(&sim->l, &r));

    n = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;
    sim_put(sim, "a", "v", at(sim, n, 30000), 60000);
    assert_true(lo_live_late(&sim->l, n,
                             lo_timeline_due_us(&sim->l.d, 0, n) + 1230000));
    assert_false(lo_live_late(&sim->l, n,
                              lo_timeline_due_us(&sim->l.d, 0, n) + 99));
    r.head = n;
    r.has = 1;
    assert_false(lo_live_ready(&sim->l, &r));
    sim_put(sim, "a", "v", at(sim, n + 1, 30000), 60000);
    sim_put(sim, "a", "a", at(sim, n, 48000), 96256);
    r.head = n + 1;
    r.has = 3;
    assert_true(lo_live_ready(&sim->l, &r));
    assert_int_equal(sim->l.phase, LO_LIVE_LIVE);
    assert_int_equal(sim->l.delay_us, 1300000);
    assert_int_equal(sim->l.window, 50);
    assert_int_equal(sim->l.depth_us, 4000000);
    assert_int_equal(sim->l.shown, sim->l.serial);
    assert_false(lo_live_ready(&sim->l, &r));
    assert_false(lo_live_late(&sim->l, n, SIM_NOW + 99 * LO_USEC));

    assert_int_equal(lo_live_due_us(&sim->l, n),
                     lo_timeline_start_us(&sim->l.d, n + 1) + 1300000);
    sim_free(sim);

    /* an auto event: every init, and none for one d */

    sim = sim_new("{\"id\":\"e\"}");
    inits(sim, "a");
    assert_true(lo_live_due_us(&sim->l, 5) > SIM_NOW * 2);
    n = ffmpeg(sim, "a", 0);
    r.now_us = sim->f.now_us;
    r.head = n;
    r.has = 3;
    assert_false(lo_live_ready(&sim->l, &r));
    sim_after(sim, 1999);
    r.now_us = sim->f.now_us;
    assert_false(lo_live_ready(&sim->l, &r));
    sim_after(sim, 1);
    r.now_us = sim->f.now_us;
    r.has = 1;
    assert_false(lo_live_ready(&sim->l, &r));
    r.has = 3;

    /* the share guarantees less than dvr_s */

    r.share = 64 << 20;
    r.bytes_per_d = 1 << 20;
    assert_true(lo_live_ready(&sim->l, &r));
    assert_int_equal(sim->l.delay_us, 1000000);
    assert_int_equal(sim->l.window, 48);
    sim_free(sim);

    /* a declared delay stands */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"delay_ms\":200}");
    inits(sim, "a");
    n = ffmpeg(sim, "a", 0);
    assert_false(lo_live_late(&sim->l, n, SIM_NOW + 9 * LO_USEC));
    sim_after(sim, 2000);
    r.now_us = sim->f.now_us;
    r.head = n;
    assert_true(lo_live_ready(&sim->l, &r));
    assert_int_equal(sim->l.delay_us, 200000);
    sim_free(sim);
}


static void
test_depth(void **state)
{
    sim_t            *sim;
    int64_t           n, us, depth, start;
    unsigned          steps;
    lo_live_ready_t   r;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":5000,"
                  "\"delay_ms\":1000}");
    sim_init(sim, "a", "v", VIDEO, 30000, 1);
    n = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;
    sim_put(sim, "a", "v", at(sim, n, 30000), 60000);

    memset(&r, 0, sizeof(r));
    sim_after(sim, 3000);
    r.now_us = sim->f.now_us;
    r.head = n;
    r.has = 1;
    assert_false(lo_live_depth(&sim->l, r.now_us));
    assert_true(lo_live_ready(&sim->l, &r));

    depth = sim->l.depth_us;
    assert_int_equal(depth, 2000000);
    start = lo_timeline_start_us(&sim->l.d, n) + 1000000;

    for (us = r.now_us, steps = 0;
         us < r.now_us + 20000LL * LO_USEC;
         us += 500000)
    {
        if (lo_live_depth(&sim->l, us)) {
            assert_true(sim->l.depth_us > depth);
            depth = sim->l.depth_us;
            steps++;
        }

        assert_int_equal(sim->l.depth_us, depth);
        assert_true(us - depth >= start || steps == 0);
    }

    assert_int_equal(steps, 6);         /* 16 s, 1, 4, 16 min, 1 h, window */
    assert_int_equal(depth, 5000LL * LO_USEC);
    sim_free(sim);
}


static int
redocument(sim_t *sim, const char *json)
{
    int              changed;
    lo_event_t      *ev;
    lo_event_err_t   err;

    ev = calloc(1, sizeof(lo_event_t));
    assert_non_null(ev);
    assert_int_equal(lo_event_parse(ev, json, strlen(json), &err), LO_OK);
    changed = lo_live_document(&sim->l, ev);
    lo_event_free(ev);
    free(ev);

    return changed;
}


static void
test_document(void **state)
{
    int               changed;
    sim_t            *sim;
    unsigned          i;
    lo_live_ready_t   r;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    assert_false(redocument(sim, "{\"id\":\"e\",\"segment_ms\":2000}"));
    assert_true(redocument(sim, "{\"id\":\"e\",\"segment_ms\":4000,"
                           "\"delay_ms\":700,\"pipelines\":[\"a\",\"b\"],"
                           "\"tracks\":[{\"id\":\"v\"}]}"));
    assert_int_equal(lo_dur_us(&sim->l.d), 4000000);
    assert_int_equal(sim->l.delay_us, 700000);
    assert_int_equal(sim->l.ntracks, 1);

    sim_init(sim, "b", "v", VIDEO, 30000, 1);
    sim_put(sim, "b", "v", 0, 120000);

    /* d is fixed by the first segment */

    redocument(sim, "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60,"
               "\"pipelines\":[\"a\",\"b\"],\"tracks\":[{\"id\":\"v\"}]}");
    assert_int_equal(lo_dur_us(&sim->l.d), 4000000);
    assert_int_equal(sim->l.dvr_s, 60);
    assert_int_equal(sim->l.declared_delay, 0);

    memset(&r, 0, sizeof(r));
    r.now_us = sim->f.now_us;
    r.head = sim->f.event_head;
    r.has = 1;
    assert_true(lo_live_ready(&sim->l, &r));

    /* the rest by going live; pipelines and tracks may come and go */

    assert_true(redocument(sim, "{\"id\":\"e\",\"dvr_s\":6000,"
                           "\"delay_ms\":9000,\"pipelines\":[\"c\",\"b\"],"
                           "\"tracks\":[{\"id\":\"w\"}]}"));
    assert_int_equal(sim->l.dvr_s, 60);
    assert_int_equal(sim->l.delay_us, 1000000);
    assert_int_equal(sim->l.window, 15);
    assert_int_equal(sim_pipeline(sim, "b"), 1);
    assert_int_equal(sim_pipeline(sim, "c"), 0);
    changed = 0;
    assert_int_equal(lo_live_pipeline(&sim->l, lo_cstr("a"), &i, &changed),
                     LO_WHY_PIPELINE);
    assert_int_equal(sim->l.ntracks, 2);
    assert_int_equal(sim->l.tracks[0].declared, 0);
    assert_int_equal(sim->l.tracks[1].declared, 1);

    /* a pipeline that was removed and came back knows nothing */

    redocument(sim, "{\"id\":\"e\",\"pipelines\":[\"c\"]}");
    redocument(sim, "{\"id\":\"e\",\"pipelines\":[\"c\",\"b\"]}");
    assert_int_equal(sim_push(sim, "b", "v", 120000, 120000),
                     LO_WHY_NO_INIT);
    sim_free(sim);
}


static void
test_many_inits(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    /* what left the window makes room */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60}");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    for (k = 0; k < 1000; k++) {
        assert_int_equal(sim_init(sim, "a", "v", VIDEO, 30000, 100 + k),
                         LO_WHY_OK);
        assert_int_equal(sim->init, k + 1);
        assert_int_equal(sim_put(sim, "a", "v", at(sim, n + k, 30000),
                                 60000), n + k);
        assert_int_equal(sim->place.init, k + 1);
        assert_non_null(lo_live_init_at(&sim->l, 0,
                                        k > 30 ? n + k - 30 : n));
        sim_after(sim, 2000);
    }

    assert_true(sim->l.nruns <= LO_LIVE_RUNS);
    sim_free(sim);

    /* inits that nobody uses are forgotten too */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");

    for (k = 0; k < 1000; k++) {
        assert_int_equal(sim_init(sim, "a", "v", VIDEO, 30000, 100 + k),
                         LO_WHY_OK);
    }

    sim_free(sim);

    /* but not what the window needs */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");

    for (k = 0; k < LO_LIVE_INITS; k++) {
        sim_init(sim, "a", "v", VIDEO, 30000, 100 + k);
        sim_put(sim, "a", "v", at(sim, n + k, 30000), 60000);
        sim_after(sim, 2000);
    }

    assert_int_equal(sim_init(sim, "a", "v", VIDEO, 30000, 99),
                     LO_WHY_INITS);
    sim_free(sim);
}


static void
test_many_tracks(void **state)
{
    int     i;
    char    id[16];
    sim_t  *sim;

    sim = sim_new("{\"id\":\"e\"}");

    for (i = 0; i <= LO_MAX_TRACKS; i++) {
        snprintf(id, sizeof(id), "t%d", i);
        assert_int_equal(sim_init(sim, "a", id, VIDEO, 30000, 1),
                         i < LO_MAX_TRACKS ? LO_WHY_OK : LO_WHY_TRACKS);
    }

    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_pipelines),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_learn),
        cmocka_unit_test(test_init_first),
        cmocka_unit_test(test_anchor),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restart_below),
        cmocka_unit_test(test_reconnect),
        cmocka_unit_test(test_own_process),
        cmocka_unit_test(test_two_on_utc),
        cmocka_unit_test(test_standby),
        cmocka_unit_test(test_standby_race),
        cmocka_unit_test(test_other_init),
        cmocka_unit_test(test_new_configuration),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_full_speed),
        cmocka_unit_test(test_shifted),
        cmocka_unit_test(test_irregular),
        cmocka_unit_test(test_short_last),
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_many_inits),
        cmocka_unit_test(test_many_tracks),
    };

    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
