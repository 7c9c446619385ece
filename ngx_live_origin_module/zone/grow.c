/*
 * Growing segments: an upload that readers follow before it is whole.
 *
 *   announce   the object learns its place; the track names its word
 *   show       `grown' moves on, behind the bytes: whole chunks only
 *   follow     pin, then look at the word; the entry remembers the one that
 *              is followed (`early')
 *   the end    sealed and published: WHOLE; given up, or placed elsewhere
 *              than it was announced: FAILED, or the generation has moved on
 *
 * Nobody but the uploading worker writes to the object, and it never waits
 * for a follower.  When that worker is killed, its slot's recovery retires
 * the object as ever: the bytes stay until the last pin goes.
 *
 * Followers walk the page chain to `grown' and not a link further: what lies
 * behind is still being appended, and cut off at the end.
 */

#include "core/verdict.h"
#include "zone/layout.h"


#define LO_GROWN_SIZE      (UINT64_MAX >> 2)
#define LO_GROWN_IS_WHOLE  (UINT64_C(1) << 63)
#define LO_GROWN_IS_LOST   (UINT64_C(1) << 62)

static int lo_zone_leader(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin);
static void lo_zone_left(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_word_t word);
static int lo_zone_was_good(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline);


/* ---- the publisher's side */

int
lo_zone_announce(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline, lo_zone_upload_t *up)
{
    lo_zone_track_t   *t;
    lo_zone_object_t  *o;

    if (up->word == 0 || pipeline >= LO_MAX_PIPELINES
        || lo_zone_entry(z, track, number) == NULL
        || z->tracks[track].event != up->event)
    {
        return LO_NONE;
    }

    t = &z->tracks[track];

    if (number <= lo_load(&t->head) - (int64_t) t->cap
        || lo_zone_has(z, track, number, 0))
    {
        return LO_NONE;
    }

    o = &z->objects[up->object];

    o->track = track;
    o->number = number;
    o->pipeline = pipeline;
    memset(&o->meta, 0, sizeof(o->meta));

    lo_store(&t->growing[pipeline][number % 2], up->word);

    return LO_OK;
}


void
lo_zone_show(lo_zone_t *z, const lo_zone_upload_t *up, uint64_t size)
{
    lo_zone_object_t  *o;

    o = &z->objects[up->object];

    lo_store(&o->grown_us, lo_zone_mono_us());
    lo_store(&o->grown, size);
}


/*
 * Where it belongs is said by the whole of it; if that is not where it was
 * announced, who follows it there is wrong.
 */

void
lo_zone_grown_place(lo_zone_t *z, const lo_zone_upload_t *up, uint32_t track,
    int64_t number, unsigned pipeline)
{
    lo_zone_object_t  *o;

    o = &z->objects[up->object];

    if (lo_load(&o->grown) != 0
        && (o->track != track || o->number != number
            || o->pipeline != pipeline))
    {
        lo_or(&o->grown, LO_GROWN_IS_LOST);
        lo_zone_grown_failed(z, o->track, o->number, up->word);
    }
}


void
lo_zone_grown_whole(lo_zone_object_t *o)
{
    uint64_t  g;

    g = lo_load(&o->grown);

    if (g != 0 && !(g & LO_GROWN_IS_LOST)) {
        lo_store(&o->grown, LO_GROWN_IS_WHOLE | o->size);
    }
}


void
lo_zone_grown_failed(lo_zone_t *z, uint32_t track, int64_t number,
    lo_word_t own)
{
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);

    if (e != NULL && lo_load(&e->early) == own) {
        lo_zone_no_parts(e, number);
    }
}


/* what readers were given early is the choice, unless there is one */

