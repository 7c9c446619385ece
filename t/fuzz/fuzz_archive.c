/*
 * What a disk may give back: any head of a file, and a live state of which
 * bytes were altered.  One that is called sound can be asked everything that a
 * worker asks it, and published to.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <stdlib.h>

#include "core/archive.h"
#include "core/dash.h"
#include "core/hls.h"
#include "core/xxh.h"
#include "lib/sim.h"
#include "fuzz.h"


static void
head(const uint8_t *data, size_t size)
{
    size_t              i;
    uint64_t            hash;
    unsigned char       mem[LO_ARCHIVE_HEAD];
    lo_archive_head_t   h;

    memset(mem, 0, sizeof(mem));
    memcpy(mem, data, size < LO_ARCHIVE_HEAD ? size : LO_ARCHIVE_HEAD);
    memcpy(mem, "LOARCH\r\n", 8);

    hash = XXH3_64bits(mem, LO_ARCHIVE_HEAD - 8);

    for (i = 0; i < 8; i++) {
        mem[LO_ARCHIVE_HEAD - 8 + i] = (unsigned char) (hash >> 8 * i);
    }

    if (lo_archive_decode(&h, mem, NULL) == LO_OK
        && h.kind == LO_ARCHIVE_SEGMENT)
    {
        check(h.number >= 0 && h.timescale > 0
              && h.pipeline < LO_MAX_PIPELINES);
    }
}


static void
manifests(const lo_live_t *l, int64_t from)
{
    int64_t                      until;
    lo_buf_t                     b;
    lo_manifest_t                m;
    lo_manifest_room_t           room;
    static char                  text[1 << 20];
    static lo_manifest_track_t   t[LO_LIVE_RUNS * LO_MAX_TRACKS];
    static lo_manifest_period_t  p[LO_LIVE_RUNS];

    room.periods = p;
    room.max_periods = LO_LIVE_RUNS;
    room.tracks = t;
    room.max_tracks = LO_LIVE_RUNS * LO_MAX_TRACKS;

    if (lo_manifest_live(&m, l, NULL, from, &room) != LO_OK) {
        return;
    }

    m.id = lo_cstr("e");

    lo_buf_init(&b, text, sizeof(text));
    lo_dash_mpd(&b, &m);
    lo_hls_master(&b, &m);
    lo_notice_write(&b, &l->notices, SIM_NOW, &until);
}


static void
ask(sim_t *sim, int64_t n)
{
    unsigned               i;
    lo_live_t             *l;
    lo_live_segment_t      s;
    const lo_live_init_t  *init;

    l = &sim->l;

    for (i = 0; i < l->ntracks; i++) {

        init = lo_live_init_at(l, i, n);
        (void) lo_live_masked(l, i, n);

        check(lo_live_track(l, lo_cstr(l->tracks[i].id)) == (int) i);
        check(init == NULL || init->track == i);

        memset(&s, 0, sizeof(s));
        s.track = i;
        s.m = sim_at(sim, n, 30000);
        s.duration = 60000;
        s.track_head = n - 1;
        (void) lo_live_segment(l, &sim->f, &s, &sim->place);
    }

    (void) lo_live_run_at(l, n);
    (void) lo_live_due_us(l, n);
    (void) lo_live_depth(l, sim->f.now_us);
    manifests(l, n - l->window);
    (void) lo_live_end(l, n);
    manifests(l, 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t           at, len;
    int64_t          n;
    lo_live_ready_t  r;

    static sim_t    *sim, *fresh;

    head(data, size);

    if (sim == NULL) {
        fresh = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
        sim_inits(fresh, "a");
        n = lo_timeline_at(&fresh->l.d, SIM_NOW) - 1;
        sim_put(fresh, "a", "v", sim_at(fresh, n, 30000), 60000);

        memset(&r, 0, sizeof(r));
        r.now_us = fresh->f.now_us;
        r.force = 1;
        r.has = 1;
        r.head = n;
        lo_live_ready(&fresh->l, &r);

        check(lo_live_sound(&fresh->l));

        sim = malloc(sizeof(sim_t));
        assert_non_null(sim);
    }

    memcpy(&sim->l, &fresh->l, sizeof(lo_live_t));
    sim->f = fresh->f;
    n = fresh->f.event_head;

    /* where, how many bytes, and these */

    while (size > 4) {

        at = (data[0] | (size_t) data[1] << 8 | (size_t) data[2] << 16)
             % sizeof(lo_live_t);
        len = 1 + data[3] % 8;
        data += 4;
        size -= 4;

        len = len < size ? len : size;
        len = len < sizeof(lo_live_t) - at ? len : sizeof(lo_live_t) - at;

        memcpy((unsigned char *) &sim->l + at, data, len);
        data += len;
        size -= len;
    }

    if (lo_live_sound(&sim->l)) {
        ask(sim, n);
    }

    return 0;
}
