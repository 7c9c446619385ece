#include "core/dash_int.h"

#include <time.h>


void
lo_dash_escape(lo_buf_t *b, lo_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {

        switch (s.data[i]) {

        case '&':
            lo_buf_puts(b, "&amp;");
            break;

        case '<':
            lo_buf_puts(b, "&lt;");
            break;

        case '>':
            lo_buf_puts(b, "&gt;");
            break;

        case '"':
            lo_buf_puts(b, "&quot;");
            break;

        default:
            if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
                lo_buf_puts(b, " ");
                break;
            }

            /* U+FFFE and U+FFFF are no characters of XML */

            if (s.len - i >= 3 && s.data[i] == 0xef && s.data[i + 1] == 0xbf
                && s.data[i + 2] >= 0xbe)
            {
                lo_buf_puts(b, " ");
                i += 2;
                break;
            }

            lo_buf_put(b, &s.data[i], 1);
        }
    }
}


/* a fraction of a second, as short as it can be said */

static void
lo_dash_fraction(lo_buf_t *b, int64_t us)
{
    int       n;
    unsigned  f;

    f = us % LO_USEC;

    if (f == 0) {
        return;
    }

    for (n = 6; f % 10 == 0; n--) {
        f /= 10;
    }

    lo_buf_printf(b, ".%0*u", n, f);
}


void
lo_dash_duration(lo_buf_t *b, const char *name, int64_t us)
{
    if (us < 0) {
        us = 0;
    }

    lo_buf_printf(b, " %s=\"PT%llu", name,
                  (unsigned long long) (us / LO_USEC));
    lo_dash_fraction(b, us);
    lo_buf_puts(b, "S\"");
}


void
lo_dash_time(lo_buf_t *b, const char *name, int64_t us)
{
    time_t     sec;
    struct tm  tm;

    if (us < 0) {
        us = 0;
    }

    sec = us / LO_USEC;

    if (gmtime_r(&sec, &tm) == NULL) {
        memset(&tm, 0, sizeof(struct tm));
    }

    lo_buf_printf(b, " %s=\"%04d-%02d-%02dT%02d:%02d:%02d", name,
                  tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                  tm.tm_min, tm.tm_sec);
    lo_dash_fraction(b, us);
    lo_buf_puts(b, "Z\"");
}


void
lo_dash_attr(lo_buf_t *b, const char *name, lo_str_t value)
{
    lo_buf_printf(b, " %s=\"", name);
    lo_dash_escape(b, value);
    lo_buf_puts(b, "\"");
}


void
lo_dash_descriptor(lo_buf_t *b, const char *indent, const char *element,
    const char *scheme, lo_str_t value)
{
    lo_buf_printf(b, "%s<%s schemeIdUri=\"%s\"", indent, element, scheme);

    if (value.len) {
        lo_dash_attr(b, "value", value);
    }

    lo_buf_puts(b, "/>\n");
}


uint64_t
lo_dash_gcd(uint64_t a, uint64_t b)
{
    uint64_t  rest;

    while (b != 0) {
        rest = a % b;
        a = b;
        b = rest;
    }

    return a;
}
