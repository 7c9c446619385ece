/*
 * Ticks of a track's timescale from the input's time stamps.
 *
 * What comes out is a function of the time stamp alone wherever the input
 * allows it, so that packagers that started at different moments agree:
 *
 * - where every frame lies within the input's rounding of a multiple of the
 *   frame duration since 1970, it is put exactly there ("on the grid");
 * - else the time stamp is rescaled, rounded to the nearest tick.
 *
 * Audio's grid may begin anywhere: its phase is taken from the first frames.
 * Demuxers count on from one stamp over several frames, rounding down, so the
 * greatest is the true one.  Audio on no grid is made continuous: a frame
 * within the input's rounding of where the last one ended begins there.
 */

#ifndef LP_TIMING_H
#define LP_TIMING_H

#include <stdint.h>


#define LP_FLICKS  705600000          /* a second; exact for all usual rates */


typedef struct {
    uint32_t            num;          /* one unit is num / den seconds */
    uint32_t            den;
} lp_unit_t;


typedef struct {
    lp_unit_t           unit;         /* of the input */
    uint32_t            timescale;
    uint32_t            frame;        /* ticks; 0: not constant */
    uint32_t            slack;        /* ticks the input's rounding can make */
    int64_t             offset;       /* ticks to add: 0 on UTC */
    int64_t             phase;        /* ticks: where the grid's first frame
                                         lies; video: 0 */
    unsigned            grid:1;
    unsigned            smooth:1;     /* audio: make continuous */
} lp_timing_t;


/* a timescale in which the frame duration is exact; 0 where fps is unknown */
uint32_t lp_timing_scale(uint32_t fps_num, uint32_t fps_den,
    uint32_t *frame);

/* pts: n stamps of the input's beginning; offset in flicks */
void lp_timing_video(lp_timing_t *t, lp_unit_t unit, uint32_t fps_num,
    uint32_t fps_den, int64_t offset, const int64_t *pts, unsigned n);
void lp_timing_audio(lp_timing_t *t, lp_unit_t unit, uint32_t rate,
    uint32_t frame, int64_t offset, const int64_t *pts, unsigned n);

/* audio that left its grid: the grid is where this frame is */
void lp_timing_rephase(lp_timing_t *t, int64_t stamp);

int64_t lp_timing_ticks(const lp_timing_t *t, int64_t stamp);

/* how far off the grid the stamp is, in ticks */
int64_t lp_timing_off_grid(const lp_timing_t *t, int64_t stamp);

/* do n sorted stamps follow this rate; holes are allowed */
int lp_timing_fits(lp_unit_t unit, const int64_t *pts, unsigned n,
    uint32_t fps_num, uint32_t fps_den);

/* the rate that n sorted stamps fit, out of the usual ones: 0, or -1 */
int lp_timing_guess(lp_unit_t unit, const int64_t *pts, unsigned n,
    uint32_t *fps_num, uint32_t *fps_den);

#endif /* LP_TIMING_H */
