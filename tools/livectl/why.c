/*
 * livectl why: what happened to one segment.  What the API says is printed by
 * its own names, so that what a newer node adds is seen, too.
 */

#include <stdio.h>
#include <string.h>

#include "livectl.h"
#include "core/base.h"


/* words and numbers first, then what has members, each under its name */

static void
livectl_why_print(json_t *json)
{
    char         buf[LIVECTL_VALUE];
    json_t      *v, *one;
    const char  *name;

    json_object_foreach(json, name, v) {
        if (!json_is_object(v) && !json_is_object(json_array_get(v, 0))) {
            printf("%-10s %s\n", name,
                   livectl_value(name, v, buf, sizeof(buf)));
        }
    }

    json_object_foreach(json, name, v) {

        if (json_is_object(v)) {
            printf("\n%s\n", name);
            one = json_pack("[O]", v);
            livectl_sheet(one, "  ");
            json_decref(one);

        } else if (json_is_object(json_array_get(v, 0))) {
            printf("\n%s\n", name);
            livectl_sheet(v, "  ");
        }
    }
}


int
livectl_why(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    char               what[512];
    long long          number;
    livectl_answer_t   a;

    if (!lo_id_ok(lo_cstr(argv[1]))) {
        return livectl_complain("\"%s\" is no track's id", argv[1]);
    }

    if (livectl_number(argv[2], 0, INT64_MAX, &number) != LIVECTL_OK) {
        return livectl_complain("\"%s\" is no number", argv[2]);
    }

    snprintf(what, sizeof(what), "why/%s/%lld", argv[1], number);

    rc = livectl_ask_event(o, "GET", argv[0], what, NULL, 0, &a);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    livectl_why_print(a.json);
    json_decref(a.json);

    return LIVECTL_OK;
}
