/* Inits: what goes to Redis along with the record of an event. */

#include "http/share.h"


ngx_int_t
ngx_live_origin_share_inits(ngx_live_origin_share_t *sh, lo_str_t id,
    const lo_live_t *l, uint32_t known)
{
    char            key[NGX_LIVE_ORIGIN_KEY_MAX], ttl[NGX_INT64_LEN + 1];
    size_t          lens[5], size;
    int64_t         n;
    lo_buf_t        b;
    ngx_int_t       rc;
    ngx_uint_t      i;
    const char     *argv[5];
    u_char         *bytes;
    lo_zone_pin_t   pin;

    for (i = 0; i < l->ninits; i++) {

        if (l->inits[i].id < known
            || lo_zone_pin(sh->zone->z, l->inits[i].word, &pin) != LO_OK)
        {
            continue;
        }

        size = pin.object->size;
        lo_zone_unpin(sh->zone->z, &pin);

        bytes = malloc(size + 1);
        if (bytes == NULL) {
            return NGX_ERROR;
        }

        n = lo_zone_read(sh->zone->z, l->inits[i].word, bytes, size);

        lo_buf_init(&b, key, sizeof(key));
        ngx_live_origin_key_init(&b, &sh->conf->prefix, id,
                                 l->inits[i].digest);

        ngx_sprintf((u_char *) ttl, "%L%Z",
                    ngx_live_origin_share_ttl(l,
                                              NGX_LIVE_ORIGIN_SHARE_LEAST));

        argv[0] = "SET";
        argv[1] = key;
        argv[2] = (char *) bytes;
        argv[3] = "PX";
        argv[4] = ttl;

        lens[0] = 3;
        lens[1] = ngx_strlen(key);
        lens[2] = n < 0 ? 0 : n;
        lens[3] = 2;
        lens[4] = ngx_strlen(ttl);

        rc = n < 0 ? NGX_OK
                   : ngx_live_origin_share_tell(sh, NULL, 0, 5, argv, lens);
        free(bytes);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}
