/*
 * A live state that several nodes share (docs/redis.md, "The live state"):
 * what of it they share, and whether a record may be believed.  How one
 * learns from another: live_learn.c.
 */

#include <stddef.h>

#include "core/live_int.h"


void
lo_live_strip(lo_live_t *l)
{
    unsigned  i;

    for (i = 0; i < l->ntracks; i++) {
        l->tracks[i].ring = UINT32_MAX;
    }

    for (i = 0; i < l->ninits; i++) {
        l->inits[i].word = 0;
    }
}


#define lo_live_same_part(a, b, from, to)                                     \
    (memcmp((const char *) (a) + (from), (const char *) (b) + (from),         \
            (to) - (from)) == 0)


/* all but the rings and words: lo_live_strip */

static int
lo_live_same_lists(const lo_live_t *a, const lo_live_t *b)
{
    unsigned  i;

    for (i = 0; i < a->ntracks; i++) {
        if (!lo_live_same_part(&a->tracks[i], &b->tracks[i], 0,
                               offsetof(lo_live_track_t, ring))
            || !lo_live_same_part(&a->tracks[i], &b->tracks[i],
                                  offsetof(lo_live_track_t, chunk_us),
                                  sizeof(lo_live_track_t)))
        {
            return 0;
        }
    }

    for (i = 0; i < a->ninits; i++) {
        if (!lo_live_same_part(&a->inits[i], &b->inits[i], 0,
                               offsetof(lo_live_init_t, word))
            || !lo_live_same_part(&a->inits[i], &b->inits[i],
                                  offsetof(lo_live_init_t, info),
                                  sizeof(lo_live_init_t)))
        {
            return 0;
        }
    }

    return 1;
}


int
lo_live_same(const lo_live_t *a, const lo_live_t *b)
{
    return a->ntracks == b->ntracks && a->ninits == b->ninits
           && lo_live_same_part(a, b, 0, offsetof(lo_live_t, serial))
           && lo_live_same_part(a, b, offsetof(lo_live_t, agreed),
                                offsetof(lo_live_t, shown))
           && lo_live_same_part(a, b, offsetof(lo_live_t, d),
                                offsetof(lo_live_t, tracks))
           && lo_live_same_part(a, b, offsetof(lo_live_t, runs),
                                offsetof(lo_live_t, inits))
           && lo_live_same_lists(a, b);
}


int
lo_live_likely(const lo_live_t *l, int64_t number, int64_t now_us)
{
    int64_t  ahead;

    if (number < 0 || number > INT64_MAX / 4) {
        return 0;
    }

    if (l->irregular || l->d.duration == 0) {
        return 1;
    }

    ahead = l->lead_s > l->dvr_s ? l->lead_s : l->dvr_s;

    return number <= lo_timeline_at(&l->d, now_us + (ahead + 60) * LO_USEC);
}


int
lo_live_check(const lo_live_t *l, size_t len, lo_err_t *err)
{
    if (len < offsetof(lo_live_t, inits) || l->version != LO_LIVE_VERSION
        || l->size != sizeof(lo_live_t))
    {
        return lo_err(err, "another version of this module has written it");
    }

    if (l->ninits > LO_LIVE_INITS || len != lo_live_len(l)
        || !lo_live_inside(l))
    {
        return lo_err(err, "its record is damaged");
    }

    return LO_OK;
}
