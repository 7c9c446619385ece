/*
 * What a connection reads and writes.
 */

#include "redis/redis_int.h"


#if (HIREDIS_MAJOR < 1)

static redisReplyObjectFunctions  ngx_live_origin_redis_functions;
static void *(*ngx_live_origin_redis_create_array)(const redisReadTask *,
    int);


/* hiredis would allocate whatever length it is told */

static void *
ngx_live_origin_redis_array(const redisReadTask *task, int elements)
{
    if (elements > NGX_LIVE_ORIGIN_REDIS_ELEMENTS) {
        return NULL;
    }

    return ngx_live_origin_redis_create_array(task, elements);
}

#endif


static void
ngx_live_origin_redis_conn_limit(redisReader *reader)
{
#if (HIREDIS_MAJOR < 1)

    if (ngx_live_origin_redis_create_array == NULL) {
        ngx_live_origin_redis_functions = *reader->fn;
        ngx_live_origin_redis_create_array = reader->fn->createArray;
        ngx_live_origin_redis_functions.createArray =
                                                  ngx_live_origin_redis_array;
    }

    reader->fn = &ngx_live_origin_redis_functions;

#else
    reader->maxelements = NGX_LIVE_ORIGIN_REDIS_ELEMENTS;
#endif
}


static ngx_int_t
ngx_live_origin_redis_conn_feed(ngx_live_origin_redis_conn_t *conn, size_t n)
{
    void         *reply;
    ngx_int_t     rc;
    redisReader  *reader;

    reader = conn->reader;
    ngx_live_origin_redis_conn_limit(reader);

    if (redisReaderFeed(reader, (char *) conn->rd->buf, n) != REDIS_OK) {
        ngx_live_origin_redis_conn_why(conn, "%s", reader->errstr);
        return NGX_ERROR;
    }

    conn->got += n;

    for ( ;; ) {

        if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
            ngx_live_origin_redis_conn_why(conn, "a broken reply (%s): is it "
                                           "a Redis server%s?", reader->errstr,
                                           conn->rd->conf->tls
                                           ? "" : ", or does it want tls=on");
            return NGX_ERROR;
        }

        if (reply == NULL) {
            break;
        }

        conn->got = 0;

        rc = ngx_live_origin_redis_replied(conn, reply);
        freeReplyObject(reply);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /* hiredis 1.x takes any depth, and frees it by recursion */

    if (reader->ridx > NGX_LIVE_ORIGIN_REDIS_DEPTH) {
        ngx_live_origin_redis_conn_why(conn, "a broken reply (lists in lists)");
        return NGX_ERROR;
    }

    if (conn->got > NGX_LIVE_ORIGIN_REDIS_IN) {
        ngx_live_origin_redis_conn_why(conn, "a reply of more than %d bytes",
                                       NGX_LIVE_ORIGIN_REDIS_IN);
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_live_origin_redis_conn_read(ngx_event_t *rev)
{
    size_t                         total;
    ssize_t                        n;
    ngx_connection_t              *c;
    ngx_live_origin_redis_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    /* worker_shutdown_timeout */

    if (c->close) {
        ngx_live_origin_redis_conn_why(conn, "the worker is to end");
        ngx_live_origin_redis_conn_drop(conn);
        return;
    }

    if (!conn->talking) {
        ngx_live_origin_redis_conn_connected(conn);

        if (conn->c != c || !conn->talking) {
            return;
        }
    }

    for (total = 0; total < NGX_LIVE_ORIGIN_REDIS_TURN; total += n) {

        n = c->recv(c, conn->rd->buf, NGX_LIVE_ORIGIN_REDIS_CHUNK);

        if (n == NGX_AGAIN) {

            if (ngx_handle_read_event(rev, 0) == NGX_OK) {
                return;
            }

            n = NGX_ERROR;
        }

        if (n <= 0) {
            ngx_live_origin_redis_conn_why(conn, n ? "the connection was "
                                           "reset" : "the server closed the "
                                           "connection");
            break;
        }

        if (ngx_live_origin_redis_conn_feed(conn, n) != NGX_OK) {
            n = NGX_ERROR;
            break;
        }
    }

    if (n <= 0) {
        ngx_live_origin_redis_conn_drop(conn);
        return;
    }

    ngx_post_event(rev, &ngx_posted_next_events);
}


void
ngx_live_origin_redis_conn_write(ngx_event_t *wev)
{
    ngx_connection_t              *c;
    ngx_live_origin_redis_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    if (!conn->talking) {
        ngx_live_origin_redis_conn_connected(conn);
        return;
    }

    ngx_live_origin_redis_conn_flush(&conn->flush);
}


void
ngx_live_origin_redis_conn_flush(ngx_event_t *ev)
{
    ssize_t                        n;
    ngx_connection_t              *c;
    ngx_live_origin_redis_conn_t  *conn = ev->data;

    c = conn->c;

    if (conn->gone) {
        ngx_live_origin_redis_conn_shut(conn, "it is not wanted any more");
        conn->class->again(conn);
        return;
    }

    if (c == NULL) {
        ngx_live_origin_redis_conn_drop(conn);
        return;
    }

    while (conn->out_pos < conn->out_last) {

        n = c->send(c, conn->out + conn->out_pos,
                    conn->out_last - conn->out_pos);

        if (n == NGX_AGAIN && ngx_handle_write_event(c->write, 0) == NGX_OK) {
            return;
        }

        if (n <= 0) {
            ngx_live_origin_redis_conn_why(conn, "the connection was reset");
            ngx_live_origin_redis_conn_drop(conn);
            return;
        }

        conn->out_pos += n;
    }

    conn->out_pos = 0;
    conn->out_last = 0;

    if (conn->out_size > NGX_LIVE_ORIGIN_REDIS_TURN) {
        free(conn->out);
        conn->out = NULL;
        conn->out_size = 0;
    }
}
