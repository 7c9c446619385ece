/*
 * Segments and records to the disk.  A segment's job has it pinned, and the
 * thread writes from the zone's own pages.  What is pinned cannot be reused,
 * so what is under way is a small part of the event's share: a disk that does
 * not answer takes no room from publishing.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_PAUSE  LO_USEC   /* after a failure */
#define NGX_LIVE_ORIGIN_ARCHIVE_PART   8         /* of the share: pinned */


typedef struct {
    ngx_live_origin_job_t        job;
    ngx_queue_t                  queue;
    lo_zone_pin_t                pin;
    lo_archive_head_t            head;
    uint32_t                     ring;
    uint32_t                     event;
    uint64_t                     word;      /* of the track's row */
    uint64_t                     replaced;  /* bytes */
    unsigned                     niov;
    char                        *name;
    struct iovec                 iov[1];    /* the first is for the head */
} ngx_live_origin_write_t;


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


static void ngx_live_origin_archive_write_run(ngx_live_origin_job_t *job);
static void ngx_live_origin_archive_written(ngx_live_origin_job_t *job);


/* ---- segments */

ngx_uint_t
ngx_live_origin_archive_writing(ngx_live_origin_zone_t *zone, uint32_t ring,
    int64_t number)
{
    ngx_queue_t                *q;
    ngx_live_origin_write_t    *w;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    for (q = ngx_queue_head(&a->writes); q != ngx_queue_sentinel(&a->writes);
         q = ngx_queue_next(q))
    {
        w = ngx_queue_data(q, ngx_live_origin_write_t, queue);

        if (w->ring == ring && w->head.number == number) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_live_origin_archive_room(ngx_live_origin_zone_t *zone, uint32_t event,
    uint64_t pages)
{
    uint64_t                    sum;
    ngx_queue_t                *q;
    lo_zone_event_t            *ze;
    ngx_live_origin_write_t    *w;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;
    ze = lo_zone_event(zone->z, event);

    if (a->nwrites == NGX_LIVE_ORIGIN_ARCHIVE_WRITES || ze == NULL) {
        return 0;
    }

    sum = 0;

    for (q = ngx_queue_head(&a->writes); q != ngx_queue_sentinel(&a->writes);
         q = ngx_queue_next(q))
    {
        w = ngx_queue_data(q, ngx_live_origin_write_t, queue);

        if (w->event == event) {
            sum += w->pin.object->npages;
        }
    }

    return sum == 0 || sum + pages
                       <= __atomic_load_n(&ze->share, __ATOMIC_RELAXED)
                          / NGX_LIVE_ORIGIN_ARCHIVE_PART;
}


static void
ngx_live_origin_archive_head(lo_archive_head_t *h, const lo_zone_object_t *o,
    const char *event, const char *track)
{
    const lo_zone_meta_t  *meta;

    meta = &o->meta;

    h->kind = LO_ARCHIVE_SEGMENT;
    h->pipeline = o->pipeline;
    h->size = o->size;
    ngx_memcpy(h->digest, o->digest, 16);
    h->place = lo_archive_place(lo_cstr(event), lo_cstr(track));
    h->number = o->number;
    h->m = meta->m;
    h->tfdt = meta->tfdt;
    h->duration = meta->duration;
    h->timescale = meta->timescale;
    h->init = meta->init;
    h->run = meta->run;
    h->rank = meta->rank;
    h->verdict = meta->verdict;
    h->first_us = meta->first_us;
    h->last_us = meta->last_us;
    h->chunks = meta->chunks;
    h->flags = meta->flags;
}


ngx_int_t
ngx_live_origin_archive_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, lo_zone_pin_t *pin)
{
    size_t                      n, len, size;
    u_char                     *p;
    const char                 *id;
    lo_zone_event_t            *ze;
    lo_zone_track_t            *t;
    lo_zone_cursor_t            c;
    ngx_live_origin_write_t    *w;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;
    ze = lo_zone_event(zone->z, event->index);
    t = lo_zone_track(zone->z, event->live->tracks[track].ring);

    if (ze == NULL || t == NULL
        || !ngx_live_origin_archive_room(zone, event->index,
                                         pin->object->npages))
    {
        lo_zone_unpin(zone->z, pin);
        return NGX_BUSY;
    }

    id = event->live->tracks[track].id;
    len = ngx_strlen(a->path) + 2 * (LO_ID_MAX + 1) + 2 * NGX_INT64_LEN + 8;
    size = sizeof(ngx_live_origin_write_t)
           + pin->object->npages * sizeof(struct iovec);

    w = calloc(1, size + len);
    if (w == NULL) {
        lo_zone_unpin(zone->z, pin);
        return NGX_BUSY;
    }

    w->pin = *pin;
    w->ring = event->live->tracks[track].ring;
    w->event = event->index;
    w->word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    w->name = (char *) w + size;
    w->niov = 1;

    ngx_live_origin_archive_head(&w->head, pin->object, ze->id, id);
    ngx_live_origin_file_segment(w->name, len, a->path, ze->id, id,
                                 w->head.number);

    lo_zone_seek(zone->z, pin->object, 0, pin->object->size, &c);

    for (n = lo_zone_span(zone->z, &c, &p); n;
         n = lo_zone_span(zone->z, &c, &p))
    {
        w->iov[w->niov].iov_base = p;
        w->iov[w->niov++].iov_len = n;
    }

    w->job.run = ngx_live_origin_archive_write_run;
    w->job.done = ngx_live_origin_archive_written;

    if (ngx_live_origin_archive_post(zone, &w->job) != NGX_OK) {
        lo_zone_unpin(zone->z, &w->pin);
        free(w);
        return NGX_BUSY;
    }

    ngx_queue_insert_tail(&a->writes, &w->queue);
    a->nwrites++;

    return NGX_OK;
}


static void
ngx_live_origin_archive_write_run(ngx_live_origin_job_t *job)
{
    struct stat               st;
    ngx_live_origin_write_t  *w = (ngx_live_origin_write_t *) job;

    w->replaced = lstat(w->name, &st) == 0 ? st.st_size : 0;
    job->err = ngx_live_origin_file_write(w->name, &w->head, w->iov, w->niov,
                                          0);

    if (job->err == ENOENT
        && ngx_live_origin_file_mkdir(w->name, 2) == 0)
    {
        job->err = ngx_live_origin_file_write(w->name, &w->head, w->iov,
                                              w->niov, 0);
    }
}


void
ngx_live_origin_archive_known(ngx_live_origin_zone_t *zone, uint32_t ring,
    const lo_archive_head_t *h)
{
    lo_zone_record_t  rec;

    ngx_memzero(&rec, sizeof(lo_zone_record_t));

    rec.number = h->number;
    rec.m = h->m;
    rec.verdict = h->verdict;
    ngx_memcpy(&rec.digest, h->digest, 8);
    rec.digest = __builtin_bswap64(rec.digest);
    rec.duration = h->duration;
    rec.timescale = h->timescale;
    rec.init = h->init;
    rec.run = h->run;
    rec.size = h->size;
    rec.rank = h->rank;
    rec.pipeline = h->pipeline;

    lo_zone_record_set(zone->z, ring, &rec);
}


static void
ngx_live_origin_archive_written(ngx_live_origin_job_t *job)
{
    lo_zone_track_t          *t;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_write_t  *w = (ngx_live_origin_write_t *) job;

    zone = job->zone;

    ngx_queue_remove(&w->queue);
    zone->archive->nwrites--;

    /* the track may have gone, and another come in its row */

    t = lo_zone_track(zone->z, w->ring);

    if (t && __atomic_load_n(&t->word, __ATOMIC_ACQUIRE) != w->word) {
        t = NULL;
    }

    if (job->err == 0) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_SEGMENTS]++;
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITTEN] += w->head.size;
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_BYTES] +=
            LO_ARCHIVE_HEAD + w->head.size - w->replaced;

        if (t) {
            ngx_live_origin_archive_known(zone, w->ring, &w->head);
        }

    } else if (t) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITE_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "writing", w->name, job->err);
        ngx_live_origin_archive_again(zone, w->ring, w->word,
                                      w->head.number);

        zone->archive->write_us = ngx_live_origin_mono()
                                  + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;

        if (job->err == ENOENT && zone->archive->archivist) {

            /* somebody has removed the event's folder: all of it again */

            ngx_memzero(&zone->archive->events[w->event],
                        sizeof(ngx_live_origin_archive_event_t));
        }
    }

    lo_zone_unpin(zone->z, &w->pin);

    if (zone->archive->nwrites == 0 && w->job.err == 0) {
        ngx_live_origin_archive_next(zone);
    }

    free(w);
}


