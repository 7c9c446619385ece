/*
 * The candidates of a number, and the one that readers are given: an entry
 * (entry.c) has a word per pipeline and the word that was chosen.
 */

#include "core/verdict.h"
#include "zone/layout.h"


static int lo_zone_pick(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, unsigned n[2], lo_zone_pin_t *pin);
static int lo_zone_look(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, lo_zone_pin_t *pin);
static int lo_zone_give(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, lo_zone_pin_t *pin);
static void lo_zone_ungive(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_word_t given);
static void lo_zone_given_why(lo_zone_t *z, lo_zone_pin_t *pin, int before,
    int masked, unsigned n);


int
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


/*
 * The best there is, pinned: lowest rank, then pipeline order; its pipeline.
 * n: how many there are in service, and how many masked.
 */

static int
lo_zone_pick(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, unsigned n[2], lo_zone_pin_t *pin)
{
    int            best;
    unsigned       p;
    lo_word_t      w;
    lo_zone_pin_t  next;

    n[0] = 0;
    n[1] = 0;
    best = LO_NONE;
    pin->object = NULL;

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&e->cand[p]);

        if (w == 0
            || lo_zone_pin_segment(z, w, track, number, &next) != LO_OK)
        {
            continue;
        }

        n[masked >> p & 1]++;

        if ((masked & 1u << p)
            || (best != LO_NONE
                && next.object->meta.rank >= pin->object->meta.rank))
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


/* identical bytes are one object under several pipelines: one is enough */

static int
lo_zone_in_service(lo_zone_entry_t *e, lo_word_t w, uint32_t masked)
{
    unsigned  p;

    if (masked == 0) {
        return 1;
    }

    for (p = 0; p < LO_MAX_PIPELINES; p++) {
        if (!(masked & 1u << p) && lo_load(&e->cand[p]) == w) {
            return 1;
        }
    }

    return 0;
}


lo_word_t
lo_zone_best(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number)
{
    unsigned       n[2];
    lo_word_t      w;
    lo_zone_pin_t  pin;

    w = lo_chosen_word(lo_load(&e->chosen));

    if (lo_zone_pin_segment(z, w, track, number, &pin) != LO_OK
        && lo_zone_pick(z, e, track, number, 0, n, &pin) == LO_NONE)
    {
        return 0;
    }

    w = pin.word;
    lo_zone_unpin(z, &pin);

    return w;
}


int
lo_zone_find(lo_zone_t *z, uint32_t track, int64_t number, int choose,
    uint32_t masked, lo_zone_pin_t *pin)
{
    lo_word_t         w;
    lo_zone_entry_t  *e;

    pin->object = NULL;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return LO_NONE;
    }

    /* one that is only proposed names no object */

    w = lo_load(&e->chosen);

    if (w != 0 && lo_zone_pin_segment(z, w, track, number, pin) == LO_OK) {

        if (pin->object->meta.rank == 0
            && (!choose || lo_load(&pin->object->given) != 0)
            && lo_zone_in_service(e, w, masked))
        {
            return LO_OK;
        }

        lo_zone_unpin(z, pin);
    }

    return choose ? lo_zone_give(z, e, track, number, masked, pin)
                  : lo_zone_look(z, e, track, number, masked, pin);
}


/* what lo_zone_give would give */

static int
lo_zone_look(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, lo_zone_pin_t *pin)
{
    int            p;
    unsigned       n[2];
    lo_word_t      w;
    lo_zone_pin_t  given;

    p = lo_zone_pick(z, e, track, number, masked, n, pin);
    w = lo_load(&e->chosen);

    if (lo_zone_pin_segment(z, w, track, number, &given) == LO_OK) {

        if (lo_zone_in_service(e, w, masked)
            && (p == LO_NONE
                || given.object->meta.rank <= pin->object->meta.rank))
        {
            lo_zone_unpin(z, pin);
            *pin = given;
            return LO_OK;
        }

        lo_zone_unpin(z, &given);
    }

    return p == LO_NONE ? LO_NONE : LO_OK;
}


/*
 * Chooses, in two steps, of which only the second gives out:
 *
 *   chosen: anything -> proposed(w); candidate still w? -> given(w)
 *
 * A publisher that puts other bytes in w's place writes the candidate first
 * and then takes a proposal of w away (lo_zone_place_over), so either the
 * second step fails or the publisher sees that w was given.  Whoever finds a
 * proposal, of a reader that died too, goes on with it or puts its own there.
 */

