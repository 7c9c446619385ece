/*
 * Which node of a cluster has a slot: CLUSTER SLOTS.
 */

#include "redis/cluster_int.h"


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


/* the node is no primary any more: who has what it had */

static void
ngx_live_origin_redis_map_left(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_conn_t *node)
{
    ngx_uint_t                        i;
    ngx_live_origin_redis_conn_t     *heir;
    ngx_live_origin_redis_cluster_t  *cl;

    cl = rd->cluster;
    heir = NULL;

    for (i = 0; i < LO_REDIS_SLOTS && heir == NULL; i++) {
        if (cl->slots[i] == node) {
            heir = cl->fresh[i];
        }
    }

    ngx_live_origin_redis_failed_over(rd, &node->name,
                                      heir ? &heir->name : NULL);
}


/* the map is what was read; nodes that are no primaries any more are left */

static void
ngx_live_origin_redis_map_use(ngx_live_origin_redis_t *rd)
{
    ngx_uint_t                        i;
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

    for (i = 0; i < LO_REDIS_SLOTS; i++) {
        if (cl->fresh[i]) {
            cl->fresh[i]->unused = 0;
        }
    }

    cl->stale = 0;

    for (q = ngx_queue_head(&cl->nodes);
         q != ngx_queue_sentinel(&cl->nodes);
         q = ngx_queue_next(q))
    {
        node = ngx_live_origin_redis_node_of(q);

        if (cl->known && node->primary && node->unused) {
            ngx_live_origin_redis_map_left(rd, node);
        }

        /* of one that cannot be reached a failover may tell */

        cl->stale |= !node->unused
                     && node->state == NGX_LIVE_ORIGIN_REDIS_DOWN;
    }

    ngx_memcpy(cl->slots, cl->fresh, sizeof(cl->slots));
    cl->known = 1;
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


void
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
