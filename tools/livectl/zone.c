/* livectl zone: reads the file itself; no nginx has to run */

#include <stdio.h>
#include <unistd.h>

#include "livectl.h"
#include "zone/zone.h"


#define LIVECTL_LINES  20        /* of errors that are printed */


static lo_zone_t *
livectl_zone(const char *path)
{
    lo_err_t    err;
    lo_zone_t  *z;

    z = lo_zone_attach(path, 1, &err);

    if (z == NULL) {
        livectl_complain("%s", err.text);
    }

    return z;
}


static json_t *
livectl_zone_events(lo_zone_t *z, const lo_zone_stat_t *st)
{
    json_t           *events;
    unsigned          i;
    lo_zone_event_t  *ev;

    events = json_array();

    for (i = 0; i < st->events_max; i++) {

        ev = lo_zone_event(z, i);
        if (ev == NULL) {
            continue;
        }

        json_array_append_new(events,
            json_pack("{s:s, s:I, s:I, s:I, s:I}", "id", ev->id,
                      "tracks", (json_int_t) ev->ntracks,
                      "head", (json_int_t) ev->head,
                      "share", (json_int_t) (ev->share * st->page_size),
                      "used", (json_int_t) (ev->used * st->page_size)));
    }

    return events;
}


int
livectl_zone_stat(const livectl_options_t *o, int argc, char **argv)
{
    char             uuid[37];
    size_t           i;
    json_t          *events, *ev;
    lo_zone_t       *z;
    lo_zone_stat_t   st;

    z = livectl_zone(argv[0]);
    if (z == NULL) {
        return LIVECTL_USAGE;
    }

    lo_zone_stat(z, &st);
    lo_zone_uuid(z, uuid);
    events = livectl_zone_events(z, &st);

    if (o->json) {
        livectl_print(json_pack("{s:s, s:i, s:I, s:I, s:I, s:i, s:i, s:o}",
                                "uuid", uuid, "layout", (int) st.layout,
                                "size", (json_int_t) st.size,
                                "bytes_total",
                                (json_int_t) (st.pages * st.page_size),
                                "bytes_free",
                                (json_int_t) (st.pages_free * st.page_size),
                                "workers", (int) st.workers,
                                "events_max", (int) st.events_max,
                                "events", events));
        lo_zone_close(z);
        return LIVECTL_OK;
    }

    printf("zone %s, layout %u, %u workers\n"
           "%llu of %llu MB free, %zu of %u events\n",
           uuid, st.layout, st.workers,
           (unsigned long long) (st.pages_free * st.page_size >> 20),
           (unsigned long long) (st.pages * st.page_size >> 20),
           json_array_size(events), st.events_max);

    json_array_foreach(events, i, ev) {
        printf("  %-24s %3lld tracks  head %lld  %lld of %lld MB\n",
               json_string_value(json_object_get(ev, "id")),
               json_integer_value(json_object_get(ev, "tracks")),
               json_integer_value(json_object_get(ev, "head")),
               json_integer_value(json_object_get(ev, "used")) >> 20,
               json_integer_value(json_object_get(ev, "share")) >> 20);
    }

    json_decref(events);
    lo_zone_close(z);

    return LIVECTL_OK;
}


static void
livectl_line(void *data, const char *line)
{
    json_t  *lines;

    lines = data;

    if (json_array_size(lines) < LIVECTL_LINES) {
        json_array_append_new(lines, json_string(line));
    }
}


int
livectl_zone_check(const livectl_options_t *o, int argc, char **argv)
{
    size_t           i;
    json_t          *lines, *line;
    long long        look, looks;
    lo_zone_t       *z;
    lo_zone_check_t  c;

    looks = 5;

    if (livectl_option_number(o, "looks", 1, 3600, &looks) != LIVECTL_OK) {
        return LIVECTL_USAGE;
    }

    z = livectl_zone(argv[0]);
    if (z == NULL) {
        return LIVECTL_USAGE;
    }

    lines = json_array();

    for (look = 1; /* void */ ; look++) {

        json_array_clear(lines);
        lo_zone_check(z, livectl_option(o, "digests") != NULL, &c,
                      livectl_line, lines);

        if ((c.errors == 0 && c.leaks == 0) || look >= looks) {
            break;
        }

        sleep(1);
    }

    lo_zone_close(z);

    if (o->json) {
        livectl_print(json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I,"
                                " s:I, s:o}",
                                "ok", c.errors == 0 && c.leaks == 0,
                                "objects", (json_int_t) c.objects,
                                "segments", (json_int_t) c.segments,
                                "uploads", (json_int_t) c.private,
                                "retired", (json_int_t) c.retired,
                                "pinned", (json_int_t) c.pinned,
                                "pages_used", (json_int_t) c.pages_used,
                                "errors", (json_int_t) c.errors,
                                "leaks", (json_int_t) c.leaks,
                                "lines", lines));

    } else {
        json_array_foreach(lines, i, line) {
            printf("%s\n", json_string_value(line));
        }

        printf("%llu objects, %llu of them segments, %llu pages; %llu "
               "uploads, %llu retired, %llu pinned; %llu errors, %llu leaks\n",
               (unsigned long long) c.objects,
               (unsigned long long) c.segments,
               (unsigned long long) c.pages_used,
               (unsigned long long) c.private,
               (unsigned long long) c.retired,
               (unsigned long long) c.pinned,
               (unsigned long long) c.errors,
               (unsigned long long) c.leaks);
        json_decref(lines);
    }

    return c.errors == 0 && c.leaks == 0 ? LIVECTL_OK : LIVECTL_WRONG;
}
