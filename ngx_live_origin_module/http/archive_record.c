/*
 * What is needed to find an event again: its document, its headers, and last,
 * as it names the others, its live state.  Written when they have changed.
 */

#include "http/archive.h"


typedef struct {
    lo_archive_head_t            head;
    char                        *name;
    unsigned char               *data;
    ngx_uint_t                   once;      /* what is there stays */
} ngx_live_origin_record_file_t;


typedef struct {
    ngx_live_origin_job_t            job;
    uint32_t                         event;
    uint64_t                         word;  /* of the event's row */
    lo_word_t                        live;
    lo_word_t                        doc;
    uint32_t                         init;
    unsigned                         nfiles;
    ngx_live_origin_record_file_t    files[LO_LIVE_INITS + 2];
} ngx_live_origin_records_t;


static void
ngx_live_origin_records_free(ngx_live_origin_records_t *rs)
{
    ngx_uint_t  i;

    for (i = 0; i < rs->nfiles; i++) {
        free(rs->files[i].name);
        free(rs->files[i].data);
    }

    free(rs);
}


static void
ngx_live_origin_records_run(ngx_live_origin_job_t *job)
{
    ngx_uint_t                      i;
    struct iovec                    iov[2];
    ngx_live_origin_records_t      *rs = (ngx_live_origin_records_t *) job;
    ngx_live_origin_record_file_t  *f;

    job->err = ngx_live_origin_file_mkdir(rs->files[0].name, 1);

    for (i = 0; i < rs->nfiles && job->err == 0; i++) {

        f = &rs->files[i];

        if (f->once && access(f->name, F_OK) == 0) {
            continue;
        }

        iov[1].iov_base = f->data;
        iov[1].iov_len = f->head.size;

        job->err = ngx_live_origin_file_write(f->name, 0, &f->head, iov, 2, 1);
    }
}


static void
ngx_live_origin_records_done(ngx_live_origin_job_t *job)
{
    ngx_live_origin_zone_t           *zone;
    ngx_live_origin_records_t        *rs = (ngx_live_origin_records_t *) job;
    ngx_live_origin_archive_t        *a;
    ngx_live_origin_archive_event_t  *st;

    zone = job->zone;
    a = zone->archive;

    if (job->err) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITE_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "writing", rs->files[0].name,
                                       job->err);
        a->write_us = ngx_live_origin_mono() + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;
    }

    if (a->archivist) {
        st = &a->events[rs->event];

        if (st->word == rs->word) {
            st->busy = 0;

            if (job->err == 0) {
                st->live = rs->live;
                st->doc = rs->doc;
                st->init = rs->init;
            }
        }
    }

    ngx_live_origin_records_free(rs);
}


/* takes data, also when it fails */

static ngx_int_t
ngx_live_origin_records_add(ngx_live_origin_records_t *rs, const char *folder,
    const char *name, lo_archive_kind_e kind, void *data, size_t len)
{
    size_t                          size;
    ngx_live_origin_record_file_t  *f;

    f = &rs->files[rs->nfiles];

    if (data == NULL || rs->nfiles == LO_LIVE_INITS + 2) {
        free(data);
        return NGX_ERROR;
    }

    size = ngx_strlen(rs->job.zone->archive->path)
           + NGX_LIVE_ORIGIN_ARCHIVE_FILE;
    f->name = malloc(size);

    if (f->name == NULL) {
        free(data);
        return NGX_ERROR;
    }

    ngx_live_origin_file_name(f->name, size, rs->job.zone->archive->path,
                              folder, name);

    f->data = data;
    f->head.kind = kind;
    f->head.size = len;
    f->head.number = -1;
    f->head.place = lo_archive_place(lo_cstr(folder), lo_cstr(""));
    f->once = kind == LO_ARCHIVE_INIT;
    lo_zone_digest(f->head.digest, data, len);
    rs->nfiles++;

    return NGX_OK;
}


/* a copy of an object of the zone */

