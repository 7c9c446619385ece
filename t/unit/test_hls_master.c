/* what the multivariant playlist says of renditions and variants */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hls.h"
#include "core/box.h"
#include "lib/tracks.h"


static char                    text[65536];
static lo_cmaf_init_t          info[8];
static lo_manifest_track_t     tracks[8];
static lo_manifest_period_t    period;
static lo_manifest_t           m;
static lo_event_t              ev;


static void
begin(void)
{
    memset(&m, 0, sizeof(lo_manifest_t));
    (void) lo_dur_set(&m.d, 2, 1, NULL);
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    track_video(&tracks[1], &info[1], "v2", 640, 360, 800000);
}


static const char *
master(unsigned ntracks)
{
    lo_buf_t  b;

    memset(&period, 0, sizeof(lo_manifest_period_t));
    period.tracks = tracks;
    period.ntracks = ntracks;
    m.nperiods = 1;
    m.periods = &period;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_hls_master(&b, &m);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


/* the line that ends with this, or comes before this one */

static const char *
line(const char *end)
{
    size_t       n;
    const char  *p, *q;
    static char  out[1024];

    p = strstr(text, end);

    if (p == NULL) {
        fail_msg("no %s in %s", end, text);
    }

    for (q = p; q > text && q[-1] != '\n'; q--) { /* void */ }

    if (q == p) {
        for (q--; q > text && q[-1] != '\n'; q--) { /* void */ }
    }

    n = strcspn(q, "\n");
    memcpy(out, q, n);
    out[n] = '\0';

    return out;
}


static void
test_range(void **state)
{
    size_t  i;

    static const struct {
        unsigned     transfer;
        const char  *first;
        const char  *second;                /* which says nothing of itself */
    } cases[] = {
        { 0, NULL, NULL }, { 1, "SDR", NULL }, { 6, "SDR", NULL },
        { 14, "SDR", NULL }, { 16, "PQ", "SDR" }, { 18, "HLG", "SDR" },
        { 17, NULL, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char  want[32];

        begin();
        info[0].transfer = (unsigned char) cases[i].transfer;
        master(2);

        if (cases[i].first) {
            snprintf(want, sizeof(want), ",VIDEO-RANGE=%s,", cases[i].first);
            assert_non_null(strstr(line("v1/media.m3u8"), want));

        } else {
            assert_null(strstr(line("v1/media.m3u8"), "VIDEO-RANGE"));
        }

        if (cases[i].second) {
            assert_non_null(strstr(line("v2/media.m3u8"),
                                   ",VIDEO-RANGE=SDR,"));

        } else {
            assert_null(strstr(line("v2/media.m3u8"), "VIDEO-RANGE"));
        }
    }
}


static void
test_supplemental(void **state)
{
    size_t  i;

    static const struct {
        uint32_t     fourcc;
        unsigned     profile;
        unsigned     base;
        unsigned     transfer;
        const char  *says;
    } cases[] = {
        { lo_fourcc('h', 'v', 'c', '1'), 8, 1, 16, "dvh1.08.06/db1p" },
        { lo_fourcc('h', 'v', 'c', '1'), 8, 2, 1, "dvh1.08.06/db2g" },
        { lo_fourcc('h', 'v', 'c', '1'), 8, 4, 18, "dvh1.08.06/db4h" },
        { lo_fourcc('h', 'v', 'c', '1'), 8, 4, 14, NULL },
        { lo_fourcc('h', 'v', 'c', '1'), 5, 0, 0, NULL },
        { lo_fourcc('a', 'v', '0', '1'), 10, 1, 16, "dav1.10.06/db1p" },
        { lo_fourcc('a', 'v', '0', '1'), 8, 1, 16, NULL },
        { lo_fourcc('a', 'v', 'c', '1'), 8, 1, 16, NULL },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char  want[64];

        begin();
        info[0].fourcc = cases[i].fourcc;
        info[0].dv_profile = (unsigned char) cases[i].profile;
        info[0].dv_level = 6;
        info[0].dv_base = (unsigned char) cases[i].base;
        info[0].transfer = (unsigned char) cases[i].transfer;
        master(2);

        if (cases[i].says == NULL) {
            assert_null(strstr(text, "SUPPLEMENTAL-CODECS"));
            continue;
        }

        snprintf(want, sizeof(want), "\",SUPPLEMENTAL-CODECS=\"%s\",RESOL",
                 cases[i].says);
        assert_non_null(strstr(line("v1/media.m3u8"), want));
        assert_null(strstr(line("v2/media.m3u8"), "SUPPLEMENTAL"));
    }
}


/* all variants say their score, or none; HDCP-LEVEL each by itself */

static void
test_choice(void **state)
{
    begin();
    tracks[0].score = 2500;
    tracks[1].hdcp = lo_cstr("TYPE-0");
    master(2);
    assert_null(strstr(text, "SCORE"));
    assert_null(strstr(line("v1/media.m3u8"), "HDCP"));
    assert_non_null(strstr(line("v2/media.m3u8"),
                           "FRAME-RATE=29.970,HDCP-LEVEL=TYPE-0,STABLE"));

    tracks[1].score = 1000;
    master(2);
    assert_non_null(strstr(line("v1/media.m3u8"),
                           "AVERAGE-BANDWIDTH=3000000,SCORE=2.5,CODECS="));
    assert_non_null(strstr(line("v2/media.m3u8"), ",SCORE=1,CODECS="));

    /* audio alone has none */

    track_audio(&tracks[0], &info[0], "a1", "en", 128000);
    tracks[0].score = 1000;
    assert_null(strstr(master(1), "SCORE"));
}


static void
test_renditions(void **state)
{
    begin();
    track_audio(&tracks[1], &info[1], "a1", "en", 128000);
    track_audio(&tracks[2], &info[2], "a2", "en", 128000);
    tracks[2].role = lo_cstr("description");
    track_audio(&tracks[3], &info[3], "a3", "en", 128000);
    tracks[3].role = lo_cstr("commentary");
    track_audio(&tracks[4], &info[4], "a4", "en", 128000);
    info[4].fourcc = lo_fourcc('e', 'c', '-', '3');
    info[4].channels = 6;
    info[4].objects = 16;
    track_text(&tracks[5], &info[5], "t1", "en");
    tracks[5].role = lo_cstr("caption");
    track_text(&tracks[6], &info[6], "t2", "en");
    tracks[6].role = lo_cstr("forced-subtitle");
    track_text(&tracks[7], &info[7], "t3", "en");
    info[7].fourcc = lo_fourcc('s', 't', 'p', 'p');
    tracks[7].role = lo_cstr("forced-subtitle");
    master(8);

    assert_non_null(strstr(line("a1/media.m3u8"),
                           ",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\","
                           "STABLE-RENDITION-ID=\"a1\","));
    assert_non_null(strstr(line("a2/media.m3u8"),
                           ",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="
                           "\"public.accessibility.describes-video\","));

    /* a player that chooses by language could not tell it from the first */

    assert_non_null(strstr(line("a3/media.m3u8"),
                           ",DEFAULT=NO,AUTOSELECT=NO,CHANNELS="));
    assert_non_null(strstr(line("a4/media.m3u8"), "GROUP-ID=\"eac3\""));
    assert_non_null(strstr(line("a4/media.m3u8"), ",CHANNELS=\"16/JOC\","));

    assert_non_null(strstr(line("t1/media.m3u8"),
                           ",AUTOSELECT=YES,CHARACTERISTICS="
                           "\"public.accessibility.transcribes-spoken-dialog,"
                           "public.accessibility.describes-music-and-sound\","
                           "STABLE-RENDITION-ID=\"t1\","));
    assert_non_null(strstr(line("t2/media.m3u8"),
                           ",AUTOSELECT=YES,FORCED=YES,"));
    assert_non_null(strstr(line("t3/media.m3u8"),
                           ",AUTOSELECT=NO,FORCED=YES,"));

    /* one group: NAME is another for each */

    assert_non_null(strstr(line("t1/media.m3u8"), "NAME=\"t1\""));
    assert_non_null(strstr(line("t2/media.m3u8"), "NAME=\"t2\""));
    assert_non_null(strstr(line("t3/media.m3u8"), "NAME=\"t3\""));

    /* also where one is labelled with another's id */

    tracks[7].label = lo_cstr("t1");
    master(8);
    assert_non_null(strstr(line("t1/media.m3u8"), "NAME=\"t1\""));
    assert_non_null(strstr(line("t2/media.m3u8"), "NAME=\"t2\""));
    assert_non_null(strstr(line("t3/media.m3u8"), "NAME=\"t3\""));
}


static void
test_trick(void **state)
{
    begin();
    track_video(&tracks[1], &info[1], "k1", 320, 180, 60000);
    tracks[1].role = lo_cstr("trick");
    tracks[1].fps_num = 1;
    tracks[1].fps_den = 2;
    info[1].transfer = 1;
    master(2);

    assert_null(strstr(text, "\nk1/media.m3u8"));
    assert_string_equal(line("URI=\"k1"),
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=60000,AVERAGE-BANDWIDTH=60000,"
        "CODECS=\"avc1.64001f\",RESOLUTION=320x180,VIDEO-RANGE=SDR,"
        "STABLE-VARIANT-ID=\"k1\",URI=\"k1/media.m3u8\"");

    /* SCORE is of the variants: 0 would be no score */

    tracks[0].score = 2000;
    master(2);
    assert_non_null(strstr(line("v1/media.m3u8"), ",SCORE=2,"));
    assert_null(strstr(line("URI=\"k1"), "SCORE"));
    tracks[1].score = 1500;
    master(2);
    assert_non_null(strstr(line("URI=\"k1"), ",SCORE=1.5,"));

    /* segments of several frames, or of who knows how many, are none */

    tracks[1].fps_num = 1;
    tracks[1].fps_den = 1;
    assert_null(strstr(master(2), "k1"));
    tracks[1].fps_den = 0;
    assert_null(strstr(master(2), "k1"));

    tracks[1].fps_num = 1;
    tracks[1].fps_den = 3;
    m.irregular = 1;
    assert_null(strstr(master(2), "k1"));
    m.irregular = 0;
    assert_non_null(strstr(master(2), "k1"));
    (void) lo_dur_set(&m.d, 1001, 1000, NULL);
    tracks[1].fps_num = 1000;
    tracks[1].fps_den = 1001;
    assert_non_null(strstr(master(2), "k1"));
}


static void
session(const char *members)
{
    char            doc[1024];
    lo_event_err_t  err;

    begin();
    snprintf(doc, sizeof(doc), "{\"id\":\"e\"%s}", members);
    assert_int_equal(lo_event_parse(&ev, doc, strlen(doc), &err), LO_OK);
    m.doc = &ev;
    master(2);
    lo_event_free(&ev);
}


static void
test_session(void **state)
{
    session("");
    assert_null(strstr(text, "SESSION-DATA"));

    session(",\"title\":\"A \\\"b\\\"\",\"session_data\":["
            "{\"id\":\"com.example.a\",\"value\":\"x\",\"lang\":\"de\"},"
            "{\"id\":\"com.example.b\",\"uri\":\"/b.json\"}]");
    assert_non_null(strstr(text,
        "#EXT-X-SESSION-DATA:DATA-ID=\"com.apple.hls.title\","
        "VALUE=\"A 'b'\"\n"
        "#EXT-X-SESSION-DATA:DATA-ID=\"com.example.a\",VALUE=\"x\","
        "LANGUAGE=\"de\"\n"
        "#EXT-X-SESSION-DATA:DATA-ID=\"com.example.b\",URI=\"/b.json\"\n"));

    session(",\"title\":\"A\",\"session_data\":["
            "{\"id\":\"com.apple.hls.title\",\"value\":\"B\"}]");
    assert_null(strstr(text, "\"A\""));
    assert_non_null(strstr(text, "\"B\""));
}


static void
test_iframes_only(void **state)
{
    lo_buf_t               b;
    lo_manifest_list_t     list;
    lo_manifest_segment_t  seg;

    memset(&list, 0, sizeof(list));
    memset(&seg, 0, sizeof(seg));
    (void) lo_dur_set(&list.d, 2, 1, NULL);
    seg.number = 7;
    seg.end_us = 2000000;
    list.segments = &seg;
    list.nsegments = 1;
    list.iframes = 1;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_hls_media(&b, &list);
    *b.pos = '\0';
    assert_non_null(strstr(text, "#EXT-X-MEDIA-SEQUENCE:7\n"
                           "#EXT-X-I-FRAMES-ONLY\n"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_supplemental),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_renditions),
        cmocka_unit_test(test_trick),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_iframes_only),
    };

    return cmocka_run_group_tests_name("hls_master", tests, NULL, NULL);
}
