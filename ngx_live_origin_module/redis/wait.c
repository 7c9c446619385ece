/*
 * Replicas: WAIT blocks what is sent behind it, so it has a connection of its
 * own to each node that it is used with.
 *
 * WAIT is about what its own connection has seen: each is sent behind a PING,
 * which is answered after everything that was answered to commands before.
 * The connection ends with that of the commands: another server, or the same
 * one restarted, knows nothing of what was written.
 */

#include "redis/redis_int.h"


/* it is opened by the next who wants it; until its back-off is over it is
   known to fail */

static const ngx_live_origin_redis_class_t  ngx_live_origin_redis_wait_class =
{
    ngx_live_origin_redis_node_steps, 0,
    NULL, NULL, NULL, NULL
};


/* that of a node; NULL: not now */

static ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_wait_conn(ngx_live_origin_redis_conn_t *node)
{
    ngx_live_origin_redis_conn_t  *conn;

    conn = node->waiter;

    if (conn == NULL) {
        conn = ngx_live_origin_redis_conn_create(node->rd,
                                          &ngx_live_origin_redis_wait_class);
        if (conn == NULL) {
            return NULL;
        }

        node->waiter = conn;
    }

    if (conn->state == NGX_LIVE_ORIGIN_REDIS_DOWN && !conn->retry.timer_set) {
        ngx_live_origin_redis_conn_address(conn, &node->sockaddr.sockaddr,
                                           node->socklen);
        ngx_live_origin_redis_conn_open(conn);
    }

    return conn->state == NGX_LIVE_ORIGIN_REDIS_DOWN ? NULL : conn;
}


ngx_int_t
ngx_live_origin_redis_wait(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, const ngx_str_t *key, ngx_uint_t replicas,
    ngx_msec_t ms)
{
    u_char                         n[NGX_INT_T_LEN + 1], t[NGX_INT_T_LEN + 1];
    size_t                         lens[3];
    const char                    *argv[3];
    ngx_live_origin_redis_conn_t  *conn;

    op->slot = key ? (ngx_int_t) lo_redis_slot(key->data, key->len) : -1;
    op->script = NULL;

    conn = ngx_live_origin_redis_route(rd, op->slot);

    if (conn == NULL) {
        return NGX_DECLINED;
    }

    conn = conn->state == NGX_LIVE_ORIGIN_REDIS_UP
           ? ngx_live_origin_redis_wait_conn(conn) : NULL;

    if (conn == NULL) {
        rd->stat.declined++;
        return NGX_DECLINED;
    }

    argv[0] = "WAIT";
    argv[1] = (char *) n;
    argv[2] = (char *) t;

    lens[0] = 4;
    lens[1] = ngx_sprintf(n, "%ui", replicas) - n;
    lens[2] = ngx_sprintf(t, "%M", ngx_max(ms, 1)) - t;

    return ngx_live_origin_redis_take(rd, conn, op, 3, argv, lens);
}


ngx_int_t
ngx_live_origin_redis_wait_before(ngx_live_origin_redis_conn_t *conn)
{
    return conn->class == &ngx_live_origin_redis_wait_class
           ? ngx_live_origin_redis_send_before(conn, "PING") : NGX_OK;
}


void
ngx_live_origin_redis_wait_end(ngx_live_origin_redis_conn_t *node)
{
    if (node->waiter) {
        ngx_live_origin_redis_conn_shut(node->waiter, "the connection for "
                                        "commands was lost");
    }
}
