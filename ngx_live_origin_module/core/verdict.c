#include "core/verdict.h"
#include "core/sfv.h"


static const struct {
    uint32_t     class;
    const char  *word;
    const char  *text;
} lo_verdicts[] = {
#define LO_VERDICT_X(sym, class, word, text)  { class, word, text },
    LO_VERDICT_LIST(LO_VERDICT_X)
#undef LO_VERDICT_X
};

static const struct {
    const char  *word;
    const char  *text;
} lo_choices[] = {
#define LO_CHOICE_X(sym, word, text)  { word, text },
    LO_CHOICE_LIST(LO_CHOICE_X)
#undef LO_CHOICE_X
};


static void
lo_verdict_add(lo_verdict_t *v, lo_verdict_e e, int64_t ms)
{
    if (ms < 0) {
        ms = 0;
    }

    if (ms > UINT16_MAX) {
        ms = UINT16_MAX;
    }

    v->bits |= UINT64_C(1) << e;

    if (ms > v->ms[e]) {
        v->ms[e] = (uint16_t) ms;
    }
}


static int64_t
lo_verdict_ms(const lo_verdict_facts_t *f, uint64_t units)
{
    return lo_rescale(units > INT64_MAX ? INT64_MAX : (int64_t) units, 1000,
                      f->timescale, LO_NEAREST);
}


/*
 * How far from the template a whole number of samples may lie.  Pictures that
 * all last the same are cut at the one nearest the grid, or always at the one
 * behind it: less than one of them.  Where they do not, and in audio, whose
 * priming goes one frame to and fro, it is more.
 */

static int64_t
lo_verdict_slack(const lo_verdict_facts_t *f)
{
    uint64_t  sample;

    if (f->samples == 0) {
        return 0;
    }

    sample = f->duration / f->samples;

    if (sample > INT64_MAX / 8) {
        return INT64_MAX;
    }

    if (f->type != LO_MEDIA_VIDEO) {
        return (int64_t) (sample * 5 / 2);
    }

    if (f->duration % f->samples == 0) {
        return (int64_t) (sample - sample / 64 - 1);
    }

    return (int64_t) (sample * 3 / 2);
}


static void
lo_verdict_duration(lo_verdict_t *v, const lo_verdict_facts_t *f)
{
    int64_t  d, differs, slack;

    d = lo_rescale((int64_t) f->d->duration, f->timescale, f->d->timescale,
                   LO_NEAREST);
    slack = lo_verdict_slack(f);

    if (f->type != LO_MEDIA_VIDEO && f->type != LO_MEDIA_AUDIO) {
        slack = d / 4;                     /* text has no frames */
    }

    differs = (int64_t) f->duration - d;

    if (differs > slack) {
        lo_verdict_add(v, LO_VERDICT_LONG,
                       lo_verdict_ms(f, (uint64_t) differs));

    } else if (-differs > slack && !f->last) {
        lo_verdict_add(v, LO_VERDICT_SHORT,
                       lo_verdict_ms(f, (uint64_t) -differs));
    }
}


/*
 * A hole since the previous segment is this one's as far as this one begins
 * behind its own number's time; the rest is that the other was short.
 */

static void
lo_verdict_neighbour(lo_verdict_t *v, const lo_verdict_facts_t *f)
{
    int64_t  gap, slack;

    gap = f->gap;
    slack = lo_verdict_slack(f);

    if (f->type == LO_MEDIA_VIDEO && f->samples) {
        slack = (int64_t) (f->duration / f->samples / 2);
    }

    if (gap > 0) {

        if (!f->irregular && gap > f->off) {
            gap = f->off;
        }

        if (gap > slack) {
            lo_verdict_add(v, LO_VERDICT_MISSING_SAMPLES,
                           lo_verdict_ms(f, (uint64_t) gap));
        }

        return;
    }

    if (!f->irregular && gap < f->off) {
        gap = f->off;
    }

    if (-gap > slack) {
        lo_verdict_add(v, LO_VERDICT_OVERLAP,
                       lo_verdict_ms(f, (uint64_t) -gap));
    }
}


static void
lo_verdict_drift(lo_verdict_t *v, const lo_verdict_facts_t *f)
{
    int64_t  d, off;

    d = lo_dur_us(f->d);

    if (f->utc && f->prft_us) {

        off = f->prft_us - f->start_us;

        if (off > d + f->delay_us || off < -d) {
            lo_verdict_add(v, LO_VERDICT_DRIFT,
                           (off < 0 ? -off : off) / 1000);
        }

        return;
    }

    off = f->end_us - f->arrived_us;

    if (off > d / 2) {
        lo_verdict_add(v, LO_VERDICT_DRIFT, off / 1000);
    }
}


static void
lo_verdict_samples(lo_verdict_t *v, const lo_verdict_facts_t *f)
{
    if (f->holes) {
        lo_verdict_add(v, LO_VERDICT_MISSING_SAMPLES,
                       lo_verdict_ms(f, f->holes));
    }

    if (f->laps) {
        lo_verdict_add(v, LO_VERDICT_EXTRA_SAMPLES,
                       lo_verdict_ms(f, f->laps));
    }

    if (f->type == LO_MEDIA_VIDEO && !f->sync) {
        lo_verdict_add(v, LO_VERDICT_NO_SYNC, 0);
    }
}


