/*
 * What an event's document allows its publishers: docs/access.md, "Limits".
 */

#include "http/publish.h"


#define NGX_LIVE_ORIGIN_BURST  10          /* s of the rate, at once */
#define NGX_LIVE_ORIGIN_TRIES  16


static const lo_event_limits_t *
ngx_live_origin_limits(ngx_live_origin_upload_t *u)
{
    static const lo_event_limits_t  none;

    return u->ctx->event && u->ctx->event->doc ? &u->ctx->event->doc->limits
                                               : &none;
}


/*
 * One word in the zone for all workers: the moment (CLOCK_MONOTONIC, us) at
 * which what was let through is used up at the allowed rate.  Who finds it
 * further ahead than the burst is turned away; who does not moves it on by
 * one compare-and-swap.  A moment that lies even further ahead is of another
 * boot.
 */

static ngx_uint_t
ngx_live_origin_limit_rate(uint64_t *cell, uint32_t rate)
{
    uint64_t    now, at, step, most;
    ngx_uint_t  i;

    step = LO_USEC / rate;
    most = NGX_LIVE_ORIGIN_BURST * LO_USEC;
    now = ngx_live_origin_mono();
    at = __atomic_load_n(cell, __ATOMIC_RELAXED);

    /* many that collide are let through: a limit is no lock */

    for (i = 0; i < NGX_LIVE_ORIGIN_TRIES; i++) {

        if (at > now + most && at <= now + most + step + LO_USEC) {
            return 0;
        }

        if (__atomic_compare_exchange_n(cell, &at,
                (at < now || at > now + most ? now : at) + step, 0,
                __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        {
            return 1;
        }
    }

    return 1;
}


ngx_uint_t
ngx_live_origin_limit(ngx_live_origin_upload_t *u)
{
    lo_zone_event_t          *ze;
    const lo_event_limits_t  *limits;

    limits = ngx_live_origin_limits(u);

    if (limits->segment_size && (off_t) limits->segment_size < u->max) {
        u->max = limits->segment_size;
    }

    ze = u->index < 0 ? NULL : lo_zone_event(u->zone->z, u->index);

    if (limits->publish_rate && ze
        && !ngx_live_origin_limit_rate(
                &ze->counters[NGX_LIVE_ORIGIN_EVENT_RATE],
                limits->publish_rate))
    {
        return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                                   "more than the %u requests a second that "
                                   "this event may publish",
                                   limits->publish_rate);
    }

    return 0;
}


ngx_uint_t
ngx_live_origin_limit_size(ngx_live_origin_upload_t *u)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);

    return ngx_live_origin_say(u, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                               "larger than %s, %lld bytes",
                               u->max < lcf->max_segment
                               ? "the event's limits.segment_size"
                               : "live_origin_max_segment",
                               (long long) u->max);
}
