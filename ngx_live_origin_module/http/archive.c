/*
 * The archive: what the zone has is written to a disk behind the 201.
 *
 * One worker of all instances is the archivist (a lock in the zone; the
 * kernel drops it when its worker dies, and another goes on).  Here is its
 * turn, ten times a second, and what others ask of the archive.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_SAY    (10 * LO_USEC)
#define NGX_LIVE_ORIGIN_ARCHIVE_START  (3 * LO_USEC)


static void ngx_live_origin_archive_begin(ngx_live_origin_zone_t *zone);
static void ngx_live_origin_archive_end(ngx_live_origin_zone_t *zone);


/* ---- jobs */

#if (NGX_THREADS)

static void
ngx_live_origin_archive_run(void *data, ngx_log_t *log)
{
    ngx_live_origin_job_t  *job = data;

    job->run(job);
}


static void
ngx_live_origin_archive_ran(ngx_event_t *ev)
{
    ngx_live_origin_job_t  *job = ev->data;

    job->zone->archive->jobs--;
    job->zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS] =
        job->zone->archive->jobs;

    job->done(job);
}


ngx_int_t
ngx_live_origin_archive_post(ngx_live_origin_zone_t *zone,
    ngx_live_origin_job_t *job)
{
    job->zone = zone;

    ngx_memzero(&job->task, sizeof(ngx_thread_task_t));

    job->task.ctx = job;
    job->task.handler = ngx_live_origin_archive_run;
    job->task.event.data = job;
    job->task.event.handler = ngx_live_origin_archive_ran;
    job->task.event.log = zone->log;

    if (ngx_thread_task_post(zone->archive->pool, &job->task) != NGX_OK) {
        return NGX_ERROR;
    }

    zone->archive->jobs++;
    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS] = zone->archive->jobs;

    return NGX_OK;
}

#else

/* the directive is refused then */

ngx_int_t
ngx_live_origin_archive_post(ngx_live_origin_zone_t *zone,
    ngx_live_origin_job_t *job)
{
    return NGX_ERROR;
}

#endif


void
ngx_live_origin_archive_failed(ngx_live_origin_zone_t *zone, const char *what,
    const char *name, int err)
{
    int64_t                       now;
    ngx_live_origin_archive_t    *a;

    a = zone->archive;
    now = ngx_live_origin_mono();

    if (a->said_us && now - a->said_us < NGX_LIVE_ORIGIN_ARCHIVE_SAY) {
        a->unsaid++;
        return;
    }

    if (err == NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "live origin archive: \"%s\" is damaged and not "
                      "served, %ui more failures since the last line", name,
                      a->unsaid);

    } else {
        ngx_log_error(NGX_LOG_ERR, zone->log, err,
                      "live origin archive: %s \"%s\" failed, %ui more "
                      "failures since the last line", what, name, a->unsaid);
    }

    a->said_us = now;
    a->unsaid = 0;
}


/* ---- the worker */

ngx_int_t
ngx_live_origin_archive_init(ngx_live_origin_zone_t *zone, ngx_str_t *path,
    void *pool)
{
    size_t                      len;
    lo_zone_stat_t              st;
    ngx_live_origin_archive_t  *a;

    if (path->len == 0) {
        return NGX_OK;
    }

    a = calloc(1, sizeof(ngx_live_origin_archive_t));
    if (a == NULL) {
        return NGX_ERROR;
    }

    len = path->len + zone->name.len + 2;
    a->path = malloc(len);

    if (a->path == NULL) {
        free(a);
        return NGX_ERROR;
    }

    ngx_snprintf((u_char *) a->path, len, "%V/%V%Z", path, &zone->name);

    lo_zone_stat(zone->z, &st);
    lo_zone_keep_records(zone->z);

    a->pool = pool;
    a->ntracks = st.tracks_max;
    a->nevents = st.events_max;

    ngx_queue_init(&a->writes);
    ngx_queue_init(&a->forgets);
    ngx_queue_init(&a->copies);
    ngx_queue_init(&a->ready);

    a->drain.handler = ngx_live_origin_archive_drain;
    a->drain.data = zone;
    a->drain.log = zone->log;

    a->more.handler = ngx_live_origin_archive_more;
    a->more.data = zone;
    a->more.log = zone->log;

    zone->archive = a;
    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS] = 0;

    ngx_live_origin_archive_tick(zone);

    return NGX_OK;
}


/* jobs end with their threads, before this: nothing reads the zone any more */

void
ngx_live_origin_archive_exit(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (a == NULL) {
        return;
    }

    ngx_live_origin_archive_end(zone);
    ngx_live_origin_archive_forget_end(zone);

    free(a->path);
    free(a);

    zone->archive = NULL;
}


