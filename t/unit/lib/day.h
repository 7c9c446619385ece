/*
 * A day of an event: tracks whose frames lie nearest to a grid, pushed through
 * core/live into a zone of its own, and everything that readers would get
 * looked at on the way.
 */

#ifndef DAY_H
#define DAY_H

#include "lib/sim.h"
#include "lib/zone_util.h"

#define DAY_TRACKS   4
#define DAY_KEEP     1024             /* numbers remembered per track */


/* what was pushed: the truth that manifests are compared with */

typedef struct {
    int64_t             number;
    int64_t             m;            /* unwrapped */
    uint64_t            duration;
    uint32_t            run;
} day_segment_t;

typedef struct {
    const char         *id;
    uint32_t            type;         /* lo_media_e; 0: no more tracks */
    uint32_t            ts;
    uint32_t            num;          /* frames per second */
    uint32_t            den;
} day_track_t;

typedef struct {
    const char         *document;
    lo_dur_t            d;
    int64_t             begin;        /* media time of number 0, in units of
                                         d; INT64_MIN: on UTC */
    unsigned            pipelines;    /* 1, or 2 that send the same times */
    int                 wraps;        /* tfdt of 32 bits */
    int                 leap_s;       /* at midnight the clock jumps by this */
    day_track_t         tracks[DAY_TRACKS + 1];
} day_plan_t;

typedef struct {
    const day_plan_t   *plan;
    sim_t              *sim;
    t_zone_t            zone;
    lo_dur_t            d;
    int                 ring[DAY_TRACKS];
    unsigned            ntracks;
    int64_t             first;        /* number */
    int64_t             base;         /* media slot of the first number */
    int64_t             runs;         /* seen */
    unsigned            listed;       /* segments compared */
    day_segment_t       seen[DAY_TRACKS][DAY_KEEP];
} day_t;

day_t *day_new(const day_plan_t *plan);

/* number first + k of all tracks and pipelines */
void day_step(day_t *day, int64_t k);

/* the newest n numbers of every track, as a media playlist: each EXTINF and
   the time of each segment within one frame of its boxes */
void day_playlists(day_t *day, unsigned n);

/* what a player computes from the MPD is what is there */
void day_mpd(day_t *day);

/* the zone: its size, its window, nothing leaked */
void day_end(day_t *day);

/* frames of a track: the first of media slot k, and a frame's time */
int64_t day_frame(const day_plan_t *plan, const day_track_t *t, int64_t k);
int64_t day_time(const day_track_t *t, int64_t frame);

#endif /* DAY_H */
