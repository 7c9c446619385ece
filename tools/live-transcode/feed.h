/*
 * From a source to the standard input of ffmpeg, as NUT, in a thread.
 */

#ifndef LT_FEED_H
#define LT_FEED_H

#include <pthread.h>

#include "child.h"
#include "source.h"


typedef struct {
    lt_source_t        *source;
    lt_child_t         *child;
    int64_t             base_us;       /* UTC of time 0 of what is fed */
    int64_t             last[2];       /* dts: video, audio */
    AVFormatContext    *out;
    pthread_t           thread;
} lt_feed_t;


/* 0 or an errno; the source is open and started */
int lt_feed_start(lt_feed_t *f, lt_source_t *s, lt_child_t *c,
    int64_t base_us);

/* ends the thread; ffmpeg's standard input is closed then */
void lt_feed_stop(lt_feed_t *f);

#endif /* LT_FEED_H */
