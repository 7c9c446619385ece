#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dash.h"
#include "core/box.h"
#include "lib/tracks.h"


static char                   text[32768];
static lo_cmaf_init_t         info[8];
static lo_manifest_track_t    tracks[8];
static lo_manifest_period_t   periods[2];
static lo_manifest_t          mpd;


static void
event(unsigned ntracks)
{
    memset(periods, 0, sizeof(periods));
    memset(&mpd, 0, sizeof(lo_manifest_t));

    periods[0].id = 1;
    periods[0].anchor.scale = 1;
    periods[0].tracks = tracks;
    periods[0].ntracks = ntracks;

    mpd.id = lo_cstr("ev");
    mpd.d.duration = 1001;
    mpd.d.timescale = 500;
    mpd.delay_us = 1500000;
    mpd.depth_us = 240 * LO_USEC;
    mpd.publish_us = 1700000000LL * LO_USEC;
    mpd.nperiods = 1;
    mpd.periods = periods;
}


/* xmllint reads everything that is written here */

static const char *
render(void)
{
    FILE      *f;
    lo_buf_t   b;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_dash_mpd(&b, &mpd);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    f = popen("xmllint --noout -", "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, b.need, f), b.need);
    assert_int_equal(pclose(f), 0);

    return text;
}


static void
expect(const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("not found: %s\nin: %s\n", part, text);
    }

    assert_non_null(strstr(text, part));
}


static unsigned
count(const char *part)
{
    unsigned     n;
    const char  *p;

    for (n = 0, p = text; (p = strstr(p, part)) != NULL; p++) {
        n++;
    }

    return n;
}


static void
test_live(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    track_audio(&tracks[1], &info[1], "a1", "en", 128000);
    event(2);
    mpd.utc_timing = lo_cstr("time");

    assert_string_equal(render(),
"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\""
" profiles=\"urn:mpeg:dash:profile:isoff-live:2011,"
"urn:mpeg:dash:profile:cmaf:2019\" type=\"dynamic\""
" availabilityStartTime=\"1970-01-01T00:00:01.5Z\""
" publishTime=\"2023-11-14T22:13:20Z\" minimumUpdatePeriod=\"PT10S\""
" timeShiftBufferDepth=\"PT240S\" suggestedPresentationDelay=\"PT6.006S\""
" minBufferTime=\"PT2.002S\" maxSegmentDuration=\"PT2.002S\">\n"
"  <Period id=\"1\" start=\"PT0S\">\n"
"    <AdaptationSet id=\"1\" contentType=\"video\" mimeType=\"video/mp4\""
" segmentAlignment=\"true\" startWithSAP=\"1\" par=\"16:9\""
" maxWidth=\"1280\" maxHeight=\"720\">\n"
"      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>\n"
"      <Representation id=\"v1\" bandwidth=\"3000000\""
" codecs=\"avc1.64001f\" width=\"1280\" height=\"720\" sar=\"1:1\""
" frameRate=\"30000/1001\">\n"
"        <SegmentTemplate initialization=\"v1/init-0badcafe.mp4\""
" media=\"v1/$Number$.m4s\" timescale=\"30000\" duration=\"60060\""
" startNumber=\"0\" presentationTimeOffset=\"0\"/>\n"
"      </Representation>\n"
"    </AdaptationSet>\n"
"    <AdaptationSet id=\"2\" contentType=\"audio\" mimeType=\"audio/mp4\""
" lang=\"en\" segmentAlignment=\"true\" startWithSAP=\"1\">\n"
"      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>\n"
"      <Representation id=\"a1\" bandwidth=\"128000\""
" codecs=\"mp4a.40.2\" audioSamplingRate=\"44100\">\n"
"        <AudioChannelConfiguration schemeIdUri=\""
"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"2\"/>\n"
"        <SegmentTemplate initialization=\"a1/init-0badcafe.mp4\""
" media=\"a1/$Number$.m4s\" timescale=\"220500\" duration=\"441441\""
" startNumber=\"0\" presentationTimeOffset=\"0\"/>\n"
"      </Representation>\n"
"    </AdaptationSet>\n"
"  </Period>\n"
"  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\""
" value=\"time\"/>\n"
"</MPD>\n");
}


