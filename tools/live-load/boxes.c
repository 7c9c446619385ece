#include <string.h>

#include "boxes.h"


typedef struct {
    unsigned char  *p;
} boxes_out_t;


static const unsigned char  boxes_avcc[] = {
    0x01, 0x4d, 0x40, 0x1e, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x4d, 0x40, 0x1e,
    0xec, 0xa0, 0x50, 0x17, 0xfc, 0xb8, 0x08, 0x80, 0x00, 0x00, 0x03, 0x00,
    0x80, 0x00, 0x00, 0x19, 0x07, 0x8b, 0x16, 0xcb, 0x01, 0x00, 0x05, 0x68,
    0xea, 0xe3, 0xcb, 0x20
};

/* ES descriptor: AAC LC, 48 kHz, two channels, 128 kbit/s */
static const unsigned char  boxes_esds[] = {
    0x03, 0x19, 0x00, 0x01, 0x00, 0x04, 0x11, 0x40, 0x15, 0x00, 0x00, 0x00,
    0x00, 0x01, 0xf4, 0x00, 0x00, 0x01, 0xf4, 0x00, 0x05, 0x02, 0x11, 0x90,
    0x06, 0x01, 0x02
};


static void
put8(boxes_out_t *o, uint32_t v)
{
    *o->p++ = (unsigned char) v;
}


static void
put16(boxes_out_t *o, uint32_t v)
{
    put8(o, v >> 8);
    put8(o, v);
}


static void
put32(boxes_out_t *o, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(o->p, &v, 4);
    o->p += 4;
}


static void
put64(boxes_out_t *o, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(o->p, &v, 8);
    o->p += 8;
}


static void
put(boxes_out_t *o, const void *data, size_t len)
{
    memcpy(o->p, data, len);
    o->p += len;
}


static void
put_zero(boxes_out_t *o, size_t len)
{
    memset(o->p, 0, len);
    o->p += len;
}


static unsigned char *
box_open(boxes_out_t *o, const char *type)
{
    unsigned char  *start;

    start = o->p;
    put32(o, 0);
    put(o, type, 4);

    return start;
}


static unsigned char *
full_open(boxes_out_t *o, const char *type, uint32_t version, uint32_t flags)
{
    unsigned char  *start;

    start = box_open(o, type);
    put32(o, version << 24 | flags);

    return start;
}


static void
box_close(boxes_out_t *o, unsigned char *start)
{
    uint32_t  size;

    size = __builtin_bswap32((uint32_t) (o->p - start));
    memcpy(start, &size, 4);
}


static void
put_trun(boxes_out_t *o, const boxes_segment_t *b, uint32_t data_offset)
{
    uint32_t        i, each, last;
    unsigned char  *trun;

    /* data offset, first sample's flags, a size each */
    trun = full_open(o, "trun", 0, 0x000205);
    put32(o, b->samples);
    put32(o, data_offset);
    put32(o, b->first_flags);

    each = (uint32_t) (b->payload / b->samples);
    last = (uint32_t) (b->payload - (uint64_t) each * (b->samples - 1));

    for (i = 1; i < b->samples; i++) {
        put32(o, each);
    }

    put32(o, last);
    box_close(o, trun);
}


void
boxes_segment_head(const boxes_segment_t *b, unsigned char *buf)
{
    uint32_t        moof_size;
    boxes_out_t     o;
    unsigned char  *styp, *moof, *traf, *box;

    o.p = buf;

    styp = box_open(&o, "styp");
    put(&o, "msdh\0\0\0\0msdhcmfs", 16);
    box_close(&o, styp);

    moof_size = BOXES_HEAD_FIXED - 24 - 8 + 4 * b->samples;
    moof = box_open(&o, "moof");

    box = full_open(&o, "mfhd", 0, 0);
    put32(&o, (uint32_t) b->number);
    box_close(&o, box);

    traf = box_open(&o, "traf");

    /* default-base-is-moof, default duration and flags */
    box = full_open(&o, "tfhd", 0, 0x020028);
    put32(&o, 1);
    put32(&o, b->sample_duration);
    put32(&o, b->default_flags);
    box_close(&o, box);

    box = full_open(&o, "tfdt", 1, 0);
    put64(&o, b->tfdt);
    box_close(&o, box);

    put_trun(&o, b, moof_size + 8);

    box_close(&o, traf);
    box_close(&o, moof);

    put32(&o, (uint32_t) (b->payload + 8));
    put(&o, "mdat", 4);
}


static void
put_matrix(boxes_out_t *o)
{
    put32(o, 0x10000);
    put_zero(o, 12);
    put32(o, 0x10000);
    put_zero(o, 12);
    put32(o, 0x40000000);
}


