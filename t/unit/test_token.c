#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "core/token.h"
#include "lib/keys.h"


#define NOW  (1795388400ll * LO_USEC)


static unsigned char  text[1024];


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

    keys_set();
    lo_keys_mac(lo_keys_find(&keys, lo_cstr("k2")), lo_cstr("Hi There"), mac);
    assert_memory_equal(mac, want, LO_MAC);
}


static void
test_token(void **state)
{
    lo_str_t    s;
    lo_token_t  t;

    keys_set();
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

    keys_set();
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

    keys_set();

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
    assert_int_equal(keys_parse("{\"keys\":[{\"id\":\"k9\"," KEYS_GOOD "}]}"),
                     LO_OK);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_WRONG);

    /* another secret under the same id */

    assert_int_equal(keys_parse("{\"keys\":[{\"id\":\"k1\"," KEYS_GOOD "}]}"),
                     LO_OK);
    assert_int_equal(ask(s, "ev", "", "", "", NOW), LO_DENY_WRONG);

    /* nobody knows the key of no key */

    assert_int_equal(keys_parse("{}"), LO_OK);
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

    keys_set();

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

    keys_set();

    assert_int_equal(lo_token_set(&t, &keys.keys[0], lo_cstr("a/b/c"), none,
                                  none, NOW, &e), LO_ERROR);
    assert_int_equal(lo_token_set(&t, &keys.keys[0], lo_cstr("ev"),
                                  lo_cstr("DEU"), none, NOW, &e), LO_ERROR);
    assert_int_equal(lo_token_set(&t, &keys.keys[0], lo_cstr("ev"), none,
                                  lo_cstr("300.0.0.0/8"), NOW, &e), LO_ERROR);
    assert_non_null(strstr(e.text, "192.0.2.0/24"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_token_keys),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_set_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