static void
test_room(void **state)
{
    size_t         need, i;
    lo_buf_t       b;
    unsigned char  small[256];

    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    event(1);
    need = strlen(render());

    for (i = 0; i < sizeof(small); i++) {
        lo_buf_init(&b, small, i);
        lo_dash_mpd(&b, &mpd);
        assert_false(lo_buf_ok(&b));
        assert_int_equal(b.need, need);
    }
}


/* a later run: on UTC, and on a clock of its own that began at 0 */

static void
test_periods(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    event(1);
    mpd.d.duration = 2;
    mpd.d.timescale = 1;
    mpd.nperiods = 2;
    periods[1] = periods[0];
    periods[1].id = 7;
    periods[1].first = 850000000;

    render();
    expect("<Period id=\"1\" start=\"PT0S\">");
    expect("<Period id=\"7\" start=\"PT1700000000S\">");
    expect("timescale=\"30000\" duration=\"60000\" startNumber=\"850000000\" "
           "presentationTimeOffset=\"51000000000000\"");
    assert_null(strstr(text, " duration=\"PT"));

    periods[1].anchor.offset = 1699999998;
    render();
    expect("startNumber=\"850000000\" presentationTimeOffset=\"60000\"");

    periods[1].anchor.offset = 1700000001;     /* priming: never below 0 */
    render();
    expect("startNumber=\"850000000\" presentationTimeOffset=\"0\"");

    /* an event that counts from its own beginning */

    mpd.origin = 849999000;
    periods[0].first = mpd.origin;
    render();
    expect("availabilityStartTime=\"2023-11-14T21:40:01.5Z\"");
    expect("<Period id=\"1\" start=\"PT0S\">");
    expect("<Period id=\"7\" start=\"PT2000S\">");
}


static void
test_sets(void **state)
{
    track_audio(&tracks[0], &info[0], "a1", "en", 128000);
    track_video(&tracks[1], &info[1], "v1", 1280, 720, 3000000);
    track_video(&tracks[2], &info[2], "v2", 854, 480, 1200000);
    track_video(&tracks[3], &info[3], "v3", 640, 480, 1000000);
    track_video(&tracks[4], &info[4], "h1", 1280, 720, 2000000);
    info[4].fourcc = lo_fourcc('h', 'v', 'c', '1');
    strcpy(info[4].codec, "hvc1.1.6.L93.90");
    track_audio(&tracks[5], &info[5], "a2", "de", 128000);
    track_audio(&tracks[6], &info[6], "a3", "en", 64000);
    track_text(&tracks[7], &info[7], "t1", "de");
    event(8);

    render();
    expect("<AdaptationSet id=\"1\" contentType=\"video\"");
    assert_int_equal(count("<AdaptationSet"), 6);
    assert_int_equal(count("<Representation"), 8);
    expect("contentType=\"text\" mimeType=\"application/mp4\" lang=\"de\"");
    expect("value=\"subtitle\"");
    expect("par=\"4:3\"");
    assert_true(strstr(text, "id=\"a3\"") < strstr(text, "id=\"a2\""));
    assert_true(strstr(text, "id=\"v2\"") < strstr(text, "id=\"v3\""));
}


static void
test_escape(void **state)
{
    track_audio(&tracks[0], &info[0], "a1", "en", 0);
    event(1);
    mpd.title = lo_cstr("A & <b> \"c\" \x01\xef\xbf\xbf\xef\xbf\xbd");
    tracks[0].label = lo_cstr("</Label>&");
    tracks[0].role = lo_cstr("\"/><x y=\"");
    tracks[0].lang = lo_cstr("e\"n");
    mpd.utc_timing = lo_cstr("time?a&b");

    render();
    expect("<Title>A &amp; &lt;b&gt; &quot;c&quot;   \xef\xbf\xbd</Title>");
    expect("<Label>&lt;/Label&gt;&amp;</Label>");
    assert_null(strstr(text, " lang="));
    expect("value=\"time?a&amp;b\"");
    expect("bandwidth=\"128000\"");
}


