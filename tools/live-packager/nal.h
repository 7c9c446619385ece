/*
 * H.264 and H.265 access units: Annex B or length-prefixed in, 4-byte lengths
 * out, as ISO/IEC 14496-15 wants them in samples of avc1 and hvc1: parameter
 * sets, access unit delimiters and filler taken out.
 */

#ifndef LP_NAL_H
#define LP_NAL_H

#include "bytes.h"


typedef enum {
    LP_CODEC_NONE = 0,
    LP_CODEC_H264,
    LP_CODEC_HEVC,
    LP_CODEC_AAC,
    LP_CODEC_OPUS
} lp_codec_e;


/* NAL units of one buffer; length_size 0 means Annex B */

typedef struct {
    const unsigned char  *pos;
    const unsigned char  *end;
    unsigned              length_size;
} lp_nal_iter_t;


typedef struct {
    unsigned            key:1;        /* in: the demuxer says so */
    unsigned            idr:1;        /* out: nothing after it in decoding
                                         order is shown before it */
    unsigned            has_sps:1;    /* out */
    unsigned            broken:1;     /* out: a length ran past the end */
    unsigned            slices;       /* out: VCL NAL units */
} lp_au_t;


typedef struct {
    unsigned            profile;      /* the SPS's bytes 1, 2, 3 */
    unsigned            compat;
    unsigned            level;
    unsigned            chroma;       /* chroma_format_idc */
    unsigned            luma_depth;
    unsigned            chroma_depth;
    unsigned            sub_layers;   /* HEVC */
    unsigned            nested;
    unsigned char       ptl[12];      /* HEVC: general profile_tier_level */
} lp_sps_t;


void lp_nal_iter(lp_nal_iter_t *it, unsigned length_size, const void *data,
    size_t len);
/* 1: a NAL unit; 0: the end; -1: broken */
int lp_nal_next(lp_nal_iter_t *it, const unsigned char **nal, size_t *len);

unsigned lp_nal_type(lp_codec_e codec, const unsigned char *nal);
int lp_nal_is_set(lp_codec_e codec, unsigned type);

/*
 * known, sets: parameter sets, each with a 4-byte length before it.  What an
 * access unit carries is added to sets.  A set stays in the sample only where
 * it is not known and the unit is no key frame.
 */
void lp_au_convert(lp_codec_e codec, unsigned length_size, const void *data,
    size_t len, const lp_bytes_t *known, lp_bytes_t *out, lp_bytes_t *sets,
    lp_au_t *au);

void lp_sets_add(lp_bytes_t *sets, const unsigned char *nal, size_t len);
int lp_sets_have(const lp_bytes_t *sets, const unsigned char *nal, size_t len);

/* 0, or -1 for a parameter set that is cut off or out of range */
int lp_sps_parse(lp_codec_e codec, const unsigned char *nal, size_t len,
    lp_sps_t *sps);

#endif /* LP_NAL_H */
