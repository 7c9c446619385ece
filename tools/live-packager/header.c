#include <string.h>

#include "header.h"
#include "record.h"


static void
lp_write_matrix(lp_bytes_t *b)
{
    lp_put32(b, 0x10000);
    lp_zero(b, 12);
    lp_put32(b, 0x10000);
    lp_zero(b, 12);
    lp_put32(b, 0x40000000);
}


static void
lp_write_ftyp(lp_bytes_t *b)
{
    size_t  box;

    box = lp_box(b, "ftyp");
    lp_bytes_add(b, "cmf2", 4);
    lp_put32(b, 0);
    lp_bytes_add(b, "iso6cmfccmf2dash", 16);
    lp_box_end(b, box);
}


static void
lp_write_mvhd(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box;

    box = lp_full_box(b, "mvhd", 0, 0);
    lp_zero(b, 8);
    lp_put32(b, h->timescale);
    lp_put32(b, 0);
    lp_put32(b, 0x10000);
    lp_put16(b, 0x100);
    lp_zero(b, 10);
    lp_write_matrix(b);
    lp_zero(b, 24);
    lp_put32(b, LP_TRACK_ID + 1);
    lp_box_end(b, box);
}


/* shown width: 16.16, stretched by the pixels' shape */

static uint32_t
lp_header_shown_width(const lp_header_t *h)
{
    uint64_t  w;

    w = (uint64_t) h->width << 16;

    if (h->par_h != 0 && h->par_v != 0) {
        w = w * h->par_h / h->par_v;
    }

    return w > 0xffffffff ? 0xffffffff : w;
}


static void
lp_write_tkhd(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box;

    box = lp_full_box(b, "tkhd", 0, 7);
    lp_zero(b, 8);
    lp_put32(b, LP_TRACK_ID);
    lp_zero(b, 16);
    lp_put16(b, 0);
    lp_put16(b, 0);
    lp_put16(b, h->video ? 0 : 0x100);
    lp_put16(b, 0);
    lp_write_matrix(b);
    lp_put32(b, h->video ? lp_header_shown_width(h) : 0);
    lp_put32(b, h->video ? h->height << 16 : 0);
    lp_box_end(b, box);
}


/* three letters of ISO 639-2 in 15 bits; elng has the tag in full */

static uint32_t
lp_header_lang(const lp_header_t *h)
{
    unsigned     i;
    uint32_t     v;
    const char  *p;

    p = strlen(h->lang) == 3 ? h->lang : "und";

    for (v = 0, i = 0; i < 3; i++) {
        if (p[i] < 'a' || p[i] > 'z') {
            p = "und";
            i = 0;
            v = 0;
        }

        v = (v << 5) | (p[i] - 0x60);
    }

    return v;
}


static void
lp_write_mdia_head(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box;

    box = lp_full_box(b, "mdhd", 0, 0);
    lp_zero(b, 8);
    lp_put32(b, h->timescale);
    lp_put32(b, 0);
    lp_put16(b, lp_header_lang(h));
    lp_put16(b, 0);
    lp_box_end(b, box);

    box = lp_full_box(b, "hdlr", 0, 0);
    lp_put32(b, 0);
    lp_bytes_add(b, h->video ? "vide" : "soun", 4);
    lp_zero(b, 12);
    lp_put8(b, 0);
    lp_box_end(b, box);

    if (h->lang[0] != '\0' && strcmp(h->lang, "und") != 0) {
        box = lp_full_box(b, "elng", 0, 0);
        lp_bytes_add(b, h->lang, strlen(h->lang) + 1);
        lp_box_end(b, box);
    }
}


static void
lp_write_btrt(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box;

    if (h->bitrate == 0) {
        return;
    }

    box = lp_box(b, "btrt");
    lp_put32(b, 0);
    lp_put32(b, h->bitrate);
    lp_put32(b, h->bitrate);
    lp_box_end(b, box);
}


static void
lp_write_picture(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box;

    if (h->primaries != 2 || h->transfer != 2 || h->matrix != 2) {
        box = lp_box(b, "colr");
        lp_bytes_add(b, "nclx", 4);
        lp_put16(b, h->primaries);
        lp_put16(b, h->transfer);
        lp_put16(b, h->matrix);
        lp_put8(b, h->full_range ? 0x80 : 0);
        lp_box_end(b, box);
    }

    if (h->par_h != 0 && h->par_v != 0) {
        box = lp_box(b, "pasp");
        lp_put32(b, h->par_h);
        lp_put32(b, h->par_v);
        lp_box_end(b, box);
    }
}


