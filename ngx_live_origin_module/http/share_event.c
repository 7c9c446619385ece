/*
 * Live states, with which documents go (share_document.c).  Redis holds one
 * record of an event that all nodes have agreed on, numbered by its serial.
 * What a request would change is proposed: written there, if nobody was faster,
 * and only then here.  What cannot wait any longer, and documents, are written
 * here and handed on.  Who was beaten learns the other's record (lo_live_adopt)
 * and, where something of its own is left, asks again.
 */

#include <openssl/rand.h>

#include "http/share.h"


typedef struct {
    ngx_live_origin_redis_op_t   op;
    ngx_live_origin_share_t     *share;
    ngx_uint_t                   index;
    uint64_t                     row;
    lo_word_t                    base;      /* the record that live follows */
    unsigned                     proposal:1;
    uint32_t                     inits;
    lo_live_t                   *live;
} ngx_live_origin_asked_t;


static void ngx_live_origin_share_answered(ngx_live_origin_redis_op_t *op,
    redisReply *reply);


/* ---- asking */

/* takes over l */

static ngx_int_t
ngx_live_origin_share_ask(ngx_live_origin_share_t *sh,
    ngx_live_origin_event_t *event, lo_live_t *l, ngx_uint_t proposal)
{
    char                            key[NGX_LIVE_ORIGIN_KEY_MAX];
    char                            news[LO_SHARE_NEWS];
    char                            life[24], base[24], serial[24];
    char                            doc_us[24], ttl[24];
    char                            stamps[2][24];
    size_t                          lens[12], doc_len;
    u_char                         *doc;
    lo_buf_t                        b;
    lo_str_t                        id;
    ngx_int_t                       rc;
    ngx_uint_t                      i;
    uint64_t                        base_stamp;
    const char                     *argv[12];
    lo_live_t                      *record;
    lo_zone_event_t                *ze;
    ngx_live_origin_asked_t        *a;
    ngx_live_origin_share_event_t  *st;

    st = ngx_live_origin_share_of(sh, event->index);
    ze = lo_zone_event(sh->zone->z, event->index);

    a = calloc(1, sizeof(ngx_live_origin_asked_t));
    record = malloc(sizeof(lo_live_t));
    doc = ngx_live_origin_share_doc(sh->zone, event, &doc_len);

    if (a == NULL || record == NULL || doc == NULL || st == NULL || ze == NULL)
    {
        rc = NGX_ERROR;
        goto failed;
    }

    id = lo_cstr(ze->id);

    while (l->life == 0) {
        (void) RAND_bytes((u_char *) &l->life, sizeof(l->life));
    }

    base_stamp = l->stamp;

    if (l->serial != l->agreed) {
        (void) RAND_bytes((u_char *) &l->stamp, sizeof(l->stamp));
    }

    if (!st->listed) {
        ngx_live_origin_share_list(sh, "SADD", id);
        st->listed = 1;
    }

    rc = ngx_live_origin_share_inits(sh, id, l, st->inits);
    if (rc != NGX_OK) {
        goto failed;
    }

    ngx_memcpy(record, l, lo_live_len(l));
    record->agreed = record->serial;
    lo_live_strip(record);

    lo_buf_init(&b, key, sizeof(key));
    ngx_live_origin_key_event(&b, &sh->conf->prefix, id);
    (void) snprintf(news, sizeof(news), "event %s %s", ze->id, sh->node);
    ngx_sprintf((u_char *) life, "%uL%Z", l->life);
    ngx_sprintf((u_char *) base, "%uL%Z", l->agreed);
    ngx_sprintf((u_char *) serial, "%uL%Z", l->serial);
    ngx_sprintf((u_char *) doc_us, "%L%Z",
                doc_len ? l->doc_us : NGX_LIVE_ORIGIN_SHARE_NO_DOC);
    ngx_sprintf((u_char *) ttl, "%L%Z",
                ngx_live_origin_share_ttl(l, NGX_LIVE_ORIGIN_SHARE_LEAST));

    argv[0] = key;
    argv[1] = life;
    argv[2] = base;
    argv[3] = serial;
    argv[4] = (char *) record;
    argv[5] = doc_us;
    argv[6] = (char *) doc;
    argv[7] = ttl;
    argv[8] = sh->channel;
    argv[9] = news;
    argv[10] = stamps[0];
    argv[11] = stamps[1];

    ngx_sprintf((u_char *) stamps[0], "%uL%Z", base_stamp);
    ngx_sprintf((u_char *) stamps[1], "%uL%Z", l->stamp);

    for (i = 0; i < 12; i++) {
        lens[i] = i == 4 ? lo_live_len(record)
                         : i == 6 ? doc_len : ngx_strlen(argv[i]);
    }

    a->op.handler = ngx_live_origin_share_answered;
    a->share = sh;
    a->index = event->index;
    a->row = st->row;
    a->base = event->live_word;
    a->proposal = proposal;
    a->inits = l->next_init;
    a->live = l;

    rc = ngx_live_origin_redis_eval(sh->rd, &a->op,
                                    &ngx_live_origin_script_event, 1, 12, argv,
                                    lens);
    if (rc == NGX_OK) {
        st->asking = 1;
        st->again = 0;
        free(record);
        free(doc);

        return NGX_OK;
    }

failed:

    free(a);
    free(record);
    free(doc);
    free(l);

    return rc;
}


