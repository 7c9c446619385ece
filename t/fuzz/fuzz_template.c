/*
 * A template and a name, on two lines.  A name that is made by a template that
 * is accepted is read back by it.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/template.h"
#include "fuzz.h"


/* ISO/IEC 23009-1, 5.3.9.4.4, for templates that lo_template_check() takes;
   0: it has what is not made here */

static size_t
make(char *name, size_t size, lo_str_t t, const char *track, unsigned number)
{
    int         width;
    char        text[LO_TEMPLATE_MAX + 1];
    size_t      len;
    char       *p, *end;

    memcpy(text, t.data, t.len);
    text[t.len] = '\0';

    for (len = 0, p = text; *p != '\0'; p = end + 1) {

        if (*p != '$') {
            name[len++] = *p;
            end = p;
            continue;
        }

        end = strchr(p + 1, '$');

        if (end == NULL || len + 80 > size) {
            return 0;
        }

        width = 1;

        if (end == p + 1) {
            name[len++] = '$';

        } else if (strncmp(p, "$RepresentationID$", 18) == 0) {
            len += (size_t) sprintf(name + len, "%s", track);

        } else if (strncmp(p, "$Number$", 8) == 0
                   || (sscanf(p, "$Number%%0%dd$", &width) == 1
                       && width < 20))
        {
            len += (size_t) sprintf(name + len, "%0*u", width, number);

        } else {
            return 0;
        }
    }

    return len;
}


static void
check_made(lo_str_t t, unsigned number)
{
    char           name[4 * LO_TEMPLATE_MAX];
    lo_str_t       s;
    lo_template_t  m;

    s.data = (unsigned char *) name;
    s.len = make(name, sizeof(name), t, "v1", number);

    if (s.len) {
        check(lo_template_match(&m, t, s) == LO_OK);
        check(lo_str_eq(m.track, lo_cstr("v1")));
        check(m.number == 0 || m.number == number);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_err_t        err;
    lo_str_t        t, name;
    lo_template_t   m;
    unsigned char  *copy, *line;

    if (size < 1) {
        return 0;
    }

    copy = malloc(size);
    check(copy != NULL);
    memcpy(copy, data, size);

    line = memchr(copy, '\n', size);

    t.data = copy;
    t.len = line ? (size_t) (line - copy) : size;
    name.data = line ? line + 1 : copy;
    name.len = line ? size - t.len - 1 : size;

    if (lo_template_match(&m, t, name) == LO_OK) {
        check(!m.tracked || lo_id_ok(m.track));
        check(m.overflow || m.number <= (uint64_t) 1 << 53);
        check(m.track.len == 0
              || (m.track.data >= name.data
                  && m.track.data + m.track.len <= name.data + name.len));
    }

    if (lo_template_check(t, size & 1, &err) == LO_OK) {
        check(t.len <= LO_TEMPLATE_MAX);

        if (memchr(t.data, '\0', t.len) == NULL) {
            check_made(t, (unsigned) (size * 2654435761u));
        }

    } else {
        check(err.text[0] != '\0');
    }

    free(copy);

    return 0;
}
