/*
 * Structured fields by RFC 9651: what is taken, and what is not.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/sfv.h"


static int
item(const char *s, lo_sfv_item_t *i)
{
    lo_sfv_t  r;

    lo_sfv(&r, lo_cstr(s));

    return lo_sfv_item(&r, i);
}


static void
test_items(void **state)
{
    size_t         k;
    lo_sfv_item_t  i;

    static const struct {
        const char  *field;
        lo_sfv_e     type;
        int64_t      integer;
        const char  *text;
    } good[] = {
        { "42", LO_SFV_INTEGER, 42, "" },
        { "  -0 ", LO_SFV_INTEGER, 0, "" },
        { "007", LO_SFV_INTEGER, 7, "" },
        { "999999999999999", LO_SFV_INTEGER, 999999999999999, "" },
        { "-999999999999999", LO_SFV_INTEGER, -999999999999999, "" },
        { "4.5", LO_SFV_DECIMAL, 4500, "" },
        { "-0.001", LO_SFV_DECIMAL, -1, "" },
        { "123456789012.125", LO_SFV_DECIMAL, 123456789012125, "" },
        { "\"\"", LO_SFV_STRING, 0, "" },
        { "\"a \\\"b\\\\\"", LO_SFV_STRING, 0, "a \\\"b\\\\" },
        { "foo123/456", LO_SFV_TOKEN, 0, "foo123/456" },
        { "*a:b!#$%&'+-.^_`|~", LO_SFV_TOKEN, 0, "*a:b!#$%&'+-.^_`|~" },
        { ":cHJldGVuZA==:", LO_SFV_BYTES, 0, "cHJldGVuZA==" },
        { ":cHJldGVuZA:", LO_SFV_BYTES, 0, "cHJldGVuZA" },
        { "::", LO_SFV_BYTES, 0, "" },
        { "?1", LO_SFV_BOOLEAN, 1, "" },
        { "?0", LO_SFV_BOOLEAN, 0, "" },
        { "@1659578233", LO_SFV_DATE, 1659578233, "" },
        { "@-1", LO_SFV_DATE, -1, "" },
        { "%\"f%c3%bc \\\"", LO_SFV_DISPLAY, 0, "f%c3%bc \\" },
    };

    static const char  *bad[] = {
        "", " ", "-", "--1", "1.", "1.2345", "1234567890123.1", ".5",
        "1234567890123456", "1 2", "\"a", "\"a\\", "\"\\n\"", "\"\t\"",
        "\"\x7f\"", "a b", "a,", ":a:", ":a!=:", ":YQ", ":YQ=:", ":=YQ=:",
        ":YQ===:", "?", "?2", "?true", "@", "@1.5", "@a", "%\"%C3%BC\"",
        "%\"%c3\"", "%\"%ed%a0%80\"", "%\"%zz\"", "%\"a", "%a", "(a)", "'a'",
        "\x80", "a;", "a;B", "a;b=", "a;b=c d", "\t1"
    };

    for (k = 0; k < sizeof(good) / sizeof(good[0]); k++) {

        if (item(good[k].field, &i) != LO_OK || i.type != good[k].type
            || i.integer != good[k].integer
            || !lo_str_eq(i.text, lo_cstr(good[k].text)))
        {
            fail_msg("%s", good[k].field);
        }
    }

    for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        if (item(bad[k], &i) != LO_ERROR) {
            fail_msg("taken: %s", bad[k]);
        }
    }
}


static void
test_params(void **state)
{
    lo_sfv_item_t  i, v;

    assert_int_equal(item("a;b;  c=1;*d=\"x;y\";c=2", &i), LO_OK);
    assert_int_equal(lo_sfv_param(&i, "b", &v), LO_OK);
    assert_int_equal(v.type, LO_SFV_BOOLEAN);
    assert_int_equal(v.integer, 1);
    assert_int_equal(lo_sfv_param(&i, "c", &v), LO_OK);
    assert_int_equal(v.integer, 2);
    assert_int_equal(lo_sfv_param(&i, "*d", &v), LO_OK);
    assert_true(lo_str_eq(v.text, lo_cstr("x;y")));
    assert_int_equal(lo_sfv_param(&i, "y", &v), LO_NONE);
    assert_int_equal(lo_sfv_param(&i, "a", &v), LO_NONE);
}


static int
count(const char *s)
{
    int            n, rc;
    lo_sfv_t       r;
    lo_sfv_item_t  i;

    lo_sfv(&r, lo_cstr(s));

    for (n = 0; (rc = lo_sfv_list(&r, &i)) == 1; n++) { /* void */ }

    return rc == 0 ? n : rc;
}


