#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "track.h"


#define LP_JUMP_AHEAD  10             /* seconds */
#define LP_OFF_GRID    5              /* frames in a row */


static lp_unit_t
lp_track_unit(const lp_track_t *t)
{
    lp_unit_t  unit;

    unit.num = t->es.time_base.num;
    unit.den = t->es.time_base.den;

    return unit;
}


static int64_t
lp_track_seconds(const lp_track_t *t, int64_t n)
{
    return n * t->es.time_base.den / t->es.time_base.num;
}


static void
lp_track_piece(void *data, int64_t number, const lp_bytes_t *bytes,
    unsigned flags)
{
    lp_track_t  *t = data;

    t->out.piece(t->out.data, t->index, number, bytes, flags);
}


static void
lp_track_log(void *data, const char *what, int64_t number, int64_t n)
{
    lp_track_t  *t = data;

    lp_log(LP_WARN, "%s/%lld: %lld %s in the input", t->id,
           (long long) number, (long long) n, what);
}


void
lp_track_start(lp_track_t *t)
{
    t->held = lp_alloc(LP_PROBE_MAX * sizeof(lp_held_t));
    t->seg.d = t->d;
    t->seg.video = t->es.header.video;
    t->seg.sink.piece = lp_track_piece;
    t->seg.sink.log = lp_track_log;
    t->seg.sink.data = t;
}


/* writes the init, and hands it on where it is a new one */

static void
lp_track_announce(lp_track_t *t)
{
    lp_bytes_t  bytes;

    if (!t->es.ready || !t->timed) {
        return;
    }

    memset(&bytes, 0, sizeof(lp_bytes_t));
    t->es.header.timescale = t->timing.timescale;
    t->es.changed = 0;

    if (lp_header_write(&bytes, &t->es.header) == -1) {
        lp_bytes_free(&bytes);
        return;
    }

    if (bytes.len == t->init.len
        && memcmp(bytes.data, t->init.data, bytes.len) == 0)
    {
        lp_bytes_free(&bytes);

        if (t->announced) {
            return;
        }

    } else {
        if (t->announced) {
            lp_log(LP_WARN, "%s: the codec's configuration changed", t->id);
            lp_segmenter_end(&t->seg, 1);
        }

        lp_bytes_free(&t->init);
        t->init = bytes;
    }

    t->announced = 1;
    t->counts.inits++;
    t->out.init(t->out.data, t->index, &t->init);
}


static int
lp_track_by_time(const void *a, const void *b)
{
    int64_t  x, y;

    x = *(const int64_t *) a;
    y = *(const int64_t *) b;

    return x < y ? -1 : x > y;
}


/* the declared rate, else the demuxer's, else what the stamps look like */

static void
lp_track_rate(lp_track_t *t, const int64_t *pts, unsigned n, uint32_t *num,
    uint32_t *den)
{
    lp_unit_t  unit;

    unit = lp_track_unit(t);
    *num = t->es.fps.num;
    *den = t->es.fps.den;

    if (*num != 0 && (n < 3 || lp_timing_fits(unit, pts, n, *num, *den))) {
        return;
    }

    if (lp_timing_guess(unit, pts, n, num, den) == 0) {
        lp_log(LP_INFO, "%s: %u/%u frames a second by the time stamps",
               t->id, *num, *den);
        return;
    }

    *num = 0;
    *den = 1;
    lp_log(LP_WARN, "%s: no constant frame rate: times are taken as they come",
           t->id);
}


static void
lp_track_time_video(lp_track_t *t, const int64_t *pts)
{
    uint32_t  num, den;

    lp_track_rate(t, pts, t->nheld, &num, &den);

    if (t->master && !t->clock->known) {
        lp_clock_anchor(t->clock, &t->d, t->held[0].sample.pts,
                        lp_track_unit(t), t->held[0].wall, num, den);
    }

    lp_timing_video(&t->timing, lp_track_unit(t), num, den, t->clock->offset,
                    pts, t->nheld);
}


