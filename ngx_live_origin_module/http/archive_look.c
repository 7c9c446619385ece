/*
 * What is to be written.  The archivist looks at the newest numbers of all
 * tracks ten times a second, and slowly at all that the zone has: what has no
 * record, or another digest than its record says, is written.  So nothing has
 * to be queued while a disk is slow or full: the queue is the zone, and what
 * leaves it unwritten is counted as lost.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_MORE  1024   /* looks, when writes are done */


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


/* back-fill and another choice ask for it */

static void
ngx_live_origin_archive_asked(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track,
    ngx_live_origin_archive_track_t *st, int64_t from, ngx_uint_t may)
{
    int64_t     first, last;
    uint32_t    ring;
    ngx_uint_t  i;

    ring = event->live->tracks[track].ring;

    if (lo_zone_again(zone->z, ring, 0, &first, &last)) {

        /* it is told before it is taken: there is always somebody who says
           that it waits */

        ngx_live_origin_archive_ask(st, first, last);
        ngx_live_origin_archive_tell(zone, ring, st, -1);

        if (lo_zone_again(zone->z, ring, 1, &first, &last)) {
            ngx_live_origin_archive_ask(st, first, last);
        }
    }

    /* from next on all is looked at anyway */

    st->again = ngx_max(st->again, from);
    st->until = ngx_min(st->until, st->next - 1);

    for (i = 0; i < NGX_LIVE_ORIGIN_ARCHIVE_SWEEP && zone->archive->looks;
         i++, st->again++)
    {
        if (st->again > st->until) {
            st->until = -1;
            break;
        }

        if (ngx_live_origin_archive_look(zone, event, track, st, st->again,
                                         may)
            != NGX_OK)
        {
            break;
        }
    }
}


/*
 * Slowly all: what a dead worker left.  The zone has nothing below its tail;
 * what waited there to be written is lost.
 */

static void
ngx_live_origin_archive_sweep(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track,
    ngx_live_origin_archive_track_t *st, int64_t from, ngx_uint_t may)
{
    int64_t           tail;
    ngx_uint_t        i;
    lo_zone_track_t  *t;

    t = ngx_live_origin_track_of(zone, &event->live->tracks[track]);

    if (t == NULL || zone->archive->ticks % 10) {
        return;
    }

    if (st->pending == 0) {
        st->low = INT64_MAX;
    }

    tail = __atomic_load_n(&t->tail, __ATOMIC_ACQUIRE);
    from = ngx_max(from, ngx_min(tail, st->low));
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

        /* before the tail is read: who publishes below it asks */

        st->marked = from;
        ngx_live_origin_archive_tell(zone, ring, st, head);

        n = __atomic_load_n(&t->tail, __ATOMIC_ACQUIRE);
        st->next = ngx_min(n, head + 1);
        st->marked = st->next;
    }

    st->marked = ngx_max(st->marked, from);
    st->next = ngx_max(st->next, from);
    ngx_live_origin_archive_tell(zone, ring, st, head);

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

    ngx_live_origin_archive_asked(zone, event, track, st, from, may);
    ngx_live_origin_archive_sweep(zone, event, track, st, from, may);
    ngx_live_origin_archive_tell(zone, ring, st, head);

    if (may && a->ticks % 10 == 0) {
        ngx_live_origin_archive_gaps(zone, event, ring, st);
    }
}


/* it is on the disk, unless there is another choice meanwhile */

static void
ngx_live_origin_archive_look_number(ngx_live_origin_zone_t *zone,
    uint32_t ring, ngx_live_origin_archive_track_t *st, int64_t number)
{
    ngx_uint_t                k;
    lo_zone_track_t          *t;
    ngx_live_origin_event_t  *e;

    t = lo_zone_track(zone->z, ring);
    e = t ? ngx_live_origin_event_get(zone, t->event) : NULL;

    if (e == NULL || number < st->looked - (int64_t) st->cap) {
        return;
    }

    for (k = 0; k < e->live->ntracks; k++) {

        if (e->live->tracks[k].ring != ring) {
            continue;
        }

        if (ngx_live_origin_archive_look(zone, e, k, st, number, 0)
            != NGX_OK)
        {
            ngx_live_origin_archive_ask(st, number, number);
        }

        ngx_live_origin_archive_tell(zone, ring, st, -1);
    }
}


/* a write failed: from there once more */

void
ngx_live_origin_archive_again(ngx_live_origin_zone_t *zone, uint32_t ring,
    uint64_t word, int64_t number, ngx_uint_t failed)
{
    ngx_live_origin_archive_t        *a;
    ngx_live_origin_archive_track_t  *st;

    a = zone->archive;

    if (!a->archivist) {
        return;
    }

    st = &a->tracks[ring];

    if (st->word != word || st->seen == NULL) {
        return;
    }

    if (failed) {
        st->next = ngx_min(st->next, number);

    } else {
        ngx_live_origin_archive_look_number(zone, ring, st, number);
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
    if (zone->archive->archivist && zone->archive->pending) {
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
