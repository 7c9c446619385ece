/*
 * What inspection says of a segment, how much, and which of two is worse.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/verdict.h"


#define TS   90000
#define BIT(v)  (UINT64_C(1) << LO_VERDICT_##v)

static const lo_dur_t  two = { 2, 1, 0 };


/* a good segment: 50 pictures of 40 ms behind another, as it should be */

static lo_verdict_facts_t
good(void)
{
    lo_verdict_facts_t  f;

    memset(&f, 0, sizeof(f));

    f.type = LO_MEDIA_VIDEO;
    f.timescale = TS;
    f.duration = 2 * TS;
    f.samples = 50;
    f.d = &two;
    f.sync = 1;
    f.follows = 1;
    f.utc = 1;
    f.start_us = INT64_C(1795383756) * LO_USEC;
    f.end_us = f.start_us + 2 * LO_USEC;
    f.arrived_us = f.end_us + 300000;
    f.delay_us = LO_USEC;

    return f;
}


static lo_verdict_facts_t
audio(unsigned frames)
{
    lo_verdict_facts_t  f;

    f = good();
    f.type = LO_MEDIA_AUDIO;
    f.timescale = 48000;
    f.samples = frames;
    f.duration = frames * 1024;

    return f;
}


static void
says(const lo_verdict_facts_t *f, uint64_t bits, const char *text)
{
    char          mem[LO_VERDICT_TEXT + 1];
    lo_buf_t      b;
    lo_verdict_t  v;

    memset(&v, 0, sizeof(v));
    lo_verdict(&v, f);

    lo_buf_init(&b, mem, LO_VERDICT_TEXT);
    lo_verdict_print(&b, &v);
    mem[b.pos - b.start] = '\0';

    assert_true(v.bits == bits);
    assert_string_equal(mem, text);
}


static void
test_each(void **state)
{
    lo_verdict_facts_t  f;

    f = good();
    says(&f, 0, "");
    f.duration -= 36000;
    f.samples -= 10;
    says(&f, BIT(SHORT), "short;ms=400");
    f.last = 1;
    says(&f, 0, "");

    f = good();
    f.duration -= 3600;
    f.samples--;
    says(&f, BIT(SHORT), "short;ms=40");

    f = good();
    f.duration += 7200;
    f.samples += 2;
    says(&f, BIT(LONG), "long;ms=80");

    f = good();
    f.off = 45001;
    f.off_grid = 1;
    says(&f, BIT(DISCONTINUOUS), "discontinuous;ms=500");

    f = good();
    f.gap = 9000;
    f.off = 9000;
    says(&f, BIT(MISSING_SAMPLES), "missing-samples;ms=100");

    f = good();
    f.gap = -9000;
    f.off = -9000;
    says(&f, BIT(OVERLAP), "overlap;ms=100");

    f = good();
    f.holes = 3600;
    says(&f, BIT(MISSING_SAMPLES), "missing-samples;ms=40");

    f = good();
    f.laps = 3600;
    says(&f, BIT(EXTRA_SAMPLES), "extra-samples;ms=40");

    f = good();
    f.sync = 0;
    says(&f, BIT(NO_SYNC), "no-sync");

    f = good();
    f.wrong_init = 1;
    says(&f, BIT(WRONG_INIT), "wrong-init");

    f = good();
    f.slat = 1;
    says(&f, BIT(FILLER), "filler");

    f = good();
    f.empty = 1;
    says(&f, BIT(EMPTY), "empty");

    f = good();
    f.changed_init = 1;
    says(&f, BIT(CHANGED_INIT), "");
}


/* a hole that the previous segment left is not this one's */

static void
test_neighbour_was_short(void **state)
{
    lo_verdict_facts_t  f;

    f = good();
    f.gap = 36000;
    says(&f, 0, "");
    f.off = 4500;
    says(&f, BIT(MISSING_SAMPLES), "missing-samples;ms=50");

    f.gap = 4500 - 3600 / 2;
    says(&f, BIT(MISSING_SAMPLES), "missing-samples;ms=30");

    f.gap = 3600 / 2;
    says(&f, 0, "");

    /* a longer one before it */

    f = good();
    f.gap = -36000;
    says(&f, 0, "");

    /* numbers are only counted: then there is no grid to blame */

    f.irregular = 1;
    says(&f, BIT(OVERLAP), "overlap;ms=400");
    f.gap = 36000;
    says(&f, BIT(MISSING_SAMPLES), "missing-samples;ms=400");

    f.follows = 0;
    says(&f, 0, "");
}


