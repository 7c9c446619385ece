#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <libavutil/time.h>

#include "bytes.h"
#include "input.h"
#include "log.h"


#define LP_INPUT_BUFFER   65536
#define LP_INPUT_POLL     200         /* ms: how soon a stop is seen */
#define LP_INPUT_ERRORS   100         /* in a row, before we give up */


typedef struct lp_input_item_s  lp_input_item_t;

struct lp_input_item_s {
    STAILQ_ENTRY(lp_input_item_s)   link;
    AVPacket                       *pkt;
    int64_t                         wall;
};


struct lp_input_s {
    AVFormatContext                *fmt;
    AVIOContext                    *avio;     /* ours: for - and fd:N */
    int                             fd;
    unsigned                        pace:1;
    int64_t                         pace_from;    /* us: wall less media */
    unsigned                        paced:1;
    const volatile int             *stop;
    void                          (*wake)(void *data);
    void                           *data;

    pthread_t                       thread;
    unsigned                        started:1;

    pthread_mutex_t                 lock;     /* guards what follows */
    pthread_cond_t                  room;
    STAILQ_HEAD(, lp_input_item_s)  items;
    size_t                          bytes;
    int                             end;
    int                             closing;
    int                             error;
};


static int
lp_input_stopped(void *data)
{
    lp_input_t  *in = data;

    return *in->stop || __atomic_load_n(&in->closing, __ATOMIC_RELAXED);
}


static int
lp_input_read_fd(void *data, uint8_t *buf, int size)
{
    ssize_t         n;
    lp_input_t     *in = data;
    struct pollfd   pfd;

    pfd.fd = in->fd;
    pfd.events = POLLIN;

    for ( ;; ) {
        if (lp_input_stopped(in)) {
            return AVERROR_EXIT;
        }

        if (poll(&pfd, 1, LP_INPUT_POLL) <= 0) {
            continue;
        }

        n = read(in->fd, buf, size);

        if (n > 0) {
            return n;
        }

        if (n == 0) {
            return AVERROR_EOF;
        }

        if (errno != EINTR && errno != EAGAIN) {
            return AVERROR(errno);
        }
    }
}


/* the file descriptor that a URL stands for, or -1 */

static int
lp_input_fd(const char *url)
{
    if (strcmp(url, "-") == 0) {
        return STDIN_FILENO;
    }

    return strncmp(url, "fd:", 3) == 0 ? atoi(url + 3) : -1;
}


static int
lp_input_own_io(lp_input_t *in)
{
    unsigned char  *buf;

    buf = av_malloc(LP_INPUT_BUFFER);

    if (buf == NULL) {
        return AVERROR(ENOMEM);
    }

    in->avio = avio_alloc_context(buf, LP_INPUT_BUFFER, 0, in,
                                  lp_input_read_fd, NULL, NULL);

    if (in->avio == NULL) {
        av_free(buf);
        return AVERROR(ENOMEM);
    }

    in->fmt->pb = in->avio;

    return 0;
}


static int
lp_input_open_format(lp_input_t *in, const lp_input_conf_t *conf)
{
    int                   rc;
    AVDictionary         *options;
    const AVInputFormat  *format;

    format = NULL;

    if (conf->format != NULL) {
        format = av_find_input_format(conf->format);

        if (format == NULL) {
            return AVERROR_DEMUXER_NOT_FOUND;
        }
    }

    in->fmt = avformat_alloc_context();

    if (in->fmt == NULL) {
        return AVERROR(ENOMEM);
    }

    in->fmt->interrupt_callback.callback = lp_input_stopped;
    in->fmt->interrupt_callback.opaque = in;
    in->fmt->correct_ts_overflow = 0;     /* the clock unwraps */
    in->fd = lp_input_fd(conf->url);

    if (in->fd != -1) {
        rc = lp_input_own_io(in);

        if (rc < 0) {
            return rc;
        }
    }

    options = NULL;
    av_dict_copy(&options, conf->options, 0);

    rc = avformat_open_input(&in->fmt, in->fd == -1 ? conf->url : NULL,
                             format, &options);
    av_dict_free(&options);

    if (rc < 0) {
        return rc;
    }

    return avformat_find_stream_info(in->fmt, NULL);
}


lp_input_t *
lp_input_open(const lp_input_conf_t *conf, const volatile int *stop,
    void (*wake)(void *data), void *data)
{
    int          rc;
    lp_input_t  *in;

    in = lp_alloc(sizeof(lp_input_t));
    in->stop = stop;
    in->wake = wake;
    in->data = data;
    in->pace = conf->pace;
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->room, NULL);
    STAILQ_INIT(&in->items);

    rc = lp_input_open_format(in, conf);

    if (rc < 0) {
        if (!*stop) {
            lp_log(LP_ERR, "input %s: %s", conf->url, av_err2str(rc));
        }

        lp_input_close(in);
        return NULL;
    }

    return in;
}


