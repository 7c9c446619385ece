#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/base64.h"


static void
test_base64(void **state)
{
    size_t         len;
    lo_buf_t       b;
    unsigned char  in[40], out[40], digits[64];

    for (len = 0; len < sizeof(in); len++) {
        in[len] = (unsigned char) (len * 37 + 200);
    }

    for (len = 0; len <= sizeof(in); len++) {
        lo_buf_init(&b, digits, sizeof(digits));
        lo_base64url_put(&b, in, len);
        assert_int_equal(lo_buf_str(&b).len, (len * 4 + 2) / 3);
        assert_int_equal(lo_base64url_read(out, sizeof(out), lo_buf_str(&b)),
                         len);
        assert_memory_equal(in, out, len);

        if (len) {
            assert_int_equal(lo_base64url_read(out, len - 1, lo_buf_str(&b)),
                             LO_FULL);
        }
    }

    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("_-8")), 2);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("_-9")), LO_ERROR);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("A")), LO_ERROR);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("AA==")), LO_ERROR);
    assert_int_equal(lo_base64url_read(out, 40, lo_cstr("+/8")), LO_ERROR);
    assert_int_equal(lo_base64_read(out, 40, lo_cstr("+/8=")), 2);
    assert_int_equal(lo_base64_read(out, 40, lo_cstr("+/8")), LO_ERROR);
    assert_int_equal(lo_base64_read(out, 40, lo_cstr("====")), LO_ERROR);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
