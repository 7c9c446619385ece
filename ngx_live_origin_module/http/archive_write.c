/*
 * Segments to the disk.  A job has its segment pinned, and the
 * thread writes from the zone's own pages.  What is pinned cannot be reused,
 * so what is under way is a small part of the event's share: a disk that does
 * not answer takes no room from publishing.
 */

#include "http/archive.h"


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


static void ngx_live_origin_archive_write_run(ngx_live_origin_job_t *job);
static void ngx_live_origin_archive_written(ngx_live_origin_job_t *job);


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
    const char *folder, const char *track)
{
    const lo_zone_meta_t  *meta;

    meta = &o->meta;

    h->kind = LO_ARCHIVE_SEGMENT;
    h->pipeline = o->pipeline;
    h->size = o->size;
    ngx_memcpy(h->digest, o->digest, 16);
    h->place = lo_archive_place(lo_cstr(folder), lo_cstr(track));
    h->number = o->number;
    h->m = meta->m;
    h->tfdt = meta->tfdt;
    h->duration = meta->duration;
    h->timescale = meta->timescale;
    h->init = meta->init;
    h->run = meta->run;
    h->rank = meta->rank;
    h->verdict = meta->verdict;
    ngx_memcpy(h->ms, meta->ms, sizeof(h->ms));
    h->first_us = meta->first_us;
    h->last_us = meta->last_us;
    h->chunks = meta->chunks;
    h->flags = meta->flags;
}


ngx_int_t
ngx_live_origin_archive_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, lo_zone_pin_t *pin)
{
    char                        folder[LO_ARCHIVE_NAME];
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
    t = ngx_live_origin_track_of(zone, &event->live->tracks[track]);

    if (ze == NULL || t == NULL
        || !ngx_live_origin_archive_room(zone, event->index,
                                         pin->object->npages))
    {
        lo_zone_unpin(zone->z, pin);
        return NGX_BUSY;
    }

    id = event->live->tracks[track].id;
    len = ngx_strlen(a->path) + NGX_LIVE_ORIGIN_ARCHIVE_FILE;
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

    lo_archive_folder(folder, ze->id, ze->born_us);
    ngx_live_origin_archive_head(&w->head, pin->object, folder, id);
    ngx_live_origin_file_segment(w->name, len, a->path, folder, id,
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

    /* the event's own folder is not made here: it may have been deleted */

    job->err = ngx_live_origin_file_write(w->name, 2, &w->head, w->iov,
                                          w->niov, 0);
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
    rec.digest = lo_zone_digest_first(h->digest);
    rec.duration = h->duration;
    rec.timescale = h->timescale;
    rec.init = h->init;
    rec.run = h->run;
    rec.size = h->size;
    rec.rank = h->rank;
    rec.pipeline = h->pipeline;

    lo_zone_record_set(zone->z, ring, &rec);
}


/* it has left the window meanwhile: what is below that is looked for again */

static void
ngx_live_origin_archive_late(ngx_live_origin_zone_t *zone,
    ngx_live_origin_write_t *w)
{
    ngx_live_origin_archive_track_t  *st;

    if (!zone->archive->archivist) {
        return;
    }

    st = &zone->archive->tracks[w->ring];

    if (st->word == w->word && w->head.number < st->deleted) {
        st->deleted = 0;
    }
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
            ngx_live_origin_archive_late(zone, w);
            ngx_live_origin_archive_again(zone, w->ring, w->word,
                                          w->head.number, 0);
        }

    } else if (t) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITE_ERRORS]++;
        ngx_live_origin_archive_failed(zone, "writing", w->name, job->err);
        ngx_live_origin_archive_again(zone, w->ring, w->word,
                                      w->head.number, 1);

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
