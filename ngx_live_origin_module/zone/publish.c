/*
 * Publishing: how an upload becomes a pipeline's candidate for a number.
 */

#include "zone/layout.h"


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

    lo_zone_grown_place(z, up, track, number, pipeline);

    o->track = track;
    o->number = number;
    o->pipeline = pipeline;
    o->meta = *meta;

    own = lo_zone_seal(z, up, digest);

    if (own == 0) {
        return LO_ERROR;
    }

    lo_zone_grown_whole(o);

    *word = own;

    rc = lo_zone_place(z, e, pipeline, o, word);

    if (rc == LO_PUBLISH_NEW || rc == LO_PUBLISH_REPLACED) {

        lo_zone_kill_older(z, e, track, number);

        lo_max(&t->head, number);
        lo_min(&t->tail, number);
        lo_min(&t->spare, number);
        lo_set(&t->head_us, meta->last_us);

        lo_max(&ev->head, number);
        lo_set(&ev->head_us, meta->last_us);
        lo_set(&ev->last_us[pipeline], meta->last_us);
    }

    if (rc >= 0 && meta->rank == 0) {
        lo_zone_grown_choose(z, e, track, number, own, *word);
    }

    /* parts were cut from it, and it is not what readers get for good */

    if (lo_load(&e->early) == own
        && (rc < 0 || meta->rank != 0 || lo_load(&e->chosen) != *word))
    {
        lo_zone_no_parts(e, number);
    }

    if (rc >= 0) {
        lo_zone_touched(z, track, number);
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
 * The pipeline has something for this number already.  A reader proposes a
 * candidate in `chosen', reads the candidate again and then gives it out; here
 * the candidate is written, then a proposal is taken away: one of the two sees
 * the other.
 */

static int
lo_zone_place_over(lo_zone_t *z, lo_zone_entry_t *e, unsigned pipeline,
    const lo_zone_object_t *own, lo_zone_pin_t *there, lo_word_t *word)
{
    lo_word_t  old, w;

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

    for ( ;; ) {

        w = lo_load(&e->chosen);

        if (lo_chosen_word(w) != old) {
            break;
        }

        if (w == old && there->object->meta.rank <= own->meta.rank) {

            /* a third upload may stand there by now; what was given out
               stays */

            lo_cas(&e->cand[pipeline], *word, old);
            *word = old;

            return LO_PUBLISH_SUPERSEDED;
        }

        /* never back to what it was before: a slow reader would take it for
           its own proposal */

        if (lo_cas(&e->chosen, w, *word | LO_TENTATIVE)) {
            break;
        }
    }

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
