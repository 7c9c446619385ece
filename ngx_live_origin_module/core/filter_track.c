/*
 * Whether a filter keeps a track.
 */

#include "core/filter.h"
#include "core/box.h"


static int
lo_filter_in(const lo_filter_t *f, lo_filter_key_e key, uint32_t v)
{
    unsigned                  i;
    const lo_filter_range_t  *r;

    if (v == 0 || !lo_filter_has(f, key)) {
        return 1;
    }

    for (i = 0; i < f->n[key]; i++) {
        r = &f->ranges[f->first[key] + i];

        if (v >= r->lo && v <= r->hi) {
            return 1;
        }
    }

    return 0;
}


/*
 * MediaPackage takes a value of three decimals as all that rounds to it; here
 * the ends of a range are such values too, so that 29.97 has 30000/1001 in.
 */

static int
lo_filter_in_fps(const lo_filter_t *f, const lo_manifest_track_t *t)
{
    uint32_t                  num, den;
    uint64_t                  v;
    unsigned                  i;
    const lo_filter_range_t  *r;

    num = t->fps_den ? t->fps_num : t->info->fps_num;
    den = t->fps_den ? t->fps_den : t->info->fps_den;

    if (num == 0 || den == 0 || !lo_filter_has(f, LO_FILTER_VIDEO_FRAMERATE)) {
        return 1;
    }

    /* in halves of a thousandth */

    v = (uint64_t) num * 2000;

    for (i = 0; i < f->n[LO_FILTER_VIDEO_FRAMERATE]; i++) {
        r = &f->ranges[f->first[LO_FILTER_VIDEO_FRAMERATE] + i];

        if (v >= (2 * (uint64_t) r->lo - 1) * den
            && v <= (2 * (uint64_t) r->hi + 1) * den)
        {
            return 1;
        }
    }

    return 0;
}


static int
lo_filter_of(const lo_filter_t *f, lo_filter_key_e key, uint32_t words)
{
    return !lo_filter_has(f, key) || (f->words[key] & words);
}


static int
lo_filter_speaks(const lo_filter_t *f, lo_filter_key_e key,
    const lo_manifest_track_t *t)
{
    char      lang[LO_FILTER_MAX];
    size_t    i, at, len;
    lo_str_t  list;

    if (!lo_filter_has(f, key)) {
        return 1;
    }

    lo_filter_language(lang, t->lang.len ? t->lang : lo_cstr(t->info->lang));
    len = strlen(lang);

    list.data = (unsigned char *) f->text + f->text_at[key];
    list.len = f->text_len[key];

    for (at = 0, i = 0; i < list.len; i++) {

        if (list.data[i] != ',') {
            continue;
        }

        if (i - at == len && memcmp(list.data + at, lang, len) == 0) {
            return 1;
        }

        at = i + 1;
    }

    return 0;
}


/* ---- what a track is */

static uint32_t
lo_filter_audio_codec(const lo_cmaf_init_t *info)
{
    switch (info->fourcc) {

    case lo_fourcc('a', 'c', '-', '3'):
        return LO_FILTER_AC3;

    case lo_fourcc('e', 'c', '-', '3'):
        return LO_FILTER_EC3;

    case lo_fourcc('m', 'p', '4', 'a'):
        break;

    default:
        return 0;
    }

    /* SBR, and SBR with parametric stereo: HE-AAC, in both versions */

    if (strcmp(info->codec, "mp4a.40.5") == 0
        || strcmp(info->codec, "mp4a.40.29") == 0)
    {
        return LO_FILTER_AACH;
    }

    return strcmp(info->codec, "mp4a.40.2") == 0 ? LO_FILTER_AACL : 0;
}


