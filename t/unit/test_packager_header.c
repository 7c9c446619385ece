#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/cmaf.h"

#include "../../tools/live-packager/bytes.c"
#include "../../tools/live-packager/nal.c"
#include "../../tools/live-packager/record.c"
#include "../../tools/live-packager/header.c"


/* x264 and x265 at 64x64, as they write it */

static const unsigned char  avc[] = {
    0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x0a, 0xda, 0x10, 0x9b, 0x01, 0x10, 0x00,
    0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xf1, 0x22, 0x6a,
    0, 0, 0, 1, 0x68, 0xce, 0x0f, 0xc8,
    0, 0, 0, 1, 0x09, 0x10,
    0, 0, 1, 0x65, 0x88, 0x84, 0x0a, 0xf2, 0x62, 0x80, 0x00, 0xa7, 0, 0
};

static const unsigned char  hevc[] = {
    0, 0, 0, 1, 0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00,
    0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x1e, 0x95,
    0x94, 0x09,
    0, 0, 0, 1, 0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90,
    0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x1e, 0xa0, 0x20, 0x81, 0x05,
    0x96, 0x56, 0x54, 0xa4, 0xc2, 0xf0, 0x16, 0x80, 0x80, 0x00, 0x00, 0x03,
    0x00, 0x80, 0x00, 0x00, 0x0c, 0x84,
    0, 0, 0, 1, 0x44, 0x01, 0xc0, 0x73, 0xc0, 0x89,
    0, 0, 1, 0x28, 0x01, 0xaf, 0x0b, 0x80
};

static const unsigned char  opus[] = {
    'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 2, 0x38, 0x01, 0x80, 0xbb, 0, 0,
    0, 0, 0
};


static void
video(lp_header_t *h, lp_codec_e codec, const unsigned char *p, size_t len)
{
    lp_au_t     au;
    lp_bytes_t  out, none;

    memset(h, 0, sizeof(lp_header_t));
    memset(&out, 0, sizeof(out));
    memset(&none, 0, sizeof(none));
    memset(&au, 0, sizeof(au));

    h->codec = codec;
    h->video = 1;
    h->timescale = 30000;
    h->width = 64;
    h->height = 36;
    h->par_h = 4;
    h->par_v = 3;
    h->primaries = 1;
    h->transfer = 1;
    h->matrix = 1;
    h->bitrate = 500000;
    strcpy(h->lang, "und");

    au.key = 1;
    lp_au_convert(codec, 0, p, len, &none, &out, &h->sets, &au);

    assert_true(au.has_sps);
    assert_true(au.idr);
    assert_false(au.broken);
    assert_int_equal(au.slices, 1);

    /* the slice alone, with its length, without the zeros after it */

    assert_int_equal(out.data[3], out.len - 4);
    assert_int_equal(out.data[4], codec == LP_CODEC_H264 ? 0x65 : 0x28);
    assert_int_not_equal(out.data[out.len - 1], 0);

    lp_bytes_free(&out);
}


static void
read_back(const lp_header_t *h, lo_cmaf_init_t *init)
{
    lo_err_t    err;
    lp_bytes_t  b;

    memset(&b, 0, sizeof(b));
    assert_int_equal(lp_header_write(&b, h), 0);
    assert_int_equal(lo_cmaf_init(init, b.data, b.len, &err), LO_OK);
    assert_int_equal(init->track_id, 1);
    assert_int_equal(init->timescale, h->timescale);
    assert_int_equal(init->edit, 0);
    assert_int_equal(init->bitrate, h->bitrate);
    lp_bytes_free(&b);
}


static void
test_h264(void **state)
{
    lp_header_t     h;
    lo_cmaf_init_t  init;

    video(&h, LP_CODEC_H264, avc, sizeof(avc));
    read_back(&h, &init);
    assert_int_equal(init.type, LO_MEDIA_VIDEO);
    assert_string_equal(init.codec, "avc1.42c00a");
    assert_int_equal(init.width, 64);
    assert_int_equal(init.height, 36);
    assert_int_equal(init.par_h, 4);
    assert_int_equal(init.par_v, 3);
    lp_bytes_free(&h.sets);
}


static void
test_hevc(void **state)
{
    lp_header_t     h;
    lo_cmaf_init_t  init;

    video(&h, LP_CODEC_HEVC, hevc, sizeof(hevc));
    read_back(&h, &init);
    assert_string_equal(init.codec, "hvc1.1.6.L30.90");
    lp_bytes_free(&h.sets);
}


static void
test_aac(void **state)
{
    lp_header_t     h;
    lo_cmaf_init_t  init;

    memset(&h, 0, sizeof(h));
    h.codec = LP_CODEC_AAC;
    h.timescale = h.sample_rate = 44100;
    h.channels = 2;
    h.bitrate = 96000;
    strcpy(h.lang, "de-CH");
    lp_bytes_add(&h.config, "\x12\x10", 2);

    read_back(&h, &init);
    assert_int_equal(init.type, LO_MEDIA_AUDIO);
    assert_string_equal(init.codec, "mp4a.40.2");
    assert_string_equal(init.lang, "de-CH");
    assert_int_equal(init.sample_rate, 44100);
    assert_int_equal(init.channels, 2);
    lp_bytes_free(&h.config);
}


static void
test_opus(void **state)
{
    lp_header_t     h;
    lo_cmaf_init_t  init;

    memset(&h, 0, sizeof(h));
    h.codec = LP_CODEC_OPUS;
    h.timescale = h.sample_rate = 48000;
    h.channels = 2;
    strcpy(h.lang, "fra");
    lp_bytes_add(&h.config, opus, sizeof(opus));

    read_back(&h, &init);
    assert_string_equal(init.codec, "opus");
    assert_string_equal(init.lang, "fr");
    assert_int_equal(init.sample_rate, 48000);
    lp_bytes_free(&h.config);
}


