#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/live.h"
#include "core/part.h"
#include "lib/boxes.h"


#define SYNC   0x02000000
#define DELTA  0x01010000

static boxes_t         body;
static lo_parts_t      parts;
static lo_cmaf_init_t  info;
static uint64_t        tfdt;


static void
begin(uint32_t timescale, uint32_t target_us)
{
    memset(&body, 0, sizeof(body));
    memset(&info, 0, sizeof(info));
    info.timescale = timescale;
    info.track_id = 1;
    tfdt = 1000;

    lo_parts_free(&parts);
    lo_parts_init(&parts, &info, target_us);
}


/* a chunk of so many samples, at the end of the body */

static void
chunk(uint32_t samples, uint32_t duration, uint32_t flags)
{
    bx_chunk_t  c;

    memset(&c, 0, sizeof(c));
    c.track_id = 1;
    c.tfdt = tfdt;
    c.tfdt_version = 1;
    c.samples = samples;
    c.duration = duration;
    c.size = 10;
    c.flags = flags;
    c.trun = 0x4 | 0x100 | 0x200;

    bx_chunk(&body, &c);
    tfdt += (uint64_t) samples * duration;
}


static void
feed(size_t step)
{
    size_t  at, n;

    for (at = lo_parts_fed(&parts); at < body.len; at += n) {
        n = body.len - at < step ? body.len - at : step;
        assert_int_equal(lo_parts_feed(&parts, body.data + at, n), LO_OK);
    }
}


static void
is_part(unsigned i, uint64_t start, uint64_t duration, unsigned independent)
{
    assert_true(i < parts.n);
    assert_int_equal(parts.list[i].start, start);
    assert_int_equal(parts.list[i].duration, duration);
    assert_int_equal(parts.list[i].independent, independent);
}


static void
contiguous(void)
{
    unsigned  i;
    uint64_t  at;

    for (at = 0, i = 0; i < parts.n; i++) {
        assert_int_equal(parts.list[i].offset, at);
        at += parts.list[i].size;
    }

    assert_int_equal(at, body.len);
}


/* ---- the target */

static uint32_t
target(uint64_t duration, uint32_t ts, uint32_t part_us, uint32_t chunk_us)
{
    lo_dur_t  d = { duration, ts, 0 };

    return lo_part_target_us(&d, part_us, chunk_us);
}


static void
test_target(void **state)
{
    assert_int_equal(target(2, 1, 500000, 500000), 500000);
    assert_int_equal(target(2, 1, 500000, 100000), 500000);
    assert_int_equal(target(2, 1, 500000, 33334), 15 * 33334);

    /* frames of AAC: 24 of them, else a rest of two in every segment; and
       chunks of 23 and 24 */

    assert_int_equal(target(2, 1, 500000, 21334), 24 * 21334);
    assert_int_equal(target(2, 1, 500000, 512000), 512000);
    assert_int_equal(target(2, 1, 500000, 490667), 490667);

    /* longer chunks than parts were asked for */

    assert_int_equal(target(2, 1, 500000, 1000000), 1000000);

    assert_int_equal(target(4, 1, LO_PART_LEARNT, 40000), 200000);
    assert_int_equal(target(60060, 30000, 500500, 500500), 500500);

    /* a part for each of equal lengths */

    assert_int_equal(target(2, 1, 300000, 10000), 290000);

    assert_int_equal(target(2, 1, 500000, 0), 0);
    assert_int_equal(target(2, 1, 0, 500000), 0);
    assert_int_equal(target(0, 1, 500000, 500000), 0);
    assert_int_equal(target(2, 1, 5000000, 500000), 2000000);
}


static void
test_count(void **state)
{
    lo_dur_t  d = { 2, 1, 0 };

    assert_int_equal(lo_part_count(&d, 500000), 4);
    assert_int_equal(lo_part_count(&d, 512000), 4);
    assert_int_equal(lo_part_count(&d, 490667), 5);
    assert_int_equal(lo_part_count(&d, 0), 0);
    assert_int_equal(lo_part_count(&d, 1), LO_PARTS_MAX);
}


/* of an event: its document, or the chunks of its video */

static void
test_event(void **state)
{
    static lo_live_t  l;

    memset(&l, 0, sizeof(l));
    l.d.duration = 2;
    l.d.timescale = 1;
    l.ntracks = 3;
    l.tracks[0].type = LO_MEDIA_AUDIO;
    l.tracks[0].chunk_us = 21334;
    l.tracks[1].type = LO_MEDIA_VIDEO;
    l.tracks[2].type = LO_MEDIA_VIDEO;
    l.tracks[2].chunk_us = 500000;

    assert_int_equal(lo_live_part_us(&l, 0), 24 * 21334);
    assert_int_equal(lo_live_part_us(&l, 1), 0);
    assert_int_equal(lo_live_part_us(&l, 2), 500000);
    assert_int_equal(lo_live_part_us(&l, 3), 0);

    l.part_us = 1000000;
    assert_int_equal(lo_live_part_us(&l, 0), 47 * 21334);
    assert_int_equal(lo_live_part_us(&l, 2), 1000000);

    l.part_us = 0;
    l.tracks[2].chunk_us = 0;
    assert_int_equal(lo_live_part_us(&l, 0), 10 * 21334);

    l.irregular = 1;
    assert_int_equal(lo_live_part_us(&l, 0), 0);
}


