/*
 * The end of an event, and its beginning again.
 */

#include "core/live_int.h"


const char *
lo_live_phase(uint32_t phase)
{
    static const char  *words[] = {
#define LO_LIVE_PHASE_WORD(name, word)  word,
        LO_LIVE_PHASES(LO_LIVE_PHASE_WORD)
    };

    return phase < LO_LIVE_NPHASES ? words[phase] : "unknown";
}


int
lo_live_end(lo_live_t *l, int64_t last)
{
    if (lo_live_over(l)) {
        return 0;
    }

    l->phase = LO_LIVE_ENDED;
    l->last = last;
    lo_live_touch(l, 1);

    return 1;
}


int
lo_live_end_with(const lo_live_t *l, int64_t number, int64_t head,
    lo_err_t *err)
{
    if (lo_live_over(l)) {

        if (number == l->last) {
            return LO_OK;
        }

        lo_err(err, "the event has ended with %lld: start it again first",
               (long long) l->last);
        return LO_NONE;
    }

    if (l->first == INT64_MAX || head < l->first) {
        lo_err(err, "nothing has been published: there is no number to end "
               "with");
        return LO_NONE;
    }

    if (number < l->first || number > head) {
        return lo_err(err, "the last number is one that was published: %lld "
                      "to %lld", (long long) l->first, (long long) head);
    }

    return LO_OK;
}


int
lo_live_start(lo_live_t *l)
{
    if (!lo_live_over(l)) {
        return 0;
    }

    l->phase = l->live_us ? LO_LIVE_LIVE : LO_LIVE_SCHEDULED;
    l->last = 0;
    lo_live_touch(l, 1);

    return 1;
}
