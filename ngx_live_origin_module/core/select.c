#include "core/select.h"
#include "core/box.h"
#include "core/rights.h"


typedef struct {
    const lo_select_t  *s;
    lo_limits_t         limits;
    unsigned char       keep[LO_MAX_TRACKS];
} lo_selection_t;


static const lo_event_track_t *
lo_select_declared(const lo_event_t *doc, lo_str_t id)
{
    unsigned  i;

    for (i = 0; doc != NULL && i < doc->ntracks; i++) {
        if (lo_str_eq(doc->tracks[i].id, id)) {
            return &doc->tracks[i];
        }
    }

    return NULL;
}


static int
lo_select_family(const lo_limits_t *l, const lo_cmaf_init_t *info)
{
    int          given;
    uint32_t     level;
    lo_family_e  family;

    given = info->type == LO_MEDIA_VIDEO ? l->has_video
            : info->type == LO_MEDIA_AUDIO ? l->has_audio
            : info->type == LO_MEDIA_TEXT ? l->has_text : 0;

    family = lo_family(info->fourcc);

    if (given && (l->families & lo_family_bit(family)) == 0) {
        return 0;
    }

    level = lo_codec_level(family, info->codec);

    return l->level[family] == 0 || level <= l->level[family];
}


/* a document without systems leaves them to the players' configuration */

static int
lo_select_systems(const lo_selection_t *x, const lo_cmaf_init_t *info)
{
    const lo_limits_t  *l;

    l = &x->limits;

    if (!l->has_systems) {
        return 1;
    }

    return x->s->doc != NULL && x->s->doc->drm.systems
           ? lo_drm_shown(&x->s->doc->drm, l->systems, info) != 0
           : l->systems != 0;
}


static int
lo_select_scheme(const lo_limits_t *l, const lo_cmaf_init_t *info)
{
    uint32_t  scheme;

    if (info->scheme == 0) {
        return 1;
    }

    scheme = info->scheme == lo_fourcc('c', 'b', 'c', 's') ? LO_SCHEME_CBCS
                                                          : LO_SCHEME_CENC;

    return !l->has_schemes || (l->schemes & scheme);
}


static uint32_t
lo_select_range(const lo_cmaf_init_t *info)
{
    return info->transfer == LO_TRANSFER_PQ ? LO_RANGE_PQ
           : info->transfer == LO_TRANSFER_HLG ? LO_RANGE_HLG : LO_RANGE_SDR;
}


/* whether it can be played there at all */

static int
lo_select_can(const lo_selection_t *x, const lo_manifest_track_t *t)
{
    const lo_limits_t       *l;
    const lo_event_track_t  *d;

    l = &x->limits;
    d = lo_select_declared(x->s->doc, t->id);

    if (d != NULL && x->s->class != NULL
        && !lo_rights_track(d, &x->s->class->place))
    {
        return 0;
    }

    return lo_select_family(l, t->info) && lo_select_scheme(l, t->info)
           && (t->info->scheme == 0 || lo_select_systems(x, t->info))
           && (t->info->type != LO_MEDIA_VIDEO || !l->has_ranges
               || (l->ranges & lo_select_range(t->info)));
}


/* 720 that are a frame wide is 720 that lies on its side as well */

static int
lo_select_small(const lo_limits_t *l, const lo_manifest_track_t *t)
{
    uint32_t               num, den;
    const lo_cmaf_init_t  *info;

    info = t->info;

    if (info->type == LO_MEDIA_AUDIO) {
        return (l->channels == 0 || info->channels <= l->channels)
               && (l->audio_bitrate == 0
                   || lo_manifest_bandwidth(t) <= l->audio_bitrate);
    }

    if (info->type != LO_MEDIA_VIDEO) {
        return 1;
    }

    num = t->fps_den ? t->fps_num : info->fps_num;
    den = t->fps_den ? t->fps_den : info->fps_den;

    return (l->width == 0 || info->width <= l->width)
           && (l->height == 0 || info->height <= l->height)
           && (l->bitrate == 0 || lo_manifest_bandwidth(t) <= l->bitrate)
           && (l->fps == 0 || den == 0
               || (uint64_t) num * 1000 <= (uint64_t) l->fps * den);
}


/* how much a track asks of a device */

static uint64_t
lo_select_size(const lo_manifest_track_t *t)
{
    uint64_t  size;

    size = t->info->type == LO_MEDIA_VIDEO
           ? (uint64_t) t->info->width * t->info->height
           : t->info->channels;

    return size << 32 | lo_manifest_bandwidth(t);
}


/* of what can be played: what is small enough, or the smallest */

