/*
 * What is added to the input's time stamps to make them UTC: nothing, a given
 * number of seconds, or what puts the first key frame onto the grid near the
 * moment it arrived.  One clock serves all tracks of the input.
 */

#ifndef LP_CLOCK_H
#define LP_CLOCK_H

#include "core/timeline.h"

#include "timing.h"


typedef enum {
    LP_CLOCK_AUTO = 0,                /* UTC where the stamps look like it */
    LP_CLOCK_UTC,
    LP_CLOCK_ARRIVAL,
    LP_CLOCK_OFFSET
} lp_clock_e;


typedef struct {
    lp_clock_e          mode;
    int64_t             offset;       /* flicks */
    unsigned            known:1;
    unsigned            run;          /* goes up when the input's time jumps */
    unsigned            waited;       /* key frames since, without a jump */
} lp_clock_t;


/* "auto", "utc", "arrival" or seconds such as "1700000000.5": 0, or -1 */
int lp_clock_set(lp_clock_t *c, const char *s);

/* settles AUTO by the first stamp; wall: us since 1970 at its arrival */
void lp_clock_first(lp_clock_t *c, int64_t stamp, lp_unit_t unit,
    int wrap_bits, int64_t wall);

/* ARRIVAL: the key frame with this stamp goes onto the frame nearest to the
   boundary nearest to wall; fps_num 0: audio, or no constant rate */
void lp_clock_anchor(lp_clock_t *c, const lo_dur_t *d, int64_t stamp,
    lp_unit_t unit, int64_t wall, uint32_t fps_num, uint32_t fps_den);

/* a stamp of wrap_bits bits, lifted to the multiple nearest to another */
int64_t lp_clock_unwrap(int64_t stamp, int wrap_bits, int64_t near);

/* wall, in units of the input less the offset: what a stamp could be now */
int64_t lp_clock_now(const lp_clock_t *c, lp_unit_t unit, int64_t wall);

#endif /* LP_CLOCK_H */
