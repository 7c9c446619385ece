/* what waits to be recorded: it is known whoever dies */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/zone_util.h"


#define FIRST  (((int64_t) 1 << 32) - 5)       /* and beyond 32 bits */


static void
t_make(t_zone_t *t)
{
    t_zone_make(t, 16 * MB, 4, 0);
    lo_zone_keep_records(t->z);
    t->track = lo_zone_track_add(t->z, t->event, lo_cstr("kept"), 256);
    assert_true(t->track >= 0);
}


/* what the archivist does with a number that is written */

static void
t_record(t_zone_t *t, int64_t number, unsigned elsewhere)
{
    lo_zone_pin_t     pin;
    lo_zone_record_t  rec;

    assert_int_equal(lo_zone_find(t->z, t->track, number, 0, 0, &pin), LO_OK);

    memset(&rec, 0, sizeof(rec));
    rec.number = number;
    rec.digest = lo_zone_digest_first(pin.object->digest);
    rec.pipeline = pin.object->pipeline | elsewhere;

    lo_zone_unpin(t->z, &pin);
    lo_zone_record_set(t->z, t->track, &rec);
}


static void
t_asked(t_zone_t *t, int64_t from, int64_t to)
{
    int64_t  first, last;

    assert_int_equal(lo_zone_again(t->z, t->track, 0, &first, &last), 1);
    assert_int_equal(first, from);
    assert_int_equal(last, to);
    assert_true(lo_zone_unsaved(t->z) > 0);

    assert_int_equal(lo_zone_again(t->z, t->track, 1, &first, &last), 1);
    assert_int_equal(first, from);
    assert_int_equal(last, to);
    assert_int_equal(lo_zone_again(t->z, t->track, 1, &first, &last), 0);
}


/* ten numbers of the second pipeline, all recorded */

static void
t_saved(t_zone_t *t)
{
    int64_t  n;

    for (n = FIRST; n < FIRST + 10; n++) {
        assert_int_equal(t_zone_publish(t->z, t->event, t->track, n, 1, n,
                                        1000, 0),
                         LO_PUBLISH_NEW);
        t_record(t, n, 0);
    }

    lo_zone_looked(t->z, t->track, FIRST + 10, 0);
    assert_int_equal(lo_zone_unsaved(t->z), 0);
}


static void
test_not_looked_at(void **state)
{
    t_zone_t    t;
    lo_zone_t  *other;

    t_zone_make(&t, 16 * MB, 4, 0);
    assert_int_equal(t_zone_put(FIRST, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_unsaved(t.z), 0);
    t_zone_drop(&t);

    t_make(&t);
    assert_int_equal(lo_zone_unsaved(t.z), 0);

    assert_int_equal(t_zone_put(FIRST, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(FIRST + 2, 0, 2, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_unsaved(t.z), 3);

    /* two of the three have to be written, and who says so dies */

    other = t_zone_join(t.path);
    lo_zone_looked(other, t.track, FIRST + 3, 2);
    lo_zone_close(other);
    assert_int_equal(lo_zone_unsaved(t.z), 2);

    assert_int_equal(t_zone_put(FIRST + 3, 0, 3, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_unsaved(t.z), 3);

    lo_zone_looked(t.z, t.track, FIRST + 4, 0);
    assert_int_equal(lo_zone_unsaved(t.z), 0);

    /* no more than the ring has places for */

    assert_int_equal(t_zone_put(FIRST + 5000, 0, 4, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_unsaved(t.z), 256);

    assert_int_equal(lo_zone_event_remove(t.z, t.event), LO_OK);
    assert_int_equal(lo_zone_unsaved(t.z), 0);

    t_zone_drop(&t);
}


static void
test_another_candidate(void **state)
{
    t_zone_t  t;

    t_make(&t);
    t_saved(&t);

    /* a third pipeline's is not what readers get */

    assert_int_equal(t_zone_put(FIRST + 1, 2, 100, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_unsaved(t.z), 0);

    /* the first one's is, as nobody was given another */

    assert_int_equal(t_zone_put(FIRST + 7, 0, 101, 0), LO_PUBLISH_NEW);
    t_asked(&t, FIRST + 7, FIRST + 7);

    assert_int_equal(t_zone_put(FIRST + 6, 0, 102, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(FIRST + 8, 0, 103, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(FIRST + 3, 0, 104, 0), LO_PUBLISH_NEW);
    t_asked(&t, FIRST + 3, FIRST + 8);

    /* what was back-filled, and what there was never anything of */

    assert_int_equal(t_zone_put(FIRST - 20, 0, 105, 0), LO_PUBLISH_NEW);
    t_asked(&t, FIRST - 20, FIRST - 20);

    assert_int_equal(t_zone_put(FIRST + 20, 0, 106, 0), LO_PUBLISH_NEW);
    lo_zone_looked(t.z, t.track, FIRST + 21, 0);
    assert_int_equal(t_zone_put(FIRST + 15, 0, 107, 0), LO_PUBLISH_NEW);
    t_asked(&t, FIRST + 15, FIRST + 15);

    t_zone_drop(&t);
}


static void
test_another_choice(void **state)
{
    t_zone_t       t;
    lo_zone_pin_t  pin;

    t_make(&t);
    t_saved(&t);

    assert_int_equal(t_zone_put(FIRST + 2, 2, 100, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(FIRST + 3, 2, 101, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(FIRST + 4, 2, 102, 0), LO_PUBLISH_NEW);

    /* it is what was recorded, or its pipeline is out of service */

    assert_int_equal(lo_zone_find(t.z, t.track, FIRST + 2, 1, 0, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_unsaved(t.z), 0);

    assert_int_equal(lo_zone_find(t.z, t.track, FIRST + 3, 1, 1 << 1, &pin),
                     LO_OK);
    assert_int_equal(pin.object->pipeline, 2);
    lo_zone_unpin(t.z, &pin);
    t_asked(&t, FIRST + 3, FIRST + 3);

    /* other nodes have agreed on another */

    assert_int_equal(lo_zone_choose(t.z, t.track, FIRST + 4, 2), LO_OK);
    t_asked(&t, FIRST + 4, FIRST + 4);

    t_zone_drop(&t);
}


/* a record that says that other nodes have it says nothing of the disk */

static void
test_elsewhere(void **state)
{
    t_zone_t  t;

    t_make(&t);
    t_saved(&t);

    assert_int_equal(t_zone_publish(t.z, t.event, t.track, FIRST + 5, 1,
                                    FIRST + 5, 1000, 0),
                     LO_PUBLISH_SAME);
    assert_int_equal(lo_zone_unsaved(t.z), 0);

    t_record(&t, FIRST + 5, 0x8000);
    assert_int_equal(t_zone_publish(t.z, t.event, t.track, FIRST + 5, 1,
                                    FIRST + 5, 1000, 0),
                     LO_PUBLISH_SAME);
    t_asked(&t, FIRST + 5, FIRST + 5);

    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_not_looked_at),
        cmocka_unit_test(test_another_candidate),
        cmocka_unit_test(test_another_choice),
        cmocka_unit_test(test_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
