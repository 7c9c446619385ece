/*
 * What a new segment means for its event: the delay that is measured, whether
 * the manifest may go out, how deep the window is by now.
 */

#include "http/publish.h"


typedef struct {
    ngx_live_origin_zone_t    *zone;
    ngx_uint_t                 index;
    int64_t                    number;
    int64_t                    now_us;
    unsigned                   force;
} ngx_live_origin_after_t;


/* the zone bytes that one number takes: of each track the newest segment of
   every pipeline */

static uint64_t
ngx_live_origin_bytes_per_d(ngx_live_origin_zone_t *zone, const lo_live_t *l,
    uint64_t *has)
{
    int64_t           head;
    uint64_t          sum;
    ngx_uint_t        i, p;
    lo_zone_pin_t     pin;
    lo_zone_track_t  *zt;

    sum = 0;
    *has = 0;

    for (i = 0; i < l->ntracks; i++) {

        zt = ngx_live_origin_track_of(zone, &l->tracks[i]);

        if (zt == NULL) {
            continue;
        }

        head = __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE);

        if (head < 0) {
            continue;
        }

        *has |= UINT64_C(1) << i;

        for (p = 0; p < l->npipelines; p++) {

            if (lo_zone_candidate(zone->z, l->tracks[i].ring, head, p, &pin)
                != LO_OK
                && lo_zone_candidate(zone->z, l->tracks[i].ring, head - 1, p,
                                     &pin)
                   != LO_OK)
            {
                continue;
            }

            sum += (uint64_t) pin.object->npages * LO_ZONE_PAGE;
            lo_zone_unpin(zone->z, &pin);
        }
    }

    return sum;
}


static int
ngx_live_origin_change_ready(lo_live_t *l, ngx_live_origin_after_t *a)
{
    lo_live_ready_t   r;
    lo_zone_event_t  *ze;

    ze = lo_zone_event(a->zone->z, a->index);
    if (ze == NULL) {
        return 0;
    }

    r.force = a->force;
    r.now_us = a->now_us;
    r.bytes_per_d = ngx_live_origin_bytes_per_d(a->zone, l, &r.has);
    r.share = __atomic_load_n(&ze->share, __ATOMIC_RELAXED) * LO_ZONE_PAGE;
    r.head = __atomic_load_n(&ze->head, __ATOMIC_ACQUIRE);
    r.numbers = ngx_live_origin_ring_numbers(a->zone, l);
    r.archive = ngx_live_origin_archive_holds(a->zone, l);

    return lo_live_ready(l, &r);
}


static int
ngx_live_origin_change_after(lo_live_t *l, void *data)
{
    int                       changed;
    ngx_live_origin_after_t  *a = data;

    changed = 0;

    if (l->phase == LO_LIVE_SCHEDULED) {
        changed |= lo_live_late(l, a->number, a->now_us);
        changed |= ngx_live_origin_change_ready(l, a);
    }

    if (l->phase == LO_LIVE_LIVE) {
        changed |= lo_live_depth(l, a->now_us);
    }

    return changed;
}


/* what a new segment means for the event: once a second while it is live */

void
ngx_live_origin_place_after(ngx_live_origin_upload_t *u, int64_t number,
    int64_t now)
{
    uint64_t                  second;
    ngx_live_origin_after_t   a;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(u->zone, u->index);
    if (e == NULL) {
        return;
    }

    second = now / LO_USEC;

    if (e->live->phase == LO_LIVE_LIVE && e->depth_at == second) {
        return;
    }

    e->depth_at = second;

    a.zone = u->zone;
    a.index = u->index;
    a.number = number;
    a.force = 0;
    a.now_us = ngx_live_origin_wall();

    (void) ngx_live_origin_event_agree(u->zone, e,
                                       ngx_live_origin_change_after, &a);
}


/* ---- POST start */

int
ngx_live_origin_change_start(lo_live_t *l, void *data)
{
    ngx_live_origin_after_t      a;
    ngx_live_origin_starting_t  *s = data;

    if (lo_live_over(l)) {
        s->over = 1;
        return lo_live_start(l);
    }

    if (s->over) {
        return 0;
    }

    ngx_memzero(&a, sizeof(ngx_live_origin_after_t));

    a.zone = s->zone;
    a.index = s->index;
    a.now_us = ngx_live_origin_wall();
    a.force = 1;

    return ngx_live_origin_change_ready(l, &a);
}
