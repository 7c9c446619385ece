#include "lib/boxes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


void
bx_bytes(boxes_t *b, const void *data, size_t len)
{
    if (len > sizeof(b->data) - b->len) {
        abort();
    }

    memcpy(b->data + b->len, data, len);
    b->len += len;
}


void
bx_u8(boxes_t *b, unsigned v)
{
    unsigned char  c = v;

    bx_bytes(b, &c, 1);
}


void
bx_u16(boxes_t *b, unsigned v)
{
    bx_u8(b, v >> 8);
    bx_u8(b, v);
}


void
bx_u32(boxes_t *b, uint32_t v)
{
    bx_u16(b, v >> 16);
    bx_u16(b, v);
}


void
bx_u64(boxes_t *b, uint64_t v)
{
    bx_u32(b, v >> 32);
    bx_u32(b, v);
}


void
bx_zeros(boxes_t *b, size_t len)
{
    while (len-- > 0) {
        bx_u8(b, 0);
    }
}


void
bx_hex(boxes_t *b, const char *hex)
{
    unsigned  v;

    for ( ; *hex; hex += 2) {
        if (*hex == ' ') {
            hex--;
            continue;
        }

        if (sscanf(hex, "%2x", &v) != 1) {
            abort();
        }

        bx_u8(b, v);
    }
}


void
bx_open(boxes_t *b, const char *type)
{
    b->open[b->depth++] = b->len;
    bx_u32(b, 0);
    bx_bytes(b, type, 4);
}


void
bx_full(boxes_t *b, const char *type, unsigned version, uint32_t flags)
{
    bx_open(b, type);
    bx_u32(b, version << 24 | flags);
}


void
bx_close(boxes_t *b)
{
    size_t  at, end;

    at = b->open[--b->depth];
    end = b->len;
    b->len = at;
    bx_u32(b, end - at);
    b->len = end;
}


void
bx_box_hex(boxes_t *b, const char *type, const char *hex)
{
    bx_open(b, type);
    bx_hex(b, hex);
    bx_close(b);
}


static void
bx_edts(boxes_t *b, const bx_head_t *h)
{
    if (h->media_time < 0) {
        return;
    }

    bx_open(b, "edts");
    bx_full(b, "elst", 0, 0);
    bx_u32(b, h->empty ? 2 : 1);

    if (h->empty) {
        bx_u32(b, h->empty);
        bx_u32(b, UINT32_MAX);
        bx_u32(b, 0x10000);
    }

    bx_u32(b, 0);
    bx_u32(b, h->media_time);
    bx_u32(b, 0x10000);
    bx_close(b);
    bx_close(b);
}


static void
bx_mdia(boxes_t *b, const bx_head_t *h)
{
    const char  *l;

    l = h->lang ? h->lang : "und";

    bx_open(b, "mdia");
    bx_full(b, "mdhd", 0, 0);
    bx_u32(b, h->created);
    bx_u32(b, h->created);
    bx_u32(b, h->timescale);
    bx_u32(b, 0);
    bx_u16(b, (l[0] - 0x60) << 10 | (l[1] - 0x60) << 5 | (l[2] - 0x60));
    bx_u16(b, 0);
    bx_close(b);

    if (h->elng) {
        bx_full(b, "elng", 0, 0);
        bx_bytes(b, h->elng, strlen(h->elng) + 1);
        bx_close(b);
    }

    bx_full(b, "hdlr", 0, 0);
    bx_u32(b, 0);
    bx_bytes(b, h->handler, 4);
    bx_zeros(b, 13);
    bx_close(b);
}


void
bx_head(boxes_t *b, const bx_head_t *h)
{
    bx_open(b, "ftyp");
    bx_bytes(b, "iso5\0\0\2\0iso5iso6mp41", 20);
    bx_close(b);

    bx_open(b, "moov");
    bx_full(b, "mvhd", 0, 0);
    bx_u32(b, h->created);
    bx_u32(b, h->created);
    bx_u32(b, 1000);
    bx_zeros(b, 84);
    bx_close(b);

    bx_open(b, "trak");
    bx_full(b, "tkhd", 0, 3);
    bx_u32(b, h->created);
    bx_u32(b, h->created);
    bx_u32(b, h->track_id);
    bx_zeros(b, 68);
    bx_close(b);
    bx_edts(b, h);
    bx_mdia(b, h);
    bx_open(b, "minf");
    bx_open(b, "stbl");
    bx_full(b, "stsd", 0, 0);
    bx_u32(b, 1);
}


void
bx_head_end(boxes_t *b, const bx_head_t *h)
{
    unsigned  i;

    bx_close(b);                           /* stsd */
    bx_full(b, "stts", 0, 0);
    bx_u32(b, 0);
    bx_close(b);
    bx_close(b);                           /* stbl, minf, mdia, trak */
    bx_close(b);
    bx_close(b);
    bx_close(b);

    for (i = 1; i < h->tracks; i++) {
        bx_open(b, "trak");
        bx_close(b);
    }

    if (!h->no_mvex) {
        bx_open(b, "mvex");
        bx_full(b, "trex", 0, 0);
        bx_u32(b, h->track_id);
        bx_u32(b, 1);
        bx_u32(b, 512);
        bx_u32(b, 100);
        bx_u32(b, 0x10000);
        bx_close(b);
        bx_close(b);
    }

    bx_open(b, "udta");
    bx_close(b);
    bx_close(b);
}


