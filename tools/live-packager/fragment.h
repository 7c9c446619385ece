/*
 * CMAF chunks: styp, prft, moof and mdat of one track.
 */

#ifndef LP_FRAGMENT_H
#define LP_FRAGMENT_H

#include "bytes.h"


#define LP_PRFT_ARBITRARY  8          /* UTC tied to media by our own anchor */
#define LP_PRFT_CAPTURE    24         /* the media's own clock is UTC */


typedef struct {
    unsigned char      *data;         /* owned by the sample */
    uint32_t            size;
    uint32_t            duration;     /* ticks; set when the sample's place
                                         in decoding time is known */
    int64_t             pts;          /* ticks since 1970 */
    int64_t             dts;          /* in: the input's; out: decoding time */
    unsigned            key:1;
    unsigned            idr:1;
} lp_sample_t;


typedef struct {
    uint32_t            timescale;
    uint32_t            sequence;     /* mfhd */
    uint32_t            prft;         /* flags of the prft box */
    unsigned            video:1;
    unsigned            first:1;      /* first chunk of its segment: styp */
} lp_fragment_t;


/* n is not 0; dts and duration of every sample are set */
void lp_fragment_write(lp_bytes_t *b, const lp_fragment_t *f,
    const lp_sample_t *samples, size_t n);

#endif /* LP_FRAGMENT_H */
