#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/event.h"
#include "core/steer.h"


#define NOW       (1795383757LL * LO_USEC)
#define SESSIONS  10000


static char            text[65536];
static lo_event_t      ev;
static lo_event_err_t  err;
static lo_drained_t    none;
static lo_drained_t    drained;

static const char  three[] =
    "[{\"id\":\"a\",\"url\":\"https://a.example/live/\"},"
    "{\"id\":\"b\",\"url\":\"https://b.example/live\"},"
    "{\"id\":\"c\",\"url\":\"http://c.example:8080\"}]";


static int
parse(const char *cdns, const char *more)
{
    (void) snprintf(text, sizeof(text), "{\"id\":\"e\",\"cdns\":%s%s}", cdns,
                    more);

    return lo_event_parse(&ev, text, strlen(text), &err);
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


/* the ids, one after the other */

static const char *
order(const lo_drained_t *d, const lo_place_t *p, const char *session)
{
    unsigned          i, n;
    lo_buf_t          b;
    const lo_cdn_t   *list[LO_CDNS];
    static char       out[LO_CDNS * LO_ID_MAX + 1];

    n = lo_steer_order(&ev.cdns, d, p, lo_cstr(session), list);
    assert_int_equal(n, ev.cdns.n);

    lo_buf_init(&b, out, sizeof(out) - 1);

    for (i = 0; i < n; i++) {
        lo_buf_put(&b, list[i]->id.data, list[i]->id.len);
    }

    *b.pos = '\0';

    return out;
}


static int
steer(lo_steer_e what, const char *list, int64_t now_us)
{
    unsigned  n;
    lo_str_t  ids[LO_CDNS];

    for (n = 0; list[n]; n++) {
        ids[n].data = (unsigned char *) &list[n];
        ids[n].len = 1;
    }

    return lo_steer_set(&drained, &ev.cdns, what, ids, n, now_us);
}


static void
test_document(void **state)
{
    size_t  i;

    static const struct {
        const char  *cdns;
        const char  *more;
        const char  *field;
    } bad[] = {
        { "{}", "", "cdns" }, { "\"a\"", "", "cdns" }, { "[1]", "",
        "cdns[0].id" }, { "[{}]", "", "cdns[0].id" },
        { "[{\"id\":\"-a\",\"url\":\"http://a\"}]", "", "cdns[0].id" },
        { "[{\"id\":\"a\"}]", "", "cdns[0].url" },
        { "[{\"id\":\"a\",\"url\":7}]", "", "cdns[0].url" },
        { "[{\"id\":\"a\",\"url\":\"\"}]", "", "cdns[0].url" },
        { "[{\"id\":\"a\",\"url\":\"http://a\"},"
          "{\"id\":\"a\",\"url\":\"http://b\"}]", "", "cdns[1].id" },
        { "[{\"id\":\"a\",\"url\":\"http://a\",\"weight\":-1}]", "",
          "cdns[0].weight" },
        { "[{\"id\":\"a\",\"url\":\"http://a\",\"weight\":1001}]", "",
          "cdns[0].weight" },
        { "[{\"id\":\"a\",\"url\":\"http://a\",\"weight\":1.5}]", "",
          "cdns[0].weight" },
        { "[{\"id\":\"a\",\"url\":\"http://a\",\"countries\":[\"Germany\"]}]",
          "", "cdns[0].countries[0]" },
        { "[{\"id\":\"a\",\"url\":\"http://a\",\"asns\":[\"3320\"]}]", "",
          "cdns[0].asns[0]" },
        { "[]", ",\"steering\":7", "steering" },
        { "[]", ",\"steering\":{\"ttl_s\":0}", "steering.ttl_s" },
        { "[]", ",\"steering\":{\"ttl_s\":86401}", "steering.ttl_s" },
        { "[]", ",\"steering\":{\"enabled\":1}", "steering.enabled" },
        { "[]", ",\"steering\":{\"url\":\"/live/\"}", "steering.url" },
        { "[{},{},{},{},{},{},{},{},{}]", "", "cdns" },
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i].cdns, bad[i].more), LO_ERROR);
        assert_string_equal(err.field, bad[i].field);
    }

    assert_int_equal(parse("[]", ""), LO_OK);
    assert_int_equal(ev.cdns.n, 0);
    assert_int_equal(ev.cdns.steering.ttl_s, 300);
    assert_int_equal(ev.cdns.steering.enabled, 1);
    lo_event_free(&ev);

    assert_int_equal(parse("[{\"id\":\"cdn-a\",\"url\":\"https://a/x/\","
        "\"weight\":0,\"countries\":[\"de\",\"AT\"],\"asns\":[3320],"
        "\"own\":1}]", ",\"steering\":{\"ttl_s\":30,\"enabled\":false,"
        "\"url\":\"https://o/live/\"}"), LO_OK);
    assert_true(lo_str_eq(ev.cdns.cdn[0].id, lo_cstr("cdn-a")));
    assert_true(lo_str_eq(ev.cdns.cdn[0].url, lo_cstr("https://a/x")));
    assert_int_equal(ev.cdns.cdn[0].weight, 0);
    assert_int_equal(ev.cdns.cdn[0].where.ncountries, 2);
    assert_int_equal(ev.cdns.steering.ttl_s, 30);
    assert_int_equal(ev.cdns.steering.enabled, 0);
    assert_true(lo_str_eq(ev.cdns.steering.url, lo_cstr("https://o/live")));

    /* the places of CDNs are places that classes are told apart by */

    assert_true(lo_where_digest(&ev) != 0);
    lo_event_free(&ev);

    assert_int_equal(parse(three, ""), LO_OK);
    assert_int_equal(ev.cdns.cdn[1].weight, 1);
    assert_int_equal(lo_where_digest(&ev), 0);
    lo_event_free(&ev);
}


