/*
 * The JSON API: routes, bodies, answers.  What each route does is the subject
 * of a file of its own.
 */

#include <jansson.h>

#include "core/utf8.h"
#include "http/access.h"
#include "http/api.h"
#include "http/small.h"
#include "http/share.h"


#define NGX_LIVE_ORIGIN_API_READ   (NGX_HTTP_GET|NGX_HTTP_HEAD)
#define NGX_LIVE_ORIGIN_API_SMALL  16384


static ngx_int_t ngx_live_origin_api_events(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
static ngx_int_t ngx_live_origin_api_status(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
static ngx_int_t ngx_live_origin_api_run(ngx_http_request_t *r,
    const ngx_live_origin_api_route_t *route, lo_str_t id, lo_str_t rest);


static const ngx_live_origin_api_route_t  ngx_live_origin_api_routes[] = {
    { "events", "", NGX_LIVE_ORIGIN_API_READ, 0, ngx_live_origin_api_events },
    { "status", "", NGX_LIVE_ORIGIN_API_READ, 0, ngx_live_origin_api_status },

    { "events/", "", NGX_LIVE_ORIGIN_API_READ, 0,
      ngx_live_origin_api_document },
    { "events/", "", NGX_HTTP_PUT, LO_EVENT_DOC_MAX,
      ngx_live_origin_api_put },
    { "events/", "", NGX_HTTP_DELETE, 0, ngx_live_origin_api_delete },
    { "events/", "start", NGX_HTTP_POST, NGX_LIVE_ORIGIN_API_SMALL,
      ngx_live_origin_api_start },
    { "events/", "end", NGX_HTTP_POST, NGX_LIVE_ORIGIN_API_SMALL,
      ngx_live_origin_api_end },
    { "events/", "notify", NGX_LIVE_ORIGIN_API_READ, 0,
      ngx_live_origin_api_notices },
    { "events/", "notify", NGX_HTTP_POST, NGX_LIVE_ORIGIN_API_SMALL,
      ngx_live_origin_api_notify },
    { "events/", "steer", NGX_LIVE_ORIGIN_API_READ, 0,
      ngx_live_origin_api_steering },
    { "events/", "steer", NGX_HTTP_POST, NGX_LIVE_ORIGIN_API_SMALL,
      ngx_live_origin_api_steer },
    { "events/", "status", NGX_LIVE_ORIGIN_API_READ, 0,
      ngx_live_origin_api_event_status },
    { "events/", "masks", NGX_LIVE_ORIGIN_API_READ, 0,
      ngx_live_origin_api_masks },
    { "events/", "masks", NGX_HTTP_POST, 4096, ngx_live_origin_api_mask },
    { "events/", "why/", NGX_LIVE_ORIGIN_API_READ, 0,
      ngx_live_origin_api_why },

    { NULL, NULL, 0, 0, NULL }
};


static ngx_uint_t
ngx_live_origin_api_starts(lo_str_t s, const char *prefix, size_t len)
{
    return s.len >= len && ngx_strncmp(s.data, prefix, len) == 0;
}


/* 1: the path is this route's; id and rest are what it names */

static ngx_uint_t
ngx_live_origin_api_match(const ngx_live_origin_api_route_t *route,
    lo_str_t path, lo_str_t *id, lo_str_t *rest)
{
    size_t   n;
    u_char  *slash;

    id->len = 0;
    id->data = NULL;
    rest->len = 0;
    rest->data = NULL;

    if (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    n = ngx_strlen(route->root);

    if (!ngx_live_origin_api_starts(path, route->root, n)) {
        return 0;
    }

    if (route->root[n - 1] != '/') {
        return path.len == n;
    }

    id->data = path.data + n;
    id->len = path.len - n;

    slash = ngx_strlchr(id->data, id->data + id->len, '/');

    if (slash == NULL) {
        return id->len > 0 && route->verb[0] == '\0';
    }

    rest->data = slash + 1;
    rest->len = id->data + id->len - rest->data;
    id->len = slash - id->data;

    n = ngx_strlen(route->verb);

    if (n == 0 || !ngx_live_origin_api_starts(*rest, route->verb, n)) {
        return 0;
    }

    rest->data += n;
    rest->len -= n;

    return (rest->len > 0) == (route->verb[n - 1] == '/');
}


static ngx_int_t
ngx_live_origin_api_denied(ngx_http_request_t *r, lo_deny_e why)
{
    char       text[LO_ERR_MAX];
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    (void) snprintf(text, sizeof(text), "not allowed: %s", lo_deny_text(why));

    return ngx_live_origin_api_error(r, NGX_HTTP_FORBIDDEN, text, NULL);
}


/* what is said of an event, or done to it, would be about half of it */

static ngx_int_t
ngx_live_origin_api_joining(ngx_http_request_t *r)
{
    if (ngx_live_origin_header_const(r, "Retry-After", "1") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
               "this node has just come and asks others what there is: try "
               "again", NULL);
}


ngx_int_t
ngx_live_origin_api_handler(ngx_http_request_t *r)
{
    lo_str_t                            path, id, rest;
    lo_deny_e                           why;
    ngx_int_t                           rc;
    ngx_uint_t                          seen;
    ngx_live_origin_loc_conf_t         *lcf;
    const ngx_live_origin_api_route_t  *route;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_live_origin_options(r);
    }

    ngx_live_origin_path(r, &path);

    why = ngx_live_origin_access_api(r, path);
    if (why != LO_ALLOW) {
        return ngx_live_origin_api_denied(r, why);
    }

    seen = 0;

    for (route = ngx_live_origin_api_routes; route->handler; route++) {

        if (!ngx_live_origin_api_match(route, path, &id, &rest)) {
            continue;
        }

        seen |= route->methods;

        if (id.len && lcf->api->z && ngx_live_origin_share_returns(lcf->api)) {
            return ngx_live_origin_api_joining(r);
        }

        if ((r->method & route->methods) && lcf->api->z) {
            return ngx_live_origin_api_run(r, route, id, rest);
        }
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (lcf->api->z == NULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "no zone", NULL);
    }

    return seen ? ngx_live_origin_api_error(r, NGX_HTTP_NOT_ALLOWED,
                                            "not with this method", NULL)
                : ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND,
                                            "no such resource", NULL);
}


/* ---- bodies */

static ngx_int_t
ngx_live_origin_api_body(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    u_char *body, size_t len)
{
    ngx_live_origin_api_ask_t  *ask;

    ask = (ngx_live_origin_api_ask_t *) ctx;
    ask->body = body;
    ask->len = len;

    return ask->route->handler(r, ask);
}


static ngx_int_t
ngx_live_origin_api_run(ngx_http_request_t *r,
    const ngx_live_origin_api_route_t *route, lo_str_t id, lo_str_t rest)
{
    ngx_int_t                   rc;
    ngx_live_origin_api_ask_t  *ask;

    if (route->max == 0 || (id.len && !lo_id_ok(id))) {

        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (id.len && !lo_id_ok(id)) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                   "an id is [A-Za-z0-9][A-Za-z0-9._-]{0,63}", "id");
    }

    ask = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_api_ask_t));
    if (ask == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ask->zone = ((ngx_live_origin_loc_conf_t *)
                 ngx_http_get_module_loc_conf(r, ngx_live_origin_module))->api;
    ask->ctx.zone = ask->zone;
    ask->ctx.number = -1;
    ask->ctx.held_us = -1;
    ask->ctx.request = r;
    ask->route = route;
    ask->id = id;
    ask->rest = rest;

    ngx_http_set_ctx(r, ask, ngx_live_origin_module);

    if (route->max == 0) {
        return route->handler(r, ask);
    }

    return ngx_live_origin_small_read(r, &ask->ctx, route->max,
                                      ngx_live_origin_api_body);
}


