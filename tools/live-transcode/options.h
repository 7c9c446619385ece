#ifndef LT_OPTIONS_H
#define LT_OPTIONS_H

#include <stdint.h>

#include <libavutil/dict.h>


typedef struct {
    const char         *event;
    const char         *input;
    const char         *output;
    const char         *ffmpeg;
    const char         *format;        /* of the input; or NULL */
    AVDictionary       *input_options;
    int64_t             anchor_us;     /* or LT_NO_ANCHOR */
    int                 dry;
} lt_options_t;


/* -1: go on; else the exit status */
int lt_options(lt_options_t *o, int argc, char **argv);

#endif /* LT_OPTIONS_H */
