/*
 * One stream of the input made into samples: what the header says of it, and
 * packets in the form that a CMAF sample has.
 */

#ifndef LP_ES_H
#define LP_ES_H

#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>

#include "core/event.h"

#include "fragment.h"
#include "header.h"


typedef struct {
    lp_header_t           header;
    unsigned              length_size;    /* of the input's NAL units */
    unsigned              ready:1;        /* the header can be written */
    unsigned              changed:1;      /* ... and is not what it was */
    AVBSFContext         *adts;           /* AAC with ADTS headers */
    AVCodecParameters    *par;
    AVRational            time_base;
    AVRational            fps;            /* 0/1: unknown */
    uint32_t              frame;          /* audio: samples */
    int                   wrap_bits;
} lp_es_t;


/* The codec of a stream, or LP_CODEC_NONE where we cannot package it. */
lp_codec_e lp_es_codec(const AVCodecParameters *par);

/* doc may be NULL.  0, or -1 with a line in the log. */
int lp_es_open(lp_es_t *es, const AVStream *st, const lo_event_track_t *doc);

/* 1: a sample, whose data the caller frees and whose times are the packet's;
   0: nothing; -1: broken */
int lp_es_sample(lp_es_t *es, AVPacket *pkt, lp_sample_t *sample);

void lp_es_close(lp_es_t *es);

#endif /* LP_ES_H */
