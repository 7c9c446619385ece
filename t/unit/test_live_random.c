/*
 * Pushers that do anything in any order.  sim_push() asserts with every
 * segment that no number is given out in two runs; here besides: heads never
 * go back, and whatever has been, a pusher that behaves is taken again.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "lib/sim.h"


#define PUSHERS  3
#define STEPS    1500

typedef struct {
    char                name[2];
    int                 running;
    int64_t             base;         /* media time less wall clock, us */
    int64_t             next[2];      /* of the next segment, us, on UTC */
    uint64_t            config[2];
} pusher_t;

static const char *const  tracks[2] = { "v", "a" };
static const uint32_t     scales[2] = { 30000, 48000 };

static uint64_t  seed;


static uint32_t
any(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return (uint32_t) (seed >> 20) % n;
}


static void
send_init(sim_t *sim, pusher_t *p, int t)
{
    sim_init(sim, p->name, tracks[t], t ? LO_MEDIA_AUDIO : LO_MEDIA_VIDEO,
             scales[t], p->config[t] * 2 + t);
}


static void
start(sim_t *sim, pusher_t *p)
{
    int  t, first;

    p->running = 1;

    switch (any(4)) {
    case 0:
        p->base = -sim->f.now_us;                      /* at 0 */
        break;
    case 1:
        p->base = -sim->f.now_us + any(100000) * 1000000LL;
        break;
    default:
        p->base = 0;                                   /* on UTC */
    }

    if (any(6) == 0) {
        p->config[any(2)] = any(4);
    }

    first = (int) any(2);

    for (t = 0; t < 2; t++) {
        p->next[t] = sim->f.now_us / 2000000 * 2000000;

        if (p->base) {
            p->next[t] = sim->f.now_us;
        }

        if (any(20)) {
            send_init(sim, p, t ^ first);
        }
    }
}


static lo_live_reason_e
push(sim_t *sim, pusher_t *p, int t)
{
    int64_t            m, head, event_head, cut;
    uint64_t           duration;
    lo_live_reason_e   why;

    if (lo_live_track(&sim->l, lo_cstr(tracks[t])) < 0) {
        return LO_WHY_NO_INIT;
    }

    m = lo_rescale(p->next[t] + p->base, scales[t], LO_USEC, LO_NEAREST);
    duration = scales[t] * 2;

    if (t && p->base == 0) {
        m = m / 1024 * 1024;
    }

    switch (any(60)) {
    case 0:
        m += (int64_t) any(2000000) - 1000000;         /* off its grid */
        break;
    case 1:
        m = (int64_t) (seed - (seed << 40));           /* nonsense */
        break;
    case 2:
        duration = any(1000000);
        break;
    case 3:
        m -= any(100) * duration;                      /* late */
        break;
    }

    event_head = sim->f.event_head;
    cut = lo_live_track(&sim->l, lo_cstr(tracks[t]));
    head = sim->tracks[cut].head;

    why = sim_push(sim, p->name, tracks[t], m, duration);

    assert_true(sim->tracks[cut].head >= head);
    assert_true(sim->f.event_head >= event_head);

    if (any(25)) {
        p->next[t] += 2000000;
    }

    return why;
}


static void
step(sim_t *sim, pusher_t *pushers)
{
    int        t;
    pusher_t  *p;

    p = &pushers[any(PUSHERS)];

    switch (any(40)) {
    case 0:
        start(sim, p);
        return;
    case 1:
        p->running = 0;
        return;
    case 2:
        sim_after(sim, any(30) * 1000);
        return;
    case 3:
        send_init(sim, p, (int) any(2));
        return;
    }

    sim_after(sim, any(700));

    for (p = pushers; p < pushers + PUSHERS; p++) {
        for (t = 0; t < 2; t++) {
            while (p->running && p->next[t] + 2000000 < sim->f.now_us
                   && any(10))
            {
                push(sim, p, t);
            }
        }
    }
}


/* one pipeline comes back after a silence, and is taken from then on */

static void
recover(sim_t *sim, int utc)
{
    int64_t  m, n, k, begin;

    sim_after(sim, 400000);
    sim->l.phase = LO_LIVE_LIVE;

    sim_init(sim, "a", "v", LO_MEDIA_VIDEO, 30000, 500);
    sim_init(sim, "a", "a", LO_MEDIA_AUDIO, 48000, 501);

    begin = utc ? sim_utc(sim, 30000) / 60000 : 0;
    n = -1;

    for (k = 0; k < 20; k++) {
        m = sim_put(sim, "a", "v", (begin + k) * 60000, 60000);
        assert_true(n < 0 || m == n + 1);
        n = m;

        sim_put(sim, "a", "a", (begin + k) * 96000, 96000);
        assert_int_equal(sim->place.run,
                         sim->l.runs[sim->l.nruns - 1].id);
        sim_after(sim, 2000);
    }
}


static void
run(uint64_t from, const char *doc)
{
    int        i;
    sim_t     *sim;
    pusher_t   pushers[PUSHERS];

    static const char *const  names[PUSHERS] = { "a", "b", "c" };

    seed = from * 0x9e3779b97f4a7c15ULL + 1;
    sim = sim_new(doc);
    memset(pushers, 0, sizeof(pushers));

    for (i = 0; i < PUSHERS; i++) {
        pushers[i].name[0] = names[i][0];
    }

    for (i = 0; i < STEPS; i++) {
        step(sim, pushers);
    }

    recover(sim, from & 1);
    sim_free(sim);
}


static void
test_declared(void **state)
{
    uint64_t  i;

    for (i = 0; i < 300; i++) {
        run(i, "{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":600}");
    }
}


static void
test_learned(void **state)
{
    uint64_t  i;

    for (i = 0; i < 300; i++) {
        run(1000 + i, "{\"id\":\"e\",\"dvr_s\":60}");
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_learned),
    };

    return cmocka_run_group_tests_name("live_random", tests, NULL, NULL);
}
