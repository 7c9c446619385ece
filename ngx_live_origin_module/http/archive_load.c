/*
 * Which segments are on the disk, for the records of a zone that has lost
 * them: the heads of all files of a track are read, some in a job; before
 * them which numbers playlists had listed as GAP.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_LOAD_TRIES  10         /* a second apart: then what
                                                  can be read has to do */


typedef struct {
    ngx_live_origin_job_t        job;
    DIR                         *top;
    DIR                         *folder;
    ngx_uint_t                   over;
    ngx_uint_t                   last;      /* try */
    uint32_t                     ring;
    uint64_t                     word;
    uint64_t                     place;
    ngx_uint_t                   n;
    uint64_t                     bytes;
    int64_t                      folder_at; /* its number */
    u_char                      *gaps;      /* see archive_gaps.c */
    size_t                       gaps_size;
    char                         at[1024];  /* the folder */
    char                         track[1024];
    lo_archive_head_t            heads[NGX_LIVE_ORIGIN_ARCHIVE_BATCH];
} ngx_live_origin_load_t;


/* the next number, and its name; -1: there is none */

static int64_t
ngx_live_origin_load_next(ngx_live_origin_load_t *ld, char *name, size_t size,
    int *err)
{
    int64_t         n;
    struct dirent  *de;

    while (*err == 0) {

        while (ld->folder
               && (de = ngx_live_origin_dir_next(ld->folder, err)) != NULL)
        {
            n = lo_archive_number(de->d_name);

            if (n >= 0 && n / LO_ARCHIVE_FOLDER == ld->folder_at) {
                (void) snprintf(name, size, "%s/%.32s", ld->at, de->d_name);
                return n;
            }
        }

        if (ld->folder) {
            (void) closedir(ld->folder);
            ld->folder = NULL;
        }

        de = *err ? NULL : ngx_live_origin_dir_next(ld->top, err);

        if (de == NULL) {
            break;
        }

        ld->folder_at = ngx_live_origin_dir_folder(de->d_name);

        if (ld->folder_at >= 0) {
            (void) snprintf(ld->at, sizeof(ld->at), "%.800s/%.32s", ld->track,
                            de->d_name);
            ld->folder = ngx_live_origin_dir_open(ld->at);

            if (ld->folder == NULL && errno != ENOENT && errno != ENOTDIR
                && errno != ELOOP)
            {
                *err = errno;
            }
        }
    }

    return -1;
}


static int
ngx_live_origin_load_open(ngx_live_origin_load_t *ld)
{
    int  err;

    ld->top = ngx_live_origin_dir_open(ld->track);

    /* a track of which nothing was archived has no folder */

    if (ld->top == NULL) {
        ld->over = errno == ENOENT;
        return errno == ENOENT ? 0 : errno;
    }

    err = ngx_live_origin_gaps_read(ld->track, ld->place, &ld->gaps,
                                    &ld->gaps_size);

    return ld->last ? 0 : err;
}


static void
ngx_live_origin_load_run(ngx_live_origin_job_t *job)
{
    int                      err;
    char                     name[1100];
    int64_t                  n;
    lo_archive_head_t       *h;
    ngx_live_origin_load_t  *ld = (ngx_live_origin_load_t *) job;

    ld->n = 0;

    if (ld->top == NULL) {

        job->err = ngx_live_origin_load_open(ld);

        if (job->err || ld->over) {
            return;
        }
    }

    while (ld->n < NGX_LIVE_ORIGIN_ARCHIVE_BATCH) {

        err = 0;
        n = ngx_live_origin_load_next(ld, name, sizeof(name), &err);

        if (n < 0) {
            job->err = ld->last ? 0 : err;
            ld->over = job->err == 0;
            return;
        }

        h = &ld->heads[ld->n];
        err = ngx_live_origin_file_read(name, h, NULL, UINT32_MAX);

        if (err == 0 && h->kind == LO_ARCHIVE_SEGMENT && h->number == n
            && h->place == ld->place)
        {
            ld->n++;

        } else if (err != 0 && err != ENOENT && !ld->last
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
    int64_t                     head;
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

    head = t ? __atomic_load_n(&t->head, __ATOMIC_ACQUIRE) : -1;

    for (i = 0; t && i < ld->n; i++) {

        ld->bytes += LO_ARCHIVE_HEAD + ld->heads[i].size;

        /* what is above the head was damaged when that was looked for */

        if (ld->heads[i].number <= head) {
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
        a->write_us = ngx_live_origin_mono() + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;
        a->tries++;

    } else if (t && ld->over) {
        a->tries = 0;
        ngx_live_origin_gaps_set(zone, ld->ring, ld->gaps, ld->gaps_size);
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_BYTES] += ld->bytes;
        __atomic_store_n(&t->loading, 0, __ATOMIC_SEQ_CST);
    }

    if (ld->folder) {
        (void) closedir(ld->folder);
    }

    if (ld->top) {
        (void) closedir(ld->top);
    }

    free(ld->gaps);
    free(ld);
    a->loading = 0;
}


static ngx_int_t
ngx_live_origin_load_track(ngx_live_origin_zone_t *zone, uint32_t ring,
    lo_zone_track_t *t)
{
    char                     folder[LO_ARCHIVE_NAME];
    lo_zone_event_t         *ze;
    ngx_live_origin_load_t  *ld;

    ze = lo_zone_event(zone->z, t->event);
    ld = ze ? calloc(1, sizeof(ngx_live_origin_load_t)) : NULL;

    if (ld == NULL) {
        return NGX_ERROR;
    }

    ld->ring = ring;
    ld->word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    lo_archive_folder(folder, ze->id, ze->born_us);
    ld->place = lo_archive_place(lo_cstr(folder), lo_cstr(t->id));
    ld->last = zone->archive->tries >= NGX_LIVE_ORIGIN_LOAD_TRIES;
    ld->job.run = ngx_live_origin_load_run;
    ld->job.done = ngx_live_origin_load_done;

    ngx_live_origin_file_name(ld->track, sizeof(ld->track),
                              zone->archive->path, folder, t->id);

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
