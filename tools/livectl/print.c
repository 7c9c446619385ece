/* what is said, and where: answers on stdout, complaints on stderr */

#include <stdarg.h>
#include <stdio.h>

#include "livectl.h"


int
livectl_complain(const char *fmt, ...)
{
    va_list  args;

    fputs("livectl: ", stderr);

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);

    return LIVECTL_USAGE;
}


void
livectl_print(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(json);
}
