#include "core/base64.h"


static const char  lo_base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char  lo_base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";


static void
lo_base64_put_any(lo_buf_t *b, const unsigned char *p, size_t len,
    const char *digits)
{
    char      out[4];
    size_t    n;
    uint32_t  v;

    for ( /* void */ ; len; p += n, len -= n) {

        n = len < 3 ? len : 3;

        v = (uint32_t) p[0] << 16;
        v |= n > 1 ? (uint32_t) p[1] << 8 : 0;
        v |= n > 2 ? p[2] : 0;

        out[0] = digits[v >> 18];
        out[1] = digits[v >> 12 & 63];
        out[2] = digits[v >> 6 & 63];
        out[3] = digits[v & 63];

        lo_buf_put(b, out, n + 1);
    }
}


void
lo_base64url_put(lo_buf_t *b, const void *data, size_t len)
{
    lo_base64_put_any(b, data, len, lo_base64url_digits);
}


void
lo_base64_put(lo_buf_t *b, const void *data, size_t len)
{
    lo_base64_put_any(b, data, len, lo_base64_digits);

    if (len % 3) {
        lo_buf_put(b, "==", 3 - len % 3);
    }
}


/* of both alphabets */

static int
lo_base64_digit(unsigned char c, const char *last)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return c == (unsigned char) last[0] ? 62
           : c == (unsigned char) last[1] ? 63 : -1;
}


static int
lo_base64_any(unsigned char *out, size_t cap, lo_str_t text, const char *last)
{
    int       digit;
    size_t    i, n;
    uint32_t  v, bits;

    v = 0;
    bits = 0;
    n = 0;

    for (i = 0; i < text.len; i++) {

        digit = lo_base64_digit(text.data[i], last);
        if (digit < 0) {
            return LO_ERROR;
        }

        v = (v << 6 | (uint32_t) digit) & 0xfff;
        bits += 6;

        if (bits >= 8) {
            if (n == cap) {
                return LO_FULL;
            }

            bits -= 8;
            out[n++] = (unsigned char) (v >> bits);
        }
    }

    /* a lone digit, or bits that say nothing and are not 0 */

    if (bits == 6 || (v & ((1u << bits) - 1))) {
        return LO_ERROR;
    }

    return (int) n;
}


int
lo_base64url_read(unsigned char *out, size_t cap, lo_str_t text)
{
    return lo_base64_any(out, cap, text, "-_");
}


int
lo_base64_read(unsigned char *out, size_t cap, lo_str_t text)
{
    size_t  pad;

    for (pad = 0; pad < 2 && pad < text.len
                  && text.data[text.len - pad - 1] == '='; pad++)
    { /* void */ }

    if (text.len % 4) {
        return LO_ERROR;
    }

    text.len -= pad;

    return lo_base64_any(out, cap, text, "+/");
}


static int
lo_hex_digit(unsigned char c)
{
    return c >= '0' && c <= '9' ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}


int
lo_hex_read(unsigned char *out, size_t cap, lo_str_t text)
{
    int     high, low;
    size_t  i;

    if (text.len % 2) {
        return LO_ERROR;
    }

    if (text.len / 2 > cap) {
        return LO_FULL;
    }

    for (i = 0; i < text.len; i += 2) {

        high = lo_hex_digit(text.data[i]);
        low = lo_hex_digit(text.data[i + 1]);

        if (high < 0 || low < 0) {
            return LO_ERROR;
        }

        out[i / 2] = (unsigned char) (high << 4 | low);
    }

    return (int) (text.len / 2);
}


void
lo_hex_put(lo_buf_t *b, const unsigned char *data, size_t len)
{
    char                out[2];
    static const char   digits[] = "0123456789abcdef";

    for ( /* void */ ; len; data++, len--) {
        out[0] = digits[*data >> 4];
        out[1] = digits[*data & 15];
        lo_buf_put(b, out, 2);
    }
}
