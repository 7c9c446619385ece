/*
 * The sweep: finds what killed workers left outside every structure, gives it
 * back, rebuilds the maps and the counts of pages.  One worker at a time; any
 * of it may run beside uploads, publishing and reading.
 */

#include <stdlib.h>

#include "core/live.h"
#include "zone/layout.h"


#define LO_SWEEP_GRACE_US       10000000   /* sealed, not yet referenced */
#define LO_SWEEP_INIT_GRACE_US  60000000

typedef struct {
    lo_zone_t          *z;
    int64_t             now;
    int64_t             event;             /* whose live state is read */
    lo_live_t          *live;
    uint64_t           *before;            /* pages used, by event */
    uint64_t           *count;
} lo_sweep_t;

static void lo_sweep_objects(lo_sweep_t *s);
static int lo_sweep_lost(lo_sweep_t *s, lo_zone_object_t *o, lo_word_t word);
static int lo_sweep_init_lost(lo_sweep_t *s, lo_zone_object_t *o,
    lo_word_t word);
static void lo_sweep_pages(lo_sweep_t *s);
static void lo_sweep_counts(lo_sweep_t *s);


void
lo_zone_sweep(lo_zone_t *z)
{
    lo_sweep_t  s;

    if (z->readonly || z->slot < 0 || !lo_zone_trylock(z, LO_LOCK_SWEEP)) {
        return;
    }

    lo_store(&z->h->recount.v, 0);

    memset(&s, 0, sizeof(s));
    s.z = z;
    s.now = lo_zone_now_us();
    s.event = -1;
    s.live = malloc(sizeof(lo_live_t));
    s.before = calloc(z->h->events, sizeof(uint64_t));
    s.count = calloc(z->h->events, sizeof(uint64_t));

    if (s.live && s.before && s.count) {
        lo_sweep_objects(&s);
        lo_sweep_pages(&s);
        lo_sweep_counts(&s);
    }

    free(s.live);
    free(s.before);
    free(s.count);

    lo_zone_unlock(z, LO_LOCK_SWEEP);
}


void
lo_zone_recount(lo_zone_t *z)
{
    lo_sweep_t  s;

    if (!lo_zone_trylock(z, LO_LOCK_SWEEP)) {
        return;
    }

    memset(&s, 0, sizeof(s));
    s.z = z;
    s.before = calloc(z->h->events, sizeof(uint64_t));
    s.count = calloc(z->h->events, sizeof(uint64_t));

    if (s.before && s.count) {
        lo_sweep_pages(&s);
        lo_sweep_counts(&s);
    }

    free(s.before);
    free(s.count);

    lo_zone_unlock(z, LO_LOCK_SWEEP);
}


static void
lo_sweep_objects(lo_sweep_t *s)
{
    uint32_t           i;
    uint64_t           w, bit;
    lo_word_t          word;
    lo_zone_t         *z;
    lo_zone_object_t  *o;

    z = s->z;

    for (i = 0; i < z->h->objects; i++) {

        o = &z->objects[i];
        w = lo_load(&o->word);

        switch (lo_obj_state(w)) {

        case LO_OBJ_FREE:
            bit = UINT64_C(1) << (i % 64);
            if ((lo_load(&z->object_map[i / 64]) & bit) == 0) {
                lo_or(&z->object_map[i / 64], bit);
            }
            break;

        case LO_OBJ_RETIRED:
            lo_zone_finish(z, o);
            break;

        case LO_OBJ_PUBLISHED:
            word = lo_word(i, lo_obj_gen(w));

            if (s->now - o->meta.last_us > LO_SWEEP_GRACE_US
                && lo_sweep_lost(s, o, word))
            {
                lo_zone_retire(z, o, w);
            }
            break;

        default:
            break;
        }
    }
}


/* is there nothing that refers to it? */

