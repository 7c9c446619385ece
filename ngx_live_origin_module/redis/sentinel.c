/*
 * Sentinel: where the primary is.  One sentinel at a time is asked, and then
 * listened to; the next one in turn when it is lost, when the primary cannot
 * be reached, and now and then, for one that is cut off from the others knows
 * nothing new.  That a server is a primary only the server itself can say
 * (ROLE).
 */

#include "redis/redis_int.h"


#define NGX_LIVE_ORIGIN_REDIS_ROUND  10000     /* ms */


struct ngx_live_origin_redis_sentinel_s {
    ngx_live_origin_redis_conn_t        *conn;
    ngx_event_t                          round;
};


static ngx_int_t ngx_live_origin_redis_query_send(
    ngx_live_origin_redis_conn_t *conn);
static ngx_int_t ngx_live_origin_redis_query_check(
    ngx_live_origin_redis_conn_t *conn, redisReply *reply);
static ngx_int_t ngx_live_origin_redis_listen_send(
    ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_sentinel_again(
    ngx_live_origin_redis_conn_t *conn);
static ngx_int_t ngx_live_origin_redis_sentinel_message(
    ngx_live_origin_redis_conn_t *conn, redisReply *reply);


static const ngx_live_origin_redis_step_t
    ngx_live_origin_redis_sentinel_steps[] =
{
    { ngx_live_origin_redis_auth_send, ngx_live_origin_redis_auth_check },
    { ngx_live_origin_redis_query_send, ngx_live_origin_redis_query_check },
    { ngx_live_origin_redis_listen_send,
      ngx_live_origin_redis_subscribe_check },
    { NULL, NULL }
};


static const ngx_live_origin_redis_class_t
    ngx_live_origin_redis_sentinel_class =
{
    ngx_live_origin_redis_sentinel_steps, 1,
    NULL,
    NULL,
    ngx_live_origin_redis_sentinel_again,
    ngx_live_origin_redis_sentinel_message
};


static void
ngx_live_origin_redis_sentinel_round(ngx_event_t *ev)
{
    ngx_live_origin_redis_t  *rd = ev->data;

    ngx_add_timer(ev, NGX_LIVE_ORIGIN_REDIS_ROUND);
    ngx_live_origin_redis_sentinel_look(rd);
}


ngx_int_t
ngx_live_origin_redis_sentinel_create(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_sentinel_t  *sn;

    sn = calloc(1, sizeof(ngx_live_origin_redis_sentinel_t));
    if (sn == NULL) {
        return NGX_ERROR;
    }

    rd->sentinel = sn;

    sn->conn = ngx_live_origin_redis_conn_create(rd,
                                      &ngx_live_origin_redis_sentinel_class);
    if (sn->conn == NULL) {
        return NGX_ERROR;
    }

    sn->round.handler = ngx_live_origin_redis_sentinel_round;
    sn->round.data = rd;
    sn->round.log = rd->log;
    sn->round.cancelable = 1;

    ngx_add_timer(&sn->round, NGX_LIVE_ORIGIN_REDIS_ROUND);

    ngx_live_origin_redis_sentinel_look(rd);

    return NGX_OK;
}


void
ngx_live_origin_redis_sentinel_destroy(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_sentinel_t  *sn;

    sn = rd->sentinel;

    if (sn->round.timer_set) {
        ngx_del_timer(&sn->round);
    }

    if (sn->conn) {
        ngx_live_origin_redis_conn_free(sn->conn);
    }

    free(sn);
}


/* a look that is under way goes on: it ends by its own deadline */

void
ngx_live_origin_redis_sentinel_look(ngx_live_origin_redis_t *rd)
{
    ngx_live_origin_redis_conn_t  *conn;

    conn = rd->sentinel->conn;

    if (conn->state == NGX_LIVE_ORIGIN_REDIS_CONNECTING) {
        return;
    }

    if (conn->state == NGX_LIVE_ORIGIN_REDIS_UP) {
        ngx_live_origin_redis_conn_renew(conn);
        return;
    }

    ngx_live_origin_redis_conn_next(conn);
}


ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_sentinel_conn(ngx_live_origin_redis_t *rd)
{
    return rd->sentinel ? rd->sentinel->conn : NULL;
}


/* ---- what it says */

static ngx_int_t
ngx_live_origin_redis_query_send(ngx_live_origin_redis_conn_t *conn)
{
    const char  *argv[3];

    argv[0] = "SENTINEL";
    argv[1] = "get-master-addr-by-name";
    argv[2] = (const char *) conn->rd->conf->service.data;

    return ngx_live_origin_redis_hello_send(conn, 3, argv);
}


static ngx_int_t
ngx_live_origin_redis_listen_send(ngx_live_origin_redis_conn_t *conn)
{
    const char  *argv[] = { "SUBSCRIBE", "+switch-master" };

    return ngx_live_origin_redis_hello_send(conn, 2, argv);
}


/* the primary is said to be at an address.  One that is UP there stays */

static ngx_int_t
ngx_live_origin_redis_sentinel_primary(ngx_live_origin_redis_conn_t *conn,
    const char *host, size_t len, const char *port, size_t plen)
{
    ngx_int_t                      n;
    socklen_t                      socklen;
    ngx_sockaddr_t                 sa;
    ngx_live_origin_redis_conn_t  *primary;

    n = ngx_atoi((u_char *) port, plen);

    if (n < 1 || n > 65535
        || ngx_live_origin_redis_addr(&sa, &socklen, host, len, n) != NGX_OK)
    {
        ngx_live_origin_redis_conn_why(conn, "it says the primary is \"%*s\", "
                                       "which is no address: set \"sentinel "
                                       "announce-hostnames no\"", len, host);
        return NGX_ERROR;
    }

    primary = conn->rd->primary;

    if (primary->state != NGX_LIVE_ORIGIN_REDIS_DOWN) {

        if (ngx_cmp_sockaddr(&primary->sockaddr.sockaddr, primary->socklen,
                             &sa.sockaddr, socklen, 1)
            == NGX_OK)
        {
            return NGX_OK;
        }

        ngx_live_origin_redis_conn_log(primary, NGX_LOG_NOTICE,
                                       "the primary is another, says %V",
                                       &conn->name);
        ngx_live_origin_redis_conn_shut(primary, "the primary is another");
        ngx_live_origin_redis_edge(conn->rd, "the primary is another");
    }

    ngx_live_origin_redis_conn_address(primary, &sa.sockaddr, socklen);
    ngx_live_origin_redis_conn_open(primary);

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_redis_query_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    redisReply  *host, *port;

    if (ngx_live_origin_redis_ok_check(conn, reply) != NGX_OK) {
        return NGX_ERROR;
    }

    if (reply->type == REDIS_REPLY_NIL) {
        ngx_live_origin_redis_conn_why(conn, "the sentinel does not watch "
                                       "service=%V",
                                       &conn->rd->conf->service);
        return NGX_ERROR;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING)
    {
        ngx_live_origin_redis_conn_why(conn, "it does not say where the "
                                       "primary is: is it a sentinel?");
        return NGX_ERROR;
    }

    host = reply->element[0];
    port = reply->element[1];

    return ngx_live_origin_redis_sentinel_primary(conn, host->str, host->len,
                                                  port->str, port->len);
}


/* "+switch-master": NAME OLD-IP OLD-PORT NEW-IP NEW-PORT */

static ngx_int_t
ngx_live_origin_redis_sentinel_message(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply)
{
    char        *p, *last, *word[5];
    size_t       len[5];
    ngx_str_t   *service;
    ngx_uint_t   n;

    p = reply->element[2]->str;
    last = p + reply->element[2]->len;

    for (n = 0; n < 5; n++) {
        word[n] = p;

        while (p < last && *p != ' ') {
            p++;
        }

        len[n] = p - word[n];
        p += p < last;
    }

    service = (ngx_str_t *) &conn->rd->conf->service;

    if (len[0] != service->len
        || ngx_memcmp(word[0], service->data, service->len) != 0)
    {
        return NGX_OK;
    }

    return ngx_live_origin_redis_sentinel_primary(conn, word[3], len[3],
                                                  word[4], len[4]);
}


static void
ngx_live_origin_redis_sentinel_again(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_sentinel_look(conn->rd);
}


/* an address as Redis writes it */

ngx_int_t
ngx_live_origin_redis_addr(ngx_sockaddr_t *sa, socklen_t *socklen,
    const char *host, size_t len, ngx_uint_t port)
{
    ngx_memzero(sa, sizeof(ngx_sockaddr_t));

    sa->sockaddr_in.sin_addr.s_addr = ngx_inet_addr((u_char *) host, len);

    if (sa->sockaddr_in.sin_addr.s_addr != INADDR_NONE) {
        sa->sockaddr_in.sin_family = AF_INET;
        sa->sockaddr_in.sin_port = htons((in_port_t) port);
        *socklen = sizeof(struct sockaddr_in);
        return NGX_OK;
    }

#if (NGX_HAVE_INET6)

    ngx_memzero(sa, sizeof(ngx_sockaddr_t));

    if (ngx_inet6_addr((u_char *) host, len,
                       sa->sockaddr_in6.sin6_addr.s6_addr)
        == NGX_OK)
    {
        sa->sockaddr_in6.sin6_family = AF_INET6;
        sa->sockaddr_in6.sin6_port = htons((in_port_t) port);
        *socklen = sizeof(struct sockaddr_in6);
        return NGX_OK;
    }

#endif

    return NGX_ERROR;
}
