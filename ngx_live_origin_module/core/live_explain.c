/*
 * Why a segment was refused for its time, in words that name the clock.
 */

#include <stdio.h>
#include <time.h>

#include "core/live.h"


#define LO_LIVE_SPAN  48
#define LO_LIVE_STAMP 32


/* the two largest units of it */

static const char *
lo_live_span(char *text, int64_t us)
{
    long long  s;

    s = us / LO_USEC;

    if (s >= 86400) {
        snprintf(text, LO_LIVE_SPAN, "%lld d %lld h", s / 86400,
                 s % 86400 / 3600);

    } else if (s >= 3600) {
        snprintf(text, LO_LIVE_SPAN, "%lld h %lld min", s / 3600,
                 s % 3600 / 60);

    } else if (s >= 60) {
        snprintf(text, LO_LIVE_SPAN, "%lld min %lld s", s / 60, s % 60);

    } else {
        snprintf(text, LO_LIVE_SPAN, "%lld.%lld s", s,
                 (long long) (us % LO_USEC / 100000));
    }

    return text;
}


static const char *
lo_live_stamp(char *text, int64_t us)
{
    time_t     s;
    struct tm  tm;

    s = (time_t) (us / LO_USEC);

    if (us < 0 || gmtime_r(&s, &tm) == NULL
        || strftime(text, LO_LIVE_STAMP, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
    {
        text[0] = '\0';
    }

    return text;
}


/* the clock itself: what it says, and what it is */

static void
lo_live_explain_clock(const lo_live_when_t *when, lo_err_t *err)
{
    char     by[LO_LIVE_SPAN], limit[LO_LIVE_SPAN];
    char     says[LO_LIVE_STAMP], is[LO_LIVE_STAMP];
    int64_t  us;

    us = when->media_us - when->now_us;

    (void) lo_err(err, "the publisher's clock is %s %s: its segment says %s, "
                  "here it is %s; at most %s is taken (lead_s)",
                  lo_live_span(by, us < 0 ? -us : us),
                  us < 0 ? "behind" : "ahead",
                  lo_live_stamp(says, when->media_us),
                  lo_live_stamp(is, when->now_us),
                  lo_live_span(limit, when->limit_us));
}


void
lo_live_explain(lo_live_reason_e why, const lo_live_when_t *when,
    lo_err_t *err)
{
    char  by[LO_LIVE_SPAN], limit[LO_LIVE_SPAN];

    if (when->now_us == 0) {
        (void) lo_err(err, "%s", lo_live_text(why));
        return;
    }

    lo_live_span(by, when->by_us);
    lo_live_span(limit, when->limit_us);

    switch (why) {

    case LO_WHY_PAST:
        (void) lo_err(err, "%s: it is %s below the newest, the window is %s",
                      lo_live_text(why), by, limit);
        return;

    case LO_WHY_CLOCK:
    case LO_WHY_STANDBY:
        lo_live_explain_clock(when, err);
        return;

    case LO_WHY_FUTURE:
        if (when->utc && !when->head) {
            lo_live_explain_clock(when, err);
            return;
        }

        (void) lo_err(err, "the segment is %s ahead of %s; at most %s is "
                      "taken (lead_s)", by,
                      when->head ? "the newest of this event" : "the clock",
                      limit);
        return;

    default:
        (void) lo_err(err, "%s", lo_live_text(why));
    }
}
