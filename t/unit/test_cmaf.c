/* segments as they come in: chunks, in pieces of any size */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cmaf.h"
#include "core/box.h"
#include "lib/boxes.h"


typedef struct {
    unsigned            inits;
    unsigned            moofs;
    unsigned            chunks;
    uint64_t            init_offset;
    size_t              init_size;
    lo_cmaf_chunk_t     moof;
    lo_cmaf_chunk_t     chunk[8];
    int                 answer;
} seen_t;

static boxes_t           bx;
static lo_cmaf_init_t    init;
static lo_err_t          err;
static seen_t            seen;
static lo_cmaf_init_t    known;


static int
on_init(void *data, uint64_t offset, const unsigned char *bytes, size_t size)
{
    seen_t  *s = data;

    s->inits++;
    s->init_offset = offset;
    s->init_size = size;
    assert_int_equal(lo_cmaf_init(&init, bytes, size, &err), LO_OK);

    return s->answer;
}


static int
on_moof(void *data, const lo_cmaf_chunk_t *chunk)
{
    seen_t  *s = data;

    s->moofs++;
    s->moof = *chunk;

    return LO_OK;
}


static int
on_chunk(void *data, const lo_cmaf_chunk_t *chunk)
{
    seen_t  *s = data;

    if (s->chunks < 8) {
        s->chunk[s->chunks] = *chunk;
    }

    s->chunks++;

    return LO_OK;
}


static const lo_cmaf_handler_t  handler = { on_init, on_moof, on_chunk };


/* feeds what was built in pieces, each in memory of its own */

static int
feed(size_t piece)
{
    int                rc;
    size_t             at, n;
    unsigned char     *copy;
    lo_cmaf_reader_t   r;

    memset(&seen, 0, sizeof(seen_t));
    err.text[0] = '\0';
    lo_cmaf_reader(&r, &handler, &seen, &known);

    for (rc = LO_OK, at = 0; at < bx.len && rc == LO_OK; at += n) {
        n = bx.len - at < piece ? bx.len - at : piece;
        copy = malloc(n);
        memcpy(copy, bx.data + at, n);
        rc = lo_cmaf_feed(&r, copy, n, &err);
        free(copy);
    }

    if (rc == LO_OK) {
        rc = lo_cmaf_end(&r, &err);
    }

    lo_cmaf_reader_free(&r);

    return rc;
}


static int
feed_chunk(const bx_chunk_t *c)
{
    memset(&bx, 0, sizeof(boxes_t));
    bx_chunk(&bx, c);

    return feed(SIZE_MAX);
}


static const bx_chunk_t  plain = {
    1, 90000, 1, 60, 1001, 10, 0, 0x205, 0, 0, 0
};

static const bx_head_t  video = {
    "vide", 1, 30000, NULL, NULL, 0, 0, -1, 0, 0
};


static void
put_header(void)
{
    bx_head(&bx, &video);
    bx_visual(&bx, "avc1", 1280, 720);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    bx_close(&bx);
    bx_head_end(&bx, &video);
}


static void
put_styp(const char *brands)
{
    bx_open(&bx, "styp");
    bx_bytes(&bx, brands, 4);
    bx_u32(&bx, 0);
    bx_bytes(&bx, brands, strlen(brands));
    bx_close(&bx);
}


static void
test_segment(void **state)
{
    size_t  from;

    memset(&bx, 0, sizeof(boxes_t));
    put_styp("msdhslatlmsg");
    bx_full(&bx, "prft", 1, 0);
    bx_u32(&bx, 1);
    bx_u64(&bx, (2208988800ULL + 1700000000) << 32 | 0x80000000);
    bx_u64(&bx, 90000);
    bx_close(&bx);
    bx_box_hex(&bx, "emsg", "01000000");
    bx_box_hex(&bx, "sidx", "00000000");
    bx_chunk(&bx, &plain);
    from = bx.len;
    bx_chunk(&bx, &plain);
    bx_box_hex(&bx, "mfra", "00");

    assert_int_equal(feed(SIZE_MAX), LO_OK);
    assert_int_equal(seen.chunks, 2);
    assert_int_equal(seen.moofs, 2);
    assert_int_equal(seen.chunk[0].offset, 0);
    assert_int_equal(seen.chunk[0].size, from);
    assert_int_equal(seen.chunk[0].tfdt, 90000);
    assert_int_equal(seen.chunk[0].duration, 60060);
    assert_int_equal(seen.chunk[0].samples, 60);
    assert_int_equal(seen.chunk[0].sequence, 7);
    assert_int_equal(seen.chunk[0].track_id, 1);
    assert_int_equal(seen.chunk[0].prft_us, 1700000000500000ULL);
    assert_true(seen.chunk[0].slat && seen.chunk[0].lmsg);
    assert_true(seen.chunk[0].styp && seen.chunk[0].sync);
    assert_false(seen.chunk[1].slat || seen.chunk[1].styp);
    assert_int_equal(seen.chunk[1].prft_us, 0);
    assert_int_equal(seen.chunk[1].offset, from);
    assert_int_equal(seen.moof.size, 0);
}


