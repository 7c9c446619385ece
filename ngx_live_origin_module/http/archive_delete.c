/*
 * What is to go: segments below the window, and the folders of events that
 * were deleted.  In small steps, one at a time.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_BELOW  2     /* numbers kept below a window */


/* ---- what has left the window */

typedef struct {
    ngx_live_origin_job_t        job;
    ngx_live_origin_deleted_t    deleted;
    uint32_t                     ring;
    uint64_t                     word;
    int64_t                      limit;
    char                         name[1];
} ngx_live_origin_delete_t;


static void
ngx_live_origin_archive_retain_run(ngx_live_origin_job_t *job)
{
    ngx_live_origin_delete_t  *d = (ngx_live_origin_delete_t *) job;

    job->err = ngx_live_origin_dir_retain(d->name, d->limit,
                                          NGX_LIVE_ORIGIN_ARCHIVE_STEP,
                                          &d->deleted);
}


static void
ngx_live_origin_archive_trash_run(ngx_live_origin_job_t *job)
{
    ngx_live_origin_delete_t  *d = (ngx_live_origin_delete_t *) job;

    job->err = ngx_live_origin_dir_trash(d->name,
                                         NGX_LIVE_ORIGIN_ARCHIVE_STEP,
                                         &d->deleted);
}


static void
ngx_live_origin_archive_deleted(ngx_live_origin_job_t *job)
{
    ngx_uint_t                        retained, failed;
    ngx_live_origin_zone_t           *zone;
    ngx_live_origin_delete_t         *d = (ngx_live_origin_delete_t *) job;
    ngx_live_origin_archive_t        *a;
    ngx_live_origin_archive_track_t  *st;

    zone = job->zone;
    a = zone->archive;
    a->deleting = 0;

    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_DELETED] += d->deleted.files;
    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_BYTES] -= d->deleted.bytes;

    if (job->err) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_DELETE_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "deleting in", d->name,
                                       job->err);
        a->delete_us = ngx_live_origin_mono() + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;

    } else if (d->word == 0) {
        a->trash = d->deleted.more != 0;

    } else if (!d->deleted.more && a->archivist) {
        st = &a->tracks[d->ring];

        if (st->word == d->word) {
            st->deleted = d->limit;
        }
    }

    retained = d->word != 0;
    failed = job->err != 0;
    free(d);

    /* one after the other, as thousands of tracks would wait for the tick; of
       a deleted event there is no hurry */

    if (failed || !a->archivist || ngx_exiting || ngx_terminate) {
        return;
    }

    if (retained && a->trash) {
        ngx_live_origin_archive_trash(zone);

    } else {
        ngx_live_origin_archive_retain(zone);
    }
}


static ngx_live_origin_delete_t *
ngx_live_origin_archive_delete_job(ngx_live_origin_zone_t *zone,
    const char *folder, const char *track)
{
    size_t                     size;
    ngx_live_origin_delete_t  *d;

    size = ngx_strlen(zone->archive->path) + NGX_LIVE_ORIGIN_ARCHIVE_FILE;
    d = calloc(1, sizeof(ngx_live_origin_delete_t) + size);

    if (d) {
        ngx_live_origin_file_name(d->name, size, zone->archive->path, folder,
                                  track);
        d->job.done = ngx_live_origin_archive_deleted;
    }

    return d;
}


/*
 * The first number that is kept: what may still be asked for, as in serve.c,
 * is within the window of the head, or not past the end of its availability by
 * the MPD.
 */

int64_t
ngx_live_origin_archive_oldest(const lo_live_t *l, int64_t head)
{
    int64_t  over;

    if (l->window == 0) {
        return 0;
    }

    if (lo_live_over(l) && l->last < head) {
        head = l->last;
    }

    if (!l->irregular) {
        over = lo_timeline_at(&l->d, ngx_live_origin_wall() - l->delay_us)
               - 1;
        head = ngx_min(head, over);
    }

    return head - l->window - NGX_LIVE_ORIGIN_ARCHIVE_BELOW;
}


static ngx_uint_t
ngx_live_origin_archive_retain_track(ngx_live_origin_zone_t *zone,
    uint32_t ring)
{
    char                              folder[LO_ARCHIVE_NAME];
    int64_t                           head, limit;
    lo_zone_track_t                  *t;
    lo_zone_event_t                  *ze;
    ngx_live_origin_event_t          *e;
    ngx_live_origin_delete_t         *d;
    ngx_live_origin_archive_track_t  *st;

    t = lo_zone_track(zone->z, ring);
    ze = t ? lo_zone_event(zone->z, t->event) : NULL;
    e = ze ? ngx_live_origin_event_get(zone, t->event) : NULL;

    if (e == NULL || e->live->window == 0) {
        return 0;
    }

    st = ngx_live_origin_archive_track(zone, ring);
    head = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);

    if (st == NULL || head < 0
        || __atomic_load_n(&t->loading, __ATOMIC_RELAXED))
    {
        return 0;
    }

    limit = ngx_live_origin_archive_oldest(e->live, head);

    if (limit <= 0 || limit - st->deleted < 8) {
        return 0;
    }

    lo_archive_folder(folder, ze->id, ze->born_us);
    d = ngx_live_origin_archive_delete_job(zone, folder, t->id);
    if (d == NULL) {
        return 0;
    }

    d->ring = ring;
    d->word = st->word;
    d->limit = limit;
    d->job.run = ngx_live_origin_archive_retain_run;

    if (ngx_live_origin_archive_post(zone, &d->job) != NGX_OK) {
        free(d);
        return 0;
    }

    return 1;
}


