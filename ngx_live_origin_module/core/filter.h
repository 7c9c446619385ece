/*
 * Manifest filters: which tracks a manifest names, in the grammar of AWS
 * Elemental MediaPackage: "video_height:240-1080;audio_language:en,fr".
 * docs/filters.md is what users read.
 */

#ifndef LO_FILTER_H
#define LO_FILTER_H

#include "core/manifest.h"


#define LO_FILTER_MAX     1024        /* characters of a filter */
#define LO_FILTER_VALUES  64          /* of one parameter */
#define LO_FILTER_RANGES  128         /* of all parameters together */

#define LO_FILTER_HEIGHT_MAX   INT16_MAX
#define LO_FILTER_BITRATE_MAX  INT32_MAX


/* in the order of their names, which is that of the canonical text */

typedef enum {
    LO_FILTER_AUDIO_BITRATE = 0,
    LO_FILTER_AUDIO_CHANNELS,
    LO_FILTER_AUDIO_CODEC,
    LO_FILTER_AUDIO_LANGUAGE,
    LO_FILTER_AUDIO_SAMPLE_RATE,
    LO_FILTER_SUBTITLE_LANGUAGE,
    LO_FILTER_TRICKPLAY_HEIGHT,
    LO_FILTER_TRICKPLAY_TYPE,
    LO_FILTER_VIDEO_BITRATE,
    LO_FILTER_VIDEO_CODEC,
    LO_FILTER_VIDEO_DYNAMIC_RANGE,
    LO_FILTER_VIDEO_FRAMERATE,
    LO_FILTER_VIDEO_HEIGHT,
    LO_FILTER_NKEYS
} lo_filter_key_e;


/* both ends inclusive; frames per second in thousandths */

typedef struct {
    uint32_t            lo;
    uint32_t            hi;
} lo_filter_range_t;


/*
 * Plain data; all zeroes filters nothing.  A parameter that every track
 * satisfies is none.
 */

typedef struct {
    uint32_t            keys;             /* bits 1 << lo_filter_key_e */
    uint32_t            used;             /* of ranges */
    uint16_t            first[LO_FILTER_NKEYS];   /* in ranges: ascending, */
    uint16_t            n[LO_FILTER_NKEYS];       /* apart */
    uint32_t            words[LO_FILTER_NKEYS];   /* bits of its list */
    lo_filter_range_t   ranges[LO_FILTER_RANGES];
    uint16_t            text_used;
    uint16_t            text_at[LO_FILTER_NKEYS];
    uint16_t            text_len[LO_FILTER_NKEYS];
    char                text[LO_FILTER_MAX];      /* languages: lower case, in
                                                     order, behind commas */
} lo_filter_t;


/*
 * The value of aws.manifestfilter, percent-decoded.  Case counts nowhere.
 * LO_ERROR: 400, *err names the parameter and its value.
 */
int lo_filter_parse(lo_filter_t *f, lo_str_t text, lo_err_t *err);

/* canonical: filters of one meaning have one text, which parses */
void lo_filter_write(lo_buf_t *b, const lo_filter_t *f);

/*
 * Whether a manifest names this track.  What neither the document nor the
 * init tells of a track (its frame rate, say) is not filtered on; a track
 * without a language has none of those asked for.
 */
int lo_filter_track(const lo_filter_t *f, const lo_manifest_track_t *t);


/* between the files filter*.c */

#define lo_filter_has(f, key)  ((f)->keys & (1u << (key)))

#define LO_FILTER_AACL    1
#define LO_FILTER_AACH    2
#define LO_FILTER_AC3     4
#define LO_FILTER_EC3     8

#define LO_FILTER_AV1     1
#define LO_FILTER_H264    2
#define LO_FILTER_H265    4

#define LO_FILTER_DV      1
#define LO_FILTER_HDR10   2
#define LO_FILTER_HLG     4
#define LO_FILTER_SDR     8

#define LO_FILTER_IFRAME  1
#define LO_FILTER_IMAGE   2
#define LO_FILTER_NOTRICK 4

/* "eng" and "EN" are "en"; out is LO_FILTER_MAX long */
void lo_filter_language(char *out, lo_str_t lang);

#endif /* LO_FILTER_H */
