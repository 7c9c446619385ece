#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

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


static void
test_document(void **state)
{
    assert_int_equal(parse(""), LO_OK);
    assert_int_equal(ev.health.stale_us, 0);
    lo_event_free(&ev);

    assert_int_equal(parse(",\"manifest\":{\"own\":1}"), LO_OK);
    assert_int_equal(ev.health.stale_us, 0);
    lo_event_free(&ev);

    assert_int_equal(parse(",\"manifest\":{\"stale_ms\":6000}"), LO_OK);
    assert_int_equal(ev.health.stale_us, 6000000);
    assert_false(ev.health.drop);
    lo_event_free(&ev);

    assert_int_equal(parse(",\"segment_ms\":2000,\"manifest\":"
                           "{\"stale_ms\":2001,\"stale\":\"404\"}"), LO_OK);
    assert_int_equal(ev.health.stale_us, 2001000);
    assert_false(ev.health.drop);
    lo_event_free(&ev);

    assert_int_equal(parse(",\"manifest\":{\"stale\":\"drop\","
                           "\"stale_ms\":500}"), LO_OK);
    assert_true(ev.health.drop);
    lo_event_free(&ev);
}


static void
test_refused(void **state)
{
    static const struct {
        const char  *members;
        const char  *field;
    } cases[] = {
        { ",\"manifest\":6000", "manifest" },
        { ",\"manifest\":{\"stale_ms\":\"6s\"}", "manifest.stale_ms" },
        { ",\"manifest\":{\"stale_ms\":499}", "manifest.stale_ms" },
        { ",\"manifest\":{\"stale_ms\":86400001}", "manifest.stale_ms" },
        { ",\"manifest\":{\"stale\":\"drop\"}", "manifest.stale_ms" },
        { ",\"manifest\":{\"stale_ms\":6000,\"stale\":404}",
          "manifest.stale" },
        { ",\"manifest\":{\"stale_ms\":6000,\"stale\":\"\"}",
          "manifest.stale" },
        { ",\"segment_ms\":6000,\"manifest\":{\"stale_ms\":6000}",
          "manifest.stale_ms" },
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
test_left_out(void **state)
{
    static const struct {
        uint64_t  video;
        uint64_t  audio;
        uint64_t  other;
        uint64_t  stale;
        uint64_t  left;       /* with "drop" */
    } cases[] = {
        /* nothing is stale */
        { 0x3, 0xc, 0x10, 0, 0 },
        /* one of two of a kind, one of each */
        { 0x3, 0xc, 0, 0x1, 0x1 },
        { 0x3, 0xc, 0, 0x6, 0x6 },
        /* text may go altogether */
        { 0x3, 0xc, 0x10, 0x10, 0x10 },
        { 0x3, 0xc, 0x10, 0x19, 0x19 },
        /* all video, all audio, all */
        { 0x3, 0xc, 0x10, 0x3, LO_HEALTH_NONE },
        { 0x3, 0xc, 0x10, 0xc, LO_HEALTH_NONE },
        { 0x3, 0xc, 0x10, 0x1f, LO_HEALTH_NONE },
        /* there is no video, no audio, neither */
        { 0, 0x3, 0x4, 0x1, 0x1 },
        { 0, 0x3, 0x4, 0x3, LO_HEALTH_NONE },
        { 0x3, 0, 0x4, 0x5, 0x5 },
        { 0x3, 0, 0, 0x3, LO_HEALTH_NONE },
        { 0, 0, 0x3, 0x1, 0x1 },
        { 0, 0, 0x3, 0x3, LO_HEALTH_NONE },
        /* 64 tracks */
        { UINT64_MAX >> 1, (uint64_t) 1 << 63, 0, UINT64_MAX >> 2,
          UINT64_MAX >> 2 },
        { UINT64_MAX, 0, 0, UINT64_MAX, LO_HEALTH_NONE },
    };
    size_t              i;
    uint64_t            want;
    lo_health_rule_t    off, gone, drop;
    lo_health_tracks_t  has;

    memset(&off, 0, sizeof(off));
    memset(&gone, 0, sizeof(gone));
    gone.stale_us = 1;
    drop = gone;
    drop.drop = 1;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        has.video = cases[i].video;
        has.audio = cases[i].audio;
        has.other = cases[i].other;

        assert_true(lo_health(&drop, &has, cases[i].stale) == cases[i].left);

        want = cases[i].left == LO_HEALTH_NONE ? LO_HEALTH_NONE : 0;

        assert_true(lo_health(&gone, &has, cases[i].stale) == want);
        assert_true(lo_health(&off, &has, cases[i].stale) == 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
