#include <openssl/crypto.h>

#include "core/base64.h"
#include "core/name_parse.h"
#include "core/token.h"


#define LO_TOKEN_CLAIMS  384           /* bytes of them, before base64url */
#define LO_TOKEN_SIG     43            /* letters of a signature */


/* cuts what stands before c, and c, off *rest */

static lo_str_t
lo_token_next(lo_str_t *rest, unsigned char c)
{
    size_t    i;
    lo_str_t  first;

    for (i = 0; i < rest->len && rest->data[i] != c; i++) { /* void */ }

    first.data = rest->data;
    first.len = i;

    lo_skip(rest, i < rest->len ? i + 1 : i);

    return first;
}


static void
lo_token_copy(char *to, lo_str_t s)
{
    memcpy(to, s.data, s.len);
    to[s.len] = '\0';
}


static int
lo_token_path(lo_token_t *t, lo_str_t path)
{
    lo_str_t  event;

    if (path.len == 1 && path.data[0] == '*') {
        return LO_OK;
    }

    event = lo_token_next(&path, '/');

    if (!lo_id_ok(event)
        || (event.data + event.len != path.data && !lo_id_ok(path)))
    {
        return LO_ERROR;
    }

    lo_token_copy(t->event, event);
    lo_token_copy(t->track, path);

    return LO_OK;
}


static int
lo_token_countries(lo_token_t *t, lo_str_t list)
{
    lo_str_t  code;

    while (list.len) {
        code = lo_token_next(&list, ',');

        if (code.len != 2 || t->ncountries == LO_TOKEN_COUNTRIES
            || code.data[0] < 'A' || code.data[0] > 'Z'
            || code.data[1] < 'A' || code.data[1] > 'Z')
        {
            return LO_ERROR;
        }

        memcpy(t->countries[t->ncountries++], code.data, 2);
    }

    return t->ncountries ? LO_OK : LO_ERROR;
}


static int
lo_token_claim(lo_token_t *t, unsigned char name, lo_str_t value)
{
    uint64_t  s;

    switch (name) {

    case 'k':
        if (!lo_id_ok(value)) {
            return LO_ERROR;
        }

        lo_token_copy(t->key, value);
        return LO_OK;

    case 'e':
        if (lo_name_number(value, &s) != LO_OK || s == 0
            || s > INT64_MAX / LO_USEC)
        {
            return LO_ERROR;
        }

        t->expires_us = (int64_t) s * LO_USEC;
        return LO_OK;

    case 'p':
        return lo_token_path(t, value);

    case 'c':
        return lo_token_countries(t, value);

    case 'n':
        return lo_net_parse(&t->net, value, NULL);

    default:
        return LO_ERROR;
    }
}


static int
lo_token_claims(lo_token_t *t, lo_str_t s)
{
    uint32_t        seen, bit;
    lo_str_t        claim;
    unsigned char   name;

    memset(t, 0, sizeof(*t));
    seen = 0;

    while (s.len) {
        claim = lo_token_next(&s, ';');

        if (claim.len < 3 || claim.data[0] < 'a' || claim.data[0] > 'z'
            || claim.data[1] != '=')
        {
            return LO_ERROR;
        }

        name = claim.data[0];
        bit = 1u << (name - 'a');
        lo_skip(&claim, 2);

        if ((seen & bit) || lo_token_claim(t, name, claim) != LO_OK) {
            return LO_ERROR;
        }

        seen |= bit;
    }

    bit = 1u << ('k' - 'a') | 1u << ('e' - 'a') | 1u << ('p' - 'a');

    return (seen & bit) == bit ? LO_OK : LO_ERROR;
}


/* the part that is signed, and the signature */

static int
lo_token_split(lo_str_t text, lo_str_t *payload, lo_str_t *sig)
{
    if (text.len > LO_TOKEN_TEXT || text.len < LO_TOKEN_SIG + 2
        || text.data[text.len - LO_TOKEN_SIG - 1] != '.')
    {
        return LO_ERROR;
    }

    payload->data = text.data;
    payload->len = text.len - LO_TOKEN_SIG - 1;
    sig->data = payload->data + payload->len + 1;
    sig->len = LO_TOKEN_SIG;

    return LO_OK;
}


int
lo_token_parse(lo_token_t *t, lo_str_t text)
{
    int            n;
    lo_str_t       payload, sig, claims;
    unsigned char  buf[LO_TOKEN_CLAIMS];

    if (lo_token_split(text, &payload, &sig) != LO_OK) {
        return LO_ERROR;
    }

    n = lo_base64url_read(buf, sizeof(buf), payload);

    if (n < 0) {
        return LO_ERROR;
    }

    claims.data = buf;
    claims.len = (size_t) n;

    return lo_token_claims(t, claims);
}


