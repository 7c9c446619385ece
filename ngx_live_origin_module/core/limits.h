/*
 * What a player can be shown: codecs with their levels, sizes, rates, DRM.
 * A member that is not given limits nothing.  The same shape is used for a
 * class of devices (core/device.h), for what an event allows one of them, and
 * for what a player says of itself.
 *
 *     {"video": {"codecs": {"h264": "4.2", "hevc": "5.1", "av1": true},
 *                "max_width", "max_height", "max_fps", "max_bitrate",
 *                "ranges": ["sdr", "hlg", "pq"]},
 *      "audio": {"codecs": ["aac", "eac3"], "max_channels", "max_bitrate"},
 *      "text": ["wvtt", "stpp"],
 *      "drm": {"systems": ["widevine"], "schemes": ["cenc", "cbcs"]}}
 */

#ifndef LO_LIMITS_H
#define LO_LIMITS_H

#include "core/base.h"
#include "core/drm.h"


/* codecs by family: symbol, the document's word */

#define LO_FAMILY_LIST(X)                                                     \
    X(H264,  "h264")                                                          \
    X(HEVC,  "hevc")                                                          \
    X(AV1,   "av1")                                                           \
    X(VP9,   "vp9")                                                           \
    X(AAC,   "aac")                                                           \
    X(AC3,   "ac3")                                                           \
    X(EAC3,  "eac3")                                                          \
    X(OPUS,  "opus")                                                          \
    X(FLAC,  "flac")                                                          \
    X(WVTT,  "wvtt")                                                          \
    X(STPP,  "stpp")                                                          \
    X(OTHER, "other")

#define LO_FAMILY_ENUM(sym, word)  LO_FAMILY_##sym,
typedef enum { LO_FAMILY_LIST(LO_FAMILY_ENUM) LO_FAMILY_N } lo_family_e;

#define lo_family_bit(f)  ((uint32_t) 1 << (f))

#define LO_FAMILIES_VIDEO                                                     \
    (lo_family_bit(LO_FAMILY_H264) | lo_family_bit(LO_FAMILY_HEVC)            \
     | lo_family_bit(LO_FAMILY_AV1) | lo_family_bit(LO_FAMILY_VP9))

#define LO_FAMILIES_AUDIO                                                     \
    (lo_family_bit(LO_FAMILY_AAC) | lo_family_bit(LO_FAMILY_AC3)              \
     | lo_family_bit(LO_FAMILY_EAC3) | lo_family_bit(LO_FAMILY_OPUS)          \
     | lo_family_bit(LO_FAMILY_FLAC))

#define LO_FAMILIES_TEXT                                                      \
    (lo_family_bit(LO_FAMILY_WVTT) | lo_family_bit(LO_FAMILY_STPP))

#define LO_RANGE_SDR  1
#define LO_RANGE_HLG  2
#define LO_RANGE_PQ   4

#define LO_SCHEME_CENC  1
#define LO_SCHEME_CBCS  2


typedef struct {
    unsigned            has_video:1;      /* video.codecs was given: what is */
    unsigned            has_audio:1;      /* not in families is left out */
    unsigned            has_text:1;
    unsigned            has_ranges:1;     /* likewise */
    unsigned            has_systems:1;
    unsigned            has_schemes:1;
    uint32_t            families;         /* bits by lo_family_e */
    uint8_t             level[LO_FAMILY_N];   /* times 10: 42 is 4.2; 0: any */
    uint32_t            width;            /* 0: any, as all below */
    uint32_t            height;
    uint32_t            fps;              /* thousandths */
    uint32_t            bitrate;          /* of one video track, bit/s */
    uint32_t            ranges;           /* LO_RANGE_... */
    uint32_t            channels;
    uint32_t            audio_bitrate;
    uint32_t            systems;          /* LO_DRM_... */
    uint32_t            schemes;          /* LO_SCHEME_... */
} lo_limits_t;


/* what an event allows one class of devices; "*": those not named */

#define LO_DEVICE_ID_MAX  32
#define LO_NARROW_MAX     16

typedef struct {
    char                device[LO_DEVICE_ID_MAX + 1];
    unsigned            off;              /* nothing at all */
    lo_limits_t         limits;
} lo_narrow_t;


/* the family of a sample entry's fourcc */
lo_family_e lo_family(uint32_t fourcc);

/* the level of an RFC 6381 string, times 10; 0: it says none */
uint32_t lo_codec_level(lo_family_e family, const char *codec);

/* what both allow */
void lo_limits_both(lo_limits_t *l, const lo_limits_t *with);

/* whether nothing that l allows is beyond what can allows */
int lo_limits_within(const lo_limits_t *l, const lo_limits_t *can);

#endif /* LO_LIMITS_H */
