#include "lib/mpd.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


char                   mpd_text[65536];
lo_cmaf_init_t         mpd_info[MPD_TRACKS];
lo_manifest_track_t    mpd_tracks[MPD_TRACKS];
lo_manifest_period_t   mpd_periods[2];
lo_manifest_t          mpd;
lo_event_t             mpd_doc;


void
mpd_event(unsigned ntracks)
{
    memset(mpd_periods, 0, sizeof(mpd_periods));
    memset(&mpd, 0, sizeof(lo_manifest_t));
    memset(&mpd_doc, 0, sizeof(lo_event_t));

    mpd_periods[0].id = 1;
    mpd_periods[0].anchor.scale = 1;
    mpd_periods[0].tracks = mpd_tracks;
    mpd_periods[0].ntracks = ntracks;

    mpd.id = lo_cstr("ev");
    mpd.d.duration = 1001;
    mpd.d.timescale = 500;
    mpd.delay_us = 1500000;
    mpd.depth_us = 240 * LO_USEC;
    mpd.publish_us = 1700000000LL * LO_USEC;
    mpd.utc_timing = lo_cstr("time");
    mpd.nperiods = 1;
    mpd.periods = mpd_periods;
    mpd.doc = &mpd_doc;
}


const char *
mpd_render(void)
{
    FILE        *f;
    char         cmd[512];
    lo_buf_t     b;
    const char  *schema;

    lo_buf_init(&b, mpd_text, sizeof(mpd_text) - 1);
    lo_dash_mpd(&b, &mpd);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    schema = getenv("LO_DASH_SCHEMA");

    snprintf(cmd, sizeof(cmd), "xmllint --nonet --noout %s%s%s - 2>&1 | "
             "grep -v ' validates$' >&2; test $? = 1",
             schema ? "--schema '" : "", schema ? schema : "",
             schema ? "/DASH-MPD.xsd'" : "");

    f = popen(cmd, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(mpd_text, 1, b.need, f), b.need);

    if (pclose(f) != 0) {
        fputs(mpd_text, stderr);
        fail();
    }

    return mpd_text;
}


void
mpd_expect(const char *part)
{
    if (strstr(mpd_text, part) == NULL) {
        fprintf(stderr, "not found: %s\nin: %s\n", part, mpd_text);
    }

    assert_non_null(strstr(mpd_text, part));
}


void
mpd_expect_not(const char *part)
{
    if (strstr(mpd_text, part) != NULL) {
        fprintf(stderr, "found: %s\nin: %s\n", part, mpd_text);
    }

    assert_null(strstr(mpd_text, part));
}


unsigned
mpd_count(const char *part)
{
    unsigned     n;
    const char  *p;

    for (n = 0, p = mpd_text; (p = strstr(p, part)) != NULL; p++) {
        n++;
    }

    return n;
}
