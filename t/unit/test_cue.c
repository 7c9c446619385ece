#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/event.h"


#define OUT  "/DAlAAAAAAAAAP/wFAUAAAABf+/+LRQrAP4BI9MIAAEBAQAAfxV6SQ=="
#define CMD  "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnM" \
             "Z1g="


static char            doc[LO_EVENT_DOC_MAX];
static lo_event_t      ev;
static lo_event_err_t  err;


static int
parse(const char *cues)
{
    snprintf(doc, sizeof(doc), "{\"id\":\"e\",\"cues\":%s}", cues);

    return lo_event_parse(&ev, doc, strlen(doc), &err);
}


static void
expect(lo_str_t got, const char *want)
{
    assert_true(lo_str_eq(got, lo_cstr(want)));
}


static void
test_whole(void **state)
{
    lo_cue_t       *c;
    unsigned char   section[LO_CUE_SCTE35_MAX];

    assert_int_equal(parse(
        "[{\"id\":\"late\",\"start\":1795381300,\"duration_ms\":0},"
        "{\"id\":\"ad-1\",\"class\":\"com.example.ad\","
        "\"start\":\"2026-11-22T21:00:00Z\",\"duration_ms\":30000,"
        "\"planned_duration_ms\":60000,"
        "\"scte35\":{\"out\":\"" OUT "\",\"in\":\"" OUT "\"},"
        "\"data\":{\"X-AD-ID\":\"a \\u00e4\",\"X-RESUME-OFFSET\":-1.2345,"
        "\"X-N\":7},\"own\":[1]},"
        "{\"id\":\"p\",\"start\":1795381200,"
        "\"end\":\"2026-11-22T21:00:01.5Z\",\"scte35\":\"" CMD "\"}]"), LO_OK);

    /* by start, then as given */

    assert_int_equal(ev.cues.n, 3);
    c = &ev.cues.cue[0];
    expect(c->id, "ad-1");
    expect(c->cls, "com.example.ad");
    assert_true(c->start_us == 1795381200000000LL);
    assert_true(c->end_us == c->start_us + 30000000);
    assert_true(c->duration_us == 30000000);
    assert_true(c->planned_us == 60000000);
    assert_int_equal(lo_cue_scte35(c, LO_CUE_CMD, section), 0);
    assert_int_equal(lo_cue_scte35(c, LO_CUE_OUT, section), 40);
    assert_int_equal(section[0], 0xfc);
    assert_int_equal(section[39], 0x49);
    assert_int_equal(lo_cue_scte35(c, LO_CUE_IN, section), 40);

    assert_int_equal(c->ndata, 3);
    expect(ev.cues.data[c->data].name, "X-AD-ID");
    expect(ev.cues.data[c->data].text, "a \xc3\xa4");
    assert_int_equal(ev.cues.data[c->data].number, 0);
    assert_int_equal(ev.cues.data[c->data + 1].number, 1);
    assert_true(ev.cues.data[c->data + 1].milli == -1235);
    assert_true(ev.cues.data[c->data + 2].milli == 7000);

    c = &ev.cues.cue[1];
    expect(c->id, "p");
    assert_true(c->duration_us == -1);
    assert_true(c->planned_us == -1);
    assert_true(c->end_us == c->start_us + 1500000);
    assert_int_equal(lo_cue_scte35(c, LO_CUE_CMD, section), 50);
    assert_int_equal(c->ndata, 0);

    expect(ev.cues.cue[2].id, "late");
    lo_event_free(&ev);

    assert_int_equal(parse("[]"), LO_OK);
    assert_int_equal(ev.cues.n, 0);
    lo_event_free(&ev);
}


static void
test_overlaps(void **state)
{
    size_t    i;
    lo_cue_t  c;

    static const struct {
        int64_t  start;
        int64_t  end;
        int64_t  planned;
        int      overlaps;               /* media of [100, 200) */
    } cases[] = {
        { 50, 99, -1, 0 }, { 50, 100, -1, 0 }, { 50, 101, -1, 1 },
        { 100, 100, -1, 1 }, { 150, 150, -1, 1 }, { 99, 99, -1, 0 },
        { 199, 300, -1, 1 }, { 200, 300, -1, 0 }, { 200, 200, -1, 0 },
        { 50, INT64_MAX, -1, 1 }, { 50, INT64_MAX, 50, 0 },
        { 50, INT64_MAX, 51, 1 }, { 50, 60, 100, 0 },
        { 250, INT64_MAX, -1, 0 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&c, 0, sizeof(lo_cue_t));
        c.start_us = cases[i].start;
        c.end_us = cases[i].end;
        c.planned_us = cases[i].planned;

        if (lo_cue_overlaps(&c, 100, 200) != cases[i].overlaps) {
            fail_msg("case %zu", i);
        }
    }
}


