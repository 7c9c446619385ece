/* from one version of an MPD to a later one */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mpd.h"

#define SEL  "/MPD/Period[@id='1']/AdaptationSet[@id='1']"                    \
             "/Representation[@id='v']/SegmentTemplate"
#define LIST SEL "/SegmentTimeline"

static lo_manifest_segment_t  list[16];
static char                   was[8192];
static char                   patch[8192];


/* segments from `first` on with these durations, 1000 is a second */

static void
version(unsigned first, const char *durations)
{
    char      *p;
    int64_t    at;
    unsigned   n;

    mpd_event(1);
    track_video(&mpd_tracks[0], &mpd_info[0], "v", 1280, 720, 3000000);
    mpd_info[0].timescale = 1000;
    mpd.irregular = 1;
    mpd_periods[0].start_us = 0;
    memset(list, 0, sizeof(list));

    for (at = 0, n = 0; *durations; n++) {
        list[n].number = n;
        list[n].m = at;
        list[n].duration = strtoull(durations, &p, 10);
        at += list[n].duration;
        list[n].end_us = 1800000000LL * LO_USEC + at * 1000;
        durations = *p == ' ' ? p + 1 : p;
    }

    mpd_tracks[0].segments = list + first;
    mpd_tracks[0].nsegments = n - first;
}


static int
patch_of(const char *old)
{
    int        rc;
    FILE      *f;
    char       cmd[512];
    lo_buf_t   b;

    lo_buf_init(&b, patch, sizeof(patch) - 1);
    rc = lo_dash_patch(&b, lo_cstr(old), lo_cstr(mpd_render()));
    *b.pos = '\0';

    if (rc == LO_OK) {
        assert_true(lo_buf_ok(&b));

        if (getenv("LO_DASH_SCHEMA")) {
            snprintf(cmd, sizeof(cmd), "xmllint --nonet --noout --schema "
                     "'%s/DASH-MPD-PATCH.xsd' - 2>/dev/null",
                     getenv("LO_DASH_SCHEMA"));
            f = popen(cmd, "w");
            assert_non_null(f);
            fputs(patch, f);
            assert_int_equal(pclose(f), 0);
        }
    }

    return rc;
}


static void
remember(void)
{
    strcpy(was, mpd_render());
}


/* the operations behind those that every patch begins with */

static void
expect(const char *ops)
{
    const char  *p;

    assert_int_equal(patch_of(was), LO_OK);
    p = strstr(patch, "</PatchLocation></replace>\n");
    assert_non_null(p);
    p += strlen("</PatchLocation></replace>\n");

    if (strncmp(p, ops, strlen(ops)) != 0
        || strcmp(p + strlen(ops), "</Patch>\n") != 0)
    {
        fprintf(stderr, "want:\n%s\nhave:\n%s\n", ops, p);
        fail();
    }
}


static void
test_key(void **state)
{
    uint64_t  a, b;

    version(0, "2000 2000");
    mpd_render();
    mpd_expect(" id=\"ev\" profiles=");
    assert_int_equal(lo_dash_patch_key(mpd_text, strlen(mpd_text), &a), LO_OK);
    mpd_render();
    assert_int_equal(lo_dash_patch_key(mpd_text, strlen(mpd_text), &b), LO_OK);
    assert_true(a == b && a != 0);

    version(0, "2000 2000 2000");
    mpd_render();
    assert_int_equal(lo_dash_patch_key(mpd_text, strlen(mpd_text), &b), LO_OK);
    assert_true(a != b);

    /* none of a regular event, nor of one that ended or is elsewhere */

    mpd.class = lo_cstr("~x/");
    mpd_render();
    assert_int_equal(lo_dash_patch_key(mpd_text, strlen(mpd_text), &b),
                     LO_NONE);
    mpd.class.len = 0;
    mpd.irregular = 0;
    mpd_render();
    assert_int_equal(lo_dash_patch_key(mpd_text, strlen(mpd_text), &b),
                     LO_NONE);
    mpd.irregular = 1;
    mpd.ended = 1;
    mpd.end_us = 4000000;
    mpd_render();
    assert_int_equal(lo_dash_patch_key(mpd_text, strlen(mpd_text), &b),
                     LO_NONE);
}


