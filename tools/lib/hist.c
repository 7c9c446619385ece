#include <string.h>

#include "hist.h"


static unsigned
hist_index(uint64_t value)
{
    unsigned  shift;

    if (value < LO_HIST_SUB) {
        return (unsigned) value;
    }

    shift = 63 - LO_HIST_SUB_BITS - (unsigned) __builtin_clzll(value);

    return (shift + 1) * LO_HIST_SUB
           + (unsigned) ((value >> shift) & (LO_HIST_SUB - 1));
}


static uint64_t
hist_upper(unsigned index)
{
    uint64_t  low;
    unsigned  shift;

    if (index < LO_HIST_SUB) {
        return index;
    }

    shift = index / LO_HIST_SUB - 1;
    low = (uint64_t) (LO_HIST_SUB + index % LO_HIST_SUB) << shift;

    return low + ((uint64_t) 1 << shift) - 1;
}


void
lo_hist_reset(lo_hist_t *h)
{
    memset(h, 0, sizeof(lo_hist_t));
    h->min = UINT64_MAX;
}


void
lo_hist_add(lo_hist_t *h, uint64_t value)
{
    h->count++;
    h->sum += value;

    if (value < h->min) {
        h->min = value;
    }

    if (value > h->max) {
        h->max = value;
    }

    h->bucket[hist_index(value)]++;
}


uint64_t
lo_hist_percentile(const lo_hist_t *h, double p)
{
    uint64_t  seen, want, upper;
    unsigned  i;

    if (h->count == 0) {
        return 0;
    }

    want = (uint64_t) (p / 100 * (double) h->count + 0.5);

    if (want < 1) {
        want = 1;
    }

    seen = 0;

    for (i = 0; i < LO_HIST_BUCKETS; i++) {
        seen += h->bucket[i];

        if (seen >= want) {
            upper = hist_upper(i);
            return upper < h->max ? upper : h->max;
        }
    }

    return h->max;
}
