/*
 * POST EVENT/play: where a player that says what it can finds what suits it.
 * The answer is made of URLs that carry the player's class, and its token
 * where it has one; so nothing of a playback is kept here.
 */

#include <openssl/rand.h>

#include "http/access.h"
#include "http/api.h"
#include "http/class.h"
#include "http/play.h"
#include "http/share.h"
#include "http/geo.h"
#include "http/rights.h"
#include "http/small.h"
#include "core/play.h"


#define NGX_LIVE_ORIGIN_PLAY_ROOM  4096    /* of most answers */


/* on the stack: it is of no use behind the answer */

typedef struct {
    ngx_http_request_t          *request;
    ngx_live_origin_ctx_t       *ctx;
    lo_play_t                    asked;
    ngx_live_origin_class_t     *class;
    u_char                       id[2 * NGX_LIVE_ORIGIN_SESSION];
    lo_str_t                     session;
    lo_str_t                     base;     /* of URLs: all before EVENT */
} ngx_live_origin_play_t;


static ngx_int_t ngx_live_origin_play_body(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, u_char *body, size_t len);


ngx_uint_t
ngx_live_origin_play_is(lo_str_t path)
{
    return ngx_live_origin_path_is(path, "/play", LO_NAME_PLAY);
}


ngx_int_t
ngx_live_origin_play_handler(ngx_http_request_t *r)
{
    lo_str_t                     path;
    ngx_live_origin_ctx_t       *ctx;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->serve->z == NULL) {
        return ngx_live_origin_plain(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "no zone\n");
    }

    ctx = ngx_live_origin_ctx(r, lcf->serve);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_path(r, &path);
    (void) lo_name_serve(&ctx->name, path);

    return ngx_live_origin_small_read(r, ctx, LO_PLAY_MAX,
                                      ngx_live_origin_play_body);
}


/* ---- who asks */

/* by a token, or by the event */

static ngx_int_t
ngx_live_origin_play_denied(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_deny_e why, ngx_uint_t event)
{
    const char  *text, *field;

    ctx->denied = why;
    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_DENIED);

    text = lo_deny_text(why);
    field = why == LO_DENY_DEVICE ? "device" : "token";

    if (event && why != LO_DENY_DEVICE) {
        text = ngx_live_origin_rights_text(why);
        field = ngx_live_origin_rights_field(why);
    }

    return ngx_live_origin_api_error(r, NGX_HTTP_FORBIDDEN, text, field);
}


static ngx_int_t
ngx_live_origin_play_error(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t status, ngx_live_origin_reason_e reason, const char *error,
    const char *field)
{
    ngx_live_origin_reason(ctx, reason);

    return ngx_live_origin_api_error(r, status, error, field);
}


/* a token of the body stands for one of the path */

static lo_deny_e
ngx_live_origin_play_access(ngx_live_origin_play_t *p)
{
    lo_str_t                    *token;
    ngx_live_origin_ctx_t       *ctx;
    ngx_live_origin_loc_conf_t  *lcf;

    ctx = p->ctx;
    lcf = ngx_http_get_module_loc_conf(p->request, ngx_live_origin_module);

    if (ctx->name.token.len == 0 && p->asked.token.len) {
        token = &ctx->name.token;
        token->data = ngx_pnalloc(p->request->pool, p->asked.token.len);

        if (token->data == NULL) {
            return LO_DENY_NONE;
        }

        ngx_memcpy(token->data, p->asked.token.data, p->asked.token.len);
        token->len = p->asked.token.len;
    }

    return lcf->serve_auth ? ngx_live_origin_access_serve(p->request, ctx)
                           : LO_ALLOW;
}


/* OpenSSL takes as long for one of them as for as many as are kept */

