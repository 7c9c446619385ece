/*
 * Whether an event's manifest may go out: what the live state is asked when
 * somebody wants one.
 */

#include "http/module.h"


#define NGX_LIVE_ORIGIN_DEPTH_S  1         /* between looks at the depth */


typedef struct {
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *event;
} ngx_live_origin_manifest_ask_t;


/* zone bytes that one number takes: the most of the last three, each copy of
   each pipeline counted once */

static uint64_t
ngx_live_origin_manifest_bytes(ngx_live_origin_zone_t *zone, uint32_t ring,
    int64_t head)
{
    int64_t        n;
    uint64_t       most, sum;
    unsigned       p, q;
    lo_word_t      seen[LO_MAX_PIPELINES];
    lo_zone_pin_t  pin;

    most = 0;

    for (n = head; n > head - 3 && n >= 0; n--) {

        sum = 0;

        for (p = 0; p < LO_MAX_PIPELINES; p++) {

            seen[p] = 0;

            if (lo_zone_candidate(zone->z, ring, n, p, &pin) != LO_OK) {
                continue;
            }

            seen[p] = pin.word;

            for (q = 0; seen[q] != pin.word; q++) { /* void */ }

            if (q == p) {
                sum += (uint64_t) pin.object->npages * LO_ZONE_PAGE;
            }

            lo_zone_unpin(zone->z, &pin);
        }

        most = sum > most ? sum : most;
    }

    return most;
}


static int
ngx_live_origin_manifest_change(lo_live_t *l, void *data)
{
    int64_t                          head;
    ngx_uint_t                       i;
    lo_zone_stat_t                   st;
    lo_live_ready_t                  ready;
    lo_zone_event_t                 *ze;
    lo_zone_track_t                 *t;
    ngx_live_origin_manifest_ask_t  *ask = data;

    if (l->phase == LO_LIVE_LIVE) {
        return lo_live_depth(l, ngx_live_origin_wall());
    }

    ze = lo_zone_event(ask->zone->z, ask->event->index);
    if (ze == NULL) {
        return 0;
    }

    lo_zone_stat(ask->zone->z, &st);
    ngx_memzero(&ready, sizeof(lo_live_ready_t));

    ready.now_us = ngx_live_origin_wall();
    ready.share = __atomic_load_n(&ze->share, __ATOMIC_RELAXED)
                  * st.page_size;
    ready.head = __atomic_load_n(&ze->head, __ATOMIC_RELAXED);
    ready.numbers = ngx_live_origin_ring_numbers(ask->zone, l);
    ready.archive = ngx_live_origin_archive_holds(ask->zone, l);

    for (i = 0; i < l->ntracks; i++) {

        t = ngx_live_origin_track_of(ask->zone, &l->tracks[i]);
        head = t ? __atomic_load_n(&t->head, __ATOMIC_RELAXED) : -1;

        if (head >= 0) {
            ready.has |= (uint64_t) 1 << i;
            ready.bytes_per_d += ngx_live_origin_manifest_bytes(ask->zone,
                                     l->tracks[i].ring, head);
        }
    }

    return lo_live_ready(l, &ready);
}


ngx_uint_t
ngx_live_origin_manifest_ready(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
    uint64_t                         now;
    ngx_live_origin_manifest_ask_t   ask;

    if (lo_live_over(event->live)) {
        return event->live->live_us != 0;
    }

    if (event->live->phase == LO_LIVE_LIVE) {

        now = ngx_live_origin_mono() / LO_USEC;

        if (now - event->depth_at < NGX_LIVE_ORIGIN_DEPTH_S) {
            return 1;
        }

        event->depth_at = now;
    }

    ask.zone = zone;
    ask.event = event;

    if (ngx_live_origin_event_agree(zone, event,
                                    ngx_live_origin_manifest_change, &ask)
        == LO_NONE)
    {
        return 0;
    }

    return event->live && event->live->phase == LO_LIVE_LIVE;
}
