/*
 * The zone, many processes: workers are killed at any instruction, and stopped
 * while they hold pins.
 */

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

#include "lib/zone_util.h"

#define WORKERS  4
#define KILLS    200
#define MOST     (10 * KILLS)    /* where the machine has little time for us */
#define NUMBERS  65536

/* what the workers tell the test, outside the zone */

typedef struct {
    int64_t   acked[4];              /* newest number published, by pipeline */
    uint64_t  published;
    uint64_t  reads;
    uint64_t  wrong;                 /* bytes that nobody published */
    uint64_t  lost;                  /* acknowledged, in the window, not there */
    uint64_t  full;
    uint64_t  replaced;
    int64_t   now;                   /* the number that all are at */
    uint64_t  given[NUMBERS];        /* what the first reader got */
    int       stop;
} board_t;

static board_t  *board;


static int
above(const void *cell, uint64_t n)
{
    return __atomic_load_n((const uint64_t *) cell, __ATOMIC_RELAXED) > n;
}


static uint64_t
seed_of(int64_t number, unsigned pipeline)
{
    return number * 8 + pipeline * 2 + number % 2;
}


static void
check_one(lo_zone_t *z, int track, int64_t number)
{
    lo_zone_pin_t  pin;

    if (lo_zone_find(z, track, number, 1, 0, &pin) != LO_OK) {
        return;
    }

    __atomic_fetch_add(&board->reads, 1, __ATOMIC_RELAXED);

    if (pin.object->number != number
        || !t_zone_same(z, pin.object,
                        seed_of(number, pin.object->pipeline)))
    {
        __atomic_fetch_add(&board->wrong, 1, __ATOMIC_RELAXED);
    }

    lo_zone_unpin(z, &pin);
}


/* publishes the next number of one pipeline, reads at random, until killed */

static void
worker(const char *path, int event, int track, unsigned pipeline,
    unsigned rnd)
{
    int         rc;
    int64_t     number, head;
    unsigned    i;
    lo_zone_t  *z;

    z = t_zone_join(path);

    while (!__atomic_load_n(&board->stop, __ATOMIC_RELAXED)) {

        number = board->acked[pipeline] + 1;

        rc = t_zone_publish(z, event, track, number, pipeline,
                            seed_of(number, pipeline),
                            3000 + rand_r(&rnd) % 120000, 0);

        if (rc == LO_FULL) {
            __atomic_fetch_add(&board->full, 1, __ATOMIC_RELAXED);

        } else {
            /* the 201: from here on it must be served */
            __atomic_store_n(&board->acked[pipeline], number,
                             __ATOMIC_SEQ_CST);
            __atomic_fetch_add(&board->published, 1, __ATOMIC_RELAXED);

            if (rc >= 0 && !lo_zone_has(z, track, number, 0)) {
                __atomic_fetch_add(&board->lost, 1, __ATOMIC_RELAXED);
            }
        }

        head = lo_zone_track(z, track)->head;

        for (i = 0; i < 8; i++) {
            check_one(z, track, head - rand_r(&rnd) % 40);
        }

        lo_zone_wake(z, track);

        if (rand_r(&rnd) % 64 == 0) {
            lo_zone_tick(z);
        }
    }

    lo_zone_close(z);
}


static pid_t
spawn(t_zone_t *t, unsigned i)
{
    pid_t  pid;

    fflush(stdout);
    pid = fork();

    if (pid == 0) {
        worker(t->path, t->event, t->track, i, i * 7919 + getpid());
        _exit(0);
    }

    assert_true(pid > 0);

    return pid;
}