static void
test_encrypted(void **state)
{
    unsigned  i;

    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    info[0].scheme = lo_fourcc('c', 'b', 'c', 's');

    for (i = 0; i < 16; i++) {
        info[0].kid[i] = i * 17;
    }

    event(1);
    render();
    expect("xmlns:cenc=\"urn:mpeg:cenc:2013\"");
    expect("<ContentProtection "
           "schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cbcs\" "
           "cenc:default_KID=\"00112233-4455-6677-8899-aabbccddeeff\"/>");
}


static void
test_audio_configuration(void **state)
{
    track_audio(&tracks[0], &info[0], "a1", "en", 128000);
    info[0].fourcc = lo_fourcc('a', 'c', '-', '3');
    info[0].channels = 6;
    event(1);
    render();
    expect("value=\"F801\"");
}


static void
test_ended(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    event(1);
    mpd.d.duration = 2;
    mpd.d.timescale = 1;
    mpd.ended = 1;
    mpd.from = 850000000;
    mpd.last = 850000029;
    mpd.utc_timing = lo_cstr("time");

    render();
    expect("type=\"static\"");
    expect("mediaPresentationDuration=\"PT1700000060S\"");
    expect("<Period id=\"1\" start=\"PT1700000000S\" duration=\"PT60S\">");
    expect("startNumber=\"850000000\" "
           "presentationTimeOffset=\"51000000000000\"");
    assert_null(strstr(text, "minimumUpdatePeriod"));
    assert_null(strstr(text, "availabilityStartTime"));
    assert_null(strstr(text, "UTCTiming"));
    assert_int_equal(lo_dash_update_us(&mpd), 0);
}


/* live, and its end is known */

static void
test_bound(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    event(1);
    mpd.d.duration = 2;
    mpd.d.timescale = 1;
    mpd.last = 850000029;
    periods[0].first = 850000000;

    render();
    assert_null(strstr(text, " duration=\"PT"));

    mpd.bound = 1;
    render();
    expect("type=\"dynamic\"");
    expect("<Period id=\"1\" start=\"PT1700000000S\" duration=\"PT60S\">");
    assert_null(strstr(text, "mediaPresentationDuration"));
}


static void
test_irregular(void **state)
{
    lo_manifest_segment_t  s[6];

    memset(s, 0, sizeof(s));
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    event(1);
    mpd.irregular = 1;
    periods[0].start_us = 1700000000LL * LO_USEC;
    periods[0].anchor.offset = 1700000000;
    tracks[0].segments = s;
    tracks[0].nsegments = 6;

    /* 40, hole, 42 of 1 s from -0.1 s, 43 and 44 of 2 s, jump, 45, 46 */

    s[0] = (lo_manifest_segment_t) { 40, 0, 0, -90000, 30000 };
    s[1] = (lo_manifest_segment_t) { 42, 0, 0, -3000, 33000 };
    s[2] = (lo_manifest_segment_t) { 43, 0, 0, 30000, 60000 };
    s[3] = (lo_manifest_segment_t) { 44, 0, 0, 90000, 60000 };
    s[4] = (lo_manifest_segment_t) { 45, 0, 0, 200000, 60000 };
    s[5] = (lo_manifest_segment_t) { 46, 0, 0, 260000, 45000 };

    render();
    expect("<Period id=\"1\" start=\"PT1700000000S\">");
    expect("timescale=\"30000\" startNumber=\"42\" "
           "presentationTimeOffset=\"0\">\n"
           "          <SegmentTimeline>\n"
           "            <S t=\"0\" d=\"30000\"/>\n"
           "            <S d=\"60000\" r=\"1\"/>\n"
           "            <S t=\"200000\" d=\"60000\"/>\n"
           "            <S d=\"45000\"/>\n"
           "          </SegmentTimeline>\n"
           "        </SegmentTemplate>\n");
    assert_null(strstr(text, "cmaf:2019"));
    expect("suggestedPresentationDelay=\"PT6.006S\"");

    /* a clock that nobody has, found by a fuzzer */

    periods[0].anchor.offset = INT64_MIN / 2;
    render();
    expect("presentationTimeOffset=\"0\">");
    periods[0].anchor.offset = 1700000000;

    s[3].duration = 150000;                /* 5 s */
    render();
    expect("suggestedPresentationDelay=\"PT15S\"");
    expect("maxSegmentDuration=\"PT5S\"");
    assert_int_equal(lo_dash_update_us(&mpd), 2002000);

    tracks[0].nsegments = 0;
    render();
}