static ngx_uint_t
ngx_live_origin_api_member(const char *members, const char *name)
{
    size_t       n, len;
    const char  *p;

    len = ngx_strlen(name);

    for (p = members; *p; p += n + (p[n] != '\0')) {

        n = strcspn(p, " ");

        if (n == len && ngx_strncmp(p, name, len) == 0) {
            return 1;
        }
    }

    return 0;
}


json_t *
ngx_live_origin_api_object(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, const char *members, ngx_int_t *rc)
{
    json_t        *json, *v;
    const char    *name;
    json_error_t   err;

    json = ask->len ? json_loadb((char *) ask->body, ask->len,
                                 JSON_REJECT_DUPLICATES, &err)
                    : json_object();

    if (!json_is_object(json)) {
        *rc = ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                        json ? "not a JSON object" : err.text,
                                        NULL);
        json_decref(json);
        return NULL;
    }

    json_object_foreach(json, name, v) {

        if (!ngx_live_origin_api_member(members, name)) {
            *rc = ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                            "there is no such member", name);
            json_decref(json);
            return NULL;
        }
    }

    return json;
}


/* ---- answers */

ngx_int_t
ngx_live_origin_api_bytes(ngx_http_request_t *r, ngx_uint_t status,
    u_char *data, size_t len)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    if (ngx_live_origin_cors(r) != NGX_OK
        || ngx_live_origin_header_const(r, "Cache-Control", "no-store")
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = len;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = data;
    b->last = data + len;
    b->memory = len ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* takes the reference */

ngx_int_t
ngx_live_origin_api_json(ngx_http_request_t *r, ngx_uint_t status,
    json_t *json)
{
    char    *text;
    size_t   len;
    u_char  *copy;

    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);

    if (text == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    len = ngx_strlen(text);
    copy = ngx_pnalloc(r->pool, len + 1);

    if (copy) {
        ngx_memcpy(copy, text, len);
        copy[len] = '\n';
    }

    free(text);

    if (copy == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_api_bytes(r, status, copy, len + 1);
}


ngx_int_t
ngx_live_origin_api_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *error, const char *field)
{
    char       text[LO_ERR_MAX], name[LO_EVENT_FIELD];
    ngx_int_t  rc;

    /* a body that nobody has read must not be taken for the next request */

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    /* what is quoted may be cut anywhere */

    ngx_cpystrn((u_char *) text, (u_char *) error, sizeof(text));
    ngx_cpystrn((u_char *) name, (u_char *) (field ? field : ""),
                sizeof(name));

    lo_utf8_mend(text);
    lo_utf8_mend(name);

    return ngx_live_origin_api_json(r, status,
               json_pack("{s:s, s:s}", "error", text, "field", name));
}


ngx_int_t
ngx_live_origin_api_unknown(ngx_http_request_t *r)
{
    return ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND, "no such event",
                                     "id");
}


/* ---- what has no event */

static ngx_int_t
ngx_live_origin_api_events(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_list(ask->zone));
}


static ngx_int_t
ngx_live_origin_api_status(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    json_t     *json;
    lo_zone_t  *z;

    z = ask->zone->z;
    json = ngx_live_origin_api_node(ask->zone);

    json_object_set_new(json, "write_sla_missed",
        json_integer(lo_zone_cell_sum(z, NGX_LIVE_ORIGIN_CELL_WRITE_MISSED)));
    json_object_set_new(json, "read_sla_missed",
        json_integer(lo_zone_cell_sum(z, NGX_LIVE_ORIGIN_CELL_READ_MISSED)));

    return ngx_live_origin_api_json(r, NGX_HTTP_OK, json);
}
