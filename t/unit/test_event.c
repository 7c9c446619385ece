#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/event.h"


static lo_event_t      ev;
static lo_event_err_t  err;


static int
parse(const char *json)
{
    return lo_event_parse(&ev, json, strlen(json), &err);
}


static void
expect(lo_str_t got, const char *want)
{
    assert_true(lo_str_eq(got, lo_cstr(want)));
}


static void
test_least(void **state)
{
    assert_int_equal(parse("{\"id\":\"news\"}"), LO_OK);
    expect(ev.id, "news");
    expect(ev.title, "");
    assert_int_equal(ev.d.duration, 0);
    assert_int_equal(ev.delay_us, -1);
    assert_int_equal(ev.dvr_s, 3600);
    assert_int_equal(ev.playlist_s, 120);
    assert_int_equal(ev.zone_share, 0);
    assert_int_equal(ev.npipelines, 0);
    assert_int_equal(ev.ntracks, 0);
    assert_int_equal(ev.start_us, 0);
    lo_event_free(&ev);
    assert_null(ev.json);

    assert_int_equal(parse("{\"id\":\"news\",\"start\":null,"
                           "\"end\":null}"), LO_OK);
    assert_int_equal(ev.start_us, 0);
    assert_int_equal(ev.end_us, 0);
    lo_event_free(&ev);
}


static void
test_whole(void **state)
{
    assert_int_equal(parse(
        "{\"id\":\"cup\",\"title\":\"Final \\u00e4 \\\"1\\\"\","
        "\"start\":\"2026-11-22T21:00:00Z\",\"end\":1795388400.5,"
        "\"segment\":{\"duration\":60060,\"timescale\":30000},"
        "\"delay_ms\":1500,\"dvr_s\":7200,\"playlist_s\":60,"
        "\"zone_share\":\"512m\",\"pipelines\":[\"a\",\"b\"],"
        "\"naming\":{\"init\":\"$RepresentationID$/i.mp4\","
        "\"media\":\"$RepresentationID$/$Number$.m4s\"},"
        "\"x-own\":{\"kept\":[1,2,null]},"
        "\"session_data\":[{\"id\":\"com.example.a\",\"value\":\"\","
        "\"lang\":\"de\"},{\"id\":\"com.example.a\","
        "\"uri\":\"https://h/a\"}],"
        "\"tracks\":[{\"id\":\"v1\",\"type\":\"video\",\"codec\":\"h264\","
        "\"width\":1280,\"height\":720,\"fps\":29.97,\"bitrate\":3000000,"
        "\"ffmpeg\":[\"-preset\",\"veryfast\"],\"own\":1,\"score\":1.5,"
        "\"hdcp_level\":\"TYPE-0\"},"
        "{\"id\":\"a1\",\"codec\":\"mp4a.40.2\",\"sample_rate\":48000,"
        "\"channels\":2,\"lang\":\"de-AT\",\"label\":\"Ton\","
        "\"role\":\"main\"},{\"id\":\"t1\"}]}"), LO_OK);

    expect(ev.title, "Final \xc3\xa4 \"1\"");
    assert_int_equal(ev.start_us, 1795381200000000LL);
    assert_int_equal(ev.end_us, 1795388400500000LL);
    assert_int_equal(ev.d.duration, 1001);
    assert_int_equal(ev.d.timescale, 500);
    assert_int_equal(ev.delay_us, 1500000);
    assert_int_equal(ev.dvr_s, 7200);
    assert_int_equal(ev.playlist_s, 60);
    assert_int_equal(ev.zone_share, 512 << 20);
    assert_int_equal(ev.npipelines, 2);
    expect(ev.pipelines[1], "b");
    expect(ev.naming_init, "$RepresentationID$/i.mp4");
    expect(ev.naming_media, "$RepresentationID$/$Number$.m4s");

    assert_int_equal(ev.sessions.n, 2);
    expect(ev.sessions.data[0].id, "com.example.a");
    expect(ev.sessions.data[0].value, "");
    expect(ev.sessions.data[0].lang, "de");
    expect(ev.sessions.data[1].uri, "https://h/a");
    expect(ev.sessions.data[1].lang, "");

    assert_int_equal(ev.ntracks, 3);
    expect(ev.tracks[0].id, "v1");
    expect(ev.tracks[0].codec, "h264");
    assert_int_equal(ev.tracks[0].type, LO_MEDIA_VIDEO);
    assert_int_equal(ev.tracks[0].width, 1280);
    assert_int_equal(ev.tracks[0].height, 720);
    assert_int_equal(ev.tracks[0].fps_num, 30000);
    assert_int_equal(ev.tracks[0].fps_den, 1001);
    assert_int_equal(ev.tracks[0].bitrate, 3000000);
    assert_int_equal(ev.tracks[0].nffmpeg, 2);
    expect(ev.tracks[0].ffmpeg[1], "veryfast");
    assert_int_equal(ev.tracks[0].score, 1500);
    expect(ev.tracks[0].hdcp, "TYPE-0");
    assert_int_equal(ev.tracks[1].score, 0);
    expect(ev.tracks[1].hdcp, "");
    assert_int_equal(ev.tracks[1].type, LO_MEDIA_AUDIO);
    assert_int_equal(ev.tracks[1].sample_rate, 48000);
    assert_int_equal(ev.tracks[1].channels, 2);
    expect(ev.tracks[1].lang, "de-AT");
    expect(ev.tracks[1].label, "Ton");
    expect(ev.tracks[1].role, "main");
    assert_int_equal(ev.tracks[2].type, LO_MEDIA_NONE);
    lo_event_free(&ev);
}


