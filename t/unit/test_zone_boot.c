/* the zone as it was left: by a kill, another boot, or something else */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

#include "lib/zone_util.h"
#include "zone/layout.h"


/* somebody sits on a slot's name: the next one does */

static void
test_socket_taken(void **state)
{
    int                 fd, n;
    char                uuid[37];
    t_zone_t            t;
    lo_zone_t          *z;
    struct sockaddr_un  sun;

    t_zone_make(&t, 16 * MB, 1, 0);
    lo_zone_uuid(t.z, uuid);

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;
    n = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1,
                 "live-origin-%s-%u", uuid, lo_zone_slot(t.z) + 1);

    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &sun,
                          offsetof(struct sockaddr_un, sun_path) + 1 + n), 0);

    z = t_zone_join(t.path);
    assert_int_equal(lo_zone_slot(z), lo_zone_slot(t.z) + 2);
    lo_zone_close(z);

    close(fd);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* a worker that is killed while it removes an event leaves it half there */

static void
test_removal_cut_off(void **state)
{
    int        n;
    uint64_t  *word;
    t_zone_t   t;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 10; n++) {
        t_zone_put(n, 0, n, 0);
    }

    word = &t.z->events[t.event].word;
    *word = lo_tab_word(lo_tab_gen(*word), LO_TAB_GONE);

    assert_int_equal(lo_zone_event_add(t.z, lo_cstr("new"), 0), t.event);

    n = lo_zone_track_add(t.z, t.event, lo_cstr("v"), 256);
    assert_int_equal(n, t.track);
    assert_int_equal(lo_zone_track(t.z, n)->head, -1);
    assert_false(lo_zone_has(t.z, n, 9, 0));

    lo_zone_tick(t.z);
    lo_zone_sweep(t.z);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_refused_files(void **state)
{
    int             fd;
    t_zone_t        t;
    lo_err_t        err;
    lo_zone_conf_t  conf;

    t_zone_make(&t, 16 * MB, 2, 0);
    lo_zone_close(t.z);
    t.z = NULL;

    conf.path = t.path;
    conf.size = 16 * MB;
    conf.events = 2;
    conf.uid = conf.gid = -1;

    assert_int_equal(lo_zone_create(&conf, &err), LO_OK);

    conf.size = 32 * MB;
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    assert_non_null(strstr(err.text, "size=16777216"));

    conf.size = 16 * MB;
    conf.events = 3;
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    assert_non_null(strstr(err.text, "events=2"));

    conf.events = 2;
    assert_int_equal(truncate(t.path, 9 * MB), 0);
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    assert_non_null(strstr(err.text, "truncated"));
    assert_null(lo_zone_attach(t.path, 0, &err));
    assert_int_equal(truncate(t.path, 16 * MB), 0);

    fd = open(t.path, O_WRONLY);
    assert_int_equal(pwrite(fd, "\7", 1, 8), 1);
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    assert_non_null(strstr(err.text, "layout 7"));
    assert_int_equal(pwrite(fd, "X", 1, 0), 1);
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    assert_non_null(strstr(err.text, "not a zone"));
    close(fd);

    conf.size = 1000;
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    conf.size = 16 * MB;
    conf.path = "/nonexistent/zone";
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);

    unlink(t.path);

    /* the tables alone are larger */

    conf.path = t.path;
    conf.size = 8 * MB;
    conf.events = LO_ZONE_MAX_EVENTS;
    assert_int_equal(lo_zone_create(&conf, &err), LO_ERROR);
    assert_non_null(strstr(err.text, "too small"));

    unlink(t.path);
}


/* another boot: what does not prove itself is not served */

