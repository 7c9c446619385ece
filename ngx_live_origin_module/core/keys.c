#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "core/base64.h"
#include "core/event_read.h"
#include "core/keys.h"


#define LO_TOLERANCE        300        /* s */
#define LO_TOLERANCE_MAX    86400


const char *
lo_deny_word(lo_deny_e why)
{
    static const char *const  words[] = {
        "allowed",
#define LO_DENY_WORD(sym, word, text)  word,
        LO_DENY_LIST(LO_DENY_WORD)
#undef LO_DENY_WORD
    };

    return words[why];
}


const char *
lo_deny_text(lo_deny_e why)
{
    static const char *const  texts[] = {
        "allowed",
#define LO_DENY_TEXT(sym, word, text)  text,
        LO_DENY_LIST(LO_DENY_TEXT)
#undef LO_DENY_TEXT
    };

    return texts[why];
}


/* ---- reading the file */

static int
lo_keys_id(lo_event_ctx_t *ctx, const json_t *o, const char *name, char *id)
{
    json_t    *v;
    lo_str_t   s;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_NONE;
    }

    if (lo_event_id(ctx, name, v, &s) != LO_OK) {
        return LO_ERROR;
    }

    memcpy(id, s.data, s.len);

    return LO_OK;
}


static int
lo_keys_uses(lo_event_ctx_t *ctx, const json_t *o, lo_key_t *key)
{
    size_t    i, k;
    json_t   *v, *use;

    static const struct {
        const char  *word;
        uint32_t     bit;
    } uses[] = {
#define LO_USE_WORD(sym, word, bit)  { word, bit },
        LO_USE_LIST(LO_USE_WORD)
#undef LO_USE_WORD
    };

    v = json_object_get(o, "use");

    if (!json_is_array(v) || json_array_size(v) == 0) {
        return lo_event_bad(ctx, "use", "a list of what it is for is wanted");
    }

    json_array_foreach(v, i, use) {

        for (k = 0; k < sizeof(uses) / sizeof(uses[0]); k++) {
            if (json_is_string(use)
                && strcmp(json_string_value(use), uses[k].word) == 0)
            {
                key->uses |= uses[k].bit;
                break;
            }
        }

        if (k == sizeof(uses) / sizeof(uses[0])) {
            return lo_event_bad(ctx, "use", "allowed are \"publish\", "
                                "\"serve\", \"api\", \"api_read\" and "
                                "\"class\"");
        }
    }

    return LO_OK;
}


/* "hex:...", "base64:...", or the bytes as they stand */

static int
lo_keys_secret(lo_event_ctx_t *ctx, const json_t *o, lo_key_t *key)
{
    int        n;
    json_t    *v;
    lo_str_t   s;

    v = json_object_get(o, "secret");

    if (!json_is_string(v)) {
        return lo_event_bad(ctx, "secret", "a string is wanted");
    }

    s = lo_event_str(v);

    if (s.len >= 4 && memcmp(s.data, "hex:", 4) == 0) {
        s.data += 4;
        s.len -= 4;
        n = lo_hex_read(key->secret, LO_SECRET_MAX, s);

    } else if (s.len >= 7 && memcmp(s.data, "base64:", 7) == 0) {
        s.data += 7;
        s.len -= 7;
        n = lo_base64_read(key->secret, LO_SECRET_MAX, s);

    } else if (s.len <= LO_SECRET_MAX) {
        memcpy(key->secret, s.data, s.len);
        n = (int) s.len;

    } else {
        n = LO_FULL;
    }

    if (n == LO_ERROR) {
        return lo_event_bad(ctx, "secret", "not what \"hex:\" or \"base64:\" "
                            "says");
    }

    if (n < LO_SECRET_MIN) {
        return lo_event_bad(ctx, "secret", "%d to %d bytes are wanted",
                            LO_SECRET_MIN, LO_SECRET_MAX);
    }

    key->len = (uint32_t) n;

    return LO_OK;
}


