#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lib/sim.h"


#define VIDEO  LO_MEDIA_VIDEO
#define AUDIO  LO_MEDIA_AUDIO


static void
test_two_on_utc(void **state)
{
    sim_t    *sim;
    int64_t   n, first;

    sim = sim_new("{\"id\":\"e\",\"segment\":{\"duration\":60060,"
                  "\"timescale\":30000}}");
    sim_inits(sim, "a");
    first = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;

    for (n = first; n < first + 200; n++) {
        sim->f.now_us = lo_timeline_due_us(&sim->l.d, 0, n);

        if (n < first + 100 || n > first + 120) {
            assert_int_equal(sim_put(sim, "a", "v", sim_at(sim, n, 30000),
                                     60060), n);
        }

        if (n == first + 4) {
            sim_inits(sim, "b");
        }

        if (n == first + 120) {
            sim_inits(sim, "a");           /* back after a while */
        }

        if (n >= first + 4) {
            assert_int_equal(sim_put(sim, "b", "v", sim_at(sim, n, 30000),
                                     60060), n);
        }

        /* b fills late what it had lost */

        if (n == first + 50) {
            assert_int_equal(sim_put(sim, "b", "v", sim_at(sim, first, 30000),
                                     60060), first);
        }
    }

    assert_int_equal(sim->l.nruns, 1);
    assert_int_equal(sim->l.ninits, 2);
    assert_int_equal(sim->l.runs[0].pipelines, 3);
    sim_free(sim);
}


/* another clock stands by; when the first is silent it takes over */

static void
standby(int first_utc, int second_utc)
{
    sim_t    *sim;
    int64_t   n, k, m, head;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_inits(sim, "b");
    head = 0;

    for (k = 0; k < 20; k++) {
        m = first_utc ? sim_utc(sim, 30000) / 60000 * 60000 : k * 60000;
        head = sim_put(sim, "a", "v", m, 60000);

        m = second_utc ? sim_utc(sim, 30000) / 60000 * 60000
                       : (k + 300) * 60000;
        assert_int_equal(sim_push(sim, "b", "v", m, 60000),
                         LO_WHY_STANDBY);
        assert_false(sim->place.changed);
        sim_after(sim, 2000);
    }

    for (n = 0; k < 40; k++) {
        m = second_utc ? sim_utc(sim, 30000) / 60000 * 60000
                       : (k + 300) * 60000;

        if (sim_push(sim, "b", "v", m, 60000) == LO_WHY_OK) {
            assert_true(sim->place.number > head);
            assert_true(n == 0 || sim->place.number == n + 1);
            assert_int_equal(sim->place.run, 2);
            n = sim->place.number;
        }

        sim_after(sim, 2000);
    }

    assert_true(n >= head + 19 - 1);

    /* the first is back: now it is the one that stands by */

    m = first_utc ? sim_utc(sim, 30000) / 60000 * 60000 : k * 60000;
    assert_int_equal(sim_push(sim, "a", "v", m, 60000), LO_WHY_STANDBY);
    sim_inits(sim, "a");
    assert_int_equal(sim_push(sim, "a", "v", m, 60000), LO_WHY_STANDBY);

    /* until the second falls silent in its turn */

    sim_after(sim, 30000);
    m = first_utc ? sim_utc(sim, 30000) / 60000 * 60000 : 0;
    assert_true(sim_put(sim, "a", "v", m, 60000) > n);
    assert_int_equal(sim->place.run, 3);
    sim_free(sim);
}


static void
test_standby(void **state)
{
    standby(1, 0);
    standby(0, 1);
    standby(0, 0);
}


/* both begin at the same moment: one of them wins, and stays */

static void
test_standby_race(void **state)
{
    sim_t  *sim;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_inits(sim, "b");

    sim_put(sim, "a", "v", 0, 60000);

    /* a's segment is placed, but not published yet */

    sim->f.event_head = -1;
    sim->f.last_us[0] = 0;
    assert_int_equal(sim_push(sim, "b", "v", 0, 60000), LO_WHY_STANDBY);

    /* it never was: b takes over after a while */

    sim_after(sim, 12000);
    sim_put(sim, "b", "v", 360000, 60000);
    assert_int_equal(sim->place.run, 2);
    sim_free(sim);
}


