/* headers: what is read from them, and which are refused */

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


static boxes_t          bx;
static lo_cmaf_init_t   init;
static lo_err_t         err;

/* what ffmpeg 5.1 writes for libx264 at 30000/1001 */

#define AVCC     "0142c00dffe10016"                                           \
                 "6742c00dda05067e7c04400000fa40003a9803c50aa8"               \
                 "01000468ce0fc8"

static const bx_head_t  video = {
    "vide", 1, 30000, NULL, NULL, 0, 0, -1, 0, 0
};

static const bx_head_t  audio = {
    "soun", 1, 48000, NULL, NULL, 0, 0, -1, 0, 0
};


static void
begin(const bx_head_t *h)
{
    memset(&bx, 0, sizeof(boxes_t));
    bx_head(&bx, h);
}


/* closes the entry and the header, and reads it from memory of its own */

static int
parse(const bx_head_t *h)
{
    int             rc;
    unsigned char  *copy;

    bx_close(&bx);
    bx_head_end(&bx, h);

    copy = malloc(bx.len);
    memcpy(copy, bx.data, bx.len);
    err.text[0] = '\0';
    rc = lo_cmaf_init(&init, copy, bx.len, &err);
    free(copy);

    return rc;
}


static int
parse_video(const char *entry, const char *config, const char *hex)
{
    begin(&video);
    bx_visual(&bx, entry, 1280, 720);
    bx_box_hex(&bx, config, hex);

    return parse(&video);
}


static int
parse_audio(const char *entry, const char *config, const char *hex)
{
    begin(&audio);
    bx_sound(&bx, entry, 2, 48000);
    bx_box_hex(&bx, config, hex);

    return parse(&audio);
}


static int
parse_aac(const char *asc, uint32_t bitrate)
{
    begin(&audio);
    bx_sound(&bx, "mp4a", 2, 24000);
    bx_esds(&bx, asc, bitrate);

    return parse(&audio);
}


static void
test_video_codecs(void **state)
{
    unsigned  i;

    static const struct {
        const char  *entry;
        const char  *config;
        const char  *hex;
        const char  *codec;
    } cases[] = {
        { "avc1", "avcC", "0164001fffe100", "avc1.64001f" },
        { "avc3", "avcC", "014d4028ffe000", "avc3.4d4028" },
        /* Main, L93, progressive and non-packed */
        { "hvc1", "hvcC", "01016000000090000000 00005d f000fcfdf8f800000f00",
          "hvc1.1.6.L93.90" },
        /* Main 10, high tier, every constraint byte there */
        { "hev1", "hvcC", "01222000000001020304 050699 f000fcfdfafa00000f00",
          "hev1.2.4.H153.1.2.3.4.5.6" },
        { "hvc1", "hvcC", "01416000000000000000 00005d f000fcfdf8f800000f00",
          "hvc1.A1.6.L93" },
        { "av01", "av1C", "81080c00", "av01.0.08M.08" },
        { "av01", "av1C", "8128cc00", "av01.1.08H.10" },
        { "av01", "av1C", "81051c00", "av01.0.05M.08.1.110.01.01.01.0" },
        { "av01", "av1C", "81056c00", "av01.0.05M.12" },
        { "vp09", "vpcC", "01000000 001f80020202 0000", "vp09.00.31.08" },
        { "vp09", "vpcC", "01000000 0229a2090910 0000",
          "vp09.02.41.10.01.09.09.16.00" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse_video(cases[i].entry, cases[i].config,
                                     cases[i].hex), LO_OK);
        assert_string_equal(init.codec, cases[i].codec);
        assert_int_equal(init.type, LO_MEDIA_VIDEO);
        assert_int_equal(init.width, 1280);
        assert_int_equal(init.height, 720);
        assert_int_equal(init.par_h, 1);
    }
}


static void
test_av1_colours(void **state)
{
    begin(&video);
    bx_visual(&bx, "av01", 1920, 1080);
    bx_box_hex(&bx, "av1C", "810c4c00");
    bx_box_hex(&bx, "colr", "6e636c78 0009 0010 0009 00");

    assert_int_equal(parse(&video), LO_OK);
    assert_string_equal(init.codec, "av01.0.12M.10.0.110.09.16.09.0");
}


static void
test_frame_rate(void **state)
{
    assert_int_equal(parse_video("avc1", "avcC", AVCC), LO_OK);
    assert_string_equal(init.codec, "avc1.42c00d");
    assert_int_equal(init.fps_num, 30000);
    assert_int_equal(init.fps_den, 1001);

    /* what cannot be read tells nothing, and is no error: then trex does,
       512 ticks of 30000 */

    assert_int_equal(parse_video("avc1", "avcC", "0142c00dffe100026742"),
                     LO_OK);
    assert_int_equal(init.fps_num, 1875);
    assert_int_equal(init.fps_den, 32);

    assert_int_equal(parse_video("avc1", "avcC", "0142c00dffe1ffff6742"),
                     LO_ERROR);
}


