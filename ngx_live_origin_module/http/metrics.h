/* Prometheus' text format: live_origin_metrics */

#ifndef NGX_LIVE_ORIGIN_METRICS_H
#define NGX_LIVE_ORIGIN_METRICS_H

#include "http/module.h"


ngx_int_t ngx_live_origin_metrics_handler(ngx_http_request_t *r);

/* the two lines above a family */
void ngx_live_origin_metrics_head(lo_buf_t *b, const char *name,
    const char *type, const char *help);

/* cells of workers that follow each other: one value, or one for each word */

typedef struct {
    const char          *name;
    const char          *type;
    const char          *help;
    const char          *label;        /* NULL: one value */
    const char *const   *words;
    ngx_uint_t           n;
    ngx_uint_t           cell;         /* the first */
} ngx_live_origin_metrics_family_t;

/* until one without a name */
void ngx_live_origin_metrics_families(ngx_live_origin_zone_t *zone,
    lo_buf_t *b, const ngx_live_origin_metrics_family_t *f);
void ngx_live_origin_metrics_gauge(lo_buf_t *b, const char *name,
    const char *help, uint64_t value);
/* cell: the first of NGX_LIVE_ORIGIN_HIST_CELLS */
void ngx_live_origin_metrics_hist(ngx_live_origin_zone_t *zone, lo_buf_t *b,
    const char *name, const char *help, ngx_uint_t cell);

/* metrics_redis.c: nothing without live_origin_redis */
void ngx_live_origin_metrics_redis(ngx_live_origin_zone_t *zone, lo_buf_t *b);

/* metrics_event.c: by event, track and pipeline */
void ngx_live_origin_metrics_events(ngx_live_origin_zone_t *zone,
    lo_buf_t *b);

#endif /* NGX_LIVE_ORIGIN_METRICS_H */
