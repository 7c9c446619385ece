/*
 * A GET of what is on the disk only.  Whether it is there is known from the
 * zone's records; the file is read by archive_copy.c.  Requests for the same
 * segment share one copy, which lives until the last of them has been sent.
 * A request that goes away leaves its copy's queue (the pool's cleanup).
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_BATCH_READY  64


static void ngx_live_origin_copy_cleanup(void *data);


static void
ngx_live_origin_copy_waiting(ngx_live_origin_zone_t *zone, ngx_int_t n)
{
    zone->archive->nwaiting += n;
    ngx_live_origin_shed_queue(zone, zone->archive->nwaiting);
}


static ngx_live_origin_copy_t *
ngx_live_origin_copy_find(ngx_live_origin_archive_t *a, uint32_t ring,
    uint64_t word, int64_t number)
{
    ngx_queue_t             *q;
    ngx_live_origin_copy_t  *copy;

    for (q = ngx_queue_head(&a->copies); q != ngx_queue_sentinel(&a->copies);
         q = ngx_queue_next(q))
    {
        copy = ngx_queue_data(q, ngx_live_origin_copy_t, queue);

        if (copy->ring == ring && copy->number == number
            && copy->word == word)
        {
            return copy;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_live_origin_copy_wait(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_copy_t *copy)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_live_origin_copy_cleanup;
    cln->data = ctx;

    copy->refs++;
    ctx->copy = copy;

    if (copy->ready) {
        return NGX_OK;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&copy->waiting, &ctx->copies);
    ctx->copying = 1;
    ngx_live_origin_copy_waiting(ctx->zone, 1);

    return NGX_DONE;
}


ngx_int_t
ngx_live_origin_archive_get(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    uint32_t                    ring;
    uint64_t                    word;
    ngx_int_t                   rc;
    ngx_uint_t                  failed;
    lo_zone_track_t            *t;
    lo_zone_record_t            rec;
    ngx_live_origin_copy_t     *copy;
    ngx_live_origin_archive_t  *a;

    a = ctx->zone->archive;
    ring = ctx->event->live->tracks[track].ring;
    t = lo_zone_track(ctx->zone->z, ring);
    copy = ctx->copy;
    failed = 0;

    if (t == NULL) {
        return NGX_DECLINED;
    }

    if (copy && copy->failed) {

        /* it was waited for */

        ngx_live_origin_archive_release(ctx);
        copy = NULL;
        failed = 1;
    }

    if (copy == NULL) {

        if (ngx_live_origin_archive_record_of(ctx->zone, ctx->event->live,
                                              track, ctx->number, &rec)
            != LO_OK)
        {
            return __atomic_load_n(&t->loading, __ATOMIC_RELAXED)
                   ? NGX_BUSY : NGX_DECLINED;
        }

        if (failed) {
            return NGX_BUSY;
        }

        word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
        copy = ngx_live_origin_copy_find(a, ring, word, ctx->number);

        if (copy == NULL) {
            copy = ngx_live_origin_copy_start(ctx, ring, word, t->id, &rec);

            if (copy == NULL) {
                return NGX_BUSY;
            }
        }

        rc = ngx_live_origin_copy_wait(r, ctx, copy);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    ctx->pin.object = &copy->object;
    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_READS]++;

    return NGX_OK;
}


void
ngx_live_origin_archive_release(ngx_live_origin_ctx_t *ctx)
{
    ngx_live_origin_copy_t  *copy;

    copy = ctx->copy;

    if (copy == NULL) {
        return;
    }

    if (ctx->copying) {
        ngx_queue_remove(&ctx->copies);
        ctx->copying = 0;
        ngx_live_origin_copy_waiting(ctx->zone, -1);
    }

    ctx->copy = NULL;

    ngx_live_origin_copy_unref(ctx->zone, copy);
}


static void
ngx_live_origin_copy_cleanup(void *data)
{
    ngx_live_origin_archive_release(data);
}


ngx_chain_t *
ngx_live_origin_archive_chain(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    ngx_buf_t               *b;
    ngx_chain_t             *cl;
    ngx_live_origin_copy_t  *copy;

    copy = ctx->copy;
    cl = ngx_alloc_chain_link(r->pool);
    b = ngx_calloc_buf(r->pool);

    if (cl == NULL || b == NULL) {
        return NULL;
    }

    b->pos = copy->data;
    b->last = copy->data + copy->object.size;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    cl->buf = b;
    cl->next = NULL;

    return cl;
}


/* readers of one segment may be thousands: some in each turn of the loop,
   unless there may be no other */

void
ngx_live_origin_archive_drain(ngx_event_t *ev)
{
    ngx_uint_t                  i;
    ngx_queue_t                *q;
    ngx_connection_t           *c;
    ngx_live_origin_ctx_t      *ctx;
    ngx_live_origin_zone_t     *zone;
    ngx_live_origin_archive_t  *a;

    zone = ev->data;
    a = zone->archive;

    for (i = 0; i < NGX_LIVE_ORIGIN_ARCHIVE_BATCH_READY || ngx_exiting; i++) {

        if (ngx_queue_empty(&a->ready)) {
            return;
        }

        q = ngx_queue_head(&a->ready);
        ctx = ngx_queue_data(q, ngx_live_origin_ctx_t, copies);

        ngx_queue_remove(q);
        ctx->copying = 0;
        ngx_live_origin_copy_waiting(zone, -1);

        c = ctx->request->connection;
        ngx_http_set_log_request(c->log, ctx->request);

        ngx_live_origin_serve_again(ctx->request, ctx);

        ngx_http_run_posted_requests(c);
    }

    if (!ngx_queue_empty(&a->ready)) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}
