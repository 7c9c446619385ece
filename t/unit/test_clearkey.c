#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clearkey.h"


#define KID1  "00112233445566778899aabbccddeeff"
#define KID2  "fedcba9876543210fedcba9876543210"
#define KEY1  "000102030405060708090a0b0c0d0e0f"
#define KEY2  "ffeeddccbbaa99887766554433221100"

static lo_clearkeys_t     keys;
static lo_clearkey_ask_t  asked;
static lo_err_t           err;
static const char        *field;


static int
file(const char *text)
{
    return lo_clearkey_file(&keys, lo_cstr(text), &err);
}


static int
ask(const char *json)
{
    field = NULL;

    return lo_clearkey_ask(&asked, lo_cstr(json), &err, &field);
}


static void
test_file(void **state)
{
    unsigned char  kid[16];

    assert_int_equal(file("# a comment\n\n" KID2 " " KEY2 " # video\r\n"
                          "\t00112233-4455-6677-8899-AABBCCDDEEFF\t" KEY1),
                     LO_OK);
    assert_int_equal(keys.n, 2);
    assert_int_equal(keys.keys[0].kid[1], 0x11);
    assert_int_equal(keys.keys[1].key[0], 0xff);

    memset(kid, 0, 16);
    assert_null(lo_clearkey_find(&keys, kid));
    memcpy(kid, keys.keys[1].kid, 16);
    assert_ptr_equal(lo_clearkey_find(&keys, kid), &keys.keys[1]);
    kid[15] ^= 1;
    assert_null(lo_clearkey_find(&keys, kid));
}


static void
test_file_refused(void **state)
{
    unsigned  i;

    static const struct {
        const char  *text;
        const char  *why;
    } rows[] = {
        { "", "there is no key in it" },
        { "# " KID1 " " KEY1, "there is no key in it" },
        { KID1, "line 1 is not KID KEY" },
        { "\n" KID1 "\n" KEY1, "line 2 is not KID KEY" },
        { KID1 " " KEY1 " x", "line 1 is not KID KEY" },
        { KID1 " " KEY1 "0", "line 1 is not KID KEY" },
        { "0" KID1 " " KEY1, "line 1 is not KID KEY" },
        { KID1 "," KEY1, "line 1 is not KID KEY" },
        { "{\"kid\":1}", "line 1 is not KID KEY" },
        { KID1 " " KEY1 "\n" KID2 " " KEY2 "\n" KID1 " " KEY1,
          "key id 00112233-4455-6677-8899-aabbccddeeff is there twice" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(file(rows[i].text), LO_ERROR);
        assert_non_null(strstr(err.text, rows[i].why));
        assert_null(strstr(err.text, KEY1));
    }
}


static void
test_file_full(void **state)
{
    char      *text;
    unsigned   i;
    size_t     n;

    text = malloc((LO_CLEARKEY_KEYS + 1) * 66 + 1);
    assert_non_null(text);

    for (n = 0, i = 0; i < LO_CLEARKEY_KEYS; i++) {
        n += sprintf(text + n, "%032x %032x\n", 0x7fffffff - i, i);
    }

    assert_int_equal(file(text), LO_OK);
    assert_int_equal(keys.n, LO_CLEARKEY_KEYS);

    sprintf(text + n, "%032x %032x\n", i, i);
    assert_int_equal(file(text), LO_ERROR);
    assert_string_equal(err.text, "more than 4096 keys");

    free(text);
}


static void
test_ask(void **state)
{
    assert_int_equal(ask("{\"kids\":[\"ABEiM0RVZneImaq7zN3u_w\","
                         "\"_ty6mHZUMhD-3LqYdlQyEA\","
                         "\"ABEiM0RVZneImaq7zN3u_w\"],"
                         "\"type\":\"temporary\",\"more\":1}"), LO_OK);
    assert_int_equal(asked.n, 2);
    assert_int_equal(asked.kids[0][15], 0xff);
    assert_int_equal(asked.kids[1][0], 0xfe);
}


static void
test_ask_refused(void **state)
{
    unsigned  i;

    static const struct {
        const char  *json;
        const char  *field;
    } rows[] = {
        { "", "" }, { "{", "" }, { "7", "" }, { "[]", "" }, { "{}x", "" },
        { "{\"kids\":[],\"kids\":[]}", "" },
        { "{}", "kids" }, { "{\"kids\":null}", "kids" },
        { "{\"kids\":[]}", "kids" }, { "{\"kids\":[null]}", "kids" },
        { "{\"kids\":[\"\"]}", "kids" },
        { "{\"kids\":[\"ABEiM0RVZneImaq7zN3u/w\"]}", "kids" },
        { "{\"kids\":[\"ABEiM0RVZneImaq7zN3u_w==\"]}", "kids" },
        { "{\"kids\":[\"ABEiM0RVZneImaq7zN3u_x\"]}", "kids" },
        { "{\"kids\":[\"ABEiM0RVZneImaq7zN3u\"]}", "kids" },
        { "{\"kids\":[\"ABEiM0RVZneImaq7zN3u_w\"],\"type\":\"x\"}", "type" },
        { "{\"kids\":[\"ABEiM0RVZneImaq7zN3u_w\"],\"type\":null}", "type" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ask(rows[i].json), LO_ERROR);
        assert_string_equal(field, rows[i].field);
        assert_true(err.text[0] != '\0');
    }
}


static void
test_answer(void **state)
{
    char                  text[LO_CLEARKEY_ANSWER_MAX];
    unsigned              i;
    lo_buf_t              b;
    const lo_clearkey_t  *all[LO_CLEARKEY_KIDS];

    assert_int_equal(file(KID1 " " KEY1 "\n" KID2 " " KEY2), LO_OK);

    all[0] = &keys.keys[0];
    all[1] = &keys.keys[1];

    lo_buf_init(&b, text, sizeof(text));
    lo_clearkey_answer(&b, all, 2);
    *b.pos = '\0';
    assert_string_equal(text, "{\"keys\":["
        "{\"kty\":\"oct\",\"kid\":\"ABEiM0RVZneImaq7zN3u_w\","
        "\"k\":\"AAECAwQFBgcICQoLDA0ODw\"},"
        "{\"kty\":\"oct\",\"kid\":\"_ty6mHZUMhD-3LqYdlQyEA\","
        "\"k\":\"_-7dzLuqmYh3ZlVEMyIRAA\"}],\"type\":\"temporary\"}\n");

    for (i = 0; i < LO_CLEARKEY_KIDS; i++) {
        all[i] = &keys.keys[0];
    }

    lo_buf_init(&b, text, sizeof(text));
    lo_clearkey_answer(&b, all, LO_CLEARKEY_KIDS);
    assert_true(lo_buf_ok(&b));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_refused),
        cmocka_unit_test(test_file_full),
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_ask_refused),
        cmocka_unit_test(test_answer),
    };

    return cmocka_run_group_tests_name("clearkey", tests, NULL, NULL);
}
