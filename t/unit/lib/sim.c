#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "lib/sim.h"


sim_t *
sim_new(const char *json)
{
    int             i;
    sim_t          *sim;
    lo_event_t     *ev;
    lo_event_err_t  err;

    sim = calloc(1, sizeof(sim_t));
    ev = calloc(1, sizeof(lo_event_t));
    assert_non_null(sim);
    assert_non_null(ev);

    if (lo_event_parse(ev, json, strlen(json), &err) != LO_OK) {
        fail_msg("%s: %s", err.field, err.err.text);
    }

    lo_live_create(&sim->l, ev);
    lo_event_free(ev);
    free(ev);

    assert_int_equal(sim->l.serial, 1);

    sim->f.now_us = SIM_NOW;
    sim->f.event_head = -1;

    for (i = 0; i < SIM_TRACKS; i++) {
        sim->tracks[i].head = -1;
    }

    return sim;
}


void
sim_free(sim_t *sim)
{
    free(sim);
}


void
sim_after(sim_t *sim, int64_t ms)
{
    sim->f.now_us += ms * 1000;
}


unsigned
sim_pipeline(sim_t *sim, const char *name)
{
    int       changed;
    unsigned  index;

    assert_int_equal(lo_live_pipeline(&sim->l, lo_cstr(name), &index,
                                      &changed),
                     LO_WHY_OK);

    return index;
}


lo_live_reason_e
sim_init(sim_t *sim, const char *pipeline, const char *track, uint32_t type,
    uint32_t ts, uint64_t config)
{
    unsigned        p;
    uint64_t        serial;
    lo_cmaf_init_t  info;

    memset(&info, 0, sizeof(info));

    info.type = type;
    info.track_id = 1;
    info.timescale = ts;
    info.config = config;
    info.par_h = 1;
    info.par_v = 1;

    if (type == LO_MEDIA_VIDEO) {
        info.width = 1280;
        info.height = 720;
    }

    p = sim_pipeline(sim, pipeline);
    serial = sim->l.serial;
    sim->changed = 0;

    p = (unsigned) lo_live_init(&sim->l, &sim->f, p, lo_cstr(track), &info,
                                config * 7, config * 11, &sim->init,
                                &sim->changed);

    assert_int_equal(sim->changed, sim->l.serial != serial);

    return p;
}


/* a number belongs to one run for ever, in all tracks; heads never go back */

static void
sim_check(sim_t *sim, unsigned track, int64_t n)
{
    int                    i, slot;
    const lo_live_run_t   *run;
    const lo_live_init_t  *in;

    slot = (int) (n % SIM_GIVEN);
    assert_true(n >= 0);

    run = lo_live_run_at(&sim->l, n);
    assert_non_null(run);
    assert_int_equal(run->id, sim->place.run);

    in = lo_live_init_at(&sim->l, track, n);
    assert_non_null(in);
    assert_int_equal(in->id, sim->place.init);
    assert_int_equal(in->track, track);

    for (i = 0; i < SIM_TRACKS; i++) {
        if (sim->tracks[i].given[slot] == n + 1) {
            assert_int_equal(sim->tracks[i].run[slot], sim->place.run);
        }
    }

    for (i = 1; i < (int) sim->l.nruns; i++) {
        assert_true(sim->l.runs[i].first > sim->l.runs[i - 1].first);
        assert_true(sim->l.runs[i].id > sim->l.runs[i - 1].id);
    }
}


/* what is listed of it has the time of its number */

static void
sim_check_clock(sim_t *sim, unsigned track, int64_t n)
{
    const lo_anchor_t     *a;
    const lo_live_init_t  *in;

    if (sim->l.irregular) {
        return;
    }

    in = lo_live_init_by_id(&sim->l, sim->place.init);
    a = lo_live_anchor(&sim->l, lo_live_run_at(&sim->l, n), track);

    assert_non_null(a);
    assert_int_equal(lo_timeline_number(&sim->l.d, a, sim->place.m,
                                        in->info.timescale, NULL), n);
}


