/*
 * Windows: what is 400, one text for one meaning, and the numbers that a
 * window has on an event's grid.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/window.h"


static lo_err_t     err;
static lo_window_t  window;


static lo_str_t
value(const char *s)
{
    lo_str_t  none = lo_null_string;

    return s ? lo_cstr(s) : none;
}


static int
parse(const char *start, const char *end, const char *delay)
{
    err.text[0] = '\0';

    return lo_window_parse(&window, value(start), value(end), value(delay),
                           &err);
}


static const char *
canonical(void)
{
    lo_buf_t     b;
    static char  text[256];

    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_window_write(&b, &window);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    return text;
}


#define NO_TIME  "is no time: seconds since 1970, or like "                   \
                 "2026-11-22T21:00:00Z or 2026-11-22T22:00:00+01:00"
#define NO_DELAY "is no number of seconds within 0 to 86400"

static void
test_refused(void **state)
{
    size_t  i;

    static const struct {
        const char  *start;
        const char  *end;
        const char  *delay;
        const char  *says;
    } rows[] = {
        { "", NULL, NULL, "\"start=\" " NO_TIME },
        { NULL, "", NULL, "\"end=\" " NO_TIME },
        { "yesterday", NULL, NULL, "\"start=yesterday\" " NO_TIME },
        { "-1", NULL, NULL, "\"start=-1\" " NO_TIME },
        { "1.", NULL, NULL, "\"start=1.\" " NO_TIME },
        { "1732285823x", NULL, NULL, "\"start=1732285823x\" " NO_TIME },
        { "1e9", NULL, NULL, "\"start=1e9\" " NO_TIME },

        /* milliseconds */

        { "1732285823000", NULL, NULL, "\"start=1732285823000\" " NO_TIME },
        { "2026-11-22", NULL, NULL, "\"start=2026-11-22\" " NO_TIME },
        { "2026-11-22T21:00:00", NULL, NULL,
          "\"start=2026-11-22T21:00:00\" " NO_TIME },
        { "2026-11-22T21:00:00+24:00", NULL, NULL,
          "\"start=2026-11-22T21:00:00+24:00\" " NO_TIME },
        { "2026-11-22T21:00:00+01:60", NULL, NULL,
          "\"start=2026-11-22T21:00:00+01:60\" " NO_TIME },
        { "2026-11-22T21:00:00+1:00", NULL, NULL,
          "\"start=2026-11-22T21:00:00+1:00\" " NO_TIME },
        { "2026-02-30T21:00:00Z", NULL, NULL,
          "\"start=2026-02-30T21:00:00Z\" " NO_TIME },
        { "253402300800", NULL, NULL, "\"start=253402300800\" " NO_TIME },
        { NULL, "9999-12-31T23:59:59-01:00", NULL,
          "\"end=9999-12-31T23:59:59-01:00\" " NO_TIME },
        { "9999-12-31T23:59:60Z", NULL, NULL,
          "\"start=9999-12-31T23:59:60Z\" " NO_TIME },
        { "1970-01-01T00:30:00+01:00", NULL, NULL,
          "\"start=1970-01-01T00:30:00+01:00\" " NO_TIME },
        { "+01:00", NULL, NULL, "\"start=+01:00\" " NO_TIME },
        { NULL, "now\"\n", NULL, "\"end=now??\" " NO_TIME },
        { "1732285823", "1732285823", NULL,
          "\"end=1732285823\" is not after start" },
        { "2026-11-22T21:00:00Z", "2026-11-22T21:30:00+01:00", NULL,
          "\"end=2026-11-22T21:30:00+01:00\" is not after start" },
        { NULL, NULL, "", "\"time_delay=\" " NO_DELAY },
        { NULL, NULL, "-1", "\"time_delay=-1\" " NO_DELAY },
        { NULL, NULL, "1.5", "\"time_delay=1.5\" " NO_DELAY },
        { NULL, NULL, "86401", "\"time_delay=86401\" " NO_DELAY },
        { NULL, NULL, "PT1M", "\"time_delay=PT1M\" " NO_DELAY },
        { NULL, NULL, "99999999999999999999",
          "\"time_delay=99999999999999999999\" " NO_DELAY },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].start, rows[i].end, rows[i].delay),
                         LO_ERROR);
        assert_string_equal(err.text, rows[i].says);
    }
}


