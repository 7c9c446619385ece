/*
 * The key file (docs/access.md): keys that sign and bearer tokens, with what
 * each is good for.
 *
 *     {"tolerance_s": 300,
 *      "keys": [{"id", "secret", "use": [], "event", "pipeline", "expires"}],
 *      "tokens": [{"id", "bearer", likewise}]}
 *
 * A set is plain data without pointers.  What an outsider sends is compared
 * in constant time, and with every key of the set, so that time tells neither
 * a secret nor which key it was.
 */

#ifndef LO_KEYS_H
#define LO_KEYS_H

#include "core/base.h"
#include "core/event.h"

#define LO_KEYS_MAX         64
#define LO_KEYS_FILE_MAX    262144
#define LO_SECRET_MIN       16         /* bytes */
#define LO_SECRET_MAX       128
#define LO_MAC              32         /* HMAC-SHA256 */


/* symbol, word in the file, bit */

#define LO_USE_LIST(X)                                                        \
    X(PUBLISH,  "publish",  1)                                                \
    X(SERVE,    "serve",    2)                                                \
    X(API,      "api",      4)                                                \
    X(API_READ, "api_read", 8)         /* GET and HEAD only */                \
    X(CLASS,    "class",   16)         /* signs classes (core/class.h) */

#define LO_USE_ENUM(sym, word, bit)  LO_USE_##sym = bit,
typedef enum { LO_USE_LIST(LO_USE_ENUM) } lo_use_e;


typedef struct {
    char                id[LO_ID_MAX + 1];       /* zero padded */
    char                event[LO_ID_MAX + 1];    /* "": any */
    char                pipeline[LO_ID_MAX + 1]; /* likewise */
    unsigned char       secret[LO_SECRET_MAX];   /* of a bearer token its
                                                    SHA-256 */
    uint32_t            len;
    uint32_t            bearer;
    uint32_t            uses;                    /* lo_use_e */
    int64_t             expires_us;              /* 0: never */
} lo_key_t;

typedef struct {
    lo_key_t            keys[LO_KEYS_MAX];
    uint32_t            n;
    uint32_t            uses;                    /* of any of them */
    int64_t             tolerance_us;
} lo_keys_t;


/* why somebody is turned away: symbol, word, text for whom it concerns */

#define LO_DENY_LIST(X)                                                       \
    X(NONE,      "none",      "no credentials")                               \
    X(MALFORMED, "malformed", "credentials that cannot be read")              \
    X(WRONG,     "wrong",     "an unknown key, or a wrong signature or token")\
    X(EXPIRED,   "expired",   "expired")                                      \
    X(CLOCK,     "clock",     "the time of the signature is too far from "    \
                              "the origin's clock")                           \
    X(USE,       "use",       "a key that is not for this")                   \
    X(SCOPE,     "scope",     "a key for another event, pipeline or path")    \
    X(COUNTRY,   "country",   "a token for other countries")                  \
    X(BLACKOUT,  "blackout",  "not at this time")                             \
    X(NETWORK,   "network",   "not from this network")                        \
    X(SITE,      "site",      "a page of another site, without a token")      \
    X(CLASS,     "class",     "a class that was not signed here")             \
    X(DEVICE,    "device",    "an event that is not for this device")

#define LO_DENY_ENUM(sym, word, text)  LO_DENY_##sym,
typedef enum {
    LO_ALLOW = 0, LO_DENY_LIST(LO_DENY_ENUM) LO_DENY_N
} lo_deny_e;

const char *lo_deny_word(lo_deny_e why);
const char *lo_deny_text(lo_deny_e why);


/* LO_ERROR: err names the member; its text holds nothing of a secret */
int lo_keys_parse(lo_keys_t *keys, const void *json, size_t len,
    lo_event_err_t *err);

/* the signing key of this id; NULL.  In constant time */
const lo_key_t *lo_keys_find(const lo_keys_t *keys, lo_str_t id);

/* HMAC-SHA256 of a text, by a key, or by no key at all where it is NULL, which
   takes as long */
void lo_keys_mac(const lo_key_t *key, lo_str_t text,
    unsigned char mac[LO_MAC]);

/* whether a key may be used for this, now */
lo_deny_e lo_key_allows(const lo_key_t *key, uint32_t uses, int64_t now_us);
/* and there; pipeline may be empty */
lo_deny_e lo_key_covers(const lo_key_t *key, lo_str_t event,
    lo_str_t pipeline);


/* ---- the header Authorization */

/* a request that may be signed; digest is the Content-Digest, or empty */

typedef struct {
    lo_str_t            method;
    lo_str_t            target;        /* as sent: path and arguments */
    lo_str_t            digest;
} lo_signed_t;

/*
 * "Bearer TOKEN", or where signed is not NULL
 * "LiveOrigin key=ID, ts=SECONDS, sig=HEX", which is the HMAC-SHA256 of
 * METHOD LF TARGET LF SECONDS LF CONTENT-DIGEST LF.  uses: one of them is
 * enough.
 */
lo_deny_e lo_keys_authorize(const lo_keys_t *keys, uint32_t uses,
    lo_str_t authorization, const lo_signed_t *s, int64_t now_us,
    const lo_key_t **key);

/* the value of the header; LO_FULL: the request is too long to be signed */
int lo_keys_sign(lo_buf_t *out, const lo_key_t *key, const lo_signed_t *s,
    int64_t now_us);

#endif /* LO_KEYS_H */
