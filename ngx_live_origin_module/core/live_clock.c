/*
 * Which clock a segment is on, and so which number it is.
 */

#include "core/live_int.h"


#define LO_LIVE_NEAR  3               /* numbers that tracks may lie apart */


static const lo_anchor_t  lo_live_utc = { 0, 1, 0 };


int
lo_live_off(const lo_live_plan_t *p, unsigned part)
{
    uint64_t           off;
    unsigned __int128  a, b;

    off = p->off < 0 ? 0 - (uint64_t) p->off : (uint64_t) p->off;

    a = (unsigned __int128) off * p->d.timescale * part;
    b = (unsigned __int128) p->d.duration * p->ts;

    return a > b;
}


int64_t
lo_live_least(const lo_live_plan_t *p)
{
    int64_t               least;
    const lo_live_run_t  *cur;

    least = p->head + 1;
    cur = lo_live_newest_run(p->l);

    if (cur != NULL && cur->first >= least) {
        least = cur->first + 1;
    }

    return least;
}


/* how far below n no number was given to anybody */

uint32_t
lo_live_room(const lo_live_plan_t *p, int64_t n)
{
    int64_t  room;

    if (p->l->nruns == 0 && p->head < 0) {
        return UINT32_MAX;
    }

    room = n - lo_live_least(p);

    if (room < 0) {
        return 0;
    }

    return room < UINT32_MAX ? (uint32_t) room : UINT32_MAX;
}


static void
lo_live_clock_number(lo_live_plan_t *p, const lo_anchor_t *a)
{
    p->clock = *a;
    p->n = lo_timeline_number(&p->d, a, p->s->m, p->ts, &p->off);
}


/* numbers go on above everything that was given out, never back */

static void
lo_live_clock_begin(lo_live_plan_t *p)
{
    int64_t         n, least;
    lo_live_run_t  *run;

    run = &p->run;
    least = lo_live_least(p);

    run->flags = 0;

    if (p->utc) {

        lo_live_clock_number(p, &lo_live_utc);
        n = p->n;

        if (n >= least || p->irregular) {
            run->flags = lo_live_off(p, 8) ? LO_RUN_SHIFTED : LO_RUN_UTC;
        }

    } else {
        n = p->at - 1;
    }

    if (n < least && !p->irregular) {
        n = least;
    }

    if (run->flags == LO_RUN_UTC) {
        run->anchor = lo_live_utc;

    } else {
        lo_timeline_anchor(&run->anchor, &p->d, p->s->m, p->ts, n);
    }

    lo_live_clock_number(p, &run->anchor);

    if (p->irregular) {
        p->n = least;
    }

    run->id = p->l->next_run;
    run->first = p->n;
    run->start_us = lo_timeline_utc_us(&run->anchor, p->s->m, p->ts);
    run->pipelines = p->bit;
    run->room = lo_live_room(p, p->n);

    p->begin = 1;
}


/*
 * A segment that is not on the newest run's clock: that run goes on as long
 * as another of its pipelines lives.  One that was begun just now lives too,
 * though its first segment may not be published yet.
 */

static lo_live_reason_e
lo_live_clock_new(lo_live_plan_t *p, const lo_live_run_t *cur)
{
    int64_t  fresh;

    if (lo_live_alive(p->l, p->f, cur->pipelines & ~p->bit)) {
        return LO_WHY_STANDBY;
    }

    if (!(cur->pipelines & p->bit) && p->head < cur->first) {

        fresh = lo_live_due_us(p->l, cur->first) + 3 * lo_dur_us(&p->d);

        if (p->f->now_us <= fresh) {
            return LO_WHY_STANDBY;
        }
    }

    lo_live_clock_begin(p);

    return LO_WHY_OK;
}


int64_t
lo_live_edge(const lo_live_plan_t *p)
{
    int64_t                   edge;
    const lo_anchor_t        *a;
    const lo_live_run_t      *cur;
    const lo_live_segment_t  *s;

    s = p->s;
    edge = p->head;

    if (p->irregular) {

        /* numbers are only counted: the head's time says where it is */

        cur = lo_live_newest_run(p->l);
        edge = -1;

        if (cur != NULL && s->track_head >= 0 && s->head_run == cur->id) {
            a = lo_live_anchor(p->l, cur, s->track);
            edge = lo_timeline_number(&p->d, a ? a : &cur->anchor, s->head_m,
                                      p->ts, NULL);
        }
    }

    return edge < p->at ? p->at : edge;
}


int
lo_live_far(const lo_live_plan_t *p, int64_t grid)
{
    return grid > lo_live_edge(p) + p->lead;
}


static int
lo_live_clock_lost(const lo_live_plan_t *p)
{
    return !p->irregular
           && ((p->head >= 0 && p->n < p->head - p->window)
               || lo_live_far(p, p->n));
}


/* the same segment once more, after its pusher opened a new connection */

static int
lo_live_clock_retry(const lo_live_plan_t *p)
{
    int64_t  last;

    last = p->f->last_us[p->s->pipeline];

    return p->s->m == p->s->head_m && last
           && p->f->now_us - last <= 3 * lo_dur_us(&p->d);
}


/* on UTC: what is below the head is back-fill, where numbers tell it */

static int
lo_live_clock_left(const lo_live_plan_t *p, const lo_live_run_t *cur)
{
    const lo_live_segment_t  *s;

    s = p->s;

    if (p->irregular) {
        return s->track_head >= 0 && s->head_run == cur->id
               && s->m < s->head_m && !lo_live_clock_retry(p);
    }

    return lo_live_clock_lost(p);
}


