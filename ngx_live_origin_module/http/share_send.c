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
ngx_live_origin_say_of(ngx_live_origin_say_t *s, ngx_live_origin_share_t *sh,
    const lo_zone_event_t *ze, ngx_uint_t index, const lo_live_t *l,
    ngx_uint_t track, ngx_uint_t pipeline)
{
    s->share = sh;
    s->event = ze->id;
    s->index = index;
    s->live = l;
    s->track = l->tracks[track].id;
    s->pipeline = l->pipelines[pipeline];
}


void
ngx_live_origin_say_what(ngx_live_origin_say_t *s, int64_t number,
    const lo_zone_meta_t *meta, const u_char *digest, uint64_t size)
{
    lo_share_segment_t  *seg;

    s->number = number;
    seg = &s->seg;

    ngx_memcpy(seg->digest, digest, 16);
    seg->size = size;
    seg->parts = lo_share_parts(size);
    seg->meta = *meta;
    strcpy(seg->node, s->share->node);
}


/* all parts but the last, of which the script makes sure that they are there */

static ngx_int_t
ngx_live_origin_say_parts(ngx_live_origin_say_t *s, const char *base,
    const char *ttl)
{
    char         key[NGX_LIVE_ORIGIN_KEY_MAX + 16];
    size_t       lens[5];
    uint32_t     i;
    ngx_int_t    rc;
    const char  *argv[5];

    for (i = 0; i + 1 < s->seg.parts; i++) {

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

        rc = ngx_live_origin_share_tell(s->share, NULL, 0, 5, argv, lens);

        if (rc != NGX_OK) {
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
    ngx_sprintf((u_char *) rank, "%uD%Z", s->seg.meta.rank);
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


static void
ngx_live_origin_share_sent(ngx_live_origin_redis_op_t *op, redisReply *reply)
{
    ngx_live_origin_sent_t   *s = (ngx_live_origin_sent_t *) op;
    ngx_live_origin_share_t  *sh;

    sh = s->share;

    if (!sh->closing) {

        if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
            && reply->element[1]->type == REDIS_REPLY_STRING)
        {
            ngx_live_origin_sent_taken(s, reply->element[1]);

        } else {
            ngx_live_origin_share_complain(sh, "a segment is not taken",
                                           reply && reply->str ? reply->str
                                           : op->error ? op->error : "");

            /* what Redis lacks is found by a walk, if it is a candidate still */

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
    bytes = malloc(pin.object->size + 1);

    if (bytes) {
        (void) lo_zone_read(sh->zone->z, pin.word, bytes, pin.object->size);
    }

    ngx_live_origin_say_of(&s, sh, ze, index, e->live, track, pipeline);
    ngx_live_origin_say_what(&s, number, &pin.object->meta, pin.object->digest,
                             pin.object->size);
    s.bytes = bytes;

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
