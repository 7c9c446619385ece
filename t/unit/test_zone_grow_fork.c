/* growing segments, followed by other processes, whose publishers are killed */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/grower.h"
#include "zone/layout.h"

#define LONG   (INT64_C(3600) * LO_USEC)
#define KILLS  80


typedef struct {
    uint64_t  whole;
    uint64_t  failed;
    uint64_t  wrong;
    int       stop;
} board_t;

static board_t  *board;


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

        grow_begin(z, &g, event, number * 2 + pipeline,
                   100000 + number % 7 * 999);
        (void) lo_zone_announce(z, track, number, pipeline, &g.up);

        for (upto = 0; upto < g.size; /* void */ ) {

            upto += 1 + rand_r(&rnd) % 40000;
            grow_more(z, &g, upto < g.size ? upto : g.size);
            (void) lo_zone_wake(z, track);

            if (rand_r(&rnd) % 4 == 0) {
                t_zone_nap(rand_r(&rnd) % 300);
            }
        }

        if (rand_r(&rnd) % 5 == 0) {
            grow_give_up(z, &g);

        } else {
            (void) grow_end(z, &g, track, number, pipeline, 0);
        }

        (void) lo_zone_wake(z, track);
    }
}


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
            t_zone_nap(20);
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
            t_zone_nap(20);
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
        t_zone_nap(5000 + rand_r(&rnd) % 15000);
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

        t_zone_nap(10000);
    }

    __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);

    for (i = 0; i < 2; i++) {
        kill(pub[i], SIGKILL);
        assert_int_equal(waitpid(pub[i], &status, 0), pub[i]);
    }

    for (i = 0; i < 1000 && waitpid(rd[0], &status, WNOHANG) == 0; i++) {
        lo_zone_tick(t.z);
        t_zone_nap(10000);
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
        t_zone_nap(20000);
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
        cmocka_unit_test(test_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
