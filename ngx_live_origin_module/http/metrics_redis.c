/* What the metrics say of Redis and of events on many nodes. */

#include "http/metrics.h"
#include "http/redis.h"
#include "http/share.h"


static const char *const  ngx_live_origin_redis_outcomes[] = {
#define NGX_LIVE_ORIGIN_X(cell, word, field)  word,
    NGX_LIVE_ORIGIN_REDIS_OUTCOMES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
};

static const ngx_live_origin_metrics_family_t  ngx_live_origin_redis_families[]
    = {
#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
    { "redis_" name, type, help, NULL, NULL, 1,                               \
      NGX_LIVE_ORIGIN_CELL_REDIS_##cell },
    NGX_LIVE_ORIGIN_REDIS_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

    { "redis_operations_total", "counter", "Commands, by how they ended.",
      "reason", ngx_live_origin_redis_outcomes,
      sizeof(ngx_live_origin_redis_outcomes) / sizeof(char *),
      NGX_LIVE_ORIGIN_CELL_REDIS_OUTCOME_OK },

#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
    { "redis_" name, type, help, NULL, NULL, 1,                               \
      NGX_LIVE_ORIGIN_CELL_SHARE_##cell },
    NGX_LIVE_ORIGIN_SHARE_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

    { NULL, NULL, NULL, NULL, NULL, 0, 0 }
};


/* connections of all workers, by what they are for and their state */

static void
ngx_live_origin_metrics_connections(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_uint_t                i, k, n[4][4];
    ngx_live_origin_report_t  report;

    ngx_memzero(n, sizeof(n));

    for (i = 0; i < LO_ZONE_SLOTS; i++) {

        if (lo_zone_worker(zone->z, i) == 0
            || !lo_zone_cell(zone->z, i, NGX_LIVE_ORIGIN_CELL_REDIS_WORKERS)
            || ngx_live_origin_redis_report_of(zone, i, &report) != NGX_OK)
        {
            continue;
        }

        for (k = 0; k < report.nconns; k++) {
            n[report.conns[k].use]
             [ngx_live_origin_redis_state_of(&report.conns[k])]++;
        }
    }

    ngx_live_origin_metrics_head(b, "redis_connections", "gauge",
        "Connections to Redis, by what they are for, and their state.");

    for (i = 0; i < 4; i++) {
        for (k = 0; k < 4; k++) {
            lo_buf_printf(b, "live_origin_redis_connections{class=\"%s\","
                          "state=\"%s\"} ", ngx_live_origin_redis_uses[i],
                          ngx_live_origin_redis_states[k]);
            lo_buf_u64(b, n[i][k]);
            lo_buf_puts(b, "\n");
        }
    }
}


static void
ngx_live_origin_metrics_seconds(lo_buf_t *b, const char *name,
    const char *help, int64_t us)
{
    ngx_live_origin_metrics_head(b, name, "gauge", help);
    lo_buf_printf(b, "live_origin_%s %.6f\n", name, (double) us / LO_USEC);
}


static void
ngx_live_origin_metrics_share(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    const ngx_live_origin_redis_node_t *node)
{
    ngx_live_origin_metrics_gauge(b, "redis_to_send",
        "Segments that Redis lacks, as far as it is known.",
        ngx_live_origin_share_to_send(zone));
    ngx_live_origin_metrics_gauge(b, "redis_to_fetch",
        "Segments that are being taken from Redis.",
        ngx_live_origin_share_to_fetch(zone));
    ngx_live_origin_metrics_gauge(b, "redis_joining",
        "1 while the node does not know yet what others have.",
        node->joining != NGX_LIVE_ORIGIN_JOIN_NO);
    ngx_live_origin_metrics_seconds(b, "redis_walk_duration_seconds",
        "How long the last comparison of zone and Redis took.",
        node->walk_us);
    ngx_live_origin_metrics_seconds(b, "redis_walk_timestamp_seconds",
        "When it ended, since 1970; 0: there was none.", node->walked_us);
    ngx_live_origin_metrics_seconds(b, "redis_failover_timestamp_seconds",
        "When a primary was replaced last, since 1970; 0: never.",
        node->failover.us);
}


/* a worker that is cut off makes the node half blind: up is of all */

void
ngx_live_origin_metrics_redis(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_live_origin_redis_node_t  node;

    ngx_live_origin_redis_node(zone, &node);

    if (node.workers == 0) {
        return;
    }

    ngx_live_origin_metrics_gauge(b, "redis_up",
        "1 where every worker is connected to Redis, else 0.",
        node.up >= node.workers);
    ngx_live_origin_metrics_families(zone, b, ngx_live_origin_redis_families);
    ngx_live_origin_metrics_connections(zone, b);
    ngx_live_origin_metrics_share(zone, b, &node);
    ngx_live_origin_metrics_hist(zone, b, "redis_seconds",
        "Round trips to Redis.", NGX_LIVE_ORIGIN_CELL_REDIS_HIST);
}
