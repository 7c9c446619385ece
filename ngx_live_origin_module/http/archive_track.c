/*
 * What the archivist knows of a track: how far it has looked, and what of that
 * waits to be written.
 */

#include "http/archive.h"


static void
ngx_live_origin_archive_drop(ngx_live_origin_zone_t *zone,
    ngx_live_origin_archive_track_t *st)
{
    zone->archive->pending -= st->pending;
    free(st->seen);
    ngx_memzero(st, sizeof(ngx_live_origin_archive_track_t));
}


void
ngx_live_origin_archive_drop_gone(ngx_live_origin_zone_t *zone)
{
    uint32_t                          i;
    lo_zone_track_t                  *t;
    ngx_live_origin_archive_track_t  *st;

    for (i = 0; i < zone->archive->ntracks; i++) {

        st = &zone->archive->tracks[i];

        if (st->seen == NULL) {
            continue;
        }

        t = lo_zone_track(zone->z, i);

        if (t == NULL
            || __atomic_load_n(&t->word, __ATOMIC_ACQUIRE) != st->word)
        {
            ngx_live_origin_archive_drop(zone, st);
        }
    }
}


ngx_live_origin_archive_track_t *
ngx_live_origin_archive_track(ngx_live_origin_zone_t *zone, uint32_t ring)
{
    uint64_t                          word;
    lo_zone_track_t                  *t;
    ngx_live_origin_archive_track_t  *st;

    t = lo_zone_track(zone->z, ring);

    if (t == NULL || !t->records) {
        return NULL;
    }

    st = &zone->archive->tracks[ring];
    word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    if (st->word == word && st->seen) {
        return st;
    }

    ngx_live_origin_archive_drop(zone, st);

    st->seen = calloc((t->cap + 63) / 64, 8);
    st->word = word;
    st->cap = t->cap;
    st->low = INT64_MAX;
    st->until = -1;

    return st->seen ? st : NULL;
}


void
ngx_live_origin_archive_mark(ngx_live_origin_zone_t *zone,
    ngx_live_origin_archive_track_t *st, int64_t n, ngx_uint_t pending)
{
    uint64_t  *word, bit;

    word = &st->seen[n % st->cap / 64];
    bit = UINT64_C(1) << (n % st->cap % 64);

    if (pending && !(*word & bit)) {
        *word |= bit;
        st->pending++;
        st->low = ngx_min(st->low, n);
        zone->archive->pending++;

    } else if (!pending && (*word & bit)) {
        *word &= ~bit;
        st->pending--;
        zone->archive->pending--;
    }
}


/* what has not been looked at yet waits, too */

void
ngx_live_origin_archive_tell(ngx_live_origin_zone_t *zone, uint32_t ring,
    ngx_live_origin_archive_track_t *st, int64_t head)
{
    st->looked = ngx_max(st->looked, head + 1);

    lo_zone_looked(zone->z, ring, st->looked,
                   st->looked - st->marked + st->pending
                   + (st->again <= st->until));
}


void
ngx_live_origin_archive_ask(ngx_live_origin_archive_track_t *st, int64_t from,
    int64_t to)
{
    st->again = st->again <= st->until ? ngx_min(st->again, from) : from;
    st->until = ngx_max(st->until, to);
}
