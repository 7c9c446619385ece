#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/event.h"
#include "core/where.h"


static lo_event_t      ev;
static lo_event_err_t  err;


static void
parse(const char *json)
{
    if (lo_event_parse(&ev, json, strlen(json), &err) != LO_OK) {
        fail_msg("%s: %s %s", json, err.field, err.err.text);
    }
}


static lo_place_t
place(const char *country, uint32_t asn)
{
    lo_place_t  p;

    lo_place_unknown(&p);
    assert_int_equal(lo_place_country(&p, lo_cstr(country)), LO_OK);
    p.asn = asn;

    return p;
}


static void
expect_canon(const char *country, uint32_t asn, const char *want,
    uint32_t want_asn)
{
    lo_place_t  p, canon, again;

    p = place(country, asn);
    memcpy(p.continent, "EU", 2);
    lo_where_canon(&ev, &p, &canon);

    if (memcmp(canon.country, want, 2) != 0 || canon.asn != want_asn) {
        fail_msg("%s %u is %.2s %u, not %s %u", country, asn, canon.country,
                 canon.asn, want, want_asn);
    }

    assert_int_equal(canon.continent[0], 0);

    /* a representative stands for itself */

    lo_where_canon(&ev, &canon, &again);
    assert_memory_equal(&canon, &again, sizeof(canon));
}


static void
test_place(void **state)
{
    size_t      i;
    lo_place_t  p;

    static const char *const  bad[] = {
        "", "D", "DEU", "D1", "1D", "[A", "{a", "\xc4Z", "D ", "@@"
    };

    lo_place_unknown(&p);
    assert_memory_equal(p.country, "ZZ", 2);
    assert_int_equal(p.continent[0], 0);
    assert_int_equal(p.asn, 0);

    assert_int_equal(lo_place_country(&p, lo_cstr("aT")), LO_OK);
    assert_memory_equal(p.country, "AT", 2);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(lo_place_country(&p, lo_cstr(bad[i])), LO_ERROR);
    }

    assert_memory_equal(p.country, "AT", 2);
}


static void
test_has(void **state)
{
    char        country[3];
    unsigned    i, k;
    lo_where_t  w;
    lo_place_t  p, q;

    memset(&w, 0, sizeof(w));
    assert_true(lo_where_empty(&w));

    for (i = 0; i < LO_WHERE_CODES; i += 7) {
        snprintf(country, sizeof(country), "%c%c", 'A' + i / 26, 'A' + i % 26);
        p = place(country, 0);
        lo_where_add(&w, &p);
        lo_where_add(&w, &p);
    }

    assert_int_equal(w.ncountries, (LO_WHERE_CODES + 6) / 7);
    assert_false(lo_where_empty(&w));

    for (i = 0; i < LO_WHERE_CODES; i++) {
        snprintf(country, sizeof(country), "%c%c", 'A' + i / 26, 'A' + i % 26);
        p = place(country, 3320);
        assert_int_equal(lo_where_has(&w, &p), i % 7 == 0);
    }

    /* a network, whatever the country; 0 is none */

    w.nasns = 2;
    w.asns[0] = 3320;
    w.asns[1] = UINT32_MAX;
    q = place("AB", 3320);
    assert_true(lo_where_has(&w, &q));
    q = place("AB", UINT32_MAX);
    assert_true(lo_where_has(&w, &q));

    for (k = 0; k < 2; k++) {
        q = place("AB", k);
        assert_false(lo_where_has(&w, &q));
    }

    /* what is no country is unknown */

    memset(&q, 0, sizeof(q));
    assert_false(lo_where_has(&w, &q));
    p = place("ZZ", 0);
    lo_where_add(&w, &p);
    assert_true(lo_where_has(&w, &q));
}


static void
test_no_sets(void **state)
{
    lo_place_t  p, canon;

    p = place("DE", 3320);
    lo_where_canon(NULL, &p, &canon);
    assert_memory_equal(canon.country, "ZZ", 2);
    assert_int_equal(canon.asn, 0);
    assert_int_equal(lo_where_digest(NULL), 0);

    parse("{\"id\":\"e\",\"blackouts\":[{\"start\":1,\"end\":2}],"
          "\"tracks\":[{\"id\":\"v\"}]}");
    expect_canon("DE", 3320, "ZZ", 0);
    assert_int_equal(lo_where_digest(&ev), 0);
    lo_event_free(&ev);
}


