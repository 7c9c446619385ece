/* the zone, one process at a time */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>

#include "core/verdict.h"
#include "lib/zone_util.h"
#include "zone/layout.h"

#define MB  (1024 * 1024)


static void
clean(t_zone_t *t)
{
    lo_zone_check_t  c;

    t_zone_check(t->z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.leaks, 0);
    assert_int_equal(c.private, 0);
    assert_int_equal(c.retired, 0);
}


static void
test_publish_and_find(void **state)
{
    t_zone_t       t;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_int_equal(lo_zone_find(t.z, t.track, 7, 1, 0, &pin), LO_NONE);
    assert_int_equal(t_zone_publish(t.z, t.event, t.track, 7, 0, 1, 50000,
                                    0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 7, 1, 0, &pin), LO_OK);
    assert_int_equal(pin.object->size, 50000);
    assert_true(t_zone_same(t.z, pin.object, 1));
    lo_zone_unpin(t.z, &pin);

    assert_true(lo_zone_has(t.z, t.track, 7, 0));
    assert_false(lo_zone_has(t.z, t.track, 8, 0));
    assert_false(lo_zone_has(t.z, t.track, 7 + 256, 0));
    assert_int_equal(lo_zone_track(t.z, t.track)->head, 7);

    clean(&t);
    t_zone_drop(&t);
}


static void
test_sizes(void **state)
{
    size_t         len, i;
    t_zone_t       t;
    lo_zone_pin_t  pin;

    static const size_t  sizes[] = {
        1, 8, 4096, LO_ZONE_PAGE - 1, LO_ZONE_PAGE, LO_ZONE_PAGE + 1,
        3 * LO_ZONE_PAGE, 65536, 4 * LO_ZONE_PAGE + 1, 1500000, 4000000
    };

    t_zone_make(&t, 64 * MB, 1, 0);

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * 2; i++) {

        len = sizes[i / 2];

        /* an odd seed announces its length, an even one does not */
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, i, 0, i, len,
                                        0), LO_PUBLISH_NEW);
        assert_int_equal(lo_zone_find(t.z, t.track, i, 1, 0, &pin), LO_OK);
        assert_true(t_zone_same(t.z, pin.object, i));
        assert_int_equal(pin.object->npages,
                         (len + LO_ZONE_PAGE - 1) / LO_ZONE_PAGE);
        lo_zone_unpin(t.z, &pin);
    }

    clean(&t);
    t_zone_drop(&t);
}


static void
test_candidates(void **state)
{
    t_zone_t       t;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);

#define put(n, p, seed, rank)                                                 \
    t_zone_publish(t.z, t.event, t.track, n, p, seed, 20000, rank)
#define served(n, p, seed) do {                                               \
    assert_int_equal(lo_zone_find(t.z, t.track, n, 1, 0, &pin), LO_OK);       \
    assert_int_equal(pin.object->pipeline, p);                                \
    assert_true(t_zone_same(t.z, pin.object, seed));                          \
    lo_zone_unpin(t.z, &pin);                                                 \
} while (0)

    /* pipeline order, while nobody was given anything */
    assert_int_equal(put(1, 1, 11, 0), LO_PUBLISH_NEW);
    assert_int_equal(put(1, 0, 10, 0), LO_PUBLISH_NEW);
    served(1, 0, 10);

    /* the choice stays */
    assert_int_equal(put(2, 1, 21, 0), LO_PUBLISH_NEW);
    served(2, 1, 21);
    assert_int_equal(put(2, 0, 20, 0), LO_PUBLISH_NEW);
    served(2, 1, 21);

    /* the same again; others after they were given out */
    assert_int_equal(put(2, 1, 21, 0), LO_PUBLISH_SAME);
    assert_int_equal(put(2, 1, 29, 0), LO_PUBLISH_SUPERSEDED);
    served(2, 1, 21);

    /* others before */
    assert_int_equal(put(3, 0, 30, 0), LO_PUBLISH_NEW);
    assert_int_equal(put(3, 0, 31, 0), LO_PUBLISH_REPLACED);
    served(3, 0, 31);

    /* defective loses to good, also after it was served */
    assert_int_equal(put(4, 0, 40, 2), LO_PUBLISH_NEW);
    served(4, 0, 40);
    assert_int_equal(put(4, 1, 41, 1), LO_PUBLISH_NEW);
    served(4, 1, 41);
    assert_int_equal(put(4, 0, 42, 0), LO_PUBLISH_REPLACED);
    served(4, 0, 42);
    assert_int_equal(put(4, 1, 43, 0), LO_PUBLISH_REPLACED);
    served(4, 0, 42);

    clean(&t);
    t_zone_drop(&t);
}