static void
ngx_live_origin_archive_begin(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (!lo_zone_archivist(zone->z)) {
        return;
    }

    a->tracks = calloc(a->ntracks, sizeof(ngx_live_origin_archive_track_t));
    a->events = calloc(a->nevents, sizeof(ngx_live_origin_archive_event_t));

    if (a->tracks == NULL || a->events == NULL) {
        free(a->tracks);
        free(a->events);
        a->tracks = NULL;
        a->events = NULL;
        lo_zone_archivist_end(zone->z);
        return;
    }

    a->archivist = 1;
    a->pending = 0;
    a->trash = 1;
}


static void
ngx_live_origin_archive_end(ngx_live_origin_zone_t *zone)
{
    uint32_t                    i;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (!a->archivist) {
        return;
    }

    for (i = 0; i < a->ntracks; i++) {
        free(a->tracks[i].seen);
    }

    free(a->tracks);
    free(a->events);

    a->tracks = NULL;
    a->events = NULL;
    a->archivist = 0;

    lo_zone_archivist_end(zone->z);
}


void
ngx_live_origin_archive_tick(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (a == NULL) {
        return;
    }

    a->ticks++;

    if (ngx_exiting || ngx_terminate || ngx_quit) {

        /* a successor goes on, when what is under way is done */

        if (a->archivist && a->jobs == 0) {
            ngx_live_origin_archive_end(zone);
        }

        return;
    }

    if (!a->archivist) {
        ngx_live_origin_archive_begin(zone);
    }

    if (!a->archivist) {
        return;
    }

    if (!a->started || !lo_zone_restored(zone->z, 0)) {
        ngx_live_origin_archive_restore(zone);
        return;
    }

    ngx_live_origin_archive_events(zone, NGX_LIVE_ORIGIN_ARCHIVE_LOOKS);
    ngx_live_origin_archive_load(zone);

    /* by turns: one does not wait for the other's end */

    if (a->ticks % 2) {
        ngx_live_origin_archive_retain(zone);

    } else {
        ngx_live_origin_archive_trash(zone);
    }
}


/* an empty zone takes nothing for as long as the archive is looked at, and at
   most three seconds: a disk that does not answer stops nobody */

ngx_uint_t
ngx_live_origin_archive_waits(ngx_live_origin_zone_t *zone)
{
    lo_zone_stat_t  st;

    if (zone->archive == NULL || lo_zone_restored(zone->z, 0)) {
        return 0;
    }

    lo_zone_stat(zone->z, &st);

    return ngx_live_origin_wall() - st.created_us
           < NGX_LIVE_ORIGIN_ARCHIVE_START;
}


/* tracks made without an archive have none */

ngx_uint_t
ngx_live_origin_archive_holds(ngx_live_origin_zone_t *zone,
    const lo_live_t *l)
{
    ngx_uint_t        i;
    lo_zone_track_t  *t;

    if (zone->archive == NULL) {
        return 0;
    }

    for (i = 0; i < l->ntracks; i++) {

        t = ngx_live_origin_track_of(zone, &l->tracks[i]);

        if (t && !t->records) {
            return 0;
        }
    }

    return 1;
}


/* what was archived was given out, or could be: it stays, as in the zone */

int
ngx_live_origin_archive_stays(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    ngx_uint_t track, int64_t number, const u_char *digest, uint32_t rank)
{
    const lo_live_t          *l;
    lo_zone_record_t          rec;
    ngx_live_origin_event_t  *e;

    e = zone->archive ? ngx_live_origin_event_get(zone, index) : NULL;

    if (e == NULL) {
        return LO_NONE;
    }

    l = e->live;

    if (lo_zone_has(zone->z, l->tracks[track].ring, number, 0)
        || ngx_live_origin_archive_record_of(zone, l, track, number, &rec)
           != LO_OK)
    {
        return LO_NONE;
    }

    if (rec.digest == lo_zone_digest_first(digest)) {
        return LO_PUBLISH_SAME;
    }

    return rec.rank <= rank ? LO_PUBLISH_SUPERSEDED : LO_NONE;
}


uint32_t
ngx_live_origin_archive_phase(ngx_live_origin_zone_t *zone,
    const lo_live_t *l)
{
    ngx_uint_t        i;
    lo_zone_track_t  *t;

    if (zone->archive == NULL || l->phase != LO_LIVE_ENDED) {
        return l->phase;
    }

    for (i = 0; i < l->ntracks; i++) {

        t = ngx_live_origin_track_of(zone, &l->tracks[i]);

        if (t && __atomic_load_n(&t->tail, __ATOMIC_RELAXED)
                 <= __atomic_load_n(&t->head, __ATOMIC_RELAXED))
        {
            return l->phase;
        }
    }

    return LO_LIVE_ARCHIVED;
}


int
ngx_live_origin_archive_record_of(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, ngx_uint_t track, int64_t number,
    lo_zone_record_t *rec)
{
    if (zone->archive == NULL
        || lo_zone_record(zone->z, l->tracks[track].ring, number, rec)
           != LO_OK
        || (rec->pipeline & NGX_LIVE_ORIGIN_SHARE_AWAY)
        || (lo_live_masked(l, track, number) >> rec->pipeline & 1))
    {
        return LO_NONE;
    }

    return LO_OK;
}
