/*
 * What a track is encrypted with, and what the event's document says of it.
 * The init is the truth; a document that differs is said once, when either of
 * them comes, and shown by the status as long as it is so.
 */

#include "http/api.h"


/* the one that the track goes on with */

static const lo_live_init_t *
ngx_live_origin_drm_init(const lo_live_t *l, ngx_uint_t track)
{
    ngx_uint_t  i;

    for (i = l->ninits; i > 0; i--) {
        if (l->inits[i - 1].track == track) {
            return &l->inits[i - 1];
        }
    }

    return NULL;
}


void
ngx_live_origin_drm_check(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    ngx_int_t track)
{
    lo_err_t                  why;
    ngx_uint_t                i;
    const lo_live_t          *l;
    const lo_live_init_t     *init;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(zone, index);

    if (e == NULL || e->doc == NULL || e->doc->drm.systems == 0) {
        return;
    }

    l = e->live;

    for (i = 0; i < l->ntracks; i++) {

        init = track == NGX_ERROR || (ngx_uint_t) track == i
               ? ngx_live_origin_drm_init(l, i) : NULL;

        if (init && lo_drm_check(&e->doc->drm, lo_cstr(l->tracks[i].id),
                                 &init->info, &why)
                    != LO_OK)
        {
            ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                          "event \"%V\": drm of track \"%s\": %s",
                          &e->doc->id, l->tracks[i].id, why.text);
        }
    }
}


json_t *
ngx_live_origin_api_drm(ngx_live_origin_event_t *event,
    const lo_live_init_t *init)
{
    int                    differs;
    char                   scheme[4], kid[LO_DRM_UUID];
    json_t                *json;
    lo_buf_t               b;
    lo_err_t               why;
    ngx_uint_t             i;
    const lo_cmaf_init_t  *info;

    info = &init->info;
    differs = event->doc
              && lo_drm_check(&event->doc->drm,
                              lo_cstr(event->live->tracks[init->track].id),
                              info, &why)
                 != LO_OK;

    if (info->scheme == 0 && !differs) {
        return NULL;
    }

    json = json_object();

    if (info->scheme) {

        for (i = 0; i < 4; i++) {
            scheme[i] = info->scheme >> (24 - 8 * i);
        }

        lo_buf_init(&b, kid, sizeof(kid));
        lo_drm_uuid(&b, info->kid);

        json_object_set_new(json, "scheme", json_stringn(scheme, 4));
        json_object_set_new(json, "kid", json_stringn(kid, sizeof(kid)));
    }

    if (differs) {
        json_object_set_new(json, "differs", json_string(why.text));
    }

    return json;
}
