/*
 * fan: all readers ask for a segment that is not there yet and are held; one
 * publisher sends it; all are served.  Then the same readers ask for the same
 * segment, which is published now.  Both are timed, round by round: the first
 * from the publisher's last byte, the second from the first request, each
 * until the last reader has its last byte.
 */

#include <stdlib.h>

#include "load.h"


#define GAP  (20 * LOAD_MS)


typedef enum {
    FAN_INIT,
    FAN_PRIME,                     /* the head that readers wait beyond */
    FAN_PARK,
    FAN_HELD,
    FAN_READY
} fan_e;


typedef struct {
    fan_e          phase;
    int            begun;
    int            missed;
    uint64_t       number;
    uint64_t       round;
    uint64_t       waiting;
    uint64_t       at;
    load_timer_t   timer;
} fan_t;


static const char *
fan_prepare(group_t *g)
{
    fan_t  *f;

    if (g->ntargets != 1) {
        return "fan takes one event, one track and one pipeline";
    }

    g->o.connections = (g->o.connections ? g->o.connections : 1000) + 1;

    if (g->o.rounds == 0) {
        g->o.rounds = 20;
    }

    f = calloc(1, sizeof(fan_t));

    if (f == NULL) {
        return "out of memory";
    }

    f->number = g->o.start ? g->o.start : group_wall_number(g, load_wall());
    f->timer.data = g;
    g->data = f;

    return NULL;
}


static void
fan_after(group_t *g, uint64_t wait, void (*handler)(void *data))
{
    fan_t  *f = g->data;

    f->timer.handler = handler;
    load_timer_set(&f->timer, load_clock() + wait);
}


static int
fan_all_idle(group_t *g)
{
    uint64_t  i;

    for (i = 0; i < g->o.connections; i++) {
        if (g->conns[i].state != CONN_IDLE) {
            return 0;
        }
    }

    return 1;
}


static void
fan_ask(group_t *g)
{
    uint64_t  i;
    fan_t    *f = g->data;

    f->waiting = g->o.connections - 1;

    for (i = 1; i < g->o.connections; i++) {
        g->conns[i].due = 0;
        request_get(&g->conns[i], &g->targets[0], f->number);
    }
}


static void
fan_publish(void *data)
{
    group_t  *g = data;
    fan_t    *f = g->data;

    f->phase = FAN_HELD;
    f->missed = f->waiting != g->o.connections - 1;
    f->waiting++;

    g->conns[0].due = 0;
    request_put(&g->conns[0], &g->targets[0], f->number);
}


static void
fan_init(void *data)
{
    group_t  *g = data;

    if (g->conns[0].state == CONN_IDLE) {
        g->conns[0].due = 0;
        request_put_init(&g->conns[0], &g->targets[0]);

    } else {
        fan_after(g, GAP, fan_init);
    }
}


static void
fan_prime(void *data)
{
    group_t  *g = data;
    fan_t    *f = g->data;

    if (g->conns[0].state == CONN_IDLE) {
        f->phase = FAN_PRIME;
        g->conns[0].due = 0;
        request_put(&g->conns[0], &g->targets[0], f->number);

    } else {
        fan_after(g, GAP, fan_prime);
    }
}


static void
fan_round(void *data)
{
    uint64_t  i;
    group_t  *g = data;
    fan_t    *f = g->data;

    if (f->round == g->o.rounds || g->load->stop) {
        for (i = 0; i < g->o.connections; i++) {
            group_finish(&g->conns[i]);
        }

        return;
    }

    if (!fan_all_idle(g)) {
        fan_after(g, GAP, fan_round);
        return;
    }

    f->round++;
    f->number++;
    f->phase = FAN_PARK;
    fan_ask(g);
    fan_after(g, g->o.settle, fan_publish);
}


static void
fan_ready(void *data)
{
    group_t  *g = data;
    fan_t    *f = g->data;

    if (!fan_all_idle(g)) {
        fan_after(g, GAP, fan_ready);
        return;
    }

    f->phase = FAN_READY;
    f->at = load_clock();
    fan_ask(g);
}


static void
fan_start(conn_t *c)
{
    group_t  *g;
    fan_t    *f;

    g = c->group;
    f = g->data;

    if (!f->begun && fan_all_idle(g)) {
        f->begun = 1;
        fan_after(g, 0, fan_init);
    }
}


static void
fan_latency(conn_t *c, uint64_t sent)
{
    if (c->index && c->in.status == 200 && c->began < sent) {
        lo_hist_add(&c->group->stats.publish,
                    c->first > sent ? c->first - sent : 0);
    }
}


static void
fan_done(conn_t *c)
{
    group_t   *g;
    fan_t     *f;
    uint64_t   sent, now;

    g = c->group;
    f = g->data;
    sent = g->conns[0].sent;

    if (f->phase == FAN_INIT) {
        fan_after(g, GAP, c->in.status / 100 == 2 ? fan_prime : fan_init);
        return;
    }

    if (f->phase == FAN_PRIME) {
        fan_after(g, GAP, c->in.status / 100 == 2 ? fan_round : fan_prime);
        return;
    }

    f->waiting--;

    if (f->phase == FAN_PARK) {
        return;
    }

    f->missed |= c->index && c->in.status != 200;

    if (f->phase == FAN_HELD && !g->conns[0].writing) {
        fan_latency(c, sent);
    }

    if (f->waiting) {
        return;
    }

    now = load_clock();

    if (f->phase == FAN_HELD) {
        if (!f->missed) {
            lo_hist_add(&g->stats.fan_held, now - sent);
        }

        fan_after(g, GAP, fan_ready);
        return;
    }

    if (!f->missed) {
        lo_hist_add(&g->stats.fan_ready, now - f->at);
    }

    fan_after(g, GAP, fan_round);
}


const load_mode_t  mode_fan = {
    "fan",
    MODE_PUTS_FIRST,
    fan_prepare,
    fan_start,
    fan_done
};
