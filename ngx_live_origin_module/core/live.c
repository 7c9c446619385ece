#include "core/live_int.h"


#define LO_LIVE_END_OF_TIME  (INT64_MAX / 2)


static const struct {
    int          status;
    const char  *word;
    const char  *text;
} lo_live_reasons[] = {
#define LO_WHY_ROW(name, status, word, text)  { status, word, text },
    LO_WHY_LIST(LO_WHY_ROW)
};


int
lo_live_status(lo_live_reason_e r)
{
    return (unsigned) r < LO_WHY_N ? lo_live_reasons[r].status : 500;
}


const char *
lo_live_word(lo_live_reason_e r)
{
    return (unsigned) r < LO_WHY_N ? lo_live_reasons[r].word : "unknown";
}


const char *
lo_live_text(lo_live_reason_e r)
{
    return (unsigned) r < LO_WHY_N ? lo_live_reasons[r].text : "unknown";
}


void
lo_live_touch(lo_live_t *l, int shown)
{
    l->serial++;

    if (shown) {
        l->shown = l->serial;
    }
}


static void
lo_live_set_id(char *id, lo_str_t s)
{
    size_t  len;

    len = s.len < LO_ID_MAX ? s.len : LO_ID_MAX;

    memset(id, 0, LO_ID_MAX + 1);

    if (len) {
        memcpy(id, s.data, len);
    }
}


int
lo_live_find_pipeline(const lo_live_t *l, lo_str_t name)
{
    unsigned  i;

    for (i = 0; i < l->npipelines; i++) {
        if (name.len && lo_id_eq(l->pipelines[i], name)) {
            return (int) i;
        }
    }

    return LO_NONE;
}


/* a free place: one that a removed pipeline left, or the next */

static int
lo_live_add_pipeline(lo_live_t *l, lo_str_t name)
{
    unsigned  i;

    for (i = 0; i < l->npipelines && l->pipelines[i][0]; i++) { /* void */ }

    if (i == LO_MAX_PIPELINES) {
        return LO_FULL;
    }

    if (i == l->npipelines) {
        l->npipelines++;
    }

    lo_live_set_id(l->pipelines[i], name);

    return (int) i;
}


/* its place may be given to another: nothing may be known of it any more */

static void
lo_live_remove_pipeline(lo_live_t *l, unsigned k)
{
    unsigned  i;
    uint32_t  keep;

    keep = ~(1u << k);

    for (i = 0; i < l->nruns; i++) {
        l->runs[i].pipelines &= keep;
    }

    for (i = 0; i < l->ninits; i++) {
        l->inits[i].pipelines &= keep;
    }

    for (i = 0; i < l->ntracks; i++) {
        l->tracks[i].init[k] = 0;
        l->tracks[i].restarted &= (unsigned char) keep;
        l->tracks[i].differs &= (unsigned char) keep;
    }

    lo_live_mask_pipeline(l, k);

    memset(l->pipelines[k], 0, sizeof(l->pipelines[k]));
}


static int
lo_live_document_pipelines(lo_live_t *l, const lo_event_t *doc)
{
    int       changed;
    unsigned  i, k;

    changed = l->fixed_pipelines != (doc->npipelines != 0);
    l->fixed_pipelines = doc->npipelines != 0;

    for (i = 0; l->fixed_pipelines && i < l->npipelines; i++) {

        for (k = 0; k < doc->npipelines; k++) {
            if (lo_str_eq(lo_cstr(l->pipelines[i]), doc->pipelines[k])) {
                break;
            }
        }

        if (k == doc->npipelines && l->pipelines[i][0]) {
            lo_live_remove_pipeline(l, i);
            changed = 1;
        }
    }

    for (k = 0; k < doc->npipelines; k++) {
        if (lo_live_find_pipeline(l, doc->pipelines[k]) < 0
            && lo_live_add_pipeline(l, doc->pipelines[k]) >= 0)
        {
            changed = 1;
        }
    }

    return changed;
}


static int
lo_live_document_tracks(lo_live_t *l, const lo_event_t *doc)
{
    int               i, changed;
    unsigned          k;
    lo_live_track_t  *t;
    unsigned char     was[LO_MAX_TRACKS];

    changed = 0;

    for (k = 0; k < l->ntracks; k++) {
        was[k] = l->tracks[k].declared;
        l->tracks[k].declared = 0;
    }

    for (k = 0; k < doc->ntracks; k++) {
        i = lo_live_track(l, doc->tracks[k].id);

        if (i >= 0) {
            l->tracks[i].declared = 1;
            continue;
        }

        if (l->ntracks == LO_MAX_TRACKS) {
            break;
        }

        was[l->ntracks] = 1;
        t = &l->tracks[l->ntracks++];

        memset(t, 0, sizeof(lo_live_track_t));
        lo_live_set_id(t->id, doc->tracks[k].id);
        t->declared = 1;
        t->type = doc->tracks[k].type;
        t->ring = UINT32_MAX;
        changed = 1;
    }

    for (k = 0; k < l->ntracks; k++) {
        changed |= was[k] != l->tracks[k].declared;
    }

    return changed;
}


/* what can still be changed before anything is fixed by media */

