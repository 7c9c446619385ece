/*
 * Objects and pages: claiming, growing, giving back.
 *
 * Claims are compare-and-swaps on the object's word and the page's owner;
 * the maps (a bit set: probably free) only say where to look.  A worker that
 * is killed leaves a PRIVATE object that its slot's recovery retires, and at
 * worst one page outside any chain, which the sweep finds by its owner word.
 */

#include <sys/mman.h>

#include "zone/layout.h"


#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE  23
#endif

static int lo_zone_claim_at(lo_zone_t *z, uint32_t i);
static int lo_zone_pages(lo_zone_t *z, lo_zone_upload_t *up, uint32_t n);
static void lo_zone_link(lo_zone_t *z, lo_zone_upload_t *up, uint32_t page);
static uint64_t lo_zone_reserve(lo_zone_t *z, lo_zone_event_t *ev,
    uint32_t n);


static inline size_t
lo_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}


/*
 * The first set bit at or after *i, going round once; *i is where it is.
 * left counts the words that may still be looked at.
 */

static int
lo_map_next(uint64_t *map, uint64_t bits, uint64_t *i, uint64_t *left)
{
    uint64_t  w, k, n;

    n = (bits + 63) / 64;
    k = *i / 64;
    w = ~UINT64_C(0) << (*i % 64);

    for ( /* void */ ; *left > 0; (*left)--) {

        w &= __atomic_load_n(&map[k], __ATOMIC_RELAXED);

        if (w != 0) {
            *i = k * 64 + __builtin_ctzll(w);
            return 1;
        }

        w = ~UINT64_C(0);
        k = k + 1 < n ? k + 1 : 0;
    }

    *i = k * 64;

    return 0;
}


static inline void
lo_map_set(uint64_t *map, uint64_t i)
{
    lo_or(&map[i / 64], UINT64_C(1) << (i % 64));
}


static inline void
lo_map_clear(uint64_t *map, uint64_t i)
{
    lo_and(&map[i / 64], ~(UINT64_C(1) << (i % 64)));
}


lo_zone_object_t *
lo_zone_claim(lo_zone_t *z, unsigned event, lo_zone_kind_e kind)
{
    int                tries;
    uint64_t           i, left;
    lo_zone_object_t  *o;

    for (tries = 0; tries < 2; tries++) {

        i = lo_load(&z->h->object_cursor.v) % z->h->objects;
        left = (z->h->objects + 63) / 64 + 1;

        while (lo_map_next(z->object_map, z->h->objects, &i, &left)) {

            if (lo_zone_claim_at(z, i)) {

                lo_set(&z->h->object_cursor.v, i + 1);

                o = &z->objects[i];
                o->event = event;
                o->kind = kind;
                o->track = LO_ZONE_NO_TRACK;
                o->page = LO_NO_PAGE;
                o->npages = 0;
                o->size = 0;
                o->number = -1;
                lo_set(&o->grown, 0);
                lo_set(&o->given, 0);

                return o;
            }
        }

        lo_zone_sweep(z);
    }

    return NULL;
}


static int
lo_zone_claim_at(lo_zone_t *z, uint32_t i)
{
    uint64_t           w;
    lo_zone_object_t  *o;

    o = &z->objects[i];
    w = lo_load(&o->word);

    lo_map_clear(z->object_map, i);

    if (lo_obj_state(w) != LO_OBJ_FREE) {
        return 0;
    }

    return lo_cas(&o->word, w, lo_obj_word(lo_obj_gen(w), LO_OBJ_PRIVATE,
                                           z->slot));
}


/*
 * Room in the event's share for n pages, evicting its own oldest.  Pages are
 * counted before they are claimed, so that the sum never passes the share.
 */

static uint64_t
lo_zone_reserve(lo_zone_t *z, lo_zone_event_t *ev, uint32_t n)
{
    int       tries;
    uint64_t  used, share;

    for (tries = 0; tries < 64; tries++) {

        share = lo_load(&ev->share);
        used = lo_add(&ev->used, n);

        if ((int64_t) used <= (int64_t) share) {
            return 1;
        }

        lo_sub(&ev->used, n);

        if (lo_zone_evict(z, ev, used - share) == 0) {
            return 0;
        }
    }

    return 0;
}


int
lo_zone_grow(lo_zone_t *z, lo_zone_upload_t *up, uint32_t n)
{
    int               got;
    lo_zone_event_t  *ev;

    ev = &z->events[up->event];

    if (!lo_zone_reserve(z, ev, n)) {
        return LO_FULL;
    }

    got = lo_zone_pages(z, up, n);

    if (got < (int) n) {
        lo_zone_sweep(z);
        got += lo_zone_pages(z, up, n - got);
    }

    if (got < (int) n) {
        /* counted, but not there: a sweep will find out where they are */
        lo_sub(&ev->used, n - got);
        return LO_FULL;
    }

    return LO_OK;
}


static int
lo_zone_pages(lo_zone_t *z, lo_zone_upload_t *up, uint32_t n)
{
    uint32_t  got;
    uint64_t  i, left;

    got = 0;
    i = lo_load(&z->h->page_cursor.v) % z->h->pages;
    left = (z->h->pages + 63) / 64 + 1;

    while (got < n && lo_map_next(z->page_map, z->h->pages, &i, &left)) {

        lo_map_clear(z->page_map, i);

        if (lo_load(&z->table[i].owner) == 0
            && lo_cas(&z->table[i].owner, 0, up->word))
        {
            lo_zone_link(z, up, i);
            got++;
        }
    }

    lo_set(&z->h->page_cursor.v, i + 1);

    return got;
}


