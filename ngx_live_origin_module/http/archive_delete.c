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

    job->err = ngx_live_origin_file_retain(d->name, d->limit,
                                           NGX_LIVE_ORIGIN_ARCHIVE_STEP,
                                           &d->deleted);
}


static void
ngx_live_origin_archive_trash_run(ngx_live_origin_job_t *job)
{
    ngx_live_origin_delete_t  *d = (ngx_live_origin_delete_t *) job;

    job->err = ngx_live_origin_file_trash(d->name,
                                          NGX_LIVE_ORIGIN_ARCHIVE_STEP,
                                          &d->deleted);
}


static void
ngx_live_origin_archive_deleted(ngx_live_origin_job_t *job)
{
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

    } else if (d->word == 0) {
        a->trash = d->deleted.more != 0;

    } else if (!d->deleted.more && a->archivist) {
        st = &a->tracks[d->ring];

        if (st->word == d->word) {
            st->deleted = d->limit;
        }
    }

    free(d);
}


static ngx_live_origin_delete_t *
ngx_live_origin_archive_delete_job(ngx_live_origin_zone_t *zone,
    const char *event, const char *track)
{
    size_t                     size;
    ngx_live_origin_delete_t  *d;

    size = ngx_strlen(zone->archive->path) + 2 * (LO_ID_MAX + 2) + 1;
    d = calloc(1, sizeof(ngx_live_origin_delete_t) + size);

    if (d) {
        ngx_live_origin_file_name(d->name, size, zone->archive->path, event,
                                  track);
        d->job.done = ngx_live_origin_archive_deleted;
    }

    return d;
}


static ngx_uint_t
ngx_live_origin_archive_retain_track(ngx_live_origin_zone_t *zone,
    uint32_t ring)
{
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

    if (e->live->phase == LO_LIVE_ENDED && e->live->last < head) {
        head = e->live->last;
    }

    limit = head - e->live->window - NGX_LIVE_ORIGIN_ARCHIVE_BELOW;

    if (limit <= 0 || limit - st->deleted < 8) {
        return 0;
    }

    d = ngx_live_origin_archive_delete_job(zone, ze->id, t->id);
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

    if (a->deleting || (!a->trash && a->ticks % 50)) {
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


/* ---- an event is deleted */

typedef struct {
    ngx_live_origin_job_t        job;
    char                        *to;
    char                         from[1];
} ngx_live_origin_forget_t;


static void
ngx_live_origin_archive_forget_run(ngx_live_origin_job_t *job)
{
    ngx_live_origin_forget_t  *f = (ngx_live_origin_forget_t *) job;

    if (rename(f->from, f->to) != 0 && errno != ENOENT) {
        job->err = errno;
    }
}


static void
ngx_live_origin_archive_forgot(ngx_live_origin_job_t *job)
{
    ngx_live_origin_forget_t  *f = (ngx_live_origin_forget_t *) job;

    if (job->err) {
        job->zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_DELETE_ERRORS]++;
        ngx_live_origin_archive_failed(job->zone, "renaming", f->from,
                                       job->err);
    }

    job->zone->archive->trash = 1;
    free(f);
}


void
ngx_live_origin_archive_forget(ngx_live_origin_zone_t *zone, lo_str_t id)
{
    size_t                     size;
    ngx_live_origin_forget_t  *f;

    if (zone->archive == NULL) {
        return;
    }

    size = ngx_strlen(zone->archive->path) + id.len + NGX_INT64_LEN + 16;
    f = calloc(1, sizeof(ngx_live_origin_forget_t) + 2 * size);

    if (f == NULL) {
        return;
    }

    f->to = f->from + size;

    ngx_snprintf((u_char *) f->from, size, "%s/%V%Z", zone->archive->path,
                 &id);
    ngx_snprintf((u_char *) f->to, size, "%s/.trash-%L-%V%Z",
                 zone->archive->path, ngx_live_origin_wall(), &id);

    f->job.run = ngx_live_origin_archive_forget_run;
    f->job.done = ngx_live_origin_archive_forgot;

    if (ngx_live_origin_archive_post(zone, &f->job) != NGX_OK) {
        ngx_live_origin_archive_failed(zone, "renaming", f->from, EAGAIN);
        free(f);
    }
}
