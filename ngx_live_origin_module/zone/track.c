/*
 * Tracks: a row in the table and a ring made of pages.
 */

#include "zone/layout.h"


static int lo_zone_track_find(lo_zone_t *z, lo_zone_event_t *ev,
    unsigned event, lo_str_t id);
static int lo_zone_track_make(lo_zone_t *z, lo_zone_event_t *ev,
    unsigned event, lo_str_t id, uint32_t cap);
static lo_word_t lo_zone_ring(lo_zone_t *z, unsigned event, uint32_t npages,
    uint32_t *list);


lo_zone_track_t *
lo_zone_track(lo_zone_t *z, uint32_t track)
{
    lo_zone_track_t  *t;

    if (track >= z->h->tracks) {
        return NULL;
    }

    t = &z->tracks[track];

    return lo_tab_state(lo_load(&t->word)) == LO_TAB_READY ? t : NULL;
}


int
lo_zone_track_add(lo_zone_t *z, unsigned event, lo_str_t id, uint32_t cap)
{
    int               i;
    lo_zone_event_t  *ev;

    ev = lo_zone_event(z, event);

    if (ev == NULL || id.len == 0 || id.len > LO_ID_MAX) {
        return LO_FULL;
    }

    i = lo_zone_track_find(z, ev, event, id);
    if (i >= 0) {
        return i;
    }

    if (lo_zone_tables(z) != LO_OK) {
        return LO_AGAIN;
    }

    i = lo_zone_track_find(z, ev, event, id);

    if (i < 0) {
        i = lo_zone_track_make(z, ev, event, id, cap);
    }

    lo_zone_unlock(z, LO_LOCK_TABLES);

    return i;
}


static int
lo_zone_track_find(lo_zone_t *z, lo_zone_event_t *ev, unsigned event,
    lo_str_t id)
{
    uint32_t          i, n;
    lo_zone_track_t  *t;

    n = lo_load(&ev->ntracks);

    for (i = 0; i < n && i < LO_MAX_TRACKS; i++) {

        t = lo_zone_track(z, ev->tracks[i]);

        if (t != NULL && t->event == event && t->id[id.len] == '\0'
            && memcmp(t->id, id.data, id.len) == 0)
        {
            return ev->tracks[i];
        }
    }

    return LO_NONE;
}


/*
 * Under the table lock.  A row that is CLAIMED while we hold the lock was
 * left behind by a worker that was killed here.
 */

static int
lo_zone_track_make(lo_zone_t *z, lo_zone_event_t *ev, unsigned event,
    lo_str_t id, uint32_t cap)
{
    char              name[LO_ID_MAX + 8];
    uint32_t          i, n;
    uint64_t          w;
    lo_zone_track_t  *t;

    n = lo_load(&ev->ntracks);

    if (n >= LO_MAX_TRACKS) {
        return LO_FULL;
    }

    t = NULL;
    w = 0;
    memset(name, 0, sizeof(name));
    memcpy(name, id.data, id.len);

    for (i = 0; i < z->h->tracks; i++) {
        w = lo_load(&z->tracks[i].word);

        if (lo_tab_state(w) != LO_TAB_READY) {
            t = &z->tracks[i];
            break;
        }

        if (z->tracks[i].event == event
            && strcmp(z->tracks[i].id, name) == 0)
        {
            /* its maker was killed before the event knew of it */
            goto listed;
        }
    }

    if (t == NULL) {
        return LO_FULL;
    }

    if (cap < 16) {
        cap = 16;
    }

    cap = (cap + LO_ENTRIES_A_PAGE - 1) / LO_ENTRIES_A_PAGE
          * LO_ENTRIES_A_PAGE;

    if (cap > LO_ZONE_RING_MAX) {
        cap = LO_ZONE_RING_MAX;
    }

    lo_store(&t->word, lo_tab_word(lo_tab_gen(w) + 1, LO_TAB_CLAIMED));

    t->event = event;
    t->cap = cap;
    t->records = z->records;
    t->loading = 0;
    t->gaps = 0;
    t->looked = 0;
    t->unsaved = 0;
    t->again = 0;
    t->head = -1;
    t->head_us = 0;
    t->tail = INT64_MAX;
    t->spare = INT64_MAX;

    memset(t->id, 0, sizeof(t->id));
    memcpy(t->id, id.data, id.len);
    memset(t->counters, 0, sizeof(t->counters));
    memset(t->waiters, 0, sizeof(t->waiters));
    memset(t->growing, 0, sizeof(t->growing));

    if (lo_zone_ring_make(z, t) != LO_OK) {
        lo_store(&t->word, lo_tab_word(lo_tab_gen(w) + 1, LO_TAB_FREE));
        return LO_FULL;
    }

    lo_store(&t->word, lo_tab_word(lo_tab_gen(w) + 1, LO_TAB_READY));

listed:

    ev->tracks[n] = i;
    lo_store(&ev->ntracks, n + 1);

    return i;
}


