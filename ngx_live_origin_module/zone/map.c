/*
 * One process's handle on a zone: mapping the file, letting go of it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "zone/layout.h"


int64_t
lo_zone_now_us(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_REALTIME, &ts);

    return (int64_t) ts.tv_sec * LO_USEC + ts.tv_nsec / 1000;
}


int64_t
lo_zone_mono_us(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * LO_USEC + ts.tv_nsec / 1000;
}


lo_zone_t *
lo_zone_attach(const char *path, int readonly, lo_err_t *err)
{
    void              *base;
    lo_zone_t         *z;
    lo_zone_header_t   h;

    z = calloc(1, sizeof(lo_zone_t));
    if (z == NULL) {
        lo_err(err, "no memory");
        return NULL;
    }

    z->slot = -1;
    z->wake_fd = -1;
    z->readonly = readonly;
    z->fd = lo_zone_open(path, readonly ? O_RDONLY : O_RDWR, err);

    if (z->fd < 0) {
        free(z);
        return NULL;
    }

    if (lo_zone_check_header(z->fd, path, &h, err) != LO_OK) {
        goto failed;
    }

    base = mmap(NULL, h.size, readonly ? PROT_READ : PROT_READ | PROT_WRITE,
                MAP_SHARED, z->fd, 0);

    if (base == MAP_FAILED) {
        lo_err(err, "zone \"%s\" cannot be mapped: %s", path,
               strerror(errno));
        goto failed;
    }

    z->base = base;
    z->size = h.size;
    z->h = base;
    z->slots = (void *) (z->base + h.off_slots);
    z->pending = (void *) (z->base + h.off_pending);
    z->cells = (void *) (z->base + h.off_cells);
    z->events = (void *) (z->base + h.off_events);
    z->tracks = (void *) (z->base + h.off_tracks);
    z->objects = (void *) (z->base + h.off_objects);
    z->table = (void *) (z->base + h.off_table);
    z->page_map = (void *) (z->base + h.off_page_map);
    z->object_map = (void *) (z->base + h.off_object_map);
    z->data = z->base + h.off_data;

    z->pins = calloc(h.objects, sizeof(uint32_t));
    z->rings = calloc(h.tracks, sizeof(lo_word_t));

    if (z->pins == NULL || z->rings == NULL) {
        lo_err(err, "no memory");
        lo_zone_close(z);
        return NULL;
    }

    return z;

failed:

    close(z->fd);
    free(z);

    return NULL;
}


void
lo_zone_close(lo_zone_t *z)
{
    if (z->slot >= 0) {
        lo_zone_recover(z, z->slot);
    }

    if (z->wake_fd >= 0) {
        close(z->wake_fd);
    }

    munmap(z->base, z->size);

    /* the locks go with it */
    close(z->fd);

    free(z->pins);
    free(z->rings);
    free(z);
}


void
lo_zone_uuid(lo_zone_t *z, char uuid[37])
{
    const unsigned char  *u = z->h->uuid;

    snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4], u[5],
             u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
             u[15]);
}


const unsigned char *
lo_zone_secret(lo_zone_t *z)
{
    return z->h->secret;
}


void
lo_zone_stat(lo_zone_t *z, lo_zone_stat_t *st)
{
    uint64_t  i, used;

    used = 0;

    for (i = 0; i < z->h->events; i++) {
        if ((int64_t) lo_load(&z->events[i].used) > 0) {
            used += lo_load(&z->events[i].used);
        }
    }

    st->size = z->h->size;
    st->pages = z->h->pages;
    st->pages_free = used < z->h->pages ? z->h->pages - used : 0;
    st->page_size = LO_ZONE_PAGE;
    st->events_max = z->h->events;
    st->tracks_max = z->h->tracks;
    st->layout = z->h->layout;
    st->created_us = z->h->created_us;
    st->workers = 0;

    for (i = 0; i < LO_ZONE_SLOTS; i++) {
        st->workers += lo_zone_worker(z, i) != 0;
    }
}
