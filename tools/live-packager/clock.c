#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"


#define LP_DAY          86400
#define LP_WRAP_NEAR    60            /* seconds; a clock of 33 bits that is
                                         this near to UTC is taken for it */
#define LP_OFFSET_MAX   4000000000ll


int
lp_clock_set(lp_clock_t *c, const char *s)
{
    char       *end;
    long long   whole, part, place;

    memset(c, 0, sizeof(lp_clock_t));

    if (strcmp(s, "auto") == 0) {
        return 0;
    }

    if (strcmp(s, "utc") == 0) {
        c->mode = LP_CLOCK_UTC;
        c->known = 1;
        return 0;
    }

    if (strcmp(s, "arrival") == 0) {
        c->mode = LP_CLOCK_ARRIVAL;
        return 0;
    }

    whole = strtoll(s, &end, 10);
    part = 0;

    if (end == s || whole > LP_OFFSET_MAX || whole < -LP_OFFSET_MAX) {
        return -1;
    }

    if (*end == '.') {
        place = LP_FLICKS / 10;

        for (end++; *end >= '0' && *end <= '9'; end++, place /= 10) {
            part += (*end - '0') * place;
        }
    }

    if (*end != '\0') {
        return -1;
    }

    c->mode = LP_CLOCK_OFFSET;
    c->known = 1;
    c->offset = whole * LP_FLICKS + (s[0] == '-' ? -part : part);

    return 0;
}


int64_t
lp_clock_unwrap(int64_t stamp, int wrap_bits, int64_t near)
{
    int64_t  period;

    if (wrap_bits <= 0 || wrap_bits > 48) {
        return stamp;
    }

    period = (int64_t) 1 << wrap_bits;

    return stamp + lo_rescale(near - stamp, 1, period, LO_NEAREST) * period;
}


int64_t
lp_clock_now(const lp_clock_t *c, lp_unit_t unit, int64_t wall)
{
    int64_t  offset;

    offset = lo_rescale(c->offset, unit.den, (uint64_t) LP_FLICKS * unit.num,
                        LO_NEAREST);

    return lo_rescale(wall, unit.den, (uint64_t) LO_USEC * unit.num,
                      LO_NEAREST)
           - offset;
}


void
lp_clock_first(lp_clock_t *c, int64_t stamp, lp_unit_t unit, int wrap_bits,
    int64_t wall)
{
    int      wraps;
    int64_t  now, off;

    if (c->mode != LP_CLOCK_AUTO) {
        return;
    }

    wraps = wrap_bits > 0 && wrap_bits <= 48;
    now = lp_clock_now(c, unit, wall);
    off = lo_rescale(lp_clock_unwrap(stamp, wrap_bits, now) - now, unit.num,
                     unit.den, LO_NEAREST);

    if (llabs(off) > (wraps ? LP_WRAP_NEAR : LP_DAY)) {
        c->mode = LP_CLOCK_ARRIVAL;
        lp_log(LP_INFO, "the input's clock is not UTC: anchored on arrival");
        return;
    }

    c->mode = LP_CLOCK_UTC;
    c->known = 1;
    lp_log(LP_INFO, "the input's clock is UTC (%+lld s from ours)",
           (long long) off);
}


void
lp_clock_anchor(lp_clock_t *c, const lo_dur_t *d, int64_t stamp,
    lp_unit_t unit, int64_t wall, uint32_t fps_num, uint32_t fps_den)
{
    int64_t   n, at, from;
    uint64_t  flicks;

    from = lo_rescale(stamp, (uint64_t) unit.num * LP_FLICKS, unit.den,
                      LO_NEAREST);
    n = lo_rescale(wall, d->timescale, (uint64_t) LO_USEC * d->duration,
                   LO_NEAREST);

    if (fps_num != 0) {
        at = lo_rescale(n, (uint64_t) d->duration * fps_num,
                        (uint64_t) d->timescale * fps_den, LO_NEAREST);
        at = lo_rescale(at, (uint64_t) LP_FLICKS * fps_den, fps_num,
                        LO_NEAREST);

    } else {
        flicks = (uint64_t) LP_FLICKS * d->duration;
        at = lo_rescale(n, flicks, d->timescale, LO_NEAREST);
    }

    c->offset = at - from;
    c->known = 1;
    c->waited = 0;

    lp_log(LP_INFO, "anchored: the input's time %.6f is the beginning of "
           "number %lld, %.3f s UTC (offset %.6f s)",
           (double) stamp * unit.num / unit.den, (long long) n,
           (double) at / LP_FLICKS, (double) c->offset / LP_FLICKS);
}
