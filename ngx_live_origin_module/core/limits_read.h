/* reading core/limits.h's members of a document */

#ifndef LO_LIMITS_READ_H
#define LO_LIMITS_READ_H

#include "core/event_read.h"
#include "core/limits.h"


/* members of o; ctx->at is where o is */
int lo_limits_read(lo_event_ctx_t *ctx, const json_t *o, lo_limits_t *l);

/* an id of a class of devices: lower case letters, digits and "-", at most
   LO_DEVICE_ID_MAX of them */
int lo_device_id_ok(lo_str_t id);

/* "devices" of an event document */
int lo_event_devices(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev);

#endif /* LO_LIMITS_READ_H */
