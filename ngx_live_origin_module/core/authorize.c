/*
 * The header Authorization of a request (core/keys.h).
 */

#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "core/base64.h"
#include "core/keys.h"
#include "core/name_parse.h"


#define LO_SIGNED_MAX   8192           /* bytes that are signed */
#define LO_SIGNED_TS    253402300799   /* s: the end of the year 9999 */


typedef struct {
    lo_str_t            key;
    lo_str_t            ts;
    lo_str_t            sig;
} lo_auth_t;


/* "scheme SP rest", in any case; rest without white space around it */

static int
lo_auth_scheme(lo_str_t *value, lo_str_t scheme)
{
    if (value->len <= scheme.len || value->data[scheme.len] != ' '
        || strncasecmp((const char *) value->data,
                       (const char *) scheme.data, scheme.len) != 0)
    {
        return 0;
    }

    lo_skip(value, scheme.len + 1);

    while (value->len && value->data[0] == ' ') {
        lo_skip(value, 1);
    }

    while (value->len && value->data[value->len - 1] == ' ') {
        value->len--;
    }

    return 1;
}


/* every token of the set is compared, whatever was found */

static lo_deny_e
lo_auth_bearer(const lo_keys_t *keys, lo_str_t bearer, const lo_key_t **found)
{
    uint32_t         i;
    unsigned char    digest[SHA256_DIGEST_LENGTH];
    const lo_key_t  *key;

    if (bearer.len == 0) {
        return LO_DENY_MALFORMED;
    }

    (void) SHA256(bearer.data, bearer.len, digest);

    for (i = 0; i < keys->n; i++) {
        key = &keys->keys[i];

        if ((CRYPTO_memcmp(digest, key->secret, sizeof(digest)) == 0)
            & (key->bearer == 1))
        {
            *found = key;
        }
    }

    return *found ? LO_ALLOW : LO_DENY_WRONG;
}


static int
lo_auth_param(lo_auth_t *a, lo_str_t name, lo_str_t value)
{
    unsigned   i;
    lo_str_t  *into;

    const struct {
        lo_str_t   name;
        lo_str_t  *into;
    } params[] = {
        { lo_string("key"), &a->key },
        { lo_string("ts"), &a->ts },
        { lo_string("sig"), &a->sig }
    };

    into = NULL;

    for (i = 0; i < 3; i++) {
        if (lo_str_eq(name, params[i].name)) {
            into = params[i].into;
        }
    }

    if (into == NULL || into->len || value.len == 0) {
        return LO_ERROR;
    }

    *into = value;

    return LO_OK;
}


/* key=ID, ts=SECONDS, sig=HEX in any order, each once */

static int
lo_auth_read(lo_auth_t *a, lo_str_t s)
{
    size_t    i, eq;
    lo_str_t  name, value;

    memset(a, 0, sizeof(*a));

    while (s.len) {

        for (i = 0, eq = s.len; i < s.len && s.data[i] != ','; i++) {
            if (s.data[i] == '=' && eq == s.len) {
                eq = i;
            }
        }

        if (eq >= i) {
            return LO_ERROR;
        }

        name.data = s.data;
        name.len = eq;
        value.data = s.data + eq + 1;
        value.len = i - eq - 1;

        if (lo_auth_param(a, name, value) != LO_OK) {
            return LO_ERROR;
        }

        lo_skip(&s, i < s.len ? i + 1 : i);

        while (s.len && s.data[0] == ' ') {
            lo_skip(&s, 1);
        }
    }

    return a->key.len && a->ts.len && a->sig.len ? LO_OK : LO_ERROR;
}


static int
lo_signed_mac(const lo_key_t *key, const lo_signed_t *s, lo_str_t ts,
    unsigned char mac[LO_MAC])
{
    unsigned       i;
    lo_buf_t       b;
    unsigned char  text[LO_SIGNED_MAX];

    const lo_str_t  lines[] = { s->method, s->target, ts, s->digest };

    lo_buf_init(&b, text, sizeof(text));

    for (i = 0; i < 4; i++) {
        lo_buf_put(&b, lines[i].data, lines[i].len);
        lo_buf_put(&b, "\n", 1);
    }

    if (!lo_buf_ok(&b)) {
        return LO_FULL;
    }

    lo_keys_mac(key, lo_buf_str(&b), mac);

    return LO_OK;
}


static lo_deny_e
lo_auth_signed(const lo_keys_t *keys, lo_str_t value, const lo_signed_t *s,
    int64_t now_us, const lo_key_t **found)
{
    int64_t          us;
    uint64_t         ts;
    lo_auth_t        a;
    unsigned char    mac[LO_MAC], sig[LO_MAC];
    const lo_key_t  *key;

    if (lo_auth_read(&a, value) != LO_OK
        || lo_name_number(a.ts, &ts) != LO_OK || ts > LO_SIGNED_TS
        || lo_hex_read(sig, sizeof(sig), a.sig) != LO_MAC)
    {
        return LO_DENY_MALFORMED;
    }

    key = lo_keys_find(keys, a.key);

    if (lo_signed_mac(key, s, a.ts, mac) != LO_OK) {
        return LO_DENY_MALFORMED;
    }

    if ((CRYPTO_memcmp(mac, sig, LO_MAC) != 0) | (key == NULL)) {
        return LO_DENY_WRONG;
    }

    us = (int64_t) ts * LO_USEC;

    if (us > now_us + keys->tolerance_us || us < now_us - keys->tolerance_us) {
        return LO_DENY_CLOCK;
    }

    *found = key;

    return LO_ALLOW;
}


lo_deny_e
lo_keys_authorize(const lo_keys_t *keys, uint32_t uses,
    lo_str_t authorization, const lo_signed_t *s, int64_t now_us,
    const lo_key_t **key)
{
    lo_deny_e              why;
    static const lo_str_t  bearer = lo_string("Bearer");
    static const lo_str_t  own = lo_string("LiveOrigin");

    *key = NULL;

    if (authorization.len == 0) {
        return LO_DENY_NONE;
    }

    if (lo_auth_scheme(&authorization, bearer)) {
        why = lo_auth_bearer(keys, authorization, key);

    } else if (s && lo_auth_scheme(&authorization, own)) {
        why = lo_auth_signed(keys, authorization, s, now_us, key);

    } else {
        return LO_DENY_MALFORMED;
    }

    if (why == LO_ALLOW) {
        why = lo_key_allows(*key, uses, now_us);
    }

    return why;
}


int
lo_keys_sign(lo_buf_t *out, const lo_key_t *key, const lo_signed_t *s,
    int64_t now_us)
{
    lo_buf_t       b;
    unsigned char  digits[24], mac[LO_MAC];

    lo_buf_init(&b, digits, sizeof(digits));
    lo_buf_u64(&b, (uint64_t) (now_us / LO_USEC));

    if (lo_signed_mac(key, s, lo_buf_str(&b), mac) != LO_OK) {
        return LO_FULL;
    }

    lo_buf_printf(out, "LiveOrigin key=%s, ts=%.*s, sig=", key->id,
                  (int) (b.pos - b.start), digits);
    lo_hex_put(out, mac, sizeof(mac));

    return lo_buf_ok(out) ? LO_OK : LO_FULL;
}
