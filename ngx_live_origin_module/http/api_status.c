/* what the API says of events and the node */

#include "http/api.h"
#include "http/health.h"
#include "http/redis.h"


static json_t *ngx_live_origin_api_segment(const lo_live_t *l);
static json_t *ngx_live_origin_api_health(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);
static json_t *ngx_live_origin_api_pipelines(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, int64_t now);
static json_t *ngx_live_origin_api_runs(const lo_live_t *l);


json_t *
ngx_live_origin_api_us(int64_t us)
{
    return us > 0 ? json_real((double) us / LO_USEC) : json_null();
}


json_t *
ngx_live_origin_api_number(int64_t n)
{
    return n >= 0 && n != INT64_MAX ? json_integer(n) : json_null();
}


static json_t *
ngx_live_origin_api_str(lo_str_t s)
{
    json_t  *json;

    json = json_stringn((char *) s.data, s.len);

    return json ? json : json_null();
}


static const char *
ngx_live_origin_api_phase(ngx_live_origin_zone_t *zone, const lo_live_t *l)
{
    return lo_live_phase(l ? ngx_live_origin_archive_phase(zone, l)
                           : LO_LIVE_SCHEDULED);
}


json_t *
ngx_live_origin_api_list(ngx_live_origin_zone_t *zone)
{
    json_t                   *list, *item;
    ngx_uint_t                i;
    lo_zone_stat_t            st;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *event;

    list = json_array();
    lo_zone_stat(zone->z, &st);

    for (i = 0; i < st.events_max; i++) {

        ze = lo_zone_event(zone->z, i);
        event = ze ? ngx_live_origin_event_get(zone, i) : NULL;

        if (event == NULL) {
            continue;
        }

        item = json_pack("{s:s, s:s, s:o}", "id", ze->id,
                         "phase",
                         ngx_live_origin_api_phase(zone, event->live),
                         "head", ngx_live_origin_api_number(ze->head));

        if (event->doc && event->doc->title.len) {
            json_object_set_new(item, "title",
                                ngx_live_origin_api_str(event->doc->title));
        }

        json_array_append_new(list, item);
    }

    return json_pack("{s:o}", "events", list);
}


/* of all workers on the zone: the highest level, and every cause */

static json_t *
ngx_live_origin_api_shed(ngx_live_origin_zone_t *zone)
{
    json_t      *causes;
    uint64_t     workers[2];
    ngx_uint_t   i;

    for (i = 0; i < 2; i++) {
        workers[i] = lo_zone_cell_live(zone->z,
                                       NGX_LIVE_ORIGIN_CELL_SHED_LEVEL + i);
    }

    causes = json_array();

    for (i = 0; i < LO_SHED_NCAUSES; i++) {
        if (lo_zone_cell_live(zone->z, NGX_LIVE_ORIGIN_CELL_SHED_CAUSE + i)) {
            json_array_append_new(causes, json_string(lo_shed_cause(i)));
        }
    }

    return json_pack("{s:i, s:I, s:o}",
                     "level", workers[1] ? 2 : workers[0] ? 1 : 0,
                     "workers", (json_int_t) workers[0], "why", causes);
}


json_t *
ngx_live_origin_api_node(ngx_live_origin_zone_t *zone)
{
    char             uuid[37];
    json_t          *workers;
    int64_t          pid;
    uint64_t         total, free_bytes;
    ngx_uint_t       i, events;
    lo_zone_stat_t   st;

    lo_zone_stat(zone->z, &st);
    lo_zone_uuid(zone->z, uuid);
    workers = json_array();

    for (i = 0; i < LO_ZONE_SLOTS; i++) {

        pid = lo_zone_worker(zone->z, i);

        if (pid) {
            json_array_append_new(workers,
                                  json_pack("{s:i, s:I}", "slot", (int) i,
                                            "pid", (json_int_t) pid));
        }
    }

    for (i = 0, events = 0; i < st.events_max; i++) {
        events += lo_zone_event(zone->z, i) != NULL;
    }

    total = st.pages * st.page_size;
    free_bytes = st.pages_free * st.page_size;

    return json_pack("{s:s, s:o, s:{s:s%, s:s%, s:s, s:I, s:I, s:I, s:I, s:I,"
                     " s:I, s:i, s:o}, s:I, s:o, s:o?, s:o?}",
                     "nginx", NGINX_VERSION, "workers", workers,
                     "zone",
                     "name", zone->name.data, zone->name.len,
                     "path", zone->path.data, zone->path.len,
                     "uuid", uuid,
                     "size", (json_int_t) st.size,
                     "bytes_total", (json_int_t) total,
                     "bytes_free", (json_int_t) free_bytes,
                     "bytes_used", (json_int_t) (total - free_bytes),
                     "events", (json_int_t) events,
                     "events_max", (json_int_t) st.events_max,
                     "layout", (int) st.layout,
                     "created", ngx_live_origin_api_us(st.created_us),
                     "holds", (json_int_t) lo_zone_cell_live(zone->z,
                                               NGX_LIVE_ORIGIN_CELL_HOLDS),
                     "shed", ngx_live_origin_api_shed(zone),
                     "redis", ngx_live_origin_redis_status(zone),
                     "archive", ngx_live_origin_api_archive(zone));
}