static uint32_t
lo_filter_video_codec(const lo_cmaf_init_t *info)
{
    switch (info->fourcc) {

    case lo_fourcc('a', 'v', 'c', '1'):
    case lo_fourcc('a', 'v', 'c', '3'):
    case lo_fourcc('d', 'v', 'a', '1'):
    case lo_fourcc('d', 'v', 'a', 'v'):
        return LO_FILTER_H264;

    case lo_fourcc('h', 'v', 'c', '1'):
    case lo_fourcc('h', 'e', 'v', '1'):
    case lo_fourcc('d', 'v', 'h', '1'):
    case lo_fourcc('d', 'v', 'h', 'e'):
        return LO_FILTER_H265;

    case lo_fourcc('a', 'v', '0', '1'):
    case lo_fourcc('d', 'a', 'v', '1'):
        return LO_FILTER_AV1;

    default:
        return 0;
    }
}


/* Dolby Vision on top of what others can show is both */

static uint32_t
lo_filter_dynamic_range(const lo_cmaf_init_t *info)
{
    uint32_t  dolby;

    dolby = info->dv_profile ? LO_FILTER_DV : 0;

    switch (info->fourcc) {

    case lo_fourcc('d', 'v', 'a', '1'):
    case lo_fourcc('d', 'v', 'a', 'v'):
    case lo_fourcc('d', 'v', 'h', '1'):
    case lo_fourcc('d', 'v', 'h', 'e'):
    case lo_fourcc('d', 'a', 'v', '1'):
        return LO_FILTER_DV;

    default:
        break;
    }

    switch (info->transfer) {

    case 16:                               /* PQ */
        return dolby | LO_FILTER_HDR10;

    case 18:
        return dolby | LO_FILTER_HLG;

    default:
        return dolby | LO_FILTER_SDR;
    }
}


/* ---- by what it is */

static int
lo_filter_audio(const lo_filter_t *f, const lo_manifest_track_t *t)
{
    return lo_filter_in(f, LO_FILTER_AUDIO_BITRATE, lo_manifest_bandwidth(t))
           && lo_filter_in(f, LO_FILTER_AUDIO_CHANNELS, t->info->channels)
           && lo_filter_in(f, LO_FILTER_AUDIO_SAMPLE_RATE,
                           t->info->sample_rate)
           && lo_filter_of(f, LO_FILTER_AUDIO_CODEC,
                           lo_filter_audio_codec(t->info))
           && lo_filter_speaks(f, LO_FILTER_AUDIO_LANGUAGE, t);
}


/* trick play: neither bitrates nor frame rates say anything of it */

static int
lo_filter_video(const lo_filter_t *f, const lo_manifest_track_t *t)
{
    if (!lo_filter_of(f, LO_FILTER_VIDEO_CODEC,
                      lo_filter_video_codec(t->info))
        || !lo_filter_of(f, LO_FILTER_VIDEO_DYNAMIC_RANGE,
                         lo_filter_dynamic_range(t->info))
        || !lo_filter_in(f, LO_FILTER_VIDEO_HEIGHT, t->info->height))
    {
        return 0;
    }

    if (lo_manifest_trick(t)) {
        return lo_filter_of(f, LO_FILTER_TRICKPLAY_TYPE, LO_FILTER_IFRAME)
               && lo_filter_in(f, LO_FILTER_TRICKPLAY_HEIGHT,
                               t->info->height);
    }

    return lo_filter_in(f, LO_FILTER_VIDEO_BITRATE, lo_manifest_bandwidth(t))
           && lo_filter_in_fps(f, t);
}


int
lo_filter_track(const lo_filter_t *f, const lo_manifest_track_t *t)
{
    if (f->keys == 0) {
        return 1;
    }

    switch (t->info->type) {

    case LO_MEDIA_VIDEO:
        return lo_filter_video(f, t);

    case LO_MEDIA_AUDIO:
        return lo_filter_audio(f, t);

    case LO_MEDIA_TEXT:
        return lo_filter_speaks(f, LO_FILTER_SUBTITLE_LANGUAGE, t);

    default:
        return 1;
    }
}
