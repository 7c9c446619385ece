/*
 * What low-latency readers are given of a number: parts of one upload, from
 * the first part to the last.
 *
 * Parts are named by number and position, so they may not change once they
 * were given out.  `early' says whose they are while it grows, `chosen' when
 * it is whole.  Where the two are not the same in the end (it failed, was
 * given up, turned out defective, or another was chosen), the number is
 * marked: it has no parts any more, only the whole.
 */

#include "core/verdict.h"
#include "zone/layout.h"


int
lo_zone_parts_grow(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin)
{
    int               rc;
    lo_word_t         w;
    lo_zone_entry_t  *e;

    pin->object = NULL;

    e = lo_zone_entry(z, track, number);

    if (e == NULL || lo_zone_has_no_parts(e, number)) {
        return LO_NONE;
    }

    w = lo_load(&e->early);

    if (lo_zone_pin_growing(z, w, track, number, silent_us, pin) == LO_OK) {

        if (!(masked >> pin->object->pipeline % LO_MAX_PIPELINES & 1)) {
            return LO_OK;
        }

        lo_zone_unpin(z, pin);
    }

    /* its publisher is about to make it a candidate; one that is masked, and
       the only one, is out of service with all of its parts */

    if (lo_zone_pin_segment(z, w, track, number, pin) == LO_OK) {

        if (pin->object->meta.rank == 0
            && !(masked >> pin->object->pipeline % LO_MAX_PIPELINES & 1)
            && !lo_zone_has(z, track, number, masked))
        {
            return LO_OK;
        }

        lo_zone_unpin(z, pin);

        return LO_NONE;
    }

    /* nobody begins to follow what may be had whole */

    if (lo_zone_has(z, track, number, masked)) {
        return LO_NONE;
    }

    rc = lo_zone_follow(z, track, number, masked, silent_us, pin);

    if (rc == LO_OK && lo_zone_has_no_parts(e, number)) {
        lo_zone_unpin(z, pin);
        return LO_NONE;
    }

    return rc;
}


/*
 * Parts were cut from another upload than what is the choice, and nobody has
 * said so: its publisher was killed before, or is masked and still sends.
 */

static int
lo_zone_parts_other(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, const lo_zone_pin_t *pin)
{
    uint64_t           w;
    lo_word_t          early;
    lo_zone_object_t  *o;

    early = lo_load(&e->early);
    o = lo_obj(z, early);

    if (o == NULL || early == pin->word) {
        return 0;
    }

    w = lo_load(&o->word);

    if (lo_obj_gen(w) != lo_word_gen(early) || o->track != track
        || o->number != number)
    {
        return 0;
    }

    return lo_obj_state(w) == LO_OBJ_PUBLISHED
           || (lo_obj_state(w) == LO_OBJ_PRIVATE && !pin->passing);
}


int
lo_zone_parts(lo_zone_t *z, uint32_t track, int64_t number, uint32_t masked,
    int64_t silent_us, lo_zone_pin_t *pin)
{
    lo_zone_entry_t  *e;

    if (lo_zone_parts_grow(z, track, number, masked, silent_us, pin)
        == LO_OK)
    {
        return LO_OK;
    }

    e = lo_zone_entry(z, track, number);

    if (e == NULL || lo_zone_has_no_parts(e, number)
        || lo_zone_find(z, track, number, 1, masked, pin) != LO_OK)
    {
        return LO_NONE;
    }

    if (lo_zone_parts_other(z, e, track, number, pin)) {
        lo_zone_no_parts(e, number);
    }

    if (pin->object->meta.rank == 0 && !pin->passing
        && !lo_zone_has_no_parts(e, number))
    {
        return LO_OK;
    }

    lo_zone_unpin(z, pin);

    return LO_NONE;
}


int
lo_zone_partless(lo_zone_t *z, uint32_t track, int64_t number)
{
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);

    return e == NULL || lo_zone_has_no_parts(e, number);
}


int
lo_zone_pinned_whole(lo_zone_t *z, const lo_zone_pin_t *pin)
{
    return lo_obj_live(lo_obj(z, pin->word), pin->word);
}
