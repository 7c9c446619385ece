/*
 * What a worker says of its connections to Redis, and what all of them say
 * together.  Those of workers that are gone are not listened to, but for what
 * has happened: counters, the last failover, the last walk.
 */

#include "http/redis.h"
#include "http/share.h"


_Static_assert(LO_ZONE_REPORT_CELLS(sizeof(ngx_live_origin_report_t))
               <= NGX_LIVE_ORIGIN_REPORT_CELLS
               && LO_ZONE_REPORT_CELLS(
                      sizeof(ngx_live_origin_report_failover_t))
                  <= NGX_LIVE_ORIGIN_FAILOVER_CELLS,
               "a report has too few cells");


const char *const  ngx_live_origin_redis_uses[4] = {
    "commands", "news", "replicas", "sentinels"
};

const char *const  ngx_live_origin_redis_states[4] = {
    "down", "connecting", "up", "idle"
};


/* of the process: what was said last */

static ngx_live_origin_report_t           ngx_live_origin_reported;
static ngx_live_origin_report_failover_t  ngx_live_origin_reported_failover;


static void
ngx_live_origin_report_text(char *to, const char *from, size_t size)
{
    (void) ngx_cpystrn((u_char *) to, (u_char *) from, size);
}


static void
ngx_live_origin_report_fill(ngx_live_origin_report_t *report,
    ngx_live_origin_main_conf_t *mcf)
{
    ngx_uint_t                      i;
    ngx_live_origin_redis_look_t    looks[NGX_LIVE_ORIGIN_REPORT_CONNS];
    ngx_live_origin_report_conn_t  *c;

    ngx_memzero(report, sizeof(ngx_live_origin_report_t));

    report->mode = mcf->redis->mode;
    report->failovers = ngx_live_origin_redis_stat(mcf->rd)->failovers;
    report->total = ngx_live_origin_redis_look(mcf->rd, looks,
                                               NGX_LIVE_ORIGIN_REPORT_CONNS);
    report->nconns = ngx_min(report->total, NGX_LIVE_ORIGIN_REPORT_CONNS);

    ngx_live_origin_report_text(report->primary,
                                ngx_live_origin_redis_primary(mcf->rd),
                                NGX_LIVE_ORIGIN_REPORT_ADDRESS);

    for (i = 0; i < report->nconns; i++) {
        c = &report->conns[i];

        c->use = looks[i].use;
        c->state = looks[i].state;
        c->role = looks[i].role;
        c->attempts = looks[i].attempts;
        c->since_us = looks[i].since_us;
        c->again_us = looks[i].again_us;
        c->error_us = looks[i].error_us;

        ngx_live_origin_report_text(c->address, looks[i].address,
                                    NGX_LIVE_ORIGIN_REPORT_ADDRESS);
        ngx_live_origin_report_text(c->error, looks[i].error,
                                    NGX_LIVE_ORIGIN_REPORT_ERROR);
    }
}


static void
ngx_live_origin_report_say(ngx_live_origin_main_conf_t *mcf, ngx_uint_t cell,
    void *said, const void *data, size_t len)
{
    ngx_uint_t                i;
    ngx_live_origin_zone_t  **zones;

    if (ngx_memcmp(said, data, len) == 0) {
        return;
    }

    ngx_memcpy(said, data, len);
    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (zones[i]->z) {
            lo_zone_report(zones[i]->z, cell, data, len);
        }
    }
}


void
ngx_live_origin_redis_report(ngx_live_origin_main_conf_t *mcf)
{
    const char                         *from, *to;
    ngx_live_origin_report_t            report;
    ngx_live_origin_report_failover_t   failover;

    ngx_live_origin_report_fill(&report, mcf);
    ngx_live_origin_report_say(mcf, NGX_LIVE_ORIGIN_CELL_REDIS_REPORT,
                               &ngx_live_origin_reported, &report,
                               sizeof(report));

    ngx_memzero(&failover, sizeof(failover));

    failover.us = ngx_live_origin_redis_failover(mcf->rd, &from, &to);

    ngx_live_origin_report_text(failover.from, from,
                                NGX_LIVE_ORIGIN_REPORT_ADDRESS);
    ngx_live_origin_report_text(failover.to, to,
                                NGX_LIVE_ORIGIN_REPORT_ADDRESS);
    ngx_live_origin_report_say(mcf, NGX_LIVE_ORIGIN_CELL_REDIS_FAILOVER,
                               &ngx_live_origin_reported_failover, &failover,
                               sizeof(failover));
}


/* ---- round trips of late: two halves, the older is begun anew */

static uint64_t
ngx_live_origin_recent_time(void)
{
    return ngx_live_origin_mono() / NGX_LIVE_ORIGIN_REDIS_RECENT + 1;
}


void
ngx_live_origin_redis_recent(ngx_live_origin_zone_t *zone, int64_t us)
{
    uint64_t  *half, now;

    now = ngx_live_origin_recent_time();
    half = zone->cells + NGX_LIVE_ORIGIN_CELL_REDIS_RECENT
           + now % 2 * NGX_LIVE_ORIGIN_RECENT_CELLS;

    if (half[0] != now) {
        ngx_memzero(half, NGX_LIVE_ORIGIN_RECENT_CELLS * sizeof(uint64_t));
        half[0] = now;
    }

    half[1 + ngx_live_origin_hist_bucket(us)]++;
}


