#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "core/hmac.h"


lo_hmac_t *
lo_hmac_new(void)
{
    char         digest[] = "SHA256";
    EVP_MAC     *mac;
    lo_hmac_t   *h;
    OSSL_PARAM   params[2];

    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL) {
        return NULL;
    }

    h = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);                     /* h has a reference */

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    if (h != NULL && EVP_MAC_CTX_set_params(h, params) != 1) {
        EVP_MAC_CTX_free(h);
        return NULL;
    }

    return h;
}


void
lo_hmac_free(lo_hmac_t *h)
{
    EVP_MAC_CTX_free(h);
}


void
lo_hmac(lo_hmac_t *h, const lo_key_t *key, lo_str_t text,
    unsigned char mac[LO_MAC])
{
    size_t  len;

    /* the key each time: before OpenSSL 3.0.3 a NULL began nothing anew */

    if (h == NULL || key == NULL
        || EVP_MAC_init(h, key->secret, key->len, NULL) != 1
        || EVP_MAC_update(h, text.data, text.len) != 1
        || EVP_MAC_final(h, mac, &len, LO_MAC) != 1)
    {
        lo_keys_mac(key, text, mac);
    }
}
