#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/box.h"
#include "core/event.h"


#define CENC  lo_fourcc('c', 'e', 'n', 'c')
#define CBCS  lo_fourcc('c', 'b', 'c', 's')


/* what shaka-packager 3.4.2 writes for the key id 00112233-...-ddeeff */

static const char  wv_cenc[] =
    "AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAARIjNEVWZ3iJmqu8zd7v"
    "9I49yVmwY=";

static const char  wv_cbcs[] =
    "AAAAOHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABgSEAARIjNEVWZ3iJmqu8zd7v"
    "9I88aJmwY=";

static const char  common[] =
    "AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAEAESIzRFVmd4iZqrvM3e7/AA"
    "AAAA==";

static const char  pr_cbcs[] =
    "AAAB3nBzc2gAAAAAmgTweZhAQoarkuZb4IhflQAAAb6+AQAAAQABALQBPABXAFIATQ"
    "BIAEUAQQBEAEUAUgAgAHgAbQBsAG4AcwA9ACIAaAB0AHQAcAA6AC8ALwBzAGMAaABl"
    "AG0AYQBzAC4AbQBpAGMAcgBvAHMAbwBmAHQALgBjAG8AbQAvAEQAUgBNAC8AMgAwAD"
    "AANwAvADAAMwAvAFAAbABhAHkAUgBlAGEAZAB5AEgAZQBhAGQAZQByACIAIAB2AGUA"
    "cgBzAGkAbwBuAD0AIgA0AC4AMwAuADAALgAwACIAPgA8AEQAQQBUAEEAPgA8AFAAUg"
    "BPAFQARQBDAFQASQBOAEYATwA+ADwASwBJAEQAUwA+ADwASwBJAEQAIABBAEwARwBJ"
    "AEQAPQAiAEEARQBTAEMAQgBDACIAIABWAEEATABVAEUAPQAiAE0AeQBJAFIAQQBGAF"
    "YARQBkADIAYQBJAG0AYQBxADcAegBOADMAdQAvAHcAPQA9ACIAPgA8AC8ASwBJAEQA"
    "PgA8AC8ASwBJAEQAUwA+ADwALwBQAFIATwBUAEUAQwBUAEkATgBGAE8APgA8AC8ARA"
    "BBAFQAQQA+ADwALwBXAFIATQBIAEUAQQBEAEUAUgA+AA==";

static const char  pro_cbcs[] =
    "vgEAAAEAAQC0ATwAVwBSAE0ASABFAEEARABFAFIAIAB4AG0AbABuAHMAPQAiAGgAdA"
    "B0AHAAOgAvAC8AcwBjAGgAZQBtAGEAcwAuAG0AaQBjAHIAbwBzAG8AZgB0AC4AYwBv"
    "AG0ALwBEAFIATQAvADIAMAAwADcALwAwADMALwBQAGwAYQB5AFIAZQBhAGQAeQBIAG"
    "UAYQBkAGUAcgAiACAAdgBlAHIAcwBpAG8AbgA9ACIANAAuADMALgAwAC4AMAAiAD4A"
    "PABEAEEAVABBAD4APABQAFIATwBUAEUAQwBUAEkATgBGAE8APgA8AEsASQBEAFMAPg"
    "A8AEsASQBEACAAQQBMAEcASQBEAD0AIgBBAEUAUwBDAEIAQwAiACAAVgBBAEwAVQBF"
    "AD0AIgBNAHkASQBSAEEARgBWAEUAZAAyAGEASQBtAGEAcQA3AHoATgAzAHUALwB3AD"
    "0APQAiAD4APAAvAEsASQBEAD4APAAvAEsASQBEAFMAPgA8AC8AUABSAE8AVABFAEMA"
    "VABJAE4ARgBPAD4APAAvAEQAQQBUAEEAPgA8AC8AVwBSAE0ASABFAEEARABFAFIAPg"
    "A=";


static lo_event_t      ev;
static lo_event_err_t  err;
static lo_cmaf_init_t  info;
static char            text[32768];


static void
key(uint32_t scheme)
{
    unsigned  i;

    memset(&info, 0, sizeof(lo_cmaf_init_t));
    info.scheme = scheme;

    for (i = 0; i < 16; i++) {
        info.kid[i] = i * 17;
    }
}