static void
test_urls(void **state)
{
    char    cdns[1024];
    size_t  i;

    static const char *const  good[] = {
        "http://a", "https://a/", "HTTPS://a.example/live", "http://a:80",
        "http://192.0.2.1:8080/x/y/", "http://[2001:db8::1]/",
        "http://[::1]:8080", "https://a/%7e/$x/(y)/a,b;c=d&e'f"
    };
    static const char *const  bad[] = {
        "a", "/live/", "//a/live/", "ftp://a/", "http:/a", "http://",
        "https://", "http:///live", "http://:80/", "http://a:/", "http://a:x/",
        "http://a:123456/", "http://u@a/", "http://u:p@a/", "http://a b/",
        "http://a/b c", "http://a/?x=1", "http://a/#x", "http://a/<x>",
        "http://a/{$x}", "http://a/%", "http://a/%4", "http://a/%zz",
        "http://a/\\\"x", "http://a\\\\b", "http://a/\\u00e4", "http://[::1",
        "http://[x]/", "http://a,b/", "http://a/`", "http://a/x|y",
        "http://a/\\u001a", "http://a:80:80/"
    };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        (void) snprintf(cdns, sizeof(cdns), "[{\"id\":\"a\",\"url\":\"%s\"}]",
                        good[i]);
        assert_int_equal(parse(cdns, ""), LO_OK);
        lo_event_free(&ev);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void) snprintf(cdns, sizeof(cdns), "[{\"id\":\"a\",\"url\":\"%s\"}]",
                        bad[i]);

        if (parse(cdns, "") != LO_ERROR) {
            fail_msg("taken: %s", bad[i]);
        }

        assert_string_equal(err.field, "cdns[0].url");
    }

    (void) snprintf(cdns, sizeof(cdns), "[{\"id\":\"a\",\"url\":\"http://%0*d"
                    "\"}]", LO_CDN_URL - 7, 1);
    assert_int_equal(parse(cdns, ""), LO_OK);
    lo_event_free(&ev);
    (void) snprintf(cdns, sizeof(cdns), "[{\"id\":\"a\",\"url\":\"http://%0*d"
                    "\"}]", LO_CDN_URL - 6, 1);
    assert_int_equal(parse(cdns, ""), LO_ERROR);
}


static void
test_place(void **state)
{
    lo_place_t  p;

    assert_int_equal(parse(
        "[{\"id\":\"x\",\"url\":\"http://x\",\"countries\":[\"FR\"]},"
        "{\"id\":\"a\",\"url\":\"http://a\"},"
        "{\"id\":\"d\",\"url\":\"http://d\",\"countries\":[\"DE\",\"AT\"]},"
        "{\"id\":\"t\",\"url\":\"http://t\",\"asns\":[3320]},"
        "{\"id\":\"b\",\"url\":\"http://b\"}]", ""), LO_OK);

    assert_string_equal(order(&none, NULL, ""), "abxdt");

    p = place("ZZ", 0);
    assert_string_equal(order(&none, &p, ""), "abxdt");
    p = place("DE", 0);
    assert_string_equal(order(&none, &p, ""), "dabxt");
    p = place("DE", 3320);
    assert_string_equal(order(&none, &p, ""), "tdabx");
    p = place("US", 3320);
    assert_string_equal(order(&none, &p, ""), "tabxd");
    p = place("FR", 1);
    assert_string_equal(order(&none, &p, ""), "xabdt");

    /* what is drained comes last, in an order of its own */

    memset(&drained, 0, sizeof(drained));
    assert_int_equal(steer(LO_STEER_DRAIN, "td", NOW), 1);
    p = place("DE", 3320);
    assert_string_equal(order(&drained, &p, ""), "abxtd");
    assert_int_equal(steer(LO_STEER_DRAIN, "abx", NOW), 1);
    assert_string_equal(order(&drained, &p, ""), "tdabx");

    lo_event_free(&ev);
}


