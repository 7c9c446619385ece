/* Rings for tracks that this node was never sent. */

#include "http/share.h"


typedef struct {
    ngx_live_origin_zone_t         *zone;
    ngx_uint_t                      index;
    lo_str_t                        track;
    uint32_t                        ring;
} ngx_live_origin_ring_t;


static int
ngx_live_origin_change_ring(lo_live_t *l, void *data)
{
    int                      t, made;
    ngx_live_origin_ring_t  *r = data;

    t = lo_live_track(l, r->track);

    if (t < 0) {
        return 0;
    }

    made = ngx_live_origin_ring_make(r->zone, r->index, l, t);

    if (made < 0) {
        return 0;
    }

    r->ring = l->tracks[t].ring;

    return made;
}


uint32_t
ngx_live_origin_share_ring(ngx_live_origin_share_t *sh, ngx_uint_t index,
    lo_str_t track)
{
    char                      name[LO_ID_MAX + 1];
    ngx_live_origin_ring_t    r;
    ngx_live_origin_event_t  *e;

    ngx_memcpy(name, track.data, track.len);
    name[track.len] = '\0';

    e = ngx_live_origin_event_get(sh->zone, index);

    r.zone = sh->zone;
    r.index = index;
    r.track = lo_cstr(name);
    r.ring = LO_ZONE_NO_TRACK;

    if (e) {
        (void) ngx_live_origin_event_agree(sh->zone, e,
                                           ngx_live_origin_change_ring, &r);
    }

    return r.ring;
}
