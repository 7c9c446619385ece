/*
 * A class is found once, when its first manifest is asked for, and read from
 * the URL from then on.  What was found to be signed is remembered by hash, so
 * that the manifest of a class costs a hash and a comparison.
 *
 * Labels behind "~" that are not signed are the operator's own; they mean
 * nothing here.
 */

#include "http/access.h"
#include "http/class.h"
#include "http/geo.h"
#include "http/rights.h"
#include "http/window.h"
#include "core/rights.h"
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


/* NULL: nobody here has signed it */

static const lo_class_t *
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

    if (lo_class_read(&of, text, ctx->name.event, keys, n) != LO_OK) {
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


/* ---- of a viewer */

ngx_int_t
ngx_live_origin_class_make(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    const lo_class_t *of, ngx_live_origin_class_t **class)
{
    u_char                       *mem;
    unsigned                      n;
    lo_buf_t                      b;
    lo_key_t                      own;
    const lo_key_t               *keys;
    ngx_live_origin_class_t      *c;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    c = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_class_t));
    mem = ngx_pnalloc(r->pool, LO_CLASS_TEXT + 2);

    if (c == NULL || mem == NULL) {
        return NGX_ERROR;
    }

    keys = ngx_live_origin_class_keys(r, &own, &n);

    lo_buf_init(&b, mem, LO_CLASS_TEXT + 2);
    lo_buf_puts(&b, "~");
    lo_class_write(&b, of, ctx->name.event, &keys[0]);
    lo_buf_puts(&b, "/");

    if (!lo_buf_ok(&b)) {
        return NGX_ERROR;
    }

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


/*
 * By arguments, device and place.  NGX_DECLINED with ctx->class NULL: of
 * none.
 */

static ngx_int_t
ngx_live_origin_class_find(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    const lo_class_t *old)
{
    int                  any;
    lo_err_t             err;
    ngx_int_t            rc;
    lo_place_t           place;
    lo_class_t          *of;
    ngx_uint_t           own;
    const lo_device_t   *device;

    own = 0;
    device = ngx_live_origin_class_device(r, old, &err, &rc, &own);

    if (rc != NGX_OK) {
        return ngx_live_origin_args_refuse(r, ctx, &err);
    }

    if (device == NULL && ctx->event->cut == 0 && old == NULL
        && !ngx_live_origin_args_any(r))
    {
        return NGX_DECLINED;
    }

    of = ngx_pcalloc(r->pool, sizeof(lo_class_t));
    if (of == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (old) {
        of->filter = old->filter;
        of->window = old->window;
        of->patient = old->patient;

    } else {
        any = ngx_live_origin_class_args(r, &of->filter, &of->window, &err);

        if (any == LO_ERROR) {
            return ngx_live_origin_args_refuse(r, ctx, &err);
        }

        if (any == LO_NONE && device == NULL && ctx->event->cut == 0) {
            return NGX_DECLINED;
        }
    }

    if (device) {
        ngx_memcpy(of->device, device->id, sizeof(of->device));
    }

    lo_place_unknown(&of->place);
    of->cut = ctx->event->cut;

    if (of->cut) {
        (void) ngx_live_origin_geo(r, &place);
        lo_where_canon(ctx->event->doc, &place, &of->place);
        own = 1;
    }

    if (ngx_live_origin_class_make(r, ctx, of, &ctx->class) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->class->own = own;

    return NGX_DECLINED;
}


/* ---- a class of another day: the viewer is sent to that of today */

static u_char *
ngx_live_origin_class_escape(u_char *p, u_char *from, u_char *to)
{
    return (u_char *) ngx_escape_uri(p, from, to - from, NGX_ESCAPE_URI);
}


static ngx_int_t
ngx_live_origin_class_moved(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    const lo_class_t *old)
{
    u_char     *p, *value, *behind;
    ngx_int_t   rc;
    lo_str_t    path;

    rc = ngx_live_origin_class_find(r, ctx, old);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_live_origin_path(r, &path);
    behind = ctx->name.class.data + ctx->name.class.len + 1;

    p = ngx_pnalloc(r->pool, 3 * r->uri.len + LO_CLASS_TEXT + 4
                             + r->args.len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    value = p;
    p = ngx_live_origin_class_escape(p, r->uri.data,
                                     ctx->name.class.data - 1);
    p = ngx_cpymem(p, ctx->class->path.data, ctx->class->path.len);
    p = ngx_live_origin_class_escape(p, behind, path.data + path.len);

    if (r->args.len) {
        *p++ = '?';
        p = ngx_cpymem(p, r->args.data, r->args.len);
    }

    /* as it is: nginx would put a host before it that may be its own only */

    if (ngx_live_origin_header(r, "Location", value, p - value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);

    if (ngx_live_origin_share_error(r, ctx, 0) != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_text(r, NGX_HTTP_MOVED_TEMPORARILY,
                                (u_char *) "another class\n", 14);
}


static ngx_int_t
ngx_live_origin_class_named(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    const lo_class_t             *of;
    ngx_live_origin_class_t      *c;
    ngx_live_origin_main_conf_t  *mcf;

    of = ngx_live_origin_class_known(r, ctx);

    if (of == NULL) {
        ctx->denied = LO_DENY_CLASS;
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_FORBIDDEN,
                                      NGX_LIVE_ORIGIN_DENIED, 0);
    }

    c = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_class_t));
    if (c == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    /* "~", class and "/" stand side by side in the URI */

    c->of = of;
    c->below = 1;
    c->path.data = ctx->name.class.data - 1;
    c->path.len = ctx->name.class.len + 2;
    c->text.data = ctx->name.class.data;
    c->text.len = ctx->name.class.len;

    while (c->text.data[--c->text.len] != '.') { /* void */ }

    if (of->device[0] && mcf->classes->devices) {
        c->device = lo_device_find(mcf->classes->devices,
                                   lo_cstr(of->device));
    }

    if (of->cut != ctx->event->cut || (of->device[0] && c->device == NULL)) {
        return ngx_live_origin_class_moved(r, ctx, of);
    }

    ctx->class = c;

    return NGX_DECLINED;
}


/* ---- whether it may */

ngx_int_t
ngx_live_origin_class_opens(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_class_t *class)
{
    ngx_int_t    rc;
    lo_limits_t  limits;

    if (class && class->own && ctx->share == NGX_LIVE_ORIGIN_SHARE_ALL) {
        ctx->share = NGX_LIVE_ORIGIN_SHARE_NONE;
    }

    rc = ngx_live_origin_rights(r, ctx, class ? &class->of->place : NULL);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (lo_device_narrow(&limits, ctx->event->doc,
                         class ? class->device : NULL)
        != LO_OK)
    {
        ctx->denied = LO_DENY_DEVICE;
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_FORBIDDEN,
                                      NGX_LIVE_ORIGIN_DENIED, 0);
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_live_origin_class(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->class = NULL;

    rc = lo_class_signed(ctx->name.class)
         ? ngx_live_origin_class_named(r, ctx)
         : ngx_live_origin_class_find(r, ctx, NULL);

    return rc == NGX_DECLINED
           ? ngx_live_origin_class_opens(r, ctx, ctx->class) : rc;
}
