/* Prometheus' text format: live_origin_metrics */

#ifndef NGX_LIVE_ORIGIN_METRICS_H
#define NGX_LIVE_ORIGIN_METRICS_H

#include "http/module.h"


ngx_int_t ngx_live_origin_metrics_handler(ngx_http_request_t *r);

/* the two lines above a family */
void ngx_live_origin_metrics_head(lo_buf_t *b, const char *name,
    const char *type, const char *help);

/* metrics_event.c: by event, track and pipeline */
void ngx_live_origin_metrics_events(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);

#endif /* NGX_LIVE_ORIGIN_METRICS_H */
