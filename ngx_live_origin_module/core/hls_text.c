/*
 * Attribute values.
 */

#include "core/hls_int.h"

#include <time.h>


void
lo_hls_digits(lo_buf_t *b, uint64_t v, unsigned n)
{
    char      text[20];
    unsigned  i;

    for (i = n; i > 0; i--) {
        text[i - 1] = '0' + v % 10;
        v /= 10;
    }

    lo_buf_put(b, text, n);
}


void
lo_hls_milli(lo_buf_t *b, int64_t milli)
{
    uint64_t  v;
    unsigned  n;

    v = milli < 0 ? (uint64_t) -milli : (uint64_t) milli;

    if (milli < 0) {
        lo_buf_put(b, "-", 1);
    }

    lo_buf_u64(b, v / 1000);

    v %= 1000;

    if (v == 0) {
        return;
    }

    for (n = 3; v % 10 == 0; v /= 10, n--) { /* void */ }

    lo_buf_put(b, ".", 1);
    lo_hls_digits(b, v, n);
}


void
lo_hls_date(lo_buf_t *b, int64_t us)
{
    time_t     sec;
    int64_t    ms;
    struct tm  tm;

    ms = us > 0 ? (us + 500) / 1000 : 0;
    sec = ms / 1000;

    if (gmtime_r(&sec, &tm) == NULL) {
        memset(&tm, 0, sizeof(struct tm));
    }

    lo_hls_digits(b, tm.tm_year + 1900, 4);
    lo_buf_put(b, "-", 1);
    lo_hls_digits(b, tm.tm_mon + 1, 2);
    lo_buf_put(b, "-", 1);
    lo_hls_digits(b, tm.tm_mday, 2);
    lo_buf_put(b, "T", 1);
    lo_hls_digits(b, tm.tm_hour, 2);
    lo_buf_put(b, ":", 1);
    lo_hls_digits(b, tm.tm_min, 2);
    lo_buf_put(b, ":", 1);
    lo_hls_digits(b, tm.tm_sec, 2);
    lo_buf_put(b, ".", 1);
    lo_hls_digits(b, ms % 1000, 3);
    lo_buf_put(b, "Z", 1);
}


/* a quoted string has no quotes, a playlist no control characters (RFC 8216,
   4.1: U+0000 to U+001F, U+007F to U+009F) */

void
lo_hls_quoted(lo_buf_t *b, const char *name, lo_str_t s)
{
    size_t  i;

    lo_buf_puts(b, name);
    lo_buf_puts(b, "=\"");

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"') {
            lo_buf_puts(b, "'");

        } else if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            lo_buf_puts(b, " ");

        } else if (s.data[i] == 0xc2 && i + 1 < s.len
                   && s.data[i + 1] >= 0x80 && s.data[i + 1] < 0xa0)
        {
            lo_buf_puts(b, " ");
            i++;

        } else {
            lo_buf_put(b, &s.data[i], 1);
        }
    }

    lo_buf_puts(b, "\"");
}


void
lo_hls_uri(const lo_hls_master_t *x, const lo_manifest_track_t *t)
{
    lo_hls_cdn_playlist(x->b, x->m, x->cdn, t->id);
}
