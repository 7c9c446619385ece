/* The connections as they are said to people, and the last failover. */

#include "redis/cluster_int.h"


typedef struct {
    ngx_live_origin_redis_look_t  *looks;
    ngx_uint_t                     n;
    ngx_uint_t                     total;
    ngx_uint_t                     up;             /* the turn: 0, those that are
                                                      not up; 1, the others */
} ngx_live_origin_redis_looking_t;


static void
ngx_live_origin_redis_look_at(ngx_live_origin_redis_looking_t *l,
    ngx_live_origin_redis_conn_t *conn, ngx_live_origin_redis_use_e use)
{
    ngx_live_origin_redis_look_t  *look;

    if (conn == NULL || (conn->state == NGX_LIVE_ORIGIN_REDIS_UP) != l->up) {
        return;
    }

    if (l->total++ >= l->n) {
        return;
    }

    look = &l->looks[l->total - 1];

    look->use = use;
    look->state = conn->state;
    look->role = conn->role;
    look->attempts = l->up ? 0 : conn->attempts;
    look->since_us = conn->since_us;
    look->again_us = conn->retry.timer_set ? conn->again_us : 0;
    look->error_us = conn->error_us;
    look->error = (char *) conn->error;
    look->address = (char *) conn->text;

    /* that a node of the cluster is one says its map */

    if (use == NGX_LIVE_ORIGIN_REDIS_COMMANDS && conn->rd->cluster
        && conn->rd->cluster->known)
    {
        look->role = NGX_LIVE_ORIGIN_REDIS_PRIMARY;
    }
}


static void
ngx_live_origin_redis_look_nodes(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_looking_t *l)
{
    ngx_queue_t                   *q;
    ngx_live_origin_redis_conn_t  *conn;

    for (q = ngx_queue_head(&rd->cluster->nodes);
         q != ngx_queue_sentinel(&rd->cluster->nodes);
         q = ngx_queue_next(q))
    {
        conn = ngx_live_origin_redis_node_of(q);

        if (!conn->unused) {
            ngx_live_origin_redis_look_at(l, conn,
                                          NGX_LIVE_ORIGIN_REDIS_COMMANDS);
            ngx_live_origin_redis_look_at(l, conn->waiter,
                                          NGX_LIVE_ORIGIN_REDIS_REPLICAS);
        }
    }
}


ngx_uint_t
ngx_live_origin_redis_look(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_look_t *looks, ngx_uint_t n)
{
    ngx_live_origin_redis_looking_t  l;

    l.looks = looks;
    l.n = n;
    l.total = 0;

    for (l.up = 0; l.up < 2; l.up++) {

        if (rd->cluster) {
            ngx_live_origin_redis_look_nodes(rd, &l);

        } else {
            ngx_live_origin_redis_look_at(&l, rd->primary,
                                          NGX_LIVE_ORIGIN_REDIS_COMMANDS);
            ngx_live_origin_redis_look_at(&l, rd->primary->waiter,
                                          NGX_LIVE_ORIGIN_REDIS_REPLICAS);
        }

        if (rd->channel.len) {
            ngx_live_origin_redis_look_at(&l, rd->sub,
                                          NGX_LIVE_ORIGIN_REDIS_NEWS);
        }

        ngx_live_origin_redis_look_at(&l,
                                      ngx_live_origin_redis_sentinel_conn(rd),
                                      NGX_LIVE_ORIGIN_REDIS_SENTINELS);
    }

    return l.total;
}


int64_t
ngx_live_origin_redis_failover(ngx_live_origin_redis_t *rd, const char **from,
    const char **to)
{
    *from = (char *) rd->left_text;
    *to = (char *) rd->taken_text;

    return rd->stat.failover_us;
}