int
lo_token_set(lo_token_t *t, const lo_key_t *key, lo_str_t path,
    lo_str_t countries, lo_str_t net, int64_t expires_us, lo_err_t *err)
{
    memset(t, 0, sizeof(*t));

    memcpy(t->key, key->id, sizeof(t->key));
    t->expires_us = expires_us;

    if (lo_token_path(t, path) != LO_OK) {
        return lo_err(err, "a path is *, EVENT or EVENT/TRACK");
    }

    if (countries.len && lo_token_countries(t, countries) != LO_OK) {
        return lo_err(err, "countries are up to %d codes like DE,AT",
                      LO_TOKEN_COUNTRIES);
    }

    return net.len ? lo_net_parse(&t->net, net, err) : LO_OK;
}


static void
lo_token_print(lo_buf_t *b, const lo_token_t *t)
{
    uint32_t  i;

    lo_buf_printf(b, "k=%s;e=%lld;p=%s%s%s", t->key,
                  (long long) (t->expires_us / LO_USEC),
                  t->event[0] ? t->event : "*", t->track[0] ? "/" : "",
                  t->track);

    for (i = 0; i < t->ncountries; i++) {
        lo_buf_puts(b, i ? "," : ";c=");
        lo_buf_put(b, t->countries[i], 2);
    }

    if (t->net.len) {
        lo_buf_puts(b, ";n=");
        lo_net_print(b, &t->net);
    }
}


int
lo_token_make(lo_buf_t *out, const lo_token_t *t, const lo_key_t *key)
{
    lo_buf_t       claims;
    lo_str_t       payload;
    unsigned char  buf[LO_TOKEN_CLAIMS], mac[LO_MAC];

    lo_buf_init(&claims, buf, sizeof(buf));
    lo_token_print(&claims, t);

    if (!lo_buf_ok(&claims)) {
        return LO_FULL;
    }

    payload.data = out->pos;
    lo_base64url_put(out, buf, claims.pos - claims.start);

    if (!lo_buf_ok(out)) {
        return LO_FULL;
    }

    payload.len = (size_t) (out->pos - payload.data);
    lo_keys_mac(key, payload, mac);

    lo_buf_puts(out, ".");
    lo_base64url_put(out, mac, sizeof(mac));

    return lo_buf_ok(out) && out->pos - payload.data <= LO_TOKEN_TEXT
           ? LO_OK : LO_FULL;
}


lo_deny_e
lo_token_verify(lo_token_t *t, const lo_keys_t *keys, lo_str_t text,
    int64_t now_us)
{
    lo_str_t         payload, sig;
    lo_deny_e        why;
    unsigned char    mac[LO_MAC], got[LO_MAC];
    const lo_key_t  *key;

    if (lo_token_parse(t, text) != LO_OK
        || lo_token_split(text, &payload, &sig) != LO_OK
        || lo_base64url_read(got, sizeof(got), sig) != LO_MAC)
    {
        return LO_DENY_MALFORMED;
    }

    key = lo_keys_find(keys, lo_cstr(t->key));
    lo_keys_mac(key, payload, mac);

    if ((CRYPTO_memcmp(mac, got, LO_MAC) != 0) | (key == NULL)) {
        return LO_DENY_WRONG;
    }

    why = lo_key_allows(key, LO_USE_SERVE, now_us);
    if (why != LO_ALLOW) {
        return why;
    }

    if (lo_key_covers(key, lo_cstr(t->event), (lo_str_t) lo_null_string)
        != LO_ALLOW)
    {
        return LO_DENY_SCOPE;
    }

    if (key->expires_us && key->expires_us < t->expires_us) {
        t->expires_us = key->expires_us;
    }

    return LO_ALLOW;
}


static int
lo_token_from(const lo_token_t *t, lo_str_t country)
{
    uint32_t       i;
    unsigned char  a, b;

    if (country.len != 2) {
        return 0;
    }

    a = country.data[0] & ~0x20;
    b = country.data[1] & ~0x20;

    for (i = 0; i < t->ncountries; i++) {
        if (t->countries[i][0] == a && t->countries[i][1] == b) {
            return 1;
        }
    }

    return 0;
}


lo_deny_e
lo_token_opens(const lo_token_t *t, const lo_token_ask_t *ask)
{
    if (ask->now_us >= t->expires_us) {
        return LO_DENY_EXPIRED;
    }

    if (t->event[0] && !lo_str_eq(lo_cstr(t->event), ask->event)) {
        return LO_DENY_SCOPE;
    }

    if (t->track[0] && !lo_str_eq(lo_cstr(t->track), ask->track)) {
        return LO_DENY_SCOPE;
    }

    if (t->ncountries && !lo_token_from(t, ask->country)) {
        return LO_DENY_COUNTRY;
    }

    if (t->net.len && !lo_net_has(&t->net, ask->addr, ask->addr_len)) {
        return LO_DENY_NETWORK;
    }

    return LO_ALLOW;
}
