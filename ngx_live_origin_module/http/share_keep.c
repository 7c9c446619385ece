/*
 * The bytes of a segment from Redis, into an upload of the zone; and what it
 * takes to publish them here: a live state that knows their pipeline, init and
 * run.
 */

#include "http/share_get.h"


/* NGX_DECLINED: the live state here does not know of it yet */

static ngx_int_t
ngx_live_origin_get_place(ngx_live_origin_get_t *g, int *pipeline, int *chosen)
{
    ngx_uint_t                i;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(g->share->zone, g->index);

    if (e == NULL
        || ngx_live_origin_share_id(g->share, g->index, g->row) == NULL)
    {
        return NGX_ERROR;
    }

    *pipeline = lo_live_find_pipeline(e->live, lo_cstr(g->pipeline));
    *chosen = lo_live_find_pipeline(e->live, lo_cstr(g->chosen));

    if (*pipeline < 0 || lo_live_track(e->live, lo_cstr(g->track)) < 0
        || lo_live_init_by_id(e->live, g->seg.meta.init) == NULL)
    {
        return NGX_DECLINED;
    }

    for (i = 0; i < e->live->nruns; i++) {
        if (e->live->runs[i].id == g->seg.meta.run) {
            break;
        }
    }

    if (i == e->live->nruns && (i == 0 || g->seg.meta.run >= e->live->next_run)) {
        return NGX_DECLINED;
    }

    g->ring = ngx_live_origin_share_ring(g->share, g->index,
                                         lo_cstr(g->track));

    return g->ring == LO_ZONE_NO_TRACK ? NGX_ERROR : NGX_OK;
}


static void
ngx_live_origin_get_want(ngx_live_origin_get_t *g)
{
    const char                     *id;
    ngx_live_origin_event_t        *e;
    ngx_live_origin_wanted_t       *w;
    ngx_live_origin_share_event_t  *st;

    id = ngx_live_origin_share_id(g->share, g->index, g->row);
    st = ngx_live_origin_share_of(g->share, g->index);

    if (id == NULL || st == NULL) {
        return;
    }

    e = ngx_live_origin_event_get(g->share->zone, g->index);

    if (e && st->nwanted < NGX_LIVE_ORIGIN_SHARE_WANTED) {
        w = &st->wanted[st->nwanted++];
        strcpy(w->track, g->track);
        strcpy(w->pipeline, g->asked);
        w->number = g->number;
        w->serial = e->live->serial;
    }

    ngx_live_origin_share_learn(g->share, lo_cstr(id));
}


void
ngx_live_origin_get_commit(ngx_live_origin_get_t *g)
{
    int                      rc, pipeline, chosen;
    lo_word_t                word;
    XXH128_canonical_t        c;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *e;

    zone = g->share->zone;

    XXH128_canonicalFromHash(&c, XXH3_128bits_digest(g->xxh));

    if (g->up.size != g->seg.size
        || ngx_memcmp(c.digest, g->seg.digest, 16) != 0)
    {
        ngx_live_origin_share_complain(g->share, "other bytes than its index "
                                       "says of a segment of track", g->track);
        return;
    }

    e = ngx_live_origin_event_get(zone, g->index);

    if (e == NULL || !lo_live_likely(e->live, g->number,
                                    ngx_live_origin_wall()))
    {
        return;
    }

    switch (ngx_live_origin_get_place(g, &pipeline, &chosen)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        ngx_live_origin_get_want(g);
        return;

    default:
        return;
    }

    rc = lo_zone_publish(zone->z, g->ring, g->number, pipeline, &g->up,
                         g->seg.digest, &g->seg.meta, &word);
    g->up.word = 0;

    if (rc < 0) {
        return;
    }

    ngx_live_origin_get_unclaim(g);
    zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_FETCHED]++;

    /* until the one that all others give is here, readers get this one */

    if (chosen >= 0
        && lo_zone_choose(zone->z, g->ring, g->number, chosen) == LO_NONE)
    {
        (void) ngx_live_origin_share_fetch(g->share, g->index,
                   lo_cstr(g->track), g->number, lo_cstr(g->chosen), NULL,
                   NULL);
    }

    ngx_live_origin_hold_publish(zone, g->ring);
}


ngx_int_t
ngx_live_origin_get_open(ngx_live_origin_get_t *g)
{
    g->xxh = XXH3_createState();

    if (g->xxh == NULL
        || ngx_live_origin_share_id(g->share, g->index, g->row) == NULL
        || lo_zone_upload(g->share->zone->z, &g->up, g->index,
                          LO_KIND_SEGMENT, g->seg.size)
           != LO_OK)
    {
        g->up.word = 0;
        return NGX_ERROR;
    }

    XXH3_128bits_reset(g->xxh);

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_get_add(ngx_live_origin_get_t *g, redisReply *bytes)
{
    if (bytes->type != REDIS_REPLY_STRING
        || g->up.size + bytes->len > g->seg.size
        || lo_zone_upload_write(g->share->zone->z, &g->up, bytes->str,
                                bytes->len)
           != LO_OK)
    {
        return NGX_ERROR;
    }

    XXH3_128bits_update(g->xxh, bytes->str, bytes->len);

    return NGX_OK;
}
