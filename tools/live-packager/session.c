#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/time.h>

#include "map.h"
#include "session.h"


#define LP_BATCH    256               /* packets between two looks at the
                                         network */
#define LP_BACKLOG  8                 /* segments per track and origin, for
                                         which a patient input waits */


static void
lp_session_wake(void *data)
{
    lp_session_t  *s = data;

    curl_multi_wakeup(s->publish.transfers.multi);
}


/* the first video stream anchors the clock, else the first track */

static void
lp_session_master(lp_session_t *s)
{
    unsigned  i;

    for (i = 0; i < s->ntracks; i++) {
        if (s->tracks[i].es.header.video) {
            s->tracks[i].master = 1;
            return;
        }
    }

    s->tracks[0].master = 1;
}


static int
lp_session_publish(lp_session_t *s)
{
    unsigned             i;
    lp_publish_conf_t    conf;
    const lp_options_t  *o = s->options;

    memset(&conf, 0, sizeof(conf));

    conf.norigins = o->norigins;
    memcpy(conf.origins, o->origins, sizeof(conf.origins));
    conf.path = s->path;
    conf.ntracks = s->ntracks;
    conf.headers = o->headers;
    conf.d = o->d;
    conf.window = lo_timeline_at(&o->d, (int64_t) o->window_s * LO_USEC);
    conf.queue = (size_t) o->queue_mb << 20;
    conf.patient = o->patient;

    for (i = 0; i < s->ntracks; i++) {
        conf.tracks[i] = s->tracks[i].id;
        conf.video[i] = s->tracks[i].es.header.video;
    }

    s->publishing = lp_publish_open(&s->publish, &conf) == 0;

    return s->publishing ? 0 : -1;
}


int
lp_session_open(lp_session_t *s, const lp_options_t *o,
    const volatile int *stop)
{
    unsigned     i;
    lp_track_t  *t;

    memset(s, 0, sizeof(lp_session_t));
    s->options = o;
    s->clock = o->clock;

    snprintf(s->path, sizeof(s->path), "%s/%s", o->id, o->pipeline);

    s->input = lp_input_open(&o->input, stop, lp_session_wake, s);

    if (s->input == NULL) {
        return -1;
    }

    if (lp_map_tracks(s, lp_input_format(s->input)) == -1
        || lp_session_publish(s) == -1)
    {
        return -1;
    }

    lp_session_master(s);

    for (i = 0; i < s->ntracks; i++) {
        t = &s->tracks[i];
        t->clock = &s->clock;
        t->chunk_ms = o->chunk_ms;
        t->d = o->d;
        t->out.init = lp_publish_init;
        t->out.piece = lp_publish_piece;
        t->out.data = &s->publish;
        lp_track_start(t);
    }

    return lp_input_start(s->input);
}


static void
lp_session_packet(lp_session_t *s, AVPacket *pkt, int64_t wall)
{
    int  track;

    track = pkt->stream_index < s->nstreams
            ? s->stream_track[pkt->stream_index] : -1;

    if (track != -1) {
        lp_track_packet(&s->tracks[track], pkt, wall);
    }
}


/* 1: more may be there; 0: none now; -1: the end */

static int
lp_session_read(lp_session_t *s)
{
    int        end;
    int64_t    wall;
    unsigned   n;
    AVPacket  *pkt;

    for (n = 0; n < LP_BATCH; n++) {

        if (s->options->patient
            && lp_publish_backlog(&s->publish)
               > LP_BACKLOG * s->ntracks * s->options->norigins)
        {
            return 0;
        }

        pkt = lp_input_next(s->input, &wall, &end);

        if (pkt == NULL) {
            return end ? -1 : 0;
        }

        lp_session_packet(s, pkt, wall);
        av_packet_free(&pkt);
    }

    return 1;
}


/*
 * Delivers what is whole.  A stop is given one segment's time; at the input's
 * end that is counted from the last success, so that a file gets out.
 */

static void
lp_session_drain(lp_session_t *s, const volatile int *stop)
{
    int64_t   now, until;
    uint64_t  done, seen;

    now = lp_publish_clock();
    until = now + s->publish.d_ms;
    seen = 0;

    while (lp_publish_backlog(&s->publish) && now < until) {

        (void) lp_publish_run(&s->publish, now);
        curl_multi_poll(s->publish.transfers.multi, NULL, 0, 10, NULL);

        now = lp_publish_clock();
        done = lp_publish_delivered(&s->publish);

        if (done != seen && !*stop) {
            seen = done;
            until = now + s->publish.d_ms;
        }
    }
}


/* UTC, us, of when the last open segment that is cut short would have been
   out; 0: there is none */

static int64_t
lp_session_short(const lp_session_t *s)
{
    int64_t                end, last;
    unsigned               i;
    const lp_segmenter_t  *g;

    last = 0;

    for (i = 0; i < s->ntracks; i++) {
        g = &s->tracks[i].seg;

        if (!lp_segmenter_full(g)) {
            end = lo_timeline_start_us(&s->options->d, g->number + 1)
                  + s->publish.d_ms * 500;
            last = end > last ? end : last;
        }
    }

    return last;
}


/*
 * The input of a live event broke off.  A segment that is cut short waits
 * until half a segment after its time, so that a whole one from another
 * pipeline gets to the origin first.
 */

static void
lp_session_yield(lp_session_t *s, const volatile int *stop)
{
    int      wait;
    int64_t  until, left;

    until = lp_session_short(s);

    for ( ;; ) {
        left = until - av_gettime();

        if (left <= 0 || left > s->publish.d_ms * 2000 || *stop) {
            return;
        }

        wait = lp_publish_run(&s->publish, lp_publish_clock());
        curl_multi_poll(s->publish.transfers.multi, NULL, 0,
                        left / 1000 < wait ? (int) (left / 1000) : wait,
                        NULL);
    }
}


int
lp_session_run(lp_session_t *s, const volatile int *stop)
{
    int       rc, wait;
    int64_t   now, status;
    unsigned  i;

    now = lp_publish_clock();
    status = now + s->options->status_s * 1000;

    do {
        rc = lp_session_read(s);
        now = lp_publish_clock();
        wait = lp_publish_run(&s->publish, now);

        if (s->options->status_s && now >= status) {
            status = now + s->options->status_s * 1000;
            lp_session_status(s);
        }

        if (rc == 0) {
            curl_multi_poll(s->publish.transfers.multi, NULL, 0, wait, NULL);
        }

    } while (rc != -1 && !*stop);

    lp_log(LP_INFO, rc == -1 ? "the input ended" : "told to stop");

    lp_session_yield(s, stop);

    for (i = 0; i < s->ntracks; i++) {
        lp_track_end(&s->tracks[i], rc == -1 && !*stop);
    }

    lp_session_drain(s, stop);

    rc = lp_input_error(s->input);

    if (rc != 0) {
        lp_log(LP_ERR, "input: %s", av_err2str(rc));
        return -1;
    }

    return 0;
}


void
lp_session_close(lp_session_t *s)
{
    unsigned  i;

    if (s->input != NULL) {
        lp_input_close(s->input);
    }

    if (s->publishing) {
        lp_publish_close(&s->publish);

        if (s->options->status_s) {
            lp_session_status(s);
        }

        lp_publish_free(&s->publish);
    }

    for (i = 0; i < s->ntracks; i++) {
        lp_track_free(&s->tracks[i]);
    }

    free(s->stream_track);
}
