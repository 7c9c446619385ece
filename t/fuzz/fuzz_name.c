/*
 * Paths of any bytes through the URL grammar.  What is taken must be in its
 * strictest form: ids that are ids, numbers in range, pointers into the path.
 * The first byte says which side reads it; a template and a path lie apart by
 * a newline.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/template.h"
#include "fuzz.h"


static void
check_name(const lo_name_t *n, lo_str_t path)
{
    check(lo_id_ok(n->event));
    check(n->track.len == 0 || lo_id_ok(n->track));
    check(n->class.len == 0 || n->class.data[0] == '_'
          || lo_id_ok(n->class));
    check(n->pipeline.len == 0 || lo_id_ok(n->pipeline));
    check(n->kind == LO_NAME_PATCH || n->number <= (uint64_t) 1 << 53);
    check(n->token.len == 0 || memchr(n->token.data, '/', n->token.len)
                               == NULL);
    check(memmem(path.data, path.len, "/../", 4) == NULL);
    check(memchr(path.data, '\0', path.len) == NULL);

    inside(n->event, path);
    inside(n->track, path);
    inside(n->token, path);
    inside(n->class, path);
    inside(n->pipeline, path);
}


static void
publish(lo_str_t path, lo_str_t template)
{
    int        rc;
    lo_err_t   err;
    lo_name_t  n, e;
    lo_str_t   none = lo_null_string;

    rc = lo_name_publish(&n, path, none, template, &err);
    check(rc == LO_OK || rc == LO_ERROR);

    if (rc != LO_OK) {
        return;
    }

    check_name(&n, path);
    check(n.kind != LO_NAME_NONE && n.kind <= LO_NAME_MANIFEST);
    check(n.kind == LO_NAME_MANIFEST || n.track.len);

    /* what is read before the event's naming is known says the same */

    check(lo_name_event(&e, path, &err) == LO_OK);
    check(lo_str_eq(e.event, n.event) && lo_str_eq(e.pipeline, n.pipeline));
}


/* a cache has one key for a segment: its name cannot be spelt otherwise */

static void
check_spelling(const lo_name_t *n, lo_str_t path)
{
    int   len;
    char  name[64];

    if (n->kind == LO_NAME_SEGMENT) {
        len = snprintf(name, sizeof(name), "/%llu.m4s",
                       (unsigned long long) n->number);

    } else if (n->kind == LO_NAME_PART) {
        len = snprintf(name, sizeof(name), "/%llu.%u.m4s",
                       (unsigned long long) n->number, n->part);

    } else {
        return;
    }

    check(path.len > (size_t) len
          && memcmp(path.data + path.len - len, name, len) == 0);
}


static void
serve(lo_str_t path)
{
    int        rc;
    lo_name_t  n;

    rc = lo_name_serve(&n, path);
    check(rc == LO_OK || rc == LO_NONE);

    if (rc == LO_OK) {
        check_name(&n, path);
        check(n.kind != LO_NAME_NONE && n.pipeline.len == 0);
        check_spelling(&n, path);

    } else {
        check(n.kind == LO_NAME_NONE);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_err_t        err;
    lo_str_t        path, template;
    unsigned char  *copy, *line;

    if (size < 2) {
        return 0;
    }

    /* of its exact size, so that ASan sees one byte too many */

    copy = malloc(size - 1);
    check(copy != NULL);
    memcpy(copy, data + 1, size - 1);

    path.data = copy;
    path.len = size - 1;
    template.data = NULL;
    template.len = 0;

    line = memchr(copy, '\n', size - 1);

    if (line != NULL) {
        template.data = copy;
        template.len = (size_t) (line - copy);
        path.data = line + 1;
        path.len -= template.len + 1;
        (void) lo_template_check(template, 1, &err);
    }

    if (data[0] & 1) {
        serve(path);

    } else {
        publish(path, template);
    }

    free(copy);

    return 0;
}
