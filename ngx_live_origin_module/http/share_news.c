/* What the envoy hears of other nodes. */

#include "http/share.h"


/* 1: the pipeline's bytes are here, and not those that it sent before them */

static ngx_uint_t
ngx_live_origin_share_has(ngx_live_origin_share_t *sh, uint32_t ring,
    int pipeline, const lo_news_t *news)
{
    ngx_uint_t     same;
    lo_zone_pin_t  pin;

    if (pipeline < 0
        || lo_zone_candidate(sh->zone->z, ring, news->number, pipeline, &pin)
           != LO_OK)
    {
        return 0;
    }

    same = ngx_memcmp(pin.object->digest, news->digest, 16) == 0;
    lo_zone_unpin(sh->zone->z, &pin);

    return same;
}


/* a node has what Redis has: a mask or a better candidate finds all of it */

static void
ngx_live_origin_share_published(ngx_live_origin_share_t *sh, ngx_uint_t index,
    const lo_news_t *news)
{
    int                       t, p, chosen;
    uint32_t                  ring;
    ngx_uint_t                has;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(sh->zone, index);
    t = e ? lo_live_track(e->live, news->track) : LO_NONE;
    ring = t < 0 ? LO_ZONE_NO_TRACK : e->live->tracks[t].ring;
    chosen = LO_NONE;
    has = 0;

    if (ring != LO_ZONE_NO_TRACK) {

        chosen = ngx_live_origin_share_choose(sh, e->live, ring, news->number,
                                              news->chosen);
        p = lo_live_find_pipeline(e->live, news->pipeline);
        has = ngx_live_origin_share_has(sh, ring, p, news);
    }

    /* readers of this node get the chosen one, so it comes first */

    if (chosen != LO_OK && !lo_str_eq(news->chosen, news->pipeline)) {
        (void) ngx_live_origin_share_fetch(sh, index, news->track,
                                           news->number, news->chosen, NULL,
                                           NULL);
    }

    if (!has) {
        (void) ngx_live_origin_share_fetch(sh, index, news->track,
                                           news->number, news->pipeline, NULL,
                                           NULL);
    }
}


/* others have listed it as GAP, when nobody had it; it stays one */

static void
ngx_live_origin_share_listed(ngx_live_origin_share_t *sh,
    const lo_news_t *news)
{
    int                       t, index;
    ngx_live_origin_event_t  *e;

    index = lo_zone_event_find(sh->zone->z, news->event);
    e = index < 0 ? NULL : ngx_live_origin_event_get(sh->zone, index);
    t = e ? lo_live_track(e->live, news->track) : LO_NONE;

    if (t >= 0 && e->live->tracks[t].ring != LO_ZONE_NO_TRACK) {
        lo_zone_gap_set(sh->zone->z, e->live->tracks[t].ring, news->number);
    }
}


void
ngx_live_origin_share_heard(ngx_live_origin_zone_t *zone, const u_char *text,
    size_t len)
{
    int                       index;
    lo_str_t                  s;
    lo_news_t                 news;
    ngx_live_origin_share_t  *sh;

    sh = zone->share;
    s.data = (u_char *) text;
    s.len = len;

    if (sh == NULL || !sh->envoy || lo_news_read(&news, s) != LO_OK
        || lo_str_eq(news.node, lo_cstr(sh->node)))
    {
        return;
    }

    switch (news.kind) {

    case LO_NEWS_EVENT:
        ngx_live_origin_share_learn(sh, news.event);
        return;

    case LO_NEWS_GONE:
        ngx_live_origin_share_deleted(sh, news.event, news.life);
        return;

    case LO_NEWS_GAP:
        ngx_live_origin_share_listed(sh, &news);
        return;

    default:
        break;
    }

    index = lo_zone_event_find(sh->zone->z, news.event);

    if (index < 0) {
        ngx_live_origin_share_learn(sh, news.event);
        return;
    }

    ngx_live_origin_share_published(sh, index, &news);
}
