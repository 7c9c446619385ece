/*
 * What is wrong between a node and Redis, in words, and what to do:
 * [{"wrong": whether livectl ends with 1, "what": ..., "do": ...}].
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "livectl.h"


#define LIVECTL_LATELY    300         /* s */
#define LIVECTL_ATTEMPTS  3           /* that failed in a row: no accident */
#define LIVECTL_SILENT    3.0         /* s; a worker reports ten times in one */


static void livectl_problem(json_t *list, int wrong, const char *what,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));


static void
livectl_problem(json_t *list, int wrong, const char *what, const char *fmt,
    ...)
{
    char     text[1024];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    json_array_append_new(list, json_pack("{s:b, s:s, s:s}", "wrong", wrong,
                                          "what", what, "do", text));
}


/* what to do about an error; of others the line itself says it */

static const char *
livectl_redis_remedy(const char *error)
{
    size_t  i;

    static const struct {
        const char  *part;
        const char  *remedy;
    } remedies[] = {
        { "(111:", "Nothing listens there: start Redis, or correct the "
          "address in live_origin_redis." },
        { "(2:", "There is no such socket: start Redis, or correct the path "
          "in live_origin_redis." },
        { "(13:", "The workers may not use this socket: see unixsocketperm." },
        { "connect() failed", "The host cannot be reached from here: look at "
          "the network, routes and firewalls between." },
        { "no connection in time", "The host does not answer: is it up, or "
          "does a firewall drop packets?  (connect_timeout)" },
        { "no answer in time", "It accepts connections and says nothing: is "
          "the process stopped, is it swapping, does it want tls=on?" },
        { "no reply in time", "Redis is stopped, or slower than timeout: look "
          "at its CPU and swap, at SLOWLOG GET and LATENCY DOCTOR." },
        { "server closed the connection", "Redis has ended or turns clients "
          "away: look at its log, and at maxclients." },
        { "connection was reset", "Redis has ended or turns clients away: "
          "look at its log, and at maxclients." },
        { "LOADING", "Redis reads its data from disk: wait." },
        { "it is a replica", "Name the primary, or use mode=sentinel; while a "
          "failover goes on, wait." },
        { "does not watch", "service= is no name that the Sentinels know: "
          "SENTINEL MASTERS lists them." },
    };

    for (i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (strstr(error, remedies[i].part)) {
            return remedies[i].remedy;
        }
    }

    return "See the error log of nginx, and the log of Redis.";
}


/* of all workers the newest error of a connection that is not up; NULL */

static const char *
livectl_redis_error(json_t *redis, const char *use)
{
    size_t       i, k;
    double       at, newest;
    json_t      *worker, *c;
    const char  *error;

    error = NULL;
    newest = 0;

    json_array_foreach(json_object_get(redis, "workers"), i, worker) {
        json_array_foreach(json_object_get(worker, "connections"), k, c) {

            at = json_number_value(json_object_get(c, "error_at"));

            if (strcmp(livectl_text(c, "for"), use) == 0
                && strcmp(livectl_text(c, "state"), "up") != 0
                && at > newest)
            {
                newest = at;
                error = json_string_value(json_object_get(c, "error"));
            }
        }
    }

    return error;
}


/* connections that are not up and were tried in vain */

static size_t
livectl_redis_failing(json_t *redis, const char *use, long long attempts)
{
    size_t       i, k, n;
    json_t      *worker, *c;
    const char  *state;

    n = 0;

    json_array_foreach(json_object_get(redis, "workers"), i, worker) {
        json_array_foreach(json_object_get(worker, "connections"), k, c) {

            state = livectl_text(c, "state");

            n += strcmp(livectl_text(c, "for"), use) == 0
                 && strcmp(state, "up") != 0 && strcmp(state, "idle") != 0
                 && json_integer_value(json_object_get(c, "attempts"))
                    >= attempts;
        }
    }

    return n;
}


/* ---- one after the other */

static void
livectl_redis_connected(json_t *redis, json_t *list)
{
    char         what[512];
    size_t       i, up, n;
    json_t      *workers, *w;
    const char  *error;

    workers = json_object_get(redis, "workers");
    n = json_array_size(workers);
    up = 0;

    json_array_foreach(workers, i, w) {
        up += json_is_true(json_object_get(w, "up"));
    }

    if (up == n) {

        if (livectl_redis_failing(redis, "commands", 1) == 0) {
            return;
        }

        error = livectl_redis_error(redis, "commands");
        snprintf(what, sizeof(what), "a node of the cluster cannot be reached "
                 "(%s): events whose slots it has are not shared",
                 error ? error : "no reason known");

    } else {
        error = livectl_redis_error(redis, "commands");

        if (error == NULL
            && strcmp(livectl_text(redis, "mode"), "sentinel") == 0)
        {
            error = livectl_redis_error(redis, "sentinels");
        }

        snprintf(what, sizeof(what), "%zu of %zu workers are not connected to "
                 "Redis (%s)", n - up, n, error ? error : "connecting");
    }

    livectl_problem(list, 1, what, "%s  Readers get what is in this node's "
                    "zone meanwhile, and 201 is said as live_origin_ack has "
                    "it; Redis is filled when it is back.",
                    error ? livectl_redis_remedy(error) : "Wait a second.");
}


/* stopped, or it hangs in a call: what it says is of then */

