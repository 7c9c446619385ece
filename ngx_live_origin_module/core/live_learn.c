/*
 * One live state learns from another, which another node has written:
 * docs/redis.md, "The live state".
 */

#include "core/live_int.h"


/* what is this node's own goes over to a record that is not */

static void
lo_live_learn_own(lo_live_t *to, const lo_live_t *from)
{
    int       t;
    unsigned  i, k;

    for (i = 0; i < to->ntracks; i++) {
        t = lo_live_track(from, lo_cstr(to->tracks[i].id));
        to->tracks[i].ring = t < 0 ? UINT32_MAX : from->tracks[t].ring;
    }

    for (i = 0; i < to->ninits; i++) {

        to->inits[i].word = 0;

        for (k = 0; k < from->ninits; k++) {
            if (from->inits[k].digest == to->inits[i].digest) {
                to->inits[i].word = from->inits[k].word;
                break;
            }
        }
    }
}


/* index of each pipeline of from in to; to gets those that it has not */

static int
lo_live_learn_pipelines(lo_live_t *to, const lo_live_t *from, int map[])
{
    int       changed;
    unsigned  i, k;

    changed = 0;

    for (i = 0; i < from->npipelines; i++) {

        map[i] = LO_NONE;

        if (from->pipelines[i][0] == '\0') {
            continue;
        }

        for (k = 0; k < to->npipelines; k++) {
            if (strcmp(to->pipelines[k], from->pipelines[i]) == 0) {
                break;
            }
        }

        if (k == to->npipelines) {

            if (k == LO_MAX_PIPELINES || to->fixed_pipelines) {
                continue;
            }

            strcpy(to->pipelines[k], from->pipelines[i]);
            to->npipelines++;
            changed = 1;
        }

        map[i] = (int) k;
    }

    return changed;
}


/* map has an entry for each pipeline that from has */

static uint32_t
lo_live_learn_bits(uint32_t bits, const int map[])
{
    unsigned  i;
    uint32_t  out;

    out = 0;

    for (i = 0; i < LO_MAX_PIPELINES; i++) {
        if ((bits & 1u << i) && map[i] >= 0) {
            out |= 1u << map[i];
        }
    }

    return out;
}


static int
lo_live_learn_tracks(lo_live_t *to, const lo_live_t *from, int map[])
{
    int       changed, t;
    unsigned  i;

    changed = 0;

    for (i = 0; i < from->ntracks; i++) {

        t = lo_live_track(to, lo_cstr(from->tracks[i].id));

        if (t < 0 && to->ntracks < LO_MAX_TRACKS) {
            t = (int) to->ntracks++;
            to->tracks[t] = from->tracks[i];
            memset(to->tracks[t].init, 0, sizeof(to->tracks[t].init));
            to->tracks[t].restarted = 0;
            to->tracks[t].differs = 0;
            changed = 1;
        }

        map[i] = t;
    }

    return changed;
}


/*
 * Inits have the ids that theirs gives them.  What both sides numbered by
 * themselves keeps its bytes under a new id.
 */

static int
lo_live_learn_inits(lo_live_t *to, const lo_live_t *from, const int tracks[],
    const int pipelines[])
{
    int              changed;
    unsigned         i, k, p;
    lo_live_init_t  *init;
    lo_live_track_t  *t;

    changed = 0;

    for (i = 0; i < from->ninits; i++) {

        if (tracks[from->inits[i].track] < 0) {
            continue;
        }

        for (k = 0; k < to->ninits; k++) {
            if (to->inits[k].track
                    == (uint32_t) tracks[from->inits[i].track]
                && to->inits[k].digest == from->inits[i].digest)
            {
                break;
            }
        }

        if (k == to->ninits) {

            if (k == LO_LIVE_INITS) {
                continue;
            }

            init = &to->inits[to->ninits++];
            *init = from->inits[i];
            init->track = (uint32_t) tracks[from->inits[i].track];
            init->id = to->next_init++;
            init->pipelines = lo_live_learn_bits(init->pipelines, pipelines);
            changed = 1;
        }

        t = &to->tracks[to->inits[k].track];

        for (p = 0; p < from->npipelines; p++) {
            if (from->tracks[from->inits[i].track].init[p]
                    == from->inits[i].id
                && pipelines[p] >= 0 && t->init[pipelines[p]] == 0)
            {
                t->init[pipelines[p]] = to->inits[k].id;
                changed = 1;
            }
        }
    }

    return changed;
}


/*
 * Which tracks were kept in a run, besides those of out, and their clocks; but
 * for those of which theirs said something of this run before (said: the runs
 * of their clocks).
 */

