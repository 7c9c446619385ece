/*
 * From the NUT of one ffmpeg after the other to one NUT that lasts: whole
 * packets only, timestamps never backwards.
 */

#ifndef LT_RELAY_H
#define LT_RELAY_H

#include <libavformat/avformat.h>

#include "child.h"
#include "plan.h"


typedef struct {
    const lt_plan_t    *plan;
    const char         *url;           /* "-": standard output */
    AVFormatContext    *out;           /* NULL before the first packet */
    int64_t             last[LT_MAX_TRACKS];     /* dts, in out's time base */
    int64_t             end_us;        /* UTC where written media ends */
    uint64_t            packets;
    uint64_t            dropped;
} lt_relay_t;


typedef enum {
    LT_RELAY_EOF = 0,                  /* ffmpeg's output ended */
    LT_RELAY_STALL,                    /* nothing came for a long time */
    LT_RELAY_CLOCK,                    /* far from UTC: start again */
    LT_RELAY_INPUT,                    /* ffmpeg's output cannot be used */
    LT_RELAY_OUTPUT                    /* ours cannot be written: give up */
} lt_relay_e;


void lt_relay_init(lt_relay_t *r, const lt_plan_t *plan, const char *url);

/* until ffmpeg's output ends; frame is the first that is wanted */
lt_relay_e lt_relay_run(lt_relay_t *r, lt_child_t *c, int64_t frame);

void lt_relay_close(lt_relay_t *r);

#endif /* LT_RELAY_H */
