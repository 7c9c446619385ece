/* livectl token: makes what docs/access.md describes, from the key file */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "livectl.h"
#include "core/token.h"


#define LIVECTL_EXPIRES_MAX  (10 * 366 * 86400ll)
#define LIVECTL_DIGEST       64


static int64_t
livectl_now_us(void)
{
    return (int64_t) time(NULL) * LO_USEC;
}


static lo_str_t
livectl_word(const char *text)
{
    return lo_cstr(text ? text : "");
}


/* ---- the key */

static int
livectl_keys_read(const char *path, lo_keys_t *keys)
{
    int              rc;
    FILE            *f;
    char            *text;
    size_t           n;
    lo_event_err_t   err;

    if (path == NULL) {
        return livectl_complain("--keys FILE is missing");
    }

    f = fopen(path, "r");

    if (f == NULL) {
        return livectl_complain("--keys %s: %s", path, strerror(errno));
    }

    text = malloc(LO_KEYS_FILE_MAX + 1);

    if (text == NULL) {
        fclose(f);
        return livectl_complain("no memory");
    }

    n = fread(text, 1, LO_KEYS_FILE_MAX + 1, f);
    fclose(f);

    rc = lo_keys_parse(keys, text, n, &err);

    OPENSSL_cleanse(text, LO_KEYS_FILE_MAX + 1);
    free(text);

    return rc == LO_OK ? LIVECTL_OK
           : livectl_complain("--keys %s: %s%s%s", path, err.field,
                              err.field[0] ? ": " : "", err.err.text);
}


/* the one that is named, or the first that may do it now */

static const lo_key_t *
livectl_key(const livectl_options_t *o, const lo_keys_t *keys, uint32_t use,
    const char *word)
{
    uint32_t         i;
    lo_deny_e        why;
    const char      *id;
    const lo_key_t  *key;

    id = livectl_option(o, "key");

    if (id == NULL) {

        for (i = 0; i < keys->n; i++) {
            key = &keys->keys[i];

            if (!key->bearer
                && lo_key_allows(key, use, livectl_now_us()) == LO_ALLOW)
            {
                return key;
            }
        }

        livectl_complain("no key of the file is for \"%s\" and in force",
                         word);
        return NULL;
    }

    key = lo_keys_find(keys, lo_cstr(id));

    if (key == NULL) {
        livectl_complain("--key %s: the file has no such key", id);
        return NULL;
    }

    why = lo_key_allows(key, use, livectl_now_us());

    if (why != LO_ALLOW) {
        livectl_complain("--key %s: %s", id, lo_deny_text(why));
        return NULL;
    }

    return key;
}


/* ---- serve */

/* 90s, 30m, 2h, 7d: seconds, or -1 */

static int64_t
livectl_duration(const char *text)
{
    char       *end;
    int64_t     unit;
    long long   n;

    errno = 0;
    n = strtoll(text, &end, 10);

    unit = strcmp(end, "s") == 0 ? 1
           : strcmp(end, "m") == 0 ? 60
           : strcmp(end, "h") == 0 ? 3600
           : strcmp(end, "d") == 0 ? 86400 : 0;

    if (end == text || errno || unit == 0 || n < 1
        || n > LIVECTL_EXPIRES_MAX / unit)
    {
        return -1;
    }

    return n * unit;
}


static int
livectl_token_claims(const livectl_options_t *o, const lo_key_t *key,
    lo_token_t *t)
{
    int64_t      s;
    lo_err_t     err;
    const char  *expires, *path;

    path = livectl_option(o, "path");
    expires = livectl_option(o, "expires");

    if (path == NULL || expires == NULL) {
        return livectl_complain("%s is missing", path ? "--expires TIME"
                                                      : "--path PATH");
    }

    s = livectl_duration(expires);

    if (s < 0) {
        return livectl_complain("--expires %s: a time like 90s, 30m, 2h or "
                                "7d is wanted, ten years at most", expires);
    }

    if (lo_token_set(t, key, lo_cstr(path),
                     livectl_word(livectl_option(o, "country")),
                     livectl_word(livectl_option(o, "net")),
                     livectl_now_us() + s * LO_USEC, &err)
        != LO_OK)
    {
        return livectl_complain("%s", err.text);
    }

    if (lo_key_covers(key, lo_cstr(t->event), livectl_word(NULL)) != LO_ALLOW)
    {
        return livectl_complain("the key \"%s\" is for the event \"%s\" only",
                                key->id, key->event);
    }

    return LIVECTL_OK;
}


