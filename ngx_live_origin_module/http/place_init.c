/*
 * A whole header: the event it may create, the track and the init it is.
 */

#include "http/publish.h"
#include "http/share.h"


typedef struct {
    ngx_live_origin_upload_t  *u;
    lo_live_facts_t            facts;
    const lo_cmaf_init_t      *info;
    uint64_t                   digest;
    lo_word_t                  word;
    uint32_t                   id;
    unsigned                   pipeline;
    lo_live_reason_e           why;
    uint32_t                   most;        /* tracks; 0: no limit */
    ngx_uint_t                 fresh;       /* the init is a new one */
} ngx_live_origin_init_change_t;


void
ngx_live_origin_place_set(ngx_live_origin_upload_t *u, int index)
{
    lo_zone_event_t  *ze;

    ze = lo_zone_event(u->zone->z, index);

    u->index = index;
    u->row = ze ? __atomic_load_n(&ze->word, __ATOMIC_ACQUIRE) : 0;
}


ngx_live_origin_event_t *
ngx_live_origin_place_get(ngx_live_origin_upload_t *u)
{
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *e;

    ze = lo_zone_event(u->zone->z, u->index);

    e = ze && __atomic_load_n(&ze->word, __ATOMIC_ACQUIRE) == u->row
        ? ngx_live_origin_event_get(u->zone, u->index) : NULL;

    if (e == NULL) {
        ngx_live_origin_say(u, NGX_HTTP_NOT_FOUND, "unknown event");
    }

    return e;
}


ngx_uint_t
ngx_live_origin_place_event(ngx_live_origin_upload_t *u)
{
    int  index;

    if (u->index >= 0) {
        return 0;
    }

    /* an unknown event is made by a valid init, of which this has none */

    if (u->init.timescale == 0) {
        return ngx_live_origin_say_why(u, LO_WHY_NO_INIT, NULL);
    }

    index = ngx_live_origin_event_auto(u->zone, u->ctx->name.event);

    if (index == LO_AGAIN) {
        return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                                   "the zone is busy");
    }

    if (index < 0) {
        return ngx_live_origin_say(u, NGX_HTTP_INSUFFICIENT_STORAGE,
                                   "no room for another event");
    }

    ngx_live_origin_place_set(u, index);

    return 0;
}