static void
test_durations(void **state)
{
    assert_int_equal(parse("{\"id\":\"e\",\"segment_ms\":1920}"), LO_OK);
    assert_int_equal(lo_dur_us(&ev.d), 1920000);
    lo_event_free(&ev);

    assert_int_equal(parse("{\"id\":\"e\",\"segment_ms\":2002,"
                           "\"segment\":{\"duration\":60060,"
                           "\"timescale\":30000}}"), LO_OK);
    assert_int_equal(ev.d.duration, 1001);
    lo_event_free(&ev);

    assert_int_equal(parse("{\"id\":\"e\",\"dvr_s\":30}"), LO_OK);
    assert_int_equal(ev.playlist_s, 30);
    lo_event_free(&ev);

    assert_int_equal(parse("{\"id\":\"e\",\"zone_share\":1048576,"
                           "\"delay_ms\":0}"), LO_OK);
    assert_int_equal(ev.zone_share, 1048576);
    assert_int_equal(ev.delay_us, 0);
    lo_event_free(&ev);
}


static void
test_fps(void **state)
{
    static const struct {
        const char  *fps;
        uint32_t     num;
        uint32_t     den;
    } cases[] = {
        { "25", 25, 1 }, { "25.0", 25, 1 }, { "50", 50, 1 },
        { "29.97", 30000, 1001 }, { "23.976", 24000, 1001 },
        { "23.98", 24000, 1001 }, { "59.94", 60000, 1001 },
        { "119.88", 120000, 1001 }, { "12.5", 25, 2 },
        { "\"30000/1001\"", 30000, 1001 }, { "\"25\"", 25, 1 },
        { "\"50/2\"", 25, 1 }, { "1", 1, 1 }, { "1000", 1000, 1 },
        { "0.5", 1, 2 }, { "\"1/60\"", 1, 60 }, { "\"500/1001\"", 500, 1001 },
    };
    size_t  i;
    char    json[128];

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(json, sizeof(json),
                 "{\"id\":\"e\",\"tracks\":[{\"id\":\"v\",\"fps\":%s}]}",
                 cases[i].fps);

        assert_int_equal(parse(json), LO_OK);
        assert_int_equal(ev.tracks[0].fps_num, cases[i].num);
        assert_int_equal(ev.tracks[0].fps_den, cases[i].den);
        lo_event_free(&ev);
    }
}


static void
test_times(void **state)
{
    static const struct {
        const char  *time;
        int64_t      us;
    } cases[] = {
        { "\"1970-01-01T00:00:01Z\"", 1000000 },
        { "\"2000-02-29T23:59:59.250Z\"", 951868799250000LL },
        { "\"2026-11-22T21:00Z\"", 1795381200000000LL },
        { "\"2026-11-22T21:00:00+00:00\"", 1795381200000000LL },
        { "\"2026-11-22 21:00:00.123456789Z\"", 1795381200123456LL },
        { "1795381200", 1795381200000000LL },
        { "0.5", 500000 },
    };
    size_t  i;
    char    json[128];

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(json, sizeof(json), "{\"id\":\"e\",\"start\":%s}",
                 cases[i].time);

        if (parse(json) != LO_OK) {
            fail_msg("%s: %s", json, err.err.text);
        }

        assert_int_equal(ev.start_us, cases[i].us);
        lo_event_free(&ev);
    }
}


