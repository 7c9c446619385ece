/*
 * What an event gives up for its own newer media: first the candidates that
 * readers do not get, oldest first; then whole numbers, oldest first over all
 * its tracks.  Never anything of another event.
 */

#include "zone/layout.h"


#define LO_EVICT_STEPS  8192       /* entries looked at in one call */

static uint64_t lo_zone_evict_spare(lo_zone_t *z, uint32_t track, uint64_t n,
    unsigned *steps);
static uint32_t lo_zone_oldest(lo_zone_t *z, lo_zone_event_t *ev);
static uint64_t lo_zone_evict_number(lo_zone_t *z, uint32_t track,
    int64_t number, lo_word_t keep);
static uint64_t lo_zone_evict_word(lo_zone_t *z, uint32_t track,
    int64_t number, lo_word_t w);


uint64_t
lo_zone_evict(lo_zone_t *z, lo_zone_event_t *ev, uint64_t n)
{
    int64_t           number;
    uint32_t          i, k;
    uint64_t          got;
    unsigned          steps;
    lo_zone_track_t  *t;

    got = 0;
    steps = LO_EVICT_STEPS;
    k = lo_load(&ev->ntracks);
    z->evicted = LO_NO_PAGE;

    for (i = 0; i < k && i < LO_MAX_TRACKS && got < n; i++) {
        got += lo_zone_evict_spare(z, ev->tracks[i], n - got, &steps);
    }

    while (got < n && steps-- > 0) {

        i = lo_zone_oldest(z, ev);
        if (i == LO_ZONE_NO_TRACK) {
            break;
        }

        t = &z->tracks[i];
        number = lo_load(&t->tail);

        got += lo_zone_evict_number(z, i, number, 0);

        /* unless somebody published below it meanwhile, or just there */

        if (lo_cas((uint64_t *) &t->tail, number, number + 1)
            && lo_zone_has(z, i, number, 0))
        {
            lo_min(&t->tail, number);
        }
    }

    /* what is allocated next is likely to fit there, and need not look round
       the whole map for it */

    if (z->evicted != LO_NO_PAGE) {
        lo_set(&z->h->page_cursor.v, z->evicted);
    }

    return got;
}


/* one word alone, if any: there is nothing that readers do not get */

static int
lo_zone_evict_alone(lo_zone_entry_t *e)
{
    unsigned   p;
    lo_word_t  w, alone;

    alone = lo_chosen_word(lo_load(&e->chosen));

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);

        if (w != 0 && alone != 0 && w != alone) {
            return 0;
        }

        alone = w != 0 ? w : alone;
    }

    return 1;
}


static uint64_t
lo_zone_evict_spare(lo_zone_t *z, uint32_t track, uint64_t n,
    unsigned *steps)
{
    int64_t           number, head;
    uint64_t          got;
    lo_word_t         best;
    lo_zone_entry_t  *e;
    lo_zone_track_t  *t;

    if (track >= z->h->tracks) {
        return 0;
    }

    got = 0;
    t = &z->tracks[track];
    head = lo_load(&t->head);

    while (got < n && *steps > 0) {

        number = lo_load(&t->spare);

        if (number > head) {
            break;
        }

        (*steps)--;

        if (number <= head - (int64_t) t->cap) {
            lo_cas((uint64_t *) &t->spare, number, head - t->cap + 1);
            continue;
        }

        e = lo_zone_entry(z, track, number);
        best = e && !lo_zone_evict_alone(e)
               ? lo_zone_best(z, e, track, number) : 0;

        if (best != 0) {
            got += lo_zone_evict_number(z, track, number, best);
        }

        lo_cas((uint64_t *) &t->spare, number, number + 1);
    }

    return got;
}


/* the track whose oldest number is the oldest of the event */

static uint32_t
lo_zone_oldest(lo_zone_t *z, lo_zone_event_t *ev)
{
    int64_t           tail, head, min;
    uint32_t          i, k, track, oldest;
    lo_zone_track_t  *t;

    min = INT64_MAX;
    oldest = LO_ZONE_NO_TRACK;
    k = lo_load(&ev->ntracks);

    for (i = 0; i < k && i < LO_MAX_TRACKS; i++) {

        track = ev->tracks[i];
        if (track >= z->h->tracks) {
            continue;
        }

        t = &z->tracks[track];
        head = lo_load(&t->head);
        tail = lo_load(&t->tail);

        if (tail <= head - (int64_t) t->cap) {
            lo_cas((uint64_t *) &t->tail, tail, head - t->cap + 1);
            tail = lo_load(&t->tail);
        }

        if (tail <= head && tail < min) {
            min = tail;
            oldest = track;
        }
    }

    return oldest;
}


static uint64_t
lo_zone_evict_number(lo_zone_t *z, uint32_t track, int64_t number,
    lo_word_t keep)
{
    unsigned          p;
    uint64_t          got;
    lo_word_t         w;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return 0;
    }

    got = 0;

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);

        if (w != 0 && w != keep) {
            got += lo_zone_evict_word(z, track, number, w);
        }
    }

    w = lo_chosen_word(lo_load(&e->chosen));

    if (w != 0 && w != keep) {
        got += lo_zone_evict_word(z, track, number, w);
    }

    return got;
}


static uint64_t
lo_zone_evict_word(lo_zone_t *z, uint32_t track, int64_t number,
    lo_word_t w)
{
    uint64_t           n;
    lo_zone_object_t  *o;

    o = lo_obj(z, w);

    if (o == NULL || o->number != number || o->track != track
        || o->kind != LO_KIND_SEGMENT || !lo_obj_live(o, w))
    {
        return 0;
    }

    n = o->npages;

    if (z->evicted == LO_NO_PAGE) {
        z->evicted = o->page;
    }

    lo_zone_kill(z, w);

    return n;
}