/* the same in pieces of any size */

static void
test_pieces(void **state)
{
    size_t  i, first;

    memset(&bx, 0, sizeof(boxes_t));
    put_header();
    first = bx.len;
    put_styp("msdh");
    bx_chunk(&bx, &plain);
    bx_box_hex(&bx, "free", "0000");
    bx_chunk(&bx, &plain);

    for (i = 1; i < bx.len; i++) {
        assert_int_equal(feed(i), LO_OK);
        assert_int_equal(seen.inits, 1);
        assert_int_equal(seen.init_offset, 0);
        assert_int_equal(seen.init_size, first);
        assert_int_equal(seen.chunks, 2);
        assert_int_equal(seen.chunk[0].offset, first);
        assert_int_equal(seen.chunk[1].offset,
                         first + seen.chunk[0].size);
        assert_int_equal(seen.chunk[0].duration, 60060);
    }
}


/* trun: every combination of flags */

static void
test_trun_flags(void **state)
{
    unsigned    i, sync;
    bx_chunk_t  c;

    static const uint32_t  bits[] = { 0x4, 0x100, 0x200, 0x400, 0x800 };

    for (i = 0; i < 32; i++) {
        for (sync = 0; sync < 2; sync++) {
            c = plain;
            c.flags = sync ? 0x02000000 : 0x01010000;
            c.trun = (i & 1 ? bits[0] : 0) | (i & 2 ? bits[1] : 0)
                     | (i & 4 ? bits[2] : 0) | (i & 8 ? bits[3] : 0)
                     | (i & 16 ? bits[4] : 0);
            c.tfdt_version = i & 1;
            c.large = i >> 1 & 1;

            assert_int_equal(feed_chunk(&c), LO_OK);
            assert_int_equal(seen.chunk[0].duration, 60060);
            assert_int_equal(seen.chunk[0].samples, 60);
            assert_int_equal(seen.chunk[0].sync, sync);
            assert_int_equal(seen.chunk[0].size, bx.len);
        }
    }
}


static void
test_defaults(void **state)
{
    memset(&bx, 0, sizeof(boxes_t));
    bx_open(&bx, "moof");
    bx_full(&bx, "mfhd", 0, 0);
    bx_u32(&bx, 1);
    bx_close(&bx);
    bx_open(&bx, "traf");
    bx_full(&bx, "tfhd", 0, 0);            /* no default-base-is-moof either */
    bx_u32(&bx, 1);
    bx_close(&bx);
    bx_full(&bx, "tfdt", 0, 0);
    bx_u32(&bx, 5);
    bx_close(&bx);
    bx_full(&bx, "trun", 0, 1);
    bx_u32(&bx, 3);
    bx_u32(&bx, 8 + 16 + 8 + 16 + 16 + 20 + 8);
    bx_close(&bx);
    bx_close(&bx);
    bx_close(&bx);
    bx_open(&bx, "mdat");
    bx_zeros(&bx, 300);
    bx_close(&bx);

    memset(&known, 0, sizeof(known));
    known.def_duration = 1024;
    known.def_size = 100;
    assert_int_equal(feed(SIZE_MAX), LO_OK);
    assert_int_equal(seen.chunk[0].duration, 3072);
    memset(&known, 0, sizeof(known));
}


static void
test_lies(void **state)
{
    bx_chunk_t  c;

    /* samples beyond, before, and just inside of the mdat */

    c = plain;
    c.shift = 1;
    assert_int_equal(feed_chunk(&c), LO_ERROR);
    assert_non_null(strstr(err.text, "outside"));
    assert_int_equal(seen.chunks, 0);

    c.shift = -1;
    assert_int_equal(feed_chunk(&c), LO_ERROR);

    c.shift = -100000;
    assert_int_equal(feed_chunk(&c), LO_ERROR);

    /* no sample, no byte */

    c = plain;
    c.samples = 0;
    assert_int_equal(feed_chunk(&c), LO_OK);
    assert_true(seen.chunk[0].empty);

    /* times that overflow */

    c = plain;
    c.tfdt = INT64_MAX - 10;
    assert_int_equal(feed_chunk(&c), LO_ERROR);

    c.tfdt = UINT64_MAX;
    assert_int_equal(feed_chunk(&c), LO_ERROR);

    /* two tracks */

    c = plain;
    c.trafs = 2;
    assert_int_equal(feed_chunk(&c), LO_NONE);
}


