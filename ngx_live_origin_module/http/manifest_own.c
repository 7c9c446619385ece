/*
 * What of a manifest is a viewer's own: the token in absolute URLs, the
 * session that steering is asked with, and the CDN that it begins with.  The
 * writers leave marks (core/cdn.h).  Who has nothing of his own gets the bytes
 * that are kept; for others the marks are filled in a copy.
 */

#include "http/manifest.h"


void
ngx_live_origin_manifest_cdns(lo_manifest_t *man,
    const ngx_live_origin_event_t *event, const lo_place_t *place,
    const lo_cdn_t **room)
{
    lo_str_t          nobody = lo_null_string;
    const lo_cdns_t  *cdns;

    if (event->doc == NULL || event->doc->cdns.n == 0) {
        return;
    }

    cdns = &event->doc->cdns;

    man->cdns = room;
    man->ncdns = lo_steer_order(cdns, &event->live->drained, place, nobody,
                                room);
    man->steering = cdns->steering.enabled ? &cdns->steering : NULL;
}


/* sized, allocated once, written */

static ngx_int_t
ngx_live_origin_own_fill(const u_char *text, size_t len,
    const lo_viewer_t *viewer, ngx_pool_t *pool, u_char **out, size_t *n)
{
    lo_buf_t  b;
    lo_str_t  s;

    s.data = (u_char *) text;
    s.len = len;

    lo_buf_init(&b, NULL, 0);
    lo_marks_fill(&b, s, viewer);

    *n = b.need;
    *out = pool ? ngx_pnalloc(pool, *n + 1) : malloc(*n + 1);

    if (*out == NULL) {
        return NGX_ERROR;
    }

    lo_buf_init(&b, *out, *n);
    lo_marks_fill(&b, s, viewer);

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_manifest_marks(ngx_live_origin_manifest_t *m,
    const lo_manifest_t *man)
{
    lo_str_t     text;
    lo_viewer_t  nobody;

    text.data = m->body;
    text.len = m->len;

    if (man->ncdns == 0 || !lo_marked(text)) {
        return NGX_OK;
    }

    ngx_memzero(&nobody, sizeof(lo_viewer_t));
    nobody.pathway = man->cdns[0]->id;

    m->marked = m->body;
    m->marked_len = m->len;
    m->body = NULL;

    return ngx_live_origin_own_fill(m->marked, m->marked_len, &nobody, NULL,
                                    &m->body, &m->len);
}


ngx_live_origin_manifest_t *
ngx_live_origin_manifest_own(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_manifest_t *m)
{
    lo_place_t                   place;
    lo_viewer_t                  viewer;
    const lo_cdns_t             *cdns;
    const lo_cdn_t              *order[LO_CDNS];
    ngx_live_origin_manifest_t  *own;

    if (m->marked == NULL) {
        return m;
    }

    viewer.token = ctx->name.token;
    ngx_live_origin_steer_session(r, &viewer.session);

    if (viewer.token.len == 0 && viewer.session.len == 0) {
        return m;
    }

    own = ngx_palloc(r->pool, sizeof(ngx_live_origin_manifest_t));
    if (own == NULL) {
        return NULL;
    }

    *own = *m;
    own->own = 1;
    own->gzip = NULL;

    cdns = &ctx->event->doc->cdns;
    ngx_live_origin_steer_place(r, ctx, &place);
    (void) lo_steer_order(cdns, &ctx->event->live->drained, &place,
                          viewer.session, order);
    viewer.pathway = order[0]->id;

    if (ngx_live_origin_own_fill(m->marked, m->marked_len, &viewer, r->pool,
                                 &own->body, &own->len)
        != NGX_OK)
    {
        return NULL;
    }

    lo_zone_digest(own->digest, own->body, own->len);

    /* no cache may give it to another viewer, whoever checks tokens */

    ctx->share = NGX_LIVE_ORIGIN_SHARE_NONE;

    return own;
}
