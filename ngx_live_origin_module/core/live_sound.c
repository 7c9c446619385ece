/*
 * Whether a live state that was read from a disk may be believed: every count
 * and index within its array, every string ended and of its grammar, nothing
 * that is divided by 0.
 */

#include "core/live_int.h"


#define LO_SOUND_WINDOW  (1 << 24)           /* numbers */
#define LO_SOUND_US      (INT64_C(1) << 53)  /* the year 2255 */


static int
lo_sound_us(int64_t us)
{
    return us >= 0 && us <= LO_SOUND_US;
}


/* or none: INT64_MAX */

static int
lo_sound_number(const lo_live_t *l, int64_t n)
{
    int64_t  d;

    d = l->d.duration ? lo_dur_us(&l->d) : 0;

    return n == INT64_MAX || (n >= 0 && n <= LO_SOUND_US / (d + 1));
}


static int
lo_sound_text(const char *s, size_t size)
{
    size_t  i;

    for (i = 0; i < size && s[i] != '\0'; i++) {

        if ((unsigned char) s[i] < ' ' || s[i] == 0x7f) {
            return 0;
        }
    }

    return i < size;
}


static int
lo_sound_id(const char id[LO_ID_MAX + 1])
{
    return memchr(id, '\0', LO_ID_MAX + 1) != NULL && lo_id_ok(lo_cstr(id));
}


static int
lo_sound_notices(const lo_notices_t *all)
{
    uint32_t            i;
    const lo_notice_t  *n;

    if (all->n > LO_NOTICES) {
        return 0;
    }

    for (i = 0; i < all->n; i++) {

        n = &all->notices[i];

        if (memchr(n->key, '\0', sizeof(n->key)) == NULL
            || memchr(n->value, '\0', sizeof(n->value)) == NULL
            || lo_notice_key(lo_cstr(n->key), NULL) != LO_OK
            || lo_notice_value(lo_cstr(n->value), NULL) != LO_OK)
        {
            return 0;
        }
    }

    return 1;
}


static int
lo_sound_drained(const lo_drained_t *all)
{
    uint32_t  i;

    if (all->n > LO_CDNS || !lo_sound_us(all->since_us)) {
        return 0;
    }

    for (i = 0; i < all->n; i++) {
        if (!lo_sound_id(all->ids[i])) {
            return 0;
        }
    }

    return 1;
}


/* what its pipelines sent last is its own, where it is not forgotten */

static int
lo_sound_own(const lo_live_t *l, uint32_t track)
{
    unsigned               p;
    const lo_live_init_t  *init;

    for (p = 0; p < LO_MAX_PIPELINES; p++) {

        init = lo_live_init_by_id(l, l->tracks[track].init[p]);

        if (init != NULL && init->track != track) {
            return 0;
        }
    }

    return 1;
}


static int
lo_sound_anchor(const lo_anchor_t *a)
{
    int64_t  most;

    most = LO_SOUND_US / LO_USEC;

    return a->scale != 0 && a->offset / a->scale <= most
           && a->offset / a->scale >= -most;
}


static int
lo_sound_tracks(const lo_live_t *l)
{
    uint32_t                i, k;
    const lo_live_init_t   *init;
    const lo_live_track_t  *t;

    for (i = 0; i < l->ntracks; i++) {

        t = &l->tracks[i];

        if (!lo_sound_id(t->id) || t->type > LO_MEDIA_META
            || (t->clock_run && !lo_sound_anchor(&t->clock))
            || !lo_sound_own(l, i))
        {
            return 0;
        }

        for (k = 0; k < i; k++) {
            if (strcmp(l->tracks[k].id, t->id) == 0) {
                return 0;
            }
        }
    }

    for (i = 0; i < l->ninits; i++) {

        init = &l->inits[i];

        if (init->track >= l->ntracks || init->id == 0
            || init->id >= l->next_init || !lo_sound_number(l, init->first)
            || init->info.edit > LO_SOUND_US || init->info.edit < -LO_SOUND_US
            || init->info.timescale == 0 || init->info.type > LO_MEDIA_META
            || !lo_sound_text(init->info.codec, LO_CODEC_MAX)
            || !lo_sound_text(init->info.lang, LO_LANG_MAX))
        {
            return 0;
        }
    }

    return 1;
}


static int
lo_sound_runs(const lo_live_t *l)
{
    uint32_t              i;
    const lo_live_run_t  *run;

    for (i = 0; i < l->nruns; i++) {

        run = &l->runs[i];

        if (run->id == 0 || !lo_sound_anchor(&run->anchor)
            || run->id >= l->next_run || run->first == INT64_MAX
            || !lo_sound_number(l, run->first) || !lo_sound_us(run->start_us)
            || (l->ntracks < 64 && run->kept >> l->ntracks)
            || (i && run->id <= l->runs[i - 1].id))
        {
            return 0;
        }
    }

    for (i = 0; i < l->nmasks; i++) {

        if (l->masks[i].pipeline >= LO_MAX_PIPELINES
            || !lo_sound_number(l, l->masks[i].from)
            || !lo_sound_number(l, l->masks[i].to)
            || (l->masks[i].track != LO_LIVE_ALL_TRACKS
                && l->masks[i].track >= l->ntracks))
        {
            return 0;
        }
    }

    return 1;
}


static int
lo_sound_times(const lo_live_t *l)
{
    return lo_sound_us(l->shown_us) && lo_sound_us(l->backfill_us)
           && lo_sound_us(l->delay_us) && lo_sound_us(l->live_us)
           && lo_sound_us(l->depth_us) && lo_sound_us(l->init_us)
           && (l->phase != LO_LIVE_ENDED
               || (l->last != INT64_MAX && lo_sound_number(l, l->last)))
           && l->origin > -LO_SOUND_US && l->origin < LO_SOUND_US
           && lo_sound_number(l, l->origin < 0 ? -l->origin : l->origin);
}


int
lo_live_inside(const lo_live_t *l)
{
    uint32_t  i;
    lo_dur_t  d;

    if (l->version != LO_LIVE_VERSION || l->size != sizeof(lo_live_t)
        || l->phase >= LO_LIVE_ARCHIVED || l->ninits > LO_LIVE_INITS
        || l->ntracks > LO_MAX_TRACKS || l->nruns > LO_LIVE_RUNS
        || l->npipelines > LO_MAX_PIPELINES || l->nmasks > LO_LIVE_MASKS
        || l->dvr_s == 0 || l->window < 0 || l->window > LO_SOUND_WINDOW
        || (l->d.duration
            && (l->d.timescale == 0
                || lo_dur_set(&d, l->d.duration, l->d.timescale, NULL)
                   != LO_OK))
        || !lo_sound_number(l, l->first) || !lo_sound_times(l))
    {
        return 0;
    }

    /* a pipeline that was removed leaves its place behind */

    for (i = 0; i < l->npipelines; i++) {
        if (l->pipelines[i][0] != '\0' && !lo_sound_id(l->pipelines[i])) {
            return 0;
        }
    }

    return lo_sound_tracks(l) && lo_sound_runs(l)
           && lo_sound_notices(&l->notices)
           && lo_sound_drained(&l->drained);
}


int
lo_live_sound(const lo_live_t *l)
{
    return lo_live_inside(l) && l->first != INT64_MAX && l->d.duration != 0
           && (l->phase == LO_LIVE_SCHEDULED || l->window != 0);
}