static const char *
pssh(unsigned system)
{
    lo_buf_t  b;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_drm_pssh(&b, &ev.drm, system, &info);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


static const char *
pro(void)
{
    lo_buf_t  b;

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_drm_pro(&b, &ev.drm, &info);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


static int
parse(const char *fmt, ...)
{
    int      n;
    char     doc[32768];
    va_list  args;

    n = snprintf(doc, sizeof(doc), "{\"id\":\"e\",\"drm\":");

    va_start(args, fmt);
    n += vsnprintf(doc + n, sizeof(doc) - n, fmt, args);
    va_end(args);

    n += snprintf(doc + n, sizeof(doc) - n, "}");

    return lo_event_parse(&ev, doc, n, &err);
}


/* ---- boxes */

static void
test_made(void **state)
{
    memset(&ev, 0, sizeof(lo_event_t));

    key(CENC);
    assert_string_equal(pssh(LO_DRM_WIDEVINE), wv_cenc);

    key(CBCS);
    assert_string_equal(pssh(LO_DRM_WIDEVINE), wv_cbcs);
    assert_string_equal(pssh(LO_DRM_PLAYREADY), pr_cbcs);
    assert_string_equal(pro(), pro_cbcs);
    assert_string_equal(pssh(LO_DRM_FAIRPLAY), "");
    assert_string_equal(pssh(LO_DRM_CLEARKEY), "");
}


/* a PlayReady object as ASCII: every other byte of its header */

static const char *
header(void)
{
    int                   n, i;
    lo_str_t              s;
    static char           ascii[8192];
    static unsigned char  bytes[16384];

    s = lo_cstr(pro());
    n = lo_base64_read(bytes, sizeof(bytes), s);
    assert_true(n > 10);

    assert_int_equal(bytes[0] | bytes[1] << 8, n);
    assert_int_equal(bytes[2] | bytes[3], 0);
    assert_memory_equal(bytes + 4, "\1\0\1\0", 4);
    assert_int_equal(bytes[8] | bytes[9] << 8, n - 10);

    for (i = 10; i < n; i += 2) {
        assert_int_equal(bytes[i + 1], 0);
        ascii[(i - 10) / 2] = bytes[i];
    }

    ascii[(i - 10) / 2] = '\0';

    return ascii;
}


static void
test_wrmheader(void **state)
{
    memset(&ev, 0, sizeof(lo_event_t));
    ev.drm.playready_url = lo_cstr("https://pr.example/?a=1&b=2");
    key(CENC);

    assert_string_equal(header(),
        "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/"
        "PlayReadyHeader\" version=\"4.3.0.0\"><DATA><PROTECTINFO><KIDS>"
        "<KID ALGID=\"AESCTR\" VALUE=\"MyIRAFVEd2aImaq7zN3u/w==\"></KID>"
        "</KIDS></PROTECTINFO>"
        "<LA_URL>https://pr.example/?a=1&amp;b=2</LA_URL>"
        "</DATA></WRMHEADER>");
}


static void
test_longest(void **state)
{
    char  url[LO_DRM_URL];

    memset(&ev, 0, sizeof(lo_event_t));
    memset(url, '&', sizeof(url));
    ev.drm.playready_url.len = sizeof(url);
    ev.drm.playready_url.data = (unsigned char *) url;
    key(CENC);

    assert_non_null(strstr(header(), "&amp;</LA_URL></DATA></WRMHEADER>"));
}


static void
test_kids(void **state)
{
    int            n;
    lo_buf_t       b;
    unsigned char  two[32], mem[256], box[64];

    static const unsigned char  system[16] = {
        0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02,
        0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b
    };

    key(CENC);
    n = lo_base64_read(box, sizeof(box), lo_cstr(common));
    lo_buf_init(&b, mem, sizeof(mem));
    lo_drm_box_pssh(&b, system, info.kid, 1, NULL, 0);
    assert_int_equal(b.need, n);
    assert_memory_equal(mem, box, n);

    memset(two, 0xaa, 16);
    memset(two + 16, 0xbb, 16);

    lo_buf_init(&b, mem, sizeof(mem));
    lo_drm_box_pssh(&b, system, two, 2, "xyz", 3);
    assert_int_equal(b.need, 71);
    assert_memory_equal(mem, "\0\0\0\x47pssh\1\0\0\0", 12);
    assert_memory_equal(mem + 12, system, 16);
    assert_memory_equal(mem + 28, "\0\0\0\2", 4);
    assert_memory_equal(mem + 32, two, 32);
    assert_memory_equal(mem + 64, "\0\0\0\3xyz", 7);

    lo_buf_init(&b, mem, sizeof(mem));
    lo_drm_box_widevine(&b, CENC, two, 2);
    assert_int_equal(b.need, 42);
    assert_memory_equal(mem + 18, "\x12\x10\xbb", 3);
}


/* ---- the document */

static void
test_document(void **state)
{
    assert_int_equal(parse("{\"scheme\":\"cbcs\",\"keys\":["
        "{\"kid\":\"00112233445566778899AABBccddeeff\","
        "\"tracks\":[\"v1\",\"v2\"]},"
        "{\"kid\":\"10112233-4455-6677-8899-aabbccddeeff\"}],"
        "\"systems\":{\"widevine\":{\"license_url\":\"https://wv.example/\"},"
        "\"playready\":{\"license_url\":\"https://pr.example/rights\"},"
        "\"fairplay\":{\"key_uri\":\"skd://{kid}\","
        "\"certificate_url\":\"https://fp.example/c\","
        "\"license_url\":\"https://fp.example/l\"},"
        "\"clearkey\":{}}}"), LO_OK);

    assert_int_equal(ev.drm.scheme, CBCS);
    assert_int_equal(ev.drm.systems, LO_DRM_ALL);
    assert_int_equal(ev.drm.nkeys, 3);
    assert_int_equal(lo_drm_key(&ev.drm, lo_cstr("v2"))->kid[0], 0);
    assert_int_equal(lo_drm_key(&ev.drm, lo_cstr("a"))->kid[0], 0x10);
    assert_true(lo_str_eq(ev.drm.key_uri, lo_cstr("skd://{kid}")));
    assert_true(lo_str_eq(ev.drm.fairplay_url,
                          lo_cstr("https://fp.example/l")));
    assert_int_equal(ev.drm.clearkey_url.len, 0);
    lo_event_free(&ev);

    assert_int_equal(lo_event_parse(&ev, "{\"id\":\"e\"}", 10, &err), LO_OK);
    assert_int_equal(ev.drm.systems, 0);
    lo_event_free(&ev);
}


static void
test_given(void **state)
{
    assert_int_equal(parse("{\"systems\":{\"widevine\":{\"pssh\":\"%s\"},"
                           "\"playready\":{\"pro\":\"%s\"}}}", wv_cenc,
                           pro_cbcs), LO_OK);
    key(CBCS);
    info.kid[0] = 0x77;
    assert_string_equal(pssh(LO_DRM_WIDEVINE), wv_cenc);
    assert_string_equal(pssh(LO_DRM_PLAYREADY), pr_cbcs);
    assert_string_equal(pro(), pro_cbcs);
    lo_event_free(&ev);

    /* what lies in wv_cenc */

    assert_int_equal(parse("{\"systems\":{\"widevine\":{\"data\":"
                           "\"EhAAESIzRFVmd4iZqrvM3e7/SOPclZsG\"}}}"), LO_OK);
    assert_string_equal(pssh(LO_DRM_WIDEVINE), wv_cenc);
    lo_event_free(&ev);
}


static void
test_refused(void **state)
{
    unsigned  i;

    static const struct {
        const char  *drm;
        const char  *field;
        const char  *why;
    } rows[] = {
        { "7", "drm", "not an object" },
        { "{}", "drm.systems", "an object with widevine" },
        { "{\"systems\":{}}", "drm.systems", "an object with widevine" },
        { "{\"systems\":[]}", "drm.systems", "an object with widevine" },
        { "{\"key\":1,\"systems\":{\"clearkey\":{}}}", "drm.key",
          "no such member" },
        { "{\"scheme\":\"cens\"}", "drm.scheme", "cenc and cbcs" },
        { "{\"scheme\":1}", "drm.scheme", "cenc and cbcs" },
        { "{\"systems\":{\"widvine\":{}}}", "drm.systems.widvine",
          "no such member" },
        { "{\"systems\":{\"widevine\":1}}", "drm.systems.widevine",
          "not an object" },
        { "{\"systems\":{\"clearkey\":{\"url\":1}}}",
          "drm.systems.clearkey.url", "no such member" },
        { "{\"systems\":{\"clearkey\":{\"license_url\":1}}}",
          "drm.systems.clearkey.license_url", "not a string" },
        { "{\"systems\":{\"clearkey\":{\"license_url\":\"ftp://x/\"}}}",
          "drm.systems.clearkey.license_url", "https://license.example/" },
        { "{\"systems\":{\"clearkey\":{\"license_url\":\"https://a b\"}}}",
          "drm.systems.clearkey.license_url", "https://license.example/" },
        { "{\"systems\":{\"clearkey\":{\"license_url\":"
          "\"https://a\\\"b\"}}}",
          "drm.systems.clearkey.license_url", "https://license.example/" },
        { "{\"systems\":{\"widevine\":{\"pssh\":\"!\"}}}",
          "drm.systems.widevine.pssh", "not base64" },
        { "{\"systems\":{\"widevine\":{\"pssh\":\"\"}}}",
          "drm.systems.widevine.pssh", "nothing in it" },
        { "{\"systems\":{\"widevine\":{\"pssh\":\"AAAA\"}}}",
          "drm.systems.widevine.pssh", "not a pssh box" },
        { "{\"systems\":{\"widevine\":{\"data\":\"AAAA\","
          "\"pssh\":\"AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAEAESIzRFVmd4"
          "iZqrvM3e7/AAAAAA==\"}}}",
          "drm.systems.widevine.pssh", "another DRM system" },
        { "{\"systems\":{\"widevine\":{\"pssh\":\"AAAAOXBzc2gAAAAA7e+LqXnWSs"
          "6jyCfc1R0h7QAAABgSEAARIjNEVWZ3iJmqu8zd7v9I49yVmwY=\"}}}",
          "drm.systems.widevine.pssh", "57 bytes, but 56 are given" },
        { "{\"systems\":{\"widevine\":{\"pssh\":\"AAAAOHBzc2gAAAAA7e+LqXnWSs"
          "6jyCfc1R0h7QAAABkSEAARIjNEVWZ3iJmqu8zd7v9I49yVmwY=\"}}}",
          "drm.systems.widevine.pssh", "another size" },
        { "{\"systems\":{\"widevine\":{\"pssh\":\"AAAAOHBzc2gBAAAA7e+LqXnWSs"
          "6jyCfc1R0h7QAAABgSEAARIjNEVWZ3iJmqu8zd7v9I49yVmwY=\"}}}",
          "drm.systems.widevine.pssh", "too short for its key ids" },
        { "{\"systems\":{\"playready\":{\"pro\":\"AAAA\"}}}",
          "drm.systems.playready.pro", "not a PlayReady object" },
        { "{\"systems\":{\"playready\":{\"pro\":\"AAAAAAAAAAAAAAAA\"}}}",
          "drm.systems.playready.pro", "how long it is" },
        { "{\"systems\":{\"fairplay\":{}}}",
          "drm.systems.fairplay.key_uri", "is missing" },
        { "{\"systems\":{\"fairplay\":{\"key_uri\":\"https://x\"}}}",
          "drm.systems.fairplay.key_uri", "skd://{kid}" },
        { "{\"systems\":{\"fairplay\":{\"key_uri\":\"skd://{id}\"}}}",
          "drm.systems.fairplay.key_uri", "skd://{kid}" },
        { "{\"scheme\":\"cenc\",\"systems\":{\"fairplay\":{\"key_uri\":"
          "\"skd://{kid}\"}}}", "drm.scheme", "FairPlay wants cbcs" },
        { "{\"keys\":{}}", "drm.keys", "not a list" },
        { "{\"keys\":[7]}", "drm.keys[0].kid", "is missing" },
        { "{\"keys\":[{\"kid\":\"00\"}]}", "drm.keys[0].kid",
          "32 hexadecimal digits" },
        { "{\"keys\":[{\"kid\":\"00112233445566778899aabbccddeefg\"}]}",
          "drm.keys[0].kid", "32 hexadecimal digits" },
        { "{\"keys\":[{\"kid\":\"0011223344556677-8899-aabb-ccddeeff0\"}]}",
          "drm.keys[0].kid", "32 hexadecimal digits" },
        { "{\"keys\":[{\"kid\":\"00112233-4455-6677-8899-aabbccddeef-\"}]}",
          "drm.keys[0].kid", "32 hexadecimal digits" },
        { "{\"keys\":[{\"kid\":\"00112233445566778899aabbccddeeff\","
          "\"track\":1}]}", "drm.keys[0].track", "no such member" },
        { "{\"keys\":[{\"kid\":\"00112233445566778899aabbccddeeff\","
          "\"tracks\":[]}]}", "drm.keys[0].tracks", "not a list" },
        { "{\"keys\":[{\"kid\":\"00112233445566778899aabbccddeeff\","
          "\"tracks\":[\"v\",\"/\"]}]}", "drm.keys[0].tracks[1]",
          "an id is" },
        { "{\"keys\":[{\"kid\":\"00112233445566778899aabbccddeeff\"},"
          "{\"kid\":\"10112233445566778899aabbccddeeff\"}]}",
          "drm.keys[1].tracks", "one may be for all others" },
        { "{\"keys\":[{\"kid\":\"00112233445566778899aabbccddeeff\","
          "\"tracks\":[\"v\"]},"
          "{\"kid\":\"10112233445566778899aabbccddeeff\",\"tracks\":[\"v\"]}"
          "]}", "drm.keys[1].tracks[0]", "has a key id already" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse("%s", rows[i].drm), LO_ERROR);
        assert_string_equal(err.field, rows[i].field);

        if (strstr(err.err.text, rows[i].why) == NULL) {
            print_error("%s\n%s\n", rows[i].drm, err.err.text);
        }

        assert_non_null(strstr(err.err.text, rows[i].why));
    }
}


static void
test_large(void **state)
{
    char      big[16384];
    unsigned  i, n;

    memset(big, 'A', sizeof(big));
    big[(LO_DRM_BOX + 2) / 3 * 4 + 4] = '\0';
    assert_int_equal(parse("{\"systems\":{\"widevine\":{\"data\":\"%s\"}}}",
                           big), LO_ERROR);
    assert_non_null(strstr(err.err.text, "more than 8192 bytes"));

    big[LO_DRM_BOX / 3 * 4] = '\0';
    assert_int_equal(parse("{\"systems\":{\"widevine\":{\"data\":\"%s\"}}}",
                           big), LO_OK);
    key(CENC);
    assert_true(strlen(pssh(LO_DRM_WIDEVINE)) > LO_DRM_BOX / 3 * 4);
    lo_event_free(&ev);

    /* tracks beyond what a document can declare */

    for (n = 0, i = 0; i <= LO_DRM_KEYS; i++) {
        n += snprintf(big + n, sizeof(big) - n, "%s\"t%u\"", i ? "," : "", i);
    }

    assert_int_equal(parse("{\"keys\":[{\"kid\":"
                           "\"00112233445566778899aabbccddeeff\","
                           "\"tracks\":[%s]}]}", big), LO_ERROR);
    assert_string_equal(err.field, "drm.keys[0].tracks[128]");
}


static void
test_check(void **state)
{
    lo_err_t  why;
    lo_str_t  v, a;

    v = lo_cstr("v");
    a = lo_cstr("a");

    assert_int_equal(parse("{\"scheme\":\"cenc\",\"keys\":["
        "{\"kid\":\"00112233445566778899aabbccddeeff\","
        "\"tracks\":[\"v\"]}],\"systems\":{\"clearkey\":{}}}"), LO_OK);

    key(CENC);
    assert_int_equal(lo_drm_check(&ev.drm, v, &info, &why), LO_OK);

    info.kid[15] = 0;
    assert_int_equal(lo_drm_check(&ev.drm, a, &info, &why), LO_OK);
    assert_int_equal(lo_drm_check(&ev.drm, v, &info, &why), LO_NONE);
    assert_string_equal(why.text, "the document has key id "
                        "00112233-4455-6677-8899-aabbccddeeff, its init "
                        "00112233-4455-6677-8899-aabbccddee00");

    key(CBCS);
    assert_int_equal(lo_drm_check(&ev.drm, a, &info, &why), LO_NONE);
    assert_string_equal(why.text,
                        "the document has scheme cenc, its init cbcs");

    key(0);
    assert_int_equal(lo_drm_check(&ev.drm, a, &info, &why), LO_OK);
    assert_int_equal(lo_drm_check(&ev.drm, v, &info, &why), LO_NONE);
    assert_string_equal(why.text, "the document has key id "
                        "00112233-4455-6677-8899-aabbccddeeff, its init is "
                        "not encrypted");
    lo_event_free(&ev);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_wrmheader),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_kids),
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests_name("drm", tests, NULL, NULL);
}
