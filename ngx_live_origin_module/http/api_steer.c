/* events/ID/steer: CDNs that an operator takes out of use, and back */

#include "http/api.h"


typedef struct {
    lo_cdns_t    cdns;                  /* of the document; strings are the
                                           request's */
    lo_steer_e   what;
    unsigned     n;
    lo_str_t     ids[LO_CDNS];
    int64_t      now_us;
    char         field[16];
    const char  *error;
} ngx_live_origin_steer_change_t;


static const char  *ngx_live_origin_steer_words[] = {
    "drain", "undrain", "only"
};


json_t *
ngx_live_origin_api_drained(const lo_live_t *l)
{
    json_t      *list;
    ngx_uint_t   i;

    list = json_array();

    for (i = 0; i < l->drained.n; i++) {
        json_array_append_new(list, json_string(l->drained.ids[i]));
    }

    return list;
}


static json_t *
ngx_live_origin_steering_json(const ngx_live_origin_event_t *event)
{
    json_t           *list;
    ngx_uint_t        i, n;
    const lo_cdn_t   *cdn;
    const lo_live_t  *l;

    l = event->live;
    list = json_array();
    n = event->doc ? event->doc->cdns.n : 0;

    for (i = 0; i < n; i++) {

        cdn = &event->doc->cdns.cdn[i];

        json_array_append_new(list,
            json_pack("{s:s%, s:s%, s:i, s:b}",
                      "id", cdn->id.data, cdn->id.len,
                      "url", cdn->url.data, cdn->url.len,
                      "weight", (int) cdn->weight,
                      "drained", lo_drained(&l->drained, cdn->id)));
    }

    return json_pack("{s:o, s:o, s:b, s:o, s:o}",
                     "drained", ngx_live_origin_api_drained(l),
                     "since_ms", l->drained.since_us
                                 ? json_integer(l->drained.since_us / 1000)
                                 : json_null(),
                     "enabled", n && event->doc->cdns.steering.enabled,
                     "ttl_s", n ? json_integer(event->doc->cdns.steering.ttl_s)
                                : json_null(),
                     "cdns", list);
}


ngx_int_t
ngx_live_origin_api_steering(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_steering_json(event));
}


static int
ngx_live_origin_change_steer(lo_live_t *l, void *data)
{
    ngx_live_origin_steer_change_t  *c = data;

    return lo_live_steer(l, &c->cdns, c->what, c->ids, c->n, c->now_us);
}


/* the documents of events come and go while others are asked */

static ngx_int_t
ngx_live_origin_steer_copy(ngx_pool_t *pool, const lo_cdns_t *from,
    lo_cdns_t *to)
{
    u_char      *p;
    ngx_uint_t   i;

    p = ngx_pnalloc(pool, LO_CDNS * LO_ID_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    to->n = from->n;

    for (i = 0; i < from->n; i++, p += LO_ID_MAX) {
        to->cdn[i].id.data = p;
        to->cdn[i].id.len = from->cdn[i].id.len;
        ngx_memcpy(p, from->cdn[i].id.data, from->cdn[i].id.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_steer_ids(ngx_live_origin_steer_change_t *c, json_t *list)
{
    lo_str_t    id;
    ngx_uint_t  i, k;

    if (!json_is_array(list) || json_array_size(list) == 0) {
        c->error = "a list of ids is needed";
        return NGX_DECLINED;
    }

    for (i = 0; i < json_array_size(list); i++) {

        id.data = (u_char *) json_string_value(json_array_get(list, i));
        id.len = json_string_length(json_array_get(list, i));

        for (k = 0; k < c->cdns.n && !lo_str_eq(id, c->cdns.cdn[k].id); k++) {
            /* void */
        }

        if (id.data == NULL || k == c->cdns.n) {
            c->error = "the event has no such CDN";
            return NGX_DECLINED;
        }

        if (c->n == LO_CDNS) {
            c->error = "a CDN is there twice";
            return NGX_DECLINED;
        }

        c->ids[c->n++] = c->cdns.cdn[k].id;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_steer_read(ngx_live_origin_steer_change_t *c, json_t *json)
{
    ngx_uint_t  i;

    if (json_object_size(json) != 1) {
        c->error = "one of drain, undrain and only is needed";
        return NGX_DECLINED;
    }

    for (i = 0; json_object_get(json, ngx_live_origin_steer_words[i]) == NULL;
         i++)
    {
        /* void: no other members have come here */
    }

    c->what = (lo_steer_e) i;
    (void) ngx_cpystrn((u_char *) c->field,
                       (u_char *) ngx_live_origin_steer_words[i],
                       sizeof(c->field));

    return ngx_live_origin_steer_ids(c, json_object_get(json, c->field));
}


static ngx_int_t
ngx_live_origin_steer_done(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc, void *data)
{
    ngx_uint_t                       i;
    ngx_live_origin_steer_change_t  *c = data;

    if (rc == LO_NONE) {
        return ngx_live_origin_api_unknown(r);
    }

    if (rc != LO_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                                         "no room in the zone", NULL);
    }

    for (i = 0; i < c->n; i++) {
        ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                      "live origin: event \"%*s\", CDN \"%*s\": %s",
                      ask->id.len, ask->id.data, c->ids[i].len,
                      c->ids[i].data, c->field);
    }

    return ngx_live_origin_api_steering(r, ask);
}


ngx_int_t
ngx_live_origin_api_steer(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    json_t                          *json;
    ngx_int_t                        rc;
    ngx_live_origin_event_t         *event;
    ngx_live_origin_steer_change_t  *c;

    c = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_steer_change_t));
    if (c == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    if (event->doc == NULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                   "the event's document cannot be read: put it again", NULL);
    }

    if (event->doc->cdns.n == 0) {
        return ngx_live_origin_api_error(r, NGX_HTTP_CONFLICT,
                                         "the event has no CDNs", "cdns");
    }

    json = ngx_live_origin_api_object(r, ask, "drain undrain only", &rc);
    if (json == NULL) {
        return rc;
    }

    rc = ngx_live_origin_steer_copy(r->pool, &event->doc->cdns, &c->cdns);

    if (rc == NGX_OK) {
        rc = ngx_live_origin_steer_read(c, json);
    }

    json_decref(json);

    if (rc == NGX_DECLINED) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, c->error,
                                         c->field);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    c->now_us = ngx_live_origin_wall();

    return ngx_live_origin_api_agree(r, ask, ngx_live_origin_change_steer, c,
                                     ngx_live_origin_steer_done);
}
