#include <string.h>

#include "record.h"


#define LP_ES_DESCR       0x03
#define LP_CONFIG_DESCR   0x04
#define LP_SPECIFIC_INFO  0x05
#define LP_SL_DESCR       0x06

#define LP_OPUS_HEAD      19


static int
lp_avcc_parse(const unsigned char *p, size_t len, lp_bytes_t *sets,
    unsigned *length_size)
{
    size_t    n, pos;
    unsigned  i, count, round;

    if (len < 7) {
        return -1;
    }

    *length_size = (p[4] & 3) + 1;
    pos = 5;

    for (round = 0; round < 2; round++) {

        if (pos >= len) {
            return -1;
        }

        count = round == 0 ? p[pos] & 0x1f : p[pos];
        pos++;

        for (i = 0; i < count; i++) {
            if (len - pos < 2) {
                return -1;
            }

            n = (p[pos] << 8) | p[pos + 1];
            pos += 2;

            if (n == 0 || len - pos < n) {
                return -1;
            }

            lp_sets_add(sets, p + pos, n);
            pos += n;
        }
    }

    return 0;
}


static int
lp_hvcc_parse(const unsigned char *p, size_t len, lp_bytes_t *sets,
    unsigned *length_size)
{
    size_t    n, pos;
    unsigned  arrays, count;

    if (len < 23) {
        return -1;
    }

    *length_size = (p[21] & 3) + 1;
    pos = 23;

    for (arrays = p[22]; arrays; arrays--) {
        if (len - pos < 3) {
            return -1;
        }

        count = (p[pos + 1] << 8) | p[pos + 2];
        pos += 3;

        for ( ; count; count--) {
            if (len - pos < 2) {
                return -1;
            }

            n = (p[pos] << 8) | p[pos + 1];
            pos += 2;

            if (n == 0 || len - pos < n) {
                return -1;
            }

            if (lp_nal_is_set(LP_CODEC_HEVC,
                              lp_nal_type(LP_CODEC_HEVC, p + pos)))
            {
                lp_sets_add(sets, p + pos, n);
            }

            pos += n;
        }
    }

    return 0;
}


int
lp_record_parse(lp_codec_e codec, const unsigned char *p, size_t len,
    lp_bytes_t *sets, unsigned *length_size)
{
    return codec == LP_CODEC_H264 ? lp_avcc_parse(p, len, sets, length_size)
                                  : lp_hvcc_parse(p, len, sets, length_size);
}


/* how many sets there are of a type; b may be NULL */

static unsigned
lp_record_sets(lp_bytes_t *b, const lp_header_t *h, unsigned type,
    const unsigned char **first, size_t *first_len)
{
    size_t                len;
    unsigned              n;
    lp_nal_iter_t         it;
    const unsigned char  *nal;

    n = 0;
    lp_nal_iter(&it, 4, h->sets.data, h->sets.len);

    while (lp_nal_next(&it, &nal, &len) == 1) {

        if (lp_nal_type(h->codec, nal) != type || len > 0xffff) {
            continue;
        }

        if (n++ == 0 && first != NULL) {
            *first = nal;
            *first_len = len;
        }

        if (b != NULL) {
            lp_put16(b, len);
            lp_bytes_add(b, nal, len);
        }
    }

    return n;
}


static int
lp_avcc_write(lp_bytes_t *b, const lp_header_t *h)
{
    size_t                box, len;
    unsigned              nsps, npps;
    lp_sps_t              sps;
    const unsigned char  *nal;

    nsps = lp_record_sets(NULL, h, 7, &nal, &len);
    npps = lp_record_sets(NULL, h, 8, NULL, NULL);

    if (nsps == 0 || nsps > 31 || npps == 0 || npps > 255
        || lp_sps_parse(h->codec, nal, len, &sps) == -1)
    {
        return -1;
    }

    box = lp_box(b, "avcC");
    lp_put8(b, 1);
    lp_put8(b, sps.profile);
    lp_put8(b, sps.compat);
    lp_put8(b, sps.level);
    lp_put8(b, 0xfc | 3);                       /* lengths of 4 bytes */
    lp_put8(b, 0xe0 | nsps);
    (void) lp_record_sets(b, h, 7, NULL, NULL);
    lp_put8(b, npps);
    (void) lp_record_sets(b, h, 8, NULL, NULL);

    if (sps.profile != 66 && sps.profile != 77 && sps.profile != 88) {
        lp_put8(b, 0xfc | sps.chroma);
        lp_put8(b, 0xf8 | (sps.luma_depth - 8));
        lp_put8(b, 0xf8 | (sps.chroma_depth - 8));
        lp_put8(b, 0);
    }

    lp_box_end(b, box);

    return 0;
}


