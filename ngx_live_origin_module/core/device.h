/*
 * The devices document (docs/devices.md): classes of devices, each with what
 * it can be shown.
 *
 *     {"default": "browser",
 *      "devices": [{"id": "phone", "title", LIMITS (core/limits.h),
 *                   "protocol": "hls" or "dash", "low_latency": true,
 *                   "order": "document", "up" or "down", "start_height"}]}
 *
 * The order of the document is that of choice: the first class that goes in
 * nothing beyond what a player says of itself is the player's.
 */

#ifndef LO_DEVICE_H
#define LO_DEVICE_H

#include "core/event.h"
#include "core/limits.h"

#define LO_DEVICES_MAX       32
#define LO_DEVICES_FILE_MAX  262144


typedef enum {
    LO_ORDER_DOCUMENT = 0,     /* as the tracks of the event */
    LO_ORDER_UP,               /* by bitrate */
    LO_ORDER_DOWN
} lo_order_e;

typedef struct {
    char                id[LO_DEVICE_ID_MAX + 1];
    lo_limits_t         limits;
    unsigned            dash:1;           /* the protocol it would rather have */
    unsigned            low_latency:1;
    lo_order_e          order;
    uint32_t            start_height;     /* the video track nearest below it
                                             is the first of all; 0: none */
} lo_device_t;

typedef struct {
    unsigned            n;
    unsigned            fallback;         /* index of "default"; n: none */
    lo_device_t         devices[LO_DEVICES_MAX];
} lo_devices_t;


/* LO_ERROR: err names the member */
int lo_devices_parse(lo_devices_t *d, const void *json, size_t len,
    lo_event_err_t *err);

/* NULL: there is none of this id */
const lo_device_t *lo_device_find(const lo_devices_t *d, lo_str_t id);

/* the class of a player that says what it can; the last one, if all of them
   are beyond it.  NULL: the document has none */
const lo_device_t *lo_device_choose(const lo_devices_t *d,
    const lo_limits_t *can);


/* what an event allows a class ("devices" of its document) */

/* l: of the class, narrowed.  LO_NONE: the event is not for it */
int lo_device_narrow(lo_limits_t *l, const lo_event_t *doc,
    const lo_device_t *device);

#endif /* LO_DEVICE_H */
