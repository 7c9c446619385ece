#include <string.h>

#include "nal.h"


#define LP_SPS_MAX  512

#define LP_H264_IDR  5


typedef struct {
    unsigned char       data[LP_SPS_MAX];
    size_t              bits;
    size_t              pos;
    unsigned            over:1;
} lp_rbsp_t;


void
lp_nal_iter(lp_nal_iter_t *it, unsigned length_size, const void *data,
    size_t len)
{
    it->pos = data;
    it->end = it->pos + len;
    it->length_size = length_size;
}


static const unsigned char *
lp_nal_start_code(const unsigned char *p, const unsigned char *end)
{
    for ( ; end - p >= 3; p++) {
        if (p[2] > 1) {
            p += 2;
            continue;
        }

        if (p[0] == 0 && p[1] == 0 && p[2] == 1) {
            return p;
        }
    }

    return end;
}


static int
lp_nal_next_annexb(lp_nal_iter_t *it, const unsigned char **nal, size_t *len)
{
    const unsigned char  *p, *last;

    for ( ;; ) {
        p = lp_nal_start_code(it->pos, it->end);

        if (it->end - p < 4) {
            it->pos = it->end;
            return 0;
        }

        p += 3;
        it->pos = lp_nal_start_code(p, it->end);

        /* trailing_zero_8bits, and the zero_byte of the next start code */
        for (last = it->pos; last > p && last[-1] == 0; last--) {
            /* void */
        }

        if (last > p) {
            *nal = p;
            *len = last - p;
            return 1;
        }
    }
}


int
lp_nal_next(lp_nal_iter_t *it, const unsigned char **nal, size_t *len)
{
    size_t    n;
    unsigned  i;

    if (it->length_size == 0) {
        return lp_nal_next_annexb(it, nal, len);
    }

    do {
        if (it->pos == it->end) {
            return 0;
        }

        if ((size_t) (it->end - it->pos) < it->length_size) {
            return -1;
        }

        for (n = 0, i = 0; i < it->length_size; i++) {
            n = (n << 8) | *it->pos++;
        }

        if (n > (size_t) (it->end - it->pos)) {
            return -1;
        }

    } while (n == 0);

    *nal = it->pos;
    *len = n;
    it->pos += n;

    return 1;
}


unsigned
lp_nal_type(lp_codec_e codec, const unsigned char *nal)
{
    return codec == LP_CODEC_H264 ? nal[0] & 0x1f : (nal[0] >> 1) & 0x3f;
}


int
lp_nal_is_set(lp_codec_e codec, unsigned type)
{
    return codec == LP_CODEC_H264 ? type == 7 || type == 8
                                  : type >= 32 && type <= 34;
}


static int
lp_nal_is_sps(lp_codec_e codec, unsigned type)
{
    return type == (codec == LP_CODEC_H264 ? 7 : 33);
}


/* delimiter, end of sequence and stream, filler */

static int
lp_nal_is_noise(lp_codec_e codec, unsigned type)
{
    return codec == LP_CODEC_H264 ? type >= 9 && type <= 12
                                  : type >= 35 && type <= 38;
}


static int
lp_nal_is_slice(lp_codec_e codec, unsigned type)
{
    return codec == LP_CODEC_H264 ? type >= 1 && type <= 5 : type < 32;
}


/* HEVC's IDR_W_RADL may have leading pictures, IDR_N_LP has none */

static int
lp_nal_is_idr(lp_codec_e codec, unsigned type)
{
    return codec == LP_CODEC_H264 ? type == LP_H264_IDR : type == 20;
}


void
lp_sets_add(lp_bytes_t *sets, const unsigned char *nal, size_t len)
{
    if (lp_sets_have(sets, nal, len)) {
        return;
    }

    lp_put32(sets, len);
    lp_bytes_add(sets, nal, len);
}


int
lp_sets_have(const lp_bytes_t *sets, const unsigned char *nal, size_t len)
{
    size_t                n;
    lp_nal_iter_t         it;
    const unsigned char  *p;

    lp_nal_iter(&it, 4, sets->data, sets->len);

    while (lp_nal_next(&it, &p, &n) == 1) {
        if (n == len && memcmp(p, nal, len) == 0) {
            return 1;
        }
    }

    return 0;
}


void
lp_au_convert(lp_codec_e codec, unsigned length_size, const void *data,
    size_t len, const lp_bytes_t *known, lp_bytes_t *out, lp_bytes_t *sets,
    lp_au_t *au)
{
    int                   rc;
    size_t                n;
    unsigned              type;
    lp_nal_iter_t         it;
    const unsigned char  *nal;

    lp_nal_iter(&it, length_size, data, len);
    lp_bytes_reserve(out, len + 16);

    while ((rc = lp_nal_next(&it, &nal, &n)) == 1) {

        type = lp_nal_type(codec, nal);

        if (lp_nal_is_noise(codec, type)) {
            continue;
        }

        if (lp_nal_is_set(codec, type)) {
            lp_sets_add(sets, nal, n);
            au->has_sps |= lp_nal_is_sps(codec, type);

            if (au->key || lp_sets_have(known, nal, n)) {
                continue;
            }

        } else if (lp_nal_is_slice(codec, type)) {
            au->slices++;
            au->idr |= lp_nal_is_idr(codec, type);
        }

        lp_put32(out, n);
        lp_bytes_add(out, nal, n);
    }

    au->broken = rc == -1;
}