static void
test_lists(void **state)
{
    int            n;
    lo_sfv_t       r, in;
    lo_sfv_item_t  i, k;

    assert_int_equal(count(""), 0);
    assert_int_equal(count("   "), 0);
    assert_int_equal(count("a"), 1);
    assert_int_equal(count("a,b"), 2);
    assert_int_equal(count(" a \t,\t b;c , (d e;f \"g\") ; h "), LO_ERROR);
    assert_int_equal(count("a , (d e;f \"g\");h,()"), 3);
    assert_int_equal(count("a,"), LO_ERROR);
    assert_int_equal(count("a,,b"), LO_ERROR);
    assert_int_equal(count(",a"), LO_ERROR);
    assert_int_equal(count("a b"), LO_ERROR);
    assert_int_equal(count("(a"), LO_ERROR);
    assert_int_equal(count("(a\"b\")"), LO_ERROR);
    assert_int_equal(count("(a,b)"), LO_ERROR);
    assert_int_equal(count("((a))"), LO_ERROR);

    lo_sfv(&r, lo_cstr("( x;p=1 2  \"z\" );q"));
    assert_int_equal(lo_sfv_list(&r, &i), 1);
    assert_int_equal(i.type, LO_SFV_INNER);
    assert_int_equal(lo_sfv_param(&i, "q", &k), LO_OK);

    lo_sfv(&in, i.text);

    for (n = 0; lo_sfv_inner(&in, &k) == 1; n++) {
        assert_int_equal(k.type, n == 0 ? LO_SFV_TOKEN
                                 : n == 1 ? LO_SFV_INTEGER : LO_SFV_STRING);
    }

    assert_int_equal(n, 3);
    assert_int_equal(lo_sfv_list(&r, &i), 0);
}


static void
test_dictionaries(void **state)
{
    unsigned char  data[8];
    const char    *error;
    lo_sfv_item_t  i;

    error = "";

    assert_int_equal(lo_sfv_member(lo_cstr("a=1, b;x=2, a=:AQID:"), "a", &i,
                                   &error), LO_OK);
    assert_int_equal(i.type, LO_SFV_BYTES);
    assert_int_equal(lo_sfv_bytes(&i, data, sizeof(data)), 3);
    assert_memory_equal(data, "\1\2\3", 3);
    assert_int_equal(lo_sfv_bytes(&i, data, 2), LO_FULL);

    assert_int_equal(lo_sfv_member(lo_cstr("a=1, b;x=2"), "b", &i, &error),
                     LO_OK);
    assert_int_equal(i.type, LO_SFV_BOOLEAN);
    assert_int_equal(lo_sfv_param(&i, "x", &i), LO_OK);
    assert_int_equal(i.integer, 2);

    assert_int_equal(lo_sfv_member(lo_cstr("a=(1 2)"), "b", &i, &error),
                     LO_NONE);
    assert_int_equal(lo_sfv_member(lo_cstr("a=1, B=2"), "a", &i, &error),
                     LO_ERROR);
    assert_string_not_equal(error, "");
    assert_int_equal(lo_sfv_member(lo_cstr("a=1 b=2"), "a", &i, &error),
                     LO_ERROR);
    assert_int_equal(lo_sfv_member(lo_cstr("a="), "a", &i, &error), LO_ERROR);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_dictionaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
