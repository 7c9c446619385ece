/*
 * The archive: what the zone has is written to a disk behind the 201.
 *
 * One worker of all instances is the archivist (a lock in the zone; the
 * kernel drops it when its worker dies, and another goes on).  It looks at
 * the heads of all tracks every 100 ms, and slowly at all the rest: what is
 * in the zone and has no record, or another digest than its record says, is
 * written.  So nothing has to be queued while a disk is slow or full: the
 * queue is the zone, and what leaves it unwritten is counted as lost.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_SAY    (10 * LO_USEC)
#define NGX_LIVE_ORIGIN_ARCHIVE_START  (3 * LO_USEC)


static void ngx_live_origin_archive_begin(ngx_live_origin_zone_t *zone);
static void ngx_live_origin_archive_end(ngx_live_origin_zone_t *zone);
static void ngx_live_origin_archive_more(ngx_event_t *ev);
static void ngx_live_origin_archive_events(ngx_live_origin_zone_t *zone);


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
    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING] = 0;

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

    free(a->path);
    free(a);

    zone->archive = NULL;
}


static void
ngx_live_origin_archive_begin(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    a->tracks = calloc(a->ntracks, sizeof(ngx_live_origin_archive_track_t));
    a->events = calloc(a->nevents, sizeof(ngx_live_origin_archive_event_t));

    if (a->tracks == NULL || a->events == NULL
        || !lo_zone_archivist(zone->z))
    {
        free(a->tracks);
        free(a->events);
        a->tracks = NULL;
        a->events = NULL;
        return;
    }

    a->archivist = 1;
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
    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING] = 0;

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

        if (a->ticks % 10 == 1) {
            ngx_live_origin_archive_begin(zone);
        }

        if (!a->archivist) {
            return;
        }
    }

    if (!a->started || !lo_zone_restored(zone->z, 0)) {
        ngx_live_origin_archive_restore(zone);
        return;
    }

    ngx_live_origin_archive_events(zone);
    ngx_live_origin_archive_load(zone);
    ngx_live_origin_archive_retain(zone);
    ngx_live_origin_archive_trash(zone);
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

        t = l->tracks[i].ring == LO_ZONE_NO_TRACK
            ? NULL : lo_zone_track(zone->z, l->tracks[i].ring);

        if (t && !t->records) {
            return 0;
        }
    }

    return 1;
}


/* ---- what is to be written */

static void
ngx_live_origin_archive_drop(ngx_live_origin_zone_t *zone,
    ngx_live_origin_archive_track_t *st)
{
    zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING] -= st->pending;
    free(st->seen);
    ngx_memzero(st, sizeof(ngx_live_origin_archive_track_t));
}


/* of events that were deleted */

static void
ngx_live_origin_archive_drop_gone(ngx_live_origin_zone_t *zone)
{
    uint32_t                          i;
    lo_zone_track_t                  *t;
    ngx_live_origin_archive_track_t  *st;

    for (i = 0; i < zone->archive->ntracks; i++) {

        st = &zone->archive->tracks[i];

        if (st->seen == NULL) {
            continue;
        }

        t = lo_zone_track(zone->z, i);

        if (t == NULL
            || __atomic_load_n(&t->word, __ATOMIC_ACQUIRE) != st->word)
        {
            ngx_live_origin_archive_drop(zone, st);
        }
    }
}


ngx_live_origin_archive_track_t *
ngx_live_origin_archive_track(ngx_live_origin_zone_t *zone, uint32_t ring)
{
    uint64_t                          word;
    lo_zone_track_t                  *t;
    ngx_live_origin_archive_track_t  *st;

    t = lo_zone_track(zone->z, ring);

    if (t == NULL || !t->records) {
        return NULL;
    }

    st = &zone->archive->tracks[ring];
    word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    if (st->word == word && st->seen) {
        return st;
    }

    ngx_live_origin_archive_drop(zone, st);

    st->seen = calloc((t->cap + 63) / 64, 8);
    st->word = word;
    st->cap = t->cap;

    return st->seen ? st : NULL;
}


/* counts what was there and is on no disk: until it is written, or lost */

static void
ngx_live_origin_archive_mark(ngx_live_origin_zone_t *zone,
    ngx_live_origin_archive_track_t *st, int64_t n, ngx_uint_t pending)
{
    uint64_t  *word, bit;

    word = &st->seen[n % st->cap / 64];
    bit = UINT64_C(1) << (n % st->cap % 64);

    if (pending && !(*word & bit)) {
        *word |= bit;
        st->pending++;
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING]++;

    } else if (!pending && (*word & bit)) {
        *word &= ~bit;
        st->pending--;
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING]--;
    }
}


static uint64_t
ngx_live_origin_archive_digest(const lo_zone_object_t *o)
{
    uint64_t  v;

    ngx_memcpy(&v, o->digest, 8);

    return __builtin_bswap64(v);
}


/* NGX_BUSY: it is to be written, and there is no room for one more job */

