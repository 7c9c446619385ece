/*
 * Worker slots.  Liveness is an OFD write lock on one byte, taken through
 * this process's own open: the kernel drops it on SIGKILL, whatever the
 * worker was doing, and keeps it under SIGSTOP.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "zone/layout.h"


static int lo_zone_locked(lo_zone_t *z, int64_t byte);
static void lo_zone_unpin_slot(lo_zone_t *z, lo_zone_object_t *o,
    unsigned slot);


int
lo_zone_flock(int fd, int cmd, int type, int64_t byte, struct flock *fl)
{
    memset(fl, 0, sizeof(*fl));
    fl->l_type = type;
    fl->l_whence = SEEK_SET;
    fl->l_start = byte;
    fl->l_len = 1;

    return fcntl(fd, cmd, fl);
}


int
lo_zone_trylock(lo_zone_t *z, int64_t byte)
{
    struct flock  fl;

    return lo_zone_flock(z->fd, F_OFD_SETLK, F_WRLCK, byte, &fl) == 0;
}


void
lo_zone_unlock(lo_zone_t *z, int64_t byte)
{
    struct flock  fl;

    (void) lo_zone_flock(z->fd, F_OFD_SETLK, F_UNLCK, byte, &fl);
}


/* by somebody else */

static int
lo_zone_locked(lo_zone_t *z, int64_t byte)
{
    struct flock  fl;

    return lo_zone_flock(z->fd, F_OFD_GETLK, F_WRLCK, byte, &fl) == 0
           && fl.l_type != F_UNLCK;
}


/*
 * Adding and removing events and tracks is rare and takes microseconds; who
 * is stopped in the middle of it makes others give up, not wait.
 */

int
lo_zone_tables(lo_zone_t *z)
{
    int  i;

    for (i = 0; i < 100; i++) {

        if (lo_zone_trylock(z, LO_LOCK_TABLES)) {
            return LO_OK;
        }

        usleep(100);
    }

    return LO_AGAIN;
}


int
lo_zone_join(lo_zone_t *z, lo_err_t *err)
{
    int  i;

    lo_err(err, "all %d worker slots of the zone are taken", LO_ZONE_SLOTS);

    for (i = 0; i < LO_ZONE_SLOTS; i++) {

        if (!lo_zone_trylock(z, LO_LOCK_SLOT + i)) {
            continue;
        }

        z->slot = i;

        /* what the last holder left behind, if it was killed */
        lo_zone_recover(z, i);

        if (lo_zone_wake_open(z, err) == LO_OK) {
            break;
        }

        /* anyone can take the name of a socket: not that of every slot */

        z->slot = -1;
        lo_zone_unlock(z, LO_LOCK_SLOT + i);
    }

    if (z->slot < 0) {
        return LO_ERROR;
    }

    z->own_cells = z->cells + (uint64_t) i * LO_ZONE_CELLS;
    z->slots[i].joined_us = lo_zone_now_us();
    lo_store(&z->slots[i].pid, getpid());

    /* before anybody is told that there is nothing */

    lo_zone_mend(z);

    return LO_OK;
}


unsigned
lo_zone_slot(lo_zone_t *z)
{
    return z->slot;
}


int64_t
lo_zone_worker(lo_zone_t *z, unsigned slot)
{
    int64_t  pid;

    if (slot >= LO_ZONE_SLOTS) {
        return 0;
    }

    pid = lo_load(&z->slots[slot].pid);

    if (pid == 0) {
        return 0;
    }

    if ((int) slot == z->slot) {
        return pid;
    }

    return lo_zone_locked(z, LO_LOCK_SLOT + slot) ? pid : 0;
}


/*
 * The caller holds the slot's lock.  Everything here can be cut off and done
 * again: the slot counts as recovered only when its pid is cleared.
 */

