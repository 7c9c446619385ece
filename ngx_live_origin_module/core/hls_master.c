/*
 * The multivariant playlist.
 */

#include "core/drm_manifest.h"
#include "core/hls_int.h"


void
lo_hls_master(lo_buf_t *b, const lo_manifest_t *m)
{
    int              video, audio, text;
    unsigned         i;
    lo_hls_group_t   g;
    lo_hls_master_t  x;

    lo_buf_puts(b, "#EXTM3U\n#EXT-X-VERSION:7\n"
                "#EXT-X-INDEPENDENT-SEGMENTS\n");

    if (m->nperiods == 0) {
        return;
    }

    x.b = b;
    x.m = m;
    x.tracks = m->periods[m->nperiods - 1].tracks;
    x.ntracks = m->periods[m->nperiods - 1].ntracks;

    lo_drm_hls_session(b, m, x.tracks, x.ntracks);

    video = 0;
    audio = 0;

    for (i = 0; i < x.ntracks; i++) {
        video |= (x.tracks[i].info->type == LO_MEDIA_VIDEO);

        if (lo_hls_group(&x, i, &g)) {
            lo_hls_audio(&x, &g);
            audio = 1;
        }
    }

    text = lo_hls_text(&x);

    if (!audio) {
        lo_hls_variants(&x, NULL, video, text);
    }

    for (i = 0; i < x.ntracks; i++) {
        if (lo_hls_group(&x, i, &g)) {
            lo_hls_variants(&x, &g, video, text);
        }
    }
}