/* one step at a time: of one track, some files */

void
ngx_live_origin_archive_retain(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t                  i;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (ngx_live_origin_mono() < a->delete_us) {
        return;
    }

    for (i = 0; i < a->ntracks && !a->deleting; i++) {

        a->retain = (a->retain + 1) % a->ntracks;
        a->deleting = ngx_live_origin_archive_retain_track(zone, a->retain);
    }
}


/* folders of deleted events */

void
ngx_live_origin_archive_trash(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_delete_t   *d;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (a->deleting || ngx_live_origin_mono() < a->delete_us
        || (!a->trash && a->ticks % 50))
    {
        return;
    }

    d = ngx_live_origin_archive_delete_job(zone, "", "");
    if (d == NULL) {
        return;
    }

    d->job.run = ngx_live_origin_archive_trash_run;

    if (ngx_live_origin_archive_post(zone, &d->job) != NGX_OK) {
        free(d);
        return;
    }

    a->deleting = 1;
}


/*
 * ---- an event is deleted.  Who took the DELETE sees to it, again and again
 * while the disk does not do it, as long as its worker lives
 */

typedef struct {
    ngx_live_origin_job_t        job;
    ngx_queue_t                  queue;
    ngx_event_t                  again;
    int64_t                      born;
    char                         id[LO_ID_MAX + 1];
    char                         path[1];
} ngx_live_origin_forget_t;


static void
ngx_live_origin_archive_forget_run(ngx_live_origin_job_t *job)
{
    ngx_live_origin_forget_t  *f = (ngx_live_origin_forget_t *) job;

    job->err = ngx_live_origin_dir_forget(f->path, f->id, f->born);
}


static void
ngx_live_origin_archive_forget_later(ngx_live_origin_forget_t *f)
{
    f->again.cancelable = 1;
    ngx_add_timer(&f->again, 1000);
}


static void
ngx_live_origin_archive_forgot(ngx_live_origin_job_t *job)
{
    ngx_live_origin_forget_t  *f = (ngx_live_origin_forget_t *) job;

    if (job->err == 0) {
        job->zone->archive->trash = 1;
        ngx_queue_remove(&f->queue);
        free(f);
        return;
    }

    job->zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_DELETE_ERRORS]++;
    ngx_live_origin_archive_failed(job->zone, "deleting in", f->path,
                                   job->err);

    ngx_live_origin_archive_forget_later(f);
}


static void
ngx_live_origin_archive_forget_again(ngx_event_t *ev)
{
    ngx_live_origin_forget_t  *f = ev->data;

    if (ngx_live_origin_archive_post(f->job.zone, &f->job) != NGX_OK) {
        ngx_live_origin_archive_forget_later(f);
    }
}


void
ngx_live_origin_archive_forget(ngx_live_origin_zone_t *zone, lo_str_t id,
    int64_t born_us)
{
    size_t                     size;
    ngx_live_origin_forget_t  *f;

    if (zone->archive == NULL || id.len > LO_ID_MAX) {
        return;
    }

    size = ngx_strlen(zone->archive->path);
    f = calloc(1, sizeof(ngx_live_origin_forget_t) + size);

    if (f == NULL) {
        return;
    }

    ngx_memcpy(f->path, zone->archive->path, size);
    ngx_memcpy(f->id, id.data, id.len);

    f->born = born_us;
    f->job.zone = zone;
    f->job.run = ngx_live_origin_archive_forget_run;
    f->job.done = ngx_live_origin_archive_forgot;
    f->again.handler = ngx_live_origin_archive_forget_again;
    f->again.data = f;
    f->again.log = zone->log;

    ngx_queue_insert_tail(&zone->archive->forgets, &f->queue);
    ngx_live_origin_archive_forget_again(&f->again);
}


/* the worker ends, and its threads have */

void
ngx_live_origin_archive_forget_end(ngx_live_origin_zone_t *zone)
{
    ngx_queue_t               *q;
    ngx_live_origin_forget_t  *f;

    while (!ngx_queue_empty(&zone->archive->forgets)) {

        q = ngx_queue_head(&zone->archive->forgets);
        f = ngx_queue_data(q, ngx_live_origin_forget_t, queue);
        ngx_queue_remove(q);

        if (f->job.err) {
            ngx_log_error(NGX_LOG_ERR, zone->log, f->job.err,
                          "live origin archive: event \"%s\" was deleted and "
                          "is still on the disk: remove \"%s/%s~*\"", f->id,
                          f->path, f->id);
        }

        free(f);
    }
}
