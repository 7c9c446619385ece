#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/shed.h"


#define TICK  100000                  /* us */
#define LATE  60000
#define UNEASY  30000


typedef struct {
    lo_shed_t           s;
    lo_shed_conf_t      conf;
    lo_shed_input_t     in;
    int64_t             now;
} run_t;


static void
start(run_t *r)
{
    memset(r, 0, sizeof(run_t));

    r->conf.on = 1;
    r->conf.over = 50;
    r->conf.queue = 64;
    r->conf.lag_us = 50000;
    r->conf.edge_us = 20 * LO_USEC;
    r->now = 1000 * LO_USEC;
}


static uint32_t
ticks(run_t *r, unsigned n, int64_t lag)
{
    uint32_t  level;

    level = r->s.level;
    r->in.lag_us = lag;

    while (n--) {
        r->now += TICK;
        level = lo_shed_tick(&r->s, &r->conf, &r->in, r->now);
    }

    return level;
}


static void
test_class(void **state)
{
    size_t           i;
    lo_shed_track_t  t;

    static const struct {
        int64_t          n;
        lo_shed_class_e  live;
        lo_shed_class_e  ended;
    } cases[] = {
        { 1000, LO_SHED_EDGE, LO_SHED_DVR },
        { 1001, LO_SHED_EDGE, LO_SHED_DVR },
        { 1002, LO_SHED_UNKNOWN, LO_SHED_UNKNOWN },
        { 990, LO_SHED_EDGE, LO_SHED_DVR },
        { 989, LO_SHED_DVR, LO_SHED_DVR },
        { 500, LO_SHED_DVR, LO_SHED_DVR },
        { 499, LO_SHED_UNKNOWN, LO_SHED_UNKNOWN },
        { 0, LO_SHED_UNKNOWN, LO_SHED_UNKNOWN },
        { INT64_MAX, LO_SHED_UNKNOWN, LO_SHED_UNKNOWN },
    };

    memset(&t, 0, sizeof(t));
    t.head = 1000;
    t.at = 1000;
    t.window = 500;
    t.edge = lo_shed_edge(20 * LO_USEC, 2 * LO_USEC);
    assert_int_equal(t.edge, 10);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t.ended = 0;
        assert_int_equal(lo_shed_class(&t, cases[i].n), cases[i].live);
        t.ended = 1;
        assert_int_equal(lo_shed_class(&t, cases[i].n), cases[i].ended);
    }

    /* an outage: what is due by the clock is the live audience's */

    t.ended = 0;
    t.at = 1030;
    assert_int_equal(lo_shed_class(&t, 1030), LO_SHED_EDGE);
    assert_int_equal(lo_shed_class(&t, 1031), LO_SHED_UNKNOWN);

    t.head = -1;
    assert_int_equal(lo_shed_class(&t, 5), LO_SHED_UNKNOWN);

    /* long segments: some of them all the same */

    assert_int_equal(lo_shed_edge(20 * LO_USEC, 10 * LO_USEC), 6);
    assert_int_equal(lo_shed_edge(20 * LO_USEC, 1001000), 20);
    assert_int_equal(lo_shed_edge(20 * LO_USEC, 0), 6);
}


/* what goes, and what never does */

static void
test_refuses(void **state)
{
    uint32_t         level;
    lo_shed_class_e  c;

    static const int  gone[3][LO_SHED_NCLASSES] = {
        { 0, 0, 0, 0 },
        { [LO_SHED_DVR] = 1 },
        { [LO_SHED_DVR] = 1, [LO_SHED_UNKNOWN] = 1 },
    };

    for (level = 0; level < 3; level++) {
        for (c = 0; c < LO_SHED_NCLASSES; c++) {
            assert_int_equal(lo_shed_refuses(level, c), gone[level][c]);
        }
    }
}


/* a stall now and then is no stress; lateness that lasts is */

static void
test_lag(void **state)
{
    run_t     r;
    unsigned  i;

    start(&r);

    for (i = 0; i < 100; i++) {
        assert_int_equal(ticks(&r, 1, 5 * LO_USEC), 0);
        assert_int_equal(ticks(&r, 9, 100), 0);
    }

    assert_int_equal(ticks(&r, 3, LATE), 0);
    assert_int_equal(ticks(&r, 3, LATE), 1);
    assert_int_equal(r.s.causes, 1 << LO_SHED_BY_LAG);

    /* it goes on although DVR is shed: the next class, not at once */

    assert_int_equal(ticks(&r, 15, LATE), 1);
    assert_int_equal(ticks(&r, 10, LATE), 2);
    assert_int_equal(ticks(&r, 1000, LATE), 2);

    /* hysteresis: half of it is no ease */

    assert_int_equal(ticks(&r, 1000, UNEASY), 2);

    /* ease: one level after the other, and not at once */

    assert_int_equal(ticks(&r, 40, 100), 2);
    assert_int_equal(ticks(&r, 30, 100), 1);
    assert_int_equal(ticks(&r, 40, 100), 1);
    assert_int_equal(ticks(&r, 20, 100), 0);
    assert_int_equal(r.s.causes, 0);
}


