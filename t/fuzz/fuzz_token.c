/*
 * Any bytes as a token, as the header Authorization or as a key file, by the
 * first byte.  What no key has signed is not let in; what is taken lies within
 * its bounds, and says the same when it is written again.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/token.h"
#include "fuzz.h"


#define NOW  (1795388400ll * LO_USEC)


static lo_keys_t  keys;


static void
known(void)
{
    lo_event_err_t      err;
    static const char   json[] =
        "{\"keys\":[{\"id\":\"k1\",\"secret\":\"a secret that no fuzzer "
        "knows\",\"use\":[\"publish\",\"serve\"]}],"
        "\"tokens\":[{\"id\":\"t1\",\"bearer\":\"nor.this.one/9f1c\","
        "\"use\":[\"api\"]}]}";

    check(lo_keys_parse(&keys, json, sizeof(json) - 1, &err) == LO_OK);
}


static void
check_token(lo_str_t s)
{
    lo_buf_t       b;
    lo_token_t     t, again;
    unsigned char  text[1024];

    known();
    check(lo_token_verify(&t, &keys, s, NOW) != LO_ALLOW);

    if (lo_token_parse(&t, s) != LO_OK) {
        return;
    }

    check(lo_id_ok(lo_cstr(t.key)) && t.expires_us > 0);
    check(t.event[0] == '\0' ? t.track[0] == '\0'
                             : lo_id_ok(lo_cstr(t.event)));
    check(t.ncountries <= LO_TOKEN_COUNTRIES);
    check(t.net.len == 0 ? t.net.bits == 0
                         : (t.net.len == 4 || t.net.len == 16)
                           && t.net.bits <= 8 * t.net.len);

    lo_buf_init(&b, text, sizeof(text));

    if (lo_token_make(&b, &t, &keys.keys[0]) == LO_OK) {
        check(lo_token_parse(&again, lo_buf_str(&b)) == LO_OK);
        check(memcmp(&t, &again, sizeof(t)) == 0);
    }
}


static void
check_authorization(lo_str_t s)
{
    lo_signed_t      r;
    const lo_key_t  *key;

    known();

    r.method = lo_cstr("PUT");
    r.target = lo_cstr("/live/ev/a/v/1.m4s");
    r.digest = lo_cstr("");

    check(lo_keys_authorize(&keys, LO_USE_PUBLISH, s, &r, NOW, &key)
          != LO_ALLOW);
    check(lo_keys_authorize(&keys, LO_USE_API, s, NULL, NOW, &key)
          != LO_ALLOW);
}


static void
check_file(lo_str_t s)
{
    uint32_t         i;
    lo_event_err_t   err;
    const lo_key_t  *k;

    if (lo_keys_parse(&keys, s.data, s.len, &err) != LO_OK) {
        check(err.err.text[0] != '\0' && keys.n == 0);
        return;
    }

    check(keys.n <= LO_KEYS_MAX && keys.tolerance_us > 0);

    for (i = 0; i < keys.n; i++) {
        k = &keys.keys[i];

        check(lo_id_ok(lo_cstr(k->id)) && k->uses);
        check(k->len >= LO_SECRET_MIN && k->len <= LO_SECRET_MAX);
        check(k->bearer || lo_keys_find(&keys, lo_cstr(k->id)) == k);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_str_t  s;

    if (size == 0) {
        return 0;
    }

    /* of its exact size, so that ASan sees one byte too many */

    s.len = size - 1;
    s.data = malloc(s.len ? s.len : 1);
    check(s.data != NULL);
    memcpy(s.data, data + 1, s.len);

    switch (data[0] % 3) {

    case 0:
        check_token(s);
        break;

    case 1:
        check_authorization(s);
        break;

    default:
        check_file(s);
    }

    free(s.data);

    return 0;
}
