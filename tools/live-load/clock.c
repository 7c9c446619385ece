#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "load.h"


static struct {
    load_timer_t  **heap;          /* from 1 */
    uint32_t        n;
    uint32_t        max;
} timers;


static uint64_t
clock_read(clockid_t id)
{
    struct timespec  ts;

    clock_gettime(id, &ts);

    return (uint64_t) ts.tv_sec * LOAD_SEC + (uint64_t) ts.tv_nsec;
}


uint64_t
load_clock(void)
{
    return clock_read(CLOCK_MONOTONIC);
}


uint64_t
load_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}


double
load_own_cpu(void)
{
    return (double) clock_read(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}


static double
watch_tasks(const char *pid)
{
    DIR                *dir;
    FILE               *f;
    char                path[128];
    double              sum;
    struct dirent      *e;
    unsigned long long  ran;

    snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
    dir = opendir(path);

    if (dir == NULL) {
        return 0;
    }

    sum = 0;

    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.') {
            continue;
        }

        snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/schedstat", pid,
                 e->d_name);
        f = fopen(path, "r");

        if (f == NULL) {
            continue;
        }

        if (fscanf(f, "%llu", &ran) == 1) {
            sum += (double) ran / 1e9;
        }

        fclose(f);
    }

    closedir(dir);

    return sum;
}


double
load_watch_cpu(const char *pids)
{
    char    *copy, *pid, *save;
    double   sum;

    if (pids == NULL) {
        return 0;
    }

    copy = strdup(pids);
    sum = 0;

    for (pid = strtok_r(copy, ",", &save); pid;
         pid = strtok_r(NULL, ",", &save))
    {
        sum += watch_tasks(pid);
    }

    free(copy);

    return sum;
}


int
load_timers_init(uint64_t max)
{
    timers.heap = calloc(max + 1, sizeof(load_timer_t *));
    timers.max = (uint32_t) max;

    return timers.heap == NULL ? -1 : 0;
}


static void
timer_place(load_timer_t *t, uint32_t i)
{
    timers.heap[i] = t;
    t->index = i;
}


static void
timer_up(load_timer_t *t, uint32_t i)
{
    while (i > 1 && timers.heap[i / 2]->at > t->at) {
        timer_place(timers.heap[i / 2], i);
        i /= 2;
    }

    timer_place(t, i);
}


static void
timer_down(load_timer_t *t, uint32_t i)
{
    uint32_t  child;

    for (child = 2 * i; child <= timers.n; child = 2 * i) {
        if (child < timers.n
            && timers.heap[child + 1]->at < timers.heap[child]->at)
        {
            child++;
        }

        if (timers.heap[child]->at >= t->at) {
            break;
        }

        timer_place(timers.heap[child], i);
        i = child;
    }

    timer_place(t, i);
}


void
load_timer_clear(load_timer_t *t)
{
    uint32_t       i;
    load_timer_t  *last;

    i = t->index;

    if (i == 0) {
        return;
    }

    t->index = 0;
    last = timers.heap[timers.n--];

    if (last == t) {
        return;
    }

    timer_up(last, i);
    timer_down(last, last->index);
}


void
load_timer_set(load_timer_t *t, uint64_t at)
{
    load_timer_clear(t);

    t->at = at;
    timers.n++;
    timer_up(t, timers.n);
}


uint64_t
load_timers_next(void)
{
    return timers.n ? timers.heap[1]->at : UINT64_MAX;
}


void
load_timers_run(uint64_t now)
{
    load_timer_t  *t;

    while (timers.n && timers.heap[1]->at <= now) {
        t = timers.heap[1];
        load_timer_clear(t);
        t->handler(t->data);
    }
}
