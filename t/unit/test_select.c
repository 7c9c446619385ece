/*
 * What each class of the devices document that we ship is shown: a table of
 * (event, device, country, network, filter) with the tracks, the DRM systems
 * and the CDNs, all in order.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/box.h"
#include "core/drm.h"
#include "core/rights.h"
#include "core/select.h"
#include "core/steer.h"
#include "lib/tracks.h"

#define NOW     (1795383757LL * LO_USEC)
#define TRACKS  14


static lo_devices_t         devices;
static lo_cmaf_init_t       infos[TRACKS];
static lo_manifest_track_t  ladder[TRACKS];


/* ---- what there is */

static void
video(unsigned i, const char *id, const char *codec, unsigned height,
    unsigned fps, unsigned bandwidth, unsigned transfer)
{
    track_video(&ladder[i], &infos[i], id, height * 16 / 9, height,
                bandwidth);
    snprintf(infos[i].codec, LO_CODEC_MAX, "%s", codec);
    infos[i].fourcc = codec[0] == 'h' ? lo_fourcc('h', 'v', 'c', '1')
                      : codec[1] == 'v' && codec[2] == '0'
                      ? lo_fourcc('a', 'v', '0', '1')
                      : lo_fourcc('a', 'v', 'c', '1');
    ladder[i].fps_num = fps;
    ladder[i].fps_den = 1;
    infos[i].transfer = transfer;
    infos[i].scheme = lo_fourcc('c', 'b', 'c', 's');
}


static void
audio(unsigned i, const char *id, const char *lang, uint32_t fourcc,
    const char *codec, unsigned channels, unsigned bandwidth)
{
    track_audio(&ladder[i], &infos[i], id, lang, bandwidth);
    snprintf(infos[i].codec, LO_CODEC_MAX, "%s", codec);
    infos[i].fourcc = fourcc;
    infos[i].channels = channels;
    infos[i].scheme = lo_fourcc('c', 'b', 'c', 's');
}


static void
text(unsigned i, const char *id, const char *lang, uint32_t fourcc)
{
    track_text(&ladder[i], &infos[i], id, lang);
    infos[i].fourcc = fourcc;
}


static void
make_ladder(void)
{
    uint32_t  aac, eac3;

    aac = lo_fourcc('m', 'p', '4', 'a');
    eac3 = lo_fourcc('e', 'c', '-', '3');

    video(0, "uhd", "hvc1.2.4.L153.B0", 2160, 50, 16000000, LO_TRANSFER_PQ);
    video(1, "h1080", "hvc1.1.6.L123.B0", 1080, 50, 5000000, 1);
    video(2, "a1080", "avc1.64002a", 1080, 50, 6500000, 1);
    video(3, "a720", "avc1.640020", 720, 50, 3200000, 1);
    video(4, "a480", "avc1.64001e", 480, 25, 1100000, 1);
    video(5, "a240", "avc1.64000d", 240, 25, 300000, 1);
    video(6, "av1", "av01.0.08M.08", 1080, 50, 4000000, 1);
    audio(7, "de", "de", aac, "mp4a.40.2", 2, 128000);
    audio(8, "en", "en", aac, "mp4a.40.2", 2, 128000);
    audio(9, "fr", "fr", aac, "mp4a.40.2", 2, 128000);
    audio(10, "low", "de", aac, "mp4a.40.5", 2, 48000);
    audio(11, "dolby", "de", eac3, "ec-3", 6, 384000);
    text(12, "subs", "de", lo_fourcc('w', 'v', 't', 't'));
    text(13, "ttml", "en", lo_fourcc('s', 't', 'p', 'p'));
}


static void
read_devices(void)
{
    FILE            *f;
    char             json[16384];
    size_t           n;
    lo_event_err_t   err;

    f = fopen("conf-examples/devices.json", "r");
    assert_non_null(f);
    n = fread(json, 1, sizeof(json), f);
    fclose(f);

    assert_int_equal(lo_devices_parse(&devices, json, n, &err), LO_OK);
}


/* ---- the events */

#define SYSTEMS  "\"systems\": {\"widevine\": {\"license_url\": "             \
                 "\"https://l.example/w\"}, \"playready\": {\"license_url\": "\
                 "\"https://l.example/p\"}, \"fairplay\": {\"key_uri\": "     \
                 "\"skd://k/{kid}\", \"license_url\": "                       \
                 "\"https://l.example/f\"}, \"clearkey\": {}}"

#define CDNS     "\"cdns\": [{\"id\": \"a\", \"url\": \"https://a.example\"},"\
                 " {\"id\": \"b\", \"url\": \"https://b.example\", "          \
                 "\"countries\": [\"DE\", \"AT\"]}, "                         \
                 "{\"id\": \"c\", \"url\": \"https://c.example\", "           \
                 "\"asns\": [3320]}]"

