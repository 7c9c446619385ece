/*
 * Who may have a manifest, by place and time (docs/geo.md).
 */

#ifndef NGX_LIVE_ORIGIN_RIGHTS_H
#define NGX_LIVE_ORIGIN_RIGHTS_H

#include "core/rights.h"
#include "http/module.h"


/* for a manifest of ctx->event, and of ctx->name.track where there is one;
   place: whose answer it is, NULL: the client's.  NGX_DECLINED: go on; else
   it was answered */
ngx_int_t ngx_live_origin_rights(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_place_t *place);

/* behind that: how long it may be kept, s, so that nobody has it when a
   blackout begins; 0: not at all */
int64_t ngx_live_origin_rights_age(ngx_live_origin_ctx_t *ctx, int64_t age);

#endif /* NGX_LIVE_ORIGIN_RIGHTS_H */