/* why, and since when; masks, and what was given out before them */

static void
test_masks(void **state)
{
    t_zone_t          t;
    lo_word_t         a;
    lo_zone_pin_t     pin;
    lo_zone_entry_t  *e;

    t_zone_make(&t, 16 * MB, 1, 0);

#define given(n, masked, p, seed, why) do {                                   \
    assert_int_equal(lo_zone_find(t.z, t.track, n, 1, masked, &pin), LO_OK);  \
    assert_int_equal(pin.object->pipeline, p);                                \
    assert_true(t_zone_same(t.z, pin.object, seed));                          \
    assert_int_equal(pin.object->given & 0xff, why);                          \
    assert_true(pin.object->given >> 8 > 0);                                  \
    lo_zone_unpin(t.z, &pin);                                                 \
} while (0)

    put(1, 0, 10, 0);
    given(1, 0, 0, 10, LO_CHOICE_ONLY);
    put(1, 1, 11, 0);
    given(1, 0, 0, 10, LO_CHOICE_ONLY);

    a = lo_zone_given(t.z, t.track, 1);
    assert_true(a != 0);

    /* out of service: the other, from now on; back: the choice stays */

    assert_int_equal(lo_zone_find(t.z, t.track, 1, 0, 1, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);
    assert_true(lo_zone_given(t.z, t.track, 1) == a);

    given(1, 1, 1, 11, LO_CHOICE_MASKED);
    given(1, 0, 1, 11, LO_CHOICE_MASKED);

    /* no other: as if it was not there, and again when it is back */

    put(2, 0, 20, 0);
    given(2, 0, 0, 20, LO_CHOICE_ONLY);
    assert_int_equal(lo_zone_find(t.z, t.track, 2, 1, 1, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 2, 0, 1, &pin), LO_NONE);
    assert_false(lo_zone_has(t.z, t.track, 2, 1));
    assert_true(lo_zone_has(t.z, t.track, 2, 2));
    given(2, 0, 0, 20, LO_CHOICE_ONLY);

    /* identical bytes of the other pipeline are in service */

    put(3, 0, 30, 0);
    put(3, 1, 30, 0);
    given(3, 0, 0, 30, LO_CHOICE_FIRST);
    given(3, 1, 0, 30, LO_CHOICE_FIRST);
    assert_int_equal(lo_zone_find(t.z, t.track, 3, 1, 3, &pin), LO_NONE);

    /* a masked one that is better is not looked at */

    put(4, 0, 40, 0);
    put(4, 1, 41, 3);
    given(4, 1, 1, 41, LO_CHOICE_MASKED);
    given(4, 0, 0, 40, LO_CHOICE_BETTER);

    /* the least defective, and what is better */

    put(5, 0, 50, 3);
    put(5, 1, 51, 2);
    given(5, 0, 1, 51, LO_CHOICE_LEAST);
    put(5, 0, 52, 2);
    given(5, 0, 1, 51, LO_CHOICE_LEAST);
    put(5, 0, 53, 0);
    given(5, 0, 0, 53, LO_CHOICE_BETTER);

    /* a worker was killed between its choice and saying when it was: what
       readers get has been given to them, all the same */

    put(7, 0, 70, 0);
    put(7, 1, 71, 0);
    e = lo_zone_entry(t.z, t.track, 7);
    e->chosen = e->cand[1];
    assert_int_equal(lo_zone_find(t.z, t.track, 7, 0, 0, &pin), LO_OK);
    assert_true(pin.object->given == 0);
    lo_zone_unpin(t.z, &pin);
    given(7, 0, 1, 71, LO_CHOICE_FIRST);

    /* GAP goes by what is in service */

    put(6, 0, 60, 0);
    assert_false(lo_zone_gap(t.z, t.track, 6, 1, 0));
    assert_true(lo_zone_gap(t.z, t.track, 6, 1, 1));

    clean(&t);
    t_zone_drop(&t);
}


