/*
 * Colour of an H.265 sequence parameter set: ITU-T H.265, 7.3.2.2 and E.2.1.
 * What cannot be read tells nothing.
 */

#include "core/codec.h"


#define LO_HEVC_NAL_SPS  33


static void
lo_hevc_skip(lo_bits_t *b, unsigned n)
{
    for ( /* void */ ; n > 32; n -= 32) {
        (void) lo_bits(b, 32);
    }

    (void) lo_bits(b, n);
}


static void
lo_hevc_skip_ue(lo_bits_t *b, unsigned n)
{
    for ( /* void */ ; n > 0 && !b->over; n--) {
        (void) lo_sps_ue(b);
    }
}


/* profile_tier_level() of all sub-layers */

static void
lo_hevc_profile(lo_bits_t *b, unsigned layers)
{
    unsigned  i, present;

    lo_hevc_skip(b, 96);

    present = lo_bits(b, 2 * layers);

    if (layers > 0) {
        lo_hevc_skip(b, 2 * (8 - layers));
    }

    for (i = 2 * layers; i > 0; i -= 2) {
        lo_hevc_skip(b, (present >> (i - 1) & 1 ? 88 : 0)
                        + (present >> (i - 2) & 1 ? 8 : 0));
    }
}


static void
lo_hevc_scaling_lists(lo_bits_t *b)
{
    unsigned  size, matrix, n;

    for (size = 0; size < 4; size++) {
        for (matrix = 0; matrix < 6 && !b->over; matrix += size == 3 ? 3 : 1) {

            if (!lo_bits(b, 1)) {
                (void) lo_sps_ue(b);
                continue;
            }

            n = size == 0 ? 16 : 64;
            lo_hevc_skip_ue(b, n + (size > 1));
        }
    }
}


/* those that are told by another are not read on */

static int
lo_hevc_reference_sets(lo_bits_t *b)
{
    uint32_t  i, n, sets, pictures;

    sets = lo_sps_ue(b);

    for (i = 0; i < sets && !b->over; i++) {

        if (i > 0 && lo_bits(b, 1)) {
            return LO_NONE;
        }

        n = lo_sps_ue(b);
        pictures = n + lo_sps_ue(b);

        if (n > 16 || pictures > 32) {
            return LO_NONE;
        }

        for ( /* void */ ; pictures > 0; pictures--) {
            (void) lo_sps_ue(b);
            (void) lo_bits(b, 1);
        }
    }

    return b->over ? LO_NONE : LO_OK;
}


/* from the coding blocks to the flag that says whether there is a VUI */

static int
lo_hevc_tools(lo_bits_t *b, unsigned poc_bits)
{
    uint32_t  n;

    lo_hevc_skip_ue(b, 6);                 /* sizes and depths of blocks */

    if (lo_bits(b, 1) && lo_bits(b, 1)) {
        lo_hevc_scaling_lists(b);
    }

    (void) lo_bits(b, 2);                  /* AMP, SAO */

    if (lo_bits(b, 1)) {                   /* PCM */
        (void) lo_bits(b, 8);
        lo_hevc_skip_ue(b, 2);
        (void) lo_bits(b, 1);
    }

    if (lo_hevc_reference_sets(b) != LO_OK) {
        return LO_NONE;
    }

    if (lo_bits(b, 1)) {                   /* long-term pictures */
        for (n = lo_sps_ue(b); n > 0 && !b->over; n--) {
            lo_hevc_skip(b, poc_bits + 1);
        }
    }

    (void) lo_bits(b, 2);                  /* TMVP, intra smoothing */

    return b->over ? LO_NONE : LO_OK;
}


static int
lo_hevc_to_vui(lo_bits_t *b)
{
    uint32_t  poc_bits;
    unsigned  layers;

    (void) lo_bits(b, 4);                  /* sps_video_parameter_set_id */
    layers = lo_bits(b, 3);
    (void) lo_bits(b, 1);
    lo_hevc_profile(b, layers);
    (void) lo_sps_ue(b);                   /* sps_seq_parameter_set_id */

    if (lo_sps_ue(b) == 3) {               /* chroma_format_idc */
        (void) lo_bits(b, 1);
    }

    lo_hevc_skip_ue(b, 2);                 /* size of the picture */

    if (lo_bits(b, 1)) {                   /* conformance window */
        lo_hevc_skip_ue(b, 4);
    }

    lo_hevc_skip_ue(b, 2);                 /* bit depths */
    poc_bits = lo_sps_ue(b) + 4;

    if (poc_bits > 16) {
        return LO_NONE;
    }

    lo_hevc_skip_ue(b, lo_bits(b, 1) ? 3 * (layers + 1) : 3);

    return lo_hevc_tools(b, poc_bits);
}


static void
lo_hevc_sps(lo_cmaf_init_t *init, const unsigned char *sps, size_t len)
{
    int            full;
    uint32_t       colour;
    lo_bits_t      b;
    unsigned char  buf[LO_SPS_MAX];

    if (len < 3) {
        return;
    }

    b = (lo_bits_t) { buf, lo_sps_unescape(buf, sps + 2, len - 2) * 8, 0, 0 };

    if (lo_hevc_to_vui(&b) != LO_OK || !lo_bits(&b, 1)) {
        return;
    }

    if (lo_bits(&b, 1) && lo_bits(&b, 8) == 255) {     /* aspect ratio */
        (void) lo_bits(&b, 32);
    }

    if (lo_bits(&b, 1)) {                  /* overscan */
        (void) lo_bits(&b, 1);
    }

    if (!lo_bits(&b, 1)) {                 /* video signal type */
        return;
    }

    full = lo_bits(&b, 4) & 1;

    if (!lo_bits(&b, 1)) {
        return;
    }

    colour = lo_bits(&b, 24);

    if (!b.over) {
        lo_codec_colour(init, colour >> 16, colour >> 8 & 0xff, colour & 0xff,
                        full);
    }
}


void
lo_codec_hevc_sets(lo_cmaf_init_t *init, const unsigned char *p, size_t left)
{
    size_t    len;
    unsigned  arrays, type, n;

    if (left < 1) {
        return;
    }

    arrays = *p++;
    left--;

    for ( /* void */ ; arrays > 0 && left >= 3; arrays--) {

        type = p[0] & 0x3f;
        n = lo_be16(p + 1);
        p += 3;
        left -= 3;

        for ( /* void */ ; n > 0 && left >= 2; n--) {

            len = lo_be16(p);
            p += 2;
            left -= 2;

            if (len > left) {
                return;
            }

            if (type == LO_HEVC_NAL_SPS) {
                lo_hevc_sps(init, p, len);
                return;
            }

            p += len;
            left -= len;
        }
    }
}
