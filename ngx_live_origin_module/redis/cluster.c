/*
 * Redis Cluster: which node has a slot, a connection to each primary, and
 * what to do when a slot is elsewhere.
 *
 * A node that is no primary any more is left when nothing is under way on it;
 * the map is asked for whenever something says that it is not true, and now
 * and then.
 */

#include "redis/cluster_int.h"


#define NGX_LIVE_ORIGIN_REDIS_TICK   50        /* ms */
#define NGX_LIVE_ORIGIN_REDIS_AGE    10000     /* ms: of the map */
#define NGX_LIVE_ORIGIN_REDIS_ASK    200       /* ms: between two questions */


static void ngx_live_origin_redis_node_up(ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_node_down(
    ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_cluster_tick(ngx_event_t *ev);
static void ngx_live_origin_redis_cluster_seed(ngx_live_origin_redis_t *rd);


static const ngx_live_origin_redis_class_t
    ngx_live_origin_redis_node_class =
{
    ngx_live_origin_redis_node_steps, 0,
    ngx_live_origin_redis_node_up,
    ngx_live_origin_redis_node_down,
    ngx_live_origin_redis_conn_open,
    NULL
};


ngx_int_t
ngx_live_origin_redis_cluster_create(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_cluster_t  *cl;

    cl = calloc(1, sizeof(ngx_live_origin_redis_cluster_t));
    if (cl == NULL) {
        return NGX_ERROR;
    }

    rd->cluster = cl;

    ngx_queue_init(&cl->nodes);
    ngx_queue_init(&cl->later);

    cl->tick.handler = ngx_live_origin_redis_cluster_tick;
    cl->tick.data = rd;
    cl->tick.log = rd->log;
    cl->tick.cancelable = 1;

    ngx_add_timer(&cl->tick, NGX_LIVE_ORIGIN_REDIS_TICK);

    ngx_live_origin_redis_cluster_seed(rd);

    return ngx_queue_empty(&cl->nodes) ? NGX_ERROR : NGX_OK;
}


void
ngx_live_origin_redis_cluster_destroy(ngx_live_origin_redis_t *rd)
{
    ngx_queue_t                      *q;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;

    if (cl->tick.timer_set) {
        ngx_del_timer(&cl->tick);
    }

    ngx_live_origin_redis_cluster_fail(rd, &cl->later, INT64_MAX);

    while (!ngx_queue_empty(&cl->nodes)) {
        q = ngx_queue_head(&cl->nodes);
        ngx_queue_remove(q);
        ngx_live_origin_redis_conn_free(ngx_live_origin_redis_node_of(q));
    }

    free(cl);
    rd->cluster = NULL;
}


/* ---- nodes */

/* the node of this address, which may be new; NULL: no memory, or too many */

static ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_cluster_at(ngx_live_origin_redis_t *rd,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_queue_t                      *q;
    ngx_live_origin_redis_conn_t     *conn;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;

    for (q = ngx_queue_head(&cl->nodes);
         q != ngx_queue_sentinel(&cl->nodes);
         q = ngx_queue_next(q))
    {
        conn = ngx_live_origin_redis_node_of(q);

        if (ngx_cmp_sockaddr(&conn->sockaddr.sockaddr, conn->socklen,
                             sockaddr, socklen, 1)
            == NGX_OK)
        {
            return conn;
        }
    }

    if (cl->nnodes == NGX_LIVE_ORIGIN_REDIS_NODES) {
        return NULL;
    }

    conn = ngx_live_origin_redis_conn_create(rd,
                                          &ngx_live_origin_redis_node_class);
    if (conn == NULL) {
        return NULL;
    }

    cl->nnodes++;
    ngx_queue_insert_tail(&cl->nodes, &conn->queue);

    ngx_live_origin_redis_conn_address(conn, sockaddr, socklen);
    ngx_live_origin_redis_conn_open(conn);

    return conn;
}


ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_cluster_named(ngx_live_origin_redis_conn_t *from,
    const char *host, size_t len, ngx_uint_t port)
{
    socklen_t       socklen;
    ngx_sockaddr_t  sa;

    if (len == 0 || (len == 1 && host[0] == '?')) {
        sa = from->sockaddr;
        socklen = from->socklen;
        ngx_inet_set_port(&sa.sockaddr, (in_port_t) port);

    } else if (ngx_live_origin_redis_addr(&sa, &socklen, host, len, port)
               != NGX_OK)
    {
        ngx_live_origin_redis_conn_why(from, "it names the node \"%*s\", which "
                                       "is no address: set "
                                       "cluster-preferred-endpoint-type ip",
                                       len, host);
        ngx_live_origin_redis_conn_log(from, NGX_LOG_ERR, "%s", from->why);
        return NULL;
    }

    return ngx_live_origin_redis_cluster_at(from->rd, &sa.sockaddr, socklen);
}


static void
ngx_live_origin_redis_cluster_seed(ngx_live_origin_redis_t *rd)
{
    ngx_addr_t                    *addrs;
    ngx_uint_t                     i;
    ngx_live_origin_redis_conn_t  *conn;

    addrs = rd->conf->servers.elts;

    for (i = 0; i < rd->conf->servers.nelts; i++) {

        conn = ngx_live_origin_redis_cluster_at(rd, addrs[i].sockaddr,
                                                addrs[i].socklen);
        if (conn) {
            conn->unused = 0;
        }
    }
}


static void
ngx_live_origin_redis_node_up(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_t          *rd;
    ngx_live_origin_redis_cluster_t  *cl;

    rd = conn->rd;
    cl = rd->cluster;

    if (!cl->known || cl->stale) {
        ngx_live_origin_redis_cluster_ask(rd);
    }

    ngx_live_origin_redis_edge(rd, NULL);
    ngx_live_origin_redis_sub_open(rd);
}


static void
ngx_live_origin_redis_node_down(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_cluster_t  *cl;

    cl = conn->rd->cluster;

    cl->stale = 1;

    if (cl->asking == conn) {
        cl->asking = NULL;
    }

    ngx_live_origin_redis_edge(conn->rd, (char *) conn->why);
}


ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_cluster_node(ngx_live_origin_redis_t *rd,
    ngx_int_t slot)
{
    ngx_uint_t                        i;
    ngx_queue_t                      *q;
    ngx_live_origin_redis_conn_t     *conn;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;

    if (slot >= 0) {
        return cl->slots[slot];
    }

    q = cl->last ? &cl->last->queue : &cl->nodes;

    for (i = 0; i <= cl->nnodes; i++) {

        q = ngx_queue_next(q);

        if (q == ngx_queue_sentinel(&cl->nodes)) {
            continue;
        }

        conn = ngx_live_origin_redis_node_of(q);

        if (conn->state == NGX_LIVE_ORIGIN_REDIS_UP && !conn->unused) {
            cl->last = conn;
            return conn;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_live_origin_redis_cluster_up(ngx_live_origin_redis_t *rd)
{
    return rd->cluster->known
           && ngx_live_origin_redis_cluster_node(rd, -1) != NULL;
}


ngx_uint_t
ngx_live_origin_redis_cluster_nodes(ngx_live_origin_redis_t *rd)
{
    ngx_uint_t                     n;
    ngx_queue_t                   *q;
    ngx_live_origin_redis_conn_t  *conn;

    for (n = 0, q = ngx_queue_head(&rd->cluster->nodes);
         q != ngx_queue_sentinel(&rd->cluster->nodes);
         q = ngx_queue_next(q))
    {
        conn = ngx_live_origin_redis_node_of(q);
        n += conn->state == NGX_LIVE_ORIGIN_REDIS_UP && !conn->unused;
    }

    return n;
}


/* ---- housekeeping */

static void
ngx_live_origin_redis_cluster_reap(ngx_live_origin_redis_cluster_t *cl)
{
    ngx_queue_t                   *q, *next;
    ngx_live_origin_redis_conn_t  *conn;

    for (q = ngx_queue_head(&cl->nodes);
         q != ngx_queue_sentinel(&cl->nodes);
         q = next)
    {
        next = ngx_queue_next(q);
        conn = ngx_live_origin_redis_node_of(q);

        if (!conn->unused || conn->users || cl->asking == conn) {
            continue;
        }

        if (cl->last == conn) {
            cl->last = NULL;
        }

        cl->nnodes--;
        ngx_queue_remove(q);
        ngx_live_origin_redis_conn_free(conn);
    }
}


static void
ngx_live_origin_redis_cluster_tick(ngx_event_t *ev)
{
    ngx_live_origin_redis_t          *rd = ev->data;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;

    ngx_add_timer(ev, NGX_LIVE_ORIGIN_REDIS_TICK);

    if (ngx_current_msec - cl->asked >= NGX_LIVE_ORIGIN_REDIS_AGE) {
        cl->stale = 1;
    }

    if (cl->known && ngx_live_origin_redis_cluster_nodes(rd) == 0) {
        ngx_live_origin_redis_cluster_seed(rd);
    }

    if ((!cl->known || cl->stale)
        && ngx_current_msec - cl->asked >= NGX_LIVE_ORIGIN_REDIS_ASK)
    {
        ngx_live_origin_redis_cluster_ask(rd);
    }

    ngx_live_origin_redis_cluster_reap(cl);

    if (!ngx_queue_empty(&cl->later)) {
        ngx_live_origin_redis_cluster_resend(rd);
    }
}
