#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "log.h"
#include "relay.h"
#include "stop.h"


#define LT_RELAY_BUF       32768
#define LT_RELAY_STALL_US  15000000
#define LT_RELAY_LOOK_MS   500
#define LT_RELAY_LATE_US   15000000
#define LT_RELAY_EARLY_US  3000000


typedef struct {
    lt_child_t         *child;
    unsigned            told:1;        /* ffmpeg was told to stop */
    unsigned            stalled:1;
} lt_nut_t;


static int lt_nut_open(AVFormatContext **in, lt_nut_t *s);
static void lt_nut_close(AVFormatContext *in);
static int lt_nut_read(void *data, uint8_t *buf, int size);
static int lt_relay_open(lt_relay_t *r, AVFormatContext *in);
static int lt_relay_same(lt_relay_t *r, AVFormatContext *in);
static int lt_relay_interrupt(void *data);
static lt_relay_e lt_relay_packets(lt_relay_t *r, AVFormatContext *in,
    lt_nut_t *s, int64_t frame);
static int lt_relay_write(lt_relay_t *r, AVFormatContext *in, AVPacket *pkt,
    int64_t frame);
static int lt_relay_off_clock(lt_relay_t *r, AVFormatContext *in,
    const AVPacket *pkt);


void
lt_relay_init(lt_relay_t *r, const lt_plan_t *plan, const char *url)
{
    unsigned  k;

    memset(r, 0, sizeof(lt_relay_t));

    r->plan = plan;
    r->url = url;

    for (k = 0; k < LT_MAX_TRACKS; k++) {
        r->last[k] = AV_NOPTS_VALUE;
    }
}


lt_relay_e
lt_relay_run(lt_relay_t *r, lt_child_t *c, int64_t frame)
{
    int               rc;
    lt_relay_e        why;
    lt_nut_t       s;
    AVFormatContext  *in;

    memset(&s, 0, sizeof(s));
    s.child = c;

    rc = lt_nut_open(&in, &s);

    if (rc < 0) {
        return s.stalled ? LT_RELAY_STALL
               : rc == AVERROR_EOF ? LT_RELAY_EOF : LT_RELAY_INPUT;
    }

    if (in->nb_streams != r->plan->ntracks) {
        lt_log("ffmpeg made %u streams, not %u", in->nb_streams,
               r->plan->ntracks);
        why = LT_RELAY_INPUT;

    } else if (r->out == NULL && lt_relay_open(r, in) < 0) {
        why = LT_RELAY_OUTPUT;

    } else if (!lt_relay_same(r, in)) {
        why = LT_RELAY_OUTPUT;

    } else {
        why = lt_relay_packets(r, in, &s, frame);
    }

    lt_nut_close(in);

    return why;
}


void
lt_relay_close(lt_relay_t *r)
{
    if (r->out == NULL) {
        return;
    }

    (void) av_write_trailer(r->out);
    (void) avio_closep(&r->out->pb);
    avformat_free_context(r->out);
    r->out = NULL;
}


static int
lt_nut_open(AVFormatContext **in, lt_nut_t *s)
{
    int           rc;
    uint8_t      *buf;
    AVIOContext  *io;

    *in = avformat_alloc_context();
    buf = av_malloc(LT_RELAY_BUF);
    io = buf ? avio_alloc_context(buf, LT_RELAY_BUF, 0, s, lt_nut_read,
                                  NULL, NULL)
             : NULL;

    if (*in == NULL || io == NULL) {
        avformat_free_context(*in);
        av_free(buf);
        return AVERROR(ENOMEM);
    }

    (*in)->pb = io;
    (*in)->flags |= AVFMT_FLAG_CUSTOM_IO|AVFMT_FLAG_NOPARSE
                    |AVFMT_FLAG_NOBUFFER;

    rc = avformat_open_input(in, NULL, av_find_input_format("nut"), NULL);

    if (rc < 0) {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }

    return rc;
}


