#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/class.h"


#define NOW  (1795383757LL * LO_USEC)


static int64_t     now;
static int64_t     until;
static lo_key_t    keys[2];
static lo_hmac_t  *hmac;


static void
set_keys(void)
{
    now = NOW;

    memset(keys, 0, sizeof(keys));
    keys[0].uses = LO_USE_CLASS;
    keys[0].len = 16;
    memcpy(keys[0].secret, "0123456789abcdef", 16);
    keys[1].uses = LO_USE_CLASS;
    keys[1].len = 16;
    memcpy(keys[1].secret, "fedcba9876543210", 16);
}


static void
make(lo_class_t *c, const char *device, const char *country, uint32_t asn,
    const char *filter, const char *start)
{
    lo_err_t  err;
    lo_str_t  none = lo_null_string;

    memset(c, 0, sizeof(lo_class_t));
    lo_place_unknown(&c->place);
    strcpy(c->device, device);
    assert_int_equal(lo_place_country(&c->place, lo_cstr(country)), LO_OK);
    c->place.asn = asn;
    c->cut = 0x12ab;

    if (filter) {
        assert_int_equal(lo_filter_parse(&c->filter, lo_cstr(filter), &err),
                         LO_OK);
    }

    if (start) {
        assert_int_equal(lo_window_parse(&c->window, lo_cstr(start), none,
                                         none, &err), LO_OK);
    }
}


static char *
text(const lo_class_t *c, const char *event, const lo_key_t *key)
{
    lo_buf_t     b;
    static char  mem[LO_CLASS_TEXT + 1];

    lo_buf_init(&b, mem, LO_CLASS_TEXT);
    lo_class_write(&b, c, lo_cstr(event), key, hmac);
    assert_true(lo_buf_ok(&b));
    mem[b.need] = '\0';

    return mem;
}


static int
read_by(lo_class_t *c, const char *s, const char *event, const lo_key_t *key,
    unsigned n)
{
    lo_class_keys_t  by = { key, n, now, hmac };

    return lo_class_read(c, lo_cstr(s), lo_cstr(event), &by, &until);
}


static int
read_it(lo_class_t *c, const char *s, const char *event)
{
    return read_by(c, s, event, keys, 2);
}


static void
test_text(void **state)
{
    unsigned    i;
    lo_buf_t    b;
    lo_class_t  c, back;
    char        mem[LO_CLASS_TEXT];

    static const struct {
        const char  *device;
        const char  *country;
        uint32_t     asn;
        const char  *filter;
        const char  *start;
        const char  *begins;
    } classes[] = {
        { "phone", "DE", 0, NULL, NULL, "_phone.de.0012ab." },
        { "", "ZZ", 0, NULL, NULL, "_-.zz.0012ab." },
        { "tv-4k", "AT", 3320, NULL, NULL, "_tv-4k.at-3320.0012ab." },
        { "phone", "DE", 0, "video_height:240-1080", NULL,
          "_phone.de.0012ab.dmlkZW9faGVpZ2h0" },
        { "phone", "DE", 4294967295u, "audio_language:en,fr", "1732300000",
          "_phone.de-4294967295.0012ab." },
        { "", "ZZ", 0, NULL, "1732300000", "_-.zz.0012ab." }
    };

    (void) state;
    set_keys();

    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {

        make(&c, classes[i].device, classes[i].country, classes[i].asn,
             classes[i].filter, classes[i].start);
        strcpy(mem, text(&c, "ev", &keys[0]));

        assert_true(lo_class_signed(lo_cstr(mem)));
        assert_memory_equal(mem, classes[i].begins,
                            strlen(classes[i].begins));

        assert_int_equal(read_it(&back, mem, "ev"), LO_OK);
        assert_string_equal(back.device, c.device);
        assert_memory_equal(back.place.country, c.place.country, 2);
        assert_int_equal(back.place.asn, c.place.asn);
        assert_int_equal(back.cut, c.cut);
        assert_int_equal(back.window.start_us, c.window.start_us);

        /* one meaning, one text */

        assert_string_equal(text(&back, "ev", &keys[0]), mem);
    }

    c.patient = 1;
    strcpy(mem, text(&c, "ev", &keys[1]));
    assert_int_equal(read_it(&back, mem, "ev"), LO_OK);
    assert_int_equal(back.patient, 1);

    lo_buf_init(&b, mem, sizeof(mem));
    lo_class_put(&b, &c);
    assert_memory_equal(text(&c, "ev", &keys[1]), mem, b.need);
}


