/*
 * Serve tokens: what a viewer carries in the path (PREFIX/~TOKEN/EVENT/...)
 * or in a cookie.
 *
 *     TOKEN = base64url(CLAIMS) "." base64url(HMAC-SHA256(secret, the part
 *                                             before the dot))
 *     CLAIMS = "k=KEY;e=SECONDS;p=PATH" [";c=DE,AT"] [";n=192.0.2.0/24"]
 *
 * each claim once, in any order; PATH is "*", EVENT or EVENT/TRACK, SECONDS
 * since 1970 when it expires.  What a token does not know is refused.
 */

#ifndef LO_TOKEN_H
#define LO_TOKEN_H

#include "core/base.h"
#include "core/keys.h"
#include "core/net.h"

#define LO_TOKEN_COUNTRIES  8
#define LO_TOKEN_TEXT       512        /* what the URL grammar takes */


typedef struct {
    char                key[LO_ID_MAX + 1];
    char                event[LO_ID_MAX + 1];    /* "": any */
    char                track[LO_ID_MAX + 1];    /* "": any */
    int64_t             expires_us;
    uint32_t            ncountries;              /* 0: from anywhere */
    char                countries[LO_TOKEN_COUNTRIES][2];
    lo_net_t            net;                     /* len 0: any */
} lo_token_t;


/* reads what a token claims, and believes it */
int lo_token_parse(lo_token_t *t, lo_str_t text);

/* claims by their texts; country and net may be empty.  LO_ERROR: see err */
int lo_token_set(lo_token_t *t, const lo_key_t *key, lo_str_t path,
    lo_str_t countries, lo_str_t net, int64_t expires_us, lo_err_t *err);

/* LO_FULL: too long for a URL */
int lo_token_make(lo_buf_t *out, const lo_token_t *t, const lo_key_t *key);

/* whether it was made with one of these keys.  t->expires_us is then the end
   of the key's life where that is sooner */
lo_deny_e lo_token_verify(lo_token_t *t, const lo_keys_t *keys,
    lo_str_t text, int64_t now_us);


/* a request that a token is to open */

typedef struct {
    lo_str_t             event;
    lo_str_t             track;                  /* empty: of the event */
    lo_str_t             country;                /* empty: not known */
    const unsigned char *addr;
    size_t               addr_len;               /* 4, 16; 0: not known */
    int64_t              now_us;
} lo_token_ask_t;

/* of a token that was verified */
lo_deny_e lo_token_opens(const lo_token_t *t, const lo_token_ask_t *ask);

#endif /* LO_TOKEN_H */
