/*
 * The rings of an event's tracks: how many numbers they are made for, and
 * what that says of the window.
 */

#include "http/module.h"


#define NGX_LIVE_ORIGIN_AHEAD      64        /* numbers of a ring beyond the
                                                window */
#define NGX_LIVE_ORIGIN_IRREGULAR  16384     /* manifests list their times */


/* a number of an irregular event may be shorter than d */

static int64_t
ngx_live_origin_ring_window(const lo_live_t *l)
{
    int64_t  d, cap;

    d = l->d.duration ? lo_dur_us(&l->d) : LO_USEC;

    cap = ngx_max((int64_t) l->dvr_s * LO_USEC / d + 1, l->window);

    return l->irregular ? ngx_min(2 * cap, NGX_LIVE_ORIGIN_IRREGULAR) : cap;
}


uint32_t
ngx_live_origin_ring_whole(const lo_live_t *l)
{
    return ngx_min(ngx_live_origin_ring_window(l) + NGX_LIVE_ORIGIN_AHEAD,
                   LO_ZONE_RING_MAX);
}


/* without an archive no more numbers than the share has pages */

uint32_t
ngx_live_origin_ring_cap(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    const lo_live_t *l)
{
    int64_t           cap, share;
    lo_zone_event_t  *ze;

    cap = ngx_live_origin_ring_window(l);
    ze = lo_zone_event(zone->z, index);

    if (zone->archive == NULL && ze) {
        share = __atomic_load_n(&ze->share, __ATOMIC_RELAXED);
        cap = ngx_min(cap, share);
    }

    return ngx_min(cap + NGX_LIVE_ORIGIN_AHEAD, LO_ZONE_RING_MAX);
}


/* the row that the live state names, if it is this track's: after another
   boot it may be older than that */

lo_zone_track_t *
ngx_live_origin_ring_track(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    const lo_live_track_t *t)
{
    lo_zone_track_t  *zt;

    zt = ngx_live_origin_track_of(zone, t);

    return zt && zt->event == index && ngx_strcmp(zt->id, t->id) == 0
           ? zt : NULL;
}


int
ngx_live_origin_ring_make(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_live_t *l, ngx_uint_t track)
{
    int               ring;
    lo_live_track_t  *t;

    t = &l->tracks[track];

    if (ngx_live_origin_ring_track(zone, index, t)) {
        return 0;
    }

    ngx_live_origin_try(ring,
        lo_zone_track_add(zone->z, index, lo_cstr(t->id),
                          ngx_live_origin_ring_cap(zone, index, l)));

    if (ring < 0) {
        return ring;
    }

    t->ring = ring;

    return 1;
}


int64_t
ngx_live_origin_ring_numbers(ngx_live_origin_zone_t *zone, const lo_live_t *l)
{
    int64_t           most, cap;
    ngx_uint_t        i;
    lo_zone_track_t  *t;

    most = 0;

    for (i = 0; i < l->ntracks; i++) {

        t = ngx_live_origin_track_of(zone, &l->tracks[i]);

        if (t == NULL) {
            continue;
        }

        cap = (int64_t) t->cap - NGX_LIVE_ORIGIN_AHEAD;

        if (l->irregular) {
            cap = ngx_min(cap, NGX_LIVE_ORIGIN_IRREGULAR);
        }

        most = most == 0 ? cap : ngx_min(most, cap);
    }

    return most;
}


const char *
ngx_live_origin_window_note(ngx_live_origin_zone_t *zone, const lo_live_t *l)
{
    if (l->window == 0 || l->d.duration == 0
        || (l->window + 1) * lo_dur_us(&l->d) > (int64_t) l->dvr_s * LO_USEC)
    {
        return NULL;
    }

    return l->window < ngx_live_origin_ring_numbers(zone, l)
           ? "zone_share holds less than dvr_s at these bitrates"
           : "dvr_s is more numbers than are kept of one track";
}
