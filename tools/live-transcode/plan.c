#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "plan.h"


#define LT_OPUS_PADDING  312           /* libopus at 48 kHz, "audio" */


typedef struct {
    const char         *prefix;
    lt_codec_e          codec;
} lt_codec_name_t;


static int lt_plan_track(lt_plan_t *plan, const lo_event_track_t *et,
    lo_err_t *err);
static int lt_plan_video(lt_plan_t *plan, lt_track_t *tr,
    const lo_event_track_t *et, lo_err_t *err);
static int lt_plan_audio(lt_track_t *tr, const lo_event_track_t *et,
    lo_err_t *err);
static int lt_plan_codec(lt_track_t *tr, lo_str_t name);
static void lt_plan_default(lt_plan_t *plan);
static void lt_plan_bitrate(lt_plan_t *plan);


static const lt_codec_name_t  lt_codec_names[] = {
    { "h264", LT_H264 }, { "avc", LT_H264 }, { "x264", LT_H264 },
    { "hevc", LT_HEVC }, { "h265", LT_HEVC }, { "hvc1", LT_HEVC },
    { "hev1", LT_HEVC }, { "x265", LT_HEVC },
    { "aac", LT_AAC }, { "mp4a", LT_AAC },
    { "opus", LT_OPUS },
    { NULL, 0 }
};


int
lt_plan_make(lt_plan_t *plan, const lo_event_t *ev, lo_err_t *err)
{
    int       rc;
    unsigned  i;
    uint64_t  a, b;

    memset(plan, 0, sizeof(lt_plan_t));

    plan->d = ev->d;

    if (plan->d.duration == 0) {
        plan->d.duration = 2;
        plan->d.timescale = 1;
    }

    for (i = 0; i < ev->ntracks; i++) {
        rc = lt_plan_track(plan, &ev->tracks[i], err);
        if (rc != LO_OK) {
            return rc;
        }
    }

    if (plan->ntracks == 0) {
        lt_plan_default(plan);
    }

    if (plan->nvideo == 0) {
        return lo_err(err, "the event has no video track");
    }

    lt_plan_bitrate(plan);
    lt_grid_ratio(plan, &a, &b);

    if (a > b) {
        return lo_err(err, "a frame is longer than a segment");
    }

    return LO_OK;
}


void
lt_plan_free(lt_plan_t *plan)
{
    unsigned  i, n;

    for (i = 0; i < plan->ntracks; i++) {
        for (n = 0; n < plan->tracks[i].nffmpeg; n++) {
            free(plan->tracks[i].ffmpeg[n]);
        }
    }

    plan->ntracks = 0;
}


static int
lt_plan_track(lt_plan_t *plan, const lo_event_track_t *et, lo_err_t *err)
{
    int          rc;
    unsigned     i;
    lt_track_t  *tr;

    if (et->type != LO_MEDIA_VIDEO && et->type != LO_MEDIA_AUDIO) {
        return LO_OK;
    }

    if (plan->ntracks == LT_MAX_TRACKS) {
        return lo_err(err, "more than %d tracks", LT_MAX_TRACKS);
    }

    tr = &plan->tracks[plan->ntracks];
    snprintf(tr->id, sizeof(tr->id), "%.*s", (int) et->id.len, et->id.data);
    snprintf(tr->lang, sizeof(tr->lang), "%.*s", (int) et->lang.len,
             et->lang.data);

    tr->video = (et->type == LO_MEDIA_VIDEO);
    tr->codec = tr->video ? LT_H264 : LT_AAC;
    tr->bitrate = et->bitrate;

    if (lt_plan_codec(tr, et->codec) != LO_OK) {
        return lo_err(err, "track \"%s\": cannot encode codec \"%.*s\" "
                      "(h264, hevc, aac, opus)", tr->id,
                      (int) et->codec.len, et->codec.data);
    }

    rc = tr->video ? lt_plan_video(plan, tr, et, err)
                   : lt_plan_audio(tr, et, err);
    if (rc != LO_OK) {
        return rc;
    }

    plan->ntracks++;
    plan->nvideo += tr->video;
    plan->naudio += !tr->video;

    for (i = 0; i < et->nffmpeg; i++) {
        tr->ffmpeg[i] = strndup((char *) et->ffmpeg[i].data,
                                et->ffmpeg[i].len);
        if (tr->ffmpeg[i] == NULL) {
            return lo_err(err, "out of memory");
        }

        tr->nffmpeg++;
    }

    return LO_OK;
}


static int
lt_plan_video(lt_plan_t *plan, lt_track_t *tr, const lo_event_track_t *et,
    lo_err_t *err)
{
    uint32_t  num, den;

    tr->width = et->width ? et->width : 1280;
    tr->height = et->height ? et->height : 720;

    if (tr->width % 2 || tr->height % 2 || tr->width < 32 || tr->height < 36
        || tr->width > 8192 || tr->height > 8192)
    {
        return lo_err(err, "track \"%s\": %ux%u: width and height must be even,"
                      " 32x36 to 8192x8192", tr->id, tr->width, tr->height);
    }

    num = et->fps_num ? et->fps_num : plan->fps_num ? plan->fps_num : 25;
    den = et->fps_num ? et->fps_den : plan->fps_num ? plan->fps_den : 1;

    if (num < den) {
        return lo_err(err, "track \"%s\": less than one frame per second",
                      tr->id);
    }

    if (plan->fps_num != 0
        && (uint64_t) num * plan->fps_den != (uint64_t) plan->fps_num * den)
    {
        return lo_err(err, "track \"%s\": %u/%u fps, but the first video track"
                      " has %u/%u: all must be the same", tr->id, num, den,
                      plan->fps_num, plan->fps_den);
    }

    plan->fps_num = num;
    plan->fps_den = den;

    if ((uint64_t) tr->width * tr->height
        > (uint64_t) plan->width * plan->height)
    {
        plan->width = tr->width;
        plan->height = tr->height;
    }

    return LO_OK;
}


