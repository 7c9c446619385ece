/*
 * Early bytes, the serving side: an answer that is fed from a segment's pages
 * while it is being published.
 *
 * The request follows its track (hold.c) and is called for every chunk that
 * has become visible, and once a second; it sends what the client takes, from
 * a cursor of its own.  Its pin keeps the bytes, whatever becomes of the
 * upload, until the request's pool goes.  When the upload fails, nothing
 * ends the body: the connection is closed without the last chunk, a stream
 * of HTTP/2 is reset.
 *
 * The timer of the hold is that of the publisher's silence here.
 */

#include "http/module.h"


typedef struct {
    lo_zone_growth_t             at;
    ngx_chain_t                 *free;
    ngx_chain_t                 *busy;
    uint64_t                     seen;     /* visible when the timer began */
    unsigned                     begun:1;
} ngx_live_origin_growth_t;


static ngx_int_t ngx_live_origin_grow_send(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
static ngx_int_t ngx_live_origin_grow_wait(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
static void ngx_live_origin_grow_write(ngx_http_request_t *r);
static void ngx_live_origin_grow_silent(ngx_event_t *ev);


#define ngx_live_origin_grow_tag  (ngx_buf_tag_t) &ngx_live_origin_module


/*
 * Only where a client can tell an answer that was cut off from one that has
 * ended, and asks for nothing that depends on the whole.
 */

static ngx_uint_t
ngx_live_origin_grow_may(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t    *clcf;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (!lcf->early_bytes || r->method != NGX_HTTP_GET || r != r->main
        || r->headers_in.if_match || r->headers_in.if_none_match
        || r->headers_in.if_modified_since
        || r->headers_in.if_unmodified_since)
    {
        return 0;
    }

    if (r->http_version == NGX_HTTP_VERSION_20) {
        return 1;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    return r->http_version == NGX_HTTP_VERSION_11
           && clcf->chunked_transfer_encoding;
}


static int64_t
ngx_live_origin_grow_patience(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    int64_t                      hold, d;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    hold = (int64_t) lcf->hold * 1000;
    d = 2 * lo_dur_us(&ctx->event->live->d);

    return ngx_max(hold, d);
}


ngx_int_t
ngx_live_origin_grow(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track, uint32_t ring)
{
    ngx_int_t                  rc;
    ngx_live_origin_growth_t  *g;

    if (!ngx_live_origin_grow_may(r)) {
        return NGX_DECLINED;
    }

    ctx->silent_us = ngx_live_origin_grow_patience(r, ctx);

    if (lo_zone_follow(ctx->zone->z, ring, ctx->number,
                       lo_live_masked(ctx->event->live, track, ctx->number),
                       ctx->silent_us, &ctx->pin)
        != LO_OK)
    {
        return NGX_DECLINED;
    }

    g = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_growth_t));
    if (g == NULL) {
        lo_zone_unpin(ctx->zone->z, &ctx->pin);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->growth = g;
    ctx->held_us = ngx_max(ctx->held_us, 0);
    lo_zone_growth(&ctx->pin, &g->at);

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_HELD);

    if (ngx_live_origin_object_header(r, ctx, track) != NGX_OK
        || ngx_live_origin_hold_follow(r, ctx, ring) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_live_origin_hold_leave(ctx);
        return rc;
    }

    rc = ngx_live_origin_grow_send(r, ctx);

    if (rc == NGX_DONE) {
        rc = ngx_live_origin_grow_wait(r, ctx);
    }

    if (rc != NGX_DONE) {
        ngx_live_origin_hold_leave(ctx);
    }

    return rc;
}


/* what is visible and was not sent; NULL without an error: nothing */

static ngx_int_t
ngx_live_origin_grow_chain(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    uint64_t visible, ngx_chain_t **out)
{
    size_t                     n;
    u_char                    *p;
    ngx_buf_t                 *b;
    ngx_chain_t               *cl;
    ngx_live_origin_growth_t  *g;

    g = ctx->growth;
    b = NULL;

    for ( ;; ) {

        n = lo_zone_growth_span(ctx->zone->z, &g->at, visible, &p);

        if (n == 0) {
            break;
        }

        cl = ngx_chain_get_free_buf(r->pool, &g->free);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        b = cl->buf;
        ngx_memzero(b, sizeof(ngx_buf_t));
        b->tag = ngx_live_origin_grow_tag;
        b->pos = p;
        b->last = p + n;
        b->memory = 1;

        cl->next = NULL;
        *out = cl;
        out = &cl->next;

        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_BYTES_OUT] += n;
    }

    if (b) {
        b->flush = 1;
    }

    return NGX_OK;
}