int
livectl_token_serve(const livectl_options_t *o, int argc, char **argv)
{
    int              rc;
    lo_buf_t         b;
    lo_token_t       t;
    unsigned char    text[LO_TOKEN_TEXT + 1];
    const lo_key_t  *key;

    static lo_keys_t  keys;

    rc = livectl_keys_read(livectl_option(o, "keys"), &keys);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    key = livectl_key(o, &keys, LO_USE_SERVE, "serve");
    if (key == NULL) {
        return LIVECTL_USAGE;
    }

    rc = livectl_token_claims(o, key, &t);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    lo_buf_init(&b, text, LO_TOKEN_TEXT);

    if (lo_token_make(&b, &t, key) != LO_OK) {
        return livectl_complain("the token would be longer than %d letters",
                                LO_TOKEN_TEXT);
    }

    *b.pos = '\0';

    if (o->json) {
        livectl_print(json_pack("{s:s, s:I}", "token", (char *) text,
                                "expires", t.expires_us / LO_USEC));
        return LIVECTL_OK;
    }

    puts((char *) text);

    return LIVECTL_OK;
}


/* ---- publish-sign */

/* the value of Content-Digest */

static int
livectl_digest(const char *path, char *value)
{
    int             ok;
    char           *p;
    FILE           *f;
    size_t          n;
    EVP_MD_CTX     *md;
    unsigned char   digest[EVP_MAX_MD_SIZE];
    static char     buf[65536];

    f = fopen(path, "r");
    md = EVP_MD_CTX_new();

    ok = f && md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);

    while (ok && (n = fread(buf, 1, sizeof(buf), f)) > 0) {
        ok = EVP_DigestUpdate(md, buf, n);
    }

    ok = ok && !ferror(f) && EVP_DigestFinal_ex(md, digest, NULL);

    if (f) {
        fclose(f);
    }

    EVP_MD_CTX_free(md);

    if (!ok) {
        return livectl_complain("--body %s: it cannot be read", path);
    }

    p = value + sprintf(value, "sha-256=:");
    p += EVP_EncodeBlock((unsigned char *) p, digest, 32);
    strcpy(p, ":");

    return LIVECTL_OK;
}


static void
livectl_sign_print(const livectl_options_t *o, const char *authorization,
    const char *digest)
{
    json_t  *json;

    if (o->json) {
        json = json_pack("{s:s}", "Authorization", authorization);

        if (digest[0]) {
            json_object_set_new(json, "Content-Digest", json_string(digest));
        }

        livectl_print(json);
        return;
    }

    printf("Authorization: %s\n", authorization);

    if (digest[0]) {
        printf("Content-Digest: %s\n", digest);
    }
}


int
livectl_token_sign(const livectl_options_t *o, int argc, char **argv)
{
    int              rc;
    char             digest[LIVECTL_DIGEST];
    lo_buf_t         b;
    const char      *method, *body;
    lo_signed_t      s;
    unsigned char    value[256];
    const lo_key_t  *key;

    static lo_keys_t  keys;

    if (argv[0][0] != '/') {
        return livectl_complain("%s: a path that begins with / is wanted, as "
                                "it will be sent", argv[0]);
    }

    rc = livectl_keys_read(livectl_option(o, "keys"), &keys);
    if (rc != LIVECTL_OK) {
        return rc;
    }

    key = livectl_key(o, &keys, LO_USE_PUBLISH, "publish");
    if (key == NULL) {
        return LIVECTL_USAGE;
    }

    body = livectl_option(o, "body");
    method = livectl_option(o, "method");
    digest[0] = '\0';

    if (body) {
        rc = livectl_digest(body, digest);
        if (rc != LIVECTL_OK) {
            return rc;
        }
    }

    s.method = lo_cstr(method ? method : "PUT");
    s.target = lo_cstr(argv[0]);
    s.digest = lo_cstr(digest);

    lo_buf_init(&b, value, sizeof(value) - 1);

    if (lo_keys_sign(&b, key, &s, livectl_now_us()) != LO_OK) {
        return livectl_complain("the path is too long to be signed");
    }

    *b.pos = '\0';
    livectl_sign_print(o, (char *) value, digest);

    return LIVECTL_OK;
}
