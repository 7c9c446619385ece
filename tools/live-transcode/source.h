/*
 * A real input: read by libavformat, its time put onto UTC, files paced and
 * looped.
 *
 * A file's loop lies on the clock: its length is a whole number of frames and
 * it begins at multiples of that since 1970, so that any number of instances
 * show the same.  A live input is anchored when its first packets are in: what
 * arrives now is now.
 */

#ifndef LT_SOURCE_H
#define LT_SOURCE_H

#include <stdatomic.h>

#include <libavformat/avformat.h>

#include "plan.h"


#define LT_SOURCE_QUEUE  1024
#define LT_NO_ANCHOR     INT64_MIN


typedef struct {
    const lt_plan_t    *plan;
    const char         *url;
    const char         *format;        /* of a device; or NULL */
    AVDictionary       *options;       /* the caller's */
    int64_t             anchor_us;     /* UTC of the input's time 0, or
                                          LT_NO_ANCHOR; outlives a run */

    AVFormatContext    *in;
    int                 video;         /* stream indices, or -1 */
    int                 audio;
    unsigned            file:1;
    int64_t             loop;          /* the number of the running loop */
    int64_t             loop_frames;
    int64_t             deadline_us;   /* monotonic; 0: none */
    atomic_int          cancel;

    AVPacket           *queue[LT_SOURCE_QUEUE];
    unsigned            head;
    unsigned            queued;
} lt_source_t;


void lt_source_init(lt_source_t *s, const lt_plan_t *plan, const char *url,
    const char *format, AVDictionary *options);

/* these return 0 or a libav error, and have logged it */
int lt_source_open(lt_source_t *s);

/*
 * Brings the input to where a run can begin: *frame begins a segment not
 * before from_us, *base_us is a whole second before any packet.
 */
int lt_source_start(lt_source_t *s, int64_t from_us, int64_t *frame,
    int64_t *base_us);

/* the next packet of the two streams, when it is due; time base kept */
int lt_source_read(lt_source_t *s, AVPacket *pkt);

void lt_source_close(lt_source_t *s);

#endif /* LT_SOURCE_H */
