/*
 * Cuts one track into segments.  Segment n begins at the key frame nearest to
 * n d in UTC media time.  Decoding times are the presentation times of the
 * segment in order, so that tfdt is where the segment's presentation begins
 * and composition offsets are zero for its key frame and may be negative for
 * others: no edit list is needed.
 */

#ifndef LP_SEGMENTER_H
#define LP_SEGMENTER_H

#include "core/timeline.h"

#include "bytes.h"
#include "fragment.h"


#define LP_PIECE_FIRST  1             /* the first bytes of a segment */
#define LP_PIECE_LAST   2             /* the segment is whole with these */
#define LP_PIECE_ABORT  4             /* no more bytes: it will not be whole */


/* bytes stay the caller's */

typedef struct {
    void    (*piece)(void *data, int64_t number, const lp_bytes_t *bytes,
        unsigned flags);
    void    (*log)(void *data, const char *what, int64_t number, int64_t n);
    void     *data;
} lp_sink_t;


typedef struct {
    uint64_t            segments;
    uint64_t            dropped;      /* frames that fit nowhere */
    uint64_t            missing;      /* frames */
    uint64_t            skipped;      /* numbers */
} lp_segmenter_counts_t;


typedef struct {
    lo_dur_t            d;
    uint32_t            timescale;
    uint32_t            frame;        /* ticks; 0: not constant */
    uint32_t            chunk;        /* ticks; 0: one a segment */
    uint32_t            prft;
    unsigned            video:1;

    lp_sink_t           sink;
    lp_segmenter_counts_t  counts;

    /* state */

    unsigned            started:1;
    unsigned            begun:1;      /* first has a value */
    unsigned            resumed:1;    /* there was an open segment, number,
                                         before a hole */
    unsigned            pending:1;    /* there is a cut, not yet certain */
    unsigned            leading:1;    /* no frame may be shown before the open
                                         segment's first */
    int64_t             first;        /* earliest time seen since the start */
    int64_t             number;       /* of the open segment */
    int64_t             last;         /* latest time seen */
    int64_t             horizon;      /* the input's latest decoding time */

    lp_sample_t        *samples;      /* the open segment, then what is past
                                         a cut that is not yet certain */
    size_t              n;
    size_t              cap;
    size_t              sent;         /* handed on in chunks */
    unsigned            chunks;       /* so many */

    size_t              cut;          /* where the next one may begin */
    int64_t             cut_number;
    int64_t             cut_off;      /* ticks from the boundary */

    int64_t            *order;        /* scratch: sorted times */
    size_t              order_cap;
} lp_segmenter_t;


/* takes the sample's data */
void lp_segmenter_add(lp_segmenter_t *s, const lp_sample_t *sample);

/* is the open segment, if there is one, as long as it is to be */
int lp_segmenter_full(const lp_segmenter_t *s);

/* The input ends or jumps.  publish: hand on the open segment as it is; else
   it is thrown away.  Then the segmenter is as new. */
void lp_segmenter_end(lp_segmenter_t *s, int publish);

void lp_segmenter_free(lp_segmenter_t *s);

#endif /* LP_SEGMENTER_H */