void
lo_verdict(lo_verdict_t *v, const lo_verdict_facts_t *f)
{
    int64_t  off;

    if (f->timescale) {

        if (!f->irregular && f->off_grid) {
            off = f->off < 0 ? -f->off : f->off;
            lo_verdict_add(v, LO_VERDICT_DISCONTINUOUS,
                           lo_verdict_ms(f, (uint64_t) off));
        }

        if (!f->irregular && f->d->duration) {
            lo_verdict_duration(v, f);
        }

        if (f->follows) {
            lo_verdict_neighbour(v, f);
        }

        if (f->d->duration) {
            lo_verdict_drift(v, f);
        }

        lo_verdict_samples(v, f);
    }

    if (f->wrong_init) {
        lo_verdict_add(v, LO_VERDICT_WRONG_INIT, 0);
    }

    if (f->changed_init) {
        lo_verdict_add(v, LO_VERDICT_CHANGED_INIT, 0);
    }

    if (f->slat) {
        lo_verdict_add(v, LO_VERDICT_FILLER, 0);
    }

    if (f->empty) {
        lo_verdict_add(v, LO_VERDICT_EMPTY, 0);
    }
}


uint32_t
lo_verdict_rank(const lo_verdict_t *v)
{
    unsigned  i;
    uint32_t  class, ms;

    class = 0;
    ms = 0;

    for (i = 0; i < LO_VERDICT_N; i++) {

        if (!(v->bits >> i & 1) || lo_verdicts[i].class < class) {
            continue;
        }

        if (lo_verdicts[i].class > class) {
            class = lo_verdicts[i].class;
            ms = 0;
        }

        ms += v->ms[i];
    }

    if (ms > LO_VERDICT_RANK_MS) {
        ms = LO_VERDICT_RANK_MS;
    }

    return class ? class << 13 | ms : 0;
}


void
lo_verdict_pack(const lo_verdict_t *v, uint16_t *ms)
{
    unsigned  i, k;

    memset(ms, 0, LO_VERDICT_AMOUNTS * sizeof(uint16_t));

    for (i = 0, k = 0; i < LO_VERDICT_N && k < LO_VERDICT_AMOUNTS; i++) {
        if (v->bits >> i & 1) {
            ms[k++] = v->ms[i];
        }
    }
}


void
lo_verdict_unpack(lo_verdict_t *v, uint64_t bits, const uint16_t *ms)
{
    unsigned  i, k;

    memset(v, 0, sizeof(lo_verdict_t));
    v->bits = bits;

    for (i = 0, k = 0; i < LO_VERDICT_N && k < LO_VERDICT_AMOUNTS; i++) {
        if (bits >> i & 1) {
            v->ms[i] = ms[k++];
        }
    }
}


void
lo_verdict_print(lo_buf_t *b, const lo_verdict_t *v)
{
    unsigned     i;
    const char  *sep;

    sep = "";

    for (i = 0; i < LO_VERDICT_N; i++) {

        if (!(v->bits >> i & 1) || lo_verdicts[i].class == 0) {
            continue;
        }

        lo_buf_puts(b, sep);
        lo_buf_puts(b, lo_verdicts[i].word);

        if (v->ms[i]) {
            lo_buf_puts(b, ";ms=");
            lo_buf_u64(b, v->ms[i]);
        }

        sep = ", ";
    }
}


static lo_verdict_e
lo_verdict_find(lo_str_t word)
{
    unsigned  i;

    for (i = 0; i < LO_VERDICT_N; i++) {
        if (lo_str_eq(word, lo_cstr(lo_verdicts[i].word))) {
            return (lo_verdict_e) i;
        }
    }

    return LO_VERDICT_DECLARED;
}


int
lo_verdict_declared(lo_verdict_t *v, lo_str_t field, lo_err_t *err)
{
    int             rc;
    lo_sfv_t        s;
    lo_verdict_t    all;
    lo_sfv_item_t   ms;
    lo_sfv_item_t   item;

    all = *v;
    lo_sfv(&s, field);

    while ((rc = lo_sfv_list(&s, &item)) == 1) {

        if (item.type != LO_SFV_TOKEN) {
            return lo_err(err, "Live-Origin-Defects: a member is no token");
        }

        ms.integer = 0;

        if (lo_sfv_param(&item, "ms", &ms) == LO_OK
            && (ms.type != LO_SFV_INTEGER || ms.integer < 0))
        {
            return lo_err(err, "Live-Origin-Defects: ms is no integer of 0 "
                          "or more");
        }

        lo_verdict_add(&all, lo_verdict_find(item.text), ms.integer);
    }

    if (rc != 0) {
        return lo_err(err, "Live-Origin-Defects: no structured field list "
                      "(RFC 9651): %s", s.error);
    }

    *v = all;

    return LO_OK;
}


uint32_t
lo_verdict_class(lo_verdict_e v)
{
    return lo_verdicts[v].class;
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


const char *
lo_choice_word(lo_choice_e c)
{
    return (unsigned) c < LO_CHOICE_N ? lo_choices[c].word : "unknown";
}


const char *
lo_choice_text(lo_choice_e c)
{
    return (unsigned) c < LO_CHOICE_N ? lo_choices[c].text : "unknown";
}
