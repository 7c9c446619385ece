/*
 * Inits: which one a pipeline's header is, and which can be forgotten.
 */

#include "core/live_int.h"


/* no pipeline is on it, and no number in the window needs it */

static int
lo_live_init_needed(const lo_live_t *l, const lo_live_init_t *in,
    int64_t oldest)
{
    unsigned               k;
    const lo_live_track_t  *t;

    t = &l->tracks[in->track];

    for (k = 0; k < LO_MAX_PIPELINES; k++) {
        if (t->init[k] == in->id) {
            return 1;
        }
    }

    if (in->first == INT64_MAX) {
        return 0;
    }

    return lo_live_init_at(l, in->track, oldest) == in || in->first > oldest;
}


static void
lo_live_forget_inits(lo_live_t *l, int64_t head)
{
    unsigned       i, k;
    int64_t        oldest;
    unsigned char  needed[LO_LIVE_INITS];

    oldest = INT64_MIN;

    if (l->d.duration && head >= 0) {
        oldest = head - lo_live_window(l, &l->d);
    }

    for (i = 0; i < l->ninits; i++) {
        needed[i] = lo_live_init_needed(l, &l->inits[i], oldest) != 0;
    }

    for (i = 0, k = 0; i < l->ninits; i++) {
        if (needed[i]) {
            l->inits[k++] = l->inits[i];
        }
    }

    l->ninits = k;
}


lo_live_init_t *
lo_live_add_init(lo_live_t *l, int64_t head)
{
    lo_live_init_t  *in;

    if (l->ninits == LO_LIVE_INITS) {
        lo_live_forget_inits(l, head);

        if (l->ninits == LO_LIVE_INITS) {
            return NULL;
        }
    }

    in = &l->inits[l->ninits++];

    memset(in, 0, sizeof(lo_live_init_t));
    in->id = l->next_init++;
    in->first = INT64_MAX;

    return in;
}


static int
lo_live_add_track(lo_live_t *l, lo_str_t id)
{
    lo_live_track_t  *t;

    if (l->ntracks == LO_MAX_TRACKS || !lo_id_ok(id)) {
        return LO_FULL;
    }

    t = &l->tracks[l->ntracks];

    memset(t, 0, sizeof(lo_live_track_t));
    memcpy(t->id, id.data, id.len);
    t->ring = UINT32_MAX;

    return (int) l->ntracks++;
}


/* an init of the track with this configuration that can still be used: the
   one in use now, or one that waits for its first segment */

static lo_live_init_t *
lo_live_same_init(lo_live_t *l, unsigned track, uint64_t config)
{
    unsigned               i;
    const lo_live_init_t  *now;

    now = lo_live_init_at(l, track, INT64_MAX);

    if (now != NULL && now->info.config == config) {
        return lo_live_init_mutable(l, now->id);
    }

    for (i = 0; i < l->ninits; i++) {
        if (l->inits[i].track == track && l->inits[i].first == INT64_MAX
            && l->inits[i].info.config == config)
        {
            return &l->inits[i];
        }
    }

    return NULL;
}


/* is another pipeline, alive, serving this track with another init */

static int
lo_live_init_contested(const lo_live_t *l, const lo_live_facts_t *f,
    unsigned pipeline, unsigned track)
{
    unsigned               k;
    uint32_t               others;
    const lo_live_init_t  *now;

    now = lo_live_init_at(l, track, INT64_MAX);

    if (now == NULL) {
        return 0;
    }

    others = 0;

    for (k = 0; k < LO_MAX_PIPELINES; k++) {
        if (k != pipeline && l->tracks[track].init[k] == now->id) {
            others |= 1u << k;
        }
    }

    return lo_live_alive(l, f, others);
}


/* the pipeline is on this init now, and begins again with it */

static int
lo_live_init_sent(lo_live_t *l, unsigned track, unsigned pipeline,
    lo_live_init_t *in)
{
    uint32_t          bit;
    lo_live_track_t  *t;

    t = &l->tracks[track];
    bit = 1u << pipeline;

    if (t->init[pipeline] == in->id && (t->restarted & bit)
        && !(t->differs & bit) && (in->pipelines & bit)
        && t->type == in->info.type)
    {
        return 0;
    }

    t->init[pipeline] = in->id;
    t->differs &= (unsigned char) ~bit;
    t->restarted |= (unsigned char) bit;
    t->type = in->info.type;
    in->pipelines |= bit;

    return 1;
}


lo_live_reason_e
lo_live_init(lo_live_t *l, const lo_live_facts_t *f, unsigned pipeline,
    lo_str_t track, const lo_cmaf_init_t *info, uint64_t digest,
    uint64_t word, uint32_t *id, int *changed)
{
    int              i;
    lo_live_init_t  *in;

    if (lo_live_over(l)) {
        return LO_WHY_ENDED;
    }

    i = lo_live_track(l, track);

    if (i < 0) {
        i = lo_live_add_track(l, track);

        if (i < 0) {
            return LO_WHY_TRACKS;
        }
    }

    in = lo_live_same_init(l, (unsigned) i, info->config);

    if (in == NULL) {

        if (lo_live_init_contested(l, f, pipeline, (unsigned) i)) {

            /* what it sends from here is not of its former init */

            if (l->tracks[i].init[pipeline]
                || !(l->tracks[i].differs & 1u << pipeline))
            {
                l->tracks[i].init[pipeline] = 0;
                l->tracks[i].differs |= (unsigned char) (1u << pipeline);
                lo_live_touch(l, 0);
                *changed = 1;
            }

            return LO_WHY_INIT_DIFFERS;
        }

        in = lo_live_add_init(l, f->event_head);

        if (in == NULL) {
            return LO_WHY_INITS;
        }

        in->track = (uint32_t) i;
        in->digest = digest;
        in->word = word;
        in->info = *info;
        l->init_us = f->now_us;
    }

    *id = in->id;

    if (lo_live_init_sent(l, (unsigned) i, pipeline, in)) {
        lo_live_touch(l, 0);
        *changed = 1;
    }

    return LO_WHY_OK;
}
