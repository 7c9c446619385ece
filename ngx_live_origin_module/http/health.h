/*
 * Manifests of events whose live edge is old (core/health.h).
 *
 * What is stale now is in the zone, with the time at which manifests changed
 * for it last, so that every worker's MPD has the same publishTime.
 */

#ifndef NGX_LIVE_ORIGIN_HEALTH_H
#define NGX_LIVE_ORIGIN_HEALTH_H

#include "core/health.h"
#include "core/manifest.h"
#include "http/module.h"


/* tracks of the live state, a bit each */

typedef struct {
    uint64_t                     stale;
    uint64_t                     left;     /* what manifests leave out, or
                                              LO_HEALTH_NONE */
    int64_t                      since_us; /* wall clock: of the last change
                                              of left; 0: there was none */
} ngx_live_origin_health_t;


/* as of now; what has changed is said in the log, once for all workers */
void ngx_live_origin_health(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_health_t *h);

/* takes those tracks out of the periods, but for a period that would have
   none */
void ngx_live_origin_health_drop(const lo_live_t *l,
    lo_manifest_period_t *periods, ngx_uint_t n, uint64_t left);

/* once a second: events that nobody asks for */
void ngx_live_origin_health_tick(ngx_live_origin_zone_t *zone);

#endif /* NGX_LIVE_ORIGIN_HEALTH_H */
