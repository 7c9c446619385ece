/*
 * The table of events: open addressing by the hash of the id.
 */

#include "core/xxh.h"
#include "zone/layout.h"


static uint64_t lo_zone_share_pages(lo_zone_t *z, uint64_t share);


int
lo_zone_event_find(lo_zone_t *z, lo_str_t id)
{
    uint32_t          i, n;
    uint64_t          hash, w;
    lo_zone_event_t  *ev;

    if (id.len == 0 || id.len > LO_ID_MAX) {
        return LO_NONE;
    }

    hash = XXH3_64bits(id.data, id.len);
    i = hash % z->h->events;

    for (n = 0; n < z->h->events; n++) {

        ev = &z->events[i];
        w = lo_load(&ev->word);

        if (lo_tab_state(w) == LO_TAB_FREE) {
            return LO_NONE;
        }

        if (lo_tab_state(w) == LO_TAB_READY && ev->hash == hash
            && memcmp(ev->id, id.data, id.len) == 0
            && ev->id[id.len] == '\0')
        {
            return i;
        }

        if (++i == z->h->events) {
            i = 0;
        }
    }

    return LO_NONE;
}


static uint64_t
lo_zone_share_pages(lo_zone_t *z, uint64_t share)
{
    if (share == 0) {
        return z->h->pages / z->h->events;
    }

    return (share + LO_ZONE_PAGE - 1) / LO_ZONE_PAGE;
}


int
lo_zone_event_add(lo_zone_t *z, lo_str_t id, uint64_t share)
{
    int               rc;
    uint32_t          i, n;
    uint64_t          w, pages, hash;
    lo_zone_event_t  *ev;

    if (id.len == 0 || id.len > LO_ID_MAX || z->slot < 0) {
        return LO_FULL;
    }

    rc = lo_zone_event_find(z, id);
    if (rc >= 0) {
        return rc;
    }

    if (lo_zone_tables(z) != LO_OK) {
        return LO_AGAIN;
    }

    rc = lo_zone_event_find(z, id);
    if (rc >= 0) {
        goto done;
    }

    rc = LO_FULL;
    pages = lo_zone_share_pages(z, share);
    lo_zone_reserved(z);

    if (pages > z->h->pages - lo_load(&z->h->reserved.v)) {
        goto done;
    }

    hash = XXH3_64bits(id.data, id.len);
    i = hash % z->h->events;

    for (n = 0; n < z->h->events; n++) {

        ev = &z->events[i];
        w = lo_load(&ev->word);

        if (lo_tab_state(w) != LO_TAB_READY) {

            /* a CLAIMED row seen under the lock belongs to nobody */

            lo_store(&ev->word, lo_tab_word(lo_tab_gen(w) + 1,
                                            LO_TAB_CLAIMED));

            /* of an event whose removal was cut off */
            lo_zone_tracks_drop(z, i);

            memset((unsigned char *) ev + sizeof(ev->word), 0,
                   sizeof(*ev) - sizeof(ev->word));
            ev->hash = hash;
            memcpy(ev->id, id.data, id.len);
            ev->share = pages;
            ev->head = -1;
            ev->born_us = lo_zone_now_us();

            lo_store(&ev->word, lo_tab_word(lo_tab_gen(w) + 1,
                                            LO_TAB_READY));
            lo_zone_reserved(z);
            lo_add(&z->h->events_serial.v, 1);

            rc = i;
            goto done;
        }

        if (++i == z->h->events) {
            i = 0;
        }
    }

done:

    lo_zone_unlock(z, LO_LOCK_TABLES);

    return rc;
}


/* summed anew, so that a worker killed in between leaves nothing wrong */

void
lo_zone_reserved(lo_zone_t *z)
{
    uint32_t  i;
    uint64_t  sum;

    sum = 0;

    for (i = 0; i < z->h->events; i++) {
        if (lo_tab_state(lo_load(&z->events[i].word)) == LO_TAB_READY) {
            sum += lo_load(&z->events[i].share);
        }
    }

    lo_store(&z->h->reserved.v, sum);
}


int
lo_zone_event_share(lo_zone_t *z, unsigned event, uint64_t share)
{
    int               rc;
    uint64_t          pages, old;
    lo_zone_event_t  *ev;

    ev = lo_zone_event(z, event);
    if (ev == NULL) {
        return LO_NONE;
    }

    pages = lo_zone_share_pages(z, share);

    if (pages == lo_load(&ev->share)) {
        return LO_OK;
    }

    if (lo_zone_tables(z) != LO_OK) {
        return LO_AGAIN;
    }

    rc = LO_FULL;
    old = lo_load(&ev->share);
    lo_zone_reserved(z);

    if (lo_load(&z->h->reserved.v) - old + pages <= z->h->pages) {
        lo_store(&ev->share, pages);
        lo_zone_reserved(z);
        rc = LO_OK;
    }

    lo_zone_unlock(z, LO_LOCK_TABLES);

    return rc;
}


int
lo_zone_event_remove(lo_zone_t *z, unsigned event)
{
    uint64_t          w;
    lo_zone_event_t  *ev;

    ev = lo_zone_event(z, event);
    if (ev == NULL) {
        return LO_NONE;
    }

    w = lo_load(&ev->word);

    if (lo_zone_tables(z) != LO_OK) {
        return LO_AGAIN;
    }

    /* somebody else removed it, and the row may be another event's by now */

    if (lo_tab_state(w) != LO_TAB_READY || lo_load(&ev->word) != w) {
        lo_zone_unlock(z, LO_LOCK_TABLES);
        return LO_NONE;
    }

    lo_store(&ev->word, lo_tab_word(lo_tab_gen(w), LO_TAB_GONE));
    lo_add(&z->h->events_serial.v, 1);

    lo_store(&ev->doc, 0);
    lo_store(&ev->live, 0);
    lo_zone_tracks_drop(z, event);
    lo_zone_reserved(z);
    lo_store(&z->h->recount.v, 1);

    lo_zone_unlock(z, LO_LOCK_TABLES);
    lo_zone_rings(z, 0);

    return LO_OK;
}


lo_zone_event_t *
lo_zone_event(lo_zone_t *z, unsigned event)
{
    lo_zone_event_t  *ev;

    if (event >= z->h->events) {
        return NULL;
    }

    ev = &z->events[event];

    return lo_tab_state(lo_load(&ev->word)) == LO_TAB_READY ? ev : NULL;
}


uint64_t
lo_zone_events_serial(lo_zone_t *z)
{
    return lo_load(&z->h->events_serial.v);
}
