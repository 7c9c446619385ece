#include "http/health.h"


#define NGX_LIVE_ORIGIN_HEALTH_TRIES  64
#define NGX_LIVE_ORIGIN_HEALTH_TEXT   1024


/* the zone's words; odd: somebody changes the other one */

#define ngx_live_origin_health_word(ze)                                       \
    (&(ze)->counters[NGX_LIVE_ORIGIN_EVENT_STALE])
#define ngx_live_origin_health_time(ze)                                       \
    (&(ze)->counters[NGX_LIVE_ORIGIN_EVENT_STALE_US])


/* 0: nothing is stale for this event */

static ngx_uint_t
ngx_live_origin_health_look(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_health_tracks_t *has, uint64_t *stale)
{
    int64_t           now, us;
    uint64_t          bit;
    ngx_uint_t        i;
    const lo_live_t  *l;
    lo_zone_track_t  *t;

    l = event->live;

    ngx_memzero(has, sizeof(lo_health_tracks_t));
    *stale = 0;

    if (event->doc == NULL || event->doc->health.stale_us == 0
        || l->phase != LO_LIVE_LIVE)
    {
        return 0;
    }

    now = ngx_live_origin_wall();

    for (i = 0; i < l->ntracks; i++) {

        t = ngx_live_origin_track_of(zone, &l->tracks[i]);
        us = t ? __atomic_load_n(&t->head_us, __ATOMIC_RELAXED) : 0;

        if (us == 0) {
            continue;
        }

        bit = (uint64_t) 1 << i;

        switch (l->tracks[i].type) {

        case LO_MEDIA_VIDEO:
            has->video |= bit;
            break;

        case LO_MEDIA_AUDIO:
            has->audio |= bit;
            break;

        default:
            has->other |= bit;
        }

        if (now - us > event->doc->health.stale_us) {
            *stale |= bit;
        }
    }

    return 1;
}


static void
ngx_live_origin_health_say(ngx_live_origin_zone_t *zone, const char *id,
    const lo_live_t *l, const lo_health_rule_t *rule, uint64_t stale,
    uint64_t left)
{
    u_char       text[NGX_LIVE_ORIGIN_HEALTH_TEXT], *p, *last;
    ngx_uint_t   i, level;
    const char  *what;

    if (stale == 0) {
        ngx_log_error(NGX_LOG_NOTICE, zone->log, 0,
                      "event \"%s\": its tracks are fresh again", id);
        return;
    }

    p = text;
    last = text + sizeof(text);

    for (i = 0; i < l->ntracks; i++) {
        if (stale >> i & 1) {
            p = ngx_slprintf(p, last, "%s\"%s\"", p == text ? "" : ", ",
                             l->tracks[i].id);
        }
    }

    level = NGX_LOG_WARN;

    if (left == LO_HEALTH_NONE) {
        level = NGX_LOG_ERR;
        what = "the event's manifests are 404";

    } else {
        what = rule->drop ? "manifests leave them out"
                          : "their playlists are 404";
    }

    ngx_log_error(level, zone->log, 0,
                  "event \"%s\": nothing new for more than %L ms of %*s: %s",
                  id, rule->stale_us / 1000, p - text, text, what);
}


/* even, unless who was at it has died */

static uint64_t
ngx_live_origin_health_settled(lo_zone_event_t *ze)
{
    uint64_t    us;
    ngx_uint_t  i;

    for (i = 0; i < NGX_LIVE_ORIGIN_HEALTH_TRIES; i++) {

        us = __atomic_load_n(ngx_live_origin_health_time(ze),
                             __ATOMIC_ACQUIRE);

        if ((us & 1) == 0) {
            return us;
        }

        ngx_sched_yield();
    }

    return us;
}