/* configurations that are missing or cut off: an error, never a read beyond */

static void
test_broken(void **state)
{
    size_t       len;
    unsigned     size;
    lp_bytes_t   b, record, sets;
    lp_header_t  h, cut;

    memset(&b, 0, sizeof(b));
    memset(&record, 0, sizeof(record));

    video(&h, LP_CODEC_HEVC, hevc, sizeof(hevc));
    assert_int_equal(lp_record_write(&record, &h), 0);

    for (len = 0; len < h.sets.len; len++) {
        cut = h;
        memset(&cut.sets, 0, sizeof(cut.sets));
        lp_bytes_add(&cut.sets, h.sets.data, len);
        assert_int_equal(lp_header_write(&b, &cut), -1);
        b.len = 0;
        lp_bytes_free(&cut.sets);
    }

    /* the record itself, read back and cut off */

    for (len = 0; len <= record.len - 8; len++) {
        unsigned char  *copy;

        memset(&sets, 0, sizeof(sets));
        copy = lp_alloc(len);
        memcpy(copy, record.data + 8, len);

        if (len == record.len - 8) {
            assert_int_equal(lp_record_parse(LP_CODEC_HEVC, copy, len, &sets,
                                             &size), 0);
            assert_int_equal(size, 4);
            assert_int_equal(sets.len, h.sets.len);
            assert_memory_equal(sets.data, h.sets.data, sets.len);

        } else {
            assert_int_equal(lp_record_parse(LP_CODEC_HEVC, copy, len, &sets,
                                             &size), -1);
        }

        lp_bytes_free(&sets);
        free(copy);
    }

    lp_bytes_free(&h.sets);
    lp_bytes_free(&record);
    lp_bytes_free(&b);
}


static void
test_nal(void **state)
{
    size_t                len;
    lp_au_t               au;
    lp_bytes_t            out, sets, none;
    lp_nal_iter_t         it;
    const unsigned char  *nal;
    unsigned char         two[] = { 0, 2, 0x41, 1, 0, 0, 0, 3, 0x41, 2, 3 };
    unsigned char         bad[] = { 0, 9, 0x41, 1 };

    lp_nal_iter(&it, 2, two, sizeof(two));
    assert_int_equal(lp_nal_next(&it, &nal, &len), 1);
    assert_int_equal(len, 2);
    assert_int_equal(lp_nal_next(&it, &nal, &len), 1);
    assert_int_equal(len, 3);
    assert_int_equal(lp_nal_next(&it, &nal, &len), 0);

    lp_nal_iter(&it, 2, bad, sizeof(bad));
    assert_int_equal(lp_nal_next(&it, &nal, &len), -1);

    memset(&out, 0, sizeof(out));
    memset(&sets, 0, sizeof(sets));
    memset(&none, 0, sizeof(none));
    memset(&au, 0, sizeof(au));

    lp_au_convert(LP_CODEC_H264, 2, two, sizeof(two), &none, &out, &sets, &au);
    assert_int_equal(au.slices, 2);
    assert_int_equal(out.len, 13);
    assert_memory_equal(out.data, "\0\0\0\2\x41\1\0\0\0\3\x41\2\3", 13);

    lp_au_convert(LP_CODEC_H264, 2, bad, sizeof(bad), &none, &out, &sets, &au);
    assert_true(au.broken);
    lp_bytes_free(&out);
    lp_bytes_free(&sets);
}


/* damaged and random access units, sets and records: sanitizers watch */

static void
test_noise(void **state)
{
    size_t         i, k, len;
    lp_au_t        au;
    unsigned       size;
    lp_sps_t       sps;
    lp_bytes_t     out, sets, none;
    lp_header_t    h;
    unsigned char  buf[sizeof(hevc)];

    memset(&out, 0, sizeof(out));
    memset(&none, 0, sizeof(none));
    srandom(1);

    for (i = 0; i < 20000; i++) {
        len = random() % sizeof(buf);
        memcpy(buf, hevc, len);

        for (k = random() % 20; k > 0 && len > 0; k--) {
            buf[random() % len] = random();
        }

        memset(&sets, 0, sizeof(sets));
        memset(&au, 0, sizeof(au));
        out.len = 0;
        au.key = i & 1;

        lp_au_convert(i & 2 ? LP_CODEC_H264 : LP_CODEC_HEVC, i & 4, buf, len,
                      &none, &out, &sets, &au);
        (void) lp_sps_parse(i & 2 ? LP_CODEC_H264 : LP_CODEC_HEVC, buf, len,
                            &sps);

        memset(&h, 0, sizeof(h));
        h.codec = i & 2 ? LP_CODEC_H264 : LP_CODEC_HEVC;
        h.video = 1;
        h.sets = sets;
        out.len = 0;
        (void) lp_header_write(&out, &h);

        buf[0] = 1;
        (void) lp_record_parse(h.codec, buf, len, &h.sets, &size);
        lp_bytes_free(&h.sets);
    }

    lp_bytes_free(&out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_h264),
        cmocka_unit_test(test_hevc),
        cmocka_unit_test(test_aac),
        cmocka_unit_test(test_opus),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_nal),
        cmocka_unit_test(test_noise),
    };

    return cmocka_run_group_tests_name("packager_header", tests, NULL, NULL);
}
