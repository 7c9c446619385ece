/*
 * What is to be written.  The archivist looks at the newest numbers of all
 * tracks ten times a second, and slowly at all that the zone has: what has no
 * record, or another digest than its record says, is written.  So nothing has
 * to be queued while a disk is slow or full: the queue is the zone, and what
 * leaves it unwritten is counted as lost.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_MORE  1024   /* looks, when writes are done */


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
    st->low = INT64_MAX;
    st->tail = INT64_MAX;

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
        st->low = ngx_min(st->low, n);
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING]++;

    } else if (!pending && (*word & bit)) {
        *word &= ~bit;
        st->pending--;
        zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING]--;
    }
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

    zone->archive->looks -= zone->archive->looks > 0;

    ring = event->live->tracks[track].ring;
    known = lo_zone_record(zone->z, ring, n, &rec) == LO_OK
            && !(rec.pipeline & NGX_LIVE_ORIGIN_SHARE_AWAY);
    pending = (st->seen[n % st->cap / 64] >> (n % st->cap % 64)) & 1;

    if (ngx_live_origin_archive_writing(zone, ring, n)) {
        return NGX_OK;
    }

    if (n < st->oldest) {
        ngx_live_origin_archive_mark(zone, st, n, 0);
        return NGX_OK;
    }

    if (lo_zone_find(zone->z, ring, n, 0, 0, &pin) != LO_OK) {

        if (pending) {
            zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_LOST] += !known;
            ngx_live_origin_archive_mark(zone, st, n, 0);
        }

        return NGX_OK;
    }

    if (known && rec.digest == lo_zone_digest_first(pin.object->digest)) {
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


/*
 * Slowly all: back-fill, another choice, what a dead worker left.  The zone
 * has nothing below its tail; what waited there to be written is lost.
 * Back-fill moves the tail down, and is the next to leave: at once, then.
 */

static void
ngx_live_origin_archive_sweep(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track,
    ngx_live_origin_archive_track_t *st, int64_t from, ngx_uint_t may)
{
    int64_t           tail;
    ngx_uint_t        i, lower;
    lo_zone_track_t  *t;

    t = ngx_live_origin_track_of(zone, &event->live->tracks[track]);
    if (t == NULL) {
        return;
    }

    tail = __atomic_load_n(&t->tail, __ATOMIC_ACQUIRE);
    lower = tail < st->tail;
    st->tail = tail;

    if (st->pending == 0) {
        st->low = INT64_MAX;
    }

    from = ngx_max(from, ngx_min(tail, st->low));

    if (lower) {
        st->sweep = from;

    } else if (zone->archive->ticks % 10) {
        return;
    }

    st->sweep = ngx_max(st->sweep, from);

    for (i = 0; i < NGX_LIVE_ORIGIN_ARCHIVE_SWEEP && zone->archive->looks;
         i++, st->sweep++)
    {
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


/* from the oldest, as that is the next to leave the zone */

static void
ngx_live_origin_archive_look_track(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, ngx_uint_t may)
{
    int64_t                           n, head, from;
    uint32_t                          ring;
    lo_zone_track_t                  *t;
    ngx_live_origin_archive_t        *a;
    ngx_live_origin_archive_track_t  *st;

    a = zone->archive;
    ring = event->live->tracks[track].ring;
    t = lo_zone_track(zone->z, ring);
    st = ngx_live_origin_archive_track(zone, ring);

    if (t == NULL || st == NULL) {
        return;
    }

    head = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);
    from = ngx_max(head - (int64_t) st->cap + 1, 0);
    st->oldest = ngx_live_origin_archive_oldest(event->live, head);

    if (st->next == 0) {
        n = __atomic_load_n(&t->tail, __ATOMIC_ACQUIRE);
        st->next = ngx_min(n, head + 1);
        st->marked = st->next;
    }

    st->marked = ngx_max(st->marked, from);
    st->next = ngx_max(st->next, from);

    for ( /* void */ ; st->marked <= head && a->looks; st->marked++) {
        (void) ngx_live_origin_archive_look(zone, event, track, st,
                                            st->marked, 0);
    }

    for ( /* void */ ; st->next <= head && a->looks; st->next++) {
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

    ngx_live_origin_archive_sweep(zone, event, track, st, from, may);

    if (may && a->ticks % 10 == 0) {
        ngx_live_origin_archive_gaps(zone, event, ring, st);
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
ngx_live_origin_archive_look_event(ngx_live_origin_zone_t *zone,
    ngx_uint_t index)
{
    ngx_uint_t                  k, may;
    ngx_live_origin_event_t    *e;

    if (lo_zone_event(zone->z, index) == NULL) {
        return;
    }

    e = ngx_live_origin_event_get(zone, index);

    if (e == NULL || e->live->first == INT64_MAX) {
        return;
    }

    may = ngx_live_origin_archive_record(zone, e)
          && ngx_live_origin_mono() >= zone->archive->write_us;

    for (k = 0; k < e->live->ntracks; k++) {
        if (e->live->tracks[k].ring != LO_ZONE_NO_TRACK) {
            ngx_live_origin_archive_look_track(zone, e, k, may);
        }
    }
}


/* a turn is bounded: the next one begins with the event that it ended at */

void
ngx_live_origin_archive_events(ngx_live_origin_zone_t *zone, ngx_uint_t looks)
{
    ngx_uint_t                  i;
    ngx_live_origin_archive_t  *a;

    a = zone->archive;
    a->looks = looks;

    if (a->ticks % 10 == 0) {
        ngx_live_origin_archive_drop_gone(zone);
    }

    for (i = 0; i < a->nevents; i++) {

        ngx_live_origin_archive_look_event(zone, a->at);

        if (a->looks == 0) {
            break;
        }

        a->at = (a->at + 1) % a->nevents;
    }

    if (a->looks == 0) {
        a->at = (a->at + 1) % a->nevents;
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


void
ngx_live_origin_archive_more(ngx_event_t *ev)
{
    ngx_live_origin_zone_t  *zone = ev->data;

    if (zone->archive->archivist && !ngx_exiting && !ngx_terminate) {
        ngx_live_origin_archive_events(zone, NGX_LIVE_ORIGIN_ARCHIVE_MORE);
    }
}
