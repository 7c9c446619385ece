/*
 * Where a segment belongs: a plan is made over the untouched record, and
 * carried out (live_carry.c) only when every rule agrees.
 */

#include "core/live_int.h"


#define LO_LIVE_DAY       (86400LL * LO_USEC)
#define LO_LIVE_HOUR      (3600LL * LO_USEC)
#define LO_LIVE_LONGEST   120         /* seconds of one segment */
#define LO_LIVE_M_MAX     ((int64_t) 1 << 62)


static int
lo_live_has_video(const lo_live_t *l)
{
    unsigned  i;

    for (i = 0; i < l->ninits; i++) {
        if (l->inits[i].info.type == LO_MEDIA_VIDEO) {
            return 1;
        }
    }

    return 0;
}


/*
 * AAC and its like are cut at frames of up to 1024 samples: the duration
 * that was meant is a round one within a frame of what came.
 */

static int
lo_live_learn_audio(lo_dur_t *d, uint64_t duration, uint32_t ts)
{
    size_t    i;
    uint64_t  unit, k, meant;

    static const unsigned  parts[] = { 1, 2, 10 };

    if (duration * 100 % ts == 0) {
        return lo_dur_set(d, duration, ts, NULL);
    }

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {

        unit = parts[i];
        k = (duration * unit + ts / 2) / ts;
        meant = k * ts / unit;

        if (k && meant <= duration + 1024 && meant + 1024 >= duration) {
            return lo_dur_set(d, k, unit, NULL);
        }
    }

    return lo_dur_set(d, duration, ts, NULL);
}


static lo_live_reason_e
lo_live_learn(lo_live_plan_t *p)
{
    int       rc;
    uint32_t  type;

    if (p->s->duration == 0
        || p->s->duration / p->ts >= LO_LIVE_LONGEST)
    {
        return LO_WHY_DURATION;
    }

    p->d = p->l->d;

    if (p->d.duration) {
        return LO_WHY_OK;
    }

    type = p->init->info.type;

    if (type == LO_MEDIA_VIDEO) {
        rc = lo_dur_set(&p->d, p->s->duration, p->ts, NULL);

    } else if (p->s->force || !lo_live_has_video(p->l)) {
        rc = lo_live_learn_audio(&p->d, p->s->duration, p->ts);

    } else {
        return LO_WHY_WAIT;
    }

    return rc == LO_OK ? LO_WHY_OK : LO_WHY_DURATION;
}


/* all tracks of a pipeline move together: one that cannot stand beside
   another's keeps the others back */

static int
lo_live_differs(const lo_live_plan_t *p)
{
    unsigned  i;

    for (i = 0; i < p->l->ntracks; i++) {
        if (p->l->tracks[i].differs & p->bit) {
            return lo_live_alive(p->l, p->f, ~p->bit);
        }
    }

    return 0;
}


/* a head that was evicted since leaves its number, which tells its run */

static void
lo_live_head_lost(lo_live_plan_t *p)
{
    lo_live_segment_t    *s;
    const lo_live_run_t  *run;

    s = &p->segment;

    if (s->track_head < 0 || s->head_run) {
        return;
    }

    run = lo_live_run_at(p->l, s->track_head);

    s->head_run = run ? run->id : 0;
    s->head_m = INT64_MIN;
    s->head_duration = 0;
}


/*
 * A tfdt of 32 bits that wrapped.  Who began again may begin anywhere, and has
 * wrapped only if it goes on where its track's head ends.
 */

static void
lo_live_unwrap(lo_live_plan_t *p)
{
    int64_t               d, off, end;
    lo_live_segment_t    *s;
    const lo_live_run_t  *cur;

    s = &p->segment;
    cur = lo_live_newest_run(p->l);

    if (!s->wraps || p->utc || cur == NULL || !(cur->pipelines & p->bit)
        || s->track_head < 0 || s->head_m == INT64_MIN
        || p->l->d.duration == 0)
    {
        return;
    }

    end = s->head_m + (int64_t) s->head_duration;
    off = (int64_t) (int32_t) (uint32_t) (s->m - end);

    d = lo_rescale((int64_t) p->d.duration, p->ts, p->d.timescale, LO_CEIL);

    if ((p->restarted || s->head_run != cur->id)
        && (off < -3 * d || off > 3 * d))
    {
        return;
    }

    s->m = end + off;
}


