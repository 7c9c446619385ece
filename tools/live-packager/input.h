/*
 * The input, through libavformat: opened by the caller, then read by a thread
 * of its own into a bounded queue.
 */

#ifndef LP_INPUT_H
#define LP_INPUT_H

#include <libavformat/avformat.h>


#define LP_INPUT_QUEUE  (64 << 20)    /* bytes that may wait */


typedef struct {
    const char         *url;          /* "-", "fd:N", or anything libavformat
                                         takes */
    const char         *format;       /* NULL: guessed */
    AVDictionary       *options;
    unsigned            pace:1;       /* a file, at the pace of its clock */
} lp_input_conf_t;


typedef struct lp_input_s  lp_input_t;


/* Blocks until the streams are known.  NULL: a line is in the log, or *stop
   was set.  wake is called from the reading thread. */
lp_input_t *lp_input_open(const lp_input_conf_t *conf,
    const volatile int *stop, void (*wake)(void *data), void *data);

/* read it before start only */
AVFormatContext *lp_input_format(lp_input_t *in);

int lp_input_start(lp_input_t *in);

/* The next packet, which the caller frees, and when it came (us since 1970);
   NULL: none now, or with *end set, none any more. */
AVPacket *lp_input_next(lp_input_t *in, int64_t *wall, int *end);

/* 0: the input ended; else libavformat's error */
int lp_input_error(lp_input_t *in);

void lp_input_close(lp_input_t *in);

#endif /* LP_INPUT_H */
