/*
 * The subscription: one channel, on a connection of its own to where commands
 * go.
 */

#include "redis/redis_int.h"


static void ngx_live_origin_redis_sub_up(ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_sub_again(
    ngx_live_origin_redis_conn_t *conn);
static ngx_int_t ngx_live_origin_redis_sub_message(
    ngx_live_origin_redis_conn_t *conn, redisReply *reply);


static const ngx_live_origin_redis_class_t  ngx_live_origin_redis_sub_class = {
    ngx_live_origin_redis_sub_steps, 0,
    ngx_live_origin_redis_sub_up,
    NULL,
    ngx_live_origin_redis_sub_again,
    ngx_live_origin_redis_sub_message
};


/* what is there may be in use below this call: it is replaced later */

static void
ngx_live_origin_redis_sub_replace(ngx_live_origin_redis_t *rd)
{
    if (rd->sub && rd->sub->state != NGX_LIVE_ORIGIN_REDIS_DOWN) {
        ngx_live_origin_redis_conn_renew(rd->sub);

    } else {
        ngx_live_origin_redis_sub_open(rd);
    }
}


ngx_int_t
ngx_live_origin_redis_subscribe(ngx_live_origin_redis_t *rd,
    const ngx_str_t *channel)
{
    u_char  *p;

    p = malloc(channel->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (rd->sub == NULL) {
        rd->sub = ngx_live_origin_redis_conn_create(rd,
                                           &ngx_live_origin_redis_sub_class);
        if (rd->sub == NULL) {
            free(p);
            return NGX_ERROR;
        }
    }

    free(rd->channel.data);

    ngx_memcpy(p, channel->data, channel->len);
    p[channel->len] = '\0';

    rd->channel.data = p;
    rd->channel.len = channel->len;

    ngx_live_origin_redis_sub_replace(rd);

    return NGX_OK;
}


void
ngx_live_origin_redis_unsubscribe(ngx_live_origin_redis_t *rd)
{
    rd->channel.len = 0;

    if (rd->sub) {
        ngx_live_origin_redis_sub_replace(rd);
    }
}


static ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_sub_target(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_conn_t  *conn;

    conn = rd->cluster ? ngx_live_origin_redis_cluster_node(rd, -1)
                       : rd->primary;

    return conn && conn->state == NGX_LIVE_ORIGIN_REDIS_UP ? conn : NULL;
}


void
ngx_live_origin_redis_sub_open(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_conn_t  *sub, *target;

    sub = rd->sub;

    if (rd->dead || sub == NULL || rd->channel.len == 0) {
        return;
    }

    target = ngx_live_origin_redis_sub_target(rd);
    if (target == NULL) {
        return;
    }

    if (sub->state != NGX_LIVE_ORIGIN_REDIS_DOWN) {

        /* in a cluster each node says everything */

        if (rd->cluster == NULL
            && ngx_cmp_sockaddr(&sub->sockaddr.sockaddr, sub->socklen,
                                &target->sockaddr.sockaddr, target->socklen, 1)
               != NGX_OK)
        {
            ngx_live_origin_redis_sub_replace(rd);
        }

        return;
    }

    ngx_live_origin_redis_conn_address(sub, &target->sockaddr.sockaddr,
                                       target->socklen);
    ngx_live_origin_redis_conn_open(sub);
}


static void
ngx_live_origin_redis_sub_up(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_t  *rd;

    rd = conn->rd;

    if (rd->user->subscribed && !conn->gone) {
        rd->user->subscribed(rd->user->data);
    }
}


static void
ngx_live_origin_redis_sub_again(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_sub_open(conn->rd);
}


static ngx_int_t
ngx_live_origin_redis_sub_message(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    redisReply               *channel, *text;
    ngx_live_origin_redis_t  *rd;

    rd = conn->rd;
    channel = reply->element[1];
    text = reply->element[2];

    if (rd->user->message && channel->len == rd->channel.len
        && ngx_memcmp(channel->str, rd->channel.data, channel->len) == 0)
    {
        rd->user->message(rd->user->data, (u_char *) text->str, text->len);
    }

    return NGX_OK;
}
