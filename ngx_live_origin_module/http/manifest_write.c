/*
 * The MPD and the multivariant playlist: from the live state to what core's
 * writers are told.  Media playlists are in manifest_list.c.
 */

#include "http/health.h"
#include "http/manifest.h"
#include "core/dash.h"
#include "core/hls.h"
#include "core/select.h"


static ngx_int_t ngx_live_origin_write_event(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m);


ngx_int_t
ngx_live_origin_manifest_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m)
{
    if (m->of.kind == LO_NAME_MEDIA) {
        return ngx_live_origin_manifest_media(zone, event, m);
    }

    return ngx_live_origin_write_event(zone, event, m);
}


/* sized, allocated once, written */

ngx_int_t
ngx_live_origin_manifest_render(ngx_live_origin_manifest_t *m,
    ngx_live_origin_writer_pt writer, const void *data)
{
    u_char    *mem;
    lo_buf_t   b;

    lo_buf_init(&b, NULL, 0);
    writer(&b, data);

    mem = malloc(b.need + 1);
    if (mem == NULL) {
        return NGX_ERROR;
    }

    lo_buf_init(&b, mem, b.need);
    writer(&b, data);

    if (!lo_buf_ok(&b)) {
        free(mem);
        return NGX_ERROR;
    }

    m->body = mem;
    m->len = b.pos - b.start;

    return NGX_OK;
}


static void
ngx_live_origin_writer_mpd(lo_buf_t *b, const void *data)
{
    lo_dash_mpd(b, data);
}


static void
ngx_live_origin_writer_master(lo_buf_t *b, const void *data)
{
    lo_hls_master(b, data);
}


static lo_str_t
ngx_live_origin_event_name(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
    lo_zone_event_t  *ze;

    ze = lo_zone_event(zone->z, event->index);

    return lo_cstr(ze ? ze->id : "");
}


/* ---- MPD and multivariant playlist */

static ngx_int_t
ngx_live_origin_write_select(ngx_live_origin_manifest_t *m,
    lo_manifest_t *man, const lo_manifest_room_t *room,
    const lo_event_t *doc)
{
    lo_select_t  s;

    s.doc = doc;
    s.device = m->of.device;
    s.class = m->of.class;

    if (s.class == NULL && (doc == NULL || doc->nnarrow == 0)) {
        return NGX_OK;
    }

    return lo_select(man, room, &s) == LO_OK ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_live_origin_write_event(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m)
{
    int64_t                 head, from;
    ngx_int_t               rc;
    lo_manifest_t           man;
    const lo_live_t        *l;
    lo_zone_event_t        *ze;
    lo_manifest_room_t      room;
    lo_manifest_track_t    *tracks;
    const lo_cdn_t         *cdns[LO_CDNS];
    lo_manifest_period_t    periods[LO_LIVE_RUNS];
    lo_manifest_segment_t  *segments;

    static lo_str_t  up = lo_string("../");
    static lo_str_t  utc_timing = lo_string("time");

    l = event->live;
    ze = lo_zone_event(zone->z, event->index);
    tracks = calloc(LO_LIVE_RUNS * LO_MAX_TRACKS,
                    sizeof(lo_manifest_track_t));

    if (ze == NULL || tracks == NULL) {
        free(tracks);
        return NGX_ERROR;
    }

    m->head_us = __atomic_load_n(&ze->head_us, __ATOMIC_RELAXED);
    head = lo_live_over(l) ? l->last
                           : __atomic_load_n(&ze->head, __ATOMIC_RELAXED);

    /* runs stay listed until the last of them has left the window */

    from = m->of.window ? ngx_live_origin_window_from(m, event)
                        : head - l->window + 1;

    room.periods = periods;
    room.max_periods = LO_LIVE_RUNS;
    room.tracks = tracks;
    room.max_tracks = LO_LIVE_RUNS * LO_MAX_TRACKS;

    rc = NGX_ERROR;
    segments = NULL;

    if (lo_manifest_live(&man, l, event->doc, from, &room) != LO_OK) {
        goto done;
    }

    ngx_live_origin_health_drop(l, periods, man.nperiods, m->of.left);

    man.id = ngx_live_origin_event_name(zone, event);
    man.publish_us = l->shown_us ? l->shown_us : l->live_us;
    man.publish_us = ngx_max(man.publish_us, m->of.left_us);
    man.publish_us = ngx_max(man.publish_us, l->doc_us);
    man.utc_timing = utc_timing;
    man.early = m->of.early;
    man.systems = LO_DRM_ALL;
    man.class = ngx_live_origin_lo_str(&m->of.path);

    if (m->of.below) {
        man.up = up;
    }

    man.class_path = ngx_live_origin_lo_str(&m->of.class_path);

    ngx_live_origin_manifest_cdns(&man, event,
                                  m->of.class ? &m->of.class->place : NULL,
                                  cdns);

    if (l->irregular && m->of.kind == LO_NAME_MPD) {
        rc = ngx_live_origin_manifest_times(m, event, &man, periods,
                                            &segments);
        if (rc != NGX_OK) {
            goto done;
        }
    }

    if (m->of.window) {
        ngx_live_origin_window_mpd(m, &man, periods, event, from);

    } else if (segments && man.ended) {
        ngx_live_origin_window_begin(&man, periods);
    }

    if (segments && !man.ended) {
        ngx_live_origin_manifest_depth(m, event, &man);
    }

    if (ngx_live_origin_write_select(m, &man, &room, event->doc) != NGX_OK) {
        rc = NGX_ABORT;
        goto done;
    }

    m->max_age = lo_dash_update_us(&man) / 2 / LO_USEC;

    if (m->max_age < 1) {
        m->max_age = man.ended ? 3600 : 1;
    }

    rc = ngx_live_origin_manifest_render(m, m->of.kind == LO_NAME_MPD
                                            ? ngx_live_origin_writer_mpd
                                            : ngx_live_origin_writer_master,
                                         &man);

    if (rc == NGX_OK) {
        rc = ngx_live_origin_manifest_marks(m, &man);
    }

done:

    free(segments);
    free(tracks);

    return rc;
}
