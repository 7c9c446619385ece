/*
 * The worker's side of live_origin_redis, and its directives.
 */

#ifndef NGX_LIVE_ORIGIN_HTTP_REDIS_H
#define NGX_LIVE_ORIGIN_HTTP_REDIS_H

#include <jansson.h>

#include "http/module.h"


/* redis.c: all may be called without live_origin_redis */

void ngx_live_origin_redis_init(ngx_cycle_t *cycle,
    ngx_live_origin_main_conf_t *mcf);
void ngx_live_origin_redis_exit(ngx_live_origin_main_conf_t *mcf);
/* for GET status; NULL: there is none */
json_t *ngx_live_origin_redis_status(ngx_live_origin_zone_t *zone);


/* redis_conf.c */

char *ngx_live_origin_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* redis_auth.c: the first line of a file; param is the parameter whose value
   is v, for errors */

char *ngx_live_origin_auth_file(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_str_t *user, ngx_str_t *password);


/* ack_conf.c */

char *ngx_live_origin_ack_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* live_origin_ack redis without live_origin_redis */
char *ngx_live_origin_ack_check(ngx_conf_t *cf,
    ngx_live_origin_main_conf_t *mcf);

#endif /* NGX_LIVE_ORIGIN_HTTP_REDIS_H */