static void
test_canonical(void **state)
{
    size_t       i;
    lo_window_t  was;

    static const struct {
        const char  *start;
        const char  *end;
        const char  *delay;
        const char  *canonical;
    } rows[] = {
        { NULL, NULL, NULL, "" },
        { NULL, NULL, "0", "" },
        { NULL, NULL, "60", "time_delay:60" },
        { NULL, NULL, "86400", "time_delay:86400" },
        { "1732285823", NULL, NULL, "start:1732285823" },
        { "01732285820", NULL, NULL, "start:1732285820" },
        { "1732285823.500", NULL, NULL, "start:1732285823.5" },
        { "1732285823.0000019", NULL, NULL, "start:1732285823.000001" },
        { "0", NULL, NULL, "start:0.000001" },
        { "253402300799", NULL, NULL, "start:253402300799" },
        { "2017-08-18T21:18:54Z", NULL, NULL, "start:1503091134" },
        { "2017-08-18T21:18:54+00:00", NULL, NULL, "start:1503091134" },
        { "2017-08-18T21:18:54z", NULL, NULL, "start:1503091134" },
        { "2017-08-19T05:18:54+08:00", NULL, NULL, "start:1503091134" },
        { "2017-08-18T13:18:54-0800", NULL, NULL, "start:1503091134" },
        { "2017-08-18T13:18-08:00", NULL, NULL, "start:1503091080" },
        { "2017-08-18T21:18:54.250Z", NULL, NULL, "start:1503091134.25" },
        { NULL, "1732300175", NULL, "end:1732300175" },
        { "1513717228", "1513720828", "900",
          "end:1513720828;start:1513717228;time_delay:900" },
        { "2017-12-19T13:00:28-08:00", "2017-12-19T14:00:28-08:00", NULL,
          "end:1513720828;start:1513717228" },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].start, rows[i].end, rows[i].delay),
                         LO_OK);
        assert_string_equal(canonical(), rows[i].canonical);
        assert_int_equal(!lo_window_any(&window),
                         rows[i].canonical[0] == '\0');

        was = window;
        assert_int_equal(lo_window_read(&window, lo_cstr(rows[i].canonical),
                                        &err), LO_OK);
        assert_memory_equal(&was, &window, sizeof(lo_window_t));
    }
}


/* aws.manifestsettings */

static void
test_settings(void **state)
{
    char    text[LO_WINDOW_TEXT_MAX + 2];
    size_t  i;

    static const struct {
        const char  *text;
        const char  *says;               /* or canonical, if it is taken */
        int          rc;
    } rows[] = {
        { "time_delay:320", "time_delay:320", LO_OK },
        { "Start:2017-08-18T21:18:54Z;TIME_DELAY:5",
          "start:1503091134;time_delay:5", LO_OK },
        { "end:2017-08-18T21:18:54+00:00;start:1503090000",
          "end:1503091134;start:1503090000", LO_OK },
        { "start:1503091134;start:1503091134",
          "\"start\" is given twice", LO_ERROR },
        { "start", "aws.manifestsettings is not \"NAME:VALUE;NAME:VALUE\" of "
          "start, end and time_delay", LO_ERROR },
        { "manifest_window_seconds:30", "aws.manifestsettings is not "
          "\"NAME:VALUE;NAME:VALUE\" of start, end and time_delay",
          LO_ERROR },
        { "start:1503091134;;end:1503091135", "aws.manifestsettings is not "
          "\"NAME:VALUE;NAME:VALUE\" of start, end and time_delay",
          LO_ERROR },
        { "start:", "\"start=\" " NO_TIME, LO_ERROR },
        { "end:5;start:6", "\"end=5\" is not after start", LO_ERROR },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(lo_window_read(&window, lo_cstr(rows[i].text), &err),
                         rows[i].rc);
        assert_string_equal(rows[i].rc == LO_OK ? canonical() : err.text,
                            rows[i].says);
    }

    memset(text, '0', sizeof(text));
    memcpy(text, "time_delay:", 11);
    text[LO_WINDOW_TEXT_MAX + 1] = '\0';

    assert_int_equal(lo_window_read(&window, lo_cstr(text), &err), LO_ERROR);
    assert_string_equal(err.text, "aws.manifestsettings has 1025 characters: "
                        "at most 1024");

    text[LO_WINDOW_TEXT_MAX] = '\0';
    assert_int_equal(lo_window_read(&window, lo_cstr(text), &err), LO_OK);
}


