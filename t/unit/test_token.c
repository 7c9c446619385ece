#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "core/token.h"


#define NOW  (1795388400ll * LO_USEC)


static lo_keys_t       keys;
static lo_event_err_t  err;
static unsigned char   text[1024];


static int
parse(const char *json)
{
    return lo_keys_parse(&keys, json, strlen(json), &err);
}


static void
set(void)
{
    assert_int_equal(parse(
        "{\"tolerance_s\": 60, \"keys\": ["
        "{\"id\": \"k1\", \"secret\": \"sixteen bytes ok\","
        " \"use\": [\"publish\", \"serve\"]},"
        "{\"id\": \"k2\", \"secret\": \"hex:0b0b0b0b0b0b0b0b0b0b"
        "0b0b0b0b0b0b0b0b0b0b\", \"use\": [\"serve\"], \"event\": \"ev\","
        " \"expires\": 1795388500},"
        "{\"id\": \"k3\", \"secret\": \"base64:AAECAwQFBgcICQoLDA0ODw==\","
        " \"use\": [\"publish\"], \"event\": \"ev\", \"pipeline\": \"a\"}],"
        "\"tokens\": ["
        "{\"id\": \"t1\", \"bearer\": \"bearer-number-one\","
        " \"use\": [\"publish\", \"api\"]},"
        "{\"id\": \"t2\", \"bearer\": \"bearer-number-two\","
        " \"use\": [\"api_read\"], \"expires\": \"2026-11-22T00:00:00Z\"}]}"),
        LO_OK);
}


static lo_str_t
token(const char *key, const char *path, const char *countries,
    const char *net, int64_t expires_us)
{
    lo_buf_t         b;
    lo_err_t         e;
    lo_token_t       t;
    const lo_key_t  *k;

    k = lo_keys_find(&keys, lo_cstr(key));
    assert_non_null(k);
    assert_int_equal(lo_token_set(&t, k, lo_cstr(path), lo_cstr(countries),
                                  lo_cstr(net), expires_us, &e), LO_OK);

    lo_buf_init(&b, text, sizeof(text));
    assert_int_equal(lo_token_make(&b, &t, k), LO_OK);

    return lo_buf_str(&b);
}


static lo_deny_e
ask(lo_str_t s, const char *event, const char *track, const char *country,
    const char *addr, int64_t now_us)
{
    lo_net_t        net;
    lo_deny_e       why;
    lo_token_t      t;
    lo_token_ask_t  a;

    why = lo_token_verify(&t, &keys, s, now_us);
    if (why != LO_ALLOW) {
        return why;
    }

    memset(&net, 0, sizeof(net));
    if (addr[0]) {
        assert_int_equal(lo_net_parse(&net, lo_cstr(addr), NULL), LO_OK);
    }

    a.event = lo_cstr(event);
    a.track = lo_cstr(track);
    a.country = lo_cstr(country);
    a.addr = net.addr;
    a.addr_len = net.len;
    a.now_us = now_us;

    return lo_token_opens(&t, &a);
}


/* ---- the file */

static void
test_file(void **state)
{
    set();
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

    assert_int_equal(parse("{}"), LO_OK);
    assert_true(keys.tolerance_us == 300 * LO_USEC);
}


