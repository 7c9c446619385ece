/*
 * ClearKey: keys by key id from a file, and the W3C's license format
 * (Encrypted Media Extensions, 9.1.3 and 9.1.4).
 */

#ifndef LO_CLEARKEY_H
#define LO_CLEARKEY_H

#include "core/base.h"

#define LO_CLEARKEY_KEYS      4096     /* of a file */
#define LO_CLEARKEY_FILE_MAX  (512 * 1024)
#define LO_CLEARKEY_ASK_MAX   16384    /* bytes of a request */
#define LO_CLEARKEY_KIDS      64       /* of a request */


typedef struct {
    unsigned char       kid[16];
    unsigned char       key[16];
} lo_clearkey_t;

typedef struct {
    unsigned            n;
    lo_clearkey_t       keys[LO_CLEARKEY_KEYS];   /* by kid */
} lo_clearkeys_t;

/*
 * Lines of KID KEY, each 32 hexadecimal digits or a UUID; empty ones and what
 * follows a # count for nothing.  LO_ERROR: err names the line, and no key.
 */
int lo_clearkey_file(lo_clearkeys_t *keys, lo_str_t text, lo_err_t *err);

/* NULL: there is none */
const lo_clearkey_t *lo_clearkey_find(const lo_clearkeys_t *keys,
    const unsigned char *kid);


typedef struct {
    unsigned            n;
    unsigned char       kids[LO_CLEARKEY_KIDS][16];   /* each once */
} lo_clearkey_ask_t;

/* {"kids": ["base64url"], "type": "temporary"}; in error, field is the
   offending member */
int lo_clearkey_ask(lo_clearkey_ask_t *ask, lo_str_t json,
    lo_err_t *err, const char **field);

/* {"keys": [{"kty": "oct", "kid", "k"}], "type": "temporary"} */
#define LO_CLEARKEY_ANSWER_MAX  (LO_CLEARKEY_KIDS * 96 + 64)
void lo_clearkey_answer(lo_buf_t *b, const lo_clearkey_t *const *keys,
    unsigned n);

#endif /* LO_CLEARKEY_H */
