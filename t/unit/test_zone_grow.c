/* growing segments: followed while they are uploaded, by other processes */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/zone_util.h"
#include "zone/layout.h"

#define LONG   (INT64_C(3600) * LO_USEC)
#define KILLS  80


typedef struct {
    lo_zone_upload_t   up;
    unsigned char     *data;
    size_t             size;
    size_t             sent;
} grower_t;


static void
nap(long us)
{
    struct timespec  ts = { 0, us * 1000 };

    nanosleep(&ts, NULL);
}


static void
begin(lo_zone_t *z, grower_t *g, int event, uint64_t seed, size_t size)
{
    g->size = size;
    g->sent = 0;
    g->data = malloc(size);
    t_zone_fill(g->data, size, seed);

    assert_int_equal(lo_zone_upload(z, &g->up, event, LO_KIND_SEGMENT, 0),
                     LO_OK);
}


static void
more(lo_zone_t *z, grower_t *g, size_t upto)
{
    assert_int_equal(lo_zone_upload_write(z, &g->up, g->data + g->sent,
                                          upto - g->sent), LO_OK);
    g->sent = upto;
    lo_zone_show(z, &g->up, upto);
}


static int
end(lo_zone_t *z, grower_t *g, int track, int64_t number, unsigned pipeline,
    uint32_t rank)
{
    int             rc;
    lo_word_t       word;
    lo_zone_meta_t  meta;
    unsigned char   digest[16];

    assert_int_equal(lo_zone_upload_write(z, &g->up, g->data + g->sent,
                                          g->size - g->sent), LO_OK);

    lo_zone_digest(digest, g->data, g->size);
    memset(&meta, 0, sizeof(meta));
    meta.m = number;
    meta.rank = rank;
    meta.last_us = number;             /* long ago: the sweep has no grace */

    rc = lo_zone_publish(z, track, number, pipeline, &g->up, digest, &meta,
                         &word);
    free(g->data);

    return rc;
}


static void
give_up(lo_zone_t *z, grower_t *g)
{
    lo_zone_upload_abort(z, &g->up);
    free(g->data);
}


/* what is visible and not read yet is what was sent; bytes read, in all */

static uint64_t
read_on(lo_zone_t *z, const lo_zone_pin_t *pin, lo_zone_growth_t *at,
    const unsigned char *data, lo_grown_e *how)
{
    size_t          n;
    uint64_t        visible, from;
    unsigned char  *p;

    *how = lo_zone_grown(pin, &visible);

    for ( ;; ) {

        from = at->at;
        n = lo_zone_growth_span(z, at, visible, &p);

        if (n == 0) {
            break;
        }

        assert_memory_equal(p, data + from, n);
    }

    return at->at;
}


#define follow(n, pin)  lo_zone_follow(t.z, t.track, n, 0, LONG, pin)


