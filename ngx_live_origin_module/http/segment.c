/*
 * GET of a segment: what is there goes out; of what is not, the clock and the
 * track's head say whether it is waited for, early, late or gone.
 */

#include "http/low.h"
#include "http/share.h"


#define NGX_LIVE_ORIGIN_OUT_MAX  3600       /* s, out of the window */


typedef struct {
    const lo_live_t      *live;
    ngx_uint_t            track;            /* index in live */
    uint32_t              ring;
    int64_t               number;
    int64_t               head;             /* -1: nothing yet */
    int64_t               now;              /* wall clock, us */
    int64_t               d;                /* us */
    int64_t               due;
} ngx_live_origin_look_t;


static ngx_int_t ngx_live_origin_missing(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_look_t *look);


/* in numbers; before the event is live, what its document asks for */

static int64_t
ngx_live_origin_window(const lo_live_t *l)
{
    return l->window ? l->window
                     : (int64_t) l->dvr_s * LO_USEC / lo_dur_us(&l->d) + 1;
}


/*
 * What is still in the zone, but not to be asked for any more: behind the
 * event's last number; or below the window of the head, and past the end of
 * its availability by the MPD.
 */

static ngx_uint_t
ngx_live_origin_left(ngx_live_origin_ctx_t *ctx, const lo_live_t *l,
    uint32_t ring)
{
    int64_t           window;
    lo_zone_track_t  *zt;

    if (lo_live_over(l) && ctx->number > l->last) {
        return 1;
    }

    zt = lo_zone_track(ctx->zone->z, ring);

    if (zt == NULL || l->d.duration == 0 || ctx->held_us >= 0) {
        return 0;
    }

    window = ngx_live_origin_window(l);

    if (ctx->number >= __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE) - window) {
        return 0;
    }

    return l->irregular || ngx_live_origin_wall()
                           >= lo_live_due_us(l, ctx->number + window + 1);
}


/* what the zone has not, or not any more */

static ngx_int_t
ngx_live_origin_archived(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track, uint32_t ring)
{
    ngx_int_t  rc;

    if (ngx_live_origin_left(ctx, ctx->event->live, ring)) {
        return NGX_DECLINED;
    }

    rc = ngx_live_origin_archive_get(r, ctx, track);

    if (rc == NGX_OK) {
        ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_READY);

        return ctx->name.kind == LO_NAME_PART
               ? ngx_live_origin_part_copy(r, ctx, track)
               : ngx_live_origin_object(r, ctx, track);
    }

    if (rc == NGX_BUSY) {
        ctx->zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_REFUSED]++;

        if (ngx_live_origin_header_const(r, "Retry-After", "5") != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                      NGX_LIVE_ORIGIN_SHED, 5);
    }

    return rc == NGX_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
}


/* what the zone has; NGX_DECLINED: it is not there, or not yet */

static ngx_int_t
ngx_live_origin_there(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track, uint32_t ring)
{
    const lo_live_t  *l;

    l = ctx->event->live;

    if (ctx->name.kind != LO_NAME_PART
        && lo_zone_find(ctx->zone->z, ring, ctx->number, 1,
                        lo_live_masked(l, track, ctx->number), &ctx->pin)
           != LO_OK)
    {
        return NGX_DECLINED;
    }

    if (ctx->name.kind == LO_NAME_PART
        && !lo_zone_has(ctx->zone->z, ring, ctx->number,
                        lo_live_masked(l, track, ctx->number)))
    {
        return ngx_live_origin_part(r, ctx, track);
    }

    if (ctx->copy) {
        ngx_live_origin_archive_release(ctx);
    }

    if (ngx_live_origin_left(ctx, l, ring)) {

        if (ctx->name.kind != LO_NAME_PART) {
            lo_zone_unpin(ctx->zone->z, &ctx->pin);
        }

        return ngx_live_origin_refuse(r, ctx, NGX_LIVE_ORIGIN_HTTP_GONE,
                                      NGX_LIVE_ORIGIN_GONE,
                                      NGX_LIVE_ORIGIN_OUT_MAX);
    }

    if (ctx->name.kind == LO_NAME_PART) {
        return ngx_live_origin_part(r, ctx, track);
    }

    ngx_live_origin_reason(ctx, ctx->held_us < 0 ? NGX_LIVE_ORIGIN_READY
                                                 : NGX_LIVE_ORIGIN_HELD);

    return ngx_live_origin_object(r, ctx, track);
}


/* parts are there only where playlists may list them, and once it is fixed how
   long they are */