/* of several tracks that began again this is the first to come */

static int
lo_live_clock_first(const lo_live_plan_t *p)
{
    unsigned  i;

    for (i = 0; i < p->l->ntracks; i++) {
        if (i != p->s->track && (p->l->tracks[i].restarted & p->bit)) {
            return 1;
        }
    }

    return 0;
}


/*
 * A track that has nothing in the newest run: did another track just begin it
 * for all of them, or is it one that this track never came into?
 */

static int
lo_live_clock_stale(const lo_live_plan_t *p, const lo_live_run_t *cur)
{
    if (lo_live_far(p, p->n)) {
        return 1;
    }

    if (!lo_live_alive(p->l, p->f, p->bit)) {
        return p->irregular ? p->n < p->at - LO_LIVE_NEAR : p->n <= p->head;
    }

    if (p->n < p->at - LO_LIVE_NEAR
        && (p->irregular || p->n < p->head - LO_LIVE_NEAR)
        && lo_live_clock_first(p))
    {
        return 1;
    }

    return !p->irregular && p->n < cur->first - LO_LIVE_NEAR;
}


/* is it below its track's head, or out of what is taken */

static int
lo_live_clock_back(const lo_live_plan_t *p)
{
    const lo_live_segment_t  *s;

    s = p->s;

    if (lo_live_clock_retry(p)) {
        return 0;
    }

    if (p->irregular) {
        return s->m <= s->head_m || lo_live_far(p, p->n);
    }

    return p->n <= s->track_head || lo_live_clock_lost(p);
}


/* has a restarted pipeline's clock begun again */

static int
lo_live_clock_again(const lo_live_plan_t *p, const lo_live_run_t *cur)
{
    if (p->s->track_head < 0 || p->s->head_run != cur->id) {
        return lo_live_clock_stale(p, cur);
    }

    return lo_live_clock_back(p);
}


static int64_t
lo_live_clock_apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}


/*
 * A track that is pushed by a process of its own goes on with its clock when
 * only the other track's process has begun again: where that clock says a
 * number that is nearer to what has to come next.  That is next to its own
 * head or, where it has lost more than a few, to the event's.
 */

static void
lo_live_clock_old(lo_live_plan_t *p, const lo_live_run_t *cur)
{
    int64_t                   n, off, next;
    const lo_anchor_t        *a;
    const lo_live_run_t      *run;
    const lo_live_segment_t  *s;

    s = p->s;

    if (p->irregular || s->track_head < 0 || s->head_run == cur->id) {
        return;
    }

    run = lo_live_run_by_id(p->l, s->head_run);

    if (run == NULL || !(run->pipelines & p->bit)) {
        return;
    }

    a = lo_live_anchor(p->l, run, s->track);

    if (a == NULL) {
        return;
    }

    next = s->track_head + 1;
    n = lo_timeline_number(&p->d, a, s->m, p->ts, &off);

    if (n < next || lo_live_far(p, n)) {
        return;
    }

    if (n >= next + LO_LIVE_NEAR) {
        next = p->head + 1;
    }

    if (lo_live_clock_apart(n, next) < lo_live_clock_apart(p->n, next))
    {
        p->n = n;
        p->off = off;
        p->clock = *a;
        p->old_clock = 1;
    }
}


/*
 * A track that was kept in the newest run.  1: it is on the clock that it had,
 * or on the run's where it has nothing in it yet; 0: on another one.
 */

static int
lo_live_clock_kept(lo_live_plan_t *p, const lo_live_run_t *cur)
{
    const lo_anchor_t  *a;

    a = lo_live_anchor(p->l, cur, p->s->track);

    if (a != NULL) {
        lo_live_clock_number(p, a);
        p->old_clock = 1;

        if (!p->restarted || !lo_live_clock_back(p)) {
            return 1;
        }
    }

    lo_live_clock_number(p, &cur->anchor);
    p->old_clock = 0;

    if (p->s->head_run == cur->id || lo_live_clock_stale(p, cur)) {
        return 0;
    }

    p->joins = 1;

    return 1;
}


lo_live_reason_e
lo_live_clock(lo_live_plan_t *p)
{
    int                   mine;
    const lo_live_run_t  *cur;

    cur = lo_live_newest_run(p->l);

    if (cur == NULL) {
        lo_live_clock_begin(p);
        return LO_WHY_OK;
    }

    mine = (cur->pipelines & p->bit) != 0;

    if (mine && (cur->kept >> p->s->track & 1)) {
        return lo_live_clock_kept(p, cur) ? LO_WHY_OK
                                          : lo_live_clock_new(p, cur);
    }

    lo_live_clock_number(p, &cur->anchor);

    if (p->utc && (cur->flags & LO_RUN_ON_UTC)) {

        /* one clock for all, though perhaps not one grid */

        if ((p->restarted && lo_live_clock_left(p, cur))
            || (!mine && !p->irregular && lo_live_off(p, 4)))
        {
            return lo_live_clock_new(p, cur);
        }

        return LO_WHY_OK;
    }

    if (!mine || (p->restarted && lo_live_clock_again(p, cur))) {
        return lo_live_clock_new(p, cur);
    }

    if (!p->restarted) {
        lo_live_clock_old(p, cur);
    }

    return LO_WHY_OK;
}