static unsigned
until(run_t *r, uint32_t level, int64_t lag)
{
    unsigned  n;

    for (n = 0; r->s.level != level; n++) {
        assert_true(n < 2000);
        ticks(r, 1, lag);
    }

    return n;
}


/* who comes back at once stays away for longer, up to a minute */

static void
test_again(void **state)
{
    run_t     r;
    unsigned  i, n, last;

    start(&r);
    last = 0;

    for (i = 0; i < 4; i++) {
        until(&r, 1, LATE);
        n = until(&r, 0, 100);
        assert_true(n > last);
        last = n;
    }

    for (i = 0; i < 4; i++) {
        until(&r, 1, LATE);
        last = until(&r, 0, 100);
    }

    assert_true(last <= 620);

    /* and is forgiven after a while */

    ticks(&r, 200, 100);
    until(&r, 1, LATE);
    assert_true(until(&r, 0, 100) < 70);
}


/* requests over their target: of any class, when there are enough */

static void
test_over(void **state)
{
    run_t     r;
    unsigned  i;

    for (i = LO_SHED_DVR; i <= LO_SHED_PUBLISH; i++) {

        start(&r);
        r.in.requests[i] = 100;
        r.in.over[i] = 4;
        assert_int_equal(ticks(&r, 100, 100), 0);
        r.in.over[i] = 7;
        assert_int_equal(ticks(&r, 20, 100), 1);
        assert_int_equal(r.s.causes, 1 << LO_SHED_BY_OVER);

        /* between the two it stays; below, it goes */

        r.in.over[i] = 3;
        assert_int_equal(ticks(&r, 300, 100), 1);
        r.in.over[i] = 2;
        assert_int_equal(ticks(&r, 150, 100), 0);
    }

    /* one burst, and then none that is slow */

    start(&r);
    r.in.requests[LO_SHED_EDGE] = 1000;
    r.in.over[LO_SHED_EDGE] = 1000;
    assert_int_equal(ticks(&r, 3, 100), 0);
    r.in.requests[LO_SHED_EDGE] = 10;
    r.in.over[LO_SHED_EDGE] = 0;
    assert_int_equal(ticks(&r, 100, 100), 0);

    /* one slow request of few */

    start(&r);
    r.in.requests[LO_SHED_EDGE] = 1;
    r.in.over[LO_SHED_EDGE] = 1;
    assert_int_equal(ticks(&r, 3, 100), 0);
}


/* DVR that was slow, and is shed, does not carry on to the next level */

static void
test_over_gone(void **state)
{
    run_t  r;

    start(&r);
    r.in.requests[LO_SHED_DVR] = 5000;
    r.in.over[LO_SHED_DVR] = 4000;
    assert_int_equal(ticks(&r, 10, 100), 1);
    r.in.requests[LO_SHED_DVR] = 0;
    r.in.over[LO_SHED_DVR] = 0;
    assert_int_equal(ticks(&r, 40, 100), 1);
    assert_int_equal(ticks(&r, 40, 100), 0);
}


static void
test_queue(void **state)
{
    run_t  r;

    start(&r);
    r.in.queue = 63;
    assert_int_equal(ticks(&r, 100, 100), 0);
    r.in.queue = 64;
    assert_int_equal(ticks(&r, 10, 100), 1);
    assert_int_equal(r.s.causes, 1 << LO_SHED_BY_QUEUE);
    r.in.queue = 31;
    assert_int_equal(ticks(&r, 90, 100), 0);

    start(&r);
    r.conf.queue = 0;
    r.in.queue = 1000000;
    assert_int_equal(ticks(&r, 100, 100), 0);
}


static void
test_off(void **state)
{
    run_t  r;

    start(&r);
    r.conf.on = 0;
    r.in.queue = 1000;
    assert_int_equal(ticks(&r, 100, LATE), 0);
}


/* sums of any size, for ever */

static void
test_large(void **state)
{
    run_t  r;

    start(&r);
    r.in.requests[LO_SHED_EDGE] = UINT32_MAX;
    r.in.over[LO_SHED_EDGE] = UINT32_MAX;
    assert_int_equal(ticks(&r, 10, INT64_MAX / 2), 1);
    assert_int_equal(ticks(&r, 1000, INT64_MAX / 2), 2);
    memset(&r.in, 0, sizeof(r.in));
    assert_int_equal(ticks(&r, 300, -5), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_class),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_over_gone),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_large),
    };

    return cmocka_run_group_tests_name("shed", tests, NULL, NULL);
}
