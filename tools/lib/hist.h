/*
 * A histogram of 64-bit values whose relative error stays under 1 %: every
 * power of two is cut into 128 equal buckets.  Fixed memory (about 58 KB),
 * no allocation; the caller owns it and zeroes it with lo_hist_reset().
 */

#ifndef LO_HIST_H
#define LO_HIST_H


#include <stdint.h>


#define LO_HIST_SUB_BITS  7
#define LO_HIST_SUB       (1u << LO_HIST_SUB_BITS)
#define LO_HIST_BUCKETS   ((64 - LO_HIST_SUB_BITS + 1) * LO_HIST_SUB)


typedef struct {
    uint64_t   count;
    uint64_t   sum;
    uint64_t   min;
    uint64_t   max;
    uint64_t   bucket[LO_HIST_BUCKETS];
} lo_hist_t;


void lo_hist_reset(lo_hist_t *h);
void lo_hist_add(lo_hist_t *h, uint64_t value);

/* p in 0..100; the upper end of the bucket that holds it, at most the
   largest value added; 0 when empty */
uint64_t lo_hist_percentile(const lo_hist_t *h, double p);


#endif
