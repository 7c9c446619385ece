#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/sim.h"


#define VIDEO  LO_MEDIA_VIDEO
#define AUDIO  LO_MEDIA_AUDIO


static void
test_irregular(void **state)
{
    static const int  cuts[] = {        /* tenths of a second */
        100, 42, 100, 100, 13, 77, 100, 20, 20, 100, 99, 4, 100
    };
    size_t    i;
    sim_t    *sim;
    int64_t   m, a, n, an;

    sim = sim_new("{\"id\":\"e\"}");
    sim_inits(sim, "a");
    m = 0;
    n = sim_put(sim, "a", "v", 0, 300000);
    sim_put(sim, "a", "a", 0, 47 * 10240);

    for (i = 1, m = 300000; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        sim_after(sim, cuts[i] * 100);
        assert_int_equal(sim_put(sim, "a", "v", m, cuts[i] * 3000), n + 1);
        n++;

        /* the same once more */

        assert_int_equal(sim_put(sim, "a", "v", m, cuts[i] * 3000), n);
        m += cuts[i] * 3000;
    }

    assert_true(sim->l.irregular);

    /* the other track counts for itself */

    an = sim->tracks[1].head;

    for (a = 47 * 10240, i = 0; i < 30; i++, a += 240640) {
        assert_int_equal(sim_put(sim, "a", "a", a, 240640), ++an);
    }

    /* what is older than the head has no number any more */

    assert_int_equal(sim_push(sim, "a", "v", m - 3000 * 500, 300000),
                     LO_WHY_PAST);

    /* killed and started again */

    sim_inits(sim, "a");
    sim_after(sim, 5000);
    n = an > n ? an : n;
    assert_int_equal(sim_put(sim, "a", "v", 0, 300000), n + 1);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim_put(sim, "a", "a", 0, 240640), n + 1);
    assert_int_equal(sim_put(sim, "a", "a", 240640, 240640), n + 2);
    assert_int_equal(sim_put(sim, "a", "v", 300000, 3000), n + 2);
    assert_int_equal(sim_put(sim, "a", "v", 303000, 3000), n + 3);

    /* its clock is near the wall's all the same */

    assert_true(llabs(lo_timeline_utc_us(&sim->l.runs[1].anchor, 300000,
                                         30000) - sim->f.now_us)
                <= 20 * LO_USEC);
    sim_free(sim);
}


/* tracks that count for themselves drift apart, and may */

static void
test_irregular_drift(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\",\"dvr_s\":60}");
    sim_inits(sim, "a");
    sim_put(sim, "a", "v", 0, 60000);
    sim_put(sim, "a", "v", 60000, 300000);
    assert_true(sim->l.irregular);
    n = sim_put(sim, "a", "a", 0, 96000);

    for (k = 1; k < 300; k++) {
        assert_int_equal(sim_put(sim, "a", "a", k * 96000, 96000), n + k);
        sim_after(sim, 2000);

        if (k % 5 == 4) {
            sim_put(sim, "a", "v", 60000 + (k / 5 + 1) * 300000, 300000);
        }
    }

    assert_true(sim->tracks[1].head > sim->tracks[0].head + 200);

    /* a wild time is far ahead all the same */

    assert_int_equal(sim_push(sim, "a", "v", 30000LL * 86400, 300000),
                     LO_WHY_FUTURE);
    sim_free(sim);
}


/* the last segment before the end may be short: that alone is no reason */

static void
test_short_last(void **state)
{
    sim_t    *sim;
    int64_t   n, k;

    sim = sim_new("{\"id\":\"e\"}");
    sim_inits(sim, "a");

    for (k = 0; k < 5; k++) {
        n = sim_ffmpeg(sim, "a", k);
        sim_after(sim, 2000);
    }

    sim_put(sim, "a", "v", 300000, 9000);
    assert_false(sim->l.irregular);
    sim_inits(sim, "a");
    assert_int_equal(sim_put(sim, "a", "v", 0, 60000), n + 2);
    assert_false(sim->l.irregular);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_irregular),
        cmocka_unit_test(test_irregular_drift),
        cmocka_unit_test(test_short_last),
    };

    return cmocka_run_group_tests_name("live_irregular", tests, NULL, NULL);
}