static void
lo_zone_link(lo_zone_t *z, lo_zone_upload_t *up, uint32_t page)
{
    lo_zone_object_t  *o;

    o = &z->objects[up->object];

    lo_set(&z->table[page].next, LO_NO_PAGE);

    if (up->last == LO_NO_PAGE) {
        lo_set(&o->page, page);
        up->page = page;
        up->used = 0;

    } else {
        lo_set(&z->table[up->last].next, page);
    }

    up->last = page;
    up->npages++;
    o->npages = up->npages;
}


/* pages behind the one being filled go back */

void
lo_zone_trim(lo_zone_t *z, lo_zone_upload_t *up)
{
    uint32_t           page, n;
    lo_zone_object_t  *o;

    o = &z->objects[up->object];

    if (up->page == LO_NO_PAGE || up->page == up->last) {
        return;
    }

    page = z->table[up->page].next;
    lo_set(&z->table[up->page].next, LO_NO_PAGE);
    up->last = up->page;

    n = lo_zone_free_chain(z, o, page, up->word);
    up->npages -= n;
    o->npages = up->npages;
}


/*
 * Gives back what owner still owns along a chain; several may do it at once,
 * and only the one whose compare-and-swap succeeds counts the page.
 */

uint32_t
lo_zone_free_chain(lo_zone_t *z, lo_zone_object_t *o, uint32_t page,
    lo_word_t owner)
{
    uint32_t  n, next, event;

    event = o->event;

    for (n = 0; page < z->h->pages; page = next) {

        next = lo_load(&z->table[page].next);

        if (!lo_cas(&z->table[page].owner, owner, 0)) {
            break;
        }

        lo_map_set(z->page_map, page);
        n++;
    }

    if (event < z->h->events && n > 0) {
        lo_sub(&z->events[event].used, n);
    }

    return n;
}


/*
 * From here on every word of it is stale.  w is the object's word as the
 * caller knows it; who loses the race has nothing to do.
 */

void
lo_zone_retire(lo_zone_t *z, lo_zone_object_t *o, uint64_t w)
{
    int        followed;
    int64_t    number;
    uint32_t   track;
    lo_word_t  own;

    track = o->track;
    number = o->number;
    own = lo_word(o - z->objects, lo_obj_gen(w));
    followed = lo_obj_state(w) == LO_OBJ_PRIVATE
               && o->kind == LO_KIND_SEGMENT && lo_load(&o->grown) != 0;

    /* before it can be seen to have failed; and after, for who began to
       follow it just now */

    if (followed) {
        lo_zone_grown_failed(z, track, number, own);
    }

    if (!lo_cas(&o->word, w, lo_obj_word(lo_obj_gen(w) + 1, LO_OBJ_RETIRED,
                                         0)))
    {
        return;
    }

    if (followed) {
        lo_zone_grown_failed(z, track, number, own);
    }

    lo_zone_finish(z, o);
}


/* a retired object that nobody has pinned becomes free; 1: it did */

int
lo_zone_finish(lo_zone_t *z, lo_zone_object_t *o)
{
    unsigned   i;
    uint64_t   w;
    lo_word_t  owner;

    w = lo_load(&o->word);

    if (lo_obj_state(w) != LO_OBJ_RETIRED) {
        return 0;
    }

    /*
     * A reader raises its pin, then reads the word: it either sees the new
     * generation, or is seen here.
     */

    for (i = 0; i < LO_ZONE_SLOTS / 64; i++) {
        if (lo_load(&o->pins[i]) != 0) {
            return 0;
        }
    }

    owner = lo_word(o - z->objects, lo_obj_gen(w) - 1);
    lo_zone_free_chain(z, o, lo_load(&o->page), owner);

    if (!lo_cas(&o->word, w, lo_obj_word(lo_obj_gen(w), LO_OBJ_FREE, 0))) {
        return 0;
    }

    lo_map_set(z->object_map, o - z->objects);

    return 1;
}


/*
 * The first touch of a page through a mapping is a fault; worked off ahead
 * of the allocator, from the tick: the index first, then the data from where
 * the allocator stands, once round.
 */

void
lo_zone_populate(lo_zone_t *z, int64_t until_us)
{
    size_t         n;
    uint64_t       at, from, data;
    volatile char  c;

    data = z->h->pages * LO_ZONE_PAGE;
    from = lo_load(&z->h->page_cursor.v) % z->h->pages * LO_ZONE_PAGE;

    if (z->populated == 0) {
        z->populate_from = from;
    }

    while (z->populated < z->h->off_data + data
           && lo_zone_mono_us() < until_us)
    {
        n = 1024 * 1024;

        if (z->populated < z->h->off_data) {
            at = z->populated;
            n = lo_min_size(n, z->h->off_data - at);

        } else {
            at = (z->populate_from + z->populated - z->h->off_data) % data;
            n = lo_min_size(n, data - at);
            n = lo_min_size(n, z->h->off_data + data - z->populated);
            at += z->h->off_data;
        }

        if (madvise(z->base + at, n, MADV_POPULATE_WRITE) != 0) {

            /* before Linux 5.14: at least map them for reading */

            for (size_t i = 0; i < n; i += 4096) {
                c = *(volatile char *) (z->base + at + i);
                (void) c;
            }
        }

        z->populated += n;
    }
}
