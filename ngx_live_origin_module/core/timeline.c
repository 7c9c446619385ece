/*
 * All arithmetic is exact in 128 bits.  The bounds that make it so: media
 * times and anchors below 2^63, timescales below 2^32, d's timescale at most
 * 10^9, numbers clamped to 2^53.
 */

#include "core/timeline.h"


#define LO_DUR_TIMESCALE_MAX  1000000000
#define LO_NUMBER_MAX         ((int64_t) 1 << 53)


typedef __int128 lo_wide_t;


static uint64_t
lo_gcd(uint64_t a, uint64_t b)
{
    uint64_t  t;

    while (b) {
        t = a % b;
        a = b;
        b = t;
    }

    return a;
}


static lo_wide_t
lo_wide_div(lo_wide_t v, lo_wide_t den, lo_round_e round)
{
    lo_wide_t  q, rest;

    if (v >= 0 && v <= INT64_MAX && den <= INT64_MAX) {
        q = (uint64_t) v / (uint64_t) den;
        rest = (uint64_t) v % (uint64_t) den;

    } else {
        q = v / den;
        rest = v % den;
    }

    if (rest < 0) {
        rest += den;
        q--;
    }

    /* now v = q den + rest and 0 <= rest < den */

    switch (round) {

    case LO_FLOOR:
        return q;

    case LO_CEIL:
        return q + (rest != 0);

    default:
        if (v < 0) {
            return q + (rest > den - rest);
        }

        return q + (rest != 0 && rest >= den - rest);
    }
}


static int64_t
lo_wide_clamp(lo_wide_t v, int64_t max)
{
    if (v > max) {
        return max;
    }

    if (v < -(lo_wide_t) max) {
        return -max;
    }

    return (int64_t) v;
}


int
lo_dur_set(lo_dur_t *d, uint64_t duration, uint64_t timescale, lo_err_t *err)
{
    uint64_t  gcd;

    if (duration == 0 || timescale == 0) {
        return lo_err(err, "a segment duration of zero");
    }

    gcd = lo_gcd(duration, timescale);
    duration /= gcd;
    timescale /= gcd;

    if (timescale > LO_DUR_TIMESCALE_MAX) {
        return lo_err(err, "segment timescale above %d",
                      LO_DUR_TIMESCALE_MAX);
    }

    if ((lo_wide_t) duration * 10 < timescale
        || (lo_wide_t) duration > (lo_wide_t) timescale * 60)
    {
        return lo_err(err, "a segment duration outside 0.1 to 60 seconds");
    }

    d->duration = duration;
    d->timescale = (uint32_t) timescale;
    d->pad = 0;

    return LO_OK;
}


int64_t
lo_dur_us(const lo_dur_t *d)
{
    return lo_rescale((int64_t) d->duration, LO_USEC, d->timescale,
                      LO_NEAREST);
}


int64_t
lo_timeline_number(const lo_dur_t *d, const lo_anchor_t *a, int64_t m,
    uint32_t ts, int64_t *off)
{
    int64_t    n;
    lo_wide_t  t, den;

    /* (m / ts + offset / scale) / d */

    t = (lo_wide_t) m * a->scale + (lo_wide_t) a->offset * ts;
    den = (lo_wide_t) ts * a->scale * (lo_wide_t) d->duration;

    n = lo_wide_clamp(lo_wide_div(t * d->timescale, den, LO_NEAREST),
                      LO_NUMBER_MAX);

    if (off != NULL) {
        *off = lo_wide_clamp((lo_wide_t) m - lo_timeline_media(d, a, n, ts),
                             INT64_MAX);
    }

    return n;
}


int64_t
lo_timeline_media(const lo_dur_t *d, const lo_anchor_t *a, int64_t n,
    uint32_t ts)
{
    lo_wide_t  t, den, sec;

    n = lo_wide_clamp(n, LO_NUMBER_MAX);

    /* n d - offset / scale, split into whole seconds and the rest */

    t = (lo_wide_t) n * (lo_wide_t) d->duration * a->scale
        - (lo_wide_t) a->offset * d->timescale;
    den = (lo_wide_t) d->timescale * a->scale;

    sec = lo_wide_div(t, den, LO_FLOOR);
    t -= sec * den;

    return lo_wide_clamp(sec * ts + lo_wide_div(t * ts, den, LO_NEAREST),
                         INT64_MAX);
}


/* rounded up, so that lo_timeline_at() of a number's start is that number */

int64_t
lo_timeline_start_us(const lo_dur_t *d, int64_t n)
{
    lo_wide_t  t;

    t = (lo_wide_t) n * (lo_wide_t) d->duration * LO_USEC;

    return lo_wide_clamp(lo_wide_div(t, d->timescale, LO_CEIL), INT64_MAX);
}


int64_t
lo_timeline_utc_us(const lo_anchor_t *a, int64_t m, uint32_t ts)
{
    lo_wide_t  t, den, sec;

    t = (lo_wide_t) m * a->scale + (lo_wide_t) a->offset * ts;
    den = (lo_wide_t) ts * a->scale;

    /* whole seconds and the rest: both fit into 64 bits */

    sec = 0;

    if (t >= 0 && t <= INT64_MAX && den <= INT64_MAX / LO_USEC) {
        sec = (uint64_t) t / (uint64_t) den;
        t = (uint64_t) t % (uint64_t) den;
    }

    return lo_wide_clamp(sec * LO_USEC
                         + lo_wide_div(t * LO_USEC, den, LO_NEAREST),
                         INT64_MAX);
}


int64_t
lo_timeline_at(const lo_dur_t *d, int64_t us)
{
    lo_wide_t  den;

    den = (lo_wide_t) d->duration * LO_USEC;

    return lo_wide_clamp(lo_wide_div((lo_wide_t) us * d->timescale, den,
                                     LO_FLOOR), LO_NUMBER_MAX);
}


int64_t
lo_timeline_due_us(const lo_dur_t *d, int64_t delay_us, int64_t n)
{
    lo_wide_t  due;

    due = (lo_wide_t) n + 1;
    due = lo_wide_div(due * (lo_wide_t) d->duration * LO_USEC, d->timescale,
                      LO_CEIL);

    return lo_wide_clamp(due + delay_us, INT64_MAX);
}


void
lo_timeline_anchor(lo_anchor_t *a, const lo_dur_t *d, int64_t m, uint32_t ts,
    int64_t n)
{
    int64_t      k, off;
    lo_wide_t    lift;
    lo_anchor_t  zero;

    zero.offset = 0;
    zero.scale = 1;
    zero.pad = 0;

    k = lo_timeline_number(d, &zero, m, ts, &off);

    a->pad = 0;

    /* |off| / ts <= d / 8 */

    if ((lo_wide_t) (off < 0 ? -off : off) * 8 * d->timescale
        <= (lo_wide_t) d->duration * ts)
    {
        lift = ((lo_wide_t) n - k) * (lo_wide_t) d->duration;

        a->offset = lo_wide_clamp(lift, INT64_MAX);
        a->scale = d->timescale;
        return;
    }

    lift = (lo_wide_t) lo_timeline_media(d, &zero, n, ts) - m;

    a->offset = lo_wide_clamp(lift, INT64_MAX);
    a->scale = ts;
}
