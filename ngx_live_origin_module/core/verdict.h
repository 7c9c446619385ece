/*
 * What is wrong with a candidate.  One list: its names are the metrics' and
 * the API's, its ranks decide between pipelines (the lower wins) and what may
 * be cached for good (only rank 0).
 */

#ifndef LO_VERDICT_H
#define LO_VERDICT_H

#include "core/live.h"


/* symbol, rank, word, what it means */

#define LO_VERDICT_LIST(X)                                                    \
    X(OFF_GRID, 1, "off_grid", "more than d/4 off its number's time")         \
    X(DURATION, 1, "duration", "more than d/4 longer or shorter than d")      \
    X(NO_SYNC,  2, "no_sync",  "video that does not begin with a sync "       \
                               "sample")                                      \
    X(EMPTY,    3, "empty",    "not a byte of media")                         \
    X(FILLER,   4, "filler",   "declared as filler (brand slat)")

typedef enum {
#define LO_VERDICT_X(sym, rank, word, text)  LO_VERDICT_##sym,
    LO_VERDICT_LIST(LO_VERDICT_X)
#undef LO_VERDICT_X
    LO_VERDICT_N
} lo_verdict_e;


typedef struct {
    uint32_t            type;         /* lo_media_e */
    uint32_t            timescale;
    uint64_t            duration;     /* of all chunks, in timescale */
    const lo_dur_t     *d;
    unsigned            irregular:1;  /* the event: no grid to be off */
    unsigned            off_grid:1;
    unsigned            last:1;       /* brand lmsg: may be short */
    unsigned            sync:1;       /* the first chunk begins with one */
    unsigned            empty:1;      /* no chunk has media */
    unsigned            slat:1;
} lo_verdict_facts_t;

/* bits, 1 << lo_verdict_e; 0: good */
uint64_t lo_verdict(const lo_verdict_facts_t *f);

uint32_t lo_verdict_rank(uint64_t bits);
const char *lo_verdict_word(lo_verdict_e v);
const char *lo_verdict_text(lo_verdict_e v);

#endif /* LO_VERDICT_H */
