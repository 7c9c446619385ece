/*
 * Event documents: in the zone, and in the folder of live_origin_events.
 */

#include "http/api.h"
#include "http/share.h"


#define NGX_LIVE_ORIGIN_API_TRIES  64


static ngx_int_t ngx_live_origin_api_file(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
static char *ngx_live_origin_api_path(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, const char *suffix);


/* as it was put; it may be replaced while it is read: then there is another */

ngx_int_t
ngx_live_origin_api_document(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    u_char                   *doc;
    int64_t                   len;
    ngx_uint_t                i;
    ngx_live_origin_event_t  *event;

    doc = ngx_pnalloc(r->pool, LO_EVENT_DOC_MAX);
    if (doc == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < NGX_LIVE_ORIGIN_API_TRIES; i++) {

        event = ngx_live_origin_event_find(ask->zone, ask->id);

        if (event == NULL) {
            return ngx_live_origin_api_unknown(r);
        }

        len = lo_zone_read(ask->zone->z, event->doc_word, doc,
                           LO_EVENT_DOC_MAX);

        if (len > 0) {
            return ngx_live_origin_api_bytes(r, NGX_HTTP_OK, doc, len);
        }
    }

    return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
               "the document cannot be read from the zone: put it again",
               NULL);
}


ngx_int_t
ngx_live_origin_api_put(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    int                      rc;
    lo_event_t               ev;
    ngx_int_t                rv;
    ngx_uint_t               known;
    lo_event_err_t           err;
    ngx_live_origin_zone_t  *zone;

    zone = ask->zone;
    ngx_memzero(&err, sizeof(err));

    if (lo_event_parse(&ev, ask->body, ask->len, &err) != LO_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                         err.err.text, err.field);
    }

    rc = lo_str_eq(ev.id, ask->id);
    lo_event_free(&ev);

    if (!rc) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                   "the document's id is not the one in the URL", "id");
    }

    known = lo_zone_event_find(zone->z, ask->id) >= 0;

    rc = ngx_live_origin_event_document(zone, ask->body, ask->len, 1, &err);

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

    rv = ngx_live_origin_api_file(r, ask);

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
                                              : NGX_HTTP_CREATED, ask->body,
                                     ask->len);
}


ngx_int_t
ngx_live_origin_api_delete(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    int                      index;
    char                    *path;
    int64_t                  born;
    lo_zone_event_t         *ze;
    ngx_live_origin_zone_t  *zone;

    zone = ask->zone;
    index = lo_zone_event_find(zone->z, ask->id);

    if (index < 0) {
        return ngx_live_origin_api_unknown(r);
    }

    /* the file first: a reload must not bring it back */

    if (zone->events && zone->events->len) {

        path = ngx_live_origin_api_path(r, ask, "");
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

    ze = lo_zone_event(zone->z, index);
    born = ze ? ze->born_us : 0;

    ngx_live_origin_share_gone(zone, index);

    if (lo_zone_event_remove(zone->z, index) == LO_AGAIN) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                         "the zone is busy: try again", NULL);
    }

    ngx_live_origin_archive_forget(ask->zone, ask->id, born);

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "event %*s deleted", ask->id.len, ask->id.data);

    return ngx_live_origin_api_json(r, NGX_HTTP_OK, json_object());
}


static char *
ngx_live_origin_api_path(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask,
    const char *suffix)
{
    u_char  *path;

    path = ngx_pnalloc(r->pool, ask->zone->events->len + 1 + ask->id.len
                                + sizeof(".json") + ngx_strlen(suffix) + 1);

    if (path) {
        ngx_sprintf(path, "%V/%*s.json%s%Z", ask->zone->events, ask->id.len,
                    ask->id.data, suffix);
    }

    return (char *) path;
}


/* beside, then renamed: a reload never finds half of it */

static ngx_int_t
ngx_live_origin_api_file(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    char      suffix[sizeof(".tmp.") + NGX_INT64_LEN];
    char     *path, *tmp;
    ssize_t   n;
    ngx_fd_t  fd;

    if (ask->zone->events == NULL || ask->zone->events->len == 0) {
        return NGX_OK;
    }

    ngx_sprintf((u_char *) suffix, ".tmp.%P%Z", ngx_pid);

    path = ngx_live_origin_api_path(r, ask, "");
    tmp = ngx_live_origin_api_path(r, ask, suffix);

    if (path == NULL || tmp == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    fd = ngx_open_file(tmp, NGX_FILE_WRONLY, NGX_FILE_TRUNCATE, 0644);

    if (fd != NGX_INVALID_FILE) {

        n = write(fd, ask->body, ask->len);

        if (close(fd) == 0 && n == (ssize_t) ask->len
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
