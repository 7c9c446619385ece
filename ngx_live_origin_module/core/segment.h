/*
 * What is known of a stored segment besides its bytes: the zone, other nodes
 * and the archive say the same.
 */

#ifndef LO_SEGMENT_H
#define LO_SEGMENT_H

#include "core/verdict.h"


/* in this order: what is looked at with every request comes first, and lies in
   the first two cache lines of its object */

typedef struct {
    int64_t             m;                /* media time, less the edit */
    uint64_t            duration;
    uint32_t            timescale;
    uint32_t            init;             /* id in the live state */
    uint32_t            run;
    uint32_t            rank;             /* 0: good; the higher the worse */
    uint64_t            tfdt;
    uint64_t            verdict;          /* bits */
    uint16_t            ms[LO_VERDICT_AMOUNTS];
    int64_t             first_us;         /* wall clock of the first byte */
    int64_t             last_us;          /* and of the last */
    uint32_t            chunks;
    uint32_t            flags;            /* the caller's */
} lo_segment_meta_t;

#endif /* LO_SEGMENT_H */
