/*
 * Manifests: the answer.  Which version it is, and how long that is good, is
 * in version.c; what stands in it in manifest_*.c.
 */

#include <zlib.h>

#include "http/module.h"
#include "http/class.h"
#include "http/health.h"
#include "http/low.h"
#include "http/rights.h"
#include "http/window.h"
#include "core/hls.h"


#define NGX_LIVE_ORIGIN_MEDIA_KEY   128
#define NGX_LIVE_ORIGIN_GZIP_MIN    256
#define NGX_LIVE_ORIGIN_GZIP_FAST   262144  /* from here on: the event loop
                                               waits for it */


static ngx_int_t ngx_live_origin_manifest_send(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t *m);
static ngx_int_t ngx_live_origin_manifest_gzip(
    ngx_live_origin_manifest_t *m);
static ngx_uint_t ngx_live_origin_manifest_takes_gzip(ngx_http_request_t *r);
static ngx_int_t ngx_live_origin_manifest_headers(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t *m,
    ngx_uint_t gzip);
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


static ngx_int_t
ngx_live_origin_manifest_send(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t *m)
{
    ngx_int_t    rc;
    ngx_buf_t   *b;
    ngx_uint_t   gzip;
    ngx_chain_t  out;

    gzip = !m->own && ngx_live_origin_manifest_takes_gzip(r)
           && ngx_live_origin_manifest_gzip(m) == NGX_OK;

    if (ngx_live_origin_manifest_headers(r, ctx, m, gzip) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = gzip ? m->gzip : m->body;
    b->last = b->pos + (gzip ? m->gzip_len : m->len);
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_BYTES_OUT] += b->last - b->pos;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
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


/* ---- headers */

static ngx_int_t
ngx_live_origin_manifest_etag(ngx_http_request_t *r,
    ngx_live_origin_manifest_t *m, ngx_uint_t gzip)
{
    ngx_int_t         rc;
    ngx_table_elt_t  *h;

    rc = ngx_live_origin_etag(r, m->digest);

    if (rc == NGX_OK && gzip) {

        /* other bytes, another tag: "...-gz" in place of the last digits */

        h = r->headers_out.etag;
        ngx_memcpy(h->value.data + h->value.len - 4, "-gz", 3);
    }

    return rc;
}


/* a URL that says what has to be in it may be kept: rfc8216bis, 6.2.5.2 */

static int64_t
ngx_live_origin_manifest_age(ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_manifest_t *m)
{
    /* a version may be older than what it is kept for */

    if (m->windowed && m->over) {
        return ngx_live_origin_window_age(m, ctx->event);
    }

    return m->of.low && ctx->reload.msn >= 0
           ? 6 * (int64_t) lo_hls_target(&ctx->event->live->d) : m->max_age;
}


static ngx_int_t
ngx_live_origin_manifest_headers(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t *m,
    ngx_uint_t gzip)
{
    u_char           *p, *v;
    int64_t           age;
    ngx_table_elt_t  *h;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = gzip ? m->gzip_len : m->len;

    if (m->of.kind == LO_NAME_MPD) {
        ngx_str_set(&r->headers_out.content_type, "application/dash+xml");

    } else {
        ngx_str_set(&r->headers_out.content_type,
                    "application/vnd.apple.mpegurl");
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;

    p = ngx_pnalloc(r->pool, 3 * (LO_ID_MAX + 1) + 64);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v = p;
    age = ngx_live_origin_rights_age(ctx,
                                     ngx_live_origin_manifest_age(ctx, m));

    if (age > 0) {
        p = ngx_live_origin_share(p, ctx, 1);
        p = ngx_live_origin_put(p, "max-age=");
        p = ngx_live_origin_put_number(p, age);

    } else {
        p = ngx_live_origin_put(p, "no-store");
    }

    if (ngx_live_origin_header(r, "Cache-Control", v, p - v) != NGX_OK) {
        return NGX_ERROR;
    }

    v = p;
    p = ngx_cpymem(p, ctx->name.event.data, ctx->name.event.len);

    if (m->of.track >= 0) {
        *p++ = ' ';
        p = ngx_cpymem(p, ctx->name.event.data, ctx->name.event.len);
        *p++ = '/';
        p = ngx_cpymem(p, ctx->name.track.data, ctx->name.track.len);
    }

    if (ngx_live_origin_header(r, "Surrogate-Key", v, p - v) != NGX_OK
        || ngx_live_origin_header_const(r, "CMSD-Static", "ot=m") != NGX_OK
        || ngx_live_origin_header_const(r, "Vary", "Accept-Encoding")
           != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (gzip) {
        if (ngx_live_origin_header_const(r, "Content-Encoding", "gzip")
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        h = r->headers_out.headers.last->elts;
        r->headers_out.content_encoding =
            &h[r->headers_out.headers.last->nelts - 1];
    }

    return ngx_live_origin_manifest_etag(r, m, gzip);
}


/* "gzip" without "q=0" behind it */

static ngx_uint_t
ngx_live_origin_manifest_takes_gzip(ngx_http_request_t *r)
{
    u_char           *p, *last;
    ngx_table_elt_t  *h;

    h = r->headers_in.accept_encoding;

    if (h == NULL) {
        return 0;
    }

    last = h->value.data + h->value.len;
    p = ngx_strlcasestrn(h->value.data, last, (u_char *) "gzip", 4 - 1);

    if (p == NULL) {
        return 0;
    }

    for (p += 4; p < last && (*p == ' ' || *p == ';'); p++) { /* void */ }

    if (last - p < 3 || p[0] != 'q' || p[1] != '=' || p[2] != '0') {
        return 1;
    }

    for (p += 3; p < last && (*p == '.' || *p == '0'); p++) { /* void */ }

    return p < last && *p >= '1' && *p <= '9';
}


static ngx_int_t
ngx_live_origin_manifest_gzip(ngx_live_origin_manifest_t *m)
{
    u_char    *out;
    uLong      bound;
    z_stream   zs;
    ngx_int_t  level;

    if (m->gzip) {
        return NGX_OK;
    }

    if (m->len < NGX_LIVE_ORIGIN_GZIP_MIN) {
        return NGX_DECLINED;
    }

    ngx_memzero(&zs, sizeof(z_stream));

    level = m->len < NGX_LIVE_ORIGIN_GZIP_FAST ? 6 : 1;

    if (deflateInit2(&zs, level, Z_DEFLATED, MAX_WBITS + 16, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
    {
        return NGX_ERROR;
    }

    bound = deflateBound(&zs, m->len);
    out = malloc(bound);

    zs.next_in = m->body;
    zs.avail_in = m->len;
    zs.next_out = out;
    zs.avail_out = bound;

    if (out == NULL || deflate(&zs, Z_FINISH) != Z_STREAM_END) {
        deflateEnd(&zs);
        free(out);
        return NGX_ERROR;
    }

    m->gzip_len = bound - zs.avail_out;
    deflateEnd(&zs);

    m->gzip = realloc(out, m->gzip_len);

    if (m->gzip == NULL) {
        m->gzip = out;
    }

    /* one that is out of the table already is not counted any more */

    if (m->versions) {
        m->zone->versions_size += m->gzip_len;
    }

    return NGX_OK;
}


/* ---- UTCTiming */

ngx_int_t
ngx_live_origin_time(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    u_char    *p;
    int64_t    us;
    ngx_tm_t   tm;

    p = ngx_pnalloc(r->pool, sizeof("1970-01-01T00:00:00.000Z"));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    us = ngx_live_origin_wall();
    ngx_gmtime(us / LO_USEC, &tm);

    ngx_sprintf(p, "%4d-%02d-%02dT%02d:%02d:%02d.%03dZ%Z", tm.ngx_tm_year,
                tm.ngx_tm_mon, tm.ngx_tm_mday, tm.ngx_tm_hour, tm.ngx_tm_min,
                tm.ngx_tm_sec, (int) (us % LO_USEC / 1000));

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);

    if (ngx_live_origin_header_const(r, "Cache-Control", "no-store") != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_text(r, NGX_HTTP_OK, p, 24);
}
