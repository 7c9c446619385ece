/*
 * EXT-X-STREAM-INF: each video track is listed once per group of audio.
 * EXT-X-I-FRAME-STREAM-INF.
 */

#include "core/hls_int.h"


typedef struct {
    const char  *codec[LO_MAX_TRACKS];
    unsigned     n;
} lo_hls_codecs_t;


static void
lo_hls_codec(lo_hls_codecs_t *c, const char *codec)
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
lo_hls_codecs(lo_buf_t *b, const lo_hls_codecs_t *c)
{
    unsigned  i;

    for (i = 0; i < c->n; i++) {
        lo_buf_puts(b, i ? "," : ",CODECS=\"");
        lo_buf_puts(b, c->codec[i]);
    }

    lo_buf_puts(b, "\"");
}


/* the most that a group adds, and its codecs */

static void
lo_hls_group_sum(const lo_hls_master_t *x, const lo_hls_group_t *g,
    lo_hls_codecs_t *codecs, uint64_t *peak, uint64_t *average)
{
    unsigned                    i, member;
    uint64_t                    most, p, a, most_average;
    const lo_manifest_track_t  *t;

    most = 0;
    most_average = 0;

    for (i = 0; lo_hls_member(x, g, &i, &member); /* void */) {
        t = &x->tracks[member];
        p = lo_manifest_bandwidth(t);
        a = t->average ? t->average : p;
        most = p > most ? p : most;
        most_average = a > most_average ? a : most_average;
        lo_hls_codec(codecs, t->info->codec);
    }

    *peak += most;
    *average += most_average;
}


/* bandwidths, score and codecs of a track, a group and the text beside it */

static void
lo_hls_sum(const lo_hls_master_t *x, const lo_manifest_track_t *t,
    const lo_hls_group_t *g, int text)
{
    unsigned         i;
    uint64_t         peak, average;
    lo_hls_codecs_t  codecs;

    codecs.n = 0;
    peak = 0;
    average = 0;

    if (t->info->type == LO_MEDIA_VIDEO || g == NULL) {
        peak = lo_manifest_bandwidth(t);
        average = t->average ? t->average : peak;
        lo_hls_codec(&codecs, t->info->codec);
    }

    if (g != NULL) {
        lo_hls_group_sum(x, g, &codecs, &peak, &average);
    }

    for (i = 0; i < x->ntracks && text; i++) {
        if (x->tracks[i].info->type == LO_MEDIA_TEXT) {
            lo_hls_codec(&codecs, x->tracks[i].info->codec);
        }
    }

    lo_buf_puts(x->b, "BANDWIDTH=");
    lo_buf_u64(x->b, peak);
    lo_buf_puts(x->b, ",AVERAGE-BANDWIDTH=");
    lo_buf_u64(x->b, average);

    /* trick play may have none */

    if (x->scored && t->score) {
        lo_buf_puts(x->b, ",SCORE=");
        lo_hls_milli(x->b, t->score);
    }

    lo_hls_codecs(x->b, &codecs);
}


static void
lo_hls_variant(const lo_hls_master_t *x, unsigned track,
    const lo_hls_group_t *g, int text)
{
    lo_buf_t                   *b;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->tracks[track];

    lo_buf_puts(b, "#EXT-X-STREAM-INF:");
    lo_hls_sum(x, t, g, text);

    if (t->info->type == LO_MEDIA_VIDEO) {
        lo_hls_picture(x, t);
    }

    lo_hls_quoted(b, ",STABLE-VARIANT-ID", t->id);

    if (g != NULL) {
        lo_buf_puts(b, ",AUDIO=\"");
        lo_hls_group_name(b, g);
        lo_hls_cdn_group(b, x->cdn);
        lo_buf_puts(b, "\"");
    }

    if (text) {
        lo_buf_puts(b, ",SUBTITLES=\"text");
        lo_hls_cdn_group(b, x->cdn);
        lo_buf_puts(b, "\"");
    }

    lo_hls_cdn_pathway(b, x->m, x->cdn);
    lo_buf_puts(b, "\n");
    lo_hls_uri(x, t);
    lo_buf_puts(b, "\n");
}


void
lo_hls_variants(const lo_hls_master_t *x, const lo_hls_group_t *g, int video,
    int text)
{
    unsigned  i, member;

    for (i = 0; i < x->ntracks && video; i++) {
        if (lo_hls_video(&x->tracks[i])) {
            lo_hls_variant(x, i, g, text);
        }
    }

    i = 0;

    if (!video && g != NULL && lo_hls_member(x, g, &i, &member)) {
        lo_hls_variant(x, member, g, text);
    }
}


void
lo_hls_iframes(const lo_hls_master_t *x)
{
    unsigned                    i;
    const lo_manifest_track_t  *t;

    for (i = 0; i < x->ntracks && !x->m->irregular; i++) {

        t = &x->tracks[i];

        if (!lo_manifest_iframes(t, &x->m->d)) {
            continue;
        }

        lo_buf_puts(x->b, "#EXT-X-I-FRAME-STREAM-INF:");
        lo_hls_sum(x, t, NULL, 0);
        lo_hls_picture(x, t);
        lo_hls_quoted(x->b, ",STABLE-VARIANT-ID", t->id);
        lo_hls_cdn_pathway(x->b, x->m, x->cdn);
        lo_buf_puts(x->b, ",URI=\"");
        lo_hls_uri(x, t);
        lo_buf_puts(x->b, "\"\n");
    }
}