static void
test_audio_codecs(void **state)
{
    unsigned  i;

    static const struct {
        const char  *entry;
        const char  *config;
        const char  *hex;
        const char  *codec;
        unsigned     rate;
        unsigned     channels;
    } cases[] = {
        { "Opus", "dOps", "00020138 0000bb80 0000 00", "opus", 48000, 2 },
        { "Opus", "dOps", "00010138 0000ac44 0000 00", "opus", 48000, 1 },
        { "fLaC", "dfLa", "00000000 80000022 1000 1000 000000 000000"
          "0ac442f0 00000000 0000000000000000", "flac", 44100, 2 },
        { "ac-3", "dac3", "103d40", "ac-3", 48000, 6 },
        { "ec-3", "dec3", "0600 200f00", "ec-3", 48000, 6 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse_audio(cases[i].entry, cases[i].config,
                                     cases[i].hex), LO_OK);
        assert_string_equal(init.codec, cases[i].codec);
        assert_int_equal(init.sample_rate, cases[i].rate);
        assert_int_equal(init.channels, cases[i].channels);
    }
}


static void
test_aac(void **state)
{
    unsigned  i;

    static const struct {
        const char  *asc;
        const char  *codec;
        unsigned     rate;
        unsigned     channels;
    } cases[] = {
        { "1190", "mp4a.40.2", 48000, 2 },
        { "1210", "mp4a.40.2", 44100, 2 },
        { "119056e500", "mp4a.40.2", 48000, 2 },    /* ffmpeg: no SBR */
        { "11b0", "mp4a.40.2", 48000, 6 },
        { "11b8", "mp4a.40.2", 48000, 8 },
        { "2b118800", "mp4a.40.5", 48000, 2 },      /* HE-AAC, hierarchical */
        { "eb098800", "mp4a.40.29", 48000, 2 },     /* v2: mono core */
        { "131056e598", "mp4a.40.5", 48000, 2 },    /* backward compatible */
        { "130856e59d4880", "mp4a.40.29", 48000, 2 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse_aac(cases[i].asc, 128000), LO_OK);
        assert_string_equal(init.codec, cases[i].codec);
        assert_int_equal(init.sample_rate, cases[i].rate);
        assert_int_equal(init.channels, cases[i].channels);
        assert_int_equal(init.bitrate, 128000);
    }

    assert_int_equal(parse_aac("11", 0), LO_ERROR);
}


static void
test_text(void **state)
{
    static const bx_head_t  text = {
        "subt", 3, 1000, "deu", NULL, 0, 0, -1, 0, 0
    };

    begin(&text);
    bx_open(&bx, "stpp");
    bx_hex(&bx, "0000000000000001");
    bx_bytes(&bx, "http://www.w3.org/ns/ttml\0\0", 28);
    assert_int_equal(parse(&text), LO_OK);
    assert_string_equal(init.codec, "stpp.ttml.im1t");
    assert_string_equal(init.lang, "de");
    assert_int_equal(init.type, LO_MEDIA_TEXT);

    begin(&text);
    bx_open(&bx, "wvtt");
    bx_hex(&bx, "0000000000000001");
    bx_box_hex(&bx, "vttC", "574542565454");
    assert_int_equal(parse(&text), LO_OK);
    assert_string_equal(init.codec, "wvtt");
}


static void
test_encrypted(void **state)
{
    begin(&video);
    bx_visual(&bx, "encv", 640, 360);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    bx_open(&bx, "sinf");
    bx_box_hex(&bx, "frma", "61766331");
    bx_box_hex(&bx, "schm", "00000000 63626373 00010000");
    bx_open(&bx, "schi");
    bx_box_hex(&bx, "tenc", "01000000 00 19 01 00"
               "00112233445566778899aabbccddeeff"
               "10 0102030405060708090a0b0c0d0e0f10");
    bx_close(&bx);
    bx_close(&bx);

    assert_int_equal(parse(&video), LO_OK);
    assert_string_equal(init.codec, "avc1.64001f");
    assert_int_equal(init.scheme, lo_fourcc('c', 'b', 'c', 's'));
    assert_int_equal(init.kid[15], 0xff);

    /* nobody says what it was */

    begin(&video);
    bx_visual(&bx, "encv", 640, 360);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    assert_int_equal(parse(&video), LO_ERROR);

    /* or it was nothing: EC-3 is known by its configuration alone */

    begin(&audio);
    bx_sound(&bx, "enca", 2, 48000);
    bx_box_hex(&bx, "dec3", "0600 200f00");
    bx_open(&bx, "sinf");
    bx_box_hex(&bx, "frma", "00000000");
    bx_box_hex(&bx, "schm", "00000000 63656e63 00010000");
    bx_close(&bx);
    assert_int_equal(parse(&audio), LO_ERROR);

    assert_int_equal(parse_audio("\0\0\0\0", "dec3", "0600 200f00"), LO_NONE);
}