static int
lp_hvcc_write(lp_bytes_t *b, const lp_header_t *h)
{
    size_t                box, len;
    unsigned              type;
    lp_sps_t              sps;
    const unsigned char  *nal;

    if (lp_record_sets(NULL, h, 33, &nal, &len) == 0
        || lp_record_sets(NULL, h, 32, NULL, NULL) == 0
        || lp_record_sets(NULL, h, 34, NULL, NULL) == 0
        || lp_sps_parse(h->codec, nal, len, &sps) == -1)
    {
        return -1;
    }

    box = lp_box(b, "hvcC");
    lp_put8(b, 1);
    lp_bytes_add(b, sps.ptl, sizeof(sps.ptl));
    lp_put16(b, 0xf000);                        /* min_spatial_segmentation */
    lp_put8(b, 0xfc);                           /* parallelismType */
    lp_put8(b, 0xfc | sps.chroma);
    lp_put8(b, 0xf8 | (sps.luma_depth - 8));
    lp_put8(b, 0xf8 | (sps.chroma_depth - 8));
    lp_put16(b, 0);                             /* avgFrameRate: unspecified */
    lp_put8(b, ((sps.sub_layers + 1) << 3) | (sps.nested << 2) | 3);
    lp_put8(b, 3);

    for (type = 32; type <= 34; type++) {
        lp_put8(b, 0x80 | type);                /* array_completeness */
        lp_put16(b, lp_record_sets(NULL, h, type, NULL, NULL));
        (void) lp_record_sets(b, h, type, NULL, NULL);
    }

    lp_box_end(b, box);

    return 0;
}


static void
lp_descr(lp_bytes_t *b, unsigned tag, size_t len)
{
    lp_put8(b, tag);
    lp_put8(b, len);
}


static int
lp_esds_write(lp_bytes_t *b, const lp_header_t *h)
{
    size_t  box, n;

    n = h->config.len;

    if (n < 2 || n > 64) {
        return -1;
    }

    box = lp_full_box(b, "esds", 0, 0);

    lp_descr(b, LP_ES_DESCR, 3 + 2 + 13 + 2 + n + 2 + 1);
    lp_put16(b, 0);                             /* ES_ID, as 14496-14 says */
    lp_put8(b, 0);

    lp_descr(b, LP_CONFIG_DESCR, 13 + 2 + n);
    lp_put8(b, 0x40);                           /* 14496-3 audio */
    lp_put8(b, 0x15);                           /* AudioStream */
    lp_put24(b, 0);
    lp_put32(b, h->bitrate);
    lp_put32(b, h->bitrate);

    lp_descr(b, LP_SPECIFIC_INFO, n);
    lp_bytes_add(b, h->config.data, n);

    lp_descr(b, LP_SL_DESCR, 1);
    lp_put8(b, 2);                              /* predefined: MP4 file */

    lp_box_end(b, box);

    return 0;
}


static unsigned
lp_le(const unsigned char *p, unsigned n)
{
    unsigned  v;

    for (v = 0; n; n--) {
        v = (v << 8) | p[n - 1];
    }

    return v;
}


static int
lp_dops_write(lp_bytes_t *b, const lp_header_t *h)
{
    size_t                box, len;
    const unsigned char  *p;

    p = h->config.data;
    len = h->config.len;

    if (len < LP_OPUS_HEAD || memcmp(p, "OpusHead", 8) != 0
        || (p[18] != 0 && len < (size_t) LP_OPUS_HEAD + 2 + p[9]))
    {
        return -1;
    }

    box = lp_box(b, "dOps");
    lp_put8(b, 0);
    lp_put8(b, p[9]);                           /* channels */
    lp_put16(b, lp_le(p + 10, 2));              /* pre-skip */
    lp_put32(b, lp_le(p + 12, 4));              /* input rate */
    lp_put16(b, lp_le(p + 16, 2));              /* gain */
    lp_put8(b, p[18]);

    if (p[18] != 0) {
        lp_bytes_add(b, p + LP_OPUS_HEAD, 2 + p[9]);
    }

    lp_box_end(b, box);

    return 0;
}


int
lp_record_write(lp_bytes_t *b, const lp_header_t *h)
{
    switch (h->codec) {

    case LP_CODEC_H264:
        return lp_avcc_write(b, h);

    case LP_CODEC_HEVC:
        return lp_hvcc_write(b, h);

    case LP_CODEC_AAC:
        return lp_esds_write(b, h);

    case LP_CODEC_OPUS:
        return lp_dops_write(b, h);

    default:
        return -1;
    }
}
