/*
 * Manifests: which version is the answer.  How long that is good is in
 * version.c; what stands in it in manifest_*.c.
 */

#include "http/module.h"
#include "http/class.h"
#include "http/health.h"
#include "http/low.h"
#include "http/rights.h"
#include "http/window.h"


#define NGX_LIVE_ORIGIN_MEDIA_KEY   128


static ngx_int_t ngx_live_origin_manifest_not_yet(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* a media playlist shows of its class the time and the DRM systems */

static void
ngx_live_origin_manifest_media_of(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_version_t *of)
{
    lo_buf_t     b;
    lo_limits_t  limits;

    of->class = NULL;

    (void) lo_device_narrow(&limits, ctx->event->doc, of->device);

    if (limits.has_systems) {
        of->systems = limits.systems;
    }

    of->key.data = ngx_pnalloc(r->pool, NGX_LIVE_ORIGIN_MEDIA_KEY);
    if (of->key.data == NULL) {
        of->key.len = 0;
        return;
    }

    lo_buf_init(&b, of->key.data, NGX_LIVE_ORIGIN_MEDIA_KEY);
    lo_buf_u64(&b, of->systems);
    lo_buf_puts(&b, "|");

    if (of->window) {
        lo_window_write(&b, of->window);
    }

    of->key.len = b.pos - b.start;
}


/* from where it is answered to its class: beside a label, which stands where
   the class would */

static void
ngx_live_origin_manifest_path(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_version_t *of)
{
    u_char     *p;
    ngx_str_t  *path;

    path = &ctx->class->path;
    of->path = *path;

    if (ctx->name.class.len == 0) {
        return;
    }

    p = ngx_pnalloc(r->pool, path->len + 3);
    if (p == NULL) {
        of->path.len = 0;
        return;
    }

    of->path.data = p;
    p = ngx_cpymem(p, "../", 3);
    p = ngx_cpymem(p, path->data, path->len);
    of->path.len = p - of->path.data;
}


/* what the answer depends on; a media playlist is the same for all classes
   that see the same time */

static void
ngx_live_origin_manifest_of(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_int_t track, ngx_live_origin_version_t *of)
{
    ngx_live_origin_class_t     *class;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);
    class = ctx->class;

    ngx_memzero(of, sizeof(ngx_live_origin_version_t));

    of->kind = ctx->name.kind == LO_NAME_PATCH ? LO_NAME_MPD : ctx->name.kind;
    of->track = track;
    of->early = lcf->early_bytes;
    of->systems = LO_DRM_ALL;

    if (class == NULL) {
        return;
    }

    of->class = class->of;
    of->device = class->device;
    of->below = class->below;
    of->key = class->text;

    if (class->of->patient
        || (class->device && !class->device->low_latency))
    {
        of->early = 0;
    }

    if (lo_window_any(&class->of->window)) {
        of->window = &class->of->window;
    }

    if (of->kind == LO_NAME_MEDIA) {
        ngx_live_origin_manifest_media_of(r, ctx, of);
        return;
    }

    of->class_path = class->path;

    if (!class->below) {
        ngx_live_origin_manifest_path(r, ctx, of);
    }
}


/* the version that is to be given out; NGX_OK: *m is it, else it was
   answered */

static ngx_int_t
ngx_live_origin_manifest_pick(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t **m)
{
    lo_err_t                   err;
    ngx_int_t                  rc, track;
    ngx_live_origin_health_t   health;
    ngx_live_origin_version_t  of;

    track = -1;

    if (ctx->name.kind == LO_NAME_MEDIA) {
        track = lo_live_track(ctx->event->live, ctx->name.track);

        if (track < 0 || ctx->event->live->tracks[track].ring
                         == LO_ZONE_NO_TRACK)
        {
            return ngx_live_origin_manifest_not_yet(r, ctx);
        }
    }

    ngx_live_origin_health(ctx->zone, ctx->event, &health);

    if (health.left == LO_HEALTH_NONE
        || (track >= 0 && health.stale >> track & 1))
    {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_OVERDUE, 1);
    }

    ngx_live_origin_manifest_of(r, ctx, track, &of);

    if (track >= 0 && of.early && of.window == NULL
        && ngx_live_origin_low(r, ctx->event, track))
    {
        of.low = 1;

        rc = ngx_live_origin_reload(r, ctx, &of);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (track < 0) {
        of.left = health.left;
        of.left_us = health.since_us;
    }

    rc = ngx_live_origin_manifest_get(ctx->zone, ctx->event, &of, m);

    /* what is left out comes back */

    if (rc == NGX_ABORT && of.left) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_OVERDUE, 1);
    }

    if (rc == NGX_ABORT && ctx->class && ctx->class->of->filter.keys) {
        lo_err(&err, "aws.manifestfilter leaves nothing of this event");
        return ngx_live_origin_args_refuse(r, ctx, &err);
    }

    if (rc == NGX_ABORT) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    return rc == NGX_OK ? NGX_OK : ngx_live_origin_manifest_not_yet(r, ctx);
}


ngx_int_t
ngx_live_origin_manifest(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_int_t                    rc;
    ngx_pool_cleanup_t          *cln;
    ngx_live_origin_manifest_t  *m;

    rc = ngx_live_origin_class(r, ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (!ngx_live_origin_manifest_ready(ctx->zone, ctx->event)) {
        return ngx_live_origin_manifest_not_yet(r, ctx);
    }

    /* that may have had to read it again */

    if (ctx->event->doc == NULL) {
        return ngx_live_origin_rights_unknown(r, ctx);
    }

    if (ctx->class && lo_window_any(&ctx->class->of->window)) {
        rc = ngx_live_origin_window_refuse(r, ctx, &ctx->class->of->window);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    m = NULL;
    rc = ngx_live_origin_manifest_pick(r, ctx, &m);

    if (m == NULL) {
        return rc;
    }

    if (ctx->name.kind == LO_NAME_PATCH) {
        return ngx_live_origin_patch(r, ctx, m);
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    m->refs++;
    cln->handler = ngx_live_origin_manifest_unref;
    cln->data = m;

    m = ngx_live_origin_manifest_own(r, ctx, m);
    if (m == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_reason(ctx, ctx->held_us < 0 ? NGX_LIVE_ORIGIN_READY
                                                 : NGX_LIVE_ORIGIN_HELD);
    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_MANIFESTS]++;

    return ngx_live_origin_manifest_send(r, ctx, m);
}


/* 404 and soon again: players and caches ask until there is something */

static ngx_int_t
ngx_live_origin_manifest_not_yet(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    ngx_str_t  *line;

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_EARLY);

    if (ngx_live_origin_share_error(r, ctx, 1) != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    line = ngx_live_origin_reason_line(NGX_LIVE_ORIGIN_EARLY);

    return ngx_live_origin_text(r, NGX_HTTP_NOT_FOUND, line->data, line->len);
}
