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
    int64_t                      until_us; /* as long as the key is good */
    lo_class_t                   of;
    char                         event[LO_ID_MAX + 1];
    size_t                       len;
    u_char                       text[LO_CLASS_TEXT];
} ngx_live_origin_class_known_t;


/* ---- keys */

static ngx_live_origin_classes_t *
ngx_live_origin_class_conf(ngx_http_request_t *r)
{
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    return mcf->classes;
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


/* what only this zone has */

static void
ngx_live_origin_class_zone_key(ngx_live_origin_zone_t *zone, lo_key_t *key)
{
    ngx_memzero(key, sizeof(lo_key_t));
    key->uses = LO_USE_CLASS;
    key->len = LO_ZONE_SECRET;
    ngx_memcpy(key->secret, lo_zone_secret(zone->z), LO_ZONE_SECRET);
}


/* other nodes do not believe what this one signs now */

static void
ngx_live_origin_class_say(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_classes_t *classes)
{
    if (classes->said) {
        return;
    }

    classes->said = 1;

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "no key of \"live_origin_class_key\" is good for event "
                  "\"%*s\" now: its classes are signed with the zone's own",
                  ctx->name.event.len, ctx->name.event.data);
}


/* those that may be good for the event of ctx: the first one is, and signs.
   That is the zone's own, of which zone is room, where there are no others */

static void
ngx_live_origin_class_keys(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    lo_key_t *zone, lo_class_keys_t *keys)
{
    const lo_key_t             *first;
    ngx_live_origin_classes_t  *classes;

    classes = ngx_live_origin_class_conf(r);

    keys->keys = classes->sign;
    keys->n = classes->nsign;
    keys->now_us = ngx_live_origin_wall();
    keys->hmac = ngx_live_origin_class_hmac(classes);

    first = lo_class_key(keys, ctx->name.event);

    if (first) {
        keys->n -= first - keys->keys;
        keys->keys = first;
        return;
    }

    if (keys->n) {
        ngx_live_origin_class_say(r, ctx, classes);
    }

    ngx_live_origin_class_zone_key(ctx->zone, zone);
    keys->keys = zone;
    keys->n = 1;
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
    int64_t                         until;
    uint64_t                        hash;
    lo_key_t                        zone;
    lo_str_t                        text;
    lo_class_t                      of;
    lo_class_keys_t                 keys;
    ngx_live_origin_class_known_t  *k;

    text = ctx->name.class;

    hash = XXH3_64bits(text.data, text.len);
    k = ngx_live_origin_class_slot(ngx_live_origin_class_conf(r), hash);

    if (k == NULL) {
        return NULL;
    }

    if (k->len == text.len && k->hash == hash && k->zone == ctx->zone
        && lo_id_eq(k->event, ctx->name.event)
        && ngx_memcmp(k->text, text.data, text.len) == 0
        && ngx_live_origin_wall() < k->until_us)
    {
        return &k->of;
    }

    ngx_live_origin_class_keys(r, ctx, &zone, &keys);

    if (lo_class_read(&of, text, ctx->name.event, &keys, &until) != LO_OK) {
        return NULL;
    }

    k->hash = hash;
    k->zone = ctx->zone;
    k->until_us = until;
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
    u_char                     *mem, text[LO_CLASS_TEXT + 2];
    lo_buf_t                    b;
    lo_key_t                    zone;
    lo_class_keys_t             keys;
    const lo_devices_t         *devices;
    ngx_live_origin_class_t    *c;

    ngx_live_origin_class_keys(r, ctx, &zone, &keys);

    lo_buf_init(&b, text, sizeof(text));
    lo_buf_puts(&b, "~");
    lo_class_write(&b, of, ctx->name.event, &keys.keys[0], keys.hmac);
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

    devices = ngx_live_origin_class_conf(r)->devices;

    if (of->device[0] && devices) {
        c->device = lo_device_find(devices, lo_cstr(of->device));
    }

    *class = c;

    return NGX_OK;
}
