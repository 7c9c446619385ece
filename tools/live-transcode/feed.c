#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>

#include "feed.h"
#include "log.h"
#include "stop.h"


#define LT_FEED_BUF  32768


static void *lt_feed_thread(void *data);
static int lt_feed_open(lt_feed_t *f);
static int lt_feed_stream(lt_feed_t *f, int index);
static void lt_feed_close(lt_feed_t *f);
static int lt_feed_packet(lt_feed_t *f, AVPacket *pkt);
static int lt_feed_write(void *data, uint8_t *buf, int size);


int
lt_feed_start(lt_feed_t *f, lt_source_t *s, lt_child_t *c, int64_t base_us)
{
    memset(f, 0, sizeof(lt_feed_t));

    f->source = s;
    f->child = c;
    f->base_us = base_us;
    f->last[0] = INT64_MIN;
    f->last[1] = INT64_MIN;

    if (fcntl(c->in, F_SETFL, O_NONBLOCK) == -1) {
        return errno;
    }

    return pthread_create(&f->thread, NULL, lt_feed_thread, f);
}


void
lt_feed_stop(lt_feed_t *f)
{
    atomic_store(&f->source->cancel, 1);
    pthread_join(f->thread, NULL);
}


static void *
lt_feed_thread(void *data)
{
    int         rc;
    AVPacket   *pkt;
    lt_feed_t  *f;

    f = data;

    pkt = av_packet_alloc();
    rc = pkt ? lt_feed_open(f) : AVERROR(ENOMEM);

    while (rc >= 0) {
        rc = lt_source_read(f->source, pkt);

        if (rc >= 0) {
            rc = lt_feed_packet(f, pkt);
        }

        av_packet_unref(pkt);
    }

    if (rc != AVERROR_EXIT && rc != AVERROR(EPIPE)) {
        lt_log_av(rc, "input \"%s\" ended", f->source->url);
    }

    lt_feed_close(f);
    av_packet_free(&pkt);

    close(f->child->in);
    f->child->in = -1;

    return NULL;
}


static int
lt_feed_open(lt_feed_t *f)
{
    int       rc;
    uint8_t  *buf;

    rc = avformat_alloc_output_context2(&f->out, NULL, "nut", NULL);
    if (rc < 0) {
        return rc;
    }

    buf = av_malloc(LT_FEED_BUF);
    f->out->pb = buf ? avio_alloc_context(buf, LT_FEED_BUF, 1, f, NULL,
                                          lt_feed_write, NULL)
                     : NULL;
    if (f->out->pb == NULL) {
        av_free(buf);
        return AVERROR(ENOMEM);
    }

    f->out->flags |= AVFMT_FLAG_CUSTOM_IO|AVFMT_FLAG_FLUSH_PACKETS;
    f->out->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;

    rc = lt_feed_stream(f, f->source->video);

    if (rc >= 0) {
        rc = lt_feed_stream(f, f->source->audio);
    }

    return rc < 0 ? rc : avformat_write_header(f->out, NULL);
}


static int
lt_feed_stream(lt_feed_t *f, int index)
{
    int        rc;
    AVStream  *from, *to;

    if (index < 0) {
        return 0;
    }

    from = f->source->in->streams[index];
    to = avformat_new_stream(f->out, NULL);

    if (to == NULL) {
        return AVERROR(ENOMEM);
    }

    rc = avcodec_parameters_copy(to->codecpar, from->codecpar);

    to->codecpar->codec_tag = 0;
    to->time_base = from->time_base;
    to->avg_frame_rate = from->avg_frame_rate;
    to->r_frame_rate = from->r_frame_rate;

    return rc;
}


static void
lt_feed_close(lt_feed_t *f)
{
    if (f->out == NULL) {
        return;
    }

    if (f->out->pb != NULL) {
        av_freep(&f->out->pb->buffer);
        avio_context_free(&f->out->pb);
    }

    avformat_free_context(f->out);
    f->out = NULL;
}


/*
 * Where a file begins again its first dts lie before the last of the loop
 * before; their order is kept and NUT stores none of them.
 */

static int
lt_feed_packet(lt_feed_t *f, AVPacket *pkt)
{
    int        k, rc;
    int64_t    shift;
    AVStream  *from, *to;

    from = f->source->in->streams[pkt->stream_index];
    k = (pkt->stream_index != f->source->video);
    to = f->out->streams[k && f->source->video >= 0 ? 1 : 0];

    if (pkt->pts == AV_NOPTS_VALUE) {
        pkt->pts = pkt->dts;
    }

    if (pkt->dts == AV_NOPTS_VALUE) {
        pkt->dts = pkt->pts;
    }

    shift = av_rescale_q(f->source->anchor_us - f->base_us, AV_TIME_BASE_Q,
                         from->time_base);
    pkt->pts += shift;
    pkt->dts += shift;

    av_packet_rescale_ts(pkt, from->time_base, to->time_base);

    if (pkt->dts <= f->last[k]) {
        pkt->dts = f->last[k] + 1;
    }

    if (pkt->pts < pkt->dts && k == 1) {
        pkt->pts = pkt->dts;
    }

    if (pkt->pts < pkt->dts || pkt->dts < 0) {
        return 0;
    }

    f->last[k] = pkt->dts;
    pkt->stream_index = to->index;
    pkt->pos = -1;

    rc = av_write_frame(f->out, pkt);

    return rc < 0 ? rc : f->out->pb->error;
}


static int
lt_feed_write(void *data, uint8_t *buf, int size)
{
    int         done, rc;
    ssize_t     n;
    lt_feed_t  *f;

    f = data;

    for (done = 0; done < size; /* void */) {
        n = write(f->child->in, buf + done, size - done);

        if (n >= 0) {
            done += n;
            continue;
        }

        if (errno != EAGAIN && errno != EINTR) {
            return AVERROR(errno);
        }

        rc = lt_stop_poll(f->child->in, POLLOUT, 500);

        if (rc == -1 || atomic_load(&f->source->cancel)) {
            return AVERROR_EXIT;
        }
    }

    return size;
}
