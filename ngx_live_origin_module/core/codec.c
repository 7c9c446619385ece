#include "core/codec.h"

#include <xxhash.h>
#include <stdio.h>


#define LO_VISUAL_ENTRY  78
#define LO_AUDIO_ENTRY   28


void
lo_codec_fold(lo_cmaf_init_t *init, const void *data, size_t len)
{
    init->config = XXH3_64bits_withSeed(data, len, init->config);
}


/* ---- children */

static void
lo_codec_btrt(lo_cmaf_init_t *init, const lo_box_t *box)
{
    uint32_t  max, avg;

    if (lo_span_left(&box->body) < 12) {
        return;
    }

    max = lo_be32(box->body.pos + 4);
    avg = lo_be32(box->body.pos + 8);
    init->bitrate = avg ? avg : max;
}


static void
lo_codec_pasp(lo_cmaf_init_t *init, const lo_box_t *box)
{
    uint32_t  h, v;

    if (lo_span_left(&box->body) < 8) {
        return;
    }

    h = lo_be32(box->body.pos);
    v = lo_be32(box->body.pos + 4);

    if (h && v) {
        init->par_h = h;
        init->par_v = v;
    }
}


void
lo_codec_colour(lo_cmaf_init_t *init, uint32_t primaries, uint32_t transfer,
    uint32_t matrix, int full)
{
    if (init->primaries || primaries == 0 || primaries > 255 || primaries == 2
        || transfer == 0 || transfer > 255 || transfer == 2
        || matrix > 255 || matrix == 2)
    {
        return;
    }

    init->primaries = primaries;
    init->transfer = transfer;
    init->matrix = matrix;
    init->picture |= full ? LO_PICTURE_FULL_RANGE : 0;
}


/*
 * nclx colours.  Those of AV1 go into its name when they are not the usual
 * ones (AV1-ISOBMFF, 5).
 */

static void
lo_codec_colr(lo_cmaf_init_t *init, const lo_box_t *box)
{
    size_t                len;
    unsigned              cp, tc, mc, full;
    const unsigned char  *p;

    p = box->body.pos;
    len = strlen(init->codec);

    if (lo_span_left(&box->body) < 11
        || lo_be32(p) != lo_fourcc('n', 'c', 'l', 'x'))
    {
        return;
    }

    cp = lo_be16(p + 4);
    tc = lo_be16(p + 6);
    mc = lo_be16(p + 8);
    full = p[10] >> 7;

    /* what the codec configuration says gives way */

    init->primaries = 0;
    init->picture &= ~LO_PICTURE_FULL_RANGE;
    lo_codec_colour(init, cp, tc, mc, full);

    if (init->fourcc != lo_fourcc('a', 'v', '0', '1') || len != 13
        || (cp == 1 && tc == 1 && mc == 1 && !full)
        || cp == 2 || tc == 2 || mc == 2)
    {
        return;
    }

    snprintf(init->codec + len, sizeof(init->codec) - len,
             ".0.110.%02u.%02u.%02u.%u", cp & 0xff, tc & 0xff, mc & 0xff,
             full);
}


/* dvcC, dvvC, dvwC: Dolby Vision Streams within the ISO Base Media File
   Format, 3.2 */

static void
lo_codec_dolby(lo_cmaf_init_t *init, const lo_box_t *box)
{
    const unsigned char  *p;

    if (lo_span_left(&box->body) < 5) {
        return;
    }

    p = box->body.pos;

    init->dv_profile = p[2] >> 1;
    init->dv_level = (p[2] & 1) << 5 | p[3] >> 3;
    init->dv_base = p[4] >> 4;
}


static int
lo_codec_child(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    switch (box->type) {

    case lo_fourcc('b', 't', 'r', 't'):
        lo_codec_btrt(init, box);
        return LO_OK;

    case lo_fourcc('p', 'a', 's', 'p'):
        lo_codec_pasp(init, box);
        break;

    case lo_fourcc('c', 'o', 'l', 'r'):
        lo_codec_colr(init, box);
        break;

    case lo_fourcc('d', 'v', 'c', 'C'):
    case lo_fourcc('d', 'v', 'v', 'C'):
    case lo_fourcc('d', 'v', 'w', 'C'):
        lo_codec_dolby(init, box);
        break;

    case lo_fourcc('e', 's', 'd', 's'):
        return lo_codec_esds(init, &box->body, err);

    case lo_fourcc('u', 'd', 't', 'a'):
    case lo_fourcc('f', 'r', 'e', 'e'):
    case lo_fourcc('s', 'k', 'i', 'p'):
        return LO_OK;
    }

    lo_codec_fold(init, box->start, box->body.end - box->start);

    if (init->type == LO_MEDIA_VIDEO) {
        return lo_codec_video(init, box, err);
    }

    if (init->type == LO_MEDIA_AUDIO) {
        return lo_codec_audio(init, box, err);
    }

    return LO_OK;
}


static int
lo_codec_children(lo_cmaf_init_t *init, const lo_span_t *children,
    lo_err_t *err)
{
    int        rc;
    lo_box_t   box;
    lo_span_t  s;

    s = *children;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        rc = lo_codec_child(init, &box, err);

        if (rc != LO_OK) {
            return rc;
        }
    }

    if (rc == LO_ERROR) {
        return lo_err(err, "a box in the sample entry has an impossible size");
    }

    return LO_OK;
}


