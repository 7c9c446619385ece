/*
 * GET EVENT/steering: in which order this viewer is to use the event's CDNs.
 * Answered from the document and the live state alone.
 */

#include "http/api.h"
#include "http/class.h"
#include "http/geo.h"


void
ngx_live_origin_steer_place(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    lo_place_t *place)
{
    if (ctx->class) {
        *place = ctx->class->of->place;
        return;
    }

    (void) ngx_live_origin_geo(r, place);
}


/* one that is none is not worth a refusal: a player would stop */

void
ngx_live_origin_steer_session(ngx_http_request_t *r, lo_str_t *session)
{
    ngx_str_t  value;

    session->len = 0;
    session->data = NULL;

    if (r->args.len
        && ngx_http_arg(r, (u_char *) "session", 7, &value) == NGX_OK
        && lo_session_ok(ngx_live_origin_lo_str(&value)))
    {
        *session = ngx_live_origin_lo_str(&value);
    }
}


ngx_int_t
ngx_live_origin_steering(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    u_char            *mem;
    unsigned           n;
    ngx_int_t          rc;
    lo_buf_t           b;
    lo_str_t           session;
    lo_place_t         place;
    const lo_cdns_t   *cdns;
    const lo_cdn_t    *order[LO_CDNS];

    cdns = &ctx->event->doc->cdns;

    if (cdns->n == 0 || !cdns->steering.enabled) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    rc = ngx_live_origin_class(r, ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_live_origin_steer_session(r, &session);
    ngx_live_origin_steer_place(r, ctx, &place);

    n = lo_steer_order(cdns, &ctx->event->live->drained, &place, session,
                       order);

    lo_buf_init(&b, NULL, 0);
    lo_steer_write(&b, cdns, order, n);

    mem = ngx_pnalloc(r->pool, b.need);
    if (mem == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    lo_buf_init(&b, mem, b.need);
    lo_steer_write(&b, cdns, order, n);

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);

    /* not kept: a cache would keep an operator from being heard */

    return ngx_live_origin_api_bytes(r, NGX_HTTP_OK, mem, b.need);
}
