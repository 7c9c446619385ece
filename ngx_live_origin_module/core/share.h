/*
 * What nodes write down for each other in Redis: docs/redis.md has the keys,
 * here is what is in them.
 */

#ifndef LO_SHARE_H
#define LO_SHARE_H

#include "core/base.h"
#include "core/segment.h"

#define LO_SHARE_PART      (256 * 1024)   /* bytes of a segment in one key */
#define LO_SHARE_PARTS     4096
#define LO_SHARE_LINE      512
#define LO_SHARE_NEWS      320
#define LO_SHARE_NODE      36             /* a UUID */


/*
 * One candidate, as a line of fields with a space between:
 *
 *   RANK DIGEST SIZE PARTS M TFDT DURATION TIMESCALE INIT RUN VERDICT
 *   MS,... FIRST_US LAST_US CHUNKS FLAGS NODE
 *
 * DIGEST is XXH3-128 in 32 hexadecimal digits, VERDICT is hexadecimal, all
 * else decimal.  Fields that a later version adds stand at the end.
 */

typedef struct {
    unsigned char       digest[16];
    uint64_t            size;
    uint32_t            parts;
    lo_segment_meta_t   meta;
    char                node[LO_SHARE_NODE + 1];
} lo_share_segment_t;

void lo_share_write(lo_buf_t *b, const lo_share_segment_t *s);
/* LO_OK or LO_ERROR */
int lo_share_read(lo_share_segment_t *s, lo_str_t line);
uint32_t lo_share_parts(uint64_t size);


/*
 * News, on one channel for all events:
 *
 *   segment EVENT NODE TRACK NUMBER PIPELINE CHOSEN DIGEST
 *   gap EVENT NODE TRACK NUMBER           it is listed as GAP for good
 *   event EVENT NODE                      its live state or document changed
 *   gone EVENT NODE LIFE                  it was deleted
 */

typedef enum {
    LO_NEWS_SEGMENT = 0,
    LO_NEWS_GAP,
    LO_NEWS_EVENT,
    LO_NEWS_GONE
} lo_news_e;

typedef struct {
    lo_news_e           kind;
    lo_str_t            event;
    lo_str_t            node;
    lo_str_t            track;
    lo_str_t            pipeline;
    lo_str_t            chosen;           /* the pipeline that readers get */
    unsigned char       digest[16];       /* of the pipeline's bytes */
    int64_t             number;
    uint64_t            life;
} lo_news_t;

/* LO_OK or LO_ERROR; strings lie in text */
int lo_news_read(lo_news_t *n, lo_str_t text);

/* decimal, -1 when it is not */
int64_t lo_share_number(lo_str_t s);

#endif /* LO_SHARE_H */
