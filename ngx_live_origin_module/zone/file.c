/*
 * The zone's file: making it, and checking one that is there.
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "zone/layout.h"


static void lo_zone_geometry(lo_zone_header_t *h, uint64_t size,
    uint32_t events);
static int lo_zone_make(int fd, const lo_zone_conf_t *conf, lo_err_t *err);
static int lo_zone_check_conf(const lo_zone_conf_t *conf,
    const lo_zone_header_t *h, lo_err_t *err);
static int lo_zone_reboot(int fd, lo_zone_header_t *h, lo_err_t *err);
static void lo_zone_boot_id(char id[40]);
static int lo_zone_lock_wait(int fd);


int
lo_zone_create(const lo_zone_conf_t *conf, lo_err_t *err)
{
    int               fd, rc;
    struct stat       st;
    lo_zone_header_t  h;

    if (conf->size < LO_ZONE_MIN_SIZE) {
        return lo_err(err, "zone \"%s\": size is %llu bytes, at least %u MB "
                      "are needed", conf->path,
                      (unsigned long long) conf->size,
                      LO_ZONE_MIN_SIZE / 1024 / 1024);
    }

    if (conf->events < 1 || conf->events > LO_ZONE_MAX_EVENTS) {
        return lo_err(err, "zone \"%s\": events is %u, 1 to %u are possible",
                      conf->path, conf->events, LO_ZONE_MAX_EVENTS);
    }

    fd = lo_zone_open(conf->path, O_RDWR | O_CREAT, err);
    if (fd < 0) {
        return LO_ERROR;
    }

    if (lo_zone_lock_wait(fd) != 0 || fstat(fd, &st) != 0) {
        rc = lo_err(err, "zone \"%s\" cannot be locked: %s", conf->path,
                    strerror(errno));
        goto done;
    }

    if (conf->uid >= 0 && ((int64_t) st.st_uid != conf->uid
                           || (int64_t) st.st_gid != conf->gid)
        && fchown(fd, conf->uid, conf->gid) != 0 && geteuid() == 0)
    {
        rc = lo_err(err, "zone \"%s\" cannot be given to the workers' user: "
                    "%s", conf->path, strerror(errno));
        goto done;
    }

    if (st.st_size == 0) {
        rc = lo_zone_make(fd, conf, err);
        goto done;
    }

    rc = lo_zone_check_header(fd, conf->path, &h, err);
    if (rc == LO_OK) {
        rc = lo_zone_check_conf(conf, &h, err);
    }
    if (rc == LO_OK) {
        rc = lo_zone_reboot(fd, &h, err);
    }

done:

    close(fd);

    return rc;
}


int
lo_zone_open(const char *path, int flags, lo_err_t *err)
{
    int          fd;
    struct stat  st;

    fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return lo_err(err, "zone \"%s\" cannot be opened: %s", path,
                      strerror(errno));
    }

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return lo_err(err, "zone \"%s\" is not a regular file", path);
    }

    return fd;
}


/* only at start: another instance may be making the same file right now */

static int
lo_zone_lock_wait(int fd)
{
    int           i;
    struct flock  fl;

    for (i = 0; i < 3000; i++) {

        if (lo_zone_flock(fd, F_OFD_SETLK, F_WRLCK, LO_LOCK_CREATE, &fl)
            == 0)
        {
            return 0;
        }

        if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
            return -1;
        }

        usleep(10000);
    }

    errno = ETIMEDOUT;

    return -1;
}


#define lo_align(v, a)  (((v) + (a) - 1) / (a) * (a))

