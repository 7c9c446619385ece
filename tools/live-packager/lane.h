/*
 * The queue of one track to one origin.
 */

#ifndef LP_LANE_H
#define LP_LANE_H

#include "publish.h"


#define LP_NAME_MAX  (LO_ID_MAX + 32)


typedef struct lp_job_s  lp_job_t;

struct lp_job_s {
    TAILQ_ENTRY(lp_job_s)     link;
    lp_lane_t                *lane;
    lp_object_t              *obj;
    lp_transfer_t            *transfer;   /* NULL: it waits */
    unsigned                  tries;
    int64_t                   next;       /* ms: not before */
    unsigned                  late:1;
    unsigned                  stale:1;    /* the track has another init now */
    char                      reason[LP_REASON_MAX];
};


struct lp_lane_s {
    lp_publish_t             *publish;
    lp_origin_t              *origin;
    unsigned                  track;
    int64_t                   newest;
    TAILQ_HEAD(, lp_job_s)    jobs;       /* in order of making; an init holds
                                             back what is behind it */
    unsigned                  njobs;

    lp_job_t                 *init;       /* not in jobs; the track's own */
    unsigned                  accepted:1; /* the origin has it */
    int64_t                   back_next;  /* ms: no back-fill before */
};


struct lp_origin_s {
    const char               *url;
    unsigned                  up:1;
    unsigned                  seen:1;     /* up, or a first failure logged */
    unsigned                  fails;      /* without an answer, in a row */
    int64_t                   next;       /* ms: no new transfer before */
    size_t                    queued;     /* bytes in all lanes */
    lp_origin_counts_t        counts;
    lp_lane_t                *lanes;
};


void lp_lane_add(lp_lane_t *lane, lp_object_t *obj);

/* the growing segment has more bytes (so many), is whole, or is dead */
void lp_lane_more(lp_lane_t *lane, lp_object_t *obj, size_t more);

/* ages the queue and starts what may start; 1 if something waits */
int lp_lane_step(lp_lane_t *lane, int64_t now);

/* the oldest late segment goes, to make room: 0 if there is none */
lp_job_t *lp_lane_oldest(lp_lane_t *lane);
void lp_lane_lose(lp_job_t *job, const char *why);

const char *lp_lane_name(const lp_lane_t *lane);

/* writes "TRACK/NUMBER.m4s" into name, which has LP_NAME_MAX bytes */
const char *lp_job_name(const lp_job_t *job, char *name);

/* ms until the next try */
int64_t lp_lane_backoff(const lp_lane_t *lane, unsigned tries);

void lp_job_remove(lp_job_t *job);

/* lp_transfers_t's done(), data is the job: see outcome.c */
void lp_lane_done(void *data, const lp_result_t *r);

void lp_lane_close(lp_lane_t *lane);

#endif /* LP_LANE_H */
