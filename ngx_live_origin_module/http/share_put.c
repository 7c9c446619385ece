/*
 * A segment to Redis.  With "ack redis" that comes before the segment is seen
 * here: Redis decides between the pipelines, in one script, so that all nodes
 * give the same, and 201 is said when it has accepted.  With "ack zone" it
 * follows the 201 (share_send.c).
 */

#include "http/publish.h"
#include "http/share.h"


#define NGX_LIVE_ORIGIN_SHARE_FOLLOW  250000    /* us, for the chosen one */
#define NGX_LIVE_ORIGIN_SHARE_MARGIN  20000     /* us, before the deadline */


/* of an upload; put->piece is NULL when nobody waits any more */

struct ngx_live_origin_put_s {
    ngx_live_origin_redis_op_t     op;
    ngx_live_origin_share_t       *share;
    ngx_live_origin_upload_t      *upload;
    ngx_live_origin_piece_t       *piece;
    int64_t                        number;
    uint32_t                       ring;
    ngx_uint_t                     pipeline;
    uint32_t                       replicas;
    int64_t                        done_us;    /* 0: under way */
    char                           chosen[LO_ID_MAX + 1];
    char                           key[NGX_LIVE_ORIGIN_KEY_MAX];
    char                           error[128]; /* empty: accepted */
    unsigned                       superseded:1;
    unsigned                       fresh:1;    /* Redis had no such bytes */
    unsigned                       fetched:1;
    unsigned                       whole:1;    /* sent through the script */
    unsigned                       again:1;    /* and is to be */
};


static void ngx_live_origin_put_replied(ngx_live_origin_redis_op_t *op,
    redisReply *reply);
static void ngx_live_origin_put_waited(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


static void
ngx_live_origin_put_done(ngx_live_origin_put_t *put)
{
    ngx_event_t               *ev;
    ngx_live_origin_upload_t  *u;

    put->done_us = ngx_live_origin_mono();

    if (put->piece == NULL) {
        free(put);
        return;
    }

    u = put->upload;
    ev = &u->timer;

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (!ev->posted) {
        ngx_post_event(ev, &ngx_posted_events);
    }
}


static void
ngx_live_origin_put_failed(ngx_live_origin_put_t *put, const char *why)
{
    (void) ngx_snprintf((u_char *) put->error, sizeof(put->error) - 1,
                        "%s%Z", why && why[0] ? why
                                                            : "no reason");
}


/* so many replicas have it */

static ngx_int_t
ngx_live_origin_put_wait(ngx_live_origin_put_t *put)
{
    ngx_str_t   name;
    ngx_msec_t  timeout;

    timeout = put->op.timeout ? put->op.timeout : put->share->conf->timeout;

    name.data = (u_char *) put->key;
    name.len = ngx_strlen(put->key);
    put->op.handler = ngx_live_origin_put_waited;

    return ngx_live_origin_redis_wait(put->share->rd, &put->op, &name,
                                      put->replicas, timeout / 2 + 1);
}


static void
ngx_live_origin_put_waited(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    ngx_live_origin_put_t  *put = (ngx_live_origin_put_t *) op;

    if (reply == NULL) {
        ngx_live_origin_put_failed(put, op->error);

    } else if (reply->type != REDIS_REPLY_INTEGER
               || reply->integer < (long long) put->replicas)
    {
        ngx_live_origin_put_failed(put, "too few replicas have it");
    }

    ngx_live_origin_put_done(put);
}


/* this node learns of it as well */

static void
ngx_live_origin_put_gone(ngx_live_origin_put_t *put)
{
    if (put->upload && !put->share->closing) {
        ngx_live_origin_share_event(put->share->zone, put->upload->index);
    }
}


static void
ngx_live_origin_put_replied(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    redisReply             *what, *chosen;
    ngx_live_origin_put_t  *put = (ngx_live_origin_put_t *) op;

    if (reply == NULL) {
        ngx_live_origin_put_failed(put, op->error);
        ngx_live_origin_put_done(put);
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_live_origin_put_failed(put, reply->str);
        ngx_live_origin_put_done(put);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING
        || reply->element[1]->len > LO_ID_MAX)
    {
        ngx_live_origin_put_failed(put, "not a reply to this");
        ngx_live_origin_put_done(put);
        return;
    }

    what = reply->element[0];
    chosen = reply->element[1];

    if (ngx_strcmp(what->str, "lost") == 0) {

        /* its parts went to another node of a cluster, or were evicted */

        put->again = !put->whole;
        ngx_live_origin_put_failed(put, "a part of the segment was not kept");
        ngx_live_origin_put_done(put);
        return;
    }

    if (ngx_strcmp(what->str, "gone") == 0) {
        ngx_live_origin_put_failed(put, "the event was deleted elsewhere");
        ngx_live_origin_put_gone(put);
        ngx_live_origin_put_done(put);
        return;
    }

    put->share->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_SENT]++;
    put->fresh = ngx_strcmp(what->str, "new") == 0
                 || ngx_strcmp(what->str, "replaced") == 0;
    put->superseded = ngx_strcmp(what->str, "superseded") == 0;
    ngx_memcpy(put->chosen, chosen->str, chosen->len + 1);

    if (put->replicas && ngx_live_origin_put_wait(put) == NGX_OK) {
        return;
    }

    if (put->replicas) {
        ngx_live_origin_put_failed(put, "not connected");
    }

    ngx_live_origin_put_done(put);
}


