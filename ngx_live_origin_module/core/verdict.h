/*
 * What is wrong with a candidate, and why one is given to readers.  One list
 * each: codes, log lines, the API, metrics and docs/http-api.md ("Verdicts")
 * are made from them.
 *
 * Classes decide between pipelines, the lower wins: 0 is only noted and the
 * candidate is good; 1 to 5 are defects, and what has one is never cached for
 * good.  Within a class fewer milliseconds win.
 */

#ifndef LO_VERDICT_H
#define LO_VERDICT_H

#include "core/live.h"


/* symbol, class, word, what it means; a packager may declare any of them */

#define LO_VERDICT_LIST(X)                                                    \
    X(SHORT, 1, "short", "shorter than d, more than samples explain")         \
    X(LONG, 1, "long", "longer than d, more than samples explain")            \
    X(OVERLAP, 1, "overlap", "begins before its pipeline's previous "         \
      "segment has ended")                                                    \
    X(MISSING_SAMPLES, 1, "missing-samples", "media time without samples, "   \
      "within it or since its pipeline's previous segment")                   \
    X(EXTRA_SAMPLES, 1, "extra-samples", "chunks that lie over each other")   \
    X(MISSING_VIDEO, 1, "missing-video", "declared: pictures are missing")    \
    X(MISSING_AUDIO, 1, "missing-audio", "declared: sound is missing")        \
    X(SILENCE, 1, "silence", "declared: silence stands in for sound")         \
    X(BLACK, 1, "black", "declared: black stands in for pictures")            \
    X(FROZEN, 1, "frozen", "declared: one picture stands in for others")      \
    X(DECLARED, 1, "declared", "declared: a defect of another name")          \
    X(DISCONTINUOUS, 2, "discontinuous", "its time is more than d/4 off its " \
      "number's")                                                             \
    X(NO_SYNC, 3, "no-sync", "video that does not begin with a sync sample")  \
    X(WRONG_INIT, 3, "wrong-init", "refers to a sample description that its " \
      "init does not have")                                                   \
    X(FILLER, 4, "filler", "declared as filler (brand slat)")                 \
    X(EMPTY, 5, "empty", "not a byte of media")                               \
    X(CHANGED_INIT, 0, "changed-init", "the first of its pipeline with "      \
      "another init")                                                         \
    X(DRIFT, 0, "drift", "its media clock is not the wall clock: ahead of "   \
      "its arrival, or far from its producer's time (prft)")

typedef enum {
#define LO_VERDICT_X(sym, class, word, text)  LO_VERDICT_##sym,
    LO_VERDICT_LIST(LO_VERDICT_X)
#undef LO_VERDICT_X
    LO_VERDICT_N
} lo_verdict_e;

#define LO_VERDICT_CLASSES   6
#define LO_VERDICT_AMOUNTS   8        /* kept with a stored segment */
#define LO_VERDICT_TEXT      384      /* of lo_verdict_print, at most */


typedef struct {
    uint64_t            bits;         /* 1 << lo_verdict_e; 0: good */
    uint16_t            ms[LO_VERDICT_N];   /* how much; saturates */
} lo_verdict_t;


typedef struct {
    uint32_t            type;         /* lo_media_e */
    uint32_t            timescale;    /* of what follows */
    uint64_t            duration;     /* of all chunks */
    uint32_t            samples;
    uint64_t            holes;        /* between chunks */
    uint64_t            laps;         /* of chunks over each other */
    int64_t             off;          /* from its number's exact beginning */
    int64_t             gap;          /* from the end of its pipeline's
                                         previous segment */
    const lo_dur_t     *d;

    int64_t             start_us;     /* UTC of its media */
    int64_t             end_us;
    int64_t             arrived_us;   /* its last byte, wall clock */
    int64_t             prft_us;      /* of its first chunk; 0: none */
    int64_t             delay_us;     /* what is allowed to a producer */

    unsigned            utc:1;        /* its clock is UTC */
    unsigned            follows:1;    /* gap is known */
    unsigned            irregular:1;  /* the event: no grid to be off */
    unsigned            off_grid:1;
    unsigned            last:1;       /* brand lmsg: may be short */
    unsigned            sync:1;       /* the first chunk begins with one */
    unsigned            empty:1;      /* no chunk has media */
    unsigned            slat:1;
    unsigned            wrong_init:1;
    unsigned            changed_init:1;
} lo_verdict_facts_t;

/* adds to v, which may hold what was declared, or is all zero */
void lo_verdict(lo_verdict_t *v, const lo_verdict_facts_t *f);

/* class << 13 | milliseconds of that class, 16 bits in all: the lower wins, 0
   is good */
#define LO_VERDICT_RANK_MS   0x1fff
uint32_t lo_verdict_rank(const lo_verdict_t *v);

/* to and from what is stored: the amounts of the first bits set */
void lo_verdict_pack(const lo_verdict_t *v, uint16_t *ms);
void lo_verdict_unpack(lo_verdict_t *v, uint64_t bits, const uint16_t *ms);

/* the defects (class 1 and above) as a structured field list:
   short;ms=400, silence */
void lo_verdict_print(lo_buf_t *b, const lo_verdict_t *v);

/*
 * The same, from a packager (Live-Origin-Defects).  Words that are not in the
 * list are DECLARED.  LO_ERROR: not a list of tokens whose ms, where it is
 * there, is an integer of 0 or more; v is as it was then.
 */
int lo_verdict_declared(lo_verdict_t *v, lo_str_t field, lo_err_t *err);

uint32_t lo_verdict_class(lo_verdict_e v);
const char *lo_verdict_word(lo_verdict_e v);
const char *lo_verdict_text(lo_verdict_e v);


/* why readers get one candidate and not another; symbol, word, text */

#define LO_CHOICE_LIST(X)                                                     \
    X(NONE, "not-given", "nobody has asked for it yet")                       \
    X(ONLY, "only-one", "there was no other when the first reader asked")     \
    X(FIRST, "first-valid", "the first good one in the order of pipelines, "  \
      "of those there when the first reader asked")                           \
    X(LEAST, "least-defective", "all that were there were defective, this "   \
      "one least")                                                            \
    X(BETTER, "better-replaced-defective", "what had been given out was "     \
      "worse")                                                                \
    X(MASKED, "masked-other", "the pipeline that readers would have got is "  \
      "masked")                                                               \
    X(EARLY, "followed-early", "readers followed it while it arrived")        \
    X(AGREED, "agreed", "the nodes of the event agreed on it")

typedef enum {
#define LO_CHOICE_X(sym, word, text)  LO_CHOICE_##sym,
    LO_CHOICE_LIST(LO_CHOICE_X)
#undef LO_CHOICE_X
    LO_CHOICE_N
} lo_choice_e;

const char *lo_choice_word(lo_choice_e c);
const char *lo_choice_text(lo_choice_e c);

#endif /* LO_VERDICT_H */