/* what cannot be cut on the grid is not held to it */

static void
test_whole_samples(void **state)
{
    unsigned            n;
    lo_dur_t            d;
    lo_verdict_facts_t  f;

    for (n = 92; n <= 96; n++) {
        f = audio(n);
        says(&f, 0, "");
    }

    f = audio(91);
    says(&f, BIT(SHORT), "short;ms=59");
    f = audio(97);
    says(&f, BIT(LONG), "long;ms=69");

    /* the second segment of ffmpeg's AAC begins a frame off */

    f = audio(94);
    f.gap = 1024;
    f.off = 1100;
    says(&f, 0, "");

    /* 59.94 pictures in 2 s */

    f = good();
    f.timescale = 30000;

    for (n = 59; n <= 60; n++) {
        f.samples = n;
        f.duration = n * 1001;
        says(&f, 0, "");
    }

    f.samples = 58;
    f.duration = 58 * 1001;
    says(&f, BIT(SHORT), "short;ms=65");

    assert_int_equal(lo_dur_set(&d, 60060, 30000, NULL), LO_OK);
    f.d = &d;
    f.samples = 59;
    f.duration = 59 * 1001;
    says(&f, BIT(SHORT), "short;ms=33");

    /* pictures that do not all last the same */

    f = good();
    f.duration -= 3601;
    f.samples = 49;
    says(&f, 0, "");

    /* text has no frames: a quarter of d */

    f = good();
    f.type = LO_MEDIA_TEXT;
    f.samples = 1;
    f.sync = 0;
    f.duration -= 45000;
    says(&f, 0, "");
    f.duration--;
    says(&f, BIT(SHORT), "short;ms=500");
}


static void
test_drift(void **state)
{
    lo_verdict_facts_t  f;

    /* media from the future */

    f = good();
    f.arrived_us = f.end_us - 999999;
    says(&f, 0, "");
    f.arrived_us = f.end_us - 1500000;
    says(&f, BIT(DRIFT), "");

    /* late is no drift, unless the producer's own clock says so */

    f = good();
    f.arrived_us = f.end_us + 60 * LO_USEC;
    says(&f, 0, "");
    f.prft_us = f.start_us + 1500000;
    says(&f, 0, "");
    f.prft_us = f.start_us + 3100000;
    says(&f, BIT(DRIFT), "");
    f.prft_us = f.start_us - 2100000;
    says(&f, BIT(DRIFT), "");
    f.utc = 0;
    says(&f, 0, "");
}


static uint32_t
rank_of(const char *list)
{
    lo_err_t      err;
    lo_verdict_t  v;

    memset(&v, 0, sizeof(v));
    assert_int_equal(lo_verdict_declared(&v, lo_cstr(list), &err), LO_OK);

    return lo_verdict_rank(&v);
}


/* the lower wins */

static void
test_rank(void **state)
{
    size_t  i;

    static const char  *order[] = {
        "silence", "short;ms=40", "short;ms=400", "short;ms=400, long;ms=1",
        "missing-video;ms=65535, short;ms=65535", "discontinuous",
        "discontinuous;ms=600, short;ms=1999", "discontinuous;ms=601",
        "no-sync", "filler", "filler;ms=1", "empty"
    };

    assert_int_equal(rank_of(""), 0);
    assert_int_equal(rank_of("drift;ms=5000, changed-init"), 0);

    for (i = 0; i < sizeof(order) / sizeof(order[0]) - 1; i++) {
        if (rank_of(order[i]) >= rank_of(order[i + 1])) {
            fail_msg("%s is not better than %s", order[i], order[i + 1]);
        }
    }
}


