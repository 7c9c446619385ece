#include "lib/tracks.h"
#include "core/box.h"

#include <string.h>


static void
track_begin(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id)
{
    memset(t, 0, sizeof(lo_manifest_track_t));
    memset(info, 0, sizeof(lo_cmaf_init_t));

    t->id = lo_cstr(id);
    t->info = info;
    t->digest = 0x0badcafe12345678ULL;
    strcpy(info->lang, "und");
}


void
track_video(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id,
    unsigned width, unsigned height, unsigned bandwidth)
{
    track_begin(t, info, id);

    t->bandwidth = bandwidth;
    t->fps_num = 30000;
    t->fps_den = 1001;
    info->type = LO_MEDIA_VIDEO;
    info->fourcc = lo_fourcc('a', 'v', 'c', '1');
    strcpy(info->codec, "avc1.64001f");
    info->timescale = 30000;
    info->width = width;
    info->height = height;
    info->par_h = 1;
    info->par_v = 1;
}


void
track_audio(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id,
    const char *lang, unsigned bandwidth)
{
    track_begin(t, info, id);

    t->bandwidth = bandwidth;
    t->lang = lo_cstr(lang);
    info->type = LO_MEDIA_AUDIO;
    info->fourcc = lo_fourcc('m', 'p', '4', 'a');
    strcpy(info->codec, "mp4a.40.2");
    info->timescale = 44100;
    info->sample_rate = 44100;
    info->channels = 2;
}


void
track_text(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id,
    const char *lang)
{
    track_begin(t, info, id);

    t->lang = lo_cstr(lang);
    info->type = LO_MEDIA_TEXT;
    info->fourcc = lo_fourcc('w', 'v', 't', 't');
    strcpy(info->codec, "wvtt");
    info->timescale = 1000;
}
