/*
 * Writes the ISO BMFF boxes of one-track CMAF: an init segment, and what
 * comes before the payload of a segment with one moof.
 */

#ifndef BOXES_H
#define BOXES_H


#include <stddef.h>
#include <stdint.h>


/* styp, moof and the mdat's header, without the 4 bytes a sample */
#define BOXES_HEAD_FIXED  132


typedef struct {
    uint64_t   number;
    uint64_t   tfdt;
    uint64_t   payload;            /* bytes in the mdat */
    uint32_t   samples;
    uint32_t   sample_duration;
    uint32_t   first_flags;
    uint32_t   default_flags;
} boxes_segment_t;


void boxes_segment_head(const boxes_segment_t *b, unsigned char *buf);

/* 640x360 H.264, or 48 kHz stereo AAC; returns the bytes written */
size_t boxes_init(int audio, uint32_t timescale, unsigned char *buf);


#endif
