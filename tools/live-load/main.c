#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "load.h"


#define MAX_EVENTS  512
#define DRAIN       (2 * LOAD_SEC)


static volatile sig_atomic_t  interrupted;


static void
on_signal(int sig)
{
    interrupted = 1;
}


static void
stats_reset(stats_t *s)
{
    memset(s, 0, sizeof(stats_t));

    lo_hist_reset(&s->first);
    lo_hist_reset(&s->total);
    lo_hist_reset(&s->publish);
    lo_hist_reset(&s->fan_held);
    lo_hist_reset(&s->fan_ready);
}


static void
load_begin(load_t *load)
{
    uint32_t  i;

    for (i = 0; i < load->ngroups; i++) {
        stats_reset(&load->groups[i]->stats);
    }

    load->watch_cpu = load_watch_cpu(load->watch);
    load->own_cpu = load_own_cpu();
    load->began = load_clock();
}


static void
load_end(load_t *load)
{
    load->ended = load_clock();
    load->own_cpu = load_own_cpu() - load->own_cpu;
    load->watch_cpu = load_watch_cpu(load->watch) - load->watch_cpu;
}


static void
load_turn(load_t *load, uint64_t until)
{
    int                        i, n;
    uint64_t                   now, wait;
    struct timespec            ts;
    static struct epoll_event  events[MAX_EVENTS];

    if (load_timers_next() < until) {
        until = load_timers_next();
    }

    now = load_clock();
    wait = until > now ? until - now : 0;
    ts.tv_sec = (time_t) (wait / LOAD_SEC);
    ts.tv_nsec = (long) (wait % LOAD_SEC);

    n = epoll_pwait2(load->epoll, events, MAX_EVENTS, &ts, NULL);

    for (i = 0; i < n; i++) {
        conn_event(events[i].data.ptr, events[i].events);
    }

    load_timers_run(load_clock());
}


static void
load_expire(load_t *load)
{
    uint32_t  i;
    uint64_t  k;

    for (i = 0; i < load->ngroups; i++) {
        for (k = 0; k < load->groups[i]->o.connections; k++) {
            conn_expire(&load->groups[i]->conns[k]);
        }
    }
}


static uint64_t
load_unfinished(load_t *load)
{
    uint32_t  i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < load->ngroups; i++) {
        n += load->groups[i]->unfinished;
    }

    return n;
}


static int
load_publishing(load_t *load)
{
    uint32_t  i;
    uint64_t  k;
    conn_t   *c;

    for (i = 0; i < load->ngroups; i++) {
        for (k = 0; k < load->groups[i]->o.connections; k++) {
            c = &load->groups[i]->conns[k];

            if (c->state == CONN_BUSY && c->is_put) {
                return 1;
            }
        }
    }

    return 0;
}


/* the measured part, then what is being published is let end */

static stats_t *
load_run(load_t *load)
{
    int        measuring;
    stats_t   *stats;
    uint32_t   i;
    uint64_t   now, start, end, next, check;

    start = load_clock() + load->warmup;
    end = start + load->seconds;
    check = start;
    measuring = 0;
    load_begin(load);

    for (i = 0; i < load->ngroups; i++) {
        group_open(load->groups[i]);
    }

    while (!interrupted && load_unfinished(load)) {
        now = load_clock();

        if (!measuring && now >= start) {
            measuring = 1;

            if (load->warmup) {
                load_begin(load);
            }
        }

        if (now >= end) {
            break;
        }

        if (now >= check) {
            check = now + LOAD_SEC;
            load_expire(load);
        }

        next = measuring ? end : start;
        load_turn(load, next < check ? next : check);
    }

    load_end(load);

    stats = calloc(load->ngroups, sizeof(stats_t));

    if (stats == NULL) {
        return NULL;
    }

    for (i = 0; i < load->ngroups; i++) {
        stats[i] = load->groups[i]->stats;
    }

    load->stop = 1;
    end = load_clock() + DRAIN;

    while (load_publishing(load) && load_clock() < end) {
        load_turn(load, end);
    }

    return stats;
}


static int
load_setup(load_t *load)
{
    uint32_t         i;
    uint64_t         tracks, timers;
    const char      *err;
    struct rlimit    rl;

    tracks = 0;
    timers = LOAD_MAX_GROUPS * 2;
    media_pool_init(load->seed);

    for (i = 0; i < load->ngroups; i++) {
        tracks += load->groups[i]->o.events * load->groups[i]->o.tracks;
    }

    load->tracks = calloc(tracks, sizeof(track_t));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);

    if (load->tracks == NULL || load->epoll == -1 || conn_setup() == -1) {
        fprintf(stderr, "live-load: out of memory or descriptors\n");
        return -1;
    }

    for (i = 0; i < load->ngroups; i++) {
        err = group_init(load->groups[i]);

        if (err) {
            fprintf(stderr, "live-load: %s: %s\n", load->groups[i]->mode->name,
                    err);
            return -1;
        }

        timers += 2 * load->groups[i]->o.connections;
    }

    if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
        rl.rlim_cur = rl.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &rl);
    }

    return load_timers_init(timers);
}


int
main(int argc, char **argv)
{
    load_t             load;
    stats_t           *stats;
    uint32_t           i;
    uint64_t           wrong;
    struct sigaction   sa;

    memset(&load, 0, sizeof(load));

    if (load_options(&load, argc, argv) == -1 || load_setup(&load) == -1) {
        return 2;
    }

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = on_signal;
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);

    stats = load_run(&load);

    if (stats == NULL) {
        return 2;
    }

    wrong = 0;

    for (i = 0; i < load.ngroups; i++) {
        load.groups[i]->stats = stats[i];
        wrong += stats[i].wrong;
    }

    free(stats);

    if (load.json) {
        report_json(&load);

    } else {
        report_text(&load);
    }

    return wrong ? 1 : report_answers(&load) ? 0 : 3;
}
