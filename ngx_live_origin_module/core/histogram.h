/*
 * Latencies in buckets: ten to a decade, from 10 us to 100 s, so that each is
 * at most a third wider than the one before and 1, 2.5, 5 and 10 of every
 * decade are exact bounds.
 *
 * The cells are the caller's: an array of LO_HISTOGRAM_CELLS counters, in
 * shared memory perhaps, to which others add one at a time.  A reader copies
 * them out first and then works on its copy.
 */

#ifndef LO_HISTOGRAM_H
#define LO_HISTOGRAM_H

#include "core/base.h"

#define LO_HISTOGRAM_CELLS  72


/* the cell that counts this value */
unsigned lo_histogram_cell(uint64_t us);

/* the largest value that the cell counts; UINT64_MAX: the last has no bound */
uint64_t lo_histogram_bound(unsigned cell);

uint64_t lo_histogram_count(const uint64_t *cells);

/*
 * The value below which q (0 to 1) of all lie, taking those of one cell as
 * evenly spread; of the last cell its lower bound.  0 when nothing was
 * counted.
 */
uint64_t lo_histogram_quantile(const uint64_t *cells, double q);


/* what Prometheus is shown: le in seconds, and the last cell it includes */

typedef struct {
    const char         *le;
    unsigned            cell;
} lo_histogram_le_t;

#define LO_HISTOGRAM_LES  18          /* without "+Inf" */

const lo_histogram_le_t *lo_histogram_les(void);

#endif /* LO_HISTOGRAM_H */