/* the first letter that each session gets */

static void
firsts(const lo_drained_t *d, const lo_place_t *p, char *first, unsigned n[])
{
    char      session[32];
    unsigned  i;

    memset(n, 0, 128 * sizeof(unsigned));

    for (i = 0; i < SESSIONS; i++) {
        (void) snprintf(session, sizeof(session), "s-%u.%u", i, i * 7919);
        first[i] = order(d, p, session)[0];
        n[(int) first[i]]++;
    }
}


static void
near(unsigned n, unsigned expected)
{
    /* four times what chance explains */

    assert_in_range(n, expected - 200, expected + 200);
}


static void
test_weights(void **state)
{
    unsigned     i, n[128];
    lo_place_t   p;
    static char  before[SESSIONS], after[SESSIONS];

    assert_int_equal(parse(three, ""), LO_OK);
    firsts(&none, NULL, before, n);
    near(n['a'], 3333);
    near(n['b'], 3333);
    near(n['c'], 3333);
    lo_event_free(&ev);

    assert_int_equal(parse(
        "[{\"id\":\"a\",\"url\":\"http://a\",\"weight\":70},"
        "{\"id\":\"b\",\"url\":\"http://b\",\"weight\":20},"
        "{\"id\":\"c\",\"url\":\"http://c\",\"weight\":10},"
        "{\"id\":\"z\",\"url\":\"http://z\",\"weight\":0},"
        "{\"id\":\"d\",\"url\":\"http://d\",\"countries\":[\"DE\"]}]", ""),
        LO_OK);

    firsts(&none, NULL, before, n);
    near(n['a'], 7000);
    near(n['b'], 2000);
    near(n['c'], 1000);
    assert_int_equal(n['z'] + n['d'], 0);

    /* the same session stays where it is */

    firsts(&none, NULL, after, n);
    assert_memory_equal(before, after, SESSIONS);

    /* one is drained: its sessions go to the others by weight, theirs stay */

    memset(&drained, 0, sizeof(drained));
    assert_int_equal(steer(LO_STEER_DRAIN, "a", NOW), 1);
    firsts(&drained, NULL, after, n);
    near(n['b'], 6667);
    near(n['c'], 3333);

    for (i = 0; i < SESSIONS; i++) {
        assert_true(before[i] == 'a' || before[i] == after[i]);
    }

    assert_int_equal(steer(LO_STEER_UNDRAIN, "a", NOW), 1);
    firsts(&drained, NULL, after, n);
    assert_memory_equal(before, after, SESSIONS);

    /* weight 0 is for when there is nobody else */

    assert_int_equal(steer(LO_STEER_ONLY, "zd", NOW), 1);
    firsts(&drained, NULL, after, n);
    assert_int_equal(n['z'], SESSIONS);

    /* a place comes before weights */

    p = place("DE", 0);
    firsts(&none, &p, after, n);
    assert_int_equal(n['d'], SESSIONS);

    lo_event_free(&ev);
}


static void
test_override(void **state)
{
    int64_t  since;

    memset(&drained, 0, sizeof(drained));
    assert_int_equal(parse(three, ""), LO_OK);

    assert_int_equal(steer(LO_STEER_UNDRAIN, "a", NOW), 0);
    assert_int_equal(steer(LO_STEER_DRAIN, "", NOW), 0);
    assert_int_equal(steer(LO_STEER_ONLY, "abc", NOW), 0);
    assert_true(drained.since_us == 0);

    assert_int_equal(steer(LO_STEER_DRAIN, "ca", NOW), 1);
    assert_true(drained.since_us == NOW);
    assert_int_equal(drained.n, 2);
    assert_string_equal(drained.ids[0], "a");
    assert_string_equal(drained.ids[1], "c");
    assert_string_equal(order(&drained, NULL, ""), "bac");
    assert_int_equal(lo_drained(&drained, lo_cstr("c")), 1);
    assert_int_equal(lo_drained(&drained, lo_cstr("b")), 0);

    assert_int_equal(steer(LO_STEER_DRAIN, "a", NOW), 0);
    assert_int_equal(steer(LO_STEER_UNDRAIN, "b", NOW), 0);

    /* the last word is the newest on all nodes, whatever a clock says */

    assert_int_equal(steer(LO_STEER_UNDRAIN, "ab", NOW - LO_USEC), 1);
    assert_true(drained.since_us > NOW);
    since = drained.since_us;
    assert_string_equal(order(&drained, NULL, ""), "abc");

    assert_int_equal(steer(LO_STEER_ONLY, "b", NOW + LO_USEC), 1);
    assert_true(drained.since_us > since);
    assert_string_equal(order(&drained, NULL, ""), "bac");
    lo_event_free(&ev);

    /* another document: what it has no more is forgotten with the next word */

    assert_int_equal(parse("[{\"id\":\"b\",\"url\":\"http://b\"},"
                           "{\"id\":\"c\",\"url\":\"http://c\"}]", ""), LO_OK);
    assert_string_equal(order(&drained, NULL, ""), "bc");
    assert_int_equal(steer(LO_STEER_UNDRAIN, "b", NOW), 1);
    assert_int_equal(drained.n, 1);
    assert_string_equal(drained.ids[0], "c");
    lo_event_free(&ev);
}