static lo_live_reason_e
lo_live_plan(lo_live_plan_t *p, const lo_live_t *l, const lo_live_facts_t *f,
    const lo_live_segment_t *s)
{
    int64_t           utc;
    lo_live_reason_e  why;

    static const lo_anchor_t  zero = { 0, 1, 0 };

    memset(p, 0, sizeof(lo_live_plan_t));

    p->l = l;
    p->f = f;
    p->segment = *s;
    p->s = &p->segment;
    p->lower = INT64_MAX;

    lo_live_head_lost(p);

    if (lo_live_over(l)) {
        return LO_WHY_ENDED;
    }

    if (s->track >= l->ntracks || s->pipeline >= LO_MAX_PIPELINES) {
        return LO_WHY_NO_INIT;
    }

    p->track = &l->tracks[s->track];
    p->init = lo_live_init_by_id(l, p->track->init[s->pipeline]);

    if (p->init == NULL || p->init->info.timescale == 0) {
        return LO_WHY_NO_INIT;
    }

    if (s->track_id && s->track_id != p->init->info.track_id) {
        return LO_WHY_TRACK_ID;
    }

    p->bit = 1u << s->pipeline;
    p->ts = p->init->info.timescale;

    /* a tfdt is not negative, and an edit list shifts by a day at most */

    if (s->m > LO_LIVE_M_MAX || s->m < -86400 * (int64_t) p->ts) {
        return s->m > 0 ? LO_WHY_FUTURE : LO_WHY_PAST;
    }

    p->restarted = (p->track->restarted & p->bit) != 0;

    why = lo_live_learn(p);
    if (why != LO_WHY_OK) {
        return why;
    }

    utc = lo_timeline_utc_us(&zero, s->m, p->ts);

    p->utc = utc > f->now_us - LO_LIVE_DAY && utc < f->now_us + LO_LIVE_DAY;
    p->at = lo_timeline_at(&p->d, f->now_us);
    p->head = f->event_head;
    p->window = lo_live_window(l, &p->d);
    p->lead = l->lead_s ? lo_rescale(l->lead_s, p->d.timescale, p->d.duration,
                                     LO_CEIL)
                        : p->window;
    p->irregular = l->irregular != 0;

    lo_live_unwrap(p);

    return LO_WHY_OK;
}


/* is this segment the head itself, once more or by another pipeline */

static int
lo_live_overlaps_head(const lo_live_segment_t *s)
{
    return s->m < s->head_m + (int64_t) (s->head_duration / 2);
}


/* only where d was learned: against a declared d it is a verdict */

static int
lo_live_turns_irregular(const lo_live_plan_t *p)
{
    unsigned __int128         len, d;
    const lo_live_run_t      *cur;
    const lo_live_segment_t  *s;

    s = p->s;

    if (p->l->declared || p->begin || p->old_clock
        || (p->init->info.type != LO_MEDIA_VIDEO
            && p->init->info.type != LO_MEDIA_AUDIO))
    {
        return 0;
    }

    len = (unsigned __int128) s->duration * p->d.timescale * 4;
    d = (unsigned __int128) p->d.duration * p->ts;

    if (len > d * 5 || lo_live_off(p, 4)) {
        return 1;
    }

    cur = lo_live_newest_run(p->l);

    return s->track_head == p->n && s->head_run == cur->id
           && s->head_duration && !lo_live_overlaps_head(s);
}


/* numbers are counted: a track's head + 1 */

static lo_live_reason_e
lo_live_count(lo_live_plan_t *p)
{
    const lo_live_run_t      *cur;
    const lo_live_segment_t  *s;

    s = p->s;
    cur = lo_live_newest_run(p->l);

    if (s->track_head < 0 || s->head_run != cur->id) {

        /* the track comes into this run: where the others are */

        p->n = p->head > cur->first ? p->head : cur->first;

        if (p->n <= s->track_head) {
            p->n = s->track_head + 1;
        }

        return LO_WHY_OK;
    }

    if (!lo_live_overlaps_head(s)) {
        p->n = s->track_head + 1;
        return LO_WHY_OK;
    }

    p->n = s->track_head;

    return s->m + (int64_t) (s->head_duration / 2) > s->head_m
           || s->m == s->head_m ? LO_WHY_OK : LO_WHY_PAST;
}


static void
lo_live_when(lo_live_plan_t *p, int64_t by, int64_t limit, int head)
{
    uint64_t              d;
    lo_live_when_t       *when;
    const lo_live_run_t  *run;

    d = (uint64_t) lo_dur_us(&p->d);
    when = &p->when;
    run = p->begin ? &p->run : lo_live_newest_run(p->l);

    when->now_us = p->f->now_us;
    when->media_us = lo_timeline_utc_us(&p->clock, p->s->m, p->ts);
    when->by_us = lo_rescale(by, d, 1, LO_NEAREST);
    when->limit_us = lo_rescale(limit, d, 1, LO_NEAREST);
    when->utc = p->utc && (run->flags & LO_RUN_ON_UTC);
    when->head = head;
}


