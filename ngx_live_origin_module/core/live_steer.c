/*
 * What an operator has said of an event's CDNs.
 */

#include "core/live_int.h"


int
lo_live_steer(lo_live_t *l, const lo_cdns_t *cdns, lo_steer_e what,
    const lo_str_t *ids, unsigned n, int64_t now_us)
{
    if (!lo_steer_set(&l->drained, cdns, what, ids, n, now_us)) {
        return 0;
    }

    lo_live_touch(l, 1);

    return 1;
}
