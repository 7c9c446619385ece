#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

#include "lib/zone_util.h"


void
t_zone_make(t_zone_t *t, uint64_t size, uint32_t events, uint64_t share)
{
    lo_err_t         err;
    lo_zone_conf_t   conf;
    static unsigned  n;

    snprintf(t->path, sizeof(t->path), "/dev/shm/lo-unit-%d-%u", getpid(),
             n++);
    unlink(t->path);

    conf.path = t->path;
    conf.size = size;
    conf.events = events;
    conf.uid = -1;
    conf.gid = -1;

    err.text[0] = '\0';

    if (lo_zone_create(&conf, &err) != LO_OK) {
        fail_msg("%s", err.text);
    }

    t->z = t_zone_join(t->path);
    t->event = lo_zone_event_add(t->z, lo_cstr("ev"), share);
    assert_true(t->event >= 0);
    t->track = lo_zone_track_add(t->z, t->event, lo_cstr("v"), 256);
    assert_true(t->track >= 0);
}


void
t_zone_drop(t_zone_t *t)
{
    if (t->z) {
        lo_zone_close(t->z);
    }

    unlink(t->path);
}


/* the boot id in the header, as another boot would find it */

void
t_zone_reboot(t_zone_t *t, uint64_t size, uint32_t events)
{
    int              fd, b, found;
    char             want[36], id[40], *buf;
    lo_err_t         err;
    lo_zone_conf_t   conf;

    lo_zone_close(t->z);

    fd = open(t->path, O_RDWR);
    b = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
    assert_int_equal(read(b, want, 36), 36);
    close(b);

    buf = malloc(4096);
    assert_int_equal(pread(fd, buf, 4096, 0), 4096);

    for (found = 0; found < 4096 - 36; found++) {
        if (memcmp(buf + found, want, 36) == 0) {
            break;
        }
    }

    free(buf);
    memset(id, 'x', sizeof(id));
    assert_true(found < 4096 - 36);
    assert_int_equal(pwrite(fd, id, 36, found), 36);
    close(fd);

    conf.path = t->path;
    conf.size = size;
    conf.events = events;
    conf.uid = conf.gid = -1;
    assert_int_equal(lo_zone_create(&conf, &err), LO_OK);

    t->z = t_zone_join(t->path);
}


lo_zone_t *
t_zone_join(const char *path)
{
    lo_err_t    err;
    lo_zone_t  *z;

    z = lo_zone_attach(path, 0, &err);

    if (z == NULL || lo_zone_join(z, &err) != LO_OK) {
        fail_msg("%s", err.text);
    }

    return z;
}


static uint64_t
t_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);

    return x ^ (x >> 31);
}


void
t_zone_nap(long us)
{
    struct timespec  ts = { 0, us * 1000 };

    nanosleep(&ts, NULL);
}


void
t_zone_fill(unsigned char *p, size_t len, uint64_t seed)
{
    size_t    i, n;
    uint64_t  v;

    for (i = 0; i < len; i += n) {
        v = t_mix(seed * 1000003 + i);
        n = len - i < 8 ? len - i : 8;
        memcpy(p + i, &v, n);
    }
}


int
t_zone_same(lo_zone_t *z, const lo_zone_object_t *o, uint64_t seed)
{
    int                same;
    size_t             n, len;
    unsigned char     *p, *want;
    lo_zone_cursor_t   c;

    want = malloc(o->size + 1);
    t_zone_fill(want, o->size, seed);

    len = 0;
    same = 1;
    lo_zone_seek(z, o, 0, o->size, &c);

    while ((n = lo_zone_span(z, &c, &p)) > 0) {
        same = same && memcmp(want + len, p, n) == 0;
        len += n;
    }

    same = same && len == o->size;
    free(want);

    return same;
}


int
t_zone_publish(lo_zone_t *z, int event, int track, int64_t number,
    unsigned pipeline, uint64_t seed, size_t len, uint32_t rank)
{
    int                rc;
    lo_word_t          word;
    unsigned char     *data, digest[16];
    lo_zone_meta_t     meta;
    lo_zone_upload_t   up;

    data = malloc(len + 1);
    t_zone_fill(data, len, seed);
    lo_zone_digest(digest, data, len);

    memset(&meta, 0, sizeof(meta));
    meta.m = number;
    meta.rank = rank;
    meta.last_us = seed;

    rc = lo_zone_upload(z, &up, event, LO_KIND_SEGMENT, seed % 2 ? len : 0);

    if (rc == LO_OK) {

        rc = lo_zone_upload_write(z, &up, data, len);

        if (rc == LO_OK) {
            rc = lo_zone_publish(z, track, number, pipeline, &up, digest,
                                 &meta, &word);
        } else {
            lo_zone_upload_abort(z, &up);
        }
    }

    free(data);

    return rc;
}


static void
t_zone_line(void *data, const char *line)
{
    printf("# %s\n", line);
}


void
t_zone_check(lo_zone_t *z, lo_zone_check_t *c)
{
    lo_zone_check(z, 1, c, t_zone_line, NULL);
}


void
t_zone_clean(t_zone_t *t)
{
    lo_zone_check_t  c;

    t_zone_check(t->z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.leaks, 0);
    assert_int_equal(c.private, 0);
    assert_int_equal(c.retired, 0);
}