static void
ngx_live_origin_recent_add(ngx_live_origin_zone_t *zone, ngx_uint_t slot,
    uint64_t *buckets)
{
    uint64_t    now, time;
    ngx_uint_t  i, k, cell;

    now = ngx_live_origin_recent_time();

    for (k = 0; k < 2; k++) {

        cell = NGX_LIVE_ORIGIN_CELL_REDIS_RECENT
               + k * NGX_LIVE_ORIGIN_RECENT_CELLS;
        time = lo_zone_cell(zone->z, slot, cell);

        for (i = 0; (time == now || time + 1 == now)
                    && i <= NGX_LIVE_ORIGIN_NBOUNDS; i++)
        {
            buckets[i] += lo_zone_cell(zone->z, slot, cell + 1 + i);
        }
    }
}


/* ---- of others */

/* whatever lies there: a text that can be shown */

static void
ngx_live_origin_report_clean(char *text, size_t size)
{
    char  *p;

    text[size - 1] = '\0';

    for (p = text; *p; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            *p = '.';
        }
    }
}


ngx_int_t
ngx_live_origin_redis_report_of(ngx_live_origin_zone_t *zone, ngx_uint_t slot,
    ngx_live_origin_report_t *report)
{
    ngx_uint_t                      i;
    ngx_live_origin_report_conn_t  *c;

    if (lo_zone_report_of(zone->z, slot, NGX_LIVE_ORIGIN_CELL_REDIS_REPORT,
                          report, sizeof(ngx_live_origin_report_t))
        != LO_OK
        || report->nconns > NGX_LIVE_ORIGIN_REPORT_CONNS
        || report->mode > NGX_LIVE_ORIGIN_REDIS_CLUSTER)
    {
        return NGX_DECLINED;
    }

    ngx_live_origin_report_clean(report->primary,
                                 NGX_LIVE_ORIGIN_REPORT_ADDRESS);

    for (i = 0; i < report->nconns; i++) {
        c = &report->conns[i];

        if (c->use > NGX_LIVE_ORIGIN_REDIS_SENTINELS
            || c->state > NGX_LIVE_ORIGIN_REDIS_UP
            || c->role > NGX_LIVE_ORIGIN_REDIS_REPLICA)
        {
            return NGX_DECLINED;
        }

        ngx_live_origin_report_clean(c->address,
                                     NGX_LIVE_ORIGIN_REPORT_ADDRESS);
        ngx_live_origin_report_clean(c->error, NGX_LIVE_ORIGIN_REPORT_ERROR);
    }

    return NGX_OK;
}


/* that for WAIT is opened when somebody wants it */

ngx_uint_t
ngx_live_origin_redis_state_of(const ngx_live_origin_report_conn_t *c)
{
    return c->use == NGX_LIVE_ORIGIN_REDIS_REPLICAS
           && c->state == NGX_LIVE_ORIGIN_REDIS_DOWN && c->again_us == 0
           ? NGX_LIVE_ORIGIN_REDIS_UP + 1 : c->state;
}


/* what has happened: of workers that are gone, too */

static void
ngx_live_origin_node_history(ngx_live_origin_zone_t *zone, ngx_uint_t slot,
    ngx_live_origin_redis_node_t *node)
{
    int64_t                            us;
    ngx_live_origin_report_failover_t  f;

    us = lo_zone_cell(zone->z, slot, NGX_LIVE_ORIGIN_CELL_SHARE_WALKED);

    if (us > node->walked_us) {
        node->walked_us = us;
        node->walk_us = lo_zone_cell(zone->z, slot,
                                     NGX_LIVE_ORIGIN_CELL_SHARE_WALK_US);
    }

    us = lo_zone_cell(zone->z, slot, NGX_LIVE_ORIGIN_CELL_SHARE_DEGRADED_US);
    node->degraded_us = ngx_max(node->degraded_us, us);

    us = lo_zone_cell(zone->z, slot, NGX_LIVE_ORIGIN_CELL_SHARE_REFUSED_US);
    node->refused_us = ngx_max(node->refused_us, us);

    if (lo_zone_report_of(zone->z, slot, NGX_LIVE_ORIGIN_CELL_REDIS_FAILOVER,
                          &f, sizeof(f))
        == LO_OK
        && f.us > node->failover.us)
    {
        node->failover = f;
        ngx_live_origin_report_clean(node->failover.from,
                                     NGX_LIVE_ORIGIN_REPORT_ADDRESS);
        ngx_live_origin_report_clean(node->failover.to,
                                     NGX_LIVE_ORIGIN_REPORT_ADDRESS);
    }
}


void
ngx_live_origin_redis_node(ngx_live_origin_zone_t *zone,
    ngx_live_origin_redis_node_t *node)
{
    ngx_uint_t  i, joining;

    ngx_memzero(node, sizeof(ngx_live_origin_redis_node_t));

    for (i = 0; i < LO_ZONE_SLOTS; i++) {

        ngx_live_origin_node_history(zone, i, node);

        if (lo_zone_worker(zone->z, i) == 0
            || !lo_zone_cell(zone->z, i, NGX_LIVE_ORIGIN_CELL_REDIS_WORKERS))
        {
            continue;
        }

        node->workers++;
        node->up += lo_zone_cell(zone->z, i, NGX_LIVE_ORIGIN_CELL_REDIS_UP);

        joining = lo_zone_cell(zone->z, i,
                               NGX_LIVE_ORIGIN_CELL_SHARE_JOINING);

        if (joining == NGX_LIVE_ORIGIN_JOIN_NEW
            || node->joining == NGX_LIVE_ORIGIN_JOIN_NO)
        {
            node->joining = joining;
        }

        node->walking_us = ngx_max(node->walking_us,
            (int64_t) lo_zone_cell(zone->z, i,
                                   NGX_LIVE_ORIGIN_CELL_SHARE_WALKING));

        ngx_live_origin_recent_add(zone, i, node->recent);
    }
}
