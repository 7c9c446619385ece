/* livectl notify: messages that the responses of an event carry */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "livectl.h"


/* seconds, or a time: --expires 30, --expires 2026-11-22T21:00:00Z */

static int
livectl_notify_expires(const livectl_options_t *o, json_t *body)
{
    char        *end;
    double       s;
    const char  *when;

    when = livectl_option(o, "expires");

    if (when == NULL) {
        return LIVECTL_OK;
    }

    s = strtod(when, &end);

    if (when[0] && *end == '\0') {
        return json_object_set_new(body, "expires_s", json_real(s)) == 0
               ? LIVECTL_OK
               : livectl_complain("--expires is seconds, or a time like "
                                  "2026-11-22T21:00:00Z");
    }

    json_object_set_new(body, "expires", json_string(when));

    return LIVECTL_OK;
}


int
livectl_notify(const livectl_options_t *o, int argc, char **argv)
{
    int                rc, remove;
    json_t            *body;
    livectl_answer_t   a;

    remove = livectl_option(o, "remove") != NULL;

    if (argc == 1) {

        if (remove || livectl_option(o, "expires")) {
            return livectl_complain("which key?");
        }

        rc = livectl_ask_event(o, "GET", argv[0], "notify", NULL, 0, &a);

    } else {

        if (remove != (argc == 2)) {
            return livectl_complain("a key has a value, or is removed by "
                                    "--remove");
        }

        body = json_pack("{s:s, s:s?}", "key", argv[1], "value",
                         remove ? NULL : argv[2]);

        if (body && livectl_notify_expires(o, body) != LIVECTL_OK) {
            json_decref(body);
            return LIVECTL_USAGE;
        }

        rc = livectl_ask_json(o, argv[0], "notify", body, &a);
    }

    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    livectl_table(json_object_get(a.json, "notices"), "");
    json_decref(a.json);

    return LIVECTL_OK;
}
