/*
 * A live event as the zone would keep it: pushes go through core/live, what
 * is placed is published at once, and the invariants of numbers are asserted
 * with every segment.
 */

#ifndef SIM_H
#define SIM_H

#include "core/live.h"

#define SIM_NOW     (1795383757LL * LO_USEC)
#define SIM_TRACKS  4                 /* that segments may be pushed to */
#define SIM_GIVEN   65536             /* numbers remembered per track */


typedef struct {
    int64_t             head;
    int64_t             head_m;
    uint64_t            head_duration;
    uint32_t            head_run;
    int64_t             given[SIM_GIVEN];   /* number + 1, by number %
                                               SIM_GIVEN */
    uint32_t            run[SIM_GIVEN];     /* the run it was given in */
} sim_track_t;

typedef struct {
    lo_live_t           l;
    lo_live_facts_t     f;
    lo_live_place_t     place;        /* of the last push */
    uint32_t            init;         /* of the last init */
    int                 changed;      /* by the last call */
    int                 force;
    int                 wraps;        /* pushed times have 32 bits */
    sim_track_t         tracks[SIM_TRACKS];
} sim_t;

/* json: the event document */
sim_t *sim_new(const char *json);
void sim_free(sim_t *sim);
void sim_after(sim_t *sim, int64_t ms);        /* the clock goes on */

unsigned sim_pipeline(sim_t *sim, const char *name);
lo_live_reason_e sim_init(sim_t *sim, const char *pipeline,
    const char *track, uint32_t type, uint32_t ts, uint64_t config);
lo_live_reason_e sim_push(sim_t *sim, const char *pipeline,
    const char *track, int64_t m, uint64_t duration);
/* both must be OK; the number */
int64_t sim_put(sim_t *sim, const char *pipeline, const char *track,
    int64_t m, uint64_t duration);

/* media time of the wall clock, and of number n, for a pusher on UTC */
int64_t sim_utc(const sim_t *sim, uint32_t ts);
int64_t sim_at(const sim_t *sim, int64_t n, uint32_t ts);

/* video "v" at 30000 and audio "a" at 48000 */
void sim_inits(sim_t *sim, const char *pipeline);

/* a plain ffmpeg at its media time k * 2 s: one number of both tracks */
int64_t sim_ffmpeg(sim_t *sim, const char *pipeline, int64_t k);

#endif /* SIM_H */