static void
test_notes(void **state)
{
    t_zone_t  t;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_true(lo_zone_noted(t.z, t.track, 7) == 0);
    lo_zone_note(t.z, t.track, 7, 99);
    assert_true(lo_zone_noted(t.z, t.track, 7) == 99);
    assert_true(lo_zone_noted(t.z, t.track, 7 + 256) == 0);
    lo_zone_note(t.z, t.track, 7 + 256, 98);
    assert_true(lo_zone_noted(t.z, t.track, 7) == 0);
    lo_zone_note(t.z, t.track, -1, 98);

    t_zone_drop(&t);
}


static void
test_identical_bytes_once(void **state)
{
    t_zone_t         t;
    lo_zone_pin_t    a, b;
    lo_zone_check_t  c;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_int_equal(put(1, 0, 5, 0), LO_PUBLISH_NEW);
    assert_int_equal(put(1, 1, 5, 0), LO_PUBLISH_NEW);

    t_zone_check(t.z, &c);
    assert_int_equal(c.segments, 1);

    assert_int_equal(lo_zone_candidate(t.z, t.track, 1, 0, &a), LO_OK);
    assert_int_equal(lo_zone_candidate(t.z, t.track, 1, 1, &b), LO_OK);
    assert_true(a.word == b.word);
    lo_zone_unpin(t.z, &a);
    lo_zone_unpin(t.z, &b);

    /* one of the two takes other bytes: the other keeps its own */
    assert_int_equal(put(1, 0, 6, 0), LO_PUBLISH_REPLACED);
    assert_int_equal(lo_zone_candidate(t.z, t.track, 1, 1, &b), LO_OK);
    assert_true(t_zone_same(t.z, b.object, 5));
    lo_zone_unpin(t.z, &b);

    clean(&t);
    t_zone_drop(&t);
}


/* an hour of media through a small zone: it stays at its size */

static void
test_wraps(void **state)
{
    int              n, kept;
    t_zone_t         t;
    struct stat      st;
    lo_zone_pin_t    pin;
    lo_zone_check_t  c;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 1800; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n * 2,
                                        100000 + n * 31 % 90000, 0),
                         LO_PUBLISH_NEW);
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 1,
                                        n * 2 + 1, 100000, 0),
                         LO_PUBLISH_NEW);

        assert_int_equal(lo_zone_find(t.z, t.track, n, 1, 0, &pin), LO_OK);
        assert_true(t_zone_same(t.z, pin.object, n * 2));
        lo_zone_unpin(t.z, &pin);
    }

    for (kept = 0; lo_zone_has(t.z, t.track, 1799 - kept, 0); kept++) {
        /* from the head down, without a hole */
    }

    assert_true(kept > 60);

    for (n = 1799 - kept; n >= 1799 - 255; n--) {
        assert_false(lo_zone_has(t.z, t.track, n, 0));
    }

    assert_int_equal(stat(t.path, &st), 0);
    assert_int_equal(st.st_size, 16 * MB);

    lo_zone_sweep(t.z);
    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.leaks, 0);

    t_zone_drop(&t);
}


/* a pipeline that is gone for good keeps nothing beyond the ring */