/* every byte counts, and so does the event */

static void
test_forged(void **state)
{
    size_t      i, k, n;
    lo_class_t  c, back;
    char        mem[LO_CLASS_TEXT + 1];

    static const char  others[] = "_-.aZ0";

    (void) state;
    set_keys();

    make(&c, "phone", "DE", 0, "video_height:240-1080", NULL);
    strcpy(mem, text(&c, "ev", &keys[0]));
    n = strlen(mem);

    assert_int_equal(read_it(&back, mem, "ev"), LO_OK);
    assert_int_equal(read_it(&back, mem, "ev2"), LO_ERROR);
    assert_int_equal(read_by(&back, mem, "ev", &keys[1], 1), LO_ERROR);

    for (i = 0; i < n; i++) {
        char  was = mem[i];

        for (k = 0; k < sizeof(others) - 1; k++) {
            if (others[k] != was) {
                mem[i] = others[k];
                assert_int_equal(read_it(&back, mem, "ev"), LO_ERROR);
            }
        }

        mem[i] = was;
    }

    for (i = 0; i < n; i++) {
        char  was = mem[i];

        mem[i] = '\0';
        assert_int_equal(read_it(&back, mem, "ev"), LO_ERROR);
        mem[i] = was;
    }

    strcat(mem, "A");
    assert_int_equal(read_it(&back, mem, "ev"), LO_ERROR);
}


/* which key signs, and what is believed of the others */

static int
signs(const char *event)
{
    const lo_key_t  *key;
    lo_class_keys_t  by = { keys, 2, now, hmac };

    key = lo_class_key(&by, lo_cstr(event));

    return key ? (int) (key - keys) : -1;
}


static void
test_keys(void **state)
{
    lo_class_t  c, back;
    char        first[LO_CLASS_TEXT + 1], second[LO_CLASS_TEXT + 1];

    (void) state;
    set_keys();

    make(&c, "phone", "DE", 0, NULL, NULL);
    strcpy(first, text(&c, "ev", &keys[0]));
    strcpy(second, text(&c, "ev", &keys[1]));

    assert_int_equal(signs("ev"), 0);
    assert_int_equal(read_it(&back, first, "ev"), LO_OK);
    assert_true(until == INT64_MAX);

    /* one that expires is good until then */

    keys[0].expires_us = NOW + 1;
    assert_int_equal(signs("ev"), 0);
    assert_int_equal(read_it(&back, first, "ev"), LO_OK);
    assert_true(until == NOW + 1);
    assert_int_equal(read_it(&back, second, "ev"), LO_OK);
    assert_true(until == INT64_MAX);

    now = NOW + 1;
    assert_int_equal(signs("ev"), 1);
    assert_int_equal(read_it(&back, first, "ev"), LO_ERROR);
    assert_int_equal(read_it(&back, second, "ev"), LO_OK);

    keys[1].expires_us = NOW;
    assert_int_equal(signs("ev"), -1);
    assert_int_equal(read_it(&back, second, "ev"), LO_ERROR);

    /* one of another event; its pipeline says nothing of classes */

    set_keys();
    strcpy(keys[0].event, "other");
    strcpy(keys[1].pipeline, "a");
    assert_int_equal(signs("ev"), 1);
    assert_int_equal(signs("other"), 0);
    assert_int_equal(read_it(&back, first, "ev"), LO_ERROR);
    assert_int_equal(read_it(&back, second, "ev"), LO_OK);
    assert_int_equal(read_it(&back, text(&c, "other", &keys[0]), "other"),
                     LO_OK);

    /* one for something else */

    set_keys();
    keys[0].uses = LO_USE_SERVE;
    assert_int_equal(signs("ev"), 1);
    assert_int_equal(read_it(&back, first, "ev"), LO_ERROR);

    /* one secret twice: as long as either is good */

    set_keys();
    keys[1] = keys[0];
    keys[0].expires_us = NOW + 7;
    keys[1].expires_us = NOW + 3;
    assert_int_equal(read_it(&back, first, "ev"), LO_OK);
    assert_true(until == NOW + 7);
}


