/*
 * Wake-ups between workers: a bitmap per track of workers that wait, and a
 * datagram to an abstract socket named by zone and slot.
 *
 * The datagram carries nothing: what was published is a bit in the
 * receiver's pending map, set before it is sent.  So a full queue loses
 * nothing: whoever reads an earlier datagram looks at the map afterwards.
 *
 * Waiter: set the bit, look again, park.  Publisher: publish, read the
 * bitmap, signal.  All sequentially consistent.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "zone/layout.h"


static socklen_t lo_zone_wake_name(lo_zone_t *z, unsigned slot,
    struct sockaddr_un *sun);


static socklen_t
lo_zone_wake_name(lo_zone_t *z, unsigned slot, struct sockaddr_un *sun)
{
    int   n;
    char  uuid[37];

    lo_zone_uuid(z, uuid);

    memset(sun, 0, sizeof(*sun));
    sun->sun_family = AF_UNIX;
    n = snprintf(sun->sun_path + 1, sizeof(sun->sun_path) - 1,
                 "live-origin-%s-%u", uuid, slot);

    return offsetof(struct sockaddr_un, sun_path) + 1 + n;
}


int
lo_zone_wake_open(lo_zone_t *z, lo_err_t *err)
{
    int                 fd;
    socklen_t           len;
    struct sockaddr_un  sun;

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return lo_err(err, "no wake-up socket: %s", strerror(errno));
    }

    len = lo_zone_wake_name(z, z->slot, &sun);

    if (bind(fd, (struct sockaddr *) &sun, len) != 0) {
        lo_err(err, "the wake-up socket of slot %d cannot be bound: %s",
               z->slot, strerror(errno));
        close(fd);
        return LO_ERROR;
    }

    z->wake_fd = fd;

    return LO_OK;
}


int
lo_zone_wake_fd(lo_zone_t *z)
{
    return z->wake_fd;
}


void
lo_zone_wait(lo_zone_t *z, uint32_t track)
{
    if (track < z->h->tracks) {
        lo_or(&z->tracks[track].waiters[z->slot / 64],
              UINT64_C(1) << (z->slot % 64));
    }
}


void
lo_zone_unwait(lo_zone_t *z, uint32_t track)
{
    if (track < z->h->tracks) {
        lo_and(&z->tracks[track].waiters[z->slot / 64],
               ~(UINT64_C(1) << (z->slot % 64)));
    }
}


int
lo_zone_wake(lo_zone_t *z, uint32_t track)
{
    int                 own, slot;
    unsigned            i;
    uint64_t            w, *pending;
    socklen_t           len;
    struct sockaddr_un  sun;

    own = 0;

    if (track >= z->h->tracks) {
        return 0;
    }

    for (i = 0; i < LO_ZONE_SLOTS / 64; i++) {

        w = lo_load(&z->tracks[track].waiters[i]);

        while (w != 0) {

            slot = i * 64 + __builtin_ctzll(w);
            w &= w - 1;

            if (slot == z->slot) {
                own = 1;
                continue;
            }

            pending = z->pending + (uint64_t) slot * (z->h->tracks / 64);
            lo_or(&pending[track / 64], UINT64_C(1) << (track % 64));

            len = lo_zone_wake_name(z, slot, &sun);

            /* EAGAIN: it has one to read already; ECONNREFUSED: it died */
            (void) sendto(z->wake_fd, "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
                          (struct sockaddr *) &sun, len);
        }
    }

    return own;
}


void
lo_zone_woken(lo_zone_t *z, void (*woken)(void *data, uint32_t track),
    void *data)
{
    int        i;
    char       buf[16];
    uint32_t   k, n;
    uint64_t   w, *pending;

    /*
     * To the bottom, as the poll may be edge-triggered.  Only the map says
     * what was published, and each bit in it is older than its datagram.
     */

    for (i = 0; i < 4096; i++) {
        if (recv(z->wake_fd, buf, sizeof(buf), MSG_DONTWAIT) < 0) {
            break;
        }
    }

    n = z->h->tracks / 64;
    pending = z->pending + (uint64_t) z->slot * n;

    for (k = 0; k < n; k++) {

        if (lo_load(&pending[k]) == 0) {
            continue;
        }

        for (w = lo_swap(&pending[k], 0); w != 0; w &= w - 1) {
            woken(data, k * 64 + __builtin_ctzll(w));
        }
    }
}