static void
lp_track_time_audio(lp_track_t *t, const int64_t *pts)
{
    if (t->master && !t->clock->known) {
        lp_clock_anchor(t->clock, &t->d, t->held[0].sample.pts,
                        lp_track_unit(t), t->held[0].wall, 0, 1);
    }

    lp_timing_audio(&t->timing, lp_track_unit(t), t->es.header.sample_rate,
                    t->es.frame, t->clock->offset, pts, t->nheld);
}


/* is there enough to choose the timing by */

static int
lp_track_can_time(const lp_track_t *t, int last)
{
    if (t->nheld == 0 || (!t->clock->known && !t->master)) {
        return 0;
    }

    return last || t->nheld >= LP_PROBE;
}


/* frames that leave the grid: video gives it up, audio takes another */

static void
lp_track_watch_grid(lp_track_t *t, int64_t stamp)
{
    if (!t->timing.grid
        || lp_timing_off_grid(&t->timing, stamp) <= t->timing.slack)
    {
        t->off_grid = 0;
        return;
    }

    if (++t->off_grid < LP_OFF_GRID) {
        return;
    }

    t->off_grid = 0;

    if (t->es.header.video) {
        t->timing.grid = 0;
        lp_log(LP_WARN, "%s: frames are off the frame grid: times are taken "
               "as they come", t->id);

    } else {
        lp_timing_rephase(&t->timing, stamp);
        lp_log(LP_INFO, "%s: the frame grid moves with the input", t->id);
    }
}


static void
lp_track_feed(lp_track_t *t, lp_sample_t *sample)
{
    int64_t  ticks;

    lp_track_watch_grid(t, sample->pts);

    ticks = lp_timing_ticks(&t->timing, sample->pts);

    if (t->timing.smooth && t->end != 0
        && llabs(ticks - t->end) <= (int64_t) t->timing.slack)
    {
        ticks = t->end;
    }

    sample->dts = sample->key && !t->es.header.video
                  ? ticks : lp_timing_ticks(&t->timing, sample->dts);
    sample->pts = ticks;
    t->end = ticks + t->timing.frame;

    lp_segmenter_add(&t->seg, sample);
}


static void
lp_track_time(lp_track_t *t)
{
    int64_t   pts[LP_PROBE_MAX];
    unsigned  i;

    for (i = 0; i < t->nheld; i++) {
        pts[i] = t->held[i].sample.pts;
    }

    qsort(pts, t->nheld, sizeof(int64_t), lp_track_by_time);

    if (t->es.header.video) {
        lp_track_time_video(t, pts);

    } else {
        lp_track_time_audio(t, pts);
    }

    lp_log(LP_INFO, "%s: timescale %u, frame %u, %s", t->id,
           t->timing.timescale, t->timing.frame,
           !t->timing.grid ? "times as they come"
           : t->timing.phase ? "on a frame grid of its own"
                             : "on the frame grid from 1970");

    t->timed = 1;
    t->run = t->clock->run;
    t->off_grid = 0;
    t->end = 0;

    t->seg.timescale = t->timing.timescale;
    t->seg.frame = t->timing.frame;
    t->seg.chunk = lo_rescale(t->chunk_ms, t->timing.timescale, 1000,
                              LO_NEAREST);
    t->seg.prft = t->clock->mode == LP_CLOCK_ARRIVAL ? LP_PRFT_ARBITRARY
                                                     : LP_PRFT_CAPTURE;
    lp_track_announce(t);

    for (i = 0; i < t->nheld; i++) {
        lp_track_feed(t, &t->held[i].sample);
    }

    t->nheld = 0;
}


static void
lp_track_hold(lp_track_t *t, const lp_sample_t *sample, int64_t wall)
{
    if (t->nheld == LP_PROBE_MAX) {
        free(t->held[0].sample.data);
        memmove(t->held, t->held + 1, (LP_PROBE_MAX - 1) * sizeof(lp_held_t));
        t->nheld--;
        t->seg.counts.dropped++;
    }

    t->held[t->nheld].sample = *sample;
    t->held[t->nheld].wall = wall;
    t->nheld++;
}


