/*
 * edge: each connection follows one track at the live edge; it asks for the
 * next number at once and is held until that is published.
 */

#include "load.h"


#define RETRY     (250 * LOAD_MS)
#define MAX_WAIT  (10 * LOAD_SEC)


static const char *
edge_prepare(group_t *g)
{
    if (g->o.connections == 0) {
        g->o.connections = 64;
    }

    return NULL;
}


static void
edge_start(conn_t *c)
{
    group_t   *g;
    target_t  *t;

    g = c->group;
    t = &g->targets[c->index % g->ntargets];

    if (c->number == 0) {
        c->number = t->track->head ? t->track->head + 1
                                   : group_wall_number(g, load_wall());
    }

    request_get(c, t, c->number);
}


static void
edge_latency(conn_t *c)
{
    unsigned  i;
    track_t  *t;

    t = c->target->track;
    i = c->number % LOAD_RECENT;

    /* a request that came after the publish was not held */

    if (t->recent[i].number == c->number && c->began <= t->recent[i].at) {
        lo_hist_add(&c->group->stats.publish,
                    c->first > t->recent[i].at ? c->first - t->recent[i].at
                                               : 0);
    }
}


static void
edge_done(conn_t *c)
{
    uint64_t  wait, wall;

    switch (c->in.status) {

    case 200:
        edge_latency(c);
        c->number++;
        group_next(c);
        return;

    case 410:
        c->number++;
        break;

    default:
        break;
    }

    wait = RETRY;
    wall = load_wall();

    if (c->in.due * LOAD_MS > wall) {
        wait = c->in.due * LOAD_MS - wall;
        wait = wait < MAX_WAIT ? wait : MAX_WAIT;
    }

    group_sleep(c, load_clock() + wait);
}


const load_mode_t  mode_edge = {
    "edge",
    MODE_PUTS_NONE,
    edge_prepare,
    edge_start,
    edge_done
};
