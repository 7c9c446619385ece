/*
 * Who may have a manifest, by place and time (docs/geo.md).
 */

#ifndef NGX_LIVE_ORIGIN_RIGHTS_H
#define NGX_LIVE_ORIGIN_RIGHTS_H

#include "core/keys.h"
#include "core/rights.h"
#include "http/module.h"


/* for a manifest of ctx->event, and of ctx->name.track where there is one;
   place: whose answer it is, NULL: the client's */
lo_rights_e ngx_live_origin_rights(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_place_t *place);

lo_deny_e ngx_live_origin_rights_deny(lo_rights_e why);

/* of COUNTRY and BLACKOUT: what is said, and the member of an event that says
   so */
const char *ngx_live_origin_rights_text(lo_deny_e why);
const char *ngx_live_origin_rights_field(lo_deny_e why);

/* 403, of these two */
ngx_int_t ngx_live_origin_rights_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_deny_e why);

/* of an event whose document cannot be read (ctx->event->doc is NULL) nobody
   has anything that it may deny: 503, as a line or as JSON */
ngx_int_t ngx_live_origin_rights_unknown(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
ngx_int_t ngx_live_origin_rights_unknown_json(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);

/* behind that: how long it may be kept, s, so that nobody has it when a
   blackout begins; 0: not at all */
int64_t ngx_live_origin_rights_age(ngx_live_origin_ctx_t *ctx, int64_t age);

#endif /* NGX_LIVE_ORIGIN_RIGHTS_H */
