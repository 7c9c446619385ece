/*
 * Operations that a cluster sends elsewhere, or later: a bounded number of
 * times, and until their deadline.
 */

#include "redis/cluster_int.h"


void
ngx_live_origin_redis_cluster_fail(ngx_live_origin_redis_t *rd,
    ngx_queue_t *ops, int64_t now)
{
    ngx_queue_t                  *q, *next;
    ngx_live_origin_redis_op_t   *op;

    for (q = ngx_queue_head(ops); q != ngx_queue_sentinel(ops); q = next) {

        next = ngx_queue_next(q);
        op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);

        if (op->deadline_us <= now) {
            ngx_queue_remove(q);
            rd->stat.timeouts++;
            ngx_live_origin_redis_finish(rd, op, NULL,
                                         "no node of the cluster took it in "
                                         "time");
        }
    }
}


static void
ngx_live_origin_redis_cluster_later(ngx_live_origin_redis_cluster_t *cl,
    ngx_live_origin_redis_op_t *op)
{
    ngx_queue_insert_tail(&cl->later, &op->queue);
    cl->tick.cancelable = 0;
}


static ngx_int_t
ngx_live_origin_redis_cluster_asking(ngx_live_origin_redis_conn_t *node,
    ngx_live_origin_redis_op_t *op)
{
    if (ngx_live_origin_redis_send_before(node, "ASKING") != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_live_origin_redis_send(node, op);
}


static ngx_int_t
ngx_live_origin_redis_cluster_redirect(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op, lo_redis_error_e error, redisReply *reply)
{
    ngx_int_t                         rc;
    lo_redis_redirect_t               r;
    ngx_live_origin_redis_conn_t     *node;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = conn->rd->cluster;

    if (lo_redis_redirect(&r, reply->str, reply->len) != 0) {
        return NGX_OK;
    }

    node = ngx_live_origin_redis_cluster_named(conn, r.host,
                                               ngx_strlen(r.host), r.port);
    if (node == NULL) {
        return NGX_OK;
    }

    conn->rd->stat.redirects++;

    if (error == LO_REDIS_MOVED) {
        cl->stale = 1;
        cl->slots[r.slot] = node;
        node->unused = 0;
    }

    if (node->state != NGX_LIVE_ORIGIN_REDIS_UP) {
        ngx_live_origin_redis_cluster_later(cl, op);
        return NGX_DONE;
    }

    rc = error == LO_REDIS_ASK
         ? ngx_live_origin_redis_cluster_asking(node, op)
         : ngx_live_origin_redis_send(node, op);

    return rc == NGX_OK ? NGX_DONE : NGX_OK;
}


ngx_int_t
ngx_live_origin_redis_cluster_refused(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op, lo_redis_error_e error, redisReply *reply)
{
    ngx_live_origin_redis_cluster_t  *cl;

    cl = conn->rd->cluster;

    if (++op->tries > NGX_LIVE_ORIGIN_REDIS_TRIES) {
        cl->stale = 1;
        return NGX_OK;
    }

    if (error == LO_REDIS_MOVED || error == LO_REDIS_ASK) {
        return ngx_live_origin_redis_cluster_redirect(conn, op, error, reply);
    }

    cl->stale |= error == LO_REDIS_CLUSTERDOWN;
    ngx_live_origin_redis_cluster_later(cl, op);

    return NGX_DONE;
}


void
ngx_live_origin_redis_cluster_resend(ngx_live_origin_redis_t *rd)
{
    ngx_queue_t                       ops, *q;
    ngx_live_origin_redis_op_t       *op;
    ngx_live_origin_redis_conn_t     *node;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;

    ngx_live_origin_redis_cluster_fail(rd, &cl->later,
                                       ngx_live_origin_redis_now());
    ngx_queue_init(&ops);

    if (!ngx_queue_empty(&cl->later)) {
        ngx_queue_add(&ops, &cl->later);
        ngx_queue_init(&cl->later);
    }

    while (!ngx_queue_empty(&ops)) {

        q = ngx_queue_head(&ops);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_live_origin_redis_op_t, queue);
        node = ngx_live_origin_redis_cluster_node(rd, op->slot);

        if (node == NULL || node->state != NGX_LIVE_ORIGIN_REDIS_UP
            || ngx_live_origin_redis_send(node, op) != NGX_OK)
        {
            ngx_queue_insert_tail(&cl->later, &op->queue);
        }
    }

    cl->tick.cancelable = ngx_queue_empty(&cl->later);
}
