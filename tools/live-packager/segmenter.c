#include <stdlib.h>
#include <string.h>

#include "emit.h"


static const lo_anchor_t  lp_utc = { 0, 1, 0 };


static void
lp_segmenter_drop(lp_segmenter_t *s, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        free(s->samples[i].data);
    }

    if (n) {
        memmove(s->samples, s->samples + n,
                (s->n - n) * sizeof(lp_sample_t));
    }

    s->n -= n;
    s->sent = 0;
    s->chunks = 0;
}


/*
 * Where the segment before key frame i ends: at that frame, unless frames
 * that are shown before it can still come, or a whole number lies between.
 */

static int64_t
lp_segmenter_border(const lp_segmenter_t *s, size_t i)
{
    return s->cut_number == s->number + 1
           && (s->samples[i].idr || s->frame == 0)
           ? s->samples[i].pts : INT64_MIN;
}


/* leading pictures lean on what came before our start */

static void
lp_segmenter_drop_leading(lp_segmenter_t *s)
{
    size_t  i, k;

    for (i = 1, k = 1; i < s->n; i++) {
        if (s->samples[i].pts < s->samples[0].pts) {
            free(s->samples[i].data);
            s->counts.dropped++;
            continue;
        }

        s->samples[k++] = s->samples[i];
    }

    s->n = k;
}


/* the cut is certain */

static void
lp_segmenter_commit(lp_segmenter_t *s)
{
    if (s->started) {
        lp_emit_close(s, s->cut, lp_segmenter_border(s, s->cut));
    }

    if ((s->started || s->resumed) && s->cut_number > s->number + 1) {
        s->counts.skipped += s->cut_number - s->number - 1;
        s->sink.log(s->sink.data, "numbers without a key frame",
                    s->number + 1, s->cut_number - s->number - 1);
    }

    lp_segmenter_drop(s, s->cut);

    if (!s->started) {
        s->leading = 1;
        lp_segmenter_drop_leading(s);

    } else {
        s->leading = 0;
    }

    s->started = 1;
    s->resumed = 0;
    s->pending = 0;
    s->number = s->cut_number;
}


/*
 * A run's first segment can begin with a key frame that is late by off only
 * where an earlier one cannot have been nearer to the boundary: the media
 * reaches back far enough, or no frame fits in between.  After a hole it is
 * the nearest that there is.
 */

static int
lp_segmenter_may_start(const lp_segmenter_t *s, int64_t off)
{
    if (off <= 0 || s->resumed
        || s->first <= s->samples[s->n - 1].pts - 2 * off)
    {
        return 1;
    }

    return 2 * off <= s->frame;
}


/* not earlier than a quarter of a segment */

static int
lp_segmenter_near(const lp_segmenter_t *s, int64_t off)
{
    return -4 * off <= lo_timeline_media(&s->d, &lp_utc, 1, s->timescale);
}


/*
 * The last sample is a key frame: does a segment begin here?  One that is very
 * early may still be the nearest; chunks do not wait to see.
 */

static void
lp_segmenter_consider(lp_segmenter_t *s)
{
    int64_t  n, off;

    n = lo_timeline_number(&s->d, &lp_utc, s->samples[s->n - 1].pts,
                           s->timescale, &off);

    if (s->resumed && n <= s->number) {
        return;
    }

    if (s->started
        && (n <= s->number || (s->chunk && !lp_segmenter_near(s, off))))
    {
        return;
    }

    if (s->pending) {
        if (n <= s->cut_number && llabs(off) >= llabs(s->cut_off)) {
            return;
        }

        if (n != s->cut_number) {
            lp_segmenter_commit(s);
        }
    }

    if (!s->started && !lp_segmenter_may_start(s, off)) {
        return;
    }

    s->pending = 1;
    s->cut = s->n - 1;
    s->cut_number = n;
    s->cut_off = off;
}


/* can no later key frame be nearer */

static int
lp_segmenter_certain(const lp_segmenter_t *s)
{
    return s->cut_off >= 0 || -2 * s->cut_off <= (int64_t) s->frame
           || s->samples[s->n - 1].pts
              >= s->samples[s->cut].pts - 2 * s->cut_off;
}