static int
lp_write_video_entry(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box;

    box = lp_box(b, h->codec == LP_CODEC_H264 ? "avc1" : "hvc1");
    lp_zero(b, 6);
    lp_put16(b, 1);
    lp_zero(b, 16);
    lp_put16(b, h->width);
    lp_put16(b, h->height);
    lp_put32(b, 0x480000);                      /* 72 dpi */
    lp_put32(b, 0x480000);
    lp_put32(b, 0);
    lp_put16(b, 1);
    lp_zero(b, 32);
    lp_put16(b, 0x18);
    lp_put16(b, 0xffff);

    if (lp_record_write(b, h) == -1) {
        return -1;
    }

    lp_write_picture(b, h);
    lp_write_btrt(b, h);
    lp_box_end(b, box);

    return 0;
}


static int
lp_write_audio_entry(lp_bytes_t *b, const lp_header_t *h)
{
    size_t    box;
    uint32_t  rate;

    rate = h->codec == LP_CODEC_OPUS ? 48000 : h->sample_rate;

    box = lp_box(b, h->codec == LP_CODEC_AAC ? "mp4a" : "Opus");
    lp_zero(b, 6);
    lp_put16(b, 1);
    lp_zero(b, 8);
    lp_put16(b, h->channels);
    lp_put16(b, 16);
    lp_put32(b, 0);
    lp_put32(b, rate > 0xffff ? 0 : rate << 16);

    if (lp_record_write(b, h) == -1) {
        return -1;
    }

    lp_write_btrt(b, h);
    lp_box_end(b, box);

    return 0;
}


/* sample tables that say: everything is in the fragments */

static void
lp_write_no_samples(lp_bytes_t *b)
{
    size_t              i, box;
    static const char  *types[] = { "stts", "stsc", "stco" };

    box = lp_full_box(b, "stsz", 0, 0);
    lp_zero(b, 8);
    lp_box_end(b, box);

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        box = lp_full_box(b, types[i], 0, 0);
        lp_put32(b, 0);
        lp_box_end(b, box);
    }
}


static int
lp_write_minf(lp_bytes_t *b, const lp_header_t *h)
{
    int     rc;
    size_t  minf, box, dref, stbl;

    minf = lp_box(b, "minf");

    box = h->video ? lp_full_box(b, "vmhd", 0, 1)
                   : lp_full_box(b, "smhd", 0, 0);
    lp_zero(b, h->video ? 8 : 4);
    lp_box_end(b, box);

    box = lp_box(b, "dinf");
    dref = lp_full_box(b, "dref", 0, 0);
    lp_put32(b, 1);
    lp_box_end(b, lp_full_box(b, "url ", 0, 1));
    lp_box_end(b, dref);
    lp_box_end(b, box);

    stbl = lp_box(b, "stbl");
    box = lp_full_box(b, "stsd", 0, 0);
    lp_put32(b, 1);
    rc = h->video ? lp_write_video_entry(b, h) : lp_write_audio_entry(b, h);
    lp_box_end(b, box);
    lp_write_no_samples(b);
    lp_box_end(b, stbl);

    lp_box_end(b, minf);

    return rc;
}


int
lp_header_write(lp_bytes_t *b, const lp_header_t *h)
{
    int     rc;
    size_t  moov, box, mdia;

    lp_write_ftyp(b);

    moov = lp_box(b, "moov");
    lp_write_mvhd(b, h);

    box = lp_box(b, "trak");
    lp_write_tkhd(b, h);
    mdia = lp_box(b, "mdia");
    lp_write_mdia_head(b, h);
    rc = lp_write_minf(b, h);
    lp_box_end(b, mdia);
    lp_box_end(b, box);

    box = lp_box(b, "mvex");
    mdia = lp_full_box(b, "trex", 0, 0);
    lp_put32(b, LP_TRACK_ID);
    lp_put32(b, 1);
    lp_zero(b, 12);
    lp_box_end(b, mdia);
    lp_box_end(b, box);

    lp_box_end(b, moov);

    return rc;
}
