/*
 * Learning what others have agreed on: the record of an event, its document
 * and the inits that this node has not got, then all of it at once.
 */

#include "http/share.h"


/* a record of others, whose inits are being fetched */

typedef struct {
    ngx_live_origin_redis_op_t   op;
    ngx_live_origin_share_t     *share;
    char                         id[LO_ID_MAX + 1];
    uint64_t                     row;       /* of this node's event, 0: none */
    lo_live_t                   *live;
    u_char                      *doc;
    size_t                       doc_len;
    int64_t                      doc_us;
    unsigned                     took:1;    /* the document */
    ngx_uint_t                   next;      /* init */
    lo_word_t                    words[LO_LIVE_INITS];
} ngx_live_origin_learnt_t;


typedef struct {
    ngx_live_origin_redis_op_t   op;
    ngx_live_origin_share_t     *share;
    char                         id[LO_ID_MAX + 1];
    uint64_t                     row;       /* as above, when it was asked */
} ngx_live_origin_reading_t;


static void ngx_live_origin_learnt_init(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


static void
ngx_live_origin_learnt_free(ngx_live_origin_learnt_t *le)
{
    free(le->live);
    free(le->doc);
    free(le);
}


/*
 * What was asked before an event was deleted, or made again, is of another one:
 * it is asked again, behind the word of that.
 */

static uint64_t
ngx_live_origin_learnt_row(ngx_live_origin_share_t *sh, const char *id)
{
    int               index;
    lo_zone_event_t  *ze;

    index = lo_zone_event_find(sh->zone->z, lo_cstr(id));
    ze = index < 0 ? NULL : lo_zone_event(sh->zone->z, index);

    return ze ? __atomic_load_n(&ze->word, __ATOMIC_ACQUIRE) : 0;
}


static lo_word_t
ngx_live_origin_share_init_word(const lo_live_t *l, uint64_t digest)
{
    ngx_uint_t  i;

    for (i = 0; i < l->ninits; i++) {
        if (l->inits[i].digest == digest) {
            return l->inits[i].word;
        }
    }

    return 0;
}


/* an event that this node has not got, from its document */

static ngx_live_origin_event_t *
ngx_live_origin_learnt_event(ngx_live_origin_learnt_t *le)
{
    int                       index;
    lo_event_err_t            err;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *e;

    zone = le->share->zone;
    index = lo_zone_event_find(zone->z, lo_cstr(le->id));

    if (index >= 0) {

        e = ngx_live_origin_event_get(zone, index);

        if (e && ngx_live_origin_share_document(le->share, e, le->doc,
                                                le->doc_len, le->doc_us))
        {
            le->took = 1;
        }

        return e ? ngx_live_origin_event_get(zone, index) : NULL;
    }

    /* all have one: it is lost there, and with it who may see the event */

    if (le->doc_len == 0) {
        lo_err(&err.err, "it has no document there: put it again");
        index = LO_ERROR;

    } else {
        index = ngx_live_origin_event_document(zone, le->doc, le->doc_len, 0,
                                               &err);
    }

    if (index < 0) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "event \"%s\" of other nodes is not taken: %s", le->id,
                      index == LO_ERROR ? err.err.text
                      : "the zone has no room for it, raise \"events\" or "
                        "\"size\"");
        return NULL;
    }

    le->took = 1;
    le->row = ngx_live_origin_learnt_row(le->share, le->id);

    return ngx_live_origin_event_get(zone, index);
}


static int
ngx_live_origin_learnt_change(ngx_live_origin_learnt_t *le, lo_live_t *l)
{
    int64_t     us;
    ngx_uint_t  i, k;

    us = le->took ? ngx_max(l->doc_us, le->doc_us) : l->doc_us;

    if (!lo_live_adopt(l, le->live)) {
        return 0;
    }

    l->doc_us = us;

    for (i = 0; i < l->ninits; i++) {
        for (k = 0; l->inits[i].word == 0 && k < le->live->ninits; k++) {
            if (le->live->inits[k].digest == l->inits[i].digest) {
                l->inits[i].word = le->words[k];
            }
        }
    }

    return 1;
}


/* of a record that was this node's already */

static int
ngx_live_origin_learnt_stamp(lo_live_t *l, void *data)
{
    ngx_live_origin_learnt_t  *le = data;

    l->doc_us = ngx_max(l->doc_us, le->doc_us);
    lo_live_redocument(l);

    return 1;
}


/* everything is here: the record is this node's from now on */

