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
    unsigned            has_limits:1;
    lo_limits_t         limits;
    lo_class_t          of;               /* filter, window and patient; the
                                             rest is not the player's to say */
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

/* play_answer.c */

typedef struct {
    const lo_play_t    *asked;
    const lo_event_t   *doc;              /* NULL: there is none */
    const lo_device_t  *device;           /* likewise */
    const lo_class_t   *of;
    lo_str_t            base;             /* of URLs: all before EVENT */
    lo_str_t            event;
    lo_str_t            session;
    lo_str_t            class;            /* of, as text */
    lo_str_t            path;             /* "~CLASS/", signed; in URLs */
} lo_play_answer_t;

/* JSON and a newline.  LO_ERROR: base is no UTF-8, nothing was written */
int lo_play_write(lo_buf_t *b, const lo_play_answer_t *a);

#endif /* LO_PLAY_H */
