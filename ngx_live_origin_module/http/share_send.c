/*
 * The segments that Redis is told of behind their 201, and GAPs.  Bytes are
 * copied from the zone's pages when they are sent; nothing of the zone is kept
 * for the reply.
 */

#include "http/share.h"


typedef struct {
    ngx_live_origin_redis_op_t     op;
    ngx_live_origin_share_t       *share;
    ngx_uint_t                     index;
    uint64_t                       row;
    int64_t                        number;
    uint32_t                       ring;
    ngx_uint_t                     track;
    ngx_uint_t                     pipeline;
    uint64_t                       size;
    char                           name[LO_ID_MAX + 1];   /* its pipeline */
    unsigned                       whole:1;
    ngx_live_origin_share_got_pt   got;
    void                          *data;
} ngx_live_origin_sent_t;


static void ngx_live_origin_share_sent(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


static void
ngx_live_origin_sent_taken(ngx_live_origin_sent_t *s, redisReply *chosen)
{
    lo_str_t                  name;
    ngx_live_origin_share_t  *sh;
    ngx_live_origin_event_t  *e;

    sh = s->share;
    sh->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_SENT]++;

    e = ngx_live_origin_share_id(sh, s->index, s->row)
        ? ngx_live_origin_event_get(sh->zone, s->index) : NULL;

    name.data = (u_char *) chosen->str;
    name.len = chosen->len;

    if (e && s->track < e->live->ntracks
        && ngx_live_origin_share_choose(sh, e->live, s->ring, s->number, name)
           != LO_OK)
    {
        (void) ngx_live_origin_share_fetch(sh, s->index,
                   lo_cstr(e->live->tracks[s->track].id), s->number, name,
                   NULL, NULL);
    }
}


/* the zone's bytes; NGX_DECLINED: there is no such candidate any more, or no
   connection */

static ngx_int_t
ngx_live_origin_sent_go(ngx_live_origin_sent_t *sent)
{
    char                            key[NGX_LIVE_ORIGIN_KEY_MAX];
    u_char                         *bytes;
    ngx_int_t                       rc;
    lo_zone_pin_t                   pin;
    lo_zone_event_t                *ze;
    ngx_live_origin_say_t           s;
    ngx_live_origin_share_t        *sh;
    ngx_live_origin_event_t        *e;
    ngx_live_origin_share_event_t  *st;

    sh = sent->share;
    e = ngx_live_origin_event_get(sh->zone, sent->index);
    ze = lo_zone_event(sh->zone->z, sent->index);
    st = ngx_live_origin_share_of(sh, sent->index);

    if (e == NULL || ze == NULL || st == NULL
        || !ngx_live_origin_share_up(sh->zone)
        || sh->behind > NGX_LIVE_ORIGIN_SHARE_BEHIND
        || sent->track >= e->live->ntracks
        || sent->pipeline >= e->live->npipelines
        || lo_zone_candidate(sh->zone->z, e->live->tracks[sent->track].ring,
                             sent->number, sent->pipeline, &pin)
           != LO_OK)
    {
        return NGX_DECLINED;
    }

    /* sent once more: the state may have given others these places */

    if (sent->whole
        && (sent->ring != e->live->tracks[sent->track].ring
            || ngx_strcmp(sent->name, e->live->pipelines[sent->pipeline])
               != 0))
    {
        lo_zone_unpin(sh->zone->z, &pin);
        return NGX_DECLINED;
    }

    bytes = malloc(pin.object->size + 1);

    if (bytes) {
        (void) lo_zone_read(sh->zone->z, pin.word, bytes, pin.object->size);
    }

    ngx_live_origin_say_of(&s, sh, ze, sent->index, e->live, sent->track,
                           sent->pipeline);
    ngx_live_origin_say_what(&s, sent->number, &pin.object->meta,
                             pin.object->digest, pin.object->size);
    s.bytes = bytes;
    s.whole = sent->whole;

    lo_zone_unpin(sh->zone->z, &pin);

    if (bytes == NULL) {
        return NGX_ERROR;
    }

    sent->row = st->row;
    sent->size = s.seg.size;
    sent->ring = e->live->tracks[sent->track].ring;
    strcpy(sent->name, e->live->pipelines[sent->pipeline]);

    rc = ngx_live_origin_say_segment(&s, &sent->op, key);

    free(bytes);

    if (rc == NGX_OK) {
        sh->behind += sent->size;
    }

    return rc;
}


/* NGX_AGAIN: another reply comes */

