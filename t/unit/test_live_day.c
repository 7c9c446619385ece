/*
 * 24 hours and more of an event, at the speed of arithmetic.  With every
 * segment: no number is skipped, used twice, or another for another track.
 * With every minute: playlists and MPD say what the boxes say, to a frame.
 * In the end: the live state and the zone are no larger than after a minute.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dash.h"
#include "lib/day.h"


#define VIDEO  LO_MEDIA_VIDEO
#define AUDIO  LO_MEDIA_AUDIO

#define HOURS  25                     /* any day has a midnight in it */


static void
run(const day_plan_t *plan)
{
    day_t    *day;
    int64_t   k, end, minute;

    day = day_new(plan);
    end = lo_rescale(HOURS * 3600, plan->d.timescale,
                     (uint64_t) plan->d.duration, LO_CEIL);
    minute = lo_rescale(60, plan->d.timescale, (uint64_t) plan->d.duration,
                        LO_FLOOR);

    for (k = 0; k < end; k++) {
        day_step(day, k);

        if (k % minute == minute - 1) {
            day_playlists(day, (unsigned) minute);
            day_mpd(day);
        }
    }

    /* all were compared; the state did not grow; what manifests show changed
       in the few steps of the depth alone */

    assert_true(day->listed >= (end - minute) * day->ntracks);
    assert_int_equal(day->sim->l.nruns, 1);
    assert_int_equal(day->sim->l.ninits, day->ntracks);
    assert_false(day->sim->l.irregular);
    assert_true(day->sim->l.serial < 40);
    assert_int_equal(day->sim->f.event_head, day->first + end - 1);

    day_end(day);
}


static void
test_2000(void **state)
{
    static const day_plan_t  plan = {
        .document = "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":900}",
        .d = { 2, 1, 0 }, .begin = INT64_MIN, .pipelines = 2,
        .tracks = { { "v25", VIDEO, 90000, 25, 1 },
                    { "v50", VIDEO, 12800, 50, 1 },
                    { "a48", AUDIO, 48000, 48000, 1024 },
                    { "a44", AUDIO, 44100, 44100, 1024 } }
    };

    run(&plan);
}


static void
test_2002(void **state)
{
    static const day_plan_t  plan = {
        .document = "{\"id\":\"e\",\"dvr_s\":900,\"segment\":"
                    "{\"duration\":60060,\"timescale\":30000}}",
        .d = { 60060, 30000, 0 }, .begin = INT64_MIN, .pipelines = 2,
        .tracks = { { "v29", VIDEO, 30000, 30000, 1001 },
                    { "v59", VIDEO, 60000, 60000, 1001 },
                    { "a48", AUDIO, 48000, 48000, 1024 },
                    { "a44", AUDIO, 44100, 44100, 1024 } }
    };

    run(&plan);
}


/* nothing is declared, the pusher's clock begins at 0, and its video's 32 bits
   wrap after 13 hours while its audio's do not */

static void
test_wrap_90k(void **state)
{
    static const day_plan_t  plan = {
        .document = "{\"id\":\"e\",\"dvr_s\":900}",
        .d = { 2, 1, 0 }, .begin = 0, .pipelines = 1, .wraps = 1,
        .tracks = { { "v0", VIDEO, 90000, 25, 1 },
                    { "a", AUDIO, 48000, 48000, 1024 } }
    };

    run(&plan);
}


/* at 10 MHz every 7 minutes; beginning shortly before a wrap */

static void
test_wrap_10m(void **state)
{
    static const day_plan_t  plan = {
        .document = "{\"id\":\"e\",\"dvr_s\":900,\"segment\":"
                    "{\"duration\":60060,\"timescale\":30000}}",
        .d = { 60060, 30000, 0 }, .begin = 213, .pipelines = 1, .wraps = 1,
        .tracks = { { "v0", VIDEO, 10000000, 60000, 1001 },
                    { "a", AUDIO, 10000000, 44100, 1024 } }
    };

    run(&plan);
}


/* a clock that steps at midnight, as a leap second makes it, both ways */

static void
test_leap(void **state)
{
    int         i;
    day_plan_t  plan = {
        .document = "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":900}",
        .d = { 2, 1, 0 }, .begin = INT64_MIN, .pipelines = 1,
        .tracks = { { "v0", VIDEO, 90000, 25, 1 } }
    };

    for (i = -1; i <= 1; i += 2) {
        plan.leap_s = i;
        run(&plan);
    }
}


/* who begins again near a wrap begins a new run, at any time of it */