static const struct {
    const char  *id;
    const char  *json;
} documents[] = {
    { "plain", "{\"id\": \"plain\"}" },

    { "match", "{\"id\": \"match\", \"drm\": {" SYSTEMS "}, " CDNS ", "
      "\"countries\": {\"allow\": [\"DE\", \"AT\", \"CH\", \"FR\", \"US\"]}, "
      "\"blackouts\": [{\"start\": 1795383000, \"end\": 1795384000, "
      "\"countries\": [\"US\"]}], "
      "\"tracks\": [{\"id\": \"fr\", \"countries\": {\"allow\": [\"FR\", "
      "\"CH\"]}}, {\"id\": \"uhd\", \"countries\": {\"deny\": [\"AT\"]}}]}" },

    { "narrow", "{\"id\": \"narrow\", \"drm\": {" SYSTEMS "}, "
      "\"devices\": {\"tv-4k\": {\"video\": {\"max_height\": 1080}, "
      "\"drm\": {\"systems\": [\"playready\"]}}, \"phone\": false, "
      "\"*\": {\"video\": {\"codecs\": {\"h264\": true}, \"max_height\": "
      "720}}}}" }
};

#define DOCUMENTS  (sizeof(documents) / sizeof(documents[0]))

static lo_event_t  events[DOCUMENTS];


/* ---- the table */

typedef struct {
    const char  *event;
    const char  *device;              /* "": none */
    const char  *country;
    uint32_t     asn;
    const char  *filter;              /* "": none */
    const char  *shown;
} row_t;

#include "lib/select_rows.h"


static void
put(lo_buf_t *b, lo_str_t s)
{
    lo_buf_puts(b, b->need && b->pos[-1] != '|' ? " " : "");
    lo_buf_put(b, s.data, s.len);
}


static void
systems(lo_buf_t *b, unsigned bits)
{
    unsigned  i;

    static const char *const  words[] = { "widevine", "playready",
                                          "fairplay", "clearkey" };

    for (i = 0; i < 4; i++) {
        if (bits >> i & 1) {
            put(b, lo_cstr(words[i]));
        }
    }
}


static void
cdns(lo_buf_t *b, const lo_event_t *doc, const lo_place_t *place)
{
    unsigned          i, n;
    lo_str_t          nobody = lo_null_string;
    lo_drained_t      drained;
    const lo_cdn_t   *order[LO_CDNS];

    memset(&drained, 0, sizeof(drained));
    n = lo_steer_order(&doc->cdns, &drained, place, nobody, order);

    for (i = 0; i < n; i++) {
        put(b, order[i]->id);
    }
}


static void
shown(lo_buf_t *b, const lo_event_t *doc, const lo_select_t *s)
{
    unsigned              i;
    lo_manifest_t         m;
    lo_manifest_room_t    room;
    lo_manifest_track_t   tracks[TRACKS];
    lo_manifest_period_t  period;

    memset(&m, 0, sizeof(m));
    memset(&period, 0, sizeof(period));
    memcpy(tracks, ladder, sizeof(tracks));

    period.tracks = tracks;
    period.ntracks = TRACKS;
    room.periods = &period;
    room.max_periods = 1;
    room.tracks = tracks;
    room.max_tracks = TRACKS;

    m.periods = &period;
    m.nperiods = 1;
    m.systems = LO_DRM_ALL;

    if (lo_select(&m, &room, s) != LO_OK) {
        lo_buf_puts(b, "nothing");
        return;
    }

    for (i = 0; i < period.ntracks; i++) {
        put(b, period.tracks[i].id);
    }

    lo_buf_puts(b, "|");
    systems(b, lo_drm_shown(&doc->drm, m.systems, &infos[0]));
    lo_buf_puts(b, "|");
    cdns(b, doc, &s->class->place);
}


static const char *
run(const row_t *row)
{
    int64_t      until;
    unsigned     i;
    lo_buf_t     b;
    lo_err_t     err;
    lo_place_t   place;
    lo_class_t   class;
    lo_select_t  s;
    static char  line[512];

    for (i = 0; strcmp(documents[i].id, row->event) != 0; i++) { /* void */ }

    memset(&class, 0, sizeof(class));
    memset(&place, 0, sizeof(place));
    assert_int_equal(lo_place_country(&place, lo_cstr(row->country)), LO_OK);
    place.asn = row->asn;
    lo_where_canon(&events[i], &place, &class.place);

    if (row->filter[0]) {
        assert_int_equal(lo_filter_parse(&class.filter, lo_cstr(row->filter),
                                         &err), LO_OK);
    }

    s.doc = &events[i];
    s.class = &class;
    s.device = row->device[0] ? lo_device_find(&devices,
                                               lo_cstr(row->device)) : NULL;
    assert_true(s.device != NULL || row->device[0] == '\0');

    lo_buf_init(&b, line, sizeof(line) - 1);

    switch (lo_rights(&events[i], &class.place, NOW, &until)) {

    case LO_RIGHTS_COUNTRY:
        lo_buf_puts(&b, "country");
        break;

    case LO_RIGHTS_BLACKOUT:
        lo_buf_puts(&b, "blackout");
        break;

    default:
        shown(&b, &events[i], &s);
    }

    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return line;
}


