/* livectl steer: CDNs that viewers of an event are to leave, or to use */

#include <string.h>

#include "livectl.h"


/* ids between commas; NULL: what is wrong has been said */

static json_t *
livectl_steer_ids(const char *text)
{
    size_t   n;
    json_t  *list;

    list = json_array();

    for ( ;; ) {

        n = strcspn(text, ",");

        if (json_array_append_new(list, json_stringn(text, n)) != 0) {
            json_decref(list);
            livectl_complain("what was given is not UTF-8");
            return NULL;
        }

        if (text[n] == '\0') {
            return list;
        }

        text += n + 1;
    }
}


static int
livectl_steer_change(const livectl_options_t *o, const char *event,
    const char *what, livectl_answer_t *a)
{
    json_t  *ids;

    ids = livectl_steer_ids(livectl_option(o, what));

    return ids ? livectl_ask_json(o, event, "steer",
                                  json_pack("{s:o}", what, ids), a)
               : LIVECTL_USAGE;
}


int
livectl_steer(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    unsigned           i;
    const char        *what;
    livectl_answer_t   a;

    static const char *const  words[] = { "drain", "undrain", "only", "show" };

    what = NULL;

    for (i = 0; i < 4; i++) {

        if (livectl_option(o, words[i]) == NULL) {
            continue;
        }

        if (what) {
            return livectl_complain("--%s or --%s, not both", what, words[i]);
        }

        what = words[i];
    }

    rc = what == NULL || strcmp(what, "show") == 0
         ? livectl_ask_event(o, "GET", argv[0], "steer", NULL, 0, &a)
         : livectl_steer_change(o, argv[0], what, &a);

    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    livectl_table(json_object_get(a.json, "cdns"), "");
    json_decref(a.json);

    return LIVECTL_OK;
}
