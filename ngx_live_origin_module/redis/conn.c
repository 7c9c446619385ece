/*
 * One connection: it connects, says hello, sends and reads; when it is lost,
 * it tries again after a while.
 */

#include "redis/redis_int.h"


static void ngx_live_origin_redis_conn_close(
    ngx_live_origin_redis_conn_t *conn);
static void ngx_live_origin_redis_conn_deadline(ngx_event_t *ev);
static void ngx_live_origin_redis_conn_idle(ngx_event_t *ev);
static void ngx_live_origin_redis_conn_again(ngx_event_t *ev);


static void
ngx_live_origin_redis_conn_event(ngx_live_origin_redis_conn_t *conn,
    ngx_event_t *ev, ngx_event_handler_pt handler)
{
    ev->handler = handler;
    ev->data = conn;
    ev->log = conn->rd->log;
    ev->cancelable = 1;
}


ngx_live_origin_redis_conn_t *
ngx_live_origin_redis_conn_create(ngx_live_origin_redis_t *rd,
    const ngx_live_origin_redis_class_t *class)
{
    ngx_live_origin_redis_conn_t  *conn;

    conn = calloc(1, sizeof(ngx_live_origin_redis_conn_t));
    if (conn == NULL) {
        return NULL;
    }

    conn->rd = rd;
    conn->class = class;
    conn->name.data = conn->text;

    ngx_queue_init(&conn->ops);
    ngx_queue_init(&conn->wait);

    ngx_live_origin_redis_conn_event(conn, &conn->deadline,
                                     ngx_live_origin_redis_conn_deadline);
    ngx_live_origin_redis_conn_event(conn, &conn->flush,
                                     ngx_live_origin_redis_conn_flush);
    ngx_live_origin_redis_conn_event(conn, &conn->idle,
                                     ngx_live_origin_redis_conn_idle);
    ngx_live_origin_redis_conn_event(conn, &conn->retry,
                                     ngx_live_origin_redis_conn_again);

    return conn;
}


void
ngx_live_origin_redis_conn_free(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_conn_shut(conn, "the connection is closed");

    if (conn->waiter) {
        ngx_live_origin_redis_conn_free(conn->waiter);
    }

    if (conn->retry.timer_set) {
        ngx_del_timer(&conn->retry);
    }

    free(conn);
}


void
ngx_live_origin_redis_conn_address(ngx_live_origin_redis_conn_t *conn,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_memcpy(&conn->sockaddr, sockaddr, socklen);

    conn->socklen = socklen;
    conn->name.len = ngx_sock_ntop(&conn->sockaddr.sockaddr, socklen,
                                   conn->text, NGX_SOCKADDR_STRLEN, 1);
    conn->text[conn->name.len] = '\0';

    /* sentinels are left for the next all the time */

    if (!conn->class->sentinel) {
        conn->known = 0;
    }
}


/* ---- connecting */

void
ngx_live_origin_redis_conn_open(ngx_live_origin_redis_conn_t *conn)
{
    ngx_int_t                 rc;
    ngx_err_t                 err;
    ngx_connection_t         *c;
    ngx_live_origin_redis_t  *rd;
    ngx_peer_connection_t     pc;

    rd = conn->rd;

    if (conn->retry.timer_set) {
        ngx_del_timer(&conn->retry);
    }

    conn->state = NGX_LIVE_ORIGIN_REDIS_CONNECTING;
    conn->role = NGX_LIVE_ORIGIN_REDIS_UNKNOWN;
    conn->since_us = ngx_live_origin_redis_now();
    conn->step = 0;
    conn->gone = 0;

    ngx_add_timer(&conn->deadline, rd->conf->connect);

    conn->reader = redisReaderCreate();

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

    pc.sockaddr = &conn->sockaddr.sockaddr;
    pc.socklen = conn->socklen;
    pc.name = &conn->name;
    pc.get = ngx_event_get_peer;
    pc.log = &rd->quiet;
    pc.log_error = NGX_ERROR_ERR;

    ngx_set_errno(0);
    rc = conn->reader ? ngx_event_connect_peer(&pc) : NGX_ERROR;
    err = ngx_errno;

    if (rc != NGX_OK && rc != NGX_AGAIN) {

        /* told from the event, not from here; ngx_event_connect_peer() has
           closed its descriptor */

        ngx_live_origin_redis_conn_why(conn, "connect() failed (%d: %s)",
                                       err, strerror(err));
        ngx_post_event(&conn->flush, &ngx_posted_events);
        return;
    }

    c = pc.connection;

    c->data = conn;
    c->log = &rd->quiet;
    c->read->log = &rd->quiet;
    c->write->log = &rd->quiet;
    c->read->handler = ngx_live_origin_redis_conn_read;
    c->write->handler = ngx_live_origin_redis_conn_write;

    conn->c = c;

    if (rc == NGX_OK) {
        ngx_post_event(c->write, &ngx_posted_events);
    }
}


