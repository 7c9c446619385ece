#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/cmaf.h"

#include "../../tools/live-packager/bytes.c"
#include "../../tools/live-packager/fragment.c"
#include "../../tools/live-packager/emit.c"
#include "../../tools/live-packager/segmenter.c"


#define TS     1000                   /* timescale */
#define D      2000                   /* a segment */
#define BASE   (900000000ll * D)      /* where number 900000000 begins */
#define FIRST  900000000ll
#define MAX    64


typedef struct {
    int64_t             number;
    unsigned            flags;        /* of its last piece */
    unsigned            pieces;
    lp_bytes_t          bytes;
} out_t;


typedef struct {
    lp_segmenter_t      seg;
    unsigned            n;
    out_t               out[MAX];
    unsigned            chunks;       /* of the last parsed */
    uint64_t            tfdt;
    uint64_t            duration;
    uint64_t            hole;         /* between chunks */
    uint32_t            samples;
    unsigned            sync;
} rig_t;


static void
on_piece(void *data, int64_t number, const lp_bytes_t *bytes, unsigned flags)
{
    out_t  *o;
    rig_t  *r = data;

    if (flags & LP_PIECE_FIRST) {
        assert_true(r->n < MAX);
        r->out[r->n++].number = number;
    }

    o = &r->out[r->n - 1];
    assert_int_equal(o->number, number);
    o->flags = flags;
    o->pieces++;
    lp_bytes_add(&o->bytes, bytes->data, bytes->len);
}


static void
on_log(void *data, const char *what, int64_t number, int64_t n)
{
}


static rig_t *
rig(unsigned video, uint32_t frame, uint32_t chunk)
{
    rig_t  *r;

    r = lp_alloc(sizeof(rig_t));
    assert_int_equal(lo_dur_set(&r->seg.d, D, TS, NULL), LO_OK);
    r->seg.timescale = TS;
    r->seg.frame = frame;
    r->seg.chunk = chunk;
    r->seg.prft = LP_PRFT_CAPTURE;
    r->seg.video = video;
    r->seg.sink.piece = on_piece;
    r->seg.sink.log = on_log;
    r->seg.sink.data = r;

    return r;
}


static void
rig_free(rig_t *r)
{
    unsigned  i;

    for (i = 0; i < r->n; i++) {
        lp_bytes_free(&r->out[i].bytes);
    }

    lp_segmenter_free(&r->seg);
    free(r);
}


/* times from BASE; the data says which frame it is */

static void
add(rig_t *r, int64_t pts, int64_t dts, int key, int idr)
{
    lp_sample_t  s;

    memset(&s, 0, sizeof(s));
    s.data = lp_alloc(8);
    memcpy(s.data, &pts, 8);
    s.size = 8;
    s.pts = BASE + pts;
    s.dts = BASE + dts;
    s.key = key;
    s.idr = idr;

    lp_segmenter_add(&r->seg, &s);
}


static int
on_chunk(void *data, const lo_cmaf_chunk_t *c)
{
    rig_t  *r = data;

    if (r->chunks++ == 0) {
        r->tfdt = c->tfdt;
        r->sync = c->sync;
        assert_true(c->styp);

    } else {
        assert_true(c->tfdt >= r->tfdt + r->duration + r->hole);
        r->hole = c->tfdt - r->tfdt - r->duration;
    }

    assert_in_range(c->tfdt * 1000 - c->prft_us, 0, 1);    /* NTP's rounding */
    r->duration += c->duration;
    r->samples += c->samples;

    return LO_OK;
}


static void
parse(rig_t *r, unsigned i)
{
    lo_err_t                        err;
    lo_cmaf_reader_t                reader;
    static const lo_cmaf_handler_t  handler = { NULL, NULL, on_chunk };

    r->chunks = 0;
    r->duration = 0;
    r->hole = 0;
    r->samples = 0;

    lo_cmaf_reader(&reader, &handler, r, NULL);
    assert_int_equal(lo_cmaf_feed(&reader, r->out[i].bytes.data,
                                  r->out[i].bytes.len, &err), LO_OK);
    assert_int_equal(lo_cmaf_end(&reader, &err), LO_OK);
    lo_cmaf_reader_free(&reader);
}


