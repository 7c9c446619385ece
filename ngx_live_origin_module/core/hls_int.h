/*
 * What the files hls*.c have between them.
 */

#ifndef LO_HLS_INT_H
#define LO_HLS_INT_H

#include "core/hls.h"


/* a multivariant playlist that is being written */

typedef struct {
    lo_buf_t                   *b;
    const lo_manifest_t        *m;
    const lo_manifest_track_t  *tracks;    /* of the newest period */
    unsigned                    ntracks;
    int                         hdr;       /* of the variants, one at least */
    int                         scored;    /* all say their SCORE */
} lo_hls_master_t;

/* of audio */

typedef struct {
    uint32_t                    fourcc;
    unsigned                    rank;
} lo_hls_group_t;


/* hls_low.c */

unsigned lo_hls_low_skip(const lo_manifest_list_t *list, uint32_t target);
void lo_hls_low_header(lo_buf_t *b, const lo_manifest_low_t *low,
    uint32_t target);
void lo_hls_low_parts(lo_buf_t *b, const lo_manifest_list_t *list,
    const lo_manifest_segment_t *s);
void lo_hls_low_end(lo_buf_t *b, const lo_manifest_list_t *list);


/* hls_text.c */

/* n digits, with zeroes before them */
void lo_hls_digits(lo_buf_t *b, uint64_t v, unsigned n);
/* thousandths, with as many decimals as it takes */
void lo_hls_milli(lo_buf_t *b, int64_t milli);
/* to the millisecond */
void lo_hls_date(lo_buf_t *b, int64_t us);

/* NAME="s": what may not stand in a quoted string is replaced */
void lo_hls_quoted(lo_buf_t *b, const char *name, lo_str_t s);
/* a track's media playlist, as the multivariant playlist names it */
void lo_hls_uri(const lo_hls_master_t *x, const lo_manifest_track_t *t);


/* hls_cue.c */

/* EXT-X-DATERANGE of the cues that have to do with a list, or soon will */
void lo_hls_cues(lo_buf_t *b, const lo_manifest_list_t *list);


/* hls_group.c */

/* empty: not known */
lo_str_t lo_hls_lang(const lo_manifest_track_t *t);
/* of one rendition: they differ in bitrate or channels alone */
int lo_hls_same(const lo_manifest_track_t *a, const lo_manifest_track_t *b);
/* the group that a track is the first to make, if it is */
int lo_hls_group(const lo_hls_master_t *x, unsigned track,
    lo_hls_group_t *g);
/* the members of a group: the next after *i, through *member */
int lo_hls_member(const lo_hls_master_t *x, const lo_hls_group_t *g,
    unsigned *i, unsigned *member);
void lo_hls_group_name(lo_buf_t *b, const lo_hls_group_t *g);


/* hls_rendition.c: EXT-X-MEDIA */

void lo_hls_audio(const lo_hls_master_t *x, const lo_hls_group_t *g);
/* whether there is any */
int lo_hls_text(const lo_hls_master_t *x);


/* hls_picture.c */

/* what a variant can be made of */
int lo_hls_video(const lo_manifest_track_t *t);
/* VIDEO-RANGE; NULL: not told */
const char *lo_hls_range(const lo_manifest_track_t *t);
/* from SUPPLEMENTAL-CODECS to VIDEO-RANGE */
void lo_hls_picture(const lo_hls_master_t *x, const lo_manifest_track_t *t);


/* hls_variant.c: EXT-X-STREAM-INF */

/* one for each video track, or for the group's first audio track */
void lo_hls_variants(const lo_hls_master_t *x, const lo_hls_group_t *g,
    int video, int text);
/* EXT-X-I-FRAME-STREAM-INF of the tracks that are for trick play */
void lo_hls_iframes(const lo_hls_master_t *x);

#endif /* LO_HLS_INT_H */