static void
test_file_bad(void **state)
{
    unsigned  i;

#define KEY(rest)    "{\"keys\":[{\"id\":\"k\"," rest "}]}"
#define GOOD         "\"secret\":\"0123456789abcdef\",\"use\":[\"serve\"]"
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
        { "{\"keys\":[{" GOOD "}]}", "keys[0].id" },
        { "{\"keys\":[{\"id\":\"a b\"," GOOD "}]}", "keys[0].id" },
        { "{\"keys\":[{\"id\":\"k\"," GOOD "},{\"id\":\"k\"," GOOD "}]}",
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
        { KEY(GOOD ",\"event\":\"../x\""), "keys[0].event" },
        { KEY(GOOD ",\"pipeline\":1"), "keys[0].pipeline" },
        { KEY(GOOD ",\"expires\":\"tomorrow\""), "keys[0].expires" },
        { KEY(GOOD ",\"pipline\":\"a\""), "keys[0].pipline" },
        { KEY(GOOD ",\"bearer\":\"0123456789abcdef\""), "keys[0].bearer" },
        { TOKEN("\"use\":[\"api\"]"), "tokens[0].bearer" },
        { TOKEN("\"bearer\":\"short\",\"use\":[\"api\"]"),
          "tokens[0].bearer" },
        { TOKEN("\"bearer\":\"a space in a token\",\"use\":[\"api\"]"),
          "tokens[0].bearer" },
        { TOKEN("\"secret\":\"0123456789abcdef\",\"use\":[\"api\"]"),
          "tokens[0].bearer" }
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i].json), LO_ERROR);
        assert_string_equal(err.field, bad[i].field);
        assert_true(err.err.text[0] != '\0');
        assert_int_equal(keys.n, 0);
    }

    /* what is no JSON is not quoted: it may be a secret */

    assert_int_equal(parse("{\"keys\":[{\"secret\":topsecret}]}"), LO_ERROR);
    assert_null(strstr(err.err.text, "topsecret"));
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
        p += sprintf(p, "%s{\"id\":\"k%u\"," GOOD "}", i ? "," : "", i);

        if (i == LO_KEYS_MAX - 1) {
            strcpy(p, "]}");
            assert_int_equal(parse(json), LO_OK);
            assert_int_equal(keys.n, LO_KEYS_MAX);
        }
    }

    strcpy(p, "]}");
    assert_int_equal(parse(json), LO_ERROR);
    assert_string_equal(err.field, "keys[64].");
    free(json);
}


/* ---- tokens */

static void
test_mac(void **state)
{
    unsigned char         mac[LO_MAC];

    /* RFC 4231, test case 1 */

    static const unsigned char  want[LO_MAC] = {
        0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53,
        0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
        0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7,
        0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7
    };

    set();
    lo_keys_mac(lo_keys_find(&keys, lo_cstr("k2")), lo_cstr("Hi There"), mac);
    assert_memory_equal(mac, want, LO_MAC);
}


static void
test_token(void **state)
{
    lo_str_t    s;
    lo_token_t  t;

    set();
    s = token("k1", "ev/v1", "DE,AT", "192.0.2.129/25", NOW + 5 * LO_USEC);

    assert_int_equal(lo_token_parse(&t, s), LO_OK);
    assert_string_equal(t.key, "k1");
    assert_string_equal(t.event, "ev");
    assert_string_equal(t.track, "v1");
    assert_true(t.expires_us == NOW + 5 * LO_USEC);
    assert_int_equal(t.ncountries, 2);
    assert_memory_equal(t.countries, "DEAT", 4);
    assert_int_equal(t.net.bits, 25);
    assert_int_equal(t.net.addr[3], 128);

    assert_int_equal(ask(s, "ev", "v1", "DE", "192.0.2.200", NOW), LO_ALLOW);
    assert_int_equal(ask(s, "ev", "v1", "at", "192.0.2.200", NOW), LO_ALLOW);
    assert_int_equal(ask(s, "ev", "v1", "DE", "::ffff:192.0.2.200", NOW),
                     LO_ALLOW);
    assert_int_equal(ask(s, "ev", "v1", "CH", "192.0.2.200", NOW),
                     LO_DENY_COUNTRY);
    assert_int_equal(ask(s, "ev", "v1", "", "192.0.2.200", NOW),
                     LO_DENY_COUNTRY);
    assert_int_equal(ask(s, "ev", "v1", "DE", "192.0.2.127", NOW),
                     LO_DENY_NETWORK);
    assert_int_equal(ask(s, "ev", "v1", "DE", "", NOW), LO_DENY_NETWORK);
    assert_int_equal(ask(s, "ev", "v1", "DE", "2001:db8::1", NOW),
                     LO_DENY_NETWORK);
    assert_int_equal(ask(s, "ev", "v2", "DE", "192.0.2.200", NOW),
                     LO_DENY_SCOPE);
    assert_int_equal(ask(s, "ev", "", "DE", "192.0.2.200", NOW),
                     LO_DENY_SCOPE);
    assert_int_equal(ask(s, "ev2", "v1", "DE", "192.0.2.200", NOW),
                     LO_DENY_SCOPE);
    assert_int_equal(ask(s, "ev", "v1", "DE", "192.0.2.200",
                         NOW + 5 * LO_USEC - 1), LO_ALLOW);
    assert_int_equal(ask(s, "ev", "v1", "DE", "192.0.2.200",
                         NOW + 5 * LO_USEC), LO_DENY_EXPIRED);

    s = token("k1", "ev", "", "2001:db8::/32", NOW + LO_USEC);
    assert_int_equal(ask(s, "ev", "", "", "2001:db8:1::5", NOW), LO_ALLOW);
    assert_int_equal(ask(s, "ev", "v", "", "2001:db9::5", NOW),
                     LO_DENY_NETWORK);

    s = token("k1", "*", "", "", NOW + LO_USEC);
    assert_int_equal(ask(s, "any", "", "", "", NOW), LO_ALLOW);
}


