/*
 * Configuration boxes.  Names follow RFC 6381 and, for each codec, the
 * document that binds it to ISO BMFF.
 */

#include "core/codec.h"

#include <stdio.h>


static int
lo_config_short(lo_err_t *err, const lo_box_t *box)
{
    return lo_err(err, "%.4s is too short", (char *) box->start + 4);
}


/* ISO/IEC 14496-15, annex E: avc1.PPCCLL */

static int
lo_config_avc(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    size_t                len;
    const unsigned char  *p;

    p = box->body.pos;

    if (lo_span_left(&box->body) < 7) {
        return lo_config_short(err, box);
    }

    snprintf(init->codec, sizeof(init->codec), "%s.%02x%02x%02x",
             init->fourcc == lo_fourcc('a', 'v', 'c', '3') ? "avc3" : "avc1",
             p[1], p[2], p[3]);

    if ((p[5] & 0x1f) > 0 && lo_span_left(&box->body) >= 8) {
        len = lo_be16(p + 6);

        if (len > lo_span_left(&box->body) - 8) {
            return lo_err(err, "an SPS beyond the end of its avcC");
        }

        lo_codec_avc_sps(init, p + 8, len);
    }

    return LO_OK;
}


/* profile, compatibility (bits reversed), tier and level, constraints */

static int
lo_config_hevc(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    int                   n, last;
    size_t                len;
    uint32_t              compat, reversed, i;
    const unsigned char  *p;

    static const char    *space[] = { "", "A", "B", "C" };

    p = box->body.pos;

    if (lo_span_left(&box->body) < 23) {
        return lo_config_short(err, box);
    }

    compat = lo_be32(p + 2);

    for (reversed = 0, i = 0; i < 32; i++) {
        reversed |= (compat >> i & 1) << (31 - i);
    }

    len = snprintf(init->codec, sizeof(init->codec), "%s.%s%u.%X.%c%u",
                   init->fourcc == lo_fourcc('h', 'e', 'v', '1') ? "hev1"
                                                                 : "hvc1",
                   space[p[1] >> 6], p[1] & 0x1f, reversed,
                   p[1] & 0x20 ? 'H' : 'L', p[12]);

    init->picture |= p[6] & 0x80 ? LO_PICTURE_PROGRESSIVE
                     : p[6] & 0x40 ? LO_PICTURE_INTERLACED : 0;

    lo_codec_hevc_sets(init, p + 22, lo_span_left(&box->body) - 22);

    for (last = 5; last >= 0 && p[6 + last] == 0; last--) { /* void */ }

    for (n = 0; n <= last; n++) {
        len += snprintf(init->codec + len, sizeof(init->codec) - len, ".%X",
                        p[6 + n]);
    }

    return LO_OK;
}


/* AV1 Codec ISO Media File Format Binding, 5: av01.P.LLT.DD */

static int
lo_config_av1(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    size_t                len;
    unsigned              depth, mono, sub;
    const unsigned char  *p;

    p = box->body.pos;

    if (lo_span_left(&box->body) < 4) {
        return lo_config_short(err, box);
    }

    depth = p[2] & 0x40 ? (p[2] & 0x20 ? 12 : 10) : 8;
    mono = p[2] >> 4 & 1;
    sub = p[2] >> 2 & 3;

    len = snprintf(init->codec, sizeof(init->codec), "av01.%u.%02u%c.%02u",
                   p[1] >> 5, p[1] & 0x1f, p[2] & 0x80 ? 'H' : 'M', depth);

    if (mono || sub != 3) {
        snprintf(init->codec + len, sizeof(init->codec) - len,
                 ".%u.%u%u%u.01.01.01.0", mono, sub >> 1, sub & 1,
                 sub == 3 ? p[2] & 3 : 0);
    }

    return LO_OK;
}


/* VP Codec ISO Media File Format Binding: vp09.PP.LL.DD */

static int
lo_config_vp(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    size_t                len;
    unsigned              sub, full;
    const unsigned char  *p;

    if (lo_span_left(&box->body) < 12) {
        return lo_config_short(err, box);
    }

    p = box->body.pos + 4;
    sub = p[2] >> 1 & 7;
    full = p[2] & 1;

    len = snprintf(init->codec, sizeof(init->codec), "%s.%02u.%02u.%02u",
                   init->fourcc == lo_fourcc('v', 'p', '0', '8') ? "vp08"
                                                                 : "vp09",
                   p[0] & 0xff, p[1] & 0xff, p[2] >> 4);

    lo_codec_colour(init, p[3], p[4], p[5], full);

    /* all of the optional fields or none; 2 is "unspecified" */

    if ((sub > 1 || full || p[3] != 1 || p[4] != 1 || p[5] != 1)
        && !(sub <= 1 && !full && p[3] == 2 && p[4] == 2 && p[5] == 2))
    {
        snprintf(init->codec + len, sizeof(init->codec) - len,
                 ".%02u.%02u.%02u.%02u.%02u", sub, p[3], p[4], p[5], full);
    }

    return LO_OK;
}


