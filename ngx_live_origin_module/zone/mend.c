/*
 * After another boot a ring may not be whole: writeback has no order.  The
 * track gets a new one, and the segments in the zone, which say of themselves
 * what they are, are entered there again; records are to be read back from
 * where they describe things (loading).
 */

#include "zone/layout.h"


/* a ring that is there, but cannot be used */

static int
lo_zone_broken(lo_zone_t *z, uint32_t track)
{
    lo_zone_track_t  *t;

    t = lo_zone_track(z, track);

    return t != NULL && lo_zone_event(z, t->event) != NULL
           && lo_zone_entry(z, track, 0) == NULL;
}


/* its pages prove themselves when they are served */

static void
lo_zone_mend_segment(lo_zone_t *z, uint32_t track, lo_zone_object_t *o,
    lo_word_t word)
{
    lo_word_t          w;
    lo_zone_entry_t   *e;
    lo_zone_track_t   *t;
    lo_zone_object_t  *old;

    t = &z->tracks[track];
    e = lo_zone_entry(z, track, o->number);

    if (e == NULL || o->number <= t->head - (int64_t) t->cap) {
        return;
    }

    /* of two that say they are the same the later received one */

    w = lo_load(&e->cand[o->pipeline]);
    old = lo_obj(z, w);

    if (old != NULL && lo_obj_live(old, w)
        && old->meta.last_us > o->meta.last_us)
    {
        return;
    }

    lo_store(&e->cand[o->pipeline], word);
    lo_min(&t->tail, o->number);
    lo_min(&t->spare, o->number);
}


/* enters what is in the zone; or finds the newest number only */

static void
lo_zone_mend_segments(lo_zone_t *z, uint32_t track, int enter)
{
    uint32_t           i;
    uint64_t           w;
    lo_zone_track_t   *t;
    lo_zone_object_t  *o;

    t = &z->tracks[track];

    for (i = 0; i < z->h->objects; i++) {

        o = &z->objects[i];
        w = lo_load(&o->word);

        if (lo_obj_state(w) != LO_OBJ_PUBLISHED || o->track != track
            || o->kind != LO_KIND_SEGMENT || o->event != t->event
            || o->number < 0 || o->pipeline >= LO_MAX_PIPELINES)
        {
            continue;
        }

        if (enter) {
            lo_zone_mend_segment(z, track, o, lo_word(i, lo_obj_gen(w)));

        } else {
            lo_max(&t->head, o->number);
        }
    }
}


/* under the table lock */

static int
lo_zone_mend_track(lo_zone_t *z, uint32_t track)
{
    uint64_t          word;
    lo_zone_track_t  *t;

    t = &z->tracks[track];
    word = lo_load(&t->word);

    if (t->cap == 0 || t->cap > LO_ZONE_RING_MAX
        || t->cap % LO_ENTRIES_A_PAGE != 0)
    {
        t->cap = LO_ENTRIES_A_PAGE;
    }

    lo_store(&t->word, lo_tab_word(lo_tab_gen(word) + 1, LO_TAB_CLAIMED));
    lo_zone_kill(z, lo_swap(&t->ring, 0));
    lo_zone_recount(z);

    t->tail = INT64_MAX;
    t->spare = INT64_MAX;
    t->loading = t->records;
    t->looked = 0;

    if (lo_zone_ring_make(z, t) != LO_OK) {
        lo_store(&t->word, lo_tab_word(lo_tab_gen(word) + 1, LO_TAB_READY));
        return LO_FULL;
    }

    lo_zone_mend_segments(z, track, 0);
    lo_zone_mend_segments(z, track, 1);

    lo_max(&z->events[t->event].head, lo_load(&t->head));
    lo_store(&t->word, lo_tab_word(lo_tab_gen(word) + 1, LO_TAB_READY));

    return LO_OK;
}


void
lo_zone_mend(lo_zone_t *z)
{
    int       full;
    uint32_t  i;

    for (i = 0; i < z->h->tracks && !lo_zone_broken(z, i); i++) {
        /* void */
    }

    if (i == z->h->tracks) {
        z->mend = 0;
        return;
    }

    if (lo_zone_tables(z) != LO_OK) {
        return;                                /* again, at a tick */
    }

    /* somebody else may have mended it meanwhile */

    for (full = 0; i < z->h->tracks; i++) {
        if (lo_zone_broken(z, i)) {
            full |= lo_zone_mend_track(z, i) != LO_OK;
        }
    }

    z->mend = full;
    lo_zone_unlock(z, LO_LOCK_TABLES);
}