void
lo_zone_grown_choose(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_word_t own, lo_word_t word)
{
    int            good;
    lo_word_t      w;
    lo_zone_pin_t  pin;

    if (lo_load(&e->early) != own) {
        return;
    }

    w = lo_load(&e->chosen);

    if (lo_zone_pin_segment(z, w, track, number, &pin) == LO_OK) {

        good = pin.object->meta.rank == 0;
        lo_zone_unpin(z, &pin);

        if (good) {
            return;
        }
    }

    if (lo_cas(&e->chosen, w, word)) {
        lo_zone_given_since(z, word, LO_CHOICE_EARLY);
    }
}


int
lo_zone_early(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, lo_word_t word)
{
    uint64_t           w;
    lo_word_t          early;
    lo_zone_object_t  *o;

    early = lo_load(&e->early);
    o = lo_obj(z, early);

    if (o == NULL || early == word) {
        return LO_NONE;
    }

    w = lo_load(&o->word);

    if (lo_obj_gen(w) != lo_word_gen(early) || o->track != track
        || o->number != number || lo_load(&o->grown) & LO_GROWN_IS_LOST
        || masked & 1u << o->pipeline % LO_MAX_PIPELINES)
    {
        return LO_NONE;
    }

    switch (lo_obj_state(w)) {

    case LO_OBJ_PRIVATE:
        return LO_OK;

    case LO_OBJ_PUBLISHED:

        /* its publisher is about to do this, or was killed before */

        if (o->meta.rank > 0) {
            return LO_NONE;
        }

        if (lo_load(&e->cand[o->pipeline % LO_MAX_PIPELINES]) != early) {
            return LO_OK;
        }

        lo_zone_grown_choose(z, e, track, number, early, early);

        return lo_load(&e->chosen) == early ? LO_AGAIN : LO_NONE;

    default:
        return LO_NONE;
    }
}


/* ---- the readers' side */

int
lo_zone_follow(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin)
{
    int               tries;
    lo_word_t         w;
    lo_zone_entry_t  *e;

    pin->object = NULL;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return LO_NONE;
    }

    for (tries = 0; tries < 16; tries++) {

        w = lo_load(&e->early);

        if (lo_zone_leader(z, e, track, number, masked, silent_us, pin)
            != LO_OK)
        {
            return LO_NONE;
        }

        if (pin->word != w) {

            /* its parts are not those of what is followed instead */

            lo_zone_left(z, e, track, number, w);

            if (!lo_cas(&e->early, w, pin->word)) {
                lo_zone_unpin(z, pin);
                continue;
            }

            /* who retires it looks at `early' after that */

            if (lo_obj_gen(lo_load(&pin->object->word))
                != lo_word_gen(pin->word))
            {
                lo_zone_no_parts(e, number);
                lo_zone_unpin(z, pin);
                continue;
            }
        }

        /*
         * Who chooses a candidate sees it, then looks at `early'; here that
         * is written, then candidates are looked for.
         */

        if (lo_zone_has(z, track, number, masked)) {
            lo_zone_unpin(z, pin);
            return LO_NONE;
        }

        return LO_OK;
    }

    return LO_NONE;
}


/* word was followed for this number: not what an older one left behind */

static void
lo_zone_left(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_word_t word)
{
    lo_zone_object_t  *o;

    o = lo_obj(z, word);

    if (o != NULL && lo_obj_gen(lo_load(&o->word)) == lo_word_gen(word)
        && o->track == track && o->number == number)
    {
        lo_zone_no_parts(e, number);
    }
}


int
lo_zone_grows(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us)
{
    lo_zone_pin_t     pin;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);

    if (e == NULL
        || lo_zone_leader(z, e, track, number, masked, silent_us, &pin)
           != LO_OK)
    {
        return 0;
    }

    lo_zone_unpin(z, &pin);

    return 1;
}


static int
lo_zone_leader(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin)
{
    unsigned   p;
    lo_word_t  w;

    w = lo_load(&e->early);

    if (lo_zone_pin_growing(z, w, track, number, silent_us, pin) == LO_OK) {

        if (!(masked >> pin->object->pipeline % LO_MAX_PIPELINES & 1)) {
            return LO_OK;
        }

        lo_zone_unpin(z, pin);
    }

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        w = lo_load(&z->tracks[track].growing[p][number % 2]);

        if (lo_zone_pin_growing(z, w, track, number, silent_us, pin)
            != LO_OK)
        {
            continue;
        }

        if (pin->object->pipeline == p && !(masked >> p & 1)
            && lo_zone_was_good(z, track, number - 1, p))
        {
            return LO_OK;
        }

        lo_zone_unpin(z, pin);
    }

    return LO_NONE;
}


