#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/reload.h"


static lo_err_t     err;
static lo_reload_t  r;


static int
parse(const char *args)
{
    memset(&err, 0, sizeof(err));

    return lo_reload_parse(&r, lo_cstr(args), &err);
}


static void
test_parse(void **state)
{
    assert_int_equal(parse(""), LO_OK);
    assert_true(r.msn == -1 && r.part == -1 && r.skip == LO_SKIP_NONE);

    assert_int_equal(parse("_HLS_msn=273&_HLS_part=2&_HLS_skip=YES"), LO_OK);
    assert_true(r.msn == 273 && r.part == 2 && r.skip == LO_SKIP_SEGMENTS);

    assert_int_equal(parse("&&x=_HLS_msn=9&_HLS_part=0&_HLS_msn=7&y&"
                           "_HLS_skip=v2&_HLS_msnx=x"), LO_OK);
    assert_true(r.msn == 7 && r.part == 0 && r.skip == LO_SKIP_ALL);

    assert_int_equal(parse("_HLS_msn=897691878"), LO_OK);
    assert_true(r.msn == 897691878 && r.part == -1);
}


static void
test_refused(void **state)
{
    const char  **s;
    const char   *bad[] = {
        "_HLS_part=0", "_HLS_msn=", "_HLS_msn", "_HLS_msn=x", "_HLS_msn=-1",
        "_HLS_msn=1&_HLS_part=-1", "_HLS_msn=1&_HLS_part=", "_HLS_msn=1.5",
        "_HLS_msn=1&_HLS_msn=2", "_HLS_msn=1&_HLS_part=1&_HLS_part=1",
        "_HLS_msn=1000000000000000000", "_HLS_msn= 1", "_HLS_skip=NO",
        "_HLS_skip=yes", "_HLS_skip", "_HLS_skip=YES&_HLS_skip=YES", NULL
    };

    for (s = bad; *s; s++) {
        assert_int_equal(parse(*s), LO_ERROR);
        assert_true(err.text[0] != '\0');
    }
}


static int
there(int64_t msn, int64_t part, unsigned parts, unsigned open)
{
    lo_reload_end_t  end = { 100, parts, open };

    r.msn = msn;
    r.part = part;

    return lo_reload_there(&r, &end);
}


static void
test_there(void **state)
{
    assert_true(there(-1, -1, 4, 0));
    assert_true(there(99, 77, 4, 0));
    assert_true(there(100, -1, 4, 0));
    assert_false(there(101, -1, 4, 3));
    assert_true(there(100, 3, 4, 0));

    /* a part that its segment does not have is the first of the next */

    assert_false(there(100, 4, 4, 0));
    assert_true(there(100, 4, 4, 1));

    /* unless that has none at all */

    assert_true(there(100, 3, 0, 0));

    assert_true(there(101, 2, 4, 3));
    assert_false(there(101, 3, 4, 3));
    assert_false(there(102, 0, 4, 3));
}


static int
near(int64_t msn, int64_t part, unsigned open, uint32_t part_us)
{
    lo_reload_end_t  end = { 100, 4, open };

    r.msn = msn;
    r.part = part;

    return lo_reload_near(&r, &end, part_us, &err);
}


static void
test_near(void **state)
{
    assert_int_equal(near(-1, -1, 0, 500000), LO_OK);
    assert_int_equal(near(102, -1, 0, 500000), LO_OK);
    assert_int_equal(near(103, -1, 0, 500000), LO_ERROR);
    assert_int_equal(near(102, 0, 0, 500000), LO_OK);

    /* 3 s of parts, at least three of them */

    assert_int_equal(near(101, 5, 0, 500000), LO_OK);
    assert_int_equal(near(101, 6, 0, 500000), LO_ERROR);
    assert_int_equal(near(101, 7, 2, 500000), LO_OK);
    assert_int_equal(near(101, 8, 2, 500000), LO_ERROR);
    assert_int_equal(near(101, 2, 0, 2000000), LO_OK);
    assert_int_equal(near(101, 3, 0, 2000000), LO_ERROR);

    /* of what is whole every part is answered */

    assert_int_equal(near(100, 99, 0, 500000), LO_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_there),
        cmocka_unit_test(test_near),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
