/* CDNs and steering in an MPD and in a multivariant playlist */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/dash.h"
#include "core/event.h"
#include "core/hls.h"
#include "core/steer.h"
#include "lib/tracks.h"
#include "lib/written.h"


static lo_event_t             ev;
static lo_cmaf_init_t         info[4];
static lo_manifest_track_t    tracks[4];
static lo_manifest_period_t   period;
static lo_manifest_t          man;
static const lo_cdn_t        *cdns[LO_CDNS];

static const char  three[] =
    "[{\"id\":\"a\",\"url\":\"https://a.example/live/\"},"
    "{\"id\":\"b\",\"url\":\"https://b.example/live\"},"
    "{\"id\":\"c\",\"url\":\"http://c.example:8080\"}]";


static void
manifest(const char *list, const char *more)
{
    int             n;
    char            json[4096];
    lo_drained_t    none;
    lo_event_err_t  err;

    memset(&none, 0, sizeof(none));

    n = snprintf(json, sizeof(json), "{\"id\":\"e\",\"cdns\":%s%s}", list,
                 more);
    assert_int_equal(lo_event_parse(&ev, json, n, &err), LO_OK);

    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    track_audio(&tracks[1], &info[1], "a1", "en", 128000);
    track_text(&tracks[2], &info[2], "t1", "en");

    memset(&period, 0, sizeof(period));
    period.id = 1;
    period.anchor.scale = 1;
    period.tracks = tracks;
    period.ntracks = 3;

    memset(&man, 0, sizeof(man));
    man.id = lo_cstr("ev");
    man.d.duration = 2;
    man.d.timescale = 1;
    man.delay_us = LO_USEC;
    man.depth_us = 240 * LO_USEC;
    man.nperiods = 1;
    man.periods = &period;
    man.cdns = cdns;
    man.ncdns = lo_steer_order(&ev.cdns, &none, NULL, lo_cstr(""), cdns);
    man.steering = ev.cdns.steering.enabled ? &ev.cdns.steering : NULL;
}


static void
test_mpd(void **state)
{
    manifest("[{\"id\":\"a\",\"url\":\"https://a/l'&\"},"
             "{\"id\":\"b\",\"url\":\"https://b\"}]", "");
    written_by(lo_dash_mpd, &man);
    written_has("  <BaseURL serviceLocation=\"a\">https://a/l'&amp;/"
                LO_MARK_TOKEN "ev/</BaseURL>\n"
                "  <BaseURL serviceLocation=\"b\">https://b/" LO_MARK_TOKEN
                "ev/</BaseURL>\n"
                "  <ContentSteering defaultServiceLocation=\""
                LO_MARK_PATHWAY "\" queryBeforeStart=\"false\">steering"
                LO_MARK_SESSION "</ContentSteering>\n");

    man.class = lo_cstr("~tv/");
    man.class_path = man.class;
    written_by(lo_dash_mpd, &man);
    written_has(">~tv/steering" LO_MARK_SESSION "</ContentSteering>");
    written_has(">https://b/" LO_MARK_TOKEN "ev/</BaseURL>");
    lo_event_free(&ev);

    manifest(three, ",\"steering\":{\"url\":\"http://o/live/\"}");
    man.class_path = lo_cstr("~tv/");
    written_by(lo_dash_mpd, &man);
    written_has(">http://o/live/" LO_MARK_TOKEN "ev/~tv/steering"
                LO_MARK_SESSION "</ContentSteering>");
    assert_int_equal(written_count("<BaseURL "), 3);
    lo_event_free(&ev);

    manifest(three, ",\"steering\":{\"enabled\":false}");
    written_by(lo_dash_mpd, &man);
    assert_int_equal(written_count("<BaseURL "), 3);
    assert_int_equal(written_count("Steering"), 0);
    lo_event_free(&ev);

    manifest("[]", "");
    written_by(lo_dash_mpd, &man);
    assert_int_equal(written_count("BaseURL"), 0);
    assert_int_equal(written_count("Steering"), 0);
    assert_int_equal(lo_marked(lo_cstr(written)), 0);
    lo_event_free(&ev);
}


static void
test_master(void **state)
{
    manifest(three, "");
    written_by(lo_hls_master, &man);
    written_has("#EXT-X-CONTENT-STEERING:SERVER-URI=\"steering" LO_MARK_SESSION
                "\",PATHWAY-ID=\"" LO_MARK_PATHWAY "\"\n");

    assert_int_equal(written_count("#EXT-X-STREAM-INF"), 3);
    assert_int_equal(written_count("TYPE=AUDIO"), 3);
    assert_int_equal(written_count("TYPE=SUBTITLES"), 3);
    written_has("TYPE=AUDIO,GROUP-ID=\"aac@b\"");
    written_has("TYPE=SUBTITLES,GROUP-ID=\"text@c\"");
    written_has(",AUDIO=\"aac@b\",SUBTITLES=\"text@b\",PATHWAY-ID=\"b\"\n"
                "https://b.example/live/" LO_MARK_TOKEN "ev/v1/media.m3u8\n");
    written_has(",URI=\"http://c.example:8080/" LO_MARK_TOKEN
                "ev/t1/media.m3u8\"\n");

    man.class = lo_cstr("~tv/");
    man.class_path = man.class;
    written_by(lo_hls_master, &man);
    written_has("SERVER-URI=\"~tv/steering" LO_MARK_SESSION "\"");
    written_has("\nhttps://b.example/live/" LO_MARK_TOKEN
                "ev/~tv/v1/media.m3u8\n");
    lo_event_free(&ev);

    manifest(three, ",\"steering\":{\"url\":\"http://o/live/\"}");
    written_by(lo_hls_master, &man);
    written_has("SERVER-URI=\"http://o/live/" LO_MARK_TOKEN "ev/steering"
                LO_MARK_SESSION "\"");
    lo_event_free(&ev);

    /* without steering they are one after the other, as failover has them */

    manifest(three, ",\"steering\":{\"enabled\":false}");
    written_by(lo_hls_master, &man);
    assert_int_equal(written_count("#EXT-X-STREAM-INF"), 3);
    assert_int_equal(written_count("STEERING") + written_count("PATHWAY"), 0);
    lo_event_free(&ev);

    manifest("[]", "");
    written_by(lo_hls_master, &man);
    assert_int_equal(written_count("#EXT-X-STREAM-INF"), 1);
    written_has(",AUDIO=\"aac\",SUBTITLES=\"text\"\nv1/media.m3u8\n");
    assert_int_equal(lo_marked(lo_cstr(written)), 0);
    lo_event_free(&ev);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mpd),
        cmocka_unit_test(test_master),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