static void
expect(rig_t *r, unsigned i, int64_t number, int64_t tfdt, int64_t duration,
    unsigned samples)
{
    assert_true(i < r->n);
    assert_int_equal(r->out[i].number, FIRST + number);
    parse(r, i);
    assert_int_equal(r->tfdt, BASE + tfdt);
    assert_int_equal(r->duration, duration);
    assert_int_equal(r->samples, samples);
    assert_int_equal(r->hole, 0);
    assert_true(r->sync);
}


static void
test_video(void **state)
{
    int     i;
    rig_t  *r;

    /* 25 fps from the middle of a segment, key frames on the boundaries */

    r = rig(1, 40, 0);

    for (i = 0; i < 150; i++) {
        add(r, 1000 + i * 40, 1000 + i * 40, i == 0 || i % 50 == 25, 1);
    }

    assert_int_equal(r->n, 2);
    expect(r, 0, 1, 2000, 2000, 50);
    expect(r, 1, 2, 4000, 2000, 50);

    lp_segmenter_end(&r->seg, 1);
    assert_int_equal(r->n, 3);
    expect(r, 2, 3, 6000, 1000, 25);
    assert_int_equal(r->seg.counts.missing, 0);
    assert_int_equal(r->seg.counts.segments, 3);

    rig_free(r);
}


/* decoding times are presentation times in order: IBBP with its delay */

static void
test_reordered(void **state)
{
    static const int  order[] = { 0, 3, 1, 2, 6, 4, 5, 9, 7, 8 };
    int               g, i;
    rig_t            *r;

    r = rig(1, 200, 0);

    for (g = 0; g < 3; g++) {
        for (i = 0; i < 10; i++) {
            add(r, g * 2000 + order[i] * 200, g * 2000 + i * 200 - 400, i == 0,
                i == 0);
        }
    }

    assert_int_equal(r->n, 2);
    expect(r, 0, 0, 0, 2000, 10);
    expect(r, 1, 1, 2000, 2000, 10);

    rig_free(r);
}


/* 1024 / 48000: in the timescale's thousandths, 21 and a bit: use 30 */

static void
test_audio(void **state)
{
    int      i;
    rig_t   *r;
    int64_t  at, off;

    r = rig(0, 30, 0);

    for (i = 0; i < 300; i++) {
        add(r, 10 + i * 30, 10 + i * 30, 1, 1);
    }

    /* a boundary at 2000: frames at 1990 and 2020; at 4000: 3990, 4020 */

    assert_true(r->n >= 3);

    for (i = 0; i < 3; i++) {
        parse(r, i);
        at = (r->out[i].number - FIRST) * D;
        off = (int64_t) r->tfdt - BASE - at;
        assert_in_range(off + 15, 0, 30);
    }

    /* the first frame, 10 late, is nearer than one 20 early that was never
       seen */

    assert_int_equal(r->out[0].number, FIRST);

    rig_free(r);
}


/* a packager that starts later makes the same bytes */

static void
compare(unsigned video, uint32_t frame, uint32_t chunk, int gop)
{
    int        from, i, k;
    rig_t     *a, *b;
    unsigned   j;

    a = rig(video, frame, chunk);

    for (i = 0; i < 400; i++) {
        add(a, i * frame + 7, i * frame + 7, i % gop == 0, 1);
    }

    for (from = 1; from < 110; from += 7) {
        b = rig(video, frame, chunk);

        for (i = from; i < 400; i++) {
            add(b, i * frame + 7, i * frame + 7, i % gop == 0, 1);
        }

        assert_true(b->n >= 2);

        for (k = 0, j = 0; j < b->n; j++) {
            while (a->out[k].number < b->out[j].number) {
                k++;
            }

            assert_int_equal(a->out[k].number, b->out[j].number);

            if (!(b->out[j].flags & LP_PIECE_LAST)) {
                continue;
            }

            assert_int_equal(a->out[k].bytes.len, b->out[j].bytes.len);
            assert_memory_equal(a->out[k].bytes.data, b->out[j].bytes.data,
                                b->out[j].bytes.len);
        }

        rig_free(b);
    }

    rig_free(a);
}


static void
test_same(void **state)
{
    compare(1, 40, 0, 50);
    compare(1, 40, 500, 50);
    compare(1, 33, 0, 60);
    compare(1, 40, 0, 37);
    compare(1, 40, 0, 1);
    compare(0, 21, 0, 1);
    compare(0, 21, 500, 1);
    compare(0, 23, 0, 1);
}