static ngx_live_origin_put_t *
ngx_live_origin_put_send(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta, ngx_uint_t whole)
{
    int64_t                      left;
    u_char                      *bytes;
    ngx_int_t                    rc;
    lo_zone_event_t             *ze;
    ngx_live_origin_put_t       *put;
    ngx_live_origin_say_t        s;
    ngx_live_origin_event_t     *e;
    ngx_live_origin_upload_t    *u;
    ngx_live_origin_loc_conf_t  *lcf;

    u = c->u;
    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);
    e = ngx_live_origin_event_get(u->zone, u->index);
    ze = lo_zone_event(u->zone->z, u->index);

    /* of a stream late is better than never */

    left = u->early ? (int64_t) u->zone->share->conf->timeout * 1000
                    : ngx_live_origin_deadline_us(u)
                      - NGX_LIVE_ORIGIN_SHARE_MARGIN
                      - (ngx_live_origin_mono() - c->piece->done_us);

    if (e == NULL || ze == NULL || left <= 0) {
        return NULL;
    }

    put = calloc(1, sizeof(ngx_live_origin_put_t));
    bytes = malloc(c->piece->up.size + 1);

    if (put == NULL || bytes == NULL) {
        free(put);
        free(bytes);
        return NULL;
    }

    put->share = u->zone->share;
    put->upload = u;
    put->piece = c->piece;
    put->number = c->place.number;
    put->ring = c->ring;
    put->pipeline = c->pipeline;
    put->replicas = lcf->ack_replicas;
    put->op.handler = ngx_live_origin_put_replied;
    put->op.timeout = ngx_min((ngx_msec_t) (left / 1000 + 1),
                              put->share->conf->timeout);

    ngx_live_origin_say_of(&s, put->share, ze, u->index, e->live, c->track,
                           c->pipeline);
    ngx_live_origin_say_what(&s, c->place.number, meta, c->piece->digest,
                             c->piece->up.size);
    s.bytes = bytes;
    s.whole = whole;
    put->whole = whole;

    (void) lo_zone_upload_read(u->zone->z, &c->piece->up, 0, bytes,
                               c->piece->up.size);

    rc = ngx_live_origin_say_segment(&s, &put->op, put->key);

    free(bytes);

    if (rc != NGX_OK) {
        free(put);
        return NULL;
    }

    return put;
}


/* Redis chose another pipeline's, which this node may not have yet: who is
   answered here must not get ours meanwhile */

static ngx_uint_t
ngx_live_origin_put_follows(ngx_live_origin_place_t *c,
    ngx_live_origin_put_t *put)
{
    int                       p;
    lo_zone_pin_t             pin;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *e;

    zone = c->u->zone;
    e = ngx_live_origin_event_get(zone, c->u->index);

    p = e ? lo_live_find_pipeline(e->live, lo_cstr(put->chosen)) : LO_NONE;

    if (p < 0 || p == (int) c->pipeline
        || ngx_live_origin_mono() - put->done_us
           > NGX_LIVE_ORIGIN_SHARE_FOLLOW)
    {
        return 0;
    }

    if (lo_zone_candidate(zone->z, c->ring, c->place.number, p, &pin)
        == LO_OK)
    {
        lo_zone_unpin(zone->z, &pin);
        return 0;
    }

    if (!put->fetched) {
        put->fetched = 1;
        (void) ngx_live_origin_share_fetch(put->share, c->u->index,
                   lo_cstr(e->live->tracks[c->track].id), c->place.number,
                   (lo_str_t) lo_null_string, NULL, NULL);
    }

    return 1;
}


