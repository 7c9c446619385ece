/*
 * The license server of ClearKey.  Whoever may have an event's media may have
 * the keys of its tracks, and no others of the file.  A request costs a search
 * in memory, and a wrong one leaves nothing behind.
 */

#include <openssl/crypto.h>

#include "http/access.h"
#include "http/api.h"
#include "http/clearkey.h"
#include "http/geo.h"
#include "http/rights.h"
#include "http/share.h"
#include "http/small.h"


static ngx_int_t ngx_live_origin_clearkey_body(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, u_char *body, size_t len);


char *
ngx_live_origin_clearkey_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    int                          rc;
    size_t                       size;
    u_char                      *data;
    lo_str_t                     text;
    lo_err_t                     err;
    ngx_str_t                   *value, path;
    ngx_live_origin_loc_conf_t  *lcf = conf;

    value = cf->args->elts;

    if (lcf->clearkey != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        lcf->clearkey = NULL;
        return NGX_CONF_OK;
    }

    path = value[1];

    lcf->clearkey = ngx_palloc(cf->pool, sizeof(lo_clearkeys_t));

    if (lcf->clearkey == NULL
        || ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    data = ngx_live_origin_keys_file(cf, &value[1], &path,
                                     LO_CLEARKEY_FILE_MAX, &size);
    if (data == NULL) {
        return NGX_CONF_ERROR;
    }

    text.data = data;
    text.len = size;

    rc = lo_clearkey_file(lcf->clearkey, text, &err);

    OPENSSL_cleanse(data, size);
    free(data);

    return rc == LO_OK ? NGX_CONF_OK
           : ngx_live_origin_keys_bad(cf, &value[1], 0, "%s", err.text);
}


ngx_uint_t
ngx_live_origin_clearkey_is(lo_str_t path)
{
    return ngx_live_origin_path_is(path, "/clearkey", LO_NAME_CLEARKEY);
}


static ngx_int_t
ngx_live_origin_clearkey_error(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t status, const char *error,
    const char *field)
{
    ngx_live_origin_reason(ctx, status == NGX_HTTP_NOT_FOUND
                                ? NGX_LIVE_ORIGIN_UNKNOWN
                                : status == NGX_HTTP_FORBIDDEN
                                ? NGX_LIVE_ORIGIN_DENIED
                                : NGX_LIVE_ORIGIN_BAD);

    return ngx_live_origin_api_error(r, status, error, field);
}


/* what players send it as; none at all where they send bytes */

static ngx_uint_t
ngx_live_origin_clearkey_type(ngx_http_request_t *r)
{
    size_t      len;
    ngx_str_t  *type;
    ngx_uint_t  i;

    static ngx_str_t  types[] = {
        ngx_string("application/json"),
        ngx_string("application/octet-stream"),
        ngx_string("text/plain")
    };

    if (r->headers_in.content_type == NULL) {
        return 1;
    }

    type = &r->headers_in.content_type->value;

    for (len = 0; len < type->len && type->data[len] != ';'
                  && type->data[len] != ' '; len++)
    {
        /* void */
    }

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].len == len
            && ngx_strncasecmp(types[i].data, type->data, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* NGX_DECLINED: go on; else it was answered */

static ngx_int_t
ngx_live_origin_clearkey_access(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->serve_auth) {
        ctx->denied = ngx_live_origin_access_serve(r, ctx);

        if (ctx->denied) {
            return ngx_live_origin_clearkey_error(r, ctx, NGX_HTTP_FORBIDDEN,
                       lo_deny_text(ctx->denied), "token");
        }
    }

    if (lcf->clearkey == NULL) {
        return ngx_live_origin_clearkey_error(r, ctx, NGX_HTTP_NOT_FOUND,
                   "there are no keys here: live_origin_clearkey is off", "");
    }

    if (!ngx_live_origin_clearkey_type(r)) {
        return ngx_live_origin_clearkey_error(r, ctx,
                   NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                   "a license request is application/json", "content-type");
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_live_origin_clearkey_handler(ngx_http_request_t *r)
{
    lo_str_t                     path;
    ngx_int_t                    rc;
    ngx_live_origin_ctx_t       *ctx;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->serve->z == NULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "no zone", "");
    }

    ctx = ngx_live_origin_ctx(r, lcf->serve);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_path(r, &path);
    (void) lo_name_serve(&ctx->name, path);

    rc = ngx_live_origin_clearkey_access(r, ctx);

    return rc != NGX_DECLINED ? rc
           : ngx_live_origin_small_read(r, ctx, LO_CLEARKEY_ASK_MAX,
                                        ngx_live_origin_clearkey_body);
}


