/*
 * An empty zone finds the events on the disk again.  A thread reads what
 * archive_record.c has recorded, some events at a time; the event loop makes
 * those that the zone has not, or of which it has a document only
 * (archive_adopt.c).  Which
 * segments there are is read next, track by track, while events are live
 * again; until then a number of such a track is 503 and not 410.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_RESTORE_EVENTS  8      /* of one job */
#define NGX_LIVE_ORIGIN_RESTORE_TRIES   10     /* a second apart: then what
                                                  can be read has to do */


typedef struct {
    char                         id[LO_ID_MAX + 1];
    int64_t                      born;
} ngx_live_origin_folder_t;

typedef struct {
    ngx_live_origin_job_t        job;
    char                        *path;
    ngx_live_origin_folder_t    *folders;  /* NULL: not listed yet */
    ngx_uint_t                   nfolders;
    ngx_uint_t                   next;     /* of these */
    ngx_uint_t                   over;
    ngx_uint_t                   last;     /* try */
    ngx_uint_t                   n;
    ngx_live_origin_found_t      found[NGX_LIVE_ORIGIN_RESTORE_EVENTS];
} ngx_live_origin_restore_t;


static void ngx_live_origin_restore_run(ngx_live_origin_job_t *job);
static void ngx_live_origin_restore_done(ngx_live_origin_job_t *job);


void
ngx_live_origin_archive_restore(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_restore_t  *rs;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (a->restoring || ngx_live_origin_mono() < a->write_us) {
        return;
    }

    rs = calloc(1, sizeof(ngx_live_origin_restore_t));
    if (rs == NULL) {
        return;
    }

    rs->path = strdup(a->path);

    if (rs->path == NULL) {
        free(rs);
        return;
    }

    rs->over = lo_zone_restored(zone->z, 0);
    rs->last = a->tries >= NGX_LIVE_ORIGIN_RESTORE_TRIES;
    rs->job.run = ngx_live_origin_restore_run;
    rs->job.done = ngx_live_origin_restore_done;

    if (ngx_live_origin_archive_post(zone, &rs->job) != NGX_OK) {
        free(rs->path);
        free(rs);
        return;
    }

    a->restoring = 1;
}


/* ---- in the thread */

static void *
ngx_live_origin_restore_file(const char *path, const char *folder,
    const char *name, lo_archive_kind_e kind, size_t *len, int *err)
{
    char                file[1024];
    unsigned char      *data;
    lo_archive_head_t   h;

    data = NULL;

    ngx_live_origin_file_name(file, sizeof(file), path, folder, name);

    *err = ngx_live_origin_file_read(file, &h, &data, 64 * 1024 * 1024);

    if (*err) {
        return NULL;
    }

    if (h.kind != kind
        || h.place != lo_archive_place(lo_cstr(folder), lo_cstr("")))
    {
        free(data);
        *err = NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
        return NULL;
    }

    *len = h.size;

    return data;
}


/* of another version of the software it is not understood */

static lo_live_t *
ngx_live_origin_restore_live(unsigned char *data, size_t len, int *err)
{
    lo_live_t  *l;

    l = NULL;

    if (len >= offsetof(lo_live_t, inits) && len <= sizeof(lo_live_t)) {
        l = calloc(1, sizeof(lo_live_t));
    }

    if (l) {
        ngx_memcpy(l, data, len);

        if (!lo_live_sound(l)
            || len != offsetof(lo_live_t, inits)
                      + l->ninits * sizeof(lo_live_init_t))
        {
            free(l);
            l = NULL;
        }
    }

    free(data);

    if (l == NULL) {
        *err = EPROTO;
    }

    return l;
}


/* what belongs to a live state that is there: not there is damaged, too */

static void
ngx_live_origin_restore_parts(const char *path, ngx_live_origin_found_t *f)
{
    char        name[1024];
    ngx_uint_t  i;
    lo_live_t  *l;

    l = f->live;
    f->doc = ngx_live_origin_restore_file(path, f->folder, "_document",
                                          LO_ARCHIVE_DOC, &f->doc_len,
                                          &f->err);

    for (i = 0; i < l->ninits && f->err == 0; i++) {

        (void) snprintf(name, sizeof(name), "_init-%016llx",
                        (unsigned long long) l->inits[i].digest);

        f->inits[i] = ngx_live_origin_restore_file(path, f->folder, name,
                                                   LO_ARCHIVE_INIT,
                                                   &f->lens[i], &f->err);
    }

    if (f->err == ENOENT) {
        f->err = NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
    }

    for (i = 0; i < l->ntracks && f->err == 0; i++) {
        ngx_live_origin_file_name(name, sizeof(name), path, f->folder,
                                  l->tracks[i].id);
        f->err = ngx_live_origin_dir_head(name,
                     lo_archive_place(lo_cstr(f->folder),
                                      lo_cstr(l->tracks[i].id)),
                     &f->heads[i]);
    }
}


static void
ngx_live_origin_restore_event(const char *path, ngx_live_origin_found_t *f)
{
    size_t          len;
    unsigned char  *data;

    data = ngx_live_origin_restore_file(path, f->folder, "_live",
                                        LO_ARCHIVE_LIVE, &len, &f->err);

    if (data) {
        f->live = ngx_live_origin_restore_live(data, len, &f->err);
    }

    if (f->live) {
        ngx_live_origin_restore_parts(path, f);
    }
}


