/*
 * Reading CMAF: ISO/IEC 23000-19 over ISO/IEC 14496-12.  Nothing here trusts
 * a length: every box is checked against what encloses it.
 */

#ifndef LO_CMAF_H
#define LO_CMAF_H

#include "core/base.h"


typedef enum {
    LO_MEDIA_NONE = 0,
    LO_MEDIA_VIDEO,
    LO_MEDIA_AUDIO,
    LO_MEDIA_TEXT,
    LO_MEDIA_META
} lo_media_e;

#define LO_CODEC_MAX   64
#define LO_LANG_MAX    36


#define LO_PICTURE_PROGRESSIVE  1
#define LO_PICTURE_INTERLACED   2
#define LO_PICTURE_FULL_RANGE   4

#define LO_TRANSFER_PQ          16
#define LO_TRANSFER_HLG         18

/*
 * A CMAF header.  Plain data without pointers: it is copied into shared
 * memory as it is.
 */

typedef struct {
    uint32_t            type;             /* lo_media_e */
    uint32_t            track_id;
    uint32_t            timescale;
    uint32_t            fourcc;           /* sample entry: 'avc1', 'mp4a'... */
    char                codec[LO_CODEC_MAX];   /* RFC 6381: "avc1.64001f" */
    char                lang[LO_LANG_MAX];     /* "en", "und"; elng or mdhd */
    uint32_t            width;            /* picture, pixels */
    int64_t             edit;             /* elst media_time of the first real
                                             edit, in timescale; empty edits
                                             before it subtracted */
    uint32_t            height;
    uint32_t            par_h;            /* pasp, or 1:1 */
    uint32_t            par_v;
    uint32_t            sample_rate;      /* Hz (true rate, from the ASC) */
    uint32_t            channels;
    uint32_t            bitrate;          /* btrt or esds average, or 0 */
    uint32_t            fps_num;          /* from the codec configuration, or
                                             0: not told */
    uint32_t            fps_den;
    uint32_t            def_duration;     /* trex defaults */
    uint32_t            def_size;
    uint32_t            def_flags;
    uint32_t            scheme;           /* 'cenc', 'cbcs' or 0 */
    uint32_t            entries;          /* sample descriptions */
    unsigned char       kid[16];
    unsigned char       primaries;        /* ISO/IEC 23091-2, from colr or the
                                             codec configuration; 0: not */
    unsigned char       transfer;         /* told */
    unsigned char       matrix;
    unsigned char       picture;          /* LO_PICTURE_..., 0: not told */
    unsigned char       dv_profile;       /* Dolby Vision on top of the codec;
                                             0: none */
    unsigned char       dv_level;
    unsigned char       dv_base;          /* what the codec alone is: 1 HDR10,
                                             2 SDR, 4 HLG */
    unsigned char       objects;          /* E-AC-3 with objects: how many */
    uint64_t            config;           /* XXH3 of what must agree between
                                             pipelines: sample entry with its
                                             codec configuration, timescale,
                                             track id, encryption, edit; no
                                             bitrates, no creation times */
} lo_cmaf_init_t;

/*
 * data is a whole header: ftyp and moov with exactly one track.
 * LO_ERROR: malformed (400).  LO_NONE: well-formed, but not something this
 * origin serves, such as two tracks or an unknown sample entry (415).
 */
int lo_cmaf_init(lo_cmaf_init_t *init, const unsigned char *data, size_t len,
    lo_err_t *err);


/*
 * A body as it arrives: any mixture of headers and chunks
 * ([styp] [prft] [emsg] [sidx] moof mdat).  The reader is fed bytes in order
 * and in pieces of any size, keeps no pointer to them, and calls back.
 */

typedef struct {
    uint64_t            offset;           /* in the body, of its first box */
    uint64_t            size;             /* through the end of its mdat; at
                                             the moof callback through mdat's
                                             header is not known yet: 0 */
    uint64_t            tfdt;
    uint64_t            duration;         /* sum of sample durations */
    uint64_t            prft_us;          /* UTC of its prft, 0 without */
    uint32_t            sequence;         /* mfhd */
    uint32_t            samples;
    uint32_t            track_id;
    uint32_t            desc;             /* sample description, from 1; 0:
                                             the default */
    unsigned            sync:1;           /* begins with a sync sample */
    unsigned            slat:1;           /* styp brand: filler */
    unsigned            lmsg:1;           /* styp brand: last segment */
    unsigned            empty:1;          /* mdat without a byte */
    unsigned            styp:1;           /* a styp came before it */
    unsigned            tfdt32:1;         /* tfdt has 32 bits, which wrap */
} lo_cmaf_chunk_t;

typedef struct {
    /* a whole header lies at [offset, offset + size) of the body; bytes are
       valid during the call */
    int               (*init)(void *data, uint64_t offset,
                              const unsigned char *bytes, size_t size);
    /* a whole moof was read; its mdat is still to come */
    int               (*moof)(void *data, const lo_cmaf_chunk_t *chunk);
    /* its mdat is complete */
    int               (*chunk)(void *data, const lo_cmaf_chunk_t *chunk);
} lo_cmaf_handler_t;             /* any may be NULL; not LO_OK ends the feed */

#define LO_CMAF_HEADER_MAX  (512 * 1024)   /* one ftyp+moov, or one moof */

/*
 * Collects headers in malloc'ed memory only when they do not lie whole in
 * what is fed.  init may be NULL until one is known (trex defaults then
 * are 0); a callback may set r->init.
 */

typedef struct {
    const lo_cmaf_handler_t  *handler;
    void                     *data;
    const lo_cmaf_init_t     *init;
    uint64_t                  offset;      /* bytes fed so far */
    unsigned char            *head;        /* what is being collected */
    size_t                    head_len;
    size_t                    head_size;
    size_t                    want;        /* bytes it takes to go on */
    uint64_t                  skip;        /* payload bytes to pass over */
    uint64_t                  start;       /* offset of the unit's first box */
    uint64_t                  moof;        /* offset of the moof */
    uint64_t                  data_from;   /* what its truns refer to, from */
    uint64_t                  data_to;     /* the moof's first byte on */
    lo_cmaf_chunk_t           chunk;
    unsigned                  state;       /* bits: what the unit has so far */
    unsigned                  inits;       /* headers seen */
    unsigned                  chunks;      /* chunks seen */
} lo_cmaf_reader_t;

void lo_cmaf_reader(lo_cmaf_reader_t *r, const lo_cmaf_handler_t *handler,
    void *data, const lo_cmaf_init_t *init);
void lo_cmaf_reader_free(lo_cmaf_reader_t *r);

/*
 * LO_OK; LO_ERROR: malformed (400); LO_NONE: well-formed, but not something
 * this origin serves, such as several trafs (415); or what a callback
 * returned.  After anything but LO_OK the reader is good only for free.
 */
int lo_cmaf_feed(lo_cmaf_reader_t *r, const unsigned char *data, size_t len,
    lo_err_t *err);

/* the body has ended: LO_ERROR when it ended inside a box or a chunk */
int lo_cmaf_end(lo_cmaf_reader_t *r, lo_err_t *err);

#endif /* LO_CMAF_H */
