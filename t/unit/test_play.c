#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/json.h"
#include "core/play.h"
#include "core/utf8.h"


static lo_event_t      doc;
static lo_event_err_t  err;


/* ---- strings: as jansson writes them */

static void
same(const char *s, size_t len)
{
    char      mem[4096], *want;
    json_t   *json;
    lo_buf_t  b;
    lo_str_t  str;

    json = json_stringn(s, len);
    assert_non_null(json);
    want = json_dumps(json, JSON_ENCODE_ANY|JSON_COMPACT);
    assert_non_null(want);

    str.data = (unsigned char *) s;
    str.len = len;

    lo_buf_init(&b, mem, sizeof(mem));
    lo_json_string(&b, str);

    assert_true(lo_buf_ok(&b));
    assert_int_equal(b.need, strlen(want));
    assert_memory_equal(mem, want, b.need);

    free(want);
    json_decref(json);
}


static void
test_string(void **state)
{
    int       c;
    char      s[5];
    size_t    i;
    lo_buf_t  b;
    lo_str_t  none = lo_null_string;

    static const char *const  texts[] = {
        "", "a", "\"", "\\", "\"\"\\\\", "end\n", "\tbegin", "a/b", "</script>",
        "\xc3\xa9t\xc3\xa9", "\xe2\x82\xac \"\xf0\x9f\x8e\xac\"", "\x7f"
    };

    (void) state;

    for (c = 0; c < 0x80; c++) {
        snprintf(s, sizeof(s), "a%cb", c);
        same(s, 3);
        s[0] = (char) c;
        same(s, 1);
    }

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        same(texts[i], strlen(texts[i]));
    }

    lo_buf_init(&b, s, sizeof(s));
    lo_json_string(&b, none);
    assert_int_equal(b.need, 2);
    assert_memory_equal(s, "\"\"", 2);
}


static void
test_utf8(void **state)
{
    char      mended[16];
    size_t    i;
    json_t   *json;
    lo_str_t  s;

    static const char *const  texts[] = {
        "", "a", "\x7f", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2\x80",
        "\xc2", "\xc2\xc2", "\xdf\xbf", "\xe0\x9f\xbf", "\xe0\xa0\x80",
        "\xe0\xa0", "\xed\x9f\xbf", "\xed\xa0\x80", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "a\xc3\xa9" "b", "a\xc3" "b", "\xf0\x90\x80" "a"
    };

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        s = lo_cstr(texts[i]);
        json = json_string(texts[i]);

        if (lo_utf8_ok(s) != (json != NULL)) {
            fail_msg("text %zu: jansson says %d", i, json != NULL);
        }

        json_decref(json);

        /* made good, byte for byte, and only where it has to be */

        snprintf(mended, sizeof(mended), "%s", texts[i]);
        lo_utf8_mend(mended);

        assert_int_equal(strlen(mended), s.len);
        assert_true(lo_utf8_ok(lo_cstr(mended)));
        assert_true(strcmp(mended, texts[i]) == 0 || !lo_utf8_ok(s));
    }

    strcpy(mended, "a\xc3\xa9\xff\xf0\x90z\xe2\x82\xac\xe2\x82");
    lo_utf8_mend(mended);
    assert_string_equal(mended, "a\xc3\xa9???z\xe2\x82\xac??");
}


/* ---- answers */

static const char  everything[] =
    "{\"id\": \"ev\", \"drm\": {\"systems\": {"
    "  \"widevine\": {\"license_url\": \"https://l.example/w?a=b\"},"
    "  \"fairplay\": {\"key_uri\": \"skd://{kid}\","
    "    \"license_url\": \"https://l.example/f\","
    "    \"certificate_url\": \"https://l.example/c\"},"
    "  \"clearkey\": {}}},"
    " \"devices\": {\"tv\": {\"drm\": {\"systems\": [\"widevine\"]}}},"
    " \"cdns\": [{\"id\": \"A\", \"url\": \"https://a.example\"}],"
    " \"steering\": {\"ttl_s\": 60},"
    " \"beacon_url\": \"https://b.example/\\u00e9\\\\\"}";


static void
ask(lo_play_answer_t *a, lo_play_t *asked, lo_class_t *of, const char *json)
{
    assert_int_equal(lo_play_parse(asked, json, strlen(json), &err), LO_OK);

    memset(of, 0, sizeof(lo_class_t));
    memset(a, 0, sizeof(lo_play_answer_t));
    lo_place_unknown(&of->place);

    a->asked = asked;
    a->of = of;
    a->base = lo_cstr("/live/");
    a->event = lo_cstr("ev");
    a->session = asked->session.len ? asked->session : lo_cstr("made-up");
    a->class = lo_cstr("_-.zz.000000");
    a->path = lo_cstr("~_-.zz.000000.MAC/");
}