/*
 * A hole that reaches beyond the open segment's time: the segment ends before
 * it, and the next one is the first that can begin after it.
 */

static void
lp_segmenter_bridge(lp_segmenter_t *s, int64_t pts)
{
    if (!s->started || !lp_emit_hole(s, s->last, pts)
        || pts < lo_timeline_media(&s->d, &lp_utc, s->number + 1,
                                   s->timescale))
    {
        return;
    }

    if (s->pending && s->video && lp_segmenter_near(s, s->cut_off)) {
        lp_segmenter_commit(s);
    }

    lp_emit_close(s, s->n, INT64_MIN);
    lp_segmenter_drop(s, s->n);

    s->started = 0;
    s->begun = 0;
    s->pending = 0;
    s->resumed = 1;
}


/* too late for the segment it belongs to, or there already */

static int
lp_segmenter_misfit(const lp_segmenter_t *s, const lp_sample_t *sample)
{
    size_t              i;
    const lp_sample_t  *base;

    if (!s->started && !s->pending) {
        return 0;
    }

    base = &s->samples[s->pending ? s->cut : 0];

    if (sample->pts < base->pts && (base->idr || s->leading)) {
        return 1;
    }

    for (i = s->n; i > 0; i--) {
        if (s->samples[i - 1].pts == sample->pts) {
            return 1;
        }
    }

    return 0;
}


void
lp_segmenter_add(lp_segmenter_t *s, const lp_sample_t *sample)
{
    if (lp_segmenter_misfit(s, sample)) {
        free(sample->data);
        s->counts.dropped++;
        return;
    }

    if (s->begun) {
        lp_segmenter_bridge(s, sample->pts);
    }

    if (!s->begun || sample->pts > s->last) {
        s->last = sample->pts;
    }

    if (!s->begun || sample->pts < s->first) {
        s->first = sample->pts;
    }

    if (!s->begun || sample->dts > s->horizon) {
        s->horizon = sample->dts;
    }

    s->begun = 1;

    if (s->n == s->cap) {
        s->cap = s->cap * 2 + 64;
        s->samples = lp_realloc(s->samples, s->cap * sizeof(lp_sample_t));
    }

    s->samples[s->n++] = *sample;

    if (sample->key) {
        lp_segmenter_consider(s);
    }

    if (s->pending && lp_segmenter_certain(s)) {
        lp_segmenter_commit(s);
    }

    if (!s->started && !s->pending) {
        lp_segmenter_drop(s, s->n);
    }

    lp_emit_push(s);
}


int
lp_segmenter_full(const lp_segmenter_t *s)
{
    size_t   i;
    int64_t  last;

    if (!s->started) {
        return 1;
    }

    last = s->samples[0].pts;

    for (i = 1; i < s->n; i++) {
        if (s->samples[i].pts > last) {
            last = s->samples[i].pts;
        }
    }

    return last + 2 * (int64_t) s->frame
           >= lo_timeline_media(&s->d, &lp_utc, s->number + 1, s->timescale);
}


void
lp_segmenter_end(lp_segmenter_t *s, int publish)
{
    static const lp_bytes_t  none;

    /* an audio frame that is not the nearest has only lacked its next */

    if (publish && s->pending && s->video
        && lp_segmenter_near(s, s->cut_off))
    {
        lp_segmenter_commit(s);
    }

    if (publish && s->started) {
        lp_emit_close(s, s->n, INT64_MIN);

    } else if (s->sent) {
        s->sink.piece(s->sink.data, s->number, &none, LP_PIECE_ABORT);
    }

    lp_segmenter_drop(s, s->n);

    s->started = 0;
    s->begun = 0;
    s->pending = 0;
    s->resumed = 0;
    s->leading = 0;
}


void
lp_segmenter_free(lp_segmenter_t *s)
{
    lp_segmenter_drop(s, s->n);
    free(s->samples);
    free(s->order);
}
