#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "object.h"


lp_object_t *
lp_object_create(int64_t number)
{
    lp_object_t  *o;

    o = lp_alloc(sizeof(lp_object_t));
    o->refs = 1;
    o->number = number;

    return o;
}


void
lp_object_whole(lp_object_t *o, int64_t now)
{
    unsigned       len;
    unsigned char  sha[EVP_MAX_MD_SIZE], base64[48];

    o->whole = 1;
    o->whole_at = now;

    if (EVP_Digest(o->body.data, o->body.len, sha, &len, EVP_sha256(), NULL)
        != 1)
    {
        return;
    }

    EVP_EncodeBlock(base64, sha, len);
    snprintf(o->digest, sizeof(o->digest), "sha-256=:%s:", base64);
}


lp_object_t *
lp_object_ref(lp_object_t *o)
{
    o->refs++;

    return o;
}


void
lp_object_unref(lp_object_t *o)
{
    if (o == NULL || --o->refs) {
        return;
    }

    lp_bytes_free(&o->body);
    free(o);
}
