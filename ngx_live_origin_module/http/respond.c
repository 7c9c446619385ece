#include "http/clearkey.h"
#include "http/play.h"


static ngx_str_t  ngx_live_origin_reasons[] = {
#define NGX_LIVE_ORIGIN_X(sym, word)  ngx_string(word "\n"),
    NGX_LIVE_ORIGIN_REASONS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
};


void
ngx_live_origin_path(ngx_http_request_t *r, lo_str_t *path)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    path->len = 0;
    path->data = r->uri.data;

    if (r->uri.len > lcf->prefix) {
        path->data = r->uri.data + lcf->prefix;
        path->len = r->uri.len - lcf->prefix;

        /* "location /live" is meant as "/live/" */

        if (path->data[0] == '/') {
            path->data++;
            path->len--;
        }
    }
}


ngx_uint_t
ngx_live_origin_path_is(lo_str_t path, const char *end, lo_name_e kind)
{
    size_t     n;
    lo_name_t  name;

    n = ngx_strlen(end);

    return path.len > n
           && ngx_memcmp(path.data + path.len - n, end, n) == 0
           && lo_name_serve(&name, path) == LO_OK
           && name.kind == kind;
}


ngx_live_origin_ctx_t *
ngx_live_origin_ctx(ngx_http_request_t *r, ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->zone = zone;
    ctx->number = -1;
    ctx->held_us = -1;
    ctx->start_us = ngx_live_origin_mono();
    ctx->request = r;

    ngx_http_set_ctx(r, ctx, ngx_live_origin_module);

    return ctx;
}


ngx_table_elt_t *
ngx_live_origin_find_header(ngx_http_request_t *r, const char *lowcase)
{
    size_t            len;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(lowcase);
    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == len
            && ngx_memcmp(h[i].lowcase_key, lowcase, len) == 0)
        {
            return &h[i];
        }
    }
}


