#include "core/histogram.h"


#define LO_HISTOGRAM_DECADES  7


/* upper bounds of the first decade above 10 us */

static const unsigned char  lo_histogram_steps[] = {
    12, 15, 20, 25, 30, 40, 50, 60, 80, 100
};

#define LO_HISTOGRAM_STEPS  sizeof(lo_histogram_steps)


static const lo_histogram_le_t  lo_histogram_shown[LO_HISTOGRAM_LES] = {
    { "0.0001", 10 }, { "0.00025", 14 }, { "0.0005", 17 },
    { "0.001", 20 },  { "0.0025", 24 },  { "0.005", 27 },
    { "0.01", 30 },   { "0.025", 34 },   { "0.05", 37 },
    { "0.1", 40 },    { "0.25", 44 },    { "0.5", 47 },
    { "1", 50 },      { "2.5", 54 },     { "5", 57 },
    { "10", 60 },     { "25", 64 },      { "50", 67 }
};


unsigned
lo_histogram_cell(uint64_t us)
{
    unsigned  i, decade;
    uint64_t  unit;

    if (us <= 10) {
        return 0;
    }

    unit = 1;

    for (decade = 0; decade < LO_HISTOGRAM_DECADES; decade++) {

        if (us <= 100 * unit) {
            for (i = 0; us > lo_histogram_steps[i] * unit; i++) { /* void */ }

            return 1 + decade * LO_HISTOGRAM_STEPS + i;
        }

        unit *= 10;
    }

    return LO_HISTOGRAM_CELLS - 1;
}


uint64_t
lo_histogram_bound(unsigned cell)
{
    uint64_t  bound;

    if (cell == 0) {
        return 10;
    }

    if (cell >= LO_HISTOGRAM_CELLS - 1) {
        return UINT64_MAX;
    }

    cell--;
    bound = lo_histogram_steps[cell % LO_HISTOGRAM_STEPS];

    for (cell /= LO_HISTOGRAM_STEPS; cell; cell--) {
        bound *= 10;
    }

    return bound;
}


uint64_t
lo_histogram_count(const uint64_t *cells)
{
    unsigned  i;
    uint64_t  sum;

    for (sum = 0, i = 0; i < LO_HISTOGRAM_CELLS; i++) {
        sum += cells[i];
    }

    return sum;
}


uint64_t
lo_histogram_quantile(const uint64_t *cells, double q)
{
    double    rank;
    unsigned  i;
    uint64_t  below, low;

    rank = q * (double) lo_histogram_count(cells);
    below = 0;
    low = 0;

    for (i = 0; i < LO_HISTOGRAM_CELLS - 1; i++) {

        if (cells[i] && (double) (below + cells[i]) >= rank) {
            rank = (rank - (double) below) / (double) cells[i];

            return low + (uint64_t) (rank * (double) (lo_histogram_bound(i)
                                                      - low));
        }

        below += cells[i];
        low = lo_histogram_bound(i);
    }

    return cells[i] ? low : 0;
}


const lo_histogram_le_t *
lo_histogram_les(void)
{
    return lo_histogram_shown;
}