const lo_live_init_t *
ngx_live_origin_place_known(ngx_live_origin_upload_t *u, const lo_live_t *l,
    ngx_uint_t track)
{
    int                     p;
    ngx_uint_t              i;
    const lo_live_track_t  *t;
    const lo_live_init_t   *init;

    t = &l->tracks[track];

    p = lo_live_find_pipeline(l, u->ctx->name.pipeline);
    init = p < 0 ? NULL : lo_live_init_by_id(l, t->init[p]);

    if (init) {
        return init;
    }

    for (i = l->ninits; i > 0; i--) {
        if (l->inits[i - 1].track == track) {
            return &l->inits[i - 1];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_live_origin_place_has_init(ngx_live_origin_upload_t *u)
{
    int                       i, p;
    const lo_live_t          *l;
    ngx_live_origin_event_t  *e;

    if (u->index < 0) {
        e = ngx_live_origin_event_find(u->zone, u->ctx->name.event);

        if (e) {
            u->ctx->event = e;
            ngx_live_origin_place_set(u, e->index);
        }

    } else {
        e = ngx_live_origin_event_get(u->zone, u->index);
    }

    if (e == NULL) {
        return 0;
    }

    l = e->live;

    /* what can only be refused does not wait */

    if (lo_live_over(l)) {
        return 1;
    }

    i = lo_live_track(l, u->ctx->name.track);

    p = lo_live_find_pipeline(l, u->ctx->name.pipeline);

    return p < 0 ? l->fixed_pipelines != 0
                 : i >= 0 && l->tracks[i].init[p] != 0;
}


static int
ngx_live_origin_change_init(lo_live_t *l, void *data)
{
    int                             added, changed;
    const lo_live_init_t           *init;
    ngx_live_origin_init_change_t  *c = data;

    added = 0;
    changed = 0;
    c->fresh = 0;

    c->why = lo_live_pipeline(l, c->u->ctx->name.pipeline, &c->pipeline,
                              &added);
    if (c->why != LO_WHY_OK) {
        return -1;
    }

    if (c->most && l->ntracks >= c->most
        && lo_live_track(l, c->u->ctx->name.track) < 0)
    {
        c->why = LO_WHY_TRACKS;
        return added ? 1 : -1;
    }

    c->why = lo_live_init(l, &c->facts, c->pipeline, c->u->ctx->name.track,
                          c->info, c->digest, c->word, &c->id, &changed);
    if (c->why != LO_WHY_OK) {
        return added || changed ? 1 : -1;
    }

    init = lo_live_init_by_id(l, c->id);
    c->u->track = init->track;
    c->u->init_digest = init->digest;
    c->fresh = init->word == c->word;

    return added || changed;
}


ngx_uint_t
ngx_live_origin_place_init(ngx_live_origin_upload_t *u, const u_char *data,
    size_t len)
{
    int                             rc;
    ngx_uint_t                      status;
    unsigned char                   digest[16];
    ngx_live_origin_event_t        *e;
    ngx_live_origin_init_change_t   c;

    status = ngx_live_origin_place_event(u);
    if (status) {
        return status;
    }

    e = ngx_live_origin_place_get(u);
    if (e == NULL) {
        return u->status;
    }

    ngx_memzero(&c, sizeof(c));
    c.u = u;
    c.info = &u->init;
    c.most = e->doc ? e->doc->limits.tracks : 0;

    lo_zone_digest(digest, data, len);
    c.digest = lo_zone_digest_first(digest);

    ngx_live_origin_event_facts(u->zone, e, &c.facts);

    /* a stream's header is placed while it is read, which cannot wait */

    u->alone |= u->early;

    if (!u->alone && ngx_live_origin_share_asking(u->zone, u->index)) {
        return NGX_LIVE_ORIGIN_LATER;
    }

    c.word = lo_zone_put(u->zone->z, u->index, LO_KIND_INIT, data, len);
    if (c.word == 0) {
        return ngx_live_origin_say(u, NGX_HTTP_INSUFFICIENT_STORAGE,
                                   "no room in the zone");
    }

    rc = ngx_live_origin_agree_change(u, e, ngx_live_origin_change_init, &c);

    if (rc == LO_AGAIN) {

        /* the record that is proposed names c.word; where others are faster
           a sweep of the zone takes it */

        u->proposed |= c.fresh != 0;

        if (!ngx_live_origin_share_asking(u->zone, u->index)) {
            lo_zone_kill(u->zone->z, c.word);
        }

        return NGX_LIVE_ORIGIN_LATER;
    }

    if (rc != LO_OK || c.why != LO_WHY_OK || !c.fresh) {
        lo_zone_kill(u->zone->z, c.word);
    }

    if (rc != LO_OK) {
        return ngx_live_origin_say(u, rc == LO_NONE
                                      ? NGX_HTTP_NOT_FOUND
                                      : NGX_HTTP_INSUFFICIENT_STORAGE,
                                   rc == LO_NONE ? "unknown event"
                                                 : "no room in the zone");
    }

    if (c.why != LO_WHY_OK) {
        return ngx_live_origin_say_why(u, c.why, NULL);
    }

    u->placed = 1;

    if (c.fresh || u->proposed) {
        ngx_live_origin_drm_check(u->zone, u->index, u->track);
    }

    /* the same configuration from another pipeline, or again: a retry */

    if (u->status == 0) {
        u->status = c.fresh || u->proposed ? NGX_HTTP_CREATED : NGX_HTTP_OK;
        u->number = -1;
    }

    return 0;
}