/* RFC 6750: b64token */

static int
lo_keys_bearer_ok(lo_str_t s)
{
    size_t         i;
    unsigned char  c;

    if (s.len < LO_SECRET_MIN || s.len > 4 * LO_SECRET_MAX) {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z') || (c && strchr("-._~+/=", c))))
        {
            return 0;
        }
    }

    return 1;
}


static int
lo_keys_bearer(lo_event_ctx_t *ctx, const json_t *o, lo_key_t *key)
{
    json_t    *v;
    lo_str_t   s;

    v = json_object_get(o, "bearer");

    if (!json_is_string(v) || !lo_keys_bearer_ok(lo_event_str(v))) {
        return lo_event_bad(ctx, "bearer", "%d to %d letters, digits and "
                            "\"-._~+/=\" are wanted", LO_SECRET_MIN,
                            4 * LO_SECRET_MAX);
    }

    s = lo_event_str(v);
    (void) SHA256(s.data, s.len, key->secret);
    key->len = SHA256_DIGEST_LENGTH;
    key->bearer = 1;

    return LO_OK;
}


static int
lo_keys_one(lo_event_ctx_t *ctx, json_t *o, int bearer, lo_keys_t *keys)
{
    int        rc;
    uint32_t   i;
    lo_key_t  *key;

    static const char *const  members[][7] = {
        { "id", "secret", "use", "event", "pipeline", "expires", NULL },
        { "id", "bearer", "use", "event", "pipeline", "expires", NULL }
    };

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "", "not an object");
    }

    if (keys->n == LO_KEYS_MAX) {
        return lo_event_bad(ctx, "", "at most %d keys and tokens",
                            LO_KEYS_MAX);
    }

    key = &keys->keys[keys->n];

    rc = lo_keys_id(ctx, o, "id", key->id);

    if (rc != LO_OK) {
        return rc == LO_NONE ? lo_event_bad(ctx, "id", "is missing")
                             : LO_ERROR;
    }

    for (i = 0; i < keys->n; i++) {
        if (strcmp(keys->keys[i].id, key->id) == 0) {
            return lo_event_bad(ctx, "id", "is there twice");
        }
    }

    rc = bearer ? lo_keys_bearer(ctx, o, key) : lo_keys_secret(ctx, o, key);

    if (rc != LO_OK
        || lo_keys_uses(ctx, o, key) != LO_OK
        || lo_keys_id(ctx, o, "event", key->event) == LO_ERROR
        || lo_keys_id(ctx, o, "pipeline", key->pipeline) == LO_ERROR
        || lo_event_time(ctx, o, "expires", &key->expires_us) != LO_OK
        || lo_event_members(ctx, o, members[bearer]) != LO_OK)
    {
        return LO_ERROR;
    }

    if (key->expires_us == 0 && json_object_get(o, "expires") != NULL) {
        key->expires_us = 1;               /* 0 is never */
    }

    if (!bearer && (key->uses & (LO_USE_API|LO_USE_API_READ))) {
        return lo_event_bad(ctx, "use", "the API takes bearer tokens only");
    }

    if (bearer && (key->uses & LO_USE_CLASS)) {
        return lo_event_bad(ctx, "use", "classes are signed with keys, not "
                            "with bearer tokens");
    }

    keys->n++;
    keys->uses |= key->uses;

    return LO_OK;
}


static int
lo_keys_list(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    int bearer, lo_keys_t *keys)
{
    size_t   i;
    json_t  *list, *v;

    list = json_object_get(o, name);

    if (list == NULL) {
        return LO_OK;
    }

    if (!json_is_array(list)) {
        return lo_event_bad(ctx, name, "not a list");
    }

    json_array_foreach(list, i, v) {
        snprintf(ctx->at, sizeof(ctx->at), "%s[%zu].", name, i);

        if (lo_keys_one(ctx, v, bearer, keys) != LO_OK) {
            return LO_ERROR;
        }
    }

    ctx->at[0] = '\0';

    return LO_OK;
}


