#include <stdio.h>

#include "core/base.h"


int
lo_err(lo_err_t *err, const char *fmt, ...)
{
    unsigned char  *p;
    va_list         args;

    if (err != NULL) {
        va_start(args, fmt);
        vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);

        /* a box's type may be any four bytes, and a log has lines */

        for (p = (unsigned char *) err->text; *p != '\0'; p++) {
            if (*p < 0x20 || *p > 0x7e) {
                *p = '?';
            }
        }
    }

    return LO_ERROR;
}


void
lo_buf_init(lo_buf_t *b, void *mem, size_t size)
{
    b->start = mem;
    b->pos = mem;
    b->end = size ? b->start + size : b->start;
    b->need = 0;
}


/* what lies in the buffer is always a prefix of what was put */

void
lo_buf_put(lo_buf_t *b, const void *data, size_t len)
{
    size_t  room;

    room = b->end - b->pos;
    b->need += len;

    if (len > room) {
        len = room;
    }

    if (len) {
        memcpy(b->pos, data, len);
        b->pos += len;
    }
}


void
lo_buf_puts(lo_buf_t *b, const char *s)
{
    lo_buf_put(b, s, strlen(s));
}


void
lo_buf_u64(lo_buf_t *b, uint64_t v)
{
    char  text[20], *p;

    p = text + sizeof(text);

    do {
        *--p = '0' + v % 10;
        v /= 10;
    } while (v);

    lo_buf_put(b, p, text + sizeof(text) - p);
}


void
lo_buf_printf(lo_buf_t *b, const char *fmt, ...)
{
    int      len;
    char     text[512];
    size_t   room;
    va_list  args;

    va_start(args, fmt);
    len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    if (len < 0) {
        return;
    }

    if ((size_t) len < sizeof(text)) {
        lo_buf_put(b, text, len);
        return;
    }

    room = b->end - b->pos;

    if ((size_t) len >= room) {

        /* vsnprintf() would want the place of its final zero too */

        b->need += (size_t) len + 1;
        b->pos = b->end;
        return;
    }

    va_start(args, fmt);
    vsnprintf((char *) b->pos, room, fmt, args);
    va_end(args);

    b->pos += len;
    b->need += len;
}


int64_t
lo_rescale(int64_t v, uint64_t num, uint64_t den, lo_round_e round)
{
    int                neg, up;
    uint64_t           rest;
    unsigned __int128  q;

    neg = v < 0;

    q = (unsigned __int128) (neg ? 0 - (uint64_t) v : (uint64_t) v) * num;

    if (q <= UINT64_MAX) {
        rest = (uint64_t) q % den;
        q = (uint64_t) q / den;

    } else {
        rest = (uint64_t) (q % den);
        q /= den;
    }

    switch (round) {

    case LO_FLOOR:
        up = neg && rest;
        break;

    case LO_CEIL:
        up = !neg && rest;
        break;

    default:
        up = rest >= den - rest;
        break;
    }

    q += up;

    if (neg) {
        return q > (uint64_t) INT64_MAX ? INT64_MIN : -(int64_t) q;
    }

    return q > (uint64_t) INT64_MAX ? INT64_MAX : (int64_t) q;
}


int
lo_id_ok(lo_str_t id)
{
    size_t         i;
    unsigned char  c;

    if (id.len == 0 || id.len > LO_ID_MAX) {
        return 0;
    }

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9'))
        {
            continue;
        }

        if (i == 0 || (c != '.' && c != '_' && c != '-')) {
            return 0;
        }
    }

    return 1;
}