/*
 * The input's time is not what it was: what is open ends here, and all is
 * chosen anew.  On an arrival clock the master's next key frame anchors it.
 */

static void
lp_track_jump(lp_track_t *t, int64_t from, int64_t to)
{
    lp_log(LP_WARN, "%s: the input's time jumps by %.3f s: a new run", t->id,
           (double) (to - from) * t->es.time_base.num / t->es.time_base.den);

    t->counts.jumps++;

    if (t->timed) {
        lp_segmenter_end(&t->seg, 1);

        if (t->clock->mode == LP_CLOCK_ARRIVAL && t->run == t->clock->run) {
            t->clock->run++;
            t->clock->known = 0;
            t->clock->waited = 0;
        }
    }

    while (t->nheld) {
        free(t->held[--t->nheld].sample.data);
        t->seg.counts.dropped++;
    }

    t->timed = 0;
    t->announced = 0;
}


/* another track saw a jump that the master does not: the clock stays */

static void
lp_track_keep_clock(lp_track_t *t, const lp_sample_t *sample)
{
    if (t->master && t->timed && sample->key && !t->clock->known
        && ++t->clock->waited > (t->es.header.video ? 3 : 150))
    {
        t->clock->known = 1;
        t->run = t->clock->run;
    }
}


static void
lp_track_stamp(lp_track_t *t, lp_sample_t *sample, int64_t wall)
{
    int64_t    near;
    lp_unit_t  unit;

    unit = lp_track_unit(t);

    lp_clock_first(t->clock, sample->pts, unit, t->es.wrap_bits, wall);

    if (t->have_last) {
        near = t->last;

    } else if (t->clock->mode == LP_CLOCK_UTC) {
        near = lp_clock_now(t->clock, unit, wall);

    } else {
        near = sample->dts;
    }

    sample->dts = lp_clock_unwrap(sample->dts, t->es.wrap_bits, near);
    sample->pts = lp_clock_unwrap(sample->pts, t->es.wrap_bits, sample->dts);

    if (t->have_last
        && (sample->dts < t->last - lp_track_seconds(t, 1) / 2
            || sample->dts > t->last + lp_track_seconds(t, LP_JUMP_AHEAD)))
    {
        lp_track_jump(t, t->last, sample->dts);
    }

    t->last = sample->dts;
    t->have_last = 1;
}


void
lp_track_packet(lp_track_t *t, AVPacket *pkt, int64_t wall)
{
    lp_sample_t  sample;

    t->counts.packets++;

    if (pkt->flags & AV_PKT_FLAG_CORRUPT) {
        t->counts.corrupt++;
    }

    switch (lp_es_sample(&t->es, pkt, &sample)) {

    case 0:
        return;

    case -1:
        if (t->counts.broken++ == 0) {
            lp_log(LP_WARN, "%s: a packet without a time or broken: dropped "
                   "(further ones are only counted)", t->id);
        }

        return;
    }

    lp_track_stamp(t, &sample, wall);
    lp_track_keep_clock(t, &sample);

    if (t->es.changed) {
        lp_track_announce(t);
    }

    if (t->timed) {
        lp_track_feed(t, &sample);
        return;
    }

    if (t->es.header.video && t->nheld == 0 && !sample.key) {
        free(sample.data);
        return;
    }

    lp_track_hold(t, &sample, wall);

    if (lp_track_can_time(t, 0)) {
        lp_track_time(t);
    }
}


void
lp_track_end(lp_track_t *t, int publish)
{
    if (publish && !t->timed && lp_track_can_time(t, 1)) {
        lp_track_time(t);
    }

    lp_segmenter_end(&t->seg, publish);
}


void
lp_track_free(lp_track_t *t)
{
    while (t->nheld) {
        free(t->held[--t->nheld].sample.data);
    }

    free(t->held);
    lp_segmenter_free(&t->seg);
    lp_es_close(&t->es);
    lp_bytes_free(&t->init);
}
