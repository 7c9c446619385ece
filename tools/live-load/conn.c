/*
 * A connection: one request at a time, kept alive.  Its socket is registered
 * once, edge-triggered for both directions; nothing is allocated after
 * conn_open() but by TLS.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"


#define RECONNECT  (20 * LOAD_MS)


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


void
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

void
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


void
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