static void
test_segments(void **state)
{
    version(0, "2000 2000 3000");
    remember();

    /* one more, of another duration; of the same; one gone of two */

    version(0, "2000 2000 3000 1000");
    expect("  <add sel=\"" LIST "\"><S d=\"1000\"/></add>\n");
    version(0, "2000 2000 3000 3000");
    expect("  <replace sel=\"" LIST "/S[2]\"><S d=\"3000\" r=\"1\"/>"
           "</replace>\n");
    version(1, "2000 2000 3000");
    expect("  <replace sel=\"" SEL "/@startNumber\">1</replace>\n"
           "  <replace sel=\"" LIST "/S[1]\"><S t=\"2000\" d=\"2000\"/>"
           "</replace>\n");

    /* all of the first duration gone, more of the last, one behind */

    version(2, "2000 2000 3000 3000 2000");
    expect("  <replace sel=\"" SEL "/@startNumber\">2</replace>\n"
           "  <remove sel=\"" LIST "/S[1]\"/>\n"
           "  <replace sel=\"" LIST "/S[1]\"><S t=\"4000\" d=\"3000\" r=\"1\"/>"
           "</replace>\n"
           "  <add sel=\"" LIST "\"><S d=\"2000\"/></add>\n");

    /* nothing of it is left */

    version(3, "2000 2000 3000 3000");
    expect("  <replace sel=\"" SEL "/@startNumber\">3</replace>\n"
           "  <remove sel=\"" LIST "/S[1]\"/>\n"
           "  <remove sel=\"" LIST "/S[1]\"/>\n"
           "  <add sel=\"" LIST "\"><S t=\"7000\" d=\"3000\"/></add>\n");

    /* what came later than those behind it: all of it is other */

    version(0, "2000 1000 3000 1000");
    expect("  <remove sel=\"" LIST "/S[1]\"/>\n"
           "  <remove sel=\"" LIST "/S[1]\"/>\n"
           "  <add sel=\"" LIST "\"><S t=\"0\" d=\"2000\"/><S d=\"1000\"/>"
           "<S d=\"3000\"/><S d=\"1000\"/></add>\n");

    version(0, "2000 2000 3000 1000");
    remember();
    version(0, "2000 2000 3000");
    assert_int_equal(patch_of(was), LO_OK);
    assert_non_null(strstr(patch, "<add sel=\"" LIST "\">"));
}


static void
test_period(void **state)
{
    version(0, "2000 2000 3000");
    remember();

    mpd.nperiods = 2;
    mpd_periods[1] = mpd_periods[0];
    mpd_periods[1].id = 2;
    mpd_periods[1].start_us = 100 * LO_USEC;
    assert_int_equal(patch_of(was), LO_OK);
    assert_non_null(strstr(patch, "  <add sel=\"/MPD/Period[@id='1']\" "
                                  "pos=\"after\">\n"
                                  "  <Period id=\"2\" start=\"PT100S\">\n"));
    assert_null(strstr(patch, "/S["));

    remember();
    mpd.nperiods = 1;
    mpd_periods[0] = mpd_periods[1];
    assert_int_equal(patch_of(was), LO_OK);
    assert_non_null(strstr(patch, "  <remove sel=\"/MPD/Period[@id='1']\"/>"
                                  "\n</Patch>\n"));

    /* nothing stays */

    remember();
    mpd_periods[0].id = 3;
    assert_int_equal(patch_of(was), LO_NONE);
}


/* players take only so much from a patch */