/* a box of this size and type, then nothing */

static int
feed_bare(uint32_t size, const char *type)
{
    memset(&bx, 0, sizeof(boxes_t));
    bx_u32(&bx, size);
    bx_bytes(&bx, type, 4);
    bx_zeros(&bx, 32);

    return feed(SIZE_MAX);
}


static void
test_sizes(void **state)
{
    assert_int_equal(feed_bare(0, "free"), LO_ERROR);
    assert_int_equal(feed_bare(7, "free"), LO_ERROR);
    assert_int_equal(feed_bare(1, "free"), LO_ERROR);
    assert_int_equal(feed_bare(40, "free"), LO_OK);
    assert_int_equal(feed_bare(41, "free"), LO_ERROR);
    assert_int_equal(feed_bare(40, "fr\1e"), LO_ERROR);
    assert_int_equal(feed_bare(0x7fffffff, "moof"), LO_ERROR);
    assert_int_equal(feed_bare(0x7fffffff, "moov"), LO_ERROR);
    assert_int_equal(feed_bare(0x7fffffff, "styp"), LO_ERROR);
    assert_int_equal(feed_bare(40, "mdat"), LO_NONE);

    /* a 64-bit size that wraps */

    memset(&bx, 0, sizeof(boxes_t));
    bx_u32(&bx, 1);
    bx_bytes(&bx, "free", 4);
    bx_u64(&bx, UINT64_MAX);
    assert_int_equal(feed(SIZE_MAX), LO_ERROR);

    /* an mdat to the end of the file */

    memset(&bx, 0, sizeof(boxes_t));
    bx_chunk(&bx, &plain);
    memset(bx.data + bx.len - 600 - 8, 0, 4);
    assert_int_equal(feed(SIZE_MAX), LO_ERROR);
}


static void
test_truncated(void **state)
{
    size_t  full, styp;

    memset(&bx, 0, sizeof(boxes_t));
    put_styp("msdh");
    styp = bx.len;
    bx_chunk(&bx, &plain);

    for (full = bx.len--; bx.len > 0; bx.len--) {
        assert_int_equal(feed(SIZE_MAX), LO_ERROR);
        assert_int_equal(feed(100), LO_ERROR);
        assert_int_equal(seen.chunks, 0);
    }

    bx.len = styp;
    assert_int_equal(feed(SIZE_MAX), LO_ERROR);

    bx.len = full;
    assert_int_equal(feed(SIZE_MAX), LO_OK);

    bx.len = 0;
    assert_int_equal(feed(SIZE_MAX), LO_OK);
    assert_int_equal(seen.chunks, 0);
}


static void
test_order(void **state)
{
    bx_chunk_t  c;

    /* a moof, and another one in place of its mdat */

    c = plain;
    c.samples = 0;
    memset(&bx, 0, sizeof(boxes_t));
    bx_chunk(&bx, &c);
    bx.len -= 8;
    bx_chunk(&bx, &c);
    assert_int_equal(feed(SIZE_MAX), LO_ERROR);

    /* an mdat more */

    memset(&bx, 0, sizeof(boxes_t));
    bx_chunk(&bx, &c);
    bx_box_hex(&bx, "mdat", "00");
    assert_int_equal(feed(SIZE_MAX), LO_ERROR);
    assert_int_equal(seen.chunks, 1);

    /* an ftyp that belongs to a segment */

    memset(&bx, 0, sizeof(boxes_t));
    bx_box_hex(&bx, "ftyp", "69736f35 00000000");
    bx_chunk(&bx, &plain);
    assert_int_equal(feed(SIZE_MAX), LO_OK);
    assert_int_equal(feed(1), LO_OK);
    assert_int_equal(seen.chunks, 1);
    assert_int_equal(seen.chunk[0].offset, 0);

    /* the new header of an encoder that began again, in one body */

    memset(&bx, 0, sizeof(boxes_t));
    put_header();
    bx_chunk(&bx, &plain);
    put_header();
    bx_chunk(&bx, &plain);
    assert_int_equal(feed(1000), LO_OK);
    assert_int_equal(seen.inits, 2);
    assert_int_equal(seen.chunks, 2);
    assert_int_equal(seen.init_offset, seen.chunk[1].offset - seen.init_size);
}


static void
test_callback_ends(void **state)
{
    lo_cmaf_reader_t  r;

    memset(&bx, 0, sizeof(boxes_t));
    put_header();
    memset(&seen, 0, sizeof(seen_t));
    seen.answer = -17;
    lo_cmaf_reader(&r, &handler, &seen, NULL);
    assert_int_equal(lo_cmaf_feed(&r, bx.data, bx.len, &err), -17);
    lo_cmaf_reader_free(&r);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_segment),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_trun_flags),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_callback_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