static void
test_other_init(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_inits(sim, "b");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    sim_put(sim, "a", "a", sim_at(sim, n, 48000), 96256);
    sim_put(sim, "b", "v", sim_at(sim, n, 30000), 60000);

    /* b comes with another configuration while a lives */

    assert_int_equal(sim_init(sim, "b", "v", VIDEO, 30000, 9),
                     LO_WHY_INIT_DIFFERS);
    assert_true(sim->changed);
    assert_int_equal(sim_push(sim, "b", "v", sim_at(sim, n + 1, 30000), 60000),
                     LO_WHY_NO_INIT);

    /* a is silent: b's configuration begins a run, on the same clock */

    sim_after(sim, 20000);
    n += 10;
    assert_int_equal(sim_init(sim, "b", "v", VIDEO, 30000, 9), LO_WHY_OK);
    assert_int_equal(sim->init, 3);
    assert_int_equal(sim_put(sim, "b", "v", sim_at(sim, n, 30000), 60000), n);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim->place.init, 3);
    assert_int_equal(sim->l.runs[1].flags, LO_RUN_UTC);
    assert_int_equal(sim_put(sim, "b", "a", sim_at(sim, n, 48000), 96256), n);
    assert_int_equal(sim->place.run, 2);
    assert_int_equal(sim->place.init, 2);

    /* the old one still serves its numbers */

    assert_int_equal(lo_live_init_at(&sim->l, 0, n - 1)->id, 1);
    assert_int_equal(lo_live_init_at(&sim->l, 0, n)->id, 3);
    assert_int_equal(lo_live_run_at(&sim->l, n - 1)->id, 1);

    /* a goes on as if nothing had been: its init is not the one any more */

    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n + 1, 30000), 60000),
                     LO_WHY_INIT_DIFFERS);

    /* and takes over again when b is silent */

    sim_after(sim, 20000);
    n += 10;
    assert_int_equal(sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000), n);
    assert_int_equal(sim->place.run, 3);
    assert_int_equal(sim->place.init, 4);
    assert_int_equal(lo_live_init_by_id(&sim->l, 4)->digest, 7);
    assert_int_equal(lo_live_init_by_id(&sim->l, 4)->word, 11);
    sim_free(sim);
}


/* both tracks change their configuration: one run for both */

static void
test_new_configuration(void **state)
{
    int       audio_first;
    sim_t    *sim;
    int64_t   n, k;

    for (audio_first = 0; audio_first < 2; audio_first++) {
        sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
        sim_inits(sim, "a");
        n = lo_timeline_at(&sim->l.d, SIM_NOW);

        for (k = 0; k < 4; k++, n++) {
            sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
            sim_put(sim, "a", "a", sim_at(sim, n, 48000), 96256);
            sim_after(sim, 2000);
        }

        sim_init(sim, "a", "v", VIDEO, 30000, 5);
        sim_init(sim, "a", "a", AUDIO, 48000, 6);

        if (audio_first) {
            sim_put(sim, "a", "a", sim_at(sim, n + 1, 48000), 96256);
        }

        sim_put(sim, "a", "v", sim_at(sim, n + 2, 30000), 60000);
        assert_int_equal(sim->place.run, 2);

        /* a little lower than the run's first, where nobody has been */

        sim_put(sim, "a", "a", sim_at(sim, n + 1, 48000), 96256);
        assert_int_equal(sim->place.run, 2);
        assert_int_equal(sim->l.nruns, 2);
        assert_int_equal(sim->l.runs[1].first, n + 1);
        assert_int_equal(sim->l.runs[1].start_us,
                         lo_timeline_start_us(&sim->l.d, n + 1));
        sim_free(sim);
    }
}


/* another configuration begins above what is there, never below */

static void
test_configuration_below(void **state)
{
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    sim_init(sim, "a", "v", VIDEO, 30000, 5);
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n - 1, 30000),
                              60000), LO_WHY_TAKEN);
    assert_int_equal(sim_push(sim, "a", "v", sim_at(sim, n, 30000), 60000),
                     LO_WHY_TAKEN);
    assert_int_equal(sim_put(sim, "a", "v", sim_at(sim, n + 1, 30000),
                             60000), n + 1);
    assert_int_equal(sim->place.run, 2);

    /* uploads overtook each other at a track's beginning */

    sim_init(sim, "b", "x", VIDEO, 30000, 6);
    sim_put(sim, "b", "x", sim_at(sim, n + 3, 30000), 60000);
    assert_int_equal(sim_put(sim, "b", "x", sim_at(sim, n + 2, 30000),
                             60000), n + 2);
    sim_free(sim);
}


static void
put_audio(sim_t *sim, int64_t n)
{
    sim_after(sim, 2000);
    sim_put(sim, "a", "a", sim_at(sim, n, 48000), 96256);
}


static lo_live_reason_e
push_video(sim_t *sim, const char *track, int64_t n)
{
    return sim_push(sim, "a", track, sim_at(sim, n, 30000), 60000);
}


/* video changes its configuration where audio is the first to come: what
   audio has been given stays, and the run begins behind that */

