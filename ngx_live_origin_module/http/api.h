/* what api.c and api_status.c have between them */

#ifndef NGX_LIVE_ORIGIN_API_H
#define NGX_LIVE_ORIGIN_API_H

#include <jansson.h>

#include "http/module.h"


ngx_int_t ngx_live_origin_api_handler(ngx_http_request_t *r);

/* JSON answers, never cached; _json takes the reference */
ngx_int_t ngx_live_origin_api_bytes(ngx_http_request_t *r,
    ngx_uint_t status, u_char *data, size_t len);
ngx_int_t ngx_live_origin_api_json(ngx_http_request_t *r, ngx_uint_t status,
    json_t *json);
ngx_int_t ngx_live_origin_api_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *error, const char *field);

/* new references, or NULL */
json_t *ngx_live_origin_api_list(ngx_live_origin_zone_t *zone);
json_t *ngx_live_origin_api_node(ngx_live_origin_zone_t *zone);
json_t *ngx_live_origin_api_event(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);
json_t *ngx_live_origin_api_learned(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);

#endif /* NGX_LIVE_ORIGIN_API_H */
