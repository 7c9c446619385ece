/*
 * Reading a body unbuffered, and what happens at its end.
 */

#include "http/publish.h"


static void ngx_live_origin_publish_finish(ngx_live_origin_upload_t *u);
static ngx_uint_t ngx_live_origin_publish_place(ngx_live_origin_upload_t *u);


static void
ngx_live_origin_publish_finish(ngx_live_origin_upload_t *u)
{
    ngx_http_request_t  *r;

    r = u->request;

    if (u->answered) {
        return;
    }

    u->answered = 1;

    if (u->timer.timer_set) {
        ngx_del_timer(&u->timer);
    }

    if (r->reading_body) {
        r->keepalive = 0;
    }

    /* whoever takes over, such as an error_page, has a context of its own */

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_finalize_request(r, ngx_live_origin_publish_answer(u));
}


/*
 * When the pages of the upload go back to the zone, the socket must not write
 * into them any more.
 */

static void
ngx_live_origin_publish_unpoint(ngx_live_origin_upload_t *u)
{
    ngx_buf_t  *b;

    if (u->own_start == NULL) {
        return;
    }

    b = u->request->request_body->buf;

    if (b) {
        b->start = u->own_start;
        b->pos = u->own_start;
        b->last = u->own_start;
        b->end = u->own_end;
    }

    u->own_start = NULL;
}


/*
 * Refused: the rest is read and thrown away, so that the connection lives.
 * 1: the request is over, and u may be gone with it.
 */

static ngx_uint_t
ngx_live_origin_publish_refused(ngx_live_origin_upload_t *u)
{
    ngx_uint_t           status;
    ngx_http_request_t  *r;

    r = u->request;
    status = u->status;

    ngx_live_origin_publish_unpoint(u);
    ngx_live_origin_body_free(u);
    u->drain = 1;

    if (!r->reading_body || u->early
        || status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE)
    {
        ngx_live_origin_publish_finish(u);
        return 1;
    }

    return 0;
}


static void
ngx_live_origin_publish_end(ngx_live_origin_upload_t *u)
{
    ngx_uint_t  status;

    u->ended = 1;

    if (u->drain) {
        ngx_live_origin_publish_finish(u);
        return;
    }

    if (u->received == 0) {
        u->status = NGX_HTTP_NO_CONTENT;
        ngx_live_origin_publish_finish(u);
        return;
    }

    status = ngx_live_origin_body_end(u);

    u->header_due = u->header != NULL;

    if (status == 0 && !u->header_due && u->status == 0
        && ngx_queue_empty(&u->done))
    {
        status = ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                                     "neither a header nor a segment");
    }

    if (status) {
        (void) ngx_live_origin_publish_refused(u);
        return;
    }

    (void) ngx_live_origin_publish_place(u);
}


/*
 * A worker that is to exit ends a stream: between two segments, at the latest
 * behind the one that was under way.
 */

static ngx_uint_t
ngx_live_origin_publish_leave(ngx_live_origin_upload_t *u)
{
    if (!ngx_exiting || !u->early || !u->placed) {
        return 0;
    }

    if (u->leaving == 0) {
        u->leaving = u->pieces + 1;
    }

    return u->open == NULL && (u->npending == 0 || u->pieces >= u->leaving);
}


/* publishes what can be; 1: the request is over */

static ngx_uint_t
ngx_live_origin_publish_place(ngx_live_origin_upload_t *u)
{
    ngx_int_t   wait;
    ngx_uint_t  status;

    if (u->header_due) {

        status = ngx_live_origin_place_init(u, u->header, u->header_len);

        if (status == NGX_LIVE_ORIGIN_LATER) {

            wait = ngx_live_origin_agree_wait(u, 0);

            if (wait == NGX_AGAIN) {
                return 0;
            }

            status = wait == NGX_OK
                     ? ngx_live_origin_place_init(u, u->header, u->header_len)
                     : (ngx_uint_t) wait;
        }

        u->header_due = 0;

        if (status) {
            return ngx_live_origin_publish_refused(u);
        }
    }

    switch (ngx_live_origin_place_queue(u)) {

    case NGX_ERROR:
        return ngx_live_origin_publish_refused(u);

    case NGX_AGAIN:
        return 0;
    }

    if (u->ended || ngx_live_origin_publish_leave(u)) {
        if (u->status == 0) {
            u->status = NGX_HTTP_NO_CONTENT;
        }

        ngx_live_origin_publish_finish(u);
        return 1;
    }

    return 0;
}


void
ngx_live_origin_publish_wait(ngx_event_t *ev)
{
    ngx_connection_t          *c;
    ngx_live_origin_upload_t  *u = ev->data;

    c = u->request->connection;

    ngx_http_set_log_request(c->log, u->request);

    if (!ngx_live_origin_publish_place(u) && u->blind_us && !u->ended) {
        ngx_live_origin_publish_read(u->request);
    }

    ngx_http_run_posted_requests(c);
}


/* whether reading pauses; then a timer will go on */

