/*
 * Metrics by event, track and pipeline.
 */

#include "http/health.h"
#include "http/metrics.h"


typedef struct ngx_live_origin_metrics_track_s
    ngx_live_origin_metrics_track_t;

typedef struct {
    const char               *name;
    const char               *type;
    const char               *help;
    void                    (*write)(ngx_live_origin_metrics_track_t *m);
    ngx_uint_t                counter;     /* the first */
} ngx_live_origin_metrics_kind_t;

struct ngx_live_origin_metrics_track_s {
    lo_buf_t                              *b;
    const char                            *id;
    const lo_live_t                       *live;
    const lo_live_track_t                 *lt;
    lo_zone_track_t                       *t;
    const ngx_live_origin_metrics_kind_t  *kind;
};


static void ngx_live_origin_metrics_head_age(
    ngx_live_origin_metrics_track_t *m);
static void ngx_live_origin_metrics_head_number(
    ngx_live_origin_metrics_track_t *m);
static void ngx_live_origin_metrics_one(ngx_live_origin_metrics_track_t *m);
static void ngx_live_origin_metrics_repeats(
    ngx_live_origin_metrics_track_t *m);
static void ngx_live_origin_metrics_verdicts(
    ngx_live_origin_metrics_track_t *m);


static const ngx_live_origin_metrics_kind_t  ngx_live_origin_metrics_kinds[] =
{
    { "head_age_seconds", "gauge",
      "Time since the newest segment of a track was published.",
      ngx_live_origin_metrics_head_age, 0 },
    { "head_number", "gauge", "The newest number of a track.",
      ngx_live_origin_metrics_head_number, 0 },
    { "segments_total", "counter", "Segments stored.",
      ngx_live_origin_metrics_one, NGX_LIVE_ORIGIN_TRACK_SEGMENTS },
    { "segment_bytes_total", "counter", "Bytes of segments stored.",
      ngx_live_origin_metrics_one, NGX_LIVE_ORIGIN_TRACK_BYTES },
    { "segments_late_total", "counter",
      "Segments stored after they were due.",
      ngx_live_origin_metrics_one, NGX_LIVE_ORIGIN_TRACK_LATE },
    { "segments_repeated_total", "counter",
      "Segments that were there already.",
      ngx_live_origin_metrics_repeats, NGX_LIVE_ORIGIN_TRACK_SAME },
    { "segments_refused_total", "counter",
      "Segments that could not be placed.",
      ngx_live_origin_metrics_one, NGX_LIVE_ORIGIN_TRACK_REFUSED },
    { "verdicts_total", "counter", "What inspection said of segments.",
      ngx_live_origin_metrics_verdicts, NGX_LIVE_ORIGIN_TRACK_GOOD },

    { NULL, NULL, NULL, NULL, 0 }
};


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


/* a counter of each pipeline; reason: NULL: there is no such label */

static void
ngx_live_origin_metrics_counter(ngx_live_origin_metrics_track_t *m,
    const char *reason, ngx_uint_t counter)
{
    ngx_uint_t  p;

    for (p = 0; p < m->live->npipelines; p++) {

        /* the document names it no more */

        if (m->live->pipelines[p][0] == '\0') {
            continue;
        }

        lo_buf_printf(m->b, "live_origin_%s{event=\"%s\",track=\"%s\","
                            "pipeline=\"%s\"", m->kind->name, m->id,
                      m->lt->id, m->live->pipelines[p]);

        if (reason) {
            lo_buf_printf(m->b, ",reason=\"%s\"", reason);
        }

        lo_buf_puts(m->b, "} ");
        lo_buf_u64(m->b, __atomic_load_n(&m->t->counters[
                             p * NGX_LIVE_ORIGIN_NTRACK + counter],
                         __ATOMIC_RELAXED));
        lo_buf_puts(m->b, "\n");
    }
}


static void
ngx_live_origin_metrics_one(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, NULL, m->kind->counter);
}


static void
ngx_live_origin_metrics_repeats(ngx_live_origin_metrics_track_t *m)
{
    ngx_live_origin_metrics_counter(m, "same", NGX_LIVE_ORIGIN_TRACK_SAME);
    ngx_live_origin_metrics_counter(m, "superseded",
                                    NGX_LIVE_ORIGIN_TRACK_SUPERSEDED);
}


static void
ngx_live_origin_metrics_verdicts(ngx_live_origin_metrics_track_t *m)
{
    ngx_uint_t  i;

    ngx_live_origin_metrics_counter(m, "good", NGX_LIVE_ORIGIN_TRACK_GOOD);

    for (i = 0; i < LO_VERDICT_N; i++) {
        ngx_live_origin_metrics_counter(m, lo_verdict_word(i),
                                        NGX_LIVE_ORIGIN_TRACK_VERDICTS + i);
    }
}


/* one family after another, each over all tracks */