static void
test_declared(void **state)
{
    size_t        i;
    char          mem[LO_VERDICT_TEXT + 1];
    lo_buf_t      b;
    lo_err_t      err;
    lo_verdict_t  v, was;

    static const char  *bad[] = {
        "silence,", "silence;ms", "silence;ms=1.5", "silence;ms=-1",
        "silence;ms=\"1\"", "\"silence\"", "1", "(silence)", "silence black",
        "?1", ":YQ==:", "silence;=1", "silence;MS=1", "\x01", "silence\n",
        "silence;ms=1234567890123456"
    };

    memset(&v, 0, sizeof(v));
    assert_int_equal(lo_verdict_declared(&v,
                         lo_cstr("  missing-video;ms=120 ,\tsilence , "
                                 "strange.thing;x=\"a, b\";ms=70000"), &err),
                     LO_OK);
    assert_true(v.bits == (BIT(MISSING_VIDEO) | BIT(SILENCE)
                           | BIT(DECLARED)));

    lo_buf_init(&b, mem, LO_VERDICT_TEXT);
    lo_verdict_print(&b, &v);
    mem[b.pos - b.start] = '\0';
    assert_string_equal(mem, "missing-video;ms=120, silence, "
                             "declared;ms=65535");

    /* what was seen and what was declared: the larger amount */

    assert_int_equal(lo_verdict_declared(&v,
                         lo_cstr("missing-video;ms=100"), &err), LO_OK);
    assert_int_equal(v.ms[LO_VERDICT_MISSING_VIDEO], 120);

    was = v;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {

        if (lo_verdict_declared(&v, lo_cstr(bad[i]), &err) != LO_ERROR) {
            fail_msg("%s was taken", bad[i]);
        }

        assert_memory_equal(&v, &was, sizeof(v));
        assert_non_null(strstr(err.text, "Live-Origin-Defects"));
    }
}


static void
test_stored(void **state)
{
    uint16_t      ms[LO_VERDICT_AMOUNTS];
    unsigned      i;
    char          mem[LO_VERDICT_TEXT];
    lo_buf_t      b;
    lo_verdict_t  v, w;

    memset(&v, 0, sizeof(v));
    v.bits = BIT(SHORT) | BIT(SILENCE) | BIT(DRIFT);
    v.ms[LO_VERDICT_SHORT] = 400;
    v.ms[LO_VERDICT_DRIFT] = 7;

    lo_verdict_pack(&v, ms);
    lo_verdict_unpack(&w, v.bits, ms);
    assert_memory_equal(&v, &w, sizeof(v));

    /* all of them at once fit into what is set aside for their text */

    for (i = 0; i < LO_VERDICT_N; i++) {
        v.bits |= UINT64_C(1) << i;
        v.ms[i] = UINT16_MAX;
    }

    lo_buf_init(&b, mem, sizeof(mem));
    lo_verdict_print(&b, &v);
    assert_true(lo_buf_ok(&b));
    lo_verdict_pack(&v, ms);
    lo_verdict_unpack(&w, v.bits, ms);
    assert_true(w.bits == v.bits);
}


/* one list: the documentation has every word of it */

static void
test_documented(void **state)
{
    char     *text, word[64];
    long      n;
    FILE     *f;
    unsigned  i;

    f = fopen("docs/http-api.md", "r");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    text = calloc(1, (size_t) n + 1);
    assert_int_equal(fread(text, 1, (size_t) n, f), n);
    fclose(f);

    for (i = 0; i < LO_VERDICT_N; i++) {
        snprintf(word, sizeof(word), "| `%s` | %u |",
                 lo_verdict_word((lo_verdict_e) i),
                 lo_verdict_class((lo_verdict_e) i));

        if (strstr(text, word) == NULL
            || strstr(text, lo_verdict_text((lo_verdict_e) i)) == NULL)
        {
            fail_msg("docs/http-api.md: %s %s", word,
                     lo_verdict_text((lo_verdict_e) i));
        }
    }

    for (i = 0; i < LO_CHOICE_N; i++) {
        snprintf(word, sizeof(word), "| `%s` |",
                 lo_choice_word((lo_choice_e) i));

        if (strstr(text, word) == NULL
            || strstr(text, lo_choice_text((lo_choice_e) i)) == NULL)
        {
            fail_msg("docs/http-api.md: %s %s", word,
                     lo_choice_text((lo_choice_e) i));
        }
    }

    free(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_neighbour_was_short),
        cmocka_unit_test(test_whole_samples),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_rank),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_stored),
        cmocka_unit_test(test_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
