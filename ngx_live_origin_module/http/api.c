/*
 * The JSON API: routes, event documents, answers.  What is in an answer is
 * api_status.c's subject.
 */

#include <jansson.h>

#include "http/module.h"
#include "http/api.h"


typedef ngx_int_t (*ngx_live_origin_api_pt)(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);

typedef struct {
    const char              *verb;         /* behind the id; "" for none */
    ngx_uint_t               id;           /* takes an id */
    ngx_uint_t               methods;
    ngx_live_origin_api_pt   handler;
    const char              *root;
} ngx_live_origin_api_route_t;

/* the variables of a log read what every request has */

typedef struct {
    ngx_live_origin_ctx_t    ctx;          /* the first */
    lo_str_t                 id;
} ngx_live_origin_api_ctx_t;


static ngx_int_t ngx_live_origin_api_events(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static ngx_int_t ngx_live_origin_api_document(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static ngx_int_t ngx_live_origin_api_event_status(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static ngx_int_t ngx_live_origin_api_end(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static ngx_int_t ngx_live_origin_api_status(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static ngx_int_t ngx_live_origin_api_put(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static void ngx_live_origin_api_body(ngx_http_request_t *r);
static ngx_int_t ngx_live_origin_api_store(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id, u_char *json, size_t len);
static ngx_int_t ngx_live_origin_api_delete(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id);
static ngx_int_t ngx_live_origin_api_file(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id, u_char *json, size_t len);
static char *ngx_live_origin_api_path(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id, const char *suffix);


static ngx_live_origin_api_route_t  ngx_live_origin_api_routes[] = {
    { "", 0, NGX_HTTP_GET|NGX_HTTP_HEAD, ngx_live_origin_api_events,
      "events" },
    { "", 0, NGX_HTTP_GET|NGX_HTTP_HEAD, ngx_live_origin_api_status,
      "status" },
    { "", 1, NGX_HTTP_GET|NGX_HTTP_HEAD, ngx_live_origin_api_document,
      "events/" },
    { "", 1, NGX_HTTP_PUT, ngx_live_origin_api_put, "events/" },
    { "", 1, NGX_HTTP_DELETE, ngx_live_origin_api_delete, "events/" },
    { "status", 1, NGX_HTTP_GET|NGX_HTTP_HEAD,
      ngx_live_origin_api_event_status, "events/" },
    { "end", 1, NGX_HTTP_POST, ngx_live_origin_api_end, "events/" },
    { NULL, 0, 0, NULL, NULL }
};


/* 1: the path is this route's; id is what it names */

static ngx_uint_t
ngx_live_origin_api_match(ngx_live_origin_api_route_t *route, lo_str_t path,
    lo_str_t *id)
{
    size_t   n;
    u_char  *slash;

    n = ngx_strlen(route->root);
    id->len = 0;
    id->data = NULL;

    if (path.len > 0 && path.data[path.len - 1] == '/') {
        path.len--;
    }

    if (path.len < n || ngx_strncmp(path.data, route->root, n) != 0) {
        return 0;
    }

    if (!route->id) {
        return path.len == n;
    }

    id->data = path.data + n;
    id->len = path.len - n;

    slash = ngx_strlchr(id->data, id->data + id->len, '/');

    if (slash == NULL) {
        return id->len > 0 && route->verb[0] == '\0';
    }

    n = id->data + id->len - slash - 1;
    id->len = slash - id->data;

    return n == ngx_strlen(route->verb) && n > 0
           && ngx_strncmp(slash + 1, route->verb, n) == 0;
}


ngx_int_t
ngx_live_origin_api_handler(ngx_http_request_t *r)
{
    lo_str_t                      path, id;
    ngx_int_t                     rc;
    ngx_uint_t                    seen;
    ngx_live_origin_zone_t       *zone;
    ngx_live_origin_loc_conf_t   *lcf;
    ngx_live_origin_api_route_t  *route;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);
    zone = lcf->api;

    if (zone->z == NULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "no zone", NULL);
    }

    if (r->method == NGX_HTTP_OPTIONS) {
        return ngx_live_origin_options(r);
    }

    ngx_live_origin_path(r, &path);
    seen = 0;

    for (route = ngx_live_origin_api_routes; route->handler; route++) {

        if (!ngx_live_origin_api_match(route, path, &id)) {
            continue;
        }

        seen |= route->methods;

        if ((r->method & route->methods) == 0) {
            continue;
        }

        if (route->id && !lo_id_ok(id)) {
            return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                       "an id is [A-Za-z0-9][A-Za-z0-9._-]{0,63}", "id");
        }

        if (route->handler != ngx_live_origin_api_put) {
            rc = ngx_http_discard_request_body(r);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        return route->handler(r, zone, id);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    return seen ? ngx_live_origin_api_error(r, NGX_HTTP_NOT_ALLOWED,
                                            "not with this method", NULL)
                : ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND,
                                            "no such resource", NULL);
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
    return ngx_live_origin_api_json(r, status,
               json_pack("{s:s, s:s}", "error", error,
                         "field", field ? field : ""));
}


static ngx_int_t
ngx_live_origin_api_unknown(ngx_http_request_t *r)
{
    return ngx_live_origin_api_error(r, NGX_HTTP_NOT_FOUND, "no such event",
                                     "id");
}


/* ---- reading */

static ngx_int_t
ngx_live_origin_api_events(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id)
{
    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_list(zone));
}


static ngx_int_t
ngx_live_origin_api_status(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id)
{
    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_node(zone));
}


static ngx_int_t
ngx_live_origin_api_event_status(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(zone, id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_event(zone, event));
}


/* as it was put; an automatic event answers what was learned */

static ngx_int_t
ngx_live_origin_api_document(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id)
{
    u_char                   *doc;
    int64_t                   len;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(zone, id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    ze = lo_zone_event(zone->z, event->index);

    if (ze && event->doc_word) {

        doc = ngx_pnalloc(r->pool, LO_EVENT_DOC_MAX);
        if (doc == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        len = lo_zone_read(zone->z, event->doc_word, doc, LO_EVENT_DOC_MAX);

        if (len > 0) {
            return ngx_live_origin_api_bytes(r, NGX_HTTP_OK, doc, len);
        }
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_learned(zone, event));
}


/* ---- changing */

static ngx_int_t
ngx_live_origin_api_end(ngx_http_request_t *r, ngx_live_origin_zone_t *zone,
    lo_str_t id)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(zone, id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    switch (ngx_live_origin_event_end(zone, event->index)) {

    case LO_OK:
        return ngx_live_origin_api_event_status(r, zone, id);

    case LO_NONE:
        return ngx_live_origin_api_unknown(r);

    default:
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                                         "no room in the zone", NULL);
    }
}


static ngx_int_t
ngx_live_origin_api_put(ngx_http_request_t *r, ngx_live_origin_zone_t *zone,
    lo_str_t id)
{
    ngx_int_t                   rc;
    ngx_live_origin_api_ctx_t  *ctx;

    if (r->headers_in.content_length_n > LO_EVENT_DOC_MAX) {
        r->keepalive = 0;
        return ngx_live_origin_api_error(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                   "an event document has 64 KB at most", NULL);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_api_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->ctx.zone = zone;
    ctx->ctx.number = -1;
    ctx->ctx.held_us = -1;
    ctx->ctx.request = r;
    ctx->id = id;
    ngx_http_set_ctx(r, ctx, ngx_live_origin_module);

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_live_origin_api_body);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* the whole body, from memory or from nginx's temporary file */

static void
ngx_live_origin_api_body(ngx_http_request_t *r)
{
    off_t                       size;
    u_char                     *json, *p;
    ssize_t                     n;
    ngx_int_t                   rc;
    ngx_buf_t                  *b;
    ngx_chain_t                *cl;
    ngx_live_origin_api_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    size = 0;

    for (cl = r->request_body ? r->request_body->bufs : NULL; cl;
         cl = cl->next)
    {
        size += ngx_buf_size(cl->buf);
    }

    if (size > LO_EVENT_DOC_MAX) {
        rc = ngx_live_origin_api_error(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                 "an event document has 64 KB at most", NULL);
        ngx_http_finalize_request(r, rc);
        return;
    }

    json = ngx_pnalloc(r->pool, size + 1);
    if (json == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    p = json;

    for (cl = size ? r->request_body->bufs : NULL; cl; cl = cl->next) {

        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);

        } else if (b->in_file) {
            n = ngx_read_file(b->file, p, b->file_last - b->file_pos,
                              b->file_pos);

            if (n != b->file_last - b->file_pos) {
                ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
                return;
            }

            p += n;
        }
    }

    rc = ngx_live_origin_api_store(r, ctx->ctx.zone, ctx->id, json, p - json);

    ngx_http_finalize_request(r, rc);
}


static ngx_int_t
ngx_live_origin_api_store(ngx_http_request_t *r, ngx_live_origin_zone_t *zone,
    lo_str_t id, u_char *json, size_t len)
{
    int             rc;
    lo_event_t      ev;
    ngx_int_t       rv;
    ngx_uint_t      known;
    lo_event_err_t  err;

    ngx_memzero(&err, sizeof(err));

    if (lo_event_parse(&ev, json, len, &err) != LO_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                         err.err.text, err.field);
    }

    rc = lo_str_eq(ev.id, id);
    lo_event_free(&ev);

    if (!rc) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                   "the document's id is not the one in the URL", "id");
    }

    known = lo_zone_event_find(zone->z, id) >= 0;

    rc = ngx_live_origin_event_document(zone, json, len, &err);

    if (rc == LO_ERROR) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                         err.err.text, err.field);
    }

    if (rc == LO_AGAIN) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the zone is busy: try again", NULL);
    }

    if (rc < 0) {
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                   "the zone has no room for this event: raise its size or "
                   "events, lower zone_share, or delete an event",
                   "zone_share");
    }

    /* in force from here on; what is left is that it outlives the zone */

    rv = ngx_live_origin_api_file(r, zone, id, json, len);

    if (rv == NGX_DECLINED) {
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                   "the event is in force, but its document cannot be written "
                   "to live_origin_events: it is lost with the zone; see the "
                   "error log", NULL);
    }

    if (rv != NGX_OK) {
        return rv;
    }

    return ngx_live_origin_api_bytes(r, known ? NGX_HTTP_OK
                                              : NGX_HTTP_CREATED, json, len);
}


