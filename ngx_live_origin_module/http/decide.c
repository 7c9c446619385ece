/*
 * Where a piece belongs: the live state is asked (core/live.h), and changed
 * where the segment changes it.
 */

#include "http/publish.h"


static void
ngx_live_origin_place_head(ngx_live_origin_place_t *c, uint32_t ring,
    lo_live_segment_t *s)
{
    lo_zone_t        *z;
    lo_zone_pin_t     pin;
    lo_zone_track_t  *zt;

    z = c->u->zone->z;
    s->track_head = -1;

    if (ring == LO_ZONE_NO_TRACK) {
        return;
    }

    zt = lo_zone_track(z, ring);
    if (zt == NULL) {
        return;
    }

    s->track_head = __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE);

    if (s->track_head >= 0
        && lo_zone_find(z, ring, s->track_head, 0, 0, &pin) == LO_OK)
    {
        s->head_m = pin.object->meta.m;
        s->head_duration = pin.object->meta.duration;
        s->head_run = pin.object->meta.run;

        lo_zone_unpin(z, &pin);
    }
}


/* what the live state is asked; NULL: there is no init, c->why says so */

static const lo_live_init_t *
ngx_live_origin_place_ask(const lo_live_t *l, ngx_live_origin_place_t *c,
    lo_live_segment_t *s)
{
    const lo_live_init_t   *init;
    const lo_live_track_t  *t;

    c->why = LO_WHY_NO_INIT;
    c->track = lo_live_track(l, c->u->ctx->name.track);

    if (c->track < 0) {
        return NULL;
    }

    t = &l->tracks[c->track];
    init = lo_live_init_by_id(l, t->init[c->pipeline]);

    if (init == NULL) {
        return NULL;
    }

    ngx_memzero(s, sizeof(lo_live_segment_t));

    s->pipeline = c->pipeline;
    s->track = c->track;
    s->m = (int64_t) c->piece->tfdt - init->info.edit;
    s->duration = c->ahead ? (uint64_t) lo_rescale(l->d.duration,
                                                   init->info.timescale,
                                                   l->d.timescale, LO_NEAREST)
                           : c->piece->duration;
    s->track_id = c->piece->track_id;
    s->force = c->force;
    s->wraps = c->piece->tfdt32;

    ngx_live_origin_place_head(c, t->ring, s);

    return init;
}


/* where it belongs is known */

static void
ngx_live_origin_place_found(const lo_live_t *l, ngx_live_origin_place_t *c,
    const lo_live_segment_t *s, const lo_live_init_t *init)
{
    const lo_anchor_t    *anchor;
    const lo_live_run_t  *run;

    c->m = c->place.m;
    c->wrapped = c->place.m - s->m;
    c->ring = l->tracks[c->track].ring;
    c->init = init->info;
    c->d = l->d;
    c->irregular = l->irregular;
    c->declared = l->declared;
    c->delay_us = l->delay_us;
    c->due_us = lo_live_due_us(l, c->place.number);

    run = lo_live_run_at(l, c->place.number);

    anchor = lo_live_anchor(l, run, c->track);

    if (anchor) {
        c->anchor = *anchor;

    } else {
        ngx_memzero(&c->anchor, sizeof(c->anchor));
        c->anchor.scale = 1;
    }
}


/*
 * Most segments change nothing: the worker's copy itself is asked.  0: this
 * one does, or it may.
 */

static ngx_uint_t
ngx_live_origin_look_place(const lo_live_t *l, ngx_live_origin_place_t *c)
{
    int                    i;
    lo_live_segment_t      s;
    const lo_live_init_t  *init;

    i = lo_live_find_pipeline(l, c->u->ctx->name.pipeline);
    if (i < 0) {
        return 0;
    }

    c->pipeline = i;

    init = ngx_live_origin_place_ask(l, c, &s);
    if (init == NULL) {
        return 1;
    }

    c->why = lo_live_segment_look(l, &c->facts, &s, &c->place);
    if (c->why != LO_WHY_OK) {
        return !c->place.changed;
    }

    if (c->place.changed) {
        return c->ahead;
    }

    if (c->ahead) {
        c->ring = l->tracks[c->track].ring;
        return 1;
    }

    if (ngx_live_origin_ring_track(c->u->zone, c->u->index,
                                   &l->tracks[c->track])
        == NULL
        || lo_live_chunks_count(l, s.track_head < 0, c->piece->chunks))
    {
        return 0;
    }

    ngx_live_origin_place_found(l, c, &s, init);

    return 1;
}


static int
ngx_live_origin_change_place(lo_live_t *l, void *data)
{
    int                        changed, made;
    lo_live_segment_t          s;
    const lo_live_init_t      *init;
    ngx_live_origin_place_t   *c = data;
    ngx_live_origin_upload_t  *u;

    u = c->u;
    changed = 0;

    c->no_ring = 0;
    c->why = lo_live_pipeline(l, u->ctx->name.pipeline, &c->pipeline,
                              &changed);
    if (c->why != LO_WHY_OK) {
        return -1;
    }

    init = ngx_live_origin_place_ask(l, c, &s);
    if (init == NULL) {
        return -1;
    }

    c->why = lo_live_segment(l, &c->facts, &s, &c->place);
    if (c->why != LO_WHY_OK) {
        return c->place.changed ? 1 : -1;
    }

    changed |= c->place.changed;
    changed |= lo_live_chunks(l, c->track, s.track_head < 0, c->piece->chunks,
                              c->piece->longest, init->info.timescale);

    made = ngx_live_origin_ring_make(u->zone, u->index, l, c->track);

    if (made < 0) {
        c->no_ring = made;
        c->cap = ngx_live_origin_ring_cap(u->zone, u->index, l);
        return -1;
    }

    changed |= made;

    ngx_live_origin_place_found(l, c, &s, init);

    return changed;
}


int
ngx_live_origin_place_decide(ngx_live_origin_event_t *e,
    ngx_live_origin_place_t *c)
{
    if (ngx_live_origin_look_place(e->live, c) || c->ahead) {
        ngx_live_origin_agree_done(c->u);
        return LO_OK;
    }

    return ngx_live_origin_agree_change(c->u, e, ngx_live_origin_change_place,
                                        c);
}