/* two clocks that ought to be one: which of them is off */

static void
lo_live_when_standby(lo_live_plan_t *p)
{
    const lo_live_run_t  *cur;

    cur = lo_live_newest_run(p->l);

    if (p->utc && (cur->flags & LO_RUN_ON_UTC)
        && (p->n < p->at - p->window || p->n > p->at + p->lead))
    {
        lo_live_when(p, p->n - p->at, p->lead, 0);
    }
}


static lo_live_reason_e
lo_live_bounds(lo_live_plan_t *p, int64_t grid)
{
    int64_t  edge, behind, hour;

    if (p->n < 0 || (!p->irregular && p->head >= 0
                     && p->n < p->head - p->window))
    {
        if (p->head >= 0) {
            lo_live_when(p, p->head - p->n, p->window, 1);
        }

        return LO_WHY_PAST;
    }

    edge = lo_live_edge(p);

    if (lo_live_far(p, grid)) {
        lo_live_when(p, grid - edge, p->lead, edge > p->at);
        return LO_WHY_FUTURE;
    }

    behind = p->lead > p->window ? p->lead : p->window;
    hour = LO_LIVE_HOUR / lo_dur_us(&p->d);
    behind = behind > hour ? behind : hour;

    if (p->begin && (p->run.flags & LO_RUN_ON_UTC) && grid < p->at - behind) {
        lo_live_when(p, p->at - grid, behind, 0);
        return LO_WHY_CLOCK;
    }

    return LO_WHY_OK;
}


/* everything but carrying it out */

static lo_live_reason_e
lo_live_decide(lo_live_plan_t *p, const lo_live_t *l,
    const lo_live_facts_t *f, const lo_live_segment_t *s,
    lo_live_place_t *place)
{
    int64_t           grid;
    lo_live_reason_e  why;

    memset(place, 0, sizeof(lo_live_place_t));
    place->number = -1;

    why = lo_live_plan(p, l, f, s);

    if (why == LO_WHY_OK) {
        why = lo_live_clock(p);
        place->number = p->n;

        if (why == LO_WHY_STANDBY) {
            lo_live_when_standby(p);
        }
    }

    if (why == LO_WHY_OK && lo_live_differs(p)) {
        why = LO_WHY_INIT_DIFFERS;
    }

    if (why == LO_WHY_OK) {
        grid = p->irregular && p->begin ? p->at : p->n;

        if (!p->irregular && lo_live_turns_irregular(p)) {
            p->irregular = 1;
        }

        if (p->irregular && !p->begin) {
            why = lo_live_count(p);
        }

        if (why == LO_WHY_OK) {
            why = lo_live_bounds(p, grid);
        }
    }

    if (why == LO_WHY_OK) {
        why = lo_live_use(p);
    }

    if (why != LO_WHY_OK) {
        place->when = p->when;
        return why;
    }

    place->off = p->off;
    place->off_grid = !p->irregular && lo_live_off(p, 4);

    return LO_WHY_OK;
}


lo_live_reason_e
lo_live_segment(lo_live_t *l, const lo_live_facts_t *f,
    const lo_live_segment_t *s, lo_live_place_t *place)
{
    int64_t           number;
    uint64_t          serial;
    lo_live_plan_t    p;
    lo_live_reason_e  why, done;

    why = lo_live_decide(&p, l, f, s, place);

    if (why != LO_WHY_OK ? !p.behind : lo_live_stays(l, &p, place)) {
        return why;
    }

    serial = l->serial;
    number = place->number;
    done = lo_live_carry_out(l, &p, place);

    place->changed = done == LO_WHY_OK && l->serial != serial;

    if (p.behind) {
        place->number = number;
        return why;
    }

    return done;
}


lo_live_reason_e
lo_live_segment_look(const lo_live_t *l, const lo_live_facts_t *f,
    const lo_live_segment_t *s, lo_live_place_t *place)
{
    lo_live_plan_t    p;
    lo_live_reason_e  why;

    why = lo_live_decide(&p, l, f, s, place);

    place->changed = why == LO_WHY_OK ? !lo_live_stays(l, &p, place)
                                      : p.behind;

    return why;
}
