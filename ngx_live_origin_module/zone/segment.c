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
static int lo_zone_pin_segment(lo_zone_t *z, lo_word_t word, uint32_t track,
    int64_t number, lo_zone_pin_t *pin);
static int lo_zone_same(lo_zone_t *z, const lo_zone_object_t *a,
    const lo_zone_object_t *b);
static int lo_zone_place(lo_zone_t *z, lo_zone_entry_t *e, unsigned pipeline,
    const lo_zone_object_t *own, lo_word_t *word);
static int lo_zone_place_over(lo_zone_t *z, lo_zone_entry_t *e,
    unsigned pipeline, const lo_zone_object_t *own, lo_zone_pin_t *there,
    lo_word_t *word);
static lo_word_t lo_zone_twin(lo_zone_t *z, lo_zone_entry_t *e,
    unsigned pipeline, const lo_zone_object_t *own);
static void lo_zone_kill_unshared(lo_zone_t *z, lo_zone_entry_t *e,
    lo_word_t word);
static void lo_zone_kill_older(lo_zone_t *z, lo_zone_entry_t *e,
    uint32_t track, int64_t number);
static int lo_zone_pick(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_zone_pin_t *pin);
static int lo_zone_give(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_zone_pin_t *pin);


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
            return NULL;
        }

        if (!lo_zone_ring_ok(z, t, ring)) {
            lo_zone_unpin(z, &pin);
            return NULL;
        }

        z->rings[track] = ring;
    }

    i = number % t->cap;
    page = t->page[i / LO_ENTRIES_A_PAGE];

    if (page >= z->h->pages) {
        return NULL;
    }

    return (lo_zone_entry_t *) lo_page_data(z, page) + i % LO_ENTRIES_A_PAGE;
}


/* a row may be older or newer than its ring after another boot */

static int
lo_zone_ring_ok(lo_zone_t *z, lo_zone_track_t *t, lo_word_t ring)
{
    uint32_t  i, n;

    n = t->npages;

    if (n > sizeof(t->page) / sizeof(t->page[0])
        || t->cap != n * LO_ENTRIES_A_PAGE)
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (t->page[i] >= z->h->pages
            || lo_load(&z->table[t->page[i]].owner) != ring)
        {
            return 0;
        }
    }

    return lo_load(&t->ring) == ring;
}


static int
lo_zone_pin_segment(lo_zone_t *z, lo_word_t word, uint32_t track,
    int64_t number, lo_zone_pin_t *pin)
{
    if (lo_zone_pin(z, word, pin) != LO_OK) {
        return LO_NONE;
    }

    if (pin->object->number != number || pin->object->track != track
        || pin->object->kind != LO_KIND_SEGMENT)
    {
        lo_zone_unpin(z, pin);
        return LO_NONE;
    }

    return LO_OK;
}


int
lo_zone_publish(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline, lo_zone_upload_t *up, const unsigned char digest[16],
    const lo_zone_meta_t *meta, lo_word_t *word)
{
    int                rc;
    lo_word_t          own;
    lo_zone_entry_t   *e;
    lo_zone_event_t   *ev;
    lo_zone_track_t   *t;
    lo_zone_object_t  *o;

    e = lo_zone_entry(z, track, number);

    if (e == NULL || pipeline >= LO_MAX_PIPELINES
        || z->tracks[track].event != up->event)
    {
        lo_zone_upload_abort(z, up);
        return LO_NONE;
    }

    t = &z->tracks[track];
    ev = &z->events[up->event];

    if (number <= lo_load(&t->head) - (int64_t) t->cap) {
        lo_zone_upload_abort(z, up);
        return LO_NONE;
    }

    o = &z->objects[up->object];

    o->track = track;
    o->number = number;
    o->pipeline = pipeline;
    o->meta = *meta;

    own = lo_zone_seal(z, up, digest);

    if (own == 0) {
        return LO_ERROR;
    }

    *word = own;

    rc = lo_zone_place(z, e, pipeline, o, word);

    if (rc == LO_PUBLISH_NEW || rc == LO_PUBLISH_REPLACED) {

        lo_zone_kill_older(z, e, track, number);

        lo_max(&t->head, number);
        lo_min(&t->tail, number);
        lo_min(&t->spare, number);
        lo_store(&t->head_us, meta->last_us);

        lo_max(&ev->head, number);
        lo_store(&ev->head_us, meta->last_us);
        lo_store(&ev->last_us[pipeline], meta->last_us);
    }

    if (*word != own) {
        lo_zone_kill(z, own);
    }

    return rc;
}


/* *word is ours on entry, and what stands there for the pipeline on return */

