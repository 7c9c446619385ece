/* caches are told that bytes were taken back: live_origin_purge */

#ifndef NGX_LIVE_ORIGIN_PURGE_H
#define NGX_LIVE_ORIGIN_PURGE_H

#include "http/module.h"


char *ngx_live_origin_purge_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Called by the worker that took the mask; both return at once, and do nothing
 * where the directive is not there or its URL is of the other kind.
 */
void ngx_live_origin_purge_track(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, const char *event, const char *track);
void ngx_live_origin_purge_number(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone, const char *event, const char *track,
    int64_t number);

#endif /* NGX_LIVE_ORIGIN_PURGE_H */