static void
lt_nut_close(AVFormatContext *in)
{
    AVIOContext  *io;

    io = in->pb;

    avformat_close_input(&in);
    av_freep(&io->buffer);
    avio_context_free(&io);
}


/* on stop ffmpeg is told to finish, and what it still says is read */

static int
lt_nut_read(void *data, uint8_t *buf, int size)
{
    int        rc;
    int64_t    stall;
    ssize_t    n;
    lt_nut_t  *s;

    s = data;
    stall = lt_now_mono_us() + LT_RELAY_STALL_US;

    for ( ;; ) {
        rc = lt_stop_poll(s->child->out, POLLIN, LT_RELAY_LOOK_MS);

        if (lt_stop_asked() && !s->told) {
            s->told = 1;
            lt_child_signal(s->child, SIGTERM);
        }

        if (lt_stop_overdue()) {
            return AVERROR_EXIT;
        }

        if (rc == -1) {
            continue;
        }

        if (rc == 0 && lt_child_ended(s->child)) {
            return AVERROR_EOF;
        }

        if (rc == 0 && lt_now_mono_us() > stall) {
            s->stalled = 1;
            return AVERROR_EXIT;
        }

        if (rc == 0) {
            continue;
        }

        n = read(s->child->out, buf, size);

        if (n > 0) {
            return n;
        }

        if (n == 0) {
            return AVERROR_EOF;
        }

        if (errno != EINTR) {
            return AVERROR(errno);
        }
    }
}


static int
lt_relay_open(lt_relay_t *r, AVFormatContext *in)
{
    int                rc;
    unsigned           k;
    AVStream          *st;
    const char        *url;
    AVDictionary      *opts;
    const lt_track_t  *tr;
    AVIOInterruptCB    cb = { lt_relay_interrupt, NULL };

    opts = NULL;
    url = strcmp(r->url, "-") == 0 ? "pipe:1" : r->url;

    rc = avformat_alloc_output_context2(&r->out, NULL, "nut", NULL);
    if (rc < 0) {
        goto failed;
    }

    r->out->interrupt_callback = cb;
    r->out->flags |= AVFMT_FLAG_FLUSH_PACKETS;

    for (k = 0; k < in->nb_streams; k++) {
        st = avformat_new_stream(r->out, NULL);
        if (st == NULL) {
            rc = AVERROR(ENOMEM);
            goto failed;
        }

        rc = avcodec_parameters_copy(st->codecpar, in->streams[k]->codecpar);
        if (rc < 0) {
            goto failed;
        }

        tr = &r->plan->tracks[k];

        st->codecpar->bit_rate = tr->bitrate;
        st->time_base = in->streams[k]->time_base;

        if (tr->video) {
            st->avg_frame_rate = av_make_q(r->plan->fps_num, r->plan->fps_den);
            st->r_frame_rate = st->avg_frame_rate;
        }

        av_dict_set(&st->metadata, "title", tr->id, 0);

        if (tr->lang[0] != '\0') {
            av_dict_set(&st->metadata, "language", tr->lang, 0);
        }
    }

    rc = avio_open2(&r->out->pb, url, AVIO_FLAG_WRITE, &cb, NULL);
    if (rc < 0) {
        goto failed;
    }

    av_dict_set(&opts, "write_index", "0", 0);
    rc = avformat_write_header(r->out, &opts);
    av_dict_free(&opts);

    if (rc >= 0) {
        return 0;
    }

    (void) avio_closep(&r->out->pb);

failed:

    lt_log_av(rc, "output \"%s\"", r->url);
    avformat_free_context(r->out);
    r->out = NULL;

    return rc;
}


/* a blocked write is left when stop was asked and five seconds are over */

static int
lt_relay_interrupt(void *data)
{
    return lt_stop_overdue();
}


/* what the stream's header says must hold for every ffmpeg */