static void
lo_select_type(lo_selection_t *x, const lo_manifest_track_t *tracks,
    unsigned n, uint32_t type)
{
    unsigned  i, kept, least;

    for (kept = 0, least = n, i = 0; i < n; i++) {

        if (tracks[i].info->type != type || !lo_select_can(x, &tracks[i])) {
            continue;
        }

        if (lo_select_small(&x->limits, &tracks[i])) {
            x->keep[i] = 1;
            kept++;

        } else if (least == n || lo_select_size(&tracks[i])
                                 < lo_select_size(&tracks[least]))
        {
            least = i;
        }
    }

    if (kept == 0 && least < n) {
        x->keep[least] = 1;
    }
}


/* ---- order */

static int
lo_select_before(const lo_device_t *d, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b)
{
    if (a->info->type != LO_MEDIA_VIDEO || b->info->type != LO_MEDIA_VIDEO) {
        return 0;
    }

    return d->order == LO_ORDER_UP
           ? lo_manifest_bandwidth(a) < lo_manifest_bandwidth(b)
           : lo_manifest_bandwidth(a) > lo_manifest_bandwidth(b);
}


static void
lo_select_move(lo_manifest_track_t *tracks, unsigned from, unsigned to)
{
    lo_manifest_track_t  t;

    t = tracks[from];

    for ( /* void */ ; from > to; from--) {
        tracks[from] = tracks[from - 1];
    }

    tracks[to] = t;
}


/* the track that playback begins with: the largest that is not above */

static void
lo_select_start(lo_manifest_track_t *tracks, unsigned n, uint32_t height)
{
    unsigned  i, first, best;

    for (first = n, best = n, i = 0; i < n; i++) {

        if (tracks[i].info->type != LO_MEDIA_VIDEO) {
            continue;
        }

        first = first < n ? first : i;

        if (tracks[i].info->height <= height
            && (best == n || lo_select_size(&tracks[i])
                             > lo_select_size(&tracks[best])))
        {
            best = i;
        }
    }

    if (best < n) {
        lo_select_move(tracks, best, first);
    }
}


static void
lo_select_order(const lo_device_t *d, lo_manifest_track_t *tracks,
    unsigned n)
{
    unsigned  i, k;

    if (d == NULL) {
        return;
    }

    for (i = 1; i < n && d->order != LO_ORDER_DOCUMENT; i++) {

        for (k = i; k > 0 && lo_select_before(d, &tracks[i], &tracks[k - 1]);
             k--)
        {
            /* void */
        }

        lo_select_move(tracks, i, k);
    }

    if (d->start_height) {
        lo_select_start(tracks, n, d->start_height);
    }
}


/* ---- a Period */

/* whether it is something to see or to hear */

static int
lo_select_plays(const lo_manifest_track_t *t)
{
    return t->info->type == LO_MEDIA_VIDEO || t->info->type == LO_MEDIA_AUDIO;
}


static unsigned
lo_select_period(lo_selection_t *x, lo_manifest_track_t *tracks, unsigned n)
{
    int       plays, wanted;
    unsigned  i, kept;
    uint32_t  type;

    memset(x->keep, 0, sizeof(x->keep));

    for (type = LO_MEDIA_VIDEO; type <= LO_MEDIA_META; type++) {
        lo_select_type(x, tracks, n, type);
    }

    for (plays = 0, wanted = 0, kept = 0, i = 0; i < n; i++) {

        if (x->s->class != NULL
            && !lo_filter_track(&x->s->class->filter, &tracks[i]))
        {
            continue;
        }

        wanted |= lo_select_plays(&tracks[i]);

        if (x->keep[i]) {
            plays |= lo_select_plays(&tracks[i]);
            tracks[kept++] = tracks[i];
        }
    }

    /* subtitles of nothing; but a filter may ask for them alone */

    if (wanted && !plays) {
        return 0;
    }

    lo_select_order(x->s->device, tracks, kept);

    return kept;
}


int
lo_select(lo_manifest_t *m, const lo_manifest_room_t *room,
    const lo_select_t *s)
{
    unsigned               i, n;
    lo_selection_t         x;
    lo_manifest_period_t  *p;

    x.s = s;

    if (lo_device_narrow(&x.limits, s->doc, s->device) != LO_OK) {
        return LO_NONE;
    }

    for (n = 0, i = 0; i < m->nperiods; i++) {

        p = &room->periods[i];
        p->ntracks = lo_select_period(&x, room->tracks
                                          + (p->tracks - room->tracks),
                                      p->ntracks);

        if (p->ntracks) {
            room->periods[n++] = *p;
        }
    }

    m->nperiods = n;

    if (x.limits.has_systems) {
        m->systems &= x.limits.systems;
    }

    if (s->device != NULL && !s->device->low_latency) {
        m->early = 0;
    }

    return n ? LO_OK : LO_NONE;
}
