#include "core/shed.h"


#define LO_SHED_EDGE_MIN   6          /* numbers */
#define LO_SHED_FADE       8          /* ticks of a moving average */
#define LO_SHED_FEW        16         /* requests that say nothing yet */
#define LO_SHED_SUM_MAX    (1u << 26)
#define LO_SHED_STEP       (2 * LO_USEC)      /* from level 1 to 2 */
#define LO_SHED_EASE       (5 * LO_USEC)      /* before a level is left */
#define LO_SHED_EASE_MAX   (60 * LO_USEC)
#define LO_SHED_SOON       (10 * LO_USEC)     /* after level 0 was reached */


static const char  *lo_shed_causes[] = {
#define LO_SHED_X(sym, word)  word,
    LO_SHED_CAUSES(LO_SHED_X)
#undef LO_SHED_X
};


const char *
lo_shed_cause(lo_shed_cause_e cause)
{
    return (unsigned) cause < LO_SHED_NCAUSES ? lo_shed_causes[cause]
                                              : "unknown";
}


int64_t
lo_shed_edge(int64_t edge_us, int64_t d_us)
{
    int64_t  n;

    n = d_us > 0 ? (edge_us + d_us - 1) / d_us : 0;

    return n > LO_SHED_EDGE_MIN ? n : LO_SHED_EDGE_MIN;
}


/*
 * Up to the number on air: in an outage players ask for what is due, and they
 * are the live audience.
 */

lo_shed_class_e
lo_shed_class(const lo_shed_track_t *t, int64_t number)
{
    int64_t  top;

    if (t->head < 0) {
        return LO_SHED_UNKNOWN;
    }

    top = t->head + 1 > t->at ? t->head + 1 : t->at;

    if (number > top || number < t->head - t->window) {
        return LO_SHED_UNKNOWN;
    }

    if (t->ended) {
        return LO_SHED_DVR;
    }

    return number >= t->head - t->edge ? LO_SHED_EDGE : LO_SHED_DVR;
}


static void
lo_shed_average(uint32_t *avg, int hit)
{
    int32_t  to;

    to = hit ? 1000 : 0;

    /* the last step is taken, too */

    if (to > (int32_t) *avg) {
        *avg += (uint32_t) ((to - (int32_t) *avg + LO_SHED_FADE - 1)
                            / LO_SHED_FADE);

    } else {
        *avg -= (*avg + LO_SHED_FADE - 1) / LO_SHED_FADE;
    }
}


/* a class that nobody asks for, because it is shed, is soon forgotten */

static void
lo_shed_sum(uint32_t *sum, uint32_t n, int asked)
{
    *sum -= asked ? (*sum + 15) / 16 : (*sum + 1) / 2;

    n = n < LO_SHED_SUM_MAX / 32 ? n : LO_SHED_SUM_MAX / 32;
    *sum += n * 16;
}


/* the worst class's share of requests over their target, per mille */

static uint32_t
lo_shed_share(const lo_shed_t *s)
{
    unsigned  i;
    uint32_t  share, worst;

    worst = 0;

    for (i = 0; i < LO_SHED_NCLASSES; i++) {

        if (s->requests[i] < LO_SHED_FEW * 16) {
            continue;
        }

        share = (uint32_t) ((uint64_t) s->over[i] * 1000 / s->requests[i]);
        worst = share > worst ? share : worst;
    }

    return worst;
}


static void
lo_shed_level(lo_shed_t *s, uint32_t level, int64_t now_us)
{
    s->level = level;
    s->changed_us = now_us;
    s->calm_us = 0;
}


static void
lo_shed_up(lo_shed_t *s, int64_t now_us)
{
    if (s->level == 0) {

        if (s->changed_us && now_us - s->changed_us < LO_SHED_SOON) {
            s->again += s->again < 4;

        } else {
            s->again = 0;
        }

        lo_shed_level(s, 1, now_us);

    } else if (s->level == 1 && now_us - s->changed_us >= LO_SHED_STEP) {
        lo_shed_level(s, 2, now_us);
    }

    s->calm_us = 0;
}


static void
lo_shed_down(lo_shed_t *s, int64_t now_us)
{
    int64_t  ease;

    if (s->calm_us == 0) {
        s->calm_us = now_us;
    }

    ease = (int64_t) LO_SHED_EASE << s->again;
    ease = ease < LO_SHED_EASE_MAX ? ease : LO_SHED_EASE_MAX;

    if (s->level && now_us - s->calm_us >= ease) {
        lo_shed_level(s, s->level - 1, now_us);
    }
}


uint32_t
lo_shed_tick(lo_shed_t *s, const lo_shed_conf_t *conf,
    const lo_shed_input_t *in, int64_t now_us)
{
    unsigned  i;
    uint32_t  share, causes, missed;

    lo_shed_average(&s->late, in->lag_us >= conf->lag_us);
    lo_shed_average(&s->uneasy, in->lag_us >= conf->lag_us / 2);
    lo_shed_average(&s->deep, conf->queue && in->queue >= conf->queue);
    lo_shed_average(&s->half_deep, conf->queue
                                   && in->queue >= (conf->queue + 1) / 2);

    missed = 0;

    for (i = 0; i < LO_SHED_NCLASSES; i++) {
        lo_shed_sum(&s->requests[i], in->requests[i], in->requests[i] != 0);
        lo_shed_sum(&s->over[i], in->over[i], in->requests[i] != 0);
        missed |= in->over[i];
    }

    /* one burst, such as a thousand held readers, is over when it is over */

    share = lo_shed_share(s);
    lo_shed_average(&s->missing, missed && share >= conf->over);

    causes = (uint32_t) (s->late >= 500) << LO_SHED_BY_LAG
             | (uint32_t) (s->missing >= 500) << LO_SHED_BY_OVER
             | (uint32_t) (s->deep >= 500) << LO_SHED_BY_QUEUE;

    if (!conf->on) {
        s->level = 0;

    } else if (causes) {
        lo_shed_up(s, now_us);
        s->causes = causes;

    } else if (s->uneasy < 250 && s->half_deep < 250 && s->missing < 250
               && share < (conf->over + 1) / 2)
    {
        lo_shed_down(s, now_us);

    } else {
        s->calm_us = 0;
    }

    if (s->level == 0) {
        s->causes = 0;
    }

    return s->level;
}
