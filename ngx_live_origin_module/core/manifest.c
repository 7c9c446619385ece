/*
 * From the state of an event to what manifests say of it.
 */

#include "core/manifest.h"
#include "core/dash.h"


uint32_t
lo_manifest_bandwidth(const lo_manifest_track_t *t)
{
    if (t->bandwidth) {
        return t->bandwidth;
    }

    if (t->info->bitrate) {
        return t->info->bitrate;
    }

    switch (t->info->type) {

    case LO_MEDIA_VIDEO:
        return 200000 + t->info->width * t->info->height * 2;

    case LO_MEDIA_AUDIO:
        return 128000;

    default:
        return 4000;
    }
}


int
lo_manifest_trick(const lo_manifest_track_t *t)
{
    static const lo_str_t  trick = lo_string("trick");

    return t->info->type == LO_MEDIA_VIDEO && lo_str_eq(t->role, trick);
}


int
lo_manifest_iframes(const lo_manifest_track_t *t, const lo_dur_t *d)
{
    int64_t  num, den;

    num = t->fps_den ? t->fps_num : t->info->fps_num;
    den = t->fps_den ? t->fps_den : t->info->fps_den;

    return lo_manifest_trick(t) && num > 0 && d->timescale > 0
           && lo_rescale(num, d->duration, d->timescale, LO_CEIL) <= den;
}


static const lo_event_track_t *
lo_manifest_declared(const lo_event_t *doc, lo_str_t id)
{
    unsigned  i;

    if (doc == NULL) {
        return NULL;
    }

    for (i = 0; i < doc->ntracks; i++) {
        if (lo_str_eq(doc->tracks[i].id, id)) {
            return &doc->tracks[i];
        }
    }

    return NULL;
}


/*
 * The init of a track in a run: the newest of its own that is in use, else
 * the newest that was in use before the run's last number was over.
 */

static const lo_live_init_t *
lo_manifest_init(const lo_live_t *l, unsigned track,
    const lo_live_run_t *run, int64_t last)
{
    unsigned               i;
    const lo_live_init_t  *in, *own, *old;

    own = NULL;
    old = NULL;

    for (i = 0; i < l->ninits; i++) {
        in = &l->inits[i];

        if (in->track != track || in->first == INT64_MAX
            || in->run > run->id)
        {
            continue;
        }

        if (in->run == run->id) {
            if (own == NULL || in->first >= own->first) {
                own = in;
            }

        } else if (in->first <= last
                   && (old == NULL || in->first >= old->first))
        {
            old = in;
        }
    }

    return own ? own : old;
}


static void
lo_manifest_track(lo_manifest_track_t *t, const lo_live_track_t *track,
    const lo_live_init_t *in, const lo_event_t *doc)
{
    const lo_event_track_t  *d;

    memset(t, 0, sizeof(lo_manifest_track_t));

    t->id = lo_cstr(track->id);
    t->info = &in->info;
    t->digest = in->digest;
    t->chunk_us = track->chunk_us;

    d = lo_manifest_declared(doc, t->id);

    if (d != NULL) {
        t->bandwidth = d->bitrate;
        t->fps_num = d->fps_den ? d->fps_num : 0;
        t->fps_den = d->fps_den;
        t->lang = d->lang;
        t->label = d->label;
        t->role = d->role;
        t->ninband = d->ninband;
        t->inband = d->inband;
        t->score = d->score;
        t->hdcp = d->hdcp;
    }
}


int
lo_manifest_list_iframes(const lo_live_t *l, unsigned track, int64_t n,
    const lo_event_t *doc)
{
    lo_manifest_track_t    t;
    const lo_live_init_t  *in;

    in = lo_live_init_at(l, track, n);

    if (in == NULL || l->irregular) {
        return 0;
    }

    lo_manifest_track(&t, &l->tracks[track], in, doc);

    return lo_manifest_iframes(&t, &l->d);
}


/*
 * The first Period begins with the MPD's clock, where media time is 0 (or
 * barely above): ffmpeg's demuxer counts from there and knows no @start.  Any
 * other begins at its run's first number.
 */

static void
lo_manifest_period(lo_manifest_period_t *p, const lo_live_t *l,
    const lo_live_run_t *run)
{
    memset(p, 0, sizeof(lo_manifest_period_t));

    p->id = run->id;
    p->anchor = run->anchor;
    p->first = run->first;
    p->start_us = run->start_us > 0 ? run->start_us : 0;

    if (run->id == 1) {
        p->first = l->origin;
        p->start_us = lo_timeline_start_us(&l->d, l->origin);
    }
}


static unsigned
lo_manifest_tracks(lo_manifest_track_t *tracks, unsigned max,
    const lo_live_t *l, const lo_event_t *doc, const lo_live_run_t *run,
    int64_t last)
{
    unsigned               i, n;
    const lo_anchor_t     *clock;
    const lo_live_init_t  *in;

    for (n = 0, i = 0; i < l->ntracks; i++) {

        in = lo_manifest_init(l, i, run, last);
        clock = lo_live_anchor(l, run, i);

        if (in == NULL || clock == NULL) {
            continue;
        }

        if (n < max) {
            lo_manifest_track(&tracks[n], &l->tracks[i], in, doc);
            tracks[n].place = i + 1;
            tracks[n].clock = clock == &run->anchor ? NULL : clock;
        }

        n++;
    }

    return n;
}


int
lo_manifest_live(lo_manifest_t *m, const lo_live_t *l, const lo_event_t *doc,
    int64_t from, const lo_manifest_room_t *room)
{
    int64_t               last;
    unsigned              i, n, used;
    lo_manifest_period_t  *p;

    memset(m, 0, sizeof(lo_manifest_t));

    m->d = l->d;
    m->origin = l->origin;
    m->delay_us = l->delay_us;
    m->depth_us = l->depth_us;
    m->publish_us = l->shown_us;
    m->irregular = l->irregular;
    m->ended = lo_live_over(l);
    m->first = l->first;
    m->from = from > l->first ? from : l->first;
    m->last = l->last;
    m->periods = room->periods;
    m->doc = doc;

    if (doc != NULL) {
        m->id = doc->id;
        m->title = doc->title;
    }

    for (used = 0, i = 0; i < l->nruns; i++) {

        last = i + 1 < l->nruns ? l->runs[i + 1].first - 1 : INT64_MAX - 1;

        if (last < from || last < l->runs[i].first
            || (m->ended && l->runs[i].first > l->last))
        {
            continue;
        }

        if (m->nperiods == room->max_periods) {
            return LO_FULL;
        }

        p = &room->periods[m->nperiods];
        lo_manifest_period(p, l, &l->runs[i]);

        n = lo_manifest_tracks(room->tracks + used, room->max_tracks - used,
                               l, doc, &l->runs[i], last);

        if (n > room->max_tracks - used) {
            return LO_FULL;
        }

        if (n > 0) {
            lo_dash_number_sets(room->tracks + used, n);

            p->tracks = room->tracks + used;
            p->ntracks = n;
            used += n;
            m->nperiods++;
        }
    }

    return LO_OK;
}