static void
ngx_live_origin_metrics_tracks(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    ngx_uint_t events, const ngx_live_origin_metrics_kind_t *kind)
{
    ngx_uint_t                        e, i;
    lo_zone_event_t                  *ze;
    ngx_live_origin_event_t          *event;
    ngx_live_origin_metrics_track_t   m;

    ngx_live_origin_metrics_head(b, kind->name, kind->type, kind->help);

    m.b = b;
    m.kind = kind;

    for (e = 0; e < events; e++) {

        ze = lo_zone_event(zone->z, e);
        event = ze ? ngx_live_origin_event_get(zone, e) : NULL;

        if (event == NULL || event->live == NULL) {
            continue;
        }

        m.id = ze->id;
        m.live = event->live;

        for (i = 0; i < m.live->ntracks; i++) {

            m.lt = &m.live->tracks[i];
            m.t = ngx_live_origin_track_of(zone, m.lt);

            if (m.t) {
                kind->write(&m);
            }
        }
    }
}


static void
ngx_live_origin_metrics_differs(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    ngx_uint_t events)
{
    ngx_uint_t        e;
    lo_zone_event_t  *ze;

    ngx_live_origin_metrics_head(b, "declared_duration_differs_total",
        "counter", "Segments of another duration than the event document "
        "declares.");

    for (e = 0; e < events; e++) {

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


/* of events whose document says when they are stale */

static void
ngx_live_origin_metrics_health(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    ngx_uint_t events, ngx_uint_t tracks)
{
    ngx_uint_t                 e, i;
    lo_zone_event_t           *ze;
    ngx_live_origin_event_t   *event;
    ngx_live_origin_health_t   h;

    for (e = 0; e < events; e++) {

        ze = lo_zone_event(zone->z, e);
        event = ze ? ngx_live_origin_event_get(zone, e) : NULL;

        if (event == NULL || event->doc == NULL
            || event->doc->health.stale_us == 0)
        {
            continue;
        }

        ngx_live_origin_health(zone, event, &h);

        if (!tracks) {
            lo_buf_printf(b, "live_origin_manifests_withheld{event=\"%s\"} "
                             "%d\n", ze->id, h.left == LO_HEALTH_NONE);
            continue;
        }

        for (i = 0; i < event->live->ntracks; i++) {
            lo_buf_printf(b, "live_origin_track_stale{event=\"%s\","
                             "track=\"%s\"} %d\n", ze->id,
                          event->live->tracks[i].id, (int) (h.stale >> i & 1));
        }
    }
}


/* one line a phase, as Prometheus' state sets are */

static void
ngx_live_origin_metrics_state(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    ngx_uint_t events)
{
    uint32_t                  phase, is;
    ngx_uint_t                e;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *event;

    ngx_live_origin_metrics_head(b, "event_state", "gauge",
                                 "1 for what an event is, 0 for what it is "
                                 "not.");

    for (e = 0; e < events; e++) {

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
ngx_live_origin_metrics_drained(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    ngx_uint_t events)
{
    ngx_uint_t                e, i;
    const lo_cdn_t           *cdn;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *event;

    ngx_live_origin_metrics_head(b, "steering_drained", "gauge",
                                 "1 for a CDN that an operator has drained.");

    for (e = 0; e < events; e++) {

        ze = lo_zone_event(zone->z, e);
        event = ze ? ngx_live_origin_event_get(zone, e) : NULL;

        for (i = 0; event && event->doc && i < event->doc->cdns.n; i++) {

            cdn = &event->doc->cdns.cdn[i];

            lo_buf_printf(b, "live_origin_steering_drained{event=\"%s\","
                             "cdn=\"", ze->id);
            lo_buf_put(b, cdn->id.data, cdn->id.len);
            lo_buf_printf(b, "\"} %d\n",
                          lo_drained(&event->live->drained, cdn->id));
        }
    }
}


void
ngx_live_origin_metrics_events(ngx_live_origin_zone_t *zone, lo_buf_t *b)
{
    lo_zone_stat_t                         st;
    const ngx_live_origin_metrics_kind_t  *kind;

    lo_zone_stat(zone->z, &st);

    ngx_live_origin_metrics_state(zone, b, st.events_max);
    ngx_live_origin_metrics_differs(zone, b, st.events_max);
    ngx_live_origin_metrics_drained(zone, b, st.events_max);

    ngx_live_origin_metrics_head(b, "manifests_withheld", "gauge",
        "1 while an event's manifests are 404, for its live edge is too old.");
    ngx_live_origin_metrics_health(zone, b, st.events_max, 0);
    ngx_live_origin_metrics_head(b, "track_stale", "gauge",
        "1 while a track's live edge is older than its event allows.");
    ngx_live_origin_metrics_health(zone, b, st.events_max, 1);

    for (kind = ngx_live_origin_metrics_kinds; kind->name; kind++) {
        ngx_live_origin_metrics_tracks(zone, b, st.events_max, kind);
    }
}