void
ngx_live_origin_redis_conn_next(ngx_live_origin_redis_conn_t *conn)
{
    ngx_addr_t               *addr;
    ngx_live_origin_redis_t  *rd;

    rd = conn->rd;
    addr = rd->conf->servers.elts;
    addr += rd->server;

    rd->server = (rd->server + 1) % rd->conf->servers.nelts;

    ngx_live_origin_redis_conn_address(conn, addr->sockaddr, addr->socklen);
    ngx_live_origin_redis_conn_open(conn);
}


/* the first event: whether it is connected */

void
ngx_live_origin_redis_conn_connected(ngx_live_origin_redis_conn_t *conn)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(conn->c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len)
        == -1)
    {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_live_origin_redis_conn_why(conn, "connect() failed (%d: %s)",
                                       err, strerror(err));
        ngx_live_origin_redis_conn_drop(conn);
        return;
    }

    if (conn->sockaddr.sockaddr.sa_family != AF_UNIX) {
        (void) ngx_tcp_nodelay(conn->c);
    }

    if (conn->rd->conf->tls) {
        ngx_live_origin_redis_tls_start(conn);

    } else {
        ngx_live_origin_redis_conn_talk(conn, NGX_OK);
    }
}


void
ngx_live_origin_redis_conn_talk(ngx_live_origin_redis_conn_t *conn,
    ngx_int_t rc)
{
    if (rc == NGX_OK) {

        /* a TLS handshake has handlers of its own */

        conn->c->read->handler = ngx_live_origin_redis_conn_read;
        conn->c->write->handler = ngx_live_origin_redis_conn_write;
        conn->talking = 1;

        rc = ngx_live_origin_redis_hello(conn);
    }

    if (rc != NGX_OK) {
        ngx_live_origin_redis_conn_drop(conn);
    }
}


/* ---- losing it */

static void
ngx_live_origin_redis_conn_close(ngx_live_origin_redis_conn_t *conn)
{
    ngx_pool_t  *pool;

    if (conn->c) {
        pool = conn->c->pool;

        ngx_live_origin_redis_tls_close(conn->c);
        ngx_close_connection(conn->c);

        if (pool) {
            ngx_destroy_pool(pool);
        }

        conn->c = NULL;
    }

    if (conn->reader) {
        redisReaderFree(conn->reader);
        conn->reader = NULL;
    }

    free(conn->out);

    conn->out = NULL;
    conn->out_pos = 0;
    conn->out_last = 0;
    conn->out_size = 0;
    conn->got = 0;
    conn->talking = 0;
    conn->subscribed = 0;

    if (conn->deadline.timer_set) {
        ngx_del_timer(&conn->deadline);
    }

    if (conn->idle.timer_set) {
        ngx_del_timer(&conn->idle);
    }

    if (conn->flush.posted) {
        ngx_delete_posted_event(&conn->flush);
    }
}


static void
ngx_live_origin_redis_conn_lost(ngx_live_origin_redis_conn_t *conn,
    ngx_queue_t *ops)
{
    ngx_live_origin_redis_conn_close(conn);

    ngx_queue_init(ops);

    if (!ngx_queue_empty(&conn->ops)) {
        ngx_queue_add(ops, &conn->ops);
        ngx_queue_init(&conn->ops);
    }

    if (!ngx_queue_empty(&conn->wait)) {
        ngx_queue_add(ops, &conn->wait);
        ngx_queue_init(&conn->wait);
    }
}


/* 50 ms, 100 ms, ... 800 ms, half of it by chance: workers and servers that
   lost the same primary do not come back at once */

