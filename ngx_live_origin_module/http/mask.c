/*
 * events/ID/masks: a range of one pipeline out of service, and back.  The
 * change is one of the live state, so every worker knows of it with its next
 * request; what is done here besides is looking for what was given out.
 */

#include "core/verdict.h"
#include "http/mask.h"


#define NGX_LIVE_ORIGIN_MASK_STEPS  65536  /* numbers looked at */


static ngx_int_t
ngx_live_origin_mask_bad(ngx_live_origin_mask_t *m, const char *field,
    const char *error)
{
    m->field = field;
    m->error = error;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_live_origin_mask_number(ngx_live_origin_mask_t *m, json_t *json,
    const char *field, int64_t *n)
{
    json_t  *v;

    v = json_object_get(json, field);

    if (v == NULL || json_is_null(v)) {
        return NGX_OK;
    }

    if (!json_is_integer(v) || json_integer_value(v) < 0) {
        return ngx_live_origin_mask_bad(m, field,
                                        "is no number of a segment");
    }

    *n = json_integer_value(v);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_mask_names(ngx_live_origin_mask_t *m, json_t *json,
    const lo_live_t *l)
{
    int          i;
    unsigned     p;
    json_t      *v;
    const char  *s;

    s = json_string_value(json_object_get(json, "pipeline"));

    if (s == NULL) {
        return ngx_live_origin_mask_bad(m, "pipeline", "a pipeline is needed");
    }

    for (p = 0; p < l->npipelines; p++) {
        if (s[0] && ngx_strcmp(s, l->pipelines[p]) == 0) {
            break;
        }
    }

    if (p == l->npipelines) {
        return ngx_live_origin_mask_bad(m, "pipeline",
                                        "the event has no such pipeline");
    }

    m->mask.pipeline = p;
    m->mask.track = LO_LIVE_ALL_TRACKS;

    v = json_object_get(json, "track");

    if (v == NULL || json_is_null(v)) {
        return NGX_OK;
    }

    s = json_string_value(v);
    i = s ? lo_live_track(l, lo_cstr(s)) : LO_NONE;

    if (i < 0) {
        return ngx_live_origin_mask_bad(m, "track",
                                        "the event has no such track");
    }

    m->mask.track = i;

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_mask_read(ngx_live_origin_mask_t *m, json_t *json,
    const lo_live_t *l)
{
    json_t      *v;
    ngx_uint_t   i;
    const char  *key;

    static const char  *known[] = { "pipeline", "track", "from", "to",
                                    "mask" };

    if (!json_is_object(json)) {
        return ngx_live_origin_mask_bad(m, NULL, "a JSON object is needed");
    }

    json_object_foreach(json, key, v) {

        for (i = 0; i < 5 && ngx_strcmp(key, known[i]) != 0; i++) {
            /* void */
        }

        if (i == 5) {
            return ngx_live_origin_mask_bad(m, NULL, "an unknown field; "
                       "there are pipeline, track, from, to and mask");
        }
    }

    v = json_object_get(json, "mask");

    if (v && !json_is_boolean(v)) {
        return ngx_live_origin_mask_bad(m, "mask", "is neither true nor "
                                        "false");
    }

    m->on = v == NULL || json_is_true(v);
    m->mask.from = 0;
    m->mask.to = INT64_MAX;
    m->mask.since_us = ngx_live_origin_wall();

    if (ngx_live_origin_mask_number(m, json, "from", &m->mask.from) != NGX_OK
        || ngx_live_origin_mask_number(m, json, "to", &m->mask.to) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (m->mask.from > m->mask.to) {
        return ngx_live_origin_mask_bad(m, "to", "is below from");
    }

    return ngx_live_origin_mask_names(m, json, l);
}


static int
ngx_live_origin_mask_change(lo_live_t *l, void *data)
{
    ngx_live_origin_mask_t  *m = data;

    ngx_memcpy(m->before, l->masks, sizeof(m->before));
    m->nbefore = l->nmasks;

    m->rc = m->on ? lo_live_mask(l, &m->mask, m->head)
                  : lo_live_unmask(l, &m->mask, m->head);

    return m->rc == LO_FULL ? -1 : m->rc;
}


static void
ngx_live_origin_mask_prefix(ngx_live_origin_mask_t *m)
{
    ngx_uint_t                   i;
    ngx_live_origin_served_t    *served;
    ngx_live_origin_srv_conf_t  *scf;

    scf = ngx_http_get_module_srv_conf(m->request, ngx_live_origin_module);
    served = scf->served.elts;

    for (i = 0; i < scf->served.nelts; i++) {
        if (served[i].zone == m->zone) {
            m->prefix = served[i].prefix;
            return;
        }
    }
}


static json_t *
ngx_live_origin_mask_list(const lo_live_t *l)
{
    json_t                *list, *json;
    ngx_uint_t             i;
    const lo_live_mask_t  *mask;

    list = json_array();

    for (i = 0; i < l->nmasks; i++) {

        mask = &l->masks[i];

        json = json_pack("{s:s, s:I, s:I}",
                         "pipeline", l->pipelines[mask->pipeline],
                         "from", (json_int_t) mask->from,
                         "since_ms", (json_int_t) (mask->since_us / 1000));

        json_object_set_new(json, "track",
                            mask->track == LO_LIVE_ALL_TRACKS
                            ? json_null()
                            : json_string(l->tracks[mask->track].id));
        json_object_set_new(json, "to", mask->to == INT64_MAX
                                        ? json_null()
                                        : json_integer(mask->to));

        json_array_append_new(list, json);
    }

    return list;
}


static ngx_int_t
ngx_live_origin_mask_done(ngx_live_origin_mask_t *m,
    ngx_live_origin_event_t *event)
{
    json_t                      *json;
    ngx_uint_t                   i;
    const lo_live_t             *l;

    l = event->live;
    m->given = json_array();
    m->steps = NGX_LIVE_ORIGIN_MASK_STEPS;
    ngx_live_origin_mask_prefix(m);

    for (i = 0; i < l->ntracks; i++) {
        if (m->mask.track == LO_LIVE_ALL_TRACKS || m->mask.track == i) {
            ngx_live_origin_mask_track(m, l, i);
        }
    }

    json = json_pack("{s:b, s:b, s:o, s:o, s:I, s:b}",
                     "mask", (int) m->on,
                     "changed", m->rc > 0,
                     "masks", ngx_live_origin_mask_list(l),
                     "given", m->given,
                     "given_total", (json_int_t) m->ngiven,
                     "complete", m->steps > 0
                                 && m->ngiven <= NGX_LIVE_ORIGIN_MASK_LIST);

    return ngx_live_origin_api_json(m->request, NGX_HTTP_OK, json);
}


ngx_int_t
ngx_live_origin_api_mask(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    int                       rc;
    json_t                   *json;
    json_error_t              error;
    lo_zone_event_t          *ze;
    ngx_live_origin_mask_t    m;
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);
    ze = event ? lo_zone_event(ask->zone->z, event->index) : NULL;

    if (ze == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    json = json_loadb((char *) ask->body, ask->len, JSON_REJECT_DUPLICATES,
                      &error);

    if (json == NULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, error.text,
                                         NULL);
    }

    ngx_memzero(&m, sizeof(m));
    m.zone = ask->zone;
    m.event = ze->id;
    m.request = r;
    m.head = __atomic_load_n(&ze->head, __ATOMIC_RELAXED);

    rc = ngx_live_origin_mask_read(&m, json, event->live);
    json_decref(json);

    if (rc != NGX_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, m.error,
                                         m.field);
    }

    rc = ngx_live_origin_event_change(m.zone, event,
                                      ngx_live_origin_mask_change, &m);

    if (rc == LO_NONE) {
        return ngx_live_origin_api_unknown(r);
    }

    if (rc != LO_OK || m.rc == LO_FULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                   m.rc == LO_FULL ? "an event has 32 masks at most"
                                   : "no room in the zone", NULL);
    }

    event = ngx_live_origin_event_get(m.zone, event->index);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "live origin: event \"%s\", pipeline \"%s\" is %s service "
                  "from %L to %L", m.event,
                  event->live->pipelines[m.mask.pipeline],
                  m.on ? "out of" : "back in", m.mask.from, m.mask.to);

    return ngx_live_origin_mask_done(&m, event);
}


ngx_int_t
ngx_live_origin_api_masks(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
               json_pack("{s:o}", "masks",
                         ngx_live_origin_mask_list(event->live)));
}