/* any other letter anywhere, and any part of it, is another token */

static void
test_altered(void **state)
{
    size_t         i;
    unsigned       c;
    lo_str_t       s;
    lo_deny_e      why;
    unsigned char  was;

    set();
    s = token("k1", "ev", "", "", NOW + LO_USEC);

    for (i = 0; i < s.len; i++) {
        was = s.data[i];

        for (c = 0; c < 256; c++) {
            if (c == was) {
                continue;
            }

            s.data[i] = (unsigned char) c;
            why = ask(s, "ev", "", "", "", NOW);
            assert_true(why == LO_DENY_WRONG || why == LO_DENY_MALFORMED);
        }

        s.data[i] = was;
    }

    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_ALLOW);

    while (s.len--) {
        assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_MALFORMED);
    }
}


static void
test_token_keys(void **state)
{
    lo_str_t  s;

    set();

    /* the key's own end, and its event */

    s = token("k2", "ev", "", "", NOW + 1000 * LO_USEC);
    assert_int_equal(ask(s, "ev", "", "", "", NOW + 99 * LO_USEC), LO_ALLOW);
    assert_int_equal(ask(s, "ev", "", "", "", NOW + 100 * LO_USEC),
                     LO_DENY_EXPIRED);

    s = token("k2", "*", "", "", NOW + LO_USEC);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_SCOPE);
    s = token("k2", "ev2", "", "", NOW + LO_USEC);
    assert_int_equal(ask(s, "ev2", "", "", "", NOW), LO_DENY_SCOPE);

    s = token("k3", "ev", "", "", NOW + LO_USEC);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_USE);

    /* rotation: with the old key it is void once that has left the set */

    s = token("k1", "ev", "", "", NOW + LO_USEC);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_ALLOW);
    assert_int_equal(parse("{\"keys\":[{\"id\":\"k9\"," GOOD "}]}"), LO_OK);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_WRONG);

    /* another secret under the same id */

    assert_int_equal(parse("{\"keys\":[{\"id\":\"k1\"," GOOD "}]}"), LO_OK);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_WRONG);

    /* nobody knows the key of no key */

    assert_int_equal(parse("{}"), LO_OK);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_WRONG);
}


static lo_str_t
made(const char *claims)
{
    lo_buf_t       b;
    lo_str_t       payload;
    unsigned char  mac[LO_MAC];

    lo_buf_init(&b, text, sizeof(text));
    lo_base64url_put(&b, claims, strlen(claims));
    payload = lo_buf_str(&b);
    lo_keys_mac(lo_keys_find(&keys, lo_cstr("k1")), payload, mac);
    lo_buf_puts(&b, ".");
    lo_base64url_put(&b, mac, LO_MAC);

    return lo_buf_str(&b);
}


/* rightly signed, but not what a token says */

