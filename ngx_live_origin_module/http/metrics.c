/*
 * Prometheus text format 0.0.4: the worker cells summed over the zone, and
 * what every track knows of itself.
 */

#include "http/metrics.h"


static size_t ngx_live_origin_metrics_write(ngx_live_origin_zone_t *zone,
    u_char *mem, size_t size);
static void ngx_live_origin_metrics_serving(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);
static void ngx_live_origin_metrics_shed(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);
static void ngx_live_origin_metrics_zone(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);
static void ngx_live_origin_metrics_hist(ngx_live_origin_zone_t *zone,
    lo_buf_t *b, const char *name, const char *help, ngx_uint_t cell);
static void ngx_live_origin_metrics_state(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);
static void ngx_live_origin_metrics_differs(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);
static void ngx_live_origin_metrics_tracks(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);


#define ngx_live_origin_metrics_head(b, name, type, help)                     \
    lo_buf_puts(b, "# HELP live_origin_" name " " help "\n"                   \
                   "# TYPE live_origin_" name " " type "\n")


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


static size_t
ngx_live_origin_metrics_write(ngx_live_origin_zone_t *zone, u_char *mem,
    size_t size)
{
    lo_buf_t  b;

    lo_buf_init(&b, mem, size);

    ngx_live_origin_metrics_serving(zone, &b);

    ngx_live_origin_metrics_shed(zone, &b);
    ngx_live_origin_metrics_hist(zone, &b, "loop_lag_seconds",
        "How late event loops of workers are, ten times a second.",
        NGX_LIVE_ORIGIN_CELL_LAG_HIST);
    ngx_live_origin_metrics_hist(zone, &b, "write_duration_seconds",
        "From the last byte of a segment to its publication.",
        NGX_LIVE_ORIGIN_CELL_WRITE_HIST);
    ngx_live_origin_metrics_hist(zone, &b, "read_duration_seconds",
        "From a request, or from publication where that was later, to the "
        "first byte.", NGX_LIVE_ORIGIN_CELL_READ_HIST);

    ngx_live_origin_metrics_zone(zone, &b);
    ngx_live_origin_metrics_state(zone, &b);
    ngx_live_origin_metrics_differs(zone, &b);
    ngx_live_origin_metrics_tracks(zone, &b);

    return b.need;
}


static void
ngx_live_origin_metrics_value(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    const char *name, const char *label, const char *value, ngx_uint_t cell)
{
    if (label) {
        lo_buf_printf(b, "live_origin_%s{%s=\"%s\"} ", name, label, value);

    } else {
        lo_buf_printf(b, "live_origin_%s ", name);
    }

    lo_buf_u64(b, lo_zone_cell_sum(zone->z, cell));
    lo_buf_puts(b, "\n");
}


