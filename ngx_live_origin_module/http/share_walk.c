/*
 * The envoy's walk: what Redis has and what this node has are compared, one
 * event after the other and in small steps, so that both have all of it in the
 * end.  It is what fills an empty node, a node that was cut off, and a Redis
 * that lost its memory.
 *
 *   SMEMBERS events -> per event: its live state -> per track: head, HSCAN,
 *   then what this node has and Redis has not
 *
 * What Redis has and the zone has not is fetched at the live edge; of what is
 * older a record says where it is, and it is fetched when somebody asks.
 */

#include "http/share_walk.h"


#define NGX_LIVE_ORIGIN_WALK_EVENTS  4096


static void ngx_live_origin_walk_listed(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


void
ngx_live_origin_walk_free(ngx_live_origin_walk_t *w)
{
    if (w->under_way || w->sending) {
        return;
    }

    free(w->ids);
    free(w->seen);
    free(w);
}


void
ngx_live_origin_share_walk_end(ngx_live_origin_share_t *sh)
{
    ngx_live_origin_walk_t  *w;

    w = sh->walk;

    if (w) {
        ngx_live_origin_walk_ended(w);
        sh->walk = NULL;
        w->share = NULL;
        ngx_live_origin_walk_free(w);
    }
}


/* 1: the walk was given up meanwhile, or ends with this */

ngx_uint_t
ngx_live_origin_walk_over(ngx_live_origin_walk_t *w, ngx_uint_t failed)
{
    if (w->share && !failed) {
        return 0;
    }

    if (w->share) {
        ngx_live_origin_share_walk_end(w->share);

    } else {
        ngx_live_origin_walk_free(w);
    }

    return 1;
}


ngx_int_t
ngx_live_origin_walk_command(ngx_live_origin_walk_t *w, int argc,
    const char **argv, ngx_live_origin_redis_pt handler)
{
    ngx_int_t  rc;

    w->op.handler = handler;

    rc = ngx_live_origin_share_command(w->share, &w->op, argc, argv, NULL);

    w->under_way = rc == NGX_OK;

    return rc;
}


void
ngx_live_origin_share_walk(ngx_live_origin_share_t *sh)
{
    char                     key[NGX_LIVE_ORIGIN_KEY_MAX];
    lo_buf_t                 b;
    const char              *argv[2];
    ngx_live_origin_walk_t  *w;

    if (sh->walk) {
        ngx_live_origin_share_walk_on(sh);
        return;
    }

    w = calloc(1, sizeof(ngx_live_origin_walk_t));
    if (w == NULL) {
        return;
    }

    w->share = sh;
    w->index = LO_NONE;
    sh->walk = w;
    sh->due = 0;
    sh->rest = 0;
    sh->walked = ngx_time();

    ngx_live_origin_walk_began(w);

    lo_buf_init(&b, key, sizeof(key));
    ngx_live_origin_key_events(&b, &sh->conf->prefix);

    argv[0] = "SMEMBERS";
    argv[1] = key;

    if (ngx_live_origin_walk_command(w, 2, argv,
                                     ngx_live_origin_walk_listed)
        != NGX_OK)
    {
        ngx_live_origin_share_walk_end(sh);
    }
}


void
ngx_live_origin_share_walk_on(ngx_live_origin_share_t *sh)
{
    ngx_live_origin_walk_t  *w;

    w = sh->walk;

    if (w && !w->under_way && !sh->closing) {
        ngx_live_origin_walk_next(w);
    }
}


void
ngx_live_origin_share_walk_skip(ngx_live_origin_share_t *sh, const char *id)
{
    ngx_live_origin_walk_t  *w;

    w = sh->walk;

    if (w && w->step == NGX_LIVE_ORIGIN_WALK_STATE && w->id < w->nids
        && ngx_strcmp(w->ids[w->id], id) == 0)
    {
        w->id++;
        w->waited_us = 0;
        ngx_live_origin_share_walk_on(sh);
    }
}


static void
ngx_live_origin_walk_add(ngx_live_origin_walk_t *w, lo_str_t id)
{
    if (w->nids < NGX_LIVE_ORIGIN_WALK_EVENTS && lo_id_ok(id)) {
        ngx_memcpy(w->ids[w->nids], id.data, id.len);
        w->ids[w->nids++][id.len] = '\0';
    }
}


static void
ngx_live_origin_walk_listed(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    size_t                    i;
    lo_str_t                  id;
    lo_zone_event_t          *ze;
    ngx_live_origin_walk_t   *w = (ngx_live_origin_walk_t *) op;
    ngx_live_origin_share_t  *sh;

    w->under_way = 0;

    if (ngx_live_origin_walk_over(w, reply == NULL
                                     || reply->type != REDIS_REPLY_ARRAY))
    {
        return;
    }

    sh = w->share;
    w->ids = calloc(NGX_LIVE_ORIGIN_WALK_EVENTS, sizeof(w->ids[0]));

    if (ngx_live_origin_walk_over(w, w->ids == NULL)) {
        return;
    }

    for (i = 0; i < sh->nevents; i++) {

        ze = lo_zone_event(sh->zone->z, i);

        if (ze) {
            ngx_live_origin_walk_add(w, lo_cstr(ze->id));
        }
    }

    for (i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type == REDIS_REPLY_STRING) {
            id.data = (u_char *) reply->element[i]->str;
            id.len = reply->element[i]->len;

            if (lo_zone_event_find(sh->zone->z, id) < 0) {
                ngx_live_origin_walk_add(w, id);
            }
        }
    }

    w->step = NGX_LIVE_ORIGIN_WALK_STATE;
    w->id = 0;

    ngx_live_origin_walk_next(w);
}


