/*
 * GET, HEAD and OPTIONS: docs/http-api.md, "Serving".  A media request is one
 * pass from the name to the chain of the zone's pages; the object stays
 * pinned until the request's pool goes, which is after its last byte has been
 * copied to the socket.
 */

#include "http/access.h"
#include "http/rights.h"
#include "http/share.h"


static ngx_int_t ngx_live_origin_serve(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
static ngx_int_t ngx_live_origin_init_object(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);


ngx_int_t
ngx_live_origin_serve_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_live_origin_ctx_t       *ctx;
    ngx_live_origin_loc_conf_t  *lcf;

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_live_origin_options(r);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->serve->z == NULL) {
        return ngx_live_origin_plain(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "no zone\n");
    }

    ctx = ngx_live_origin_ctx(r, lcf->serve);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_live_origin_serve(r, ctx);

    if (rc == NGX_DONE) {
        r->main->count++;
    }

    return rc;
}


void
ngx_live_origin_serve_again(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_live_origin_serve(r, ctx);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/* EVENT/time, which is no media: the grammar is asked for another name there */

static ngx_uint_t
ngx_live_origin_is_time(ngx_live_origin_ctx_t *ctx, lo_str_t path)
{
    u_char    buf[2600], *p;
    lo_str_t  mpd;

    if (path.len < 6 || path.len > sizeof(buf) - 16
        || ngx_memcmp(path.data + path.len - 5, "/time", 5) != 0)
    {
        return 0;
    }

    p = ngx_cpymem(buf, path.data, path.len - 4);
    p = ngx_cpymem(p, "manifest.mpd", 12);

    mpd.data = buf;
    mpd.len = p - buf;

    if (lo_name_serve(&ctx->name, mpd) != LO_OK) {
        ngx_memzero(&ctx->name, sizeof(lo_name_t));      /* it names buf */
        return 0;
    }

    ctx->name.event.data = path.data + (ctx->name.event.data - buf);
    if (ctx->name.token.len) {
        ctx->name.token.data = path.data + (ctx->name.token.data - buf);
    }

    if (ctx->name.class.len) {
        ctx->name.class.data = path.data + (ctx->name.class.data - buf);
    }

    ctx->name.kind = LO_NAME_NONE;

    return 1;
}


/* what an event's document may deny, or orders */

static ngx_uint_t
ngx_live_origin_serve_ruled(lo_name_e kind)
{
    switch (kind) {

    case LO_NAME_MPD:
    case LO_NAME_MASTER:
    case LO_NAME_MEDIA:
    case LO_NAME_STEERING:
    case LO_NAME_PATCH:
        return 1;

    default:
        return 0;
    }
}


/*
 * A node that has just come knows little: nothing is said to be unknown, and
 * no manifest goes out, before it has looked at what others have.
 */

static ngx_uint_t
ngx_live_origin_serve_joins(ngx_live_origin_ctx_t *ctx)
{
    int  track;

    if (ngx_live_origin_serve_ruled(ctx->name.kind)) {
        return 1;
    }

    switch (ctx->name.kind) {

    case LO_NAME_SEGMENT:
    case LO_NAME_PART:
    case LO_NAME_INIT:
    case LO_NAME_INIT_DIGEST:
        track = ctx->event ? lo_live_track(ctx->event->live, ctx->name.track)
                           : LO_NONE;

        return track < 0
               || ctx->event->live->tracks[track].ring == LO_ZONE_NO_TRACK;

    default:
        return ctx->event == NULL;
    }
}


ngx_int_t
ngx_live_origin_serve_joining(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    if (ngx_live_origin_header_const(r, "Retry-After", "1") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_refuse(r, ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                  NGX_LIVE_ORIGIN_JOINING, 0);
}


static ngx_int_t
ngx_live_origin_serve(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    int                          track;
    lo_str_t                     path;
    ngx_live_origin_loc_conf_t  *lcf;

    ngx_live_origin_path(r, &path);
    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    /* of who was held it is known */

    if (ctx->held_us < 0 && lo_name_serve(&ctx->name, path) != LO_OK
        && !ngx_live_origin_is_time(ctx, path))
    {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    if (lcf->serve_auth && !ctx->let_in) {
        ctx->denied = ngx_live_origin_access_serve(r, ctx);

        if (ctx->denied) {
            ctx->klass = LO_SHED_UNKNOWN;

            return ngx_live_origin_refuse(r, ctx, NGX_HTTP_FORBIDDEN,
                                          NGX_LIVE_ORIGIN_DENIED, 0);
        }

        ctx->let_in = 1;
    }

    ctx->event = ngx_live_origin_event_find(ctx->zone, ctx->name.event);

    if (ngx_live_origin_share_joins(ctx->zone)
        && ngx_live_origin_serve_joins(ctx))
    {
        return ngx_live_origin_serve_joining(r, ctx);
    }

    if (ctx->event == NULL) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    track = LO_NONE;

    if (ctx->name.track.len) {
        track = lo_live_track(ctx->event->live, ctx->name.track);

        if (track < 0) {
            return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                          NGX_LIVE_ORIGIN_UNKNOWN, 2);
        }
    }

    /* of what has ended, everything is yesterday's */

    ctx->klass = ctx->event->live->phase == LO_LIVE_ENDED ? LO_SHED_DVR
                                                          : LO_SHED_EDGE;

    if (ctx->name.kind == LO_NAME_SEGMENT || ctx->name.kind == LO_NAME_PART) {
        ctx->klass = ngx_live_origin_shed_class(ctx->zone, ctx->event->live,
                                         ctx->event->live->tracks[track].ring,
                                         ctx->name.number);
    }

    /* what was waited for has been read: nothing is saved any more */

    if (ctx->copy == NULL && ngx_live_origin_shed_refuses(ctx)) {
        return ngx_live_origin_shed(r, ctx);
    }

    if (ctx->event->doc == NULL && ngx_live_origin_serve_ruled(ctx->name.kind))
    {
        return ngx_live_origin_rights_unknown(r, ctx);
    }

    switch (ctx->name.kind) {

    case LO_NAME_NONE:
        return ngx_live_origin_time(r, ctx);

    case LO_NAME_MPD:
    case LO_NAME_MASTER:
    case LO_NAME_MEDIA:
    case LO_NAME_PATCH:
        return ngx_live_origin_manifest(r, ctx);

    case LO_NAME_STEERING:
        return ngx_live_origin_steering(r, ctx);

    case LO_NAME_SEGMENT:
    case LO_NAME_PART:
        return ngx_live_origin_segment(r, ctx, track);

    case LO_NAME_INIT:
    case LO_NAME_INIT_DIGEST:
        return ngx_live_origin_init_object(r, ctx, track);

    default:
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }
}


ngx_int_t
ngx_live_origin_refuse(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t status, ngx_live_origin_reason_e reason, int64_t age)
{
    ngx_str_t  *line;

    if (reason == NGX_LIVE_ORIGIN_UNKNOWN) {

        ctx->klass = LO_SHED_UNKNOWN;

        if (ngx_live_origin_shed_refuses(ctx)) {
            return ngx_live_origin_shed(r, ctx);
        }
    }

    ngx_live_origin_reason(ctx, reason);

    if (ngx_live_origin_share_error(r, ctx, age) != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    line = ngx_live_origin_reason_line(reason);

    return ngx_live_origin_text(r, status, line->data, line->len);
}


/* ---- inits */

static const lo_live_init_t *
ngx_live_origin_find_init(ngx_live_origin_ctx_t *ctx, ngx_uint_t track)
{
    ngx_uint_t             i;
    const lo_live_t       *l;
    const lo_live_init_t  *init;

    l = ctx->event->live;

    if (ctx->name.kind == LO_NAME_INIT) {
        init = lo_live_init_at(l, track, INT64_MAX - 1);

        if (init) {
            return init;
        }
    }

    for (i = l->ninits; i > 0; i--) {
        init = &l->inits[i - 1];

        if (init->track == track
            && (ctx->name.kind == LO_NAME_INIT
                || init->digest >> 32 == ctx->name.digest))
        {
            return init;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_live_origin_init_object(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    const lo_live_init_t  *init;

    init = ngx_live_origin_find_init(ctx, track);

    if (init == NULL
        || lo_zone_pin(ctx->zone->z, init->word, &ctx->pin) != LO_OK)
    {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);

    return ngx_live_origin_object(r, ctx, track);
}