static ngx_int_t
ngx_live_origin_sent_said(ngx_live_origin_sent_t *s, const char *what,
    redisReply *chosen)
{
    if (ngx_strcmp(what, "gone") == 0) {

        if (ngx_live_origin_share_id(s->share, s->index, s->row)) {
            ngx_live_origin_share_event(s->share->zone, s->index);
        }

        return NGX_OK;
    }

    if (ngx_strcmp(what, "lost") != 0) {
        ngx_live_origin_sent_taken(s, chosen);
        return NGX_OK;
    }

    /* its parts went to another node of a cluster, or were evicted */

    if (!s->whole) {
        s->whole = 1;

        if (ngx_live_origin_sent_go(s) == NGX_OK) {
            return NGX_AGAIN;
        }
    }

    return NGX_ERROR;
}


static void
ngx_live_origin_share_sent(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    ngx_int_t                 rc;
    ngx_live_origin_sent_t   *s = (ngx_live_origin_sent_t *) op;
    ngx_live_origin_share_t  *sh;

    sh = s->share;
    sh->behind -= s->size;
    rc = sh->closing ? NGX_OK : NGX_ERROR;

    if (!sh->closing && reply && reply->type == REDIS_REPLY_ARRAY
        && reply->elements == 2
        && reply->element[0]->type == REDIS_REPLY_STRING
        && reply->element[1]->type == REDIS_REPLY_STRING
        && reply->element[1]->len <= LO_ID_MAX)
    {
        rc = ngx_live_origin_sent_said(s, reply->element[0]->str,
                                       reply->element[1]);
        if (rc == NGX_AGAIN) {
            return;
        }
    }

    if (rc == NGX_ERROR) {
        ngx_live_origin_share_complain(sh, "a segment is not taken",
                                       reply == NULL
                                       ? op->error ? op->error : ""
                                       : reply->str ? reply->str
                                       : "a part was not kept");

        ngx_live_origin_share_missed(sh);

        /* what Redis lacks is found by a walk, if it is a candidate still; and
           what a walk could not send by the next one, in its time */

        if (s->got == NULL) {
            (void) lo_zone_walk(sh->zone->z, 1);
        }
    }

    if (s->got) {
        s->got(s->data);
    }

    free(s);
}


ngx_int_t
ngx_live_origin_share_send(ngx_live_origin_share_t *sh, ngx_uint_t index,
    ngx_uint_t track, int64_t number, ngx_uint_t pipeline,
    ngx_live_origin_share_got_pt got, void *data)
{
    ngx_int_t                rc;
    ngx_live_origin_sent_t  *sent;

    sent = calloc(1, sizeof(ngx_live_origin_sent_t));
    if (sent == NULL) {
        return NGX_ERROR;
    }

    sent->op.handler = ngx_live_origin_share_sent;
    sent->share = sh;
    sent->index = index;
    sent->number = number;
    sent->track = track;
    sent->pipeline = pipeline;

    rc = ngx_live_origin_sent_go(sent);

    if (rc != NGX_OK) {
        free(sent);
        return rc;
    }

    sent->got = got;
    sent->data = data;

    return NGX_OK;
}


/* ---- numbers that are listed as GAP */

void
ngx_live_origin_share_gap(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_str_t track, int64_t number)
{
    char                      key[NGX_LIVE_ORIGIN_KEY_MAX];
    char                      n[24], ttl[24], news[LO_SHARE_NEWS];
    lo_buf_t                  b;
    const char               *argv[5];
    lo_zone_event_t          *ze;
    ngx_live_origin_share_t  *sh;

    sh = zone->share;
    ze = lo_zone_event(zone->z, index);

    if (ze == NULL || !ngx_live_origin_share_up(zone)) {
        return;
    }

    lo_buf_init(&b, key, sizeof(key));
    ngx_live_origin_key_track(&b, &sh->conf->prefix, lo_cstr(ze->id), track);
    ngx_sprintf((u_char *) n, "%L%Z", number);
    ngx_sprintf((u_char *) ttl, "%d%Z", NGX_LIVE_ORIGIN_SHARE_LEAST);
    (void) snprintf(news, sizeof(news), "gap %s %s %.*s %lld", ze->id,
                    sh->node, (int) track.len, track.data,
                    (long long) number);

    argv[0] = key;
    argv[1] = n;
    argv[2] = ttl;
    argv[3] = sh->channel;
    argv[4] = news;

    (void) ngx_live_origin_share_tell(sh, &ngx_live_origin_script_gap, 1, 5,
                                      argv, NULL);
}