static void
test_wraps_alone(void **state)
{
    int              n;
    t_zone_t         t;
    lo_zone_check_t  c;

    t_zone_make(&t, 32 * MB, 1, 0);

    for (n = 0; n < 700; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n * 2,
                                        9000, 0), LO_PUBLISH_NEW);
        if (n < 200) {
            assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 1,
                                            n * 2 + 1, 9000, 0),
                             LO_PUBLISH_NEW);
        }
    }

    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.segments, 256);

    clean(&t);
    t_zone_drop(&t);
}


static void
test_spare_goes_first(void **state)
{
    int            n;
    t_zone_t       t;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 40; n++) {
        put(n, 0, n * 2, 0);
        put(n, 1, n * 2 + 1, 0);

        if (n % 2) {
            lo_zone_find(t.z, t.track, n, 1, 0, &pin);
            lo_zone_unpin(t.z, &pin);
        }
    }

    for (n = 40; !lo_zone_has(t.z, t.track, n - 1, 0)
                 || lo_zone_candidate(t.z, t.track, 20, 1, &pin) == LO_OK;
         n++)
    {
        lo_zone_unpin(t.z, &pin);
        assert_true(n < 2000);
        t_zone_publish(t.z, t.event, t.track, n, 0, n * 2, 200000, 0);
    }

    /* the second candidates went, every number is still there */

    for (n = 0; n < 20; n++) {
        assert_int_equal(lo_zone_candidate(t.z, t.track, n, 0, &pin), LO_OK);
        lo_zone_unpin(t.z, &pin);
        assert_int_equal(lo_zone_candidate(t.z, t.track, n, 1, &pin),
                         LO_NONE);
    }

    t_zone_drop(&t);
}


/* a pinned object keeps its bytes while the ring wraps over it many times */

static void
test_pin_holds(void **state)
{
    int            n;
    t_zone_t       t;
    lo_zone_pin_t  pin, none;

    t_zone_make(&t, 16 * MB, 1, 0);

    put(0, 0, 1000, 0);
    assert_int_equal(lo_zone_find(t.z, t.track, 0, 1, 0, &pin), LO_OK);

    for (n = 1; n < 600; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n,
                                        150000, 0), LO_PUBLISH_NEW);
    }

    assert_int_equal(lo_zone_find(t.z, t.track, 0, 1, 0, &none), LO_NONE);
    assert_true(t_zone_same(t.z, pin.object, 1000));

    lo_zone_unpin(t.z, &pin);
    clean(&t);
    t_zone_drop(&t);
}


static void
test_shares(void **state)
{
    int       n, a, b, ta, tb;
    t_zone_t  t;

    t_zone_make(&t, 32 * MB, 4, 8 * MB);

    a = lo_zone_event_add(t.z, lo_cstr("a"), 4 * MB);
    b = lo_zone_event_add(t.z, lo_cstr("b"), 4 * MB);
    assert_true(a >= 0 && b >= 0 && a != b);
    assert_int_equal(lo_zone_event_find(t.z, lo_cstr("a")), a);
    assert_int_equal(lo_zone_event_add(t.z, lo_cstr("a"), 0), a);
    assert_int_equal(lo_zone_event_add(t.z, lo_cstr("big"), 64 * MB),
                     LO_FULL);
    assert_int_equal(lo_zone_event_share(t.z, b, 64 * MB), LO_FULL);
    assert_int_equal(lo_zone_event_share(t.z, b, 5 * MB), LO_OK);

    ta = lo_zone_track_add(t.z, a, lo_cstr("v"), 100);
    tb = lo_zone_track_add(t.z, b, lo_cstr("v"), 100);
    assert_true(ta >= 0 && tb >= 0 && ta != tb);
    assert_int_equal(lo_zone_track_add(t.z, a, lo_cstr("v"), 100), ta);

    for (n = 0; n < 10; n++) {
        assert_int_equal(t_zone_publish(t.z, a, ta, n, 0, n, 100000, 0),
                         LO_PUBLISH_NEW);
    }

    for (n = 0; n < 500; n++) {
        assert_int_equal(t_zone_publish(t.z, b, tb, n, 0, n, 100000, 0),
                         LO_PUBLISH_NEW);
    }

    for (n = 0; n < 10; n++) {
        assert_true(lo_zone_has(t.z, ta, n, 0));
    }

    /* larger than its share: refused, nothing of it is left, nothing lost */
    assert_int_equal(t_zone_publish(t.z, a, ta, 10, 0, 1, 5 * MB, 0),
                     LO_FULL);
    assert_int_equal(t_zone_publish(t.z, a, ta, 10, 0, 2, 5 * MB, 0),
                     LO_FULL);
    clean(&t);

    assert_int_equal(lo_zone_event_remove(t.z, b), LO_OK);
    assert_int_equal(lo_zone_event_find(t.z, lo_cstr("b")), LO_NONE);
    assert_int_equal(lo_zone_event_find(t.z, lo_cstr("a")), a);
    assert_false(lo_zone_has(t.z, tb, 499, 0));
    lo_zone_sweep(t.z);
    clean(&t);

    t_zone_drop(&t);
}


