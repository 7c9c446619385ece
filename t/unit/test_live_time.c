#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/sim.h"


static const char *
explain(sim_t *sim, lo_live_reason_e why)
{
    static lo_err_t  err;

    lo_live_explain(why, &sim->place.when, &err);

    return err.text;
}


static void
has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    }
}


/* numbers ahead that are taken: one window, or what the document says */

static void
test_lead(void **state)
{
    size_t     i;
    sim_t     *sim;
    int64_t    n;

    static const struct {
        const char  *doc;
        int64_t      lead;
    } cases[] = {
        { "{\"id\":\"e\",\"segment_ms\":2000}", 1800 },
        { "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60}", 30 },
        { "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60,\"lead_s\":11}", 6 },
        { "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":60,\"lead_s\":7200}",
          3600 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        sim = sim_new(cases[i].doc);
        sim_inits(sim, "a");
        n = lo_timeline_at(&sim->l.d, SIM_NOW);

        sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
        assert_int_equal(sim_push(sim, "a", "v",
                                  sim_at(sim, n + cases[i].lead + 1, 30000),
                                  60000), LO_WHY_FUTURE);
        sim_put(sim, "a", "v", sim_at(sim, n + cases[i].lead, 30000), 60000);

        /* from there it is the newest that counts */

        assert_int_equal(sim_push(sim, "a", "v",
                                  sim_at(sim, n + 2 * cases[i].lead + 1,
                                         30000),
                                  60000), LO_WHY_FUTURE);
        has(explain(sim, LO_WHY_FUTURE), "ahead of the newest of this event");
        sim_free(sim);
    }
}


/* a finished file at full speed: one window on any clock, not more */

static void
test_file(void **state)
{
    sim_t    *sim;
    int64_t   k, n;

    sim = sim_new("{\"id\":\"e\",\"dvr_s\":600}");
    sim_inits(sim, "a");
    n = sim_put(sim, "a", "v", 0, 60000);

    for (k = 1; k < 3000; k++) {
        assert_int_equal(sim_put(sim, "a", "v", k * 60000, 60000), n + k);
    }

    assert_int_equal(sim_push(sim, "a", "v", (k + 301) * 60000, 60000),
                     LO_WHY_FUTURE);
    has(explain(sim, LO_WHY_FUTURE), "the segment is 10 min 4 s ahead of the "
        "newest of this event; at most 10 min 0 s is taken");
    sim_free(sim);
}


/* a pusher on UTC whose clock is off by hours is told so */

static void
test_clock(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    assert_int_equal(sim_push(sim, "a", "v",
                              sim_utc(sim, 30000) + 10950 * 30000LL, 60000),
                     LO_WHY_FUTURE);
    has(explain(sim, LO_WHY_FUTURE), "the publisher's clock is 3 h 2 min "
        "ahead: its segment says 2026-11-23T00:45:0");
    has(explain(sim, LO_WHY_FUTURE), "Z, here it is 2026-11-22T21:42:37Z; at "
        "most 1 h 0 min is taken");
    assert_int_equal(sim->l.nruns, 0);

    assert_int_equal(sim_push(sim, "a", "v",
                              sim_utc(sim, 30000) - 10950 * 30000LL, 60000),
                     LO_WHY_CLOCK);
    has(explain(sim, LO_WHY_CLOCK), "the publisher's clock is 3 h 2 min "
        "behind: its segment says 2026-11-22T18:4");
    assert_int_equal(sim->l.nruns, 0);
    assert_int_equal(lo_live_status(LO_WHY_CLOCK), 400);

    /* back-fill is no wrong clock, and what is wrong spoils nothing */

    sim_put(sim, "a", "v", sim_at(sim, n - 1799, 30000), 60000);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    sim_free(sim);

    /* a short window is no reason: an event may begin with what is older */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":10}");
    sim_inits(sim, "a");
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n - 1801, 30000),
                              60000), LO_WHY_CLOCK);
    sim_put(sim, "a", "v", sim_at(sim, n - 1800, 30000), 60000);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    sim_free(sim);

    /* a document may allow more */

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"lead_s\":86400}");
    sim_inits(sim, "a");
    sim_put(sim, "a", "v", sim_at(sim, n - 36000, 30000), 60000);
    sim_put(sim, "a", "v", sim_at(sim, n - 35999, 30000), 60000);
    sim_free(sim);
}


/* beside another pipeline that is right: out of its window, either way */

static void
test_clock_second(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_inits(sim, "b");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);

    assert_int_equal(sim_push(sim, "b", "v", sim_at(sim, n - 5000, 30000),
                              60000), LO_WHY_STANDBY);
    has(explain(sim, LO_WHY_STANDBY), "the publisher's clock is 2 h 46 min "
        "behind: its segment says 20");
    assert_int_equal(sim_push(sim, "b", "v", sim_at(sim, n + 5000, 30000),
                              60000), LO_WHY_STANDBY);
    has(explain(sim, LO_WHY_STANDBY), "clock is 2 h 46 min ahead");
    assert_int_equal(sim_put(sim, "b", "v", sim_at(sim, n - 3, 30000), 60000),
                     n - 3);
    assert_int_equal(sim->l.nruns, 1);

    /* and so is what the first sends itself, when it is older than that */

    assert_int_equal(sim_push(sim, "b", "v", sim_at(sim, n - 5000, 30000),
                              60000), LO_WHY_PAST);
    has(explain(sim, LO_WHY_PAST), "it is 2 h 46 min below the newest, the "
        "window is 1 h 0 min");
    sim_free(sim);
}


/* what has no time to speak of has its plain text */

static void
test_plain(void **state)
{
    lo_err_t        err;
    lo_live_when_t  when;

    memset(&when, 0, sizeof(when));
    lo_live_explain(LO_WHY_FUTURE, &when, &err);
    assert_string_equal(err.text, lo_live_text(LO_WHY_FUTURE));

    when.now_us = SIM_NOW;
    lo_live_explain(LO_WHY_ENDED, &when, &err);
    assert_string_equal(err.text, lo_live_text(LO_WHY_ENDED));
}


/* the bounds are the document's at any time */

static void
test_document(void **state)
{
    sim_t           *sim;
    lo_event_t       ev;
    lo_event_err_t   err;

    static const char  *json = "{\"id\":\"e\",\"lead_s\":5,"
                               "\"backfill_ms\":1500}";

    sim = sim_new("{\"id\":\"e\"}");
    assert_int_equal(sim->l.lead_s, 0);
    assert_int_equal(sim->l.backfill_us, 600 * LO_USEC);

    sim->l.phase = LO_LIVE_LIVE;
    assert_int_equal(lo_event_parse(&ev, json, strlen(json), &err), LO_OK);
    assert_true(lo_live_document(&sim->l, &ev));
    assert_int_equal(sim->l.lead_s, 5);
    assert_int_equal(sim->l.backfill_us, 1500000);
    assert_false(lo_live_document(&sim->l, &ev));
    lo_event_free(&ev);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_lead),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_clock_second),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests_name("live_time", tests, NULL, NULL);
}
