#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/box.h"
#include "core/dash.h"
#include "core/drm_manifest.h"
#include "core/hls.h"
#include "lib/tracks.h"
#include "lib/written.h"


#define CENC  lo_fourcc('c', 'e', 'n', 'c')
#define CBCS  lo_fourcc('c', 'b', 'c', 's')

#define WV1  "AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAEBAQEBAQEBAQEB"     \
             "AQEBAQFI88aJmwY="
#define KID1  "01010101010101010101010101010101"
#define KID2  "02020202020202020202020202020202"

static lo_event_t             doc;
static lo_cmaf_init_t         info[4];
static lo_manifest_t          m;
static lo_manifest_list_t     list;
static lo_manifest_track_t    tracks[4];
static lo_manifest_period_t   period;
static lo_manifest_segment_t  seg[8];


static void
document(const char *systems)
{
    int              n;
    char             json[4096];
    lo_event_err_t   err;

    n = snprintf(json, sizeof(json), "{\"id\":\"ev\",\"drm\":{\"systems\":"
                 "{%s}}}", systems);
    assert_int_equal(lo_event_parse(&doc, json, n, &err), LO_OK);
}


static void
encrypt(unsigned i, uint32_t scheme, int kid)
{
    info[i].scheme = scheme;
    memset(info[i].kid, kid, 16);
}


/* a video and an audio track, of two keys */

static void
event(uint32_t scheme, const char *systems)
{
    document(systems);

    track_video(&tracks[0], &info[0], "v1", 1280, 720, 3000000);
    track_audio(&tracks[1], &info[1], "a1", "en", 128000);
    encrypt(0, scheme, 1);
    encrypt(1, scheme, 2);

    memset(&period, 0, sizeof(period));
    period.id = 1;
    period.anchor.scale = 1;
    period.tracks = tracks;
    period.ntracks = 2;

    memset(&m, 0, sizeof(m));
    m.id = lo_cstr("ev");
    m.d.duration = 2;
    m.d.timescale = 1;
    m.nperiods = 1;
    m.periods = &period;
    m.doc = &doc;
    m.systems = LO_DRM_ALL;
}


static void
render(written_pt writer)
{
    written_by(writer, &m);
}


static void
expect(const char *part, unsigned n)
{
    if (written_count(part) != n) {
        print_error("%u, not %u times: %s\nin: %s\n", written_count(part), n,
                    part, written);
    }

    assert_int_equal(written_count(part), n);
}


/* ---- the MPD */

static void
test_dash_all(void **state)
{
    FILE  *f;

    event(CBCS, "\"widevine\":{\"license_url\":\"https://wv.example/?a&b\"},"
          "\"playready\":{\"license_url\":\"https://pr.example/\"},"
          "\"fairplay\":{\"key_uri\":\"skd://{kid}\",\"certificate_url\":"
          "\"https://fp.example/c\",\"license_url\":\"https://fp.example/l\"},"
          "\"clearkey\":{}");
    render(lo_dash_mpd);

    f = popen("xmllint --noout -", "w");
    assert_non_null(f);
    assert_int_equal(fwrite(written, 1, strlen(written), f), strlen(written));
    assert_int_equal(pclose(f), 0);

    expect("<ContentProtection ", 10);
    expect("value=\"cbcs\" cenc:default_KID=\""
           "01010101-0101-0101-0101-010101010101\"/>", 1);

    expect("      <ContentProtection schemeIdUri=\"urn:uuid:edef8ba9-79d6-4ace"
           "-a3c8-27dcd51d21ed\" value=\"Widevine\">\n"
           "        <cenc:pssh>" WV1 "</cenc:pssh>\n"
           "        <dashif:Laurl xmlns:dashif=\"https://dashif.org/CPS\">"
           "https://wv.example/?a&amp;b</dashif:Laurl>\n"
           "      </ContentProtection>\n", 1);
    expect("urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95\" "
           "value=\"MSPR 2.0\">\n        <cenc:pssh>", 2);
    expect("<mspr:pro xmlns:mspr=\"urn:microsoft:playready\">", 2);
    expect(">https://pr.example/</dashif:Laurl>", 2);
    expect("      <ContentProtection schemeIdUri=\"urn:uuid:94ce86fb-07ff-4f43"
           "-adb8-93d2fa968ca2\" value=\"FairPlay\">\n"
           "        <dashif:Laurl xmlns:dashif=\"https://dashif.org/CPS\">"
           "https://fp.example/l</dashif:Laurl>\n"
           "        <dashif:Certurl xmlns:dashif=\"https://dashif.org/CPS\">"
           "https://fp.example/c</dashif:Certurl>\n"
           "      </ContentProtection>\n", 2);
    expect("      <ContentProtection schemeIdUri=\"urn:uuid:e2719d58-a985-b3c9"
           "-781a-b030af78d30e\" value=\"ClearKey1.0\">\n"
           "      </ContentProtection>\n", 2);

    /* a class that leaves PlayReady out */

    m.systems = LO_DRM_ALL & ~LO_DRM_PLAYREADY;
    render(lo_dash_mpd);
    expect("<ContentProtection ", 8);
    expect("9a04f079", 0);

    lo_event_free(&doc);
}