static int
lo_live_document_timing(lo_live_t *l, const lo_event_t *doc)
{
    int       changed;
    uint32_t  declared;

    changed = 0;

    if (l->playlist_s != doc->playlist_s) {
        l->playlist_s = doc->playlist_s;
        changed = 1;
    }

    if (l->lead_s != doc->lead_s || l->backfill_us != doc->backfill_us) {
        l->lead_s = doc->lead_s;
        l->backfill_us = doc->backfill_us;
        changed = 1;
    }

    if (l->phase != LO_LIVE_SCHEDULED) {
        return changed;
    }

    if (l->dvr_s != doc->dvr_s) {
        l->dvr_s = doc->dvr_s;
        changed = 1;
    }

    if (l->part_us != doc->low.part_us) {
        l->part_us = doc->low.part_us;
        changed = 1;
    }

    declared = doc->delay_us >= 0;

    if (l->declared_delay != (int32_t) declared
        || (declared && l->delay_us != doc->delay_us))
    {
        l->declared_delay = (int32_t) declared;
        l->delay_us = declared ? doc->delay_us : 0;
        changed = 1;
    }

    if (l->first != INT64_MAX) {
        return changed;
    }

    declared = doc->d.duration != 0;

    if (l->declared != declared || l->d.duration != doc->d.duration
        || l->d.timescale != doc->d.timescale)
    {
        l->declared = declared;
        l->d = doc->d;
        changed = 1;
    }

    return changed;
}


void
lo_live_create(lo_live_t *l, const lo_event_t *doc)
{
    memset(l, 0, sizeof(lo_live_t));

    l->version = LO_LIVE_VERSION;
    l->size = sizeof(lo_live_t);
    l->first = INT64_MAX;
    l->next_run = 1;
    l->next_init = 1;

    lo_live_document_timing(l, doc);
    lo_live_document_pipelines(l, doc);
    lo_live_document_tracks(l, doc);

    l->serial = 1;
    l->shown = 1;
}


void
lo_live_redocument(lo_live_t *l)
{
    lo_live_touch(l, 1);
}


int
lo_live_document(lo_live_t *l, const lo_event_t *doc)
{
    int  changed;

    changed = lo_live_document_timing(l, doc);
    changed |= lo_live_document_pipelines(l, doc);
    changed |= lo_live_document_tracks(l, doc);

    if (changed) {
        lo_live_touch(l, 1);
    }

    return changed;
}


lo_live_reason_e
lo_live_pipeline(lo_live_t *l, lo_str_t name, unsigned *index, int *changed)
{
    int  i;

    i = lo_live_find_pipeline(l, name);

    if (i < 0) {

        if (l->fixed_pipelines || !lo_id_ok(name)) {
            return LO_WHY_PIPELINE;
        }

        i = lo_live_add_pipeline(l, name);

        if (i < 0) {
            return LO_WHY_PIPELINES;
        }

        lo_live_touch(l, 0);
        *changed = 1;
    }

    *index = (unsigned) i;

    return LO_WHY_OK;
}


int
lo_live_track(const lo_live_t *l, lo_str_t id)
{
    unsigned  i;

    for (i = 0; i < l->ntracks; i++) {
        if (lo_id_eq(l->tracks[i].id, id)) {
            return (int) i;
        }
    }

    return LO_NONE;
}


const lo_live_init_t *
lo_live_init_by_id(const lo_live_t *l, uint32_t id)
{
    unsigned  i;

    for (i = l->ninits; id && i; i--) {
        if (l->inits[i - 1].id == id) {
            return &l->inits[i - 1];
        }
    }

    return NULL;
}


const lo_live_init_t *
lo_live_init_at(const lo_live_t *l, unsigned track, int64_t n)
{
    unsigned               i;
    const lo_live_init_t  *in, *best;

    best = NULL;

    for (i = 0; i < l->ninits; i++) {
        in = &l->inits[i];

        if (in->track == track && in->first <= n && in->first != INT64_MAX
            && (best == NULL || in->first >= best->first))
        {
            best = in;
        }
    }

    return best;
}


int64_t
lo_live_due_us(const lo_live_t *l, int64_t n)
{
    if (l->d.duration == 0) {
        return LO_LIVE_END_OF_TIME;
    }

    return lo_timeline_due_us(&l->d, l->delay_us, n);
}


int64_t
lo_live_window(const lo_live_t *l, const lo_dur_t *d)
{
    if (l->window) {
        return l->window;
    }

    return lo_rescale(l->dvr_s, d->timescale, d->duration, LO_CEIL);
}


int
lo_live_alive(const lo_live_t *l, const lo_live_facts_t *f,
    uint32_t pipelines)
{
    unsigned  i;
    int64_t   limit;

    if (l->d.duration == 0) {
        return 0;
    }

    limit = l->delay_us;

    if (l->phase == LO_LIVE_SCHEDULED && limit < LO_USEC) {
        limit = LO_USEC;
    }

    limit += 3 * lo_dur_us(&l->d);

    for (i = 0; i < LO_MAX_PIPELINES; i++) {
        if ((pipelines & 1u << i) && f->last_us[i]
            && f->now_us - f->last_us[i] <= limit)
        {
            return 1;
        }
    }

    return 0;
}
