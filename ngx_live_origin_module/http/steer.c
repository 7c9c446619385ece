/*
 * GET EVENT/steering: in which order this viewer is to use the event's CDNs.
 * Answered from the document and the live state alone.
 */

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


static ngx_int_t
ngx_live_origin_steering_send(ngx_http_request_t *r, lo_str_t body)
{
    ngx_int_t    rc;
    ngx_buf_t   *b;
    ngx_chain_t  out;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = body.len;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body.data;
    b->last = b->pos + body.len;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
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

    cdns = ctx->event->doc ? &ctx->event->doc->cdns : NULL;

    if (cdns == NULL || cdns->n == 0 || !cdns->steering.enabled) {
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

    /* a cache would keep an operator from being heard */

    if (ngx_live_origin_header_const(r, "Cache-Control", "no-store") != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_steering_send(r, lo_buf_str(&b));
}