static void
ngx_live_origin_redis_conn_later(ngx_live_origin_redis_conn_t *conn)
{
    ngx_msec_t  ms;

    ms = 50 << ngx_min(conn->attempts, 4);
    ms = ms / 2 + (ngx_msec_t) ngx_random() % ms;

    conn->attempts++;
    conn->again_us = conn->since_us + (int64_t) ms * 1000;

    ngx_add_timer(&conn->retry, ms);
}


void
ngx_live_origin_redis_conn_drop(ngx_live_origin_redis_conn_t *conn)
{
    int64_t      now;
    ngx_queue_t  ops;

    now = ngx_live_origin_redis_now();

    if (conn->state == NGX_LIVE_ORIGIN_REDIS_UP
        && now - conn->since_us > 1000000)
    {
        conn->attempts = 0;
    }

    conn->state = NGX_LIVE_ORIGIN_REDIS_DOWN;
    conn->since_us = now;
    conn->rd->stat.failures++;

    conn->error_us = now;
    *ngx_snprintf(conn->error, NGX_LIVE_ORIGIN_REDIS_WHY - 1, "%V: %s",
                  &conn->name, conn->why)
        = '\0';

    ngx_live_origin_redis_conn_lost(conn, &ops);
    ngx_live_origin_redis_conn_log(conn, NGX_LOG_ERR, "%s", conn->why);
    conn->known = 0;

    ngx_live_origin_redis_wait_end(conn);
    ngx_live_origin_redis_conn_later(conn);

    if (conn->class->down) {
        conn->class->down(conn);
    }

    ngx_live_origin_redis_fail(conn, &ops);
}


void
ngx_live_origin_redis_conn_shut(ngx_live_origin_redis_conn_t *conn,
    const char *why)
{
    ngx_queue_t  ops;

    ngx_live_origin_redis_conn_why(conn, "%s", why);
    ngx_live_origin_redis_conn_lost(conn, &ops);

    conn->state = NGX_LIVE_ORIGIN_REDIS_DOWN;
    conn->since_us = ngx_live_origin_redis_now();
    conn->attempts = 0;

    ngx_live_origin_redis_wait_end(conn);
    ngx_live_origin_redis_fail(conn, &ops);
}


static void
ngx_live_origin_redis_conn_again(ngx_event_t *ev)
{
    ngx_live_origin_redis_conn_t  *conn = ev->data;

    if (conn->class->again) {
        conn->class->again(conn);
    }
}


void
ngx_live_origin_redis_conn_renew(ngx_live_origin_redis_conn_t *conn)
{
    conn->gone = 1;
    ngx_post_event(&conn->flush, &ngx_posted_events);
}


/* ---- time */

static void
ngx_live_origin_redis_conn_deadline(ngx_event_t *ev)
{
    ngx_live_origin_redis_conn_t  *conn = ev->data;

    int64_t  us;

    us = ngx_live_origin_redis_now() - conn->since_us;

    if (conn->state == NGX_LIVE_ORIGIN_REDIS_CONNECTING
        && us >= (int64_t) conn->rd->conf->connect * 1000)
    {
        conn->rd->stat.timeouts++;
        ngx_live_origin_redis_conn_why(conn, "%s in time "
                                       "(connect_timeout=%Mms)",
                                       conn->talking ? "no answer"
                                                     : "no connection",
                                       conn->rd->conf->connect);
        ngx_live_origin_redis_conn_drop(conn);
        return;
    }

    if (ngx_live_origin_redis_deadline(conn) != NGX_OK) {
        ngx_live_origin_redis_conn_drop(conn);
    }
}


/* finds a peer that has died without a word */

static void
ngx_live_origin_redis_conn_idle(ngx_event_t *ev)
{
    ngx_live_origin_redis_conn_t  *conn = ev->data;

    const char  *argv[] = { "PING" };

    ngx_add_timer(ev, NGX_LIVE_ORIGIN_REDIS_PING);

    if (ngx_queue_empty(&conn->ops)
        && ngx_live_origin_redis_send_own(conn, &conn->ping,
                                          ngx_live_origin_redis_ok_check, 1,
                                          argv)
           != NGX_OK)
    {
        ngx_live_origin_redis_conn_why(conn, "no memory");
        ngx_live_origin_redis_conn_drop(conn);
    }
}