static uint64_t
lo_live_learn_kept(lo_live_t *to, const lo_live_t *from,
    const lo_live_run_t *run, const int tracks[], const uint32_t said[],
    uint64_t out)
{
    unsigned          i;
    lo_live_track_t  *t;

    for (i = 0; i < from->ntracks; i++) {

        if (!(run->kept >> i & 1) || tracks[i] < 0
            || (out >> tracks[i] & 1) || said[tracks[i]] >= run->id)
        {
            continue;
        }

        t = &to->tracks[tracks[i]];
        out |= (uint64_t) 1 << tracks[i];
        t->clock = from->tracks[i].clock;
        t->clock_run = from->tracks[i].clock_run;
    }

    return out;
}


/* runs that both have */

static int
lo_live_learn_keeps(lo_live_t *to, const lo_live_t *from, const int tracks[],
    const uint32_t said[])
{
    int             changed;
    unsigned        i, k;
    uint64_t        kept;
    lo_live_run_t  *run;

    changed = 0;

    for (i = 0, k = 0; i < from->nruns; i++) {

        while (k < to->nruns && to->runs[k].id < from->runs[i].id) {
            k++;
        }

        if (k == to->nruns || to->runs[k].id != from->runs[i].id
            || to->runs[k].anchor.offset != from->runs[i].anchor.offset
            || to->runs[k].anchor.scale != from->runs[i].anchor.scale)
        {
            continue;
        }

        run = &to->runs[k];
        kept = lo_live_learn_kept(to, from, &from->runs[i], tracks, said,
                                  run->kept);
        changed |= kept != run->kept;
        run->kept = kept;
    }

    return changed;
}


/* the newer ones; an older one is part of what theirs has decided */

static int
lo_live_learn_runs(lo_live_t *to, const lo_live_t *from, const int tracks[],
    const int pipelines[])
{
    int             changed;
    unsigned        i;
    uint32_t        said[LO_MAX_TRACKS];
    lo_live_run_t  *run;

    for (i = 0; i < to->ntracks; i++) {
        said[i] = to->tracks[i].clock_run;
    }

    changed = lo_live_learn_keeps(to, from, tracks, said);

    for (i = 0; i < from->nruns && to->nruns < LO_LIVE_RUNS; i++) {

        if (from->runs[i].id < to->next_run
            || (to->nruns
                && from->runs[i].first <= to->runs[to->nruns - 1].first))
        {
            continue;
        }

        run = &to->runs[to->nruns++];
        *run = from->runs[i];
        run->pipelines = lo_live_learn_bits(run->pipelines, pipelines);
        run->kept = lo_live_learn_kept(to, from, &from->runs[i], tracks, said,
                                       0);
        to->next_run = run->id + 1;
        changed = 1;
    }

    return changed;
}


static int
lo_live_learn_masks(lo_live_t *to, const lo_live_t *from, const int tracks[],
    const int pipelines[])
{
    int             changed;
    unsigned        i;
    lo_live_mask_t  m;

    changed = 0;

    for (i = 0; i < from->nmasks; i++) {

        m = from->masks[i];

        if (pipelines[m.pipeline] < 0
            || (m.track != LO_LIVE_ALL_TRACKS && tracks[m.track] < 0)
            || to->nmasks == LO_LIVE_MASKS)
        {
            continue;
        }

        m.pipeline = (uint32_t) pipelines[m.pipeline];

        if (m.track != LO_LIVE_ALL_TRACKS) {
            m.track = (uint32_t) tracks[m.track];
        }

        changed |= lo_live_mask(to, &m, -1) == 1;
    }

    return changed;
}


/* a document that was put here later than theirs there: its effects, too */

static int
lo_live_learn_document(lo_live_t *to, const lo_live_t *from)
{
    if (from->doc_us <= to->doc_us) {
        return 0;
    }

    to->doc_us = from->doc_us;
    to->dvr_s = from->dvr_s;
    to->playlist_s = from->playlist_s;
    to->lead_s = from->lead_s;
    to->backfill_us = from->backfill_us;

    if (to->phase == LO_LIVE_SCHEDULED) {
        to->part_us = from->part_us;
    }

    return 1;
}


static int
lo_live_learn_notices(lo_live_t *to, const lo_live_t *from)
{
    unsigned  i, k;
    int       changed;

    changed = 0;

    for (i = 0; i < from->notices.n; i++) {

        for (k = 0; k < to->notices.n; k++) {
            if (strcmp(to->notices.notices[k].key,
                       from->notices.notices[i].key) == 0)
            {
                break;
            }
        }

        if (k == to->notices.n && k < LO_NOTICES) {
            to->notices.notices[to->notices.n++] = from->notices.notices[i];
            changed = 1;
        }
    }

    return changed;
}


