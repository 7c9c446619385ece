/*
 * Readers that wait for a segment: per worker, a tree per track by number.
 *
 *   parked   in the tree, with a timer; the client is watched
 *   growing  answered with a segment that is not whole yet, and to be looked
 *            at whenever its track has something new
 *   ready    in the queue, to be looked at again: 64 of them in one turn of
 *            the event loop, so that publishing is never starved
 *
 * Another worker's publishing arrives through the zone's socket, this
 * worker's own directly; both end in ngx_live_origin_hold_wake.  The pool's
 * cleanup detaches a request whatever becomes of it.
 */

#include "http/module.h"


#define NGX_LIVE_ORIGIN_BATCH  64


typedef struct {
    ngx_rbtree_t                 tree;
    ngx_rbtree_node_t            sentinel;
    ngx_queue_t                  growing;
    ngx_uint_t                   followers; /* growing, or ready */
} ngx_live_origin_parked_t;


struct ngx_live_origin_holds_s {
    ngx_live_origin_parked_t   **parked;   /* by track of the zone */
    uint32_t                     ntracks;
    ngx_queue_t                  ready;
    ngx_event_t                  drain;
};


static int ngx_live_origin_hold_there(ngx_live_origin_ctx_t *ctx,
    uint32_t track);
static void ngx_live_origin_hold_detach(ngx_live_origin_ctx_t *ctx);
static void ngx_live_origin_hold_cleanup(void *data);
static void ngx_live_origin_hold_timeout(ngx_event_t *ev);
static void ngx_live_origin_hold_drain(ngx_event_t *ev);
static void ngx_live_origin_hold_again(ngx_live_origin_ctx_t *ctx);


ngx_int_t
ngx_live_origin_hold_init(ngx_live_origin_zone_t *zone)
{
    lo_zone_stat_t            st;
    ngx_live_origin_holds_t  *h;

    lo_zone_stat(zone->z, &st);

    h = calloc(1, sizeof(ngx_live_origin_holds_t));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->parked = calloc(st.tracks_max, sizeof(ngx_live_origin_parked_t *));
    if (h->parked == NULL) {
        free(h);
        return NGX_ERROR;
    }

    h->ntracks = st.tracks_max;
    ngx_queue_init(&h->ready);

    h->drain.handler = ngx_live_origin_hold_drain;
    h->drain.data = zone;
    h->drain.log = zone->log;

    zone->holds = h;

    return NGX_OK;
}


void
ngx_live_origin_hold_free(ngx_live_origin_zone_t *zone)
{
    uint32_t                  i;
    ngx_live_origin_holds_t  *h;

    h = zone->holds;

    for (i = 0; i < h->ntracks; i++) {
        free(h->parked[i]);
    }

    free(h->parked);
    free(h);

    zone->holds = NULL;
}


static ngx_live_origin_parked_t *
ngx_live_origin_hold_parked(ngx_live_origin_holds_t *h, uint32_t track)
{
    ngx_live_origin_parked_t  *p;

    if (track >= h->ntracks) {
        return NULL;
    }

    p = h->parked[track];

    if (p == NULL) {
        p = calloc(1, sizeof(ngx_live_origin_parked_t));
        if (p == NULL) {
            return NULL;
        }

        ngx_rbtree_init(&p->tree, &p->sentinel, ngx_rbtree_insert_value);
        ngx_queue_init(&p->growing);
        h->parked[track] = p;
    }

    return p;
}


static ngx_int_t
ngx_live_origin_hold_watch(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx)
{
    ngx_pool_cleanup_t  *cln;

    if (ctx->cleanup) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_live_origin_hold_cleanup;
    cln->data = ctx;
    ctx->cleanup = 1;

    return NGX_OK;
}


/* who waits for a track says so in the zone; the last one takes it back */

static void
ngx_live_origin_hold_idle(ngx_live_origin_zone_t *zone,
    ngx_live_origin_parked_t *p, uint32_t track)
{
    if (p->tree.root == &p->sentinel && p->followers == 0) {
        lo_zone_unwait(zone->z, track);
    }
}


