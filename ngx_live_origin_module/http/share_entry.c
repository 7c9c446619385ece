/*
 * What a field of a track's index means for this node: a record of where the
 * bytes are, a GAP, another choice, or bytes that are fetched.
 */

#include "http/share_walk.h"


#define NGX_LIVE_ORIGIN_WALK_EDGE    4          /* numbers that are fetched */
#define NGX_LIVE_ORIGIN_WALK_GAP     0x80       /* in seen */


static void
ngx_live_origin_walk_record(ngx_live_origin_walk_t *w, uint32_t ring,
    int64_t number, ngx_uint_t pipeline, const lo_share_segment_t *s)
{
    lo_zone_t        *z;
    lo_zone_record_t  rec;

    z = w->share->zone->z;

    /* what the archive has is nearer; and the best one is what counts */

    if (lo_zone_record(z, ring, number, &rec) == LO_OK
        && (!(rec.pipeline & NGX_LIVE_ORIGIN_SHARE_AWAY)
            || rec.rank <= s->meta.rank))
    {
        return;
    }

    ngx_memzero(&rec, sizeof(lo_zone_record_t));

    rec.number = number;
    rec.m = s->meta.m;
    rec.verdict = s->meta.verdict;
    rec.digest = lo_zone_digest_first(s->digest);
    rec.duration = s->meta.duration;
    rec.timescale = s->meta.timescale;
    rec.init = s->meta.init;
    rec.run = s->meta.run;
    rec.size = s->size;
    rec.rank = s->meta.rank;
    rec.pipeline = NGX_LIVE_ORIGIN_SHARE_AWAY | pipeline;

    lo_zone_record_set(z, ring, &rec);
}


/* NUMBER!: listed as GAP */

static void
ngx_live_origin_walk_gap(ngx_live_origin_walk_t *w, const lo_live_t *l,
    lo_str_t field)
{
    int64_t  number;

    field.len--;
    number = lo_share_number(field);

    if (w->seen && number >= w->from && number <= w->to) {
        w->seen[number - w->from] |= NGX_LIVE_ORIGIN_WALK_GAP;
        lo_zone_gap_set(w->share->zone->z, l->tracks[w->track].ring, number);
    }
}


/* few at a time: publishers' acks are on the same connection.  NGX_BUSY: the
   next walk has to */

static ngx_int_t
ngx_live_origin_walk_fetch(ngx_live_origin_walk_t *w, const char *track,
    int64_t number, const char *pipeline)
{
    ngx_int_t  rc;

    if (w->sending >= NGX_LIVE_ORIGIN_SHARE_PUTS) {
        return NGX_BUSY;
    }

    rc = ngx_live_origin_share_fetch(w->share, w->index, lo_cstr(track),
                                     number, lo_cstr(pipeline),
                                     ngx_live_origin_walk_sent, w);

    w->sending += rc == NGX_OK;

    return rc;
}


/* NUMBER: the pipeline that readers get, unless it is masked */

static void
ngx_live_origin_walk_chosen(ngx_live_origin_walk_t *w, const lo_live_t *l,
    int64_t number, lo_str_t name)
{
    int         p;
    uint32_t    ring;
    lo_zone_t  *z;

    p = number < 0 ? LO_NONE : lo_live_find_pipeline(l, name);

    if (p < 0 || (lo_live_masked(l, w->track, number) >> p & 1)) {
        return;
    }

    z = w->share->zone->z;
    ring = l->tracks[w->track].ring;

    /* who has another one has to have this as well, or would go on with his */

    if (lo_zone_choose(z, ring, number, p) != LO_OK
        && lo_zone_has(z, ring, number, 0)
        && ngx_live_origin_walk_fetch(w, l->tracks[w->track].id, number,
                                      l->pipelines[p])
           == NGX_BUSY)
    {
        w->share->rest = 1;
    }
}


/* a field of the index: a candidate (NUMBER/PIPELINE and its line), or one of
   the above */

void
ngx_live_origin_walk_entry(ngx_live_origin_walk_t *w, const lo_live_t *l,
    lo_str_t field, lo_str_t line)
{
    int                  p;
    size_t               i;
    int64_t              number;
    uint32_t             ring;
    lo_str_t             part;
    ngx_uint_t           better;
    lo_zone_pin_t        pin;
    lo_share_segment_t   s;

    for (i = 0; i < field.len && field.data[i] != '/'; i++) { /* void */ }

    if (i == field.len) {

        if (i && field.data[i - 1] == '!') {
            ngx_live_origin_walk_gap(w, l, field);

        } else {
            ngx_live_origin_walk_chosen(w, l, lo_share_number(field), line);
        }

        return;
    }

    part.data = field.data;
    part.len = i;
    number = lo_share_number(part);

    part.data = field.data + i + 1;
    part.len = field.len - i - 1;
    p = lo_live_find_pipeline(l, part);

    if (number < 0 || p < 0 || lo_share_read(&s, line) != LO_OK) {
        return;
    }

    if (w->seen && number >= w->from && number <= w->to) {
        w->seen[number - w->from] |= 1 << p;
    }

    ring = l->tracks[w->track].ring;

    if (ring == LO_ZONE_NO_TRACK || number < w->from) {
        return;
    }

    better = 0;

    if (lo_zone_candidate(w->share->zone->z, ring, number, p, &pin) == LO_OK) {

        /* its pipeline has sent better bytes since, to another node */

        better = s.meta.rank < pin.object->meta.rank
                 && ngx_memcmp(s.digest, pin.object->digest, 16) != 0;

        lo_zone_unpin(w->share->zone->z, &pin);

        if (!better) {
            return;
        }

    } else {
        ngx_live_origin_walk_record(w, ring, number, p, &s);
    }

    if ((better || number > w->to - NGX_LIVE_ORIGIN_WALK_EDGE)
        && ngx_live_origin_walk_fetch(w, l->tracks[w->track].id, number,
                                      l->pipelines[p])
           == NGX_BUSY)
    {
        w->share->rest = 1;
    }
}