/* to look says the same as to do it */

static void
sim_looked(const sim_t *sim, lo_live_reason_e looked,
    const lo_live_place_t *look, lo_live_reason_e why)
{
    if (look->changed) {
        assert_true(why != LO_WHY_OK || sim->place.changed);
        return;
    }

    assert_int_equal(looked, why);
    assert_memory_equal(look, &sim->place, sizeof(lo_live_place_t));
}


lo_live_reason_e
sim_push(sim_t *sim, const char *pipeline, const char *track, int64_t m,
    uint64_t duration)
{
    int                slot;
    unsigned           index;
    uint64_t           serial;
    sim_track_t       *t;
    lo_live_place_t    look;
    lo_live_reason_e   why, looked;
    lo_live_segment_t  s;

    memset(&s, 0, sizeof(s));

    s.pipeline = sim_pipeline(sim, pipeline);
    index = (unsigned) lo_live_track(&sim->l, lo_cstr(track));
    assert_true(index < SIM_TRACKS);
    t = &sim->tracks[index];

    s.track = index;
    s.m = m;
    s.duration = duration;
    s.force = sim->force;
    s.wraps = sim->wraps;
    s.track_head = t->head;
    s.head_m = t->head_m;
    s.head_duration = t->head_duration;
    s.head_run = t->head_run;

    serial = sim->l.serial;
    looked = lo_live_segment_look(&sim->l, &sim->f, &s, &look);
    why = lo_live_segment(&sim->l, &sim->f, &s, &sim->place);

    sim_looked(sim, looked, &look, why);
    assert_int_equal(sim->place.changed, sim->l.serial != serial);

    if (why != LO_WHY_OK) {
        return why;
    }

    sim_check(sim, index, sim->place.number);
    sim_check_clock(sim, index, sim->place.number);
    slot = (int) (sim->place.number % SIM_GIVEN);
    t->given[slot] = sim->place.number + 1;
    t->run[slot] = sim->place.run;
    sim->f.last_us[s.pipeline] = sim->f.now_us;

    if (sim->place.number > t->head) {
        t->head = sim->place.number;
        t->head_m = sim->place.m;
        t->head_duration = duration;
        t->head_run = sim->place.run;
    }

    if (t->head > sim->f.event_head) {
        sim->f.event_head = t->head;
        sim->f.event_us = sim->f.now_us;
    }

    return why;
}


int64_t
sim_put(sim_t *sim, const char *pipeline, const char *track, int64_t m,
    uint64_t duration)
{
    lo_live_reason_e  why;

    why = sim_push(sim, pipeline, track, m, duration);

    if (why != LO_WHY_OK) {
        fail_msg("%s %s at %lld: %s", pipeline, track, (long long) m,
                 lo_live_text(why));
    }

    return sim->place.number;
}


int64_t
sim_utc(const sim_t *sim, uint32_t ts)
{
    return lo_rescale(sim->f.now_us, ts, LO_USEC, LO_FLOOR);
}


int64_t
sim_at(const sim_t *sim, int64_t n, uint32_t ts)
{
    static const lo_anchor_t  zero = { 0, 1, 0 };

    return lo_timeline_media(&sim->l.d, &zero, n, ts);
}


void
sim_inits(sim_t *sim, const char *pipeline)
{
    assert_int_equal(sim_init(sim, pipeline, "v", LO_MEDIA_VIDEO, 30000, 1),
                     LO_WHY_OK);
    assert_int_equal(sim_init(sim, pipeline, "a", LO_MEDIA_AUDIO, 48000, 2),
                     LO_WHY_OK);
}


int64_t
sim_ffmpeg(sim_t *sim, const char *pipeline, int64_t k)
{
    int64_t  n, a;

    n = sim_put(sim, pipeline, "v", k * 60000, 60000);

    a = (k * 96000 + 512) / 1024 * 1024;
    assert_int_equal(sim_put(sim, pipeline, "a", a - 1024, 96256), n);

    return n;
}