static void
test_dash_less(void **state)
{
    /* FairPlay knows no cenc; and what has no drm is as it was */

    event(CENC, "\"fairplay\":{\"key_uri\":\"skd://x\"},\"clearkey\":"
          "{\"license_url\":\"https://ck.example/?a&b\"}");
    render(lo_dash_mpd);
    expect("94ce86fb", 0);
    expect("<ContentProtection ", 4);
    expect("        <dashif:Laurl xmlns:dashif=\"https://dashif.org/CPS\">"
           "https://ck.example/?a&amp;b</dashif:Laurl>\n"
           "        <clearkey:Laurl xmlns:clearkey=\"http://dashif.org/"
           "guidelines/clearKey\" Lic_type=\"EME-1.0\">"
           "https://ck.example/?a&amp;b</clearkey:Laurl>\n", 2);

    m.doc = NULL;
    render(lo_dash_mpd);
    expect("<ContentProtection ", 2);

    m.doc = &doc;
    encrypt(0, 0, 0);
    encrypt(1, 0, 0);
    render(lo_dash_mpd);
    expect("<ContentProtection ", 0);

    lo_event_free(&doc);
}


/* ---- playlists */

static void
media(unsigned n)
{
    lo_buf_t  b;
    unsigned  i;

    memset(&list, 0, sizeof(list));
    memset(seg, 0, sizeof(seg));
    list.d.duration = 2;
    list.d.timescale = 1;
    list.nsegments = n;
    list.segments = seg;
    list.doc = m.doc;
    list.systems = m.systems;
    list.up = m.up;

    for (i = 0; i < n; i++) {
        seg[i].number = i;
        seg[i].start_us = i * 2000000LL;
        seg[i].end_us = i * 2000000LL + 2000000;
        seg[i].run = 1;
        seg[i].init = (uint64_t) (i + 1) << 32;
        seg[i].info = &info[i];
    }

    lo_buf_init(&b, written, sizeof(written) - 1);
    lo_hls_media(&b, &list);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';
}


static void
test_hls_all(void **state)
{
    event(CBCS, "\"widevine\":{},\"playready\":{},\"clearkey\":{},"
          "\"fairplay\":{\"key_uri\":\"skd://fp.example/{kid}?x\"}");
    media(1);

    expect("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:text/plain;base64," WV1
           "\",KEYID=0x" KID1 ",KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-"
           "27dcd51d21ed\",KEYFORMATVERSIONS=\"1\"\n", 1);
    expect("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:text/plain;charset=UTF-16;"
           "base64,", 1);
    expect("\",KEYFORMAT=\"com.microsoft.playready\",KEYFORMATVERSIONS=\"1\"\n",
           1);
    expect("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://fp.example/" KID1 "?x\","
           "KEYFORMAT=\"com.apple.streamingkeydelivery\","
           "KEYFORMATVERSIONS=\"1\"\n", 1);
    expect("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"../clearkey\",KEYID=0x" KID1
           ",KEYFORMAT=\"org.w3.clearkey\",KEYFORMATVERSIONS=\"1\"\n"
           "#EXT-X-MAP:", 1);

    m.up = lo_cstr("../");
    m.systems = LO_DRM_CLEARKEY;
    media(1);
    expect("#EXT-X-KEY", 1);
    expect("URI=\"../../clearkey\"", 1);

    encrypt(0, CENC, 1);
    m.systems = LO_DRM_ALL;
    media(1);
    expect("#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,", 3);
    expect("#EXT-X-KEY", 3);

    lo_event_free(&doc);
}


/* keys change with inits, and only where they do */

static void
test_hls_changes(void **state)
{
    unsigned  i;

    event(CENC, "\"clearkey\":{\"license_url\":\"https://ck.example/\"}");

    for (i = 0; i < 4; i++) {
        encrypt(i, CENC, 1);
    }

    media(4);
    expect("#EXT-X-KEY", 1);
    expect("#EXT-X-MAP", 4);
    expect("URI=\"https://ck.example/\"", 1);

    encrypt(1, CENC, 2);
    encrypt(2, 0, 0);
    media(4);
    expect("#EXT-X-KEY", 4);
    expect("KEYID=0x" KID1, 2);
    expect("KEYID=0x" KID2, 1);
    expect("#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP", 1);

    /* what is clear from the beginning needs no word */

    encrypt(0, 0, 0);
    media(1);
    expect("#EXT-X-KEY", 0);

    /* nor what no system is shown of */

    encrypt(0, CENC, 1);
    m.systems = 0;
    media(4);
    expect("#EXT-X-KEY", 0);

    m.doc = NULL;
    m.systems = LO_DRM_ALL;
    media(4);
    expect("#EXT-X-KEY", 0);

    lo_event_free(&doc);
}


static void
test_hls_session(void **state)
{
    event(CBCS, "\"widevine\":{},\"playready\":{},\"clearkey\":{},"
          "\"fairplay\":{\"key_uri\":\"skd://one\"}");
    render(lo_hls_master);

    /* of each key, but one of each URI */

    expect("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,", 6);
    expect("KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"", 2);
    expect("KEYFORMAT=\"com.microsoft.playready\"", 2);
    expect("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"skd://one\","
           "KEYFORMAT=\"com.apple.streamingkeydelivery\"", 1);
    expect("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"clearkey\","
           "KEYFORMAT=\"org.w3.clearkey\"", 1);

    /* one key for both */

    encrypt(1, CBCS, 1);
    m.up = lo_cstr("../");
    render(lo_hls_master);
    expect("#EXT-X-SESSION-KEY", 4);
    expect("URI=\"../clearkey\"", 1);

    m.systems = LO_DRM_WIDEVINE;
    render(lo_hls_master);
    expect("#EXT-X-SESSION-KEY", 1);

    m.doc = NULL;
    render(lo_hls_master);
    expect("#EXT-X-SESSION-KEY", 0);

    lo_event_free(&doc);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dash_all),
        cmocka_unit_test(test_dash_less),
        cmocka_unit_test(test_hls_all),
        cmocka_unit_test(test_hls_changes),
        cmocka_unit_test(test_hls_session),
    };

    return cmocka_run_group_tests_name("drm_manifest", tests, NULL, NULL);
}
