/* what the API asks of one event, and does to it */

#include "http/api.h"


ngx_int_t
ngx_live_origin_api_event_status(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_event(ask->zone,
                                                              event));
}


/* of a change: LO_OK, LO_NONE, LO_FULL */

static ngx_int_t
ngx_live_origin_api_changed(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc)
{
    switch (rc) {

    case LO_OK:
        return ngx_live_origin_api_event_status(r, ask);

    case LO_NONE:
        return ngx_live_origin_api_unknown(r);

    default:
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                                         "no room in the zone", NULL);
    }
}


static ngx_int_t
ngx_live_origin_api_started(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc, void *data)
{
    ngx_live_origin_event_t     *event;
    ngx_live_origin_starting_t  *s = data;

    if (rc == LO_OK && !s->over) {

        event = ngx_live_origin_event_find(ask->zone, ask->id);

        if (event && event->live->phase == LO_LIVE_SCHEDULED) {
            return ngx_live_origin_api_error(r, NGX_HTTP_CONFLICT,
                       "nothing has been published yet: the event goes live "
                       "by itself when every track has a segment", NULL);
        }
    }

    return ngx_live_origin_api_changed(r, ask, rc);
}


ngx_int_t
ngx_live_origin_api_start(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    json_t                      *json;
    ngx_int_t                    rv;
    ngx_live_origin_event_t     *event;
    ngx_live_origin_starting_t  *s;

    json = ngx_live_origin_api_object(r, ask, "", &rv);
    if (json == NULL) {
        return rv;
    }

    json_decref(json);

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    s = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_starting_t));
    if (s == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s->zone = ask->zone;
    s->index = event->index;

    return ngx_live_origin_api_agree(r, ask, ngx_live_origin_change_start, s,
                                     ngx_live_origin_api_started);
}


static ngx_int_t
ngx_live_origin_api_ended(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc, void *data)
{
    ngx_live_origin_ending_t  *e = data;

    if (rc == LO_OK && e->why != LO_OK) {
        return ngx_live_origin_api_error(r, e->why == LO_NONE
                                            ? NGX_HTTP_CONFLICT
                                            : NGX_HTTP_BAD_REQUEST,
                                         e->err.text, "number");
    }

    if (rc == LO_OK) {
        ngx_live_origin_event_wake(ask->zone, e->index);

        ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                      "event %*s has ended", ask->id.len, ask->id.data);
    }

    return ngx_live_origin_api_changed(r, ask, rc);
}


/* {"number": N}, or nothing: the event's head */

ngx_int_t
ngx_live_origin_api_end(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    json_t                    *json, *v;
    ngx_int_t                  rv;
    ngx_uint_t                 bad;
    ngx_live_origin_event_t   *event;
    ngx_live_origin_ending_t  *e;

    e = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_ending_t));
    if (e == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json = ngx_live_origin_api_object(r, ask, "number", &rv);
    if (json == NULL) {
        return rv;
    }

    v = json_object_get(json, "number");
    e->number = v ? json_integer_value(v) : -1;
    bad = v && (!json_is_integer(v) || e->number < 0);
    json_decref(json);

    if (bad) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST,
                                         "a number, 0 or above", "number");
    }

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    e->zone = ask->zone;
    e->index = event->index;
    e->why = LO_OK;

    return ngx_live_origin_api_agree(r, ask, ngx_live_origin_change_end, e,
                                     ngx_live_origin_api_ended);
}