static void
lo_zone_geometry(lo_zone_header_t *h, uint64_t size, uint32_t events)
{
    uint64_t  off, pages, less;

    memset(h, 0, sizeof(*h));

    h->layout = LO_ZONE_LAYOUT;
    h->header_size = sizeof(lo_zone_header_t);
    h->slot_size = sizeof(lo_zone_slot_t);
    h->event_size = sizeof(lo_zone_event_t);
    h->track_size = sizeof(lo_zone_track_t);
    h->object_size = sizeof(lo_zone_object_t);
    h->page_size = LO_ZONE_PAGE;
    h->slots = LO_ZONE_SLOTS;
    h->cells = LO_ZONE_CELLS;
    h->events = events;
    h->tracks = lo_align(events * 24 < 64 ? 64 : events * 24, 64);
    h->size = size;

    for (pages = size / LO_ZONE_PAGE; /* void */ ; pages--) {

        h->pages = pages;
        h->objects = pages <= 262144 ? pages
                                     : 262144 + (pages - 262144) / 4;

        off = lo_align(sizeof(lo_zone_header_t), 4096);
        h->off_slots = off;
        off += (uint64_t) h->slots * sizeof(lo_zone_slot_t);
        h->off_pending = off;
        off += (uint64_t) h->slots * (h->tracks / 64) * 8;
        h->off_cells = off = lo_align(off, 64);
        off += (uint64_t) h->slots * h->cells * 8;
        h->off_events = off = lo_align(off, 64);
        off += (uint64_t) h->events * sizeof(lo_zone_event_t);
        h->off_tracks = off = lo_align(off, 64);
        off += (uint64_t) h->tracks * sizeof(lo_zone_track_t);
        h->off_objects = off = lo_align(off, 64);
        off += (uint64_t) h->objects * sizeof(lo_zone_object_t);
        h->off_table = off = lo_align(off, 64);
        off += pages * sizeof(lo_zone_page_t);
        h->off_page_map = off = lo_align(off, 64);
        off += lo_align(pages, 64) / 8;
        h->off_object_map = off = lo_align(off, 64);
        off += lo_align(h->objects, 64) / 8;
        h->off_data = off = lo_align(off, LO_ZONE_PAGE);

        if (off + pages * LO_ZONE_PAGE <= size || pages == 0) {
            return;
        }

        if (off + pages * LO_ZONE_PAGE > size + 64 * LO_ZONE_PAGE) {
            less = (off + pages * LO_ZONE_PAGE - size) / LO_ZONE_PAGE / 2;
            pages = less < pages ? pages - less : 1;
        }
    }
}


static int
lo_zone_make(int fd, const lo_zone_conf_t *conf, lo_err_t *err)
{
    int                rc;
    uint64_t           i, *map;
    unsigned char     *base;
    lo_zone_header_t   geo, *h;

    lo_zone_geometry(&geo, conf->size, conf->events);

    if (geo.pages < 64) {
        return lo_err(err, "zone \"%s\": size is too small for events=%u, "
                      "raise size or lower events", conf->path,
                      conf->events);
    }

    rc = posix_fallocate(fd, 0, conf->size);

    if (rc != 0) {
        if (ftruncate(fd, 0) != 0) {
            /* the file stays, and is refused next time: nothing to add */
        }
        return lo_err(err, "zone \"%s\": %llu MB cannot be reserved: %s: "
                      "make room there or lower size", conf->path,
                      (unsigned long long) (conf->size >> 20), strerror(rc));
    }

    base = mmap(NULL, geo.off_data, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                0);
    if (base == MAP_FAILED) {
        return lo_err(err, "zone \"%s\" cannot be mapped: %s", conf->path,
                      strerror(errno));
    }

    h = (lo_zone_header_t *) base;
    *h = geo;
    h->created_us = lo_zone_now_us();
    h->boot = 1;
    h->recount.v = 1;
    lo_zone_boot_id(h->boot_id);

    if (getrandom(h->uuid, 16, 0) != 16
        || getrandom(h->secret, LO_ZONE_SECRET, 0) != LO_ZONE_SECRET)
    {
        munmap(base, geo.off_data);
        return lo_err(err, "no random bytes for the zone's UUID: %s",
                      strerror(errno));
    }

    map = (uint64_t *) (base + h->off_page_map);
    for (i = 0; i < h->pages; i++) {
        map[i / 64] |= UINT64_C(1) << (i % 64);
    }

    map = (uint64_t *) (base + h->off_object_map);
    for (i = 0; i < h->objects; i++) {
        map[i / 64] |= UINT64_C(1) << (i % 64);
    }

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    memcpy(h->magic, LO_ZONE_MAGIC, 8);

    munmap(base, geo.off_data);

    return LO_OK;
}


static void
lo_zone_boot_id(char id[40])
{
    int      fd;
    ssize_t  n;

    memset(id, 0, 40);

    fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }

    n = read(fd, id, 36);
    if (n != 36) {
        memset(id, 0, 40);
    }

    close(fd);
}


