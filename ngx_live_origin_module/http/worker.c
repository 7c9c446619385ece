#include "http/geo.h"
#include "http/health.h"
#include "http/publish.h"
#include "http/redis.h"
#include "http/share.h"


#define NGX_LIVE_ORIGIN_TICK   100     /* ms */
#define NGX_LIVE_ORIGIN_TICKS  10      /* of a second */


static ngx_int_t ngx_live_origin_open_zone(ngx_cycle_t *cycle,
    ngx_live_origin_zone_t *zone);
static ngx_int_t ngx_live_origin_poll(ngx_cycle_t *cycle,
    ngx_live_origin_zone_t *zone);
static void ngx_live_origin_tick(ngx_event_t *ev);
static void ngx_live_origin_wake(ngx_event_t *ev);
static void ngx_live_origin_woken(void *data, uint32_t track);


static ngx_live_origin_main_conf_t *
ngx_live_origin_main_conf(ngx_cycle_t *cycle)
{
    if (ngx_get_conf(cycle->conf_ctx, ngx_http_module) == NULL) {
        return NULL;
    }

    return ngx_http_cycle_get_module_main_conf(cycle, ngx_live_origin_module);
}


static void
ngx_live_origin_zone_conf(ngx_cycle_t *cycle, ngx_live_origin_zone_t *zone,
    lo_zone_conf_t *zc)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    zc->path = (const char *) zone->path.data;
    zc->size = zone->size;
    zc->events = zone->events_max;
    zc->uid = -1;
    zc->gid = -1;

    if (geteuid() == 0 && ccf->user != (ngx_uid_t) NGX_CONF_UNSET_UINT) {
        zc->uid = ccf->user;
        zc->gid = ccf->group;
    }
}


/*
 * A reload must be refused while the old configuration can still go on:
 * a failure in init_module would end the master.  So what is there is looked
 * at here, and nothing is made.
 */

ngx_int_t
ngx_live_origin_check_zones(ngx_conf_t *cf)
{
    lo_err_t                      err;
    lo_zone_t                    *z;
    ngx_uint_t                    i;
    lo_zone_stat_t                st;
    ngx_live_origin_zone_t      **zones;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_live_origin_module);
    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {

        if (access((const char *) zones[i]->path.data, F_OK) != 0) {
            continue;
        }

        z = lo_zone_attach((const char *) zones[i]->path.data, 1, &err);
        if (z == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"live_origin_zone\" %V: %s", &zones[i]->name,
                               err.text);
            return NGX_ERROR;
        }

        lo_zone_stat(z, &st);
        lo_zone_close(z);

        if (st.size != zones[i]->size || st.events_max != zones[i]->events_max)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"live_origin_zone\" %V: %V was made with "
                               "size=%uL events=%uD: configure these, or "
                               "remove the file (its media is lost) and start "
                               "again", &zones[i]->name, &zones[i]->path,
                               st.size, st.events_max);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_init_zones(ngx_cycle_t *cycle)
{
    lo_err_t                      err;
    ngx_uint_t                    i;
    lo_zone_conf_t                zc;
    ngx_live_origin_zone_t      **zones;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_live_origin_main_conf(cycle);

    if (mcf == NULL || ngx_test_config) {
        return NGX_OK;
    }

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {

        ngx_live_origin_zone_conf(cycle, zones[i], &zc);

        if (lo_zone_create(&zc, &err) == LO_OK) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"live_origin_zone\" %V: %s", &zones[i]->name,
                      err.text);

        /* an error on reload would end the master and with it what works */

        if (ngx_is_init_cycle(cycle->old_cycle)) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_init_worker(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_live_origin_zone_t      **zones;
    ngx_live_origin_main_conf_t  *mcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    mcf = ngx_live_origin_main_conf(cycle);
    if (mcf == NULL) {
        return NGX_OK;
    }

    if (mcf->geo) {
        ngx_live_origin_geo_init(cycle, mcf->geo);
    }

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {

        /* without its zone a worker answers 503: an error here would make
           the master give the worker up for good */

        if (ngx_live_origin_open_zone(cycle, zones[i]) == NGX_OK) {

            if (ngx_live_origin_archive_init(zones[i], &mcf->archive,
                                             mcf->archive_pool)
                != NGX_OK)
            {
                ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                              "no memory for \"live_origin_archive\"");
            }

            ngx_live_origin_event_load(zones[i]);
        }
    }

    ngx_live_origin_redis_init(cycle, mcf);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_open_zone(ngx_cycle_t *cycle, ngx_live_origin_zone_t *zone)
{
    lo_err_t         err;
    lo_zone_t       *z;
    lo_zone_stat_t   st;

    zone->log = cycle->log;

    z = lo_zone_attach((const char *) zone->path.data, 0, &err);

    if (z == NULL || lo_zone_join(z, &err) != LO_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"live_origin_zone\" %V: %s", &zone->name, err.text);
        goto failed;
    }

    lo_zone_stat(z, &st);

    ngx_queue_init(&zone->versions);
    zone->cache = ngx_pcalloc(cycle->pool, st.events_max
                                           * sizeof(ngx_live_origin_event_t *));
    zone->scratch = ngx_palloc(cycle->pool, sizeof(lo_live_t));

    if (zone->cache == NULL || zone->scratch == NULL) {
        goto failed;
    }

    zone->z = z;
    zone->cells = lo_zone_cells(z);
    zone->cells[NGX_LIVE_ORIGIN_CELL_HOLDS] = 0;

    if (ngx_live_origin_hold_init(zone) != NGX_OK
        || ngx_live_origin_shed_init(cycle, zone) != NGX_OK
        || ngx_live_origin_poll(cycle, zone) != NGX_OK)
    {
        zone->z = NULL;
        goto failed;
    }

    zone->tick.handler = ngx_live_origin_tick;
    zone->tick.data = zone;
    zone->tick.log = cycle->log;
    zone->tick.cancelable = 1;

    zone->ticked_us = ngx_live_origin_mono();
    ngx_add_timer(&zone->tick, NGX_LIVE_ORIGIN_TICK);

    return NGX_OK;

failed:

    if (z) {
        lo_zone_close(z);
    }

    return NGX_ERROR;
}


