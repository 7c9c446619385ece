/*
 * Filters and windows of a request: the query arguments aws.manifestfilter,
 * start, end, time_delay and aws.manifestsettings, and the answers to those
 * that cannot be.
 */

#include "http/manifest.h"
#include "http/window.h"
#include "http/share.h"


/* between '&'s; NGX_DECLINED: there is none, NGX_ABORT: there are two */

static ngx_int_t
ngx_live_origin_arg(ngx_http_request_t *r, const char *name, lo_str_t *value)
{
    u_char     *p, *last, *next, *eq;
    size_t      len;
    ngx_int_t   rc;

    rc = NGX_DECLINED;
    len = ngx_strlen(name);
    last = r->args.data + r->args.len;

    value->data = NULL;
    value->len = 0;

    for (p = r->args.data; p < last; p = next + 1) {

        next = ngx_strlchr(p, last, '&');
        next = next ? next : last;
        eq = ngx_strlchr(p, next, '=');

        if (eq == NULL) {
            eq = next;
        }

        if ((size_t) (eq - p) != len
            || ngx_strncasecmp(p, (u_char *) name, len) != 0)
        {
            continue;
        }

        if (rc == NGX_OK) {
            return NGX_ABORT;
        }

        rc = NGX_OK;
        value->data = eq < next ? eq + 1 : next;
        value->len = next - value->data;
    }

    return rc;
}


int
ngx_live_origin_arg_text(ngx_http_request_t *r, const char *name,
    lo_str_t *value, lo_err_t *err)
{
    u_char     *dst, *src;
    ngx_int_t   rc;

    rc = ngx_live_origin_arg(r, name, value);

    if (rc == NGX_DECLINED) {
        return LO_NONE;
    }

    if (rc != NGX_OK) {
        return lo_err(err, "%s is given twice", name);
    }

    dst = ngx_pnalloc(r->pool, value->len + 1);
    if (dst == NULL) {
        return lo_err(err, "no memory");
    }

    src = value->data;
    value->data = dst;

    ngx_unescape_uri(&dst, &src, value->len, 0);
    value->len = dst - value->data;

    return LO_OK;
}


static int
ngx_live_origin_arg_filter(ngx_http_request_t *r, lo_filter_t *f,
    lo_err_t *err)
{
    int                     rc;
    lo_str_t                text;
    ngx_live_origin_ctx_t  *ctx;

    rc = ngx_live_origin_arg_text(r, "aws.manifestfilter", &text, err);

    if (rc != LO_OK) {
        return rc;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);

    if (ctx && ctx->name.kind == LO_NAME_MEDIA) {
        return lo_err(err, "aws.manifestfilter is for manifest.mpd and "
                      "master.m3u8");
    }

    return lo_filter_parse(f, text, err);
}


/* start and its like by themselves, or in aws.manifestsettings */

static int
ngx_live_origin_arg_window(ngx_http_request_t *r, lo_window_t *w,
    lo_err_t *err)
{
    int       rc, some;
    unsigned  i;
    lo_str_t  text[3], settings;

    static const char  *names[3] = { "start", "end", "time_delay" };

    for (some = LO_NONE, i = 0; i < 3; i++) {

        rc = ngx_live_origin_arg_text(r, names[i], &text[i], err);

        if (rc == LO_ERROR) {
            return rc;
        }

        some = rc == LO_OK ? LO_OK : some;
    }

    rc = ngx_live_origin_arg_text(r, "aws.manifestsettings", &settings, err);

    if (rc == LO_ERROR || (rc == LO_NONE && some == LO_NONE)) {
        return rc;
    }

    if (rc == LO_NONE) {
        return lo_window_parse(w, text[0], text[1], text[2], err);
    }

    if (some == LO_OK) {
        return lo_err(err, "start, end and time_delay are given both by "
                      "themselves and in aws.manifestsettings");
    }

    return lo_window_read(w, settings, err);
}


ngx_uint_t
ngx_live_origin_args_any(ngx_http_request_t *r)
{
    u_char  *p, *last;

    p = r->args.data;
    last = p + r->args.len;

    while (p < last) {

        if (*p != '_') {
            return 1;
        }

        p = memchr(p, '&', last - p);

        if (p == NULL) {
            break;
        }

        p++;
    }

    return 0;
}


int
ngx_live_origin_class_args(ngx_http_request_t *r, lo_filter_t *f,
    lo_window_t *w, lo_err_t *err)
{
    int                     filter, window;
    ngx_live_origin_ctx_t  *ctx;

    ngx_memzero(f, sizeof(lo_filter_t));
    ngx_memzero(w, sizeof(lo_window_t));

    if (!ngx_live_origin_args_any(r)) {
        return LO_NONE;
    }

    filter = ngx_live_origin_arg_filter(r, f, err);

    if (filter == LO_ERROR) {
        return LO_ERROR;
    }

    window = ngx_live_origin_arg_window(r, w, err);

    if (window == LO_ERROR) {
        return LO_ERROR;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);

    if (ctx && ctx->event && ctx->event->live) {
        lo_window_settle(w, ctx->event->live);
    }

    return f->keys || lo_window_any(w) ? LO_OK : LO_NONE;
}


ngx_int_t
ngx_live_origin_args_refuse(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    const lo_err_t *err)
{
    u_char  *line;
    size_t   len;

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_BAD);

    len = ngx_strlen(err->text);
    line = ngx_pnalloc(r->pool, len + 1);

    if (line == NULL
        || ngx_live_origin_share_error(r, ctx, NGX_LIVE_ORIGIN_BAD_AGE)
           != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(line, err->text, len);
    line[len++] = '\n';

    return ngx_live_origin_text(r, NGX_HTTP_BAD_REQUEST, line, len);
}


ngx_int_t
ngx_live_origin_window_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_window_t *w)
{
    int64_t           head;
    lo_err_t          err;
    lo_zone_event_t  *ze;

    ze = lo_zone_event(ctx->zone->z, ctx->event->index);
    head = ze ? __atomic_load_n(&ze->head, __ATOMIC_RELAXED) : -1;

    switch (lo_window_fits(w, ctx->event->live, head, ngx_live_origin_wall(),
                           &err))
    {

    case LO_OK:
        return NGX_DECLINED;

    case LO_ERROR:
        return ngx_live_origin_args_refuse(r, ctx, &err);

    case LO_NONE:
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_GONE,
                                      NGX_LIVE_ORIGIN_BAD_AGE);

    default:
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_EARLY, 1);
    }
}