static void
livectl_redis_silent(json_t *redis, json_t *list)
{
    char     what[128];
    size_t   i;
    double   s;
    json_t  *w, *said;

    json_array_foreach(json_object_get(redis, "workers"), i, w) {

        said = json_object_get(w, "said");
        s = json_number_value(json_object_get(redis, "now"))
            - json_number_value(said);

        if (!json_is_number(said) || s < LIVECTL_SILENT) {
            continue;
        }

        snprintf(what, sizeof(what), "worker %lld has said nothing for %.0f "
                 "s: what stands here of it is old",
                 json_integer_value(json_object_get(w, "slot")), s);
        livectl_problem(list, 1, what, "Look at process %lld: is it stopped "
                        "(SIGSTOP), does it hang on a disk, is the machine "
                        "swapping?  Its requests wait; if it does not come "
                        "back, end it with SIGKILL: nginx starts another.",
                        json_integer_value(json_object_get(w, "pid")));
    }
}


/* at two primaries at once: a failover goes on, or two instances differ */

static void
livectl_redis_agree(json_t *redis, json_t *list)
{
    size_t       i;
    json_t      *w;
    const char  *one, *other;

    if (strcmp(livectl_text(redis, "mode"), "cluster") == 0) {
        return;
    }

    one = livectl_text(redis, "primary");

    json_array_foreach(json_object_get(redis, "workers"), i, w) {

        other = livectl_text(w, "primary");

        if (json_is_true(json_object_get(w, "up")) && strcmp(one, other) != 0)
        {
            livectl_problem(list, 1, "workers are connected to different "
                            "primaries", "%s and %s.  After a failover this "
                            "is over in seconds; if it stays, compare the "
                            "live_origin_redis of all nginx on this zone, "
                            "and ask the Sentinels.", one, other);
            return;
        }
    }
}


static void
livectl_redis_news(json_t *redis, json_t *list)
{
    size_t       i, k, envoys, hears;
    json_t      *w, *c;
    const char  *error;

    envoys = 0;
    hears = 0;

    json_array_foreach(json_object_get(redis, "workers"), i, w) {

        if (!json_is_true(json_object_get(w, "envoy"))) {
            continue;
        }

        envoys++;

        json_array_foreach(json_object_get(w, "connections"), k, c) {
            hears += strcmp(livectl_text(c, "for"), "news") == 0
                     && strcmp(livectl_text(c, "state"), "up") == 0;
        }
    }

    if (hears || strcmp(livectl_text(redis, "state"), "down") == 0) {
        return;
    }

    error = livectl_redis_error(redis, "news");

    livectl_problem(list, 1, envoys
                    ? "the news of other nodes are not heard"
                    : "no worker hears the news of other nodes",
                    "%s%s%s  Until then what others publish is found by the "
                    "walk, every 30 s, and by who asks for it.",
                    error ? error : "", error ? ".  " : "",
                    error ? livectl_redis_remedy(error)
                          : envoys ? "Wait a second."
                                   : "Wait a second; if it stays, a worker "
                                     "that has stopped (SIGSTOP, a disk that "
                                     "hangs) has the lock: end it.");
}


static void
livectl_redis_sentinels(json_t *redis, json_t *list)
{
    const char  *error;

    if (livectl_redis_failing(redis, "sentinels", LIVECTL_ATTEMPTS) == 0) {
        return;
    }

    error = livectl_redis_error(redis, "sentinels");

    livectl_problem(list, 1, "no Sentinel answers: a failover would not be "
                    "followed", "%s.  %s", error ? error : "No reason known",
                    error ? livectl_redis_remedy(error) : "");
}


static void
livectl_redis_replicas(json_t *redis, json_t *list)
{
    const char  *error;

    if (livectl_redis_failing(redis, "replicas", 1) == 0) {
        return;
    }

    error = livectl_redis_error(redis, "replicas");

    livectl_problem(list, 1, "replicas cannot be waited for: live_origin_ack "
                    "redis replicas=N is answered 503", "%s.  %s",
                    error ? error : "No reason known",
                    error ? livectl_redis_remedy(error) : "");
}


static void
livectl_redis_queue(json_t *redis, json_t *list)
{
    double       now, last;
    long long    n;
    const char  *joining;

    joining = json_string_value(json_object_get(redis, "joining"));
    now = json_number_value(json_object_get(redis, "now"));
    last = json_number_value(json_object_get(redis, "last_degraded"));
    n = json_integer_value(json_object_get(redis, "to_send"));

    if (joining) {
        livectl_problem(list, 1, strcmp(joining, "new") == 0
                        ? "this node has just begun: what it does not know is "
                          "answered 503 (joining)"
                        : "this node has come again and is behind: its API "
                          "changes no events",
                        "Wait: it asks others what there is, for 30 s at "
                        "most.");
    }

    if (n) {
        livectl_problem(list, 0, "segments wait for Redis",
                        "%lld at least are in this node's zone only.  They "
                        "are sent when Redis is there; until then do not "
                        "take this node down.", n);
    }

    if (last > 0 && now - last < LIVECTL_LATELY) {
        livectl_problem(list, 0, "201 was said without Redis of late",
                        "live_origin_ack allows it (degrade).  %lld since "
                        "the zone was made.",
                        json_integer_value(json_object_get(redis,
                                                           "degraded")));
    }
}


json_t *
livectl_redis_problems(json_t *redis)
{
    json_t  *list;

    list = json_array();

    livectl_redis_connected(redis, list);
    livectl_redis_silent(redis, list);
    livectl_redis_agree(redis, list);
    livectl_redis_news(redis, list);
    livectl_redis_sentinels(redis, list);
    livectl_redis_replicas(redis, list);
    livectl_redis_queue(redis, list);

    return list;
}
