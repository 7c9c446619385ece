#include <stdlib.h>
#include <string.h>

#include "core/base.h"

#include "timing.h"


#define LP_MPEG         90000
#define LP_AUDIO_SLACK  4             /* samples */


static const struct {
    uint32_t  num;
    uint32_t  den;
} lp_rates[] = {
    { 25, 1 }, { 30000, 1001 }, { 24000, 1001 }, { 60000, 1001 }, { 24, 1 },
    { 30, 1 }, { 50, 1 }, { 60, 1 }, { 48, 1 }, { 120000, 1001 }, { 100, 1 },
    { 120, 1 }, { 25, 2 }, { 15000, 1001 }, { 15, 1 }, { 20, 1 }, { 10, 1 },
    { 12, 1 }, { 12000, 1001 }, { 5, 1 }, { 1, 1 }
};


uint32_t
lp_timing_scale(uint32_t fps_num, uint32_t fps_den, uint32_t *frame)
{
    uint64_t  f;

    *frame = 0;

    if (fps_num == 0 || fps_den == 0 || fps_num / fps_den > 1000) {
        return 0;
    }

    f = (uint64_t) LP_MPEG * fps_den;

    if (fps_den != 1001 && f % fps_num == 0 && f / fps_num < 0x7fffffff) {
        *frame = f / fps_num;
        return LP_MPEG;
    }

    if (fps_num >= 1000) {
        *frame = fps_den;
        return fps_num;
    }

    *frame = fps_den * 1000;
    return fps_num * 1000;
}


/* ticks of the stamp as it is: no grid, no offset */

static int64_t
lp_timing_raw(const lp_timing_t *t, int64_t stamp)
{
    return lo_rescale(stamp, (uint64_t) t->unit.num * t->timescale,
                      t->unit.den, LO_NEAREST);
}


static int64_t
lp_timing_snap(const lp_timing_t *t, int64_t ticks)
{
    return lo_rescale(ticks - t->phase, 1, t->frame, LO_NEAREST) * t->frame
           + t->phase;
}


int64_t
lp_timing_ticks(const lp_timing_t *t, int64_t stamp)
{
    int64_t  ticks;

    ticks = lp_timing_raw(t, stamp) + t->offset;

    return t->grid ? lp_timing_snap(t, ticks) : ticks;
}


int64_t
lp_timing_off_grid(const lp_timing_t *t, int64_t stamp)
{
    int64_t  ticks;

    ticks = lp_timing_raw(t, stamp) + t->offset;

    return llabs(ticks - lp_timing_snap(t, ticks));
}


static int
lp_timing_exact(const lp_timing_t *t, const int64_t *pts, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if ((unsigned __int128) llabs(pts[i]) * t->unit.num * t->timescale
            % t->unit.den != 0)
        {
            return 0;
        }
    }

    return 1;
}


static int
lp_timing_on_grid(const lp_timing_t *t, const int64_t *pts, unsigned n)
{
    unsigned  i;

    if (t->frame == 0 || n == 0) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (lp_timing_off_grid(t, pts[i]) > t->slack) {
            return 0;
        }
    }

    return 1;
}


/* off the grid: the first timescale that says the stamps exactly, if any */

static void
lp_timing_choose(lp_timing_t *t, const int64_t *pts, unsigned n)
{
    unsigned     i;
    uint64_t     frame;
    lp_timing_t  try;
    uint32_t     scales[3];

    scales[0] = t->timescale;
    scales[1] = LP_MPEG;
    scales[2] = t->unit.num == 1 && t->unit.den <= 1000000 ? t->unit.den : 0;

    for (i = 0; i < 3; i++) {
        if (scales[i] < 1000) {
            continue;
        }

        try = *t;
        try.timescale = scales[i];

        if (lp_timing_exact(&try, pts, n)) {
            break;
        }
    }

    if (i == 3) {
        return;
    }

    frame = (uint64_t) t->frame * scales[i];
    t->frame = (frame + t->timescale / 2) / t->timescale;
    t->timescale = scales[i];
}


/* one unit of the input, unless that is coarse and so taken to be exact */