static void
put_avc1(boxes_out_t *o)
{
    unsigned char  *entry, *box;

    entry = box_open(o, "avc1");
    put_zero(o, 6);
    put16(o, 1);
    put_zero(o, 16);
    put16(o, 640);
    put16(o, 360);
    put32(o, 0x480000);
    put32(o, 0x480000);
    put32(o, 0);
    put16(o, 1);
    put_zero(o, 32);
    put16(o, 24);
    put16(o, 0xffff);

    box = box_open(o, "avcC");
    put(o, boxes_avcc, sizeof(boxes_avcc));
    box_close(o, box);

    box_close(o, entry);
}


static void
put_mp4a(boxes_out_t *o)
{
    unsigned char  *entry, *box;

    entry = box_open(o, "mp4a");
    put_zero(o, 6);
    put16(o, 1);
    put_zero(o, 8);
    put16(o, 2);
    put16(o, 16);
    put32(o, 0);
    put32(o, 48000u << 16);

    box = full_open(o, "esds", 0, 0);
    put(o, boxes_esds, sizeof(boxes_esds));
    box_close(o, box);

    box_close(o, entry);
}


static void
put_stbl(boxes_out_t *o, int audio)
{
    unsigned char  *stbl, *box;

    stbl = box_open(o, "stbl");

    box = full_open(o, "stsd", 0, 0);
    put32(o, 1);

    if (audio) {
        put_mp4a(o);

    } else {
        put_avc1(o);
    }

    box_close(o, box);

    box = full_open(o, "stts", 0, 0);
    put32(o, 0);
    box_close(o, box);

    box = full_open(o, "stsc", 0, 0);
    put32(o, 0);
    box_close(o, box);

    box = full_open(o, "stsz", 0, 0);
    put64(o, 0);
    box_close(o, box);

    box = full_open(o, "stco", 0, 0);
    put32(o, 0);
    box_close(o, box);

    box_close(o, stbl);
}


static void
put_minf(boxes_out_t *o, int audio)
{
    unsigned char  *minf, *dinf, *dref, *box;

    minf = box_open(o, "minf");

    if (audio) {
        box = full_open(o, "smhd", 0, 0);
        put32(o, 0);

    } else {
        box = full_open(o, "vmhd", 0, 1);
        put64(o, 0);
    }

    box_close(o, box);

    dinf = box_open(o, "dinf");
    dref = full_open(o, "dref", 0, 0);
    put32(o, 1);
    box = full_open(o, "url ", 0, 1);
    box_close(o, box);
    box_close(o, dref);
    box_close(o, dinf);

    put_stbl(o, audio);

    box_close(o, minf);
}


static void
put_mdia(boxes_out_t *o, int audio, uint32_t timescale)
{
    unsigned char  *mdia, *box;

    mdia = box_open(o, "mdia");

    box = full_open(o, "mdhd", 0, 0);
    put64(o, 0);
    put32(o, timescale);
    put32(o, 0);
    put16(o, 0x55c4);                       /* "und" */
    put16(o, 0);
    box_close(o, box);

    box = full_open(o, "hdlr", 0, 0);
    put32(o, 0);
    put(o, audio ? "soun" : "vide", 4);
    put_zero(o, 12);
    put(o, "live-load", 10);
    box_close(o, box);

    put_minf(o, audio);

    box_close(o, mdia);
}


static void
put_trak(boxes_out_t *o, int audio, uint32_t timescale)
{
    unsigned char  *trak, *box;

    trak = box_open(o, "trak");

    box = full_open(o, "tkhd", 0, 7);
    put64(o, 0);
    put32(o, 1);
    put64(o, 0);
    put_zero(o, 8);
    put32(o, 0);
    put16(o, audio ? 0x100 : 0);
    put16(o, 0);
    put_matrix(o);
    put32(o, audio ? 0 : 640u << 16);
    put32(o, audio ? 0 : 360u << 16);
    box_close(o, box);

    put_mdia(o, audio, timescale);

    box_close(o, trak);
}


size_t
boxes_init(int audio, uint32_t timescale, unsigned char *buf)
{
    boxes_out_t     o;
    unsigned char  *moov, *mvex, *box;

    o.p = buf;

    box = box_open(&o, "ftyp");
    put(&o, "cmfc\0\0\0\0cmfciso6", 16);
    box_close(&o, box);

    moov = box_open(&o, "moov");

    box = full_open(&o, "mvhd", 0, 0);
    put64(&o, 0);
    put32(&o, 1000);
    put32(&o, 0);
    put32(&o, 0x10000);
    put16(&o, 0x100);
    put_zero(&o, 10);
    put_matrix(&o);
    put_zero(&o, 24);
    put32(&o, 2);
    box_close(&o, box);

    put_trak(&o, audio, timescale);

    mvex = box_open(&o, "mvex");
    box = full_open(&o, "trex", 0, 0);
    put32(&o, 1);
    put32(&o, 1);
    put_zero(&o, 12);
    box_close(&o, box);
    box_close(&o, mvex);

    box_close(&o, moov);

    return (size_t) (o.p - buf);
}