static void
test_refused(void **state)
{
    static const struct {
        const char  *members;          /* after "id": "e" */
        const char  *field;
    } cases[] = {
        { ",\"title\":1", "title" },
        { ",\"title\":null", "title" },
        { ",\"title\":\"a\\nb\"", "title" },
        { ",\"start\":true", "start" },
        { ",\"start\":-1", "start" },
        { ",\"start\":1e300", "start" },
        { ",\"start\":\"tomorrow\"", "start" },
        { ",\"start\":\"2026-11-22T21:00:00\"", "start" },
        { ",\"start\":\"2026-11-22T21:00:00+01:00\"", "start" },
        { ",\"start\":\"2026-02-29T21:00:00Z\"", "start" },
        { ",\"start\":\"2026-13-01T21:00:00Z\"", "start" },
        { ",\"start\":\"2026-11-22T24:00:00Z\"", "start" },
        { ",\"start\":\"2026-11-22T21:60:00Z\"", "start" },
        { ",\"start\":\"2026-11-22T21:00:00.Z\"", "start" },
        { ",\"start\":\"2026-11-22T21:00:00Zx\"", "start" },
        { ",\"start\":\"\"", "start" },
        { ",\"start\":10,\"end\":10", "end" },
        { ",\"end\":[]", "end" },
        { ",\"segment_ms\":\"2000\"", "segment_ms" },
        { ",\"segment_ms\":2000.5", "segment_ms" },
        { ",\"segment_ms\":99", "segment_ms" },
        { ",\"segment_ms\":60001", "segment_ms" },
        { ",\"segment\":2", "segment" },
        { ",\"segment\":{}", "segment.duration" },
        { ",\"segment\":{\"duration\":2}", "segment.timescale" },
        { ",\"segment\":{\"duration\":\"2\",\"timescale\":1}",
          "segment.duration" },
        { ",\"segment\":{\"duration\":0,\"timescale\":1}",
          "segment.duration" },
        { ",\"segment\":{\"duration\":2,\"timescale\":0}",
          "segment.timescale" },
        { ",\"segment\":{\"duration\":61,\"timescale\":1}", "segment" },
        { ",\"segment\":{\"duration\":1,\"timescale\":11}", "segment" },
        { ",\"segment_ms\":2000,\"segment\":{\"duration\":60060,"
          "\"timescale\":30000}", "segment_ms" },
        { ",\"delay_ms\":-1", "delay_ms" },
        { ",\"delay_ms\":\"1\"", "delay_ms" },
        { ",\"dvr_s\":0", "dvr_s" },
        { ",\"dvr_s\":1e9", "dvr_s" },
        { ",\"dvr_s\":99999999", "dvr_s" },
        { ",\"playlist_s\":0", "playlist_s" },
        { ",\"dvr_s\":60,\"playlist_s\":61", "playlist_s" },
        { ",\"zone_share\":-1", "zone_share" },
        { ",\"zone_share\":\"\"", "zone_share" },
        { ",\"zone_share\":\"m\"", "zone_share" },
        { ",\"zone_share\":\"5x\"", "zone_share" },
        { ",\"zone_share\":\"9999999999g\"", "zone_share" },
        { ",\"zone_share\":[1]", "zone_share" },
        { ",\"pipelines\":\"a\"", "pipelines" },
        { ",\"pipelines\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "pipelines" },
        { ",\"pipelines\":[\"a\",\"a\"]", "pipelines[1]" },
        { ",\"pipelines\":[\"a\",2]", "pipelines[1]" },
        { ",\"pipelines\":[\"~a\"]", "pipelines[0]" },
        { ",\"naming\":1", "naming" },
        { ",\"naming\":{\"init\":1}", "naming.init" },
        { ",\"naming\":{\"init\":\"x\"}", "naming.init" },
        { ",\"naming\":{\"media\":\"$RepresentationID$\"}", "naming.media" },
        { ",\"tracks\":{}", "tracks" },
        { ",\"tracks\":[1]", "tracks[0].id" },
        { ",\"tracks\":[{}]", "tracks[0].id" },
        { ",\"tracks\":[{\"id\":\"\"}]", "tracks[0].id" },
        { ",\"tracks\":[{\"id\":\"v\"},{\"id\":\"v\"}]", "tracks[1].id" },
        { ",\"tracks\":[{\"id\":\"v\",\"type\":\"Video\"}]",
          "tracks[0].type" },
        { ",\"tracks\":[{\"id\":\"v\",\"type\":1}]", "tracks[0].type" },
        { ",\"tracks\":[{\"id\":\"v\",\"codec\":\"a b\"}]",
          "tracks[0].codec" },
        { ",\"tracks\":[{\"id\":\"v\",\"codec\":\"0123456789012345678901234"
          "567890123456789012345678901234567890123456789\"}]",
          "tracks[0].codec" },
        { ",\"tracks\":[{\"id\":\"v\",\"width\":0}]", "tracks[0].width" },
        { ",\"tracks\":[{\"id\":\"v\",\"height\":16385}]",
          "tracks[0].height" },
        { ",\"tracks\":[{\"id\":\"v\",\"bitrate\":\"3M\"}]",
          "tracks[0].bitrate" },
        { ",\"tracks\":[{\"id\":\"v\",\"bitrate\":4294967296}]",
          "tracks[0].bitrate" },
        { ",\"tracks\":[{\"id\":\"v\",\"channels\":0}]",
          "tracks[0].channels" },
        { ",\"tracks\":[{\"id\":\"v\",\"lang\":\"d e\"}]",
          "tracks[0].lang" },
        { ",\"tracks\":[{\"id\":\"v\",\"label\":\"\\u0001\"}]",
          "tracks[0].label" },
        { ",\"tracks\":[{\"id\":\"v\"},{\"id\":\"w\"},"
          "{\"id\":\"x\",\"fps\":0}]", "tracks[2].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":1001}]", "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":-25}]", "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":\"1/61\"}]", "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":0.01}]", "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"score\":0}]", "tracks[0].score" },
        { ",\"tracks\":[{\"id\":\"v\",\"score\":\"1\"}]",
          "tracks[0].score" },
        { ",\"tracks\":[{\"id\":\"v\",\"hdcp_level\":\"TYPE-2\"}]",
          "tracks[0].hdcp_level" },
        { ",\"session_data\":{}", "session_data" },
        { ",\"session_data\":[1]", "session_data[0].id" },
        { ",\"session_data\":[{\"id\":\"\",\"value\":\"\"}]",
          "session_data[0].id" },
        { ",\"session_data\":[{\"id\":\"a b\",\"value\":\"\"}]",
          "session_data[0].id" },
        { ",\"session_data\":[{\"id\":\"a\"}]", "session_data[0].value" },
        { ",\"session_data\":[{\"id\":\"a\",\"value\":1}]",
          "session_data[0].value" },
        { ",\"session_data\":[{\"id\":\"a\",\"value\":\"\",\"uri\":\"/x\"}]",
          "session_data[0].value" },
        { ",\"session_data\":[{\"id\":\"a\",\"uri\":\"x\"}]",
          "session_data[0].uri" },
        { ",\"session_data\":[{\"id\":\"a\",\"uri\":\"/x\\\"\"}]",
          "session_data[0].uri" },
        { ",\"session_data\":[{\"id\":\"a\",\"value\":\"\"},{\"id\":\"a\","
          "\"value\":\"b\"}]", "session_data[1].id" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":\"30000/0\"}]",
          "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":\"30/x\"}]",
          "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":\"30/1/1\"}]",
          "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":\"\"}]", "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":\"99999999999999999999/1\"}]",
          "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"fps\":[25]}]", "tracks[0].fps" },
        { ",\"tracks\":[{\"id\":\"v\",\"ffmpeg\":\"-x\"}]",
          "tracks[0].ffmpeg" },
        { ",\"tracks\":[{\"id\":\"v\",\"ffmpeg\":[\"-x\",1]}]",
          "tracks[0].ffmpeg" },

        /* not JSON, or not acceptable as such */

        { ",\"id\":\"f\"", "" },
        { ",\"title\":\"\\u0000\"", "" },
        { ",\"title\":\"\xff\"", "" },
        { ",\"title\":\"\xed\xa0\x80\"", "" },
        { ",\"n\":123456789012345678901234567890", "" },
        { ",", "" },
        { "}", "" },
    };
    size_t  i;
    char    json[1024];

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(json, sizeof(json), "{\"id\":\"e\"%s}", cases[i].members);

        if (parse(json) != LO_ERROR) {
            fail_msg("%s was taken", json);
        }

        assert_string_equal(err.field, cases[i].field);
        assert_true(err.err.text[0] != '\0');
        assert_null(ev.json);
    }
}