int
lo_zone_check_header(int fd, const char *path, lo_zone_header_t *h,
    lo_err_t *err)
{
    struct stat       st;
    lo_zone_header_t  geo;

    if (fstat(fd, &st) != 0
        || pread(fd, h, sizeof(*h), 0) != (ssize_t) sizeof(*h)
        || memcmp(h->magic, LO_ZONE_MAGIC, 8) != 0)
    {
        return lo_err(err, "\"%s\" is not a zone, or was never finished: "
                      "remove it, or name another path", path);
    }

    if (h->layout != LO_ZONE_LAYOUT) {
        return lo_err(err, "zone \"%s\" has layout %u, this module reads "
                      "layout %u: run the module that made it, or remove it",
                      path, h->layout, LO_ZONE_LAYOUT);
    }

    lo_zone_geometry(&geo, h->size, h->events ? h->events : 1);

    if (h->header_size != geo.header_size || h->slot_size != geo.slot_size
        || h->event_size != geo.event_size
        || h->track_size != geo.track_size
        || h->object_size != geo.object_size
        || h->page_size != geo.page_size || h->slots != geo.slots
        || h->cells != geo.cells || h->events != geo.events
        || h->pages != geo.pages || h->objects != geo.objects
        || h->off_data != geo.off_data)
    {
        return lo_err(err, "zone \"%s\" was made by a module with other "
                      "structures: run that module, or remove it", path);
    }

    if ((uint64_t) st.st_size != h->size) {
        return lo_err(err, "zone \"%s\" is truncated: it has %llu of %llu "
                      "bytes: restore or remove it", path,
                      (unsigned long long) st.st_size,
                      (unsigned long long) h->size);
    }

    return LO_OK;
}


static int
lo_zone_check_conf(const lo_zone_conf_t *conf, const lo_zone_header_t *h,
    lo_err_t *err)
{
    if (h->size != conf->size) {
        return lo_err(err, "zone \"%s\" was made with size=%llu, not "
                      "size=%llu: set that, or remove it", conf->path,
                      (unsigned long long) h->size,
                      (unsigned long long) conf->size);
    }

    if (h->events != conf->events) {
        return lo_err(err, "zone \"%s\" was made with events=%u, not "
                      "events=%u: set that, or remove it", conf->path,
                      h->events, conf->events);
    }

    return LO_OK;
}


/*
 * Another boot: from now on objects are checked before they are served.  No
 * worker of the last boot lives, and what was written back of its slots has
 * no order: every upload and every pin of theirs ends here, once, before a
 * worker can join.
 */

static int
lo_zone_reboot(int fd, lo_zone_header_t *h, lo_err_t *err)
{
    char               id[40];
    uint64_t           w, i;
    unsigned char     *base;
    lo_zone_slot_t    *slots;
    lo_zone_track_t   *tracks;
    lo_zone_object_t  *objects;
    lo_zone_header_t  *header;

    lo_zone_boot_id(id);

    if (memcmp(id, h->boot_id, 40) == 0) {
        return LO_OK;
    }

    base = mmap(NULL, h->off_table, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                0);
    if (base == MAP_FAILED) {
        return lo_err(err, "zone cannot be mapped: %s", strerror(errno));
    }

    slots = (lo_zone_slot_t *) (base + h->off_slots);
    tracks = (lo_zone_track_t *) (base + h->off_tracks);
    objects = (lo_zone_object_t *) (base + h->off_objects);

    for (i = 0; i < h->slots; i++) {
        slots[i].pid = 0;
    }

    for (i = 0; i < h->tracks; i++) {
        memset(tracks[i].waiters, 0, sizeof(tracks[i].waiters));
    }

    for (i = 0; i < h->objects; i++) {

        memset(objects[i].pins, 0, sizeof(objects[i].pins));
        w = objects[i].word;

        if (lo_obj_state(w) == LO_OBJ_PRIVATE) {
            objects[i].word = lo_obj_word(lo_obj_gen(w) + 1, LO_OBJ_RETIRED,
                                          0);
        }
    }

    header = (lo_zone_header_t *) base;
    header->boot++;
    header->recount.v = 1;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    memcpy(header->boot_id, id, 40);

    munmap(base, h->off_table);

    return LO_OK;
}
