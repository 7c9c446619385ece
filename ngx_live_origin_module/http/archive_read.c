/*
 * A GET of what is on the disk only.  Whether it is there is known from the
 * zone's records; the file is read whole, and its digest checked, by a
 * thread.  Requests for the same segment share one copy, which lives until
 * the last of them has been sent.  All copies of a worker together are
 * bounded: beyond that, and for a second after a failure, the answer is 503.
 *
 * A request that goes away leaves its copy's queue (the pool's cleanup); the
 * copy belongs to the job until that is done.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_BATCH_READY  64


typedef struct {
    ngx_live_origin_job_t        job;
    ngx_queue_t                  queue;
    ngx_queue_t                  waiting;   /* ngx_live_origin_ctx_t */
    ngx_uint_t                   refs;      /* requests, and the job */
    unsigned                     ready:1;
    uint32_t                     ring;
    uint64_t                     word;      /* of the track's row */
    uint64_t                     place;
    int64_t                      number;
    uint64_t                     size;      /* what is accounted for */
    lo_zone_object_t             object;
    lo_archive_head_t            head;
    u_char                      *data;
    char                         name[1];
} ngx_live_origin_copy_t;


static void ngx_live_origin_copy_run(ngx_live_origin_job_t *job);
static void ngx_live_origin_copy_done(ngx_live_origin_job_t *job);
static void ngx_live_origin_copy_cleanup(void *data);


static void
ngx_live_origin_copy_unref(ngx_live_origin_zone_t *zone,
    ngx_live_origin_copy_t *copy)
{
    if (--copy->refs) {
        return;
    }

    ngx_queue_remove(&copy->queue);
    zone->archive->copied -= copy->size;

    free(copy->data);
    free(copy);
}


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


