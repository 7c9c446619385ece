/*
 * Bytes as what pushers do: an operation, whose it is, and by how much.  The
 * simulator asserts the invariants of numbers with every segment, and whatever
 * came of it, manifests can be written.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <stdlib.h>

#include "core/dash.h"
#include "core/hls.h"
#include "lib/sim.h"
#include "fuzz.h"


#define STEPS  400

static const char *const  pipelines[] = { "a", "b", "c", "d" };
static const char *const  tracks[] = { "v", "a", "t" };
static const uint32_t     types[] = {
    LO_MEDIA_VIDEO, LO_MEDIA_AUDIO, LO_MEDIA_TEXT
};
static const uint32_t     scales[] = { 30000, 48000, 1000 };


/* a time near what was, or near the wall clock, or anywhere */

static int64_t
some_time(const sim_t *sim, int t, uint8_t how, int16_t by)
{
    int64_t              from;
    const sim_track_t   *track;

    track = &sim->tracks[t];

    switch (how & 3) {
    case 0:
        from = track->head_m + (int64_t) track->head_duration;
        break;
    case 1:
        from = sim_utc(sim, scales[t]);
        break;
    case 2:
        from = 0;
        break;
    default:
        return (int64_t) ((uint64_t) by << (how >> 2));
    }

    return from + (int64_t) by * scales[t] / (how & 4 ? 10 : 1000);
}


static void
act(sim_t *sim, const uint8_t *b)
{
    int               t;
    int16_t           by;
    int64_t           m;
    const char       *p;
    lo_live_ready_t   r;

    memcpy(&by, b + 2, 2);
    p = pipelines[b[0] >> 6];
    t = (b[0] >> 4) % 3;

    switch (b[0] & 15) {

    case 0:
        sim_init(sim, p, tracks[t], types[t], scales[t], b[1] & 3);
        return;

    case 1:
        sim_after(sim, (int64_t) (uint16_t) by * (b[1] & 15));
        return;

    case 2:
        memset(&r, 0, sizeof(r));
        r.now_us = sim->f.now_us;
        r.has = b[1];
        r.head = sim->f.event_head;
        r.share = (uint64_t) (uint16_t) by << 20;
        r.bytes_per_d = 1 << 20;
        lo_live_ready(&sim->l, &r);
        lo_live_depth(&sim->l, r.now_us);
        return;
    }

    if (lo_live_track(&sim->l, lo_cstr(tracks[t])) < 0) {
        return;
    }

    m = some_time(sim, t, b[1], by);
    sim->force = b[1] >> 7;

    if (sim_push(sim, p, tracks[t], m, b[0] & 8 ? scales[t] * 2
                                                : (uint64_t) b[3] * 1024)
        == LO_WHY_OK)
    {
        lo_live_late(&sim->l, sim->place.number, sim->f.now_us);
        sim_after(sim, 500);
    }
}


static void
manifests(const sim_t *sim, int64_t from)
{
    lo_buf_t                     b;
    lo_manifest_t                m;
    lo_manifest_room_t           room;
    static char                  text[1 << 20];
    static lo_manifest_track_t   t[LO_LIVE_RUNS * SIM_TRACKS];
    static lo_manifest_period_t  p[LO_LIVE_RUNS];

    room.periods = p;
    room.max_periods = LO_LIVE_RUNS;
    room.tracks = t;
    room.max_tracks = LO_LIVE_RUNS * SIM_TRACKS;

    check(lo_manifest_live(&m, &sim->l, NULL, from, &room) == LO_OK);

    m.id = lo_cstr("e");

    lo_buf_init(&b, text, sizeof(text));
    lo_dash_mpd(&b, &m);
    lo_hls_master(&b, &m);

    check(lo_buf_ok(&b));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int     steps;
    sim_t  *sim;

    if (size < 5) {
        return 0;
    }

    sim = sim_new(data[0] & 1 ? "{\"id\":\"e\",\"dvr_s\":60}"
                              : "{\"id\":\"e\",\"segment_ms\":2000}");
    sim->wraps = data[0] >> 1 & 1;

    for (steps = 0, data++, size--;
         size >= 4 && steps < STEPS;
         data += 4, size -= 4, steps++)
    {
        act(sim, data);
    }

    if (sim->l.d.duration) {
        manifests(sim, sim->f.event_head - sim->l.window + 1);
        lo_live_end(&sim->l, sim->f.event_head);
        manifests(sim, 0);
    }

    sim_free(sim);

    return 0;
}
