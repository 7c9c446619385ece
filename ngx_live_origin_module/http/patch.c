/*
 * MPD patches (core/dash.h): from a version that this worker has rendered to
 * the newest.  The last versions are kept for it, and each with the patch that
 * was asked for last.
 *
 * There is no error for a version that is not known any more, or was another
 * worker's: players do not load the MPD upon one.  They do so upon a patch
 * that is of another version than theirs.
 */

#include "http/manifest.h"
#include "http/rights.h"
#include "core/dash.h"


#define NGX_LIVE_ORIGIN_PATCH_KEPT  256
#define NGX_LIVE_ORIGIN_PATCH_SIZE  (16 * 1024 * 1024)


typedef struct {
    ngx_queue_t                  queue;    /* the newest first */
    uint64_t                     key;
    ngx_live_origin_manifest_t  *m;
    uint64_t                     to;       /* of the patch: the version that
                                              it leads to */
    u_char                      *patch;    /* NULL: there is none */
    size_t                       len;
} ngx_live_origin_was_t;


static ngx_queue_t  ngx_live_origin_patch_kept;    /* of all zones */
static ngx_uint_t   ngx_live_origin_patch_n;
static size_t       ngx_live_origin_patch_size;


static ngx_live_origin_was_t *
ngx_live_origin_patch_find(uint64_t key)
{
    ngx_queue_t            *q;
    ngx_live_origin_was_t  *was;

    if (ngx_live_origin_patch_n == 0) {
        return NULL;
    }

    for (q = ngx_queue_head(&ngx_live_origin_patch_kept);
         q != ngx_queue_sentinel(&ngx_live_origin_patch_kept);
         q = ngx_queue_next(q))
    {
        was = ngx_queue_data(q, ngx_live_origin_was_t, queue);

        if (was->key == key) {
            return was;
        }
    }

    return NULL;
}


static void
ngx_live_origin_patch_forget(ngx_live_origin_was_t *was)
{
    ngx_queue_remove(&was->queue);
    ngx_live_origin_patch_n--;
    ngx_live_origin_patch_size -= was->m->len;
    ngx_live_origin_manifest_unref(was->m);
    free(was->patch);
    free(was);
}


static ngx_live_origin_was_t *
ngx_live_origin_patch_oldest(void)
{
    return ngx_queue_data(ngx_queue_last(&ngx_live_origin_patch_kept),
                          ngx_live_origin_was_t, queue);
}


void
ngx_live_origin_patch_exit(void)
{
    while (ngx_live_origin_patch_n) {
        ngx_live_origin_patch_forget(ngx_live_origin_patch_oldest());
    }
}


void
ngx_live_origin_patch_keep(ngx_live_origin_manifest_t *m)
{
    uint64_t                key;
    ngx_live_origin_was_t  *was;

    if (m->of.kind != LO_NAME_MPD
        || lo_dash_patch_key(m->body, m->len, &key) != LO_OK
        || ngx_live_origin_patch_find(key))
    {
        return;
    }

    was = calloc(1, sizeof(ngx_live_origin_was_t));
    if (was == NULL) {
        return;
    }

    if (ngx_live_origin_patch_n == 0) {
        ngx_queue_init(&ngx_live_origin_patch_kept);
    }

    was->key = key;
    was->m = m;
    m->refs++;

    ngx_queue_insert_head(&ngx_live_origin_patch_kept, &was->queue);
    ngx_live_origin_patch_n++;
    ngx_live_origin_patch_size += m->len;

    while (ngx_live_origin_patch_n > NGX_LIVE_ORIGIN_PATCH_KEPT
           || (ngx_live_origin_patch_size > NGX_LIVE_ORIGIN_PATCH_SIZE
               && ngx_live_origin_patch_n > 1))
    {
        ngx_live_origin_patch_forget(ngx_live_origin_patch_oldest());
    }
}


static lo_str_t
ngx_live_origin_patch_body(ngx_live_origin_manifest_t *m)
{
    lo_str_t  s;

    s.data = m->body;
    s.len = m->len;

    return s;
}


/* was->patch, from there to m; NGX_DECLINED: the player has to load the MPD */

static ngx_int_t
ngx_live_origin_patch_make(ngx_live_origin_was_t *was, uint64_t to,
    ngx_live_origin_manifest_t *m)
{
    size_t     size;
    u_char    *mem;
    lo_buf_t   b;

    if (was->to == to) {
        return was->patch ? NGX_OK : NGX_DECLINED;
    }

    free(was->patch);
    was->patch = NULL;
    was->to = to;

    /* one that is larger is of no use */

    size = m->len + 1024;
    mem = malloc(size);
    if (mem == NULL) {
        return NGX_DECLINED;
    }

    lo_buf_init(&b, mem, size);

    if (lo_dash_patch(&b, ngx_live_origin_patch_body(was->m),
                      ngx_live_origin_patch_body(m)) != LO_OK
        || !lo_buf_ok(&b))
    {
        free(mem);
        return NGX_DECLINED;
    }

    was->patch = mem;
    was->len = b.pos - b.start;

    return NGX_OK;
}


/* into the request's memory */

static ngx_int_t
ngx_live_origin_patch_text(ngx_http_request_t *r, uint64_t key,
    ngx_live_origin_manifest_t *m, ngx_str_t *text)
{
    int                     there, same;
    lo_buf_t                b;
    uint64_t                to;
    ngx_live_origin_was_t  *was;

    there = lo_dash_patch_key(m->body, m->len, &to) == LO_OK;
    same = there && key == to;
    was = there && !same ? ngx_live_origin_patch_find(key) : NULL;

    if (was && ngx_live_origin_patch_make(was, to, m) == NGX_OK) {
        text->len = was->len;
        text->data = ngx_pnalloc(r->pool, text->len);
        if (text->data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(text->data, was->patch, text->len);

        return NGX_OK;
    }

    lo_buf_init(&b, NULL, 0);
    lo_dash_patch_none(&b, ngx_live_origin_patch_body(m), same);

    text->len = b.need;
    text->data = ngx_pnalloc(r->pool, text->len);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    lo_buf_init(&b, text->data, text->len);
    lo_dash_patch_none(&b, ngx_live_origin_patch_body(m), same);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_patch_headers(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, size_t len)
{
    u_char  *p, *v;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = len;

    ngx_str_set(&r->headers_out.content_type, "application/dash-patch+xml");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    p = ngx_pnalloc(r->pool, LO_ID_MAX + 64);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v = p;

    if (ngx_live_origin_rights_age(ctx, 1) > 0) {
        p = ngx_live_origin_share(p, ctx, 1);
        p = ngx_live_origin_put(p, "max-age=1");

    } else {
        p = ngx_live_origin_put(p, "no-store");
    }

    if (ngx_live_origin_header(r, "Cache-Control", v, p - v) != NGX_OK) {
        return NGX_ERROR;
    }

    v = p;
    p = ngx_cpymem(p, ctx->name.event.data, ctx->name.event.len);

    if (ngx_live_origin_header(r, "Surrogate-Key", v, p - v) != NGX_OK
        || ngx_live_origin_header_const(r, "CMSD-Static", "ot=m") != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_live_origin_cors(r);
}


ngx_int_t
ngx_live_origin_patch(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_manifest_t *m)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_str_t     text;
    ngx_chain_t   out;

    if (ngx_live_origin_patch_text(r, ctx->name.number, m, &text) != NGX_OK
        || ngx_live_origin_patch_headers(r, ctx, text.len) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);
    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_MANIFESTS]++;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = text.data;
    b->last = text.data + text.len;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_BYTES_OUT] += text.len;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
