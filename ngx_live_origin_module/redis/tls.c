/*
 * TLS, by nginx's own: hiredis has it from 1.0 on only.
 */

#include "redis/redis_int.h"


#if (NGX_SSL)

/* the certificate must be signed by one that is trusted; whose it is cannot
   be compared, for servers are known by address */

static void
ngx_live_origin_redis_tls_done(ngx_connection_t *c)
{
    long                           rc;
    ngx_live_origin_redis_conn_t  *conn;

    conn = c->data;

    if (!c->ssl->handshaked) {
        ngx_live_origin_redis_conn_why(conn, "the TLS handshake failed: does "
                                       "the server have TLS on this port?");
        ngx_live_origin_redis_conn_talk(conn, NGX_ERROR);
        return;
    }

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        ngx_live_origin_redis_conn_why(conn, "the server's certificate is not "
                                       "trusted (%l: %s): give tls_ca=FILE",
                                       rc, X509_verify_cert_error_string(rc));
        ngx_live_origin_redis_conn_talk(conn, NGX_ERROR);
        return;
    }

    /* between two tries to write, what is to be written may have moved */

    SSL_set_mode(c->ssl->connection, SSL_MODE_ENABLE_PARTIAL_WRITE
                                     |SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    ngx_live_origin_redis_conn_talk(conn, NGX_OK);
}


void
ngx_live_origin_redis_tls_start(ngx_live_origin_redis_conn_t *conn)
{
    ngx_connection_t  *c;

    c = conn->c;
    c->pool = ngx_create_pool(512, conn->rd->log);

    if (c->pool == NULL
        || ngx_ssl_create_connection(conn->rd->conf->ssl, c, NGX_SSL_CLIENT)
           != NGX_OK)
    {
        ngx_live_origin_redis_conn_why(conn, "no memory for TLS");
        ngx_live_origin_redis_conn_talk(conn, NGX_ERROR);
        return;
    }

    if (ngx_ssl_handshake(c) == NGX_AGAIN) {
        c->ssl->handler = ngx_live_origin_redis_tls_done;
        return;
    }

    ngx_live_origin_redis_tls_done(c);
}


void
ngx_live_origin_redis_tls_close(ngx_connection_t *c)
{
    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        (void) ngx_ssl_shutdown(c);
    }
}

#else

void
ngx_live_origin_redis_tls_start(ngx_live_origin_redis_conn_t *conn)
{
    ngx_live_origin_redis_conn_why(conn, "nginx was built without TLS");
    ngx_live_origin_redis_conn_talk(conn, NGX_ERROR);
}


void
ngx_live_origin_redis_tls_close(ngx_connection_t *c)
{
    /* void */
}

#endif