ngx_int_t
ngx_live_origin_join_header(ngx_http_request_t *r, const char *lowcase,
    lo_str_t *value)
{
    u_char           *p;
    size_t            len;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    len = ngx_strlen(lowcase);
    value->len = 0;
    value->data = NULL;
    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != len
                || ngx_memcmp(h[i].lowcase_key, lowcase, len) != 0)
            {
                continue;
            }

            if (n++ == 0) {
                value->len = h[i].value.len;
                value->data = h[i].value.data;
                continue;
            }

            p = ngx_pnalloc(r->pool, value->len + 2 + h[i].value.len);
            if (p == NULL) {
                return NGX_ERROR;
            }

            ngx_memcpy(p, value->data, value->len);
            ngx_memcpy(p + value->len, ", ", 2);
            ngx_memcpy(p + value->len + 2, h[i].value.data, h[i].value.len);

            value->data = p;
            value->len += 2 + h[i].value.len;
        }
    }

    return n ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_live_origin_header(ngx_http_request_t *r, const char *name, u_char *value,
    size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.len = ngx_strlen(name);
    h->key.data = (u_char *) name;
    h->value.len = len;
    h->value.data = value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_cors(ngx_http_request_t *r)
{
    ngx_live_origin_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);

    if (ctx && ctx->event && ctx->event->live && ctx->event->live->notices.n
        && ngx_live_origin_notice(r, ctx->event) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_live_origin_header_const(r, "Access-Control-Allow-Origin", "*")
        != NGX_OK
        || ngx_live_origin_header_const(r, "Access-Control-Expose-Headers",
               "Date, Age, ETag, Content-Length, Content-Range, CMSD-Static, "
               "CMSD-Dynamic, Live-Origin, Live-Origin-Due, "
               "Live-Origin-Notice")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_live_origin_header_const(r, "Timing-Allow-Origin", "*");
}


ngx_int_t
ngx_live_origin_options(ngx_http_request_t *r)
{
    lo_str_t   path;
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_live_origin_path(r, &path);

    rc = ngx_live_origin_play_is(path) || ngx_live_origin_clearkey_is(path)
         ? ngx_live_origin_header_const(r, "Access-Control-Allow-Methods",
                                        "POST, OPTIONS")
         : ngx_live_origin_header_const(r, "Access-Control-Allow-Methods",
                                        "GET, HEAD, OPTIONS");

    if (rc != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK
        || ngx_live_origin_header_const(r, "Access-Control-Allow-Headers",
               "Range, Content-Type, Authorization, CMCD-Request, "
               "CMCD-Object, CMCD-Status, CMCD-Session") != NGX_OK
        || ngx_live_origin_header_const(r, "Access-Control-Max-Age", "86400")
           != NGX_OK
        || ngx_live_origin_header_const(r, "Cache-Control",
               "public, max-age=86400") != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


ngx_int_t
ngx_live_origin_etag(ngx_http_request_t *r, const unsigned char *digest)
{
    u_char  *p, *value;

    value = ngx_pnalloc(r->pool, 34);
    if (value == NULL) {
        return NGX_ERROR;
    }

    p = value;
    *p++ = '"';
    p = ngx_hex_dump(p, (u_char *) digest, 16);
    *p++ = '"';

    if (ngx_live_origin_header(r, "ETag", value, 34) != NGX_OK) {
        return NGX_ERROR;
    }

    r->headers_out.etag = ngx_live_origin_last_header(r);

    return NGX_OK;
}


/* an error holds nothing of what was not for everybody, and stays short of
   "public" */

u_char *
ngx_live_origin_share(u_char *p, ngx_live_origin_ctx_t *ctx, ngx_uint_t found)
{
    if (ctx->share == NGX_LIVE_ORIGIN_SHARE_NONE) {
        return ngx_cpymem(p, "private, ", 9);
    }

    if (ctx->share == NGX_LIVE_ORIGIN_SHARE_ALL && found) {
        return ngx_cpymem(p, "public, ", 8);
    }

    return p;
}


ngx_int_t
ngx_live_origin_share_error(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    int64_t age)
{
    u_char  *p, *v;

    if (age < 1) {
        return ngx_live_origin_header_const(r, "Cache-Control", "no-store");
    }

    v = ngx_pnalloc(r->pool, sizeof("private, max-age=") - 1 + NGX_INT64_LEN);
    if (v == NULL) {
        return NGX_ERROR;
    }

    p = ngx_live_origin_share(v, ctx, 0);
    p = ngx_sprintf(p, "max-age=%L", age);

    return ngx_live_origin_header(r, "Cache-Control", v, p - v);
}


ngx_int_t
ngx_live_origin_text(ngx_http_request_t *r, ngx_uint_t status,
    const u_char *text, size_t len)
{
    ngx_int_t    rc;
    ngx_buf_t   *b;
    ngx_chain_t  out;

    r->headers_out.status = status;
    r->headers_out.content_length_n = len;

    if (len) {
        ngx_str_set(&r->headers_out.content_type, "text/plain");
        r->headers_out.content_type_len = r->headers_out.content_type.len;

    } else {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = (u_char *) text;
    b->last = b->pos + len;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_live_origin_plain(ngx_http_request_t *r, ngx_uint_t status,
    const char *text)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_live_origin_header_const(r, "Cache-Control", "no-store") != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK
        || (status == NGX_HTTP_SERVICE_UNAVAILABLE
            && ngx_live_origin_header_const(r, "Retry-After", "1") != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_text(r, status, (const u_char *) text,
                                ngx_strlen(text));
}


void
ngx_live_origin_reason(ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_reason_e reason)
{
    if (!ctx->reason_set) {
        ctx->reason_set = 1;

        if (ctx->zone->cells) {
            ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_SERVE + reason]++;
            ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_CLASS + ctx->klass]++;
        }
    }

    ctx->reason = reason;
}


ngx_str_t *
ngx_live_origin_reason_line(ngx_live_origin_reason_e reason)
{
    return &ngx_live_origin_reasons[reason];
}