static void
test_claims(void **state)
{
    unsigned  i;

    static const char *const  good[] = {
        "k=k1;e=1795388401;p=ev",
        "p=*;k=k1;e=1795388401",
        "k=k1;e=1795388401;p=ev/v;c=DE,AT,CH,FR,IT,LI,NL,BE;n=::/0"
    };
    static const char *const  bad[] = {
        "", "k=k1", "k=k1;e=1795388401", "k=k1;p=ev", "e=1795388401;p=ev",
        "k=k1;e=1795388401;p=ev;x=1", "k=k1;e=1795388401;p=ev;e=1795388402",
        "k=k1;e=1795388401;p=ev;;", "k=k1;e=0;p=ev", "k=k1;e=-5;p=ev",
        "k=k1;e=9007199254740992;p=ev", "k=k1;e=1795388401 ;p=ev",
        "k=k1;e=1795388401;p=", "k=k1;e=1795388401;p=ev/",
        "k=k1;e=1795388401;p=/ev", "k=k1;e=1795388401;p=ev/v/1",
        "k=k1;e=1795388401;p=**", "k=k1;e=1795388401;p=ev;c=",
        "k=k1;e=1795388401;p=ev;c=D", "k=k1;e=1795388401;p=ev;c=de",
        "k=k1;e=1795388401;p=ev;c=DE,,AT",
        "k=k1;e=1795388401;p=ev;c=DE,AT,CH,FR,IT,LI,NL,BE,LU",
        "k=k1;e=1795388401;p=ev;n=", "k=k1;e=1795388401;p=ev;n=192.0.2.0/33",
        "k=k1;e=1795388401;p=ev;n=2001:db8::/129",
        "k=k1;e=1795388401;p=ev;n=example.org"
    };

    set();

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(lo_token_parse(&(lo_token_t) { "" }, made(good[i])),
                         LO_OK);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(ask(made(bad[i]), "ev", "", "", "", NOW),
                         LO_DENY_MALFORMED);
    }
}


static void
test_set_bad(void **state)
{
    lo_err_t    e;
    lo_token_t  t;
    lo_str_t    none = lo_null_string;

    set();

    assert_int_equal(lo_token_set(&t, &keys.keys[0], lo_cstr("a/b/c"), none,
                                  none, NOW, &e), LO_ERROR);
    assert_int_equal(lo_token_set(&t, &keys.keys[0], lo_cstr("ev"),
                                  lo_cstr("DEU"), none, NOW, &e), LO_ERROR);
    assert_int_equal(lo_token_set(&t, &keys.keys[0], lo_cstr("ev"), none,
                                  lo_cstr("300.0.0.0/8"), NOW, &e), LO_ERROR);
    assert_non_null(strstr(e.text, "192.0.2.0/24"));
}


/* ---- Authorization */

static lo_deny_e
authorize(const char *value, uint32_t uses, const lo_signed_t *s,
    int64_t now_us)
{
    const lo_key_t  *key;

    return lo_keys_authorize(&keys, uses, lo_cstr(value), s, now_us, &key);
}


static void
test_bearer(void **state)
{
    set();

    assert_int_equal(authorize("Bearer bearer-number-one", LO_USE_PUBLISH,
                               NULL, NOW), LO_ALLOW);
    assert_int_equal(authorize("bearer  bearer-number-one ", LO_USE_API,
                               NULL, NOW), LO_ALLOW);
    assert_int_equal(authorize("Bearer bearer-number-one", LO_USE_SERVE,
                               NULL, NOW), LO_DENY_USE);
    assert_int_equal(authorize("Bearer bearer-number-two",
                               LO_USE_API|LO_USE_API_READ, NULL,
                               NOW - 86400ll * 7 * LO_USEC), LO_ALLOW);
    assert_int_equal(authorize("Bearer bearer-number-two", LO_USE_API, NULL,
                               NOW - 86400ll * 7 * LO_USEC), LO_DENY_USE);
    assert_int_equal(authorize("Bearer bearer-number-two", LO_USE_API_READ,
                               NULL, NOW), LO_DENY_EXPIRED);
    assert_int_equal(authorize("Bearer bearer-number-on", LO_USE_API, NULL,
                               NOW), LO_DENY_WRONG);
    assert_int_equal(authorize("Bearer bearer-number-onee", LO_USE_API, NULL,
                               NOW), LO_DENY_WRONG);
    assert_int_equal(authorize("", LO_USE_API, NULL, NOW), LO_DENY_NONE);
    assert_int_equal(authorize("Bearer", LO_USE_API, NULL, NOW),
                     LO_DENY_MALFORMED);
    assert_int_equal(authorize("Bearer ", LO_USE_API, NULL, NOW),
                     LO_DENY_MALFORMED);
    assert_int_equal(authorize("Basic YTpi", LO_USE_API, NULL, NOW),
                     LO_DENY_MALFORMED);

    /* a secret that signs is no bearer token, nor is a digest of one */

    assert_int_equal(authorize("Bearer sixteen bytes ok", LO_USE_PUBLISH,
                               NULL, NOW), LO_DENY_WRONG);
    assert_null(lo_keys_find(&keys, lo_cstr("t1")));
}