static int
lo_live_learn_drained(lo_live_t *to, const lo_live_t *from)
{
    if (from->drained.since_us <= to->drained.since_us) {
        return 0;
    }

    to->drained = from->drained;

    return 1;
}


/* how long parts are, so that they stay what readers were given; before what
   says who went live first (below) */

static int
lo_live_learn_parts(lo_live_t *to, const lo_live_t *from, const int tracks[])
{
    int               changed, first;
    unsigned          i;
    uint32_t          chunk_us;
    lo_live_track_t  *t;

    if (from->phase == LO_LIVE_SCHEDULED) {
        return 0;
    }

    changed = 0;
    first = to->phase == LO_LIVE_SCHEDULED;

    if ((first || to->part_us == 0) && to->part_us != from->part_us) {
        to->part_us = from->part_us;
        changed = 1;
    }

    for (i = 0; i < from->ntracks; i++) {

        if (tracks[i] < 0) {
            continue;
        }

        t = &to->tracks[tracks[i]];
        chunk_us = from->tracks[i].chunk_us;

        if (chunk_us && (first || t->chunk_us == 0)
            && t->chunk_us != chunk_us)
        {
            t->chunk_us = chunk_us;
            changed = 1;
        }
    }

    return changed;
}


/* what is fixed once is fixed by who went live first */

static int
lo_live_learn_life(lo_live_t *to, const lo_live_t *from)
{
    int  changed;

    changed = 0;

    if (to->d.duration == 0 && from->d.duration) {
        to->d = from->d;
        changed = 1;
    }

    if (from->first < to->first) {
        to->first = from->first;
        changed = 1;
    }

    if (from->phase > to->phase) {

        if (to->phase == LO_LIVE_SCHEDULED) {
            to->d = from->d;
            to->delay_us = from->delay_us;
            to->origin = from->origin;
            to->window = from->window;
            to->live_us = from->live_us;
            to->depth_us = from->depth_us;
        }

        to->phase = from->phase;
        to->last = from->last;
        changed = 1;
    }

    if (from->depth_us > to->depth_us && to->phase == LO_LIVE_LIVE
        && from->window == to->window)
    {
        to->depth_us = from->depth_us;
        changed = 1;
    }

    return changed;
}


/* nothing was published and nothing said of it yet */

static int
lo_live_fresh(const lo_live_t *l)
{
    return l->first == INT64_MAX && l->ninits == 0 && l->nruns == 0
           && l->nmasks == 0 && l->notices.n == 0
           && l->drained.since_us == 0
           && l->phase == LO_LIVE_SCHEDULED;
}


int
lo_live_adopt(lo_live_t *l, const lo_live_t *theirs)
{
    int        changed, own;
    unsigned   i;
    int        pipelines[LO_MAX_PIPELINES], tracks[LO_MAX_TRACKS];
    uint64_t   serial;
    lo_live_t  mine;

    /* an older one may have been under way for longer than its successor */

    if (l->life == theirs->life
        && (l->agreed > theirs->serial
            || (l->agreed == theirs->serial && l->stamp == theirs->stamp)))
    {
        return 0;
    }

    own = (l->agreed != l->serial || l->agreed == theirs->serial)
          && !lo_live_fresh(l);
    serial = l->serial;

    for (i = 0; i < LO_MAX_PIPELINES; i++) {
        pipelines[i] = LO_NONE;
    }

    mine = *l;
    *l = *theirs;
    l->agreed = theirs->serial;

    if (own) {
        changed = lo_live_learn_pipelines(l, &mine, pipelines);
        changed |= lo_live_learn_tracks(l, &mine, tracks);
        changed |= lo_live_learn_inits(l, &mine, tracks, pipelines);
        changed |= lo_live_learn_runs(l, &mine, tracks, pipelines);
        changed |= lo_live_learn_masks(l, &mine, tracks, pipelines);
        changed |= lo_live_learn_notices(l, &mine);
        changed |= lo_live_learn_drained(l, &mine);
        changed |= lo_live_learn_parts(l, &mine, tracks);
        changed |= lo_live_learn_life(l, &mine);
        changed |= lo_live_learn_document(l, &mine);

        if (changed) {
            l->serial = (serial > theirs->serial ? serial : theirs->serial)
                        + 1;
            l->shown = l->serial;

            if (mine.shown_us > l->shown_us) {
                l->shown_us = mine.shown_us;
            }
        }
    }

    lo_live_learn_own(l, &mine);

    return 1;
}
