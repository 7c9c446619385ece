/* livectl event: documents, and the life of an event */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "livectl.h"
#include "core/event.h"


int
livectl_event_list(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    size_t             i;
    json_t            *event, *head;
    livectl_answer_t   a;

    rc = livectl_ask(o, "GET", "events", NULL, 0, &a);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    json_array_foreach(json_object_get(a.json, "events"), i, event) {

        head = json_object_get(event, "head");

        printf("%-24s %-10s", livectl_text(event, "id"),
               livectl_text(event, "phase"));

        if (json_is_integer(head)) {
            printf(" %12lld", json_integer_value(head));

        } else {
            printf(" %12s", "-");
        }

        printf("  %s\n", json_object_get(event, "title")
                         ? livectl_text(event, "title") : "");
    }

    json_decref(a.json);

    return LIVECTL_OK;
}


/* both in one object: what is asked for, and what is */

int
livectl_event_show(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    livectl_answer_t   doc, status;

    rc = livectl_ask_event(o, "GET", argv[0], "", NULL, 0, &doc);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    rc = livectl_ask_event(o, "GET", argv[0], "status", NULL, 0, &status);
    if (rc != LIVECTL_OK) {
        json_decref(doc.json);
        return rc;
    }

    return livectl_print(json_pack("{s:o, s:o}", "document", doc.json,
                                   "status", status.json));
}


/* ---- put */

/* malloc'ed; NULL: what is wrong has been said */

static char *
livectl_read(const char *path, size_t *len)
{
    char   *text;
    FILE   *f;

    f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");

    if (f == NULL) {
        livectl_complain("%s cannot be read: %m", path);
        return NULL;
    }

    text = malloc(LO_EVENT_DOC_MAX + 1);
    *len = text ? fread(text, 1, LO_EVENT_DOC_MAX + 1, f) : 0;

    if (text == NULL || ferror(f) || *len > LO_EVENT_DOC_MAX) {
        livectl_complain("%s cannot be read, or is larger than 64 KB", path);
        free(text);
        text = NULL;
    }

    if (f != stdin) {
        fclose(f);
    }

    return text;
}


int
livectl_event_put(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    char              *text;
    size_t             len;
    lo_event_t         ev;
    char               id[LO_ID_MAX + 1];
    lo_event_err_t     err;
    livectl_answer_t   a;

    text = livectl_read(argv[0], &len);
    if (text == NULL) {
        return LIVECTL_USAGE;
    }

    memset(&err, 0, sizeof(err));

    if (lo_event_parse(&ev, text, len, &err) != LO_OK) {
        livectl_complain("%s: %s%s%s", argv[0], err.field,
                         err.field[0] ? ": " : "", err.err.text);
        free(text);
        return LIVECTL_WRONG;
    }

    snprintf(id, sizeof(id), "%.*s", (int) ev.id.len, ev.id.data);
    lo_event_free(&ev);

    rc = livectl_ask_event(o, "PUT", id, "", text, len, &a);
    free(text);

    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    printf("event %s %s\n", id, a.status == 201 ? "made" : "changed");
    json_decref(a.json);

    return LIVECTL_OK;
}


/* ---- its life */

static int
livectl_event_done(const livectl_options_t *o, const char *id,
    livectl_answer_t *a)
{
    json_t  *last;

    if (o->json) {
        return livectl_print(a->json);
    }

    printf("event %s is %s", id, livectl_text(a->json, "phase"));

    last = json_object_get(a->json, "last");

    if (json_is_integer(last)) {
        printf(", its last number is %lld", json_integer_value(last));
    }

    putchar('\n');
    json_decref(a->json);

    return LIVECTL_OK;
}


int
livectl_event_start(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    livectl_answer_t   a;

    rc = livectl_ask_json(o, argv[0], "start", json_object(), &a);

    return rc == LIVECTL_OK ? livectl_event_done(o, argv[0], &a) : rc;
}


int
livectl_event_end(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    long long          at;
    livectl_answer_t   a;

    at = -1;

    if (livectl_option_number(o, "at", 0, INT64_MAX, &at) != LIVECTL_OK) {
        return LIVECTL_USAGE;
    }

    rc = livectl_ask_json(o, argv[0], "end",
                          at < 0 ? json_object()
                                 : json_pack("{s:I}", "number",
                                             (json_int_t) at), &a);

    return rc == LIVECTL_OK ? livectl_event_done(o, argv[0], &a) : rc;
}


int
livectl_event_delete(const livectl_options_t *o, int argc, char **argv)
{
    int                rc;
    livectl_answer_t   a;

    rc = livectl_ask_event(o, "DELETE", argv[0], "", NULL, 0, &a);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    if (o->json) {
        return livectl_print(a.json);
    }

    printf("event %s deleted\n", argv[0]);
    json_decref(a.json);

    return LIVECTL_OK;
}
