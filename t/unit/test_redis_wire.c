/*
 * Redis as bytes: slots, redirections, errors, commands.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "redis/wire.h"


/* as CLUSTER KEYSLOT says */

static void
test_slots(void **state)
{
    size_t  i;

    static const struct {
        const char  *key;
        unsigned     slot;
    } keys[] = {
        { "", 0 },
        { "123456789", 12739 },
        { "foo", 12182 },
        { "{foo}", 12182 },
        { "lo:{foo}:head", 12182 },
        { "{foo}{bar}", 12182 },
        { "x{foo", 11351 },
        { "x{}foo", 11714 },
        { "{}", 15257 },
        { "}{foo}", 12182 },
        { "foo{{bar}}zap", 4015 },
    };

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        assert_int_equal(lo_redis_slot(keys[i].key, strlen(keys[i].key)),
                         keys[i].slot);
    }
}


static void
test_redirects(void **state)
{
    size_t               i, len;
    char                *text;
    lo_redis_redirect_t  r;

    static const struct {
        const char  *text;
        unsigned     slot;
        const char  *host;
        unsigned     port;
    } good[] = {
        { "MOVED 3999 127.0.0.1:6381", 3999, "127.0.0.1", 6381 },
        { "ASK 0 [::1]:1", 0, "[::1]", 1 },
        { "MOVED 16383 ::1:6381", 16383, "::1", 6381 },
        { "MOVED 5 :6381", 5, "", 6381 },
        { "MOVED 5 127.0.0.1:6381,a.example", 5, "127.0.0.1", 6381 },
    };

    static const char *const  bad[] = {
        "", "MOVED", "MOVED ", "MOVED 1", "MOVED 1 ", "MOVED 16384 a:1",
        "MOVED x a:1", "MOVED -1 a:1", "MOVED 1 a", "MOVED 1 a:",
        "MOVED 1 a:0", "MOVED 1 a:65536", "MOVED 1 a:1x",
        "MOVED 99999999999999999999 a:1", "MOVED  a:1",
        ("MOVED 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaa:1"),
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {

        /* what lies behind the text is not to be read */

        len = strlen(good[i].text);
        text = malloc(len);
        memcpy(text, good[i].text, len);

        assert_int_equal(lo_redis_redirect(&r, text, len), 0);
        assert_int_equal(r.slot, good[i].slot);
        assert_string_equal(r.host, good[i].host);
        assert_int_equal(r.port, good[i].port);
        free(text);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        len = strlen(bad[i]);
        text = malloc(len + 1);
        memcpy(text, bad[i], len);
        assert_int_equal(lo_redis_redirect(&r, text, len), -1);
        free(text);
    }
}


static void
test_errors(void **state)
{
    assert_int_equal(lo_redis_error("MOVED 1 a:1", 11), LO_REDIS_MOVED);
    assert_int_equal(lo_redis_error("ASK 1 a:1", 9), LO_REDIS_ASK);
    assert_int_equal(lo_redis_error("NOSCRIPT", 8), LO_REDIS_NOSCRIPT);
    assert_int_equal(lo_redis_error("NOSCRIPTS", 9), LO_REDIS_OTHER);
    assert_int_equal(lo_redis_error("ERR MOVED", 9), LO_REDIS_OTHER);
    assert_int_equal(lo_redis_error("", 0), LO_REDIS_OTHER);

    assert_string_equal(lo_redis_hint("NOAUTH Authentication required."),
                        "give auth=FILE");
    assert_null(lo_redis_hint("ERR syntax error"));
    assert_null(lo_redis_hint(""));
}


static void
test_commands(void **state)
{
    char         buf[64], *p;
    size_t       len;
    const char  *argv[] = { "SET", "", "a\r\nb" };
    size_t       lens[] = { 3, 0, 4 };

    static const char  wanted[] = "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n";

    len = lo_redis_array(NULL, 3) + lo_redis_length(3, lens);
    assert_int_equal(len, sizeof(wanted) - 1);

    memset(buf, '#', sizeof(buf));
    p = buf + lo_redis_array(buf, 3);
    p = lo_redis_write(p, 3, argv, lens);

    assert_int_equal(p - buf, len);
    assert_memory_equal(buf, wanted, len);
    assert_int_equal(buf[len + 1], '#');
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
