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


static void
test_learn(void **state)
{
    sim_t  *sim;

    /* audio waits for video, which says what d is */

    sim = sim_new("{\"id\":\"e\"}");
    sim_inits(sim, "a");
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
    sim_inits(sim, "a");
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
    sim_inits(sim, "a");
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
    sim_inits(sim, "a");
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


/* ended by a last segment in the window, too early, too late */

static void
test_bounds(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n + 31, 30000), 60000),
                     LO_WHY_FUTURE);
    assert_int_equal(sim->l.nruns, 0);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    sim_put(sim, "a", "v", sim_at(sim, n - 30, 30000), 60000);
    assert_int_equal(sim->l.first, n - 30);
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n - 31, 30000), 60000),
                     LO_WHY_PAST);
    sim_put(sim, "a", "v", sim_at(sim, n + 30, 30000), 60000);
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n + 61, 30000), 60000),
                     LO_WHY_FUTURE);

    assert_true(lo_live_end(&sim->l, n + 30));
    assert_false(lo_live_end(&sim->l, n + 31));
    assert_int_equal(sim->l.last, n + 30);
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n + 31, 30000), 60000),
                     LO_WHY_ENDED);
    assert_int_equal(sim_init(sim, "a", "v", VIDEO, 30000, 1),
                     LO_WHY_ENDED);
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
    sim_inits(sim, "a");
    memset(&r, 0, sizeof(r));
    r.now_us = sim->f.now_us;
    r.head = -1;
    assert_false(lo_live_ready(&sim->l, &r));

    n = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    assert_true(lo_live_late(&sim->l, n,
                             lo_timeline_due_us(&sim->l.d, 0, n) + 1230000));
    assert_false(lo_live_late(&sim->l, n,
                              lo_timeline_due_us(&sim->l.d, 0, n) + 99));
    r.head = n;
    r.has = 1;
    assert_false(lo_live_ready(&sim->l, &r));
    sim_put(sim, "a", "v", sim_at(sim, n + 1, 30000), 60000);
    sim_put(sim, "a", "a", sim_at(sim, n, 48000), 96256);
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
    sim_inits(sim, "a");
    assert_true(lo_live_due_us(&sim->l, 5) > SIM_NOW * 2);
    n = sim_ffmpeg(sim, "a", 0);
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
    sim_inits(sim, "a");
    n = sim_ffmpeg(sim, "a", 0);
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
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);

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

    assert_int_equal(steps, 10);        /* 4 to 16 s, 1, 4, 16 min, 1 h,
                                           window */
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
        assert_int_equal(sim_put(sim, "a", "v", sim_at(sim, n + k, 30000),
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
        sim_put(sim, "a", "v", sim_at(sim, n + k, 30000), 60000);
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


static void
test_chunks(void **state)
{
    sim_t      *sim;
    lo_live_t  *l;

    sim = sim_new("{\"id\":\"e\",\"tracks\":[{\"id\":\"v\"},"
                  "{\"id\":\"w\"}]}");
    l = &sim->l;
    assert_int_equal(l->ntracks, 2);

    /* whole segments; then several chunks, of which the longest counts */

    assert_int_equal(lo_live_chunks(l, 0, 1, 1, 60060, 30000), 0);
    assert_int_equal(lo_live_chunks(l, 0, 0, 4, 15015, 30000), 1);
    assert_int_equal(l->tracks[0].chunk_us, 500500);
    assert_int_equal(lo_live_chunks(l, 0, 0, 4, 15014, 30000), 0);
    assert_int_equal(lo_live_chunks(l, 0, 0, 4, 15045, 30000), 1);
    assert_int_equal(l->tracks[0].chunk_us, 501500);

    /* once the manifest is out only a track that comes */

    l->phase = LO_LIVE_LIVE;
    assert_int_equal(lo_live_chunks(l, 0, 0, 2, 30030, 30000), 0);
    assert_int_equal(lo_live_chunks(l, 1, 0, 4, 24000, 48000), 0);
    assert_int_equal(lo_live_chunks(l, 1, 1, 4, 24000, 48000), 1);
    assert_int_equal(l->tracks[1].chunk_us, 500000);
    assert_int_equal(lo_live_chunks(l, 2, 1, 4, 24000, 48000), 0);
    assert_int_equal(lo_live_chunks(l, 1, 1, 2, 48000, 48000), 0);
    sim_free(sim);
}


/* how long parts are: fixed when the event goes live, or by the first track
   with chunks after that */

static void
test_parts(void **state)
{
    sim_t            *sim;
    int64_t           n;
    unsigned          early;
    lo_live_t        *l;
    lo_event_t        doc;
    lo_event_err_t    err;
    lo_live_ready_t   r;

    static const char  other[] = "{\"id\":\"e\",\"segment_ms\":2000,"
                                 "\"part_ms\":2000}";

    for (early = 0; early < 2; early++) {

        sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
        l = &sim->l;
        sim_init(sim, "a", "a", AUDIO, 48000, 2);
        n = lo_timeline_at(&l->d, SIM_NOW) - 1;
        sim_put(sim, "a", "a", sim_at(sim, n, 48000), 96256);

        if (early) {
            assert_int_equal(lo_live_chunks(l, 0, 1, 8, 12288, 48000), 1);
        }

        memset(&r, 0, sizeof(r));
        r.now_us = sim->f.now_us;
        r.head = n;
        r.has = 1;
        r.force = 1;
        assert_true(lo_live_ready(l, &r));
        assert_int_equal(lo_live_part_us(l, 0), early ? 256000 : 0);

        /* longer chunks, and of video */

        sim_init(sim, "a", "v", VIDEO, 30000, 1);
        sim_put(sim, "a", "v", sim_at(sim, n + 1, 30000), 60000);
        assert_int_equal(lo_live_chunks(l, 1, 1, 2, 30000, 30000), 1);
        assert_int_equal(lo_live_part_us(l, 0), early ? 256000 : 0);
        assert_int_equal(lo_live_part_us(l, 1), 1000000);
        assert_int_equal(l->part_us, early ? 256000 : 1000000);

        sim_init(sim, "a", "w", VIDEO, 30000, 3);
        sim_put(sim, "a", "w", sim_at(sim, n + 1, 30000), 60000);
        assert_int_equal(lo_live_chunks(l, 2, 1, 8, 7680, 30000), 1);
        assert_int_equal(lo_live_part_us(l, 1), 1000000);
        assert_int_equal(lo_live_part_us(l, 2), early ? 256000 : 1024000);

        /* a document does not change it */

        assert_int_equal(lo_event_parse(&doc, other, strlen(other), &err),
                         LO_OK);
        lo_live_document(l, &doc);
        lo_event_free(&doc);
        assert_int_equal(l->part_us, early ? 256000 : 1000000);

        /* what another version has written has it not */

        l->part_us = 0;
        l->tracks[2].chunk_us = 0;
        l->tracks[1].chunk_us = early ? 0 : 1000000;
        assert_int_equal(lo_live_part_us(l, early ? 0 : 1),
                         early ? 256000 : 1000000);
        assert_int_equal(lo_live_chunks(l, early ? 1 : 2, 1, 4, 15000, 30000),
                         1);
        assert_int_equal(l->part_us, early ? 256000 : 1000000);
        sim_free(sim);
    }

    /* the document says it */

    sim = sim_new(other);
    l = &sim->l;
    sim_init(sim, "a", "v", VIDEO, 30000, 1);
    n = lo_timeline_at(&l->d, SIM_NOW) - 1;
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    assert_int_equal(lo_live_chunks(l, 0, 1, 4, 15000, 30000), 1);
    r.head = n;
    assert_true(lo_live_ready(l, &r));
    assert_int_equal(l->part_us, 2000000);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_pipelines),
        cmocka_unit_test(test_learn),
        cmocka_unit_test(test_init_first),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_many_inits),
        cmocka_unit_test(test_many_tracks),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
