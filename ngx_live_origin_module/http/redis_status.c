/* What the API says of Redis: of the whole node, whichever worker is asked. */

#include "http/redis.h"
#include "http/share.h"
#include "http/api.h"


static json_t *
ngx_live_origin_redis_text(const char *s)
{
    return s[0] ? json_string(s) : json_null();
}


/* CLOCK_MONOTONIC as seconds since 1970 */

static json_t *
ngx_live_origin_redis_when(int64_t mono_us)
{
    return mono_us ? ngx_live_origin_api_us(ngx_live_origin_wall()
                                            - ngx_live_origin_mono()
                                            + mono_us)
                   : json_null();
}


static json_t *
ngx_live_origin_redis_conn(const ngx_live_origin_report_conn_t *c)
{
    int64_t  left;

    static const char  *roles[] = { "", "primary", "replica" };

    left = (c->again_us - ngx_live_origin_mono()) / 1000;

    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:I, s:o, s:o, s:o}",
                     "for", ngx_live_origin_redis_uses[c->use],
                     "address", ngx_live_origin_redis_text(c->address),
                     "role", ngx_live_origin_redis_text(roles[c->role]),
                     "state",
                     ngx_live_origin_redis_states[
                         ngx_live_origin_redis_state_of(c)],
                     "since", ngx_live_origin_redis_when(c->since_us),
                     "attempts", (json_int_t) c->attempts,
                     "retry_ms", c->again_us
                                 ? json_integer(ngx_max(left, 0))
                                 : json_null(),
                     "error", ngx_live_origin_redis_text(c->error),
                     "error_at", ngx_live_origin_redis_when(c->error_us));
}


static json_t *
ngx_live_origin_redis_worker(ngx_live_origin_zone_t *zone, ngx_uint_t slot,
    const ngx_live_origin_report_t *report)
{
    json_t      *conns;
    int64_t      said;
    ngx_uint_t   i;

    said = lo_zone_cell(zone->z, slot, NGX_LIVE_ORIGIN_CELL_REDIS_SAID);
    conns = json_array();

    for (i = 0; report && i < report->nconns; i++) {
        json_array_append_new(conns,
                              ngx_live_origin_redis_conn(&report->conns[i]));
    }

    return json_pack("{s:i, s:I, s:b, s:b, s:o, s:o, s:I, s:I, s:i, s:o}",
        "slot", (int) slot,
        "pid", (json_int_t) lo_zone_worker(zone->z, slot),
        "up", lo_zone_cell(zone->z, slot, NGX_LIVE_ORIGIN_CELL_REDIS_UP) != 0,
        "envoy", lo_zone_cell(zone->z, slot,
                              NGX_LIVE_ORIGIN_CELL_SHARE_ENVOY) != 0,
        "said", ngx_live_origin_redis_when(said),
        "primary", report ? ngx_live_origin_redis_text(report->primary)
                          : json_null(),
        "pending", (json_int_t) lo_zone_cell(zone->z, slot,
                                       NGX_LIVE_ORIGIN_CELL_REDIS_PENDING),
        "pending_bytes",
        (json_int_t) lo_zone_cell(zone->z, slot,
                                  NGX_LIVE_ORIGIN_CELL_REDIS_PENDING_BYTES),
        "more", report ? (int) (report->total - report->nconns) : 0,
        "connections", conns);
}


/* their reports: mode and primary are those of the first that is connected */

static json_t *
ngx_live_origin_redis_workers(ngx_live_origin_zone_t *zone,
    ngx_live_origin_report_t *node, ngx_uint_t *failovers)
{
    json_t                    *list;
    ngx_int_t                  rc;
    ngx_uint_t                 i, known, up;
    ngx_live_origin_report_t   report;

    list = json_array();
    known = 0;
    *failovers = 0;

    for (i = 0; i < LO_ZONE_SLOTS; i++) {

        if (lo_zone_worker(zone->z, i) == 0
            || !lo_zone_cell(zone->z, i, NGX_LIVE_ORIGIN_CELL_REDIS_WORKERS))
        {
            continue;
        }

        rc = ngx_live_origin_redis_report_of(zone, i, &report);

        json_array_append_new(list,
            ngx_live_origin_redis_worker(zone, i, rc == NGX_OK ? &report
                                                               : NULL));

        if (rc != NGX_OK) {
            continue;
        }

        up = 1 + (lo_zone_cell(zone->z, i, NGX_LIVE_ORIGIN_CELL_REDIS_UP)
                  != 0);
        *failovers = ngx_max(*failovers, report.failovers);

        if (up > known) {
            known = up;
            *node = report;
        }
    }

    return list;
}


/* between two bounds as if all were spread evenly there; ms */

static json_t *
ngx_live_origin_redis_quantile(const uint64_t *buckets, double q)
{
    double      want, low, high;
    uint64_t    sum;
    ngx_uint_t  i;

    for (i = 0, sum = 0; i <= NGX_LIVE_ORIGIN_NBOUNDS; i++) {
        sum += buckets[i];
    }

    if (sum == 0) {
        return json_null();
    }

    want = q * (double) sum;

    for (i = 0; i < NGX_LIVE_ORIGIN_NBOUNDS && want > (double) buckets[i]; i++)
    {
        want -= (double) buckets[i];
    }

    if (i == NGX_LIVE_ORIGIN_NBOUNDS) {
        return json_real((double) ngx_live_origin_bounds[i - 1] / 1000);
    }

    low = i ? ngx_live_origin_bounds[i - 1] : 0;
    high = ngx_live_origin_bounds[i];

    return json_real((low + (high - low) * want / (double) buckets[i]) / 1000);
}