static void
test_grows(void **state)
{
    size_t            i;
    t_zone_t          t;
    grower_t          g;
    lo_grown_e        how;
    lo_zone_pin_t     pin, found;
    lo_zone_growth_t  at;

    /* ends of chunks at, before and behind those of pages */

    static const size_t  shown[] = {
        1, 3000, LO_ZONE_PAGE - 1, LO_ZONE_PAGE, LO_ZONE_PAGE + 1,
        4 * LO_ZONE_PAGE, 6 * LO_ZONE_PAGE + 10, 20 * LO_ZONE_PAGE
    };

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    begin(t.z, &g, t.event, 2, 20 * LO_ZONE_PAGE);
    assert_int_equal(follow(8, &pin), LO_NONE);

    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &g.up), LO_OK);
    assert_int_equal(follow(8, &pin), LO_NONE);
    assert_false(lo_zone_grows(t.z, t.track, 8, 0, LONG));

    more(t.z, &g, shown[0]);
    assert_true(lo_zone_grows(t.z, t.track, 8, 0, LONG));
    assert_false(lo_zone_grows(t.z, t.track, 8, 0, 0));
    assert_false(lo_zone_grows(t.z, t.track, 10, 0, LONG));
    assert_int_equal(follow(8, &pin), LO_OK);
    assert_false(lo_zone_has(t.z, t.track, 8, 0));
    assert_int_equal(lo_zone_find(t.z, t.track, 8, 1, 0, &found), LO_NONE);

    lo_zone_growth(&pin, &at);

    for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        more(t.z, &g, shown[i]);
        assert_int_equal(read_on(t.z, &pin, &at, g.data, &how), shown[i]);
        assert_int_equal(how, LO_GROWN_MORE);
    }

    /* pages behind the last byte are cut off under the reader's feet */

    assert_int_equal(end(t.z, &g, t.track, 8, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(read_on(t.z, &pin, &at, NULL, &how), g.size);
    assert_int_equal(how, LO_GROWN_WHOLE);

    assert_int_equal(lo_zone_find(t.z, t.track, 8, 1, 0, &found), LO_OK);
    assert_true(found.word == pin.word);
    assert_false(found.passing);
    lo_zone_unpin(t.z, &found);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(follow(8, &pin), LO_NONE);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_order(void **state)
{
    t_zone_t       t;
    grower_t       a, b;
    lo_zone_pin_t  pin, other;

    t_zone_make(&t, 16 * MB, 1, 0);

    /* nobody's previous segment is there */

    begin(t.z, &a, t.event, 1, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 3, 0, &a.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(follow(3, &pin), LO_NONE);
    assert_int_equal(end(t.z, &a, t.track, 3, 0, 2), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(3, 1, 4, 0), LO_PUBLISH_NEW);

    /* that of the first is not good */

    begin(t.z, &a, t.event, 5, 50000);
    begin(t.z, &b, t.event, 6, 60000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 4, 0, &a.up), LO_OK);
    assert_int_equal(lo_zone_announce(t.z, t.track, 4, 1, &b.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(follow(4, &pin), LO_NONE);
    more(t.z, &b, 1000);
    assert_int_equal(follow(4, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(end(t.z, &a, t.track, 4, 0, 0), LO_PUBLISH_NEW);

    /* a whole one goes out in passing while b may still become it */

    assert_int_equal(follow(4, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 4, 1, 0, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    assert_true(pin.passing);
    lo_zone_unpin(t.z, &pin);

    assert_int_equal(end(t.z, &b, t.track, 4, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 4, 1, 0, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    assert_false(pin.passing);
    lo_zone_unpin(t.z, &pin);

    /* both are good: the first, and who is followed stays so */

    begin(t.z, &a, t.event, 7, 50000);
    begin(t.z, &b, t.event, 8, 60000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 5, 0, &a.up), LO_OK);
    assert_int_equal(lo_zone_announce(t.z, t.track, 5, 1, &b.up), LO_OK);
    more(t.z, &b, 1000);
    assert_int_equal(follow(5, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    more(t.z, &a, 1000);
    assert_int_equal(follow(5, &other), LO_OK);
    assert_true(other.word == pin.word);
    lo_zone_unpin(t.z, &other);

    /* unless it fails, or is silent for too long */

    lo_zone_forsake(t.z, &pin);
    assert_int_equal(follow(5, &other), LO_OK);
    assert_int_equal(other.object->pipeline, 0);
    give_up(t.z, &a);
    lo_zone_unpin(t.z, &other);
    assert_int_equal(follow(5, &other), LO_OK);
    assert_int_equal(other.object->pipeline, 1);
    give_up(t.z, &b);
    assert_int_equal(t_zone_put(5, 0, 9, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 5, 1, 0, &pin), LO_OK);
    assert_false(pin.passing);

    lo_zone_unpin(t.z, &pin);
    lo_zone_unpin(t.z, &other);
    t_zone_drop(&t);
}


#define parts(n, pin)  lo_zone_parts(t.z, t.track, n, 0, LONG, pin)


/* what the parts of a number are cut from, from the first to the last */

static void
test_parts(void **state)
{
    t_zone_t       t;
    grower_t       a, b;
    lo_zone_pin_t  pin, whole;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(7, 1, 2, 0), LO_PUBLISH_NEW);

    /* of what nobody has followed: the choice */

    assert_int_equal(parts(7, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    assert_int_equal(lo_zone_given(t.z, t.track, 7), pin.word);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(parts(8, &pin), LO_NONE);

    /* one upload, also where another is whole before it */

    begin(t.z, &a, t.event, 3, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &a.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(parts(8, &pin), LO_OK);
    assert_int_equal(t_zone_put(8, 1, 4, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(8, &whole), LO_OK);
    assert_true(whole.word == pin.word);
    lo_zone_unpin(t.z, &whole);
    assert_int_equal(lo_zone_parts_grow(t.z, t.track, 8, 0, LONG, &whole),
                     LO_OK);
    lo_zone_unpin(t.z, &whole);
    assert_int_equal(end(t.z, &a, t.track, 8, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(8, &whole), LO_OK);
    assert_true(whole.word == pin.word);
    lo_zone_unpin(t.z, &whole);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_parts_grow(t.z, t.track, 8, 0, LONG, &pin),
                     LO_NONE);

    /* it fails: no parts, of none of those that come after it */

    begin(t.z, &a, t.event, 5, 50000);
    begin(t.z, &b, t.event, 6, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 9, 0, &a.up), LO_OK);
    assert_int_equal(lo_zone_announce(t.z, t.track, 9, 1, &b.up), LO_OK);
    more(t.z, &a, 1000);
    more(t.z, &b, 1000);
    assert_int_equal(parts(9, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 0);
    lo_zone_unpin(t.z, &pin);
    give_up(t.z, &a);
    assert_int_equal(parts(9, &pin), LO_NONE);
    assert_int_equal(follow(9, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(end(t.z, &b, t.track, 9, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(9, &pin), LO_NONE);
    assert_int_equal(lo_zone_find(t.z, t.track, 9, 1, 0, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_false(lo_zone_gap(t.z, t.track, 9, 0, 0));
    assert_int_equal(lo_zone_gap_in(t.z, t.track, 9), LO_NONE);

    /* one that nobody followed may fail */

    begin(t.z, &a, t.event, 7, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 10, 1, &a.up), LO_OK);
    more(t.z, &a, 1000);
    give_up(t.z, &a);
    assert_int_equal(t_zone_put(10, 0, 8, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(10, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);

    /* defective in the end: neither it nor what comes in its place */

    begin(t.z, &a, t.event, 9, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 11, 0, &a.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(parts(11, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(end(t.z, &a, t.track, 11, 0, 2), LO_PUBLISH_NEW);
    assert_int_equal(parts(11, &pin), LO_NONE);
    assert_int_equal(t_zone_put(11, 1, 10, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(11, &pin), LO_NONE);

    /* never followed, and defective: only what is good for good */

    assert_int_equal(t_zone_put(12, 0, 11, 2), LO_PUBLISH_NEW);
    assert_int_equal(parts(12, &pin), LO_NONE);
    assert_int_equal(t_zone_put(12, 1, 12, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(12, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);

    /* silent, masked: what is followed instead has no parts */

    begin(t.z, &a, t.event, 13, 50000);
    begin(t.z, &b, t.event, 14, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 13, 1, &b.up), LO_OK);
    more(t.z, &b, 1000);
    assert_int_equal(parts(13, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_announce(t.z, t.track, 13, 0, &a.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(t_zone_put(12, 0, 15, 0), LO_PUBLISH_REPLACED);
    assert_int_equal(lo_zone_parts(t.z, t.track, 13, 2, LONG, &pin), LO_NONE);
    assert_int_equal(parts(13, &pin), LO_NONE);
    give_up(t.z, &b);
    assert_int_equal(end(t.z, &a, t.track, 13, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(13, &pin), LO_NONE);

    /* it belongs elsewhere, by its end */

    begin(t.z, &a, t.event, 16, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 14, 0, &a.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(parts(14, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(end(t.z, &a, t.track, 15, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(14, 1, 17, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(14, &pin), LO_NONE);
    assert_int_equal(parts(15, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);

    /* a GAP has none, and takes the mark's place */

    assert_true(lo_zone_gap(t.z, t.track, 17, 1, 0));
    assert_int_equal(t_zone_put(17, 0, 18, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(17, &pin), LO_NONE);
    lo_zone_gap_set(t.z, t.track, 14);
    assert_true(lo_zone_gap(t.z, t.track, 14, 0, 0));

    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* the same bytes of two pipelines are the same parts */

static void
test_parts_of_twins(void **state)
{
    t_zone_t       t;
    grower_t       a;
    lo_zone_pin_t  pin;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    begin(t.z, &a, t.event, 2, 20000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &a.up), LO_OK);
    more(t.z, &a, 1000);
    assert_int_equal(parts(8, &pin), LO_OK);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(t_zone_put(8, 1, 2, 0), LO_PUBLISH_NEW);
    assert_int_equal(end(t.z, &a, t.track, 8, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(parts(8, &pin), LO_OK);
    assert_int_equal(pin.object->pipeline, 1);
    lo_zone_unpin(t.z, &pin);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_not_as_announced(void **state)
{
    t_zone_t          t;
    grower_t          g;
    uint64_t          visible;
    lo_zone_pin_t     pin, found;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    /* its end says that it is another number */

    begin(t.z, &g, t.event, 2, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &g.up), LO_OK);
    more(t.z, &g, 30000);
    assert_int_equal(follow(8, &pin), LO_OK);
    assert_int_equal(end(t.z, &g, t.track, 9, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_FAILED);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(lo_zone_find(t.z, t.track, 9, 1, 0, &found), LO_OK);
    assert_true(t_zone_same(t.z, found.object, 2));
    lo_zone_unpin(t.z, &found);

    /* not good at its end: others are chosen against it */

    begin(t.z, &g, t.event, 4, 50000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 10, 0, &g.up), LO_OK);
    more(t.z, &g, 30000);
    assert_int_equal(follow(10, &pin), LO_OK);
    assert_int_equal(end(t.z, &g, t.track, 10, 0, 3), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_WHOLE);
    lo_zone_unpin(t.z, &pin);
    assert_int_equal(t_zone_put(10, 1, 5, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_find(t.z, t.track, 10, 1, 0, &found), LO_OK);
    assert_int_equal(found.object->pipeline, 1);
    assert_false(found.passing);
    lo_zone_unpin(t.z, &found);

    /* a twin: the bytes are another object's in the end */

    begin(t.z, &g, t.event, 6, 20000);
    assert_int_equal(t_zone_put(10, 0, 8, 0), LO_PUBLISH_REPLACED);
    assert_int_equal(lo_zone_announce(t.z, t.track, 11, 0, &g.up), LO_OK);
    more(t.z, &g, 10000);
    assert_int_equal(follow(11, &pin), LO_OK);
    assert_int_equal(t_zone_put(11, 1, 6, 0), LO_PUBLISH_NEW);
    assert_int_equal(end(t.z, &g, t.track, 11, 0, 0), LO_PUBLISH_NEW);
    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_WHOLE);
    assert_int_equal(visible, 20000);
    assert_int_equal(lo_zone_find(t.z, t.track, 11, 1, 0, &found), LO_OK);
    assert_true(found.word != pin.word);
    assert_false(found.passing);
    lo_zone_unpin(t.z, &found);
    lo_zone_unpin(t.z, &pin);

    t_zone_clean(&t);
    t_zone_drop(&t);
}


static void
test_bytes_stay(void **state)
{
    int               i;
    t_zone_t          t;
    grower_t          g;
    uint64_t          visible;
    lo_grown_e        how;
    unsigned char    *want;
    lo_zone_pin_t     pin;
    lo_zone_growth_t  at;

    t_zone_make(&t, 16 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);

    begin(t.z, &g, t.event, 2, 900000);
    assert_int_equal(lo_zone_announce(t.z, t.track, 8, 0, &g.up), LO_OK);
    more(t.z, &g, 800000);
    assert_int_equal(follow(8, &pin), LO_OK);
    want = malloc(900000);
    memcpy(want, g.data, 900000);
    give_up(t.z, &g);

    assert_int_equal(lo_zone_grown(&pin, &visible), LO_GROWN_FAILED);
    assert_int_equal(visible, 800000);
    assert_int_equal(follow(8, &(lo_zone_pin_t) { 0 }), LO_NONE);

    /* the zone is written over several times */

    for (i = 0; i < 200; i++) {
        assert_true(t_zone_publish(t.z, t.event, t.track, 8 + i, 0, i * 2,
                                   300000, 0) >= 0);
    }

    lo_zone_sweep(t.z);
    lo_zone_growth(&pin, &at);
    assert_int_equal(read_on(t.z, &pin, &at, want, &how), 800000);
    free(want);

    lo_zone_unpin(t.z, &pin);
    t_zone_clean(&t);
    t_zone_drop(&t);
}


/* ---- several processes */

static void
publisher(const char *path, int event, int track, unsigned pipeline,
    unsigned rnd)
{
    size_t      upto;
    int64_t     number;
    grower_t    g;
    lo_zone_t  *z;

    z = t_zone_join(path);

    for ( ;; ) {

        number = lo_zone_track(z, track)->head + 1;

        begin(z, &g, event, number * 2 + pipeline, 100000 + number % 7 * 999);
        (void) lo_zone_announce(z, track, number, pipeline, &g.up);

        for (upto = 0; upto < g.size; /* void */ ) {

            upto += 1 + rand_r(&rnd) % 40000;
            more(z, &g, upto < g.size ? upto : g.size);
            (void) lo_zone_wake(z, track);

            if (rand_r(&rnd) % 4 == 0) {
                nap(rand_r(&rnd) % 300);
            }
        }

        if (rand_r(&rnd) % 5 == 0) {
            give_up(z, &g);

        } else {
            (void) end(z, &g, track, number, pipeline, 0);
        }

        (void) lo_zone_wake(z, track);
    }
}


typedef struct {
    uint64_t  whole;
    uint64_t  failed;
    uint64_t  wrong;
    int       stop;
} board_t;

static board_t  *board;


/* follows one to its end, whatever that is */

static void
follower_one(lo_zone_t *z, const lo_zone_pin_t *pin)
{
    size_t             n, size;
    int64_t            number;
    uint64_t           visible, from;
    lo_grown_e         how;
    unsigned char     *want, *p;
    lo_zone_growth_t   at;

    number = pin->object->number;
    size = 100000 + number % 7 * 999;
    want = malloc(size);
    t_zone_fill(want, size, number * 2 + pin->object->pipeline);
    lo_zone_growth(pin, &at);

    for ( ;; ) {

        how = lo_zone_grown(pin, &visible);

        for (from = 0; visible <= size; /* void */ ) {
            from = at.at;
            n = lo_zone_growth_span(z, &at, visible, &p);

            if (n == 0) {
                break;
            }

            if (memcmp(p, want + from, n) != 0) {
                __atomic_fetch_add(&board->wrong, 1, __ATOMIC_RELAXED);
            }
        }

        if (how == LO_GROWN_MORE) {
            lo_zone_tick(z);
            nap(20);
            continue;
        }

        if (visible > size
            || (how == LO_GROWN_WHOLE && (visible != size || at.at != size)))
        {
            __atomic_fetch_add(&board->wrong, 1, __ATOMIC_RELAXED);
        }

        __atomic_fetch_add(how == LO_GROWN_WHOLE ? &board->whole
                                                 : &board->failed, 1,
                           __ATOMIC_RELAXED);
        break;
    }

    free(want);
}


static void
follower(const char *path, int track)
{
    lo_zone_t      *z;
    lo_zone_pin_t   pin;

    z = t_zone_join(path);

    while (!__atomic_load_n(&board->stop, __ATOMIC_RELAXED)) {

        if (lo_zone_follow(z, track, lo_zone_track(z, track)->head + 1, 0,
                           LONG, &pin) != LO_OK)
        {
            lo_zone_tick(z);
            nap(20);
            continue;
        }

        follower_one(z, &pin);
        lo_zone_unpin(z, &pin);
    }

    lo_zone_close(z);
    _exit(0);
}


static pid_t
start_publisher(t_zone_t *t, unsigned pipeline, unsigned seed)
{
    pid_t  pid;

    pid = fork();

    if (pid == 0) {
        publisher(t->path, t->event, t->track, pipeline, seed);
    }

    return pid;
}


static void
test_killed(void **state)
{
    int              i, k, status;
    pid_t            pub[2], rd[2];
    unsigned         rnd;
    t_zone_t         t;
    lo_zone_check_t  c;

    t_zone_make(&t, 32 * MB, 1, 0);
    assert_int_equal(t_zone_put(7, 0, 1, 0), LO_PUBLISH_NEW);
    assert_int_equal(t_zone_put(7, 1, 3, 0), LO_PUBLISH_NEW);

    board = mmap(NULL, sizeof(board_t), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(board != MAP_FAILED);
    rnd = 1;

    for (i = 0; i < 2; i++) {
        pub[i] = start_publisher(&t, i, i + 1);
        rd[i] = fork();

        if (rd[i] == 0) {
            follower(t.path, t.track);
        }
    }

    for (k = 0; k < KILLS; k++) {
        nap(5000 + rand_r(&rnd) % 15000);
        i = k % 2;
        kill(pub[i], SIGKILL);
        assert_int_equal(waitpid(pub[i], &status, 0), pub[i]);
        pub[i] = start_publisher(&t, i, 100 + k);
        lo_zone_tick(t.z);
    }

    /* to the first that was seen failing: kills are noticed twice a second */

    for (i = 0; i < 1000; i++) {
        if (__atomic_load_n(&board->failed, __ATOMIC_RELAXED)
            && __atomic_load_n(&board->whole, __ATOMIC_RELAXED))
        {
            break;
        }

        nap(10000);
    }

    __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);

    for (i = 0; i < 2; i++) {
        kill(pub[i], SIGKILL);
        assert_int_equal(waitpid(pub[i], &status, 0), pub[i]);
    }

    for (i = 0; i < 1000 && waitpid(rd[0], &status, WNOHANG) == 0; i++) {
        lo_zone_tick(t.z);
        nap(10000);
    }

    assert_int_equal(waitpid(rd[1], &status, 0), rd[1]);
    assert_int_equal(status, 0);

    printf("# followed to the end: %llu, to a failure: %llu\n",
           (unsigned long long) board->whole,
           (unsigned long long) board->failed);

    assert_true(board->whole > 0);
    assert_true(board->failed > 0);
    assert_int_equal(board->wrong, 0);

    for (i = 0; i < 100; i++) {
        nap(20000);
        lo_zone_tick(t.z);
        lo_zone_sweep(t.z);
        t_zone_check(t.z, &c);

        if (c.private + c.retired + c.leaks == 0) {
            break;
        }
    }

    t_zone_clean(&t);
    t_zone_drop(&t);
    munmap(board, sizeof(board_t));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_of_twins),
        cmocka_unit_test(test_not_as_announced),
        cmocka_unit_test(test_bytes_stay),
        cmocka_unit_test(test_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