/* ---- on the grid */

static lo_live_t  *live;

static int
begin(void **state)
{
    live = calloc(1, sizeof(lo_live_t));
    assert_non_null(live);

    /* 2 s; number n covers [2 n, 2 n + 2) */

    live->d.duration = 2;
    live->d.timescale = 1;
    live->delay_us = 3 * LO_USEC;
    live->phase = LO_LIVE_LIVE;
    live->first = 1000;
    live->window = 300;

    return 0;
}


static int
end(void **state)
{
    free(live);

    return 0;
}


static void
test_numbers(void **state)
{
    assert_int_equal(parse("2000", "2100", NULL), LO_OK);
    assert_int_equal(lo_window_first(&window, live), 1000);
    assert_int_equal(lo_window_last(&window, live), 1049);

    /* within a slot: the segments that hold these moments */

    assert_int_equal(parse("2001.999999", "2100.000001", NULL), LO_OK);
    assert_int_equal(lo_window_first(&window, live), 1000);
    assert_int_equal(lo_window_last(&window, live), 1050);

    assert_int_equal(parse(NULL, NULL, "10"), LO_OK);
    assert_int_equal(lo_window_first(&window, live), 0);
    assert_int_equal(lo_window_last(&window, live), INT64_MAX);

    /* number 1000 ends at 2002, is due at 2005, and here at 2015 */

    assert_int_equal(lo_window_due_us(&window, live, 1000),
                     2015 * (int64_t) LO_USEC);
    assert_int_equal(lo_window_due(&window, live, 2015 * (int64_t) LO_USEC),
                     1000);
    assert_int_equal(lo_window_due(&window, live,
                                   2015 * (int64_t) LO_USEC - 1), 999);
}


/* of a d that is no whole number of microseconds, the last number that is due
   is the last whose time has come, at every moment */

static void
test_due(void **state)
{
    int64_t   us, n, due;
    unsigned  i;

    live->d.duration = 1001;
    live->d.timescale = 30000;
    assert_int_equal(parse(NULL, NULL, "7"), LO_OK);

    for (n = 53000000000LL, i = 0; i < 3000; n++, i++) {
        due = lo_window_due_us(&window, live, n);

        for (us = due - 2; us <= due + 2; us++) {
            assert_int_equal(lo_window_due(&window, live, us),
                             us >= due ? n : n - 1);
        }
    }
}


/* what begins or ends in the last second there is: it can be read again */

static void
settle_last(void)
{
    size_t       i;
    int64_t      first, last;
    lo_window_t  was;

    static const struct {
        const char  *start;
        const char  *end;
    } rows[] = {
        { NULL, "9999-12-31T23:59:59Z" },
        { NULL, "253402300799.999999" },
        { "253402300799.999998", "253402300799.999999" },
        { "9999-12-31T23:59:58.5Z", "9999-12-31T23:59:58.6Z" }
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].start, rows[i].end, NULL), LO_OK);
        first = lo_window_first(&window, live);
        last = lo_window_last(&window, live);

        lo_window_settle(&window, live);
        assert_int_equal(lo_window_first(&window, live), first);
        assert_int_equal(lo_window_last(&window, live), last);

        was = window;
        assert_int_equal(lo_window_read(&window, lo_cstr(canonical()), &err),
                         LO_OK);
        assert_memory_equal(&was, &window, sizeof(lo_window_t));

        lo_window_settle(&window, live);
        assert_memory_equal(&was, &window, sizeof(lo_window_t));
    }
}


/* windows of the same numbers become one, and keep them */

