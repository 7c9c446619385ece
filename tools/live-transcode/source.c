#include <inttypes.h>

#include "log.h"
#include "source.h"
#include "stop.h"


#define LT_SOURCE_SILENCE_US  8000000
#define LT_SOURCE_BLOCKED_US  4000     /* reading took this long: it is live */
#define LT_SOURCE_LEAD_US     200000   /* files are read this much ahead */
#define LT_SOURCE_EARLY_US    2000000
#define LT_SOURCE_LATE_US     10000000
#define LT_SOURCE_REORDER_S   10       /* no packet is older than a first */


static int lt_source_interrupt(void *data);
static int lt_source_streams(lt_source_t *s);
static int lt_source_start_file(lt_source_t *s, int64_t from_us,
    int64_t *frame, int64_t *base_us);
static int lt_source_start_live(lt_source_t *s, int64_t from_us,
    int64_t *frame, int64_t *base_us);
static int lt_source_fill(lt_source_t *s);
static int lt_source_anchor(lt_source_t *s);
static int lt_source_agrees(int64_t lead);
static int64_t lt_source_snap(lt_source_t *s, int64_t us);
static void lt_source_set_loop(lt_source_t *s, int64_t loop);
static int lt_source_next(lt_source_t *s, AVPacket *pkt);
static int lt_source_wrap(lt_source_t *s);
static int64_t lt_source_us(lt_source_t *s, const AVPacket *pkt);
static int64_t lt_source_shown_us(lt_source_t *s, const AVPacket *pkt);
static int lt_source_on_time(lt_source_t *s, const AVPacket *pkt);


void
lt_source_init(lt_source_t *s, const lt_plan_t *plan, const char *url,
    const char *format, AVDictionary *options)
{
    memset(s, 0, sizeof(lt_source_t));

    s->plan = plan;
    s->url = url;
    s->format = format;
    s->options = options;
    s->anchor_us = LT_NO_ANCHOR;
    s->video = -1;
    s->audio = -1;
}


int
lt_source_open(lt_source_t *s)
{
    int                       rc;
    AVDictionary             *options;
    const AVInputFormat      *fmt;
    const AVDictionaryEntry  *unused;

    fmt = NULL;
    options = NULL;

    if (s->format != NULL) {
        fmt = av_find_input_format(s->format);
        if (fmt == NULL) {
            lt_log("input format \"%s\" is unknown", s->format);
            return AVERROR_DEMUXER_NOT_FOUND;
        }
    }

    s->in = avformat_alloc_context();
    if (s->in == NULL) {
        return AVERROR(ENOMEM);
    }

    s->in->interrupt_callback.callback = lt_source_interrupt;
    s->in->interrupt_callback.opaque = s;
    s->deadline_us = 0;

    av_dict_copy(&options, s->options, 0);
    rc = avformat_open_input(&s->in, s->url, fmt, &options);

    unused = rc < 0 ? NULL : av_dict_get(options, "", NULL,
                                         AV_DICT_IGNORE_SUFFIX);
    if (unused != NULL) {
        lt_log("input \"%s\": option \"%s\" is unknown", s->url,
               unused->key);
        rc = AVERROR_OPTION_NOT_FOUND;
    }

    av_dict_free(&options);

    if (rc >= 0) {
        s->deadline_us = lt_now_mono_us() + 2 * LT_SOURCE_SILENCE_US;
        rc = avformat_find_stream_info(s->in, NULL);
    }

    if (rc >= 0) {
        rc = lt_source_streams(s);
    }

    if (rc < 0 && rc != AVERROR_EXIT) {
        lt_log_av(rc, "input \"%s\"", s->url);
    }

    return rc;
}


static int
lt_source_interrupt(void *data)
{
    lt_source_t  *s;

    s = data;

    return lt_stop_asked() || atomic_load(&s->cancel)
           || (s->deadline_us != 0 && lt_now_mono_us() > s->deadline_us);
}


