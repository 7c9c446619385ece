/*
 * What is not recorded yet.  The archivist may die at any time, so what it
 * knows of that lies in the track's row: below which number it has looked,
 * and how many of these wait.  What changes there afterwards is asked for.
 */

#include "zone/layout.h"


void
lo_zone_looked(lo_zone_t *z, uint32_t track, int64_t below, int64_t n)
{
    lo_zone_track_t  *t;

    t = lo_zone_track(z, track);

    if (t != NULL) {

        /* in this order, as lo_zone_unsaved reads them in the other */

        lo_store(&t->unsaved, n);
        lo_store(&t->looked, below);
    }
}


/* a range is one word: where it begins, of which the lower half says enough
   when one knows what it is near to, and how many numbers it has */

static void
lo_zone_range(uint64_t range, int64_t near, int64_t *from, int64_t *to)
{
    *from = near + (int32_t) ((uint32_t) (range >> 32) - (uint32_t) near);
    *to = *from + (uint32_t) range - 1;
}


static void
lo_zone_ask(lo_zone_track_t *t, int64_t number)
{
    int64_t   from, to;
    uint64_t  old;

    do {
        old = lo_load(&t->again);

        from = number;
        to = number;

        if (old != 0) {
            lo_zone_range(old, number, &from, &to);
        }

        if (number >= from && number <= to && old != 0) {
            return;
        }

        from = number < from ? number : from;
        to = number > to ? number : to;

    } while (!lo_cas(&t->again, old, (uint64_t) (uint32_t) from << 32
                                     | (uint32_t) (to - from + 1)));
}


int
lo_zone_again(lo_zone_t *z, uint32_t track, int take, int64_t *from,
    int64_t *to)
{
    uint64_t          range;
    lo_zone_track_t  *t;

    t = lo_zone_track(z, track);

    if (t == NULL) {
        return 0;
    }

    range = take ? lo_swap(&t->again, 0) : lo_load(&t->again);

    if (range == 0) {
        return 0;
    }

    lo_zone_range(range, lo_load(&t->head), from, to);

    return 1;
}


/* what is on its way to readers is in the entry by now: either it is seen by
   who looks at the number, or that has been said before */

void
lo_zone_touched(lo_zone_t *z, uint32_t track, int64_t number)
{
    lo_zone_pin_t      pin;
    lo_zone_track_t   *t;
    lo_zone_record_t   rec;

    t = &z->tracks[track];

    if (!t->records || number >= lo_load(&t->looked)
        || lo_zone_find(z, track, number, 0, 0, &pin) != LO_OK)
    {
        return;
    }

    /* a pipeline that cannot be: on other nodes only */

    if (lo_zone_record(z, track, number, &rec) != LO_OK
        || rec.pipeline >= LO_MAX_PIPELINES
        || rec.digest != lo_zone_digest_first(pin.object->digest))
    {
        lo_zone_ask(t, number);
    }

    lo_zone_unpin(z, &pin);
}


static uint64_t
lo_zone_unsaved_track(lo_zone_t *z, const lo_zone_track_t *t)
{
    int64_t   from, head;
    uint64_t  again;

    from = lo_load(&t->looked);
    again = lo_load(&t->again);
    head = lo_load(&t->head);

    if (from < lo_load(&t->tail)) {
        from = lo_load(&t->tail);
    }

    if (from <= head - (int64_t) t->cap) {
        from = head - (int64_t) t->cap + 1;
    }

    return (head >= from ? head - from + 1 : 0)
           + (again != 0) + lo_load(&t->unsaved);
}


uint64_t
lo_zone_unsaved(lo_zone_t *z)
{
    uint32_t          i;
    uint64_t          n;
    lo_zone_track_t  *t;

    n = 0;

    for (i = 0; i < z->h->tracks; i++) {

        t = lo_zone_track(z, i);

        if (t != NULL && t->records) {
            n += lo_zone_unsaved_track(z, t);
        }
    }

    return n;
}