static void
test_settle(void **state)
{
    int64_t      first, last, us;
    unsigned     i;
    lo_window_t  was;

    assert_int_equal(parse("2001.5", "2100.25", "9"), LO_OK);
    lo_window_settle(&window, live);
    assert_string_equal(canonical(), "end:2102;start:2000;time_delay:9");

    assert_int_equal(parse("0", NULL, NULL), LO_OK);
    lo_window_settle(&window, live);
    assert_string_equal(canonical(), "start:0.000001");

    live->irregular = 1;
    assert_int_equal(parse("2001.5", "2100.25", NULL), LO_OK);
    lo_window_settle(&window, live);
    assert_string_equal(canonical(), "end:2100.25;start:2001.5");
    live->irregular = 0;
    settle_last();

    /* slots that do not begin at whole microseconds */

    live->d.duration = 4004;
    live->d.timescale = 30000;
    settle_last();

    for (us = 1795775775000000LL, i = 0; i < 20000; i++, us += 1999) {
        window.start_us = us;
        window.end_us = us + 7 * LO_USEC + i;
        first = lo_window_first(&window, live);
        last = lo_window_last(&window, live);

        lo_window_settle(&window, live);
        assert_true(window.start_us <= us);
        assert_int_equal(lo_window_first(&window, live), first);
        assert_int_equal(lo_window_last(&window, live), last);

        was = window;
        lo_window_settle(&window, live);
        assert_memory_equal(&was, &window, sizeof(lo_window_t));
    }
}


static void
test_fits(void **state)
{
    size_t  i;

    /* the event began at 2000 s and has 300 numbers, 600 s, of window */

    static const struct {
        const char  *start;
        const char  *end;
        const char  *delay;
        int64_t      head;
        int64_t      now;                /* s */
        int64_t      over;               /* ended with this number, or 0 */
        int          rc;
    } rows[] = {
        { "2000", NULL, NULL, 1010, 2025, 0, LO_OK },

        /* below the first segment, and below the window: what is there */

        { "1000", NULL, NULL, 1010, 2025, 0, LO_OK },
        { "2000", NULL, NULL, 2000, 4005, 0, LO_OK },

        /* to come */

        { "2100", NULL, NULL, 1010, 2025, 0, LO_AGAIN },
        { "2022", NULL, NULL, 1010, 2026, 0, LO_AGAIN },
        { "2022", NULL, NULL, 1010, 2027, 0, LO_OK },
        { "9999999999", "9999999999.5", NULL, 1010, 2025, 0, LO_AGAIN },
        { NULL, NULL, "100", 1010, 2025, 0, LO_AGAIN },
        { NULL, NULL, "20", 1010, 2024, 0, LO_AGAIN },
        { NULL, NULL, "20", 1010, 2025, 0, LO_OK },
        { "2010", NULL, "10", 1010, 2024, 0, LO_AGAIN },
        { "2010", NULL, "10", 1010, 2025, 0, LO_OK },

        /* before all there is */

        { NULL, "1999", NULL, 1010, 2025, 0, LO_NONE },
        { NULL, "2000", NULL, 1010, 2025, 0, LO_NONE },
        { NULL, "2000.5", NULL, 1010, 2025, 0, LO_OK },
        { "2000", "2100", NULL, 1348, 2705, 0, LO_OK },
        { "2000", "2100", NULL, 1349, 2707, 0, LO_NONE },

        /* after the end of the event */

        { "2100", NULL, NULL, 1010, 9999, 1049, LO_NONE },
        { "2099", NULL, NULL, 1010, 9999, 1049, LO_OK },
        { NULL, NULL, "500", 1010, 2509, 1049, LO_OK },

        /* as much delay as there is window */

        { NULL, NULL, "599", 1349, 2705, 0, LO_OK },
        { NULL, NULL, "600", 1349, 2705, 0, LO_ERROR },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        live->phase = rows[i].over ? LO_LIVE_ENDED : LO_LIVE_LIVE;
        live->last = rows[i].over;

        assert_int_equal(parse(rows[i].start, rows[i].end, rows[i].delay),
                         LO_OK);
        assert_int_equal(lo_window_fits(&window, live, rows[i].head,
                                        rows[i].now * LO_USEC, &err),
                         rows[i].rc);
    }

    assert_string_equal(err.text, "\"time_delay=600\" is not less than the "
                        "window of this event, 600 s");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_settings),
        cmocka_unit_test_setup_teardown(test_numbers, begin, end),
        cmocka_unit_test_setup_teardown(test_due, begin, end),
        cmocka_unit_test_setup_teardown(test_settle, begin, end),
        cmocka_unit_test_setup_teardown(test_fits, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