/* by id, of one id the newest first */

static int
ngx_live_origin_restore_order(const void *one, const void *two)
{
    int                              rc;
    const ngx_live_origin_folder_t  *a = one, *b = two;

    rc = strcmp(a->id, b->id);

    return rc ? rc : (a->born < b->born) - (a->born > b->born);
}


static int
ngx_live_origin_restore_list(ngx_live_origin_restore_t *rs)
{
    int                        err;
    DIR                       *dir;
    size_t                     size;
    struct dirent             *de;
    ngx_live_origin_folder_t  *f, *more;

    dir = ngx_live_origin_dir_open(rs->path);

    if (dir == NULL) {
        return errno;
    }

    err = 0;
    size = 64;
    f = malloc(size * sizeof(ngx_live_origin_folder_t));

    while (f && (de = ngx_live_origin_dir_next(dir, &err)) != NULL) {

        if (rs->nfolders == size) {

            size *= 2;
            more = realloc(f, size * sizeof(ngx_live_origin_folder_t));

            if (more == NULL) {
                err = ENOMEM;
                break;
            }

            f = more;
        }

        if (lo_archive_event(de->d_name, f[rs->nfolders].id,
                             &f[rs->nfolders].born)
            == LO_OK)
        {
            rs->nfolders++;
        }
    }

    (void) closedir(dir);
    rs->folders = f;

    if (f == NULL || err) {
        return err ? err : ENOMEM;
    }

    qsort(f, rs->nfolders, sizeof(ngx_live_origin_folder_t),
          ngx_live_origin_restore_order);

    return 0;
}


/* also on a disk that takes nothing any more, if it was there before */

static int
ngx_live_origin_restore_mark(const char *path)
{
    int   fd, err;
    char  name[1024];

    (void) snprintf(name, sizeof(name), "%s/_archive", path);

    err = ngx_live_origin_file_mkdir(name, 1);

    if (access(name, F_OK) == 0) {
        return 0;
    }

    if (err) {
        return err;
    }

    fd = open(name, O_WRONLY|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno;
    }

    (void) close(fd);

    return 0;
}


/* it may be there the next time */

static int
ngx_live_origin_restore_again(const ngx_live_origin_restore_t *rs, int err)
{
    return err && !rs->last && err != ENOENT && err != EPROTO
           && err != NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT;
}


static void
ngx_live_origin_restore_free(ngx_live_origin_found_t *f)
{
    ngx_uint_t  k;

    for (k = 0; k < LO_LIVE_INITS; k++) {
        free(f->inits[k]);
    }

    free(f->live);
    free(f->doc);
}


static void
ngx_live_origin_restore_run(ngx_live_origin_job_t *job)
{
    ngx_live_origin_found_t    *f;
    ngx_live_origin_folder_t   *from;
    ngx_live_origin_restore_t  *rs = (ngx_live_origin_restore_t *) job;

    if (rs->folders == NULL) {

        job->err = ngx_live_origin_restore_mark(rs->path);

        if (job->err == 0 && !rs->over) {
            job->err = ngx_live_origin_restore_list(rs);
        }

        if (job->err || rs->over) {
            return;
        }
    }

    rs->n = 0;

    for ( /* void */ ; rs->next < rs->nfolders; rs->next++) {

        if (rs->n == NGX_LIVE_ORIGIN_RESTORE_EVENTS) {
            return;
        }

        from = &rs->folders[rs->next];
        f = &rs->found[rs->n];

        ngx_memzero(f, sizeof(ngx_live_origin_found_t));
        strcpy(f->id, from->id);
        f->born = from->born;
        lo_archive_folder(f->folder, f->id, f->born);

        if (rs->next && strcmp(from[-1].id, from->id) == 0) {
            f->err = ESTALE;

        } else {
            ngx_live_origin_restore_event(rs->path, f);
        }

        if (f->err != ESTALE && ngx_live_origin_restore_again(rs, f->err)) {
            job->err = f->err;
            ngx_live_origin_restore_free(f);
            return;
        }

        rs->n++;
    }

    rs->over = 1;
}


/* ---- in the event loop */

static void
ngx_live_origin_restore_done(ngx_live_origin_job_t *job)
{
    ngx_uint_t                  i;
    ngx_live_origin_zone_t     *zone;
    ngx_live_origin_restore_t  *rs = (ngx_live_origin_restore_t *) job;
    ngx_live_origin_archive_t  *a;

    zone = job->zone;
    a = zone->archive;

    for (i = 0; i < rs->n; i++) {
        ngx_live_origin_archive_adopt(zone, &rs->found[i]);
        ngx_live_origin_restore_free(&rs->found[i]);
    }

    rs->n = 0;

    if (job->err == 0 && !rs->over
        && ngx_live_origin_archive_post(zone, job) == NGX_OK)
    {
        return;
    }

    a->restoring = 0;

    if (job->err == 0 && rs->over) {
        a->started = 1;
        a->tries = 0;
        (void) lo_zone_restored(zone->z, 1);

    } else {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_READ_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "opening", rs->path, job->err);
        a->write_us = ngx_live_origin_mono() + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;
        a->tries++;
    }

    free(rs->folders);
    free(rs->path);
    free(rs);
}