static void
test_wrap_restart(void **state)
{
    sim_t    *sim;
    int64_t   k, n;
    unsigned  runs;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":86400}");
    sim->wraps = 1;
    sim_init(sim, "a", "v", VIDEO, 90000, 1);

    /* 24000 slots of 180000: behind the wrap at slot 23860 */

    for (k = 0; k < 24000; k++) {
        n = sim_put(sim, "a", "v", (uint32_t) (k * 180000), 180000);
        sim_after(sim, 2000);

        if (k % 1000 == 999) {
            runs = sim->l.nruns;
            sim_init(sim, "a", "v", VIDEO, 90000, 1);

            assert_int_equal(sim_put(sim, "a", "v",
                                     (uint32_t) ((k + 1) * 180000), 180000),
                             n + 1);
            assert_int_equal(sim->l.nruns, runs);
            sim_after(sim, 2000);
            k++;
        }
    }

    n = sim->f.event_head;
    runs = sim->l.nruns;
    sim_init(sim, "a", "v", VIDEO, 90000, 1);
    assert_int_equal(sim_put(sim, "a", "v", 0, 180000), n + 1);
    assert_int_equal(sim->l.nruns, runs + 1);

    sim_free(sim);
}


/*
 * Key frames at any distance: numbers are counted, and the MPD lists times.
 * S@t and S@d are the boxes', summed up over a day.
 */

#define LIST  60

static void
check_timeline(const sim_t *sim, const lo_manifest_segment_t *s)
{
    int64_t                 t, d, r, i;
    lo_buf_t                b;
    const char             *p;
    lo_manifest_t           man;
    lo_manifest_room_t      room;
    static char             text[65536];
    lo_manifest_track_t     track;
    lo_manifest_period_t    period;

    room.periods = &period;
    room.max_periods = 1;
    room.tracks = &track;
    room.max_tracks = 1;

    assert_int_equal(lo_manifest_live(&man, &sim->l, NULL, s[0].number,
                                      &room),
                     LO_OK);

    man.id = lo_cstr("e");
    track.segments = s;
    track.nsegments = LIST;
    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_dash_mpd(&b, &man);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    p = strstr(text, "startNumber=\"");
    assert_non_null(p);
    assert_int_equal(strtoll(p + 13, NULL, 10), s[0].number);

    for (i = 0, t = 0, p = text; (p = strstr(p, "<S ")) != NULL; p++) {

        if (sscanf(p, "<S t=\"%ld\"", &t) == 1) {
            p = strstr(p, "\" ") + 1;

        } else {
            p += 2;
        }

        assert_int_equal(sscanf(p, " d=\"%ld\" r=\"%ld\"", &d, &r) > 0, 1);

        if (strncmp(strchr(p + 4, '"'), "\" r=", 4) != 0) {
            r = 0;
        }

        for ( /* void */ ; r >= 0; r--, i++, t += d) {
            assert_true(i < LIST);
            assert_int_equal(t, s[i].m);
            assert_int_equal(d, s[i].duration);
        }
    }

    assert_int_equal(i, LIST);
}


static void
test_timeline(void **state)
{
    sim_t                  *sim;
    int64_t                 k, m, n, end;
    uint32_t                x;
    uint64_t                d;
    lo_manifest_segment_t  *s, list[LIST];

    sim = sim_new("{\"id\":\"e\",\"dvr_s\":900}");
    sim_init(sim, "a", "v", VIDEO, 90000, 1);
    memset(list, 0, sizeof(list));
    end = (int64_t) 90000 * 3600 * HOURS;
    x = 1;
    n = -1;

    for (m = 0, k = 0; m < end; m += (int64_t) d, k++) {

        x = x * 1664525 + 1013904223;
        d = k < 2 ? 180000 : (x >> 16) % 4 ? (10 + (x >> 20) % 230) * 3600
                                           : 250 * 3600;

        sim_after(sim, (int64_t) d / 90);
        assert_true(n < 0 || sim_push(sim, "a", "v", m, d) == LO_WHY_OK);
        n = n < 0 ? sim_put(sim, "a", "v", m, d) : n + 1;
        assert_int_equal(sim->place.number, n);

        memmove(list, list + 1, sizeof(list) - sizeof(list[0]));
        s = &list[LIST - 1];
        s->number = n;
        s->m = m;
        s->duration = d;
        s->run = sim->place.run;

        if (k == LIST) {
            lo_live_ready_t  r = { .now_us = sim->f.now_us, .has = 1,
                                   .head = n };

            assert_int_equal(lo_live_ready(&sim->l, &r), 1);
        }

        if (k > LIST && k % 50 == 0) {
            check_timeline(sim, list);
        }
    }

    assert_true(sim->l.irregular);
    assert_int_equal(sim->l.nruns, 1);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_2000),
        cmocka_unit_test(test_2002),
        cmocka_unit_test(test_wrap_90k),
        cmocka_unit_test(test_wrap_10m),
        cmocka_unit_test(test_leap),
        cmocka_unit_test(test_wrap_restart),
        cmocka_unit_test(test_timeline),
    };

    return cmocka_run_group_tests_name("live_day", tests, NULL, NULL);
}
