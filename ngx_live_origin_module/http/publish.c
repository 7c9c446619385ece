/*
 * PUT, POST and DELETE: docs/http-api.md, "Publishing".  Here is the request:
 * what its head says, reading the body unbuffered, and the answer.
 */

#include "core/sfv.h"
#include "http/access.h"
#include "http/publish.h"


static void ngx_live_origin_publish_body(ngx_http_request_t *r);
#if (NGX_HAVE_EPOLLRDHUP)
static ngx_int_t ngx_live_origin_publish_start_direct(ngx_http_request_t *r);
#endif
static void ngx_live_origin_publish_cleanup(void *data);


/* RFC 9530: a dictionary, of which sha-256=:base64: is understood */

static ngx_uint_t
ngx_live_origin_publish_digest(ngx_live_origin_upload_t *u)
{
    int            rc;
    lo_str_t       field;
    ngx_int_t      found;
    const char    *error;
    lo_sfv_item_t  item;

    found = ngx_live_origin_join_header(u->request, "content-digest", &field);

    if (found == NGX_ERROR) {
        return ngx_live_origin_say(u, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "no memory");
    }

    if (found == NGX_DECLINED) {
        return 0;
    }

    rc = lo_sfv_member(field, "sha-256", &item, &error);

    if (rc == LO_NONE) {
        return 0;
    }

    if (rc == LO_ERROR) {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                                   "Content-Digest is no structured field "
                                   "dictionary (RFC 9651): %s", error);
    }

    if (item.type != LO_SFV_BYTES
        || lo_sfv_bytes(&item, u->sha_want, sizeof(u->sha_want))
           != sizeof(u->sha_want))
    {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                                   "a Content-Digest that is no SHA-256");
    }

    u->sha = EVP_MD_CTX_new();

    if (u->sha == NULL || EVP_DigestInit_ex(u->sha, EVP_sha256(), NULL) != 1) {
        return ngx_live_origin_say(u, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "no SHA-256");
    }

    return 0;
}


/* what only the packager knows */

static ngx_uint_t
ngx_live_origin_publish_defects(ngx_live_origin_upload_t *u)
{
    lo_err_t   err;
    lo_str_t   field;
    ngx_int_t  found;

    found = ngx_live_origin_join_header(u->request, "live-origin-defects",
                                        &field);

    if (found == NGX_ERROR) {
        return ngx_live_origin_say(u, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "no memory");
    }

    if (found == NGX_OK
        && lo_verdict_declared(&u->declared, field, &err) != LO_OK)
    {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST, "%s", err.text);
    }

    return 0;
}


static ngx_uint_t
ngx_live_origin_publish_name(ngx_live_origin_upload_t *u)
{
    lo_err_t                     err;
    lo_str_t                     path, init, media;
    lo_deny_e                    why;
    ngx_live_origin_ctx_t       *ctx;
    ngx_live_origin_loc_conf_t  *lcf;

    ctx = u->ctx;
    ngx_live_origin_path(u->request, &path);

    if (lo_name_event(&ctx->name, path, &err) != LO_OK) {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST, "%s", err.text);
    }

    why = ngx_live_origin_access_publish(u->request, &ctx->name);

    if (why != LO_ALLOW) {
        ctx->denied = why;
        return ngx_live_origin_say(u, NGX_HTTP_FORBIDDEN, "not allowed: %s",
                                   lo_deny_text(why));
    }

    ctx->event = ngx_live_origin_event_find(u->zone, ctx->name.event);

    if (ctx->event) {
        ngx_live_origin_place_set(u, ctx->event->index);
    }

    init.len = 0;
    media.len = 0;

    if (ctx->event && ctx->event->doc) {
        init = ctx->event->doc->naming_init;
        media = ctx->event->doc->naming_media;
    }

    if (lo_name_publish_rest(&ctx->name, path, init, media, &err) != LO_OK) {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST, "%s", err.text);
    }

    ctx->pipeline.len = ctx->name.pipeline.len;
    ctx->pipeline.data = ctx->name.pipeline.data;

    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);

    if (u->index < 0 && !lcf->auto_event) {
        return ngx_live_origin_say(u, NGX_HTTP_NOT_FOUND, "unknown event");
    }

    return 0;
}


/* what can be said before the body: a status, or 0 */

static ngx_uint_t
ngx_live_origin_publish_head(ngx_live_origin_upload_t *u)
{
    off_t                len;
    ngx_uint_t           status;
    ngx_http_request_t  *r;

    r = u->request;

    status = ngx_live_origin_publish_name(u);

    if (status == 0) {
        status = ngx_live_origin_limit(u);
    }

    if (status) {
        return status;
    }

    if (r->method == NGX_HTTP_DELETE) {
        return NGX_HTTP_OK;
    }

    if (u->ctx->name.kind == LO_NAME_MANIFEST) {
        return NGX_HTTP_NO_CONTENT;
    }

    len = r->headers_in.content_length_n;

    if (len <= 0 && !r->headers_in.chunked
#if (NGX_HTTP_V2)
        && (r->stream == NULL || len == 0)
#endif
       )
    {
        return NGX_HTTP_NO_CONTENT;
    }

    if (ngx_live_origin_find_header(r, "content-range")) {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                                   "parts by Content-Range are not taken: "
                                   "send a whole segment");
    }

    if (len > u->max && u->ctx->name.kind != LO_NAME_STREAM) {
        return ngx_live_origin_limit_size(u);
    }

    status = ngx_live_origin_publish_defects(u);

    return status ? status : ngx_live_origin_publish_digest(u);
}


