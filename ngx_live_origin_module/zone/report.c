/*
 * What a worker says of itself, in its cells: longer than a word, and read by
 * others whole or not at all.  A count before it is odd while it is written;
 * who reads does not wait for it, as its writer may have been stopped or killed
 * in between.
 */

#include "zone/layout.h"


#define LO_REPORT_TRIES  16


static uint64_t
lo_report_word(const unsigned char *p, size_t left)
{
    uint64_t  w;

    w = 0;
    memcpy(&w, p, left < sizeof(w) ? left : sizeof(w));

    return w;
}


void
lo_zone_report(lo_zone_t *z, unsigned cell, const void *data, size_t len)
{
    size_t     at;
    uint64_t  *c, n;

    if (cell >= LO_ZONE_CELLS
        || LO_ZONE_REPORT_CELLS(len) > LO_ZONE_CELLS - cell)
    {
        return;
    }

    c = z->own_cells + cell;

    /* the last holder of the slot may have left it odd */

    n = (__atomic_load_n(c, __ATOMIC_RELAXED) + 1) | 1;

    __atomic_store_n(c, n, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);

    for (at = 0; at < len; at += sizeof(uint64_t)) {
        __atomic_store_n(++c, lo_report_word((unsigned char *) data + at,
                                             len - at),
                         __ATOMIC_RELAXED);
    }

    __atomic_store_n(z->own_cells + cell, n + 1, __ATOMIC_RELEASE);
}


int
lo_zone_report_of(lo_zone_t *z, unsigned slot, unsigned cell, void *data,
    size_t len)
{
    int         tries;
    size_t      at, n;
    uint64_t   *c, before, w;

    if (slot >= LO_ZONE_SLOTS || cell >= LO_ZONE_CELLS
        || LO_ZONE_REPORT_CELLS(len) > LO_ZONE_CELLS - cell)
    {
        return LO_ERROR;
    }

    c = z->cells + (uint64_t) slot * LO_ZONE_CELLS + cell;

    for (tries = 0; tries < LO_REPORT_TRIES; tries++) {

        before = __atomic_load_n(c, __ATOMIC_ACQUIRE);

        if (before == 0) {
            return LO_NONE;
        }

        for (at = 0; at < len; at += n) {
            w = __atomic_load_n(&c[1 + at / sizeof(w)], __ATOMIC_RELAXED);
            n = len - at < sizeof(w) ? len - at : sizeof(w);
            memcpy((unsigned char *) data + at, &w, n);
        }

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if ((before & 1) == 0
            && __atomic_load_n(c, __ATOMIC_RELAXED) == before)
        {
            return LO_OK;
        }
    }

    return LO_AGAIN;
}
