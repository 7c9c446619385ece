/* the file of keys */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/keys.h"


static void
test_file(void **state)
{
    keys_set();
    assert_int_equal(keys.n, 5);
    assert_int_equal(keys.uses, LO_USE_PUBLISH|LO_USE_SERVE|LO_USE_API
                                |LO_USE_API_READ);
    assert_true(keys.tolerance_us == 60 * LO_USEC);
    assert_int_equal(keys.keys[0].len, 16);
    assert_memory_equal(keys.keys[0].secret, "sixteen bytes ok", 16);
    assert_int_equal(keys.keys[1].len, 20);
    assert_int_equal(keys.keys[1].secret[19], 11);
    assert_int_equal(keys.keys[2].len, 16);
    assert_int_equal(keys.keys[2].secret[15], 15);
    assert_string_equal(keys.keys[2].pipeline, "a");

    /* the bearer itself is not kept */

    assert_null(memmem(&keys, sizeof(keys), "bearer-number-one", 17));

    assert_int_equal(keys_parse("{}"), LO_OK);
    assert_true(keys.tolerance_us == 300 * LO_USEC);
}


static void
test_file_bad(void **state)
{
    unsigned  i;

#define KEY(rest)    "{\"keys\":[{\"id\":\"k\"," rest "}]}"
#define TOKEN(rest)  "{\"tokens\":[{\"id\":\"t\"," rest "}]}"

    static const struct {
        const char  *json;
        const char  *field;
    } bad[] = {
        { "", "" },
        { "[]", "" },
        { "{\"keys\":{}}", "keys" },
        { "{\"kays\":[]}", "kays" },
        { "{\"tolerance_s\":0}", "tolerance_s" },
        { "{\"tolerance_s\":\"60\"}", "tolerance_s" },
        { "{\"keys\":[1]}", "keys[0]." },
        { "{\"keys\":[{" KEYS_GOOD "}]}", "keys[0].id" },
        { "{\"keys\":[{\"id\":\"a b\"," KEYS_GOOD "}]}", "keys[0].id" },
        { "{\"keys\":[{\"id\":\"k\"," KEYS_GOOD "},"
          "{\"id\":\"k\"," KEYS_GOOD "}]}",
          "keys[1].id" },
        { KEY("\"use\":[\"serve\"]"), "keys[0].secret" },
        { KEY("\"secret\":7,\"use\":[\"serve\"]"), "keys[0].secret" },
        { KEY("\"secret\":\"0123456789abcde\",\"use\":[\"serve\"]"),
          "keys[0].secret" },
        { KEY("\"secret\":\"hex:0123456789abcdef\",\"use\":[\"serve\"]"),
          "keys[0].secret" },
        { KEY("\"secret\":\"hex:0123456789abcdef0123456789abcdeg\","
              "\"use\":[\"serve\"]"), "keys[0].secret" },
        { KEY("\"secret\":\"base64:AAECAwQFBgcICQoLDA0ODw=\","
              "\"use\":[\"serve\"]"), "keys[0].secret" },
        { KEY("\"secret\":\"0123456789abcdef\""), "keys[0].use" },
        { KEY("\"secret\":\"0123456789abcdef\",\"use\":[]"), "keys[0].use" },
        { KEY("\"secret\":\"0123456789abcdef\",\"use\":[\"all\"]"),
          "keys[0].use" },
        { KEY("\"secret\":\"0123456789abcdef\",\"use\":[\"api\"]"),
          "keys[0].use" },
        { KEY(KEYS_GOOD ",\"event\":\"../x\""), "keys[0].event" },
        { KEY(KEYS_GOOD ",\"pipeline\":1"), "keys[0].pipeline" },
        { KEY(KEYS_GOOD ",\"expires\":\"tomorrow\""), "keys[0].expires" },
        { KEY(KEYS_GOOD ",\"pipline\":\"a\""), "keys[0].pipline" },
        { KEY(KEYS_GOOD ",\"bearer\":\"0123456789abcdef\""),
          "keys[0].bearer" },
        { TOKEN("\"use\":[\"api\"]"), "tokens[0].bearer" },
        { TOKEN("\"bearer\":\"short\",\"use\":[\"api\"]"),
          "tokens[0].bearer" },
        { TOKEN("\"bearer\":\"a space in a token\",\"use\":[\"api\"]"),
          "tokens[0].bearer" },
        { TOKEN("\"secret\":\"0123456789abcdef\",\"use\":[\"api\"]"),
          "tokens[0].bearer" }
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(keys_parse(bad[i].json), LO_ERROR);
        assert_string_equal(keys_err.field, bad[i].field);
        assert_true(keys_err.err.text[0] != '\0');
        assert_int_equal(keys.n, 0);
    }

    /* what is no JSON is not quoted: it may be a secret */

    assert_int_equal(keys_parse("{\"keys\":[{\"secret\":topsecret}]}"),
                     LO_ERROR);
    assert_null(strstr(keys_err.err.text, "topsecret"));
}


