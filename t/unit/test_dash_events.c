/* EventStream: the cues of an event */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mpd.h"

#define START  1700000000LL
#define SPLICE "/DAlAAAAAAAAAP/wFAUAAAABf+/+LRQrAP4BI9MIAAEBAQAAfxV6SQ=="

static lo_event_t  doc;


/* one track on UTC, d = 2 s, with these cues */

static void
cues(const char *json)
{
    char             text[4096];
    lo_event_err_t   err;

    lo_event_free(&doc);
    memset(&doc, 0, sizeof(lo_event_t));
    snprintf(text, sizeof(text), "{\"id\": \"ev\", \"cues\": [%s]}", json);

    if (lo_event_parse(&doc, text, strlen(text), &err) != LO_OK) {
        fail_msg("%s: %s", err.field, err.err.text);
    }

    mpd_event(1);
    track_video(&mpd_tracks[0], &mpd_info[0], "v", 1280, 720, 3000000);
    mpd.d.duration = 2;
    mpd.d.timescale = 1;
    mpd.doc = &doc;
}


static unsigned long
event_id(const char *at)
{
    const char  *id;

    id = strstr(at, " id=\"");
    assert_non_null(id);

    return strtoul(id + 5, NULL, 10);
}


static void
test_splices(void **state)
{
    const char     *in;
    unsigned long   id;

    cues("{\"id\": \"ad\", \"start\": 1700000010.5, \"duration_ms\": 30000,"
         " \"scte35\": {\"out\": \"" SPLICE "\", \"in\": \"" SPLICE "\"}}");
    mpd_render();

    mpd_expect("  <Period id=\"1\" start=\"PT0S\">\n"
               "    <EventStream schemeIdUri=\"urn:scte:scte35:2014:xml+bin\" "
               "timescale=\"1000000\">\n"
               "      <Event presentationTime=\"1700000010500000\" "
               "duration=\"30000000\" id=\"");
    mpd_expect("><Signal xmlns=\"http://www.scte.org/schemas/35/2016\"><Binary>"
               SPLICE "</Binary></Signal></Event>\n");
    mpd_expect("<Event presentationTime=\"1700000040500000\" duration=\"0\" ");
    mpd_expect("    </EventStream>\n    <AdaptationSet ");
    assert_int_equal(mpd_count("<EventStream"), 1);
    assert_int_equal(mpd_count("<Event "), 2);

    in = strstr(mpd_text, "<Event presentationTime=\"1700000040500000\"");
    id = event_id(strstr(mpd_text, "<Event "));
    assert_int_not_equal(id, event_id(in));

    /* the same event, and its id, in the next Period, where it goes on */

    mpd.nperiods = 2;
    mpd_periods[1] = mpd_periods[0];
    mpd_periods[1].id = 2;
    mpd_periods[1].first = (START + 20) / 2;
    mpd_render();
    in = strstr(mpd_text, "<Period id=\"2\"");
    assert_int_equal(mpd_count("<EventStream"), 2);
    assert_int_equal(mpd_count("<Event "), 3);
    assert_non_null(strstr(in, "<Event presentationTime=\"0\" "
                               "duration=\"20500000\""));
    assert_non_null(strstr(in, "<Event presentationTime=\"20500000\" "
                               "duration=\"0\""));
    assert_int_equal(event_id(strstr(in, "<Event ")), id);

    /* one that is over before a Period is none of it */

    mpd_periods[1].first = (START + 42) / 2;
    mpd_render();
    assert_int_equal(mpd_count("<EventStream"), 1);
    assert_int_equal(mpd_count("<Event "), 2);
}


/* an end that nobody knows yet */

static void
test_open(void **state)
{
    cues("{\"id\": \"a\", \"start\": 1700000010, \"scte35\": {\"out\": \""
         SPLICE "\", \"in\": \"" SPLICE "\"}}, "
         "{\"id\": \"b\", \"start\": 1700000020, \"scte35\": \"" SPLICE "\","
         " \"planned_duration_ms\": 5000}");
    mpd_render();
    mpd_expect("<Event presentationTime=\"1700000010000000\" id=\"");
    mpd_expect("<Event presentationTime=\"1700000020000000\" "
               "duration=\"5000000\"");
    assert_int_equal(mpd_count("<Event "), 2);
}


static void
test_classes(void **state)
{
    cues("{\"id\": \"a\", \"class\": \"com.example.ad\", \"start\": 1700000010,"
         " \"duration_ms\": 0, \"data\": {\"X-A\": \"<b\\\\\", \"X-N\": -1.5}},"
         "{\"id\": \"b\", \"class\": \"urn:example:x?a&b\","
         " \"start\": 1700000011, \"duration_ms\": 1},"
         "{\"id\": \"c\", \"class\": \"com.example.ad\","
         " \"start\": 1700000012, \"duration_ms\": 1},"
         "{\"id\": \"d\", \"start\": 1700000013, \"duration_ms\": 1},"
         "{\"id\": \"e\", \"start\": 1700000014, \"duration_ms\": 1,"
         " \"scte35\": \"" SPLICE "\", \"data\": {\"X-E\": 2}}");
    mpd_render();

    mpd_expect("    <EventStream schemeIdUri=\"urn:live-origin:cue:2026\" "
               "value=\"com.example.ad\" timescale=\"1000000\">\n"
               "      <Event presentationTime=\"1700000010000000\" "
               "duration=\"0\" id=\"");
    mpd_expect(">{\"id\": \"a\", \"X-A\": \"&lt;b\\\\\", "
               "\"X-N\": -1.500}</Event>\n"
               "      <Event presentationTime=\"1700000012000000\" ");
    mpd_expect("schemeIdUri=\"urn:example:x?a&amp;b\" timescale=");
    mpd_expect("schemeIdUri=\"urn:live-origin:cue:2026\" timescale=");
    mpd_expect("\"X-E\": 2.000}");
    assert_int_equal(mpd_count("<EventStream"), 4);
    assert_int_equal(mpd_count("<Event "), 6);
}


static void
test_none(void **state)
{
    cues("");
    mpd_render();
    mpd_expect_not("Event");
    mpd.doc = NULL;
    mpd_render();
    mpd_expect_not("Event");
}


static int
teardown(void **state)
{
    lo_event_free(&doc);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_splices),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