static json_t *
ngx_live_origin_api_segment(const lo_live_t *l)
{
    if (l->d.duration == 0) {
        return json_null();
    }

    return json_pack("{s:I, s:i, s:b}",
                     "duration", (json_int_t) l->d.duration,
                     "timescale", (int) l->d.timescale,
                     "learned", !l->declared);
}


json_t *
ngx_live_origin_api_event(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
    json_t           *json, *tracks;
    int64_t           now, window_us;
    uint64_t          share, used;
    ngx_uint_t        i;
    const char       *note;
    const lo_live_t  *l;
    lo_zone_stat_t    st;
    lo_zone_event_t  *ze;

    l = event->live;
    ze = lo_zone_event(zone->z, event->index);

    if (l == NULL || ze == NULL) {
        return NULL;
    }

    now = ngx_live_origin_wall();
    lo_zone_stat(zone->z, &st);
    share = __atomic_load_n(&ze->share, __ATOMIC_RELAXED) * st.page_size;
    used = __atomic_load_n(&ze->used, __ATOMIC_RELAXED) * st.page_size;
    window_us = l->d.duration ? l->window * lo_dur_us(&l->d) : 0;
    tracks = json_array();

    for (i = 0; i < l->ntracks; i++) {
        json_array_append_new(tracks,
            ngx_live_origin_api_track(zone, event, i, now));
    }

    json = json_pack("{s:s, s:s, s:o, s:i, s:b, s:i, s:i, s:o, s:o, s:o, s:o,"
                     " s:o, s:I, s:I, s:o, s:o, s:o}",
                     "id", ze->id,
                     "phase", ngx_live_origin_api_phase(zone, l),
                     "segment", ngx_live_origin_api_segment(l),
                     "delay_ms", (int) (l->delay_us / 1000),
                     "irregular", l->irregular != 0,
                     "dvr_s", (int) l->dvr_s,
                     "playlist_s", (int) l->playlist_s,
                     "window_s", l->window ? ngx_live_origin_api_us(window_us)
                                           : json_null(),
                     "depth_s", ngx_live_origin_api_us(l->depth_us),
                     "first", ngx_live_origin_api_number(l->first),
                     "last", lo_live_over(l)
                             ? ngx_live_origin_api_number(l->last)
                             : json_null(),
                     "head", ngx_live_origin_api_number(ze->head),
                     "share_bytes", (json_int_t) share,
                     "used_bytes", (json_int_t) used,
                     "pipelines",
                     ngx_live_origin_api_pipelines(zone, event, now),
                     "runs", ngx_live_origin_api_runs(l),
                     "tracks", tracks);

    if (json && event->doc && event->doc->health.stale_us) {
        json_object_set_new(json, "manifest",
                            ngx_live_origin_api_health(zone, event));
    }

    note = ngx_live_origin_window_note(zone, l);

    if (json) {
        json_object_set_new(json, "drained", ngx_live_origin_api_drained(l));
    }

    if (json && note) {
        json_object_set_new(json, "window_note", json_string(note));
    }

    return json;
}


static json_t *
ngx_live_origin_api_health(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
    json_t                    *list;
    ngx_uint_t                 i;
    const char                *state;
    ngx_live_origin_health_t   h;

    ngx_live_origin_health(zone, event, &h);

    list = json_array();
    state = h.left == LO_HEALTH_NONE ? "withheld"
            : h.left ? "reduced" : "whole";

    for (i = 0; i < event->live->ntracks; i++) {
        if (h.stale >> i & 1) {
            json_array_append_new(list,
                                  json_string(event->live->tracks[i].id));
        }
    }

    return json_pack("{s:I, s:s, s:s, s:o, s:o}",
                     "stale_ms",
                     (json_int_t) (event->doc->health.stale_us / 1000),
                     "stale", event->doc->health.drop ? "drop" : "404",
                     "state", state,
                     "since", ngx_live_origin_api_us(h.since_us),
                     "stale_tracks", list);
}


static json_t *
ngx_live_origin_api_pipelines(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, int64_t now)
{
    json_t           *list;
    int64_t           last;
    ngx_uint_t        p;
    lo_zone_event_t  *ze;

    list = json_array();
    ze = lo_zone_event(zone->z, event->index);

    for (p = 0; ze && p < event->live->npipelines; p++) {

        if (event->live->pipelines[p][0] == '\0') {
            continue;                      /* not in the document any more */
        }

        last = __atomic_load_n(&ze->last_us[p], __ATOMIC_RELAXED);

        json_array_append_new(list,
            json_pack("{s:s, s:o, s:o}", "id", event->live->pipelines[p],
                      "published", ngx_live_origin_api_us(last),
                      "age_s", last ? ngx_live_origin_api_us(now - last)
                                    : json_null()));
    }

    return list;
}


static json_t *
ngx_live_origin_api_runs(const lo_live_t *l)
{
    json_t      *list;
    ngx_uint_t   i;

    list = json_array();

    for (i = 0; i < l->nruns; i++) {
        json_array_append_new(list,
            json_pack("{s:i, s:I, s:b, s:I, s:i}",
                      "id", (int) l->runs[i].id,
                      "first", (json_int_t) l->runs[i].first,
                      "utc", (l->runs[i].flags & LO_RUN_UTC) != 0,
                      "anchor", (json_int_t) l->runs[i].anchor.offset,
                      "anchor_timescale", (int) l->runs[i].anchor.scale));
    }

    return list;
}
