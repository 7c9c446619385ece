/*
 * Shedding in one worker: what is measured, and the answer of who is shed.
 *
 * The probe is a request of the worker to itself.  Ten times a second it
 * writes to an eventfd of its own; how long the event takes through epoll's
 * queue is what any request that comes now will wait for: all that is ready
 * before it, over as many turns of the event loop as that takes.  A worker
 * that is busy, but answers at once, has a short probe and sheds nothing.
 */

#include <sys/eventfd.h>

#include "http/module.h"


static void
ngx_live_origin_shed_probed(ngx_event_t *ev)
{
    uint64_t                 n;
    ngx_connection_t        *c;
    ngx_live_origin_zone_t  *zone;

    c = ev->data;
    zone = c->data;

    if (read(c->fd, &n, sizeof(n)) != sizeof(n) || zone->probe_us == 0) {
        return;
    }

    zone->probe_lag = ngx_live_origin_mono() - zone->probe_us;
    zone->probe_us = 0;
}


ngx_int_t
ngx_live_origin_shed_init(ngx_cycle_t *cycle, ngx_live_origin_zone_t *zone)
{
    int                fd;
    ngx_uint_t         i;
    ngx_connection_t  *c;

    for (i = NGX_LIVE_ORIGIN_CELL_SHED_LEVEL; i < NGX_LIVE_ORIGIN_CELL_LAG_HIST;
         i++)
    {
        zone->cells[i] = 0;
    }

    fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "eventfd() failed");
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, cycle->log);
    if (c == NULL) {
        (void) close(fd);
        return NGX_ERROR;
    }

    c->data = zone;
    c->pool = cycle->pool;

    /* a channel: a worker that exits does not complain of it */

    c->read->channel = 1;
    c->write->channel = 1;

    c->read->log = cycle->log;
    c->write->log = cycle->log;
    c->read->handler = ngx_live_origin_shed_probed;

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        (void) close(fd);
        return NGX_ERROR;
    }

    zone->probe = c;

    return NGX_OK;
}


void
ngx_live_origin_shed_exit(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t  i;

    for (i = NGX_LIVE_ORIGIN_CELL_SHED_LEVEL; i < NGX_LIVE_ORIGIN_CELL_LAG_HIST;
         i++)
    {
        zone->cells[i] = 0;
    }

    (void) close(zone->probe->fd);
}


/* a probe that is under way is as late as it is old */

static int64_t
ngx_live_origin_shed_lag(ngx_live_origin_zone_t *zone)
{
    int64_t   lag, now;
    uint64_t  one;

    now = ngx_live_origin_mono();
    lag = ngx_max(zone->lag_us, zone->probe_lag);

    if (zone->probe_us) {
        lag = ngx_max(lag, now - zone->probe_us);
        return lag;
    }

    one = 1;

    if (write(zone->probe->fd, &one, sizeof(one)) == sizeof(one)) {
        zone->probe_us = now;
    }

    return lag;
}


static void
ngx_live_origin_shed_gauges(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t   i;
    lo_shed_t   *s;

    s = &zone->shed;

    for (i = 0; i < 2; i++) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_SHED_LEVEL + i] = s->level > i;
    }

    for (i = 0; i < LO_SHED_NCAUSES; i++) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_SHED_CAUSE + i] = s->causes >> i & 1;
    }
}


void
ngx_live_origin_shed_tick(ngx_live_origin_zone_t *zone)
{
    uint32_t          level;
    lo_shed_input_t  *in;

    in = &zone->shed_in;
    in->lag_us = ngx_live_origin_shed_lag(zone);

    ngx_live_origin_hist_add(zone->cells, NGX_LIVE_ORIGIN_CELL_LAG_HIST,
                             ngx_max(in->lag_us, 0));

    level = zone->shed.level;

    (void) lo_shed_tick(&zone->shed, zone->shed_conf, in,
                        ngx_live_origin_mono());

    if (zone->shed.level != level) {
        ngx_log_error(NGX_LOG_WARN, zone->log, 0,
                      "live origin sheds %s: the event loop is %L ms late%s%s",
                      zone->shed.level == 0 ? "nothing any more"
                      : zone->shed.level == 1 ? "DVR" : "DVR and unknown",
                      in->lag_us / 1000,
                      zone->shed.causes >> LO_SHED_BY_OVER & 1
                      ? ", requests miss their deadline" : "",
                      zone->shed.causes >> LO_SHED_BY_QUEUE & 1
                      ? ", the disk's queue is deep" : "");
    }

    ngx_live_origin_shed_gauges(zone);

    ngx_memzero(in->requests, sizeof(in->requests));
    ngx_memzero(in->over, sizeof(in->over));
}


void
ngx_live_origin_shed_queue(ngx_live_origin_zone_t *zone, ngx_uint_t depth)
{
    zone->shed_in.queue = depth;
}


void
ngx_live_origin_shed_count(ngx_live_origin_zone_t *zone,
    lo_shed_class_e klass, int64_t us, int64_t max)
{
    zone->shed_in.requests[klass]++;
    zone->shed_in.over[klass] += us > max;
}


lo_shed_class_e
ngx_live_origin_shed_class(ngx_live_origin_zone_t *zone, const lo_live_t *l,
    uint32_t ring, int64_t number)
{
    int64_t           d;
    lo_zone_track_t  *zt;
    lo_shed_track_t   t;

    zt = lo_zone_track(zone->z, ring);

    if (zt == NULL || l->d.duration == 0) {
        return LO_SHED_UNKNOWN;
    }

    d = lo_dur_us(&l->d);

    t.head = __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE);
    t.edge = lo_shed_edge(zone->shed_conf->edge_us, d);
    t.window = l->window ? l->window : (int64_t) l->dvr_s * LO_USEC / d + 1;
    t.ended = l->phase == LO_LIVE_ENDED;
    t.at = t.head;

    /* the clock is looked at for what it alone can tell */

    if (number > t.head + 1 && !l->irregular) {
        t.at = lo_timeline_at(&l->d, ngx_live_origin_wall());
    }

    return lo_shed_class(&t, number);
}


ngx_int_t
ngx_live_origin_shed(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_str_t  *line;

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_SHED);
    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_SHED_CLASS + ctx->klass]++;

    if (ngx_live_origin_share_error(r, ctx, 5) != NGX_OK
        || ngx_live_origin_header_const(r, "Retry-After", "5") != NGX_OK
        || ngx_live_origin_header_const(r, "Access-Control-Allow-Origin", "*")
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    line = ngx_live_origin_reason_line(NGX_LIVE_ORIGIN_SHED);

    return ngx_live_origin_text(r, NGX_HTTP_SERVICE_UNAVAILABLE, line->data,
                                line->len);
}
