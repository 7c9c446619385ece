#include "core/event_read.h"
#include "core/part.h"


int
lo_event_low(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    int64_t  ms;
    json_t  *v;

    v = json_object_get(o, "low_latency");

    if (v != NULL && !json_is_boolean(v)) {
        return lo_event_bad(ctx, "low_latency", "neither true nor false");
    }

    ev->low.off = json_is_false(v);

    switch (lo_event_number(ctx, o, "part_ms", LO_PART_MS_MIN,
                            LO_PART_MS_MAX, &ms))
    {

    case LO_OK:
        ev->low.part_us = ms * 1000;
        return LO_OK;

    case LO_NONE:
        return LO_OK;

    default:
        return LO_ERROR;
    }
}