static void
test_answer(void **state)
{
    lo_buf_t         b;
    const lo_cdn_t  *list[LO_CDNS];

    memset(&drained, 0, sizeof(drained));
    assert_int_equal(parse(three, ",\"steering\":{\"ttl_s\":7}"), LO_OK);
    assert_int_equal(steer(LO_STEER_DRAIN, "a", NOW), 1);
    (void) lo_steer_order(&ev.cdns, &drained, NULL, lo_cstr(""), list);

    lo_buf_init(&b, text, sizeof(text));
    lo_steer_write(&b, &ev.cdns, list, 3);
    text[b.need] = '\0';
    assert_string_equal(text, "{\"VERSION\":1,\"TTL\":7,"
                        "\"PATHWAY-PRIORITY\":[\"b\",\"c\",\"a\"]}\n");
    lo_event_free(&ev);
}


static void
test_sessions(void **state)
{
    char  longest[LO_VIEWER_SESSION + 2];

    memset(longest, 'a', sizeof(longest));
    longest[LO_VIEWER_SESSION + 1] = '\0';

    assert_int_equal(lo_session_ok(lo_cstr("0f1e-2d3c_.Z")), 1);
    assert_int_equal(lo_session_ok(lo_cstr(longest + 1)), 1);
    assert_int_equal(lo_session_ok(lo_cstr(longest)), 0);
    assert_int_equal(lo_session_ok(lo_cstr("")), 0);
    assert_int_equal(lo_session_ok(lo_cstr("a b")), 0);
    assert_int_equal(lo_session_ok(lo_cstr("a\"")), 0);
    assert_int_equal(lo_session_ok(lo_cstr("a&b")), 0);
    assert_int_equal(lo_session_ok(lo_cstr("%41")), 0);
}


static const char *
fill(const char *marked, const char *token, const char *session)
{
    size_t       need;
    lo_buf_t     b;
    lo_viewer_t  viewer;
    static char  out[4096];

    viewer.token = lo_cstr(token);
    viewer.session = lo_cstr(session);
    viewer.pathway = lo_cstr("cdn-b");

    lo_buf_init(&b, NULL, 0);
    lo_marks_fill(&b, lo_cstr(marked), &viewer);
    need = b.need;

    lo_buf_init(&b, out, need);
    lo_marks_fill(&b, lo_cstr(marked), &viewer);
    assert_true(lo_buf_ok(&b));
    out[need] = '\0';

    return out;
}


static void
test_marks(void **state)
{
    const char  *line = "x/" LO_MARK_TOKEN "ev/s" LO_MARK_SESSION "|"
                        LO_MARK_PATHWAY LO_MARK_TOKEN;

    assert_int_equal(lo_marked(lo_cstr(line)), 1);
    assert_int_equal(lo_marked(lo_cstr("x/ev\n")), 0);
    assert_int_equal(lo_marked(lo_cstr("")), 0);

    assert_string_equal(fill(line, "", ""), "x/ev/s|cdn-b");
    assert_string_equal(fill(line, "a.b-_=", "s1"),
                        "x/~a.b-_=/ev/s?session=s1|cdn-b~a.b-_=/");
    assert_string_equal(fill("no marks\n", "t", "s"), "no marks\n");
    assert_string_equal(fill("", "t", "s"), "");

    /* whatever a client calls a token is no markup */

    assert_string_equal(fill(LO_MARK_TOKEN, "\"/><a b='", ""),
                        "~%22%2F%3E%3Ca%20b=%27/");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_override),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
