/*
 * The multivariant playlist.
 *
 * Audio goes into groups by codec and rank: the first track of each language,
 * label and role makes the codec's first group, the second (another bitrate
 * or channel count) its second, and so on; where a language has fewer, its
 * last stands in, so that every group offers every language.  Each video
 * track is listed once per group.
 */

#include "core/hls.h"
#include "core/box.h"


typedef struct {
    lo_buf_t                   *b;
    const lo_manifest_track_t  *tracks;
    unsigned                    ntracks;
} lo_master_t;

typedef struct {
    uint32_t                    fourcc;
    unsigned                    rank;
} lo_group_t;


static lo_str_t
lo_master_lang(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    lang = t->lang.len ? t->lang : lo_cstr(t->info->lang);

    if (lo_str_eq(lang, lo_cstr("und"))) {
        lang.len = 0;
    }

    return lang;
}


/* a quoted string has no quotes, a playlist no control characters (RFC 8216,
   4.1: U+0000 to U+001F, U+007F to U+009F) */

static void
lo_master_quoted(lo_buf_t *b, const char *name, lo_str_t s)
{
    size_t  i;

    lo_buf_puts(b, name);
    lo_buf_puts(b, "=\"");

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"') {
            lo_buf_puts(b, "'");

        } else if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            lo_buf_puts(b, " ");

        } else if (s.data[i] == 0xc2 && i + 1 < s.len
                   && s.data[i + 1] >= 0x80 && s.data[i + 1] < 0xa0)
        {
            lo_buf_puts(b, " ");
            i++;

        } else {
            lo_buf_put(b, &s.data[i], 1);
        }
    }

    lo_buf_puts(b, "\"");
}


static int
lo_master_same(const lo_manifest_track_t *a, const lo_manifest_track_t *b)
{
    return a->info->type == b->info->type
           && a->info->fourcc == b->info->fourcc
           && lo_str_eq(lo_master_lang(a), lo_master_lang(b))
           && lo_str_eq(a->label, b->label)
           && lo_str_eq(a->role, b->role);
}


static unsigned
lo_master_rank(const lo_master_t *x, unsigned track)
{
    unsigned  i, rank;

    for (rank = 0, i = 0; i < track; i++) {
        if (lo_master_same(&x->tracks[i], &x->tracks[track])) {
            rank++;
        }
    }

    return rank;
}


/* what stands for the first-ranked track t in the group of this rank */

static unsigned
lo_master_of_rank(const lo_master_t *x, unsigned track, unsigned rank)
{
    unsigned  i, found;

    for (found = track, i = track + 1; i < x->ntracks && rank > 0; i++) {
        if (lo_master_same(&x->tracks[track], &x->tracks[i])) {
            found = i;
            rank--;
        }
    }

    return found;
}


/* the group that track i is the first to make, if it is */

static int
lo_master_group(const lo_master_t *x, unsigned track, lo_group_t *g)
{
    unsigned  i;

    if (x->tracks[track].info->type != LO_MEDIA_AUDIO) {
        return 0;
    }

    g->fourcc = x->tracks[track].info->fourcc;
    g->rank = lo_master_rank(x, track);

    for (i = 0; i < track; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_AUDIO
            && x->tracks[i].info->fourcc == g->fourcc
            && lo_master_rank(x, i) == g->rank)
        {
            return 0;
        }
    }

    return 1;
}


/* the members of a group: the next after *i, through *member */

static int
lo_master_member(const lo_master_t *x, const lo_group_t *g, unsigned *i,
    unsigned *member)
{
    const lo_manifest_track_t  *t;

    while (*i < x->ntracks) {
        t = &x->tracks[(*i)++];

        if (t->info->type == LO_MEDIA_AUDIO && t->info->fourcc == g->fourcc
            && lo_master_rank(x, *i - 1) == 0)
        {
            *member = lo_master_of_rank(x, *i - 1, g->rank);
            return 1;
        }
    }

    return 0;
}


static void
lo_master_group_name(lo_buf_t *b, const lo_group_t *g)
{
    const char  *name;

    switch (g->fourcc) {

    case lo_fourcc('m', 'p', '4', 'a'):
        name = "aac";
        break;

    case lo_fourcc('a', 'c', '-', '3'):
        name = "ac3";
        break;

    case lo_fourcc('e', 'c', '-', '3'):
        name = "eac3";
        break;

    case lo_fourcc('O', 'p', 'u', 's'):
        name = "opus";
        break;

    case lo_fourcc('f', 'L', 'a', 'C'):
        name = "flac";
        break;

    default:
        name = "audio";
    }

    lo_buf_puts(b, name);

    if (g->rank) {
        lo_buf_puts(b, "-");
        lo_buf_u64(b, g->rank + 1);
    }
}


