/*
 * An answer from the zone: a header (object_header.c), and a chain of the
 * zone's own pages.  The object stays pinned until the request's pool goes,
 * which is after its last byte has been copied to the socket.
 */

#include "http/module.h"


#define NGX_LIVE_ORIGIN_COARSE  5000       /* us */


/* with the field, which nginx would write by a format */

static ngx_int_t
ngx_live_origin_object_time(ngx_http_request_t *r, time_t t)
{
    u_char  *p, *value;

    r->headers_out.last_modified_time = t;

    value = ngx_pnalloc(r->pool, NGX_LIVE_ORIGIN_TIME_LEN);
    if (value == NULL) {
        return NGX_ERROR;
    }

    p = ngx_live_origin_put_time(value, t);

    if (ngx_live_origin_header(r, "Last-Modified", value, p - value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_out.last_modified = ngx_live_origin_last_header(r);

    return NGX_OK;
}


/* nginx answers a range beyond the end with the headers that are there: what
   they say of the bytes is not true of the error */

static void
ngx_live_origin_short_lived(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;

    if (r->headers_out.last_modified) {
        r->headers_out.last_modified->hash = 0;
        r->headers_out.last_modified = NULL;
    }

    h = r->headers_out.headers.part.elts;

    for (i = 0; i < r->headers_out.headers.part.nelts; i++) {
        if (h[i].key.len == 13
            && ngx_strncmp(h[i].key.data, "Cache-Control", 13) == 0)
        {
            ngx_str_set(&h[i].value, "max-age=2");
            return;
        }
    }
}


/* a date is that of the number, whichever candidate it was: who has a part of
   one must not get the rest of another */

static ngx_uint_t
ngx_live_origin_object_ranges(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    if (r->headers_in.if_range == NULL) {
        return 1;
    }

    value = &r->headers_in.if_range->value;

    return value->len > 0 && value->data[value->len - 1] == '"';
}


static ngx_chain_t *
ngx_live_origin_object_chain(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    size_t                    n;
    u_char                   *p;
    lo_zone_t                *z;
    ngx_buf_t                *b;
    ngx_chain_t              *out, *cl, **ll;
    lo_zone_cursor_t          c;
    const lo_zone_object_t   *o;

    z = ctx->zone->z;
    o = ctx->pin.object;
    out = NULL;
    ll = &out;
    b = NULL;

    lo_zone_seek(z, o, 0, o->size, &c);

    for (n = lo_zone_span(z, &c, &p); n; n = lo_zone_span(z, &c, &p)) {

        cl = ngx_alloc_chain_link(r->pool);
        b = ngx_calloc_buf(r->pool);

        if (cl == NULL || b == NULL) {
            return NULL;
        }

        b->pos = p;
        b->last = p + n;
        b->memory = 1;

        cl->buf = b;
        *ll = cl;
        ll = &cl->next;
    }

    *ll = NULL;

    if (b) {
        b->last_buf = (r == r->main);
        b->last_in_chain = 1;
    }

    return out;
}


static ngx_chain_t *
ngx_live_origin_object_slice(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    ngx_chain_t  *cl;

    for (cl = ctx->slice->chain; cl->next; cl = cl->next) {
        cl->buf->last_buf = 0;
        cl->buf->last_in_chain = 0;
    }

    cl->buf->last_buf = (r == r->main);
    cl->buf->last_in_chain = 1;

    return ctx->slice->chain;
}


/* when the media ended, of this number or part: on every node the same, and
   never later than Date */

static time_t
ngx_live_origin_object_ended(ngx_live_origin_ctx_t *ctx)
{
    int64_t          n;
    const lo_dur_t  *d;

    n = ctx->pin.object->number;
    d = &ctx->event->live->d;

    if (ctx->slice) {
        return (lo_timeline_start_us(d, n) + ctx->slice->end_us) / LO_USEC;
    }

    return lo_timeline_start_us(d, n + 1) / LO_USEC;
}


void
ngx_live_origin_read_latency(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    int64_t                      now, us, turn, max;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    now = ngx_live_origin_mono();
    us = now - ctx->start_us;

    ngx_live_origin_hist_add(ctx->zone->cells, NGX_LIVE_ORIGIN_CELL_READ_HIST,
                             us);

    /* requests of one turn of the event loop wait for each other: since it
       began, all of them were here.  nginx's clock is late by what is taken
       off: up to a tick of the kernel, and cut to milliseconds */

    turn = now - (int64_t) ngx_current_msec * 1000
           - NGX_LIVE_ORIGIN_COARSE;
    us = ngx_max(us, turn);
    max = (int64_t) lcf->read_deadline * 1000;

    ngx_live_origin_shed_count(ctx->zone, ctx->klass, us, max);

    if (us > max) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_READ_MISSED]++;
    }
}


ngx_int_t
ngx_live_origin_object(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    ngx_int_t                rc;
    ngx_chain_t             *out;
    const lo_zone_object_t  *o;

    o = ctx->pin.object;

    if (ngx_live_origin_object_header(r, ctx, track) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (o->kind == LO_KIND_SEGMENT) {

        if (ngx_live_origin_object_time(r, ngx_live_origin_object_ended(ctx))
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    r->headers_out.content_length_n = ctx->slice ? ctx->slice->size : o->size;
    r->allow_ranges = ngx_live_origin_object_ranges(r);
    r->single_range = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        ngx_live_origin_short_lived(r);
    }

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    if (ctx->slice) {
        out = ngx_live_origin_object_slice(r, ctx);

    } else {
        out = ctx->copy ? ngx_live_origin_archive_chain(r, ctx)
                        : ngx_live_origin_object_chain(r, ctx);
    }

    if (out == NULL) {
        return NGX_ERROR;
    }

    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_BYTES_OUT] +=
        r->headers_out.content_length_n;

    rc = ngx_http_output_filter(r, out);

    if (ctx->copy == NULL) {
        ngx_live_origin_read_latency(r, ctx);
    }

    return rc;
}