/* ---- entries */

static int
lo_codec_visual(lo_cmaf_init_t *init, lo_span_t *body, lo_err_t *err)
{
    if (lo_span_left(body) < LO_VISUAL_ENTRY) {
        return lo_err(err, "the sample entry is too short");
    }

    init->width = lo_be16(body->pos + 24);
    init->height = lo_be16(body->pos + 26);
    body->pos += LO_VISUAL_ENTRY;

    if (init->width == 0 || init->height == 0) {
        return lo_err(err, "a picture of %ux%u pixels", init->width,
                      init->height);
    }

    return LO_OK;
}


static int
lo_codec_sound(lo_cmaf_init_t *init, lo_span_t *body, lo_err_t *err)
{
    size_t    n;
    uint32_t  version;

    if (lo_span_left(body) < LO_AUDIO_ENTRY) {
        return lo_err(err, "the sample entry is too short");
    }

    version = lo_be16(body->pos + 8);
    init->channels = lo_be16(body->pos + 16);
    init->sample_rate = lo_be32(body->pos + 24) >> 16;

    n = LO_AUDIO_ENTRY;

    /* QuickTime's versions 1 and 2 are longer; AudioSampleEntryV1 is not, but
       then a box begins here, whose size is small */

    if (version == 1 && lo_span_left(body) >= n + 16
        && lo_be32(body->pos + n + 4) < 0x20202020)
    {
        n += 16;

    } else if (version == 2) {
        n += 36;
    }

    if (lo_span_left(body) < n) {
        return lo_err(err, "the sample entry is too short");
    }

    body->pos += n;

    return LO_OK;
}


/* the strings of XMLSubtitleSampleEntry; children follow */

static int
lo_codec_stpp(lo_cmaf_init_t *init, lo_span_t *body, lo_err_t *err)
{
    unsigned              i;
    lo_str_t              str[3];
    const unsigned char  *zero;

    if (lo_span_left(body) < 8) {
        return lo_err(err, "the sample entry is too short");
    }

    body->pos += 8;

    for (i = 0; i < 3; i++) {
        zero = memchr(body->pos, 0, lo_span_left(body));

        /* auxiliary_mime_types is left out by some */

        if (zero == NULL && i < 2) {
            return lo_err(err, "stpp is malformed");
        }

        if (zero == NULL) {
            break;
        }

        str[i].data = (unsigned char *) body->pos;
        str[i].len = zero - body->pos;
        body->pos = zero + 1;
    }

    if (memmem(str[1].data, str[1].len, "image", 5) != NULL) {
        strcpy(init->codec, "stpp.ttml.im1i");

    } else if (memmem(str[0].data, str[0].len, "ttml", 4) != NULL) {
        strcpy(init->codec, "stpp.ttml.im1t");

    } else {
        strcpy(init->codec, "stpp");
    }

    lo_codec_fold(init, str[0].data, str[0].len);
    lo_codec_fold(init, str[1].data, str[1].len);

    return LO_OK;
}


static int
lo_codec_text(lo_cmaf_init_t *init, lo_span_t *body, lo_err_t *err)
{
    if (init->fourcc == lo_fourcc('s', 't', 'p', 'p')) {
        return lo_codec_stpp(init, body, err);
    }

    if (lo_span_left(body) < 8) {
        return lo_err(err, "the sample entry is too short");
    }

    body->pos += 8;

    if (init->fourcc == lo_fourcc('w', 'v', 't', 't')) {
        strcpy(init->codec, "wvtt");
    }

    return LO_OK;
}


int
lo_codec_entry(lo_cmaf_init_t *init, const lo_box_t *entry, lo_err_t *err)
{
    int        rc;
    uint32_t   form[4];
    lo_span_t  body;

    body = entry->body;
    init->fourcc = entry->type;
    init->par_h = 1;
    init->par_v = 1;

    switch (init->type) {

    case LO_MEDIA_VIDEO:
        rc = lo_codec_visual(init, &body, err);
        break;

    case LO_MEDIA_AUDIO:
        rc = lo_codec_sound(init, &body, err);
        break;

    default:
        rc = lo_codec_text(init, &body, err);
    }

    if (rc != LO_OK) {
        return rc;
    }

    if (entry->type == lo_fourcc('e', 'n', 'c', 'v')
        || entry->type == lo_fourcc('e', 'n', 'c', 'a'))
    {
        rc = lo_codec_protection(init, &body, err);

        if (rc != LO_OK) {
            return rc;
        }
    }

    form[0] = entry->type;
    form[1] = init->width << 16 | init->height;
    form[2] = init->channels;
    form[3] = init->sample_rate;
    lo_codec_fold(init, form, sizeof(form));

    rc = lo_codec_children(init, &body, err);

    if (rc != LO_OK) {
        return rc;
    }

    if (init->codec[0] == '\0' || init->fourcc == 0) {
        (void) lo_err(err, "sample entry \"%.4s\" is not served",
                      (char *) entry->start + 4);
        return LO_NONE;
    }

    return LO_OK;
}