static ngx_uint_t
ngx_live_origin_publish_pause(ngx_live_origin_upload_t *u)
{
    int64_t  now;

    if (!ngx_live_origin_body_blind(u)) {
        u->blind_us = 0;
        return 0;
    }

    now = ngx_live_origin_mono();
    u->blind_us = u->blind_us ? u->blind_us : now;

    if (now - u->blind_us > NGX_LIVE_ORIGIN_BLIND) {
        return 0;
    }

    if (!u->timer.timer_set) {
        ngx_add_timer(&u->timer, NGX_LIVE_ORIGIN_RETRY);
    }

    return 1;
}


/*
 * ffmpeg's HLS muxer closes the request of an init in the same moment as it
 * opens that of the first segment: which of them is through first is chance.
 * So a segment without an init is not looked at for a while.
 */

static ngx_uint_t
ngx_live_origin_publish_await(ngx_live_origin_upload_t *u)
{
    int64_t       now, max;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = u->request->request_body->bufs;

    if (u->started || u->drain || cl == NULL) {
        return 0;
    }

    b = cl->buf;

    if (b->last - b->pos < 8 || ngx_memcmp(b->pos + 4, "ftyp", 4) == 0
        || ngx_live_origin_place_has_init(u))
    {
        u->blind_us = 0;
        return 0;
    }

    now = ngx_live_origin_mono();
    u->blind_us = u->blind_us ? u->blind_us : now;

    u->waited = 1;

    max = ngx_live_origin_deadline_us(u) / 2;
    max = ngx_min(max, NGX_LIVE_ORIGIN_AWAIT);

    if (now - u->blind_us > max) {
        u->blind_us = 0;
        return 0;
    }

    if (!u->timer.timer_set) {
        ngx_add_timer(&u->timer, NGX_LIVE_ORIGIN_RETRY);
    }

    return 1;
}


/* 1: the request is over */

static ngx_uint_t
ngx_live_origin_publish_spans(ngx_live_origin_upload_t *u)
{
    off_t                        max;
    ngx_buf_t                   *b;
    ngx_uint_t                   status;
    ngx_chain_t                 *cl, *ln;
    ngx_http_request_t          *r;
    ngx_live_origin_loc_conf_t  *lcf;

    r = u->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);
    max = lcf->max_segment;

    cl = r->request_body->bufs;
    r->request_body->bufs = NULL;

    if (cl == NULL) {
        return 0;
    }

    while (cl) {

        b = cl->buf;

        if (b->last > b->pos) {

            if (u->drain) {
                u->received += b->last - b->pos;

                if ((off_t) u->received > 2 * max) {
                    ngx_live_origin_publish_finish(u);
                    return 1;
                }

            } else {
                status = ngx_live_origin_body_span(u, b->pos,
                                                   b->last - b->pos);

                if (status && ngx_live_origin_publish_refused(u)) {
                    return 1;
                }
            }
        }

        b->pos = b->last;

        ln = cl;
        cl = cl->next;
        ngx_free_chain(r->pool, ln);
    }

    if (u->early && !u->drain && u->timer.timer_set == 0
        && ngx_live_origin_publish_place(u))
    {
        return 1;
    }

    ngx_live_origin_announce(u);

    return 0;
}


static void
ngx_live_origin_publish_repoint(ngx_live_origin_upload_t *u)
{
    size_t                    len;
    u_char                   *p;
    ngx_buf_t                *b;
    ngx_http_request_body_t  *rb;

    rb = u->request->request_body;
    b = rb->buf;

    /* nginx's own reader goes on with any memory, as long as nothing that it
       handed out is left in the old */

    if (b == NULL || b->pos != b->last) {
        u->room = NULL;
        return;
    }

    p = ngx_live_origin_body_room(u, &len);
    if (p == NULL) {
        return;
    }

    if (u->own_start == NULL) {
        u->own_start = b->start;
        u->own_end = b->end;
    }

    b->start = p;
    b->pos = p;
    b->last = p;
    b->end = p + len;
}


void
ngx_live_origin_publish_read(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_live_origin_ctx_t     *ctx;
    ngx_live_origin_upload_t  *u;

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    u = ctx->upload;

    for ( ;; ) {

        if (ngx_live_origin_publish_await(u)) {
            return;
        }

        if (ngx_live_origin_publish_spans(u)) {
            return;
        }

        if (!r->reading_body) {
            break;
        }

        if (ngx_live_origin_publish_pause(u)) {
            return;
        }

        ngx_live_origin_publish_repoint(u);

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_live_origin_publish_count(u->zone,
                                          rc == NGX_HTTP_BAD_REQUEST
                                          && r->connection->error
                                          ? NGX_HTTP_CLIENT_CLOSED_REQUEST
                                          : rc);
            u->answered = 1;
            r->read_event_handler = ngx_http_block_reading;
            ngx_live_origin_publish_unpoint(u);
            ngx_live_origin_body_free(u);
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    if (!u->ended) {
        r->read_event_handler = ngx_http_block_reading;
        ngx_live_origin_publish_end(u);
    }
}
