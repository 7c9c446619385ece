#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/histogram.h"


static void
test_cells(void **state)
{
    unsigned  i;
    uint64_t  bound, last;

    assert_int_equal(lo_histogram_cell(0), 0);
    assert_int_equal(lo_histogram_cell(UINT64_MAX), LO_HISTOGRAM_CELLS - 1);
    assert_int_equal(lo_histogram_bound(LO_HISTOGRAM_CELLS - 1), UINT64_MAX);
    assert_int_equal(lo_histogram_bound(LO_HISTOGRAM_CELLS - 2), 100000000);

    for (last = 0, i = 0; i < LO_HISTOGRAM_CELLS - 1; i++) {
        bound = lo_histogram_bound(i);

        assert_true(bound > last);
        assert_true(last < 10 || bound * 3 <= last * 4);
        assert_int_equal(lo_histogram_cell(last + (i > 0)), i);
        assert_int_equal(lo_histogram_cell(bound), i);
        assert_int_equal(lo_histogram_cell(bound + 1), i + 1);

        last = bound;
    }
}


static void
test_les(void **state)
{
    unsigned                  i;
    const lo_histogram_le_t  *le;

    le = lo_histogram_les();

    for (i = 0; i < LO_HISTOGRAM_LES; i++) {
        assert_int_equal((uint64_t) (strtod(le[i].le, NULL) * 1e6 + 0.5),
                         lo_histogram_bound(le[i].cell));
    }
}


static void
test_quantile(void **state)
{
    unsigned  us;
    uint64_t  cells[LO_HISTOGRAM_CELLS];

    memset(cells, 0, sizeof(cells));
    assert_int_equal(lo_histogram_quantile(cells, 0.99), 0);

    for (us = 1; us <= 100000; us++) {
        cells[lo_histogram_cell(us)]++;
    }

    assert_int_equal(lo_histogram_count(cells), 100000);
    assert_in_range(lo_histogram_quantile(cells, 0.5), 49000, 51000);
    assert_in_range(lo_histogram_quantile(cells, 0.99), 98000, 100000);
    assert_int_equal(lo_histogram_quantile(cells, 1), 100000);
    assert_int_equal(lo_histogram_quantile(cells, 0), 0);

    /* one outlier beyond the last bound */

    memset(cells, 0, sizeof(cells));
    cells[lo_histogram_cell(3000)] = 99;
    cells[lo_histogram_cell(1000000000)] = 1;
    assert_in_range(lo_histogram_quantile(cells, 0.9), 2500, 3000);
    assert_int_equal(lo_histogram_quantile(cells, 1), 100000000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_les),
        cmocka_unit_test(test_quantile),
    };

    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