static int
lo_sweep_lost(lo_sweep_t *s, lo_zone_object_t *o, lo_word_t word)
{
    uint32_t          i;
    lo_zone_t        *z;
    lo_zone_event_t  *ev;
    lo_zone_entry_t  *e;

    z = s->z;
    ev = lo_zone_event(z, o->event);

    if (ev == NULL) {
        return 1;
    }

    switch (o->kind) {

    case LO_KIND_SEGMENT:
        e = lo_zone_entry(z, o->track, o->number);
        if (e == NULL) {
            return 1;
        }

        for (i = 0; i < LO_MAX_PIPELINES; i++) {
            if (lo_load(&e->cand[i]) == word) {
                return 0;
            }
        }

        return lo_chosen_word(lo_load(&e->chosen)) != word;

    case LO_KIND_DOC:
        return lo_load(&ev->doc) != word;

    case LO_KIND_LIVE:
        return lo_load(&ev->live) != word;

    case LO_KIND_RING:
        for (i = 0; i < z->h->tracks; i++) {
            if (lo_load(&z->tracks[i].ring) == word) {
                return 0;
            }
        }

        return 1;

    case LO_KIND_INIT:
        return lo_sweep_init_lost(s, o, word);

    default:
        return 1;
    }
}


/* records are stored without the inits beyond ninits */

static int
lo_sweep_init_lost(lo_sweep_t *s, lo_zone_object_t *o, lo_word_t word)
{
    int64_t   n;
    uint32_t  i;

    if (s->now - o->meta.last_us < LO_SWEEP_INIT_GRACE_US) {
        return 0;
    }

    if (s->event != o->event) {

        s->event = -1;

        n = lo_zone_read(s->z, lo_load(&s->z->events[o->event].live),
                         s->live, sizeof(lo_live_t));

        if (n < (int64_t) offsetof(lo_live_t, inits)
            || s->live->version != LO_LIVE_VERSION
            || s->live->ninits > LO_LIVE_INITS
            || n < (int64_t) (offsetof(lo_live_t, inits)
                              + s->live->ninits * sizeof(lo_live_init_t)))
        {
            return 0;
        }

        s->event = o->event;
    }

    for (i = 0; i < s->live->ninits && i < LO_LIVE_INITS; i++) {
        if (s->live->inits[i].word == word) {
            return 0;
        }
    }

    return 1;
}


static void
lo_sweep_pages(lo_sweep_t *s)
{
    uint32_t           event;
    uint64_t           i, w, bit;
    unsigned           state;
    lo_word_t          owner;
    lo_zone_t         *z;
    lo_zone_object_t  *o;

    z = s->z;

    for (i = 0; i < z->h->events; i++) {
        s->before[i] = lo_load(&z->events[i].used);
    }

    for (i = 0; i < z->h->pages; i++) {

        owner = lo_load(&z->table[i].owner);
        bit = UINT64_C(1) << (i % 64);

        if (owner != 0) {

            o = lo_obj(z, owner);
            w = o ? lo_load(&o->word) : 0;
            state = lo_obj_state(w);

            if (o != NULL
                && ((lo_obj_gen(w) == lo_word_gen(owner)
                     && (state == LO_OBJ_PRIVATE
                         || state == LO_OBJ_PUBLISHED))
                    || (lo_obj_gen(w) == lo_word_gen(owner) + 1
                        && state == LO_OBJ_RETIRED)))
            {
                event = o->event;
                if (event < z->h->events) {
                    s->count[event]++;
                }
                continue;
            }

            /* generations only go on: what is stale stays stale */
            lo_cas(&z->table[i].owner, owner, 0);
        }

        if ((lo_load(&z->page_map[i / 64]) & bit) == 0) {
            lo_or(&z->page_map[i / 64], bit);
        }
    }
}


/* an event whose count moved meanwhile is in use: another time */

static void
lo_sweep_counts(lo_sweep_t *s)
{
    uint32_t          i;
    lo_zone_event_t  *ev;

    for (i = 0; i < s->z->h->events; i++) {

        ev = &s->z->events[i];

        if (s->before[i] == s->count[i]) {
            continue;
        }

        if (!lo_cas(&ev->used, s->before[i], s->count[i])) {
            lo_store(&s->z->h->recount.v, 1);
        }
    }
}