static void
test_refused(void **state)
{
    size_t  i;

    static const struct {
        const char  *cues;
        const char  *field;
    } cases[] = {
        { "{}", "cues" },
        { "null", "cues" },
        { "[1]", "cues[0].id" },
        { "[{\"start\":1}]", "cues[0].id" },
        { "[{\"id\":\"a b\",\"start\":1}]", "cues[0].id" },
        { "[{\"id\":\"a\"}]", "cues[0].start" },
        { "[{\"id\":\"a\",\"start\":\"now\"}]", "cues[0].start" },
        { "[{\"id\":\"a\",\"start\":1},{\"id\":\"a\",\"start\":2}]",
          "cues[1].id" },
        { "[{\"id\":\"a\",\"start\":2,\"end\":1}]", "cues[0].end" },
        { "[{\"id\":\"a\",\"start\":2,\"end\":3,\"duration_ms\":1000}]",
          "cues[0].end" },
        { "[{\"id\":\"a\",\"start\":2,\"duration_ms\":-1}]",
          "cues[0].duration_ms" },
        { "[{\"id\":\"a\",\"start\":2,\"duration_ms\":1.5}]",
          "cues[0].duration_ms" },
        { "[{\"id\":\"a\",\"start\":2,\"planned_duration_ms\":\"1\"}]",
          "cues[0].planned_duration_ms" },
        { "[{\"id\":\"a\",\"start\":2,\"class\":1}]", "cues[0].class" },
        { "[{\"id\":\"a\",\"start\":2,\"class\":\"\\\"\"}]",
          "cues[0].class" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":1}]", "cues[0].scte35" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":\"\"}]", "cues[0].scte35" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":\"!\"}]", "cues[0].scte35" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":\"/DAB\"}]",
          "cues[0].scte35" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":\"/DAAAA==\"}]",
          "cues[0].scte35" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":\"ADAA\"}]",
          "cues[0].scte35" },
        { "[{\"id\":\"a\",\"start\":2,\"scte35\":{\"out\":7}}]",
          "cues[0].scte35.out" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":[]}]", "cues[0].data" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"AD\":\"\"}}]",
          "cues[0].data" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"X-\":\"\"}}]",
          "cues[0].data" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"X-a\":\"\"}}]",
          "cues[0].data" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"X-A\":null}}]",
          "cues[0].data.X-A" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"X-A\":\"\\\"\"}}]",
          "cues[0].data.X-A" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"X-A\":\"\\n\"}}]",
          "cues[0].data.X-A" },
        { "[{\"id\":\"a\",\"start\":2,\"data\":{\"X-A\":1e13}}]",
          "cues[0].data.X-A" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (parse(cases[i].cues) != LO_ERROR) {
            fail_msg("%s was taken", cases[i].cues);
        }

        assert_string_equal(err.field, cases[i].field);
        assert_true(err.err.text[0] != '\0');
        assert_null(ev.json);
    }
}


/* as many as there may be, and one more */

static void
test_bounds(void **state)
{
    int          rc;
    char         cues[LO_EVENT_DOC_MAX / 2];
    size_t       len;
    unsigned     i, k, n, per;

    for (n = LO_CUE_MAX; n <= LO_CUE_MAX + 1; n++) {
        for (len = 0, i = 0; i < n; i++) {
            len += (size_t) sprintf(cues + len, "%c{\"id\":\"c%u\","
                                    "\"start\":%u}", i ? ',' : '[', i,
                                    1000 - i);
        }

        strcpy(cues + len, "]");
        assert_int_equal(parse(cues), n == LO_CUE_MAX ? LO_OK : LO_ERROR);

        if (n == LO_CUE_MAX) {
            assert_int_equal(ev.cues.n, LO_CUE_MAX);
            expect(ev.cues.cue[0].id, "c63");
            expect(ev.cues.cue[63].id, "c0");
            lo_event_free(&ev);
        }
    }

    assert_string_equal(err.field, "cues");

    for (per = 4; per <= 5; per++) {
        for (len = 0, i = 0; i < LO_CUE_MAX; i++) {
            len += (size_t) sprintf(cues + len, "%c{\"id\":\"c%u\","
                                    "\"start\":1,\"data\":{", i ? ',' : '[',
                                    i);

            for (k = 0; k < per; k++) {
                len += (size_t) sprintf(cues + len, "%s\"X-%u\":1",
                                        k ? "," : "", k);
            }

            len += (size_t) sprintf(cues + len, "}}");
        }

        strcpy(cues + len, "]");
        rc = parse(cues);
        assert_int_equal(rc, per == 4 ? LO_OK : LO_ERROR);

        if (rc == LO_OK) {
            assert_int_equal(ev.cues.ndata, LO_CUE_DATA_MAX);
            lo_event_free(&ev);
        }
    }

    assert_string_equal(err.field, "cues[51].data");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests_name("cue", tests, NULL, NULL);
}
