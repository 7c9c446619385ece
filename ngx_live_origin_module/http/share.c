/*
 * The connection's ups and downs, and who the envoy is.
 */

#include "http/share.h"


static ngx_uint_t
ngx_live_origin_share_empty(ngx_live_origin_share_t *sh)
{
    ngx_uint_t        i;
    lo_zone_event_t  *ze;

    for (i = 0; i < sh->nevents; i++) {

        ze = lo_zone_event(sh->zone->z, i);

        if (ze && __atomic_load_n(&ze->head, __ATOMIC_RELAXED) >= 0) {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_live_origin_share_init(ngx_live_origin_zone_t *zone,
    ngx_live_origin_redis_conf_t *conf, ngx_live_origin_redis_t *rd)
{
    lo_buf_t                  b;
    lo_zone_stat_t            st;
    ngx_live_origin_share_t  *sh;

    sh = calloc(1, sizeof(ngx_live_origin_share_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    lo_zone_stat(zone->z, &st);

    sh->zone = zone;
    sh->conf = conf;
    sh->nevents = st.events_max;
    sh->events = calloc(st.events_max, sizeof(ngx_live_origin_share_event_t));

    lo_zone_uuid(zone->z, sh->node);

    lo_buf_init(&b, sh->channel, sizeof(sh->channel));
    ngx_live_origin_key_channel(&b, &conf->prefix);

    sh->rd = rd;
    sh->started_us = ngx_live_origin_mono();

    if (sh->events == NULL) {
        free(sh);
        return NGX_ERROR;
    }

    if (st.workers <= 1) {
        (void) lo_zone_walked(zone->z, ngx_live_origin_share_empty(sh)
                                       ? LO_WALKED_EMPTY : LO_WALKED_BEFORE);
    }

    lo_zone_keep_records(zone->z);
    zone->share = sh;

    return NGX_OK;
}


/* operations under way get their NULL behind this: nothing new is begun */

void
ngx_live_origin_share_close(ngx_live_origin_zone_t *zone)
{
    if (zone->share) {
        zone->share->closing = 1;
    }
}


void
ngx_live_origin_share_exit(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_share_t  *sh;

    sh = zone->share;

    if (sh == NULL) {
        return;
    }

    ngx_live_origin_share_walk_end(sh);

    if (sh->envoy) {
        lo_zone_envoy_end(zone->z);
    }

    zone->share = NULL;
    free(sh->events);
    free(sh);
}


static ngx_uint_t
ngx_live_origin_share_waits(ngx_live_origin_zone_t *zone)
{
    int64_t  max;

    /* without Redis there is nothing to be learnt */

    max = ngx_live_origin_share_up(zone) ? NGX_LIVE_ORIGIN_SHARE_JOIN
                                         : NGX_LIVE_ORIGIN_SHARE_ALONE;

    return ngx_live_origin_mono() - zone->share->started_us < max;
}


ngx_uint_t
ngx_live_origin_share_joins(ngx_live_origin_zone_t *zone)
{
    return zone->share && lo_zone_walked(zone->z, -1) == LO_WALKED_EMPTY
           && ngx_live_origin_share_waits(zone);
}


ngx_uint_t
ngx_live_origin_share_returns(ngx_live_origin_zone_t *zone)
{
    int  walked;

    if (zone->share == NULL) {
        return 0;
    }

    walked = lo_zone_walked(zone->z, -1);

    return (walked == LO_WALKED_EMPTY || walked == LO_WALKED_BEFORE)
           && ngx_live_origin_share_waits(zone);
}


ngx_uint_t
ngx_live_origin_share_knows(ngx_live_origin_zone_t *zone)
{
    return zone->share == NULL
           || lo_zone_walked(zone->z, -1) == LO_WALKED_ALL;
}


ngx_uint_t
ngx_live_origin_share_up(ngx_live_origin_zone_t *zone)
{
    return zone->share && !zone->share->closing
           && ngx_live_origin_redis_state(zone->share->rd)
              == NGX_LIVE_ORIGIN_REDIS_UP;
}


/* ---- the envoy */

static void
ngx_live_origin_share_candidate(ngx_live_origin_share_t *sh)
{
    ngx_str_t  channel;

    if (ngx_exiting || ngx_terminate) {

        if (sh->envoy) {
            sh->envoy = 0;
            ngx_live_origin_redis_unsubscribe(sh->rd);
            ngx_live_origin_share_walk_end(sh);
            lo_zone_envoy_end(sh->zone->z);
        }

        return;
    }

    if (sh->envoy || !lo_zone_envoy(sh->zone->z)) {
        return;
    }

    sh->envoy = 1;
    sh->due = 1;

    channel.data = (u_char *) sh->channel;
    channel.len = ngx_strlen(sh->channel);

    if (ngx_live_origin_redis_subscribe(sh->rd, &channel) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, sh->zone->log, 0,
                      "no memory for a subscription");
    }
}


/* what was changed while nobody could be asked */

static void
ngx_live_origin_share_changed(ngx_live_origin_share_t *sh)
{
    ngx_uint_t                i;
    ngx_live_origin_event_t  *e;

    for (i = 0; i < sh->nevents; i++) {

        e = ngx_live_origin_event_get(sh->zone, i);

        if (e == NULL) {
            continue;
        }

        if (e->live->agreed != e->live->serial) {
            ngx_live_origin_share_event(sh->zone, i);
        }
    }
}


void
ngx_live_origin_share_tick(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_share_t  *sh;

    sh = zone->share;

    if (sh == NULL) {
        return;
    }

    ngx_live_origin_share_gauges(sh);

    if (sh->ticks++ % 10 == 0) {
        ngx_live_origin_share_candidate(sh);

        if (sh->envoy && ngx_live_origin_share_up(zone)) {
            ngx_live_origin_share_changed(sh);
            sh->due |= lo_zone_walk(zone->z, 0);
        }
    }

    zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_ENVOY] = sh->envoy;

    if (sh->envoy && ngx_live_origin_share_up(zone)
        && (sh->walk || sh->due
            || ngx_time() - sh->walked >= (sh->rest
                                           ? NGX_LIVE_ORIGIN_SHARE_REST
                                           : NGX_LIVE_ORIGIN_SHARE_WALK)))
    {
        ngx_live_origin_share_walk(sh);
    }
}


/* what is there may be less than it was; what was said may have been missed */

void
ngx_live_origin_share_due(ngx_live_origin_zone_t *zone)
{
    if (zone->share) {
        zone->share->due = 1;
    }
}


void
ngx_live_origin_share_lost(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t  i;

    if (zone->share && zone->share->envoy
        && lo_zone_walked(zone->z, -1) == LO_WALKED_ALL)
    {
        (void) lo_zone_walked(zone->z, LO_WALKED_LOST);
    }

    for (i = 0; zone->share && i < zone->share->nevents; i++) {
        zone->share->events[i].inits = 0;
        zone->share->events[i].listed = 0;
    }
}


/* ---- for all files */

ngx_live_origin_share_event_t *
ngx_live_origin_share_of(ngx_live_origin_share_t *sh, ngx_uint_t index)
{
    uint64_t                        row;
    lo_zone_event_t                *ze;
    ngx_live_origin_share_event_t  *st;

    ze = lo_zone_event(sh->zone->z, index);
    if (ze == NULL) {
        return NULL;
    }

    st = &sh->events[index];
    row = __atomic_load_n(&ze->word, __ATOMIC_ACQUIRE);

    if (st->row != row) {
        ngx_memzero(st, sizeof(ngx_live_origin_share_event_t));
        st->row = row;
    }

    return st;
}


const char *
ngx_live_origin_share_id(ngx_live_origin_share_t *sh, ngx_uint_t index,
    uint64_t row)
{
    lo_zone_event_t  *ze;

    ze = lo_zone_event(sh->zone->z, index);

    return ze && __atomic_load_n(&ze->word, __ATOMIC_ACQUIRE) == row
           ? ze->id : NULL;
}


int
ngx_live_origin_share_choose(ngx_live_origin_share_t *sh, const lo_live_t *l,
    uint32_t ring, int64_t number, lo_str_t pipeline)
{
    int  p;

    p = lo_live_find_pipeline(l, pipeline);

    return p < 0 ? LO_NONE : lo_zone_choose(sh->zone->z, ring, number, p);
}


void
ngx_live_origin_share_complain(ngx_live_origin_share_t *sh, const char *what,
    const char *why)
{
    if (ngx_time() - sh->complained < 10) {
        return;
    }

    sh->complained = ngx_time();

    ngx_log_error(NGX_LOG_ERR, sh->zone->log, 0, "redis: %s: %s", what, why);
}


int64_t
ngx_live_origin_share_ttl(const lo_live_t *l, int64_t least)
{
    int64_t  ms;

    ms = (int64_t) l->dvr_s * 1000;

    if (l->window && l->d.duration) {
        ms = ngx_max(ms, l->window * (lo_dur_us(&l->d) / 1000));
    }

    ms = ngx_max(ms + ms / 10, least);

    return ms + ngx_random() % (ms / 10 + 1);
}
