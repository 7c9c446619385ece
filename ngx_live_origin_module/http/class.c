/*
 * A class is found once, when its first manifest is asked for, and read from
 * the URL from then on.
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


/* ---- of a viewer */

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

    /* whatever opened it: the next one may be of another class, or of none */

    if (own || ctx->event->cut) {
        ctx->share = NGX_LIVE_ORIGIN_SHARE_NONE;
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
    }

    return ngx_live_origin_class_make(r, ctx, of, &ctx->class) == NGX_OK
           ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
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

lo_deny_e
ngx_live_origin_class_denied(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_class_t *class)
{
    lo_deny_e    why;
    lo_limits_t  limits;

    why = ngx_live_origin_rights_deny(
              ngx_live_origin_rights(r, ctx,
                                     class ? &class->of->place : NULL));

    if (why != LO_ALLOW) {
        return why;
    }

    return lo_device_narrow(&limits, ctx->event->doc,
                            class ? class->device : NULL)
           == LO_OK ? LO_ALLOW : LO_DENY_DEVICE;
}


static ngx_int_t
ngx_live_origin_class_opens(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    lo_deny_e  why;

    why = ngx_live_origin_class_denied(r, ctx, ctx->class);

    if (why == LO_ALLOW) {
        return NGX_DECLINED;
    }

    if (why != LO_DENY_DEVICE) {
        return ngx_live_origin_rights_refuse(r, ctx, why);
    }

    ctx->denied = why;

    return ngx_live_origin_refuse(r, ctx, NGX_HTTP_FORBIDDEN,
                                  NGX_LIVE_ORIGIN_DENIED, 0);
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
           ? ngx_live_origin_class_opens(r, ctx) : rc;
}
