#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hist.h"


static lo_hist_t  h;


static void
test_empty(void **state)
{
    lo_hist_reset(&h);

    assert_int_equal(h.count, 0);
    assert_int_equal(lo_hist_percentile(&h, 50), 0);
}


static void
test_small_values_are_exact(void **state)
{
    uint64_t  i;

    lo_hist_reset(&h);

    for (i = 1; i <= 100; i++) {
        lo_hist_add(&h, i);
    }

    assert_int_equal(lo_hist_percentile(&h, 50), 50);
    assert_int_equal(lo_hist_percentile(&h, 99), 99);
    assert_int_equal(lo_hist_percentile(&h, 100), 100);
    assert_int_equal(h.min, 1);
    assert_int_equal(h.sum, 5050);
}


static void
test_error_stays_under_one_per_cent(void **state)
{
    uint64_t  v, p;

    for (v = 1; v < UINT64_MAX / 3; v = v * 3 + 1) {
        lo_hist_reset(&h);
        lo_hist_add(&h, v);
        lo_hist_add(&h, UINT64_MAX);

        p = lo_hist_percentile(&h, 50);

        assert_true(p >= v);
        assert_true(p - v <= v / 100);
    }
}


static void
test_largest_value(void **state)
{
    lo_hist_reset(&h);
    lo_hist_add(&h, UINT64_MAX);

    assert_int_equal(lo_hist_percentile(&h, 99.9), UINT64_MAX);
}


static void
test_never_above_the_maximum(void **state)
{
    lo_hist_reset(&h);
    lo_hist_add(&h, 1000001);

    assert_int_equal(lo_hist_percentile(&h, 50), 1000001);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_error_stays_under_one_per_cent),
        cmocka_unit_test(test_largest_value),
        cmocka_unit_test(test_never_above_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
