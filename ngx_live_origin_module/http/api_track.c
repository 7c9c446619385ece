/* what the API says of a track */

#include "core/verdict.h"
#include "http/api.h"


static json_t *ngx_live_origin_api_counters(const lo_live_t *l,
    const lo_zone_track_t *t);


static const char  *ngx_live_origin_types[] = {
    "none", "video", "audio", "text", "meta"
};


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


json_t *
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
