/*
 * What is counted, and where: lists that the code, the metrics and their
 * documentation are made from.
 *
 * Cells belong to one worker (lo_zone_cells): plain additions, summed when
 * somebody asks.  Track counters lie in the zone's tracks and are shared:
 * only publishing adds to them, never a GET.
 */

#ifndef NGX_LIVE_ORIGIN_COUNTERS_H
#define NGX_LIVE_ORIGIN_COUNTERS_H

#include "core/verdict.h"
#include "core/shed.h"
#include "zone/zone.h"


/* answers to PUT, POST and DELETE: status */

#define NGX_LIVE_ORIGIN_STATUSES(X)                                           \
    X(200) X(201) X(204) X(400) X(403) X(404) X(405) X(408) X(409) X(410)     \
    X(412) X(413) X(415) X(499) X(500) X(503) X(507)


/* answers to GET and HEAD: symbol, $live_origin_reason */

#define NGX_LIVE_ORIGIN_REASONS(X)                                            \
    X(READY, "ready")                                                         \
    X(HELD, "held")                                                           \
    X(LATE, "late")                                                           \
    X(GONE, "gone")                                                           \
    X(EARLY, "early")                                                         \
    X(OVERDUE, "overdue")                                                     \
    X(UNKNOWN, "unknown")                                                     \
    X(SHED, "shed")                                                           \
    X(DENIED, "denied")                                                       \
    X(JOINING, "joining")                                                     \
    X(BAD, "bad")                                                             \
    X(UNREADABLE, "unreadable")


typedef enum {
#define NGX_LIVE_ORIGIN_X(sym, word)  NGX_LIVE_ORIGIN_##sym,
    NGX_LIVE_ORIGIN_REASONS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    NGX_LIVE_ORIGIN_NREASONS
} ngx_live_origin_reason_e;


/* answers that began before their segment was whole: symbol, how they ended */

#define NGX_LIVE_ORIGIN_GROWN(X)                                              \
    X(COMPLETE, "complete")                                                   \
    X(FAILED, "failed")               /* its publisher failed: an error */    \
    X(LEFT, "left")                   /* the client went away */


/* upper bounds of the latency histograms, microseconds; one more is beyond */

#define NGX_LIVE_ORIGIN_NBOUNDS    15

static const uint32_t  ngx_live_origin_bounds[NGX_LIVE_ORIGIN_NBOUNDS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
    500000, 1000000, 2500000, 5000000
};

typedef enum {
    NGX_LIVE_ORIGIN_HIST_BUCKETS = 0,      /* not cumulative */
    NGX_LIVE_ORIGIN_HIST_SUM = NGX_LIVE_ORIGIN_NBOUNDS + 1,   /* us */
    NGX_LIVE_ORIGIN_HIST_CELLS
} ngx_live_origin_hist_e;


/* of Redis: which time it is of, and buckets; see http/redis.h for the rest */

#define NGX_LIVE_ORIGIN_RECENT_CELLS    (1 + NGX_LIVE_ORIGIN_NBOUNDS + 1)
#define NGX_LIVE_ORIGIN_REPORT_CELLS    230
#define NGX_LIVE_ORIGIN_FAILOVER_CELLS  20


/* of the archive: symbol, metric, type, help.  JOBS are of live workers, BYTES
   is right as the sum over all slots only, PENDING is the zone's own
   (lo_zone_unsaved) */

#define NGX_LIVE_ORIGIN_ARCHIVE_METRICS(X)                                    \
    X(SEGMENTS, "segments_total", "counter", "Segments written to disk.")     \
    X(WRITTEN, "written_bytes_total", "counter", "Their bytes.")              \
    X(LOST, "lost_total", "counter",                                          \
      "Segments that left the zone before they were written.")                \
    X(BYTES, "bytes", "gauge", "Bytes on disk.")                              \
    X(DELETED, "deleted_total", "counter", "Files deleted.")                  \
    X(JOBS, "jobs", "gauge", "Reads, writes and deletions under way.")        \
    X(PENDING, "pending", "gauge", "Segments that wait to be written.")       \
    X(WRITE_ERRORS, "write_errors_total", "counter", "Writes that failed.")   \
    X(READ_ERRORS, "read_errors_total", "counter", "Reads that failed.")      \
    X(DELETE_ERRORS, "delete_errors_total", "counter",                        \
      "Deletions that failed.")                                               \
    X(CORRUPT, "damaged_total", "counter",                                    \
      "Files that were torn, altered or missing, and not served.")            \
    X(READS, "reads_total", "counter", "Responses from disk.")                \
    X(READ, "read_bytes_total", "counter", "Bytes read from disk.")           \
    X(REFUSED, "refused_total", "counter",                                    \
      "Requests for what is on disk that were answered 503.")


