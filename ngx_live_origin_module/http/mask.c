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


/* places in the live state, which may be others on the next one */

static ngx_int_t
ngx_live_origin_mask_places(ngx_live_origin_mask_t *m, const lo_live_t *l)
{
    int  i;

    i = lo_live_find_pipeline(l, m->pipeline);

    if (i < 0) {
        return ngx_live_origin_mask_bad(m, "pipeline",
                                        "the event has no such pipeline");
    }

    m->mask.pipeline = i;
    m->mask.track = LO_LIVE_ALL_TRACKS;

    if (m->track.len == 0) {
        return NGX_OK;
    }

    i = lo_live_track(l, m->track);

    if (i < 0) {
        return ngx_live_origin_mask_bad(m, "track",
                                        "the event has no such track");
    }

    m->mask.track = i;

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_mask_name(ngx_live_origin_mask_t *m, json_t *v, lo_str_t *name)
{
    const char  *s;

    s = json_string_value(v);

    name->len = s ? ngx_strlen(s) : 0;
    name->data = ngx_pnalloc(m->request->pool, name->len + 1);

    if (name->data == NULL || name->len == 0) {
        return NGX_DECLINED;
    }

    ngx_memcpy(name->data, s, name->len);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_mask_names(ngx_live_origin_mask_t *m, json_t *json,
    const lo_live_t *l)
{
    json_t  *v;

    v = json_object_get(json, "pipeline");

    if (!json_is_string(v)) {
        return ngx_live_origin_mask_bad(m, "pipeline", "a pipeline is needed");
    }

    if (ngx_live_origin_mask_name(m, v, &m->pipeline) != NGX_OK) {
        return ngx_live_origin_mask_bad(m, "pipeline",
                                        "the event has no such pipeline");
    }

    v = json_object_get(json, "track");

    if (v && !json_is_null(v)
        && ngx_live_origin_mask_name(m, v, &m->track) != NGX_OK)
    {
        return ngx_live_origin_mask_bad(m, "track",
                                        "the event has no such track");
    }

    return ngx_live_origin_mask_places(m, l);
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


/* what others have agreed on may have it already, by this request or another:
   the masks before are those that it changed */

static int
ngx_live_origin_mask_change(lo_live_t *l, void *data)
{
    lo_live_mask_t           before[LO_LIVE_MASKS];
    ngx_uint_t               n;
    ngx_live_origin_mask_t  *m = data;

    if (ngx_live_origin_mask_places(m, l) != NGX_OK) {
        return -1;
    }

    n = l->nmasks;
    ngx_memcpy(before, l->masks, sizeof(before));

    m->rc = m->on ? lo_live_mask(l, &m->mask, m->head)
                  : lo_live_unmask(l, &m->mask, m->head);

    if (m->rc > 0 || !m->changed) {
        ngx_memcpy(m->before, before, sizeof(before));
        m->nbefore = n;
    }

    m->changed |= m->rc > 0;

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
                     "changed", (int) m->changed,
                     "masks", ngx_live_origin_mask_list(l),
                     "given", m->given,
                     "given_total", (json_int_t) m->ngiven,
                     "complete", m->steps > 0
                                 && m->ngiven <= NGX_LIVE_ORIGIN_MASK_LIST);

    return ngx_live_origin_api_json(m->request, NGX_HTTP_OK, json);
}


static ngx_int_t
ngx_live_origin_mask_answer(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc, void *data)
{
    lo_zone_event_t          *ze;
    ngx_live_origin_mask_t   *m = data;
    ngx_live_origin_event_t  *event;

    event = rc == LO_NONE ? NULL
                          : ngx_live_origin_event_find(ask->zone, ask->id);
    ze = event ? lo_zone_event(ask->zone->z, event->index) : NULL;

    if (ze == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    if (m->error) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, m->error,
                                         m->field);
    }

    if (rc != LO_OK || m->rc == LO_FULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                   m->rc == LO_FULL ? "an event has 32 masks at most"
                                    : "no room in the zone", NULL);
    }

    m->event = ze->id;

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "live origin: event \"%s\", pipeline \"%*s\" is %s service "
                  "from %L to %L", m->event, m->pipeline.len,
                  m->pipeline.data, m->on ? "out of" : "back in",
                  m->mask.from, m->mask.to);

    return ngx_live_origin_mask_done(m, event);
}


ngx_int_t
ngx_live_origin_api_mask(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    json_t                   *json;
    ngx_int_t                 rc;
    json_error_t              error;
    lo_zone_event_t          *ze;
    ngx_live_origin_mask_t   *m;
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);
    ze = event ? lo_zone_event(ask->zone->z, event->index) : NULL;

    if (ze == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    m = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_mask_t));
    if (m == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    json = json_loadb((char *) ask->body, ask->len, JSON_REJECT_DUPLICATES,
                      &error);

    if (json == NULL) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, error.text,
                                         NULL);
    }

    m->zone = ask->zone;
    m->request = r;
    m->head = __atomic_load_n(&ze->head, __ATOMIC_RELAXED);

    rc = ngx_live_origin_mask_read(m, json, event->live);
    json_decref(json);

    if (rc != NGX_OK) {
        return ngx_live_origin_api_error(r, NGX_HTTP_BAD_REQUEST, m->error,
                                         m->field);
    }

    return ngx_live_origin_api_agree(r, ask, ngx_live_origin_mask_change, m,
                                     ngx_live_origin_mask_answer);
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
