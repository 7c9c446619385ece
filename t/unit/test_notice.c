#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/notice.h"

#define NOW  (1795383757LL * LO_USEC)


static lo_notices_t  all;


static int
set(const char *key, const char *value, int64_t expires_us)
{
    lo_err_t  err;
    lo_str_t  v;

    v = lo_cstr(value ? value : "");

    return lo_notice_set(&all, lo_cstr(key), value ? &v : NULL, expires_us,
                         NOW, &err);
}


static void
is(const char *expected, int64_t now, int64_t until)
{
    char      mem[LO_NOTICE_HEADER + 1];
    int64_t   at;
    lo_buf_t  b;

    lo_buf_init(&b, mem, LO_NOTICE_HEADER);
    lo_notice_write(&b, &all, now, &at);

    assert_true(lo_buf_ok(&b));
    mem[b.need] = '\0';
    assert_string_equal(mem, expected);
    assert_true(at == until);
}


static void
test_keys(void **state)
{
    size_t       i;
    lo_err_t     err;
    char         longest[LO_NOTICE_KEY + 2];
    const char  *good[] = { "a", "*", "ad", "a-b_c.d*9", "z0" };
    const char  *bad[] = { "", "A", "0", "-", "_", ".", "a b", "aB", "a\"",
                           "a=", "\xc3\xa4", "a\n", "a," };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(lo_notice_key(lo_cstr(good[i]), &err), LO_OK);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(lo_notice_key(lo_cstr(bad[i]), &err), LO_ERROR);
        assert_non_null(strstr(err.text, "64 bytes"));
    }

    memset(longest, 'k', sizeof(longest));
    longest[LO_NOTICE_KEY + 1] = '\0';
    assert_int_equal(lo_notice_key(lo_cstr(longest), &err), LO_ERROR);
    assert_int_equal(lo_notice_key(lo_cstr(longest + 1), &err), LO_OK);
}


static void
test_values(void **state)
{
    int        c;
    char       one[2], longest[LO_NOTICE_VALUE + 2];
    lo_err_t   err;

    one[1] = '\0';

    for (c = 1; c < 256; c++) {
        one[0] = (char) c;
        assert_int_equal(lo_notice_value(lo_cstr(one), &err),
                         c >= ' ' && c <= '~' ? LO_OK : LO_ERROR);
    }

    memset(longest, 'v', sizeof(longest));
    longest[LO_NOTICE_VALUE + 1] = '\0';
    assert_int_equal(lo_notice_value(lo_cstr(longest), &err), LO_ERROR);
    assert_int_equal(lo_notice_value(lo_cstr(longest + 1), &err), LO_OK);
    assert_int_equal(lo_notice_value(lo_cstr(""), &err), LO_OK);
}


static void
test_dictionary(void **state)
{
    memset(&all, 0, sizeof(all));

    is("", NOW, INT64_MAX);
    assert_int_equal(set("ad", "break in 10 s", INT64_MAX), 1);
    is("ad=\"break in 10 s\"", NOW, INT64_MAX);
    assert_int_equal(set("ad", "break in 10 s", INT64_MAX), 0);
    assert_int_equal(set("w", "a \"b\" \\c", INT64_MAX), 1);
    assert_int_equal(set("ad", "", INT64_MAX), 1);
    is("ad=\"\", w=\"a \\\"b\\\" \\\\c\"", NOW, INT64_MAX);
    assert_int_equal(set("none", NULL, 0), 0);
    assert_int_equal(set("ad", NULL, 0), 1);
    is("w=\"a \\\"b\\\" \\\\c\"", NOW, INT64_MAX);
}


static void
test_expiry(void **state)
{
    memset(&all, 0, sizeof(all));

    assert_int_equal(set("a", "1", NOW + 5), 1);
    assert_int_equal(set("b", "2", NOW + 3), 1);
    assert_int_equal(set("c", "3", INT64_MAX), 1);
    is("a=\"1\", b=\"2\", c=\"3\"", NOW, NOW + 3);
    is("a=\"1\", c=\"3\"", NOW + 3, NOW + 5);
    is("c=\"3\"", NOW + 5, INT64_MAX);

    /* what is over goes with the next change */

    all.notices[0].expires_us = NOW;
    assert_int_equal(set("c", "3", INT64_MAX), 1);
    assert_int_equal(all.n, 2);
    assert_int_equal(set("b", "2", NOW + 9), 1);
    is("b=\"2\", c=\"3\"", NOW, NOW + 9);
}


static void
test_room(void **state)
{
    int   i;
    char  key[16], value[LO_NOTICE_VALUE + 1];

    memset(&all, 0, sizeof(all));

    for (i = 0; i < LO_NOTICES; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(key, "", INT64_MAX), 1);
    }

    assert_int_equal(set("more", "", INT64_MAX), LO_FULL);
    assert_int_equal(set("k3", "x", INT64_MAX), 1);
    assert_int_equal(set("more", NULL, 0), 0);
    assert_int_equal(set("k3", NULL, 0), 1);
    assert_int_equal(set("more", "", INT64_MAX), 1);

    /* as sent: each of these bytes is two */

    memset(&all, 0, sizeof(all));
    memset(value, '"', LO_NOTICE_VALUE);
    value[LO_NOTICE_VALUE] = '\0';

    for (i = 0; i < 4; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(key, value, INT64_MAX), 1);
    }

    assert_int_equal(set("k4", value, INT64_MAX), 1);
    assert_int_equal(set("k5", value, INT64_MAX), LO_FULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_dictionary),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