static ngx_int_t
ngx_live_origin_api_delete(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, lo_str_t id)
{
    int    index;
    char  *path;

    index = lo_zone_event_find(zone->z, id);

    if (index < 0) {
        return ngx_live_origin_api_unknown(r);
    }

    /* the file first: a reload must not bring it back */

    if (zone->events && zone->events->len) {

        path = ngx_live_origin_api_path(r, zone, id, "");
        if (path == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (ngx_delete_file(path) == NGX_FILE_ERROR && ngx_errno != NGX_ENOENT)
        {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno,
                          "event document \"%s\" cannot be removed", path);
            return ngx_live_origin_api_error(r,
                       NGX_HTTP_INTERNAL_SERVER_ERROR,
                       "the event's document cannot be removed from "
                       "live_origin_events: see the error log", NULL);
        }
    }

    if (lo_zone_event_remove(zone->z, index) == LO_AGAIN) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the zone is busy: try again", NULL);
    }

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "event %*s deleted", id.len, id.data);

    return ngx_live_origin_api_json(r, NGX_HTTP_OK, json_object());
}


static char *
ngx_live_origin_api_path(ngx_http_request_t *r, ngx_live_origin_zone_t *zone,
    lo_str_t id, const char *suffix)
{
    u_char  *path;

    path = ngx_pnalloc(r->pool, zone->events->len + 1 + id.len
                                + sizeof(".json") + ngx_strlen(suffix) + 1);

    if (path) {
        ngx_sprintf(path, "%V/%*s.json%s%Z", zone->events, id.len, id.data,
                    suffix);
    }

    return (char *) path;
}


