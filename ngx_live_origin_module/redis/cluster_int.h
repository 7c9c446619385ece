/*
 * What cluster.c (nodes), map.c (slots) and redirect.c (operations) share.
 */

#ifndef NGX_LIVE_ORIGIN_REDIS_CLUSTER_INT_H
#define NGX_LIVE_ORIGIN_REDIS_CLUSTER_INT_H

#include "redis/redis_int.h"


struct ngx_live_origin_redis_cluster_s {
    ngx_queue_t                          nodes;
    ngx_uint_t                           nnodes;
    ngx_uint_t                           known;    /* some slots are */
    ngx_uint_t                           stale;
    ngx_msec_t                           asked;    /* ngx_current_msec */
    ngx_live_origin_redis_conn_t        *asking;
    ngx_live_origin_redis_conn_t        *last;     /* used for any */
    ngx_queue_t                          later;    /* operations */
    ngx_event_t                          tick;
    ngx_live_origin_redis_conn_t        *slots[LO_REDIS_SLOTS];
    ngx_live_origin_redis_conn_t        *fresh[LO_REDIS_SLOTS];
};


#define ngx_live_origin_redis_node_of(q)                                      \
    (ngx_queue_data(q, ngx_live_origin_redis_conn_t, queue))


/* cluster.c */

/* the node that another names, which may be new; host may be empty, for its
   own.  NULL: it is none, or there are too many, or no memory */
ngx_live_origin_redis_conn_t *ngx_live_origin_redis_cluster_named(
    ngx_live_origin_redis_conn_t *from, const char *host, size_t len,
    ngx_uint_t port);


/* map.c */

/* some node for the map, unless one is being asked */
void ngx_live_origin_redis_cluster_ask(ngx_live_origin_redis_t *rd);


/* redirect.c: operations that wait */

/* those whose deadline is not behind now get their NULL */
void ngx_live_origin_redis_cluster_fail(ngx_live_origin_redis_t *rd,
    ngx_queue_t *ops, int64_t now);
void ngx_live_origin_redis_cluster_resend(ngx_live_origin_redis_t *rd);

#endif /* NGX_LIVE_ORIGIN_REDIS_CLUSTER_INT_H */