static ngx_live_origin_copy_t *
ngx_live_origin_copy_start(ngx_live_origin_ctx_t *ctx, uint32_t ring,
    uint64_t word, const lo_zone_record_t *rec)
{
    size_t                      len;
    const char                 *track;
    lo_zone_event_t            *ze;
    ngx_live_origin_zone_t     *zone;
    ngx_live_origin_copy_t     *copy;
    ngx_live_origin_archive_t  *a;

    zone = ctx->zone;
    a = zone->archive;
    ze = lo_zone_event(zone->z, ctx->event->index);

    if (ze == NULL || ngx_live_origin_mono() < a->read_us
        || a->nreads == NGX_LIVE_ORIGIN_ARCHIVE_READS
        || (a->copied
            && a->copied + rec->size > NGX_LIVE_ORIGIN_ARCHIVE_MEMORY))
    {
        return NULL;
    }

    len = ngx_strlen(a->path) + 2 * (LO_ID_MAX + 1) + 2 * NGX_INT64_LEN + 8;

    copy = calloc(1, sizeof(ngx_live_origin_copy_t) + len);
    if (copy == NULL) {
        return NULL;
    }

    track = lo_zone_track(zone->z, ring)->id;

    copy->ring = ring;
    copy->word = word;
    copy->number = rec->number;
    copy->size = rec->size;
    copy->place = lo_archive_place(lo_cstr(ze->id), lo_cstr(track));
    copy->refs = 1;
    copy->job.run = ngx_live_origin_copy_run;
    copy->job.done = ngx_live_origin_copy_done;

    ngx_queue_init(&copy->waiting);
    ngx_live_origin_file_segment(copy->name, len, a->path, ze->id, track,
                                 rec->number);

    if (ngx_live_origin_archive_post(zone, &copy->job) != NGX_OK) {
        free(copy);
        return NULL;
    }

    ngx_queue_insert_tail(&a->copies, &copy->queue);
    a->copied += copy->size;
    a->nreads++;

    return copy;
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

    if (copy && copy->job.err) {

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

        copy = ngx_live_origin_copy_find(a, ring, t->word, ctx->number);

        if (copy == NULL) {
            copy = ngx_live_origin_copy_start(ctx, ring, t->word, &rec);

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


/* ---- the job */

static void
ngx_live_origin_copy_run(ngx_live_origin_job_t *job)
{
    char                     mark[1024], *slash;
    ngx_uint_t               i;
    ngx_live_origin_copy_t  *copy = (ngx_live_origin_copy_t *) job;

    job->err = ngx_live_origin_file_read(copy->name, &copy->head, &copy->data,
                                         UINT32_MAX);

    if (job->err == 0
        && (copy->head.kind != LO_ARCHIVE_SEGMENT
            || copy->head.number != copy->number
            || copy->head.place != copy->place))
    {
        job->err = NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
        free(copy->data);
        copy->data = NULL;
    }

    if (job->err != ENOENT) {
        return;
    }

    /* a file that somebody has removed, or the whole disk?  The archive's
       own mark lies four above it */

    (void) snprintf(mark, sizeof(mark) - 16, "%s", copy->name);

    for (i = 0; i < 4; i++) {
        slash = strrchr(mark, '/');

        if (slash == NULL) {
            return;
        }

        *slash = '\0';
    }

    strcat(mark, "/_archive");

    if (access(mark, F_OK) == 0) {
        job->err = NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
    }
}


static void
ngx_live_origin_copy_object(ngx_live_origin_copy_t *copy)
{
    lo_zone_object_t         *o;
    const lo_archive_head_t  *h;

    o = &copy->object;
    h = &copy->head;

    o->kind = LO_KIND_SEGMENT;
    o->size = h->size;
    ngx_memcpy(o->digest, h->digest, 16);
    o->track = copy->ring;
    o->pipeline = h->pipeline;
    o->number = h->number;
    o->meta.m = h->m;
    o->meta.tfdt = h->tfdt;
    o->meta.duration = h->duration;
    o->meta.timescale = h->timescale;
    o->meta.init = h->init;
    o->meta.run = h->run;
    o->meta.rank = h->rank;
    o->meta.verdict = h->verdict;
    ngx_memcpy(o->meta.ms, h->ms, sizeof(h->ms));
    o->meta.first_us = h->first_us;
    o->meta.last_us = h->last_us;
    o->meta.chunks = h->chunks;
    o->meta.flags = h->flags;
}


/* a damaged file is none: its number may come again.  Any other failure is
   the disk's, and for a while nothing is asked of it */

static void
ngx_live_origin_copy_failed(ngx_live_origin_zone_t *zone,
    ngx_live_origin_copy_t *copy)
{
    int               err;
    lo_zone_track_t  *t;

    err = copy->job.err;
    ngx_live_origin_archive_failed(zone, "reading", copy->name, err);

    if (err != NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_READ_ERRORS]++;
        zone->archive->read_us = ngx_live_origin_mono()
                                 + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;
        return;
    }

    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_CORRUPT]++;
    t = lo_zone_track(zone->z, copy->ring);

    if (t && __atomic_load_n(&t->word, __ATOMIC_ACQUIRE) == copy->word) {
        lo_zone_record_clear(zone->z, copy->ring, copy->number);
    }
}


static void
ngx_live_origin_copy_done(ngx_live_origin_job_t *job)
{
    ngx_queue_t                *q;
    ngx_live_origin_zone_t     *zone;
    ngx_live_origin_copy_t     *copy = (ngx_live_origin_copy_t *) job;
    ngx_live_origin_archive_t  *a;

    zone = job->zone;
    a = zone->archive;
    a->nreads--;
    copy->ready = 1;

    if (job->err) {
        ngx_live_origin_copy_failed(zone, copy);

    } else {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_READ] += copy->head.size;
        a->copied += copy->head.size - copy->size;
        copy->size = copy->head.size;
        ngx_live_origin_copy_object(copy);
    }

    for (q = ngx_queue_head(&copy->waiting);
         q != ngx_queue_sentinel(&copy->waiting);
         q = ngx_queue_head(&copy->waiting))
    {
        ngx_queue_remove(q);
        ngx_queue_insert_tail(&a->ready, q);
    }

    /* one that failed is asked for anew by the next request */

    if (job->err) {
        copy->number = -1;
    }

    ngx_live_origin_copy_unref(zone, copy);

    ngx_live_origin_archive_drain(&a->drain);
}


/* readers of one segment may be thousands: some in each turn of the loop */

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

    for (i = 0; i < NGX_LIVE_ORIGIN_ARCHIVE_BATCH_READY; i++) {

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