ngx_int_t
ngx_live_origin_hold(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    uint32_t track, ngx_msec_t timeout)
{
    ngx_live_origin_zone_t    *zone;
    ngx_live_origin_parked_t  *p;

    zone = ctx->zone;

    p = ngx_live_origin_hold_parked(zone->holds, track);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (ngx_live_origin_hold_watch(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* the bit first, then the look: see "waiting" in zone/zone.h */

    lo_zone_wait(zone->z, track);

    if (ngx_live_origin_hold_there(ctx, track)) {
        ngx_live_origin_hold_idle(zone, p, track);
        return NGX_AGAIN;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        ngx_live_origin_hold_idle(zone, p, track);
        return NGX_ERROR;
    }

    ctx->track = track;
    ctx->node.key = ctx->number;
    ngx_rbtree_insert(&p->tree, &ctx->node);
    ctx->parked = 1;

    ctx->timer.handler = ngx_live_origin_hold_timeout;
    ctx->timer.data = ctx;
    ctx->timer.log = r->connection->log;
    ngx_add_timer(&ctx->timer, timeout);

    zone->cells[NGX_LIVE_ORIGIN_CELL_HOLDS]++;

    if (ctx->held_us < 0) {
        ctx->held_us = 0;
        zone->cells[NGX_LIVE_ORIGIN_CELL_HELD]++;
    }

    return NGX_DONE;
}


/*
 * Something for this request: whole, or growing where it takes that.  track:
 * of the zone
 */

static int
ngx_live_origin_hold_there(ngx_live_origin_ctx_t *ctx, uint32_t track)
{
    int               i;
    uint32_t          masked;
    const lo_live_t  *l;

    if (ctx->name.kind == LO_NAME_MEDIA) {
        return ngx_live_origin_reload_there(ctx);
    }

    if (ctx->name.kind == LO_NAME_PART) {
        return ngx_live_origin_part_there(ctx);
    }

    l = ctx->event->live;
    masked = 0;

    if (l->nmasks) {
        i = lo_live_track(l, ctx->name.track);
        masked = i < 0 ? 0 : lo_live_masked(l, i, ctx->number);
    }

    return lo_zone_has(ctx->zone->z, track, ctx->number, masked)
           || (ctx->silent_us
               && lo_zone_grows(ctx->zone->z, track, ctx->number, masked,
                                ctx->silent_us));
}


/* the timer stays: a worker that is to exit does so when it has none left */

static void
ngx_live_origin_hold_unpark(ngx_live_origin_ctx_t *ctx)
{
    int64_t                    now;
    ngx_live_origin_zone_t    *zone;
    ngx_live_origin_parked_t  *p;

    zone = ctx->zone;
    p = zone->holds->parked[ctx->track];

    ngx_rbtree_delete(&p->tree, &ctx->node);
    ctx->parked = 0;

    ngx_live_origin_hold_idle(zone, p, ctx->track);

    zone->cells[NGX_LIVE_ORIGIN_CELL_HOLDS]--;

    /* from here on it is the server that is waited for */

    now = ngx_live_origin_mono();
    ctx->held_us += now - ctx->start_us;
    ctx->start_us = now;
}


ngx_int_t
ngx_live_origin_hold_follow(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    uint32_t track)
{
    ngx_live_origin_parked_t  *p;

    p = ngx_live_origin_hold_parked(ctx->zone->holds, track);

    if (p == NULL || ngx_live_origin_hold_watch(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    lo_zone_wait(ctx->zone->z, track);

    ctx->track = track;
    ctx->following = 1;
    ngx_queue_insert_tail(&p->growing, &ctx->queue);
    p->followers++;

    return NGX_OK;
}


void
ngx_live_origin_hold_leave(ngx_live_origin_ctx_t *ctx)
{
    ngx_live_origin_parked_t  *p;

    if (!ctx->following) {
        return;
    }

    p = ctx->zone->holds->parked[ctx->track];

    ngx_queue_remove(&ctx->queue);
    ctx->following = 0;
    ctx->ready = 0;
    p->followers--;

    ngx_live_origin_hold_idle(ctx->zone, p, ctx->track);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}


static void
ngx_live_origin_hold_detach(ngx_live_origin_ctx_t *ctx)
{
    if (ctx->parked) {
        ngx_live_origin_hold_unpark(ctx);
    }

    ngx_live_origin_hold_leave(ctx);

    if (ctx->ready) {
        ngx_queue_remove(&ctx->queue);
        ctx->ready = 0;
    }

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}


static void
ngx_live_origin_hold_cleanup(void *data)
{
    ngx_live_origin_ctx_t  *ctx = data;

    if (ctx->parked) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_HOLD_LEFT]++;
    }

    if (ctx->following) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_GROWN_LEFT]++;
    }

    ngx_live_origin_hold_detach(ctx);
}


static void
ngx_live_origin_hold_timeout(ngx_event_t *ev)
{
    ngx_live_origin_ctx_t  *ctx = ev->data;

    ctx->expired = ctx->parked;

    /* a number becomes a GAP for all who wait for it in the same moment */

    if (ctx->parked && ctx->name.kind == LO_NAME_MEDIA) {
        ngx_live_origin_hold_unpark(ctx);
        ngx_queue_insert_tail(&ctx->zone->holds->ready, &ctx->queue);
        ctx->ready = 1;
        ngx_post_event(&ctx->zone->holds->drain, &ngx_posted_events);
        return;
    }

    ngx_live_origin_hold_detach(ctx);
    ngx_live_origin_hold_again(ctx);
}


/* both wait for the same thing */