static void
test_edit_and_language(void **state)
{
    bx_head_t  h;

    h = video;
    h.media_time = 1024;
    h.lang = "eng";
    begin(&h);
    bx_visual(&bx, "avc1", 640, 480);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    bx_box_hex(&bx, "pasp", "00000004 00000003");
    bx_box_hex(&bx, "btrt", "00000000 002dc6c0 001e8480");
    assert_int_equal(parse(&h), LO_OK);
    assert_int_equal(init.edit, 1024);
    assert_string_equal(init.lang, "en");
    assert_int_equal(init.par_h, 4);
    assert_int_equal(init.par_v, 3);
    assert_int_equal(init.bitrate, 2000000);
    assert_int_equal(init.def_duration, 512);
    assert_int_equal(init.def_size, 100);
    assert_int_equal(init.def_flags, 0x10000);

    /* 500 ms of nothing first */

    h.empty = 500;
    h.elng = "pt-BR";
    begin(&h);
    bx_visual(&bx, "avc1", 640, 480);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    assert_int_equal(parse(&h), LO_OK);
    assert_int_equal(init.edit, 1024 - 15000);
    assert_string_equal(init.lang, "pt-BR");
}


static uint64_t
config_of(const bx_head_t *h, unsigned width, const char *avcc,
    const char *btrt)
{
    begin(h);
    bx_visual(&bx, "avc1", width, 360);
    bx_box_hex(&bx, "avcC", avcc);

    if (btrt) {
        bx_box_hex(&bx, "btrt", btrt);
    }

    assert_int_equal(parse(h), LO_OK);

    return init.config;
}


static void
test_config(void **state)
{
    uint64_t   same;
    bx_head_t  h;

    h = video;
    same = config_of(&h, 640, "0164001fffe100", NULL);

    /* when it was made and how many bits it takes does not matter */

    h.created = 3900000000u;
    assert_true(config_of(&h, 640, "0164001fffe100",
                          "00000000002dc6c0001e8480") == same);

    assert_true(config_of(&h, 642, "0164001fffe100", NULL) != same);
    assert_true(config_of(&h, 640, "0164001effe100", NULL) != same);

    h.timescale = 15360;
    assert_true(config_of(&h, 640, "0164001fffe100", NULL) != same);

    h = video;
    h.track_id = 2;
    assert_true(config_of(&h, 640, "0164001fffe100", NULL) != same);

    h = video;
    h.media_time = 1024;
    assert_true(config_of(&h, 640, "0164001fffe100", NULL) != same);

    assert_int_equal(parse_aac("1190", 128000), LO_OK);
    same = init.config;
    assert_int_equal(parse_aac("1190", 131072), LO_OK);
    assert_true(init.config == same);
    assert_int_equal(parse_aac("1210", 128000), LO_OK);
    assert_true(init.config != same);
}


static void
test_not_served(void **state)
{
    bx_head_t  h;

    assert_int_equal(parse_video("mp4v", "esds", "00000000"), LO_ERROR);
    assert_int_equal(parse_video("s263", "d263", "00"), LO_NONE);
    assert_non_null(strstr(err.text, "\"s263\""));

    h = video;
    h.tracks = 2;
    begin(&h);
    bx_visual(&bx, "avc1", 640, 360);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    assert_int_equal(parse(&h), LO_NONE);

    h = video;
    h.no_mvex = 1;
    begin(&h);
    bx_visual(&bx, "avc1", 640, 360);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    assert_int_equal(parse(&h), LO_NONE);

    h = video;
    h.timescale = 0;
    begin(&h);
    bx_visual(&bx, "avc1", 640, 360);
    bx_box_hex(&bx, "avcC", "0164001fffe100");
    assert_int_equal(parse(&h), LO_ERROR);
}


/* every prefix and every damaged byte: an answer, and no byte too far */

static void
test_damaged_header(void **state)
{
    int             v;
    size_t          i, len;
    unsigned char  *copy;

    assert_int_equal(parse_aac("119056e500", 128000), LO_OK);
    len = bx.len;

    for (i = 0; i < len; i++) {
        copy = malloc(i ? i : 1);
        memcpy(copy, bx.data, i);
        assert_int_not_equal(lo_cmaf_init(&init, copy, i, &err), LO_OK);
        free(copy);
    }

    for (i = 0; i < len; i++) {
        for (v = 0; v < 4; v++) {
            copy = malloc(len);
            memcpy(copy, bx.data, len);
            copy[i] = v == 0 ? 0 : v == 1 ? 0xff : v == 2 ? 0x7f
                      : copy[i] ^ 1;
            (void) lo_cmaf_init(&init, copy, len, &err);
            free(copy);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_video_codecs),
        cmocka_unit_test(test_av1_colours),
        cmocka_unit_test(test_frame_rate),
        cmocka_unit_test(test_audio_codecs),
        cmocka_unit_test(test_aac),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_edit_and_language),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_not_served),
        cmocka_unit_test(test_damaged_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
