/*
 * Carrying out a plan: what of the record changes with a segment.
 */

#include "core/live_int.h"


lo_live_run_t *
lo_live_add_run(lo_live_t *l, const lo_live_run_t *run)
{
    if (l->nruns == LO_LIVE_RUNS) {
        memmove(l->runs, l->runs + 1,
                (LO_LIVE_RUNS - 1) * sizeof(lo_live_run_t));
        l->nruns--;
    }

    l->runs[l->nruns] = *run;
    l->next_run = run->id + 1;

    return &l->runs[l->nruns++];
}


/* the runs that a track comes into with the clock that it had: those behind
   its head's */

static int
lo_live_keeps(const lo_live_t *l, const lo_live_plan_t *p)
{
    return p->old_clock && !(l->runs[l->nruns - 1].kept >> p->s->track & 1);
}


static void
lo_live_keep(lo_live_t *l, const lo_live_plan_t *p)
{
    unsigned          i;
    uint64_t          bit;
    lo_live_track_t  *t;

    t = &l->tracks[p->s->track];
    bit = (uint64_t) 1 << p->s->track;

    for (i = l->nruns; i && l->runs[i - 1].id > p->s->head_run; i--) {
        l->runs[i - 1].kept |= bit;
    }

    t->clock = p->clock;
    t->clock_run = l->runs[l->nruns - 1].id;
}


/* on the run's own clock after all; what was decided before on another node is
   older than that */

static void
lo_live_join(lo_live_t *l, lo_live_run_t *run, unsigned track)
{
    run->kept &= ~((uint64_t) 1 << track);

    l->tracks[track].clock = run->anchor;
    l->tracks[track].clock_run = run->id;
}


/* an init began a run on the clocks of the one before */

static void
lo_live_keep_on(lo_live_t *l, const lo_live_run_t *run)
{
    unsigned              i;
    lo_live_track_t      *t;
    const lo_live_run_t  *last;

    last = lo_live_newest_run(l);

    for (i = 0; last != NULL && i < l->ntracks; i++) {

        t = &l->tracks[i];

        if ((run->kept >> i & 1) && t->clock_run == last->id) {
            t->clock_run = run->id;
        }
    }
}


/* the record is what it has to be already: nothing is to be carried out */

int
lo_live_stays(const lo_live_t *l, const lo_live_plan_t *p,
    lo_live_place_t *place)
{
    const lo_live_run_t  *run;

    if (p->begin || p->clone || p->lower != INT64_MAX || l->d.duration == 0
        || l->irregular != (uint32_t) p->irregular || p->init->first > p->n
        || l->first == INT64_MAX
        || (p->n < l->first && l->phase == LO_LIVE_SCHEDULED)
        || p->restarted || lo_live_keeps(l, p))
    {
        return 0;
    }

    run = lo_live_newest_run(l);

    if (p->n < run->first && run->first - p->n <= (int64_t) run->room) {
        return 0;
    }

    while (run != l->runs && run->first > p->n) {
        run--;
    }

    if (!(run->pipelines & p->bit)) {
        return 0;
    }

    place->m = p->s->m;
    place->number = p->n;
    place->run = run->id;
    place->init = p->init->id;

    return 1;
}


/* the first number whose media time is not negative */

static int64_t
lo_live_origin(const lo_live_plan_t *p)
{
    int64_t  n, off;

    if (p->run.flags & LO_RUN_UTC) {
        return 0;
    }

    n = lo_timeline_number(&p->d, &p->run.anchor, 0, p->ts, &off);

    if (off > 0) {
        n++;
    }

    return n > 0 ? n : 0;
}


static int
lo_live_place_run(lo_live_t *l, const lo_live_plan_t *p, uint32_t *id)
{
    int             shown;
    unsigned        i;
    lo_live_run_t  *run;

    if (p->begin) {
        if (p->run.id == 1) {
            l->origin = lo_live_origin(p);
        }

        lo_live_keep_on(l, &p->run);
        *id = lo_live_add_run(l, &p->run)->id;

        if (p->old_clock) {
            lo_live_keep(l, p);
        }

        return 1;
    }

    shown = 0;
    run = &l->runs[l->nruns - 1];

    if (lo_live_keeps(l, p)) {
        lo_live_keep(l, p);
        shown = 1;
    }

    if (p->joins) {
        lo_live_join(l, run, p->s->track);
        shown = 1;
    }

    if (p->lower < run->first) {
        run->room -= run->room == UINT32_MAX
                         ? 0 : (uint32_t) (run->first - p->lower);
        run->first = p->lower;
        run->start_us = lo_timeline_utc_us(&run->anchor, p->s->m, p->ts);
        shown = 1;
    }

    if (p->n < run->first && run->first - p->n <= (int64_t) run->room) {

        /* given out in the run before: room ends above it */

        run->room = (uint32_t) (run->first - p->n - 1);
        lo_live_touch(l, 0);
    }

    for (i = l->nruns - 1; i && l->runs[i].first > p->n; i--) { /* void */ }

    run = &l->runs[i];
    *id = run->id;

    if (!(run->pipelines & p->bit)) {
        run->pipelines |= p->bit;
        lo_live_touch(l, 0);
    }

    return shown;
}


static lo_live_init_t *
lo_live_place_clone(lo_live_t *l, const lo_live_plan_t *p)
{
    lo_live_init_t  *in, from;

    from = *p->init;
    in = lo_live_add_init(l, p->head);

    if (in == NULL) {
        return NULL;
    }

    from.id = in->id;
    from.first = INT64_MAX;
    from.pipelines = p->bit;
    *in = from;

    l->tracks[p->s->track].init[p->s->pipeline] = in->id;

    return in;
}


lo_live_reason_e
lo_live_carry_out(lo_live_t *l, const lo_live_plan_t *p,
    lo_live_place_t *place)
{
    int               shown;
    uint32_t          init;
    lo_live_init_t   *in;
    lo_live_track_t  *track;

    init = p->init->id;
    track = &l->tracks[p->s->track];
    in = p->clone ? lo_live_place_clone(l, p)
                  : lo_live_init_mutable(l, init);

    if (in == NULL) {
        return LO_WHY_INITS;
    }

    shown = lo_live_place_run(l, p, &place->run);

    if (l->d.duration == 0 || l->irregular != (uint32_t) p->irregular) {
        l->d = p->d;
        l->irregular = (uint32_t) p->irregular;
        shown = 1;
    }

    if (in->first > p->n) {
        in->run = in->first == INT64_MAX ? place->run : in->run;
        in->first = p->n;
        shown = 1;
    }

    if (l->first == INT64_MAX
        || (p->n < l->first && l->phase == LO_LIVE_SCHEDULED))
    {
        l->first = p->n;
        shown = 1;
    }

    if (track->restarted & p->bit) {
        track->restarted &= (unsigned char) ~p->bit;
        lo_live_touch(l, 0);
    }

    if (shown) {
        lo_live_touch(l, 1);
    }

    place->m = p->s->m;
    place->number = p->n;
    place->init = in->id;

    return LO_WHY_OK;
}