static ngx_uint_t
ngx_live_origin_hold_same(ngx_live_origin_ctx_t *a, ngx_live_origin_ctx_t *b)
{
    return a->number == b->number && a->name.kind == b->name.kind
           && a->silent_us == b->silent_us && a->name.part == b->name.part
           && a->reload.part == b->reload.part;
}


/* whether there is no sense in waiting any longer */

static ngx_uint_t
ngx_live_origin_hold_over(ngx_live_origin_zone_t *zone,
    ngx_live_origin_parked_t *p)
{
    ngx_rbtree_node_t        *node;
    ngx_live_origin_ctx_t    *ctx;
    ngx_live_origin_event_t  *e;

    node = ngx_rbtree_min(p->tree.root, &p->sentinel);
    ctx = ngx_rbtree_data(node, ngx_live_origin_ctx_t, node);

    e = ngx_live_origin_event_get(zone, ctx->event->index);

    return e == NULL || lo_live_over(e->live);
}


static void
ngx_live_origin_hold_wake_parked(ngx_live_origin_zone_t *zone,
    ngx_live_origin_parked_t *p, uint32_t track)
{
    ngx_uint_t                over, there;
    ngx_rbtree_node_t        *node, *next;
    ngx_live_origin_ctx_t    *ctx, *last;

    over = ngx_live_origin_hold_over(zone, p);
    there = 0;
    last = NULL;

    node = ngx_rbtree_min(p->tree.root, &p->sentinel);

    for ( /* void */ ; node; node = next) {

        next = ngx_rbtree_next(&p->tree, node);
        ctx = ngx_rbtree_data(node, ngx_live_origin_ctx_t, node);

        if (last == NULL || !ngx_live_origin_hold_same(ctx, last)) {
            last = ctx;
            there = over || ngx_live_origin_hold_there(ctx, track);
        }

        if (there) {
            ngx_live_origin_hold_unpark(ctx);
            ngx_queue_insert_tail(&zone->holds->ready, &ctx->queue);
            ctx->ready = 1;
        }
    }
}


void
ngx_live_origin_hold_wake(ngx_live_origin_zone_t *zone, uint32_t track)
{
    ngx_queue_t               *q;
    ngx_live_origin_ctx_t     *ctx;
    ngx_live_origin_holds_t   *h;
    ngx_live_origin_parked_t  *p;

    h = zone->holds;
    p = track < h->ntracks ? h->parked[track] : NULL;

    if (p == NULL) {
        return;
    }

    while (!ngx_queue_empty(&p->growing)) {
        q = ngx_queue_head(&p->growing);
        ctx = ngx_queue_data(q, ngx_live_origin_ctx_t, queue);

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&h->ready, q);
        ctx->ready = 1;
    }

    if (p->tree.root != &p->sentinel) {
        ngx_live_origin_hold_wake_parked(zone, p, track);
    }

    if (!ngx_queue_empty(&h->ready)) {
        ngx_post_event(&h->drain, &ngx_posted_events);
    }
}


/* a publisher may have died between publishing and waking */

void
ngx_live_origin_hold_tick(ngx_live_origin_zone_t *zone)
{
    uint32_t                  i;
    ngx_live_origin_holds_t  *h;

    h = zone->holds;

    for (i = 0; i < h->ntracks; i++) {
        if (h->parked[i]) {
            ngx_live_origin_hold_wake(zone, i);
        }
    }
}


void
ngx_live_origin_hold_publish(ngx_live_origin_zone_t *zone, uint32_t track)
{
    if (lo_zone_wake(zone->z, track)) {
        ngx_live_origin_hold_wake(zone, track);
    }
}


static void
ngx_live_origin_hold_drain(ngx_event_t *ev)
{
    ngx_uint_t                i;
    ngx_queue_t              *q;
    ngx_live_origin_ctx_t    *ctx;
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_batch_t   batch;
    ngx_live_origin_holds_t  *h;

    zone = ev->data;
    h = zone->holds;

    batch.event = NULL;
    zone->batch = &batch;

    /* a worker that is to exit does so when no timer is left */

    for (i = 0; i < NGX_LIVE_ORIGIN_BATCH || ngx_exiting; i++) {

        if (ngx_queue_empty(&h->ready)) {
            break;
        }

        q = ngx_queue_head(&h->ready);
        ctx = ngx_queue_data(q, ngx_live_origin_ctx_t, queue);

        if (ctx->following) {
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&h->parked[ctx->track]->growing, q);
            ctx->ready = 0;

        } else {
            ngx_live_origin_hold_detach(ctx);
        }

        ngx_live_origin_hold_again(ctx);
    }

    zone->batch = NULL;

    if (!ngx_queue_empty(&h->ready)) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


static void
ngx_live_origin_hold_again(ngx_live_origin_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ctx->following) {
        ngx_live_origin_grow_on(r, ctx);

    } else {
        ngx_live_origin_serve_again(r, ctx);
    }

    ngx_http_run_posted_requests(c);
}