static int
lt_plan_audio(lt_track_t *tr, const lo_event_track_t *et, lo_err_t *err)
{
    tr->sample_rate = et->sample_rate ? et->sample_rate : 48000;
    tr->channels = et->channels ? et->channels : 2;

    if (tr->codec == LT_OPUS && tr->sample_rate != 48000) {
        return lo_err(err, "track \"%s\": Opus is 48000 Hz, not %u", tr->id,
                      tr->sample_rate);
    }

    if (tr->channels > 2 && tr->channels != 6) {
        return lo_err(err, "track \"%s\": %u channels: 1, 2 or 6 are possible",
                      tr->id, tr->channels);
    }

    if (tr->sample_rate < 8000 || tr->sample_rate > 96000) {
        return lo_err(err, "track \"%s\": %u Hz: 8000 to 96000 are possible",
                      tr->id, tr->sample_rate);
    }

    return LO_OK;
}


/* a family ("aac") or a codec string that begins with one ("mp4a.40.2") */

static int
lt_plan_codec(lt_track_t *tr, lo_str_t name)
{
    size_t                  len;
    const lt_codec_name_t  *c;

    if (name.len == 0) {
        return LO_OK;
    }

    for (c = lt_codec_names; c->prefix != NULL; c++) {
        len = strlen(c->prefix);

        if (name.len >= len
            && strncasecmp((char *) name.data, c->prefix, len) == 0)
        {
            tr->codec = c->codec;

            return tr->video == (c->codec <= LT_HEVC) ? LO_OK : LO_ERROR;
        }
    }

    return LO_ERROR;
}


static void
lt_plan_default(lt_plan_t *plan)
{
    lt_track_t  *tr;

    tr = plan->tracks;

    strcpy(tr[0].id, "video");
    tr[0].video = 1;
    tr[0].codec = LT_H264;
    tr[0].width = plan->width = 1280;
    tr[0].height = plan->height = 720;

    strcpy(tr[1].id, "audio");
    tr[1].codec = LT_AAC;
    tr[1].sample_rate = 48000;
    tr[1].channels = 2;

    plan->fps_num = 25;
    plan->fps_den = 1;
    plan->nvideo = 1;
    plan->naudio = 1;
    plan->ntracks = 2;
}


/* a tenth of a bit for a pixel, half of that with HEVC; 48 kb/s a channel */

static void
lt_plan_bitrate(lt_plan_t *plan)
{
    unsigned     i;
    uint64_t     rate;
    lt_track_t  *tr;

    for (i = 0; i < plan->ntracks; i++) {
        tr = &plan->tracks[i];

        if (tr->bitrate != 0) {
            continue;
        }

        if (!tr->video) {
            tr->bitrate = tr->channels * 48000;
            continue;
        }

        rate = (uint64_t) tr->width * tr->height * plan->fps_num
               / plan->fps_den / (tr->codec == LT_HEVC ? 20 : 10);

        tr->bitrate = rate < 50000 ? 50000 : rate;
    }
}


int64_t
lt_grid_start(const lt_plan_t *plan, int64_t us)
{
    int64_t  k;

    k = lo_rescale(us, plan->d.timescale,
                   plan->d.duration * (uint64_t) LO_USEC, LO_CEIL);

    return lo_rescale(k, plan->d.duration * plan->fps_num,
                      (uint64_t) plan->d.timescale * plan->fps_den,
                      LO_NEAREST);
}


int64_t
lt_grid_frame_us(const lt_plan_t *plan, int64_t i)
{
    return lo_rescale(i, (uint64_t) plan->fps_den * LO_USEC, plan->fps_num,
                      LO_NEAREST);
}


uint32_t
lt_grid_audio_frame(const lt_track_t *tr)
{
    return tr->codec == LT_OPUS ? 960 : 1024;
}


/*
 * The frame nearest to where video begins may begin earlier than that, and an
 * encoder's first packet holds nothing but priming: start two frames ahead.
 */

int64_t
lt_grid_audio_start(const lt_plan_t *plan, const lt_track_t *tr, int64_t i)
{
    int64_t  j, size;

    size = lt_grid_audio_frame(tr);

    j = lo_rescale(i, (uint64_t) plan->fps_den * tr->sample_rate,
                   plan->fps_num * (uint64_t) size, LO_FLOOR);

    return (j - 2) * size + (tr->codec == LT_OPUS ? LT_OPUS_PADDING : 0);
}


void
lt_grid_ratio(const lt_plan_t *plan, uint64_t *a, uint64_t *b)
{
    uint64_t  x, y, t;

    *a = (uint64_t) plan->fps_den * plan->d.timescale;
    *b = plan->fps_num * plan->d.duration;

    for (x = *a, y = *b; y != 0; /* void */) {
        t = x % y;
        x = y;
        y = t;
    }

    *a /= x;
    *b /= x;
}
