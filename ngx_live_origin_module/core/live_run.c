/*
 * The runs of an event, and the clock that a track is on in one of them.
 */

#include "core/live_int.h"


const lo_live_run_t *
lo_live_run_at(const lo_live_t *l, int64_t n)
{
    unsigned  i;

    for (i = l->nruns; i; i--) {
        if (l->runs[i - 1].first <= n) {
            return &l->runs[i - 1];
        }
    }

    return NULL;
}


const lo_live_run_t *
lo_live_run_by_id(const lo_live_t *l, uint32_t id)
{
    unsigned  i;

    for (i = 0; i < l->nruns; i++) {
        if (l->runs[i].id == id) {
            return &l->runs[i];
        }
    }

    return NULL;
}


/*
 * Neighbouring runs in which a track was kept have one clock: that of the run
 * before them, or what the track says of one of them.
 */

const lo_anchor_t *
lo_live_anchor(const lo_live_t *l, const lo_live_run_t *run, unsigned track)
{
    uint64_t              bit;
    const lo_live_run_t  *r;

    if (run == NULL) {
        return NULL;
    }

    bit = (uint64_t) 1 << track;

    for (r = run; r < l->runs + l->nruns && (r->kept & bit); r++) {
        if (r->id == l->tracks[track].clock_run) {
            return &l->tracks[track].clock;
        }
    }

    for (r = run; r->kept & bit; r--) {

        if (r->id == l->tracks[track].clock_run) {
            return &l->tracks[track].clock;
        }

        if (r == l->runs) {
            return NULL;
        }
    }

    return &r->anchor;
}
