/*
 * Defects in the error log: of each event a worker says so many a minute, one
 * by one, and how many more there were when the minute is over.
 */

#include "http/publish.h"


#define NGX_LIVE_ORIGIN_DEFECTS_LINES   30
#define NGX_LIVE_ORIGIN_DEFECTS_WINDOW  60      /* s */


void
ngx_live_origin_defects_log(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta)
{
    u_char                    text[LO_VERDICT_TEXT];
    lo_buf_t                  b;
    lo_verdict_t              v;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(c->u->zone, c->u->index);

    if (e && e->defects++ == 0) {
        e->defects_at = ngx_live_origin_mono() / LO_USEC;
    }

    if (e == NULL || e->defects > NGX_LIVE_ORIGIN_DEFECTS_LINES) {
        return;
    }

    lo_verdict_unpack(&v, meta->verdict, meta->ms);
    lo_buf_init(&b, text, sizeof(text));
    lo_verdict_print(&b, &v);

    ngx_log_error(NGX_LOG_WARN, c->u->request->connection->log, 0,
                  "live origin: defects in number %L of \"%*s\": %*s",
                  c->place.number, c->u->request->uri.len,
                  c->u->request->uri.data, (size_t) (b.pos - b.start),
                  b.start);
}


void
ngx_live_origin_defects_sum(ngx_live_origin_zone_t *zone, ngx_uint_t all)
{
    int64_t                   now;
    ngx_uint_t                i;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *e;

    now = ngx_live_origin_mono() / LO_USEC;

    for (i = 0; i < zone->events_max; i++) {

        e = zone->cache[i];

        if (e == NULL || e->defects == 0
            || (!all && now - e->defects_at < NGX_LIVE_ORIGIN_DEFECTS_WINDOW))
        {
            continue;
        }

        ze = lo_zone_event(zone->z, i);

        if (ze && e->defects > NGX_LIVE_ORIGIN_DEFECTS_LINES) {
            ngx_log_error(NGX_LOG_WARN, zone->log, 0,
                          "live origin: event \"%s\": defects in %ui more "
                          "segments within %L s; live_origin_verdicts_total "
                          "counts them", ze->id,
                          e->defects - NGX_LIVE_ORIGIN_DEFECTS_LINES,
                          now - e->defects_at);
        }

        e->defects = 0;
    }
}
