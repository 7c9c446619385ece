#include "core/keys.h"
#include "http/api.h"
#include "http/geo.h"
#include "http/rights.h"


static ngx_uint_t
ngx_live_origin_rights_track(ngx_live_origin_ctx_t *ctx,
    const lo_place_t *place)
{
    ngx_uint_t         i;
    const lo_event_t  *doc;

    doc = ctx->event->doc;

    for (i = 0; ctx->name.track.len && i < doc->ntracks; i++) {
        if (lo_str_eq(doc->tracks[i].id, ctx->name.track)) {
            return lo_rights_track(&doc->tracks[i], place);
        }
    }

    return 1;
}


lo_rights_e
ngx_live_origin_rights(ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    const lo_place_t *place)
{
    lo_place_t   client;
    lo_rights_e  why;

    ctx->until_us = INT64_MAX;

    /* that is answered before anybody asks */

    if (ctx->event->doc == NULL) {
        return LO_RIGHTS_BLACKOUT;
    }

    if (place == NULL) {

        lo_place_unknown(&client);

        if (lo_rights_by_place(ctx->event->doc)) {
            (void) ngx_live_origin_geo(r, &client);
            ctx->share = NGX_LIVE_ORIGIN_SHARE_NONE;
        }

        place = &client;
    }

    why = lo_rights(ctx->event->doc, place, ngx_live_origin_wall(),
                    &ctx->until_us);

    if (why == LO_RIGHTS_OPEN && !ngx_live_origin_rights_track(ctx, place)) {
        why = LO_RIGHTS_COUNTRY;
    }

    return why;
}


lo_deny_e
ngx_live_origin_rights_deny(lo_rights_e why)
{
    return why == LO_RIGHTS_OPEN ? LO_ALLOW
           : why == LO_RIGHTS_BLACKOUT ? LO_DENY_BLACKOUT : LO_DENY_COUNTRY;
}


const char *
ngx_live_origin_rights_text(lo_deny_e why)
{
    return why == LO_DENY_BLACKOUT ? "not available at this time"
                                   : "not available in this country";
}


const char *
ngx_live_origin_rights_field(lo_deny_e why)
{
    return why == LO_DENY_BLACKOUT ? "blackout" : "country";
}


ngx_int_t
ngx_live_origin_rights_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_deny_e why)
{
    static ngx_str_t  texts[] = {
        ngx_string("denied: not available in this country\n"),
        ngx_string("denied: not available at this time\n")
    };

    ngx_str_t  *text;

    ctx->klass = LO_SHED_UNKNOWN;
    ctx->denied = why;
    text = &texts[why == LO_DENY_BLACKOUT];

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_DENIED);

    if (ngx_live_origin_share_error(r, ctx, 0) != NGX_OK
        || ngx_live_origin_cors(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_text(r, NGX_HTTP_FORBIDDEN, text->data, text->len);
}


/* not for a second: it takes an operator, or memory */

static ngx_int_t
ngx_live_origin_rights_later(ngx_http_request_t *r)
{
    return ngx_live_origin_header_const(r, "Retry-After", "5");
}


ngx_int_t
ngx_live_origin_rights_unknown(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    if (ngx_live_origin_rights_later(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_refuse(r, ctx, NGX_HTTP_SERVICE_UNAVAILABLE,
                                  NGX_LIVE_ORIGIN_UNREADABLE, 0);
}


ngx_int_t
ngx_live_origin_rights_unknown_json(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    if (ngx_live_origin_rights_later(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_live_origin_reason(ctx, NGX_LIVE_ORIGIN_UNREADABLE);

    return ngx_live_origin_api_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "the event's document cannot be read",
                                     NULL);
}


int64_t
ngx_live_origin_rights_age(ngx_live_origin_ctx_t *ctx, int64_t age)
{
    int64_t  left;

    if (ctx->until_us == 0 || ctx->until_us == INT64_MAX) {
        return age;
    }

    left = (ctx->until_us - ngx_live_origin_wall()) / LO_USEC;

    return left < 0 ? 0 : ngx_min(age, left);
}
