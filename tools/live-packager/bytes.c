#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"


void *
lp_realloc(void *p, size_t size)
{
    void  *q;

    q = realloc(p, size ? size : 1);

    if (q == NULL) {
        fprintf(stderr, "live-packager: no memory for %zu bytes\n", size);
        exit(1);
    }

    return q;
}


void *
lp_alloc(size_t size)
{
    void  *p;

    p = lp_realloc(NULL, size);
    memset(p, 0, size);

    return p;
}


void
lp_bytes_reserve(lp_bytes_t *b, size_t more)
{
    if (b->cap - b->len >= more) {
        return;
    }

    b->cap = b->len + more + b->cap / 2 + 64;
    b->data = lp_realloc(b->data, b->cap);
}


void
lp_bytes_add(lp_bytes_t *b, const void *data, size_t len)
{
    if (len == 0) {
        return;
    }

    lp_bytes_reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}


void
lp_bytes_free(lp_bytes_t *b)
{
    free(b->data);
    memset(b, 0, sizeof(lp_bytes_t));
}


static void
lp_put(lp_bytes_t *b, uint64_t v, unsigned n)
{
    unsigned  i;

    lp_bytes_reserve(b, n);

    for (i = 0; i < n; i++) {
        b->data[b->len++] = v >> (8 * (n - 1 - i));
    }
}


void
lp_put8(lp_bytes_t *b, uint32_t v)
{
    lp_put(b, v, 1);
}


void
lp_put16(lp_bytes_t *b, uint32_t v)
{
    lp_put(b, v, 2);
}


void
lp_put24(lp_bytes_t *b, uint32_t v)
{
    lp_put(b, v, 3);
}


void
lp_put32(lp_bytes_t *b, uint32_t v)
{
    lp_put(b, v, 4);
}


void
lp_put64(lp_bytes_t *b, uint64_t v)
{
    lp_put(b, v, 8);
}


void
lp_zero(lp_bytes_t *b, size_t n)
{
    lp_bytes_reserve(b, n);
    memset(b->data + b->len, 0, n);
    b->len += n;
}


void
lp_set32(lp_bytes_t *b, size_t at, uint32_t v)
{
    b->data[at] = v >> 24;
    b->data[at + 1] = v >> 16;
    b->data[at + 2] = v >> 8;
    b->data[at + 3] = v;
}


size_t
lp_box(lp_bytes_t *b, const char *type)
{
    size_t  at;

    at = b->len;
    lp_put32(b, 0);
    lp_bytes_add(b, type, 4);

    return at;
}


size_t
lp_full_box(lp_bytes_t *b, const char *type, unsigned version, uint32_t flags)
{
    size_t  at;

    at = lp_box(b, type);
    lp_put8(b, version);
    lp_put24(b, flags);

    return at;
}


void
lp_box_end(lp_bytes_t *b, size_t at)
{
    lp_set32(b, at, b->len - at);
}