void
ngx_live_origin_exit_worker(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_live_origin_zone_t      **zones;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_live_origin_main_conf(cycle);
    if (mcf == NULL) {
        return;
    }

    zones = mcf->zones.elts;

    ngx_live_origin_redis_exit(mcf);
    ngx_live_origin_patch_exit();

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (zones[i]->z) {
            ngx_live_origin_share_exit(zones[i]);
            ngx_live_origin_archive_exit(zones[i]);
            ngx_live_origin_defects_sum(zones[i], 1);
            ngx_live_origin_event_free(zones[i]);
            ngx_live_origin_hold_free(zones[i]);
            ngx_live_origin_shed_exit(zones[i]);
            ngx_live_origin_body_exit(zones[i]);
            lo_zone_close(zones[i]->z);
            zones[i]->z = NULL;
        }
    }
}


static void
ngx_live_origin_lag(ngx_live_origin_zone_t *zone)
{
    int64_t  now;

    now = ngx_live_origin_mono();

    zone->lag_us = now - zone->ticked_us - NGX_LIVE_ORIGIN_TICK * 1000;
    zone->ticked_us = now;
}


int64_t
ngx_live_origin_late(ngx_live_origin_zone_t *zone, int64_t now)
{
    int64_t  us;

    us = now - zone->ticked_us - NGX_LIVE_ORIGIN_TICK * 1000;

    return us > zone->lag_us ? us : zone->lag_us;
}


static void
ngx_live_origin_tick(ngx_event_t *ev)
{
    ngx_live_origin_zone_t  *zone = ev->data;

    ngx_live_origin_lag(zone);
    ngx_live_origin_shed_tick(zone);
    lo_zone_tick(zone->z);
    ngx_live_origin_archive_tick(zone);
    ngx_live_origin_share_tick(zone);

    if (++zone->ticks % NGX_LIVE_ORIGIN_TICKS == 0) {
        ngx_live_origin_hold_tick(zone);
        ngx_live_origin_health_tick(zone);
        ngx_live_origin_defects_sum(zone, 0);
    }

    ngx_add_timer(ev, NGX_LIVE_ORIGIN_TICK);
}


static ngx_int_t
ngx_live_origin_poll(ngx_cycle_t *cycle, ngx_live_origin_zone_t *zone)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(lo_zone_wake_fd(zone->z), cycle->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = zone;
    c->pool = cycle->pool;

    /* a channel: a worker that exits does not complain of it */

    c->read->channel = 1;
    c->write->channel = 1;

    c->read->log = cycle->log;
    c->write->log = cycle->log;
    c->read->handler = ngx_live_origin_wake;

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_live_origin_wake(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_live_origin_zone_t  *zone;

    c = ev->data;
    zone = c->data;

    lo_zone_woken(zone->z, ngx_live_origin_woken, zone);
}


static void
ngx_live_origin_woken(void *data, uint32_t track)
{
    ngx_live_origin_hold_wake(data, track);
}
