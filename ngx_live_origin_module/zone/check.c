/*
 * Proving a zone consistent, by reading alone.
 */

#include <stdio.h>
#include <stdlib.h>

#include "core/xxh.h"
#include "zone/layout.h"


typedef struct {
    lo_zone_t          *z;
    lo_zone_check_t    *c;
    int                 digests;
    uint64_t           *count;
    void              (*report)(void *data, const char *line);
    void               *data;
} lo_check_t;

static void lo_check_fail(lo_check_t *k, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void lo_check_object(lo_check_t *k, lo_zone_object_t *o, uint64_t w);
static void lo_check_bytes(lo_check_t *k, lo_zone_object_t *o);
static void lo_check_referenced(lo_check_t *k, lo_zone_object_t *o,
    lo_word_t word);
static lo_zone_entry_t *lo_check_entry(lo_zone_t *z, uint32_t track,
    int64_t number);
static void lo_check_pages(lo_check_t *k);
static void lo_check_events(lo_check_t *k);
static void lo_check_track(lo_check_t *k, uint32_t track);


void
lo_zone_check(lo_zone_t *z, int digests, lo_zone_check_t *c,
    void (*report)(void *data, const char *line), void *data)
{
    uint32_t    i;
    lo_check_t  k;

    memset(c, 0, sizeof(*c));

    k.z = z;
    k.c = c;
    k.digests = digests;
    k.report = report;
    k.data = data;
    k.count = calloc(z->h->events, sizeof(uint64_t));

    if (k.count == NULL) {
        lo_check_fail(&k, "no memory");
        return;
    }

    for (i = 0; i < z->h->objects; i++) {
        lo_check_object(&k, &z->objects[i], lo_load(&z->objects[i].word));
    }

    lo_check_pages(&k);
    lo_check_events(&k);

    for (i = 0; i < z->h->tracks; i++) {
        if (lo_zone_track(z, i) != NULL) {
            lo_check_track(&k, i);
        }
    }

    free(k.count);
}


static void
lo_check_fail(lo_check_t *k, const char *fmt, ...)
{
    char     line[256];
    va_list  args;

    k->c->errors++;

    if (k->report) {
        va_start(args, fmt);
        vsnprintf(line, sizeof(line), fmt, args);
        va_end(args);

        k->report(k->data, line);
    }
}


static void
lo_check_object(lo_check_t *k, lo_zone_object_t *o, uint64_t w)
{
    unsigned   i;
    uint32_t   n, page, index;
    lo_word_t  owner;

    index = o - k->z->objects;

    for (i = 0; i < LO_ZONE_SLOTS / 64; i++) {
        if (lo_load(&o->pins[i]) != 0) {
            k->c->pinned++;
            break;
        }
    }

    switch (lo_obj_state(w)) {

    case LO_OBJ_FREE:
        return;

    case LO_OBJ_PRIVATE:
        k->c->private++;

        if (lo_zone_worker(k->z, lo_obj_slot(w)) == 0) {
            k->c->leaks++;
        }
        return;

    case LO_OBJ_RETIRED:
        k->c->retired++;
        return;

    case LO_OBJ_PUBLISHED:
        break;

    default:
        lo_check_fail(k, "object %u: impossible state %u", index,
                      lo_obj_state(w));
        return;
    }

    k->c->objects++;
    owner = lo_word(index, lo_obj_gen(w));
    page = o->page;

    for (n = 0; page < k->z->h->pages && n <= o->npages; n++) {

        if (lo_load(&k->z->table[page].owner) != owner) {
            break;
        }

        page = k->z->table[page].next;
    }

    if (lo_load(&o->word) != w) {
        return;                              /* gone meanwhile */
    }

    if (n != o->npages || page != LO_NO_PAGE
        || o->size > (uint64_t) n * LO_ZONE_PAGE)
    {
        lo_check_fail(k, "object %u: chain of %u pages, %u expected, size "
                      "%llu", index, n, o->npages,
                      (unsigned long long) o->size);
        return;
    }

    lo_check_referenced(k, o, owner);

    if (k->digests && o->kind != LO_KIND_RING) {
        lo_check_bytes(k, o);
    }
}


static void
lo_check_bytes(lo_check_t *k, lo_zone_object_t *o)
{
    size_t               n;
    uint64_t             w;
    unsigned char       *p;
    XXH3_state_t        *st;
    lo_zone_cursor_t     c;
    XXH128_canonical_t   canon;

    w = lo_load(&o->word);

    st = XXH3_createState();
    if (st == NULL) {
        return;
    }

    XXH3_128bits_reset(st);
    lo_zone_seek(k->z, o, 0, o->size, &c);

    while ((n = lo_zone_span(k->z, &c, &p)) > 0) {
        XXH3_128bits_update(st, p, n);
    }

    XXH128_canonicalFromHash(&canon, XXH3_128bits_digest(st));
    XXH3_freeState(st);

    if (memcmp(canon.digest, o->digest, 16) != 0 && lo_load(&o->word) == w) {
        lo_check_fail(k, "object %u: its bytes are not what was published "
                      "(track %u, number %lld)",
                      (unsigned) (o - k->z->objects), o->track,
                      (long long) o->number);
    }
}


static void
lo_check_referenced(lo_check_t *k, lo_zone_object_t *o, lo_word_t word)
{
    unsigned          p;
    lo_zone_entry_t  *e;

    if (lo_zone_event(k->z, o->event) == NULL) {
        k->c->leaks++;
        return;
    }

    if (o->kind != LO_KIND_SEGMENT) {
        return;
    }

    k->c->segments++;
    e = lo_check_entry(k->z, o->track, o->number);

    if (e == NULL) {
        k->c->leaks++;
        return;
    }

    for (p = 0; p < LO_MAX_PIPELINES; p++) {
        if (lo_load(&e->cand[p]) == word) {
            return;
        }
    }

    if (lo_chosen_word(lo_load(&e->chosen)) != word
        && lo_obj_live(o, word)) {
        k->c->leaks++;
    }
}


/* without a pin: what is read is checked, and nothing is written */

static lo_zone_entry_t *
lo_check_entry(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint32_t          i, page;
    lo_zone_track_t  *t;

    t = lo_zone_track(z, track);

    if (t == NULL || t->cap == 0 || t->cap > LO_ZONE_RING_MAX || number < 0) {
        return NULL;
    }

    i = number % t->cap;
    page = lo_ring_page(z, t, i / LO_ENTRIES_A_PAGE);

    if (page == LO_NO_PAGE) {
        return NULL;
    }

    return (lo_zone_entry_t *) lo_page_data(z, page) + i % LO_ENTRIES_A_PAGE;
}


static void
lo_check_pages(lo_check_t *k)
{
    uint64_t           i, w;
    unsigned           state;
    lo_word_t          owner;
    lo_zone_object_t  *o;

    for (i = 0; i < k->z->h->pages; i++) {

        owner = lo_load(&k->z->table[i].owner);

        if (owner == 0) {
            continue;
        }

        k->c->pages_used++;

        o = lo_obj(k->z, owner);
        w = o ? lo_load(&o->word) : 0;
        state = lo_obj_state(w);

        if (o == NULL) {
            lo_check_fail(k, "page %llu: impossible owner",
                          (unsigned long long) i);
            continue;
        }

        if ((lo_obj_gen(w) == lo_word_gen(owner)
             && (state == LO_OBJ_PRIVATE || state == LO_OBJ_PUBLISHED))
            || (lo_obj_gen(w) == lo_word_gen(owner) + 1
                && state == LO_OBJ_RETIRED))
        {
            if (o->event < k->z->h->events) {
                k->count[o->event]++;
            }
            continue;
        }

        k->c->leaks++;
    }
}


static void
lo_check_events(lo_check_t *k)
{
    uint32_t          i;
    uint64_t          used;
    lo_zone_event_t  *ev;

    for (i = 0; i < k->z->h->events; i++) {

        ev = lo_zone_event(k->z, i);
        if (ev == NULL) {
            continue;
        }

        used = lo_load(&ev->used);

        if (used != k->count[i]) {
            k->c->leaks += used > k->count[i] ? used - k->count[i]
                                              : k->count[i] - used;
        }

        if (k->count[i] > lo_load(&ev->share)) {
            lo_check_fail(k, "event %s: %llu pages, its share is %llu",
                          ev->id, (unsigned long long) k->count[i],
                          (unsigned long long) ev->share);
        }
    }
}


/* what an entry names and is alive belongs there */

static void
lo_check_track(lo_check_t *k, uint32_t track)
{
    unsigned           p;
    uint32_t           i;
    lo_word_t          w;
    lo_zone_entry_t   *e;
    lo_zone_track_t   *t;
    lo_zone_object_t  *o;

    t = &k->z->tracks[track];

    for (i = 0; i < t->cap; i++) {

        e = lo_check_entry(k->z, track, i);

        if (e == NULL) {
            lo_check_fail(k, "track %s: its ring is broken", t->id);
            return;
        }

        for (p = 0; p <= LO_MAX_PIPELINES; p++) {

            w = lo_load(p == LO_MAX_PIPELINES ? &e->chosen : &e->cand[p]);
            w = lo_chosen_word(w);
            o = lo_obj(k->z, w);

            if (o == NULL || !lo_obj_live(o, w)) {
                continue;
            }

            if ((o->track != track || o->number % t->cap != i)
                && lo_obj_live(o, w))
            {
                lo_check_fail(k, "track %s, entry %u: names number %lld of "
                              "track %u", t->id, i, (long long) o->number,
                              o->track);
            }
        }
    }
}
