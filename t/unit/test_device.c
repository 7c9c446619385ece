#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/box.h"
#include "core/device.h"


static lo_devices_t    devices;
static lo_event_err_t  err;


static int
parse(const char *json)
{
    return lo_devices_parse(&devices, json, strlen(json), &err);
}


static void
bad(const char *json, const char *field, const char *text)
{
    assert_int_equal(parse(json), LO_ERROR);
    assert_string_equal(err.field, field);

    if (strstr(err.err.text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.err.text, text);
    }
}


static const char  ladder[] =
    "{\"default\": \"browser\", \"devices\": ["
    " {\"id\": \"tv-4k\", \"title\": \"TVs\","
    "  \"video\": {\"codecs\": {\"hevc\": \"5.1\", \"h264\": \"5.1\"},"
    "              \"max_height\": 2160, \"max_fps\": 60,"
    "              \"ranges\": [\"sdr\", \"hlg\", \"pq\"]},"
    "  \"audio\": {\"codecs\": [\"eac3\", \"aac\"], \"max_channels\": 6},"
    "  \"text\": [\"stpp\"], \"protocol\": \"dash\", \"low_latency\": false,"
    "  \"drm\": {\"systems\": [\"widevine\"], \"schemes\": [\"cenc\"]},"
    "  \"order\": \"down\"},"
    " {\"id\": \"browser\", \"start_height\": 720,"
    "  \"video\": {\"codecs\": {\"h264\": \"4.2\", \"av1\": true},"
    "              \"max_height\": 1080, \"max_fps\": 60,"
    "              \"ranges\": [\"sdr\"]},"
    "  \"audio\": {\"codecs\": [\"aac\"], \"max_channels\": 2}},"
    " {\"id\": \"small\", \"order\": \"up\","
    "  \"video\": {\"codecs\": {\"h264\": \"3.1\"}, \"max_width\": 854,"
    "              \"max_height\": 480, \"max_fps\": 30,"
    "              \"max_bitrate\": 900000, \"ranges\": [\"sdr\"]},"
    "  \"audio\": {\"codecs\": [\"aac\"], \"max_channels\": 2,"
    "              \"max_bitrate\": 64000}}]}";


static void
test_parse(void **state)
{
    const lo_device_t  *d;

    (void) state;

    assert_int_equal(parse(ladder), LO_OK);
    assert_int_equal(devices.n, 3);
    assert_int_equal(devices.fallback, 1);

    d = lo_device_find(&devices, lo_cstr("tv-4k"));
    assert_non_null(d);
    assert_int_equal(d->limits.level[LO_FAMILY_HEVC], 51);
    assert_int_equal(d->limits.height, 2160);
    assert_int_equal(d->limits.fps, 60000);
    assert_int_equal(d->limits.systems, LO_DRM_WIDEVINE);
    assert_int_equal(d->limits.schemes, LO_SCHEME_CENC);
    assert_int_equal(d->limits.ranges,
                     LO_RANGE_SDR | LO_RANGE_HLG | LO_RANGE_PQ);
    assert_int_equal(d->order, LO_ORDER_DOWN);
    assert_true(d->dash && !d->low_latency);
    assert_true(d->limits.has_text);

    d = lo_device_find(&devices, lo_cstr("browser"));
    assert_int_equal(d->limits.level[LO_FAMILY_AV1], 0);
    assert_true(d->limits.families & lo_family_bit(LO_FAMILY_AV1));
    assert_true(d->low_latency && !d->dash);
    assert_true(!d->limits.has_text && !d->limits.has_systems);
    assert_int_equal(d->start_height, 720);

    assert_null(lo_device_find(&devices, lo_cstr("brows")));
    assert_null(lo_device_find(&devices, lo_cstr("")));
}


#define ONE(members)  "{\"devices\": [{\"id\": \"a\", " members "}]}"

