#include "core/verdict.h"


static const struct {
    uint32_t     rank;
    const char  *word;
    const char  *text;
} lo_verdicts[] = {
#define LO_VERDICT_X(sym, rank, word, text)  { rank, word, text },
    LO_VERDICT_LIST(LO_VERDICT_X)
#undef LO_VERDICT_X
};


static int
lo_verdict_duration(const lo_verdict_facts_t *f)
{
    int64_t  d, us;

    d = lo_dur_us(f->d);
    us = lo_rescale((int64_t) f->duration, LO_USEC, f->timescale, LO_NEAREST);

    if (us > d + d / 4) {
        return 1;
    }

    return us < d - d / 4 && !f->last;
}


uint64_t
lo_verdict(const lo_verdict_facts_t *f)
{
    uint64_t  bits;

    bits = 0;

    if (!f->irregular && f->off_grid) {
        bits |= 1 << LO_VERDICT_OFF_GRID;
    }

    if (!f->irregular && f->d->duration && f->timescale
        && lo_verdict_duration(f))
    {
        bits |= 1 << LO_VERDICT_DURATION;
    }

    if (f->type == LO_MEDIA_VIDEO && !f->sync) {
        bits |= 1 << LO_VERDICT_NO_SYNC;
    }

    if (f->empty) {
        bits |= 1 << LO_VERDICT_EMPTY;
    }

    if (f->slat) {
        bits |= 1 << LO_VERDICT_FILLER;
    }

    return bits;
}


uint32_t
lo_verdict_rank(uint64_t bits)
{
    unsigned  i;
    uint32_t  rank;

    rank = 0;

    for (i = 0; i < LO_VERDICT_N; i++) {
        if ((bits >> i & 1) && lo_verdicts[i].rank > rank) {
            rank = lo_verdicts[i].rank;
        }
    }

    return rank;
}


const char *
lo_verdict_word(lo_verdict_e v)
{
    return lo_verdicts[v].word;
}


const char *
lo_verdict_text(lo_verdict_e v)
{
    return lo_verdicts[v].text;
}