static int
lo_zone_place(lo_zone_t *z, lo_zone_entry_t *e, unsigned pipeline,
    const lo_zone_object_t *own, lo_word_t *word)
{
    int            rc, tries;
    lo_word_t      old, twin, mine;
    lo_zone_pin_t  there;

    mine = *word;

    for (tries = 0; tries < 16; tries++) {

        old = lo_load(&e->cand[pipeline]);

        if (lo_zone_pin(z, old, &there) == LO_OK) {

            if (there.object->track == own->track
                && there.object->number >= own->number)
            {
                rc = LO_NONE;

                if (there.object->number == own->number) {
                    rc = lo_zone_place_over(z, e, pipeline, own, &there,
                                            word);
                }

                lo_zone_unpin(z, &there);

                if (rc == LO_AGAIN) {
                    *word = mine;
                    continue;
                }

                if (rc == LO_NONE) {
                    *word = 0;
                }

                return rc;
            }

            lo_zone_unpin(z, &there);
        }

        twin = lo_zone_twin(z, e, pipeline, own);
        *word = twin ? twin : mine;

        if (!lo_cas(&e->cand[pipeline], old, *word)) {
            continue;
        }

        /* the number that left the ring here */
        lo_zone_kill_unshared(z, e, old);

        if (twin && !lo_obj_live(lo_obj(z, twin), twin)) {
            lo_cas(&e->cand[pipeline], twin, 0);
            continue;
        }

        /* a worker stopped for longer than the sweep's grace may find its
           object gone by now */

        return lo_obj_live(lo_obj(z, *word), *word) ? LO_PUBLISH_NEW
                                                     : LO_ERROR;
    }

    *word = 0;

    return LO_ERROR;
}


/*
 * The pipeline has something for this number already.  A reader gives out a
 * candidate by writing `chosen', then reading the candidate again; here the
 * candidate is written, then `chosen' read: one of the two sees the other.
 */

static int
lo_zone_place_over(lo_zone_t *z, lo_zone_entry_t *e, unsigned pipeline,
    const lo_zone_object_t *own, lo_zone_pin_t *there, lo_word_t *word)
{
    lo_word_t  old;

    old = there->word;

    if (lo_zone_same(z, own, there->object)) {
        *word = old;
        return LO_PUBLISH_SAME;
    }

    if (lo_load(&e->chosen) == old) {

        if (there->object->meta.rank <= own->meta.rank) {
            *word = old;
            return LO_PUBLISH_SUPERSEDED;
        }

        /* defective media that was given out gives way to better */
    }

    if (!lo_cas(&e->cand[pipeline], old, *word)) {
        return LO_AGAIN;
    }

    if (lo_load(&e->chosen) == old
        && there->object->meta.rank <= own->meta.rank)
    {
        /* a third upload may stand there by now; what was given out stays */
        lo_cas(&e->cand[pipeline], *word, old);
        *word = old;

        return LO_PUBLISH_SUPERSEDED;
    }

    lo_cas(&e->chosen, old, 0);
    lo_zone_kill_unshared(z, e, old);

    return LO_PUBLISH_REPLACED;
}


/* another pipeline's identical bytes: stored once */

static lo_word_t
lo_zone_twin(lo_zone_t *z, lo_zone_entry_t *e, unsigned pipeline,
    const lo_zone_object_t *own)
{
    int            same;
    unsigned       p;
    lo_word_t      w;
    lo_zone_pin_t  pin;

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);

        if (p == pipeline || w == 0
            || lo_zone_pin_segment(z, w, own->track, own->number, &pin)
               != LO_OK)
        {
            continue;
        }

        same = pin.object->meta.init == own->meta.init
               && pin.object->meta.run == own->meta.run
               && lo_zone_same(z, own, pin.object);

        lo_zone_unpin(z, &pin);

        if (same) {
            return w;
        }
    }

    return 0;
}


static int
lo_zone_same(lo_zone_t *z, const lo_zone_object_t *a,
    const lo_zone_object_t *b)
{
    size_t             n, na, nb;
    unsigned char     *pa, *pb;
    lo_zone_cursor_t   ca, cb;

    if (a->size != b->size || memcmp(a->digest, b->digest, 16) != 0) {
        return 0;
    }

    lo_zone_seek(z, a, 0, a->size, &ca);
    lo_zone_seek(z, b, 0, b->size, &cb);

    na = nb = 0;

    for ( ;; ) {

        if (na == 0) {
            na = lo_zone_span(z, &ca, &pa);
        }

        if (nb == 0) {
            nb = lo_zone_span(z, &cb, &pb);
        }

        if (na == 0 || nb == 0) {
            return na == nb;
        }

        n = na < nb ? na : nb;

        if (memcmp(pa, pb, n) != 0) {
            return 0;
        }

        pa += n;
        pb += n;
        na -= n;
        nb -= n;
    }
}


/* unless another pipeline's word is the same one */

static void
lo_zone_kill_unshared(lo_zone_t *z, lo_zone_entry_t *e, lo_word_t word)
{
    unsigned  p;

    if (word == 0) {
        return;
    }

    for (p = 0; p < LO_MAX_PIPELINES; p++) {
        if (lo_load(&e->cand[p]) == word) {
            return;
        }
    }

    lo_zone_kill(z, word);
}


