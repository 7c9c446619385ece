/*
 * From frames to chunks: decoding times, durations, holes, and the bytes.
 */

#include <string.h>

#include "emit.h"


#define LP_HOLES  4                   /* at most in a segment */


static const lo_anchor_t  lp_emit_utc = { 0, 1, 0 };


/*
 * Sorts the times of the first n samples, and adds end after them.  The input
 * is in decoding order, so nearly sorted.
 */

static void
lp_emit_order(lp_segmenter_t *s, size_t n, int64_t end)
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
lp_emit_chunk(const lp_segmenter_t *s, size_t i)
{
    return s->chunk ? (s->order[i] - s->order[0]) / s->chunk : 0;
}


/* chunks a segment can have at most: mfhd's numbers go up by this */

static unsigned
lp_emit_chunks(const lp_segmenter_t *s)
{
    int64_t  d;

    if (s->chunk == 0) {
        return LP_HOLES + 1;
    }

    d = lo_timeline_media(&s->d, &lp_emit_utc, 1, s->timescale);

    return LP_HOLES + 2 + 2 * d / s->chunk;
}


/*
 * So much is missing between two times that it is not to be hidden in a
 * frame's duration: a segment that lacks more than a quarter looks as short as
 * it is, so that the origin can prefer another pipeline's.
 */

int
lp_emit_hole(const lp_segmenter_t *s, int64_t from, int64_t to)
{
    return s->frame != 0 && to - from > 2 * (int64_t) s->frame
           && 4 * (to - from - s->frame)
              > lo_timeline_media(&s->d, &lp_emit_utc, 1, s->timescale);
}


/* does a chunk begin with sample i; the open one begins with sent */

static int
lp_emit_breaks(const lp_segmenter_t *s, size_t i)
{
    return lp_emit_chunk(s, i) != lp_emit_chunk(s, s->sent)
           || lp_emit_hole(s, s->order[i - 1], s->order[i]);
}


/* samples [sent, upto), whose times are in order[] */

static void
lp_emit_samples(lp_segmenter_t *s, size_t upto, unsigned flags)
{
    size_t         i;
    lp_bytes_t     bytes;
    lp_fragment_t  f;

    for (i = s->sent; i < upto; i++) {
        s->samples[i].dts = s->order[i];
        s->samples[i].duration =
            lp_emit_hole(s, s->order[i], s->order[i + 1])
            ? s->frame : s->order[i + 1] - s->order[i];
    }

    f.timescale = s->timescale;
    f.sequence = s->number * lp_emit_chunks(s) + s->chunks++;
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

void
lp_emit_push(lp_segmenter_t *s)
{
    size_t  i, n;

    if (s->chunk == 0 || !s->started) {
        return;
    }

    n = s->pending ? s->cut : s->n;

    if (n <= s->sent + 1) {
        return;
    }

    lp_emit_order(s, n, INT64_MAX);

    for (i = s->sent + 1; i < n && s->order[i] <= s->horizon; i++) {
        if (lp_emit_breaks(s, i)) {
            lp_emit_samples(s, i, 0);
        }
    }
}


static void
lp_emit_count_missing(lp_segmenter_t *s, size_t n)
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
lp_emit_last(const lp_segmenter_t *s, size_t n)
{
    if (s->frame) {
        return s->frame;
    }

    return n > 1 ? s->order[n - 1] - s->order[n - 2] : 1;
}


/* the open segment is samples [0, n); the media after it begins at end */

void
lp_emit_close(lp_segmenter_t *s, size_t n, int64_t end)
{
    size_t  i;

    lp_emit_order(s, n, end);

    if (end <= s->order[n - 1]) {
        s->order[n] = s->order[n - 1] + lp_emit_last(s, n);
    }

    for (i = s->sent + 1; i < n; i++) {
        if (lp_emit_breaks(s, i)) {
            lp_emit_samples(s, i, 0);
        }
    }

    lp_emit_samples(s, n, LP_PIECE_LAST);
    lp_emit_count_missing(s, n);

    s->counts.segments++;
}
