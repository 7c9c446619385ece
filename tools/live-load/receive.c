/* The receiving half of a connection. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"


#define SCRATCH     (256 * 1024)
#define FIRST_READ  (16 * 1024)


static unsigned char  *scratch;


int
conn_setup(void)
{
    scratch = malloc(SCRATCH);

    return scratch == NULL ? -1 : 0;
}


static void
conn_content(conn_t *c, const unsigned char *data, size_t n)
{
    if (c->verify && c->in.status == 200
        && !media_same(&c->seg, c->body, data, n))
    {
        c->group->stats.wrong++;
        c->verify = 0;
        group_complain(c, "wrong bytes");
    }

    c->body += n;
    c->group->stats.bytes_in += n;
}


static int
conn_parse(conn_t *c, const unsigned char *p, size_t len)
{
    size_t                n;
    ssize_t               used;
    const unsigned char  *data;

    while (len && c->in.state != RESPONSE_DONE) {
        used = response_body(&c->in, p, len, &data, &n);

        if (used < 0) {
            return -1;
        }

        if (n) {
            conn_content(c, data, n);
        }

        p += used;
        len -= (size_t) used;
    }

    /* nothing was asked for after it */
    return len ? -1 : 0;
}


static int
conn_header(conn_t *c, const unsigned char *p, size_t len)
{
    size_t   room;
    ssize_t  used;

    while (c->in.state == RESPONSE_HEAD) {

        if (c->in_len) {
            room = LOAD_HEAD - c->in_len;

            if (room == 0) {
                return -1;
            }

            room = room < len ? room : len;
            memcpy(c->in_head + c->in_len, p, room);
            used = response_head(&c->in, c->in_head, c->in_len + room);

            if (used > 0) {
                used -= (ssize_t) c->in_len;
                c->in_len = 0;

            } else if (used == 0) {
                c->in_len += room;
                used = (ssize_t) room;
            }

        } else {
            used = response_head(&c->in, p, len);

            if (used == 0 && len) {
                if (len > LOAD_HEAD) {
                    return -1;
                }

                memcpy(c->in_head, p, len);
                c->in_len = len;
                return 0;
            }
        }

        if (used < 0) {
            return -1;
        }

        p += used;
        len -= (size_t) used;

        if (len == 0) {
            return 0;
        }
    }

    return conn_parse(c, p, len);
}


/* What is not looked at is not copied: MSG_TRUNC drops it in the kernel. */

static int
conn_drops(conn_t *c)
{
    return !c->ssl && !c->verify && !c->group->o.copy
           && c->in.state == RESPONSE_BODY && !c->in.until_close;
}


static ssize_t
conn_read(conn_t *c, size_t *want)
{
    if (c->ssl) {
        *want = SCRATCH;
        return tls_read(c, scratch, SCRATCH);
    }

    if (conn_drops(c)) {
        *want = c->in.left < SCRATCH ? (size_t) c->in.left : SCRATCH;
        return recv(c->fd, scratch, *want, MSG_TRUNC);
    }

    *want = c->in.state == RESPONSE_HEAD && !c->verify && !c->group->o.copy
            ? FIRST_READ : SCRATCH;

    return recv(c->fd, scratch, *want, 0);
}


static int
conn_take(conn_t *c, size_t n)
{
    if (c->first == 0) {
        c->first = load_clock();
    }

    if (c->in.state == RESPONSE_HEAD) {
        return conn_header(c, scratch, n);
    }

    if (conn_drops(c)) {
        c->body += n;
        c->group->stats.bytes_in += n;
        c->in.left -= n;

        if (c->in.left == 0) {
            c->in.state = RESPONSE_DONE;
        }

        return 0;
    }

    return conn_parse(c, scratch, n);
}


void
conn_receive(conn_t *c, int ending)
{
    size_t   want;
    ssize_t  n;

    for ( ;; ) {
        n = conn_read(c, &want);

        if (n == 0) {
            conn_eof(c);
            return;
        }

        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }

            if (errno != EAGAIN) {
                conn_eof(c);
            }

            return;
        }

        if (c->state != CONN_BUSY || conn_take(c, (size_t) n) == -1) {
            conn_fail(c, &c->group->stats.malformed);
            return;
        }

        if (c->in.state == RESPONSE_DONE) {
            conn_complete(c);
            return;
        }

        /* a short read has drained the socket: the edge comes again */
        if ((size_t) n < want && !c->ssl && !ending) {
            return;
        }
    }
}
