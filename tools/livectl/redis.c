/*
 * livectl redis: how a node stands with Redis, and what to do where it does
 * not stand well (redis_advice.c).
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "livectl.h"


#define LIVECTL_CLEAR  "\033[H\033[J"
#define LIVECTL_WORD   64


static double
livectl_redis_number(json_t *json, const char *name)
{
    return json_number_value(json_object_get(json, name));
}


static long long
livectl_redis_count(json_t *json, const char *name)
{
    return (long long) livectl_redis_number(json, name);
}


/* of a time since 1970: "12 s", "3 min", as the node's clock has it; "-" */

static const char *
livectl_redis_age(json_t *redis, json_t *when, char *buf)
{
    double  s;

    if (!json_is_number(when)) {
        return "-";
    }

    s = livectl_redis_number(redis, "now") - json_number_value(when);
    s = s < 0 ? 0 : s;

    if (s < 120) {
        snprintf(buf, LIVECTL_WORD, "%.0f s", s);

    } else if (s < 7200) {
        snprintf(buf, LIVECTL_WORD, "%.0f min", s / 60);

    } else if (s < 48 * 3600) {
        snprintf(buf, LIVECTL_WORD, "%.0f h", s / 3600);

    } else {
        snprintf(buf, LIVECTL_WORD, "%.0f d", s / 86400);
    }

    return buf;
}


/* "12 s ago", "never" */

static const char *
livectl_redis_ago(json_t *redis, json_t *when, char *buf)
{
    if (!json_is_number(when)) {
        return "never";
    }

    livectl_redis_age(redis, when, buf);

    return strncat(buf, " ago", LIVECTL_WORD - strlen(buf) - 1);
}


/* ---- the lines above the table */

static void
livectl_redis_head(json_t *redis)
{
    char         now[LIVECTL_WORD], p50[LIVECTL_WORD], p99[LIVECTL_WORD];
    size_t       i, up;
    json_t      *workers, *w, *trip, *pending;
    const char  *joining;

    workers = json_object_get(redis, "workers");
    trip = json_object_get(redis, "round_trip");
    pending = json_object_get(redis, "pending");
    joining = json_string_value(json_object_get(redis, "joining"));
    up = 0;

    json_array_foreach(workers, i, w) {
        up += json_is_true(json_object_get(w, "up"));
    }

    printf("%s  redis %s: %s, primary %s;  %zu of %zu workers connected%s\n"
           "round trips: p50 %s ms, p99 %s ms (of %lld in the last minute);  "
           "under way %lld, %.1f KB\n",
           livectl_time(livectl_redis_number(redis, "now"), now, sizeof(now)),
           livectl_text(redis, "state"), livectl_text(redis, "mode"),
           livectl_text(redis, "primary"), up, json_array_size(workers),
           joining ? ";  joining" : "",
           livectl_value(NULL, json_object_get(trip, "p50_ms"), p50,
                         sizeof(p50)),
           livectl_value(NULL, json_object_get(trip, "p99_ms"), p99,
                         sizeof(p99)),
           livectl_redis_count(trip, "count"),
           livectl_redis_count(pending, "operations"),
           livectl_redis_number(pending, "bytes") / 1024);
}


static void
livectl_redis_counts(json_t *redis)
{
    char    buf[2][LIVECTL_WORD];
    json_t  *ops;

    ops = json_object_get(redis, "operations");

    printf("commands: ok %lld, error %lld, timeout %lld, lost %lld, "
           "declined %lld\n"
           "segments: sent %lld, fetched %lld, filled %lld, missed %lld;  "
           "to send %lld, to fetch %lld\n"
           "without redis: 201 (degrade) %lld, last %s;  503 %lld, last %s\n",
           livectl_redis_count(ops, "ok"), livectl_redis_count(ops, "error"),
           livectl_redis_count(ops, "timeout"),
           livectl_redis_count(ops, "lost"),
           livectl_redis_count(ops, "declined"),
           livectl_redis_count(redis, "sent"),
           livectl_redis_count(redis, "fetched"),
           livectl_redis_count(redis, "filled"),
           livectl_redis_count(redis, "missed"),
           livectl_redis_count(redis, "to_send"),
           livectl_redis_count(redis, "to_fetch"),
           livectl_redis_count(redis, "degraded"),
           livectl_redis_ago(redis, json_object_get(redis, "last_degraded"),
                             buf[0]),
           livectl_redis_count(redis, "refused"),
           livectl_redis_ago(redis, json_object_get(redis, "last_refused"),
                             buf[1]));
}


