#include <stdio.h>

#include "load.h"


static double
run_seconds(load_t *load)
{
    return (double) (load->ended - load->began) / 1e9;
}


static uint64_t
answered(const stats_t *s)
{
    int       i;
    uint64_t  n;

    n = 0;

    for (i = 100; i < 600; i++) {
        n += s->status[i];
    }

    return n;
}


uint64_t
report_answers(load_t *load)
{
    uint32_t  i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < load->ngroups; i++) {
        n += answered(&load->groups[i]->stats);
    }

    return n;
}


static void
text_hist(const char *name, const lo_hist_t *h)
{
    if (h->count == 0) {
        return;
    }

    printf("  %-14s p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms"
           "  (%llu)\n", name,
           (double) lo_hist_percentile(h, 50) / 1e6,
           (double) lo_hist_percentile(h, 90) / 1e6,
           (double) lo_hist_percentile(h, 99) / 1e6,
           (double) lo_hist_percentile(h, 99.9) / 1e6,
           (double) h->max / 1e6, (unsigned long long) h->count);
}


static void
text_group(load_t *load, group_t *g)
{
    int       i;
    double    seconds;
    stats_t  *s;

    s = &g->stats;
    seconds = run_seconds(load);

    printf("%s: %llu answers, %.0f a second, in %.1f MB/s, out %.1f MB/s, "
           "%llu connections\n", g->mode->name,
           (unsigned long long) answered(s), (double) answered(s) / seconds,
           (double) s->bytes_in / seconds / 1e6,
           (double) s->bytes_out / seconds / 1e6,
           (unsigned long long) g->o.connections);

    printf("  status        ");

    for (i = 100; i < 600; i++) {
        if (s->status[i]) {
            printf(" %d: %llu", i, (unsigned long long) s->status[i]);
        }
    }

    printf("\n");

    if (s->connect_errors + s->aborted + s->timeouts + s->malformed) {
        printf("  lost           connect %llu, aborted %llu, timed out %llu, "
               "malformed %llu\n", (unsigned long long) s->connect_errors,
               (unsigned long long) s->aborted,
               (unsigned long long) s->timeouts,
               (unsigned long long) s->malformed);
    }

    text_hist("first byte", &s->first);
    text_hist("last byte", &s->total);
    text_hist("from publish", &s->publish);
    text_hist("fan, held", &s->fan_held);
    text_hist("fan, published", &s->fan_ready);

    if (s->verified || s->wrong) {
        printf("  verified       %llu, wrong %llu\n",
               (unsigned long long) s->verified,
               (unsigned long long) s->wrong);
    }
}


void
report_text(load_t *load)
{
    uint32_t  i;
    uint64_t  n;

    for (i = 0; i < load->ngroups; i++) {
        text_group(load, load->groups[i]);
    }

    printf("run: %.2f s, this process %.0f %% of a core\n", run_seconds(load),
           100 * load->own_cpu / run_seconds(load));

    n = report_answers(load);

    if (load->watch && n) {
        printf("watched: %.2f s of CPU, %.2f us an answer\n", load->watch_cpu,
               load->watch_cpu * 1e6 / (double) n);
    }
}


static void
json_hist(const char *name, const lo_hist_t *h)
{
    if (h->count == 0) {
        return;
    }

    printf(",\"%s\":{\"count\":%llu,\"mean\":%.1f,\"min\":%.1f,\"p50\":%.1f,"
           "\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name,
           (unsigned long long) h->count,
           (double) h->sum / (double) h->count / 1e3, (double) h->min / 1e3,
           (double) lo_hist_percentile(h, 50) / 1e3,
           (double) lo_hist_percentile(h, 90) / 1e3,
           (double) lo_hist_percentile(h, 99) / 1e3,
           (double) lo_hist_percentile(h, 99.9) / 1e3,
           (double) h->max / 1e3);
}


/* where a later run goes on */

static uint64_t
next_number(group_t *g)
{
    uint64_t  i, next;

    next = 0;

    for (i = 0; i < g->ntargets; i++) {
        if (g->targets[i].next > next) {
            next = g->targets[i].next;
        }
    }

    return next;
}


static void
json_group(load_t *load, group_t *g)
{
    int          i;
    stats_t     *s;
    const char  *comma;

    s = &g->stats;
    comma = "";

    printf("{\"mode\":\"%s\",\"connections\":%llu,\"requests\":%llu,"
           "\"answers\":%llu,\"per_second\":%.1f,\"status\":{", g->mode->name,
           (unsigned long long) g->o.connections,
           (unsigned long long) s->requests, (unsigned long long) answered(s),
           (double) answered(s) / run_seconds(load));

    for (i = 100; i < 600; i++) {
        if (s->status[i]) {
            printf("%s\"%d\":%llu", comma, i,
                   (unsigned long long) s->status[i]);
            comma = ",";
        }
    }

    printf("},\"connect_errors\":%llu,\"aborted\":%llu,\"timeouts\":%llu,"
           "\"malformed\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu,"
           "\"verified\":%llu,\"wrong\":%llu",
           (unsigned long long) s->connect_errors,
           (unsigned long long) s->aborted, (unsigned long long) s->timeouts,
           (unsigned long long) s->malformed,
           (unsigned long long) s->bytes_in,
           (unsigned long long) s->bytes_out,
           (unsigned long long) s->verified, (unsigned long long) s->wrong);

    if (g->mode->puts == MODE_PUTS_ALL) {
        printf(",\"inits\":%llu,\"next\":%llu", (unsigned long long) s->inits,
               (unsigned long long) next_number(g));
    }

    json_hist("first_byte_us", &s->first);
    json_hist("last_byte_us", &s->total);
    json_hist("from_publish_us", &s->publish);
    json_hist("fan_held_us", &s->fan_held);
    json_hist("fan_published_us", &s->fan_ready);

    printf("}");
}


void
report_json(load_t *load)
{
    uint32_t  i;

    printf("{\"seconds\":%.3f,\"busy\":%.4f,\"watched_cpu\":%.6f,"
           "\"answers\":%llu,\"groups\":[", run_seconds(load),
           load->own_cpu / run_seconds(load), load->watch_cpu,
           (unsigned long long) report_answers(load));

    for (i = 0; i < load->ngroups; i++) {
        if (i) {
            printf(",");
        }

        json_group(load, load->groups[i]);
    }

    printf("]}\n");
}
