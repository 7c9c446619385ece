/*
 * A connection: one request at a time, kept alive.  Its socket is registered
 * once, edge-triggered for both directions; nothing is allocated after
 * conn_open() but by TLS.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "load.h"


#define SCRATCH        (256 * 1024)
#define FIRST_READ     (16 * 1024)
#define RECONNECT      (20 * LOAD_MS)
#define MAX_IOV        16


static unsigned char  *scratch;


static void conn_fail(conn_t *c, uint64_t *counter);


int
conn_setup(void)
{
    scratch = malloc(SCRATCH);

    return scratch == NULL ? -1 : 0;
}


static void
conn_close(conn_t *c)
{
    if (c->ssl) {
        SSL_free(c->ssl);
        c->ssl = NULL;
    }

    if (c->fd != -1) {
        close(c->fd);
        c->fd = -1;
    }

    c->state = CONN_CLOSED;
    c->writing = 0;
}


static void
conn_reopen(void *data)
{
    conn_t  *c = data;

    if (!c->group->load->stop) {
        conn_open(c);
    }
}


static void
conn_later(conn_t *c)
{
    conn_close(c);
    c->reopen.handler = conn_reopen;
    c->reopen.data = c;
    load_timer_set(&c->reopen, load_clock() + RECONNECT);
}


void
conn_open(conn_t *c)
{
    int                 one;
    group_t            *g;
    struct epoll_event  ev;

    g = c->group;
    one = 1;
    c->fd = socket(c->address->addr.ss_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (c->fd == -1) {
        g->stats.connect_errors++;
        conn_later(c);
        return;
    }

    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

    if (connect(c->fd, (const struct sockaddr *) &c->address->addr,
                c->address->len) == -1
        && errno != EINPROGRESS)
    {
        g->stats.connect_errors++;
        conn_later(c);
        return;
    }

    ev.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    ev.data.ptr = c;

    if (epoll_ctl(g->load->epoll, EPOLL_CTL_ADD, c->fd, &ev) == -1) {
        g->stats.connect_errors++;
        conn_later(c);
        return;
    }

    c->state = CONN_CONNECTING;
}


static void
conn_ready(conn_t *c)
{
    c->state = CONN_IDLE;

    if (c->pending && !c->finished) {
        group_next(c);
    }
}


static void
conn_connect(conn_t *c)
{
    int        err;
    socklen_t  len;

    if (c->state == CONN_CONNECTING) {
        err = 0;
        len = sizeof(err);

        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1 || err) {
            c->group->stats.connect_errors++;
            conn_later(c);
            return;
        }

        if (!c->address->tls) {
            conn_ready(c);
            return;
        }

        if (tls_open(c) == -1) {
            c->group->stats.connect_errors++;
            conn_later(c);
            return;
        }

        c->state = CONN_HANDSHAKE;
    }

    if (tls_handshake(c) > 0) {
        conn_ready(c);

    } else if (errno != EAGAIN) {
        c->group->stats.connect_errors++;
        conn_later(c);
    }
}


/* what precedes the next chunk, and after the last one the end */

static void
conn_frame(conn_t *c)
{
    uint64_t  left;

    left = c->payload_len - c->payload_pos;
    c->chunk_left = left < c->group->o.chunk ? left : c->group->o.chunk;
    c->frame_pos = 0;

    if (left == 0) {
        memcpy(c->frame, "\r\n0\r\n\r\n", 7);
        c->frame_len = 7;
        c->payload_pos = UINT64_MAX;
        return;
    }

    c->frame_len = (unsigned) snprintf(c->frame, sizeof(c->frame),
                                       "\r\n%llx\r\n",
                                       (unsigned long long) c->chunk_left);
}


static unsigned
conn_gather(conn_t *c, struct iovec *iov)
{
    unsigned  n;
    uint64_t  len;

    n = 0;

    if (c->head_pos < c->head_len) {
        iov[n].iov_base = c->head + c->head_pos;
        iov[n++].iov_len = c->head_len - c->head_pos;
    }

    if (!c->is_put || c->is_init) {
        return n;
    }

    if (c->group->o.chunk == 0) {
        len = c->payload_len - c->payload_pos;

    } else {
        if (c->frame_pos == c->frame_len && c->chunk_left == 0
            && c->payload_pos != UINT64_MAX)
        {
            conn_frame(c);
        }

        if (c->frame_pos < c->frame_len) {
            iov[n].iov_base = c->frame + c->frame_pos;
            iov[n++].iov_len = c->frame_len - c->frame_pos;
        }

        len = c->chunk_left;
    }

    return n + media_payload(&c->seg, c->payload_pos, len, iov + n,
                             MAX_IOV - n);
}


