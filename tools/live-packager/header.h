/*
 * The CMAF header (init segment) of one track: ftyp and moov with the codec's
 * configuration, without an edit list and without any time of creation, so
 * that two packagers of one encode write the same bytes.
 */

#ifndef LP_HEADER_H
#define LP_HEADER_H

#include "bytes.h"
#include "nal.h"


#define LP_TRACK_ID  1


typedef struct {
    lp_codec_e            codec;
    unsigned              video:1;
    unsigned              full_range:1;
    uint32_t              timescale;
    uint32_t              width;
    uint32_t              height;
    uint32_t              par_h;          /* 0: unknown */
    uint32_t              par_v;
    uint32_t              primaries;      /* ISO/IEC 23091-2; 2: unknown */
    uint32_t              transfer;
    uint32_t              matrix;
    uint32_t              sample_rate;
    uint32_t              channels;
    uint32_t              bitrate;        /* bits per second; 0: unknown */
    char                  lang[36];       /* BCP 47, or empty */
    lp_bytes_t            sets;           /* H.264, H.265: parameter sets */
    lp_bytes_t            config;         /* AAC: AudioSpecificConfig; Opus:
                                             OpusHead */
} lp_header_t;


/* 0, or -1 where the configuration is missing or broken */
int lp_header_write(lp_bytes_t *b, const lp_header_t *h);

#endif /* LP_HEADER_H */
