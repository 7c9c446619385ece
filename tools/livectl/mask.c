/* livectl mask: numbers of a pipeline that are not to be served */

#include <stdio.h>

#include "livectl.h"


/* NULL: what is wrong has been said */

static json_t *
livectl_mask_body(const livectl_options_t *o, const char *pipeline)
{
    json_t      *body;
    long long    from, to;
    const char  *track;

    from = -1;
    to = -1;
    track = livectl_option(o, "track");

    if (livectl_option_number(o, "from", 0, INT64_MAX, &from) != LIVECTL_OK
        || livectl_option_number(o, "to", 0, INT64_MAX, &to) != LIVECTL_OK)
    {
        return NULL;
    }

    if (from >= 0 && to >= 0 && to < from) {
        livectl_complain("--to is not below --from");
        return NULL;
    }

    body = json_pack("{s:s}", "pipeline", pipeline);

    if (body == NULL) {
        livectl_complain("what was given is not UTF-8");
        return NULL;
    }

    if (track) {
        json_object_set_new(body, "track", json_string(track));
    }

    if (from >= 0) {
        json_object_set_new(body, "from", json_integer(from));
    }

    if (to >= 0) {
        json_object_set_new(body, "to", json_integer(to));
    }

    if (livectl_option(o, "off")) {
        json_object_set_new(body, "mask", json_false());
    }

    return body;
}


/* arrays of objects are tables, of words lists; whatever they are called */

static void
livectl_mask_print(json_t *json)
{
    char         buf[LIVECTL_VALUE];
    size_t       i;
    json_t      *v, *item;
    const char  *name;

    json_object_foreach(json, name, v) {

        if (json_array_size(v) && json_is_object(json_array_get(v, 0))) {
            printf("%s\n", name);
            livectl_table(v, "  ");
            continue;
        }

        if (json_array_size(v)) {
            printf("%s\n", name);

            json_array_foreach(v, i, item) {
                printf("  %s\n", livectl_value(NULL, item, buf, sizeof(buf)));
            }

            continue;
        }

        printf("%s: %s\n", name, livectl_value(name, v, buf, sizeof(buf)));
    }
}


int
livectl_mask(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    json_t            *body;
    livectl_answer_t   a;

    if (argc == 1) {

        if (livectl_option(o, "off") || livectl_option(o, "track")
            || livectl_option(o, "from") || livectl_option(o, "to"))
        {
            return livectl_complain("which pipeline?");
        }

        rc = livectl_ask_event(o, "GET", argv[0], "masks", NULL, 0, &a);

    } else {
        body = livectl_mask_body(o, argv[1]);

        rc = body ? livectl_ask_json(o, argv[0], "masks", body, &a)
                  : LIVECTL_USAGE;
    }

    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    livectl_mask_print(a.json);
    json_decref(a.json);

    return LIVECTL_OK;
}
