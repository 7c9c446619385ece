/* HMAC-SHA256 */

#ifndef LO_HMAC_H
#define LO_HMAC_H

#include "core/keys.h"


/* what OpenSSL looks up by name for each HMAC, which takes longer than the
   HMAC itself: kept for many.  Of one thread; any key */

typedef struct evp_mac_ctx_st  lo_hmac_t;


/* NULL: no memory */
lo_hmac_t *lo_hmac_new(void);
void lo_hmac_free(lo_hmac_t *h);

/* as lo_keys_mac; h NULL: nothing is kept */
void lo_hmac(lo_hmac_t *h, const lo_key_t *key, lo_str_t text,
    unsigned char mac[LO_MAC]);

#endif /* LO_HMAC_H */
