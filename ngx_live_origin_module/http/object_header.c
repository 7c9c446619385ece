/*
 * What the header of an answer from the zone says of its object: how long it
 * may be kept, what it is, whose it is, and what is wrong with it.
 */

#include "core/verdict.h"
#include "http/module.h"


static void
ngx_live_origin_unpin(void *data)
{
    ngx_live_origin_ctx_t  *ctx = data;

    lo_zone_unpin(ctx->zone->z, &ctx->pin);
}


/* how long a cache may keep it; *immutable: never other bytes at this URL */

static int64_t
ngx_live_origin_max_age(ngx_live_origin_ctx_t *ctx, ngx_uint_t *immutable)
{
    int64_t                  d, end, age;
    const lo_live_t         *l;
    const lo_zone_object_t  *o;

    l = ctx->event->live;
    o = ctx->pin.object;
    d = l->d.duration ? lo_dur_us(&l->d) : 0;

    *immutable = 0;

    if (ctx->name.kind == LO_NAME_INIT || o->meta.rank > 0
        || ctx->pin.passing || ctx->growth
        || (ctx->slice && ctx->slice->growing))
    {
        return d > LO_USEC ? d / LO_USEC : 1;
    }

    *immutable = 1;

    if (o->kind != LO_KIND_SEGMENT || l->window == 0 || l->irregular
        || lo_live_over(l))
    {
        return l->dvr_s;
    }

    end = lo_timeline_start_us(&l->d, o->number + l->window + 1)
          + l->delay_us;
    age = (end - ngx_live_origin_wall()) / LO_USEC;

    return age > 1 ? age : 1;
}


/* LO_VERDICT_TEXT bytes at most */

static u_char *
ngx_live_origin_defects(u_char *p, const lo_zone_object_t *o)
{
    lo_buf_t      b;
    lo_verdict_t  v;

    lo_verdict_unpack(&v, o->meta.verdict, o->meta.ms);
    lo_buf_init(&b, p, LO_VERDICT_TEXT);
    lo_verdict_print(&b, &v);

    return b.pos;
}


static u_char *
ngx_live_origin_cmsd(u_char *p, ngx_live_origin_ctx_t *ctx, ngx_uint_t track)
{
    int64_t                  ms, size;
    const lo_live_t         *l;
    const lo_zone_object_t  *o;

    l = ctx->event->live;
    o = ctx->pin.object;

    if (o->kind != LO_KIND_SEGMENT) {
        return ngx_live_origin_put(p, "ot=i");
    }

    switch (l->tracks[track].type) {

    case LO_MEDIA_VIDEO:
        p = ngx_live_origin_put(p, "ot=v");
        break;

    case LO_MEDIA_AUDIO:
        p = ngx_live_origin_put(p, "ot=a");
        break;

    case LO_MEDIA_TEXT:
        p = ngx_live_origin_put(p, "ot=c");
        break;

    default:
        p = ngx_live_origin_put(p, "ot=o");
    }

    ms = -1;
    size = o->size;

    if (ctx->slice) {
        ms = ctx->slice->ms;
        size = ctx->slice->size;

    } else if (o->meta.timescale && o->meta.duration && ctx->growth == NULL) {
        ms = lo_rescale(o->meta.duration, 1000, o->meta.timescale,
                        LO_NEAREST);
    }

    if (ms >= 0) {

        p = ngx_live_origin_put(p, ",d=");
        p = ngx_live_origin_put_number(p, ms);

        if (ms) {
            p = ngx_live_origin_put(p, ",br=");
            p = ngx_live_origin_put_number(p, size * 8 / ms);
        }
    }

    if (ctx->held_us >= 0) {
        p = ngx_live_origin_put(p, ",ht=");
        p = ngx_live_origin_put_number(p, ctx->held_us / 1000);
    }

    if (o->meta.rank) {
        p = ngx_live_origin_put(p, ",com.live-origin-defects=\"");
        p = ngx_live_origin_defects(p, o);
        *p++ = '"';
    }

    return p;
}


/* one allocation for all the values */

