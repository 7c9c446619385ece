/* what the API says of events, tracks and the node */

#include "http/api.h"
#include "http/health.h"
#include "http/redis.h"
#include "core/verdict.h"


static json_t *ngx_live_origin_api_segment(const lo_live_t *l);
static json_t *ngx_live_origin_api_health(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);
static json_t *ngx_live_origin_api_pipelines(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, int64_t now);
static json_t *ngx_live_origin_api_runs(const lo_live_t *l);
static json_t *ngx_live_origin_api_track(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t i, int64_t now);
static json_t *ngx_live_origin_api_counters(const lo_live_t *l,
    const lo_zone_track_t *t);


static const char  *ngx_live_origin_types[] = {
    "none", "video", "audio", "text", "meta"
};


json_t *
ngx_live_origin_api_us(int64_t us)
{
    return us > 0 ? json_real((double) us / LO_USEC) : json_null();
}


static json_t *
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


/* the oldest number of the window that is in the zone, or on another node;
   above the head: there is none */

static int64_t
ngx_live_origin_api_from(ngx_live_origin_zone_t *zone, const lo_live_t *l,
    uint32_t ring, int64_t head)
{
    int64_t           n, tail, oldest;
    lo_zone_track_t  *t;

    t = lo_zone_track(zone->z, ring);
    tail = __atomic_load_n(&t->tail, __ATOMIC_RELAXED);
    oldest = l->window ? head - l->window + 1 : 0;

    if (zone->share) {
        n = ngx_max(ngx_max(oldest, l->first), head - (int64_t) t->cap + 1);

        while (n < tail && n <= head && !lo_zone_recorded(zone->z, ring, n)) {
            n++;
        }

        tail = n;
    }

    return ngx_max(tail, oldest);
}


static json_t *
ngx_live_origin_api_track(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t i, int64_t now)
{
    json_t                 *json;
    int64_t                 head, head_us, from;
    const lo_live_t        *l;
    const lo_live_init_t   *init;
    const lo_live_track_t  *lt;
    lo_zone_track_t        *t;

    l = event->live;
    lt = &l->tracks[i];
    t = ngx_live_origin_track_of(zone, lt);

    json = json_pack("{s:s, s:s, s:b}", "id", lt->id, "type",
                     ngx_live_origin_types[lt->type <= LO_MEDIA_META
                                           ? lt->type : 0],
                     "declared", lt->declared != 0);

    init = lo_live_init_at(l, i, INT64_MAX - 1);

    if (json && init) {
        json_object_set_new(json, "codec", json_string(init->info.codec));
        json_object_set_new(json, "timescale",
                            json_integer(init->info.timescale));

        if (init->info.width) {
            json_object_set_new(json, "width",
                                json_integer(init->info.width));
            json_object_set_new(json, "height",
                                json_integer(init->info.height));
        }

        if (init->info.sample_rate) {
            json_object_set_new(json, "sample_rate",
                                json_integer(init->info.sample_rate));
            json_object_set_new(json, "channels",
                                json_integer(init->info.channels));
        }

        /* of what is not encrypted, and need not be, it is NULL */

        (void) json_object_set_new(json, "drm",
                                   ngx_live_origin_api_drm(event, init));
    }

    if (json == NULL || t == NULL) {
        return json;
    }

    head = __atomic_load_n(&t->head, __ATOMIC_RELAXED);
    head_us = __atomic_load_n(&t->head_us, __ATOMIC_RELAXED);
    from = ngx_live_origin_api_from(zone, l, lt->ring, head);

    json_object_set_new(json, "head", ngx_live_origin_api_number(head));
    json_object_set_new(json, "head_age_s", head_us
                        ? ngx_live_origin_api_us(now - head_us)
                        : json_null());
    json_object_set_new(json, "window",
                        from > head ? json_null()
                        : json_pack("{s:I, s:I}", "from", (json_int_t) from,
                                    "to", (json_int_t) head));
    json_object_set_new(json, "pipelines",
                        ngx_live_origin_api_counters(l, t));

    if (zone->archive) {
        json_object_set_new(json, "archive",
            ngx_live_origin_api_archive_track(zone, l, lt->ring));
    }

    return json;
}


static json_t *
ngx_live_origin_api_counters(const lo_live_t *l, const lo_zone_track_t *t)
{
    json_t          *list, *json, *verdicts;
    uint64_t         v, us;
    ngx_uint_t       p, i;
    const uint64_t  *c;

    static const char  *words[] = {
#define NGX_LIVE_ORIGIN_X(sym, word)  word,
        NGX_LIVE_ORIGIN_TRACK_COUNTERS(NGX_LIVE_ORIGIN_X)
#undef NGX_LIVE_ORIGIN_X
    };

    list = json_array();

    for (p = 0; p < l->npipelines; p++) {

        if (l->pipelines[p][0] == '\0') {
            continue;
        }

        c = t->counters + p * NGX_LIVE_ORIGIN_NTRACK;
        verdicts = json_object();
        json = json_pack("{s:s}", "id", l->pipelines[p]);

        for (i = 0; i < NGX_LIVE_ORIGIN_NTRACK; i++) {

            v = __atomic_load_n(&c[i], __ATOMIC_RELAXED);

            json_object_set_new(i >= NGX_LIVE_ORIGIN_TRACK_GOOD ? verdicts
                                                                : json,
                                i < NGX_LIVE_ORIGIN_TRACK_VERDICTS
                                ? words[i]
                                : lo_verdict_word(i
                                      - NGX_LIVE_ORIGIN_TRACK_VERDICTS),
                                json_integer(v));
        }

        us = __atomic_load_n(&t->counters[NGX_LIVE_ORIGIN_TRACK_WRITE_US + p],
                             __ATOMIC_RELAXED);

        json_object_set_new(json, "verdicts", verdicts);
        json_object_set_new(json, "write_ms", us
                            ? json_real((double) us / 1000) : json_null());
        json_array_append_new(list, json);
    }

    return list;
}