/* key frames every 3 s: the nearest to each boundary, or a number skipped */

static void
test_long_gop(void **state)
{
    int     i;
    rig_t  *r;

    r = rig(1, 100, 0);

    for (i = 0; i < 121; i++) {
        add(r, i * 100, i * 100, i % 30 == 0, 1);
    }

    /* 0 -> 0; 3 s is as far from 1 as from 2: 2; 6 -> 3; 9 -> 5; 12 -> 6 */

    assert_int_equal(r->n, 4);
    expect(r, 0, 0, 0, 3000, 30);
    expect(r, 1, 2, 3000, 3000, 30);
    expect(r, 2, 3, 6000, 3000, 30);
    expect(r, 3, 5, 9000, 3000, 30);
    assert_int_equal(r->seg.counts.skipped, 2);

    rig_free(r);
}


/* key frames a second: only those on the boundaries cut */

static void
test_short_gop(void **state)
{
    int     i;
    rig_t  *r;

    r = rig(1, 100, 0);

    for (i = 0; i < 81; i++) {
        add(r, i * 100, i * 100, i % 10 == 0, 1);
    }

    assert_int_equal(r->n, 4);
    expect(r, 0, 0, 0, 2000, 20);
    expect(r, 3, 3, 6000, 2000, 20);

    rig_free(r);
}


/* an open GOP's leading pictures: not without what they lean on */

static void
test_leading(void **state)
{
    int     g, i;
    rig_t  *r;

    r = rig(1, 200, 0);

    for (g = 0; g < 3; g++) {
        add(r, g * 2000 + 400, g * 2000, 1, 0);
        add(r, g * 2000, g * 2000 + 200, 0, 0);
        add(r, g * 2000 + 200, g * 2000 + 400, 0, 0);

        for (i = 3; i < 10; i++) {
            add(r, g * 2000 + i * 200, g * 2000 + i * 200, 0, 0);
        }
    }

    lp_segmenter_end(&r->seg, 1);

    /* the first key frame, 400 late, cannot be known to be the nearest */

    assert_int_equal(r->n, 2);
    assert_int_equal(r->out[0].number, FIRST + 1);
    parse(r, 0);
    assert_int_equal(r->tfdt, BASE + 2400);
    assert_int_equal(r->samples, 8);
    expect(r, 1, 2, 4000, 2000, 10);
    assert_int_equal(r->seg.counts.dropped, 2);

    rig_free(r);
}


/* the first frame of all is not the nearest to the boundary just before it */

static void
test_start(void **state)
{
    int     i;
    rig_t  *r;

    r = rig(1, 40, 0);

    for (i = 0; i < 151; i++) {
        add(r, 30 + i * 40, 30 + i * 40, i == 0 || i % 50 == 49, 1);
    }

    assert_int_equal(r->out[0].number, FIRST + 1);
    expect(r, 0, 1, 1990, 2000, 50);
    rig_free(r);

    r = rig(1, 40, 0);

    for (i = 0; i < 101; i++) {
        add(r, 20 + i * 40, 20 + i * 40, i % 50 == 0, 1);
    }

    expect(r, 0, 0, 20, 2000, 50);
    rig_free(r);
}


static void
test_missing(void **state)
{
    int     i;
    rig_t  *r;

    r = rig(1, 40, 0);

    for (i = 0; i < 151; i++) {
        if (i > 20 && i < 30) {
            continue;
        }

        add(r, i * 40, i * 40, i % 50 == 0, 1);

        if (i == 40) {
            add(r, i * 40, i * 40, 0, 0);
            add(r, -80, i * 40, 0, 0);
        }
    }

    expect(r, 0, 0, 0, 2000, 41);
    expect(r, 1, 1, 2000, 2000, 50);
    assert_int_equal(r->seg.counts.missing, 9);
    assert_int_equal(r->seg.counts.dropped, 2);

    /* a whole segment is missing */

    for (i = 151; i < 400; i++) {
        if (i < 200 || i > 260) {
            add(r, i * 40, i * 40, i % 50 == 0, 1);
        }
    }

    assert_int_equal(r->seg.counts.skipped, 2);
    assert_int_equal(r->out[4].number, FIRST + 6);
    rig_free(r);
}


/* more than a quarter is missing: the segment does not look whole */