static void
ngx_live_origin_learnt_store(ngx_live_origin_learnt_t *le)
{
    int                       rc;
    lo_word_t                 word;
    lo_live_t                *l;
    ngx_uint_t                i, index, own;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *e;

    zone = le->share->zone;
    l = malloc(sizeof(lo_live_t));
    e = l ? ngx_live_origin_learnt_event(le) : NULL;
    rc = LO_NONE;
    own = 0;

    for (i = 0; e && i < NGX_LIVE_ORIGIN_SHARE_TRIES; i++) {

        index = e->index;
        ngx_memcpy(l, e->live, lo_live_len(e->live));

        if (!ngx_live_origin_learnt_change(le, l)) {
            break;
        }

        rc = ngx_live_origin_event_store(zone, index, e->live_word, l, &word);

        if (rc == LO_OK) {
            own = l->serial != l->agreed;
            ngx_live_origin_event_stored(zone, e, word, l, e->live->phase);
        }

        if (rc != LO_AGAIN) {
            break;
        }

        e = ngx_live_origin_event_get(zone, index);
    }

    if (e && rc == LO_OK) {

        /* who waits may have something to be told by now: an end, a mask */

        for (i = 0; i < l->ntracks; i++) {

            if (ngx_live_origin_track_of(zone, &l->tracks[i])) {
                ngx_live_origin_hold_publish(zone, l->tracks[i].ring);
            }
        }

        if (own) {
            ngx_live_origin_share_event(zone, e->index);
        }

    } else if (e && le->took) {
        (void) ngx_live_origin_event_change(zone, e,
                                            ngx_live_origin_learnt_stamp, le);
    }

    free(l);
}


/* fetches the next init that this node has not got; NGX_DONE: there is none */

static ngx_int_t
ngx_live_origin_learnt_next(ngx_live_origin_learnt_t *le)
{
    char                      key[NGX_LIVE_ORIGIN_KEY_MAX];
    int                       index;
    lo_buf_t                  b;
    const char               *argv[2];
    ngx_live_origin_share_t  *sh;
    ngx_live_origin_event_t  *e;

    sh = le->share;
    index = lo_zone_event_find(sh->zone->z, lo_cstr(le->id));
    e = index < 0 ? NULL : ngx_live_origin_event_get(sh->zone, index);

    for ( /* void */ ; le->next < le->live->ninits; le->next++) {

        if (e && ngx_live_origin_share_init_word(e->live,
                     le->live->inits[le->next].digest))
        {
            continue;
        }

        lo_buf_init(&b, key, sizeof(key));
        ngx_live_origin_key_init(&b, &sh->conf->prefix, lo_cstr(le->id),
                                 le->live->inits[le->next].digest);

        argv[0] = "GET";
        argv[1] = key;
        le->op.handler = ngx_live_origin_learnt_init;

        return ngx_live_origin_share_command(sh, &le->op, 2, argv, NULL);
    }

    return NGX_DONE;
}


static void
ngx_live_origin_learnt_go(ngx_live_origin_learnt_t *le)
{
    int                             index;
    ngx_live_origin_share_t        *sh;
    ngx_live_origin_share_event_t  *st;

    sh = le->share;

    switch (sh->closing ? NGX_ERROR : ngx_live_origin_learnt_next(le)) {

    case NGX_OK:
        return;

    case NGX_DONE:
        ngx_live_origin_learnt_store(le);
        break;
    }

    index = lo_zone_event_find(sh->zone->z, lo_cstr(le->id));
    st = index < 0 ? NULL : ngx_live_origin_share_of(sh, index);

    ngx_live_origin_learnt_free(le);

    if (st && !st->asking && !sh->closing) {
        ngx_live_origin_share_wanted(sh, index, st);
        ngx_live_origin_share_walk_on(sh);
    }
}


static void
ngx_live_origin_learnt_init(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    unsigned char              digest[16];
    ngx_live_origin_learnt_t  *le = (ngx_live_origin_learnt_t *) op;
    ngx_live_origin_event_t   *e;

    if (le->share->closing || reply == NULL
        || reply->type != REDIS_REPLY_STRING)
    {
        /* without its inits a record is of no use: at the next walk */

        ngx_live_origin_learnt_free(le);
        return;
    }

    if (ngx_live_origin_learnt_row(le->share, le->id) != le->row) {
        ngx_live_origin_share_learn(le->share, lo_cstr(le->id));
        ngx_live_origin_learnt_free(le);
        return;
    }

    lo_zone_digest(digest, reply->str, reply->len);

    e = ngx_live_origin_learnt_event(le);

    if (e && lo_zone_digest_first(digest) == le->live->inits[le->next].digest) {
        le->words[le->next] = lo_zone_put(le->share->zone->z, e->index,
                                          LO_KIND_INIT, reply->str,
                                          reply->len);
    }

    if (le->words[le->next] == 0) {
        ngx_live_origin_learnt_free(le);
        return;
    }

    le->next++;
    ngx_live_origin_learnt_go(le);
}


static void
ngx_live_origin_learnt_doc(ngx_live_origin_learnt_t *le, redisReply **got,
    size_t n)
{
    lo_str_t     s;
    redisReply  *doc, *us;

    doc = got[1];
    us = n > 2 ? got[2] : NULL;

    le->doc_us = le->live->doc_us;

    if (us && us->type == REDIS_REPLY_STRING) {
        s.data = (u_char *) us->str;
        s.len = us->len;
        le->doc_us = lo_share_number(s);
    }

    if (doc->type == REDIS_REPLY_STRING && doc->len <= LO_EVENT_DOC_MAX) {

        le->doc = malloc(doc->len + 1);

        if (le->doc) {
            ngx_memcpy(le->doc, doc->str, doc->len);
            le->doc_len = doc->len;
        }
    }
}