static void *
ngx_live_origin_records_copy(ngx_live_origin_zone_t *zone, lo_word_t word,
    size_t *len)
{
    void           *data;
    int64_t         n;
    lo_zone_pin_t   pin;

    if (lo_zone_pin(zone->z, word, &pin) != LO_OK) {
        return NULL;
    }

    n = pin.object->size;
    lo_zone_unpin(zone->z, &pin);

    data = malloc(n + 1);

    if (data && lo_zone_read(zone->z, word, data, n) != n) {
        free(data);
        return NULL;
    }

    *len = n;

    return data;
}


static ngx_int_t
ngx_live_origin_records_inits(ngx_live_origin_records_t *rs,
    ngx_live_origin_event_t *event, const char *folder, uint32_t after)
{
    char                   name[32];
    void                  *data;
    size_t                 len;
    ngx_uint_t             i;
    const lo_live_t       *l;
    const lo_live_init_t  *init;

    l = event->live;
    rs->init = after;

    for (i = 0; i < l->ninits; i++) {

        init = &l->inits[i];

        if (init->id <= after) {
            continue;
        }

        (void) snprintf(name, sizeof(name), "_init-%016llx",
                        (unsigned long long) init->digest);

        data = ngx_live_origin_records_copy(rs->job.zone, init->word, &len);

        if (ngx_live_origin_records_add(rs, folder, name, LO_ARCHIVE_INIT, data,
                                        len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        rs->init = ngx_max(rs->init, init->id);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_records_fill(ngx_live_origin_records_t *rs,
    ngx_live_origin_event_t *event, const char *folder,
    ngx_live_origin_archive_event_t *st)
{
    void    *data;
    size_t   len;

    if (ngx_live_origin_records_inits(rs, event, folder, st->init) != NGX_OK) {
        return NGX_ERROR;
    }

    if (event->doc_word && event->doc_word != st->doc) {

        data = ngx_live_origin_records_copy(rs->job.zone, event->doc_word,
                                            &len);

        if (ngx_live_origin_records_add(rs, folder, "_document", LO_ARCHIVE_DOC,
                                        data, len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    len = offsetof(lo_live_t, inits)
          + event->live->ninits * sizeof(lo_live_init_t);
    data = malloc(len);

    if (data) {
        ngx_memcpy(data, event->live, len);
    }

    return ngx_live_origin_records_add(rs, folder, "_live", LO_ARCHIVE_LIVE,
                                       data, len);
}


ngx_uint_t
ngx_live_origin_archive_record(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
    char                              folder[LO_ARCHIVE_NAME];
    uint64_t                          word;
    lo_zone_event_t                  *ze;
    ngx_live_origin_archive_t        *a;
    ngx_live_origin_records_t        *rs;
    ngx_live_origin_archive_event_t  *st;

    a = zone->archive;
    st = &a->events[event->index];
    ze = lo_zone_event(zone->z, event->index);

    if (ze == NULL) {
        return 0;
    }

    word = __atomic_load_n(&ze->word, __ATOMIC_ACQUIRE);

    if (st->word != word) {
        ngx_memzero(st, sizeof(ngx_live_origin_archive_event_t));
        st->word = word;
    }

    if (st->busy || ngx_live_origin_mono() < a->write_us
        || (st->live == event->live_word && st->doc == event->doc_word)
        || (st->live && a->ticks % 10))
    {
        return st->live != 0;
    }

    rs = calloc(1, sizeof(ngx_live_origin_records_t));
    if (rs == NULL) {
        return st->live != 0;
    }

    rs->job.zone = zone;
    rs->job.run = ngx_live_origin_records_run;
    rs->job.done = ngx_live_origin_records_done;
    rs->event = event->index;
    rs->word = word;
    rs->live = event->live_word;
    rs->doc = event->doc_word;

    lo_archive_folder(folder, ze->id, ze->born_us);

    if (ngx_live_origin_records_fill(rs, event, folder, st) != NGX_OK
        || ngx_live_origin_archive_post(zone, &rs->job) != NGX_OK)
    {
        ngx_live_origin_records_free(rs);
        return st->live != 0;
    }

    st->busy = 1;

    return st->live != 0;
}