/* what no key file would sign, signed: it is read, and harms nothing */

static void
sign(char *out, const char *body, const char *event)
{
    lo_buf_t       b;
    const char    *end;
    unsigned char  mac[LO_MAC];
    char           msg[LO_CLASS_TEXT + 128];

    snprintf(msg, sizeof(msg), "class\n%s\n%s", event, body);
    lo_keys_mac(&keys[0], lo_cstr(msg), mac);

    strcpy(out, body);
    strcat(out, ".");
    end = out + strlen(out);

    lo_buf_init(&b, (char *) end, 17);

    {
        static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
                                      "nopqrstuvwxyz0123456789-_";
        unsigned           i;

        for (i = 0; i < 12; i += 3) {
            unsigned  v = mac[i] << 16 | mac[i + 1] << 8 | mac[i + 2];

            lo_buf_put(&b, &digits[v >> 18], 1);
            lo_buf_put(&b, &digits[v >> 12 & 63], 1);
            lo_buf_put(&b, &digits[v >> 6 & 63], 1);
            lo_buf_put(&b, &digits[v & 63], 1);
        }
    }

    *b.pos = '\0';
}


static void
test_malformed(void **state)
{
    unsigned    i;
    lo_class_t  back;
    char        mem[LO_CLASS_TEXT];

    static const char *const  bodies[] = {
        "_", "_.", "_-", "_-.zz", "_-.z.000000", "_-.zz.00000",
        "_-.zz.0000000", "_-.zz.00000g", "_-.z1.000000", "_-.zz-.000000",
        "_-.zz-x.000000", "_-.zz-4294967296.000000", "_-.zz_1.000000",
        "_.zz.000000", "_-.zz.000000.!", "_-.zz.000000.A",
        "_-.zz.000000.eDoxfHw", "_-.zz.000000.fGFiY3w",
        "_averyveryveryveryverylongnameofadevice.zz.000000"
    };

    (void) state;
    set_keys();

    sign(mem, "_-.zz.000000", "ev");
    assert_int_equal(read_it(&back, mem, "ev"), LO_OK);

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        sign(mem, bodies[i], "ev");
        assert_int_equal(read_it(&back, mem, "ev"), LO_ERROR);
    }

    assert_false(lo_class_signed(lo_cstr("")));
    assert_false(lo_class_signed(lo_cstr("gold")));
}


/* one that is kept says what each of its own would, whatever came before */

static void
test_hmac(void **state)
{
    size_t         i, n;
    lo_str_t       s;
    unsigned char  kept[LO_MAC], anew[LO_MAC], msg[300];

    (void) state;
    set_keys();

    memset(msg, 'm', sizeof(msg));
    s.data = msg;

    for (n = 0, i = 0; i < 300; i++, n = (n + 7) % sizeof(msg)) {
        keys[1].len = LO_SECRET_MIN + i % (LO_SECRET_MAX - LO_SECRET_MIN + 1);
        s.len = n;

        lo_hmac(hmac, &keys[i & 1], s, kept);
        lo_keys_mac(&keys[i & 1], s, anew);
        assert_memory_equal(kept, anew, LO_MAC);
    }

    lo_hmac(hmac, NULL, s, kept);
    lo_keys_mac(NULL, s, anew);
    assert_memory_equal(kept, anew, LO_MAC);

    lo_hmac(NULL, &keys[0], s, kept);
    lo_keys_mac(&keys[0], s, anew);
    assert_memory_equal(kept, anew, LO_MAC);
}


static int
begin(void **state)
{
    (void) state;
    hmac = lo_hmac_new();

    return hmac == NULL;
}


static int
end(void **state)
{
    (void) state;
    lo_hmac_free(hmac);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_hmac),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