static void
test_reload(void **state)
{
    size_t  len;

    version(0, "2000 2000 3000");
    remember();
    mpd.depth_us += LO_USEC;
    assert_int_equal(patch_of(was), LO_NONE);
    version(0, "2000 2000 3000");
    mpd_tracks[0].label = lo_cstr("x");
    assert_int_equal(patch_of(was), LO_NONE);
    version(0, "2000 2000 3000");
    mpd_tracks[0].digest += 1ULL << 32;
    assert_int_equal(patch_of(was), LO_NONE);
    version(0, "2000 2000 3000");
    mpd.utc_timing = lo_cstr("clock");
    assert_int_equal(patch_of(was), LO_NONE);
    version(0, "2000 2000 3000");
    mpd.ended = 1;
    mpd.end_us = 7000000;
    assert_int_equal(patch_of(was), LO_NONE);

    /* what was cut off anywhere */

    version(0, "2000 2000 3000");

    for (len = strlen(was) - 1; len > 0; len--) {
        was[len] = '\0';
        assert_int_equal(patch_of(was), LO_NONE);

        if (len > 300) {
            len -= 50;
        }
    }
}


static void
test_none(void **state)
{
    lo_buf_t  b;

    version(0, "2000 2000 3000");
    lo_buf_init(&b, patch, sizeof(patch) - 1);
    lo_dash_patch_none(&b, lo_cstr(mpd_render()), 1);
    *b.pos = '\0';
    assert_string_equal(patch,
"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
"<Patch xmlns=\"urn:mpeg:dash:schema:mpd-patch:2020\" mpdId=\"ev\" "
"originalPublishTime=\"2027-01-15T08:00:07.000007Z\" "
"publishTime=\"2027-01-15T08:00:07.000007Z\">\n"
"  <replace sel=\"/MPD/@publishTime\">2027-01-15T08:00:07.000007Z</replace>"
"\n"
"</Patch>\n");

    lo_buf_init(&b, patch, sizeof(patch) - 1);
    lo_dash_patch_none(&b, lo_cstr(mpd_render()), 0);
    *b.pos = '\0';
    assert_non_null(strstr(patch, "originalPublishTime=\"1970-"));
}


/* it grows with every segment and with every other change */

static char  published[64];


static void
later(int64_t publish_us)
{
    char  now[64];

    mpd.publish_us = publish_us;
    mpd_render();
    snprintf(now, sizeof(now), "%.40s", strstr(mpd_text, "publishTime=\""));

    if (strcmp(published, now) >= 0) {
        fail_msg("%s after %s", now, published);
    }

    memcpy(published, now, sizeof(now));
}


static void
test_publish(void **state)
{
    int64_t  at;

    at = 1800000020LL * LO_USEC;
    published[0] = '\0';

    version(0, "2000 2000 3000");
    later(1700000000LL * LO_USEC);
    later(at);

    version(0, "2000 2000 3000 40");
    later(at);
    mpd_expect("publishTime=\"2027-01-15T08:00:20.978859Z");
}


/* a publisher may be ahead of the clock, or far behind it */

static void
test_publish_apart(void **state)
{
    int64_t  at;

    for (at = 1799990000LL * LO_USEC; at < 1800020000LL * LO_USEC;
         at += 9000LL * LO_USEC)
    {
        published[0] = '\0';
        version(0, "2000 2000 3000");
        later(at);
        later(at + LO_USEC);
        version(0, "2000 2000 3000 40");
        later(at + LO_USEC);
        later(at + 2 * LO_USEC);
        mpd.ended = 1;
        mpd.end_us = at;
        later(at + 3 * LO_USEC);
    }
}


/* a run whose media time goes back: numbers do not */

static void
test_publish_back(void **state)
{
    lo_manifest_track_t    again;
    lo_manifest_segment_t  back[2];

    published[0] = '\0';
    version(0, "2000 2000 3000 2000 2000");
    later(1800000002LL * LO_USEC);

    again = mpd_tracks[0];
    memcpy(back, list, sizeof(back));
    back[0].number = 5;
    back[1].number = 6;
    again.segments = back;
    again.nsegments = 1;

    mpd_periods[1] = mpd_periods[0];
    mpd_periods[1].id = 2;
    mpd_periods[1].start_us = 1;
    mpd_periods[1].tracks = &again;
    mpd.nperiods = 2;

    later(1800000003LL * LO_USEC);
    again.nsegments = 2;
    later(1800000003LL * LO_USEC);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_period),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_publish_apart),
        cmocka_unit_test(test_publish_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
