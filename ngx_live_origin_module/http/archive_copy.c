/*
 * A copy of a file in memory: read whole, and its digest checked, by a thread.
 * All copies of a worker together are bounded; beyond that, and for a second
 * after a failure, there is none.  It belongs to the job until that is done.
 * Nobody waits for ever: what a disk has not answered after a while is 503,
 * and the job is left to itself.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_PATIENCE  5000      /* ms */


static void ngx_live_origin_copy_run(ngx_live_origin_job_t *job);
static void ngx_live_origin_copy_done(ngx_live_origin_job_t *job);
static void ngx_live_origin_copy_late(ngx_event_t *ev);


void
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


ngx_live_origin_copy_t *
ngx_live_origin_copy_start(ngx_live_origin_ctx_t *ctx, uint32_t ring,
    uint64_t word, const char *track, const lo_zone_record_t *rec)
{
    char                        folder[LO_ARCHIVE_NAME];
    size_t                      len;
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

    len = ngx_strlen(a->path) + NGX_LIVE_ORIGIN_ARCHIVE_FILE;

    copy = calloc(1, sizeof(ngx_live_origin_copy_t) + len);
    if (copy == NULL) {
        return NULL;
    }

    lo_archive_folder(folder, ze->id, ze->born_us);

    copy->ring = ring;
    copy->word = word;
    copy->number = rec->number;
    copy->asked = rec->number;
    copy->size = rec->size;
    copy->place = lo_archive_place(lo_cstr(folder), lo_cstr(track));
    copy->refs = 1;
    copy->job.run = ngx_live_origin_copy_run;
    copy->job.done = ngx_live_origin_copy_done;

    ngx_queue_init(&copy->waiting);
    ngx_live_origin_file_segment(copy->name, len, a->path, folder, track,
                                 rec->number);

    copy->patience.handler = ngx_live_origin_copy_late;
    copy->patience.data = copy;
    copy->patience.log = zone->log;

    if (ngx_live_origin_archive_post(zone, &copy->job) != NGX_OK) {
        free(copy);
        return NULL;
    }

    ngx_queue_insert_tail(&a->copies, &copy->queue);
    ngx_add_timer(&copy->patience, NGX_LIVE_ORIGIN_ARCHIVE_PATIENCE);
    a->copied += copy->size;
    a->nreads++;

    return copy;
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
            || copy->head.number != copy->asked
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

    if (t && copy->number >= 0
        && __atomic_load_n(&t->word, __ATOMIC_ACQUIRE) == copy->word)
    {
        lo_zone_record_clear(zone->z, copy->ring, copy->number);
    }
}


/* who waits is answered, one way or the other, and nobody finds it any more
   where it failed: the next request asks anew */

static void
ngx_live_origin_copy_answer(ngx_live_origin_zone_t *zone,
    ngx_live_origin_copy_t *copy, ngx_uint_t failed)
{
    ngx_queue_t                *q;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (copy->patience.timer_set) {
        ngx_del_timer(&copy->patience);
    }

    if (failed) {
        copy->failed = 1;
        copy->number = -1;
    }

    while (!ngx_queue_empty(&copy->waiting)) {
        q = ngx_queue_head(&copy->waiting);
        ngx_queue_remove(q);
        ngx_queue_insert_tail(&a->ready, q);
    }
}


static void
ngx_live_origin_copy_done(ngx_live_origin_job_t *job)
{
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

    ngx_live_origin_copy_answer(zone, copy, job->err != 0);
    ngx_live_origin_copy_unref(zone, copy);

    ngx_live_origin_archive_drain(&a->drain);
}


static void
ngx_live_origin_copy_late(ngx_event_t *ev)
{
    ngx_live_origin_zone_t     *zone;
    ngx_live_origin_copy_t     *copy = ev->data;
    ngx_live_origin_archive_t  *a;

    zone = copy->job.zone;
    a = zone->archive;

    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_READ_ERRORS]++;
    ngx_live_origin_archive_failed(zone, "reading", copy->name, ETIMEDOUT);
    a->read_us = ngx_live_origin_mono() + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;

    ngx_live_origin_copy_answer(zone, copy, 1);
    ngx_live_origin_archive_drain(&a->drain);
}
