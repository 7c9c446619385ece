/* notices: small messages that the responses of an event carry */

#include "http/api.h"
#include "core/event_value.h"


#define NGX_LIVE_ORIGIN_NOTICE_S  (366 * 86400)    /* the longest */


typedef struct {
    lo_str_t   key;
    lo_str_t  *value;                  /* NULL: away with it */
    int64_t    expires_us;
    int64_t    now_us;
    int        rc;
    lo_str_t   text;                   /* what value points to */
    lo_err_t   err;
} ngx_live_origin_notice_change_t;


static json_t *
ngx_live_origin_api_notices_json(const lo_live_t *l)
{
    json_t             *list;
    int64_t             now;
    ngx_uint_t          i;
    const lo_notice_t  *n;

    now = ngx_live_origin_wall();
    list = json_array();

    for (i = 0; i < l->notices.n; i++) {

        n = &l->notices.notices[i];

        if (n->expires_us > now) {
            json_array_append_new(list,
                json_pack("{s:s, s:s, s:o}", "key", n->key, "value", n->value,
                          "expires", n->expires_us == INT64_MAX
                          ? json_null()
                          : ngx_live_origin_api_us(n->expires_us)));
        }
    }

    return json_pack("{s:o}", "notices", list);
}


ngx_int_t
ngx_live_origin_api_notices(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
               ngx_live_origin_api_notices_json(event->live));
}


static int
ngx_live_origin_change_notice(lo_live_t *l, void *data)
{
    ngx_live_origin_notice_change_t  *c = data;

    c->rc = lo_notice_set(&l->notices, c->key, c->value, c->expires_us,
                          c->now_us, &c->err);

    return c->rc > 0 ? 1 : c->rc < 0 ? -1 : 0;
}


/* ---- what was sent; NULL, or the member to blame, and err says why */

static const char *
ngx_live_origin_notice_expires(json_t *json,
    ngx_live_origin_notice_change_t *c)
{
    double    s;
    json_t   *v, *in;
    lo_str_t  text;

    c->now_us = ngx_live_origin_wall();
    c->expires_us = INT64_MAX;

    in = json_object_get(json, "expires_s");
    v = json_object_get(json, "expires");

    if (in && v) {
        lo_err(&c->err, "expires or expires_s, not both");
        return "expires";
    }

    if (in) {
        s = json_number_value(in);

        if (!json_is_number(in) || !(s > 0 && s <= NGX_LIVE_ORIGIN_NOTICE_S))
        {
            lo_err(&c->err, "seconds, above 0 and at most %d",
                   NGX_LIVE_ORIGIN_NOTICE_S);
            return "expires_s";
        }

        c->expires_us = c->now_us + (int64_t) (s * LO_USEC);
        return NULL;
    }

    if (v == NULL || json_is_null(v)) {
        return NULL;
    }

    text.data = (u_char *) json_string_value(v);
    text.len = json_string_length(v);

    if (text.data == NULL) {
        lo_err(&c->err, "a time is like 2026-11-22T21:00:00Z, in UTC");
        return "expires";
    }

    if (lo_value_time(&c->expires_us, text, &c->err) != LO_OK) {
        return "expires";
    }

    if (c->expires_us <= c->now_us) {
        lo_err(&c->err, "this time is over");
        return "expires";
    }

    return NULL;
}


static const char *
ngx_live_origin_notice_read(json_t *json, ngx_live_origin_notice_change_t *c)
{
    json_t    *v;
    lo_str_t  *value;

    value = &c->text;

    v = json_object_get(json, "key");
    c->key.data = (u_char *) json_string_value(v);
    c->key.len = json_string_length(v);

    if (lo_notice_key(c->key, &c->err) != LO_OK) {
        return "key";
    }

    v = json_object_get(json, "value");

    if (json_is_null(v)) {
        c->value = NULL;

    } else {
        value->data = (u_char *) json_string_value(v);
        value->len = json_string_length(v);
        c->value = value;

        if (value->data == NULL) {
            lo_err(&c->err, "a string, or null to take the notice away");
            return "value";
        }

        if (lo_notice_value(*value, &c->err) != LO_OK) {
            return "value";
        }
    }

    return ngx_live_origin_notice_expires(json, c);
}


static ngx_int_t
ngx_live_origin_notice_copy(ngx_pool_t *pool, lo_str_t *s)
{
    u_char  *p;

    p = ngx_pnalloc(pool, s->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, s->data, s->len);
    s->data = p;

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_notice_done(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc, void *data)
{
    ngx_live_origin_notice_change_t  *c = data;

    if (rc == LO_NONE) {
        return ngx_live_origin_api_unknown(r);
    }

    if (rc != LO_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                                         "no room in the zone", NULL);
    }

    if (c->rc < 0) {
        return ngx_live_origin_api_error(r, NGX_HTTP_CONFLICT, c->err.text,
                                         "key");
    }

    return ngx_live_origin_api_notices(r, ask);
}


ngx_int_t
ngx_live_origin_api_notify(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    json_t                           *json;
    ngx_int_t                         rv;
    const char                       *field;
    ngx_live_origin_notice_change_t  *c;

    c = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_notice_change_t));
    if (c == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json = ngx_live_origin_api_object(r, ask, "key value expires expires_s",
                                      &rv);
    if (json == NULL) {
        return rv;
    }

    field = ngx_live_origin_notice_read(json, c);

    if (field) {
        json_decref(json);
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, c->err.text,
                                         field);
    }

    rv = ngx_live_origin_notice_copy(r->pool, &c->key);

    if (rv == NGX_OK && c->value) {
        rv = ngx_live_origin_notice_copy(r->pool, c->value);
    }

    json_decref(json);

    if (rv != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_api_agree(r, ask, ngx_live_origin_change_notice, c,
                                     ngx_live_origin_notice_done);
}
