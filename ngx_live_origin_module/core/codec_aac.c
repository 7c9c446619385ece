/*
 * esds: ISO/IEC 14496-1, 7.2.6, and the AudioSpecificConfig in it: ISO/IEC
 * 14496-3, 1.6.2.
 */

#include "core/codec.h"

#include <stdio.h>


#define LO_ES_DESCR        0x03
#define LO_DECODER_CONFIG  0x04
#define LO_DECODER_INFO    0x05

#define LO_AOT_AAC_LC      2
#define LO_AOT_SBR         5
#define LO_AOT_PS          29


static const uint32_t  lo_aac_rates[] = {
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000,
    11025, 8000, 7350
};

static const unsigned char  lo_aac_channels[] = {
    0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8, 0
};


/* one descriptor: 1, LO_NONE at the end, LO_ERROR */

static int
lo_esds_next(lo_span_t *s, unsigned *tag, lo_span_t *body)
{
    size_t    size;
    unsigned  i, c;

    if (lo_span_left(s) == 0) {
        return LO_NONE;
    }

    *tag = *s->pos++;
    size = 0;

    for (i = 0; i < 4; i++) {
        if (lo_span_left(s) == 0) {
            return LO_ERROR;
        }

        c = *s->pos++;
        size = size << 7 | (c & 0x7f);

        if (!(c & 0x80)) {
            break;
        }
    }

    if (size > lo_span_left(s)) {
        return LO_ERROR;
    }

    body->pos = s->pos;
    body->end = s->pos + size;
    s->pos += size;

    return 1;
}


static unsigned
lo_asc_type(lo_bits_t *b)
{
    unsigned  aot;

    aot = lo_bits(b, 5);

    return aot == 31 ? 32 + lo_bits(b, 6) : aot;
}


static uint32_t
lo_asc_rate(lo_bits_t *b)
{
    unsigned  i;

    i = lo_bits(b, 4);

    if (i == 15) {
        return lo_bits(b, 24);
    }

    return i < sizeof(lo_aac_rates) / sizeof(lo_aac_rates[0])
           ? lo_aac_rates[i] : 0;
}


/*
 * Explicit signalling that old decoders do not see: a sync word after
 * GASpecificConfig.  Returns the type that it raises aot to.
 */

static unsigned
lo_asc_extension(lo_bits_t *b, unsigned aot, uint32_t *rate)
{
    uint32_t  ext;

    (void) lo_bits(b, 1);                  /* frameLengthFlag */

    if (lo_bits(b, 1)) {                   /* dependsOnCoreCoder */
        (void) lo_bits(b, 14);
    }

    (void) lo_bits(b, 1);                  /* extensionFlag: 0 for AAC LC */

    if (b->over || b->bits - b->pos < 17
        || lo_bits(b, 11) != 0x2b7
        || lo_asc_type(b) != LO_AOT_SBR
        || !lo_bits(b, 1))
    {
        return aot;
    }

    ext = lo_asc_rate(b);

    if (b->over || ext == 0) {
        return aot;
    }

    *rate = ext;

    if (b->bits - b->pos >= 12 && lo_bits(b, 11) == 0x548 && lo_bits(b, 1)) {
        return LO_AOT_PS;
    }

    return LO_AOT_SBR;
}


static int
lo_asc_parse(lo_cmaf_init_t *init, const lo_span_t *asc, lo_err_t *err)
{
    unsigned   aot, named, config;
    uint32_t   rate;
    lo_bits_t  b;

    b = (lo_bits_t) { asc->pos, lo_span_left(asc) * 8, 0, 0 };

    named = aot = lo_asc_type(&b);
    rate = lo_asc_rate(&b);
    config = lo_bits(&b, 4);

    if (aot == LO_AOT_SBR || aot == LO_AOT_PS) {
        rate = lo_asc_rate(&b);
        aot = lo_asc_type(&b);

    } else if (aot == LO_AOT_AAC_LC && config != 0) {
        named = lo_asc_extension(&b, aot, &rate);
        b.over = 0;
    }

    if (b.over || aot == 0) {
        return lo_err(err, "the AudioSpecificConfig is malformed");
    }

    if (rate) {
        init->sample_rate = rate;
    }

    if (named == LO_AOT_PS && config == 1) {
        init->channels = 2;

    } else if (lo_aac_channels[config]) {
        init->channels = lo_aac_channels[config];
    }

    snprintf(init->codec, sizeof(init->codec), "mp4a.40.%u", named);

    return LO_OK;
}


static int
lo_esds_config(lo_cmaf_init_t *init, lo_span_t body, lo_err_t *err)
{
    int        rc;
    unsigned   oti, tag;
    uint32_t   max, avg;
    lo_span_t  d;

    if (lo_span_left(&body) < 13) {
        return lo_err(err, "esds is too short");
    }

    oti = body.pos[0];
    max = lo_be32(body.pos + 5);
    avg = lo_be32(body.pos + 9);
    lo_codec_fold(init, body.pos, 1);
    body.pos += 13;

    if (init->bitrate == 0) {
        init->bitrate = avg ? avg : max;
    }

    while ((rc = lo_esds_next(&body, &tag, &d)) == 1) {

        if (tag == LO_DECODER_INFO) {
            lo_codec_fold(init, d.pos, lo_span_left(&d));

            if (oti == 0x40) {
                return lo_asc_parse(init, &d, err);
            }
        }
    }

    if (rc == LO_ERROR || oti == 0x40) {
        return lo_err(err, "esds is malformed");
    }

    /* MPEG-2 AAC and MP3 */

    if ((oti >= 0x66 && oti <= 0x69) || oti == 0x6b) {
        snprintf(init->codec, sizeof(init->codec), "mp4a.%02X", oti);
    }

    return LO_OK;
}


int
lo_codec_esds(lo_cmaf_init_t *init, const lo_span_t *body, lo_err_t *err)
{
    size_t     skip;
    unsigned   tag, flags;
    lo_span_t  s, es, d;

    if (lo_span_left(body) < 4) {
        return lo_err(err, "esds is too short");
    }

    s.pos = body->pos + 4;
    s.end = body->end;

    if (lo_esds_next(&s, &tag, &es) != 1 || tag != LO_ES_DESCR
        || lo_span_left(&es) < 3)
    {
        return lo_err(err, "esds is malformed");
    }

    flags = es.pos[2];
    skip = 3 + !!(flags & 0x80) * 2;

    if (flags & 0x40) {
        if (lo_span_left(&es) < skip + 1) {
            return lo_err(err, "esds is malformed");
        }

        skip += 1 + es.pos[skip];
    }

    skip += !!(flags & 0x20) * 2;

    if (lo_span_left(&es) < skip) {
        return lo_err(err, "esds is malformed");
    }

    es.pos += skip;

    while (lo_esds_next(&es, &tag, &d) == 1) {

        if (tag == LO_DECODER_CONFIG) {
            return lo_esds_config(init, d, err);
        }
    }

    return lo_err(err, "esds without a decoder configuration");
}
