#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hls.h"


#define START  1795381200               /* 2026-11-22T21:00:00Z */


static char                    text[65536];
static lo_event_t              ev;
static lo_manifest_segment_t   seg[8];
static lo_manifest_list_t      list;


/* eight segments of 2 s from START on, with these cues */

static const char *
media(const char *cues, int ended)
{
    char            doc[8192];
    unsigned        i;
    lo_buf_t        b;
    lo_event_err_t  err;

    snprintf(doc, sizeof(doc), "{\"id\":\"e\",\"cues\":[%s]}", cues);

    if (lo_event_parse(&ev, doc, strlen(doc), &err) != LO_OK) {
        fail_msg("%s: %s", err.field, err.err.text);
    }

    memset(&list, 0, sizeof(lo_manifest_list_t));
    memset(seg, 0, sizeof(seg));
    list.d.duration = 2;
    list.d.timescale = 1;
    list.nsegments = 8;
    list.segments = seg;
    list.doc = &ev;
    list.ended = (uint32_t) ended;

    for (i = 0; i < 8; i++) {
        seg[i].number = START / 2 + i;
        seg[i].start_us = (START + 2LL * i) * LO_USEC;
        seg[i].end_us = (START + 2LL * i + 2) * LO_USEC;
        seg[i].init = 0x0badcafe12345678ULL;
        seg[i].run = 1;
    }

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_hls_media(&b, &list);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';
    lo_event_free(&ev);

    return text;
}


/* the lines of cues, which lie behind the header */

static void
expect(const char *cues, int ended, const char *lines)
{
    char        want[4096];
    const char  *got;

    got = strstr(media(cues, ended), "#EXT-X-MEDIA-SEQUENCE:");
    assert_non_null(got);
    got = strchr(got, '\n') + 1;

    snprintf(want, sizeof(want), "%s#EXT-X-MAP:", lines);

    if (strncmp(got, want, strlen(want)) != 0) {
        fail_msg("got %s", got);
    }
}


static void
test_attributes(void **state)
{
    expect("{\"id\":\"a\",\"start\":1795381202.5}", 0,
           "#EXT-X-DATERANGE:ID=\"a\","
           "START-DATE=\"2026-11-22T21:00:02.500Z\"\n");

    expect("{\"id\":\"a\",\"class\":\"com.example.ad\",\"start\":1795381200,"
           "\"duration_ms\":30040,\"planned_duration_ms\":30000,"
           "\"scte35\":{\"cmd\":\"/DAA\",\"out\":\"/DABAA==\","
           "\"in\":\"/DAB/w==\"},\"data\":{\"X-A\":\"b\\u00e4\","
           "\"X-N\":-1.05,\"X-I\":7,\"X-H\":0.5}}", 0,
           "#EXT-X-DATERANGE:ID=\"a\",CLASS=\"com.example.ad\","
           "START-DATE=\"2026-11-22T21:00:00.000Z\",DURATION=30.04,"
           "PLANNED-DURATION=30,SCTE35-CMD=0xFC3000,SCTE35-OUT=0xFC300100,"
           "SCTE35-IN=0xFC3001FF,X-A=\"b\xc3\xa4\",X-N=-1.05,X-I=7,X-H=0.5\n");

    expect("{\"id\":\"a\",\"start\":1795381200,\"end\":1795381201.25}", 0,
           "#EXT-X-DATERANGE:ID=\"a\","
           "START-DATE=\"2026-11-22T21:00:00.000Z\","
           "END-DATE=\"2026-11-22T21:00:01.250Z\"\n");

    expect("{\"id\":\"a\",\"start\":1795381200,\"duration_ms\":0}", 0,
           "#EXT-X-DATERANGE:ID=\"a\","
           "START-DATE=\"2026-11-22T21:00:00.000Z\",DURATION=0\n");
}


static void
test_listed(void **state)
{
    size_t  i;
    char    cue[256];

    static const struct {
        const char  *members;
        int          live;
        int          ended;
    } cases[] = {
        { "\"start\":1795381190,\"duration_ms\":10000", 0, 0 },
        { "\"start\":1795381190,\"duration_ms\":10001", 1, 1 },
        { "\"start\":1795381190,\"planned_duration_ms\":10000", 0, 0 },
        { "\"start\":1795381190", 1, 1 },
        { "\"start\":1795381215", 1, 1 },
        { "\"start\":1795381216", 1, 0 },
        { "\"start\":1795381275", 1, 0 },
        { "\"start\":1795381276", 0, 0 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(cue, sizeof(cue), "{\"id\":\"a\",%s}", cases[i].members);

        if ((strstr(media(cue, 0), "DATERANGE") != NULL) != cases[i].live
            || (strstr(media(cue, 1), "DATERANGE") != NULL) != cases[i].ended)
        {
            fail_msg("%s", cue);
        }
    }
}


/* by their start, and none where there is no media */

static void
test_order(void **state)
{
    lo_buf_t  b;

    expect("{\"id\":\"b\",\"start\":1795381204},"
           "{\"id\":\"a\",\"start\":1795381202}", 0,
           "#EXT-X-DATERANGE:ID=\"a\","
           "START-DATE=\"2026-11-22T21:00:02.000Z\"\n"
           "#EXT-X-DATERANGE:ID=\"b\","
           "START-DATE=\"2026-11-22T21:00:04.000Z\"\n");

    list.nsegments = 0;
    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_hls_media(&b, &list);
    *b.pos = '\0';
    assert_null(strstr(text, "DATERANGE"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_listed),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests_name("hls_cue", tests, NULL, NULL);
}
