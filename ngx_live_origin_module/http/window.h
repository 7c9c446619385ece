/* filters and windows of requests */

#ifndef NGX_LIVE_ORIGIN_WINDOW_H
#define NGX_LIVE_ORIGIN_WINDOW_H

#include "http/module.h"
#include "core/filter.h"
#include "core/window.h"


#define NGX_LIVE_ORIGIN_BAD_AGE  5         /* s: max-age of a 400 */


/*
 * What the query arguments ask for.  LO_OK: f, w or both ask for something;
 * LO_NONE: for nothing (both are zeroes); LO_ERROR: 400, *err says why.
 */
int ngx_live_origin_class_args(ngx_http_request_t *r, lo_filter_t *f,
    lo_window_t *w, lo_err_t *err);

/* a query argument, percent-decoded: LO_OK or LO_NONE; LO_ERROR: 400, there
   are two */
int ngx_live_origin_arg_text(ngx_http_request_t *r, const char *name,
    lo_str_t *value, lo_err_t *err);

/* whether there are arguments besides directives of HLS, which begin with
   "_" */
ngx_uint_t ngx_live_origin_args_any(ngx_http_request_t *r);

/* that 400 */
ngx_int_t ngx_live_origin_args_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_err_t *err);

/* a window that has nothing in this event by now, or never will: the answer;
   else NGX_DECLINED.  The event is live or has been */
ngx_int_t ngx_live_origin_window_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_window_t *w);

#endif /* NGX_LIVE_ORIGIN_WINDOW_H */
