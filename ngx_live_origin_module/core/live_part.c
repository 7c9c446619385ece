/*
 * The part targets of an event's tracks: fixed with what they are made of
 * when it goes live.
 */

#include "core/live.h"
#include "core/part.h"


/* what all tracks' parts are near to: the first video track with chunks says
   it, or the first of any kind */

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

    if (first == l->ntracks || l->tracks[first].chunk_us < LO_PART_LEARNT) {
        return LO_PART_LEARNT;
    }

    return l->tracks[first].chunk_us;
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
