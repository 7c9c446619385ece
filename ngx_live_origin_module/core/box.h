/*
 * Walking ISO BMFF boxes that lie whole in memory, and reading bits.
 */

#ifndef LO_BOX_H
#define LO_BOX_H

#include "core/base.h"

#define lo_fourcc(a, b, c, d)                                                 \
    ((uint32_t) (a) << 24 | (uint32_t) (b) << 16 | (uint32_t) (c) << 8        \
     | (uint32_t) (d))


static inline uint32_t
lo_be16(const unsigned char *p)
{
    return (uint32_t) p[0] << 8 | p[1];
}


static inline uint32_t
lo_be32(const unsigned char *p)
{
    uint32_t  v;

    memcpy(&v, p, 4);

    return __builtin_bswap32(v);
}


static inline uint64_t
lo_be64(const unsigned char *p)
{
    uint64_t  v;

    memcpy(&v, p, 8);

    return __builtin_bswap64(v);
}


typedef struct {
    const unsigned char  *pos;
    const unsigned char  *end;
} lo_span_t;

typedef struct {
    uint32_t              type;
    const unsigned char  *start;      /* of its header */
    lo_span_t             body;
} lo_box_t;


/* a full box's version and flags */

#define lo_box_version(b)  ((b)->body.pos[0])
#define lo_box_flags(b)    (lo_be32((b)->body.pos) & 0xffffff)

static inline size_t
lo_span_left(const lo_span_t *s)
{
    return s->end - s->pos;
}


/* 1: box is filled and s stands behind it; LO_NONE: s is used up; LO_ERROR */

static inline int
lo_box_next(lo_span_t *s, lo_box_t *box)
{
    size_t    left, header;
    uint64_t  size;

    left = lo_span_left(s);

    if (left == 0) {
        return LO_NONE;
    }

    if (left < 8) {
        return LO_ERROR;
    }

    size = lo_be32(s->pos);
    header = 8;

    if (size == 1) {
        if (left < 16) {
            return LO_ERROR;
        }

        size = lo_be64(s->pos + 8);
        header = 16;
    }

    if (size < header || size > left) {
        return LO_ERROR;
    }

    box->type = lo_be32(s->pos + 4);
    box->start = s->pos;
    box->body.pos = s->pos + header;
    box->body.end = s->pos + size;
    s->pos += size;

    return 1;
}


/* most significant bit first; reading past the end gives zeros and sets
   over */

typedef struct {
    const unsigned char  *data;
    size_t                bits;
    size_t                pos;
    int                   over;
} lo_bits_t;

static inline uint32_t
lo_bits(lo_bits_t *b, unsigned n)
{
    uint32_t  v;

    for (v = 0; n > 0; n--) {
        v <<= 1;

        if (b->pos >= b->bits) {
            b->over = 1;
            continue;
        }

        v |= (b->data[b->pos >> 3] >> (7 - (b->pos & 7))) & 1;
        b->pos++;
    }

    return v;
}

#endif /* LO_BOX_H */
