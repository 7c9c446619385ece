/*
 * The timeline: segment numbers <-> media time <-> wall clock, for a segment
 * duration d that is rational.  Source: "The timeline" in docs/architecture.md.
 *
 * There is one grid for the life of an event: t0 is 1970-01-01T00:00:00Z and
 * n0 is 0, so number n covers UTC media time [n d, (n + 1) d).  Media that is
 * not on UTC gets an anchor (lo_anchor_t) that lifts it onto that grid.
 *
 * Times: "us" is microseconds since 1970; media times are signed, in units of
 * a track's timescale, and already less the edit list.
 */

#ifndef LO_TIMELINE_H
#define LO_TIMELINE_H

#include "core/base.h"


typedef struct {
    uint64_t            duration;      /* d = duration / timescale seconds */
    uint32_t            timescale;
    uint32_t            pad;
} lo_dur_t;


/* what is added to media time: offset / scale seconds; 0 on UTC */

typedef struct {
    int64_t             offset;
    uint32_t            scale;         /* not 0 */
    uint32_t            pad;
} lo_anchor_t;


/* d between 100 ms and 60 s, both terms sane; reduced to lowest terms */
int lo_dur_set(lo_dur_t *d, uint64_t duration, uint64_t timescale,
    lo_err_t *err);
int64_t lo_dur_us(const lo_dur_t *d);                        /* nearest */

/*
 * The number nearest to media time m (timescale ts), and in *off (may be
 * NULL) how far m is from that number's exact beginning, in 1/ts, signed.
 */
int64_t lo_timeline_number(const lo_dur_t *d, const lo_anchor_t *a,
    int64_t m, uint32_t ts, int64_t *off);

/* where number n begins: in media time of a timescale, and in UTC */
int64_t lo_timeline_media(const lo_dur_t *d, const lo_anchor_t *a,
    int64_t n, uint32_t ts);
int64_t lo_timeline_start_us(const lo_dur_t *d, int64_t n);

/* UTC in us of media time m */
int64_t lo_timeline_utc_us(const lo_anchor_t *a, int64_t m, uint32_t ts);

/* the number whose slot [n d, (n + 1) d) holds this UTC time */
int64_t lo_timeline_at(const lo_dur_t *d, int64_t us);

/* when number n is due: (n + 1) d + delay */
int64_t lo_timeline_due_us(const lo_dur_t *d, int64_t delay_us, int64_t n);

/*
 * The anchor that puts media time m onto number n.  Where m lies within d/8
 * of a multiple of d on its own clock, that multiple goes onto n's beginning
 * (so that an audio track's priming does not move the whole event); else m
 * itself does.
 */
void lo_timeline_anchor(lo_anchor_t *a, const lo_dur_t *d, int64_t m,
    uint32_t ts, int64_t n);

#endif /* LO_TIMELINE_H */
