/* How a segment is told to Redis: its parts, and one script with its line. */

#include "http/share.h"


#define NGX_LIVE_ORIGIN_SAY_WORDS  15
#define NGX_LIVE_ORIGIN_SAY_WHOLE  64           /* parts, through a script */


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
    s->whole = 0;
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


/* what the script is told, as strings */

typedef struct {
    char  base[NGX_LIVE_ORIGIN_KEY_MAX];
    char  event[NGX_LIVE_ORIGIN_KEY_MAX];
    char  news[LO_SHARE_NEWS];
    char  line[LO_SHARE_LINE];
    char  number[24];
    char  rank[16];
    char  digest[33];
    char  parts[16];
    char  ttl[24];
    char  ttl_index[24];
    char  left[24];
    char  life[24];
} ngx_live_origin_said_t;


static size_t
ngx_live_origin_say_part(ngx_live_origin_say_t *s, uint32_t part,
    const char **bytes)
{
    size_t  from;

    from = (size_t) part * LO_SHARE_PART;
    *bytes = (char *) s->bytes + from;

    return ngx_min(s->seg.size - from, LO_SHARE_PART);
}


/* before the script, which makes sure that they are there */

static ngx_int_t
ngx_live_origin_say_parts(ngx_live_origin_say_t *s, const char *base,
    const char *ttl)
{
    char         key[NGX_LIVE_ORIGIN_KEY_MAX + 16];
    size_t       lens[5];
    uint32_t     i;
    ngx_int_t    rc;
    const char  *argv[5];

    for (i = 0; i < s->seg.parts; i++) {

        (void) snprintf(key, sizeof(key), "%s%u", base, i);

        argv[0] = "SET";
        argv[1] = key;
        argv[3] = "PX";
        argv[4] = ttl;

        lens[0] = 3;
        lens[1] = ngx_strlen(key);
        lens[2] = ngx_live_origin_say_part(s, i, &argv[2]);
        lens[3] = 2;
        lens[4] = ngx_strlen(ttl);

        rc = ngx_live_origin_share_tell(s->share, NULL, 0, 5, argv, lens);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static void
ngx_live_origin_say_words(ngx_live_origin_say_t *s, ngx_live_origin_said_t *w,
    char key[NGX_LIVE_ORIGIN_KEY_MAX])
{
    lo_buf_t          b;
    const ngx_str_t  *prefix;

    prefix = &s->share->conf->prefix;

    lo_buf_init(&b, key, NGX_LIVE_ORIGIN_KEY_MAX);
    ngx_live_origin_key_track(&b, prefix, lo_cstr(s->event),
                              lo_cstr(s->track));
    lo_buf_init(&b, w->event, sizeof(w->event));
    ngx_live_origin_key_event(&b, prefix, lo_cstr(s->event));
    lo_buf_init(&b, w->base, sizeof(w->base));
    ngx_live_origin_key_parts(&b, prefix, lo_cstr(s->event),
                              lo_cstr(s->track), s->number, s->seg.digest);

    lo_buf_init(&b, w->line, sizeof(w->line) - 1);
    lo_share_write(&b, &s->seg);
    *b.pos = '\0';

    (void) snprintf(w->news, sizeof(w->news), "segment %s %s %s %lld %s",
                    s->event, s->share->node, s->track,
                    (long long) s->number, s->pipeline);

    ngx_sprintf((u_char *) w->number, "%L%Z", s->number);
    ngx_sprintf((u_char *) w->rank, "%uD%Z", s->seg.meta.rank);
    *ngx_hex_dump((u_char *) w->digest, s->seg.digest, 16) = '\0';
    ngx_sprintf((u_char *) w->parts, "%uD%Z", s->seg.parts);
    ngx_sprintf((u_char *) w->ttl, "%L%Z",
                ngx_live_origin_share_ttl(s->live, 60000));
    ngx_sprintf((u_char *) w->ttl_index, "%L%Z",
                ngx_live_origin_share_ttl(s->live,
                                          NGX_LIVE_ORIGIN_SHARE_LEAST));
    ngx_sprintf((u_char *) w->left, "%L%Z",
                s->number - ngx_live_origin_ring_whole(s->live));
    ngx_sprintf((u_char *) w->life, "%uL%Z", s->live->life);
}


ngx_int_t
ngx_live_origin_say_segment(ngx_live_origin_say_t *s,
    ngx_live_origin_redis_op_t *op, char key[NGX_LIVE_ORIGIN_KEY_MAX])
{
    int                     n;
    size_t                  lens[NGX_LIVE_ORIGIN_SAY_WORDS
                                 + NGX_LIVE_ORIGIN_SAY_WHOLE];
    uint32_t                i;
    ngx_int_t               rc;
    const char             *argv[NGX_LIVE_ORIGIN_SAY_WORDS
                                 + NGX_LIVE_ORIGIN_SAY_WHOLE];
    ngx_live_origin_said_t  w;

    ngx_live_origin_say_words(s, &w, key);

    n = 0;
    argv[n++] = key;
    argv[n++] = w.event;
    argv[n++] = w.number;
    argv[n++] = s->pipeline;
    argv[n++] = w.line;
    argv[n++] = w.rank;
    argv[n++] = w.digest;
    argv[n++] = w.parts;
    argv[n++] = w.base;
    argv[n++] = w.ttl;
    argv[n++] = w.ttl_index;
    argv[n++] = w.left;
    argv[n++] = s->share->channel;
    argv[n++] = w.news;
    argv[n++] = w.life;

    for (i = 0; i < (uint32_t) n; i++) {
        lens[i] = ngx_strlen(argv[i]);
    }

    if ((s->whole && s->seg.parts <= NGX_LIVE_ORIGIN_SAY_WHOLE)
        || s->seg.size <= NGX_LIVE_ORIGIN_SHARE_INLINE)
    {

        for (i = 0; i < s->seg.parts; i++, n++) {
            lens[n] = ngx_live_origin_say_part(s, i, &argv[n]);
        }

    } else {
        rc = ngx_live_origin_say_parts(s, w.base, w.ttl);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return ngx_live_origin_redis_eval(s->share->rd, op,
                                      &ngx_live_origin_script_put, 2, n, argv,
                                      lens);
}
