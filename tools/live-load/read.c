/* read, storm and get: requests that follow from nothing but chance */

#include "load.h"


#define WINDOW          100
#define STORM_AHEAD     1000000
#define BEHIND_CLOCK    3


static const char *
read_prepare(group_t *g)
{
    if (g->o.connections == 0) {
        g->o.connections = 64;
    }

    if (g->o.segments == 0) {
        g->o.segments = WINDOW;
    }

    if (g->o.all && g->o.start == 0) {
        return "all needs start and segments";
    }

    return NULL;
}


static uint64_t
read_number(group_t *g, track_t *t)
{
    uint64_t  last, n;

    if (g->o.start) {
        return g->o.start + group_random(g) % g->o.segments;
    }

    n = g->o.segments;
    last = t->head;

    if (last == 0) {
        last = group_wall_number(g, load_wall()) - BEHIND_CLOCK;

    } else if (last - t->first + 1 < n) {
        n = last - t->first + 1;
    }

    return last - group_random(g) % n;
}


static void
read_in_order(conn_t *c)
{
    group_t   *g;
    uint64_t   i;

    g = c->group;
    i = g->started;

    if (i >= g->ntargets * g->o.segments) {
        group_finish(c);
        return;
    }

    request_get(c, &g->targets[i % g->ntargets],
                g->o.start + i / g->ntargets);
}


static void
read_start(conn_t *c)
{
    group_t   *g;
    target_t  *t;

    g = c->group;

    if (g->o.all) {
        read_in_order(c);
        return;
    }

    t = &g->targets[group_random(g) % g->ntargets];

    request_get(c, t, read_number(g, t->track));
}


static const char *
storm_prepare(group_t *g)
{
    if (g->o.start == 0) {
        g->o.start = group_wall_number(g, load_wall()) + STORM_AHEAD;
    }

    return read_prepare(g);
}


static const char *
get_prepare(group_t *g)
{
    if (g->o.npaths == 0) {
        return "get needs a path";
    }

    return read_prepare(g);
}


static void
get_start(conn_t *c)
{
    group_t  *g;

    g = c->group;
    request_path(c, g->o.paths[group_random(g) % g->o.npaths]);
}


const load_mode_t  mode_read = {
    "read",
    MODE_PUTS_NONE,
    read_prepare,
    read_start,
    group_next
};


const load_mode_t  mode_storm = {
    "storm",
    MODE_PUTS_NONE,
    storm_prepare,
    read_start,
    group_next
};


const load_mode_t  mode_get = {
    "get",
    MODE_PUTS_NONE,
    get_prepare,
    get_start,
    group_next
};
