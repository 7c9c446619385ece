/*
 * Unbuffered, as nginx would put a large body into a file before it is known
 * how large it gets, or refuse it with a page of its own.
 */

#include "http/api.h"
#include "http/small.h"


typedef struct {
    ngx_live_origin_small_pt     handler;
    size_t                       max;
    size_t                       len;
    u_char                       data[];
} ngx_live_origin_small_t;


static void ngx_live_origin_small_body(ngx_http_request_t *r);


static ngx_int_t
ngx_live_origin_small_large(ngx_http_request_t *r, size_t max)
{
    char  text[64];

    ngx_sprintf((u_char *) text, "a body of %uz bytes at most, here%Z", max);

    return ngx_live_origin_api_error(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                     text, NULL);
}


ngx_int_t
ngx_live_origin_small_read(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    size_t max, ngx_live_origin_small_pt handler)
{
    off_t                     length;
    ngx_int_t                 rc;
    ngx_live_origin_small_t  *small;

    length = r->headers_in.content_length_n;

    if (length > (off_t) max) {

        rc = ngx_http_discard_request_body(r);

        return rc == NGX_OK ? ngx_live_origin_small_large(r, max) : rc;
    }

    /* as much as may come: a chunked body has no length */

    if (length >= 0 && !r->headers_in.chunked) {
        max = length;
    }

    small = ngx_palloc(r->pool, sizeof(ngx_live_origin_small_t) + max);
    if (small == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    small->handler = handler;
    small->max = max;
    small->len = 0;
    ctx->small = small;

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_live_origin_small_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* what has arrived, to the rest of the body; NGX_DECLINED: too large */

static ngx_int_t
ngx_live_origin_small_take(ngx_http_request_t *r,
    ngx_live_origin_small_t *small)
{
    size_t        n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = r->request_body ? r->request_body->bufs : NULL; cl;
         cl = cl->next)
    {
        b = cl->buf;
        n = b->last - b->pos;

        if (n == 0) {
            continue;                      /* the end of a chunked body */
        }

        if (n > small->max - small->len) {
            return NGX_DECLINED;
        }

        ngx_memcpy(small->data + small->len, b->pos, n);
        small->len += n;
        b->pos = b->last;
    }

    if (r->request_body) {
        r->request_body->bufs = NULL;
    }

    return NGX_OK;
}


static void
ngx_live_origin_small_body(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_live_origin_ctx_t    *ctx;
    ngx_live_origin_small_t  *small;

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    small = ctx->small;
    r->read_event_handler = ngx_live_origin_small_body;

    for ( ;; ) {

        if (ngx_live_origin_small_take(r, small) != NGX_OK) {
            r->read_event_handler = ngx_http_block_reading;
            rc = ngx_live_origin_small_large(r, small->max);
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (!r->reading_body) {
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            r->read_event_handler = ngx_http_block_reading;
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    r->read_event_handler = ngx_http_block_reading;
    rc = small->handler(r, ctx, small->data, small->len);
    ngx_http_finalize_request(r, rc);
}