static ngx_uint_t
ngx_live_origin_known(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    const lo_live_t             *l;
    ngx_live_origin_loc_conf_t  *lcf;

    l = ctx->event->live;

    if (l->tracks[track].ring == LO_ZONE_NO_TRACK) {
        return 0;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    return ctx->name.kind != LO_NAME_PART
           || (lcf->early_bytes && l->phase != LO_LIVE_SCHEDULED
               && lo_live_part_us(l, track)
               && !(ctx->event->doc && ctx->event->doc->low.off));
}


ngx_int_t
ngx_live_origin_segment(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t track)
{
    ngx_int_t                rc;
    uint32_t                 ring;
    lo_zone_track_t         *zt;
    const lo_live_t         *l;
    ngx_live_origin_look_t   look;

    l = ctx->event->live;
    ring = l->tracks[track].ring;
    ctx->number = ctx->name.number;

    if (!ngx_live_origin_known(r, ctx, track)) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    rc = ngx_live_origin_there(r, ctx, track, ring);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    zt = lo_zone_track(ctx->zone->z, ring);

    if (zt == NULL || l->d.duration == 0) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_UNKNOWN, 2);
    }

    if (ctx->zone->archive) {
        rc = ngx_live_origin_archived(r, ctx, track, ring);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (ctx->zone->share && !ngx_live_origin_left(ctx, l, ring)) {
        rc = ngx_live_origin_share_read(r, ctx, track, ring);

        if (rc != NGX_DECLINED) {
            return rc == NGX_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
        }

        /* the live state may be another by now */

        ctx->event = ngx_live_origin_event_get(ctx->zone, ctx->event->index);

        if (ctx->event == NULL || ctx->event->live->ntracks <= track
            || ctx->event->live->d.duration == 0)
        {
            return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                          NGX_LIVE_ORIGIN_UNKNOWN, 2);
        }

        l = ctx->event->live;
        zt = lo_zone_track(ctx->zone->z, ring);

        if (zt == NULL
            || (ctx->number > __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE)
                && ngx_live_origin_share_returns(ctx->zone)))
        {
            return ngx_live_origin_serve_joining(r, ctx);
        }
    }

    look.live = l;
    look.track = track;
    look.ring = ring;
    look.number = ctx->number;
    look.head = __atomic_load_n(&zt->head, __ATOMIC_ACQUIRE);
    look.now = ngx_live_origin_wall();
    look.d = lo_dur_us(&l->d);
    look.due = l->irregular ? look.now : lo_live_due_us(l, look.number);

    return ngx_live_origin_missing(r, ctx, &look);
}


static ngx_int_t
ngx_live_origin_early(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_look_t *look)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_live_origin_header(r, "Live-Origin-Due", p,
                               ngx_sprintf(p, "%L", look->due / 1000) - p)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                  NGX_LIVE_ORIGIN_EARLY,
                                  (look->due - look->now) / LO_USEC - 1);
}


static ngx_int_t
ngx_live_origin_wait(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_look_t *look)
{
    int64_t                      ms, left;
    ngx_int_t                    rc;
    ngx_live_origin_loc_conf_t  *lcf;

    rc = ctx->name.kind == LO_NAME_PART
         ? NGX_DECLINED
         : ngx_live_origin_grow(r, ctx, look->track, look->ring);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    ms = (look->due + 2 * look->d - look->now) / 1000 + 1;
    left = (int64_t) lcf->hold - (ctx->held_us < 0 ? 0 : ctx->held_us / 1000);

    if (ms > left) {
        ms = left;
    }

    if (ms <= 0 || ctx->expired) {
        return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                      NGX_LIVE_ORIGIN_LATE, 1);
    }

    rc = ngx_live_origin_hold(r, ctx, look->ring, ms);

    if (rc == NGX_AGAIN) {
        return ngx_live_origin_segment(r, ctx, look->track);
    }

    return rc == NGX_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
}


/* the last number that is waited for */

static int64_t
ngx_live_origin_next(ngx_live_origin_ctx_t *ctx, ngx_live_origin_look_t *look)
{
    int64_t                 next, to;
    ngx_live_origin_list_t  list;

    /* who has got a number from another node asks for the one behind it, while
       news of the first may be under way here */

    next = look->head + (ctx->zone->share ? 2 : 1);

    if (ctx->name.kind != LO_NAME_PART) {
        return next;
    }

    /* the first part of a number is hinted at while the number before it
       still grows */

    next++;

    if (look->number <= next) {
        return next;
    }

    /* when nothing comes playlists go on by the clock, and hint at what is
       behind their last GAP */

    list.zone = ctx->zone;
    list.event = ctx->event;
    list.live = look->live;
    list.track = look->track;
    list.ring = look->ring;
    list.low = 1;

    to = ngx_live_origin_list_to(&list);

    return ngx_max(next, to + 2);
}


static ngx_int_t
ngx_live_origin_missing(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_look_t *look)
{
    int64_t           n, window;
    const lo_live_t  *l;

    l = look->live;
    n = look->number;

    if (lo_live_over(l)) {
        return ngx_live_origin_refuse(r, ctx, NGX_LIVE_ORIGIN_HTTP_GONE,
                                      NGX_LIVE_ORIGIN_GONE,
                                      NGX_LIVE_ORIGIN_OUT_MAX);
    }

    window = ngx_live_origin_window(l);

    if (look->head >= 0 && n < look->head - window) {
        return ngx_live_origin_refuse(r, ctx, NGX_LIVE_ORIGIN_HTTP_GONE,
                                      NGX_LIVE_ORIGIN_GONE,
                                      NGX_LIVE_ORIGIN_OUT_MAX);
    }

    if (look->head >= 0 && look->now < look->due + 2 * look->d
        && n <= ngx_live_origin_next(ctx, look))
    {
        return ngx_live_origin_wait(r, ctx, look);
    }

    if (n <= look->head) {

        if (ctx->held_us >= 0) {
            return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                          NGX_LIVE_ORIGIN_LATE, 1);
        }

        /* back-fill may still come, but not for ever */

        return ngx_live_origin_refuse(r, ctx, NGX_LIVE_ORIGIN_HTTP_GONE,
                                      NGX_LIVE_ORIGIN_GONE,
                                      look->now - look->due < l->backfill_us
                                      ? (look->d + LO_USEC - 1) / LO_USEC
                                      : NGX_LIVE_ORIGIN_OUT_MAX);
    }

    if (look->now < look->due) {
        return ngx_live_origin_early(r, ctx, look);
    }

    return ngx_live_origin_refuse(r, ctx, NGX_HTTP_NOT_FOUND,
                                  ctx->held_us >= 0 ? NGX_LIVE_ORIGIN_LATE
                                                    : NGX_LIVE_ORIGIN_OVERDUE,
                                  1);
}