static void
answers(const lo_play_answer_t *a, const char *want)
{
    size_t    room;
    json_t   *json;
    lo_buf_t  b;
    char      mem[4096];

    lo_buf_init(&b, mem, sizeof(mem));
    assert_int_equal(lo_play_write(&b, a), LO_OK);
    assert_true(lo_buf_ok(&b));
    mem[b.need] = '\0';
    assert_string_equal(mem, want);

    json = json_loads(mem, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    json_decref(json);

    /* what did not fit is counted */

    room = b.need;

    lo_buf_init(&b, mem, room - 1);
    assert_int_equal(lo_play_write(&b, a), LO_OK);
    assert_false(lo_buf_ok(&b));
    assert_int_equal(b.need, room);
}


static void
test_answer(void **state)
{
    lo_play_t         asked;
    lo_class_t        of;
    lo_device_t       tv;
    lo_play_answer_t  a;

    (void) state;

    ask(&a, &asked, &of, "");
    answers(&a, "{\"event\":\"ev\",\"session\":\"made-up\","
            "\"protocol\":\"hls\",\"manifests\":{"
            "\"hls\":\"/live/ev/~_-.zz.000000.MAC/master.m3u8\","
            "\"dash\":\"/live/ev/~_-.zz.000000.MAC/manifest.mpd\"},"
            "\"class\":\"_-.zz.000000\"}\n");

    /* what the class of devices would rather have, and what the player says */

    memset(&tv, 0, sizeof(lo_device_t));
    strcpy(tv.id, "tv");
    strcpy(of.device, "tv");
    tv.dash = 1;
    a.device = &tv;
    of.cut = 7;

    a.base = lo_cstr("/\"\xc3\xa9\"/~TOKEN/");
    a.session = lo_cstr("s-1");

    answers(&a, "{\"event\":\"ev\",\"session\":\"s-1\","
            "\"protocol\":\"dash\",\"manifests\":{\"hls\":"
            "\"/\\\"\xc3\xa9\\\"/~TOKEN/ev/~_-.zz.000000.MAC/master.m3u8\","
            "\"dash\":"
            "\"/\\\"\xc3\xa9\\\"/~TOKEN/ev/~_-.zz.000000.MAC/manifest.mpd\"},"
            "\"class\":\"_-.zz.000000\",\"device\":\"tv\","
            "\"country\":\"ZZ\"}\n");

    asked.hls = 1;
    a.base = lo_cstr("/");

    answers(&a, "{\"event\":\"ev\",\"session\":\"s-1\","
            "\"protocol\":\"hls\",\"manifests\":{\"hls\":"
            "\"/ev/~_-.zz.000000.MAC/master.m3u8\","
            "\"dash\":"
            "\"/ev/~_-.zz.000000.MAC/manifest.mpd\"},"
            "\"class\":\"_-.zz.000000\",\"device\":\"tv\","
            "\"country\":\"ZZ\"}\n");

    lo_play_free(&asked);
}


static void
test_document(void **state)
{
    lo_play_t         asked;
    lo_class_t        of;
    lo_device_t       tv;
    lo_play_answer_t  a;

    (void) state;

    if (lo_event_parse(&doc, everything, sizeof(everything) - 1, &err)
        != LO_OK)
    {
        fail_msg("%s: %s", err.field, err.err.text);
    }

    ask(&a, &asked, &of, "{\"protocol\": \"dash\", \"session\": \"s.2\"}");
    a.doc = &doc;

    answers(&a, "{\"event\":\"ev\",\"session\":\"s.2\","
            "\"protocol\":\"dash\",\"manifests\":{\"hls\":"
            "\"/live/ev/~_-.zz.000000.MAC/master.m3u8?session=s.2\","
            "\"dash\":"
            "\"/live/ev/~_-.zz.000000.MAC/manifest.mpd?session=s.2\"},"
            "\"class\":\"_-.zz.000000\",\"steering\":"
            "\"/live/ev/~_-.zz.000000.MAC/steering?session=s.2\","
            "\"licenses\":{"
            "\"widevine\":\"https://l.example/w?a=b\","
            "\"fairplay\":\"https://l.example/f\","
            "\"fairplay_certificate\":\"https://l.example/c\","
            "\"clearkey\":\"/live/ev/clearkey\"},"
            "\"beacon\":\"https://b.example/\xc3\xa9\\\\\"}\n");

    /* the event leaves this class one system */

    memset(&tv, 0, sizeof(lo_device_t));
    strcpy(tv.id, "tv");
    strcpy(of.device, "tv");
    a.device = &tv;
    doc.cdns.steering.enabled = 0;
    doc.beacon_url.len = 0;

    answers(&a, "{\"event\":\"ev\",\"session\":\"s.2\","
            "\"protocol\":\"dash\",\"manifests\":{\"hls\":"
            "\"/live/ev/~_-.zz.000000.MAC/master.m3u8\","
            "\"dash\":"
            "\"/live/ev/~_-.zz.000000.MAC/manifest.mpd\"},"
            "\"class\":\"_-.zz.000000\",\"device\":\"tv\",\"licenses\":{"
            "\"widevine\":\"https://l.example/w?a=b\"}}\n");

    /* and that class has another */

    tv.limits.has_systems = 1;
    tv.limits.systems = LO_DRM_PLAYREADY;

    answers(&a, "{\"event\":\"ev\",\"session\":\"s.2\","
            "\"protocol\":\"dash\",\"manifests\":{\"hls\":"
            "\"/live/ev/~_-.zz.000000.MAC/master.m3u8\","
            "\"dash\":"
            "\"/live/ev/~_-.zz.000000.MAC/manifest.mpd\"},"
            "\"class\":\"_-.zz.000000\",\"device\":\"tv\",\"licenses\":{}}\n");

    lo_play_free(&asked);
    lo_event_free(&doc);
}


static void
test_no_text(void **state)
{
    lo_buf_t          b;
    lo_play_t         asked;
    lo_class_t        of;
    lo_play_answer_t  a;
    char              mem[1024];

    (void) state;

    ask(&a, &asked, &of, "{}");
    a.base = lo_cstr("/live/~\xff/");

    lo_buf_init(&b, mem, sizeof(mem));
    assert_int_equal(lo_play_write(&b, &a), LO_ERROR);
    assert_int_equal(b.need, 0);

    lo_play_free(&asked);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_string),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
