#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/base.h"


static void
test_rescale(void **state)
{
    static const struct {
        int64_t     v;
        uint64_t    num;
        uint64_t    den;
        lo_round_e  round;
        int64_t     want;
    } cases[] = {
        { 10, 1, 3, LO_FLOOR, 3 },
        { 10, 1, 3, LO_NEAREST, 3 },
        { 10, 1, 3, LO_CEIL, 4 },
        { 11, 1, 3, LO_NEAREST, 4 },
        { 3, 1, 2, LO_NEAREST, 2 },
        { -3, 1, 2, LO_NEAREST, -2 },
        { -10, 1, 3, LO_FLOOR, -4 },
        { -10, 1, 3, LO_CEIL, -3 },
        { 9, 1, 3, LO_CEIL, 3 },
        { -9, 1, 3, LO_FLOOR, -3 },
        { 0, 5, 7, LO_CEIL, 0 },

        /* an epoch time at 90 kHz in microseconds is past 64 bits between */
        { 1795383757LL * 90000 + 3003, 1000000, 90000, LO_NEAREST,
          1795383757033367LL },

        { INT64_MAX, 1, 1, LO_FLOOR, INT64_MAX },
        { INT64_MIN, 1, 1, LO_FLOOR, INT64_MIN },
        { INT64_MAX, 2, 1, LO_FLOOR, INT64_MAX },
        { INT64_MIN, 2, 1, LO_CEIL, INT64_MIN },
        { INT64_MIN, UINT64_MAX, 1, LO_NEAREST, INT64_MIN },
        { INT64_MAX, UINT64_MAX, UINT64_MAX, LO_NEAREST, INT64_MAX },
        { 1, UINT64_MAX - 1, UINT64_MAX, LO_NEAREST, 1 },
        { 1, 1, UINT64_MAX, LO_NEAREST, 0 },
    };
    size_t  i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(lo_rescale(cases[i].v, cases[i].num, cases[i].den,
                                    cases[i].round),
                         cases[i].want);
    }
}


static void
test_buf(void **state)
{
    char      mem[8];
    lo_buf_t  b;

    lo_buf_init(&b, mem, sizeof(mem));
    lo_buf_puts(&b, "abc");
    lo_buf_u64(&b, 0);
    lo_buf_printf(&b, "%s", "defg");

    assert_true(lo_buf_ok(&b));
    assert_int_equal(b.need, 8);
    assert_true(lo_str_eq(lo_buf_str(&b), lo_cstr("abc0defg")));

    lo_buf_put(&b, "", 0);
    assert_true(lo_buf_ok(&b));

    lo_buf_puts(&b, "x");
    assert_false(lo_buf_ok(&b));
    assert_int_equal(b.need, 9);
    assert_int_equal(lo_buf_str(&b).len, 8);
}


static void
test_buf_prefix(void **state)
{
    char      mem[4];
    lo_buf_t  b;

    lo_buf_init(&b, mem, sizeof(mem));
    lo_buf_puts(&b, "abcdef");
    lo_buf_puts(&b, "g");

    assert_false(lo_buf_ok(&b));
    assert_int_equal(b.need, 7);
    assert_true(lo_str_eq(lo_buf_str(&b), lo_cstr("abcd")));

    /* measuring without any memory */

    lo_buf_init(&b, NULL, 0);
    lo_buf_u64(&b, UINT64_MAX);
    lo_buf_printf(&b, "%d", -7);

    assert_false(lo_buf_ok(&b));
    assert_int_equal(b.need, 22);
}


static void
test_buf_long(void **state)
{
    char      mem[2048], text[1200];
    size_t    need;
    lo_buf_t  b;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';

    lo_buf_init(&b, mem, 1000);
    lo_buf_printf(&b, "<%s>", text);
    lo_buf_puts(&b, "!");

    assert_false(lo_buf_ok(&b));
    need = b.need;
    assert_in_range(need, 1202, 1203);

    lo_buf_init(&b, mem, need);
    lo_buf_printf(&b, "<%s>", text);
    lo_buf_puts(&b, "!");

    assert_true(lo_buf_ok(&b));
    assert_int_equal(lo_buf_str(&b).len, 1202);
    assert_memory_equal(b.pos - 2, ">!", 2);
}


static void
test_str(void **state)
{
    char      text[300];
    lo_err_t  err;
    lo_str_t  null = lo_null_string, abc = lo_string("abc");

    assert_true(lo_str_eq(null, lo_cstr("")));
    assert_true(lo_str_eq(abc, lo_cstr("abc")));
    assert_false(lo_str_eq(abc, lo_cstr("abd")));
    assert_false(lo_str_eq(abc, lo_cstr("ab")));

    memset(text, 'e', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';

    assert_int_equal(lo_err(&err, "%s", text), LO_ERROR);
    assert_int_equal(strlen(err.text), LO_ERR_MAX - 1);
    assert_int_equal(lo_err(NULL, "nobody listens"), LO_ERROR);
}


static void
test_id(void **state)
{
    static const char  *good[] = {
        "a", "Z", "0", "news-1", "a.b_c-d", "a..", "9-",
        "0123456789012345678901234567890123456789012345678901234567890123"
    };
    static const char  *bad[] = {
        "", ".", "..", "-a", "_a", ".a", "~a", "a/b", "a b", "a%", "\xc3\xa4",
        "a\n", "a~",
        "01234567890123456789012345678901234567890123456789012345678901234"
    };
    size_t    i;
    lo_str_t  nul = lo_string("a\0b");

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(lo_id_ok(lo_cstr(good[i])));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(lo_id_ok(lo_cstr(bad[i])));
    }

    assert_false(lo_id_ok(nul));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_rescale),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_buf_prefix),
        cmocka_unit_test(test_buf_long),
        cmocka_unit_test(test_str),
        cmocka_unit_test(test_id),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