static ngx_int_t
ngx_live_origin_play_session(ngx_live_origin_play_t *p)
{
    ngx_live_origin_zone_t  *zone;

    if (p->asked.session.len) {
        p->session = p->asked.session;
        return NGX_OK;
    }

    zone = p->ctx->zone;

    if (zone->nsessions == 0) {

        if (RAND_bytes(zone->sessions[0], sizeof(zone->sessions)) != 1) {
            return NGX_ERROR;
        }

        zone->nsessions = NGX_LIVE_ORIGIN_SESSIONS;
    }

    ngx_hex_dump(p->id, zone->sessions[--zone->nsessions],
                 NGX_LIVE_ORIGIN_SESSION);

    p->session.data = p->id;
    p->session.len = sizeof(p->id);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_play_class(ngx_live_origin_play_t *p,
    const lo_device_t *device)
{
    lo_place_t              place;
    lo_class_t             *of;
    ngx_live_origin_ctx_t  *ctx;

    ctx = p->ctx;

    of = &p->asked.of;

    if (device) {
        ngx_memcpy(of->device, device->id, sizeof(of->device));
    }

    of->cut = ctx->event->cut;
    lo_window_settle(&of->window, ctx->event->live);
    lo_place_unknown(&of->place);

    if (of->cut) {
        (void) ngx_live_origin_geo(p->request, &place);
        lo_where_canon(ctx->event->doc, &place, &of->place);
    }

    return ngx_live_origin_class_make(p->request, ctx, of, &p->class);
}


/* ---- the answer */

/* what stands before EVENT in the path: the request's own, with the token, as it
   stands in a URL */

static ngx_int_t
ngx_live_origin_play_base(ngx_live_origin_play_t *p)
{
    u_char              *d;
    lo_str_t             path, token;
    ngx_http_request_t  *r;

    r = p->request;
    token = p->ctx->name.token;
    ngx_live_origin_path(r, &path);

    d = ngx_pnalloc(r->pool, 3 * (r->uri.len + token.len) + 2);
    if (d == NULL) {
        return NGX_ERROR;
    }

    p->base.data = d;
    d = (u_char *) ngx_escape_uri(d, r->uri.data, path.data - r->uri.data,
                                  NGX_ESCAPE_URI);

    if (token.len) {
        *d++ = '~';
        d = (u_char *) ngx_escape_uri(d, token.data, token.len,
                                      NGX_ESCAPE_URI);
        *d++ = '/';
    }

    p->base.len = d - p->base.data;

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_play_answer(ngx_live_origin_play_t *p)
{
    u_char               *mem, text[NGX_LIVE_ORIGIN_PLAY_ROOM];
    lo_buf_t              b;
    lo_play_answer_t      a;
    ngx_http_request_t   *r;

    r = p->request;

    a.asked = &p->asked;
    a.doc = p->ctx->event->doc;
    a.device = p->class->device;
    a.of = p->class->of;
    a.base = p->base;
    a.event = p->ctx->name.event;
    a.session = p->session;
    a.class = ngx_live_origin_lo_str(&p->class->text);
    a.path = ngx_live_origin_lo_str(&p->class->path);

    lo_buf_init(&b, text, sizeof(text));

    if (lo_play_write(&b, &a) != LO_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    mem = ngx_pnalloc(r->pool, b.need);
    if (mem == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (lo_buf_ok(&b)) {
        ngx_memcpy(mem, text, b.need);

    } else {
        lo_buf_init(&b, mem, b.need);
        (void) lo_play_write(&b, &a);
    }

    return ngx_live_origin_api_bytes(r, NGX_HTTP_OK, mem, b.need);
}


static ngx_int_t
ngx_live_origin_play_go(ngx_live_origin_play_t *p)
{
    int                           rc;
    lo_deny_e                     why;
    const lo_device_t            *device;
    ngx_http_request_t           *r;
    ngx_live_origin_ctx_t        *ctx;
    ngx_live_origin_main_conf_t  *mcf;

    r = p->request;
    ctx = p->ctx;
    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);

    why = ngx_live_origin_play_access(p);

    if (why != LO_ALLOW) {
        return ngx_live_origin_play_denied(r, ctx, why, 0);
    }

    ctx->event = ngx_live_origin_event_find(ctx->zone, ctx->name.event);

    if (ngx_live_origin_share_joins(ctx->zone)) {
        return ngx_live_origin_serve_joining(r, ctx);
    }

    if (ctx->event == NULL) {
        return ngx_live_origin_play_error(r, ctx, NGX_HTTP_NOT_FOUND,
                                          NGX_LIVE_ORIGIN_UNKNOWN,
                                          "no such event", NULL);
    }

    if (ctx->event->doc == NULL) {
        return ngx_live_origin_rights_unknown_json(r, ctx);
    }

    device = lo_play_device(&p->asked, mcf->classes->devices, &rc);

    if (rc != LO_OK) {
        return ngx_live_origin_play_error(r, ctx, NGX_HTTP_BAD_REQUEST,
                   NGX_LIVE_ORIGIN_BAD,
                   "the devices document has none of this id", "device");
    }

    if (ngx_live_origin_play_class(p, device) != NGX_OK
        || ngx_live_origin_play_session(p) != NGX_OK
        || ngx_live_origin_play_base(p) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    why = ngx_live_origin_class_denied(r, ctx, p->class);

    if (why != LO_ALLOW) {
        return ngx_live_origin_play_denied(r, ctx, why, 1);
    }

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);
    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_PLAYS]++;

    return ngx_live_origin_play_answer(p);
}


static ngx_int_t
ngx_live_origin_play_body(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    u_char *body, size_t len)
{
    ngx_int_t               rc;
    lo_event_err_t          err;
    ngx_live_origin_play_t  p;

    p.request = r;
    p.ctx = ctx;

    if (lo_play_parse(&p.asked, body, len, &err) != LO_OK) {
        return ngx_live_origin_play_error(r, ctx, NGX_HTTP_BAD_REQUEST,
                                          NGX_LIVE_ORIGIN_BAD, err.err.text,
                                          err.field);
    }

    rc = ngx_live_origin_play_go(&p);
    lo_play_free(&p.asked);

    return rc;
}
