/*
 * How a segment is told to Redis, and the segments that are told behind their
 * 201.  Bytes are copied from the zone's pages when they are sent; nothing of
 * the zone is kept for the reply.
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
    ngx_live_origin_share_got_pt   got;
    void                          *data;
} ngx_live_origin_sent_t;


void
ngx_live_origin_share_segment(lo_share_segment_t *s,
    const lo_zone_meta_t *meta, const u_char *digest, uint64_t size,
    const char *node)
{
    s->rank = meta->rank;
    ngx_memcpy(s->digest, digest, 16);
    s->size = size;
    s->parts = lo_share_parts(size);
    s->m = meta->m;
    s->tfdt = meta->tfdt;
    s->duration = meta->duration;
    s->timescale = meta->timescale;
    s->init = meta->init;
    s->run = meta->run;
    s->verdict = meta->verdict;
    ngx_memcpy(s->ms, meta->ms, sizeof(s->ms));
    s->first_us = meta->first_us;
    s->last_us = meta->last_us;
    s->chunks = meta->chunks;
    s->flags = meta->flags;
    strcpy(s->node, node);
}


/* all parts but the last, of which the script makes sure that they are there */

static ngx_int_t
ngx_live_origin_say_parts(ngx_live_origin_say_t *s, const char *base,
    const char *ttl)
{
    char                         key[NGX_LIVE_ORIGIN_KEY_MAX + 16];
    size_t                       lens[5];
    uint32_t                     i;
    ngx_int_t                    rc;
    ngx_str_t                    name;
    const char                  *argv[5];
    ngx_live_origin_redis_op_t  *op;

    for (i = 0; i + 1 < s->seg.parts; i++) {

        op = calloc(1, sizeof(ngx_live_origin_redis_op_t));
        if (op == NULL) {
            return NGX_ERROR;
        }

        op->handler = ngx_live_origin_share_forgotten;
        (void) snprintf(key, sizeof(key), "%s%u", base, i);

        argv[0] = "SET";
        argv[1] = key;
        argv[2] = (char *) s->bytes + (size_t) i * LO_SHARE_PART;
        argv[3] = "PX";
        argv[4] = ttl;

        lens[0] = 3;
        lens[1] = ngx_strlen(key);
        lens[2] = LO_SHARE_PART;
        lens[3] = 2;
        lens[4] = ngx_strlen(ttl);

        name.data = (u_char *) key;
        name.len = lens[1];

        rc = ngx_live_origin_redis_command(s->share->rd, op, &name, 5, argv,
                                           lens);
        if (rc != NGX_OK) {
            free(op);
            return rc;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_say_segment(ngx_live_origin_say_t *s,
    ngx_live_origin_redis_op_t *op, char key[NGX_LIVE_ORIGIN_KEY_MAX])
{
    char         base[NGX_LIVE_ORIGIN_KEY_MAX], news[LO_SHARE_NEWS];
    char         line[LO_SHARE_LINE], number[24], rank[16], digest[33];
    char         parts[16], ttl[24], ttl_index[24], gone[24];
    size_t       lens[14], from;
    lo_buf_t     b;
    ngx_int_t    rc;
    ngx_uint_t   i;
    const char  *argv[14];

    lo_buf_init(&b, key, NGX_LIVE_ORIGIN_KEY_MAX);
    ngx_live_origin_key_track(&b, &s->share->conf->prefix, lo_cstr(s->event),
                              lo_cstr(s->track));
    lo_buf_init(&b, base, sizeof(base));
    ngx_live_origin_key_parts(&b, &s->share->conf->prefix, lo_cstr(s->event),
                              lo_cstr(s->track), s->number, s->seg.digest);

    lo_buf_init(&b, line, sizeof(line) - 1);
    lo_share_write(&b, &s->seg);
    *b.pos = '\0';

    (void) snprintf(news, sizeof(news), "segment %s %s %s %lld %s", s->event,
                    s->share->node, s->track, (long long) s->number,
                    s->pipeline);

    ngx_sprintf((u_char *) number, "%L%Z", s->number);
    ngx_sprintf((u_char *) rank, "%uD%Z", s->seg.rank);
    *ngx_hex_dump((u_char *) digest, s->seg.digest, 16) = '\0';
    ngx_sprintf((u_char *) parts, "%uD%Z", s->seg.parts);
    ngx_sprintf((u_char *) ttl, "%L%Z",
                ngx_live_origin_share_ttl(s->live, 60000));
    ngx_sprintf((u_char *) ttl_index, "%L%Z",
                ngx_live_origin_share_ttl(s->live,
                                          NGX_LIVE_ORIGIN_SHARE_LEAST));
    ngx_sprintf((u_char *) gone, "%L%Z",
                s->number - ngx_live_origin_ring_cap(s->share->zone, s->index,
                                                     s->live));

    rc = ngx_live_origin_say_parts(s, base, ttl);
    if (rc != NGX_OK) {
        return rc;
    }

    from = (size_t) (s->seg.parts - 1) * LO_SHARE_PART;

    argv[0] = key;
    argv[1] = number;
    argv[2] = s->pipeline;
    argv[3] = line;
    argv[4] = rank;
    argv[5] = digest;
    argv[6] = parts;
    argv[7] = base;
    argv[8] = ttl;
    argv[9] = ttl_index;
    argv[10] = gone;
    argv[11] = s->share->channel;
    argv[12] = news;
    argv[13] = (char *) s->bytes + from;

    for (i = 0; i < 13; i++) {
        lens[i] = ngx_strlen(argv[i]);
    }

    lens[13] = s->seg.size - from;

    return ngx_live_origin_redis_eval(s->share->rd, op,
                                      &ngx_live_origin_script_put, 1, 14, argv,
                                      lens);
}


/* ---- behind it: what the zone has */

static void
ngx_live_origin_share_sent(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    int                       index;
    redisReply               *chosen;
    ngx_uint_t                i;
    ngx_live_origin_sent_t   *s = (ngx_live_origin_sent_t *) op;
    ngx_live_origin_share_t  *sh;
    ngx_live_origin_event_t  *e;

    sh = s->share;
    index = s->index;

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        ngx_log_error(NGX_LOG_ERR, sh->zone->log, 0,
                      "redis does not take a segment: %s", reply->str);
    }

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
        && reply->element[1]->type == REDIS_REPLY_STRING && !sh->closing
        && ngx_live_origin_share_id(sh, index, s->row))
    {
        chosen = reply->element[1];
        e = ngx_live_origin_event_get(sh->zone, index);

        for (i = 0; e && i < e->live->npipelines; i++) {
            if (ngx_strcmp(e->live->pipelines[i], chosen->str) == 0
                && lo_zone_choose(sh->zone->z, s->ring, s->number, i) != LO_OK
                && s->track < e->live->ntracks)
            {
                (void) ngx_live_origin_share_fetch(sh, index,
                           lo_cstr(e->live->tracks[s->track].id), s->number,
                           NULL, NULL, NULL);
                break;
            }
        }
    }

    if (reply && reply->type == REDIS_REPLY_ARRAY) {
        sh->zone->cells[NGX_LIVE_ORIGIN_CELL_SHARE_SENT]++;
    }

    if (s->got) {
        s->got(s->data);
    }

    free(s);
}


static u_char *
ngx_live_origin_share_bytes(lo_zone_t *z, const lo_zone_pin_t *pin)
{
    size_t             n;
    u_char            *bytes, *p, *from;
    lo_zone_cursor_t   cur;

    bytes = malloc(pin->object->size + 1);
    p = bytes;

    lo_zone_seek(z, pin->object, 0, pin->object->size, &cur);

    while (p && (n = lo_zone_span(z, &cur, &from)) > 0) {
        p = ngx_cpymem(p, from, n);
    }

    return bytes;
}


ngx_int_t
ngx_live_origin_share_send(ngx_live_origin_share_t *sh, ngx_uint_t index,
    ngx_uint_t track, int64_t number, ngx_uint_t pipeline,
    ngx_live_origin_share_got_pt got, void *data)
{
    char                            key[NGX_LIVE_ORIGIN_KEY_MAX];
    u_char                         *bytes;
    ngx_int_t                       rc;
    lo_zone_pin_t                   pin;
    lo_zone_event_t                *ze;
    ngx_live_origin_say_t           s;
    ngx_live_origin_sent_t         *sent;
    ngx_live_origin_event_t        *e;
    ngx_live_origin_share_event_t  *st;

    e = ngx_live_origin_event_get(sh->zone, index);
    ze = lo_zone_event(sh->zone->z, index);
    st = ngx_live_origin_share_of(sh, index);

    if (e == NULL || ze == NULL || st == NULL
        || !ngx_live_origin_share_up(sh->zone) || track >= e->live->ntracks
        || pipeline >= e->live->npipelines
        || lo_zone_candidate(sh->zone->z, e->live->tracks[track].ring, number,
                             pipeline, &pin)
           != LO_OK)
    {
        return NGX_DECLINED;
    }

    sent = calloc(1, sizeof(ngx_live_origin_sent_t));
    bytes = ngx_live_origin_share_bytes(sh->zone->z, &pin);

    s.share = sh;
    s.event = ze->id;
    s.track = e->live->tracks[track].id;
    s.pipeline = e->live->pipelines[pipeline];
    s.live = e->live;
    s.index = index;
    s.number = number;
    s.bytes = bytes;
    ngx_live_origin_share_segment(&s.seg, &pin.object->meta,
                                  pin.object->digest, pin.object->size,
                                  sh->node);

    lo_zone_unpin(sh->zone->z, &pin);

    if (sent == NULL || bytes == NULL) {
        free(sent);
        free(bytes);
        return NGX_ERROR;
    }

    sent->op.handler = ngx_live_origin_share_sent;
    sent->share = sh;
    sent->index = index;
    sent->row = st->row;
    sent->number = number;
    sent->track = track;
    sent->ring = e->live->tracks[track].ring;
    sent->got = got;
    sent->data = data;

    rc = ngx_live_origin_say_segment(&s, &sent->op, key);

    free(bytes);

    if (rc != NGX_OK) {
        free(sent);
    }

    return rc;
}


/* ---- numbers that are listed as GAP */

void
ngx_live_origin_share_gap(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_str_t track, int64_t number)
{
    char                         key[NGX_LIVE_ORIGIN_KEY_MAX];
    char                         n[24], ttl[24], news[LO_SHARE_NEWS];
    size_t                       lens[5];
    lo_buf_t                     b;
    ngx_uint_t                   i;
    const char                  *argv[5];
    lo_zone_event_t             *ze;
    ngx_live_origin_share_t     *sh;
    ngx_live_origin_redis_op_t  *op;

    sh = zone->share;
    ze = lo_zone_event(zone->z, index);

    if (ze == NULL || !ngx_live_origin_share_up(zone)) {
        return;
    }

    op = calloc(1, sizeof(ngx_live_origin_redis_op_t));
    if (op == NULL) {
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

    for (i = 0; i < 5; i++) {
        lens[i] = ngx_strlen(argv[i]);
    }

    op->handler = ngx_live_origin_share_forgotten;

    if (ngx_live_origin_redis_eval(sh->rd, op, &ngx_live_origin_script_gap, 1,
                                   5, argv, lens)
        != NGX_OK)
    {
        free(op);
    }
}
