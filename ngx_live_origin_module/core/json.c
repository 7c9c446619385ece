#include "core/json.h"


/* RFC 8259, section 7: what has to be escaped, and what has a short form */

static void
lo_json_escape(lo_buf_t *b, unsigned char c)
{
    char               out[6];
    static const char  digits[] = "0123456789ABCDEF";
    static const char  plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char        *p;

    out[0] = '\\';
    p = memchr(plain, c, sizeof(plain) - 1);

    if (p) {
        out[1] = letters[p - plain];
        lo_buf_put(b, out, 2);
        return;
    }

    memcpy(&out[1], "u00", 3);
    out[4] = digits[c >> 4];
    out[5] = digits[c & 15];

    lo_buf_put(b, out, 6);
}


void
lo_json_text(lo_buf_t *b, lo_str_t s)
{
    size_t         i, from;
    unsigned char  c;

    for (from = 0, i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }

        lo_buf_put(b, s.data + from, i - from);
        lo_json_escape(b, c);
        from = i + 1;
    }

    if (from < s.len) {
        lo_buf_put(b, s.data + from, s.len - from);
    }
}


void
lo_json_string(lo_buf_t *b, lo_str_t s)
{
    lo_buf_put(b, "\"", 1);
    lo_json_text(b, s);
    lo_buf_put(b, "\"", 1);
}
