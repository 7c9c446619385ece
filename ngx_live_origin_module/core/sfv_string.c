/*
 * Items of text: strings, display strings (UTF-8, percent-encoded) and bytes.
 */

#include "core/sfv_int.h"


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


/* one byte of percent-encoded UTF-8 after the others: its sequence's state */

static int
lo_sfv_utf8(unsigned *left, unsigned *low, unsigned *high, unsigned char c)
{
    if (*left) {
        if (c < *low || c > *high) {
            return LO_ERROR;
        }

        (*left)--;
        *low = 0x80;
        *high = 0xbf;

        return LO_OK;
    }

    *low = 0x80;
    *high = 0xbf;

    if (c < 0x80) {
        return LO_OK;
    }

    if (c >= 0xc2 && c <= 0xdf) {
        *left = 1;

    } else if (c >= 0xe0 && c <= 0xef) {
        *left = 2;
        *low = c == 0xe0 ? 0xa0 : 0x80;
        *high = c == 0xed ? 0x9f : 0xbf;

    } else if (c >= 0xf0 && c <= 0xf4) {
        *left = 3;
        *low = c == 0xf0 ? 0x90 : 0x80;
        *high = c == 0xf4 ? 0x8f : 0xbf;

    } else {
        return LO_ERROR;
    }

    return LO_OK;
}


int
lo_sfv_display(lo_sfv_t *s, lo_sfv_item_t *item)
{
    unsigned              left, low, high;
    unsigned char         c;
    const unsigned char  *from;

    item->type = LO_SFV_DISPLAY;

    if (s->end - s->pos < 2 || s->pos[1] != '"') {
        return lo_sfv_bad(s, "a display string begins with %\"");
    }

    s->pos += 2;
    from = s->pos;
    left = 0;
    low = 0x80;
    high = 0xbf;

    while (s->pos < s->end) {

        c = *s->pos;

        if (c == '"') {

            if (left) {
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

        if (lo_sfv_utf8(&left, &low, &high, c) != LO_OK) {
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
