/* bodies of requests that are small, and read into memory */

#ifndef NGX_LIVE_ORIGIN_SMALL_H
#define NGX_LIVE_ORIGIN_SMALL_H

#include "http/module.h"


typedef ngx_int_t (*ngx_live_origin_small_pt)(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, u_char *body, size_t len);

/* what a handler of nginx returns: NGX_DONE, it is read and then answered by
   handler; or the answer to one of more than max bytes */
ngx_int_t ngx_live_origin_small_read(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, size_t max, ngx_live_origin_small_pt handler);

#endif /* NGX_LIVE_ORIGIN_SMALL_H */