static void
test_update(void **state)
{
    event(0);
    assert_int_equal(lo_dash_update_us(&mpd), 10 * LO_USEC);

    mpd.depth_us = 4 * LO_USEC;
    assert_int_equal(lo_dash_update_us(&mpd), 2002000);

    mpd.depth_us = 16 * LO_USEC;
    assert_int_equal(lo_dash_update_us(&mpd), 10 * LO_USEC);

    periods[0].anchor.offset = 1700000000;         /* its pusher: not on UTC */
    assert_int_equal(lo_dash_update_us(&mpd), 2002000);
}


/* ---- from the state of an event */

static lo_live_t             live;
static lo_manifest_track_t   pool[8];


static void
live_init(unsigned track, unsigned id, unsigned run, int64_t first)
{
    lo_live_init_t  *in;

    in = &live.inits[live.ninits++];
    in->id = id;
    in->track = track;
    in->run = run;
    in->first = first;
    in->digest = (uint64_t) id << 32;
}


static void
live_event(void)
{
    memset(&live, 0, sizeof(lo_live_t));
    live.phase = LO_LIVE_LIVE;
    live.d.duration = 2;
    live.d.timescale = 1;
    live.delay_us = 1000000;
    live.depth_us = 60000000;
    live.shown_us = 5;
    live.first = 850000000;
    live.ntracks = 3;
    strcpy(live.tracks[0].id, "v1");
    strcpy(live.tracks[1].id, "a1");
    strcpy(live.tracks[2].id, "t1");

    live.nruns = 2;
    live.runs[0].id = 1;
    live.runs[0].first = 850000000;
    live.runs[0].anchor.scale = 1;
    live.runs[0].flags = LO_RUN_UTC;
    live.runs[1].id = 2;
    live.runs[1].first = 850000100;
    live.runs[1].start_us = 1700000205LL * LO_USEC;
    live.runs[1].anchor.offset = 1700000200;
    live.runs[1].anchor.scale = 1;

    /* v1 changes with run 2, a1 does so two numbers early, t1
       is not in use yet */

    live_init(0, 1, 1, 850000000);
    live_init(1, 2, 1, 850000001);
    live_init(0, 3, 2, 850000100);
    live_init(1, 4, 2, 850000098);
    live_init(2, 5, 0, INT64_MAX);
}


static void
test_state(void **state)
{
    lo_manifest_room_t  room = { periods, 2, pool, 8 };

    live_event();
    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 850000000, &room),
                     LO_OK);
    assert_int_equal(mpd.nperiods, 2);
    assert_int_equal(mpd.publish_us, 5);
    assert_int_equal(mpd.origin, 0);
    assert_int_equal(periods[0].id, 1);
    assert_int_equal(periods[0].first, 0);
    assert_int_equal(periods[0].ntracks, 2);
    assert_int_equal(periods[0].tracks[0].digest >> 32, 1);
    assert_int_equal(periods[0].tracks[1].digest >> 32, 2);
    assert_int_equal(periods[1].first, 850000100);
    assert_int_equal(periods[1].anchor.offset, 1700000200);
    assert_int_equal(periods[1].ntracks, 2);
    assert_int_equal(periods[1].tracks[0].digest >> 32, 3);
    assert_int_equal(periods[1].tracks[1].digest >> 32, 4);

    /* a first run on a clock of its own */

    live.origin = 849999000;
    live.irregular = 1;
    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 850000000, &room),
                     LO_OK);
    assert_int_equal(mpd.origin, 849999000);
    assert_int_equal(periods[0].first, 849999000);
    assert_int_equal(periods[0].start_us, 1699998000LL * LO_USEC);
    assert_int_equal(periods[1].start_us, 1700000205LL * LO_USEC);

    /* the first run has left the window */

    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 850000100, &room),
                     LO_OK);
    assert_int_equal(mpd.nperiods, 1);
    assert_int_equal(periods[0].id, 2);

    /* an init of the first run goes on */

    live.ninits = 3;
    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 850000100, &room),
                     LO_OK);
    assert_int_equal(periods[0].ntracks, 2);
    assert_int_equal(periods[0].tracks[1].digest >> 32, 2);
}