static void
test_canon(void **state)
{
    parse("{\"id\":\"e\",\"countries\":{\"allow\":[\"DE\",\"at\",\"CH\","
          "\"LI\"]},\"blackouts\":[{\"start\":1,\"end\":2,\"countries\":"
          "[\"CH\",\"LI\"]}],\"tracks\":[{\"id\":\"v\",\"countries\":"
          "{\"deny\":[\"FR\",\"LI\"]}}]}");

    expect_canon("DE", 0, "AT", 0);
    expect_canon("AT", 7, "AT", 0);
    expect_canon("CH", 0, "CH", 0);
    expect_canon("LI", 0, "LI", 0);
    expect_canon("FR", 0, "FR", 0);
    expect_canon("AA", 0, "ZZ", 0);
    expect_canon("US", 0, "ZZ", 0);
    expect_canon("ZZ", 0, "ZZ", 0);
    lo_event_free(&ev);
}


static void
test_canon_unknown_listed(void **state)
{
    parse("{\"id\":\"e\",\"countries\":{\"allow\":[\"ZZ\",\"DE\"]}}");
    expect_canon("ZZ", 0, "DE", 0);
    expect_canon("DE", 0, "DE", 0);
    expect_canon("US", 0, "ZY", 0);
    expect_canon("AA", 0, "ZY", 0);
    lo_event_free(&ev);
}


static void
set_asns(lo_where_t *w, unsigned n, uint32_t first, uint32_t step)
{
    for (w->nasns = 0; w->nasns < n; w->nasns++) {
        w->asns[w->nasns] = first + w->nasns * step;
    }
}


static void
test_canon_networks(void **state)
{
    parse("{\"id\":\"e\",\"blackouts\":[{\"start\":1,\"end\":2,"
          "\"countries\":[\"DE\"]},{\"start\":1,\"end\":2,"
          "\"countries\":[\"DE\",\"AT\"]}]}");

    set_asns(&ev.blackouts[0].where, 3, 30, 10);       /* 30 40 50 */
    set_asns(&ev.blackouts[1].where, 3, 10, 20);       /* 10 30 50 */

    expect_canon("DE", 30, "DE", 30);
    expect_canon("AT", 50, "AT", 30);
    expect_canon("US", 40, "ZZ", 40);
    expect_canon("DE", 10, "DE", 10);
    expect_canon("DE", 20, "DE", 0);
    expect_canon("US", 0, "ZZ", 0);
    lo_event_free(&ev);
}


static uint32_t
digest(const char *json)
{
    uint32_t  d;

    parse(json);
    d = lo_where_digest(&ev);
    lo_event_free(&ev);

    return d;
}


static void
test_digest(void **state)
{
    uint32_t  one;

    one = digest("{\"id\":\"e\",\"countries\":{\"allow\":[\"DE\",\"AT\"]}}");

    assert_true(one != 0 && one <= 0xffffff);

    /* the order of a list, and whether it allows or denies, do not cut */

    assert_int_equal(one, digest("{\"id\":\"f\",\"title\":\"x\",\"countries\":"
                                 "{\"deny\":[\"at\",\"de\",\"AT\"]},"
                                 "\"tracks\":[{\"id\":\"v\"}]}"));
    assert_int_not_equal(one, digest("{\"id\":\"e\",\"countries\":"
                                     "{\"allow\":[\"DE\"]}}"));
    assert_int_not_equal(one, digest("{\"id\":\"e\",\"countries\":{\"allow\":"
                                     "[\"DE\",\"AT\"]},\"blackouts\":["
                                     "{\"start\":1,\"end\":2,\"countries\":"
                                     "[\"AT\"]}]}"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_has),
        cmocka_unit_test(test_no_sets),
        cmocka_unit_test(test_canon),
        cmocka_unit_test(test_canon_unknown_listed),
        cmocka_unit_test(test_canon_networks),
        cmocka_unit_test(test_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