static int
lt_source_streams(lt_source_t *s)
{
    unsigned      i;
    AVIOContext  *pb;

    s->video = av_find_best_stream(s->in, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    s->audio = av_find_best_stream(s->in, AVMEDIA_TYPE_AUDIO, -1, s->video,
                                   NULL, 0);

    if (s->video < 0 && s->audio < 0) {
        return AVERROR_STREAM_NOT_FOUND;
    }

    for (i = 0; i < s->in->nb_streams; i++) {
        if ((int) i != s->video && (int) i != s->audio) {
            s->in->streams[i]->discard = AVDISCARD_ALL;
        }
    }

    pb = s->in->pb;

    s->file = pb != NULL && (pb->seekable & AVIO_SEEKABLE_NORMAL)
              && s->in->duration > 0;

    lt_log("input \"%s\": %s, %s%s%s", s->url,
           s->file ? "a file, looped" : "live",
           s->video >= 0 ? "video" : "no video",
           s->audio >= 0 ? ", audio" : "",
           s->audio < 0 && s->plan->naudio ? ", no audio: silence" : "");

    return 0;
}


int
lt_source_start(lt_source_t *s, int64_t from_us, int64_t *frame,
    int64_t *base_us)
{
    int  rc;

    rc = s->file ? lt_source_start_file(s, from_us, frame, base_us)
                 : lt_source_start_live(s, from_us, frame, base_us);

    if (rc < 0 && rc != AVERROR_EXIT) {
        lt_log_av(rc, "input \"%s\"", s->url);
    }

    return rc;
}


static int
lt_source_start_file(lt_source_t *s, int64_t from_us, int64_t *frame,
    int64_t *base_us)
{
    int      rc;
    int64_t  at, frames;

    frames = lo_rescale(s->in->duration, s->plan->fps_num,
                        (uint64_t) s->plan->fps_den * LO_USEC, LO_NEAREST);

    s->loop_frames = frames ? frames : 1;
    *frame = lt_grid_start(s->plan, from_us);
    lt_source_set_loop(s, *frame / s->loop_frames);

    lt_log("input \"%s\": loop %" PRId64 " of %" PRId64 " frames began at "
           "%.6f UTC", s->url, s->loop, s->loop_frames,
           lt_grid_frame_us(s->plan, s->loop * s->loop_frames) / 1e6);

    at = lt_grid_frame_us(s->plan, *frame) - s->anchor_us;
    rc = avformat_seek_file(s->in, -1, INT64_MIN, at, at, 0);

    if (rc < 0) {
        rc = lt_source_wrap(s);
    }

    /* reading begins at a key frame of this loop */
    *base_us = (lt_grid_frame_us(s->plan, s->loop * s->loop_frames)
                / LO_USEC - LT_SOURCE_REORDER_S) * LO_USEC;

    return rc;
}


/* loop begins at its multiple of the file's length; that is the anchor */

static void
lt_source_set_loop(lt_source_t *s, int64_t loop)
{
    int64_t  start;

    start = s->in->start_time == AV_NOPTS_VALUE ? 0 : s->in->start_time;

    if (s->video >= 0 && s->in->streams[s->video]->start_time != AV_NOPTS_VALUE)
    {
        start = av_rescale_q(s->in->streams[s->video]->start_time,
                             s->in->streams[s->video]->time_base,
                             AV_TIME_BASE_Q);
    }

    s->loop = loop;
    s->anchor_us = lt_grid_frame_us(s->plan, loop * s->loop_frames) - start;
}


/*
 * What the probe has read comes at once; when reading has to wait, the last
 * packet is what arrives now.
 */

static int
lt_source_start_live(lt_source_t *s, int64_t from_us, int64_t *frame,
    int64_t *base_us)
{
    int      rc;
    int64_t  first;

    rc = lt_source_fill(s);

    if (rc >= 0) {
        rc = lt_source_anchor(s);
    }

    if (rc < 0) {
        return rc;
    }

    first = lt_source_shown_us(s, s->queue[0]) + s->anchor_us;
    *base_us = (first / LO_USEC - LT_SOURCE_REORDER_S) * LO_USEC;
    *frame = lt_grid_start(s->plan, first > from_us ? first : from_us);

    return 0;
}


static int
lt_source_fill(lt_source_t *s)
{
    int        rc;
    int64_t    began;
    unsigned   skipped;
    AVPacket  *pkt;

    skipped = 0;

    while (s->queued < LT_SOURCE_QUEUE) {
        pkt = av_packet_alloc();
        if (pkt == NULL) {
            return AVERROR(ENOMEM);
        }

        began = lt_now_mono_us();
        rc = lt_source_next(s, pkt);

        if (rc < 0) {
            av_packet_free(&pkt);
            return rc;
        }

        /* decoding begins at a key frame, where there are any */

        if (s->queued == 0 && s->video >= 0 && skipped++ < LT_SOURCE_QUEUE
            && (pkt->stream_index != s->video
                || !(pkt->flags & AV_PKT_FLAG_KEY)))
        {
            av_packet_free(&pkt);
            continue;
        }

        s->queue[s->queued++] = pkt;

        if (s->queued > 1
            && lt_now_mono_us() - began > LT_SOURCE_BLOCKED_US)
        {
            break;
        }
    }

    return 0;
}


/*
 * An anchor that was given, or is an earlier run's, stays while the input's
 * clock agrees with it; a clock that is UTC needs none.
 */

static int
lt_source_anchor(lt_source_t *s)
{
    int64_t  now, last, anchor, first;

    now = lt_now_us();
    last = lt_source_us(s, s->queue[s->queued - 1]);

    if (s->anchor_us != LT_NO_ANCHOR
        && lt_source_agrees(last + s->anchor_us - now))
    {
        lt_log("input \"%s\": time 0 stays at %.6f UTC (%+.3f s)", s->url,
               s->anchor_us / 1e6, (last + s->anchor_us - now) / 1e6);
        return 0;
    }

    if (lt_source_agrees(last - now)) {
        s->anchor_us = 0;
        lt_log("input \"%s\" is on UTC", s->url);
        return 0;
    }

    anchor = now - last;
    first = lt_source_shown_us(s, s->queue[0]);
    s->anchor_us = lt_source_snap(s, first + anchor) - first;

    lt_log("input \"%s\": time 0 is at %.6f UTC", s->url, s->anchor_us / 1e6);

    return 0;
}


static int
lt_source_agrees(int64_t lead)
{
    return lead < LT_SOURCE_EARLY_US && lead > -LT_SOURCE_LATE_US;
}


static int64_t
lt_source_snap(lt_source_t *s, int64_t us)
{
    return lt_grid_frame_us(s->plan,
                            lo_rescale(us, s->plan->fps_num,
                                       (uint64_t) s->plan->fps_den * LO_USEC,
                                       LO_NEAREST));
}


int
lt_source_read(lt_source_t *s, AVPacket *pkt)
{
    int  rc;

    if (s->head < s->queued) {
        av_packet_move_ref(pkt, s->queue[s->head]);
        av_packet_free(&s->queue[s->head++]);

    } else {
        rc = lt_source_next(s, pkt);
        if (rc < 0) {
            return rc;
        }
    }

    if (!s->file) {
        return lt_source_on_time(s, pkt);
    }

    if (lt_stop_sleep_until(lt_source_us(s, pkt) + s->anchor_us
                            - LT_SOURCE_LEAD_US) == -1)
    {
        return AVERROR_EXIT;
    }

    return atomic_load(&s->cancel) ? AVERROR_EXIT : 0;
}


static int
lt_source_next(lt_source_t *s, AVPacket *pkt)
{
    int  rc, wraps;

    for (wraps = 0; /* void */; /* void */) {
        s->deadline_us = lt_now_mono_us() + LT_SOURCE_SILENCE_US;
        rc = av_read_frame(s->in, pkt);

        if (rc == AVERROR_EOF && s->file && wraps++ == 0) {
            lt_source_set_loop(s, s->loop + 1);
            rc = lt_source_wrap(s);

            if (rc >= 0) {
                continue;
            }
        }

        if (rc < 0) {
            if (rc == AVERROR_EXIT && !lt_stop_asked()
                && !atomic_load(&s->cancel))
            {
                rc = AVERROR(ETIMEDOUT);
            }

            return rc;
        }

        if ((pkt->stream_index == s->video || pkt->stream_index == s->audio)
            && (pkt->pts != AV_NOPTS_VALUE || pkt->dts != AV_NOPTS_VALUE))
        {
            return 0;
        }

        av_packet_unref(pkt);
    }
}


static int
lt_source_wrap(lt_source_t *s)
{
    return avformat_seek_file(s->in, -1, INT64_MIN,
                              s->in->start_time == AV_NOPTS_VALUE
                              ? 0 : s->in->start_time, INT64_MAX, 0);
}


static int64_t
lt_source_us(lt_source_t *s, const AVPacket *pkt)
{
    return av_rescale_q(pkt->dts != AV_NOPTS_VALUE ? pkt->dts : pkt->pts,
                        s->in->streams[pkt->stream_index]->time_base,
                        AV_TIME_BASE_Q);
}


static int64_t
lt_source_shown_us(lt_source_t *s, const AVPacket *pkt)
{
    return av_rescale_q(pkt->pts != AV_NOPTS_VALUE ? pkt->pts : pkt->dts,
                        s->in->streams[pkt->stream_index]->time_base,
                        AV_TIME_BASE_Q);
}


/* an input whose clock jumped or drifted away begins a new run */

static int
lt_source_on_time(lt_source_t *s, const AVPacket *pkt)
{
    int64_t  lead;

    lead = lt_source_us(s, pkt) + s->anchor_us - lt_now_us();

    if (lt_source_agrees(lead)) {
        return 0;
    }

    lt_log("input \"%s\": its clock is now %.3f s %s", s->url,
           (lead < 0 ? -lead : lead) / 1e6, lead < 0 ? "behind" : "ahead");

    return AVERROR(ERANGE);
}


void
lt_source_close(lt_source_t *s)
{
    for ( /* void */ ; s->head < s->queued; s->head++) {
        av_packet_free(&s->queue[s->head]);
    }

    s->head = 0;
    s->queued = 0;
    s->video = -1;
    s->audio = -1;
    atomic_store(&s->cancel, 0);

    if (s->in != NULL) {
        avformat_close_input(&s->in);
    }
}
