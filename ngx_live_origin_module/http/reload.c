/*
 * Delivery directives: a playlist's reader that names what it wants to find
 * in it is answered when it is there (rfc8216bis, 6.2.5.2).  It is held as
 * readers of segments are, in the tree of its track, by the number; and by
 * the clock where the playlist changes by that, when a number becomes a GAP.
 */

#include "http/low.h"
#include "core/hls.h"


#define NGX_LIVE_ORIGIN_RELOAD_HOLD  3     /* target durations: then 503 */


static ngx_int_t
ngx_live_origin_reload_bad(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    lo_err_t *err)
{
    size_t   len;
    u_char  *p;

    len = ngx_strlen(err->text);

    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(p, err->text, len);
    p[len] = '\n';

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_BAD);

    if (ngx_live_origin_share_error(r, ctx, 1) != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_text(r, NGX_HTTP_BAD_REQUEST, p, len + 1);
}


static ngx_int_t
ngx_live_origin_reload_late(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    if (ngx_live_origin_header_const(r, "Retry-After", "1") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_refuse(r, ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                  NGX_LIVE_ORIGIN_LATE, 0);
}


static void
ngx_live_origin_reload_list(ngx_live_origin_ctx_t *ctx, ngx_uint_t track,
    ngx_live_origin_list_t *list)
{
    list->zone = ctx->zone;
    list->event = ctx->event;
    list->live = ctx->event->live;
    list->track = track;
    list->ring = list->live->tracks[track].ring;
    list->low = 1;
}


ngx_uint_t
ngx_live_origin_reload_there(ngx_live_origin_ctx_t *ctx)
{
    int                     track;
    lo_reload_end_t         end;
    ngx_live_origin_list_t  list;

    track = lo_live_track(ctx->event->live, ctx->name.track);

    if (track < 0 || lo_live_over(ctx->event->live)) {
        return 1;
    }

    ngx_live_origin_reload_list(ctx, track, &list);
    ngx_live_origin_low_end(&list, &end);

    return lo_reload_there(&ctx->reload, &end);
}


static ngx_int_t
ngx_live_origin_reload_wait(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_list_t *list, lo_reload_end_t *end)
{
    int64_t                      left, gap;
    ngx_int_t                    rc;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    left = (int64_t) NGX_LIVE_ORIGIN_RELOAD_HOLD
           * lo_hls_target(&list->live->d) * 1000;
    left = ngx_min(left, (int64_t) lcf->hold)
           - (ctx->held_us < 0 ? 0 : ctx->held_us / 1000);

    if (left <= 0) {
        return ngx_live_origin_reload_late(r, ctx);
    }

    gap = (ngx_live_origin_list_gap_us(list->live, end->last + 1)
           - ngx_live_origin_wall()) / 1000 + 1;

    ctx->number = ctx->reload.msn;

    rc = ngx_live_origin_hold(r, ctx, list->ring,
                              gap > 0 ? ngx_min(left, gap) : 1);

    if (rc == NGX_AGAIN) {
        ngx_live_origin_low_batch_forget(ctx->zone);
        ngx_live_origin_low_batch_end(list, end);
        return NGX_DECLINED;
    }

    return rc == NGX_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
}


ngx_int_t
ngx_live_origin_reload(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_version_t *of)
{
    lo_err_t                err;
    lo_str_t                args;
    ngx_live_origin_list_t  list;

    args.data = r->args.data;
    args.len = r->args.len;

    /* of who was held it is known */

    if (ctx->held_us < 0
        && lo_reload_parse(&ctx->reload, args, &err) != LO_OK)
    {
        return ngx_live_origin_reload_bad(r, ctx, &err);
    }

    of->skip = ctx->reload.skip;

    ngx_live_origin_reload_list(ctx, of->track, &list);
    ngx_live_origin_low_batch_end(&list, &of->end);

    if (ctx->reload.msn < 0 || lo_reload_there(&ctx->reload, &of->end)) {
        return NGX_DECLINED;
    }

    if (lo_reload_near(&ctx->reload, &of->end,
                       lo_live_part_us(list.live, of->track), &err)
        != LO_OK)
    {
        return ngx_live_origin_reload_bad(r, ctx, &err);
    }

    return ngx_live_origin_reload_wait(r, ctx, &list, &of->end);
}