static json_t *
ngx_live_origin_redis_round_trip(const ngx_live_origin_redis_node_t *node)
{
    uint64_t    n;
    ngx_uint_t  i;

    for (i = 0, n = 0; i <= NGX_LIVE_ORIGIN_NBOUNDS; i++) {
        n += node->recent[i];
    }

    return json_pack("{s:I, s:o, s:o}", "count", (json_int_t) n,
                     "p50_ms",
                     ngx_live_origin_redis_quantile(node->recent, 0.5),
                     "p99_ms",
                     ngx_live_origin_redis_quantile(node->recent, 0.99));
}


static json_t *
ngx_live_origin_redis_operations(ngx_live_origin_zone_t *zone)
{
    json_t      *json;
    ngx_uint_t   i;

    static const char  *words[] = {
#define NGX_LIVE_ORIGIN_X(cell, word, field)  word,
        NGX_LIVE_ORIGIN_REDIS_OUTCOMES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    json = json_object();

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        json_object_set_new(json, words[i],
            json_integer(lo_zone_cell_sum(zone->z,
                             NGX_LIVE_ORIGIN_CELL_REDIS_OUTCOME_OK + i)));
    }

    return json;
}


/* segments: sent, fetched, and what was said without Redis */

static void
ngx_live_origin_redis_segments(ngx_live_origin_zone_t *zone,
    const ngx_live_origin_redis_node_t *node, json_t *json)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        ngx_uint_t   cell;
    } sums[] = {
        { "sent", NGX_LIVE_ORIGIN_CELL_SHARE_SENT },
        { "fetched", NGX_LIVE_ORIGIN_CELL_SHARE_FETCHED },
        { "filled", NGX_LIVE_ORIGIN_CELL_SHARE_FILLED },
        { "missed", NGX_LIVE_ORIGIN_CELL_SHARE_MISSED },
        { "degraded", NGX_LIVE_ORIGIN_CELL_SHARE_DEGRADED },
        { "refused", NGX_LIVE_ORIGIN_CELL_SHARE_REFUSED }
    };

    for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        json_object_set_new(json, sums[i].name,
                            json_integer(lo_zone_cell_sum(zone->z,
                                                          sums[i].cell)));
    }

    json_object_set_new(json, "last_degraded",
                        ngx_live_origin_api_us(node->degraded_us));
    json_object_set_new(json, "last_refused",
                        ngx_live_origin_api_us(node->refused_us));
    json_object_set_new(json, "to_send",
        json_integer(ngx_live_origin_share_to_send(zone)));
    json_object_set_new(json, "to_fetch",
        json_integer(ngx_live_origin_share_to_fetch(zone)));
}


static json_t *
ngx_live_origin_redis_last_failover(const ngx_live_origin_redis_node_t *node)
{
    if (node->failover.us <= 0) {
        return json_null();
    }

    return json_pack("{s:o, s:o, s:o}",
                     "at", ngx_live_origin_api_us(node->failover.us),
                     "from", ngx_live_origin_redis_text(node->failover.from),
                     "to", ngx_live_origin_redis_text(node->failover.to));
}


static json_t *
ngx_live_origin_redis_walk(const ngx_live_origin_redis_node_t *node)
{
    return json_pack("{s:o, s:o, s:o}",
                     "last", ngx_live_origin_api_us(node->walked_us),
                     "seconds", node->walked_us
                                ? json_real((double) node->walk_us / LO_USEC)
                                : json_null(),
                     "since", ngx_live_origin_redis_when(node->walking_us));
}


json_t *
ngx_live_origin_redis_status(ngx_live_origin_zone_t *zone)
{
    json_t                        *json, *workers;
    ngx_uint_t                     failovers;
    ngx_live_origin_report_t       report;
    ngx_live_origin_redis_node_t   node;

    static const char  *modes[] = { "single", "sentinel", "cluster" };
    static const char  *joins[] = { "", "new", "back" };

    ngx_live_origin_redis_node(zone, &node);

    if (node.workers == 0) {
        return NULL;
    }

    ngx_memzero(&report, sizeof(ngx_live_origin_report_t));
    workers = ngx_live_origin_redis_workers(zone, &report, &failovers);

    json = json_pack("{s:o, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:{s:I, s:I},"
                     " s:o, s:o}",
                     "now", ngx_live_origin_api_us(ngx_live_origin_wall()),
                     "mode", modes[report.mode],
                     "state", node.up >= node.workers ? "up"
                              : node.up ? "partly" : "down",
                     "primary", ngx_live_origin_redis_text(report.primary),
                     "joining",
                     ngx_live_origin_redis_text(joins[node.joining
                                                   <= NGX_LIVE_ORIGIN_JOIN_BACK
                                                   ? node.joining : 0]),
                     "failovers", (json_int_t) failovers,
                     "last_failover",
                     ngx_live_origin_redis_last_failover(&node),
                     "round_trip", ngx_live_origin_redis_round_trip(&node),
                     "pending",
                     "operations", (json_int_t) lo_zone_cell_live(zone->z,
                                      NGX_LIVE_ORIGIN_CELL_REDIS_PENDING),
                     "bytes", (json_int_t) lo_zone_cell_live(zone->z,
                                 NGX_LIVE_ORIGIN_CELL_REDIS_PENDING_BYTES),
                     "operations", ngx_live_origin_redis_operations(zone),
                     "walk", ngx_live_origin_redis_walk(&node));

    if (json) {
        ngx_live_origin_redis_segments(zone, &node, json);
        json_object_set_new(json, "workers", workers);

    } else {
        json_decref(workers);
    }

    return json;
}