static void
livectl_redis_past(json_t *redis)
{
    char     buf[LIVECTL_WORD];
    json_t  *failover, *walk;

    failover = json_object_get(redis, "last_failover");
    walk = json_object_get(redis, "walk");

    printf("last failover: %s",
           livectl_redis_ago(redis, json_object_get(failover, "at"), buf));

    if (json_is_object(failover)) {
        printf(", %s -> %s", livectl_text(failover, "from"),
               livectl_text(failover, "to"));
    }

    printf("\nlast walk: %s",
           livectl_redis_ago(redis, json_object_get(walk, "last"), buf));

    if (json_is_number(json_object_get(walk, "last"))) {
        printf(", took %.3f s", livectl_redis_number(walk, "seconds"));
    }

    if (json_is_number(json_object_get(walk, "since"))) {
        printf(";  one is under way for %s",
               livectl_redis_age(redis, json_object_get(walk, "since"), buf));
    }

    putchar('\n');
}


/* ---- the table of connections */

static json_t *
livectl_redis_row(json_t *redis, json_t *worker, json_t *conn, size_t k)
{
    char         age[LIVECTL_WORD], since[LIVECTL_WORD];
    char         error[LIVECTL_VALUE];
    const char  *text;

    text = json_string_value(json_object_get(conn, "error"));
    error[0] = '\0';

    if (text) {
        snprintf(error, sizeof(error), "%s: %s",
                 livectl_redis_ago(redis, json_object_get(conn, "error_at"),
                                   age), text);
    }

    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:O?, s:O?, s:s}",
                     "worker", k ? json_string("")
                                 : json_incref(json_object_get(worker,
                                                               "slot")),
                     "pid", k ? json_string("")
                              : json_incref(json_object_get(worker, "pid")),
                     "for", livectl_text(conn, "for"),
                     "address", livectl_text(conn, "address"),
                     "role", livectl_text(conn, "role"),
                     "state", livectl_text(conn, "state"),
                     "since",
                     livectl_redis_age(redis, json_object_get(conn, "since"),
                                       since),
                     "tries", json_object_get(conn, "attempts"),
                     "retry_ms", json_object_get(conn, "retry_ms"),
                     "last error", error);
}


static void
livectl_redis_table(json_t *redis)
{
    size_t   i, k;
    json_t  *worker, *conn, *rows;

    rows = json_array();

    json_array_foreach(json_object_get(redis, "workers"), i, worker) {
        json_array_foreach(json_object_get(worker, "connections"), k, conn) {
            json_array_append_new(rows,
                                  livectl_redis_row(redis, worker, conn, k));
        }
    }

    putchar('\n');
    livectl_table(rows, "  ");
    json_decref(rows);

    json_array_foreach(json_object_get(redis, "workers"), i, worker) {
        if (livectl_redis_count(worker, "more")) {
            printf("  worker %lld: and %lld more\n",
                   livectl_redis_count(worker, "slot"),
                   livectl_redis_count(worker, "more"));
        }
    }
}


static void
livectl_redis_print(json_t *redis, json_t *problems)
{
    size_t   i;
    json_t  *p;

    livectl_redis_head(redis);
    livectl_redis_counts(redis);
    livectl_redis_past(redis);
    livectl_redis_table(redis);

    json_array_foreach(problems, i, p) {
        printf("\n%s %s\n  %s\n",
               json_is_true(json_object_get(p, "wrong")) ? "!" : "-",
               livectl_text(p, "what"), livectl_text(p, "do"));
    }

    fflush(stdout);
}


/* ---- one look */

static int
livectl_redis_look(const livectl_options_t *o, const char *before)
{
    int                rc;
    size_t             i;
    json_t            *redis, *problems, *p;
    livectl_answer_t   a;

    rc = livectl_ask(o, "GET", "status", NULL, 0, &a);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    redis = json_object_get(a.json, "redis");

    if (!json_is_object(redis)) {

        if (o->json) {
            puts("null");
        }

        livectl_complain("the node has no Redis: there is no "
                         "live_origin_redis in its nginx.conf");
        json_decref(a.json);

        return LIVECTL_NONE;
    }

    problems = livectl_redis_problems(redis);

    json_array_foreach(problems, i, p) {
        if (json_is_true(json_object_get(p, "wrong"))) {
            rc = LIVECTL_WRONG;
        }
    }

    if (o->json) {
        json_object_set(redis, "problems", problems);
        livectl_print(json_incref(redis));

    } else {
        fputs(before, stdout);
        livectl_redis_print(redis, problems);
    }

    json_decref(problems);
    json_decref(a.json);

    return rc;
}


int
livectl_redis(const livectl_options_t *o, int argc, char **argv)
{
    int          rc, seen;
    const char  *before;

    if (o->json || livectl_option(o, "watch") == NULL) {
        return livectl_redis_look(o, "");
    }

    before = isatty(STDOUT_FILENO) ? LIVECTL_CLEAR : "\n";
    seen = 0;

    for ( ;; ) {

        rc = livectl_redis_look(o, before);

        /* a node that is away for a moment is looked for again */

        if (rc == LIVECTL_NONE || (rc == LIVECTL_USAGE && !seen)) {
            return rc;
        }

        seen = 1;
        sleep(1);
    }
}
