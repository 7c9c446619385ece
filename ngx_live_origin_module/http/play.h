/* POST EVENT/play */

#ifndef NGX_LIVE_ORIGIN_PLAY_H
#define NGX_LIVE_ORIGIN_PLAY_H

#include "http/module.h"


/* whether a POST is for the serving side: path is behind the prefix */
ngx_uint_t ngx_live_origin_play_is(lo_str_t path);
ngx_int_t ngx_live_origin_play_handler(ngx_http_request_t *r);

#endif /* NGX_LIVE_ORIGIN_PLAY_H */