/* of Redis: symbol, metric, type, help.  WORKERS, UP, PENDING and PENDING_BYTES
   are of live workers */

#define NGX_LIVE_ORIGIN_REDIS_METRICS(X)                                      \
    X(CONNECTS, "connects_total", "counter", "Connections that came up.")     \
    X(FAILURES, "failures_total", "counter",                                  \
      "Connections that were lost or refused.")                               \
    X(COMMANDS, "commands_total", "counter", "Commands sent.")                \
    X(ERRORS, "errors_total", "counter",                                      \
      "Commands that ended in an error, or without an answer.")               \
    X(TIMEOUTS, "timeouts_total", "counter",                                  \
      "Commands and connections that had no answer in time.")                 \
    X(REDIRECTS, "redirects_total", "counter",                                \
      "Commands that a cluster sent to another node.")                        \
    X(FAILOVERS, "failovers_total", "counter",                                \
      "Times that a primary was replaced by another, as workers saw it.")     \
    X(PENDING, "pending", "gauge", "Commands under way.")                     \
    X(PENDING_BYTES, "pending_bytes", "gauge", "Their bytes.")                \
    X(WORKERS, "workers", "gauge", "Workers that use Redis.")                 \
    X(UP, "up_workers", "gauge", "Workers whose connection is up.")


/* how commands ended: symbol, outcome, where the redis room counts it */

#define NGX_LIVE_ORIGIN_REDIS_OUTCOMES(X)                                     \
    X(OK, "ok", ok)                                                           \
    X(ERROR, "error", refused)        /* a reply that is one */               \
    X(TIMEOUT, "timeout", late)                                               \
    X(LOST, "lost", lost)             /* with the connection */               \
    X(DECLINED, "declined", declined)     /* not sent: not connected, or too  \
                                             much under way */


/* of an event on many nodes: symbol, metric, type, help.  ENVOY is of live
   workers */

#define NGX_LIVE_ORIGIN_SHARE_METRICS(X)                                      \
    X(ENVOY, "envoy", "gauge",                                                \
      "Workers that hear the news of other nodes: one a host.")               \
    X(SENT, "sent_total", "counter", "Segments that redis has taken.")        \
    X(FETCHED, "fetched_total", "counter", "Segments taken from redis.")      \
    X(FILLED, "filled_total", "counter",                                      \
      "Segments that redis lacked and was given later.")                      \
    X(MISSED, "missed_total", "counter",                                      \
      "Segments that redis was not told of, or did not take, at once.")       \
    X(DEGRADED, "degraded_total", "counter",                                  \
      "201 said without redis (live_origin_ack, degrade).")                   \
    X(REFUSED, "refused_total", "counter",                                    \
      "503 because redis had not accepted it in time.")


