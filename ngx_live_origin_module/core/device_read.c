/*
 * Reading the devices document.
 */

#include <stdio.h>

#include "core/device.h"
#include "core/limits_read.h"


static int
lo_device_order(lo_event_ctx_t *ctx, const json_t *o, lo_device_t *d)
{
    unsigned  i;
    lo_str_t  s = lo_null_string;

    static const char *const  orders[] = { "document", "up", "down" };

    if (lo_event_string(ctx, o, "order", 16, 1, &s) == LO_ERROR) {
        return LO_ERROR;
    }

    for (i = 0; i < 3 && s.len; i++) {
        if (lo_str_eq(s, lo_cstr(orders[i]))) {
            d->order = i;
            return LO_OK;
        }
    }

    return s.len ? lo_event_bad(ctx, "order", "allowed are document, up and "
                                "down")
                 : LO_OK;
}


static int
lo_device_manner(lo_event_ctx_t *ctx, const json_t *o, lo_device_t *d)
{
    json_t    *v;
    lo_str_t   s = lo_null_string;

    static const lo_event_number_t  numbers[] = {
        { "start_height", offsetof(lo_device_t, start_height), 1, 16384 },
        { NULL, 0, 0, 0 }
    };

    if (lo_event_string(ctx, o, "protocol", 16, 1, &s) == LO_ERROR) {
        return LO_ERROR;
    }

    d->dash = lo_str_eq(s, lo_cstr("dash"));

    if (s.len && !d->dash && !lo_str_eq(s, lo_cstr("hls"))) {
        return lo_event_bad(ctx, "protocol", "allowed are hls and dash");
    }

    v = json_object_get(o, "low_latency");

    if (v != NULL && !json_is_boolean(v)) {
        return lo_event_bad(ctx, "low_latency", "neither true nor false");
    }

    d->low_latency = (v == NULL || json_is_true(v));

    return lo_event_numbers_read(ctx, o, numbers, d) == LO_OK
           ? lo_device_order(ctx, o, d) : LO_ERROR;
}


static int
lo_device_read(lo_event_ctx_t *ctx, const json_t *o, lo_devices_t *d)
{
    lo_str_t      id, title;
    lo_device_t  *device;

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "id", "is missing: the class is not an "
                            "object");
    }

    id = lo_event_str(json_object_get(o, "id"));

    if (!lo_device_id_ok(id)) {
        return lo_event_bad(ctx, "id", "1 to %d lower case letters, digits "
                            "and \"-\"", LO_DEVICE_ID_MAX);
    }

    if (lo_device_find(d, id)) {
        return lo_event_bad(ctx, "id", "is there twice");
    }

    device = &d->devices[d->n];
    memcpy(device->id, id.data, id.len);

    if (lo_event_string(ctx, o, "title", 256, 0, &title) == LO_ERROR
        || lo_limits_read(ctx, o, &device->limits) != LO_OK
        || lo_device_manner(ctx, o, device) != LO_OK)
    {
        return LO_ERROR;
    }

    d->n++;

    return LO_OK;
}


static int
lo_devices_default(lo_event_ctx_t *ctx, const json_t *o, lo_devices_t *d)
{
    lo_str_t            s = lo_null_string;
    const lo_device_t  *device;

    d->fallback = d->n;

    if (lo_event_string(ctx, o, "default", LO_DEVICE_ID_MAX, 1, &s)
        == LO_ERROR)
    {
        return LO_ERROR;
    }

    if (s.len == 0) {
        return LO_OK;
    }

    device = lo_device_find(d, s);

    if (device == NULL) {
        return lo_event_bad(ctx, "default", "is the id of none of the "
                            "devices");
    }

    d->fallback = device - d->devices;

    return LO_OK;
}


static int
lo_devices_read(lo_event_ctx_t *ctx, const json_t *o, lo_devices_t *d)
{
    size_t   i;
    json_t  *v;

    v = json_object_get(o, "devices");

    if (!json_is_array(v) || json_array_size(v) == 0
        || json_array_size(v) > LO_DEVICES_MAX)
    {
        return lo_event_bad(ctx, "devices", "not a list of 1 to %d classes",
                            LO_DEVICES_MAX);
    }

    for (i = 0; i < json_array_size(v); i++) {
        snprintf(ctx->at, sizeof(ctx->at), "devices[%zu].", i);

        if (lo_device_read(ctx, json_array_get(v, i), d) != LO_OK) {
            return LO_ERROR;
        }
    }

    ctx->at[0] = '\0';

    return lo_devices_default(ctx, o, d);
}


int
lo_devices_parse(lo_devices_t *d, const void *json, size_t len,
    lo_event_err_t *err)
{
    int             rc;
    json_t         *o;
    lo_event_ctx_t  ctx;

    memset(d, 0, sizeof(lo_devices_t));
    memset(err, 0, sizeof(lo_event_err_t));

    ctx.err = err;
    ctx.at[0] = '\0';

    o = lo_event_json(&ctx, json, len, LO_DEVICES_FILE_MAX);

    if (o == NULL) {
        return LO_ERROR;
    }

    rc = lo_devices_read(&ctx, o, d);
    json_decref(o);

    return rc;
}