static ngx_int_t
ngx_live_origin_object_headers(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track)
{
    u_char                  *p, *v;
    size_t                   size;
    int64_t                  age;
    ngx_uint_t               immutable;
    const lo_live_t         *l;
    const lo_zone_object_t  *o;

    l = ctx->event->live;
    o = ctx->pin.object;

    size = 3 * (LO_ID_MAX + 1) + 256;

    if (o->meta.rank) {
        size += 2 * (LO_VERDICT_TEXT + 32);
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v = p;
    age = ngx_live_origin_max_age(ctx, &immutable);
    p = ngx_live_origin_share(p, ctx, 1);
    p = ngx_live_origin_put(p, "max-age=");
    p = ngx_live_origin_put_number(p, age);

    if (immutable) {
        p = ngx_live_origin_put(p, ", immutable");
    }

    if (ngx_live_origin_header(r, "Cache-Control", v, p - v) != NGX_OK) {
        return NGX_ERROR;
    }

    v = p;
    p = ngx_live_origin_put_str(p, &ctx->name.event);
    *p++ = ' ';
    p = ngx_live_origin_put_str(p, &ctx->name.event);
    *p++ = '/';
    p = ngx_cpymem(p, l->tracks[track].id, ngx_strlen(l->tracks[track].id));

    if (ngx_live_origin_header(r, "Surrogate-Key", v, p - v) != NGX_OK) {
        return NGX_ERROR;
    }

    v = p;
    p = ngx_live_origin_cmsd(p, ctx, track);

    if (ngx_live_origin_header(r, "CMSD-Static", v, p - v) != NGX_OK) {
        return NGX_ERROR;
    }

    if (o->kind == LO_KIND_SEGMENT) {
        v = p;
        p = ngx_live_origin_put(p, "pipeline=");
        p = ngx_live_origin_put_str(p, &ctx->pipeline);

        if (ctx->growth) {
            p = ngx_live_origin_put(p, ", growing");
        }

        if (ctx->held_us >= 0) {
            p = ngx_live_origin_put(p, ", held=");
            p = ngx_live_origin_put_number(p, ctx->held_us / 1000);
        }

        if (o->meta.rank) {
            p = ngx_live_origin_put(p, ", defects=\"");
            p = ngx_live_origin_defects(p, o);
            *p++ = '"';
        }

        if (ngx_live_origin_header(r, "Live-Origin", v, p - v) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_live_origin_cors(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->growth) {
        return NGX_OK;
    }

    return ngx_live_origin_etag(r, ctx->slice ? ctx->slice->digest
                                              : o->digest);
}


static void
ngx_live_origin_object_type(ngx_http_request_t *r, uint32_t type)
{
    switch (type) {

    case LO_MEDIA_VIDEO:
        ngx_str_set(&r->headers_out.content_type, "video/mp4");
        break;

    case LO_MEDIA_AUDIO:
        ngx_str_set(&r->headers_out.content_type, "audio/mp4");
        break;

    default:
        ngx_str_set(&r->headers_out.content_type, "application/mp4");
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
}


/* identical bytes are one object, of whoever came first: of the pipelines
   that have it, one that is in service */

static ngx_uint_t
ngx_live_origin_object_pipeline(ngx_live_origin_ctx_t *ctx, ngx_uint_t track)
{
    uint32_t                 masked;
    unsigned                 p;
    lo_word_t                word;
    lo_zone_pin_t            pin;
    const lo_live_t         *l;
    const lo_zone_object_t  *o;

    l = ctx->event->live;
    o = ctx->pin.object;
    masked = lo_live_masked(l, track, o->number);

    if (!(masked & 1u << o->pipeline)) {
        return o->pipeline;
    }

    for (p = 0; p < l->npipelines; p++) {

        if ((masked & 1u << p)
            || lo_zone_candidate(ctx->zone->z, o->track, o->number, p, &pin)
               != LO_OK)
        {
            continue;
        }

        word = pin.word;
        lo_zone_unpin(ctx->zone->z, &pin);

        if (word == ctx->pin.word) {
            return p;
        }
    }

    return o->pipeline;
}


static ngx_int_t
ngx_live_origin_object_name(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    ngx_uint_t        i;
    const lo_live_t  *l;

    l = ctx->event->live;
    i = ngx_live_origin_object_pipeline(ctx, track);

    ctx->pipeline.data = (u_char *) "?";
    ctx->pipeline.len = 1;

    if (i < l->npipelines) {
        ctx->pipeline.len = ngx_strlen(l->pipelines[i]);
        ctx->pipeline.data = ngx_pnalloc(r->pool, ctx->pipeline.len);

        if (ctx->pipeline.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(ctx->pipeline.data, l->pipelines[i], ctx->pipeline.len);
    }

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_object_header(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track)
{
    const lo_live_t         *l;
    ngx_pool_cleanup_t      *cln;
    const lo_zone_object_t  *o;

    l = ctx->event->live;
    o = ctx->pin.object;

    if (ctx->copy == NULL) {

        cln = ngx_pool_cleanup_add(r->pool, 0);
        if (cln == NULL) {
            lo_zone_unpin(ctx->zone->z, &ctx->pin);
            return NGX_ERROR;
        }

        cln->handler = ngx_live_origin_unpin;
        cln->data = ctx;
    }

    if (o->kind == LO_KIND_SEGMENT) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_SEGMENTS]++;

        if (ngx_live_origin_object_name(r, ctx, track) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_INITS]++;
    }

    r->headers_out.status = NGX_HTTP_OK;

    ngx_live_origin_object_type(r, l->tracks[track].type);

    return ngx_live_origin_object_headers(r, ctx, track);
}