static void
test_signed(void **state)
{
    char         value[512], at;
    size_t       i, len;
    lo_buf_t     b;
    lo_signed_t  s, other;

    set();

    memset(&s, 0, sizeof(s));
    s.method = lo_cstr("PUT");
    s.target = lo_cstr("/live/ev/a/v/1.m4s");

    lo_buf_init(&b, value, sizeof(value));
    assert_int_equal(lo_keys_sign(&b, &keys.keys[0], &s, NOW), LO_OK);
    *b.pos = '\0';
    len = b.pos - b.start;

    assert_int_equal(authorize(value, LO_USE_PUBLISH, &s, NOW), LO_ALLOW);
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &s,
                               NOW + 60 * LO_USEC), LO_ALLOW);
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &s,
                               NOW - 60 * LO_USEC), LO_ALLOW);
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &s,
                               NOW + 61 * LO_USEC), LO_DENY_CLOCK);
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &s,
                               NOW - 61 * LO_USEC), LO_DENY_CLOCK);
    assert_int_equal(authorize(value, LO_USE_API, &s, NOW), LO_DENY_USE);
    assert_int_equal(authorize(value, LO_USE_PUBLISH, NULL, NOW),
                     LO_DENY_MALFORMED);

    other = s;
    other.method = lo_cstr("POST");
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &other, NOW),
                     LO_DENY_WRONG);
    other = s;
    other.target = lo_cstr("/live/ev/a/v/2.m4s");
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &other, NOW),
                     LO_DENY_WRONG);
    other = s;
    other.digest = lo_cstr("sha-256=:x:");
    assert_int_equal(authorize(value, LO_USE_PUBLISH, &other, NOW),
                     LO_DENY_WRONG);

    /* altered anywhere: another letter, of another case not */

    for (i = sizeof("LiveOrigin ") - 1; i < len; i++) {
        at = value[i];

        if (at == ' ') {
            continue;
        }

        value[i] = at == '1' ? '2' : '1';
        assert_int_not_equal(authorize(value, LO_USE_PUBLISH, &s, NOW),
                             LO_ALLOW);
        value[i] = at;
    }

    assert_int_equal(authorize(value, LO_USE_PUBLISH, &s, NOW), LO_ALLOW);
}


static void
test_signed_malformed(void **state)
{
    unsigned     i;
    lo_signed_t  s;

#define SIG  "00000000000000000000000000000000" \
             "00000000000000000000000000000000"

    static const char *const  bad[] = {
        "LiveOrigin x", "LiveOrigin key=k1", "LiveOrigin key=k1, ts=1",
        "LiveOrigin key=k1, sig=" SIG, "LiveOrigin ts=1, sig=" SIG,
        "LiveOrigin key=k1, ts=1, sig=00",
        "LiveOrigin key=k1, ts=1, sig=" SIG "00",
        "LiveOrigin key=k1, ts=, sig=" SIG,
        "LiveOrigin key=k1, ts=x, sig=" SIG,
        "LiveOrigin key=k1, ts=99999999999999999999, sig=" SIG,
        "LiveOrigin key=k1, ts=999999999999, sig=" SIG,
        "LiveOrigin key=k1, key=k1, ts=1, sig=" SIG,
        "LiveOrigin key=k1, ts=1, sig=" SIG ", x=1",
        "LiveOrigin key=k1, ts=1,, sig=" SIG
    };

    set();
    memset(&s, 0, sizeof(s));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(authorize(bad[i], LO_USE_PUBLISH, &s, NOW),
                         LO_DENY_MALFORMED);
    }

    assert_int_equal(authorize("LiveOrigin sig=" SIG ",ts=1,key=nobody",
                               LO_USE_PUBLISH, &s, NOW), LO_DENY_WRONG);

    /* longer than what can be signed */

    s.target.len = 100000;
    s.target.data = calloc(1, s.target.len);
    assert_non_null(s.target.data);
    assert_int_equal(authorize("LiveOrigin sig=" SIG ",ts=1,key=k1",
                               LO_USE_PUBLISH, &s, NOW), LO_DENY_MALFORMED);
    free(s.target.data);
}


