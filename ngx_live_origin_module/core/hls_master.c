/*
 * The multivariant playlist.
 */

#include "core/drm_manifest.h"
#include "core/hls_int.h"


#define LO_HLS_TITLE  "com.apple.hls.title"


/* EXT-X-SESSION-DATA: the title, unless the document says it there */

static void
lo_hls_session(const lo_hls_master_t *x)
{
    int                  titled;
    unsigned             i;
    const lo_event_t    *doc;
    const lo_session_t  *s;

    doc = x->m->doc;

    if (doc == NULL) {
        return;
    }

    for (titled = 0, i = 0; i < doc->sessions.n; i++) {
        titled |= lo_str_eq(doc->sessions.data[i].id, lo_cstr(LO_HLS_TITLE));
    }

    if (!titled && doc->title.len) {
        lo_hls_quoted(x->b, "#EXT-X-SESSION-DATA:DATA-ID",
                      lo_cstr(LO_HLS_TITLE));
        lo_hls_quoted(x->b, ",VALUE", doc->title);
        lo_buf_puts(x->b, "\n");
    }

    for (i = 0; i < doc->sessions.n; i++) {
        s = &doc->sessions.data[i];
        lo_hls_quoted(x->b, "#EXT-X-SESSION-DATA:DATA-ID", s->id);
        lo_hls_quoted(x->b, s->uri.len ? ",URI" : ",VALUE",
                      s->uri.len ? s->uri : s->value);

        if (s->lang.len) {
            lo_hls_quoted(x->b, ",LANGUAGE", s->lang);
        }

        lo_buf_puts(x->b, "\n");
    }
}


/* what holds for the variants together */

static void
lo_hls_look(lo_hls_master_t *x, int *video)
{
    unsigned                    i;
    const char                 *range;
    const lo_manifest_track_t  *t;

    x->hdr = 0;
    x->scored = 1;
    *video = 0;

    for (i = 0; i < x->ntracks; i++) {

        t = &x->tracks[i];

        if (!lo_hls_video(t)) {
            continue;
        }

        range = lo_hls_range(t);
        x->hdr |= (range != NULL && strcmp(range, "SDR") != 0);
        x->scored &= (t->score != 0);
        *video = 1;
    }

    x->scored &= *video;
}


static void
lo_hls_master_pathway(const lo_hls_master_t *x, int video)
{
    int             audio, text;
    unsigned        i;
    lo_hls_group_t  g;

    for (audio = 0, i = 0; i < x->ntracks; i++) {
        if (lo_hls_group(x, i, &g)) {
            lo_hls_audio(x, &g);
            audio = 1;
        }
    }

    text = lo_hls_text(x);

    if (!audio) {
        lo_hls_variants(x, NULL, video, text);
    }

    for (i = 0; i < x->ntracks; i++) {
        if (lo_hls_group(x, i, &g)) {
            lo_hls_variants(x, &g, video, text);
        }
    }

    lo_hls_iframes(x);
}


void
lo_hls_master(lo_buf_t *b, const lo_manifest_t *m)
{
    int              video;
    unsigned         i;
    lo_hls_master_t  x;

    lo_buf_puts(b, "#EXTM3U\n#EXT-X-VERSION:7\n"
                "#EXT-X-INDEPENDENT-SEGMENTS\n");

    if (m->nperiods == 0) {
        return;
    }

    x.b = b;
    x.m = m;
    x.cdn = NULL;
    x.tracks = m->periods[m->nperiods - 1].tracks;
    x.ntracks = m->periods[m->nperiods - 1].ntracks;

    lo_hls_look(&x, &video);
    lo_hls_session(&x);
    lo_drm_hls_session(b, m, x.tracks, x.ntracks);

    if (m->ncdns == 0) {
        lo_hls_master_pathway(&x, video);
        return;
    }

    lo_hls_cdn_steering(b, m);

    for (i = 0; i < m->ncdns; i++) {
        x.cdn = m->cdns[i];
        lo_hls_master_pathway(&x, video);
    }
}