static void
test_too_late(void **state)
{
    t_zone_t  t;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_int_equal(put(1000, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(put(745, 0, 2, 0), LO_PUBLISH_NEW);
    assert_int_equal(put(744, 0, 3, 0), LO_NONE);
    assert_int_equal(put(1, 0, 3, 0), LO_NONE);
    assert_int_equal(lo_zone_track(t.z, t.track)->head, 1000);
    clean(&t);

    t_zone_drop(&t);
}


static void
test_gap(void **state)
{
    t_zone_t  t;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_false(lo_zone_gap(t.z, t.track, 3, 0, 0));
    assert_true(lo_zone_gap(t.z, t.track, 3, 1, 0));
    put(3, 0, 1, 0);
    assert_true(lo_zone_gap(t.z, t.track, 3, 0, 0));
    assert_false(lo_zone_gap(t.z, t.track, 3 + 256, 0, 0));
    put(4, 0, 1, 0);
    assert_false(lo_zone_gap(t.z, t.track, 4, 1, 0));

    t_zone_drop(&t);
}


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
    clean(&t);
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
        put(n, 0, n, 0);
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
    clean(&t);
    t_zone_drop(&t);
}


static void
test_records(void **state)
{
    char        buf[100];
    t_zone_t    t;
    lo_word_t   a, b, *root;

    t_zone_make(&t, 16 * MB, 1, 0);
    root = &lo_zone_event(t.z, t.event)->doc;

    a = lo_zone_put(t.z, t.event, LO_KIND_DOC, "one", 3);
    assert_true(a != 0);
    assert_true(lo_zone_swap(t.z, root, 0, a));
    b = lo_zone_put(t.z, t.event, LO_KIND_DOC, "three", 5);
    assert_false(lo_zone_swap(t.z, root, 0, b));
    assert_int_equal(lo_zone_read(t.z, a, buf, sizeof(buf)), 3);
    assert_int_equal(lo_zone_read(t.z, a, buf, 2), LO_FULL);
    assert_true(lo_zone_swap(t.z, root, a, b));
    assert_int_equal(lo_zone_read(t.z, a, buf, sizeof(buf)), LO_NONE);
    assert_int_equal(lo_zone_read(t.z, b, buf, sizeof(buf)), 5);
    assert_memory_equal(buf, "three", 5);
    clean(&t);

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
    put(1, 0, 1, 0);
    put(2, 0, 2, 0);
    put(3, 0, 3, 0);

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
    clean(&t);
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
        put(n, 0, n, 0);
    }

    put(1000, 1, 5000, 0);
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
    put(1101, 0, 1101, 0);
    assert_int_equal(tr->head, 1101);

    /* nothing is lost by it, and what is there can be evicted */

    lo_zone_sweep(t.z);
    clean(&t);

    for (n = 1102; n <= 2500; n++) {
        put(n, 0, n, 0);
    }

    assert_int_equal(lo_zone_find(t.z, t.track, 1100, 1, 0, &pin), LO_NONE);
    clean(&t);
    t_zone_drop(&t);
}