/*
 * What other pipelines, which may be gone for good, have here of a number that
 * left the ring: eviction goes by numbers in the ring and would not find it.
 */

static void
lo_zone_kill_older(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number)
{
    unsigned           p;
    lo_word_t          w;
    lo_zone_object_t  *o;

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);
        o = lo_obj(z, w);

        /* the word is checked last, by the kill */

        if (o != NULL && o->track == track && o->number < number) {
            lo_zone_kill(z, w);
        }
    }
}


/* the best there is, pinned: lowest rank, then pipeline order; its pipeline */

static int
lo_zone_pick(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_zone_pin_t *pin)
{
    int            best;
    unsigned       p;
    lo_word_t      w;
    lo_zone_pin_t  next;

    best = LO_NONE;
    pin->object = NULL;

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);

        if (w == 0
            || lo_zone_pin_segment(z, w, track, number, &next) != LO_OK)
        {
            continue;
        }

        if (best != LO_NONE
            && next.object->meta.rank >= pin->object->meta.rank)
        {
            lo_zone_unpin(z, &next);
            continue;
        }

        lo_zone_unpin(z, pin);
        *pin = next;
        best = p;
    }

    return best;
}


lo_word_t
lo_zone_best(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number)
{
    lo_word_t      w;
    lo_zone_pin_t  pin;

    w = lo_load(&e->chosen);

    if (lo_zone_pin_segment(z, w, track, number, &pin) != LO_OK
        && lo_zone_pick(z, e, track, number, &pin) == LO_NONE)
    {
        return 0;
    }

    w = pin.word;
    lo_zone_unpin(z, &pin);

    return w;
}


int
lo_zone_find(lo_zone_t *z, uint32_t track, int64_t number, int choose,
    lo_zone_pin_t *pin)
{
    lo_word_t         w;
    lo_zone_entry_t  *e;

    pin->object = NULL;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return LO_NONE;
    }

    w = lo_load(&e->chosen);

    if (w != 0 && lo_zone_pin_segment(z, w, track, number, pin) == LO_OK) {

        if (pin->object->meta.rank == 0) {
            return LO_OK;
        }

        lo_zone_unpin(z, pin);
    }

    if (!choose) {
        return lo_zone_pick(z, e, track, number, pin) == LO_NONE ? LO_NONE
                                                                  : LO_OK;
    }

    return lo_zone_give(z, e, track, number, pin);
}


/* chooses: see lo_zone_place_over for the other side of the race */

static int
lo_zone_give(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_zone_pin_t *pin)
{
    int            p, tries;
    lo_word_t      w;
    lo_zone_pin_t  given;

    for (tries = 0; tries < 16; tries++) {

        w = lo_load(&e->chosen);
        p = lo_zone_pick(z, e, track, number, pin);

        if (lo_zone_pin_segment(z, w, track, number, &given) == LO_OK) {

            if (p == LO_NONE
                || given.object->meta.rank <= pin->object->meta.rank)
            {
                lo_zone_unpin(z, pin);
                *pin = given;
                return LO_OK;
            }

            lo_zone_unpin(z, &given);
        }

        if (p == LO_NONE) {
            return LO_NONE;
        }

        if (lo_cas(&e->chosen, w, pin->word)) {

            if (lo_load(&e->cand[p]) == pin->word) {
                return LO_OK;
            }

            lo_cas(&e->chosen, pin->word, 0);
        }

        lo_zone_unpin(z, pin);
    }

    return LO_NONE;
}


int
lo_zone_candidate(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline, lo_zone_pin_t *pin)
{
    lo_zone_entry_t  *e;

    pin->object = NULL;

    e = lo_zone_entry(z, track, number);

    if (e == NULL || pipeline >= LO_MAX_PIPELINES) {
        return LO_NONE;
    }

    return lo_zone_pin_segment(z, lo_load(&e->cand[pipeline]), track, number,
                               pin);
}


int
lo_zone_has(lo_zone_t *z, uint32_t track, int64_t number)
{
    unsigned           p;
    lo_word_t          w;
    lo_zone_entry_t   *e;
    lo_zone_object_t  *o;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return 0;
    }

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);
        o = lo_obj(z, w);

        if (o != NULL && o->number == number && o->track == track
            && lo_obj_live(o, w))
        {
            return 1;
        }
    }

    return 0;
}


int
lo_zone_gap(lo_zone_t *z, uint32_t track, int64_t number, int set)
{
    uint64_t          gap;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return 0;
    }

    gap = lo_load(&e->gap);

    if (gap == (uint64_t) number + 1) {
        return 1;
    }

    if (!set || lo_zone_has(z, track, number)) {
        return 0;
    }

    return lo_cas(&e->gap, gap, (uint64_t) number + 1)
           || lo_load(&e->gap) == (uint64_t) number + 1;
}
