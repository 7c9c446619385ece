/* what a worker says of itself in its cells, and what of it is there when it is
   killed */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/zone_util.h"


static void
test_cells(void **state)
{
    t_zone_t    t;
    lo_zone_t  *z;

    t_zone_make(&t, 16 * MB, 1, 0);
    z = t_zone_join(t.path);

    lo_zone_cells(t.z)[3] += 5;
    lo_zone_cells(z)[3] += 6;
    assert_int_equal(lo_zone_cell_sum(t.z, 3), 11);
    lo_zone_close(z);
    assert_int_equal(lo_zone_cell_sum(t.z, 3), 11);

    z = t_zone_join(t.path);
    lo_zone_cells(z)[3]++;
    assert_int_equal(lo_zone_cell_sum(t.z, 3), 12);
    lo_zone_close(z);

    t_zone_drop(&t);
}


/* a report is whole or not there, whenever its writer is killed */

static void
reporter(const char *path, unsigned last)
{
    uint64_t    i, n, words[37];
    lo_zone_t  *z;

    z = t_zone_join(path);

    for (i = 1; last == 0 || i <= last; i++) {

        for (n = 0; n < 37; n++) {
            words[n] = i;
        }

        lo_zone_report(z, 100, words, sizeof(words) - 3);
    }

    _exit(0);
}


static void
test_report(void **state)
{
    int       rc, i, n;
    pid_t     pid;
    t_zone_t  t;
    uint64_t  words[37], whole;

    t_zone_make(&t, 8 * MB, 2, 0);

    assert_int_equal(lo_zone_report_of(t.z, 1, 100, words, 8), LO_NONE);
    assert_int_equal(lo_zone_report_of(t.z, LO_ZONE_SLOTS, 100, words, 8),
                     LO_ERROR);
    assert_int_equal(lo_zone_report_of(t.z, 1, LO_ZONE_CELLS - 1, words, 8),
                     LO_ERROR);

    /* longer where the machine has little time for the other */

    for (i = 0, whole = 0; i < 40 || (whole == 0 && i < 400); i++) {

        pid = fork();
        assert_true(pid >= 0);

        if (pid == 0) {
            reporter(t.path, 0);
        }

        for (n = 0; n < 2000; n++) {

            rc = lo_zone_report_of(t.z, 1, 100, words, sizeof(words) - 3);

            assert_true(rc == LO_OK || rc == LO_AGAIN || rc == LO_NONE);

            if (rc == LO_OK) {
                assert_int_equal(words[0], words[35]);
                assert_memory_equal(words, words + 36, 5);
                whole++;
            }

            if (n % 100 == 0) {
                t_zone_nap(100);
            }
        }

        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }

    assert_true(whole > 0);

    /* who takes the slot goes on, however the last one left it */

    lo_zone_tick(t.z);
    pid = fork();

    if (pid == 0) {
        reporter(t.path, 3);
    }

    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(lo_zone_report_of(t.z, 1, 100, words, 8), LO_OK);
    assert_int_equal(words[0], 3);

    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