static void
ngx_live_origin_health_change(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_zone_event_t *ze,
    const lo_health_tracks_t *has, uint64_t stale)
{
    uint64_t                 was, us, now, left;
    const lo_health_rule_t  *rule;

    rule = &event->doc->health;
    us = ngx_live_origin_health_settled(ze);

    /* who made it odd has died: it is made even first, so that one of those
       who see it goes on */

    if ((us & 1)
        && !__sync_bool_compare_and_swap(ngx_live_origin_health_time(ze), us,
                                         us + 1))
    {
        return;
    }

    us += us & 1;

    if (!__sync_bool_compare_and_swap(ngx_live_origin_health_time(ze), us,
                                      us | 1))
    {
        return;
    }

    was = __atomic_load_n(ngx_live_origin_health_word(ze), __ATOMIC_RELAXED);
    left = lo_health(rule, has, stale);
    us &= ~(uint64_t) 1;

    if (was != stale) {

        __atomic_store_n(ngx_live_origin_health_word(ze), stale,
                         __ATOMIC_RELAXED);

        if (lo_health(rule, has, was) != left) {
            now = (uint64_t) ngx_live_origin_wall() & ~(uint64_t) 1;
            us = now > us ? now : us + 2;
        }
    }

    __atomic_store_n(ngx_live_origin_health_time(ze), us, __ATOMIC_RELEASE);

    if (was != stale) {
        ngx_live_origin_health_say(zone, ze->id, event->live, rule, stale,
                                   left);
    }
}


void
ngx_live_origin_health(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_health_t *h)
{
    uint64_t             stale, us;
    ngx_uint_t           i, ruled;
    lo_zone_event_t     *ze;
    lo_health_tracks_t   has;

    ngx_memzero(h, sizeof(ngx_live_origin_health_t));

    ze = lo_zone_event(zone->z, event->index);

    if (ze == NULL) {
        return;
    }

    ruled = ngx_live_origin_health_look(zone, event, &has, &stale);

    if (ruled && stale != __atomic_load_n(ngx_live_origin_health_word(ze),
                                          __ATOMIC_RELAXED))
    {
        ngx_live_origin_health_change(zone, event, ze, &has, stale);
    }

    for (i = 0; i < NGX_LIVE_ORIGIN_HEALTH_TRIES; i++) {

        us = ngx_live_origin_health_settled(ze);
        stale = __atomic_load_n(ngx_live_origin_health_word(ze),
                                __ATOMIC_ACQUIRE);

        if (us == __atomic_load_n(ngx_live_origin_health_time(ze),
                                  __ATOMIC_RELAXED))
        {
            break;
        }
    }

    h->since_us = us & ~(uint64_t) 1;

    if (ruled) {
        h->stale = stale;
        h->left = lo_health(&event->doc->health, &has, stale);
    }
}


void
ngx_live_origin_health_drop(const lo_live_t *l, lo_manifest_period_t *periods,
    ngx_uint_t n, uint64_t left)
{
    int                   track;
    unsigned              i, kept;
    lo_manifest_track_t  *t;

    for ( /* void */ ; n; n--, periods++) {

        t = (lo_manifest_track_t *) periods->tracks;
        kept = 0;

        for (i = 0; i < periods->ntracks; i++) {
            track = lo_live_track(l, t[i].id);
            kept += track < 0 || (left >> track & 1) == 0;
        }

        if (kept == 0 || kept == periods->ntracks) {
            continue;
        }

        kept = 0;

        for (i = 0; i < periods->ntracks; i++) {
            track = lo_live_track(l, t[i].id);

            if (track < 0 || (left >> track & 1) == 0) {
                t[kept++] = t[i];
            }
        }

        periods->ntracks = kept;
    }
}


void
ngx_live_origin_health_tick(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t                 i;
    lo_zone_stat_t             st;
    ngx_live_origin_event_t   *event;
    ngx_live_origin_health_t   h;

    /* one worker of each instance does */

    if (ngx_worker != 0) {
        return;
    }

    lo_zone_stat(zone->z, &st);

    for (i = 0; i < st.events_max; i++) {

        event = lo_zone_event(zone->z, i)
                ? ngx_live_origin_event_get(zone, i) : NULL;

        if (event && event->doc && event->doc->health.stale_us) {
            ngx_live_origin_health(zone, event, &h);
        }
    }
}