static int
lo_keys_read(lo_event_ctx_t *ctx, json_t *o, lo_keys_t *keys)
{
    int64_t  s;

    static const char *const  members[] = {
        "keys", "tokens", "tolerance_s", NULL
    };

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "", "a key file is an object");
    }

    s = LO_TOLERANCE;

    if (lo_event_number(ctx, o, "tolerance_s", 1, LO_TOLERANCE_MAX, &s)
        == LO_ERROR
        || lo_event_members(ctx, o, members) != LO_OK
        || lo_keys_list(ctx, o, "keys", 0, keys) != LO_OK
        || lo_keys_list(ctx, o, "tokens", 1, keys) != LO_OK)
    {
        return LO_ERROR;
    }

    keys->tolerance_us = s * LO_USEC;

    return LO_OK;
}


int
lo_keys_parse(lo_keys_t *keys, const void *json, size_t len,
    lo_event_err_t *err)
{
    int             rc;
    json_t         *o;
    json_error_t    je;
    lo_event_ctx_t  ctx;

    memset(keys, 0, sizeof(*keys));
    memset(err, 0, sizeof(*err));

    ctx.err = err;
    ctx.at[0] = '\0';

    if (len > LO_KEYS_FILE_MAX) {
        return lo_event_bad(&ctx, "", "a key file has at most %d bytes",
                            LO_KEYS_FILE_MAX);
    }

    o = json_loadb(json, len, JSON_REJECT_DUPLICATES, &je);

    /* je.text would quote what stands there, which may be a secret */

    if (o == NULL) {
        return lo_event_bad(&ctx, "", "not JSON, line %d column %d", je.line,
                            je.column);
    }

    rc = lo_keys_read(&ctx, o, keys);
    json_decref(o);

    if (rc != LO_OK) {
        OPENSSL_cleanse(keys, sizeof(*keys));
    }

    return rc;
}


/* ---- using them */

const lo_key_t *
lo_keys_find(const lo_keys_t *keys, lo_str_t id)
{
    char             name[LO_ID_MAX + 1];
    uint32_t         i;
    const lo_key_t  *key, *found;

    if (id.len > LO_ID_MAX) {
        return NULL;
    }

    memset(name, 0, sizeof(name));
    memcpy(name, id.data, id.len);

    found = NULL;

    for (i = 0; i < keys->n; i++) {
        key = &keys->keys[i];

        if ((CRYPTO_memcmp(name, key->id, sizeof(name)) == 0)
            & (key->bearer == 0))
        {
            found = key;
        }
    }

    return found;
}


void
lo_keys_mac(const lo_key_t *key, lo_str_t text, unsigned char mac[LO_MAC])
{
    unsigned                    len;
    static const unsigned char  none[LO_SECRET_MIN];

    len = LO_MAC;

    if (HMAC(EVP_sha256(), key ? key->secret : none,
             key ? (int) key->len : LO_SECRET_MIN, text.data, text.len, mac,
             &len)
        == NULL)
    {
        /* one that nobody can send */

        if (RAND_bytes(mac, LO_MAC) != 1) {
            abort();
        }
    }
}


lo_deny_e
lo_key_allows(const lo_key_t *key, uint32_t uses, int64_t now_us)
{
    if ((key->uses & uses) == 0) {
        return LO_DENY_USE;
    }

    return key->expires_us && now_us >= key->expires_us ? LO_DENY_EXPIRED
                                                        : LO_ALLOW;
}


lo_deny_e
lo_key_covers(const lo_key_t *key, lo_str_t event, lo_str_t pipeline)
{
    if (key->event[0] && !lo_str_eq(lo_cstr(key->event), event)) {
        return LO_DENY_SCOPE;
    }

    if (key->pipeline[0] && pipeline.len
        && !lo_str_eq(lo_cstr(key->pipeline), pipeline))
    {
        return LO_DENY_SCOPE;
    }

    return LO_ALLOW;
}
