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
parse(const char *members)
{
    char  json[1024];

    snprintf(json, sizeof(json), "{\"id\":\"e\"%s}", members);

    return lo_event_parse(&ev, json, strlen(json), &err);
}


/* until: seconds; -1: never */

static void
expect(const char *country, int64_t now, lo_rights_e want, int64_t want_until)
{
    int64_t      until;
    lo_place_t   p;
    lo_rights_e  got;

    lo_place_unknown(&p);
    assert_int_equal(lo_place_country(&p, lo_cstr(country)), LO_OK);
    want_until = want_until < 0 ? INT64_MAX : want_until * LO_USEC;

    got = lo_rights(&ev, &p, now * LO_USEC, &until);

    if (got != want || until != want_until) {
        fail_msg("%s at %lld: %d until %lld", country, (long long) now, got,
                 (long long) until);
    }
}


static void
test_none(void **state)
{
    int64_t     until;
    lo_place_t  p;

    assert_int_equal(parse(""), LO_OK);
    expect("DE", 0, LO_RIGHTS_OPEN, -1);
    expect("ZZ", 0, LO_RIGHTS_OPEN, -1);
    assert_false(lo_rights_by_place(&ev));
    lo_event_free(&ev);

    lo_place_unknown(&p);
    assert_int_equal(lo_rights(NULL, &p, 0, &until), LO_RIGHTS_OPEN);
    assert_true(until == INT64_MAX);
    assert_false(lo_rights_by_place(NULL));
}


static void
test_countries(void **state)
{
    assert_int_equal(parse(",\"countries\":{\"allow\":[\"DE\",\"at\"]}"),
                     LO_OK);
    expect("DE", 1, LO_RIGHTS_OPEN, -1);
    expect("AT", 1, LO_RIGHTS_OPEN, -1);
    expect("US", 1, LO_RIGHTS_COUNTRY, -1);
    expect("ZZ", 1, LO_RIGHTS_COUNTRY, -1);
    assert_true(lo_rights_by_place(&ev));
    lo_event_free(&ev);

    assert_int_equal(parse(",\"countries\":{\"deny\":[\"US\"]}"), LO_OK);
    expect("DE", 1, LO_RIGHTS_OPEN, -1);
    expect("US", 1, LO_RIGHTS_COUNTRY, -1);
    expect("ZZ", 1, LO_RIGHTS_OPEN, -1);
    lo_event_free(&ev);

    assert_int_equal(parse(",\"countries\":{\"deny\":[\"ZZ\"]}"), LO_OK);
    expect("ZZ", 1, LO_RIGHTS_COUNTRY, -1);
    lo_event_free(&ev);
}


static void
test_blackouts(void **state)
{
    assert_int_equal(parse(",\"blackouts\":["
        "{\"start\":300,\"end\":400},"
        "{\"start\":100,\"end\":200,\"countries\":[\"DE\"]},"
        "{\"start\":150,\"end\":250,\"countries\":[\"DE\",\"AT\"]},"
        "{\"start\":500,\"end\":\"1970-01-01T00:10:00Z\","
        "\"except\":[\"DE\"]}]"), LO_OK);

    expect("DE", 99, LO_RIGHTS_OPEN, 100);
    expect("DE", 100, LO_RIGHTS_BLACKOUT, 200);
    expect("DE", 149, LO_RIGHTS_BLACKOUT, 200);
    expect("DE", 150, LO_RIGHTS_BLACKOUT, 250);
    expect("DE", 249, LO_RIGHTS_BLACKOUT, 250);
    expect("DE", 250, LO_RIGHTS_OPEN, 300);
    expect("DE", 350, LO_RIGHTS_BLACKOUT, 400);
    expect("DE", 400, LO_RIGHTS_OPEN, -1);
    expect("DE", 550, LO_RIGHTS_OPEN, -1);

    expect("AT", 100, LO_RIGHTS_OPEN, 150);
    expect("AT", 150, LO_RIGHTS_BLACKOUT, 250);

    expect("US", 0, LO_RIGHTS_OPEN, 300);
    expect("US", 399, LO_RIGHTS_BLACKOUT, 400);
    expect("ZZ", 400, LO_RIGHTS_OPEN, 500);
    expect("ZZ", 599, LO_RIGHTS_BLACKOUT, 600);
    expect("ZZ", 600, LO_RIGHTS_OPEN, -1);

    assert_true(lo_rights_by_place(&ev));
    lo_event_free(&ev);

    assert_int_equal(parse(",\"blackouts\":[{\"start\":1,\"end\":2}]"),
                     LO_OK);
    assert_false(lo_rights_by_place(&ev));
    lo_event_free(&ev);

    /* who may never see it is not told of blackouts */

    assert_int_equal(parse(",\"blackouts\":[{\"start\":1,\"end\":2}],"
                           "\"countries\":{\"allow\":[\"DE\"]}"), LO_OK);
    expect("US", 1, LO_RIGHTS_COUNTRY, -1);
    expect("DE", 1, LO_RIGHTS_BLACKOUT, 2);
    lo_event_free(&ev);
}


static int
track(unsigned i, const char *country)
{
    lo_place_t  p;

    lo_place_unknown(&p);
    assert_int_equal(lo_place_country(&p, lo_cstr(country)), LO_OK);

    return lo_rights_track(&ev.tracks[i], &p);
}