static void
ngx_live_origin_metrics_serving(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_uint_t  i;

    static const char  *statuses[] = {
#define NGX_LIVE_ORIGIN_X(status)  #status,
        NGX_LIVE_ORIGIN_STATUSES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
        "other"
    };

    static const char  *reasons[] = {
#define NGX_LIVE_ORIGIN_X(sym, word)  word,
        NGX_LIVE_ORIGIN_REASONS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    static const char  *grown[] = {
#define NGX_LIVE_ORIGIN_X(sym, word)  word,
        NGX_LIVE_ORIGIN_GROWN(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    static const struct {
        const char  *name;
        const char  *help;
        ngx_uint_t   cell;
    } counters[] = {
        { "received_bytes_total", "Bytes of bodies received.",
          NGX_LIVE_ORIGIN_CELL_BYTES_IN },
        { "sent_bytes_total", "Bytes of bodies sent.",
          NGX_LIVE_ORIGIN_CELL_BYTES_OUT },
        { "holds_total", "Requests that were held.",
          NGX_LIVE_ORIGIN_CELL_HELD },
        { "holds_left_total", "Held requests whose client went away.",
          NGX_LIVE_ORIGIN_CELL_HOLD_LEFT },
        { "write_sla_missed_total",
          "Segments answered 503 for live_origin_write_deadline, or published "
          "beyond it.",
          NGX_LIVE_ORIGIN_CELL_WRITE_MISSED },
        { "read_sla_missed_total",
          "Published segments whose first byte was later than "
          "live_origin_read_deadline.",
          NGX_LIVE_ORIGIN_CELL_READ_MISSED },
        { "segments_served_total", "Media segments served.",
          NGX_LIVE_ORIGIN_CELL_SEGMENTS },
        { "inits_served_total", "CMAF headers served.",
          NGX_LIVE_ORIGIN_CELL_INITS },
        { "manifests_served_total", "Manifests served.",
          NGX_LIVE_ORIGIN_CELL_MANIFESTS },
        { "manifests_built_total", "Manifests written anew.",
          NGX_LIVE_ORIGIN_CELL_MANIFEST_BUILDS },
        { "purges_total", "Purges that a cache was asked for and did.",
          NGX_LIVE_ORIGIN_CELL_PURGE_DONE },
        { "purges_failed_total", "Purges that failed, or found the queue full.",
          NGX_LIVE_ORIGIN_CELL_PURGE_FAILED },
    };

    ngx_live_origin_metrics_head(b, "publishes_total", "counter",
        "Answers to PUT, POST and DELETE, by status.");

    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        ngx_live_origin_metrics_value(zone, b, "publishes_total", "status",
                                      statuses[i], i);
    }

    ngx_live_origin_metrics_head(b, "serves_total", "counter",
        "Answers to GET and HEAD, by reason.");

    for (i = 0; i < NGX_LIVE_ORIGIN_NREASONS; i++) {
        ngx_live_origin_metrics_value(zone, b, "serves_total", "reason",
                                      reasons[i],
                                      NGX_LIVE_ORIGIN_CELL_SERVE + i);
    }

    ngx_live_origin_metrics_head(b, "early_total", "counter",
        "Answers that began before their segment was whole, by their end.");

    for (i = 0; i < sizeof(grown) / sizeof(grown[0]); i++) {
        ngx_live_origin_metrics_value(zone, b, "early_total", "reason",
                                      grown[i],
                                      NGX_LIVE_ORIGIN_CELL_GROWN_COMPLETE + i);
    }

    for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        lo_buf_printf(b, "# HELP live_origin_%s %s\n"
                         "# TYPE live_origin_%s counter\n",
                      counters[i].name, counters[i].help, counters[i].name);
        ngx_live_origin_metrics_value(zone, b, counters[i].name, NULL, NULL,
                                      counters[i].cell);
    }

    ngx_live_origin_metrics_head(b, "holds", "gauge",
                                 "Requests held at this moment.");
    lo_buf_printf(b, "live_origin_holds %llu\n",
                  (unsigned long long) lo_zone_cell_live(zone->z,
                                           NGX_LIVE_ORIGIN_CELL_HOLDS));
}


static void
ngx_live_origin_metrics_shed(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_uint_t  i;
    uint64_t    workers[2];

    static const char  *classes[] = {
#define LO_SHED_X(sym, word)  word,
        LO_SHED_CLASSES(LO_SHED_X)
#undef LO_SHED_X
    };

    for (i = 0; i < 2; i++) {
        workers[i] = lo_zone_cell_live(zone->z,
                                       NGX_LIVE_ORIGIN_CELL_SHED_LEVEL + i);
    }

    ngx_live_origin_metrics_head(b, "requests_total", "counter",
                                 "Answers to GET and HEAD, by class.");

    for (i = 0; i < LO_SHED_PUBLISH; i++) {
        ngx_live_origin_metrics_value(zone, b, "requests_total", "class",
                                      classes[i],
                                      NGX_LIVE_ORIGIN_CELL_CLASS + i);
    }

    ngx_live_origin_metrics_head(b, "shed_total", "counter",
        "Requests that were answered 503 under stress, by class.");

    for (i = 0; i < LO_SHED_EDGE; i++) {
        ngx_live_origin_metrics_value(zone, b, "shed_total", "class",
                                      classes[i],
                                      NGX_LIVE_ORIGIN_CELL_SHED_CLASS + i);
    }

    ngx_live_origin_metrics_head(b, "shed_level", "gauge",
        "What the most stressed worker sheds: 0 nothing, 1 DVR, 2 unknown "
        "names too.");
    lo_buf_printf(b, "live_origin_shed_level %d\n",
                  workers[1] ? 2 : workers[0] ? 1 : 0);

    ngx_live_origin_metrics_head(b, "shed_workers", "gauge",
                                 "Workers that shed.");
    lo_buf_printf(b, "live_origin_shed_workers %llu\n",
                  (unsigned long long) workers[0]);
}


static void
ngx_live_origin_metrics_hist(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    const char *name, const char *help, ngx_uint_t cell)
{
    uint64_t    sum;
    ngx_uint_t  i;

    static const uint32_t  bounds[] = {
#define NGX_LIVE_ORIGIN_X(us)  us,
        NGX_LIVE_ORIGIN_BOUNDS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    lo_buf_printf(b, "# HELP live_origin_%s %s\n"
                     "# TYPE live_origin_%s histogram\n", name, help, name);

    for (i = 0, sum = 0; i <= NGX_LIVE_ORIGIN_NBOUNDS; i++) {

        sum += lo_zone_cell_sum(zone->z,
                                cell + NGX_LIVE_ORIGIN_HIST_BUCKETS + i);

        if (i < NGX_LIVE_ORIGIN_NBOUNDS) {
            lo_buf_printf(b, "live_origin_%s_bucket{le=\"%g\"} ", name,
                          (double) bounds[i] / LO_USEC);

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


static void
ngx_live_origin_metrics_archive(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        const char  *type;
        const char  *help;
        ngx_uint_t   cell;
    } values[] = {
#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
        { name, type, help, NGX_LIVE_ORIGIN_CELL_ARCHIVE_##cell },
        NGX_LIVE_ORIGIN_ARCHIVE_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    for (i = 0; zone->archive && i < sizeof(values) / sizeof(values[0]); i++) {

        lo_buf_printf(b, "# HELP live_origin_archive_%s %s\n"
                         "# TYPE live_origin_archive_%s %s\n",
                      values[i].name, values[i].help, values[i].name,
                      values[i].type);
        lo_buf_printf(b, "live_origin_archive_%s %llu\n", values[i].name,
                      (unsigned long long)
                      (values[i].cell == NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS
                       || values[i].cell
                          == NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING
                       ? lo_zone_cell_live(zone->z, values[i].cell)
                       : lo_zone_cell_sum(zone->z, values[i].cell)));
    }
}


static void
ngx_live_origin_metrics_zone(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    lo_zone_stat_t  st;

    lo_zone_stat(zone->z, &st);

    ngx_live_origin_metrics_head(b, "zone_bytes", "gauge",
                                 "Bytes of the zone, by use.");
    lo_buf_printf(b, "live_origin_zone_bytes{state=\"used\"} %llu\n"
                     "live_origin_zone_bytes{state=\"free\"} %llu\n",
                  (unsigned long long) ((st.pages - st.pages_free)
                                        * st.page_size),
                  (unsigned long long) (st.pages_free * st.page_size));

    ngx_live_origin_metrics_head(b, "workers", "gauge",
        "Worker processes of all instances on this zone.");
    lo_buf_printf(b, "live_origin_workers %u\n", st.workers);

    ngx_live_origin_metrics_archive(zone, b);
}


/* ---- by event, track and pipeline */

typedef struct {
    ngx_live_origin_zone_t   *zone;
    lo_buf_t                 *b;
    ngx_live_origin_event_t  *event;
    const char               *id;
    const lo_live_track_t    *lt;
    lo_zone_track_t          *t;
} ngx_live_origin_metrics_track_t;

typedef void (*ngx_live_origin_metrics_pt)(
    ngx_live_origin_metrics_track_t *m);


static void
ngx_live_origin_metrics_head_age(ngx_live_origin_metrics_track_t *m)
{
    int64_t  us;

    us = __atomic_load_n(&m->t->head_us, __ATOMIC_RELAXED);

    if (us) {
        lo_buf_printf(m->b, "live_origin_head_age_seconds{event=\"%s\","
                            "track=\"%s\"} %.3f\n", m->id, m->lt->id,
                      (double) (ngx_live_origin_wall() - us) / LO_USEC);
    }
}


static void
ngx_live_origin_metrics_head_number(ngx_live_origin_metrics_track_t *m)
{
    int64_t  head;

    head = __atomic_load_n(&m->t->head, __ATOMIC_RELAXED);

    if (head >= 0) {
        lo_buf_printf(m->b, "live_origin_head_number{event=\"%s\","
                            "track=\"%s\"} %lld\n", m->id, m->lt->id,
                      (long long) head);
    }
}


static void
ngx_live_origin_metrics_counter(ngx_live_origin_metrics_track_t *m,
    const char *name, const char *label, const char *word, ngx_uint_t i)
{
    ngx_uint_t        p;
    const lo_live_t  *l;

    l = m->event->live;

    for (p = 0; p < l->npipelines; p++) {

        lo_buf_printf(m->b, "live_origin_%s{event=\"%s\",track=\"%s\","
                            "pipeline=\"%s\"", name, m->id, m->lt->id,
                      l->pipelines[p]);

        if (label) {
            lo_buf_printf(m->b, ",%s=\"%s\"", label, word);
        }

        lo_buf_puts(m->b, "} ");
        lo_buf_u64(m->b, __atomic_load_n(&m->t->counters[
                             p * NGX_LIVE_ORIGIN_NTRACK + i],
                         __ATOMIC_RELAXED));
        lo_buf_puts(m->b, "\n");
    }
}


static void
ngx_live_origin_metrics_stored(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, "segments_total", NULL, NULL,
                                    NGX_LIVE_ORIGIN_TRACK_SEGMENTS);
}


static void
ngx_live_origin_metrics_bytes(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, "segment_bytes_total", NULL, NULL,
                                    NGX_LIVE_ORIGIN_TRACK_BYTES);
}


static void
ngx_live_origin_metrics_late(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, "segments_late_total", NULL, NULL,
                                    NGX_LIVE_ORIGIN_TRACK_LATE);
}


static void
ngx_live_origin_metrics_repeats(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, "segments_repeated_total", "reason",
                                    "same", NGX_LIVE_ORIGIN_TRACK_SAME);
    ngx_live_origin_metrics_counter(m, "segments_repeated_total", "reason",
                                    "superseded",
                                    NGX_LIVE_ORIGIN_TRACK_SUPERSEDED);
}


static void
ngx_live_origin_metrics_refused(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, "segments_refused_total", NULL, NULL,
                                    NGX_LIVE_ORIGIN_TRACK_REFUSED);
}


static void
ngx_live_origin_metrics_verdicts(ngx_live_origin_metrics_track_t *m)
{
    ngx_uint_t  i;

    ngx_live_origin_metrics_counter(m, "verdicts_total", "reason", "good",
                                    NGX_LIVE_ORIGIN_TRACK_GOOD);

    for (i = 0; i < LO_VERDICT_N; i++) {
        ngx_live_origin_metrics_counter(m, "verdicts_total", "reason",
                                        lo_verdict_word(i),
                                        NGX_LIVE_ORIGIN_TRACK_VERDICTS + i);
    }
}


/* one family after another, each over all tracks */

static void
ngx_live_origin_metrics_each(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    ngx_live_origin_metrics_pt write)
{
    ngx_uint_t                        e, i;
    lo_zone_stat_t                    st;
    lo_zone_event_t                  *ze;
    ngx_live_origin_metrics_track_t   m;

    lo_zone_stat(zone->z, &st);

    m.zone = zone;
    m.b = b;

    for (e = 0; e < st.events_max; e++) {

        ze = lo_zone_event(zone->z, e);
        m.event = ze ? ngx_live_origin_event_get(zone, e) : NULL;

        if (m.event == NULL || m.event->live == NULL) {
            continue;
        }

        m.id = ze->id;

        for (i = 0; i < m.event->live->ntracks; i++) {

            m.lt = &m.event->live->tracks[i];
            m.t = lo_zone_track(zone->z, m.lt->ring);

            if (m.t) {
                write(&m);
            }
        }
    }
}


static void
ngx_live_origin_metrics_differs(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_uint_t        e;
    lo_zone_stat_t    st;
    lo_zone_event_t  *ze;

    lo_zone_stat(zone->z, &st);

    ngx_live_origin_metrics_head(b, "declared_duration_differs_total",
        "counter", "Segments of another duration than the event document "
        "declares.");

    for (e = 0; e < st.events_max; e++) {

        ze = lo_zone_event(zone->z, e);
        if (ze == NULL) {
            continue;
        }

        lo_buf_printf(b, "live_origin_declared_duration_differs_total{"
                         "event=\"%s\"} ", ze->id);
        lo_buf_u64(b, __atomic_load_n(
                          &ze->counters[NGX_LIVE_ORIGIN_EVENT_DIFFERS],
                          __ATOMIC_RELAXED));
        lo_buf_puts(b, "\n");
    }
}


/* one line a phase, as Prometheus' state sets are */

static void
ngx_live_origin_metrics_state(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    uint32_t                  phase, is;
    ngx_uint_t                e;
    lo_zone_stat_t            st;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *event;

    lo_zone_stat(zone->z, &st);

    ngx_live_origin_metrics_head(b, "event_state", "gauge",
                                 "1 for what an event is, 0 for what it is "
                                 "not.");

    for (e = 0; e < st.events_max; e++) {

        ze = lo_zone_event(zone->z, e);
        event = ze ? ngx_live_origin_event_get(zone, e) : NULL;

        is = event ? ngx_live_origin_archive_phase(zone, event->live) : 0;

        for (phase = 0; event && phase < LO_LIVE_NPHASES; phase++) {
            lo_buf_printf(b, "live_origin_event_state{event=\"%s\","
                             "state=\"%s\"} %d\n", ze->id,
                          lo_live_phase(phase), is == phase);
        }
    }
}


static void
ngx_live_origin_metrics_tracks(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    ngx_uint_t  i;

    static const struct {
        const char                  *name;
        const char                  *type;
        const char                  *help;
        ngx_live_origin_metrics_pt   write;
    } families[] = {
        { "head_age_seconds", "gauge",
          "Time since the newest segment of a track was published.",
          ngx_live_origin_metrics_head_age },
        { "head_number", "gauge", "The newest number of a track.",
          ngx_live_origin_metrics_head_number },
        { "segments_total", "counter", "Segments stored.",
          ngx_live_origin_metrics_stored },
        { "segment_bytes_total", "counter", "Bytes of segments stored.",
          ngx_live_origin_metrics_bytes },
        { "segments_late_total", "counter",
          "Segments stored after they were due.",
          ngx_live_origin_metrics_late },
        { "segments_repeated_total", "counter",
          "Segments that were there already.",
          ngx_live_origin_metrics_repeats },
        { "segments_refused_total", "counter",
          "Segments that could not be placed.",
          ngx_live_origin_metrics_refused },
        { "verdicts_total", "counter", "What inspection said of segments.",
          ngx_live_origin_metrics_verdicts },
    };

    for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        lo_buf_printf(b, "# HELP live_origin_%s %s\n"
                         "# TYPE live_origin_%s %s\n", families[i].name,
                      families[i].help, families[i].name, families[i].type);
        ngx_live_origin_metrics_each(zone, b, families[i].write);
    }
}
