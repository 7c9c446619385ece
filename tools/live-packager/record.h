/*
 * Decoder configuration boxes: avcC and hvcC (ISO/IEC 14496-15), esds
 * (14496-1, 14496-14), dOps (Opus in ISOBMFF).
 */

#ifndef LP_RECORD_H
#define LP_RECORD_H

#include "header.h"


/* The configuration record of an MP4 file (avcC, hvcC) taken apart: its sets,
   and the bytes of a NAL unit's length.  0, or -1. */
int lp_record_parse(lp_codec_e codec, const unsigned char *p, size_t len,
    lp_bytes_t *sets, unsigned *length_size);

/* 0, or -1 where what the box needs is missing or broken */
int lp_record_write(lp_bytes_t *b, const lp_header_t *h);

#endif /* LP_RECORD_H */
