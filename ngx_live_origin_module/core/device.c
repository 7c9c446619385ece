/*
 * Choosing a class of devices, and what an event leaves of it.
 */

#include "core/device.h"


const lo_device_t *
lo_device_find(const lo_devices_t *d, lo_str_t id)
{
    unsigned  i;

    for (i = 0; i < d->n; i++) {
        if (lo_str_eq(lo_cstr(d->devices[i].id), id)) {
            return &d->devices[i];
        }
    }

    return NULL;
}


const lo_device_t *
lo_device_choose(const lo_devices_t *d, const lo_limits_t *can)
{
    unsigned  i;

    for (i = 0; i < d->n; i++) {
        if (lo_limits_within(&d->devices[i].limits, can)) {
            return &d->devices[i];
        }
    }

    return d->n ? &d->devices[d->n - 1] : NULL;
}


static const lo_narrow_t *
lo_device_narrowed(const lo_event_t *doc, const char *id)
{
    unsigned  i;

    for (i = 0; i < doc->nnarrow; i++) {
        if (strcmp(doc->narrow[i].device, id) == 0) {
            return &doc->narrow[i];
        }
    }

    return NULL;
}


int
lo_device_narrow(lo_limits_t *l, const lo_event_t *doc,
    const lo_device_t *device)
{
    const lo_narrow_t  *n;

    memset(l, 0, sizeof(lo_limits_t));

    if (device != NULL) {
        *l = device->limits;
    }

    if (doc == NULL) {
        return LO_OK;
    }

    n = device ? lo_device_narrowed(doc, device->id) : NULL;

    if (n == NULL) {
        n = lo_device_narrowed(doc, "*");
    }

    if (n == NULL) {
        return LO_OK;
    }

    if (n->off) {
        return LO_NONE;
    }

    lo_limits_both(l, &n->limits);

    return LO_OK;
}