static lo_str_t
lo_master_name(const lo_manifest_track_t *t)
{
    lo_str_t  lang;

    if (t->label.len) {
        return t->label;
    }

    lang = lo_master_lang(t);

    return lang.len ? lang : t->id;
}


/* NAME has to be unlike the others of the group: the id makes it so */

static void
lo_master_media_name(const lo_master_t *x, unsigned track)
{
    unsigned                    i;
    const lo_manifest_track_t  *t;

    t = &x->tracks[track];

    for (i = 0; i < x->ntracks; i++) {
        if (i != track && x->tracks[i].info->type == t->info->type
            && x->tracks[i].info->fourcc == t->info->fourcc
            && !lo_master_same(&x->tracks[i], t)
            && lo_str_eq(lo_master_name(&x->tracks[i]), lo_master_name(t)))
        {
            lo_master_quoted(x->b, ",NAME", t->id);
            return;
        }
    }

    lo_master_quoted(x->b, ",NAME", lo_master_name(t));
}


static void
lo_master_rendition(const lo_master_t *x, unsigned track, int first)
{
    lo_buf_t                   *b;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->tracks[track];

    lo_master_media_name(x, track);

    if (lo_master_lang(t).len) {
        lo_master_quoted(b, ",LANGUAGE", lo_master_lang(t));
    }

    lo_buf_puts(b, first ? ",DEFAULT=YES,AUTOSELECT=YES"
                         : ",DEFAULT=NO,AUTOSELECT=YES");

    if (lo_str_eq(t->role, lo_cstr("description"))) {
        lo_buf_puts(b, ",CHARACTERISTICS="
                    "\"public.accessibility.describes-video\"");
    }

    if (lo_str_eq(t->role, lo_cstr("forced-subtitle"))) {
        lo_buf_puts(b, ",FORCED=YES");
    }

    if (t->info->type == LO_MEDIA_AUDIO && t->info->channels) {
        lo_buf_puts(b, ",CHANNELS=\"");
        lo_buf_u64(b, t->info->channels);
        lo_buf_puts(b, "\"");
    }

    lo_buf_puts(b, ",URI=\"");
    lo_buf_put(b, t->id.data, t->id.len);
    lo_buf_puts(b, "/media.m3u8\"\n");
}


static void
lo_master_audio(const lo_master_t *x, const lo_group_t *g)
{
    int       first;
    unsigned  i, member;

    for (first = 1, i = 0; lo_master_member(x, g, &i, &member); first = 0) {
        lo_buf_puts(x->b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"");
        lo_master_group_name(x->b, g);
        lo_buf_puts(x->b, "\"");
        lo_master_rendition(x, member, first);
    }
}


static int
lo_master_text(const lo_master_t *x)
{
    int       any;
    unsigned  i;

    for (any = 0, i = 0; i < x->ntracks; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_TEXT) {
            lo_buf_puts(x->b,
                        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\"");
            lo_master_rendition(x, i, 0);
            any = 1;
        }
    }

    return any;
}


/* ---- variants */

typedef struct {
    const char  *codec[LO_MAX_TRACKS];
    unsigned     n;
} lo_codecs_t;


static void
lo_master_codec(lo_codecs_t *c, const char *codec)
{
    unsigned  i;

    for (i = 0; i < c->n; i++) {
        if (strcmp(c->codec[i], codec) == 0) {
            return;
        }
    }

    if (c->n < LO_MAX_TRACKS) {
        c->codec[c->n++] = codec;
    }
}


static void
lo_master_frame_rate(lo_buf_t *b, const lo_manifest_track_t *t)
{
    uint32_t  num, den;
    uint64_t  milli;

    num = t->fps_den ? t->fps_num : t->info->fps_num;
    den = t->fps_den ? t->fps_den : t->info->fps_den;

    if (num == 0 || den == 0) {
        return;
    }

    milli = ((uint64_t) num * 1000 + den / 2) / den;

    lo_buf_printf(b, ",FRAME-RATE=%u.%03u", (unsigned) (milli / 1000),
                  (unsigned) (milli % 1000));
}