typedef enum {
#define NGX_LIVE_ORIGIN_X(status)  NGX_LIVE_ORIGIN_CELL_PUBLISH_##status,
    NGX_LIVE_ORIGIN_STATUSES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    NGX_LIVE_ORIGIN_CELL_PUBLISH_OTHER,

    NGX_LIVE_ORIGIN_CELL_SERVE,            /* + ngx_live_origin_reason_e */

    NGX_LIVE_ORIGIN_CELL_BYTES_IN = NGX_LIVE_ORIGIN_CELL_SERVE
                                    + NGX_LIVE_ORIGIN_NREASONS,
    NGX_LIVE_ORIGIN_CELL_BYTES_OUT,        /* of bodies */
    NGX_LIVE_ORIGIN_CELL_HOLDS,            /* gauge: held now */
    NGX_LIVE_ORIGIN_CELL_HELD,             /* holds begun */
    NGX_LIVE_ORIGIN_CELL_HOLD_LEFT,        /* the client went away */
    NGX_LIVE_ORIGIN_CELL_WRITE_MISSED,     /* SLA */
    NGX_LIVE_ORIGIN_CELL_READ_MISSED,
    NGX_LIVE_ORIGIN_CELL_SEGMENTS,         /* served, by kind */
    NGX_LIVE_ORIGIN_CELL_INITS,
    NGX_LIVE_ORIGIN_CELL_MANIFESTS,
    NGX_LIVE_ORIGIN_CELL_MANIFEST_BUILDS,  /* not found in the cache */
    NGX_LIVE_ORIGIN_CELL_PLAYS,            /* POST EVENT/play, answered */
    NGX_LIVE_ORIGIN_CELL_PURGE_DONE,
    NGX_LIVE_ORIGIN_CELL_PURGE_FAILED,

#define NGX_LIVE_ORIGIN_X(sym, word)  NGX_LIVE_ORIGIN_CELL_GROWN_##sym,
    NGX_LIVE_ORIGIN_GROWN(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
    NGX_LIVE_ORIGIN_CELL_ARCHIVE_##cell,
    NGX_LIVE_ORIGIN_ARCHIVE_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
    NGX_LIVE_ORIGIN_CELL_REDIS_##cell,
    NGX_LIVE_ORIGIN_REDIS_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

#define NGX_LIVE_ORIGIN_X(cell, name, type, help)                             \
    NGX_LIVE_ORIGIN_CELL_SHARE_##cell,
    NGX_LIVE_ORIGIN_SHARE_METRICS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

#define NGX_LIVE_ORIGIN_X(cell, word, field)                                  \
    NGX_LIVE_ORIGIN_CELL_REDIS_OUTCOME_##cell,
    NGX_LIVE_ORIGIN_REDIS_OUTCOMES(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X

    NGX_LIVE_ORIGIN_CELL_REDIS_SAID,       /* when it reported, mono us */
    NGX_LIVE_ORIGIN_CELL_SHARE_SETTLED,    /* of MISSED, by walks */
    NGX_LIVE_ORIGIN_CELL_SHARE_FILLING,    /* gauge: by the walk under way */
    NGX_LIVE_ORIGIN_CELL_SHARE_LEFT,       /* gauge: of the track it is at */
    NGX_LIVE_ORIGIN_CELL_SHARE_FETCHING,   /* gauge: asked for, */
    NGX_LIVE_ORIGIN_CELL_SHARE_WANTED,     /* or behind a live state */
    NGX_LIVE_ORIGIN_CELL_SHARE_JOINING,    /* gauge: ngx_live_origin_join_e */
    NGX_LIVE_ORIGIN_CELL_SHARE_WALKING,    /* gauge: since, mono us; 0 */
    NGX_LIVE_ORIGIN_CELL_SHARE_WALKED,     /* the last whole walk's end, us, */
    NGX_LIVE_ORIGIN_CELL_SHARE_WALK_US,    /* and how long it took */
    NGX_LIVE_ORIGIN_CELL_SHARE_DEGRADED_US,    /* when it was last so */
    NGX_LIVE_ORIGIN_CELL_SHARE_REFUSED_US,

    NGX_LIVE_ORIGIN_CELL_CLASS,            /* + lo_shed_class_e */
    NGX_LIVE_ORIGIN_CELL_SHED_CLASS = NGX_LIVE_ORIGIN_CELL_CLASS
                                      + LO_SHED_NCLASSES,  /* likewise */
    NGX_LIVE_ORIGIN_CELL_SHED_LEVEL = NGX_LIVE_ORIGIN_CELL_SHED_CLASS
                                      + LO_SHED_NCLASSES,
                                           /* gauges, 0 or 1: at least 1, 2 */
    NGX_LIVE_ORIGIN_CELL_SHED_CAUSE = NGX_LIVE_ORIGIN_CELL_SHED_LEVEL + 2,
                                           /* + lo_shed_cause_e */
    NGX_LIVE_ORIGIN_CELL_LAG_HIST = NGX_LIVE_ORIGIN_CELL_SHED_CAUSE
                                    + LO_SHED_NCAUSES,
    NGX_LIVE_ORIGIN_CELL_WRITE_HIST = NGX_LIVE_ORIGIN_CELL_LAG_HIST
                                      + NGX_LIVE_ORIGIN_HIST_CELLS,
                                           /* last byte to published */
    NGX_LIVE_ORIGIN_CELL_READ_HIST = NGX_LIVE_ORIGIN_CELL_WRITE_HIST
                                     + NGX_LIVE_ORIGIN_HIST_CELLS,
                                           /* request, or if later publishing,
                                              to first byte */
    NGX_LIVE_ORIGIN_CELL_REDIS_HIST = NGX_LIVE_ORIGIN_CELL_READ_HIST
                                      + NGX_LIVE_ORIGIN_HIST_CELLS,
                                           /* round trips */
    NGX_LIVE_ORIGIN_CELL_REDIS_RECENT = NGX_LIVE_ORIGIN_CELL_REDIS_HIST
                                        + NGX_LIVE_ORIGIN_HIST_CELLS,
                                           /* likewise, of late: redis.h */
    NGX_LIVE_ORIGIN_CELL_REDIS_REPORT = NGX_LIVE_ORIGIN_CELL_REDIS_RECENT
                                        + 2 * NGX_LIVE_ORIGIN_RECENT_CELLS,
    NGX_LIVE_ORIGIN_CELL_REDIS_FAILOVER = NGX_LIVE_ORIGIN_CELL_REDIS_REPORT
                                          + NGX_LIVE_ORIGIN_REPORT_CELLS,
    NGX_LIVE_ORIGIN_NCELLS = NGX_LIVE_ORIGIN_CELL_REDIS_FAILOVER
                             + NGX_LIVE_ORIGIN_FAILOVER_CELLS
} ngx_live_origin_cell_e;

_Static_assert((int) NGX_LIVE_ORIGIN_NCELLS <= LO_ZONE_CELLS,
               "a worker has too few cells");


/*
 * Counters of one track, for each pipeline: at
 * pipeline * NGX_LIVE_ORIGIN_NTRACK + ngx_live_origin_track_e.  Those of
 * verdicts are GOOD and, from VERDICTS on, one for each of core/verdict.h.
 */

#define NGX_LIVE_ORIGIN_TRACK_COUNTERS(X)                                     \
    X(SEGMENTS, "segments")           /* stored */                            \
    X(SAME, "same")                   /* the same bytes again */              \
    X(SUPERSEDED, "superseded")       /* others were given out already */     \
    X(BYTES, "bytes")                                                         \
    X(LATE, "late")                   /* after the number was due */          \
    X(REFUSED, "refused")             /* could not be placed */               \
    X(GOOD, "good")                   /* without a defect */

typedef enum {
#define NGX_LIVE_ORIGIN_X(sym, word)  NGX_LIVE_ORIGIN_TRACK_##sym,
    NGX_LIVE_ORIGIN_TRACK_COUNTERS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    NGX_LIVE_ORIGIN_TRACK_VERDICTS,
    NGX_LIVE_ORIGIN_NTRACK = NGX_LIVE_ORIGIN_TRACK_VERDICTS + LO_VERDICT_N
} ngx_live_origin_track_e;

/* counters of one event */

typedef enum {
    NGX_LIVE_ORIGIN_EVENT_DIFFERS = 0,     /* longer or shorter than declared */
    NGX_LIVE_ORIGIN_EVENT_RATE,            /* limit.c; no count */
    NGX_LIVE_ORIGIN_EVENT_STALE,           /* health.c: tracks, a bit each */
    NGX_LIVE_ORIGIN_EVENT_STALE_US         /* likewise: no count either */
} ngx_live_origin_event_e;

/* the last write latency, us, of each pipeline: behind the counters */

#define NGX_LIVE_ORIGIN_TRACK_WRITE_US                                        \
    (LO_MAX_PIPELINES * NGX_LIVE_ORIGIN_NTRACK)

_Static_assert(NGX_LIVE_ORIGIN_TRACK_WRITE_US + LO_MAX_PIPELINES
               <= LO_ZONE_COUNTERS, "a track has too few counters");


static inline unsigned
ngx_live_origin_hist_bucket(uint64_t us)
{
    unsigned  i;

    for (i = 0; i < NGX_LIVE_ORIGIN_NBOUNDS; i++) {
        if (us <= ngx_live_origin_bounds[i]) {
            break;
        }
    }

    return i;
}


static inline void
ngx_live_origin_hist_add(uint64_t *cells, unsigned hist, uint64_t us)
{
    cells[hist + NGX_LIVE_ORIGIN_HIST_BUCKETS
          + ngx_live_origin_hist_bucket(us)]++;
    cells[hist + NGX_LIVE_ORIGIN_HIST_SUM] += us;
}

#endif /* NGX_LIVE_ORIGIN_COUNTERS_H */
