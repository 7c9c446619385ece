#include <errno.h>

#include <openssl/err.h>

#include "load.h"


/* Certificates are not checked: this measures servers, it trusts none. */

SSL_CTX *
tls_context(void)
{
    SSL_CTX  *ctx;

    ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL) {
        return NULL;
    }

    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE
                          | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                          | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);

    return ctx;
}


int
tls_open(conn_t *c)
{
    c->ssl = SSL_new(c->group->ssl);

    if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1) {
        return -1;
    }

    SSL_set_tlsext_host_name(c->ssl, c->address->host);
    SSL_set_connect_state(c->ssl);

    return 0;
}


static ssize_t
tls_result(conn_t *c, int n)
{
    if (n > 0) {
        return n;
    }

    switch (SSL_get_error(c->ssl, n)) {

    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;

    case SSL_ERROR_ZERO_RETURN:
        return 0;

    default:
        ERR_clear_error();
        errno = EPROTO;
        return -1;
    }
}


int
tls_handshake(conn_t *c)
{
    return (int) tls_result(c, SSL_do_handshake(c->ssl));
}


ssize_t
tls_read(conn_t *c, void *buf, size_t len)
{
    return tls_result(c, SSL_read(c->ssl, buf, len > 1 << 20 ? 1 << 20
                                                             : (int) len));
}


ssize_t
tls_write(conn_t *c, const struct iovec *iov, unsigned n)
{
    size_t    len;
    ssize_t   w, total;
    unsigned  i;

    total = 0;

    for (i = 0; i < n; i++) {
        len = iov[i].iov_len > 1 << 20 ? 1 << 20 : iov[i].iov_len;
        w = tls_result(c, SSL_write(c->ssl, iov[i].iov_base, (int) len));

        if (w <= 0) {
            return total ? total : -1;
        }

        total += w;

        if ((size_t) w < iov[i].iov_len) {
            break;
        }
    }

    return total;
}