static void
ngx_live_origin_walk_state(ngx_live_origin_walk_t *w)
{
    lo_str_t                        id;
    ngx_live_origin_share_t        *sh;
    ngx_live_origin_share_event_t  *st;

    sh = w->share;
    id = lo_cstr(w->ids[w->id]);

    w->index = lo_zone_event_find(sh->zone->z, id);

    if (w->index < 0) {

        if (w->waited_us == 0) {
            w->waited_us = ngx_live_origin_mono();
            ngx_live_origin_share_learn(sh, id);
            return;
        }

    } else {
        st = ngx_live_origin_share_of(sh, w->index);
        w->row = st ? st->row : 0;

        if (w->waited_us == 0) {
            w->waited_us = ngx_live_origin_mono();

            if (st) {
                st->inits = 0;
                st->listed = 0;
            }

            ngx_live_origin_share_event(sh->zone, w->index);
            return;
        }

        if (st && !st->asking) {
            w->step = NGX_LIVE_ORIGIN_WALK_HEAD;
            w->track = 0;
            w->waited_us = 0;
            return;
        }
    }

    if (ngx_live_origin_mono() - w->waited_us > 2 * LO_USEC) {
        w->skipped = 1;
        w->id++;
        w->waited_us = 0;
    }
}


const lo_live_t *
ngx_live_origin_walk_live(ngx_live_origin_walk_t *w)
{
    ngx_live_origin_event_t  *e;

    if (w->index < 0
        || ngx_live_origin_share_id(w->share, w->index, w->row) == NULL)
    {
        return NULL;
    }

    e = ngx_live_origin_event_get(w->share->zone, w->index);

    return e ? e->live : NULL;
}


/* as far as it goes without waiting; the tick looks again */

void
ngx_live_origin_walk_next(ngx_live_origin_walk_t *w)
{
    ngx_uint_t                before;
    ngx_live_origin_walk_e    step;
    ngx_live_origin_share_t  *sh;

    sh = w->share;

    do {
        if (w->step != NGX_LIVE_ORIGIN_WALK_LIST && w->id >= w->nids) {

            w->whole = 1;

            if (!sh->due) {
                (void) lo_zone_walked(sh->zone->z, LO_WALKED_ALL);
            }

            ngx_live_origin_share_walk_end(sh);
            return;
        }

        step = w->step;
        before = w->id;

        switch (w->step) {

        case NGX_LIVE_ORIGIN_WALK_STATE:
            ngx_live_origin_walk_state(w);
            break;

        case NGX_LIVE_ORIGIN_WALK_HEAD:
            ngx_live_origin_walk_head(w);
            break;

        case NGX_LIVE_ORIGIN_WALK_SCAN:
            ngx_live_origin_walk_scan(w);
            break;

        case NGX_LIVE_ORIGIN_WALK_FILL:
            ngx_live_origin_walk_fill(w);
            break;

        default:
            return;
        }

    } while (sh->walk == w && !w->under_way
             && (w->step != step || w->id != before));
}