static void
test_table(void **state)
{
    unsigned        i, wrong;
    const char     *is;
    lo_event_err_t  err;

    (void) state;

    read_devices();
    make_ladder();

    for (i = 0; i < DOCUMENTS; i++) {
        assert_int_equal(lo_event_parse(&events[i], documents[i].json,
                                        strlen(documents[i].json), &err),
                         LO_OK);
    }

    for (wrong = 0, i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        is = run(&rows[i]);

        if (strcmp(is, rows[i].shown) != 0) {
            print_message("%s, %s, %s, %u, \"%s\":\n  is  %s\n  not %s\n",
                          rows[i].event, rows[i].device, rows[i].country,
                          rows[i].asn, rows[i].filter, is, rows[i].shown);
            wrong++;
        }
    }

    for (i = 0; i < DOCUMENTS; i++) {
        lo_event_free(&events[i]);
    }

    assert_int_equal(wrong, 0);
    assert_true(sizeof(rows) / sizeof(rows[0]) >= 60);
}


/* ---- DRM systems: what the class has and the document names */

static const char *
encrypted(const char *document, const char *class)
{
    unsigned              i;
    char                  json[1024];
    lo_event_t            ev;
    lo_select_t           s;
    lo_manifest_t         m;
    lo_cmaf_init_t        info[3];
    lo_event_err_t        err;
    lo_manifest_room_t    room;
    lo_manifest_track_t   tracks[3];
    lo_manifest_period_t  period;
    static char           line[64];

    snprintf(json, sizeof(json), "{\"id\": \"ev\"%s%s, \"devices\": "
             "{\"*\": {%s%s}}}", document[0] ? ", \"drm\": " : "", document,
             class[0] ? "\"drm\": " : "", class);
    assert_int_equal(lo_event_parse(&ev, json, strlen(json), &err), LO_OK);

    memset(&m, 0, sizeof(m));
    memset(&period, 0, sizeof(period));
    memset(&s, 0, sizeof(s));
    s.doc = &ev;

    track_video(&tracks[0], &info[0], "cbcs", 640, 360, 1000000);
    track_video(&tracks[1], &info[1], "cenc", 640, 360, 1000000);
    track_audio(&tracks[2], &info[2], "clear", "de", 64000);
    info[0].scheme = lo_fourcc('c', 'b', 'c', 's');
    info[1].scheme = lo_fourcc('c', 'e', 'n', 'c');

    period.tracks = tracks;
    period.ntracks = 3;
    room.periods = &period;
    room.max_periods = 1;
    room.tracks = tracks;
    room.max_tracks = 3;
    m.periods = &period;
    m.nperiods = 1;
    m.systems = LO_DRM_ALL;

    assert_int_equal(lo_select(&m, &room, &s), LO_OK);

    for (line[0] = '\0', i = 0; i < period.ntracks; i++) {
        strcat(line, i ? " " : "");
        strncat(line, (char *) period.tracks[i].id.data,
                period.tracks[i].id.len);
    }

    lo_event_free(&ev);

    return line;
}


static void
test_systems(void **state)
{
    unsigned  i;

    static const char  widevine[] =
        "{\"systems\": {\"widevine\": {\"license_url\": \"https://l/w\"}}}";
    static const char  both[] =
        "{\"systems\": {\"widevine\": {\"license_url\": \"https://l/w\"}, "
        "\"fairplay\": {\"key_uri\": \"skd://{kid}\"}}}";
    static const char  clearkey[] = "{\"systems\": {\"clearkey\": {}}}";

    static const struct {
        const char  *document;
        const char  *class;
        const char  *shown;
    } cases[] = {

        /* players know their license server, or have none */

        { "", "", "cbcs cenc clear" },
        { "", "{\"systems\": [\"fairplay\"]}", "cbcs cenc clear" },
        { "", "{\"schemes\": [\"cenc\"]}", "cenc clear" },

        { widevine, "", "cbcs cenc clear" },
        { widevine, "{\"systems\": [\"widevine\", \"fairplay\"]}",
          "cbcs cenc clear" },
        { widevine, "{\"systems\": [\"fairplay\"]}", "clear" },
        { widevine, "{\"systems\": [\"clearkey\"]}", "clear" },
        { clearkey, "{\"systems\": [\"clearkey\"]}", "cbcs cenc clear" },
        { clearkey, "{\"systems\": [\"widevine\"]}", "clear" },

        /* FairPlay knows no cenc */

        { both, "{\"systems\": [\"fairplay\"]}", "cbcs clear" },
        { both, "{\"systems\": [\"fairplay\"], \"schemes\": [\"cenc\"]}",
          "clear" },
        { both, "{\"systems\": [\"fairplay\", \"widevine\"]}",
          "cbcs cenc clear" },
        { both, "", "cbcs cenc clear" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(encrypted(cases[i].document, cases[i].class),
                            cases[i].shown);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_systems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
