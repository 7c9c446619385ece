/*
 * One track: packets of a stream in, an init and segments out.
 */

#ifndef LP_TRACK_H
#define LP_TRACK_H

#include "clock.h"
#include "es.h"
#include "segmenter.h"
#include "timing.h"


#define LP_PROBE      16              /* frames that the timing is chosen by */
#define LP_PROBE_MAX  4096            /* frames held for the clock's anchor */


typedef struct {
    lp_sample_t           sample;     /* times: stamps of the input */
    int64_t               wall;
} lp_held_t;


typedef struct {
    uint64_t              packets;
    uint64_t              broken;     /* packets without a time, or not whole */
    uint64_t              corrupt;    /* packets that the demuxer suspects */
    uint64_t              jumps;
    uint64_t              inits;
} lp_track_counts_t;


typedef struct {
    void    (*init)(void *data, unsigned track, const lp_bytes_t *bytes);
    void    (*piece)(void *data, unsigned track, int64_t number,
        const lp_bytes_t *bytes, unsigned flags);
    void     *data;
} lp_track_out_t;


typedef struct {
    char                  id[LO_ID_MAX + 1];
    unsigned              index;
    unsigned              master:1;   /* the clock is anchored by it */
    unsigned              timed:1;
    unsigned              have_last:1;
    unsigned              announced:1;    /* the init of this run is out */
    unsigned              chunk_ms;

    lp_clock_t           *clock;
    lp_track_out_t        out;
    lo_dur_t              d;

    lp_es_t               es;
    lp_timing_t           timing;
    lp_segmenter_t        seg;
    lp_bytes_t            init;
    lp_track_counts_t     counts;

    unsigned              run;        /* the clock's, when timed */
    unsigned              off_grid;   /* frames in a row */
    int64_t               last;       /* decoding stamp, unwrapped */
    int64_t               end;        /* ticks: where the last frame ends */

    lp_held_t            *held;       /* video: from a key frame on */
    unsigned              nheld;
} lp_track_t;


/* what is set before: id, index, master, chunk_ms, clock, out, d and es */
void lp_track_start(lp_track_t *t);

void lp_track_packet(lp_track_t *t, AVPacket *pkt, int64_t wall);

/* the input is at its end (publish), or we are told to stop */
void lp_track_end(lp_track_t *t, int publish);

void lp_track_free(lp_track_t *t);

#endif /* LP_TRACK_H */
