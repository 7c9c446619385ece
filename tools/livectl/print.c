/* what is said, and where: answers on stdout, complaints on stderr */

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "livectl.h"


#define LIVECTL_COLUMNS   64
#define LIVECTL_EPOCH     1e9         /* s; what is above is a time */


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


int
livectl_print(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(json);

    return LIVECTL_OK;
}


const char *
livectl_text(json_t *json, const char *name)
{
    const char  *s;

    s = json_string_value(json_object_get(json, name));

    return s ? s : "-";
}


const char *
livectl_time(double t, char *buf, size_t size)
{
    int        ms;
    size_t     n;
    time_t     s;
    struct tm  tm;

    s = (time_t) floor(t);
    ms = (int) ((t - floor(t)) * 1000);

    if (gmtime_r(&s, &tm) == NULL) {
        return "-";
    }

    n = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf + n, size - n, ".%03dZ", ms);

    return buf;
}


/* an object is "a=1 b=2", an array "a, b" */

static void
livectl_values(json_t *v, char *buf, size_t size)
{
    size_t       n;
    char         one[LIVECTL_VALUE];
    void        *iter;
    const char  *text;

    buf[0] = '\0';
    n = 0;

    if (json_is_array(v)) {

        for (size_t i = 0; i < json_array_size(v) && n < size; i++) {
            text = livectl_value(NULL, json_array_get(v, i), one,
                                 sizeof(one));
            n += (size_t) snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
                                   text);
        }

        return;
    }

    for (iter = json_object_iter(v); iter && n < size;
         iter = json_object_iter_next(v, iter))
    {
        text = livectl_value(json_object_iter_key(iter),
                             json_object_iter_value(iter), one, sizeof(one));
        n += (size_t) snprintf(buf + n, size - n, "%s%s=%s", n ? " " : "",
                               json_object_iter_key(iter), text);
    }
}


static int
livectl_is_ms(const char *name, json_t *v)
{
    size_t  len;

    len = name ? strlen(name) : 0;

    return len > 3 && strcmp(name + len - 3, "_ms") == 0
           && json_number_value(v) > LIVECTL_EPOCH * 1000;
}


const char *
livectl_value(const char *name, json_t *v, char *buf, size_t size)
{
    if (livectl_is_ms(name, v)) {
        return livectl_time(json_number_value(v) / 1000, buf, size);
    }

    switch (v ? json_typeof(v) : JSON_NULL) {

    case JSON_STRING:
        return json_string_value(v);

    case JSON_INTEGER:
        snprintf(buf, size, "%lld", json_integer_value(v));
        return buf;

    case JSON_REAL:
        if (json_real_value(v) > LIVECTL_EPOCH) {
            return livectl_time(json_real_value(v), buf, size);
        }

        snprintf(buf, size, "%.3f", json_real_value(v));
        return buf;

    case JSON_TRUE:
        return "yes";

    case JSON_FALSE:
        return "no";

    case JSON_ARRAY:
    case JSON_OBJECT:
        livectl_values(v, buf, size);
        return buf[0] ? buf : "-";

    default:
        return "-";
    }
}


/* ---- tables */

/* the names of all columns, in the order of appearance */

static unsigned
livectl_columns(json_t *rows, const char **columns)
{
    void         *iter;
    size_t        i;
    json_t       *row;
    unsigned      k, n;
    const char   *key;

    n = 0;

    json_array_foreach(rows, i, row) {

        for (iter = json_object_iter(row); iter;
             iter = json_object_iter_next(row, iter))
        {
            key = json_object_iter_key(iter);

            for (k = 0; k < n && strcmp(columns[k], key) != 0; k++) {
                /* void */
            }

            if (k == n && n < LIVECTL_COLUMNS) {
                columns[n++] = key;
            }
        }
    }

    return n;
}


static void
livectl_row(json_t *row, const char **columns, const size_t *widths,
    unsigned n, const char *prefix)
{
    char         buf[LIVECTL_VALUE];
    unsigned     k;
    const char  *text;

    fputs(prefix, stdout);

    for (k = 0; k < n; k++) {

        text = row ? livectl_value(columns[k],
                                   json_object_get(row, columns[k]), buf,
                                   sizeof(buf))
                   : columns[k];

        if (k + 1 < n) {
            printf("%-*s  ", (int) widths[k], text);

        } else {
            printf("%s\n", text);
        }
    }
}


void
livectl_table(json_t *rows, const char *prefix)
{
    char         buf[LIVECTL_VALUE];
    size_t       i, len, widths[LIVECTL_COLUMNS];
    json_t      *row;
    unsigned     k, n;
    const char  *columns[LIVECTL_COLUMNS];

    n = livectl_columns(rows, columns);

    for (k = 0; k < n; k++) {

        widths[k] = strlen(columns[k]);

        json_array_foreach(rows, i, row) {
            len = strlen(livectl_value(columns[k],
                                       json_object_get(row, columns[k]), buf,
                                       sizeof(buf)));
            widths[k] = len > widths[k] ? len : widths[k];
        }
    }

    if (n) {
        livectl_row(NULL, columns, widths, n, prefix);
    }

    json_array_foreach(rows, i, row) {
        livectl_row(row, columns, widths, n, prefix);
    }
}


void
livectl_sheet(json_t *rows, const char *prefix)
{
    char         buf[LIVECTL_VALUE];
    size_t       i, len, last, name, widths[LIVECTL_COLUMNS];
    json_t      *row;
    unsigned     k, n;
    const char  *text, *names[LIVECTL_COLUMNS];

    n = livectl_columns(rows, names);
    last = json_array_size(rows);
    last = (last < LIVECTL_COLUMNS ? last : LIVECTL_COLUMNS) - 1;
    name = 0;

    for (k = 0; k < n; k++) {

        len = strlen(names[k]);
        name = len > name ? len : name;

        for (i = 0; i < last; i++) {
            row = json_array_get(rows, i);
            len = strlen(livectl_value(names[k], json_object_get(row, names[k]),
                                       buf, sizeof(buf)));
            widths[i] = k && widths[i] > len ? widths[i] : len;
        }
    }

    for (k = 0; k < n; k++) {

        printf("%s%-*s", prefix, (int) name, names[k]);

        for (i = 0; i <= last; i++) {
            row = json_array_get(rows, i);
            text = livectl_value(names[k], json_object_get(row, names[k]),
                                 buf, sizeof(buf));
            printf("  %-*s", i < last ? (int) widths[i] : 0, text);
        }

        putchar('\n');
    }
}
