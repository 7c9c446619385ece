/*
 * Redis as a worker has it: one connection for all its zones, and what is
 * counted of it.
 */

#include "http/redis.h"
#include "http/share.h"


#define NGX_LIVE_ORIGIN_REDIS_SYNC  100        /* ms */


typedef struct {
    ngx_live_origin_main_conf_t   *mcf;
    ngx_live_origin_redis_user_t   user;
    ngx_live_origin_redis_stat_t   seen;       /* is in the cells */
    ngx_event_t                    sync;
} ngx_live_origin_redis_worker_t;


/* of the process; a worker has one configuration */

static ngx_live_origin_redis_worker_t  ngx_live_origin_redis_worker;


static void
ngx_live_origin_redis_cells(ngx_live_origin_redis_worker_t *w,
    uint64_t *cells, const ngx_live_origin_redis_stat_t *stat)
{
    const ngx_live_origin_redis_stat_t  *seen;

    seen = &w->seen;

#define NGX_LIVE_ORIGIN_X(cell, field)                                        \
    cells[NGX_LIVE_ORIGIN_CELL_REDIS_##cell] += stat->field - seen->field;

    NGX_LIVE_ORIGIN_X(CONNECTS, connects)
    NGX_LIVE_ORIGIN_X(FAILURES, failures)
    NGX_LIVE_ORIGIN_X(COMMANDS, commands)
    NGX_LIVE_ORIGIN_X(ERRORS, errors)
    NGX_LIVE_ORIGIN_X(TIMEOUTS, timeouts)
    NGX_LIVE_ORIGIN_X(REDIRECTS, redirects)
    NGX_LIVE_ORIGIN_X(FAILOVERS, failovers)

#undef NGX_LIVE_ORIGIN_X

#define NGX_LIVE_ORIGIN_X(cell, word, field)                                  \
    cells[NGX_LIVE_ORIGIN_CELL_REDIS_OUTCOME_##cell] += stat->field           \
                                                        - seen->field;
    NGX_LIVE_ORIGIN_REDIS_OUTCOMES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

    cells[NGX_LIVE_ORIGIN_CELL_REDIS_PENDING] = stat->pending;
    cells[NGX_LIVE_ORIGIN_CELL_REDIS_PENDING_BYTES] = stat->pending_bytes;
    cells[NGX_LIVE_ORIGIN_CELL_REDIS_SAID] = ngx_live_origin_mono();
    cells[NGX_LIVE_ORIGIN_CELL_REDIS_WORKERS] = 1;
    cells[NGX_LIVE_ORIGIN_CELL_REDIS_UP] =
            ngx_live_origin_redis_state(w->mcf->rd) == NGX_LIVE_ORIGIN_REDIS_UP;
}


static void
ngx_live_origin_redis_sync(ngx_live_origin_redis_worker_t *w)
{
    ngx_uint_t                            i;
    ngx_live_origin_zone_t              **zones;
    const ngx_live_origin_redis_stat_t   *stat;

    stat = ngx_live_origin_redis_stat(w->mcf->rd);
    zones = w->mcf->zones.elts;

    for (i = 0; i < w->mcf->zones.nelts; i++) {
        if (zones[i]->z) {
            ngx_live_origin_redis_cells(w, zones[i]->cells, stat);
        }
    }

    w->seen = *stat;

    ngx_live_origin_redis_report(w->mcf);
}


static void
ngx_live_origin_redis_tick(ngx_event_t *ev)
{
    ngx_add_timer(ev, NGX_LIVE_ORIGIN_REDIS_SYNC);
    ngx_live_origin_redis_sync(ev->data);
}


/* what is heard is for every zone */

static void
ngx_live_origin_redis_each(ngx_live_origin_redis_worker_t *w,
    void (*tell)(ngx_live_origin_zone_t *zone))
{
    ngx_uint_t                i;
    ngx_live_origin_zone_t  **zones;

    zones = w->mcf->zones.elts;

    for (i = 0; i < w->mcf->zones.nelts; i++) {
        tell(zones[i]);
    }
}


static void
ngx_live_origin_redis_is_up(void *data)
{
    ngx_live_origin_redis_sync(data);
    ngx_live_origin_redis_each(data, ngx_live_origin_share_due);
}


static void
ngx_live_origin_redis_is_down(void *data, const char *why)
{
    ngx_live_origin_redis_sync(data);
    ngx_live_origin_redis_each(data, ngx_live_origin_share_lost);
}


static void
ngx_live_origin_redis_subscribed(void *data)
{
    ngx_live_origin_redis_each(data, ngx_live_origin_share_due);
}


static void
ngx_live_origin_redis_message(void *data, const u_char *text, size_t len)
{
    ngx_uint_t                       i;
    ngx_live_origin_zone_t         **zones;
    ngx_live_origin_redis_worker_t  *w = data;

    zones = w->mcf->zones.elts;

    for (i = 0; i < w->mcf->zones.nelts; i++) {
        ngx_live_origin_share_heard(zones[i], text, len);
    }
}


static void
ngx_live_origin_redis_round_trip(void *data, int64_t us)
{
    ngx_uint_t                       i;
    ngx_live_origin_zone_t         **zones;
    ngx_live_origin_redis_worker_t  *w = data;

    zones = w->mcf->zones.elts;

    for (i = 0; i < w->mcf->zones.nelts; i++) {
        if (zones[i]->z) {
            ngx_live_origin_hist_add(zones[i]->cells,
                                     NGX_LIVE_ORIGIN_CELL_REDIS_HIST, us);
            ngx_live_origin_redis_recent(zones[i], us);
        }
    }
}


void
ngx_live_origin_redis_init(ngx_cycle_t *cycle,
    ngx_live_origin_main_conf_t *mcf)
{
    ngx_uint_t                       i, k;
    ngx_live_origin_zone_t         **zones;
    ngx_live_origin_redis_worker_t  *w;

    static const ngx_uint_t  gauges[] = {
        NGX_LIVE_ORIGIN_CELL_REDIS_PENDING,
        NGX_LIVE_ORIGIN_CELL_REDIS_PENDING_BYTES,
        NGX_LIVE_ORIGIN_CELL_REDIS_WORKERS,
        NGX_LIVE_ORIGIN_CELL_REDIS_UP,
        NGX_LIVE_ORIGIN_CELL_REDIS_RECENT,
        NGX_LIVE_ORIGIN_CELL_REDIS_RECENT + NGX_LIVE_ORIGIN_RECENT_CELLS,
        NGX_LIVE_ORIGIN_CELL_SHARE_ENVOY,
        NGX_LIVE_ORIGIN_CELL_SHARE_FILLING,
        NGX_LIVE_ORIGIN_CELL_SHARE_LEFT,
        NGX_LIVE_ORIGIN_CELL_SHARE_FETCHING,
        NGX_LIVE_ORIGIN_CELL_SHARE_WANTED,
        NGX_LIVE_ORIGIN_CELL_SHARE_JOINING,
        NGX_LIVE_ORIGIN_CELL_SHARE_WALKING
    };

    zones = mcf->zones.elts;

    /* a slot's cells are those of the worker before */

    for (i = 0; i < mcf->zones.nelts; i++) {
        for (k = 0; zones[i]->z && k < sizeof(gauges) / sizeof(gauges[0]); k++)
        {
            zones[i]->cells[gauges[k]] = 0;
        }
    }

    if (mcf->redis == NULL) {
        return;
    }

    w = &ngx_live_origin_redis_worker;
    ngx_memzero(w, sizeof(ngx_live_origin_redis_worker_t));

    w->mcf = mcf;
    w->user.data = w;
    w->user.up = ngx_live_origin_redis_is_up;
    w->user.down = ngx_live_origin_redis_is_down;
    w->user.subscribed = ngx_live_origin_redis_subscribed;
    w->user.message = ngx_live_origin_redis_message;

    mcf->rd = ngx_live_origin_redis_create(mcf->redis, &w->user, cycle->log);

    if (mcf->rd == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no memory for \"live_origin_redis\"");
        return;
    }

    ngx_live_origin_redis_observe(mcf->rd, ngx_live_origin_redis_round_trip,
                                  w);

    for (i = 0; i < mcf->zones.nelts; i++) {
        zones[i]->rd = mcf->rd;

        if (zones[i]->z
            && ngx_live_origin_share_init(zones[i], mcf->redis, mcf->rd)
               != NGX_OK)
        {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                          "no memory for \"live_origin_redis\"");
        }
    }

    w->sync.handler = ngx_live_origin_redis_tick;
    w->sync.data = w;
    w->sync.log = cycle->log;
    w->sync.cancelable = 1;

    ngx_live_origin_redis_sync(w);
    ngx_add_timer(&w->sync, NGX_LIVE_ORIGIN_REDIS_SYNC);
}


void
ngx_live_origin_redis_exit(ngx_live_origin_main_conf_t *mcf)
{
    ngx_uint_t                        i;
    ngx_live_origin_zone_t          **zones;
    ngx_live_origin_redis_worker_t   *w;

    if (mcf->rd == NULL) {
        return;
    }

    w = &ngx_live_origin_redis_worker;
    zones = mcf->zones.elts;

    if (w->sync.timer_set) {
        ngx_del_timer(&w->sync);
    }

    ngx_live_origin_redis_sync(w);

    for (i = 0; i < mcf->zones.nelts; i++) {
        ngx_live_origin_share_close(zones[i]);
        zones[i]->rd = NULL;
    }

    ngx_live_origin_redis_destroy(mcf->rd);
    mcf->rd = NULL;
}