static uint32_t
lp_timing_slack(const lp_timing_t *t)
{
    uint64_t  v;

    v = ((uint64_t) t->unit.num * t->timescale + t->unit.den - 1)
        / t->unit.den;

    return t->frame != 0 && v * 4 > t->frame ? 1 : v;
}


static void
lp_timing_offset(lp_timing_t *t, int64_t offset)
{
    t->offset = lo_rescale(offset, t->timescale, LP_FLICKS, LO_NEAREST);
}


void
lp_timing_video(lp_timing_t *t, lp_unit_t unit, uint32_t fps_num,
    uint32_t fps_den, int64_t offset, const int64_t *pts, unsigned n)
{
    memset(t, 0, sizeof(lp_timing_t));

    t->unit = unit;
    t->timescale = lp_timing_scale(fps_num, fps_den, &t->frame);

    if (t->timescale == 0) {
        t->timescale = LP_MPEG;
    }

    t->slack = lp_timing_slack(t);
    lp_timing_offset(t, offset);

    if (lp_timing_on_grid(t, pts, n)) {
        t->grid = 1;
        return;
    }

    if (offset == 0) {
        lp_timing_choose(t, pts, n);
        t->slack = lp_timing_slack(t);
    }
}


void
lp_timing_rephase(lp_timing_t *t, int64_t stamp)
{
    int64_t  ticks;

    ticks = lp_timing_raw(t, stamp) + t->offset;

    t->phase = ticks - lo_rescale(ticks, 1, t->frame, LO_FLOOR) * t->frame;
}


/* a grid of any phase that all stamps lie on: that of the greatest */

static int
lp_timing_find_phase(lp_timing_t *t, const int64_t *pts, unsigned n)
{
    int64_t   from, off, min, max;
    unsigned  i, last;

    from = lp_timing_raw(t, pts[0]);
    min = max = 0;
    last = 0;

    for (i = 1; i < n; i++) {
        off = lp_timing_raw(t, pts[i]) - from;
        off -= lo_rescale(off, 1, t->frame, LO_NEAREST) * t->frame;

        if (off < min) {
            min = off;
        }

        if (off > max) {
            max = off;
            last = i;
        }
    }

    if (max - min > t->slack) {
        return 0;
    }

    lp_timing_rephase(t, pts[last]);

    return 1;
}


void
lp_timing_audio(lp_timing_t *t, lp_unit_t unit, uint32_t rate, uint32_t frame,
    int64_t offset, const int64_t *pts, unsigned n)
{
    memset(t, 0, sizeof(lp_timing_t));

    t->unit = unit;
    t->timescale = rate;
    t->frame = frame;
    t->slack = lp_timing_slack(t);

    if (t->slack < LP_AUDIO_SLACK) {
        t->slack = LP_AUDIO_SLACK;
    }

    lp_timing_offset(t, offset);

    t->grid = lp_timing_on_grid(t, pts, n)
              || lp_timing_find_phase(t, pts, n);
    t->smooth = !t->grid;
}


int
lp_timing_fits(lp_unit_t unit, const int64_t *pts, unsigned n, uint32_t num,
    uint32_t den)
{
    int64_t   k, got, want;
    unsigned  i, next;

    next = 0;

    for (i = 1; i < n; i++) {
        got = pts[i] - pts[0];
        k = lo_rescale(got, (uint64_t) unit.num * num,
                       (uint64_t) unit.den * den, LO_NEAREST);
        want = lo_rescale(k, (uint64_t) unit.den * den,
                          (uint64_t) unit.num * num, LO_NEAREST);

        if (llabs(got - want) > 1) {
            return 0;
        }

        next += k == i;
    }

    return next * 2 >= n - 1;
}


int
lp_timing_guess(lp_unit_t unit, const int64_t *pts, unsigned n,
    uint32_t *fps_num, uint32_t *fps_den)
{
    size_t  i;

    if (n < 3) {
        return -1;
    }

    for (i = 0; i < sizeof(lp_rates) / sizeof(lp_rates[0]); i++) {
        if (lp_timing_fits(unit, pts, n, lp_rates[i].num, lp_rates[i].den)) {
            *fps_num = lp_rates[i].num;
            *fps_den = lp_rates[i].den;
            return 0;
        }
    }

    return -1;
}