static void
test_state_room(void **state)
{
    lo_manifest_room_t  room = { periods, 1, pool, 8 };

    live_event();
    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 0, &room), LO_FULL);

    room.max_periods = 2;
    room.max_tracks = 3;
    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 0, &room), LO_FULL);

    room.max_tracks = 4;
    assert_int_equal(lo_manifest_live(&mpd, &live, NULL, 0, &room), LO_OK);
}


static void
test_state_document(void **state)
{
    static lo_event_t    doc;
    lo_manifest_room_t   room = { periods, 2, pool, 8 };

    live_event();
    doc.id = lo_cstr("ev");
    doc.title = lo_cstr("Title");
    doc.ntracks = 1;
    doc.tracks[0].id = lo_cstr("a1");
    doc.tracks[0].bitrate = 96000;
    doc.tracks[0].lang = lo_cstr("fr");
    doc.tracks[0].label = lo_cstr("French");

    assert_int_equal(lo_manifest_live(&mpd, &live, &doc, 850000000, &room),
                     LO_OK);
    assert_int_equal(periods[0].tracks[1].bandwidth, 96000);
    assert_true(lo_str_eq(periods[0].tracks[1].label, lo_cstr("French")));
    assert_int_equal(periods[0].tracks[0].bandwidth, 0);
    assert_true(lo_str_eq(mpd.title, lo_cstr("Title")));
}


/* chunks before the segment is whole: who asks may have them, who reads the
   MPD of an origin that gives whole segments does not hear of it */

static void
test_early(void **state)
{
    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    track_audio(&tracks[1], &info[1], "a1", "en", 128000);
    event(2);
    tracks[0].chunk_us = 500500;

    render();
    assert_int_equal(count("availabilityTime"), 0);
    assert_int_equal(count("ServiceDescription"), 0);

    mpd.early = 1;
    render();
    expect(" availabilityTimeOffset=\"1.501\""
           " availabilityTimeComplete=\"false\" timescale=\"30000\"");
    assert_int_equal(count("availabilityTimeOffset"), 1);
    expect(">\n  <ServiceDescription id=\"0\">"
           "<Latency referenceId=\"1\" target=\"1501\" min=\"750\" max=\"4503\"/>"
           "<PlaybackRate min=\"0.95\" max=\"1.05\"/>"
           "</ServiceDescription>\n  <Period ");

    tracks[1].chunk_us = 200000;
    tracks[0].chunk_us = 2002000;
    render();
    assert_int_equal(count("availabilityTimeOffset"), 1);
    expect(" availabilityTimeOffset=\"1.802\"");
    expect("<Latency referenceId=\"1\" target=\"1500\"");

    tracks[1].chunk_us = 0;
    render();
    assert_int_equal(count("availabilityTime"), 0);
    assert_int_equal(count("ServiceDescription"), 0);

    tracks[0].chunk_us = 500500;
    mpd.ended = 1;
    mpd.last = 1000;
    render();
    assert_int_equal(count("availabilityTime"), 0);
    assert_int_equal(count("ServiceDescription"), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_audio_configuration),
        cmocka_unit_test(test_ended),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_irregular),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_state_room),
        cmocka_unit_test(test_state_document),
        cmocka_unit_test(test_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