static lo_live_t *
ngx_live_origin_share_copy(const lo_live_t *l)
{
    lo_live_t  *copy;

    copy = malloc(sizeof(lo_live_t));

    if (copy) {
        ngx_memcpy(copy, l, lo_live_len(l));
    }

    return copy;
}


static void
ngx_live_origin_share_pause(ngx_live_origin_share_event_t *st)
{
    st->pause_us = ngx_live_origin_mono() + NGX_LIVE_ORIGIN_SHARE_PAUSE;
}


ngx_uint_t
ngx_live_origin_share_asking(ngx_live_origin_zone_t *zone, ngx_uint_t index)
{
    ngx_live_origin_share_event_t  *st;

    if (!ngx_live_origin_share_up(zone)) {
        return 0;
    }

    st = ngx_live_origin_share_of(zone->share, index);

    return st && (st->asking || ngx_live_origin_mono() < st->pause_us);
}


int
ngx_live_origin_share_propose(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_live_t *l)
{
    lo_live_t                      *copy;
    ngx_live_origin_share_event_t  *st;

    st = ngx_live_origin_share_of(zone->share, event->index);

    if (st == NULL || ngx_live_origin_share_asking(zone, event->index)) {
        return LO_AGAIN;
    }

    copy = ngx_live_origin_share_copy(l);

    if (copy == NULL) {
        return LO_FULL;
    }

    if (ngx_live_origin_share_ask(zone->share, event, copy, 1) != NGX_OK) {
        ngx_live_origin_share_pause(st);
    }

    return LO_AGAIN;
}


void
ngx_live_origin_share_event(ngx_live_origin_zone_t *zone, ngx_uint_t index)
{
    lo_live_t                      *copy;
    ngx_live_origin_event_t        *e;
    ngx_live_origin_share_event_t  *st;

    if (!ngx_live_origin_share_up(zone)) {
        return;
    }

    e = ngx_live_origin_event_get(zone, index);
    st = ngx_live_origin_share_of(zone->share, index);

    if (e == NULL || st == NULL) {
        return;
    }

    if (st->asking) {
        st->again = 1;
        return;
    }

    copy = ngx_live_origin_share_copy(e->live);

    if (copy) {
        (void) ngx_live_origin_share_ask(zone->share, e, copy, 0);
    }
}


/* ---- the answer */

/*
 * Others have this node's record now: that is noted in it, whatever it has
 * become meanwhile.
 */

static void
ngx_live_origin_share_agreed(ngx_live_origin_asked_t *a)
{
    int                       rc;
    uint64_t                  serial;
    lo_word_t                 word, old;
    lo_live_t                *l;
    ngx_uint_t                i;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *e;

    zone = a->share->zone;
    serial = a->live->serial;

    for (i = 0; i < NGX_LIVE_ORIGIN_SHARE_TRIES; i++) {

        e = ngx_live_origin_event_get(zone, a->index);

        if (e == NULL || (e->live->agreed >= serial
                          && e->live->life == a->live->life))
        {
            return;
        }

        old = e->live_word;

        if (a->proposal && old == a->base) {
            l = ngx_live_origin_share_copy(a->live);

        } else if (a->proposal) {

            /* an operator's change came between: both are kept */

            l = malloc(sizeof(lo_live_t));

            if (l) {
                ngx_memcpy(l, e->live, lo_live_len(e->live));
                a->live->agreed = serial;
                (void) lo_live_adopt(l, a->live);
            }

        } else {
            l = ngx_live_origin_share_copy(e->live);
        }

        if (l == NULL) {
            return;
        }

        l->agreed = serial;
        l->stamp = a->live->stamp;
        l->life = a->live->life;

        rc = ngx_live_origin_event_store(zone, a->index, old, l, &word);

        if (rc == LO_OK) {
            ngx_live_origin_event_stored(zone, e, word, l, e->live->phase);
        }

        free(l);

        if (rc != LO_AGAIN) {
            return;
        }
    }
}