static void
test_covers(void **state)
{
    set();

    assert_int_equal(lo_key_covers(&keys.keys[2], lo_cstr("ev"),
                                   lo_cstr("a")), LO_ALLOW);
    assert_int_equal(lo_key_covers(&keys.keys[2], lo_cstr("ev"),
                                   lo_cstr("b")), LO_DENY_SCOPE);
    assert_int_equal(lo_key_covers(&keys.keys[2], lo_cstr("e"),
                                   lo_cstr("a")), LO_DENY_SCOPE);
    assert_int_equal(lo_key_covers(&keys.keys[0], lo_cstr("any"),
                                   lo_cstr("b")), LO_ALLOW);
}


/* ---- networks, base64 */

static void
test_net(void **state)
{
    lo_net_t        n;
    lo_buf_t        b;
    unsigned        i;
    unsigned char   out[LO_NET_TEXT];

    static const char *const  same[] = {
        "0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1/32", "::/0",
        "2001:db8::/33", "::1/128"
    };

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(lo_net_parse(&n, lo_cstr(same[i]), NULL), LO_OK);
        lo_buf_init(&b, out, sizeof(out));
        lo_net_print(&b, &n);
        assert_true(lo_str_eq(lo_buf_str(&b), lo_cstr(same[i])));
    }

    assert_int_equal(lo_net_parse(&n, lo_cstr("::ffff:10.1.2.3/104"), NULL),
                     LO_OK);
    assert_int_equal(n.len, 4);
    assert_int_equal(n.bits, 8);
    assert_true(lo_net_has(&n, (const unsigned char *) "\x0a\x09\x08\x07", 4));
    assert_false(lo_net_has(&n, (const unsigned char *) "\x0b\x09\x08\x07",
                            4));
    assert_false(lo_net_has(&n, NULL, 0));

    assert_int_equal(lo_net_parse(&n, lo_cstr("0.0.0.0/0"), NULL), LO_OK);
    assert_true(lo_net_has(&n, (const unsigned char *) "\xff\x09\x08\x07", 4));
    assert_false(lo_net_has(&n, (const unsigned char *) "0123456789abcdef",
                            16));
}


static void
test_base64(void **state)
{
    size_t         len;
    lo_buf_t       b;
    unsigned char  in[40], out[40], digits[64];

    for (len = 0; len < sizeof(in); len++) {
        in[len] = (unsigned char) (len * 37 + 200);
    }

    for (len = 0; len <= sizeof(in); len++) {
        lo_buf_init(&b, digits, sizeof(digits));
        lo_base64url_put(&b, in, len);
        assert_int_equal(lo_buf_str(&b).len, (len * 4 + 2) / 3);
        assert_int_equal(lo_base64url_read(out, sizeof(out), lo_buf_str(&b)),
                         len);
        assert_memory_equal(in, out, len);

        if (len) {
            assert_int_equal(lo_base64url_read(out, len - 1, lo_buf_str(&b)),
                             LO_FULL);
        }
    }

    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("_-8")), 2);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("_-9")), LO_ERROR);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("A")), LO_ERROR);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("AA==")), LO_ERROR);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("+/8")), LO_ERROR);
    assert_int_equal(lo_base64_read(out, 40, lo_cstr("+/8=")), 2);
    assert_int_equal(lo_base64_read(out, 40, lo_cstr("+/8")), LO_ERROR);
    assert_int_equal(lo_base64_read(out, 40, lo_cstr("====")), LO_ERROR);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_bad),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_token_keys),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_set_bad),
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_signed_malformed),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_net),
        cmocka_unit_test(test_base64)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
