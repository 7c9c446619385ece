/*
 * A segment from Redis into this node's zone, where it is published as if its
 * pipeline had sent it here.  A claim in the zone makes one worker of the host
 * do it, whatever the number of those who ask; what was not there is not
 * looked for again for as long as the claim lasts.
 */

#include "http/share_get.h"


static void ngx_live_origin_share_replied(ngx_live_origin_redis_op_t *op,
    redisReply *reply);
static void ngx_live_origin_share_part(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


static void
ngx_live_origin_get_free(ngx_live_origin_get_t *g)
{
    if (g->up.word) {
        lo_zone_upload_abort(g->share->zone->z, &g->up);
    }

    if (g->xxh) {
        XXH3_freeState(g->xxh);
    }

    g->share->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_FETCHING]--;

    if (g->got) {
        g->got(g->data);
    }

    free(g);
}


static uint32_t
ngx_live_origin_get_ring(const lo_live_t *l, lo_str_t track)
{
    int  t;

    t = lo_live_track(l, track);

    return t < 0 ? LO_ZONE_NO_TRACK : l->tracks[t].ring;
}


/* what a claim is for: the number, and the pipeline if it is named */

static int64_t
ngx_live_origin_get_claim(int64_t number, const char *pipeline)
{
    return pipeline[0] ? number ^ (int64_t) (XXH3_64bits(pipeline,
                                                 ngx_strlen(pipeline)) >> 1)
                       : number;
}


void
ngx_live_origin_get_unclaim(ngx_live_origin_get_t *g)
{
    if (g->ring != LO_ZONE_NO_TRACK) {
        lo_zone_unclaim_number(g->share->zone->z, g->ring, g->claim);
    }
}


typedef struct {
    char  key[NGX_LIVE_ORIGIN_KEY_MAX];
    char  base[NGX_LIVE_ORIGIN_KEY_MAX];
    char  number[NGX_INT64_LEN + 1];
} ngx_live_origin_get_keys_t;


static void
ngx_live_origin_get_keys(ngx_live_origin_get_t *g, const char *id,
    ngx_live_origin_get_keys_t *k)
{
    lo_buf_t          b;
    const ngx_str_t  *prefix;

    prefix = &g->share->conf->prefix;

    lo_buf_init(&b, k->key, sizeof(k->key));
    ngx_live_origin_key_track(&b, prefix, lo_cstr(id), lo_cstr(g->track));
    lo_buf_init(&b, k->base, sizeof(k->base));
    ngx_live_origin_key_parts(&b, prefix, lo_cstr(id), lo_cstr(g->track),
                              g->number, NULL);
    ngx_sprintf((u_char *) k->number, "%L%Z", g->number);
}


static ngx_int_t
ngx_live_origin_get_send(ngx_live_origin_get_t *g, const char *id)
{
    char                         most[NGX_INT64_LEN + 1];
    const char                  *argv[5];
    ngx_live_origin_get_keys_t   k;

    ngx_live_origin_get_keys(g, id, &k);
    ngx_sprintf((u_char *) most, "%d%Z", NGX_LIVE_ORIGIN_SHARE_INLINE);

    argv[0] = k.key;
    argv[1] = k.number;
    argv[2] = g->asked;
    argv[3] = k.base;
    argv[4] = most;

    g->op.handler = ngx_live_origin_share_replied;

    return ngx_live_origin_share_eval(g->share, &g->op,
                                      &ngx_live_origin_script_get, 1, 5, argv,
                                      NULL);
}


/* the index names bytes that Redis has not got any more */

static void
ngx_live_origin_get_forget(ngx_live_origin_get_t *g)
{
    const char                  *id, *argv[4];
    ngx_live_origin_get_keys_t   k;

    id = ngx_live_origin_share_id(g->share, g->index, g->row);

    if (id == NULL || g->share->closing) {
        return;
    }

    ngx_live_origin_get_keys(g, id, &k);

    argv[0] = k.key;
    argv[1] = k.number;
    argv[2] = g->pipeline;
    argv[3] = k.base;

    (void) ngx_live_origin_share_tell(g->share,
                                      &ngx_live_origin_script_forget, 1, 4,
                                      argv, NULL);
}


