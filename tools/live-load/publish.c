/*
 * publish: every (event, track, pipeline) gets its init and then its numbers
 * in order.  A target belongs to one connection where there are no more
 * connections than targets, so that its segments arrive in order.
 */

#include "load.h"


#define RETRY       (200 * LOAD_MS)
#define MAX_TRIES   5


static const char *
publish_prepare(group_t *g)
{
    uint64_t  i, start;

    if (g->o.connections == 0 || g->o.live) {
        g->o.connections = g->ntargets;
    }

    start = g->o.start;

    if (start == 0) {
        start = group_wall_number(g, load_wall() - g->o.behind);
    }

    if (g->o.cycle && g->o.start == 0) {
        return "cycle needs start";
    }

    for (i = 0; i < g->ntargets; i++) {
        g->targets[i].next = start;
        g->targets[i].left = g->o.segments ? g->o.segments : UINT64_MAX;
    }

    return NULL;
}


static target_t *
publish_target(conn_t *c)
{
    group_t   *g;
    target_t  *t;
    uint64_t   i, n;

    g = c->group;

    if (c->index >= g->ntargets) {
        t = &g->targets[c->index % g->ntargets];
        return t->left ? t : NULL;
    }

    n = (g->ntargets - c->index - 1) / g->o.connections + 1;

    for (i = 0; i < n; i++) {
        t = &g->targets[c->index + c->cursor++ % n * g->o.connections];

        if (t->left) {
            return t;
        }
    }

    return NULL;
}


/* at live pace a number goes out when it is due, spread over the jitter */

static uint64_t
publish_wait(conn_t *c, target_t *t)
{
    uint64_t  due, wall;
    group_t  *g;

    g = c->group;

    if (!g->o.live) {
        return 0;
    }

    due = group_due_wall(g, t->next);

    if (g->o.jitter) {
        due += (t->track->key ^ c->index * 7919ull) % g->o.jitter;
    }

    wall = load_wall();

    return due > wall ? due - wall : 0;
}


static void
publish_start(conn_t *c)
{
    target_t  *t;
    uint64_t   wait;

    if (c->tries) {
        request_put(c, c->target, c->number);
        return;
    }

    t = publish_target(c);

    if (t == NULL) {
        group_finish(c);
        return;
    }

    if (!t->ready) {
        request_put_init(c, t);
        return;
    }

    wait = publish_wait(c, t);

    if (wait) {
        group_sleep(c, load_clock() + wait);
        return;
    }

    t->left--;
    c->number = t->next++;
    request_put(c, t, c->number);
}


static void
publish_done(conn_t *c)
{
    int       status;
    track_t  *track;

    status = c->in.status;
    track = c->target->track;

    if (c->is_init) {
        if (status >= 200 && status < 300) {
            c->target->ready = 1;
            c->cursor = 0;
            group_next(c);

        } else {
            group_sleep(c, load_clock() + RETRY);
        }

        return;
    }

    if ((c->failed || status >= 500) && c->tries < MAX_TRIES) {
        /* idempotent: the same bytes once more */
        c->tries++;
        group_sleep(c, load_clock() + RETRY);
        return;
    }

    c->tries = 0;

    if (status == 200 || status == 201 || status == 204) {
        if (track->first == 0 || c->number < track->first) {
            track->first = c->number;
        }

        if (c->number > track->head) {
            track->head = c->number;
        }

    } else if (status == 412) {
        c->target->ready = 0;
    }

    group_next(c);
}


const load_mode_t  mode_publish = {
    "publish",
    MODE_PUTS_ALL,
    publish_prepare,
    publish_start,
    publish_done
};
