/*
 * Items of text: strings, display strings (UTF-8, percent-encoded) and bytes.
 */

#include "core/sfv_int.h"
#include "core/utf8.h"


int
lo_sfv_string(lo_sfv_t *s, lo_sfv_item_t *item)
{
    unsigned char         c;
    const unsigned char  *from;

    item->type = LO_SFV_STRING;
    from = ++s->pos;

    while (s->pos < s->end) {

        c = *s->pos;

        if (c == '"') {
            item->text = lo_sfv_from(s, from);
            s->pos++;
            return LO_OK;
        }

        if (c == '\\') {
            if (++s->pos == s->end || (*s->pos != '"' && *s->pos != '\\')) {
                return lo_sfv_bad(s, "only \\\" and \\\\ are escapes");
            }

        } else if (c < 0x20 || c > 0x7e) {
            return lo_sfv_bad(s, "a string is of printable ASCII");
        }

        s->pos++;
    }

    return lo_sfv_bad(s, "a string without an end");
}


static inline int
lo_sfv_hex(unsigned char c)
{
    if (lo_sfv_digit(c)) {
        return c - '0';
    }

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


int
lo_sfv_display(lo_sfv_t *s, lo_sfv_item_t *item)
{
    lo_utf8_t             utf8;
    unsigned char         c;
    const unsigned char  *from;

    item->type = LO_SFV_DISPLAY;

    if (s->end - s->pos < 2 || s->pos[1] != '"') {
        return lo_sfv_bad(s, "a display string begins with %\"");
    }

    s->pos += 2;
    from = s->pos;
    memset(&utf8, 0, sizeof(utf8));

    while (s->pos < s->end) {

        c = *s->pos;

        if (c == '"') {

            if (utf8.left) {
                break;
            }

            item->text = lo_sfv_from(s, from);
            s->pos++;
            return LO_OK;
        }

        if (c < 0x20 || c > 0x7e) {
            return lo_sfv_bad(s, "a display string is of printable ASCII");
        }

        if (c == '%') {

            if (s->end - s->pos < 3 || lo_sfv_hex(s->pos[1]) < 0
                || lo_sfv_hex(s->pos[2]) < 0)
            {
                return lo_sfv_bad(s, "% is followed by two of 0-9 a-f");
            }

            c = (unsigned char) (lo_sfv_hex(s->pos[1]) * 16
                                 + lo_sfv_hex(s->pos[2]));
            s->pos += 2;
        }

        s->pos++;

        if (lo_utf8_next(&utf8, c) != LO_OK) {
            return lo_sfv_bad(s, "a display string is no UTF-8");
        }
    }

    return lo_sfv_bad(s, "a display string without an end");
}


/* -1: no digit of base64 */

static int
lo_sfv_base64(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (lo_sfv_lower(c)) {
        return c - 'a' + 26;
    }

    if (lo_sfv_digit(c)) {
        return c - '0' + 52;
    }

    return c == '+' ? 62 : c == '/' ? 63 : -1;
}


int
lo_sfv_binary(lo_sfv_t *s, lo_sfv_item_t *item)
{
    size_t                n, pads;
    const unsigned char  *from;

    item->type = LO_SFV_BYTES;
    from = ++s->pos;

    while (s->pos < s->end && lo_sfv_base64(*s->pos) >= 0) {
        s->pos++;
    }

    n = (size_t) (s->pos - from);

    for (pads = 0; s->pos < s->end && *s->pos == '='; pads++) {
        s->pos++;
    }

    if (s->pos == s->end || *s->pos != ':' || n % 4 == 1 || pads > 2
        || (pads && (n + pads) % 4))
    {
        return lo_sfv_bad(s, "bytes are base64 between colons");
    }

    item->text = lo_sfv_from(s, from);
    s->pos++;

    return LO_OK;
}


int
lo_sfv_bytes(const lo_sfv_item_t *item, void *data, size_t cap)
{
    size_t          i, n;
    uint32_t        bits;
    unsigned        nbits;
    unsigned char  *p;

    p = data;
    n = 0;
    bits = 0;
    nbits = 0;

    for (i = 0; i < item->text.len && item->text.data[i] != '='; i++) {

        bits = bits << 6 | (uint32_t) lo_sfv_base64(item->text.data[i]);
        nbits += 6;

        if (nbits < 8) {
            continue;
        }

        nbits -= 8;

        if (n == cap) {
            return LO_FULL;
        }

        p[n++] = (unsigned char) (bits >> nbits);
    }

    return (int) n;
}
