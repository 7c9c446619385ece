/*
 * Redis Cluster: which node has a slot, a connection to each primary, and
 * what to do when a slot is elsewhere.
 *
 * A node that is no primary any more is left when nothing is under way on it;
 * the map is asked for whenever something says that it is not true, and now
 * and then.
 */

#include "redis/redis_int.h"


#define NGX_LIVE_ORIGIN_REDIS_TICK   50        /* ms */
#define NGX_LIVE_ORIGIN_REDIS_AGE    10000     /* ms: of the map */
#define NGX_LIVE_ORIGIN_REDIS_ASK    200       /* ms: between two questions */


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


static void ngx_live_origin_redis_node_up(ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_node_down(
    ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_node_again(
    ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_cluster_tick(ngx_event_t *ev);
static void ngx_live_origin_redis_cluster_seed(ngx_live_origin_redis_t *rd);
static void ngx_live_origin_redis_cluster_ask(ngx_live_origin_redis_t *rd);


static const ngx_live_origin_redis_class_t
    ngx_live_origin_redis_node_class =
{
    ngx_live_origin_redis_node_steps, 0,
    ngx_live_origin_redis_node_up,
    ngx_live_origin_redis_node_down,
    ngx_live_origin_redis_node_again,
    NULL
};


#define ngx_live_origin_redis_node_of(q)                                      \
    (ngx_queue_data(q, ngx_live_origin_redis_conn_t, queue))


ngx_int_t
ngx_live_origin_redis_cluster_create(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_cluster_t  *cl;

    cl = ngx_calloc(sizeof(ngx_live_origin_redis_cluster_t), rd->log);
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


static void
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

    ngx_free(cl);
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


/* likewise, as a node names it: host may be empty, for the node's own */

static ngx_live_origin_redis_conn_t *
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

    ngx_live_origin_redis_conn_later(conn, 0);
    ngx_live_origin_redis_edge(conn->rd, (char *) conn->why);
}


static void
ngx_live_origin_redis_node_again(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_conn_open(conn);
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


/* ---- the map */

/* how many slots of the range have a node now */

static ngx_uint_t
ngx_live_origin_redis_map_range(ngx_live_origin_redis_conn_t *conn,
    redisReply *r)
{
    size_t                         i;
    ngx_int_t                      slot;
    ngx_uint_t                     n;
    redisReply                    *node, *host, *meta;
    ngx_live_origin_redis_conn_t  *owner;

    if (r->type != REDIS_REPLY_ARRAY || r->elements < 3
        || r->element[0]->type != REDIS_REPLY_INTEGER
        || r->element[1]->type != REDIS_REPLY_INTEGER
        || r->element[2]->type != REDIS_REPLY_ARRAY
        || r->element[2]->elements < 2
        || r->element[2]->element[1]->type != REDIS_REPLY_INTEGER
        || r->element[2]->element[1]->integer < 1
        || r->element[2]->element[1]->integer > 65535
        || r->element[0]->integer < 0
        || r->element[1]->integer >= LO_REDIS_SLOTS)
    {
        return 0;
    }

    /* where the preferred endpoint is a name, the address is in a list behind
       it: ..., ["ip", IP] */

    node = r->element[2];
    host = node->element[0];
    meta = node->elements > 3 && node->element[3]->type == REDIS_REPLY_ARRAY
           ? node->element[3] : NULL;

    for (i = 0; meta && i + 1 < meta->elements; i += 2) {
        if (meta->element[i]->type == REDIS_REPLY_STRING
            && meta->element[i + 1]->type == REDIS_REPLY_STRING
            && ngx_strcmp(meta->element[i]->str, "ip") == 0)
        {
            host = meta->element[i + 1];
        }
    }

    owner = ngx_live_origin_redis_cluster_named(conn,
                host->type == REDIS_REPLY_STRING ? host->str : "",
                host->type == REDIS_REPLY_STRING ? host->len : 0,
                node->element[1]->integer);

    if (owner == NULL) {
        return 0;
    }

    for (n = 0, slot = r->element[0]->integer;
         slot <= r->element[1]->integer;
         n++, slot++)
    {
        conn->rd->cluster->fresh[slot] = owner;
    }

    return n;
}


/* the map is what was read; nodes that are no primaries any more are left */

static void
ngx_live_origin_redis_map_use(ngx_live_origin_redis_t *rd)
{
    ngx_uint_t                        i, was;
    ngx_queue_t                      *q;
    ngx_live_origin_redis_conn_t     *node;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;

    for (q = ngx_queue_head(&cl->nodes);
         q != ngx_queue_sentinel(&cl->nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_live_origin_redis_node_of(q);
        node->primary = !node->unused;
        node->unused = 1;
    }

    ngx_memcpy(cl->slots, cl->fresh, sizeof(cl->slots));

    for (i = 0; i < LO_REDIS_SLOTS; i++) {
        if (cl->slots[i]) {
            cl->slots[i]->unused = 0;
        }
    }

    was = cl->known;

    cl->known = 1;
    cl->stale = 0;

    for (q = ngx_queue_head(&cl->nodes);
         q != ngx_queue_sentinel(&cl->nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_live_origin_redis_node_of(q);

        if (was && node->primary && node->unused) {
            ngx_live_origin_redis_failed_over(rd);
        }

        /* of one that cannot be reached a failover may tell */

        cl->stale |= !node->unused
                     && node->state == NGX_LIVE_ORIGIN_REDIS_DOWN;
    }
}


/* the answer to CLUSTER SLOTS */

static ngx_int_t
ngx_live_origin_redis_map_done(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    size_t                            i;
    ngx_uint_t                        n;
    ngx_live_origin_redis_t          *rd;
    ngx_live_origin_redis_cluster_t  *cl;

    rd = conn->rd;
    cl = rd->cluster;

    cl->asking = NULL;

    if (ngx_live_origin_redis_ok_check(conn, reply) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(cl->fresh, sizeof(cl->fresh));

    for (i = 0, n = 0;
         reply->type == REDIS_REPLY_ARRAY && i < reply->elements;
         i++)
    {
        n += ngx_live_origin_redis_map_range(conn, reply->element[i]);
    }

    if (n == 0) {
        ngx_live_origin_redis_conn_why(conn, "the node knows no slots: has it "
                                       "joined the cluster?");
        return NGX_ERROR;
    }

    ngx_live_origin_redis_map_use(rd);

    ngx_live_origin_redis_edge(rd, "no node of the cluster answers");
    ngx_live_origin_redis_sub_open(rd);

    return NGX_OK;
}


static void
ngx_live_origin_redis_cluster_ask(ngx_live_origin_redis_t *rd)
{
    ngx_queue_t                      *q;
    ngx_live_origin_redis_conn_t     *conn;
    ngx_live_origin_redis_cluster_t  *cl;

    const char  *argv[] = { "CLUSTER", "SLOTS" };

    cl = rd->cluster;

    if (cl->asking) {
        return;
    }

    conn = ngx_live_origin_redis_cluster_node(rd, -1);

    for (q = ngx_queue_head(&cl->nodes);
         conn == NULL && q != ngx_queue_sentinel(&cl->nodes);
         q = ngx_queue_next(q))
    {
        if (ngx_live_origin_redis_node_of(q)->state
            == NGX_LIVE_ORIGIN_REDIS_UP)
        {
            conn = ngx_live_origin_redis_node_of(q);
        }
    }

    if (conn
        && ngx_live_origin_redis_send_own(conn, &conn->ask,
                                          ngx_live_origin_redis_map_done, 2,
                                          argv)
           == NGX_OK)
    {
        cl->asking = conn;
        cl->asked = ngx_current_msec;
    }
}


/* ---- operations that have to be sent again */

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
    ngx_live_origin_redis_own_t  *own;

    const char  *argv[] = { "ASKING" };

    own = ngx_calloc(sizeof(ngx_live_origin_redis_own_t), node->rd->log);
    if (own == NULL) {
        return NGX_ERROR;
    }

    own->alone = 1;

    if (ngx_live_origin_redis_send_own(node, own,
                                       ngx_live_origin_redis_ok_check, 1, argv)
        != NGX_OK)
    {
        ngx_free(own);
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


static void
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
