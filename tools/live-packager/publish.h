/*
 * Delivers inits and segments to every origin, each with queues of its own.
 *
 * A segment is tried at once and again, with back-off, for one segment
 * duration after it is whole; then it is late, and is sent beside newer ones
 * ("back-fill") as long as it is in the window and the queue has room; else it
 * is lost, which is one line in the log and one count.
 */

#ifndef LP_PUBLISH_H
#define LP_PUBLISH_H

#include "core/timeline.h"

#include "transfer.h"


#define LP_MAX_ORIGINS  8
#define LP_MAX_TRACKS   LO_MAX_TRACKS
#define LP_REASON_MAX   128


typedef struct lp_lane_s    lp_lane_t;
typedef struct lp_origin_s  lp_origin_t;


typedef struct {
    uint64_t            sent;         /* segments in time */
    uint64_t            backfilled;   /* segments later than that */
    uint64_t            retried;      /* attempts that failed */
    uint64_t            late;         /* segments not delivered in time */
    uint64_t            lost;
    uint64_t            inits;
    uint64_t            bytes;
} lp_origin_counts_t;


typedef struct {
    unsigned            norigins;
    const char         *origins[LP_MAX_ORIGINS];  /* URL without a final / */
    const char         *path;         /* EVENT/PIPELINE */
    unsigned            ntracks;
    const char         *tracks[LP_MAX_TRACKS];
    unsigned            video[LP_MAX_TRACKS];
    const struct curl_slist  *headers;
    lo_dur_t            d;
    int64_t             window;       /* numbers that stay worth sending */
    size_t              queue;        /* bytes that may wait, per origin */
    unsigned            patient:1;    /* a file: nothing is late or lost */
} lp_publish_conf_t;


typedef struct {
    lp_publish_conf_t   conf;
    lp_transfers_t      transfers;
    int64_t             d_ms;
    lp_origin_t        *origins;
    lp_object_t        *growing[LP_MAX_TRACKS];
    struct curl_slist  *headers[2];   /* audio, video */
} lp_publish_t;


int lp_publish_open(lp_publish_t *p, const lp_publish_conf_t *conf);

/* for lp_track_out_t, with the lp_publish_t as data */
void lp_publish_init(void *data, unsigned track, const lp_bytes_t *bytes);
void lp_publish_piece(void *data, unsigned track, int64_t number,
    const lp_bytes_t *bytes, unsigned flags);

/* moves everything on; how many ms may pass until the next call */
int lp_publish_run(lp_publish_t *p, int64_t now);

/* segments and inits that wait or are on their way */
unsigned lp_publish_backlog(const lp_publish_t *p);
uint64_t lp_publish_delivered(const lp_publish_t *p);

/* what is left is lost, with its lines in the log; counts stay until free */
void lp_publish_close(lp_publish_t *p);
void lp_publish_free(lp_publish_t *p);

void lp_publish_status(const lp_publish_t *p, unsigned origin,
    const char **url, int *up, unsigned *queued, lp_origin_counts_t *counts);

int64_t lp_publish_clock(void);       /* ms, monotonic */

#endif /* LP_PUBLISH_H */
