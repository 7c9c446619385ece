/*
 * Readers of what is on other nodes: a GET, and the records that playlists are
 * written from.
 */

#include "http/share.h"


ngx_int_t
ngx_live_origin_share_read(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track, uint32_t ring)
{
    uint32_t           masked;
    ngx_int_t          rc;
    ngx_uint_t         i;
    lo_str_t           pipeline;
    const lo_live_t   *l;
    lo_zone_track_t   *zt;
    lo_zone_record_t   rec;

    zt = lo_zone_track(ctx->zone->z, ring);

    if (ctx->held_us >= 0 || ctx->expired || zt == NULL
        || ctx->number > __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE)
        || !ngx_live_origin_share_up(ctx->zone))
    {
        return NGX_DECLINED;
    }

    l = ctx->event->live;
    masked = lo_live_masked(l, track, ctx->number);
    pipeline.len = 0;
    pipeline.data = NULL;

    for (i = 0; masked && i < l->npipelines && pipeline.len == 0; i++) {
        if (!(masked & 1u << i)) {
            pipeline = lo_cstr(l->pipelines[i]);
        }
    }

    /* where nothing is masked a record says that there is something */

    if (masked ? pipeline.len == 0
               : lo_zone_record(ctx->zone->z, ring, ctx->number, &rec)
                 != LO_OK
                 && !ngx_live_origin_share_joins(ctx->zone))
    {
        return NGX_DECLINED;
    }

    rc = ngx_live_origin_share_fetch(ctx->zone->share, ctx->event->index,
             lo_cstr(l->tracks[track].id), ctx->number, pipeline, NULL, NULL);

    if (rc == NGX_ERROR) {
        return NGX_DECLINED;
    }

    if (ngx_live_origin_event_get(ctx->zone, ctx->event->index) == NULL) {
        return NGX_DECLINED;
    }

    rc = ngx_live_origin_hold(r, ctx, ring, NGX_LIVE_ORIGIN_SHARE_FETCH);

    return rc == NGX_AGAIN ? NGX_DECLINED : rc;
}


int
ngx_live_origin_record_of(ngx_live_origin_zone_t *zone, const lo_live_t *l,
    ngx_uint_t track, int64_t number, lo_zone_record_t *rec)
{
    ngx_uint_t  away;

    if ((zone->archive == NULL && zone->share == NULL)
        || lo_zone_record(zone->z, l->tracks[track].ring, number, rec)
           != LO_OK)
    {
        return LO_NONE;
    }

    away = rec->pipeline & NGX_LIVE_ORIGIN_SHARE_AWAY;
    rec->pipeline &= ~NGX_LIVE_ORIGIN_SHARE_AWAY;

    if ((away ? zone->share == NULL : zone->archive == NULL)
        || (lo_live_masked(l, track, number) >> rec->pipeline & 1))
    {
        return LO_NONE;
    }

    return LO_OK;
}