void
bx_visual(boxes_t *b, const char *type, unsigned width, unsigned height)
{
    bx_open(b, type);
    bx_zeros(b, 6);
    bx_u16(b, 1);
    bx_zeros(b, 16);
    bx_u16(b, width);
    bx_u16(b, height);
    bx_u32(b, 0x480000);
    bx_u32(b, 0x480000);
    bx_u32(b, 0);
    bx_u16(b, 1);
    bx_zeros(b, 32);
    bx_u16(b, 24);
    bx_u16(b, 0xffff);
}


void
bx_sound(boxes_t *b, const char *type, unsigned channels, uint32_t rate)
{
    bx_open(b, type);
    bx_zeros(b, 6);
    bx_u16(b, 1);
    bx_zeros(b, 8);
    bx_u16(b, channels);
    bx_u16(b, 16);
    bx_u32(b, 0);
    bx_u32(b, rate << 16);
}


void
bx_esds(boxes_t *b, const char *asc, uint32_t bitrate)
{
    size_t  n;

    n = strlen(asc) / 2;

    bx_full(b, "esds", 0, 0);
    bx_u8(b, 3);
    bx_u8(b, 3 + 2 + 13 + 2 + n + 3);
    bx_u16(b, 1);
    bx_u8(b, 0);
    bx_hex(b, "04808080");                 /* as long as ffmpeg writes it */
    b->len -= 3;
    bx_u8(b, 13 + 2 + n);
    bx_u8(b, 0x40);
    bx_u8(b, 0x15);
    bx_zeros(b, 3);
    bx_u32(b, bitrate);
    bx_u32(b, bitrate);
    bx_u8(b, 5);
    bx_u8(b, n);
    bx_hex(b, asc);
    bx_hex(b, "060102");
    bx_close(b);
}


static void
bx_traf(boxes_t *b, const bx_chunk_t *c, size_t *offset_at)
{
    unsigned  i;
    uint32_t  flags;

    bx_open(b, "traf");

    /* default-base-is-moof, with whatever trun leaves out */

    flags = 0x020000;
    flags |= c->trun & 0x100 ? 0 : 0x08;
    flags |= c->trun & 0x200 ? 0 : 0x10;
    flags |= c->trun & 0x404 ? 0 : 0x20;

    bx_full(b, "tfhd", 0, flags);
    bx_u32(b, c->track_id);

    if (flags & 0x08) {
        bx_u32(b, c->duration);
    }

    if (flags & 0x10) {
        bx_u32(b, c->size);
    }

    if (flags & 0x20) {
        bx_u32(b, c->flags);
    }

    bx_close(b);

    bx_full(b, "tfdt", c->tfdt_version, 0);

    if (c->tfdt_version) {
        bx_u64(b, c->tfdt);

    } else {
        bx_u32(b, c->tfdt);
    }

    bx_close(b);

    bx_full(b, "trun", 1, c->trun | 1);
    bx_u32(b, c->samples);
    *offset_at = b->len;
    bx_u32(b, 0);

    if (c->trun & 0x4) {
        bx_u32(b, c->flags);
    }

    for (i = 0; i < c->samples; i++) {
        if (c->trun & 0x100) {
            bx_u32(b, c->duration);
        }

        if (c->trun & 0x200) {
            bx_u32(b, c->size);
        }

        if (c->trun & 0x400) {
            bx_u32(b, i ? 0x10000 : c->flags);
        }

        if (c->trun & 0x800) {
            bx_u32(b, (uint32_t) -512);
        }
    }

    bx_close(b);
    bx_close(b);
}


void
bx_chunk(boxes_t *b, const bx_chunk_t *c)
{
    size_t    moof, offset_at, end, payload;
    unsigned  i;

    moof = b->len;
    bx_open(b, "moof");
    bx_full(b, "mfhd", 0, 0);
    bx_u32(b, 7);
    bx_close(b);

    offset_at = 0;

    for (i = 0; i < (c->trafs ? c->trafs : 1); i++) {
        bx_traf(b, c, &offset_at);
    }

    bx_close(b);

    end = b->len;
    b->len = offset_at;
    bx_u32(b, end - moof + (c->large ? 16 : 8) + c->shift);
    b->len = end;

    payload = (size_t) c->samples * c->size;

    if (c->large) {
        bx_u32(b, 1);
        bx_bytes(b, "mdat", 4);
        bx_u64(b, 16 + payload);

    } else {
        bx_u32(b, 8 + payload);
        bx_bytes(b, "mdat", 4);
    }

    bx_zeros(b, payload);
}