static void
test_killed_anywhere(void **state)
{
    int              i, k;
    pid_t            pid[WORKERS];
    unsigned         p, rnd;
    t_zone_t         t;
    lo_zone_check_t  c;

    memset(board, 0, sizeof(*board));
    t_zone_make(&t, 24 * MB, 1, 0);
    rnd = 1;

    for (i = 0; i < WORKERS; i++) {
        board->acked[i] = 1000;
        pid[i] = spawn(&t, i);
    }

    for (k = 0; k < KILLS || (!above(&board->published, KILLS) && k < MOST);
         k++)
    {
        t_zone_nap(2000 + rand_r(&rnd) % 20000);
        i = rand_r(&rnd) % WORKERS;

        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
        pid[i] = spawn(&t, i);
    }

    __atomic_store_n(&board->stop, 1, __ATOMIC_SEQ_CST);

    for (i = 0; i < WORKERS; i++) {
        assert_int_equal(waitpid(pid[i], &k, 0), pid[i]);
        assert_int_equal(k, 0);
    }

    printf("# %llu published, %llu read, %llu without room\n",
           (unsigned long long) board->published,
           (unsigned long long) board->reads,
           (unsigned long long) board->full);

    assert_int_equal(board->wrong, 0);
    assert_int_equal(board->lost, 0);
    assert_true(board->published > KILLS);

    /* slots of the dead are recovered, then nothing may be left over */

    lo_zone_tick(t.z);
    lo_zone_sweep(t.z);
    lo_zone_sweep(t.z);
    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.private, 0);
    assert_int_equal(c.pinned, 1);                       /* this ring */

    /* what was acknowledged last by each is there, and right */

    for (p = 0; p < WORKERS; p++) {
        check_one(t.z, t.track, board->acked[p]);
        if (board->acked[p] > lo_zone_track(t.z, t.track)->head - 10) {
            assert_true(lo_zone_has(t.z, t.track, board->acked[p], 0));
        }
    }

    assert_int_equal(board->wrong, 0);

    t_zone_drop(&t);
}


/* a stopped worker costs memory, never wrong bytes; killed, it gives back */

/*
 * Two workers put ever other bytes of one pipeline in each other's place, two
 * read the same number: what one reader was given, all are given.
 */

static void
replacer(lo_zone_t *z, t_zone_t *t, unsigned *rnd)
{
    int      rc;
    int64_t  n;

    n = __atomic_load_n(&board->now, __ATOMIC_SEQ_CST);
    rc = t_zone_publish(z, t->event, t->track, n, 0, rand_r(rnd), 600, 0);

    if (rc == LO_PUBLISH_REPLACED) {
        __atomic_fetch_add(&board->replaced, 1, __ATOMIC_RELAXED);
    }

    if (rc == LO_PUBLISH_SUPERSEDED && n < NUMBERS - 1) {
        __atomic_compare_exchange_n(&board->now, &n, n + 1, 0,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
}


static void
reader(lo_zone_t *z, t_zone_t *t)
{
    int64_t        n;
    uint64_t       got, first;
    lo_zone_pin_t  pin;

    n = __atomic_load_n(&board->now, __ATOMIC_SEQ_CST);

    if (lo_zone_find(z, t->track, n, 1, 0, &pin) != LO_OK) {
        return;
    }

    memcpy(&got, pin.object->digest, sizeof(got));
    lo_zone_unpin(z, &pin);

    first = 0;
    __atomic_fetch_add(&board->reads, 1, __ATOMIC_RELAXED);

    if (!__atomic_compare_exchange_n(&board->given[n], &first, got, 0,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
        && first != got)
    {
        __atomic_fetch_add(&board->wrong, 1, __ATOMIC_RELAXED);
    }
}


static pid_t
spawn_given(t_zone_t *t, unsigned i)
{
    pid_t       pid;
    unsigned    rnd;
    lo_zone_t  *z;

    fflush(stdout);
    pid = fork();

    if (pid == 0) {

        z = t_zone_join(t->path);
        rnd = i * 7919 + getpid();

        while (!__atomic_load_n(&board->stop, __ATOMIC_RELAXED)) {

            if (i % 2) {
                reader(z, t);

            } else {
                replacer(z, t, &rnd);
            }

            if (rand_r(&rnd) % 256 == 0) {
                lo_zone_tick(z);
            }
        }

        lo_zone_close(z);
        _exit(0);
    }

    assert_true(pid > 0);

    return pid;
}


static void
test_given_stays(void **state)
{
    int              i, k;
    pid_t            pid[WORKERS];
    unsigned         rnd;
    t_zone_t         t;
    lo_zone_check_t  c;

    memset(board, 0, sizeof(*board));
    t_zone_make(&t, 24 * MB, 1, 0);
    rnd = 3;

    for (i = 0; i < WORKERS; i++) {
        pid[i] = spawn_given(&t, i);
    }

    for (k = 0;
         k < KILLS / 2 || (!(above(&board->now, 10)
                             && above(&board->replaced, 10)) && k < MOST);
         k++)
    {
        t_zone_nap(2000 + rand_r(&rnd) % 20000);
        i = rand_r(&rnd) % WORKERS;

        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
        pid[i] = spawn_given(&t, i);
    }

    __atomic_store_n(&board->stop, 1, __ATOMIC_SEQ_CST);

    for (i = 0; i < WORKERS; i++) {
        assert_int_equal(waitpid(pid[i], &k, 0), pid[i]);
        assert_int_equal(k, 0);
    }

    printf("# %lld numbers, %llu read, %llu replaced\n",
           (long long) board->now, (unsigned long long) board->reads,
           (unsigned long long) board->replaced);

    assert_int_equal(board->wrong, 0);
    assert_true(board->now > 10);
    assert_true(board->replaced > 10);

    lo_zone_tick(t.z);
    lo_zone_sweep(t.z);
    lo_zone_sweep(t.z);
    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.private, 0);

    t_zone_drop(&t);
}


static void
test_stopped_with_pins(void **state)
{
    int              fds[2], n, status;
    char             c1;
    pid_t            pid;
    t_zone_t         t;
    lo_zone_t       *z;
    lo_zone_pin_t    pin[20];
    lo_zone_check_t  c;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 20; n++) {
        t_zone_publish(t.z, t.event, t.track, n, 0, n, 100000, 0);
    }

    assert_int_equal(pipe(fds), 0);
    fflush(stdout);
    pid = fork();

    if (pid == 0) {
        z = t_zone_join(t.path);
        for (n = 0; n < 20; n++) {
            lo_zone_find(z, t.track, n, 1, 0, &pin[n]);
        }
        n = write(fds[1], "p", 1);
        raise(SIGSTOP);

        for (n = 0; n < 20; n++) {
            if (!t_zone_same(z, pin[n].object, n)) {
                _exit(1);
            }
            lo_zone_unpin(z, &pin[n]);
        }

        n = write(fds[1], "p", 1);
        pause();
        _exit(0);
    }

    assert_int_equal(read(fds[0], &c1, 1), 1);
    waitpid(pid, &status, WUNTRACED);

    for (n = 20; n < 1000; n++) {
        assert_int_equal(t_zone_publish(t.z, t.event, t.track, n, 0, n,
                                        100000, 0), LO_PUBLISH_NEW);
    }

    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.retired, 20);

    kill(pid, SIGCONT);
    assert_int_equal(read(fds[0], &c1, 1), 1);

    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.retired, 0);

    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    close(fds[0]);
    close(fds[1]);
    t_zone_drop(&t);
}


