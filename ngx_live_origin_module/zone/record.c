/*
 * Records of what lies outside of the zone.  They have the second half of a
 * ring's pages, are of the size of an entry, and are read and written word by
 * word: the check at their end tells whether the words belong together.
 */

#include "core/xxh.h"
#include "zone/layout.h"


#define LO_RECORD_WORDS  (sizeof(lo_zone_record_t) / 8)

_Static_assert(sizeof(lo_zone_record_t) == sizeof(lo_zone_entry_t),
               "a page of entries has as many records");


static uint64_t
lo_zone_record_check(const lo_zone_record_t *rec)
{
    return XXH3_64bits(rec, offsetof(lo_zone_record_t, check)) | 1;
}


/* the ring is pinned by the look at its entry */

static uint64_t *
lo_zone_record_at(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint32_t          i, page;
    lo_zone_track_t  *t;

    if (lo_zone_entry(z, track, number) == NULL) {
        return NULL;
    }

    t = &z->tracks[track];

    if (!t->records) {
        return NULL;
    }

    i = number % t->cap;
    page = lo_ring_page(z, t, (t->cap + i) / LO_ENTRIES_A_PAGE);

    if (page == LO_NO_PAGE) {
        return NULL;
    }

    return (uint64_t *) (lo_page_data(z, page)
                         + i % LO_ENTRIES_A_PAGE * sizeof(lo_zone_record_t));
}


void
lo_zone_keep_records(lo_zone_t *z)
{
    z->records = 1;
}


int
lo_zone_record(lo_zone_t *z, uint32_t track, int64_t number,
    lo_zone_record_t *rec)
{
    size_t     i;
    uint64_t  *p, words[LO_RECORD_WORDS];

    p = lo_zone_record_at(z, track, number);
    if (p == NULL) {
        return LO_NONE;
    }

    for (i = 0; i < LO_RECORD_WORDS; i++) {
        words[i] = lo_load(&p[i]);
    }

    memcpy(rec, words, sizeof(lo_zone_record_t));

    return rec->number == number && rec->check == lo_zone_record_check(rec)
           ? LO_OK : LO_NONE;
}


int
lo_zone_recorded(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint64_t  *p;

    p = lo_zone_record_at(z, track, number);

    return p != NULL && (int64_t) lo_load(&p[0]) == number
           && lo_load(&p[LO_RECORD_WORDS - 1]) != 0;
}


void
lo_zone_record_set(lo_zone_t *z, uint32_t track, lo_zone_record_t *rec)
{
    size_t     i;
    uint64_t  *p, words[LO_RECORD_WORDS];

    p = lo_zone_record_at(z, track, rec->number);

    if (p == NULL
        || rec->number <= lo_load(&z->tracks[track].head)
                          - (int64_t) z->tracks[track].cap)
    {
        return;
    }

    rec->check = lo_zone_record_check(rec);
    memcpy(words, rec, sizeof(lo_zone_record_t));

    for (i = 0; i < LO_RECORD_WORDS; i++) {
        lo_store(&p[i], words[i]);
    }
}


void
lo_zone_record_clear(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint64_t          *p;
    lo_zone_record_t   rec;

    p = lo_zone_record_at(z, track, number);

    if (p != NULL && lo_zone_record(z, track, number, &rec) == LO_OK) {
        lo_store(&p[LO_RECORD_WORDS - 1], 0);
    }
}


void
lo_zone_track_restore(lo_zone_t *z, uint32_t track, int64_t head)
{
    lo_zone_event_t  *ev;
    lo_zone_track_t  *t;

    t = lo_zone_track(z, track);
    ev = t ? lo_zone_event(z, t->event) : NULL;

    if (ev != NULL) {
        lo_max(&t->head, head);
        lo_max(&ev->head, head);
    }
}


void
lo_zone_event_restore(lo_zone_t *z, unsigned event, int64_t born_us)
{
    lo_zone_event_t  *ev;

    ev = lo_zone_event(z, event);

    if (ev != NULL) {
        lo_store(&ev->born_us, born_us);
    }
}


int
lo_zone_archivist(lo_zone_t *z)
{
    return z->slot >= 0 && lo_zone_trylock(z, LO_LOCK_ARCHIVE);
}


void
lo_zone_archivist_end(lo_zone_t *z)
{
    lo_zone_unlock(z, LO_LOCK_ARCHIVE);
}


int
lo_zone_restored(lo_zone_t *z, int set)
{
    if (set) {
        lo_store(&z->h->restored.v, 1);
    }

    return lo_load(&z->h->restored.v) != 0;
}