static int
lo_zone_give(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, lo_zone_pin_t *pin)
{
    int            p, before, out, tries;
    unsigned       n[2];
    lo_word_t      w, proposed;
    lo_zone_pin_t  given;

    for (tries = 0; tries < 64; tries++) {

        w = lo_load(&e->chosen);
        p = lo_zone_pick(z, e, track, number, masked, n, pin);
        before = 0;
        out = 0;

        if (lo_zone_pin_segment(z, w, track, number, &given) == LO_OK) {

            before = 1;
            out = !lo_zone_in_service(e, w, masked);

            if (!out && (p == LO_NONE
                         || given.object->meta.rank
                            <= pin->object->meta.rank))
            {
                lo_zone_unpin(z, pin);
                *pin = given;

                /* whoever chose it was killed before it said so */

                if (lo_load(&pin->object->given) == 0) {
                    lo_zone_given_why(z, pin, 0, n[1], n[0]);
                }

                return LO_OK;
            }

            lo_zone_unpin(z, &given);
        }

        if (p == LO_NONE) {
            return LO_NONE;
        }

        switch (lo_zone_early(z, e, track, number, masked, pin->word)) {

        case LO_OK:
            pin->passing = 1;
            return LO_OK;

        case LO_AGAIN:
            lo_zone_unpin(z, pin);
            continue;
        }

        /* before another is given out */

        if (out) {
            lo_zone_ungive(z, e, track, number, w);
        }

        proposed = pin->word | LO_TENTATIVE;

        if ((w == proposed || lo_cas(&e->chosen, w, proposed))
            && lo_load(&e->cand[p]) == pin->word
            && lo_cas(&e->chosen, proposed, pin->word))
        {
            lo_zone_given_why(z, pin, before, out || n[1], n[0]);
            return LO_OK;
        }

        lo_zone_unpin(z, pin);
    }

    return LO_NONE;
}


/* what readers were given is not the choice any more, nor are its parts */

static void
lo_zone_ungive(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_word_t given)
{
    lo_zone_pin_t  pin;

    if (lo_zone_pin_segment(z, given, track, number, &pin) != LO_OK) {
        return;
    }

    if (pin.object->meta.rank == 0) {
        lo_zone_no_parts(e, number);
    }

    lo_zone_unpin(z, &pin);
}


/* what is known of the choice for good lies with the object */

static void
lo_zone_given_why(lo_zone_t *z, lo_zone_pin_t *pin, int before, int masked,
    unsigned n)
{
    lo_choice_e        why;
    lo_zone_object_t  *o;

    o = lo_obj(z, pin->word);

    if (masked) {
        why = LO_CHOICE_MASKED;

    } else if (before) {
        why = LO_CHOICE_BETTER;

    } else if (n <= 1) {
        why = LO_CHOICE_ONLY;

    } else {
        why = o->meta.rank ? LO_CHOICE_LEAST : LO_CHOICE_FIRST;
    }

    lo_zone_touched(z, o->track, o->number);
    lo_zone_given_since(z, pin->word, why);
}


void
lo_zone_given_since(lo_zone_t *z, lo_word_t word, unsigned why)
{
    lo_zone_object_t  *o;

    o = lo_obj(z, word);

    if (o != NULL) {
        lo_store(&o->given, (uint64_t) lo_zone_now_us() << 8 | why);
    }
}


int
lo_zone_choose(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline)
{
    int               tries;
    lo_word_t         w, given;
    lo_zone_pin_t     pin;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);

    if (e == NULL || pipeline >= LO_MAX_PIPELINES) {
        return LO_NONE;
    }

    for (tries = 0; tries < 16; tries++) {

        w = lo_load(&e->cand[pipeline]);

        if (lo_zone_pin_segment(z, w, track, number, &pin) != LO_OK) {
            return LO_NONE;
        }

        given = lo_load(&e->chosen);

        if (given != w) {

            lo_zone_ungive(z, e, track, number, given);

            if (!lo_cas(&e->chosen, given, w)) {
                lo_zone_unpin(z, &pin);
                continue;
            }

            lo_zone_touched(z, track, number);
            lo_zone_given_since(z, w, LO_CHOICE_AGREED);
        }

        lo_zone_unpin(z, &pin);

        /* a publisher may have replaced it meanwhile */

        if (lo_load(&e->cand[pipeline]) == w) {
            return LO_OK;
        }
    }

    return LO_NONE;
}


lo_word_t
lo_zone_given(lo_zone_t *z, uint32_t track, int64_t number)
{
    lo_word_t         w;
    lo_zone_pin_t     pin;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return 0;
    }

    w = lo_load(&e->chosen);

    if (lo_zone_pin_segment(z, w, track, number, &pin) != LO_OK) {
        return 0;
    }

    lo_zone_unpin(z, &pin);

    return w;
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
lo_zone_has(lo_zone_t *z, uint32_t track, int64_t number, uint32_t masked)
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

        w = masked & 1u << p ? 0 : lo_load(&e->cand[p]);
        o = lo_obj(z, w);

        if (o != NULL && o->number == number && o->track == track
            && lo_obj_live(o, w))
        {
            return 1;
        }
    }

    return 0;
}
