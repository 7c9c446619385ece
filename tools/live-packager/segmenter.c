#include <stdlib.h>
#include <string.h>

#include "segmenter.h"


#define LP_HOLES  4                   /* at most in a segment: see _hole() */


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
 * Sorts the times of the first n samples, and adds end after them.  The input
 * is in decoding order, so nearly sorted.
 */

static void
lp_segmenter_order(lp_segmenter_t *s, size_t n, int64_t end)
{
    size_t   i, k;
    int64_t  pts;

    if (s->order_cap < n + 1) {
        s->order_cap = n * 2 + 64;
        s->order = lp_realloc(s->order, s->order_cap * sizeof(int64_t));
    }

    for (i = 0; i < n; i++) {
        pts = s->samples[i].pts;

        for (k = i; k > 0 && s->order[k - 1] > pts; k--) {
            s->order[k] = s->order[k - 1];
        }

        s->order[k] = pts;
    }

    s->order[n] = end;
}


static unsigned
lp_segmenter_chunk(const lp_segmenter_t *s, size_t i)
{
    return s->chunk ? (s->order[i] - s->order[0]) / s->chunk : 0;
}


/* chunks a segment can have at most: mfhd's numbers go up by this */

static unsigned
lp_segmenter_chunks(const lp_segmenter_t *s)
{
    return LP_HOLES + (s->chunk ? 2 + 2 * lo_timeline_media(&s->d, &lp_utc, 1,
                                                            s->timescale)
                                        / s->chunk
                                : 1);
}


/*
 * So much is missing between two times that it is not to be hidden in a
 * frame's duration: a segment that lacks more than a quarter looks as short as
 * it is, so that the origin can prefer another pipeline's.
 */

static int
lp_segmenter_hole(const lp_segmenter_t *s, int64_t from, int64_t to)
{
    return s->frame != 0 && to - from > 2 * (int64_t) s->frame
           && 4 * (to - from - s->frame)
              > lo_timeline_media(&s->d, &lp_utc, 1, s->timescale);
}


/* does a chunk begin with sample i; the open one begins with sent */

static int
lp_segmenter_breaks(const lp_segmenter_t *s, size_t i)
{
    return lp_segmenter_chunk(s, i) != lp_segmenter_chunk(s, s->sent)
           || lp_segmenter_hole(s, s->order[i - 1], s->order[i]);
}


/* samples [sent, upto), whose times are in order[] */

static void
lp_segmenter_emit(lp_segmenter_t *s, size_t upto, unsigned flags)
{
    size_t         i;
    lp_bytes_t     bytes;
    lp_fragment_t  f;

    for (i = s->sent; i < upto; i++) {
        s->samples[i].dts = s->order[i];
        s->samples[i].duration =
            lp_segmenter_hole(s, s->order[i], s->order[i + 1])
            ? s->frame : s->order[i + 1] - s->order[i];
    }

    f.timescale = s->timescale;
    f.sequence = s->number * lp_segmenter_chunks(s) + s->chunks++;
    f.prft = s->prft;
    f.video = s->video;
    f.first = s->sent == 0;

    memset(&bytes, 0, sizeof(lp_bytes_t));
    lp_fragment_write(&bytes, &f, s->samples + s->sent, upto - s->sent);

    s->sink.piece(s->sink.data, s->number, &bytes,
                  flags | (f.first ? LP_PIECE_FIRST : 0));

    lp_bytes_free(&bytes);

    s->sent = upto;
}


/*
 * Hands on the chunks that are complete: the k-th time of the segment is
 * certain when the input's decoding time has reached it.
 */

static void
lp_segmenter_push(lp_segmenter_t *s)
{
    size_t  i, n;

    if (s->chunk == 0 || !s->started) {
        return;
    }

    n = s->pending ? s->cut : s->n;

    if (n <= s->sent + 1) {
        return;
    }

    lp_segmenter_order(s, n, INT64_MAX);

    for (i = s->sent + 1; i < n && s->order[i] <= s->horizon; i++) {
        if (lp_segmenter_breaks(s, i)) {
            lp_segmenter_emit(s, i, 0);
        }
    }
}


static void
lp_segmenter_count_missing(lp_segmenter_t *s, size_t n)
{
    size_t   i;
    int64_t  gap, missing;

    if (s->frame == 0) {
        return;
    }

    missing = 0;

    for (i = 0; i < n; i++) {
        gap = s->order[i + 1] - s->order[i];

        if (gap * 2 > (int64_t) s->frame * 3) {
            missing += (gap + s->frame / 2) / s->frame - 1;
        }
    }

    if (missing) {
        s->counts.missing += missing;
        s->sink.log(s->sink.data, "frames missing", s->number, missing);
    }
}


/* a duration for the last of n samples where nothing follows it */

static int64_t
lp_segmenter_last(const lp_segmenter_t *s, size_t n)
{
    if (s->frame) {
        return s->frame;
    }

    return n > 1 ? s->order[n - 1] - s->order[n - 2] : 1;
}


/* the open segment is samples [0, n); the media after it begins at end */

static void
lp_segmenter_close(lp_segmenter_t *s, size_t n, int64_t end)
{
    size_t  i;

    lp_segmenter_order(s, n, end);

    if (end <= s->order[n - 1]) {
        s->order[n] = s->order[n - 1] + lp_segmenter_last(s, n);
    }

    for (i = s->sent + 1; i < n; i++) {
        if (lp_segmenter_breaks(s, i)) {
            lp_segmenter_emit(s, i, 0);
        }
    }

    lp_segmenter_emit(s, n, LP_PIECE_LAST);
    lp_segmenter_count_missing(s, n);

    s->counts.segments++;
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
        lp_segmenter_close(s, s->cut, lp_segmenter_border(s, s->cut));

        if (s->cut_number > s->number + 1) {
            s->counts.skipped += s->cut_number - s->number - 1;
            s->sink.log(s->sink.data, "numbers without a key frame",
                        s->number + 1, s->cut_number - s->number - 1);
        }
    }

    lp_segmenter_drop(s, s->cut);

    if (!s->started) {
        s->leading = 1;
        lp_segmenter_drop_leading(s);

    } else {
        s->leading = 0;
    }

    s->started = 1;
    s->pending = 0;
    s->number = s->cut_number;
}


/*
 * A run's first segment can begin with a key frame that is late by off only
 * where an earlier one cannot have been nearer to the boundary: the media
 * reaches back far enough, or no frame fits in between.
 */

static int
lp_segmenter_may_start(const lp_segmenter_t *s, int64_t off)
{
    if (off <= 0 || s->first <= s->samples[s->n - 1].pts - 2 * off) {
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

    lp_segmenter_push(s);
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
        lp_segmenter_close(s, s->n, INT64_MIN);

    } else if (s->sent) {
        s->sink.piece(s->sink.data, s->number, &none, LP_PIECE_ABORT);
    }

    lp_segmenter_drop(s, s->n);

    s->started = 0;
    s->begun = 0;
    s->pending = 0;
    s->leading = 0;
}


void
lp_segmenter_free(lp_segmenter_t *s)
{
    lp_segmenter_drop(s, s->n);
    free(s->samples);
    free(s->order);
}