static void
conn_advance(conn_t *c, size_t n)
{
    size_t  part;

    part = c->head_len - c->head_pos;
    part = part < n ? part : n;
    c->head_pos += part;
    n -= part;

    if (n && c->group->o.chunk) {
        part = c->frame_len - c->frame_pos;
        part = part < n ? part : n;
        c->frame_pos += (unsigned) part;
        n -= part;
        c->chunk_left -= n;
    }

    c->payload_pos += n;
}


static void
conn_sent(conn_t *c)
{
    track_t   *t;
    unsigned   i;

    c->writing = 0;
    c->sent = load_clock();

    if (c->is_put && c->is_segment) {
        t = c->target->track;
        i = c->seg.number % LOAD_RECENT;
        t->recent[i].number = c->seg.number;
        t->recent[i].at = c->sent;
    }
}


static void
conn_send(conn_t *c)
{
    ssize_t       w;
    unsigned      n;
    struct iovec  iov[MAX_IOV];
    struct msghdr msg;

    while (c->writing) {
        n = conn_gather(c, iov);

        if (n == 0) {
            conn_sent(c);
            return;
        }

        if (c->ssl) {
            w = tls_write(c, iov, n);

        } else {
            memset(&msg, 0, sizeof(msg));
            msg.msg_iov = iov;
            msg.msg_iovlen = n;
            w = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
        }

        if (w < 0) {
            if (errno == EINTR) {
                continue;
            }

            /* on an error an answer may still be there to read */
            if (errno != EAGAIN) {
                c->writing = 0;
                c->in.close = 1;
            }

            return;
        }

        c->group->stats.bytes_out += (uint64_t) w;
        conn_advance(c, (size_t) w);
    }
}


static void
conn_timeout(void *data)
{
    conn_t  *c = data;

    if (c->state == CONN_BUSY) {
        conn_fail(c, &c->group->stats.timeouts);
    }
}


/* the head is in place; begins to send */

void
conn_request(conn_t *c)
{
    group_t  *g;

    g = c->group;
    c->state = CONN_BUSY;
    c->head_pos = 0;
    c->payload_pos = 0;
    c->chunk_left = 0;
    c->frame_len = 0;
    c->frame_pos = 0;
    c->in_len = 0;
    c->body = 0;
    c->first = 0;
    c->failed = 0;
    c->writing = 1;
    c->began = load_clock();
    response_reset(&c->in);

    if (!c->is_init) {
        g->started++;
        g->stats.requests++;
    }

    c->verify = c->is_segment && !c->is_put
                && (g->o.verify == VERIFY_ALL
                    || (g->o.verify == VERIFY_SAMPLE
                        && (group_random(g) & 15) == 0));

    if (c->due == 0) {
        c->due = c->began;
    }

    conn_send(c);
}


void
conn_expire(conn_t *c)
{
    if (c->state == CONN_BUSY
        && load_clock() - c->began > c->group->o.timeout)
    {
        conn_timeout(c);
    }
}


static void
conn_complete(conn_t *c)
{
    stats_t   *s;
    uint64_t   now;

    now = load_clock();
    s = &c->group->stats;

    if (c->is_init && c->in.status / 100 == 2) {
        s->inits++;

    } else {
        s->status[c->in.status]++;
    }

    if (!c->is_init) {
        lo_hist_add(&s->total, now - c->due);
        lo_hist_add(&s->first, c->first - c->due);
    }

    if (!c->is_put && c->is_segment && c->in.status == 200) {
        if (c->body != c->seg.size) {
            s->wrong++;
            group_complain(c, "wrong length");

        } else {
            s->verified += c->verify;
        }
    }

    if (c->in.close || c->writing) {
        conn_close(c);
        c->group->mode->done(c);
        conn_open(c);
        return;
    }

    c->state = CONN_IDLE;
    c->group->mode->done(c);
}


/* the request is lost; the mode decides what comes next, once connected */

static void
conn_fail(conn_t *c, uint64_t *counter)
{
    if (c->state == CONN_BUSY) {
        (*counter)++;
        c->failed = 1;
        c->in.status = 0;
        conn_close(c);
        c->group->mode->done(c);
    }

    conn_later(c);
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


static void
conn_eof(conn_t *c)
{
    if (c->state == CONN_BUSY && c->in.until_close
        && c->in.state == RESPONSE_BODY)
    {
        conn_complete(c);
        return;
    }

    if (c->state == CONN_IDLE) {
        /* the server closed it between two requests */
        conn_close(c);
        conn_open(c);
        return;
    }

    conn_fail(c, &c->group->stats.aborted);
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


static void
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


void
conn_event(conn_t *c, uint32_t events)
{
    switch (c->state) {

    case CONN_CLOSED:
        return;

    case CONN_CONNECTING:
    case CONN_HANDSHAKE:
        conn_connect(c);
        return;

    default:
        break;
    }

    if (c->writing) {
        conn_send(c);
    }

    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        conn_receive(c, (events & ~(EPOLLIN | EPOLLOUT)) != 0);
    }
}
