/* the end of an event, and its beginning again */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/manifest.h"
#include "lib/sim.h"


static void
test_phases(void **state)
{
    uint32_t  i;

    assert_string_equal(lo_live_phase(LO_LIVE_SCHEDULED), "scheduled");
    assert_string_equal(lo_live_phase(LO_LIVE_LIVE), "live");
    assert_string_equal(lo_live_phase(LO_LIVE_ENDED), "ended");
    assert_string_equal(lo_live_phase(LO_LIVE_ARCHIVED), "archived");

    for (i = 0; i < LO_LIVE_NPHASES; i++) {
        assert_string_not_equal(lo_live_phase(i), "unknown");
    }

    assert_string_equal(lo_live_phase(LO_LIVE_NPHASES), "unknown");
}


static void
test_number(void **state)
{
    sim_t     *sim;
    int64_t    n;
    lo_err_t   err;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    assert_int_equal(lo_live_end_with(&sim->l, 5, -1, &err), LO_NONE);

    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);
    sim_put(sim, "a", "v", sim_at(sim, n - 3, 30000), 60000);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);

    assert_int_equal(lo_live_end_with(&sim->l, n, n, &err), LO_OK);
    assert_int_equal(lo_live_end_with(&sim->l, n - 3, n, &err), LO_OK);
    assert_int_equal(lo_live_end_with(&sim->l, n - 4, n, &err), LO_ERROR);
    assert_int_equal(lo_live_end_with(&sim->l, n + 1, n, &err), LO_ERROR);

    assert_true(lo_live_end(&sim->l, n - 1));
    assert_int_equal(lo_live_end_with(&sim->l, n - 1, n, &err), LO_OK);
    assert_int_equal(lo_live_end_with(&sim->l, n, n, &err), LO_NONE);
    sim_free(sim);
}


static void
test_start(void **state)
{
    sim_t            *sim;
    int64_t           n;
    uint64_t          serial;
    lo_live_ready_t   r;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,"
                  "\"tracks\":[{\"id\":\"v\"},{\"id\":\"a\"},{\"id\":\"x\"}]}");
    assert_false(lo_live_start(&sim->l));
    assert_true(lo_live_end(&sim->l, -1));
    assert_true(lo_live_start(&sim->l));
    assert_int_equal(sim->l.phase, LO_LIVE_SCHEDULED);

    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    memset(&r, 0, sizeof(r));
    r.now_us = sim->f.now_us;
    r.head = -1;
    r.force = 1;
    assert_false(lo_live_ready(&sim->l, &r));

    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    r.head = n;
    r.has = 1;
    r.force = 0;
    assert_false(lo_live_ready(&sim->l, &r));
    r.force = 1;
    assert_true(lo_live_ready(&sim->l, &r));
    assert_int_equal(sim->l.phase, LO_LIVE_LIVE);

    assert_true(lo_live_end(&sim->l, n));
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n + 1, 30000), 60000),
                     LO_WHY_ENDED);
    serial = sim->l.serial;
    assert_true(lo_live_start(&sim->l));
    assert_int_equal(sim->l.phase, LO_LIVE_LIVE);
    assert_true(sim->l.shown > serial);

    /* the same clock is the same run, whatever was missed */

    assert_int_equal(sim_put(sim, "a", "v", sim_at(sim, n + 9, 30000), 60000),
                     n + 9);
    assert_int_equal(sim->l.nruns, 1);

    sim->l.phase = LO_LIVE_ARCHIVED;
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n + 10, 30000),
                              60000), LO_WHY_ENDED);
    assert_false(lo_live_end(&sim->l, n));
    assert_true(lo_live_start(&sim->l));
    assert_int_equal(sim->l.phase, LO_LIVE_LIVE);
    sim_free(sim);
}


/* a run that began behind the last number is not in the manifest */

static void
test_cut_off(void **state)
{
    sim_t                 *sim;
    int64_t                n;
    lo_manifest_t          m;
    lo_manifest_room_t     room;
    lo_manifest_track_t    tracks[8];
    lo_manifest_period_t   periods[LO_LIVE_RUNS];

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);

    assert_int_equal(sim_init(sim, "a", "v", LO_MEDIA_VIDEO, 30000, 99),
                     LO_WHY_OK);
    sim_put(sim, "a", "v", sim_at(sim, n + 1, 30000), 60000);
    assert_int_equal(sim->l.nruns, 2);

    room.periods = periods;
    room.max_periods = LO_LIVE_RUNS;
    room.tracks = tracks;
    room.max_tracks = 8;

    assert_true(lo_live_end(&sim->l, n + 1));
    assert_int_equal(lo_manifest_live(&m, &sim->l, NULL, n - 9, &room), LO_OK);
    assert_int_equal(m.nperiods, 2);

    sim->l.last = n;
    assert_int_equal(lo_manifest_live(&m, &sim->l, NULL, n - 9, &room), LO_OK);
    assert_int_equal(m.nperiods, 1);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
