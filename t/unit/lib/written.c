#include "lib/written.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>


char  written[65536];


void
written_by(written_pt write, const lo_manifest_t *m)
{
    lo_buf_t  b;

    lo_buf_init(&b, written, sizeof(written) - 1);
    write(&b, m);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';
}


unsigned
written_count(const char *part)
{
    unsigned     n;
    const char  *p;

    for (n = 0, p = written; (p = strstr(p, part)) != NULL; p++) {
        n++;
    }

    return n;
}


void
written_has(const char *part)
{
    if (strstr(written, part) == NULL) {
        print_error("not found: %s\nin: %s\n", part, written);
    }

    assert_non_null(strstr(written, part));
}