int
lo_zone_pin_growing(lo_zone_t *z, lo_word_t word, uint32_t track,
    int64_t number, int64_t silent_us, lo_zone_pin_t *pin)
{
    uint64_t           w, g;
    lo_zone_object_t  *o;

    pin->object = NULL;

    o = lo_obj(z, word);
    if (o == NULL) {
        return LO_NONE;
    }

    lo_zone_pin_raise(z, o, word, pin);

    w = lo_load(&o->word);

    if (lo_obj_gen(w) == lo_word_gen(word)
        && lo_obj_state(w) == LO_OBJ_PRIVATE
        && o->kind == LO_KIND_SEGMENT && o->track == track
        && o->number == number)
    {
        g = lo_load(&o->grown);

        if (g != 0 && !(g & LO_GROWN_IS_LOST)
            && lo_zone_mono_us() - lo_load(&o->grown_us) < silent_us)
        {
            return LO_OK;
        }
    }

    lo_zone_unpin(z, pin);

    return LO_NONE;
}


static int
lo_zone_was_good(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline)
{
    int            good;
    lo_zone_pin_t  pin;

    if (lo_zone_candidate(z, track, number, pipeline, &pin) != LO_OK) {
        return 0;
    }

    good = pin.object->meta.rank == 0;
    lo_zone_unpin(z, &pin);

    return good;
}


void
lo_zone_forsake(lo_zone_t *z, const lo_zone_pin_t *pin)
{
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, pin->object->track, pin->object->number);

    if (e != NULL && lo_cas(&e->early, pin->word, 0)) {
        lo_zone_no_parts(e, pin->object->number);
    }
}


lo_grown_e
lo_zone_grown(const lo_zone_pin_t *pin, uint64_t *visible)
{
    uint64_t  w, g;

    /* in this order: a published object may be killed, but is whole then */

    w = lo_load(&pin->object->word);
    g = lo_load(&pin->object->grown);

    *visible = g & LO_GROWN_SIZE;

    if (g & LO_GROWN_IS_LOST) {
        return LO_GROWN_FAILED;
    }

    if (g & LO_GROWN_IS_WHOLE) {
        return LO_GROWN_WHOLE;
    }

    return lo_obj_gen(w) == lo_word_gen(pin->word) ? LO_GROWN_MORE
                                                   : LO_GROWN_FAILED;
}


void
lo_zone_growth(const lo_zone_pin_t *pin, lo_zone_growth_t *g)
{
    g->page = pin->object->page;
    g->offset = 0;
    g->at = 0;
}


size_t
lo_zone_growth_span(lo_zone_t *z, lo_zone_growth_t *g, uint64_t visible,
    unsigned char **p)
{
    size_t    n, left;
    uint32_t  page;

    if (g->at >= visible) {
        return 0;
    }

    if (g->offset == LO_ZONE_PAGE) {
        g->page = lo_load(&z->table[g->page].next);
        g->offset = 0;
    }

    page = g->page;

    if (page >= z->h->pages) {
        return 0;
    }

    *p = lo_page_data(z, page) + g->offset;
    n = LO_ZONE_PAGE - g->offset;
    left = visible - g->at;

    while (n < left && page + 1 < z->h->pages
           && lo_load(&z->table[page].next) == page + 1)
    {
        page++;
        n += LO_ZONE_PAGE;
    }

    g->page = page;
    g->offset = LO_ZONE_PAGE;

    if (n > left) {
        g->offset = LO_ZONE_PAGE - (n - left);
        n = left;
    }

    g->at += n;

    return n;
}
