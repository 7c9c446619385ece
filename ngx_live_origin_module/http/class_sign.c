/*
 * Classes and their signatures.  What was found to be signed is remembered by
 * hash, so that the manifest of a class costs a hash and a comparison.
 */

#include "http/class.h"
#include "core/xxh.h"


/* a class that was read from a URL, by this worker */

typedef struct {
    uint64_t                     hash;
    ngx_live_origin_zone_t      *zone;     /* whose key it may be of */
    lo_class_t                   of;
    char                         event[LO_ID_MAX + 1];
    size_t                       len;
    u_char                       text[LO_CLASS_TEXT];
} ngx_live_origin_class_known_t;


/* ---- keys */

/* without a key file classes are signed with what only this zone has */

static void
ngx_live_origin_class_key(ngx_live_origin_zone_t *zone, lo_key_t *key)
{
    ngx_memzero(key, sizeof(lo_key_t));
    key->len = LO_ZONE_SECRET;
    ngx_memcpy(key->secret, lo_zone_secret(zone->z), LO_ZONE_SECRET);
}


static const lo_key_t *
ngx_live_origin_class_keys(ngx_http_request_t *r, lo_key_t *own,
    unsigned *n)
{
    ngx_live_origin_ctx_t        *ctx;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    if (mcf->classes->nsign) {
        *n = mcf->classes->nsign;
        return mcf->classes->sign;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    ngx_live_origin_class_key(ctx->zone, own);
    *n = 1;

    return own;
}


static void
ngx_live_origin_class_hmac_free(void *data)
{
    lo_hmac_free(data);
}


/* NULL: no memory */

static lo_hmac_t *
ngx_live_origin_class_hmac(ngx_live_origin_classes_t *classes)
{
    lo_hmac_t           *h;
    ngx_pool_cleanup_t  *cln;

    if (classes->hmac) {
        return classes->hmac;
    }

    h = lo_hmac_new();
    cln = h ? ngx_pool_cleanup_add(classes->pool, 0) : NULL;

    if (cln == NULL) {
        lo_hmac_free(h);
        return NULL;
    }

    cln->handler = ngx_live_origin_class_hmac_free;
    cln->data = h;
    classes->hmac = h;

    return h;
}


/* ---- of the URL */

static ngx_live_origin_class_known_t *
ngx_live_origin_class_slot(ngx_live_origin_classes_t *classes, uint64_t hash)
{
    void  **slot;

    if (classes->known == NULL) {
        classes->known = ngx_pcalloc(classes->pool,
                                     NGX_LIVE_ORIGIN_CLASSES
                                     * sizeof(void *));
        if (classes->known == NULL) {
            return NULL;
        }
    }

    slot = &classes->known[hash & (NGX_LIVE_ORIGIN_CLASSES - 1)];

    if (*slot == NULL) {
        *slot = ngx_pcalloc(classes->pool,
                            sizeof(ngx_live_origin_class_known_t));
    }

    return *slot;
}


const lo_class_t *
ngx_live_origin_class_known(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    uint64_t                        hash;
    unsigned                        n;
    lo_key_t                        own;
    lo_str_t                        text;
    lo_class_t                      of;
    const lo_key_t                 *keys;
    ngx_live_origin_main_conf_t    *mcf;
    ngx_live_origin_class_known_t  *k;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);
    text = ctx->name.class;

    hash = XXH3_64bits(text.data, text.len);
    k = ngx_live_origin_class_slot(mcf->classes, hash);

    if (k == NULL) {
        return NULL;
    }

    if (k->len == text.len && k->hash == hash && k->zone == ctx->zone
        && lo_id_eq(k->event, ctx->name.event)
        && ngx_memcmp(k->text, text.data, text.len) == 0)
    {
        return &k->of;
    }

    keys = ngx_live_origin_class_keys(r, &own, &n);

    if (lo_class_read(&of, text, ctx->name.event, keys, n,
                      ngx_live_origin_class_hmac(mcf->classes))
        != LO_OK)
    {
        return NULL;
    }

    k->hash = hash;
    k->zone = ctx->zone;
    k->of = of;
    k->len = text.len;
    ngx_memcpy(k->text, text.data, text.len);
    ngx_memzero(k->event, sizeof(k->event));
    ngx_memcpy(k->event, ctx->name.event.data, ctx->name.event.len);

    return &k->of;
}


/* ---- texts */

ngx_int_t
ngx_live_origin_class_make(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    const lo_class_t *of, ngx_live_origin_class_t **class)
{
    u_char                       *mem, text[LO_CLASS_TEXT + 2];
    unsigned                      n;
    lo_buf_t                      b;
    lo_key_t                      own;
    const lo_key_t               *keys;
    ngx_live_origin_class_t      *c;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    keys = ngx_live_origin_class_keys(r, &own, &n);

    lo_buf_init(&b, text, sizeof(text));
    lo_buf_puts(&b, "~");
    lo_class_write(&b, of, ctx->name.event, &keys[0],
                   ngx_live_origin_class_hmac(mcf->classes));
    lo_buf_puts(&b, "/");

    if (!lo_buf_ok(&b)) {
        return NGX_ERROR;
    }

    c = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_class_t));
    mem = ngx_pnalloc(r->pool, b.need);

    if (c == NULL || mem == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(mem, text, b.need);

    c->of = of;
    c->path.data = mem;
    c->path.len = b.need;
    c->text.data = mem + 1;

    for (c->text.len = b.need - 2; mem[c->text.len] != '.'; c->text.len--) {
        /* void */
    }

    c->text.len--;

    if (of->device[0] && mcf->classes->devices) {
        c->device = lo_device_find(mcf->classes->devices,
                                   lo_cstr(of->device));
    }

    *class = c;

    return NGX_OK;
}
