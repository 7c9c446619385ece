/* POST EVENT/clearkey: docs/drm.md */

#ifndef NGX_LIVE_ORIGIN_CLEARKEY_H
#define NGX_LIVE_ORIGIN_CLEARKEY_H

#include "core/clearkey.h"
#include "http/module.h"


char *ngx_live_origin_clearkey_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* whether a POST is for this: path is behind the prefix */
ngx_uint_t ngx_live_origin_clearkey_is(lo_str_t path);
ngx_int_t ngx_live_origin_clearkey_handler(ngx_http_request_t *r);

#endif /* NGX_LIVE_ORIGIN_CLEARKEY_H */
