/*
 * Synthetic CMAF whose every byte follows from (event, track, number, seed):
 * a reader can check what it gets without talking to the publisher.
 *
 * A segment is styp, moof and mdat, epoch-locked: tfdt = number * duration
 * (audio: the nearest frame).  The mdat is a slice of one pool of random
 * bytes that begins at a place given by track and number, so a publisher
 * sends it with writev() and nothing is generated while the load runs.  The
 * pool's length is no multiple of a page, so pages that are swapped or
 * shifted anywhere show.
 */

#ifndef MEDIA_H
#define MEDIA_H


#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>


#define MEDIA_POOL         ((1u << 20) + 4099)
#define MEDIA_MAX_SAMPLES  256
#define MEDIA_MAX_HEAD     (160 + 4 * MEDIA_MAX_SAMPLES)
#define MEDIA_MAX_INIT     2048


typedef enum {
    MEDIA_VIDEO,
    MEDIA_AUDIO
} media_kind_e;


typedef struct {
    media_kind_e    kind;
    uint64_t        seed;
    uint64_t        duration;      /* of a segment, in timescale units */
    uint32_t        timescale;
    uint32_t        samples;       /* of a video segment */
    uint64_t        size_min;      /* of a whole segment, in bytes */
    uint64_t        size_max;
} media_t;


typedef struct {
    const media_t  *media;
    uint64_t        number;
    uint64_t        size;
    uint32_t        head;          /* bytes before the mdat's payload */
    uint32_t        samples;
    uint32_t        sample_duration;
    uint32_t        place;         /* in the pool, of the payload's start */
    uint64_t        tfdt;
} media_segment_t;


void media_pool_init(uint64_t seed);

/* chooses how many samples a video segment has; an error text, or NULL */
const char *media_check(media_t *m);

uint64_t media_key(const char *event, const char *track, uint64_t seed);

void media_segment(media_segment_t *s, const media_t *m, uint64_t key,
    uint64_t number);

/* writes s->head bytes; buf holds MEDIA_MAX_HEAD */
void media_head(const media_segment_t *s, unsigned char *buf);

/* slices of the payload, off and len counted from its start */
unsigned media_payload(const media_segment_t *s, uint64_t off, uint64_t len,
    struct iovec *iov, unsigned max);

/* whether data is what stands at off of the whole segment */
int media_same(const media_segment_t *s, uint64_t off,
    const unsigned char *data, size_t len);

size_t media_init(const media_t *m, unsigned char *buf);


#endif