/* beside, then renamed: a reload never finds half of it */

static ngx_int_t
ngx_live_origin_api_file(ngx_http_request_t *r, ngx_live_origin_zone_t *zone,
    lo_str_t id, u_char *json, size_t len)
{
    char      suffix[sizeof(".tmp.") + NGX_INT64_LEN];
    char     *path, *tmp;
    ssize_t   n;
    ngx_fd_t  fd;

    if (zone->events == NULL || zone->events->len == 0) {
        return NGX_OK;
    }

    ngx_sprintf((u_char *) suffix, ".tmp.%P%Z", ngx_pid);

    path = ngx_live_origin_api_path(r, zone, id, "");
    tmp = ngx_live_origin_api_path(r, zone, id, suffix);

    if (path == NULL || tmp == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fd = ngx_open_file(tmp, NGX_FILE_WRONLY, NGX_FILE_TRUNCATE, 0644);

    if (fd != NGX_INVALID_FILE) {

        n = write(fd, json, len);

        if (close(fd) == 0 && n == (ssize_t) len
            && ngx_rename_file(tmp, path) != NGX_FILE_ERROR)
        {
            return NGX_OK;
        }
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno,
                  "event document \"%s\" cannot be written", path);
    (void) ngx_delete_file(tmp);

    return NGX_DECLINED;
}
