/*
 * Boxes built in memory, for tests: open a box, put its fields, close it.
 */

#ifndef LO_TEST_BOXES_H
#define LO_TEST_BOXES_H

#include <stddef.h>
#include <stdint.h>


typedef struct {
    unsigned char   data[65536];
    size_t          len;
    size_t          open[16];
    unsigned        depth;
} boxes_t;

void bx_u8(boxes_t *b, unsigned v);
void bx_u16(boxes_t *b, unsigned v);
void bx_u32(boxes_t *b, uint32_t v);
void bx_u64(boxes_t *b, uint64_t v);
void bx_bytes(boxes_t *b, const void *data, size_t len);
void bx_zeros(boxes_t *b, size_t len);
void bx_hex(boxes_t *b, const char *hex);

void bx_open(boxes_t *b, const char *type);
void bx_full(boxes_t *b, const char *type, unsigned version, uint32_t flags);
void bx_close(boxes_t *b);


/* a header: everything around the sample entry, which the caller puts */

typedef struct {
    const char     *handler;           /* "vide" */
    uint32_t        track_id;
    uint32_t        timescale;
    const char     *lang;              /* three letters; NULL: und */
    const char     *elng;
    uint32_t        created;           /* creation times */
    int64_t         empty;             /* an empty edit, movie timescale */
    int64_t         media_time;        /* -1: no edit list */
    unsigned        tracks;            /* 0: one */
    unsigned        no_mvex;
} bx_head_t;

void bx_head(boxes_t *b, const bx_head_t *h);      /* leaves stsd open */
void bx_head_end(boxes_t *b, const bx_head_t *h);

/* an entry's fixed fields; leaves it open for its children */
void bx_visual(boxes_t *b, const char *type, unsigned width, unsigned height);
void bx_sound(boxes_t *b, const char *type, unsigned channels, uint32_t rate);

/* a box whose whole content is in hex */
void bx_box_hex(boxes_t *b, const char *type, const char *hex);

void bx_esds(boxes_t *b, const char *asc, uint32_t bitrate);


/* a chunk */

typedef struct {
    uint32_t        track_id;
    uint64_t        tfdt;
    unsigned        tfdt_version;
    uint32_t        samples;
    uint32_t        duration;          /* of each */
    uint32_t        size;
    uint32_t        flags;             /* of the first sample */
    uint32_t        trun;              /* trun's flags, without data-offset */
    unsigned        large;             /* mdat with a 64-bit size */
    int32_t         shift;             /* added to the data offset */
    unsigned        trafs;             /* 0: one */
} bx_chunk_t;

void bx_chunk(boxes_t *b, const bx_chunk_t *c);

#endif /* LO_TEST_BOXES_H */
