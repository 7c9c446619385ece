/* caches are told that bytes were taken back: live_origin_purge */

#ifndef NGX_LIVE_ORIGIN_PURGE_H
#define NGX_LIVE_ORIGIN_PURGE_H

#include "http/module.h"


struct ngx_live_origin_purge_s {
    ngx_str_t                    url;
    ngx_str_t                    method;
    ngx_str_t                    host;     /* as in the URL */
    ngx_str_t                    path;     /* with $event, $track, ... */
    ngx_addr_t                  *addrs;
    ngx_uint_t                   naddrs;
    ngx_uint_t                   numbers;  /* $number is in it */

    /* this worker's */

    ngx_queue_t                  queue;    /* ngx_live_origin_purge_job_t */
    ngx_uint_t                   queued;
    ngx_uint_t                   open;
    ngx_uint_t                   next;     /* address: one that answers, as
                                              far as is known */
    time_t                       said;
    ngx_uint_t                   unsaid;
    ngx_uint_t                   over;     /* this worker has to end */
};


/* purge_conf.c */

char *ngx_live_origin_purge_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* the variable whose name begins at p, or NULL */
const char *ngx_live_origin_purge_var(const u_char *p, const u_char *last);


/* purge.c */

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