static void
test_not_an_event(void **state)
{
    static const char *const  docs[] = {
        "", " ", "null", "[]", "\"e\"", "{}", "{\"id\":1}", "{\"id\":\"\"}",
        "{\"id\":\"~e\"}", "{\"id\":\"a/b\"}", "{\"id\":\"e\"", "{id:\"e\"}"
    };
    size_t  i;

    for (i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
        if (parse(docs[i]) != LO_ERROR) {
            fail_msg("%s was taken", docs[i]);
        }
    }
}


static void
test_bounds(void **state)
{
    char    *doc;
    size_t   len;

    /* as large as it may be, and one byte more */

    doc = malloc(LO_EVENT_DOC_MAX + 1);
    assert_non_null(doc);
    memset(doc, ' ', LO_EVENT_DOC_MAX + 1);
    memcpy(doc, "{\"id\":\"e\"}", 10);

    assert_int_equal(lo_event_parse(&ev, doc, LO_EVENT_DOC_MAX, &err), LO_OK);
    lo_event_free(&ev);
    assert_int_equal(lo_event_parse(&ev, doc, LO_EVENT_DOC_MAX + 1, &err),
                     LO_ERROR);

    /* deep: refused before jansson recurses */

    memset(doc, '[', LO_EVENT_DOC_MAX);
    assert_int_equal(lo_event_parse(&ev, doc, LO_EVENT_DOC_MAX, &err),
                     LO_ERROR);

    /* brackets in strings do not count */

    len = (size_t) sprintf(doc, "{\"id\":\"e\",\"title\":\"\\\"[[[[[[[[[[[[[[["
                           "[[[[[[[[[\"}");
    assert_int_equal(lo_event_parse(&ev, doc, len, &err), LO_OK);
    lo_event_free(&ev);

    /* a string that does not end, after a backslash as the last byte */

    assert_int_equal(parse("{\"id\":\"e\",\"t\":\"\\"), LO_ERROR);

    free(doc);
}


