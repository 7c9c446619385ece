/*
 * A version of a manifest as an answer: headers, and gzip where it is taken.
 */

#include <zlib.h>

#include "http/manifest.h"
#include "http/rights.h"
#include "core/hls.h"


#define NGX_LIVE_ORIGIN_GZIP_MIN    256
#define NGX_LIVE_ORIGIN_GZIP_FAST   262144  /* from here on: the event loop
                                               waits for it */


/* ---- gzip, made when the first one asks for it */

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


/* ---- the answer */

ngx_int_t
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
