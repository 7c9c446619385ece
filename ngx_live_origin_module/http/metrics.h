#ifndef NGX_LIVE_ORIGIN_METRICS_H
#define NGX_LIVE_ORIGIN_METRICS_H

#include "http/module.h"


ngx_int_t ngx_live_origin_metrics_handler(ngx_http_request_t *r);

#endif /* NGX_LIVE_ORIGIN_METRICS_H */