void
ngx_live_origin_share_wanted(ngx_live_origin_share_t *sh, ngx_uint_t index,
    ngx_live_origin_share_event_t *st)
{
    ngx_uint_t                 i, n;
    ngx_live_origin_wanted_t   wanted[NGX_LIVE_ORIGIN_SHARE_WANTED];

    n = st->nwanted;
    ngx_memcpy(wanted, st->wanted, n * sizeof(ngx_live_origin_wanted_t));
    st->nwanted = 0;

    for (i = 0; i < n; i++) {
        ngx_live_origin_share_refetch(sh, index, &wanted[i]);
    }
}


/* the event's turn is over: what has come up meanwhile */

void
ngx_live_origin_share_next(ngx_live_origin_share_t *sh, ngx_uint_t index,
    uint64_t row)
{
    const char                     *id;
    ngx_live_origin_share_event_t  *st;

    st = ngx_live_origin_share_of(sh, index);

    if (st == NULL || st->row != row) {
        return;
    }

    st->asking = 0;

    if (sh->closing) {
        return;
    }

    if (st->learn) {
        st->learn = 0;
        id = ngx_live_origin_share_id(sh, index, row);

        if (id) {
            ngx_live_origin_share_learn(sh, lo_cstr(id));
        }

    } else if (st->again) {
        ngx_live_origin_share_event(sh->zone, index);
    }

    if (!st->asking) {
        ngx_live_origin_share_wanted(sh, index, st);
        ngx_live_origin_share_walk_on(sh);
    }
}


/* this life of it is over; there may be another by now.  id lies in what is
   removed */

static void
ngx_live_origin_share_ended(ngx_live_origin_share_t *sh, const char *id,
    uint64_t life)
{
    char  name[LO_ID_MAX + 1];

    ngx_memcpy(name, id, ngx_strlen(id) + 1);

    ngx_live_origin_share_deleted(sh, lo_cstr(name), life);

    if (!sh->closing) {
        ngx_live_origin_share_learn(sh, lo_cstr(name));
    }
}


static void
ngx_live_origin_share_answered(ngx_live_origin_redis_op_t *op,
    redisReply *reply)
{
    const char                     *id;
    ngx_int_t                       rc;
    redisReply                     *r;
    ngx_live_origin_asked_t        *a = (ngx_live_origin_asked_t *) op;
    ngx_live_origin_share_t        *sh;
    ngx_live_origin_share_event_t  *st;

    sh = a->share;
    id = ngx_live_origin_share_id(sh, a->index, a->row);

    if (id && reply && reply->type == REDIS_REPLY_ARRAY && reply->elements
        && reply->element[0]->type == REDIS_REPLY_STRING)
    {
        r = reply->element[0];
        st = ngx_live_origin_share_of(sh, a->index);

        if (ngx_strcmp(r->str, "ok") == 0) {
            ngx_live_origin_share_agreed(a);

            if (st) {
                st->inits = a->inits;
            }

        } else if (ngx_strcmp(r->str, "gone") == 0) {
            ngx_live_origin_share_ended(sh, id, a->live->life);

        } else if (reply->elements > 2) {
            rc = ngx_live_origin_share_adopt(sh, id, reply->element + 1,
                                             reply->elements - 1);

            if (rc == NGX_DECLINED && st) {
                st->again = 1;

            } else if (rc != NGX_OK && st) {
                ngx_live_origin_share_pause(st);
            }
        }

    } else if (id) {

        st = ngx_live_origin_share_of(sh, a->index);

        if (st) {
            ngx_live_origin_share_pause(st);
        }
    }

    if (id && reply && reply->type == REDIS_REPLY_ERROR) {
        ngx_live_origin_share_complain(sh, "the state of an event is refused",
                                       reply->str);
    }

    ngx_live_origin_share_next(sh, a->index, a->row);

    free(a->live);
    free(a);
}