/* ---- records: the live state last, as it names the others */

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

        job->err = ngx_live_origin_file_write(f->name, &f->head, iov, 2, 1);
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
ngx_live_origin_records_add(ngx_live_origin_records_t *rs, const char *event,
    const char *name, lo_archive_kind_e kind, void *data, size_t len)
{
    size_t                          size;
    ngx_live_origin_record_file_t  *f;

    f = &rs->files[rs->nfiles];

    if (data == NULL || rs->nfiles == LO_LIVE_INITS + 2) {
        free(data);
        return NGX_ERROR;
    }

    size = ngx_strlen(rs->job.zone->archive->path) + LO_ID_MAX
           + ngx_strlen(name) + 4;
    f->name = malloc(size);

    if (f->name == NULL) {
        free(data);
        return NGX_ERROR;
    }

    ngx_live_origin_file_name(f->name, size, rs->job.zone->archive->path,
                              event, name);

    f->data = data;
    f->head.kind = kind;
    f->head.size = len;
    f->head.number = -1;
    f->head.place = lo_archive_place(lo_cstr(event), lo_cstr(""));
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
    ngx_live_origin_event_t *event, const char *id, uint32_t after)
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

        if (ngx_live_origin_records_add(rs, id, name, LO_ARCHIVE_INIT, data,
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
    ngx_live_origin_event_t *event, const char *id,
    ngx_live_origin_archive_event_t *st)
{
    void    *data;
    size_t   len;

    if (ngx_live_origin_records_inits(rs, event, id, st->init) != NGX_OK) {
        return NGX_ERROR;
    }

    if (event->doc_word && event->doc_word != st->doc) {

        data = ngx_live_origin_records_copy(rs->job.zone, event->doc_word,
                                            &len);

        if (ngx_live_origin_records_add(rs, id, "_document", LO_ARCHIVE_DOC,
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

    return ngx_live_origin_records_add(rs, id, "_live", LO_ARCHIVE_LIVE, data,
                                       len);
}


ngx_uint_t
ngx_live_origin_archive_record(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
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

    if (ngx_live_origin_records_fill(rs, event, ze->id, st) != NGX_OK
        || ngx_live_origin_archive_post(zone, &rs->job) != NGX_OK)
    {
        ngx_live_origin_records_free(rs);
        return st->live != 0;
    }

    st->busy = 1;

    return st->live != 0;
}