static ngx_int_t
ngx_live_origin_get_begin(ngx_live_origin_get_t *g)
{
    ngx_int_t                       rc;
    lo_zone_event_t                *ze;
    ngx_live_origin_event_t        *e;
    ngx_live_origin_share_event_t  *st;

    e = ngx_live_origin_event_get(g->share->zone, g->index);
    st = ngx_live_origin_share_of(g->share, g->index);
    ze = lo_zone_event(g->share->zone->z, g->index);

    if (e == NULL || st == NULL || ze == NULL
        || !ngx_live_origin_share_up(g->share->zone))
    {
        return NGX_DECLINED;
    }

    g->row = st->row;
    g->ring = ngx_live_origin_get_ring(e->live, lo_cstr(g->track));
    g->claim = ngx_live_origin_get_claim(g->number, g->asked);

    if (g->ring != LO_ZONE_NO_TRACK
        && lo_zone_claim_number(g->share->zone->z, g->ring, g->claim,
                                NGX_LIVE_ORIGIN_SHARE_FETCH)
           != LO_OK)
    {
        return NGX_DECLINED;
    }

    rc = ngx_live_origin_get_send(g, ze->id);

    if (rc != NGX_OK) {
        ngx_live_origin_get_unclaim(g);
    }

    return rc;
}


/* names may lie in the copy of the live state, which the next look at it
   brings up to date: they are copied first */

ngx_int_t
ngx_live_origin_share_fetch(ngx_live_origin_share_t *sh, ngx_uint_t index,
    lo_str_t track, int64_t number, lo_str_t pipeline,
    ngx_live_origin_share_got_pt got, void *data)
{
    ngx_int_t               rc;
    ngx_live_origin_get_t  *g;

    if (track.len > LO_ID_MAX || pipeline.len > LO_ID_MAX) {
        return NGX_DECLINED;
    }

    g = calloc(1, sizeof(ngx_live_origin_get_t));
    if (g == NULL) {
        return NGX_ERROR;
    }

    g->share = sh;
    g->index = index;
    g->number = number;
    ngx_memcpy(g->track, track.data, track.len);

    if (pipeline.len) {
        ngx_memcpy(g->asked, pipeline.data, pipeline.len);
    }

    rc = ngx_live_origin_get_begin(g);

    if (rc != NGX_OK) {
        free(g);
        return rc;
    }

    g->got = got;
    g->data = data;
    sh->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_FETCHING]++;

    return NGX_OK;
}


/* the claim is given back only for a live state that may do better: what
   cannot be placed is tried again when the claim has ended */

void
ngx_live_origin_share_refetch(ngx_live_origin_share_t *sh, ngx_uint_t index,
    const ngx_live_origin_wanted_t *w)
{
    uint32_t                  ring;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(sh->zone, index);

    if (e == NULL || e->live->serial == w->serial) {
        return;
    }

    ring = ngx_live_origin_get_ring(e->live, lo_cstr(w->track));

    if (ring != LO_ZONE_NO_TRACK) {
        lo_zone_unclaim_number(sh->zone->z, ring,
                               ngx_live_origin_get_claim(w->number,
                                                         w->pipeline));
    }

    (void) ngx_live_origin_share_fetch(sh, index, lo_cstr(w->track), w->number,
                                       lo_cstr(w->pipeline), NULL, NULL);
}


/* ---- the reply */

/* the next part; it carries itself on from one reply to the next */