static int
lt_relay_same(lt_relay_t *r, AVFormatContext *in)
{
    unsigned            k;
    AVCodecParameters  *a, *b;

    for (k = 0; k < in->nb_streams; k++) {
        a = r->out->streams[k]->codecpar;
        b = in->streams[k]->codecpar;

        if (a->codec_id != b->codec_id || a->width != b->width
            || a->height != b->height || a->sample_rate != b->sample_rate
            || a->extradata_size != b->extradata_size
            || (a->extradata_size != 0
                && memcmp(a->extradata, b->extradata, a->extradata_size) != 0))
        {
            lt_log("track \"%s\": ffmpeg now encodes with other parameters",
                   r->plan->tracks[k].id);
            return 0;
        }
    }

    return 1;
}


static lt_relay_e
lt_relay_packets(lt_relay_t *r, AVFormatContext *in, lt_nut_t *s,
    int64_t frame)
{
    int         rc;
    AVPacket   *pkt;
    lt_relay_e  why;

    pkt = av_packet_alloc();
    if (pkt == NULL) {
        return LT_RELAY_OUTPUT;
    }

    why = LT_RELAY_EOF;

    while (av_read_frame(in, pkt) >= 0) {

        if (lt_relay_off_clock(r, in, pkt)) {
            why = LT_RELAY_CLOCK;
            break;
        }

        rc = lt_relay_write(r, in, pkt, frame);
        av_packet_unref(pkt);

        if (rc < 0) {
            lt_log_av(rc, "output \"%s\"", r->url);
            why = LT_RELAY_OUTPUT;
            break;
        }
    }

    av_packet_free(&pkt);

    return s->stalled ? LT_RELAY_STALL : why;
}


/* priming, and what an earlier ffmpeg has already said, is left out */

static int
lt_relay_write(lt_relay_t *r, AVFormatContext *in, AVPacket *pkt,
    int64_t frame)
{
    int                rc;
    unsigned           k;
    int64_t            end;
    AVStream          *st;
    const lt_track_t  *tr;

    k = pkt->stream_index;
    tr = &r->plan->tracks[k];
    st = r->out->streams[k];

    if (pkt->pts == AV_NOPTS_VALUE
        || (!tr->video
            && pkt->pts < lt_grid_audio_start(r->plan, tr, frame)))
    {
        return 0;
    }

    if (pkt->dts == AV_NOPTS_VALUE) {
        pkt->dts = pkt->pts;
    }

    av_packet_rescale_ts(pkt, in->streams[k]->time_base, st->time_base);

    if (r->last[k] != AV_NOPTS_VALUE && pkt->dts <= r->last[k]) {
        r->dropped++;
        return 0;
    }

    r->last[k] = pkt->dts;
    pkt->pos = -1;

    if (tr->video) {
        end = av_rescale_q(pkt->pts, st->time_base, AV_TIME_BASE_Q);

        if (end > r->end_us) {
            r->end_us = end;
        }
    }

    rc = av_write_frame(r->out, pkt);

    if (rc >= 0 && r->out->pb->error < 0) {
        rc = r->out->pb->error;
    }

    r->packets++;

    return rc;
}


static int
lt_relay_off_clock(lt_relay_t *r, AVFormatContext *in, const AVPacket *pkt)
{
    int64_t  late;

    if (pkt->pts == AV_NOPTS_VALUE || lt_stop_asked()) {
        return 0;
    }

    late = lt_now_us() - av_rescale_q(pkt->pts,
                                      in->streams[pkt->stream_index]->time_base,
                                      AV_TIME_BASE_Q);

    if (late <= LT_RELAY_LATE_US && late >= -LT_RELAY_EARLY_US) {
        return 0;
    }

    lt_log("track \"%s\" is %.1f s %s", r->plan->tracks[pkt->stream_index].id,
           (late < 0 ? -late : late) / 1e6, late < 0 ? "early" : "late");

    return 1;
}
