/*
 * POST EVENT/play: what a player says of itself before it begins
 * (docs/devices.md).
 *
 *     {"device": "phone",  or  "capabilities": {LIMITS (core/limits.h)},
 *      "protocol": "hls" or "dash", "low_latency": false,
 *      "languages": ["en"], "max_height", "max_bitrate",
 *      "filter", "start", "end", "time_delay",
 *      "session", "token"}
 *
 * Every member may be left out, and so may the body.
 */

#ifndef LO_PLAY_H
#define LO_PLAY_H

#include "core/class.h"

#define LO_PLAY_MAX  16384        /* bytes of a request */


typedef struct {
    lo_str_t            device;
    unsigned            dash:1;           /* wanted, if not hls */
    unsigned            hls:1;
    unsigned            patient:1;        /* "low_latency": false */
    unsigned            has_limits:1;
    lo_limits_t         limits;
    lo_filter_t         filter;
    lo_window_t         window;
    lo_str_t            session;          /* empty: none */
    lo_str_t            token;
    void               *json;             /* json_t: the strings lie in it */
} lo_play_t;


/* LO_ERROR: 400, err names the member */
int lo_play_parse(lo_play_t *p, const void *json, size_t len,
    lo_event_err_t *err);
void lo_play_free(lo_play_t *p);

/* the class of devices that the player is of; NULL: of none.  LO_ERROR
   through *rc: it names one that there is not.  devices may be NULL */
const lo_device_t *lo_play_device(const lo_play_t *p,
    const lo_devices_t *devices, int *rc);

#endif /* LO_PLAY_H */