static void
test_errors(void **state)
{
    (void) state;

    bad("{", "", "not JSON");
    bad("[]", "devices", "not a list");
    bad("{\"devices\": []}", "devices", "not a list of 1 to 32");
    bad("{\"devices\": [1]}", "devices[0].id", "not an object");
    bad("{\"devices\": [{\"id\": \"A\"}]}", "devices[0].id", "lower case");
    bad("{\"devices\": [{\"id\": \"-a\"}]}", "devices[0].id", "lower case");
    bad("{\"devices\": [{\"id\": \"a\"}, {\"id\": \"a\"}]}",
        "devices[1].id", "twice");
    bad("{\"default\": \"b\", \"devices\": [{\"id\": \"a\"}]}", "default",
        "none of the devices");
    bad(ONE("\"video\": 1"), "devices[0].video", "not an object");
    bad(ONE("\"video\": {\"codecs\": {\"h265\": true}}"),
        "devices[0].video.codecs", "h265");
    bad(ONE("\"video\": {\"codecs\": {\"aac\": true}}"),
        "devices[0].video.codecs", "aac");
    bad(ONE("\"video\": {\"codecs\": {\"h264\": \"42\"}}"),
        "devices[0].video.codecs", "like \"4.1\"");
    bad(ONE("\"video\": {\"codecs\": {\"h264\": 4}}"),
        "devices[0].video.codecs", "like \"4.1\"");
    bad(ONE("\"video\": {\"max_height\": 0}"), "devices[0].video.max_height",
        "allowed is 1");
    bad(ONE("\"video\": {\"ranges\": [\"hdr\"]}"), "devices[0].video.ranges",
        "hdr");
    bad(ONE("\"audio\": {\"codecs\": [\"h264\"]}"),
        "devices[0].audio.codecs", "h264");
    bad(ONE("\"text\": \"wvtt\""), "devices[0].text", "not a list");
    bad(ONE("\"drm\": {\"systems\": [\"marlin\"]}"),
        "devices[0].drm.systems", "marlin");
    bad(ONE("\"drm\": {\"schemes\": [\"cens\"]}"), "devices[0].drm.schemes",
        "cens");
    bad(ONE("\"protocol\": \"hds\""), "devices[0].protocol", "hls and dash");
    bad(ONE("\"low_latency\": 1"), "devices[0].low_latency", "true");
    bad(ONE("\"order\": \"best\""), "devices[0].order", "document, up");
}


