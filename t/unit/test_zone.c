/* the zone, one process at a time: the numbers of a track */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/zone_util.h"
#include "zone/layout.h"


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

    t_zone_clean(&t);
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

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_too_late(void **state)
{
    t_zone_t  t;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_int_equal(t_zone_put(1000, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(745, 0, 2, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(744, 0, 3, 0), LO_NONE);
    assert_int_equal(t_zone_put(1, 0, 3, 0), LO_NONE);
    assert_int_equal(lo_zone_track(t.z, t.track)->head, 1000);
    t_zone_clean(&t);

    t_zone_drop(&t);
}


static void
test_gap(void **state)
{
    t_zone_t  t;

    t_zone_make(&t, 16 * MB, 1, 0);

    assert_false(lo_zone_gap(t.z, t.track, 3, 0, 0));
    assert_true(lo_zone_gap(t.z, t.track, 3, 1, 0));
    t_zone_put(3, 0, 1, 0);
    assert_true(lo_zone_gap(t.z, t.track, 3, 0, 0));
    assert_false(lo_zone_gap(t.z, t.track, 3 + 256, 0, 0));
    t_zone_put(4, 0, 1, 0);
    assert_false(lo_zone_gap(t.z, t.track, 4, 1, 0));

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

    t_zone_put(1, 0, 1, 0);
    t_zone_put(LO_ZONE_RING_MAX - 1, 0, 2, 0);
    t_zone_put(LO_ZONE_RING_MAX, 0, 3, 0);
    memset(&rec, 0, sizeof(rec));
    rec.number = LO_ZONE_RING_MAX - 1;
    lo_zone_record_set(t.z, t.track, &rec);
    assert_int_equal(lo_zone_record(t.z, t.track, rec.number, &rec), LO_OK);
    assert_int_equal(lo_zone_find(t.z, t.track, 1, 1, 0, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);

    /* one number further, and the first has left */

    t_zone_put(LO_ZONE_RING_MAX + 1, 0, 4, 0);
    assert_int_equal(lo_zone_find(t.z, t.track, 1, 1, 0, &pin), LO_NONE);
    t_zone_clean(&t);
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
    t_zone_clean(&t);

    t_zone_drop(&t);
}


/* what was taken out a moment ago and may be put back is not swept away, however
   old it is */

static void
test_spared(void **state)
{
    char        buf[100];
    t_zone_t    t;
    lo_word_t   a, *root;

    t_zone_make(&t, 16 * MB, 1, 0);
    root = &lo_zone_event(t.z, t.event)->doc;

    a = lo_zone_put(t.z, t.event, LO_KIND_DOC, "one", 3);
    lo_obj(t.z, a)->meta.last_us = 1;
    assert_int_equal(lo_zone_spare(t.z, a), LO_OK);
    lo_zone_sweep(t.z);
    assert_int_equal(lo_zone_read(t.z, a, buf, sizeof(buf)), 3);
    assert_true(lo_zone_swap(t.z, root, 0, a));

    /* without it one is lost for good */

    a = lo_zone_put(t.z, t.event, LO_KIND_DOC, "two", 3);
    lo_obj(t.z, a)->meta.last_us = 1;
    lo_zone_sweep(t.z);
    assert_int_equal(lo_zone_spare(t.z, a), LO_NONE);
    assert_int_equal(lo_zone_read(t.z, a, buf, sizeof(buf)), LO_NONE);

    t_zone_clean(&t);
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
    t_zone_put(1000, 0, 1, 0);

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
    t_zone_clean(&t);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_publish_and_find),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_long_ring),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_spared),
        cmocka_unit_test(test_records_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