static void
test_tracks(void **state)
{
    assert_int_equal(parse(",\"tracks\":[{\"id\":\"v\"},"
        "{\"id\":\"a\",\"countries\":{\"allow\":[\"DE\"]}},"
        "{\"id\":\"b\",\"countries\":{\"deny\":[\"de\",\"us\"]}}]"), LO_OK);

    assert_true(track(0, "DE"));
    assert_true(track(0, "ZZ"));
    assert_true(track(1, "DE"));
    assert_false(track(1, "US"));
    assert_false(track(1, "ZZ"));
    assert_false(track(2, "DE"));
    assert_false(track(2, "US"));
    assert_true(track(2, "FR"));
    assert_true(track(2, "ZZ"));
    assert_true(lo_rights_by_place(&ev));
    lo_event_free(&ev);
}


static void
test_refused(void **state)
{
    static const struct {
        const char  *members;
        const char  *field;
    } cases[] = {
        { ",\"countries\":[\"DE\"]", "countries" },
        { ",\"countries\":{}", "countries" },
        { ",\"countries\":{\"permit\":[\"DE\"]}", "countries" },
        { ",\"countries\":{\"allow\":\"DE\"}", "countries.allow" },
        { ",\"countries\":{\"allow\":[]}", "countries.allow" },
        { ",\"countries\":{\"deny\":[]}", "countries.deny" },
        { ",\"countries\":{\"allow\":[\"DE\",1]}", "countries.allow[1]" },
        { ",\"countries\":{\"allow\":[\"DEU\"]}", "countries.allow[0]" },
        { ",\"countries\":{\"allow\":[\"\"]}", "countries.allow[0]" },
        { ",\"countries\":{\"deny\":[\"d1\"]}", "countries.deny[0]" },
        { ",\"countries\":{\"deny\":[\"FR\",\"uk\"]}", "countries.deny[1]" },
        { ",\"countries\":{\"allow\":[\"DE\"],\"deny\":[\"US\"]}",
          "countries.deny" },
        { ",\"blackouts\":{}", "blackouts" },
        { ",\"blackouts\":[1]", "blackouts[0].start" },
        { ",\"blackouts\":[{}]", "blackouts[0].start" },
        { ",\"blackouts\":[{\"start\":1}]", "blackouts[0].end" },
        { ",\"blackouts\":[{\"start\":1,\"end\":2},"
          "{\"start\":\"x\",\"end\":2}]", "blackouts[1].start" },
        { ",\"blackouts\":[{\"start\":1,\"end\":true}]",
          "blackouts[0].end" },
        { ",\"blackouts\":[{\"start\":2,\"end\":2}]", "blackouts[0].end" },
        { ",\"blackouts\":[{\"start\":1,\"end\":2,\"countries\":{}}]",
          "blackouts[0].countries" },
        { ",\"blackouts\":[{\"start\":1,\"end\":2,\"except\":[]}]",
          "blackouts[0].except" },
        { ",\"blackouts\":[{\"start\":1,\"end\":2,\"except\":[\"X\"]}]",
          "blackouts[0].except[0]" },
        { ",\"blackouts\":[{\"start\":1,\"end\":2,\"except\":[\"DE\"],"
          "\"countries\":[\"DE\"]}]", "blackouts[0].except" },
        { ",\"tracks\":[{\"id\":\"v\"},{\"id\":\"w\",\"countries\":1}]",
          "tracks[1].countries" },
        { ",\"tracks\":[{\"id\":\"v\",\"countries\":{}}]",
          "tracks[0].countries" },
        { ",\"tracks\":[{\"id\":\"v\",\"countries\":{\"deny\":[null]}}]",
          "tracks[0].countries.deny[0]" },
    };
    size_t  i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (parse(cases[i].members) != LO_ERROR) {
            fail_msg("%s was taken", cases[i].members);
        }

        assert_string_equal(err.field, cases[i].field);
        assert_true(err.err.text[0] != '\0');
    }
}


static void
test_bounds(void **state)
{
    char    *doc;
    int      i, n;
    size_t   len;

    doc = malloc(8192);
    assert_non_null(doc);

    for (n = LO_MAX_BLACKOUTS; n <= LO_MAX_BLACKOUTS + 1; n++) {
        len = (size_t) sprintf(doc, "{\"id\":\"e\",\"blackouts\":[");

        for (i = 0; i < n; i++) {
            len += (size_t) sprintf(doc + len, "%s{\"start\":%d,\"end\":%d}",
                                    i ? "," : "", i + 1, i + 2);
        }

        len += (size_t) sprintf(doc + len, "]}");

        assert_int_equal(lo_event_parse(&ev, doc, len, &err),
                         n == LO_MAX_BLACKOUTS ? LO_OK : LO_ERROR);

        if (n == LO_MAX_BLACKOUTS) {
            assert_int_equal(ev.nblackouts, LO_MAX_BLACKOUTS);
            lo_event_free(&ev);
        }
    }

    assert_string_equal(err.field, "blackouts");

    /* every country there is, one of them twice */

    len = (size_t) sprintf(doc, "{\"id\":\"e\",\"countries\":{\"deny\":[");

    for (i = 0; i < LO_WHERE_CODES; i++) {
        n = i == 20 * 26 + 10 ? 0 : i;
        len += (size_t) sprintf(doc + len, "%s\"%c%c\"", i ? "," : "",
                                'A' + n / 26, 'A' + n % 26);
    }

    len += (size_t) sprintf(doc + len, "]}}");

    assert_int_equal(lo_event_parse(&ev, doc, len, &err), LO_OK);
    assert_int_equal(ev.countries.where.ncountries, LO_WHERE_CODES - 1);
    expect("AA", 1, LO_RIGHTS_COUNTRY, -1);
    expect("ZZ", 1, LO_RIGHTS_COUNTRY, -1);
    expect("UK", 1, LO_RIGHTS_OPEN, -1);
    lo_event_free(&ev);

    free(doc);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_countries),
        cmocka_unit_test(test_blackouts),
        cmocka_unit_test(test_tracks),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