static ngx_live_origin_upload_t *
ngx_live_origin_publish_create(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone)
{
    ngx_pool_cleanup_t        *cln;
    ngx_live_origin_upload_t  *u;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_live_origin_upload_t));
    if (cln == NULL) {
        return NULL;
    }

    u = cln->data;
    ngx_memzero(u, sizeof(ngx_live_origin_upload_t));

    u->request = r;
    u->zone = zone;
    u->index = -1;
    u->number = -1;
    ngx_queue_init(&u->done);

    u->timer.handler = ngx_live_origin_publish_wait;
    u->timer.data = u;
    u->timer.log = r->connection->log;

    u->ctx = ngx_live_origin_ctx(r, zone);
    if (u->ctx == NULL) {
        return NULL;
    }

    u->ctx->upload = u;
    cln->handler = ngx_live_origin_publish_cleanup;

    return u;
}


static void
ngx_live_origin_publish_put_on(ngx_http_request_t *r,
    ngx_live_origin_upload_t *u)
{
    if (u->put_off) {
        u->put_off = 0;
        r->connection->read->available = u->available;
        r->connection->read->ready = 1;
    }
}


/*
 * nginx takes the size of its buffer from the location.  HTTP/2 moves one
 * buffer a round trip: 16k would make a 4 MB segment wait for the network.
 */

static ngx_int_t
ngx_live_origin_publish_start(ngx_http_request_t *r)
{
#if (NGX_HTTP_V2)
    size_t                     size;
    ngx_int_t                  rc;
    ngx_http_core_loc_conf_t  *clcf;

    if (r->stream) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        size = clcf->client_body_buffer_size;

        clcf->client_body_buffer_size = ngx_max(size, 1024 * 1024);
        rc = ngx_http_read_client_request_body(r,
                                               ngx_live_origin_publish_body);
        clcf->client_body_buffer_size = size;

        return rc;
    }
#endif

#if (NGX_HAVE_EPOLLRDHUP)
    return ngx_live_origin_publish_start_direct(r);
#else
    return ngx_http_read_client_request_body(r, ngx_live_origin_publish_body);
#endif
}


#if (NGX_HAVE_EPOLLRDHUP)

/*
 * nginx would read once into a buffer of its own before it hands the body
 * over.  With nothing said to be available it does not, and everything that
 * was not read with the head is received into the zone's pages.
 */

static ngx_int_t
ngx_live_origin_publish_start_direct(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_event_t               *rev;
    ngx_live_origin_ctx_t     *ctx;
    ngx_live_origin_upload_t  *u;

    rev = r->connection->read;
    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    u = ctx->upload;

    if (ngx_use_epoll_rdhup && r->connection->ssl == NULL && rev->ready
        && !rev->pending_eof && r->headers_in.content_length_n > 0)
    {
        u->available = rev->available;
        u->put_off = 1;
        rev->available = 0;
    }

    rc = ngx_http_read_client_request_body(r, ngx_live_origin_publish_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_live_origin_publish_put_on(r, u);
    }

    return rc;
}

#endif


/* an answer to the head alone; a body that is on its way is thrown away */

static ngx_int_t
ngx_live_origin_publish_refuse(ngx_live_origin_upload_t *u)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = u->request;

#if (NGX_HTTP_V2)

    /* a stream that is reset behind its answer makes clients lose the answer:
       the body is read to its end, and thrown away */

    if (r->stream) {
        u->drain = 1;
        r->request_body_no_buffering = 1;

        rc = ngx_live_origin_publish_start(r);

        return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
    }

#endif

    /* who asked whether to send is told not to */

    if (r->headers_in.expect && u->status >= NGX_HTTP_SPECIAL_RESPONSE) {
        r->expect_tested = 1;
        r->keepalive = 0;
        r->lingering_close = 1;

    } else {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_live_origin_publish_answer(u);
}


ngx_int_t
ngx_live_origin_publish_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_live_origin_upload_t    *u;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->publish->z == NULL) {
        return ngx_live_origin_plain(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "no zone\n");
    }

    if (ngx_live_origin_archive_waits(lcf->publish)) {
        return ngx_live_origin_plain(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "the archive is being looked at\n");
    }

    u = ngx_live_origin_publish_create(r, lcf->publish);
    if (u == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    u->max = lcf->max_segment;
    u->status = ngx_live_origin_publish_head(u);

    if (u->status) {
        return ngx_live_origin_publish_refuse(u);
    }

    /* a stream's segments are seen one by one, everything else at its end */

    u->early = u->ctx->name.kind == LO_NAME_STREAM && u->sha == NULL;

    r->request_body_no_buffering = 1;

    rc = ngx_live_origin_publish_start(r);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_live_origin_publish_count(u->zone, rc);
        return rc;
    }

    return NGX_DONE;
}


static void
ngx_live_origin_publish_body(ngx_http_request_t *r)
{
    ngx_live_origin_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);
    ngx_live_origin_publish_put_on(r, ctx->upload);

    r->read_event_handler = ngx_live_origin_publish_read;

    ngx_live_origin_publish_read(r);
}


static void
ngx_live_origin_publish_cleanup(void *data)
{
    ngx_live_origin_upload_t  *u = data;

    if (u->timer.timer_set) {
        ngx_del_timer(&u->timer);
    }

    if (u->timer.posted) {
        ngx_delete_posted_event(&u->timer);
    }

    ngx_live_origin_body_free(u);
}