static ngx_uint_t
ngx_live_origin_put_refused(ngx_live_origin_place_t *c, const char *why)
{
    ngx_live_origin_zone_t      *zone;
    ngx_live_origin_upload_t    *u;
    ngx_live_origin_loc_conf_t  *lcf;

    u = c->u;
    zone = u->zone;
    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);

    if (lcf->ack_degrade) {
        zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_DEGRADED]++;
        zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_DEGRADED_US] =
                                                   ngx_live_origin_wall();
        return 0;
    }

    zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_REFUSED]++;
    zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_REFUSED_US] =
                                                   ngx_live_origin_wall();

    return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                               "redis has not accepted it: %s", why);
}


ngx_int_t
ngx_live_origin_share_ack(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta)
{
    ngx_uint_t                   status, whole;
    ngx_live_origin_put_t       *put;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(c->u->request, ngx_live_origin_module);

    if (lcf->ack != NGX_LIVE_ORIGIN_ACK_REDIS) {
        return NGX_OK;
    }

    put = c->piece->put;
    whole = put && put->done_us && put->again;

    /* the state has moved on: another place */

    if (whole || (put && put->done_us
                  && (put->number != c->place.number || put->ring != c->ring
                      || put->pipeline != c->pipeline)))
    {
        free(put);
        put = NULL;
        c->piece->put = NULL;
    }

    if (put == NULL) {

        put = ngx_live_origin_share_up(c->u->zone)
              ? ngx_live_origin_put_send(c, meta, whole) : NULL;

        if (put == NULL) {
            status = ngx_live_origin_put_refused(c, "not connected");
            return status ? (ngx_int_t) status : NGX_OK;
        }

        c->piece->put = put;

        return NGX_AGAIN;
    }

    if (put->done_us == 0) {
        return NGX_AGAIN;
    }

    if (put->error[0]) {
        status = ngx_live_origin_put_refused(c, put->error);
        return status ? (ngx_int_t) status : NGX_OK;
    }

    return ngx_live_origin_put_follows(c, put) ? NGX_AGAIN : NGX_OK;
}


ngx_uint_t
ngx_live_origin_share_acking(ngx_live_origin_piece_t *piece)
{
    return piece->put && piece->put->done_us == 0;
}


ngx_uint_t
ngx_live_origin_share_fresh(ngx_live_origin_place_t *c)
{
    return c->piece->put && c->piece->put->fresh;
}


ngx_uint_t
ngx_live_origin_share_stays(ngx_live_origin_place_t *c)
{
    ngx_live_origin_put_t    *put;
    ngx_live_origin_event_t  *e;

    put = c->piece->put;

    if (put == NULL || put->error[0] || !put->superseded) {
        return 0;
    }

    e = ngx_live_origin_event_get(c->u->zone, c->u->index);

    if (e && !lo_zone_has(c->u->zone->z, c->ring, c->place.number, 0)) {
        (void) ngx_live_origin_share_fetch(put->share, c->u->index,
                   lo_cstr(e->live->tracks[c->track].id), c->place.number,
                   (lo_str_t) lo_null_string, NULL, NULL);
    }

    return 1;
}


/* the segment is seen here: readers get what Redis has chosen; or, behind the
   201, Redis is told */

void
ngx_live_origin_share_seen(ngx_live_origin_place_t *c)
{
    ngx_live_origin_put_t    *put;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *e;

    zone = c->u->zone;
    put = c->piece->put;

    if (zone->share == NULL) {
        return;
    }

    if (put == NULL || put->error[0]) {

        /* the envoy may be connected where this worker is not */

        if (ngx_live_origin_share_send(zone->share, c->u->index, c->track,
                                       c->place.number, c->pipeline, NULL,
                                       NULL)
            != NGX_OK)
        {
            ngx_live_origin_share_missed(zone->share);
            (void) lo_zone_walk(zone->z, 1);
        }

        return;
    }

    e = ngx_live_origin_event_get(zone, c->u->index);

    if (e) {
        (void) ngx_live_origin_share_choose(zone->share, e->live, c->ring,
                                            c->place.number,
                                            lo_cstr(put->chosen));
    }
}


void
ngx_live_origin_share_leave(ngx_live_origin_piece_t *piece)
{
    ngx_live_origin_put_t  *put;

    put = piece->put;

    if (put == NULL) {
        return;
    }

    piece->put = NULL;

    if (put->done_us) {
        free(put);
        return;
    }

    put->piece = NULL;
    put->upload = NULL;
}