static void
test_levels(void **state)
{
    unsigned  i;

    static const struct {
        uint32_t     fourcc;
        const char  *codec;
        lo_family_e  family;
        uint32_t     level;
    } codecs[] = {
        { lo_fourcc('a', 'v', 'c', '1'), "avc1.64002a", LO_FAMILY_H264, 42 },
        { lo_fourcc('a', 'v', 'c', '3'), "avc3.42c01e", LO_FAMILY_H264, 30 },
        { lo_fourcc('h', 'v', 'c', '1'), "hvc1.1.6.L93.B0", LO_FAMILY_HEVC,
          31 },
        { lo_fourcc('h', 'e', 'v', '1'), "hev1.2.4.H153.B0", LO_FAMILY_HEVC,
          51 },
        { lo_fourcc('h', 'v', 'c', '1'), "hvc1.A1.6.L120.B0", LO_FAMILY_HEVC,
          40 },
        { lo_fourcc('a', 'v', '0', '1'), "av01.0.08M.08", LO_FAMILY_AV1, 40 },
        { lo_fourcc('a', 'v', '0', '1'), "av01.0.13M.10", LO_FAMILY_AV1, 51 },
        { lo_fourcc('v', 'p', '0', '9'), "vp09.02.41.10", LO_FAMILY_VP9, 41 },
        { lo_fourcc('m', 'p', '4', 'a'), "mp4a.40.2", LO_FAMILY_AAC, 0 },
        { lo_fourcc('e', 'c', '-', '3'), "ec-3", LO_FAMILY_EAC3, 0 },
        { lo_fourcc('x', 'x', 'x', 'x'), "xxxx", LO_FAMILY_OTHER, 0 },
        { lo_fourcc('a', 'v', 'c', '1'), "avc1", LO_FAMILY_H264, 0 },
        { lo_fourcc('h', 'v', 'c', '1'), "hvc1.1.6", LO_FAMILY_HEVC, 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        assert_int_equal(lo_family(codecs[i].fourcc), codecs[i].family);
        assert_int_equal(lo_codec_level(codecs[i].family, codecs[i].codec),
                         codecs[i].level);
    }
}


/* what a player says of itself, in the same words */

static const char *
choose(const char *video)
{
    char                json[512];
    lo_devices_t        said;
    const lo_device_t  *d;

    snprintf(json, sizeof(json), ONE("%s"), video);
    assert_int_equal(lo_devices_parse(&said, json, strlen(json), &err),
                     LO_OK);

    d = lo_device_choose(&devices, &said.devices[0].limits);

    return d ? d->id : NULL;
}


static void
test_choice(void **state)
{
    (void) state;

    assert_int_equal(parse(ladder), LO_OK);

    /* says nothing: it can all */

    assert_string_equal(choose("\"title\": \"\""), "tv-4k");
    assert_string_equal(choose("\"video\": {\"codecs\": {\"hevc\": true, "
                               "\"h264\": true}}"), "tv-4k");
    assert_string_equal(choose("\"video\": {\"codecs\": {\"hevc\": \"5.0\", "
                               "\"h264\": true, \"av1\": true}}"), "browser");
    assert_string_equal(choose("\"video\": {\"codecs\": {\"av1\": true, "
                               "\"h264\": \"4.2\"}}"), "browser");
    assert_string_equal(choose("\"video\": {\"max_height\": 1080}"),
                        "browser");
    assert_string_equal(choose("\"video\": {\"max_height\": 1079}"), "small");
    assert_string_equal(choose("\"video\": {\"ranges\": [\"sdr\"]}"),
                        "browser");
    assert_string_equal(choose("\"drm\": {\"systems\": [\"fairplay\"]}"),
                        "browser");
    assert_string_equal(choose("\"drm\": {\"schemes\": [\"cbcs\"]}"),
                        "browser");
    assert_string_equal(choose("\"audio\": {\"max_channels\": 2}"),
                        "browser");

    assert_string_equal(choose("\"audio\": {\"max_bitrate\": 64000}"),
                        "small");

    /* what a class does not name, it allows */

    assert_string_equal(choose("\"text\": [\"stpp\"]"), "tv-4k");
    assert_string_equal(choose("\"text\": [\"stpp\", \"wvtt\"]"), "tv-4k");
    assert_string_equal(choose("\"text\": [\"wvtt\"]"), "small");

    /* nothing is small enough: the last */

    assert_string_equal(choose("\"audio\": {\"max_bitrate\": 32000}"),
                        "small");

    assert_string_equal(choose("\"video\": {\"max_height\": 100}"), "small");
}


static void
test_narrow(void **state)
{
    lo_event_t          ev;
    lo_limits_t         l;
    const lo_device_t  *tv;

    static const char  doc[] =
        "{\"id\": \"ev\", \"devices\": {"
        " \"tv-4k\": {\"video\": {\"max_height\": 1080, \"ranges\": "
        "             [\"sdr\"]}, \"drm\": {\"systems\": [\"playready\"]}},"
        " \"small\": false,"
        " \"*\": {\"video\": {\"codecs\": {\"h264\": \"3.2\"}},"
        "         \"text\": [\"wvtt\"]}}}";

    (void) state;

    assert_int_equal(parse(ladder), LO_OK);
    assert_int_equal(lo_event_parse(&ev, doc, sizeof(doc) - 1, &err), LO_OK);
    assert_int_equal(ev.nnarrow, 3);

    tv = lo_device_find(&devices, lo_cstr("tv-4k"));

    assert_int_equal(lo_device_narrow(&l, &ev, tv), LO_OK);
    assert_int_equal(l.height, 1080);
    assert_int_equal(l.fps, 60000);
    assert_int_equal(l.ranges, LO_RANGE_SDR);
    assert_true(l.has_systems && l.systems == 0);
    assert_int_equal(l.level[LO_FAMILY_HEVC], 51);

    assert_int_equal(lo_device_narrow(&l, &ev,
                         lo_device_find(&devices, lo_cstr("small"))),
                     LO_NONE);

    /* the others, and no class at all */

    assert_int_equal(lo_device_narrow(&l, &ev,
                         lo_device_find(&devices, lo_cstr("browser"))),
                     LO_OK);
    assert_int_equal(l.level[LO_FAMILY_H264], 32);
    assert_false(l.families & lo_family_bit(LO_FAMILY_AV1));
    assert_true(l.families & lo_family_bit(LO_FAMILY_AAC));
    assert_true(l.has_text && (l.families & lo_family_bit(LO_FAMILY_WVTT)));

    assert_int_equal(lo_device_narrow(&l, &ev, NULL), LO_OK);
    assert_int_equal(l.height, 0);
    assert_int_equal(l.level[LO_FAMILY_H264], 32);

    assert_int_equal(lo_device_narrow(&l, NULL, tv), LO_OK);
    assert_int_equal(l.height, 2160);

    lo_event_free(&ev);
}


static void
test_narrow_errors(void **state)
{
    unsigned    i;
    lo_event_t  ev;

    static const struct {
        const char  *devices;
        const char  *field;
    } docs[] = {
        { "1", "devices" },
        { "{\"TV\": {}}", "devices" },
        { "{\"tv\": true}", "devices" },
        { "{\"tv\": {\"video\": []}}", "devices.tv.video" },
        { "{\"tv\": {\"video\": {\"max_fps\": -1}}}",
          "devices.tv.video.max_fps" },
        { "{\"averyveryverylongname\": {\"drm\": {\"schemes\": [1]}}}",
          "devices.averyveryver.drm.schemes" }
    };

    (void) state;

    for (i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
        char  json[256];

        snprintf(json, sizeof(json), "{\"id\": \"ev\", \"devices\": %s}",
                 docs[i].devices);
        assert_int_equal(lo_event_parse(&ev, json, strlen(json), &err),
                         LO_ERROR);
        assert_string_equal(err.field, docs[i].field);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_narrow_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
