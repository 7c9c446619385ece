/*
 * Serve tokens lie in URLs, and nginx logs those.  What is behind a tilde may
 * be one, unless it is shorter than any secret: that is a class.
 */

#include "http/access.h"


/* the length of what may be a tilde at p, as such or escaped, once or more
   often ("%257E"); 0: it is none */

static size_t
ngx_live_origin_tilde(const u_char *p, const u_char *last)
{
    const u_char  *q;

    if (*p != '%') {
        return *p == '~';
    }

    for (q = p + 1; last - q >= 2 && q[0] == '2' && q[1] == '5'; q += 2) {
        /* void */
    }

    return last - q >= 2 && q[0] == '7' && (q[1] | 0x20) == 'e'
           ? (size_t) (q + 2 - p) : 0;
}


u_char *
ngx_live_origin_redact(u_char *dst, u_char *last, const ngx_str_t *src)
{
    size_t         n;
    const u_char  *p, *q, *end;

    p = src->data;
    end = src->data + src->len;

    while (p < end && dst < last) {

        n = ngx_live_origin_tilde(p, end);

        if (n == 0) {
            *dst++ = *p++;
            continue;
        }

        for (q = p + n; q < end && *q != '/' && *q != '?' && *q != ' '; q++) {
            /* void */
        }

        if ((size_t) (q - p) - n < LO_SECRET_MIN) {
            *dst++ = *p++;
            continue;
        }

        *dst++ = '~';

        if (dst < last) {
            *dst++ = '-';
        }

        p = q;
    }

    return dst;
}


static ngx_uint_t
ngx_live_origin_has_tilde(const ngx_str_t *s)
{
    size_t  i;

    if (s->len == 0 || memchr(s->data, '~', s->len)) {
        return s->len != 0;
    }

    if (memchr(s->data, '%', s->len) == NULL) {
        return 0;
    }

    for (i = 0; i < s->len; i++) {
        if (ngx_live_origin_tilde(s->data + i, s->data + s->len)) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_live_origin_redacted(ngx_pool_t *pool, ngx_str_t *src, ngx_str_t *out)
{
    *out = *src;

    if (!ngx_live_origin_has_tilde(src)) {
        return NGX_OK;
    }

    out->data = ngx_pnalloc(pool, src->len);
    if (out->data == NULL) {
        return NGX_ERROR;
    }

    out->len = ngx_live_origin_redact(out->data, out->data + src->len, src)
               - out->data;

    return NGX_OK;
}


/* ---- the error log, which ends its lines with the request */

static u_char *
ngx_live_origin_log_part(u_char *p, u_char *last, const char *name,
    const ngx_str_t *value)
{
    p = ngx_slprintf(p, last, ", %s: \"", name);
    p = ngx_live_origin_redact(p, last, value);

    return ngx_slprintf(p, last, "\"");
}


static u_char *
ngx_live_origin_log_handler(ngx_http_request_t *r, ngx_http_request_t *sr,
    u_char *buf, size_t len)
{
    u_char                    *p, *last;
    ngx_http_upstream_t       *u;
    ngx_http_core_srv_conf_t  *cscf;

    p = buf;
    last = buf + len;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    p = ngx_slprintf(p, last, ", server: %V", &cscf->server_name);

    if (r->request_line.len) {
        p = ngx_live_origin_log_part(p, last, "request", &r->request_line);
    }

    if (r != sr) {
        p = ngx_live_origin_log_part(p, last, "subrequest", &sr->uri);
    }

    u = sr->upstream;

    if (u && u->peer.name) {
        p = ngx_slprintf(p, last, ", upstream: \"%V%V", &u->schema,
                         u->peer.name);
        p = ngx_live_origin_redact(p, last, &u->uri);
        p = ngx_slprintf(p, last, "\"");
    }

    if (r->headers_in.host) {
        p = ngx_slprintf(p, last, ", host: \"%V\"",
                         &r->headers_in.host->value);
    }

    if (r->headers_in.referer) {
        p = ngx_live_origin_log_part(p, last, "referrer",
                                     &r->headers_in.referer->value);
    }

    return p;
}


/* before any handler that may log */

static ngx_int_t
ngx_live_origin_redact_handler(ngx_http_request_t *r)
{
    if (ngx_live_origin_has_tilde(&r->unparsed_uri)
        || (r->headers_in.referer
            && ngx_live_origin_has_tilde(&r->headers_in.referer->value)))
    {
        r->log_handler = ngx_live_origin_log_handler;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_live_origin_redact_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt          *h;
    ngx_http_core_main_conf_t    *cmcf;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_live_origin_module);

    if (!mcf->tokens) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_POST_READ_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_live_origin_redact_handler;

    return NGX_OK;
}