void
lo_zone_recover(lo_zone_t *z, unsigned slot)
{
    uint32_t           i, n;
    uint64_t           w, bit, *pending;
    lo_zone_object_t  *o;

    for (i = 0; i < z->h->objects; i++) {
        lo_zone_unpin_slot(z, &z->objects[i], slot);
    }

    /* one that was followed is looked up in its ring, which is pinned then */

    if ((int) slot == z->slot) {
        lo_zone_rings(z, 1);
    }

    for (i = 0; i < z->h->objects; i++) {

        o = &z->objects[i];
        w = lo_load(&o->word);

        if (lo_obj_state(w) == LO_OBJ_PRIVATE && lo_obj_slot(w) == slot) {
            lo_zone_retire(z, o, w);
        }
    }

    if ((int) slot == z->slot) {
        lo_zone_rings(z, 1);
    }

    bit = UINT64_C(1) << (slot % 64);

    for (i = 0; i < z->h->tracks; i++) {
        if (lo_load(&z->tracks[i].waiters[slot / 64]) & bit) {
            lo_and(&z->tracks[i].waiters[slot / 64], ~bit);
        }
    }

    n = z->h->tracks / 64;
    pending = z->pending + (uint64_t) slot * n;

    for (i = 0; i < n; i++) {
        lo_store(&pending[i], 0);
    }

    lo_store(&z->slots[slot].pid, 0);
}


static void
lo_zone_unpin_slot(lo_zone_t *z, lo_zone_object_t *o, unsigned slot)
{
    uint64_t  bit, w;

    bit = UINT64_C(1) << (slot % 64);

    if ((lo_load(&o->pins[slot / 64]) & bit) == 0) {
        return;
    }

    lo_and(&o->pins[slot / 64], ~bit);

    w = lo_load(&o->word);

    if (lo_obj_state(w) == LO_OBJ_RETIRED) {
        lo_zone_finish(z, o);
    }
}


/* slots whose worker died without a word */

static void
lo_zone_look(lo_zone_t *z)
{
    int  i;

    for (i = 0; i < LO_ZONE_SLOTS; i++) {

        if (i == z->slot || lo_load(&z->slots[i].pid) == 0) {
            continue;
        }

        if (lo_zone_trylock(z, LO_LOCK_SLOT + i)) {

            if (lo_load(&z->slots[i].pid) != 0) {
                lo_zone_recover(z, i);
                lo_store(&z->h->recount.v, 1);
            }

            lo_zone_unlock(z, LO_LOCK_SLOT + i);
        }
    }
}


#define LO_ZONE_LOOK_US      500000
#define LO_ZONE_SWEEP_US     20000000

void
lo_zone_tick(lo_zone_t *z)
{
    int64_t  now;

    now = lo_zone_mono_us();

    lo_zone_populate(z, now + 5000);

    if (now - z->looked_us >= LO_ZONE_LOOK_US) {
        z->looked_us = now;
        lo_zone_look(z);

        if (z->mend) {
            lo_zone_mend(z);
        }
    }

    if (z->events_serial != lo_load(&z->h->events_serial.v)) {
        z->events_serial = lo_load(&z->h->events_serial.v);
        lo_zone_rings(z, 0);
    }

    if (now - z->swept_us >= LO_ZONE_SWEEP_US
        || lo_load(&z->h->recount.v) != 0)
    {
        z->swept_us = now;
        lo_zone_sweep(z);
    }
}


uint64_t *
lo_zone_cells(lo_zone_t *z)
{
    return z->own_cells;
}


/* a slot's cells go on counting when another worker takes it */

uint64_t
lo_zone_cell_sum(lo_zone_t *z, unsigned cell)
{
    int       i;
    uint64_t  sum;

    sum = 0;

    if (cell >= LO_ZONE_CELLS) {
        return 0;
    }

    for (i = 0; i < LO_ZONE_SLOTS; i++) {
        sum += __atomic_load_n(&z->cells[(uint64_t) i * LO_ZONE_CELLS + cell],
                               __ATOMIC_RELAXED);
    }

    return sum;
}


uint64_t
lo_zone_cell_live(lo_zone_t *z, unsigned cell)
{
    int       i;
    uint64_t  sum;

    sum = 0;

    for (i = 0; i < LO_ZONE_SLOTS && cell < LO_ZONE_CELLS; i++) {
        if (lo_zone_worker(z, i) != 0) {
            sum += __atomic_load_n(&z->cells[(uint64_t) i * LO_ZONE_CELLS
                                             + cell], __ATOMIC_RELAXED);
        }
    }

    return sum;
}


uint64_t
lo_zone_cell(lo_zone_t *z, unsigned slot, unsigned cell)
{
    return slot < LO_ZONE_SLOTS && cell < LO_ZONE_CELLS
           ? __atomic_load_n(&z->cells[(uint64_t) slot * LO_ZONE_CELLS + cell],
                             __ATOMIC_RELAXED)
           : 0;
}