/* the payload without emulation prevention bytes */

static void
lp_rbsp_init(lp_rbsp_t *r, const unsigned char *p, size_t len)
{
    size_t    i, n;
    unsigned  zeros;

    zeros = 0;

    for (i = 0, n = 0; i < len && n < LP_SPS_MAX; i++) {
        if (zeros >= 2 && p[i] == 3) {
            zeros = 0;
            continue;
        }

        zeros = p[i] ? 0 : zeros + 1;
        r->data[n++] = p[i];
    }

    r->bits = n * 8;
    r->pos = 0;
    r->over = 0;
}


static unsigned
lp_rbsp_bits(lp_rbsp_t *r, unsigned n)
{
    unsigned  v;

    for (v = 0; n; n--) {
        if (r->pos >= r->bits) {
            r->over = 1;
            return 0;
        }

        v = (v << 1) | ((r->data[r->pos / 8] >> (7 - r->pos % 8)) & 1);
        r->pos++;
    }

    return v;
}


/* ue(v) of H.264 9.1 */

static unsigned
lp_rbsp_ue(lp_rbsp_t *r)
{
    unsigned  zeros;

    for (zeros = 0; lp_rbsp_bits(r, 1) == 0; zeros++) {
        if (r->over || zeros == 31) {
            r->over = 1;
            return 0;
        }
    }

    return (1u << zeros) - 1 + lp_rbsp_bits(r, zeros);
}


static int
lp_sps_h264(lp_rbsp_t *r, lp_sps_t *sps)
{
    sps->profile = lp_rbsp_bits(r, 8);
    sps->compat = lp_rbsp_bits(r, 8);
    sps->level = lp_rbsp_bits(r, 8);
    sps->chroma = 1;
    sps->luma_depth = 8;
    sps->chroma_depth = 8;

    (void) lp_rbsp_ue(r);

    switch (sps->profile) {
    case 66: case 77: case 88:
        return r->over ? -1 : 0;
    }

    sps->chroma = lp_rbsp_ue(r);

    if (sps->chroma == 3) {
        (void) lp_rbsp_bits(r, 1);
    }

    sps->luma_depth = 8 + lp_rbsp_ue(r);
    sps->chroma_depth = 8 + lp_rbsp_ue(r);

    return 0;
}


/* H.265 7.3.3: what follows the general part, for each sub-layer */

static void
lp_sps_skip_sub_layers(lp_rbsp_t *r, unsigned n)
{
    unsigned  i, profile[8], level[8];

    for (i = 0; i < n; i++) {
        profile[i] = lp_rbsp_bits(r, 1);
        level[i] = lp_rbsp_bits(r, 1);
    }

    for (i = n; n > 0 && i < 8; i++) {
        (void) lp_rbsp_bits(r, 2);
    }

    for (i = 0; i < n; i++) {
        if (profile[i]) {
            r->pos += 88;
        }

        if (level[i]) {
            r->pos += 8;
        }
    }
}


static int
lp_sps_hevc(lp_rbsp_t *r, lp_sps_t *sps)
{
    unsigned  i;

    (void) lp_rbsp_bits(r, 8);                  /* rest of the NAL header */
    (void) lp_rbsp_bits(r, 4);
    sps->sub_layers = lp_rbsp_bits(r, 3);
    sps->nested = lp_rbsp_bits(r, 1);

    for (i = 0; i < sizeof(sps->ptl); i++) {
        sps->ptl[i] = lp_rbsp_bits(r, 8);
    }

    lp_sps_skip_sub_layers(r, sps->sub_layers);

    (void) lp_rbsp_ue(r);
    sps->chroma = lp_rbsp_ue(r);

    if (sps->chroma == 3) {
        (void) lp_rbsp_bits(r, 1);
    }

    (void) lp_rbsp_ue(r);                       /* width, height */
    (void) lp_rbsp_ue(r);

    if (lp_rbsp_bits(r, 1)) {
        for (i = 0; i < 4; i++) {
            (void) lp_rbsp_ue(r);
        }
    }

    sps->luma_depth = 8 + lp_rbsp_ue(r);
    sps->chroma_depth = 8 + lp_rbsp_ue(r);

    return 0;
}


int
lp_sps_parse(lp_codec_e codec, const unsigned char *nal, size_t len,
    lp_sps_t *sps)
{
    lp_rbsp_t  r;

    memset(sps, 0, sizeof(lp_sps_t));

    if (len < 4) {
        return -1;
    }

    lp_rbsp_init(&r, nal + 1, len - 1);

    if ((codec == LP_CODEC_H264 ? lp_sps_h264(&r, sps)
                                : lp_sps_hevc(&r, sps)) == -1
        || r.over || sps->chroma > 3 || sps->luma_depth > 16
        || sps->chroma_depth > 16)
    {
        return -1;
    }

    return 0;
}
