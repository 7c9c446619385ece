/* The sending half of a connection: a head, then slices of the payload. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "load.h"


#define MAX_IOV  16


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


void
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