int
lo_codec_video(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    switch (box->type) {

    case lo_fourcc('a', 'v', 'c', 'C'):
        if (init->fourcc == lo_fourcc('a', 'v', 'c', '1')
            || init->fourcc == lo_fourcc('a', 'v', 'c', '3'))
        {
            return lo_config_avc(init, box, err);
        }

        break;

    case lo_fourcc('h', 'v', 'c', 'C'):
        if (init->fourcc == lo_fourcc('h', 'v', 'c', '1')
            || init->fourcc == lo_fourcc('h', 'e', 'v', '1'))
        {
            return lo_config_hevc(init, box, err);
        }

        break;

    case lo_fourcc('a', 'v', '1', 'C'):
        if (init->fourcc == lo_fourcc('a', 'v', '0', '1')) {
            return lo_config_av1(init, box, err);
        }

        break;

    case lo_fourcc('v', 'p', 'c', 'C'):
        if (init->fourcc == lo_fourcc('v', 'p', '0', '9')
            || init->fourcc == lo_fourcc('v', 'p', '0', '8'))
        {
            return lo_config_vp(init, box, err);
        }

        break;
    }

    return LO_OK;
}


/* ETSI TS 102 366, annex F */

static const unsigned char   lo_ac3_channels[] = { 2, 1, 2, 3, 3, 4, 4, 5 };
static const uint32_t        lo_ac3_rates[] = { 48000, 44100, 32000 };

static int
lo_config_ac3(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    unsigned   fscod, acmod;
    lo_bits_t  b;

    if (lo_span_left(&box->body) < 3) {
        return lo_config_short(err, box);
    }

    b = (lo_bits_t) { box->body.pos, lo_span_left(&box->body) * 8, 0, 0 };
    fscod = lo_bits(&b, 2);
    (void) lo_bits(&b, 5 + 3);
    acmod = lo_bits(&b, 3);

    if (fscod < 3) {
        init->sample_rate = lo_ac3_rates[fscod];
    }

    init->channels = lo_ac3_channels[acmod] + lo_bits(&b, 1);
    strcpy(init->codec, "ac-3");

    return LO_OK;
}


/* what dependent substreams add, by the bits of chan_loc, lowest first */

static unsigned
lo_config_eac3_more(uint32_t chan_loc)
{
    unsigned                     i, n;
    static const unsigned char   channels[] = { 2, 2, 1, 1, 2, 2, 2, 1, 1 };

    for (n = 0, i = 0; i < sizeof(channels); i++) {
        n += chan_loc >> i & 1 ? channels[i] : 0;
    }

    return n;
}


/* the substreams, of which the first says what there is; then how many
   objects, where there are any (ETSI TS 103 420, 8.3) */

static void
lo_config_eac3_substreams(lo_cmaf_init_t *init, lo_bits_t *b, unsigned n)
{
    unsigned  i, fscod, acmod, channels;

    for (i = 0; i < n && !b->over; i++) {

        fscod = lo_bits(b, 2);
        (void) lo_bits(b, 5 + 1 + 1 + 3);
        acmod = lo_bits(b, 3);
        channels = lo_ac3_channels[acmod] + lo_bits(b, 1);
        (void) lo_bits(b, 3);

        if (lo_bits(b, 4)) {
            channels += lo_config_eac3_more(lo_bits(b, 9));

        } else {
            (void) lo_bits(b, 1);
        }

        if (i == 0) {
            init->channels = channels;
            init->sample_rate = fscod < 3 ? lo_ac3_rates[fscod]
                                          : init->sample_rate;
        }
    }

    if (b->over || b->bits - b->pos < 16) {
        return;
    }

    (void) lo_bits(b, 7);

    if (lo_bits(b, 1)) {
        init->objects = lo_bits(b, 8);
    }
}


static int
lo_config_eac3(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    uint32_t   rate;
    unsigned   n;
    lo_bits_t  b;

    if (lo_span_left(&box->body) < 5) {
        return lo_config_short(err, box);
    }

    b = (lo_bits_t) { box->body.pos, lo_span_left(&box->body) * 8, 0, 0 };
    rate = lo_bits(&b, 13) * 1000;
    n = lo_bits(&b, 3) + 1;

    if (init->bitrate == 0) {
        init->bitrate = rate;
    }

    lo_config_eac3_substreams(init, &b, n);
    strcpy(init->codec, "ec-3");

    return LO_OK;
}


int
lo_codec_audio(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err)
{
    size_t                left;
    const unsigned char  *p;

    p = box->body.pos;
    left = lo_span_left(&box->body);

    switch (box->type) {

    case lo_fourcc('d', 'a', 'c', '3'):
        return lo_config_ac3(init, box, err);

    case lo_fourcc('d', 'e', 'c', '3'):
        return lo_config_eac3(init, box, err);

    case lo_fourcc('d', 'O', 'p', 's'):
        if (left < 11) {
            return lo_config_short(err, box);
        }

        init->channels = p[1];
        init->sample_rate = 48000;         /* RFC 7845: always decoded so */
        strcpy(init->codec, "opus");
        break;

    case lo_fourcc('d', 'f', 'L', 'a'):
        if (left < 4 + 4 + 18) {
            return lo_config_short(err, box);
        }

        p += 4 + 4 + 10;                   /* STREAMINFO after block sizes */
        init->sample_rate = lo_be32(p) >> 12;
        init->channels = (p[2] >> 1 & 7) + 1;
        strcpy(init->codec, "flac");
        break;
    }

    return LO_OK;
}
