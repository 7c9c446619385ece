/* who may publish, or use the API: bearer tokens and signed requests */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/token.h"
#include "lib/keys.h"


#define NOW  (1795388400ll * LO_USEC)


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
    keys_set();

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

    keys_set();

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

    keys_set();
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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bearer),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_signed_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