static void
test_configuration_behind_audio(void **state)
{
    int       back;
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_init(sim, "a", "w", VIDEO, 30000, 3);
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    put_audio(sim, n);
    assert_int_equal(push_video(sim, "v", n), LO_WHY_OK);
    assert_int_equal(push_video(sim, "w", n), LO_WHY_OK);

    /* the second time it is an init of before */

    for (back = 0; back < 2; back++) {
        sim_init(sim, "a", "v", VIDEO, 30000, back ? 1 : 5);
        sim_init(sim, "a", "w", VIDEO, 30000, back ? 3 : 7);

        assert_int_equal(push_video(sim, "v", n), LO_WHY_TAKEN);
        assert_int_equal(sim->l.nruns, 1 + back);

        put_audio(sim, ++n);
        assert_int_equal(push_video(sim, "v", n), LO_WHY_TAKEN);
        assert_true(sim->place.changed);
        assert_int_equal(sim->place.number, n);
        assert_int_equal(sim->l.nruns, 2 + back);
        assert_int_equal(sim->l.runs[1 + back].first, n + 1);
        assert_int_equal(sim->l.runs[1 + back].start_us,
                         lo_timeline_start_us(&sim->l.d, n + 1));

        assert_int_equal(push_video(sim, "v", n), LO_WHY_TAKEN);
        assert_int_equal(push_video(sim, "w", n), LO_WHY_TAKEN);
        assert_false(sim->place.changed);

        put_audio(sim, ++n);
        assert_int_equal(sim->place.run, 2 + back);
        assert_int_equal(push_video(sim, "v", n), LO_WHY_OK);
        assert_int_equal(sim->place.run, 2 + back);
        assert_int_equal(push_video(sim, "w", n), LO_WHY_OK);
        assert_int_equal(sim->place.run, 2 + back);

        put_audio(sim, ++n);
        assert_int_equal(push_video(sim, "w", n), LO_WHY_OK);
        assert_int_equal(push_video(sim, "v", n), LO_WHY_OK);
        assert_int_equal(sim->l.nruns, 2 + back);
    }

    sim_free(sim);
}


/* tracks that go back to what they were before go together */

static void
test_configuration_back(void **state)
{
    int       back;
    sim_t    *sim;
    int64_t   n;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    sim_init(sim, "a", "w", VIDEO, 30000, 3);
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    for (back = 0; back < 3; back++, n++) {

        if (back) {
            sim_init(sim, "a", "v", VIDEO, 30000, back == 2 ? 1 : 5);
            sim_init(sim, "a", "w", VIDEO, 30000, back == 2 ? 3 : 7);
        }

        sim_after(sim, 2000);
        assert_int_equal(push_video(sim, "v", n), LO_WHY_OK);
        assert_int_equal(push_video(sim, "w", n), LO_WHY_OK);
        assert_int_equal(sim->place.run, 1 + back);
        assert_int_equal(sim->l.nruns, 1 + back);
    }

    sim_free(sim);
}


/* a pipeline that was replaced goes on with its inits of before, its tracks one
   number apart: what the other one published keeps its own */

static void
test_pipeline_back(void **state)
{
    sim_t                 *sim;
    int64_t                n;
    const lo_live_init_t  *in;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW);

    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    sim_put(sim, "a", "a", sim_at(sim, n, 48000), 96256);

    sim_after(sim, 20000);
    sim_init(sim, "b", "v", VIDEO, 30000, 5);
    sim_init(sim, "b", "a", AUDIO, 48000, 6);
    sim_put(sim, "b", "v", sim_at(sim, n + 10, 30000), 60000);
    sim_put(sim, "b", "a", sim_at(sim, n + 10, 48000), 96256);
    assert_int_equal(sim->place.run, 2);

    sim_after(sim, 20000);
    sim_put(sim, "a", "a", sim_at(sim, n + 21, 48000), 96256);
    assert_int_equal(sim->place.run, 3);

    sim_put(sim, "a", "v", sim_at(sim, n + 20, 30000), 60000);
    assert_int_equal(sim->place.run, 3);
    assert_int_equal(sim->l.nruns, 3);
    assert_int_equal(sim->l.runs[2].first, n + 20);

    in = lo_live_init_by_id(&sim->l, sim->place.init);
    assert_int_equal(in->run, 3);
    assert_int_equal(in->first, n + 20);
    assert_int_equal(in->info.config, 1);

    in = lo_live_init_at(&sim->l, in->track, n + 19);
    assert_int_equal(in->run, 2);
    assert_int_equal(in->info.config, 5);
    sim_free(sim);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_two_on_utc),
        cmocka_unit_test(test_standby),
        cmocka_unit_test(test_standby_race),
        cmocka_unit_test(test_other_init),
        cmocka_unit_test(test_new_configuration),
        cmocka_unit_test(test_configuration_below),
        cmocka_unit_test(test_configuration_behind_audio),
        cmocka_unit_test(test_configuration_back),
        cmocka_unit_test(test_pipeline_back),
    };

    return cmocka_run_group_tests_name("live_pipelines", tests, NULL, NULL);
}
