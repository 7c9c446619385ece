/*
 * POST EVENT/play: where a player that says what it can finds what suits it.
 * The answer is made of URLs that carry the player's class, and its token
 * where it has one; so nothing of a playback is kept here.
 */

#include <jansson.h>
#include <openssl/rand.h>

#include "http/access.h"
#include "http/api.h"
#include "http/class.h"
#include "http/play.h"
#include "http/share.h"
#include "http/geo.h"
#include "http/small.h"
#include "core/play.h"


#define NGX_LIVE_ORIGIN_PLAY_URL  (LO_CLASS_TEXT + 1024)


typedef struct {
    ngx_http_request_t          *request;
    ngx_live_origin_ctx_t       *ctx;
    lo_play_t                    asked;
    ngx_live_origin_class_t     *class;
    char                         session[LO_ID_MAX + 1];
    lo_str_t                     base;     /* of URLs: all before EVENT */
} ngx_live_origin_play_t;


static ngx_int_t ngx_live_origin_play_body(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, u_char *body, size_t len);


ngx_uint_t
ngx_live_origin_play_is(lo_str_t path)
{
    lo_name_t  name;

    return path.len > 5
           && ngx_memcmp(path.data + path.len - 5, "/play", 5) == 0
           && lo_name_serve(&name, path) == LO_OK
           && name.kind == LO_NAME_PLAY;
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

static ngx_int_t
ngx_live_origin_play_denied(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_deny_e why)
{
    ctx->denied = why;
    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_DENIED);

    return ngx_live_origin_api_error(r, NGX_HTTP_FORBIDDEN,
                                     lo_deny_text(why), "token");
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


static ngx_int_t
ngx_live_origin_play_session(ngx_live_origin_play_t *p)
{
    u_char  random[16];

    if (p->asked.session.len) {
        ngx_memcpy(p->session, p->asked.session.data, p->asked.session.len);
        p->session[p->asked.session.len] = '\0';
        return NGX_OK;
    }

    if (RAND_bytes(random, sizeof(random)) != 1) {
        return NGX_ERROR;
    }

    ngx_hex_dump((u_char *) p->session, random, sizeof(random));
    p->session[2 * sizeof(random)] = '\0';

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

    of = ngx_pcalloc(p->request->pool, sizeof(lo_class_t));
    if (of == NULL) {
        return NGX_ERROR;
    }

    if (device) {
        ngx_memcpy(of->device, device->id, sizeof(of->device));
    }

    of->cut = ctx->event->cut;
    of->patient = p->asked.patient;
    of->filter = p->asked.filter;
    of->window = p->asked.window;
    lo_window_settle(&of->window, ctx->event->live);
    lo_place_unknown(&of->place);

    if (of->cut) {
        (void) ngx_live_origin_geo(p->request, &place);
        lo_where_canon(ctx->event->doc, &place, &of->place);
    }

    return ngx_live_origin_class_make(p->request, ctx, of, &p->class);
}


/* ---- the answer */

/* what stands before EVENT in the path: the request's own, with the token */

static ngx_int_t
ngx_live_origin_play_base(ngx_live_origin_play_t *p)
{
    u_char              *d;
    lo_str_t             path, token;
    ngx_http_request_t  *r;

    r = p->request;
    token = p->ctx->name.token;
    ngx_live_origin_path(r, &path);

    d = ngx_pnalloc(r->pool, r->uri.len + token.len + 2);
    if (d == NULL) {
        return NGX_ERROR;
    }

    p->base.data = d;
    d = ngx_cpymem(d, r->uri.data, path.data - r->uri.data);

    if (token.len) {
        *d++ = '~';
        d = ngx_cpymem(d, token.data, token.len);
        *d++ = '/';
    }

    p->base.len = d - p->base.data;

    return NGX_OK;
}


/* whether the session is asked for again, by its URLs */

static ngx_uint_t
ngx_live_origin_play_steers(ngx_live_origin_play_t *p)
{
    const lo_event_t  *doc;

    doc = p->ctx->event->doc;

    return doc && doc->cdns.n && doc->cdns.steering.enabled;
}


/* BASE EVENT/[~CLASS/]NAME; a new reference */

static json_t *
ngx_live_origin_play_url(ngx_live_origin_play_t *p, ngx_uint_t class,
    const char *name, ngx_uint_t session)
{
    lo_buf_t  b;
    lo_str_t  event;
    u_char    url[NGX_LIVE_ORIGIN_PLAY_URL];

    event = p->ctx->name.event;

    lo_buf_init(&b, url, sizeof(url));
    lo_buf_put(&b, p->base.data, p->base.len);
    lo_buf_put(&b, event.data, event.len);
    lo_buf_puts(&b, "/");

    if (class) {
        lo_buf_put(&b, p->class->path.data, p->class->path.len);
    }

    lo_buf_puts(&b, name);

    if (session) {
        lo_buf_printf(&b, "?session=%s", p->session);
    }

    return lo_buf_ok(&b) ? json_stringn((char *) url, b.pos - b.start) : NULL;
}


/* where this player's licenses are; NULL: nothing is encrypted */

static json_t *
ngx_live_origin_play_licenses(ngx_live_origin_play_t *p)
{
    size_t             i;
    json_t            *json;
    lo_limits_t        limits;
    const lo_drm_t    *drm;
    const lo_str_t    *url;
    const lo_event_t  *doc;

    static const struct {
        unsigned     system;
        const char  *name;
        size_t       url;
    } systems[] = {
        { LO_DRM_WIDEVINE, "widevine", offsetof(lo_drm_t, widevine_url) },
        { LO_DRM_PLAYREADY, "playready", offsetof(lo_drm_t, playready_url) },
        { LO_DRM_FAIRPLAY, "fairplay", offsetof(lo_drm_t, fairplay_url) },
        { LO_DRM_FAIRPLAY, "fairplay_certificate",
          offsetof(lo_drm_t, certificate_url) },
        { LO_DRM_CLEARKEY, "clearkey", offsetof(lo_drm_t, clearkey_url) }
    };

    doc = p->ctx->event->doc;

    if (doc == NULL || doc->drm.systems == 0) {
        return NULL;
    }

    drm = &doc->drm;
    (void) lo_device_narrow(&limits, doc, p->class->device);
    json = json_object();

    for (i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {

        if (!(drm->systems & systems[i].system)
            || (limits.has_systems && !(limits.systems & systems[i].system)))
        {
            continue;
        }

        url = (const lo_str_t *) ((const char *) drm + systems[i].url);

        if (url->len) {
            json_object_set_new(json, systems[i].name,
                                json_stringn((char *) url->data, url->len));

        } else if (systems[i].system == LO_DRM_CLEARKEY) {
            json_object_set_new(json, systems[i].name,
                                ngx_live_origin_play_url(p, 0, "clearkey",
                                                         0));
        }
    }

    return json;
}


static json_t *
ngx_live_origin_play_answer(ngx_live_origin_play_t *p)
{
    json_t                   *json, *licenses;
    ngx_uint_t                steers;
    const char               *protocol;
    const lo_class_t         *of;
    const lo_event_t         *doc;
    ngx_live_origin_class_t  *class;

    class = p->class;
    of = class->of;
    doc = p->ctx->event->doc;
    steers = ngx_live_origin_play_steers(p);

    protocol = p->asked.dash ? "dash" : p->asked.hls ? "hls"
               : class->device && class->device->dash ? "dash" : "hls";

    json = json_pack("{s:s%, s:s, s:s, s:{s:o, s:o}}",
                     "event", p->ctx->name.event.data,
                     p->ctx->name.event.len,
                     "session", p->session,
                     "protocol", protocol,
                     "manifests",
                     "hls", ngx_live_origin_play_url(p, 1, "master.m3u8",
                                                     steers),
                     "dash", ngx_live_origin_play_url(p, 1, "manifest.mpd",
                                                      steers));

    if (json == NULL) {
        return NULL;
    }

    json_object_set_new(json, "class",
                        json_stringn((char *) class->text.data,
                                     class->text.len));

    if (of->device[0]) {
        json_object_set_new(json, "device", json_string(of->device));
    }

    if (of->cut) {
        json_object_set_new(json, "country",
                            json_stringn(of->place.country, 2));
    }

    if (steers) {
        json_object_set_new(json, "steering",
                            ngx_live_origin_play_url(p, 1, "steering", 1));
    }

    licenses = ngx_live_origin_play_licenses(p);

    if (licenses) {
        json_object_set_new(json, "licenses", licenses);
    }

    if (doc && doc->beacon_url.len) {
        json_object_set_new(json, "beacon",
                            json_stringn((char *) doc->beacon_url.data,
                                         doc->beacon_url.len));
    }

    return json;
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
        return ngx_live_origin_play_denied(r, ctx, why);
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

    rc = ngx_live_origin_class_opens(r, ctx, p->class);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);
    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_PLAYS]++;

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_play_answer(p));
}


static ngx_int_t
ngx_live_origin_play_body(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    u_char *body, size_t len)
{
    ngx_int_t                rc;
    lo_event_err_t           err;
    ngx_live_origin_play_t  *p;

    p = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_play_t));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p->request = r;
    p->ctx = ctx;

    if (lo_play_parse(&p->asked, body, len, &err) != LO_OK) {
        return ngx_live_origin_play_error(r, ctx, NGX_HTTP_BAD_REQUEST,
                                          NGX_LIVE_ORIGIN_BAD, err.err.text,
                                          err.field);
    }

    rc = ngx_live_origin_play_go(p);
    lo_play_free(&p->asked);

    return rc;
}