static void
test_many(void **state)
{
    char    *json, *p;
    unsigned  i;

    json = malloc(64 * 1024);
    assert_non_null(json);

    p = json + sprintf(json, "{\"keys\":[");

    for (i = 0; i <= LO_KEYS_MAX; i++) {
        p += sprintf(p, "%s{\"id\":\"k%u\"," KEYS_GOOD "}", i ? "," : "", i);

        if (i == LO_KEYS_MAX - 1) {
            strcpy(p, "]}");
            assert_int_equal(keys_parse(json), LO_OK);
            assert_int_equal(keys.n, LO_KEYS_MAX);
        }
    }

    strcpy(p, "]}");
    assert_int_equal(keys_parse(json), LO_ERROR);
    assert_string_equal(keys_err.field, "keys[64].");
    free(json);
}


static void
test_covers(void **state)
{
    keys_set();

    assert_int_equal(lo_key_covers(&keys.keys[2], lo_cstr("ev"),
                                   lo_cstr("a")), LO_ALLOW);
    assert_int_equal(lo_key_covers(&keys.keys[2], lo_cstr("ev"),
                                   lo_cstr("b")), LO_DENY_SCOPE);
    assert_int_equal(lo_key_covers(&keys.keys[2], lo_cstr("e"),
                                   lo_cstr("a")), LO_DENY_SCOPE);
    assert_int_equal(lo_key_covers(&keys.keys[0], lo_cstr("any"),
                                   lo_cstr("b")), LO_ALLOW);
}


/* the beginning of 1970 is a time like any other */

static void
test_expires(void **state)
{
    size_t  i;

    static const struct {
        const char  *member;
        int64_t      good_us;              /* the last moment */
    } rows[] = {
        { "", INT64_MAX },
        { ",\"expires\":1795388500", 1795388500LL * LO_USEC - 1 },
        { ",\"expires\":1", LO_USEC - 1 },
        { ",\"expires\":0.0000001", 0 },
        { ",\"expires\":0", 0 },
        { ",\"expires\":\"1970-01-01T00:00:00Z\"", 0 }
    };

    for (i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        char  json[256];

        snprintf(json, sizeof(json), "{\"%s\":[{\"id\":\"k\",\"%s\":"
                 "\"0123456789abcdef\",\"use\":[\"serve\"]%s}]}",
                 i & 1 ? "tokens" : "keys", i & 1 ? "bearer" : "secret",
                 rows[i / 2].member);

        assert_int_equal(keys_parse(json), LO_OK);
        assert_int_equal(lo_key_allows(&keys.keys[0], LO_USE_SERVE,
                                       rows[i / 2].good_us), LO_ALLOW);

        if (rows[i / 2].good_us < INT64_MAX) {
            assert_int_equal(lo_key_allows(&keys.keys[0], LO_USE_SERVE,
                                           rows[i / 2].good_us + 1),
                             LO_DENY_EXPIRED);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_bad),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_expires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
