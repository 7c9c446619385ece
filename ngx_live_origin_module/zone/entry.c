/*
 * The index: per track a ring of entries by number, each with a word per
 * pipeline and the word that readers were given.
 *
 * An entry proves nothing by itself: an object found through it counts only
 * if it is alive and says of itself that it is this number of this track.
 * So a slot needs no clearing when its number leaves the ring.
 */

#include "zone/layout.h"


static int lo_zone_ring_ok(lo_zone_t *z, lo_zone_track_t *t, lo_word_t ring);


lo_zone_entry_t *
lo_zone_entry(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint32_t          i, page;
    lo_word_t         ring;
    lo_zone_pin_t     pin;
    lo_zone_track_t  *t;

    if (track >= z->h->tracks || number < 0) {
        return NULL;
    }

    t = &z->tracks[track];
    ring = lo_load(&t->ring);

    if (ring == 0 || t->cap == 0) {
        return NULL;
    }

    /*
     * A track can go away under us with its event.  The ring stays pinned
     * by this worker until its tick sees that.
     */

    if (z->rings[track] != ring) {

        if (z->rings[track] != 0) {
            pin.word = z->rings[track];
            pin.object = lo_obj(z, pin.word);
            z->rings[track] = 0;
            lo_zone_unpin(z, &pin);
        }

        if (lo_zone_pin(z, ring, &pin) != LO_OK) {
            z->mend = 1;
            return NULL;
        }

        if (!lo_zone_ring_ok(z, t, ring)) {
            lo_zone_unpin(z, &pin);
            z->mend = 1;
            return NULL;
        }

        z->rings[track] = ring;
    }

    i = (uint64_t) number <= UINT32_MAX ? (uint32_t) number % t->cap
                                        : (uint64_t) number % t->cap;
    page = lo_ring_page(z, t, i / LO_ENTRIES_A_PAGE);

    if (page == LO_NO_PAGE) {
        return NULL;
    }

    return (lo_zone_entry_t *) lo_page_data(z, page) + i % LO_ENTRIES_A_PAGE;
}


/* a row may be older or newer than its ring after another boot */

static int
lo_zone_ring_ok(lo_zone_t *z, lo_zone_track_t *t, lo_word_t ring)
{
    uint32_t  i, n, page;

    n = t->npages;

    if (n > LO_RING_PAGES || t->list >= z->h->pages
        || lo_load(&z->table[t->list].owner) != ring
        || (uint64_t) t->cap * (t->records ? 2 : 1)
           != (uint64_t) n * LO_ENTRIES_A_PAGE)
    {
        return 0;
    }

    for (i = 0; i < n; i++) {

        page = lo_ring_page(z, t, i);

        if (page == LO_NO_PAGE || lo_load(&z->table[page].owner) != ring) {
            return 0;
        }
    }

    return lo_load(&t->ring) == ring;
}
