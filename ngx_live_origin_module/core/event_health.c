#include <stdio.h>

#include "core/event_read.h"


#define LO_HEALTH_MS_MIN   500
#define LO_HEALTH_MS_MAX   86400000


static int
lo_health_read(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    int       rc;
    json_t   *v;
    int64_t   ms;
    lo_str_t  s;

    static const lo_str_t  drop = lo_string("drop");
    static const lo_str_t  gone = lo_string("404");

    rc = lo_event_number(ctx, o, "stale_ms", LO_HEALTH_MS_MIN,
                         LO_HEALTH_MS_MAX, &ms);

    if (rc == LO_ERROR) {
        return LO_ERROR;
    }

    v = json_object_get(o, "stale");

    if (v) {
        s = json_is_string(v) ? lo_event_str(v) : lo_cstr("");

        if (!lo_str_eq(s, drop) && !lo_str_eq(s, gone)) {
            return lo_event_bad(ctx, "stale", "allowed are \"404\" and "
                                "\"drop\"");
        }

        if (rc == LO_NONE) {
            return lo_event_bad(ctx, "stale_ms", "is missing");
        }

        ev->health.drop = lo_str_eq(s, drop);
    }

    if (rc == LO_NONE) {
        return LO_OK;
    }

    ev->health.stale_us = ms * 1000;

    /* a head is as old as that before the next segment has even ended */

    if (ev->d.duration && ev->health.stale_us <= lo_dur_us(&ev->d)) {
        return lo_event_bad(ctx, "stale_ms", "not longer than a segment, "
                            "%lld ms", (long long) lo_dur_us(&ev->d) / 1000);
    }

    return LO_OK;
}


int
lo_event_health(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    json_t  *v;

    v = json_object_get(o, "manifest");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "manifest", "not an object");
    }

    snprintf(ctx->at, sizeof(ctx->at), "manifest.");

    if (lo_health_read(ctx, v, ev) != LO_OK) {
        return LO_ERROR;
    }

    ctx->at[0] = '\0';

    return LO_OK;
}
