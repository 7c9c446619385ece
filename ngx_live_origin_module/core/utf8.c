#include "core/utf8.h"


int
lo_utf8_next(lo_utf8_t *u, unsigned char c)
{
    if (u->left) {
        if (c < u->low || c > u->high) {
            return LO_ERROR;
        }

        u->left--;
        u->low = 0x80;
        u->high = 0xbf;

        return LO_OK;
    }

    u->low = 0x80;
    u->high = 0xbf;

    if (c < 0x80) {
        return LO_OK;
    }

    if (c >= 0xc2 && c <= 0xdf) {
        u->left = 1;

    } else if (c >= 0xe0 && c <= 0xef) {
        u->left = 2;
        u->low = c == 0xe0 ? 0xa0 : 0x80;
        u->high = c == 0xed ? 0x9f : 0xbf;

    } else if (c >= 0xf0 && c <= 0xf4) {
        u->left = 3;
        u->low = c == 0xf0 ? 0x90 : 0x80;
        u->high = c == 0xf4 ? 0x8f : 0xbf;

    } else {
        return LO_ERROR;
    }

    return LO_OK;
}


int
lo_utf8_ok(lo_str_t s)
{
    size_t     i;
    lo_utf8_t  u;

    memset(&u, 0, sizeof(u));

    for (i = 0; i < s.len; i++) {
        if (lo_utf8_next(&u, s.data[i]) != LO_OK) {
            return 0;
        }
    }

    return u.left == 0;
}


void
lo_utf8_mend(char *s)
{
    char       *p;
    lo_utf8_t   u;

    /* from s to p: what has come of a character */

    memset(&u, 0, sizeof(u));

    for (p = s; *p != '\0'; p++) {

        if (lo_utf8_next(&u, *p) == LO_OK) {

            if (u.left == 0) {
                s = p + 1;
            }

            continue;
        }

        p = s;
        *s++ = '?';
        memset(&u, 0, sizeof(u));
    }

    while (s < p) {
        *s++ = '?';
    }
}