static ngx_int_t
ngx_live_origin_archive_look(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track,
    ngx_live_origin_archive_track_t *st, int64_t n, ngx_uint_t may)
{
    uint32_t           ring;
    ngx_uint_t         known, pending;
    lo_zone_pin_t      pin;
    lo_zone_record_t   rec;

    ring = event->live->tracks[track].ring;
    known = lo_zone_record(zone->z, ring, n, &rec) == LO_OK;
    pending = (st->seen[n % st->cap / 64] >> (n % st->cap % 64)) & 1;

    if (ngx_live_origin_archive_writing(zone, ring, n)) {
        return NGX_OK;
    }

    if (lo_zone_find(zone->z, ring, n, 0, 0, &pin) != LO_OK) {

        if (pending) {
            zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_LOST] += !known;
            ngx_live_origin_archive_mark(zone, st, n, 0);
        }

        return NGX_OK;
    }

    if (known && rec.digest == ngx_live_origin_archive_digest(pin.object)) {
        ngx_live_origin_archive_mark(zone, st, n, 0);
        lo_zone_unpin(zone->z, &pin);
        return NGX_OK;
    }

    ngx_live_origin_archive_mark(zone, st, n, 1);

    if (!may) {
        lo_zone_unpin(zone->z, &pin);
        return NGX_BUSY;
    }

    return ngx_live_origin_archive_write(zone, event, track, &pin);
}


/* from the oldest, as that is the next to leave the zone */

static void
ngx_live_origin_archive_look_track(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, ngx_uint_t may)
{
    int64_t                           n, head, from;
    uint32_t                          ring;
    ngx_uint_t                        i;
    ngx_live_origin_archive_track_t  *st;

    ring = event->live->tracks[track].ring;
    st = ngx_live_origin_archive_track(zone, ring);

    if (st == NULL) {
        return;
    }

    head = __atomic_load_n(&lo_zone_track(zone->z, ring)->head,
                           __ATOMIC_ACQUIRE);
    from = ngx_max(head - (int64_t) st->cap + 1, 0);

    st->marked = ngx_max(st->marked, from);
    st->next = ngx_max(st->next, from);

    for (i = 0; st->marked <= head && i < 2 * NGX_LIVE_ORIGIN_ARCHIVE_SWEEP;
         st->marked++, i++)
    {
        (void) ngx_live_origin_archive_look(zone, event, track, st,
                                            st->marked, 0);
    }

    for (i = 0; st->next <= head && i < NGX_LIVE_ORIGIN_ARCHIVE_SWEEP;
         st->next++, i++)
    {
        if (ngx_live_origin_archive_look(zone, event, track, st, st->next,
                                         may)
            != NGX_OK)
        {
            break;
        }
    }

    /* the newest again: another pipeline's may be better */

    n = ngx_max(st->next - NGX_LIVE_ORIGIN_ARCHIVE_TAIL, from);

    for ( /* void */ ; n < st->next; n++) {
        (void) ngx_live_origin_archive_look(zone, event, track, st, n, may);
    }

    if (zone->archive->ticks % 10) {
        return;
    }

    /* slowly all: back-fill, another choice, what a dead worker left */

    st->sweep = ngx_max(st->sweep, from);

    for (i = 0; i < NGX_LIVE_ORIGIN_ARCHIVE_SWEEP; i++, st->sweep++) {

        if (st->sweep >= st->next) {
            st->sweep = from;
            break;
        }

        if (ngx_live_origin_archive_look(zone, event, track, st, st->sweep,
                                         may)
            != NGX_OK)
        {
            break;
        }
    }
}


/* a write failed: from there once more */

void
ngx_live_origin_archive_again(ngx_live_origin_zone_t *zone, uint32_t ring,
    uint64_t word, int64_t number)
{
    ngx_live_origin_archive_t        *a;
    ngx_live_origin_archive_track_t  *st;

    a = zone->archive;

    if (!a->archivist) {
        return;
    }

    st = &a->tracks[ring];

    if (st->word == word) {
        st->next = ngx_min(st->next, number);
    }
}


static void
ngx_live_origin_archive_events(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t                  i, k, may;
    ngx_live_origin_event_t    *e;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;

    if (a->ticks % 10 == 0) {
        ngx_live_origin_archive_drop_gone(zone);
    }

    for (i = 0; i < a->nevents; i++) {

        if (lo_zone_event(zone->z, i) == NULL) {
            continue;
        }

        e = ngx_live_origin_event_get(zone, i);

        if (e == NULL || e->live->first == INT64_MAX) {
            continue;
        }

        may = ngx_live_origin_archive_record(zone, e)
              && ngx_live_origin_mono() >= a->write_us;

        for (k = 0; k < e->live->ntracks; k++) {
            if (e->live->tracks[k].ring != LO_ZONE_NO_TRACK) {
                ngx_live_origin_archive_look_track(zone, e, k, may);
            }
        }
    }
}


void
ngx_live_origin_archive_next(ngx_live_origin_zone_t *zone)
{
    if (zone->archive->archivist
        && zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING])
    {
        ngx_post_event(&zone->archive->more, &ngx_posted_next_events);
    }
}


static void
ngx_live_origin_archive_more(ngx_event_t *ev)
{
    ngx_live_origin_zone_t  *zone = ev->data;

    if (zone->archive->archivist && !ngx_exiting && !ngx_terminate) {
        ngx_live_origin_archive_events(zone);
    }
}


/* what was archived was given out, or could be: it stays, as in the zone */

int
ngx_live_origin_archive_stays(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    ngx_uint_t track, int64_t number, const u_char *digest, uint32_t rank)
{
    uint64_t                  first;
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

    ngx_memcpy(&first, digest, 8);

    if (rec.digest == __builtin_bswap64(first)) {
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

        t = l->tracks[i].ring == LO_ZONE_NO_TRACK
            ? NULL : lo_zone_track(zone->z, l->tracks[i].ring);

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
        || (lo_live_masked(l, track, number) >> rec->pipeline & 1))
    {
        return LO_NONE;
    }

    return LO_OK;
}