static void
test_reboot(void **state)
{
    size_t             n;
    t_zone_t           t;
    lo_zone_pin_t      pin;
    unsigned char     *p;
    lo_zone_cursor_t   c;

    t_zone_make(&t, 16 * MB, 1, 0);
    t_zone_put(1, 0, 1, 0);
    t_zone_put(2, 0, 2, 0);
    t_zone_put(3, 0, 3, 0);

    /* whole, but its page counts as free, and is given to the next */

    assert_int_equal(lo_zone_find(t.z, t.track, 3, 1, 0, &pin), LO_OK);
    t.z->table[pin.object->page].owner = 0;
    lo_zone_unpin(t.z, &pin);

    assert_int_equal(lo_zone_find(t.z, t.track, 2, 1, 0, &pin), LO_OK);
    lo_zone_seek(t.z, pin.object, 100, 1, &c);
    n = lo_zone_span(t.z, &c, &p);
    assert_int_equal(n, 1);
    *p ^= 1;
    lo_zone_unpin(t.z, &pin);

    t_zone_reboot(&t, 16 * MB, 1);
    assert_int_equal(lo_zone_find(t.z, t.track, 1, 1, 0, &pin), LO_OK);
    assert_true(t_zone_same(t.z, pin.object, 1));
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_find(t.z, t.track, 2, 1, 0, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 3, 1, 0, &pin), LO_NONE);

    lo_zone_sweep(t.z);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* a ring that is not whole is made anew, from what is in the zone */

static void
test_reboot_ring(void **state)
{
    int64_t            n;
    t_zone_t           t;
    lo_zone_pin_t      pin;
    lo_zone_track_t   *tr;
    lo_zone_record_t   rec;

    t_zone_make(&t, 16 * MB, 1, 0);
    lo_zone_keep_records(t.z);
    t.track = lo_zone_track_add(t.z, t.event, lo_cstr("a"), 1000);
    assert_true(t.track > 0);

    for (n = 900; n <= 1100; n++) {
        t_zone_put(n, 0, n, 0);
    }

    t_zone_put(1000, 1, 5000, 0);
    tr = lo_zone_track(t.z, t.track);

    memset(&rec, 0, sizeof(rec));
    rec.number = 950;
    lo_zone_record_set(t.z, t.track, &rec);
    assert_int_equal(lo_zone_record(t.z, t.track, 950, &rec), LO_OK);
    assert_int_equal(tr->loading, 0);

    /* a page of the ring counts as free, and the row is older than it all */

    t.z->table[lo_ring_page(t.z, tr, 1)].owner = 0;
    tr->head = 950;

    t_zone_reboot(&t, 16 * MB, 1);
    tr = lo_zone_track(t.z, t.track);

    assert_int_equal(tr->head, 1100);
    assert_int_equal(lo_zone_event(t.z, t.event)->head, 1100);

    for (n = 900; n <= 1100; n++) {
        assert_int_equal(lo_zone_find(t.z, t.track, n, 1, 0, &pin), LO_OK);
        assert_true(t_zone_same(t.z, pin.object, n));
        lo_zone_unpin(t.z, &pin);
    }

    assert_int_equal(lo_zone_candidate(t.z, t.track, 1000, 1, &pin), LO_OK);
    assert_true(t_zone_same(t.z, pin.object, 5000));
    lo_zone_unpin(t.z, &pin);

    /* records are to be read back from where they came from */

    assert_int_equal(lo_zone_record(t.z, t.track, 950, &rec), LO_NONE);
    assert_int_equal(tr->loading, 1);
    t_zone_put(1101, 0, 1101, 0);
    assert_int_equal(tr->head, 1101);

    /* nothing is lost by it, and what is there can be evicted */

    lo_zone_sweep(t.z);
    t_zone_clean(&t);

    for (n = 1102; n <= 2500; n++) {
        t_zone_put(n, 0, n, 0);
    }

    assert_int_equal(lo_zone_find(t.z, t.track, 1100, 1, 0, &pin), LO_NONE);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_socket_taken),
        cmocka_unit_test(test_removal_cut_off),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_reboot),
        cmocka_unit_test(test_reboot_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
