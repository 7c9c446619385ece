/*
 * Prometheus text format 0.0.4: the worker cells summed over the zone.  What
 * events and tracks know of themselves is in metrics_event.c, Redis in
 * metrics_redis.c.
 */

#include "http/metrics.h"


static size_t ngx_live_origin_metrics_write(ngx_live_origin_zone_t *zone,
    u_char *mem, size_t size);


#define NGX_LIVE_ORIGIN_SECOND(sym, word, ...)  word,

static const char *const  ngx_live_origin_metrics_statuses[] = {
#define NGX_LIVE_ORIGIN_X(status)  #status,
    NGX_LIVE_ORIGIN_STATUSES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    "other"
};

static const char *const  ngx_live_origin_metrics_reasons[] = {
    NGX_LIVE_ORIGIN_REASONS(NGX_LIVE_ORIGIN_SECOND)
};

static const char *const  ngx_live_origin_metrics_ends[] = {
    NGX_LIVE_ORIGIN_GROWN(NGX_LIVE_ORIGIN_SECOND)
};

static const char *const  ngx_live_origin_metrics_classes[] = {
    LO_SHED_CLASSES(NGX_LIVE_ORIGIN_SECOND)
};


#define NGX_LIVE_ORIGIN_COUNTER(name, help, cell)                             \
    { name, "counter", help, NULL, NULL, 1, NGX_LIVE_ORIGIN_CELL_##cell }

#define NGX_LIVE_ORIGIN_COUNTERS(name, help, label, words, n, cell)           \
    { name, "counter", help, label, ngx_live_origin_metrics_##words, n,       \
      NGX_LIVE_ORIGIN_CELL_##cell }

static const ngx_live_origin_metrics_family_t  ngx_live_origin_families[] = {

    NGX_LIVE_ORIGIN_COUNTERS("publishes_total",
        "Answers to PUT, POST and DELETE, by status.", "status", statuses,
        sizeof(ngx_live_origin_metrics_statuses) / sizeof(char *),
        PUBLISH_200),
    NGX_LIVE_ORIGIN_COUNTERS("serves_total",
        "Answers to GET and HEAD, by reason.", "reason", reasons,
        NGX_LIVE_ORIGIN_NREASONS, SERVE),
    NGX_LIVE_ORIGIN_COUNTERS("requests_total",
        "Answers to GET and HEAD, by class.", "class", classes,
        LO_SHED_PUBLISH, CLASS),
    NGX_LIVE_ORIGIN_COUNTERS("shed_total",
        "Requests that were answered 503 under stress, by class.", "class",
        classes, LO_SHED_EDGE, SHED_CLASS),
    NGX_LIVE_ORIGIN_COUNTERS("early_total",
        "Answers that began before their segment was whole, by their end.",
        "reason", ends, sizeof(ngx_live_origin_metrics_ends) / sizeof(char *),
        GROWN_COMPLETE),

    NGX_LIVE_ORIGIN_COUNTER("received_bytes_total",
        "Bytes of bodies received.", BYTES_IN),
    NGX_LIVE_ORIGIN_COUNTER("sent_bytes_total",
        "Bytes of bodies sent.", BYTES_OUT),
    NGX_LIVE_ORIGIN_COUNTER("holds_total",
        "Requests that were held.", HELD),
    NGX_LIVE_ORIGIN_COUNTER("holds_left_total",
        "Held requests whose client went away.", HOLD_LEFT),
    NGX_LIVE_ORIGIN_COUNTER("write_sla_missed_total",
        "Segments answered 503 for live_origin_write_deadline, or published "
        "beyond it.", WRITE_MISSED),
    NGX_LIVE_ORIGIN_COUNTER("read_sla_missed_total",
        "Published segments whose first byte was later than "
        "live_origin_read_deadline.", READ_MISSED),
    NGX_LIVE_ORIGIN_COUNTER("segments_served_total",
        "Media segments served.", SEGMENTS),
    NGX_LIVE_ORIGIN_COUNTER("inits_served_total",
        "CMAF headers served.", INITS),
    NGX_LIVE_ORIGIN_COUNTER("manifests_served_total",
        "Manifests served.", MANIFESTS),
    NGX_LIVE_ORIGIN_COUNTER("manifests_built_total",
        "Manifests written anew.", MANIFEST_BUILDS),
    NGX_LIVE_ORIGIN_COUNTER("plays_total",
        "Starts of playback that were answered.", PLAYS),
    NGX_LIVE_ORIGIN_COUNTER("purges_total",
        "Purges that a cache was asked for and did.", PURGE_DONE),
    NGX_LIVE_ORIGIN_COUNTER("purges_failed_total",
        "Purges that failed, or found the queue full.", PURGE_FAILED),

    { NULL, NULL, NULL, NULL, NULL, 0, 0 }
};

static const ngx_live_origin_metrics_family_t
ngx_live_origin_archive_families[] = {
#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
    { "archive_" name, type, help, NULL, NULL, 1,                             \
      NGX_LIVE_ORIGIN_CELL_ARCHIVE_##cell },
    NGX_LIVE_ORIGIN_ARCHIVE_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

    { NULL, NULL, NULL, NULL, NULL, 0, 0 }
};


ngx_int_t
ngx_live_origin_metrics_handler(ngx_http_request_t *r)
{
    size_t                       need, size;
    u_char                      *mem;
    ngx_int_t                    rc;
    ngx_buf_t                   *buf;
    ngx_chain_t                  out;
    ngx_live_origin_loc_conf_t  *lcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_live_origin_plain(r, NGX_HTTP_NOT_ALLOWED,
                                     "GET and HEAD only\n");
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->metrics->z == NULL) {
        return ngx_live_origin_plain(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "no zone\n");
    }

    /* numbers grow while they are written: try until it fits */

    for (need = 0, size = 65536; /* void */ ; size = need + need / 8) {

        mem = ngx_palloc(r->pool, size);
        if (mem == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        need = ngx_live_origin_metrics_write(lcf->metrics, mem, size);

        if (need <= size) {
            break;
        }

        ngx_pfree(r->pool, mem);
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = need;
    ngx_str_set(&r->headers_out.content_type,
                "text/plain; version=0.0.4; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/plain") - 1;

    if (ngx_live_origin_header_const(r, "Cache-Control", "no-store")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    buf = ngx_calloc_buf(r->pool);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    buf->pos = mem;
    buf->last = mem + need;
    buf->memory = 1;
    buf->last_buf = (r == r->main) ? 1 : 0;
    buf->last_in_chain = 1;

    out.buf = buf;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


void
ngx_live_origin_metrics_head(lo_buf_t *b, const char *name, const char *type,
    const char *help)
{
    lo_buf_printf(b, "# HELP live_origin_%s %s\n"
                     "# TYPE live_origin_%s %s\n", name, help, name, type);
}


/* of what is under way, workers that have died have nothing; what waits for
   the archive does so whoever lives */

static uint64_t
ngx_live_origin_metrics_cell(ngx_live_origin_zone_t *zone, ngx_uint_t cell)
{
    switch (cell) {

    case NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING:
        return lo_zone_unsaved(zone->z);

    case NGX_LIVE_ORIGIN_CELL_HOLDS:
    case NGX_LIVE_ORIGIN_CELL_SHED_LEVEL:
    case NGX_LIVE_ORIGIN_CELL_SHED_LEVEL + 1:
    case NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS:
    case NGX_LIVE_ORIGIN_CELL_REDIS_PENDING:
    case NGX_LIVE_ORIGIN_CELL_REDIS_PENDING_BYTES:
    case NGX_LIVE_ORIGIN_CELL_REDIS_WORKERS:
    case NGX_LIVE_ORIGIN_CELL_REDIS_UP:
    case NGX_LIVE_ORIGIN_CELL_SHARE_ENVOY:
        return lo_zone_cell_live(zone->z, cell);

    default:
        return lo_zone_cell_sum(zone->z, cell);
    }
}


void
ngx_live_origin_metrics_families(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    const ngx_live_origin_metrics_family_t *f)
{
    ngx_uint_t  i;

    for ( /* void */ ; f->name; f++) {

        ngx_live_origin_metrics_head(b, f->name, f->type, f->help);

        for (i = 0; i < f->n; i++) {

            lo_buf_printf(b, "live_origin_%s", f->name);

            if (f->label) {
                lo_buf_printf(b, "{%s=\"%s\"}", f->label, f->words[i]);
            }

            lo_buf_puts(b, " ");
            lo_buf_u64(b, ngx_live_origin_metrics_cell(zone, f->cell + i));
            lo_buf_puts(b, "\n");
        }
    }
}


void
ngx_live_origin_metrics_gauge(lo_buf_t *b, const char *name, const char *help,
    uint64_t value)
{
    ngx_live_origin_metrics_head(b, name, "gauge", help);

    lo_buf_printf(b, "live_origin_%s ", name);
    lo_buf_u64(b, value);
    lo_buf_puts(b, "\n");
}


static void
ngx_live_origin_metrics_node(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    uint64_t        dvr, unknown;
    lo_zone_stat_t  st;

    lo_zone_stat(zone->z, &st);

    dvr = ngx_live_origin_metrics_cell(zone, NGX_LIVE_ORIGIN_CELL_SHED_LEVEL);
    unknown = ngx_live_origin_metrics_cell(zone,
                                           NGX_LIVE_ORIGIN_CELL_SHED_LEVEL
                                           + 1);

    ngx_live_origin_metrics_gauge(b, "holds", "Requests held at this moment.",
        ngx_live_origin_metrics_cell(zone, NGX_LIVE_ORIGIN_CELL_HOLDS));
    ngx_live_origin_metrics_gauge(b, "shed_level",
        "What the most stressed worker sheds: 0 nothing, 1 DVR, 2 unknown "
        "names too.", unknown ? 2 : dvr ? 1 : 0);
    ngx_live_origin_metrics_gauge(b, "shed_workers", "Workers that shed.",
                                  dvr);
    ngx_live_origin_metrics_gauge(b, "workers",
        "Worker processes of all instances on this zone.", st.workers);

    ngx_live_origin_metrics_head(b, "zone_bytes", "gauge",
                                 "Bytes of the zone, by use.");
    lo_buf_printf(b, "live_origin_zone_bytes{state=\"used\"} %llu\n"
                     "live_origin_zone_bytes{state=\"free\"} %llu\n",
                  (unsigned long long) ((st.pages - st.pages_free)
                                        * st.page_size),
                  (unsigned long long) (st.pages_free * st.page_size));
}


void
ngx_live_origin_metrics_hist(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    const char *name, const char *help, ngx_uint_t cell)
{
    uint64_t    sum;
    ngx_uint_t  i;

    ngx_live_origin_metrics_head(b, name, "histogram", help);

    for (i = 0, sum = 0; i <= NGX_LIVE_ORIGIN_NBOUNDS; i++) {

        sum += lo_zone_cell_sum(zone->z,
                                cell + NGX_LIVE_ORIGIN_HIST_BUCKETS + i);

        if (i < NGX_LIVE_ORIGIN_NBOUNDS) {
            lo_buf_printf(b, "live_origin_%s_bucket{le=\"%g\"} ", name,
                          (double) ngx_live_origin_bounds[i] / LO_USEC);

        } else {
            lo_buf_printf(b, "live_origin_%s_bucket{le=\"+Inf\"} ", name);
        }

        lo_buf_u64(b, sum);
        lo_buf_puts(b, "\n");
    }

    lo_buf_printf(b, "live_origin_%s_sum %.6f\nlive_origin_%s_count ", name,
                  (double) lo_zone_cell_sum(zone->z,
                                            cell + NGX_LIVE_ORIGIN_HIST_SUM)
                  / LO_USEC, name);
    lo_buf_u64(b, sum);
    lo_buf_puts(b, "\n");
}


static size_t
ngx_live_origin_metrics_write(ngx_live_origin_zone_t *zone, u_char *mem,
    size_t size)
{
    lo_buf_t  b;

    lo_buf_init(&b, mem, size);

    ngx_live_origin_metrics_families(zone, &b, ngx_live_origin_families);
    ngx_live_origin_metrics_node(zone, &b);

    ngx_live_origin_metrics_hist(zone, &b, "loop_lag_seconds",
        "How late event loops of workers are, ten times a second.",
        NGX_LIVE_ORIGIN_CELL_LAG_HIST);
    ngx_live_origin_metrics_hist(zone, &b, "write_duration_seconds",
        "From the last byte of a segment to its publication.",
        NGX_LIVE_ORIGIN_CELL_WRITE_HIST);
    ngx_live_origin_metrics_hist(zone, &b, "read_duration_seconds",
        "From a request, or from publication where that was later, to the "
        "first byte.", NGX_LIVE_ORIGIN_CELL_READ_HIST);

    if (zone->archive) {
        ngx_live_origin_metrics_families(zone, &b,
                                         ngx_live_origin_archive_families);
    }

    ngx_live_origin_metrics_redis(zone, &b);
    ngx_live_origin_metrics_events(zone, &b);

    return b.need;
}
