/*
 * What a mask, or taking it back, changes for caches: numbers that readers
 * were given, and numbers that are there again.
 */

#include "http/mask.h"
#include "http/purge.h"


/*
 * The masked pipeline's bytes that readers were given; 0: none.  What has left
 * the zone for the disk names no object, and who had it is not known: readers
 * may have.
 */

static ngx_uint_t
ngx_live_origin_mask_was(ngx_live_origin_mask_t *m, uint32_t ring,
    int64_t number, lo_word_t *was)
{
    uint64_t          given;
    lo_zone_pin_t     pin;
    lo_zone_record_t  rec;

    *was = 0;

    if (lo_zone_candidate(m->zone->z, ring, number, m->mask.pipeline, &pin)
        != LO_OK)
    {
        return m->zone->archive
               && lo_zone_record(m->zone->z, ring, number, &rec) == LO_OK
               && rec.pipeline == m->mask.pipeline;
    }

    *was = pin.word;
    given = __atomic_load_n(&pin.object->given, __ATOMIC_RELAXED);
    lo_zone_unpin(m->zone->z, &pin);

    return given != 0;
}


/* of one number: what readers were given and do not get any more */

static void
ngx_live_origin_mask_given(ngx_live_origin_mask_t *m, const lo_live_t *l,
    ngx_uint_t track, int64_t number)
{
    u_char         url[2 * (LO_ID_MAX + 1) + NGX_INT64_LEN + 8];
    lo_word_t      was, is;
    lo_zone_t     *z;
    lo_zone_pin_t  pin;

    z = m->zone->z;

    if (!ngx_live_origin_mask_was(m, l->tracks[track].ring, number, &was)) {
        return;
    }

    /* chosen now: the other copy is then no spare one that may be evicted */

    is = 0;

    if (lo_zone_find(z, l->tracks[track].ring, number, 1,
                     lo_live_masked(l, track, number), &pin)
        == LO_OK)
    {
        is = pin.word;
        lo_zone_unpin(z, &pin);
    }

    if (is && is == was) {
        return;
    }

    ngx_live_origin_purge_number(m->request, m->zone, m->event,
                                 l->tracks[track].id, number);

    if (m->ngiven++ >= NGX_LIVE_ORIGIN_MASK_LIST) {
        return;
    }

    *ngx_sprintf(url, "%s/%s/%L.m4s", m->event, l->tracks[track].id, number)
        = '\0';

    json_array_append_new(m->given, json_sprintf("%.*s%s",
                                                 (int) m->prefix.len,
                                                 m->prefix.data, url));
}


static ngx_uint_t
ngx_live_origin_mask_before(ngx_live_origin_mask_t *m, ngx_uint_t track,
    int64_t number)
{
    ngx_uint_t             i;
    const lo_live_mask_t  *mask;

    for (i = 0; i < m->nbefore; i++) {

        mask = &m->before[i];

        if (mask->pipeline == m->mask.pipeline
            && mask->from <= number && number <= mask->to
            && (mask->track == LO_LIVE_ALL_TRACKS || mask->track == track))
        {
            return 1;
        }
    }

    return 0;
}


/* of one number: served again, where nothing was: caches may have that */

static void
ngx_live_origin_mask_back(ngx_live_origin_mask_t *m, const lo_live_t *l,
    ngx_uint_t track, int64_t number)
{
    uint32_t       ring, masked;
    lo_word_t      own;
    ngx_uint_t     was;
    lo_zone_pin_t  pin;

    ring = l->tracks[track].ring;
    masked = lo_live_masked(l, track, number);

    if ((masked >> m->mask.pipeline & 1)
        || !ngx_live_origin_mask_before(m, track, number))
    {
        return;
    }

    if (lo_zone_find(m->zone->z, ring, number, 0,
                     masked | 1u << m->mask.pipeline, &pin)
        == LO_OK)
    {
        lo_zone_unpin(m->zone->z, &pin);
        return;
    }

    was = ngx_live_origin_mask_was(m, ring, number, &own);

    if (was || own) {
        ngx_live_origin_purge_number(m->request, m->zone, m->event,
                                     l->tracks[track].id, number);
    }
}


void
ngx_live_origin_mask_track(ngx_live_origin_mask_t *m, const lo_live_t *l,
    ngx_uint_t track)
{
    int64_t           n, to, head;
    lo_zone_track_t  *t;

    t = ngx_live_origin_track_of(m->zone, &l->tracks[track]);

    if (t == NULL) {
        return;
    }

    if (!m->on) {
        ngx_live_origin_hold_publish(m->zone, l->tracks[track].ring);
    }

    head = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);
    n = ngx_max(m->mask.from, head - (int64_t) t->cap + 1);
    to = ngx_min(m->mask.to, head);

    for ( /* void */ ; n <= to && m->steps > 0; n++, m->steps--) {

        if (m->on) {
            ngx_live_origin_mask_given(m, l, track, n);

        } else if (m->changed) {
            ngx_live_origin_mask_back(m, l, track, n);
        }
    }

    if (!m->on && !m->changed) {
        return;
    }

    ngx_live_origin_purge_track(m->request, m->zone, m->event,
                                l->tracks[track].id);
}