ngx_int_t
ngx_live_origin_share_adopt(ngx_live_origin_share_t *sh, const char *id,
    redisReply **got, size_t n)
{
    lo_err_t                   err;
    redisReply                *live;
    ngx_live_origin_learnt_t  *le;

    live = got[0];

    if (live->type != REDIS_REPLY_STRING || live->len > sizeof(lo_live_t)) {
        return NGX_ERROR;
    }

    le = calloc(1, sizeof(ngx_live_origin_learnt_t));
    if (le == NULL) {
        return NGX_ERROR;
    }

    le->share = sh;
    le->live = calloc(1, sizeof(lo_live_t));
    ngx_memcpy(le->id, id, ngx_strlen(id));
    le->row = ngx_live_origin_learnt_row(sh, le->id);

    if (le->live) {
        ngx_memcpy(le->live, live->str, live->len);
    }

    if (le->live == NULL || lo_live_check(le->live, live->len, &err) != LO_OK) {
        ngx_log_error(NGX_LOG_ERR, sh->zone->log, 0,
                      "event \"%s\" in redis: %s", id,
                      le->live ? err.text : "no memory");
        ngx_live_origin_learnt_free(le);
        return NGX_ERROR;
    }

    if (ngx_live_origin_share_is_gone(sh, le->live->life)) {
        ngx_live_origin_learnt_free(le);
        return NGX_DECLINED;
    }

    ngx_live_origin_learnt_doc(le, got, n);
    ngx_live_origin_learnt_go(le);

    return NGX_OK;
}


static void
ngx_live_origin_share_has_read(ngx_live_origin_redis_op_t *op,
    redisReply *reply)
{
    int                             index;
    ngx_int_t                       rc;
    ngx_live_origin_share_t        *sh;
    ngx_live_origin_reading_t      *rd = (ngx_live_origin_reading_t *) op;
    ngx_live_origin_share_event_t  *st;

    sh = rd->share;
    rc = NGX_OK;

    if (ngx_live_origin_learnt_row(sh, rd->id) != rd->row) {

        if (!sh->closing && reply) {
            ngx_live_origin_share_learn(sh, lo_cstr(rd->id));
        }

        free(rd);
        return;
    }

    if (!sh->closing && reply && reply->type == REDIS_REPLY_ARRAY
        && reply->elements > 1)
    {
        if (reply->element[0]->type == REDIS_REPLY_NIL) {

            /* it has expired, or was deleted: nobody looks for it again */

            ngx_live_origin_share_list(sh, "SREM", lo_cstr(rd->id));
            ngx_live_origin_share_walk_skip(sh, rd->id);

        } else {
            rc = ngx_live_origin_share_adopt(sh, rd->id, reply->element,
                                             reply->elements);
        }
    }

    /* where there was none, nobody waits for its turn */

    index = rd->row ? lo_zone_event_find(sh->zone->z, lo_cstr(rd->id)) : -1;
    st = index < 0 ? NULL : ngx_live_origin_share_of(sh, index);

    if (st && st->asking) {
        st->learn |= (rc == NGX_DECLINED);
        ngx_live_origin_share_next(sh, index, st->row);
    }

    free(rd);
}


void
ngx_live_origin_share_learn(ngx_live_origin_share_t *sh, lo_str_t id)
{
    char                            key[NGX_LIVE_ORIGIN_KEY_MAX];
    int                             index;
    lo_buf_t                        b;
    const char                     *argv[5];
    ngx_live_origin_reading_t      *rd;
    ngx_live_origin_share_event_t  *st;

    index = lo_zone_event_find(sh->zone->z, id);
    st = index < 0 ? NULL : ngx_live_origin_share_of(sh, index);

    if (st && st->asking) {
        st->learn = 1;
        return;
    }

    rd = calloc(1, sizeof(ngx_live_origin_reading_t));
    if (rd == NULL) {
        return;
    }

    rd->op.handler = ngx_live_origin_share_has_read;
    rd->share = sh;
    ngx_memcpy(rd->id, id.data, id.len);
    rd->row = ngx_live_origin_learnt_row(sh, rd->id);

    lo_buf_init(&b, key, sizeof(key));
    ngx_live_origin_key_event(&b, &sh->conf->prefix, id);

    argv[0] = "HMGET";
    argv[1] = key;
    argv[2] = "live";
    argv[3] = "doc";
    argv[4] = "doc_us";

    if (ngx_live_origin_share_command(sh, &rd->op, 5, argv, NULL) != NGX_OK) {
        free(rd);
        return;
    }

    if (st) {
        st->asking = 1;
    }
}