AVFormatContext *
lp_input_format(lp_input_t *in)
{
    return in->fmt;
}


/* waits until the packet's time has come, by the time of the first one */

static void
lp_input_pace(lp_input_t *in, const AVPacket *pkt)
{
    int64_t  media, wait;

    if (!in->pace || pkt->dts == AV_NOPTS_VALUE) {
        return;
    }

    media = av_rescale_q(pkt->dts,
                         in->fmt->streams[pkt->stream_index]->time_base,
                         AV_TIME_BASE_Q);

    if (!in->paced) {
        in->paced = 1;
        in->pace_from = av_gettime_relative() - media;
    }

    for ( ;; ) {
        wait = in->pace_from + media - av_gettime_relative();

        if (wait <= 0 || wait > 60 * (int64_t) 1000000
            || lp_input_stopped(in))
        {
            return;
        }

        av_usleep(wait < LP_INPUT_POLL * 1000 ? wait : LP_INPUT_POLL * 1000);
    }
}


static void
lp_input_put(lp_input_t *in, AVPacket *pkt)
{
    lp_input_item_t  *item;

    item = lp_alloc(sizeof(lp_input_item_t));
    item->pkt = pkt;
    item->wall = av_gettime();

    pthread_mutex_lock(&in->lock);

    while (in->bytes > LP_INPUT_QUEUE && !in->closing) {
        pthread_cond_wait(&in->room, &in->lock);
    }

    in->bytes += pkt->size + sizeof(AVPacket);
    STAILQ_INSERT_TAIL(&in->items, item, link);

    pthread_mutex_unlock(&in->lock);

    in->wake(in->data);
}


static void *
lp_input_run(void *data)
{
    int          rc, errors;
    AVPacket    *pkt;
    lp_input_t  *in = data;

    for (errors = 0, rc = 0; errors < LP_INPUT_ERRORS; ) {

        pkt = av_packet_alloc();

        if (pkt == NULL) {
            rc = AVERROR(ENOMEM);
            break;
        }

        rc = av_read_frame(in->fmt, pkt);

        if (rc >= 0) {
            errors = 0;
            lp_input_pace(in, pkt);
            lp_input_put(in, pkt);
            continue;
        }

        av_packet_free(&pkt);

        if (rc != AVERROR(EAGAIN) && rc != AVERROR_INVALIDDATA) {
            break;
        }

        errors++;
        av_usleep(10000);
    }

    pthread_mutex_lock(&in->lock);
    in->end = 1;
    in->error = rc == AVERROR_EOF || rc == AVERROR_EXIT ? 0 : rc;
    pthread_mutex_unlock(&in->lock);

    in->wake(in->data);

    return NULL;
}


int
lp_input_start(lp_input_t *in)
{
    in->started = pthread_create(&in->thread, NULL, lp_input_run, in) == 0;

    return in->started ? 0 : -1;
}


AVPacket *
lp_input_next(lp_input_t *in, int64_t *wall, int *end)
{
    AVPacket         *pkt;
    lp_input_item_t  *item;

    pkt = NULL;

    pthread_mutex_lock(&in->lock);

    item = STAILQ_FIRST(&in->items);

    if (item != NULL) {
        STAILQ_REMOVE_HEAD(&in->items, link);
        pkt = item->pkt;
        *wall = item->wall;
        in->bytes -= pkt->size + sizeof(AVPacket);
        pthread_cond_signal(&in->room);
    }

    *end = item == NULL && in->end;

    pthread_mutex_unlock(&in->lock);

    free(item);

    return pkt;
}


int
lp_input_error(lp_input_t *in)
{
    int  error;

    pthread_mutex_lock(&in->lock);
    error = in->error;
    pthread_mutex_unlock(&in->lock);

    return error;
}


void
lp_input_close(lp_input_t *in)
{
    int        end;
    int64_t    wall;
    AVPacket  *pkt;

    pthread_mutex_lock(&in->lock);
    __atomic_store_n(&in->closing, 1, __ATOMIC_RELAXED);
    pthread_cond_signal(&in->room);
    pthread_mutex_unlock(&in->lock);

    if (in->started) {
        pthread_join(in->thread, NULL);
    }

    while ((pkt = lp_input_next(in, &wall, &end)) != NULL) {
        av_packet_free(&pkt);
    }

    avformat_close_input(&in->fmt);

    if (in->avio != NULL) {
        av_freep(&in->avio->buffer);
        avio_context_free(&in->avio);
    }

    pthread_mutex_destroy(&in->lock);
    pthread_cond_destroy(&in->room);
    free(in);
}