static void
test_tracks_bound(void **state)
{
    char    *doc;
    int      i, n;
    size_t   len;

    doc = malloc(8192);
    assert_non_null(doc);

    for (n = LO_MAX_TRACKS; n <= LO_MAX_TRACKS + 1; n++) {
        len = (size_t) sprintf(doc, "{\"id\":\"e\",\"tracks\":[");

        for (i = 0; i < n; i++) {
            len += (size_t) sprintf(doc + len, "%s{\"id\":\"t%d\"}",
                                    i ? "," : "", i);
        }

        len += (size_t) sprintf(doc + len, "]}");

        assert_int_equal(lo_event_parse(&ev, doc, len, &err),
                         n == LO_MAX_TRACKS ? LO_OK : LO_ERROR);

        if (n == LO_MAX_TRACKS) {
            assert_int_equal(ev.ntracks, LO_MAX_TRACKS);
            lo_event_free(&ev);
        }
    }

    assert_string_equal(err.field, "tracks");
    free(doc);
}


static void
test_limits(void **state)
{
    assert_int_equal(parse("{\"id\":\"e\",\"limits\":{}}"), LO_OK);
    assert_true(ev.limits.segment_size == 0);
    assert_int_equal(ev.limits.tracks, 0);
    assert_int_equal(ev.limits.publish_rate, 0);
    lo_event_free(&ev);

    assert_int_equal(parse("{\"id\":\"e\",\"limits\":{\"segment_size\":"
        "\"4m\",\"tracks\":8,\"publish_rate\":50,\"other\":1}}"), LO_OK);
    assert_true(ev.limits.segment_size == 4 * 1024 * 1024);
    assert_int_equal(ev.limits.tracks, 8);
    assert_int_equal(ev.limits.publish_rate, 50);
    lo_event_free(&ev);

    assert_int_equal(parse("{\"id\":\"e\",\"limits\":4}"), LO_ERROR);
    assert_string_equal(err.field, "limits");
    assert_int_equal(parse("{\"id\":\"e\",\"tracks\":[{\"id\":\"a\"},"
        "{\"id\":\"b\"}],\"limits\":{\"tracks\":1}}"), LO_ERROR);
    assert_string_equal(err.field, "limits.tracks");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_least),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_fps),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_an_event),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_tracks_bound),
    };

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
