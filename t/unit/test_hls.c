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
static lo_manifest_segment_t   seg[4096];
static lo_manifest_list_t      list;


static const char *
media(void)
{
    lo_buf_t  b;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_hls_media(&b, &list);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


static const char *
master(unsigned ntracks)
{
    lo_buf_t       b;
    lo_manifest_t  m;

    memset(&m, 0, sizeof(lo_manifest_t));
    memset(&period, 0, sizeof(lo_manifest_period_t));
    period.tracks = tracks;
    period.ntracks = ntracks;
    m.nperiods = ntracks ? 1 : 0;
    m.periods = &period;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_hls_master(&b, &m);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


/* n segments on UTC from a number on, contiguous, of these samples */

static void
segments(unsigned n, int64_t first, uint64_t duration, uint32_t ts)
{
    int64_t      m;
    unsigned     i;
    lo_anchor_t  a = { 0, 1, 0 };

    memset(&list, 0, sizeof(lo_manifest_list_t));
    memset(seg, 0, sizeof(seg));
    list.d.duration = 1001;
    list.d.timescale = 500;
    list.nsegments = n;
    list.segments = seg;

    for (i = 0; i < n; i++) {
        m = (first + i) * duration;
        seg[i].number = first + i;
        seg[i].start_us = lo_timeline_utc_us(&a, m, ts);
        seg[i].end_us = lo_timeline_utc_us(&a, m + duration, ts);
        seg[i].init = 0x0badcafe12345678ULL;
        seg[i].run = 1;
    }
}


static void
test_media(void **state)
{
    segments(3, 850000000, 60060, 30000);

    assert_string_equal(media(),
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:850000000\n"
        "#EXT-X-MAP:URI=\"init-0badcafe.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-12-04T14:26:40.000Z\n"
        "#EXTINF:2.002000,\n"
        "850000000.m4s\n"
        "#EXTINF:2.002000,\n"
        "850000001.m4s\n"
        "#EXTINF:2.002000,\n"
        "850000002.m4s\n");

    list.ended = 1;
    assert_non_null(strstr(media(), "850000002.m4s\n#EXT-X-ENDLIST\n"));

    list.type = LO_LIST_VOD;
    assert_non_null(strstr(media(), "#EXT-X-TARGETDURATION:2\n"
                                    "#EXT-X-PLAYLIST-TYPE:VOD\n"
                                    "#EXT-X-MEDIA-SEQUENCE:850000000\n"));
    list.type = LO_LIST_EVENT;
    assert_non_null(strstr(media(), "\n#EXT-X-PLAYLIST-TYPE:EVENT\n"));
    list.type = LO_LIST_LIVE;

    list.nsegments = 0;
    list.ended = 0;
    assert_string_equal(media(),
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n");
}


/* what the EXTINFs add up to is what the media last, to the microsecond */

static void
test_no_drift(void **state)
{
    double       sum;
    unsigned     n;
    const char  *p;

    segments(2000, 36000000, 88064, 44100);    /* 86 frames of AAC */
    media();

    sum = 0;
    n = 0;

    for (p = text; (p = strstr(p, "#EXTINF:")) != NULL; p += 8) {
        sum += atof(p + 8);
        n++;
    }

    assert_int_equal(n, 2000);
    assert_true(sum - 2000 * 88064.0 / 44100 < 0.000002);
    assert_true(sum - 2000 * 88064.0 / 44100 > -0.000002);

    /* and one date is enough for contiguous media */

    p = strstr(text, "#EXT-X-PROGRAM-DATE-TIME:");
    assert_non_null(p);
    assert_null(strstr(p + 1, "#EXT-X-PROGRAM-DATE-TIME:"));
}


static void
test_gap(void **state)
{
    segments(4, 850000000, 60060, 30000);
    seg[1].gap = 1;
    seg[2].end_us += 600000;                   /* 2.602 s: rounds to 3 */
    seg[2].start_us += 2000;

    assert_string_equal(media(),
        "#EXTM3U\n"
        "#EXT-X-VERSION:8\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:850000000\n"
        "#EXT-X-MAP:URI=\"init-0badcafe.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-12-04T14:26:40.000Z\n"
        "#EXTINF:2.002000,\n"
        "850000000.m4s\n"
        "#EXTINF:2.002000,\n"
        "#EXT-X-GAP\n"
        "850000001.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-12-04T14:26:44.006Z\n"
        "#EXTINF:2.000000,\n"
        "#EXT-X-GAP\n"
        "850000002.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-12-04T14:26:46.006Z\n"
        "#EXTINF:2.002000,\n"
        "850000003.m4s\n");
}


static void
test_discontinuity(void **state)
{
    segments(4, 850000000, 60060, 30000);
    seg[0].run = 3;
    seg[1].run = 3;
    seg[2].run = 5;                            /* run 4 left nothing here */
    seg[2].init = 0x1111111100000000ULL;
    seg[3] = seg[2];
    seg[3].number++;
    seg[3].start_us = seg[2].end_us;
    seg[3].end_us = seg[3].start_us + 2002000;

    assert_string_equal(media(),
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:850000000\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-MAP:URI=\"init-0badcafe.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-12-04T14:26:40.000Z\n"
        "#EXTINF:2.002000,\n"
        "850000000.m4s\n"
        "#EXTINF:2.002000,\n"
        "850000001.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-MAP:URI=\"init-11111111.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2023-12-04T14:26:44.004Z\n"
        "#EXTINF:2.002000,\n"
        "850000002.m4s\n"
        "#EXTINF:2.002000,\n"
        "850000003.m4s\n");

    /* a GAP of a run that nobody remembers */

    seg[0].gap = 1;
    seg[0].run = 0;
    assert_non_null(strstr(media(), "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"));

    /* the sequence does not depend on where the list begins */

    list.segments += 2;
    list.nsegments -= 2;
    assert_non_null(strstr(media(), "#EXT-X-DISCONTINUITY-SEQUENCE:4\n"));
    assert_null(strstr(text, "#EXT-X-DISCONTINUITY\n"));
}


static void
test_target(void **state)
{
    unsigned  i;

    static const struct {
        lo_dur_t  d;
        uint32_t  target;
    } cases[] = {
        { { 2, 1 }, 2 }, { { 1001, 500 }, 2 }, { { 48, 25 }, 2 },
        { { 96, 25 }, 4 }, { { 6, 1 }, 6 }, { { 1, 10 }, 1 }, { { 1, 2 }, 1 },
        { { 249, 100 }, 3 }, { { 5, 2 }, 3 }, { { 60, 1 }, 60 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(lo_hls_target(&cases[i].d), cases[i].target);
    }

    assert_int_equal(lo_hls_target_irregular(&cases[0].d), 10);
    assert_int_equal(lo_hls_target_irregular(&cases[4].d), 12);

    segments(1, 5, 60060, 30000);
    list.target_s = 9;
    assert_non_null(strstr(media(), "#EXT-X-TARGETDURATION:9\n"));
}


static void
test_master(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    tracks[0].average = 2500000;
    track_video(&tracks[1], &info[1], "v2", 640, 360, 800000);
    track_audio(&tracks[2], &info[2], "a1", "en", 128000);
    tracks[2].label = lo_cstr("English\x7f\"1\"\xc2\x85\xc3\xa9");
    track_audio(&tracks[3], &info[3], "a2", "de", 96000);
    track_text(&tracks[4], &info[4], "t1", "de");

    assert_string_equal(master(5),
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\","
        "NAME=\"English '1' \xc3\xa9\",LANGUAGE=\"en\",DEFAULT=YES,"
        "AUTOSELECT=YES,CHANNELS=\"2\",STABLE-RENDITION-ID=\"a1\","
        "URI=\"a1/media.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"de\","
        "LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\","
        "STABLE-RENDITION-ID=\"a2\",URI=\"a2/media.m3u8\"\n"
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\",NAME=\"de\","
        "LANGUAGE=\"de\",DEFAULT=NO,AUTOSELECT=YES,"
        "STABLE-RENDITION-ID=\"t1\",URI=\"t1/media.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=3128000,AVERAGE-BANDWIDTH=2628000,"
        "CODECS=\"avc1.64001f,mp4a.40.2,wvtt\",RESOLUTION=1280x720,"
        "FRAME-RATE=29.970,STABLE-VARIANT-ID=\"v1\",AUDIO=\"aac\","
        "SUBTITLES=\"text\"\n"
        "v1/media.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=928000,AVERAGE-BANDWIDTH=928000,"
        "CODECS=\"avc1.64001f,mp4a.40.2,wvtt\",RESOLUTION=640x360,"
        "FRAME-RATE=29.970,STABLE-VARIANT-ID=\"v2\",AUDIO=\"aac\","
        "SUBTITLES=\"text\"\n"
        "v2/media.m3u8\n");

    assert_string_equal(master(0),
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
}


/* every group offers every language */

static void
test_audio_groups(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    track_audio(&tracks[1], &info[1], "hi", "en", 192000);
    track_audio(&tracks[2], &info[2], "lo", "en", 64000);
    track_audio(&tracks[3], &info[3], "de", "de", 128000);
    track_audio(&tracks[4], &info[4], "op", "en", 96000);
    info[4].fourcc = lo_fourcc('O', 'p', 'u', 's');
    strcpy(info[4].codec, "opus");

    master(5);
    assert_non_null(strstr(text, "GROUP-ID=\"aac\",NAME=\"en\","
                           "LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,"
                           "CHANNELS=\"2\",STABLE-RENDITION-ID=\"hi\","
                           "URI=\"hi/media.m3u8\""));
    assert_non_null(strstr(text, "GROUP-ID=\"aac-2\",NAME=\"en\","
                           "LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,"
                           "CHANNELS=\"2\",STABLE-RENDITION-ID=\"lo\","
                           "URI=\"lo/media.m3u8\""));
    assert_non_null(strstr(text, "GROUP-ID=\"aac-2\",NAME=\"de\""));
    assert_non_null(strstr(text, "BANDWIDTH=3192000,"));
    assert_non_null(strstr(text, "BANDWIDTH=3128000,"));
    assert_non_null(strstr(text, "CODECS=\"avc1.64001f,opus\""));
}


static void
test_audio_only(void **state)
{
    track_audio(&tracks[0], &info[0], "a1", "", 128000);

    assert_string_equal(master(1),
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"a1\",DEFAULT=YES,"
        "AUTOSELECT=YES,CHANNELS=\"2\",STABLE-RENDITION-ID=\"a1\","
        "URI=\"a1/media.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=128000,"
        "CODECS=\"mp4a.40.2\",STABLE-VARIANT-ID=\"a1\",AUDIO=\"aac\"\n"
        "a1/media.m3u8\n");

    track_video(&tracks[0], &info[0], "v1", 640, 360, 800000);
    tracks[0].fps_den = 0;
    assert_string_equal(master(1),
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=800000,AVERAGE-BANDWIDTH=800000,"
        "CODECS=\"avc1.64001f\",RESOLUTION=640x360,"
        "STABLE-VARIANT-ID=\"v1\"\n"
        "v1/media.m3u8\n");
}


/* two tracks whose names would be the same */

static void
test_names(void **state)
{
    track_audio(&tracks[0], &info[0], "a1", "en", 128000);
    track_audio(&tracks[1], &info[1], "a2", "en", 128000);
    tracks[1].role = lo_cstr("description");

    master(2);
    assert_non_null(strstr(text, "NAME=\"a1\""));
    assert_non_null(strstr(text, "NAME=\"a2\""));
    assert_non_null(strstr(text, "public.accessibility.describes-video"));
}


/* ---- low latency */

static lo_manifest_low_t     low;
static lo_manifest_part_t    part[64];
static lo_manifest_segment_t  open_segment;
static lo_manifest_report_t  report[2];


/* 2 s from number 1000 on, parts of half a second for the last of them, and
   two of the next one */

static void
low_segments(unsigned n, unsigned of)
{
    unsigned  i, k;

    segments(n, 1000, 60000, 30000);
    list.d.duration = 2;
    list.d.timescale = 1;

    memset(&low, 0, sizeof(low));
    memset(part, 0, sizeof(part));
    memset(&open_segment, 0, sizeof(open_segment));

    for (i = n - of; i < n; i++) {
        seg[i].nparts = 4;
        seg[i].parts = &part[4 * (i - (n - of))];
    }

    for (k = 0; k < 4 * of + 2; k++) {
        part[k].start_us = seg[n - of].start_us + k * 500000;
        part[k].end_us = part[k].start_us + 500000;
        part[k].independent = k % 4 == 0;
    }

    open_segment.number = 1000 + n;
    open_segment.start_us = seg[n - 1].end_us;
    open_segment.end_us = open_segment.start_us + 1000000;
    open_segment.init = seg[0].init;
    open_segment.run = 1;
    open_segment.nparts = 2;
    open_segment.parts = &part[4 * of];

    report[0].track = lo_cstr("v2");
    report[0].msn = 1000 + n;
    report[0].part = 1;
    report[1].track = lo_cstr("s");
    report[1].msn = 999 + n;
    report[1].part = -1;

    low.target_us = 500000;
    low.longest_us = 512000;
    low.open = &open_segment;
    low.hint = 1000 + n;
    low.hint_part = 2;
    low.nreports = 2;
    low.reports = report;
    list.low = &low;
}


static void
test_low(void **state)
{
    low_segments(2, 1);

    assert_string_equal(media(),
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:1000\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
        "CAN-SKIP-UNTIL=12.000000,HOLD-BACK=6.000000,"
        "PART-HOLD-BACK=1.536000\n"
        "#EXT-X-PART-INF:PART-TARGET=0.500000\n"
        "#EXT-X-MAP:URI=\"init-0badcafe.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:33:20.000Z\n"
        "#EXTINF:2.000000,\n1000.m4s\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1001.0.m4s\","
        "INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1001.1.m4s\"\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1001.2.m4s\"\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1001.3.m4s\"\n"
        "#EXTINF:2.000000,\n1001.m4s\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1002.0.m4s\","
        "INDEPENDENT=YES\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1002.1.m4s\"\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1002.2.m4s\"\n"
        "#EXT-X-RENDITION-REPORT:URI=\"../v2/media.m3u8\","
        "LAST-MSN=1002,LAST-PART=1\n"
        "#EXT-X-RENDITION-REPORT:URI=\"../s/media.m3u8\","
        "LAST-MSN=1001\n");
}


/* parts of a GAP; a run that begins with the open segment; nothing open */

static void
test_low_edges(void **state)
{
    low_segments(2, 1);
    seg[1].gap = 1;
    part[2].gap = 1;
    low.longest_us = 200000;
    open_segment.run = 2;
    open_segment.start_us += 5000000;
    low.nreports = 0;

    media();
    assert_non_null(strstr(text, ",PART-HOLD-BACK=1.000000\n"));
    assert_non_null(strstr(text, "URI=\"1001.2.m4s\",GAP=YES\n"));
    assert_non_null(strstr(text, "#EXT-X-GAP\n1001.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:33:29.000Z\n"
        "#EXT-X-PART:DURATION=0.500000,URI=\"1002.0.m4s\""));

    low_segments(2, 1);
    low.open = NULL;
    low.hint_part = 0;
    media();
    assert_non_null(strstr(text, "\n1001.m4s\n"
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1002.0.m4s\"\n"));
}


static void
test_delta(void **state)
{
    /* the end is at 21 s, the boundary at 9 s: 4 end before it */

    low_segments(10, 4);
    low.skip = LO_SKIP_SEGMENTS;
    media();
    assert_non_null(strstr(text, "#EXT-X-MEDIA-SEQUENCE:1000\n"));
    assert_non_null(strstr(text, "PART-TARGET=0.500000\n"
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n"
        "#EXT-X-MAP:URI=\"init-0badcafe.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:33:28.000Z\n"
        "#EXTINF:2.000000,\n1004.m4s\n"));
    assert_null(strstr(text, "\n1003.m4s\n"));

    /* runs that began in what is left out are not said again */

    list.segments = seg;
    seg[2].run = seg[3].run = 2;
    seg[4].run = seg[5].run = seg[6].run = seg[7].run = 3;
    seg[8].run = seg[9].run = open_segment.run = 3;
    media();
    assert_non_null(strstr(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n"
                                 "#EXT-X-DISCONTINUITY\n#EXT-X-MAP"));
    assert_null(strstr(strstr(text, "#EXT-X-MAP"), "#EXT-X-DISCONTINUITY\n"));

    /* too short for one: the whole */

    low_segments(6, 1);
    low.skip = LO_SKIP_ALL;
    media();
    assert_null(strstr(text, "EXT-X-SKIP"));
    assert_non_null(strstr(text, "\n1000.m4s\n"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_media),
        cmocka_unit_test(test_no_drift),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_discontinuity),
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_master),
        cmocka_unit_test(test_audio_groups),
        cmocka_unit_test(test_audio_only),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_low),
        cmocka_unit_test(test_low_edges),
        cmocka_unit_test(test_delta),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
