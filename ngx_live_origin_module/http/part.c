/*
 * GET of a part: TRACK/NUMBER.K.m4s, of a segment that is there or is being
 * published.  Its bytes are a stretch of the segment's.
 */

#include "http/low.h"
#include "core/xxh.h"


static int64_t ngx_live_origin_part_age(ngx_live_origin_ctx_t *ctx);
static ngx_int_t ngx_live_origin_part_answer(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track, lo_parts_t *p,
    ngx_chain_t *in);


/* whether a part of a number is there, or is known never to come */

ngx_uint_t
ngx_live_origin_part_there(ngx_live_origin_ctx_t *ctx)
{
    int             track;
    lo_parts_t     *p;
    ngx_uint_t      there;
    lo_zone_pin_t   pin;

    track = lo_live_track(ctx->event->live, ctx->name.track);

    if (track < 0) {
        return 1;
    }

    p = ngx_live_origin_parts(ctx->zone, ctx->event, track, ctx->number, 0,
                              &pin);

    if (p == NULL) {
        return lo_zone_partless(ctx->zone->z,
                                ctx->event->live->tracks[track].ring,
                                ctx->number)
               || lo_zone_has(ctx->zone->z,
                              ctx->event->live->tracks[track].ring,
                              ctx->number,
                              lo_live_masked(ctx->event->live, track,
                                             ctx->number));
    }

    there = ctx->name.part < p->n || p->whole;
    lo_zone_unpin(ctx->zone->z, &pin);

    return there;
}


static int64_t
ngx_live_origin_part_age(ngx_live_origin_ctx_t *ctx)
{
    int64_t  d;

    d = lo_dur_us(&ctx->event->live->d) / LO_USEC;

    return d > 1 ? d : 1;
}


/* bytes [from, to) of what begins at its object's first */

static ngx_int_t
ngx_live_origin_part_spans(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    uint64_t from, uint64_t to, ngx_chain_t **out)
{
    size_t             n, skip;
    u_char            *p;
    uint64_t           at;
    ngx_buf_t         *b;
    ngx_chain_t       *cl;
    lo_zone_growth_t   g;

    lo_zone_growth(&ctx->pin, &g);
    *out = NULL;

    for ( ;; ) {

        at = g.at;
        n = lo_zone_growth_span(ctx->zone->z, &g, to, &p);

        if (n == 0) {
            return g.at == to ? NGX_OK : NGX_ERROR;
        }

        if (at + n <= from) {
            continue;
        }

        skip = from > at ? from - at : 0;

        cl = ngx_alloc_chain_link(r->pool);
        b = ngx_calloc_buf(r->pool);

        if (cl == NULL || b == NULL) {
            return NGX_ERROR;
        }

        b->pos = p + skip;
        b->last = p + n;
        b->memory = 1;

        cl->buf = b;
        cl->next = NULL;
        *out = cl;
        out = &cl->next;
    }
}


/* likewise, of a copy of the whole in a chain */

static ngx_int_t
ngx_live_origin_part_cut(ngx_chain_t *in, uint64_t from, uint64_t to,
    ngx_chain_t **out)
{
    size_t      n;
    uint64_t    at;
    ngx_buf_t  *b;

    *out = NULL;

    for (at = 0; in && at < to; at += n, in = in->next) {

        b = in->buf;
        n = b->last - b->pos;

        if (at + n <= from) {
            continue;
        }

        if (at + n > to) {
            b->last -= at + n - to;
        }

        if (at < from) {
            b->pos += from - at;
        }

        *out = in;
        out = &in->next;
    }

    *out = NULL;

    return at >= to ? NGX_OK : NGX_ERROR;
}