/* ---- rights */

static lo_deny_e
ngx_live_origin_clearkey_rights(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_place_t *place)
{
    const lo_event_t  *doc;

    doc = ctx->event->doc;
    lo_place_unknown(place);

    if (lo_rights_by_place(doc)) {
        (void) ngx_live_origin_geo(r, place);
    }

    return ngx_live_origin_rights_deny(ngx_live_origin_rights(r, ctx, place));
}


static ngx_uint_t
ngx_live_origin_clearkey_track(const lo_event_t *doc, const char *id,
    const lo_place_t *place)
{
    ngx_uint_t  i;

    for (i = 0; i < doc->ntracks; i++) {
        if (lo_str_eq(doc->tracks[i].id, lo_cstr(id))) {
            return lo_rights_track(&doc->tracks[i], place);
        }
    }

    return 1;
}


/* whether a track that may be had from there has an init with this key id */

static ngx_uint_t
ngx_live_origin_clearkey_belongs(ngx_live_origin_event_t *event,
    const u_char *kid, const lo_place_t *place)
{
    ngx_uint_t             i;
    const lo_live_t       *l;
    const lo_live_init_t  *init;

    l = event->live;

    for (i = 0; i < l->ninits; i++) {
        init = &l->inits[i];

        if (init->info.scheme && ngx_memcmp(init->info.kid, kid, 16) == 0
            && ngx_live_origin_clearkey_track(event->doc,
                                              l->tracks[init->track].id, place))
        {
            return 1;
        }
    }

    return 0;
}


/* ---- the license */

static ngx_int_t
ngx_live_origin_clearkey_license(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_clearkey_ask_t *ask,
    const lo_place_t *place)
{
    u_char                      *mem;
    lo_buf_t                     b;
    ngx_uint_t                   i, n;
    const lo_clearkey_t         *key, *keys[LO_CLEARKEY_KIDS];
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    for (i = 0, n = 0; i < ask->n; i++) {

        if (!ngx_live_origin_clearkey_belongs(ctx->event, ask->kids[i], place))
        {
            continue;
        }

        key = lo_clearkey_find(lcf->clearkey, ask->kids[i]);

        if (key) {
            keys[n++] = key;
        }
    }

    if (n == 0) {
        return ngx_live_origin_clearkey_error(r, ctx, NGX_HTTP_NOT_FOUND,
                   "no key of these is one of this event's", "kids");
    }

    mem = ngx_pnalloc(r->pool, LO_CLEARKEY_ANSWER_MAX);
    if (mem == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    lo_buf_init(&b, mem, LO_CLEARKEY_ANSWER_MAX);
    lo_clearkey_answer(&b, keys, n);

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);

    return ngx_live_origin_api_bytes(r, NGX_HTTP_OK, mem, b.pos - b.start);
}


static ngx_int_t
ngx_live_origin_clearkey_body(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, u_char *body, size_t len)
{
    lo_err_t            err;
    lo_str_t            json;
    lo_place_t          place;
    const char         *field;
    lo_clearkey_ask_t   ask;

    json.data = body;
    json.len = len;

    if (lo_clearkey_ask(&ask, json, &err, &field) != LO_OK) {
        return ngx_live_origin_clearkey_error(r, ctx, NGX_HTTP_BAD_REQUEST,
                                              err.text, field);
    }

    ctx->event = ngx_live_origin_event_find(ctx->zone, ctx->name.event);

    if (ctx->event == NULL && ngx_live_origin_share_joins(ctx->zone)) {
        return ngx_live_origin_serve_joining(r, ctx);
    }

    if (ctx->event == NULL) {
        return ngx_live_origin_clearkey_error(r, ctx, NGX_HTTP_NOT_FOUND,
                                              "no such event", "");
    }

    if (ctx->event->doc == NULL) {
        return ngx_live_origin_rights_unknown_json(r, ctx);
    }

    ctx->denied = ngx_live_origin_clearkey_rights(r, ctx, &place);

    if (ctx->denied != LO_ALLOW) {
        return ngx_live_origin_clearkey_error(r, ctx, NGX_HTTP_FORBIDDEN,
                   ngx_live_origin_rights_text(ctx->denied),
                   ngx_live_origin_rights_field(ctx->denied));
    }

    return ngx_live_origin_clearkey_license(r, ctx, &ask, &place);
}