/* the most that a group adds, and its codecs */

static void
lo_master_group_sum(const lo_master_t *x, const lo_group_t *g,
    lo_codecs_t *codecs, uint64_t *peak, uint64_t *average)
{
    unsigned                    i, member;
    uint64_t                    most, p, a, most_average;
    const lo_manifest_track_t  *t;

    most = 0;
    most_average = 0;

    for (i = 0; lo_master_member(x, g, &i, &member); /* void */) {
        t = &x->tracks[member];
        p = lo_manifest_bandwidth(t);
        a = t->average ? t->average : p;
        most = p > most ? p : most;
        most_average = a > most_average ? a : most_average;
        lo_master_codec(codecs, t->info->codec);
    }

    *peak += most;
    *average += most_average;
}


static void
lo_master_variant(const lo_master_t *x, unsigned track, const lo_group_t *g,
    int text)
{
    lo_buf_t                   *b;
    unsigned                    i;
    uint64_t                    peak, average;
    lo_codecs_t                 codecs;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->tracks[track];
    codecs.n = 0;
    peak = 0;
    average = 0;

    if (t->info->type == LO_MEDIA_VIDEO || g == NULL) {
        peak = lo_manifest_bandwidth(t);
        average = t->average ? t->average : peak;
        lo_master_codec(&codecs, t->info->codec);
    }

    if (g != NULL) {
        lo_master_group_sum(x, g, &codecs, &peak, &average);
    }

    for (i = 0; i < x->ntracks && text; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_TEXT) {
            lo_master_codec(&codecs, x->tracks[i].info->codec);
        }
    }

    lo_buf_puts(b, "#EXT-X-STREAM-INF:BANDWIDTH=");
    lo_buf_u64(b, peak);
    lo_buf_puts(b, ",AVERAGE-BANDWIDTH=");
    lo_buf_u64(b, average);

    for (i = 0; i < codecs.n; i++) {
        lo_buf_puts(b, i ? "," : ",CODECS=\"");
        lo_buf_puts(b, codecs.codec[i]);
    }

    lo_buf_puts(b, "\"");

    if (t->info->type == LO_MEDIA_VIDEO) {
        lo_buf_printf(b, ",RESOLUTION=%ux%u", t->info->width,
                      t->info->height);
        lo_master_frame_rate(b, t);
    }

    if (g != NULL) {
        lo_buf_puts(b, ",AUDIO=\"");
        lo_master_group_name(b, g);
        lo_buf_puts(b, "\"");
    }

    if (text) {
        lo_buf_puts(b, ",SUBTITLES=\"text\"");
    }

    lo_buf_puts(b, "\n");
    lo_buf_put(b, t->id.data, t->id.len);
    lo_buf_puts(b, "/media.m3u8\n");
}


/* one variant for each video track, or for the group's first audio track */

static void
lo_master_variants(const lo_master_t *x, const lo_group_t *g, int video,
    int text)
{
    unsigned  i, member;

    for (i = 0; i < x->ntracks && video; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_VIDEO) {
            lo_master_variant(x, i, g, text);
        }
    }

    i = 0;

    if (!video && g != NULL && lo_master_member(x, g, &i, &member)) {
        lo_master_variant(x, member, g, text);
    }
}


void
lo_hls_master(lo_buf_t *b, const lo_manifest_t *m)
{
    int          video, audio, text;
    unsigned     i;
    lo_group_t   g;
    lo_master_t  x;

    lo_buf_puts(b, "#EXTM3U\n#EXT-X-VERSION:7\n"
                "#EXT-X-INDEPENDENT-SEGMENTS\n");

    if (m->nperiods == 0) {
        return;
    }

    x.b = b;
    x.tracks = m->periods[m->nperiods - 1].tracks;
    x.ntracks = m->periods[m->nperiods - 1].ntracks;

    video = 0;
    audio = 0;

    for (i = 0; i < x.ntracks; i++) {
        video |= (x.tracks[i].info->type == LO_MEDIA_VIDEO);

        if (lo_master_group(&x, i, &g)) {
            lo_master_audio(&x, &g);
            audio = 1;
        }
    }

    text = lo_master_text(&x);

    if (!audio) {
        lo_master_variants(&x, NULL, video, text);
    }

    for (i = 0; i < x.ntracks; i++) {
        if (lo_master_group(&x, i, &g)) {
            lo_master_variants(&x, &g, video, text);
        }
    }
}