static ngx_int_t
ngx_live_origin_get_next(ngx_live_origin_get_t *g)
{
    char         key[NGX_LIVE_ORIGIN_KEY_MAX];
    lo_buf_t     b;
    const char  *id, *argv[2];

    id = ngx_live_origin_share_id(g->share, g->index, g->row);

    if (id == NULL || g->share->closing) {
        return NGX_ERROR;
    }

    lo_buf_init(&b, key, sizeof(key) - 16);
    ngx_live_origin_key_parts(&b, &g->share->conf->prefix, lo_cstr(id),
                              lo_cstr(g->track), g->number, g->seg.digest);
    ngx_sprintf((u_char *) key + ngx_strlen(key), "%uD%Z", g->part);

    argv[0] = "GET";
    argv[1] = key;
    g->op.handler = ngx_live_origin_share_part;

    return ngx_live_origin_share_command(g->share, &g->op, 2, argv, NULL);
}


static void
ngx_live_origin_share_part(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    ngx_live_origin_get_t  *g = (ngx_live_origin_get_t *) op;

    if (reply && reply->type == REDIS_REPLY_NIL) {
        ngx_live_origin_get_forget(g);

    } else if (reply && ngx_live_origin_get_add(g, reply) == NGX_OK) {

        g->part++;

        if (g->part == g->seg.parts) {
            ngx_live_origin_get_commit(g);

        } else if (ngx_live_origin_get_next(g) == NGX_OK) {
            return;
        }
    }

    ngx_live_origin_get_free(g);
}


static ngx_int_t
ngx_live_origin_get_line(ngx_live_origin_get_t *g, redisReply *reply)
{
    ngx_uint_t   i;
    lo_str_t     line;
    redisReply  *r;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3) {
        return NGX_DECLINED;
    }

    for (i = 0; i < 3; i++) {
        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            return NGX_DECLINED;
        }
    }

    for (i = 0; i < 2; i++) {
        r = reply->element[i];

        if (r->len > LO_ID_MAX) {
            return NGX_DECLINED;
        }

        ngx_memcpy(i ? g->pipeline : g->chosen, r->str, r->len + 1);
    }

    line.data = (u_char *) reply->element[2]->str;
    line.len = reply->element[2]->len;

    if (lo_share_read(&g->seg, line) != LO_OK) {
        ngx_live_origin_share_complain(g->share, "a damaged line in the index "
                                       "of track", g->track);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* the record of a segment that has left Redis goes; one of the archive stays */

static void
ngx_live_origin_get_none(ngx_live_origin_get_t *g, redisReply *reply)
{
    lo_zone_t         *z;
    lo_zone_record_t   rec;

    z = g->share->zone->z;

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 0
        && g->asked[0] == '\0' && g->ring != LO_ZONE_NO_TRACK
        && lo_zone_record(z, g->ring, g->number, &rec) == LO_OK
        && (rec.pipeline & NGX_LIVE_ORIGIN_SHARE_AWAY))
    {
        lo_zone_record_clear(z, g->ring, g->number);
    }
}


static void
ngx_live_origin_share_replied(ngx_live_origin_redis_op_t *op,
    redisReply *reply)
{
    ngx_live_origin_get_t  *g = (ngx_live_origin_get_t *) op;

    if (reply == NULL || g->share->closing) {

        ngx_live_origin_get_unclaim(g);
        ngx_live_origin_get_free(g);
        return;
    }

    if (ngx_live_origin_get_line(g, reply) != NGX_OK) {

        /* the claim stays for a while: it is not there */

        ngx_live_origin_get_none(g, reply);

        ngx_live_origin_get_free(g);
        return;
    }

    if (ngx_live_origin_get_open(g) != NGX_OK) {
        ngx_live_origin_get_free(g);
        return;
    }

    if (reply->elements == 4) {
        if (ngx_live_origin_get_add(g, reply->element[3]) == NGX_OK) {
            ngx_live_origin_get_commit(g);
        }

    } else if (ngx_live_origin_get_next(g) == NGX_OK) {
        return;
    }

    ngx_live_origin_get_free(g);
}