/* NGX_DONE: more is to come; else how the request is to be finalized */

static ngx_int_t
ngx_live_origin_grow_send(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    uint64_t                   visible;
    ngx_int_t                  rc;
    lo_grown_e                 how;
    ngx_chain_t               *out;
    ngx_live_origin_growth_t  *g;

    g = ctx->growth;

    how = lo_zone_grown(&ctx->pin, &visible);

    if (how == LO_GROWN_FAILED) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_GROWN_FAILED]++;
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "live origin: a growing segment was given up after "
                      "%uL bytes", visible);
        return NGX_ERROR;
    }

    if (g->busy || r->connection->buffered) {
        return NGX_DONE;
    }

    out = NULL;

    if (ngx_live_origin_grow_chain(r, ctx, visible, &out) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    if (out) {
        rc = ngx_http_output_filter(r, out);
        ngx_chain_update_chains(r->pool, &g->free, &g->busy, &out,
                                ngx_live_origin_grow_tag);

        if (!g->begun) {
            g->begun = 1;
            ngx_live_origin_read_latency(r, ctx);
        }
    }

    if (rc == NGX_ERROR) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_GROWN_LEFT]++;
        return NGX_ERROR;
    }

    if (how == LO_GROWN_MORE) {
        return NGX_DONE;
    }

    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_GROWN_COMPLETE]++;

    return ngx_http_send_special(r, NGX_HTTP_LAST);
}


/* NGX_DONE: for the publisher, the client, or both */

static ngx_int_t
ngx_live_origin_grow_wait(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_live_origin_growth_t  *g;

    g = ctx->growth;
    c = r->connection;
    wev = c->write;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_live_origin_grow_write;

    if (g->busy || c->buffered) {

        if (!wev->delayed) {
            ngx_add_timer(wev, clcf->send_timeout);
        }

        if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
            return NGX_ERROR;
        }

    } else if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!ctx->timer.timer_set) {
        (void) lo_zone_grown(&ctx->pin, &g->seen);

        ctx->timer.handler = ngx_live_origin_grow_silent;
        ctx->timer.data = ctx;
        ctx->timer.log = c->log;
        ngx_add_timer(&ctx->timer, ctx->silent_us / 1000);
    }

    return NGX_DONE;
}


void
ngx_live_origin_grow_on(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_live_origin_grow_send(r, ctx);

    if (rc == NGX_DONE) {
        rc = ngx_live_origin_grow_wait(r, ctx);
    }

    if (rc != NGX_DONE) {
        ngx_live_origin_hold_leave(ctx);
        ngx_http_finalize_request(r, rc);
    }
}


static void
ngx_live_origin_grow_write(ngx_http_request_t *r)
{
    ngx_event_t               *wev;
    ngx_chain_t               *out;
    ngx_live_origin_ctx_t     *ctx;
    ngx_live_origin_growth_t  *g;

    wev = r->connection->write;
    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    g = ctx->growth;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (!wev->delayed) {

        if (ngx_http_output_filter(r, NULL) == NGX_ERROR) {
            ngx_http_finalize_request(r, NGX_ERROR);
            return;
        }

        out = NULL;
        ngx_chain_update_chains(r->pool, &g->free, &g->busy, &out,
                                ngx_live_origin_grow_tag);
    }

    ngx_live_origin_grow_on(r, ctx);
}


/* a client that stalls is send_timeout's; here it is the publisher */

static void
ngx_live_origin_grow_silent(ngx_event_t *ev)
{
    uint64_t                   visible;
    lo_grown_e                 how;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_live_origin_ctx_t     *ctx;
    ngx_live_origin_growth_t  *g;

    ctx = ev->data;
    g = ctx->growth;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    how = lo_zone_grown(&ctx->pin, &visible);

    if (how == LO_GROWN_MORE && visible == g->seen) {

        ngx_log_error(NGX_LOG_INFO, c->log, 0,
                      "live origin: a growing segment's publisher is silent "
                      "after %uL bytes", visible);

        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_GROWN_FAILED]++;
        lo_zone_forsake(ctx->zone->z, &ctx->pin);
        ngx_live_origin_hold_leave(ctx);
        ngx_http_finalize_request(r, NGX_ERROR);

    } else {
        ngx_live_origin_grow_on(r, ctx);
    }

    ngx_http_run_posted_requests(c);
}
