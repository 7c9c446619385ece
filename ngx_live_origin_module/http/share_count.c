/*
 * What is counted of sharing: how many segments wait for Redis, and how the
 * walk gets on.
 *
 * There is no queue of them: the walk finds what Redis lacks.  Owed is what
 * Redis was not told of at once, less what walks have made good since; a whole
 * walk leaves nothing owed of what there was when it began.
 */

#include "http/share_walk.h"


#define NGX_LIVE_ORIGIN_AHEAD  4096          /* numbers, at a time */


static uint64_t
ngx_live_origin_share_unsettled(lo_zone_t *z)
{
    uint64_t  missed, settled;

    settled = lo_zone_cell_sum(z, NGX_LIVE_ORIGIN_CELL_SHARE_SETTLED);
    missed = lo_zone_cell_sum(z, NGX_LIVE_ORIGIN_CELL_SHARE_MISSED);

    return missed > settled ? missed - settled : 0;
}


uint64_t
ngx_live_origin_share_to_send(ngx_live_origin_zone_t *zone)
{
    uint64_t  owed, filled, left;

    owed = ngx_live_origin_share_unsettled(zone->z);
    filled = lo_zone_cell_live(zone->z, NGX_LIVE_ORIGIN_CELL_SHARE_FILLING);
    left = lo_zone_cell_live(zone->z, NGX_LIVE_ORIGIN_CELL_SHARE_LEFT);

    owed = owed > filled ? owed - filled : 0;

    return ngx_max(owed, left);
}


uint64_t
ngx_live_origin_share_to_fetch(ngx_live_origin_zone_t *zone)
{
    return lo_zone_cell_live(zone->z, NGX_LIVE_ORIGIN_CELL_SHARE_FETCHING)
           + lo_zone_cell_live(zone->z, NGX_LIVE_ORIGIN_CELL_SHARE_WANTED);
}


void
ngx_live_origin_share_missed(ngx_live_origin_share_t *sh)
{
    sh->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_MISSED]++;
}


/* ten times a second, of every worker */

void
ngx_live_origin_share_gauges(ngx_live_origin_share_t *sh)
{
    uint64_t                 *cells, wanted;
    ngx_uint_t                i;
    ngx_live_origin_zone_t   *zone;

    zone = sh->zone;
    cells = zone->cells;

    cells[NGX_LIVE_ORIGIN_CELL_SHARE_JOINING] =
            ngx_live_origin_share_joins(zone) ? NGX_LIVE_ORIGIN_JOIN_NEW
            : ngx_live_origin_share_returns(zone) ? NGX_LIVE_ORIGIN_JOIN_BACK
                                                  : NGX_LIVE_ORIGIN_JOIN_NO;

    if (sh->ticks % 10 == 0) {

        for (i = 0, wanted = 0; i < sh->nevents; i++) {
            wanted += sh->events[i].nwanted;
        }

        cells[NGX_LIVE_ORIGIN_CELL_SHARE_WANTED] = wanted;
    }
}


/* ---- the walk */

void
ngx_live_origin_walk_began(ngx_live_origin_walk_t *w)
{
    ngx_live_origin_zone_t  *zone;

    zone = w->share->zone;

    w->began_us = ngx_live_origin_mono();
    w->owed = ngx_live_origin_share_unsettled(zone->z);
    zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_WALKING] = w->began_us;
}


void
ngx_live_origin_walk_ended(ngx_live_origin_walk_t *w)
{
    uint64_t  *cells, filled;

    cells = w->share->zone->cells;
    filled = cells[NGX_LIVE_ORIGIN_CELL_SHARE_FILLING];

    /* what is missed from now on is for the next one */

    cells[NGX_LIVE_ORIGIN_CELL_SHARE_SETTLED] += w->whole && !w->skipped
                                                 ? w->owed
                                                 : ngx_min(filled, w->owed);

    if (w->whole) {
        cells[NGX_LIVE_ORIGIN_CELL_SHARE_WALK_US] = ngx_live_origin_mono()
                                                    - w->began_us;
        cells[NGX_LIVE_ORIGIN_CELL_SHARE_WALKED] = ngx_live_origin_wall();
    }

    cells[NGX_LIVE_ORIGIN_CELL_SHARE_WALKING] = 0;
    cells[NGX_LIVE_ORIGIN_CELL_SHARE_FILLING] = 0;
    cells[NGX_LIVE_ORIGIN_CELL_SHARE_LEFT] = 0;
}


/* how many of the track are left to be sent is counted in steps, too, ahead of
   w->at */

void
ngx_live_origin_walk_ahead(ngx_live_origin_walk_t *w, const lo_live_t *l)
{
    lo_zone_t      *z;
    uint32_t        ring;
    uint64_t       *left;
    ngx_uint_t      p, steps;
    lo_zone_pin_t   pin;

    z = w->share->zone->z;
    ring = l->tracks[w->track].ring;
    left = &w->share->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_LEFT];

    if (w->ahead == w->from) {
        *left = 0;
    }

    for (steps = 0;
         w->seen && w->ahead <= w->to && steps < NGX_LIVE_ORIGIN_AHEAD;
         w->ahead++, steps++)
    {
        for (p = 0; p < l->npipelines; p++) {

            if (!(w->seen[w->ahead - w->from] & 1 << p)
                && lo_zone_candidate(z, ring, w->ahead, p, &pin) == LO_OK)
            {
                lo_zone_unpin(z, &pin);
                (*left)++;
            }
        }
    }
}


void
ngx_live_origin_walk_filled(ngx_live_origin_walk_t *w)
{
    uint64_t  *cells;

    cells = w->share->zone->cells;

    cells[NGX_LIVE_ORIGIN_CELL_SHARE_FILLED]++;
    cells[NGX_LIVE_ORIGIN_CELL_SHARE_FILLING]++;

    if (cells[NGX_LIVE_ORIGIN_CELL_SHARE_LEFT]) {
        cells[NGX_LIVE_ORIGIN_CELL_SHARE_LEFT]--;
    }
}
