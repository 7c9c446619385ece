/*
 * Who looks after what lies on other nodes: one worker in general, and for a
 * single number whoever claims it first.
 *
 * A claim is one word: what it is for (28 bits of a hash) and until when
 * (36 bits of milliseconds, CLOCK_MONOTONIC).  It ends by itself, so there is
 * nothing to give back when its worker dies.
 */

#include "core/xxh.h"
#include "zone/layout.h"


#define LO_CLAIM_UNTIL   36
#define LO_CLAIM_MASK    ((UINT64_C(1) << LO_CLAIM_UNTIL) - 1)
#define LO_CLAIM_LONGEST 60000                  /* ms */


int
lo_zone_envoy(lo_zone_t *z)
{
    return z->slot >= 0 && lo_zone_trylock(z, LO_LOCK_ENVOY);
}


void
lo_zone_envoy_end(lo_zone_t *z)
{
    lo_zone_unlock(z, LO_LOCK_ENVOY);
}


int
lo_zone_walked(lo_zone_t *z, int set)
{
    if (set >= 0) {
        lo_store(&z->h->walked.v, set);
    }

    return (int) lo_load(&z->h->walked.v);
}


int
lo_zone_walk(lo_zone_t *z, int want)
{
    if (!want && lo_load(&z->h->walk.v) == 0) {
        return 0;
    }

    return (int) lo_swap(&z->h->walk.v, (uint64_t) want);
}


static uint64_t *
lo_zone_claim_at(lo_zone_t *z, uint32_t track, int64_t number, uint64_t *tag)
{
    uint64_t  hash, key[2];

    key[0] = track;
    key[1] = (uint64_t) number;
    hash = XXH3_64bits(key, sizeof(key));

    *tag = hash >> LO_CLAIM_UNTIL << LO_CLAIM_UNTIL;

    return &z->h->claims[hash & (LO_ZONE_CLAIMS - 1)];
}


int
lo_zone_claim_number(lo_zone_t *z, uint32_t track, int64_t number, uint32_t ms)
{
    uint64_t  *p, old, tag, now, until;

    if (ms > LO_CLAIM_LONGEST) {
        ms = LO_CLAIM_LONGEST;
    }

    p = lo_zone_claim_at(z, track, number, &tag);
    old = lo_load(p);
    now = (uint64_t) lo_zone_mono_us() / 1000 & LO_CLAIM_MASK;
    until = old & LO_CLAIM_MASK;

    /* one of before a reboot may seem to last for long */

    if ((old & ~LO_CLAIM_MASK) == tag && until > now
        && until - now <= LO_CLAIM_LONGEST)
    {
        return LO_AGAIN;
    }

    return lo_cas(p, old, tag | ((now + ms) & LO_CLAIM_MASK)) ? LO_OK
                                                              : LO_AGAIN;
}


void
lo_zone_unclaim_number(lo_zone_t *z, uint32_t track, int64_t number)
{
    uint64_t  *p, old, tag;

    p = lo_zone_claim_at(z, track, number, &tag);
    old = lo_load(p);

    if ((old & ~LO_CLAIM_MASK) == tag) {
        (void) lo_cas(p, old, 0);
    }
}
