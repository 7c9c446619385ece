/*
 * What an entry of a ring says of its number beside the candidates: that it
 * was listed as GAP or has no parts, and what became of an upload that is no
 * candidate.
 */

#include "zone/layout.h"


int
lo_zone_gap(lo_zone_t *z, uint32_t track, int64_t number, int set,
    uint32_t masked)
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

    if (!set || lo_zone_has(z, track, number, masked)) {
        return 0;
    }

    if (lo_cas(&e->gap, gap, (uint64_t) number + 1)) {
        lo_add(&z->tracks[track].gaps, 1);
        return 1;
    }

    return lo_load(&e->gap) == (uint64_t) number + 1;
}


int64_t
lo_zone_gap_in(lo_zone_t *z, uint32_t track, uint32_t i)
{
    uint64_t          gap;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, i);
    gap = e != NULL ? lo_load(&e->gap) : 0;

    return gap != 0 && !(gap & LO_NO_PARTS)
           && (gap - 1) % z->tracks[track].cap == i
           ? (int64_t) gap - 1 : LO_NONE;
}


void
lo_zone_gap_set(lo_zone_t *z, uint32_t track, int64_t number)
{
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);

    if (e != NULL && number > lo_load(&z->tracks[track].head)
                              - (int64_t) z->tracks[track].cap
        && lo_swap(&e->gap, (uint64_t) number + 1) != (uint64_t) number + 1)
    {
        lo_add(&z->tracks[track].gaps, 1);
    }
}


int
lo_zone_has_no_parts(const lo_zone_entry_t *e, int64_t number)
{
    return (lo_load(&e->gap) & ~LO_NO_PARTS) == (uint64_t) number + 1;
}


/* a GAP has none anyway */

void
lo_zone_no_parts(lo_zone_entry_t *e, int64_t number)
{
    uint64_t  gap;

    gap = lo_load(&e->gap);

    while (gap != (uint64_t) number + 1
           && gap != (((uint64_t) number + 1) | LO_NO_PARTS)
           && !lo_cas(&e->gap, gap, ((uint64_t) number + 1) | LO_NO_PARTS))
    {
        gap = lo_load(&e->gap);
    }
}


/* with the number's turn of the ring, so that it is not taken for another's */

static uint64_t
lo_zone_turn(lo_zone_t *z, uint32_t track, int64_t number)
{
    return (uint64_t) (number / z->tracks[track].cap)
           & ((1 << (64 - LO_ZONE_NOTE_BITS)) - 1);
}


void
lo_zone_note(lo_zone_t *z, uint32_t track, int64_t number, uint64_t note)
{
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);

    if (e != NULL) {
        lo_store(&e->note, note << (64 - LO_ZONE_NOTE_BITS)
                           | lo_zone_turn(z, track, number));
    }
}


uint64_t
lo_zone_noted(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint64_t          note;
    lo_zone_entry_t  *e;

    e = lo_zone_entry(z, track, number);
    if (e == NULL) {
        return 0;
    }

    note = lo_load(&e->note);

    if ((note & ((1 << (64 - LO_ZONE_NOTE_BITS)) - 1))
        != lo_zone_turn(z, track, number))
    {
        return 0;
    }

    return note >> (64 - LO_ZONE_NOTE_BITS);
}
