/*
 * livectl status: the node and its events in the terminal, once a second.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "livectl.h"


#define LIVECTL_CLEAR  "\033[H\033[J"
#define LIVECTL_MB     (1024.0 * 1024)


/* ---- asking: {"node": ..., "events": [...]} */

static int
livectl_status_event(const livectl_options_t *o, const char *id,
    json_t *events)
{
    int                rc;
    livectl_answer_t   a;

    rc = livectl_ask_event(o, "GET", id, "status", NULL, 0, &a);

    if (rc == LIVECTL_OK) {
        json_array_append_new(events, a.json);
    }

    return rc;
}


static int
livectl_status_all(const livectl_options_t *o, json_t *events)
{
    int                rc;
    size_t             i;
    json_t            *event;
    livectl_answer_t   a;

    rc = livectl_ask(o, "GET", "events", NULL, 0, &a);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    json_array_foreach(json_object_get(a.json, "events"), i, event) {

        /* one that was deleted meanwhile is no reason to give up */

        if (livectl_status_event(o, livectl_text(event, "id"), events)
            == LIVECTL_USAGE)
        {
            rc = LIVECTL_USAGE;
            break;
        }
    }

    json_decref(a.json);

    return rc;
}


static int
livectl_status_ask(const livectl_options_t *o, const char *id, json_t **all)
{
    int                rc;
    json_t            *events;
    livectl_answer_t   a;

    rc = livectl_ask(o, "GET", "status", NULL, 0, &a);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    events = json_array();
    rc = id ? livectl_status_event(o, id, events)
            : livectl_status_all(o, events);

    *all = json_pack("{s:o, s:o}", "node", a.json, "events", events);

    if (rc != LIVECTL_OK) {
        json_decref(*all);
    }

    return rc;
}


/* ---- printing */

static void
livectl_status_node(json_t *node)
{
    char    now[64];
    json_t  *zone;

    zone = json_object_get(node, "zone");

    printf("%s  zone %s: %.0f of %.0f MB used, %lld of %lld events;  "
           "%zu workers\n"
           "holds %lld;  SLA missed: write %lld, read %lld\n",
           livectl_time((double) time(NULL), now, sizeof(now)),
           livectl_text(zone, "name"),
           json_number_value(json_object_get(zone, "bytes_used"))
           / LIVECTL_MB,
           json_number_value(json_object_get(zone, "bytes_total"))
           / LIVECTL_MB,
           json_integer_value(json_object_get(zone, "events")),
           json_integer_value(json_object_get(zone, "events_max")),
           json_array_size(json_object_get(node, "workers")),
           json_integer_value(json_object_get(node, "holds")),
           json_integer_value(json_object_get(node, "write_sla_missed")),
           json_integer_value(json_object_get(node, "read_sla_missed")));
}


/* "good 812, short 3": what there is any of */

static json_t *
livectl_status_verdicts(json_t *verdicts)
{
    char         text[LIVECTL_VALUE];
    size_t       n;
    json_t      *v;
    const char  *word;

    text[0] = '\0';
    n = 0;

    json_object_foreach(verdicts, word, v) {
        if (json_number_value(v) > 0 && n < sizeof(text)) {
            n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s %lld",
                                   n ? ", " : "", word,
                                   json_integer_value(v));
        }
    }

    return json_string(text);
}


/* a row for each pipeline of the track; what the rows above say is left out */

static void
livectl_status_track(json_t *rows, json_t *track)
{
    size_t   i;
    json_t  *pipelines, *p, *row;

    pipelines = json_object_get(track, "pipelines");

    row = json_pack("{s:s, s:s, s:O?, s:O?}", "track",
                    livectl_text(track, "id"), "codec",
                    livectl_text(track, "codec"), "head",
                    json_object_get(track, "head"), "age_s",
                    json_object_get(track, "head_age_s"));

    if (row && json_array_size(pipelines) == 0) {
        json_array_append(rows, row);
    }

    json_array_foreach(pipelines, i, p) {

        if (row == NULL) {
            row = json_pack("{s:s, s:s, s:s, s:s}", "track", "", "codec", "",
                            "head", "", "age_s", "");
        }

        json_object_set(row, "pipeline", json_object_get(p, "id"));
        json_object_set(row, "segments", json_object_get(p, "segments"));
        json_object_set(row, "late", json_object_get(p, "late"));
        json_object_set(row, "refused", json_object_get(p, "refused"));
        json_object_set(row, "write_ms", json_object_get(p, "write_ms"));
        json_object_set_new(row, "verdicts",
            livectl_status_verdicts(json_object_get(p, "verdicts")));

        json_array_append_new(rows, row);
        row = NULL;
    }

    json_decref(row);
}


static void
livectl_status_events(json_t *events)
{
    char     head[32], last[32], window[32];
    size_t   i, k;
    json_t  *event, *track, *rows;

    json_array_foreach(events, i, event) {

        printf("\n%s  %s  head %s  last %s  window %s s  %.0f of %.0f MB\n",
               livectl_text(event, "id"), livectl_text(event, "phase"),
               livectl_value(NULL, json_object_get(event, "head"),
                             head, sizeof(head)),
               livectl_value(NULL, json_object_get(event, "last"),
                             last, sizeof(last)),
               livectl_value(NULL, json_object_get(event, "window_s"),
                             window, sizeof(window)),
               json_number_value(json_object_get(event, "used_bytes"))
               / LIVECTL_MB,
               json_number_value(json_object_get(event, "share_bytes"))
               / LIVECTL_MB);

        rows = json_array();

        json_array_foreach(json_object_get(event, "tracks"), k, track) {
            livectl_status_track(rows, track);
        }

        livectl_table(rows, "  ");
        json_decref(rows);
    }
}


int
livectl_status(const livectl_options_t *o, int argc, char **argv)
{
    int      rc, once, seen;
    json_t  *all;

    once = o->json || livectl_option(o, "once") || !isatty(STDOUT_FILENO);
    seen = 0;

    for ( ;; ) {

        rc = livectl_status_ask(o, argc ? argv[0] : NULL, &all);

        if (rc == LIVECTL_OK && o->json) {
            return livectl_print(all);
        }

        if (rc == LIVECTL_OK) {
            seen = 1;
            fputs(once ? "" : LIVECTL_CLEAR, stdout);
            livectl_status_node(json_object_get(all, "node"));
            livectl_status_events(json_object_get(all, "events"));
            fflush(stdout);
            json_decref(all);
        }

        /* a node that is away for a moment is looked for again */

        if (once || !seen) {
            return rc;
        }

        sleep(1);
    }
}
