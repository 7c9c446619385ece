/*
 * An empty zone finds the events on the disk again.  A thread reads what
 * archive_write.c has recorded, some events at a time; the event loop makes
 * those that the zone has not, or of which it has a document only.  Which
 * segments there are is read next, track by track, while events are live
 * again; until then a number of such a track is 503 and not 410.
 */

#include <dirent.h>

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_RESTORE_EVENTS  8      /* of one job */


typedef struct {
    char                         id[LO_ID_MAX + 1];
    lo_live_t                   *live;
    unsigned char               *doc;
    size_t                       doc_len;
    unsigned char               *inits[LO_LIVE_INITS];
    size_t                       lens[LO_LIVE_INITS];
    int64_t                      heads[LO_MAX_TRACKS];
    int                          err;
} ngx_live_origin_found_t;


typedef struct {
    ngx_live_origin_job_t        job;
    char                        *path;
    DIR                         *dir;      /* NULL: not opened yet */
    ngx_uint_t                   over;
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
ngx_live_origin_restore_file(const char *path, const char *id,
    const char *name, lo_archive_kind_e kind, size_t *len, int *err)
{
    char                file[1024];
    unsigned char      *data;
    lo_archive_head_t   h;

    data = NULL;

    ngx_live_origin_file_name(file, sizeof(file), path, id, name);

    *err = ngx_live_origin_file_read(file, &h, &data, 64 * 1024 * 1024);

    if (*err) {
        return NULL;
    }

    if (h.kind != kind
        || h.place != lo_archive_place(lo_cstr(id), lo_cstr("")))
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

        if (l->version != LO_LIVE_VERSION || l->size != sizeof(lo_live_t)
            || l->ninits > LO_LIVE_INITS || l->ntracks > LO_MAX_TRACKS
            || l->nruns > LO_LIVE_RUNS || l->npipelines > LO_MAX_PIPELINES
            || l->first == INT64_MAX || l->d.duration == 0
            || l->d.timescale == 0
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


static void
ngx_live_origin_restore_event(const char *path, ngx_live_origin_found_t *f)
{
    char            name[1024];
    size_t          len;
    ngx_uint_t      i;
    lo_live_t      *l;
    unsigned char  *data;

    data = ngx_live_origin_restore_file(path, f->id, "_live",
                                        LO_ARCHIVE_LIVE, &len, &f->err);
    if (data == NULL) {
        return;
    }

    l = ngx_live_origin_restore_live(data, len, &f->err);
    f->live = l;

    if (l == NULL) {
        return;
    }

    f->doc = ngx_live_origin_restore_file(path, f->id, "_document",
                                          LO_ARCHIVE_DOC, &f->doc_len,
                                          &f->err);

    for (i = 0; i < l->ninits && f->err == 0; i++) {

        (void) snprintf(name, sizeof(name), "_init-%016llx",
                        (unsigned long long) l->inits[i].digest);

        f->inits[i] = ngx_live_origin_restore_file(path, f->id, name,
                                                   LO_ARCHIVE_INIT,
                                                   &f->lens[i], &f->err);
    }

    for (i = 0; i < l->ntracks; i++) {
        ngx_live_origin_file_name(name, sizeof(name), path, f->id,
                                  l->tracks[i].id);
        f->heads[i] = ngx_live_origin_file_head(name);
    }
}


static void
ngx_live_origin_restore_run(ngx_live_origin_job_t *job)
{
    int                         fd;
    char                        name[1024];
    struct dirent              *de;
    ngx_live_origin_found_t    *f;
    ngx_live_origin_restore_t  *rs = (ngx_live_origin_restore_t *) job;

    if (rs->dir == NULL) {

        (void) snprintf(name, sizeof(name), "%s/_archive", rs->path);

        job->err = ngx_live_origin_file_mkdir(name, 1);
        fd = job->err ? -1 : open(name, O_WRONLY|O_CREAT|O_CLOEXEC, 0644);

        if (fd < 0) {
            job->err = job->err ? job->err : errno;
            return;
        }

        (void) close(fd);

        if (rs->over) {
            return;
        }

        rs->dir = opendir(rs->path);

        if (rs->dir == NULL) {
            job->err = errno;
            return;
        }
    }

    for (rs->n = 0; rs->n < NGX_LIVE_ORIGIN_RESTORE_EVENTS; /* void */ ) {

        de = readdir(rs->dir);

        if (de == NULL) {
            rs->over = 1;
            break;
        }

        if (!lo_id_ok(lo_cstr(de->d_name))) {
            continue;
        }

        f = &rs->found[rs->n++];

        ngx_memzero(f, sizeof(ngx_live_origin_found_t));
        strcpy(f->id, de->d_name);
        ngx_live_origin_restore_event(rs->path, f);
    }

    if (rs->over) {
        (void) closedir(rs->dir);
        rs->dir = NULL;
    }
}


/* ---- in the event loop */

typedef struct {
    ngx_live_origin_found_t     *found;
    lo_event_t                  *doc;
    lo_word_t                    words[LO_LIVE_INITS];
    int                          rings[LO_MAX_TRACKS];
    ngx_uint_t                   done;
} ngx_live_origin_adopt_t;


static ngx_uint_t
ngx_live_origin_restore_fresh(const lo_live_t *l)
{
    return l->first == INT64_MAX && l->ninits == 0 && l->nruns == 0
           && l->phase == LO_LIVE_SCHEDULED;
}


static int
ngx_live_origin_restore_change(lo_live_t *l, void *data)
{
    uint64_t                  serial;
    ngx_uint_t                i;
    ngx_live_origin_adopt_t  *ad = data;

    ad->done = 0;

    if (!ngx_live_origin_restore_fresh(l)) {
        return 0;
    }

    serial = l->serial;
    ngx_memcpy(l, ad->found->live, sizeof(lo_live_t));

    for (i = 0; i < l->ninits; i++) {
        l->inits[i].word = ad->words[i];
    }

    for (i = 0; i < l->ntracks; i++) {
        l->tracks[i].ring = ad->rings[i] < 0 ? LO_ZONE_NO_TRACK
                                             : (uint32_t) ad->rings[i];
    }

    /* the document here may be newer than the one there */

    if (ad->doc) {
        (void) lo_live_document(l, ad->doc);
    }

    l->serial = ngx_max(l->serial, serial) + 1;
    ad->done = 1;

    return 1;
}


/* its inits and rings; LO_FULL: no room for them */

static int
ngx_live_origin_restore_fill(ngx_live_origin_zone_t *zone, int index,
    ngx_live_origin_adopt_t *ad)
{
    ngx_uint_t                i;
    const lo_live_t          *l;
    ngx_live_origin_found_t  *f;

    f = ad->found;
    l = f->live;

    for (i = 0; i < l->ninits; i++) {

        ad->words[i] = lo_zone_put(zone->z, index, LO_KIND_INIT, f->inits[i],
                                   f->lens[i]);
        if (ad->words[i] == 0) {
            return LO_FULL;
        }
    }

    for (i = 0; i < l->ntracks; i++) {

        ad->rings[i] = LO_NONE;

        if (f->heads[i] < 0) {
            continue;
        }

        ngx_live_origin_try(ad->rings[i],
            lo_zone_track_add(zone->z, index, lo_cstr(l->tracks[i].id),
                              ngx_live_origin_ring_cap(zone, index, l)));

        if (ad->rings[i] < 0) {
            return LO_FULL;
        }
    }

    return LO_OK;
}


static void
ngx_live_origin_restore_heads(ngx_live_origin_zone_t *zone,
    ngx_live_origin_adopt_t *ad)
{
    ngx_uint_t        i;
    lo_zone_track_t  *t;

    for (i = 0; i < ad->found->live->ntracks; i++) {

        t = ad->rings[i] < 0 ? NULL : lo_zone_track(zone->z, ad->rings[i]);

        if (t && t->records) {
            __atomic_store_n(&t->loading, 1, __ATOMIC_SEQ_CST);
            lo_zone_track_restore(zone->z, ad->rings[i], ad->found->heads[i]);
        }
    }
}


static void
ngx_live_origin_restore_adopt(ngx_live_origin_zone_t *zone,
    ngx_live_origin_found_t *f)
{
    int                       index, rc;
    ngx_uint_t                i;
    lo_event_err_t            err;
    ngx_live_origin_event_t  *e;
    ngx_live_origin_adopt_t   ad;

    if (f->err) {

        /* a folder that is no event's is left alone */

        if (f->err != ENOENT) {
            ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                          "live origin archive: event \"%s\" is not found "
                          "again: %s", f->id,
                          f->err == EPROTO
                          ? "another version of this module has written it"
                          : "its records are damaged");
        }

        return;
    }

    index = lo_zone_event_find(zone->z, lo_cstr(f->id));

    if (index < 0) {
        index = ngx_live_origin_event_document(zone, f->doc, f->doc_len,
                                               &err);
    }

    e = index < 0 ? NULL : ngx_live_origin_event_get(zone, index);

    if (e == NULL) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "live origin archive: event \"%s\" is not found again: "
                      "the zone has no room for it, raise \"events\" or "
                      "\"size\"", f->id);
        return;
    }

    if (!ngx_live_origin_restore_fresh(e->live)) {
        return;
    }

    ngx_memzero(&ad, sizeof(ngx_live_origin_adopt_t));
    ad.found = f;
    ad.doc = e->doc;

    rc = ngx_live_origin_restore_fill(zone, index, &ad);

    if (rc == LO_OK) {
        rc = ngx_live_origin_event_change(zone, e,
                                          ngx_live_origin_restore_change,
                                          &ad);
    }

    if (rc != LO_OK || !ad.done) {

        for (i = 0; i < f->live->ninits; i++) {
            if (ad.words[i]) {
                lo_zone_kill(zone->z, ad.words[i]);
            }
        }

        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "live origin archive: event \"%s\" is not found again: "
                      "%s", f->id, rc == LO_OK
                      ? "it is being published already"
                      : "its share of the zone has no room for it");
        return;
    }

    ngx_live_origin_restore_heads(zone, &ad);

    ngx_log_error(NGX_LOG_NOTICE, zone->log, 0,
                  "live origin archive: event \"%s\" is found again", f->id);
}


static void
ngx_live_origin_restore_free(ngx_live_origin_restore_t *rs)
{
    ngx_uint_t                i, k;
    ngx_live_origin_found_t  *f;

    for (i = 0; i < rs->n; i++) {

        f = &rs->found[i];

        for (k = 0; k < LO_LIVE_INITS; k++) {
            free(f->inits[k]);
        }

        free(f->live);
        free(f->doc);
    }

    rs->n = 0;
}


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
        ngx_live_origin_restore_adopt(zone, &rs->found[i]);
    }

    ngx_live_origin_restore_free(rs);

    if (job->err == 0 && !rs->over
        && ngx_live_origin_archive_post(zone, job) == NGX_OK)
    {
        return;
    }

    a->restoring = 0;

    if (job->err == 0 && rs->over) {
        a->started = 1;
        (void) lo_zone_restored(zone->z, 1);

    } else {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITE_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "opening", rs->path, job->err);
        a->write_us = ngx_live_origin_mono() + LO_USEC;
    }

    if (rs->dir) {
        (void) closedir(rs->dir);
    }

    free(rs->path);
    free(rs);
}
