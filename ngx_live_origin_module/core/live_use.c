/*
 * Which init serves which number.  A track's inits follow each other: each
 * serves from its first number to the next one's.
 */

#include "core/live_int.h"


#define LO_LIVE_JOIN  3               /* a track's new init joins the run that
                                         another began so far from it */


static int
lo_live_use_contested(const lo_live_plan_t *p, const lo_live_init_t *now)
{
    unsigned  k;
    uint32_t  others;

    others = 0;

    for (k = 0; k < LO_MAX_PIPELINES; k++) {
        if (p->track->init[k] == now->id) {
            others |= 1u << k;
        }
    }

    return lo_live_alive(p->l, p->f, others & ~p->bit);
}


/*
 * A new run because of the init: the clock goes on.  Where other tracks have
 * given that number out already, each of this track's would come too late for
 * as long as they are the first to come: what it has there is lost, and the
 * run begins behind it.
 */

static lo_live_reason_e
lo_live_use_begin(lo_live_plan_t *p, const lo_live_run_t *cur)
{
    int64_t  least, m;

    m = p->s->m;
    least = lo_live_least(p);

    if (!p->irregular && p->n < least) {

        if (p->n <= p->s->track_head) {
            return LO_WHY_TAKEN;
        }

        p->behind = 1;
        m += lo_rescale((least - p->n) * (int64_t) p->d.duration, p->ts,
                        p->d.timescale, LO_NEAREST);
    }

    if (p->irregular || p->behind) {
        p->n = least;
    }

    p->run = *cur;
    p->run.id = p->l->next_run;

    if (!p->old_clock) {
        p->run.kept &= ~((uint64_t) 1 << p->s->track);
    }

    p->run.first = p->n;
    p->run.start_us = lo_timeline_utc_us(&p->clock, m, p->ts);
    p->run.pipelines = p->bit;
    p->run.room = lo_live_room(p, p->n);
    p->begin = 1;

    return p->behind ? LO_WHY_TAKEN : LO_WHY_OK;
}


/* another track began a run just now, and this one has not come into it */

static int
lo_live_use_joins(const lo_live_plan_t *p, const lo_live_run_t *cur)
{
    int64_t                   apart;
    const lo_live_segment_t  *s;

    s = p->s;
    apart = p->n - cur->first;

    return (s->track_head < 0 || s->head_run != cur->id)
           && apart >= -LO_LIVE_JOIN && apart <= LO_LIVE_JOIN
           && p->n > s->track_head;
}


/* of a track that is kept: does it have the same clock in that run */

static int
lo_live_use_kept(const lo_live_plan_t *p, const lo_live_run_t *run)
{
    const lo_anchor_t  *a;

    if (run == NULL || run->id > p->s->head_run) {
        return run != NULL;
    }

    a = lo_live_anchor(p->l, run, p->s->track);

    return a != NULL && a->offset == p->clock.offset
           && a->scale == p->clock.scale;
}


/* the number lies below the newest run: is it an older run's, or free */

static lo_live_reason_e
lo_live_use_below(lo_live_plan_t *p, const lo_live_run_t *cur)
{
    const lo_live_run_t  *run;

    if (p->n >= cur->first) {
        return LO_WHY_OK;
    }

    run = lo_live_run_at(p->l, p->n);

    if (p->old_clock) {
        return lo_live_use_kept(p, run) ? LO_WHY_OK : LO_WHY_TAKEN;
    }

    if (run != NULL && run->anchor.offset == cur->anchor.offset
        && run->anchor.scale == cur->anchor.scale
        && lo_live_init_at(p->l, (unsigned) p->s->track, p->n) == p->init)
    {
        return LO_WHY_OK;
    }

    if (p->irregular || cur->first - p->n > (int64_t) cur->room) {
        return LO_WHY_TAKEN;
    }

    p->lower = p->n;

    return LO_WHY_OK;
}


static lo_live_reason_e
lo_live_use_first(lo_live_plan_t *p, const lo_live_run_t *cur,
    const lo_live_init_t *now)
{
    if (now == NULL) {

        /* below another init's first number there is nothing to begin */

        return lo_live_init_at(p->l, (unsigned) p->s->track, INT64_MAX) == NULL
               ? LO_WHY_OK : LO_WHY_TAKEN;
    }

    if (lo_live_use_contested(p, now)) {
        return LO_WHY_INIT_DIFFERS;
    }

    return lo_live_use_joins(p, cur) ? LO_WHY_OK : lo_live_use_begin(p, cur);
}


lo_live_reason_e
lo_live_use(lo_live_plan_t *p)
{
    lo_live_reason_e       why;
    const lo_live_run_t   *cur;
    const lo_live_init_t  *in, *now;

    in = p->init;
    now = lo_live_init_at(p->l, (unsigned) p->s->track, p->n);

    if (p->begin) {
        p->clone = now != NULL && now != in && in->first <= p->n;
        return LO_WHY_OK;
    }

    cur = lo_live_newest_run(p->l);

    why = lo_live_use_below(p, cur);

    if (why != LO_WHY_OK || now == in) {
        return why;
    }

    if (in->first == INT64_MAX) {
        return lo_live_use_first(p, cur, now);
    }

    if (p->n < in->first) {

        /* its uploads overtook each other, or another track was a little
           earlier: only where the init before it serves nothing */

        if (now == NULL || (in->run == cur->id && in->first <= cur->first
                            && p->lower == p->n))
        {
            return LO_WHY_OK;
        }

        return LO_WHY_TAKEN;
    }

    /* an init that was replaced since comes back */

    if (lo_live_use_contested(p, now)) {
        return LO_WHY_INIT_DIFFERS;
    }

    why = lo_live_use_joins(p, cur) ? LO_WHY_OK : lo_live_use_begin(p, cur);
    p->clone = why == LO_WHY_OK || p->behind;

    return why;
}