static void
test_holes(void **state)
{
    int       i;
    rig_t    *r;
    uint32_t  chunk;

    for (chunk = 0; chunk <= 500; chunk += 500) {
        r = rig(1, 40, chunk);

        for (i = 0; i < 400; i++) {
            if ((i > 10 && i < 30) || (i >= 80 && i < 100)
                || (i > 160 && i < 250))
            {
                continue;
            }

            add(r, i * 40, i * 40, i % 50 == 0, 1);
        }

        assert_int_equal(r->out[0].number, FIRST);
        parse(r, 0);
        assert_int_equal(r->duration, 31 * 40);
        assert_int_equal(r->hole, 19 * 40);
        assert_int_equal(r->samples, 31);

        expect(r, 1, 1, 2000, 30 * 40, 30);
        expect(r, 2, 2, 4000, 2000, 50);
        expect(r, 3, 3, 6000, 11 * 40, 11);
        expect(r, 4, 5, 10000, 2000, 50);

        rig_free(r);
    }
}


/* an encoder that died and came back, a few audio frames before a boundary */

static void
test_resumed(void **state)
{
    int       i;
    rig_t    *r;
    uint32_t  chunk;

    for (chunk = 0; chunk <= 500; chunk += 500) {
        r = rig(0, 20, chunk);

        for (i = 0; i < 600; i++) {
            if (i > 181 && i < 297) {
                continue;
            }

            add(r, i * 20, i * 20, 1, 1);
        }

        expect(r, 1, 1, 2000, 82 * 20, 82);
        expect(r, 2, 3, 6000, 2000, 100);
        assert_int_equal(r->seg.counts.skipped, 1);
        rig_free(r);

        /* back within a number: it begins late */

        r = rig(0, 20, chunk);

        for (i = 0; i < 600; i++) {
            if (i > 181 && i < 235) {
                continue;
            }

            add(r, i * 20, i * 20, 1, 1);
        }

        expect(r, 1, 1, 2000, 82 * 20, 82);
        expect(r, 2, 2, 4700, 65 * 20, 65);
        expect(r, 3, 3, 6000, 2000, 100);
        assert_int_equal(r->seg.counts.skipped, 0);
        rig_free(r);
    }
}


static void
test_chunks(void **state)
{
    int     i;
    rig_t  *r;

    r = rig(1, 40, 500);

    for (i = 0; i < 50; i++) {
        add(r, i * 40, i * 40, i % 50 == 0, 1);
    }

    /* 13 frames a chunk; the last is only certain with what follows */

    assert_int_equal(r->n, 1);
    assert_int_equal(r->out[0].pieces, 3);
    assert_false(r->out[0].flags & LP_PIECE_LAST);

    add(r, 2000, 2000, 1, 1);
    assert_int_equal(r->out[0].pieces, 4);
    assert_true(r->out[0].flags & LP_PIECE_LAST);
    expect(r, 0, 0, 0, 2000, 50);
    assert_int_equal(r->chunks, 4);

    /* told to stop: what has begun is given up */

    for (i = 51; i < 70; i++) {
        add(r, i * 40, i * 40, 0, 0);
    }

    assert_int_equal(r->out[1].pieces, 1);
    lp_segmenter_end(&r->seg, 0);
    assert_true(r->out[1].flags & LP_PIECE_ABORT);

    /* and it starts anew */

    for (i = 100; i < 160; i++) {
        add(r, i * 40, i * 40, i % 50 == 0, 1);
    }

    expect(r, 2, 2, 4000, 2000, 50);

    rig_free(r);

    /* a key frame in the middle holds nothing up */

    r = rig(1, 40, 500);

    for (i = 0; i < 49; i++) {
        add(r, i * 40, i * 40, i % 25 == 0, 1);
    }

    assert_int_equal(r->out[0].pieces, 3);

    for (i = 49; i < 51; i++) {
        add(r, i * 40, i * 40, i % 25 == 0, 1);
    }

    expect(r, 0, 0, 0, 2000, 50);

    rig_free(r);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_video),
        cmocka_unit_test(test_reordered),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_long_gop),
        cmocka_unit_test(test_short_gop),
        cmocka_unit_test(test_leading),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_chunks),
    };

    return cmocka_run_group_tests_name("packager_segmenter", tests, NULL,
                                       NULL);
}