int
lo_zone_ring_make(lo_zone_t *z, lo_zone_track_t *t)
{
    lo_word_t  ring;

    t->npages = t->cap / LO_ENTRIES_A_PAGE * (t->records ? 2 : 1);

    ring = lo_zone_ring(z, t->event, t->npages, &t->list);
    lo_store(&t->ring, ring);

    return ring != 0 ? LO_OK : LO_FULL;
}


/* npages and the one that lists them */

static lo_word_t
lo_zone_ring(lo_zone_t *z, unsigned event, uint32_t npages, uint32_t *list)
{
    size_t             n, left;
    uint32_t           i, p, *page;
    unsigned char     *mem;
    lo_zone_upload_t   up;
    unsigned char      digest[16];

    left = (size_t) (npages + 1) * LO_ZONE_PAGE;

    if (lo_zone_upload(z, &up, event, LO_KIND_RING, left) != LO_OK) {
        return 0;
    }

    for ( /* void */ ; left > 0; left -= n) {

        if (lo_zone_upload_room(z, &up, &mem, &n) != LO_OK) {
            lo_zone_upload_abort(z, &up);
            return 0;
        }

        if (n > left) {
            n = left;
        }

        memset(mem, 0, n);
        lo_zone_upload_add(z, &up, n);
    }

    p = z->objects[up.object].page;
    page = (uint32_t *) lo_page_data(z, p);
    *list = p;

    for (i = 0; i < npages; i++) {
        p = z->table[p].next;
        page[i] = p;
    }

    memset(digest, 0, 16);

    return lo_zone_seal(z, &up, digest);
}


/* under the table lock: everything of an event that goes away */

void
lo_zone_tracks_drop(lo_zone_t *z, unsigned event)
{
    uint32_t           i;
    uint64_t           w;
    lo_word_t          ring;
    lo_zone_track_t   *t;
    lo_zone_object_t  *o;

    for (i = 0; i < z->h->tracks; i++) {

        t = &z->tracks[i];
        w = lo_load(&t->word);

        if (lo_tab_state(w) != LO_TAB_READY || t->event != event) {
            continue;
        }

        ring = lo_swap(&t->ring, 0);
        lo_zone_kill(z, ring);
        lo_store(&t->word, lo_tab_word(lo_tab_gen(w), LO_TAB_FREE));
    }

    for (i = 0; i < z->h->objects; i++) {

        o = &z->objects[i];
        w = lo_load(&o->word);

        if (lo_obj_state(w) == LO_OBJ_PUBLISHED && o->event == event) {
            lo_zone_retire(z, o, w);
        }
    }
}


/* lets go of rings that are a track's no more, or of all */

void
lo_zone_rings(lo_zone_t *z, int all)
{
    uint32_t       i;
    lo_zone_pin_t  pin;

    for (i = 0; i < z->h->tracks; i++) {

        if (z->rings[i] != 0
            && (all || z->rings[i] != lo_load(&z->tracks[i].ring)))
        {
            pin.word = z->rings[i];
            pin.object = lo_obj(z, pin.word);
            z->rings[i] = 0;
            lo_zone_unpin(z, &pin);
        }
    }
}
