/*
 * Which segments are on the disk, for the records of a zone that has lost
 * them: the heads of all files of a track are read, some in a job.
 */

#include <dirent.h>

#include "http/archive.h"


typedef struct {
    ngx_live_origin_job_t        job;
    DIR                         *top;
    DIR                         *folder;
    ngx_uint_t                   over;
    uint32_t                     ring;
    uint64_t                     word;
    uint64_t                     place;
    ngx_uint_t                   n;
    uint64_t                     bytes;
    char                         at[1024];  /* the folder */
    char                         track[1024];
    lo_archive_head_t            heads[NGX_LIVE_ORIGIN_ARCHIVE_BATCH];
} ngx_live_origin_load_t;


/* the next name of a segment; 0: there is none */

static int
ngx_live_origin_load_next(ngx_live_origin_load_t *ld, char *name, size_t size)
{
    struct dirent  *de;

    for ( ;; ) {

        if (ld->folder) {

            while ((de = readdir(ld->folder)) != NULL) {
                if (lo_archive_number(de->d_name) >= 0) {
                    (void) snprintf(name, size, "%s/%.32s", ld->at,
                                    de->d_name);
                    return 1;
                }
            }

            (void) closedir(ld->folder);
            ld->folder = NULL;
        }

        de = readdir(ld->top);

        if (de == NULL) {
            return 0;
        }

        if (de->d_name[0] >= '0' && de->d_name[0] <= '9') {
            (void) snprintf(ld->at, sizeof(ld->at), "%.800s/%.32s", ld->track,
                            de->d_name);
            ld->folder = opendir(ld->at);
        }
    }
}


static void
ngx_live_origin_load_run(ngx_live_origin_job_t *job)
{
    int                      err;
    char                     name[1100];
    lo_archive_head_t       *h;
    ngx_live_origin_load_t  *ld = (ngx_live_origin_load_t *) job;

    if (ld->top == NULL) {
        ld->top = opendir(ld->track);

        if (ld->top == NULL) {
            job->err = errno;
            return;
        }
    }

    ld->n = 0;

    while (ld->n < NGX_LIVE_ORIGIN_ARCHIVE_BATCH) {

        if (!ngx_live_origin_load_next(ld, name, sizeof(name))) {
            ld->over = 1;
            break;
        }

        h = &ld->heads[ld->n];
        err = ngx_live_origin_file_read(name, h, NULL, UINT32_MAX);

        if (err == 0 && h->kind == LO_ARCHIVE_SEGMENT
            && h->place == ld->place)
        {
            ld->n++;

        } else if (err != 0 && err != ENOENT
                   && err != NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT)
        {
            job->err = err;
            return;
        }
    }
}


static void
ngx_live_origin_load_done(ngx_live_origin_job_t *job)
{
    ngx_uint_t                  i;
    lo_zone_track_t            *t;
    ngx_live_origin_zone_t     *zone;
    ngx_live_origin_load_t     *ld = (ngx_live_origin_load_t *) job;
    ngx_live_origin_archive_t  *a;

    zone = job->zone;
    a = zone->archive;
    t = lo_zone_track(zone->z, ld->ring);

    if (t && __atomic_load_n(&t->word, __ATOMIC_ACQUIRE) != ld->word) {
        t = NULL;
    }

    for (i = 0; t && i < ld->n; i++) {

        ld->bytes += LO_ARCHIVE_HEAD + ld->heads[i].size;

        if (ld->heads[i].number > t->head - (int64_t) t->cap) {
            ngx_live_origin_archive_known(zone, ld->ring, &ld->heads[i]);
        }
    }

    if (t && job->err == 0 && !ld->over
        && ngx_live_origin_archive_post(zone, job) == NGX_OK)
    {
        return;
    }

    if (job->err) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_READ_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "reading", ld->track, job->err);
        a->write_us = ngx_live_origin_mono() + LO_USEC;

    } else if (t && ld->over) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_BYTES] += ld->bytes;
        __atomic_store_n(&t->loading, 0, __ATOMIC_SEQ_CST);
    }

    if (ld->folder) {
        (void) closedir(ld->folder);
    }

    if (ld->top) {
        (void) closedir(ld->top);
    }

    free(ld);
    a->loading = 0;
}


static ngx_int_t
ngx_live_origin_load_track(ngx_live_origin_zone_t *zone, uint32_t ring,
    lo_zone_track_t *t)
{
    lo_zone_event_t         *ze;
    ngx_live_origin_load_t  *ld;

    ze = lo_zone_event(zone->z, t->event);
    ld = ze ? calloc(1, sizeof(ngx_live_origin_load_t)) : NULL;

    if (ld == NULL) {
        return NGX_ERROR;
    }

    ld->ring = ring;
    ld->word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    ld->place = lo_archive_place(lo_cstr(ze->id), lo_cstr(t->id));
    ld->job.run = ngx_live_origin_load_run;
    ld->job.done = ngx_live_origin_load_done;

    ngx_live_origin_file_name(ld->track, sizeof(ld->track),
                              zone->archive->path, ze->id, t->id);

    if (ngx_live_origin_archive_post(zone, &ld->job) != NGX_OK) {
        free(ld);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_live_origin_archive_load(ngx_live_origin_zone_t *zone)
{
    uint32_t                    i;
    lo_zone_track_t            *t;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (a->loading || ngx_live_origin_mono() < a->write_us) {
        return;
    }

    for (i = 0; i < a->ntracks; i++) {

        t = lo_zone_track(zone->z, i);

        if (t && __atomic_load_n(&t->loading, __ATOMIC_RELAXED)) {
            a->loading = ngx_live_origin_load_track(zone, i, t) == NGX_OK;
            return;
        }
    }
}