static void
ngx_live_origin_part_digest(lo_part_t *part, ngx_chain_t *cl)
{
    XXH3_state_t         *st;
    XXH128_canonical_t    canon;

    if (part->tagged) {
        return;
    }

    st = XXH3_createState();
    if (st == NULL) {
        return;
    }

    XXH3_128bits_reset(st);

    for ( /* void */ ; cl; cl = cl->next) {
        XXH3_128bits_update(st, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    XXH128_canonicalFromHash(&canon, XXH3_128bits_digest(st));
    XXH3_freeState(st);

    ngx_memcpy(part->digest, canon.digest, 16);
    part->tagged = 1;
}


ngx_int_t
ngx_live_origin_part(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    lo_parts_t  *p;

    p = ngx_live_origin_parts(ctx->zone, ctx->event, track, ctx->number, 0,
                              &ctx->pin);

    if (p == NULL) {

        if (lo_zone_partless(ctx->zone->z,
                             ctx->event->live->tracks[track].ring,
                             ctx->number)
            || lo_zone_has(ctx->zone->z,
                           ctx->event->live->tracks[track].ring, ctx->number,
                           lo_live_masked(ctx->event->live, track,
                                          ctx->number)))
        {
            return ngx_live_origin_refuse(r, ctx, NGX_LIVE_ORIGIN_HTTP_GONE,
                                          NGX_LIVE_ORIGIN_GONE,
                                          ngx_live_origin_part_age(ctx));
        }

        return NGX_DECLINED;
    }

    if (ctx->name.part < p->n) {
        return ngx_live_origin_part_answer(r, ctx, track, p, NULL);
    }

    lo_zone_unpin(ctx->zone->z, &ctx->pin);

    if (p->whole) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    return NGX_DECLINED;
}


/* of a segment that was read back whole */

static void
ngx_live_origin_part_free(void *data)
{
    lo_parts_free(data);
}


ngx_int_t
ngx_live_origin_part_copy(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    lo_parts_t            *p;
    ngx_chain_t           *in, *cl;
    const lo_live_t       *l;
    ngx_pool_cleanup_t    *cln;
    const lo_live_init_t  *init;

    l = ctx->event->live;
    init = lo_live_init_by_id(l, ctx->pin.object->meta.init);

    if (init == NULL) {
        return ngx_live_origin_refuse(r, ctx, NGX_LIVE_ORIGIN_HTTP_GONE,
                                      NGX_LIVE_ORIGIN_GONE,
                                      ngx_live_origin_part_age(ctx));
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(lo_parts_t));
    in = ngx_live_origin_archive_chain(r, ctx);

    if (cln == NULL || in == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = cln->data;
    lo_parts_init(p, &init->info, lo_live_part_us(l, track));
    cln->handler = ngx_live_origin_part_free;

    for (cl = in; cl; cl = cl->next) {
        (void) lo_parts_feed(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    if (lo_parts_end(p) != LO_OK || ctx->name.part >= p->n) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    return ngx_live_origin_part_answer(r, ctx, track, p, in);
}


static ngx_int_t
ngx_live_origin_part_answer(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track, lo_parts_t *p, ngx_chain_t *in)
{
    ngx_int_t                 rc;
    lo_part_t                *part;
    ngx_live_origin_slice_t  *s;

    part = &p->list[ctx->name.part];

    s = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_slice_t));

    if (s == NULL) {
        rc = NGX_ERROR;

    } else if (in) {
        rc = ngx_live_origin_part_cut(in, part->offset,
                                      part->offset + part->size, &s->chain);
    } else {
        rc = ngx_live_origin_part_spans(r, ctx, part->offset,
                                        part->offset + part->size, &s->chain);
    }

    if (rc != NGX_OK || part->size == 0) {

        if (in == NULL) {
            lo_zone_unpin(ctx->zone->z, &ctx->pin);
        }

        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_part_digest(part, s->chain);

    s->size = part->size;
    s->ms = lo_rescale(part->duration, 1000, p->init.timescale, LO_NEAREST);
    s->end_us = lo_rescale(part->start + part->duration, LO_USEC,
                           p->init.timescale, LO_FLOOR);
    s->growing = !p->whole;
    ngx_memcpy(s->digest, part->digest, 16);
    ctx->slice = s;

    ngx_live_origin_reason(ctx, ctx->held_us < 0 ? NGX_LIVE_ORIGIN_READY
                                                 : NGX_LIVE_ORIGIN_HELD);

    return ngx_live_origin_object(r, ctx, track);
}
