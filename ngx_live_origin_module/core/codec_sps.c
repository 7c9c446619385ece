/*
 * Frame rate, colour and scan of an H.264 sequence parameter set: ITU-T
 * H.264, 7.3.2.1.1 and E.1.1.  What cannot be read tells nothing.
 */

#include "core/codec.h"


#define LO_FPS_MAX  1000


void
lo_codec_fps(lo_cmaf_init_t *init, uint32_t num, uint32_t den)
{
    uint32_t  gcd, t, rest;

    if (den == 0 || num < den || num / den > LO_FPS_MAX) {
        return;
    }

    for (gcd = den, t = num; t != 0; t = rest) {
        rest = gcd % t;
        gcd = t;
    }

    init->fps_num = num / gcd;
    init->fps_den = den / gcd;
}


uint32_t
lo_sps_ue(lo_bits_t *b)
{
    unsigned  zeros;

    for (zeros = 0; zeros < 32 && !b->over && lo_bits(b, 1) == 0; zeros++) {
        /* void */
    }

    if (zeros == 0) {
        return 0;
    }

    return zeros >= 32 ? UINT32_MAX : (1u << zeros) - 1 + lo_bits(b, zeros);
}


size_t
lo_sps_unescape(unsigned char *dst, const unsigned char *src, size_t len)
{
    size_t    i, n;
    unsigned  zeros;

    for (zeros = 0, n = 0, i = 0; i < len && n < LO_SPS_MAX; i++) {

        if (zeros >= 2 && src[i] == 3) {
            zeros = 0;
            continue;
        }

        zeros = src[i] ? 0 : zeros + 1;
        dst[n++] = src[i];
    }

    return n;
}


static void
lo_sps_scaling_list(lo_bits_t *b, unsigned size)
{
    int32_t   last, next, delta;
    uint32_t  k;

    last = 8;
    next = 8;

    for ( ; size > 0 && !b->over; size--) {

        if (next != 0) {
            k = lo_sps_ue(b);
            delta = k & 1 ? (int32_t) (k / 2 + 1) : -(int32_t) (k / 2);
            next = (int32_t) (((int64_t) last + delta + 256) & 0xff);
        }

        last = next ? next : last;
    }
}


static void
lo_sps_high(lo_bits_t *b)
{
    uint32_t  chroma;
    unsigned  i;

    chroma = lo_sps_ue(b);

    if (chroma == 3) {
        (void) lo_bits(b, 1);
    }

    (void) lo_sps_ue(b);                   /* bit depths */
    (void) lo_sps_ue(b);
    (void) lo_bits(b, 1);

    if (lo_bits(b, 1)) {                   /* scaling matrices */
        for (i = 0; i < (chroma == 3 ? 12 : 8); i++) {
            if (lo_bits(b, 1)) {
                lo_sps_scaling_list(b, i < 6 ? 16 : 64);
            }
        }
    }
}


/* 1: frames alone, no fields */

static int
lo_sps_to_vui(lo_bits_t *b, unsigned profile)
{
    int       frames;
    uint32_t  n;

    (void) lo_sps_ue(b);                   /* seq_parameter_set_id */

    switch (profile) {

    case 100: case 110: case 122: case 244: case 44: case 83: case 86:
    case 118: case 128: case 138: case 139: case 134: case 135:
        lo_sps_high(b);
    }

    (void) lo_sps_ue(b);                   /* log2_max_frame_num */

    n = lo_sps_ue(b);                      /* pic_order_cnt_type */

    if (n == 0) {
        (void) lo_sps_ue(b);

    } else if (n == 1) {
        (void) lo_bits(b, 1);
        (void) lo_sps_ue(b);
        (void) lo_sps_ue(b);

        for (n = lo_sps_ue(b); n > 0 && !b->over; n--) {
            (void) lo_sps_ue(b);
        }
    }

    (void) lo_sps_ue(b);                   /* max_num_ref_frames */
    (void) lo_bits(b, 1);
    (void) lo_sps_ue(b);                   /* size in macroblocks */
    (void) lo_sps_ue(b);

    frames = lo_bits(b, 1);                /* frame_mbs_only_flag */

    if (!frames) {
        (void) lo_bits(b, 1);
    }

    (void) lo_bits(b, 1);

    if (lo_bits(b, 1)) {                   /* cropping */
        (void) lo_sps_ue(b);
        (void) lo_sps_ue(b);
        (void) lo_sps_ue(b);
        (void) lo_sps_ue(b);
    }

    return frames;
}


static void
lo_sps_vui_to_timing(lo_cmaf_init_t *init, lo_bits_t *b)
{
    int       full;
    uint32_t  colour;

    if (lo_bits(b, 1) && lo_bits(b, 8) == 255) {   /* aspect ratio */
        (void) lo_bits(b, 32);
    }

    if (lo_bits(b, 1)) {                   /* overscan */
        (void) lo_bits(b, 1);
    }

    if (lo_bits(b, 1)) {                   /* video signal type */
        full = lo_bits(b, 4) & 1;

        if (lo_bits(b, 1)) {
            colour = lo_bits(b, 24);

            if (!b->over) {
                lo_codec_colour(init, colour >> 16, colour >> 8 & 0xff,
                                colour & 0xff, full);
            }
        }
    }

    if (lo_bits(b, 1)) {                   /* chroma location */
        (void) lo_sps_ue(b);
        (void) lo_sps_ue(b);
    }
}


void
lo_codec_avc_sps(lo_cmaf_init_t *init, const unsigned char *sps, size_t len)
{
    int            frames;
    uint32_t       units, scale;
    lo_bits_t      b;
    unsigned char  buf[LO_SPS_MAX];

    if (len < 5 || (sps[0] & 0x1f) != 7) {
        return;
    }

    b = (lo_bits_t) { buf, lo_sps_unescape(buf, sps + 4, len - 4) * 8, 0, 0 };

    frames = lo_sps_to_vui(&b, sps[1]);

    if (frames && !b.over) {
        init->picture |= LO_PICTURE_PROGRESSIVE;
    }

    if (!lo_bits(&b, 1)) {
        return;
    }

    lo_sps_vui_to_timing(init, &b);

    if (!lo_bits(&b, 1)) {
        return;
    }

    units = lo_bits(&b, 32);
    scale = lo_bits(&b, 32);

    if (b.over || units > UINT32_MAX / 2) {
        return;
    }

    lo_codec_fps(init, scale, units * 2);  /* two ticks a frame */
}
