/* UTCTiming */

#include "http/module.h"


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
