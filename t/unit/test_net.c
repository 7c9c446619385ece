#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/net.h"


static void
test_net(void **state)
{
    lo_net_t        n;
    lo_buf_t        b;
    unsigned        i;
    unsigned char   out[LO_NET_TEXT];

    static const char *const  same[] = {
        "0.0.0.0/0", "10.0.0.0/8", "192.0.2.128/25", "192.0.2.1/32", "::/0",
        "2001:db8::/33", "::1/128"
    };

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(lo_net_parse(&n, lo_cstr(same[i]), NULL), LO_OK);
        lo_buf_init(&b, out, sizeof(out));
        lo_net_print(&b, &n);
        assert_true(lo_str_eq(lo_buf_str(&b), lo_cstr(same[i])));
    }

    assert_int_equal(lo_net_parse(&n, lo_cstr("::ffff:10.1.2.3/104"), NULL),
                     LO_OK);
    assert_int_equal(n.len, 4);
    assert_int_equal(n.bits, 8);
    assert_true(lo_net_has(&n, (const unsigned char *) "\x0a\x09\x08\x07", 4));
    assert_false(lo_net_has(&n, (const unsigned char *) "\x0b\x09\x08\x07",
                            4));
    assert_false(lo_net_has(&n, NULL, 0));

    assert_int_equal(lo_net_parse(&n, lo_cstr("0.0.0.0/0"), NULL), LO_OK);
    assert_true(lo_net_has(&n, (const unsigned char *) "\xff\x09\x08\x07", 4));
    assert_false(lo_net_has(&n, (const unsigned char *) "0123456789abcdef",
                            16));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_net),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