/* what one track can have at most */

static void
test_long_ring(void **state)
{
    t_zone_t           t;
    lo_zone_pin_t      pin;
    lo_zone_track_t   *tr;
    lo_zone_record_t   rec;

    t_zone_make(&t, 64 * MB, 1, 0);
    lo_zone_keep_records(t.z);
    t.track = lo_zone_track_add(t.z, t.event, lo_cstr("a"), UINT32_MAX / 2);
    assert_true(t.track > 0);

    tr = lo_zone_track(t.z, t.track);
    assert_int_equal(tr->cap, LO_ZONE_RING_MAX);

    put(1, 0, 1, 0);
    put(LO_ZONE_RING_MAX - 1, 0, 2, 0);
    put(LO_ZONE_RING_MAX, 0, 3, 0);
    memset(&rec, 0, sizeof(rec));
    rec.number = LO_ZONE_RING_MAX - 1;
    lo_zone_record_set(t.z, t.track, &rec);
    assert_int_equal(lo_zone_record(t.z, t.track, rec.number, &rec), LO_OK);
    assert_int_equal(lo_zone_find(t.z, t.track, 1, 1, 0, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);

    /* one number further, and the first has left */

    put(LO_ZONE_RING_MAX + 1, 0, 4, 0);
    assert_int_equal(lo_zone_find(t.z, t.track, 1, 1, 0, &pin), LO_NONE);
    clean(&t);
    t_zone_drop(&t);
}


/* the place of a number that has left the ring is another number's */

static void
test_records_wrap(void **state)
{
    t_zone_t          t;
    lo_zone_record_t  rec;

    t_zone_make(&t, 16 * MB, 1, 0);
    lo_zone_keep_records(t.z);
    t.track = lo_zone_track_add(t.z, t.event, lo_cstr("a"), 256);
    put(1000, 0, 1, 0);

    memset(&rec, 0, sizeof(rec));
    rec.number = 1000;
    lo_zone_record_set(t.z, t.track, &rec);
    rec.number = 1000 - 256;
    lo_zone_record_set(t.z, t.track, &rec);
    assert_int_equal(lo_zone_record(t.z, t.track, 1000 - 256, &rec), LO_NONE);
    assert_int_equal(lo_zone_record(t.z, t.track, 1000, &rec), LO_OK);
    assert_true(lo_zone_recorded(t.z, t.track, 1000));
    assert_false(lo_zone_recorded(t.z, t.track, 1000 - 256));
    assert_false(lo_zone_recorded(t.z, t.track, 999));
    lo_zone_record_clear(t.z, t.track, 1000);
    assert_false(lo_zone_recorded(t.z, t.track, 1000));

    /* marks of gaps, by their place */

    assert_int_equal(lo_zone_gap(t.z, t.track, 990, 1, 0), 1);
    assert_int_equal(lo_zone_track(t.z, t.track)->gaps, 1);
    assert_int_equal(lo_zone_gap(t.z, t.track, 990, 1, 0), 1);
    assert_int_equal(lo_zone_track(t.z, t.track)->gaps, 1);
    assert_int_equal(lo_zone_gap_in(t.z, t.track, 990 % 256), 990);
    assert_int_equal(lo_zone_gap_in(t.z, t.track, 991 % 256), LO_NONE);
    clean(&t);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_publish_and_find),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_identical_bytes_once),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_wraps_alone),
        cmocka_unit_test(test_spare_goes_first),
        cmocka_unit_test(test_pin_holds),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_socket_taken),
        cmocka_unit_test(test_removal_cut_off),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_reboot),
        cmocka_unit_test(test_reboot_ring),
        cmocka_unit_test(test_long_ring),
        cmocka_unit_test(test_records_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