/* ---- parts */

static void
test_one_chunk_each(void **state)
{
    unsigned  i;
    lo_dur_t  d = { 2, 1, 0 };

    begin(90000, 500000);

    for (i = 0; i < 4; i++) {
        assert_int_equal(parts.n, i);
        assert_false(lo_parts_full(&parts, &d));
        chunk(15, 3000, i == 0 ? SYNC : DELTA);
        feed(7);

        /* at once, with its own last byte */

        is_part(i, i * 45000, 45000, i == 0);
        contiguous();
    }

    assert_true(lo_parts_full(&parts, &d));
    assert_int_equal(lo_parts_end(&parts), LO_OK);
    assert_int_equal(parts.n, 4);
    assert_int_equal(parts.tfdt, 1000);
}


static void
test_several_chunks(void **state)
{
    unsigned  i;

    begin(30000, 15 * 33334);

    for (i = 0; i < 33; i++) {
        chunk(1, 1000, i == 0 || i == 16 ? SYNC : DELTA);
        feed(SIZE_MAX);
        assert_int_equal(parts.n, (i + 1) / 15);
    }

    is_part(0, 0, 15000, 1);
    is_part(1, 15000, 15000, 1);
    assert_true(parts.open);

    assert_int_equal(lo_parts_end(&parts), LO_OK);
    is_part(2, 30000, 3000, 0);
    assert_int_equal(parts.n, 3);
    contiguous();
}


/* audio: chunks of 23 and 24 frames take turns and miss every grid */

static void
test_audio(void **state)
{
    unsigned  i;
    lo_dur_t  d = { 2, 1, 0 };
    uint32_t  frames[] = { 24, 23, 24, 23 };

    begin(48000, 512000);

    for (i = 0; i < 4; i++) {
        chunk(frames[i], 1024, SYNC);
        feed(100);
        assert_int_equal(parts.n, i + 1);
    }

    is_part(3, 71 * 1024, 23 * 1024, 1);
    assert_true(lo_parts_full(&parts, &d));
}


/* the next chunk has no room: the part ended before it */

static void
test_no_room(void **state)
{
    begin(1000, 500000);

    chunk(1, 200, SYNC);
    chunk(1, 200, DELTA);
    feed(SIZE_MAX);
    assert_int_equal(parts.n, 1);
    is_part(0, 0, 400, 1);

    chunk(1, 100, DELTA);
    chunk(1, 300, DELTA);
    feed(SIZE_MAX);
    assert_int_equal(parts.n, 2);
    is_part(1, 400, 400, 0);

    chunk(1, 100, DELTA);
    feed(SIZE_MAX);
    assert_int_equal(parts.n, 2);

    chunk(1, 450, SYNC);
    feed(SIZE_MAX);
    is_part(2, 800, 100, 0);
    is_part(3, 900, 450, 1);
    contiguous();
}


static void
test_not_to_be_cut(void **state)
{
    unsigned  i;

    begin(1000, 500000);
    chunk(1, 500, SYNC);
    feed(SIZE_MAX);
    chunk(1, 501, SYNC);
    assert_int_equal(lo_parts_feed(&parts, body.data + lo_parts_fed(&parts),
                                   body.len - lo_parts_fed(&parts)),
                     LO_ERROR);
    assert_true(parts.bad);
    assert_int_equal(lo_parts_end(&parts), LO_ERROR);

    begin(1000, 500000);
    assert_int_equal(lo_parts_feed(&parts, "\0\0\0\4moov", 8), LO_ERROR);
    assert_int_equal(lo_parts_feed(&parts, "", 0), LO_ERROR);

    begin(1000, 500000);
    assert_int_equal(lo_parts_end(&parts), LO_ERROR);

    begin(1000, 500000);
    chunk(1, 500, SYNC);
    body.len -= 3;
    feed(SIZE_MAX);
    assert_int_equal(parts.n, 0);
    assert_int_equal(lo_parts_end(&parts), LO_ERROR);

    begin(1000, 500000);

    for (i = 0; i <= LO_PARTS_MAX; i++) {
        body.len = 0;
        chunk(1, 500, SYNC);
        (void) lo_parts_feed(&parts, body.data, body.len);
    }

    assert_int_equal(parts.n, LO_PARTS_MAX);
    assert_true(parts.bad);

    begin(0, 500000);
    assert_int_equal(lo_parts_feed(&parts, body.data, 0), LO_ERROR);
}


/* a target that is a rounded 1001/2000 s holds the exact one */

static void
test_rounded(void **state)
{
    begin(24000, 500500);
    chunk(12, 1001, SYNC);
    feed(SIZE_MAX);
    assert_int_equal(parts.n, 1);
    assert_false(parts.bad);

    begin(30000, 33367);
    chunk(1, 1001, SYNC);
    feed(SIZE_MAX);
    assert_int_equal(parts.n, 1);
}


static int
teardown(void **state)
{
    lo_parts_free(&parts);
    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_one_chunk_each),
        cmocka_unit_test(test_several_chunks),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_not_to_be_cut),
        cmocka_unit_test(test_rounded),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, teardown);
}
