/*
 * When an event goes live, and what is fixed then.
 */

#include "core/live_int.h"


#define LO_LIVE_DELAY_STEP   100000
#define LO_LIVE_DELAY_MIN    LO_USEC
#define LO_LIVE_DELAY_MAX    (600LL * LO_USEC)
#define LO_LIVE_WINDOW_MIN   6


static int64_t
lo_live_round_delay(int64_t us)
{
    return (us + LO_LIVE_DELAY_STEP - 1) / LO_LIVE_DELAY_STEP
           * LO_LIVE_DELAY_STEP;
}


/* in steps, so that few segments of an event change its record by it */

int
lo_live_late(lo_live_t *l, int64_t number, int64_t now_us)
{
    int64_t  late;

    if (l->phase != LO_LIVE_SCHEDULED || l->declared_delay
        || l->d.duration == 0)
    {
        return 0;
    }

    late = now_us - lo_timeline_due_us(&l->d, 0, number);

    if (late <= l->delay_us) {
        return 0;
    }

    late = late < LO_LIVE_DELAY_MAX ? lo_live_round_delay(late)
                                    : LO_LIVE_DELAY_MAX;

    if (late == l->delay_us) {
        return 0;
    }

    l->delay_us = late;
    lo_live_touch(l, 0);

    return 1;
}


int
lo_live_chunks_count(const lo_live_t *l, int first, uint32_t chunks)
{
    return chunks >= 2 && l->phase != LO_LIVE_ENDED
           && (l->phase != LO_LIVE_LIVE || first);
}


int
lo_live_chunks(lo_live_t *l, unsigned track, int first, uint32_t chunks,
    uint64_t longest, uint32_t timescale)
{
    int64_t           us;
    lo_live_track_t  *t;

    if (track >= l->ntracks || timescale == 0
        || !lo_live_chunks_count(l, first, chunks))
    {
        return 0;
    }

    t = &l->tracks[track];
    us = lo_rescale(longest, LO_USEC, timescale, LO_CEIL);

    if (us <= t->chunk_us || us > UINT32_MAX) {
        return 0;
    }

    if (l->phase == LO_LIVE_SCHEDULED) {
        t->chunk_us = us;

    } else {

        /* readers have been given parts of this length, and of the others */

        if (t->chunk_us) {
            return 0;
        }

        lo_live_part_fix(l);
        t->chunk_us = us;
        lo_live_part_fix(l);
    }

    lo_live_touch(l, 1);

    return 1;
}


static int
lo_live_complete(const lo_live_t *l, const lo_live_ready_t *r)
{
    unsigned  i, k;
    uint64_t  declared, known;

    declared = 0;
    known = 0;

    for (i = 0; i < l->ntracks; i++) {

        if (l->tracks[i].declared) {
            declared |= (uint64_t) 1 << i;
        }

        for (k = 0; k < LO_MAX_PIPELINES; k++) {
            if (l->tracks[i].init[k]) {
                known |= (uint64_t) 1 << i;
            }
        }
    }

    if (declared) {
        return (r->has & declared) == declared;
    }

    return known && (r->has & known) == known
           && r->now_us - l->init_us >= lo_dur_us(&l->d);
}


static int64_t
lo_live_guaranteed(const lo_live_t *l, const lo_live_ready_t *r)
{
    int64_t   window;
    uint64_t  fits;

    window = lo_live_window(l, &l->d);

    if (r->numbers && r->numbers < window) {
        window = r->numbers;
    }

    if (!r->archive && r->bytes_per_d && r->share) {
        fits = (r->share - r->share / 4) / r->bytes_per_d;

        if (fits < (uint64_t) window) {
            window = (int64_t) fits;
        }
    }

    return window < LO_LIVE_WINDOW_MIN ? LO_LIVE_WINDOW_MIN : window;
}


int
lo_live_ready(lo_live_t *l, const lo_live_ready_t *r)
{
    if (l->phase != LO_LIVE_SCHEDULED || l->d.duration == 0
        || l->first == INT64_MAX || r->head < l->first
        || (!r->force && !lo_live_complete(l, r)))
    {
        return 0;
    }

    l->window = lo_live_guaranteed(l, r);

    if (!l->declared_delay) {
        l->delay_us = lo_live_round_delay(l->delay_us);

        if (l->delay_us < LO_LIVE_DELAY_MIN) {
            l->delay_us = LO_LIVE_DELAY_MIN;
        }
    }

    if (l->first <= r->head - l->window) {
        l->first = r->head - l->window + 1;
    }

    lo_live_part_fix(l);

    l->phase = LO_LIVE_LIVE;
    l->live_us = r->now_us;
    l->depth_us = lo_rescale((r->head - l->first + 1)
                             * (int64_t) l->d.duration, LO_USEC,
                             l->d.timescale, LO_FLOOR);
    lo_live_touch(l, 1);

    return 1;
}


int
lo_live_depth(lo_live_t *l, int64_t now_us)
{
    size_t   i;
    int64_t  age, step, most, depth;

    static const int32_t  steps[] = {
        4, 6, 8, 12, 16, 60, 240, 960, 3600, 14400, 57600, INT32_MAX
    };

    if (l->phase != LO_LIVE_LIVE) {
        return 0;
    }

    age = now_us - l->delay_us - lo_timeline_start_us(&l->d, l->first);
    most = lo_rescale(l->window * (int64_t) l->d.duration, LO_USEC,
                      l->d.timescale, LO_FLOOR);
    depth = l->depth_us;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {

        step = (int64_t) steps[i] * LO_USEC;

        if (step > most) {
            step = most;
        }

        if (age >= step && depth < step) {
            depth = step;
        }
    }

    if (depth == l->depth_us) {
        return 0;
    }

    l->depth_us = depth;
    lo_live_touch(l, 1);

    return 1;
}
