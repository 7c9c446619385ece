/*
 * The parts of a segment (rfc8216bis, 3.1: Partial Segments), out of its
 * bytes as they become visible.
 *
 * A part is one or more whole chunks and lasts no longer than the part
 * target.  It is complete with the chunk behind which another of the same
 * length would have no room, or where the next one has none, or where the
 * segment ends.  Nothing else counts: the same chunks are the same parts on
 * every node and from every pipeline.
 */

#ifndef LO_PART_H
#define LO_PART_H

#include "core/cmaf.h"
#include "core/timeline.h"

#define LO_PARTS_MAX      256
#define LO_PART_MS_MIN    100
#define LO_PART_MS_MAX    5000
#define LO_PART_LEARNT    200000       /* us; shorter chunks are put together
                                          where nobody says how long parts are */


typedef struct {
    uint64_t            offset;            /* in the segment */
    uint64_t            size;
    uint64_t            start;             /* from the segment's first sample,
                                              in timescale */
    uint64_t            duration;
    unsigned            independent:1;     /* has a sync sample */
    unsigned            tagged:1;          /* the caller's: digest is made */
    unsigned char       digest[16];
} lo_part_t;

typedef struct {
    lo_cmaf_reader_t    reader;
    lo_cmaf_init_t      init;
    lo_part_t          *list;
    unsigned            n;                 /* complete */
    unsigned            size;              /* of list */
    uint64_t            total;             /* duration of all chunks */
    uint64_t            last;              /* and of the newest */
    uint64_t            tfdt;              /* of the first */
    uint32_t            target_us;
    unsigned            tfdt32:1;
    unsigned            open:1;            /* list[n] is not complete */
    unsigned            whole:1;
    unsigned            bad:1;             /* not to be cut into parts: a chunk
                                              longer than the target, too many
                                              parts, or no media */
} lo_parts_t;


/*
 * The part target of a track: whole chunks of chunk_us, the longest that it
 * has, near part_us, which divides d without a rest that would be a part of
 * its own.
 */
uint32_t lo_part_target_us(const lo_dur_t *d, uint32_t part_us,
    uint32_t chunk_us);

/* how many parts a segment has that is not there */
unsigned lo_part_count(const lo_dur_t *d, uint32_t target_us);


void lo_parts_init(lo_parts_t *p, const lo_cmaf_init_t *init,
    uint32_t target_us);
void lo_parts_free(lo_parts_t *p);

/* the next bytes; LO_ERROR, now and from then on: bad is set */
int lo_parts_feed(lo_parts_t *p, const void *data, size_t len);

/* that was all of it */
int lo_parts_end(lo_parts_t *p);

/* bytes that were fed */
#define lo_parts_fed(p)  ((p)->reader.offset)

/*
 * Whether there will be no further part: it is whole, or its media fill the
 * slot of d but for less than half a chunk.
 */
int lo_parts_full(const lo_parts_t *p, const lo_dur_t *d);

#endif /* LO_PART_H */
