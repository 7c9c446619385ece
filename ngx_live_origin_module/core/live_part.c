/*
 * The part targets of an event's tracks: fixed with what they are made of
 * when it goes live, as caches keep parts.
 */

#include "core/live_int.h"
#include "core/part.h"


/* what all tracks' parts are near to: the first video track with chunks says
   it, or the first of any kind; 0: there is none */

static uint32_t
lo_live_part_learnt(const lo_live_t *l)
{
    unsigned  i, first;

    for (i = 0, first = l->ntracks; i < l->ntracks; i++) {

        if (l->tracks[i].chunk_us == 0) {
            continue;
        }

        if (l->tracks[i].type == LO_MEDIA_VIDEO) {
            first = i;
            break;
        }

        if (first == l->ntracks) {
            first = i;
        }
    }

    if (first == l->ntracks) {
        return 0;
    }

    return l->tracks[first].chunk_us < LO_PART_LEARNT
           ? LO_PART_LEARNT : l->tracks[first].chunk_us;
}


void
lo_live_part_fix(lo_live_t *l)
{
    if (l->part_us == 0) {
        l->part_us = lo_live_part_learnt(l);
    }
}


uint32_t
lo_live_part_us(const lo_live_t *l, unsigned track)
{
    if (track >= l->ntracks || l->irregular || l->d.duration == 0
        || l->tracks[track].chunk_us == 0)
    {
        return 0;
    }

    return lo_part_target_us(&l->d, l->part_us ? l->part_us
                                               : lo_live_part_learnt(l),
                             l->tracks[track].chunk_us);
}