static void
test_dead_pins(void **state)
{
    int              fds[2], n;
    char             c1;
    pid_t            pid;
    t_zone_t         t;
    lo_zone_t       *z;
    lo_zone_pin_t    pin;
    lo_zone_check_t  c;

    t_zone_make(&t, 16 * MB, 1, 0);

    for (n = 0; n < 10; n++) {
        t_zone_publish(t.z, t.event, t.track, n, 0, n, 100000, 0);
    }

    assert_int_equal(pipe(fds), 0);
    fflush(stdout);
    pid = fork();

    if (pid == 0) {
        lo_zone_upload_t  up;

        z = t_zone_join(t.path);
        for (n = 0; n < 10; n++) {
            lo_zone_find(z, t.track, n, 1, 0, &pin);
        }
        lo_zone_upload(z, &up, t.event, LO_KIND_SEGMENT, 500000);
        n = write(fds[1], "p", 1);
        pause();
        _exit(0);
    }

    assert_int_equal(read(fds[0], &c1, 1), 1);
    assert_int_equal(lo_zone_worker(t.z, 1), pid);
    t_zone_check(t.z, &c);
    assert_int_equal(c.private, 1);
    assert_int_equal(c.leaks, 0);

    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(lo_zone_worker(t.z, 1), 0);

    t_zone_check(t.z, &c);
    assert_true(c.leaks > 0);

    t_zone_nap(600000);
    lo_zone_tick(t.z);
    t_zone_check(t.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.leaks, 0);
    assert_int_equal(c.private, 0);
    assert_int_equal(c.pinned, 1);

    close(fds[0]);
    close(fds[1]);
    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dead_pins),
        cmocka_unit_test(test_stopped_with_pins),
        cmocka_unit_test(test_killed_anywhere),
        cmocka_unit_test(test_given_stays),
    };

    board = mmap(NULL, sizeof(board_t), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
