/*
 * What nodes write for each other, and how one learns from another.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/live.h"
#include "core/share.h"


static const char  good[] =
    "3 000102030405060708090a0b0c0d0e0f 300000 2 -17 18446744073709551615 "
    "180000 90000 4 2 8000000000000001 0,1,2,3,4,5,6,65535 1795383757000000 "
    "1795383759000000 4 7 0f1e2d3c-0000-4000-8000-000000000001";


static void
test_line(void **state)
{
    char                line[LO_SHARE_LINE];
    lo_buf_t            b;
    lo_share_segment_t  s;

    assert_int_equal(lo_share_read(&s, lo_cstr(good)), LO_OK);
    assert_int_equal(s.meta.rank, 3);
    assert_int_equal(s.digest[15], 15);
    assert_int_equal(s.size, 300000);
    assert_int_equal(s.parts, 2);
    assert_int_equal(s.meta.m, -17);
    assert_true(s.meta.tfdt == UINT64_MAX);
    assert_true(s.meta.verdict == UINT64_C(0x8000000000000001));
    assert_int_equal(s.meta.ms[7], 65535);
    assert_string_equal(s.node, "0f1e2d3c-0000-4000-8000-000000000001");

    lo_buf_init(&b, line, sizeof(line) - 1);
    lo_share_write(&b, &s);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';
    assert_string_equal(line, good);
}


/* each field in turn is missing, empty, too large or no number */

static void
test_line_bad(void **state)
{
    char                line[2 * sizeof(good)];
    const char         *p, *end;
    unsigned            i;
    lo_share_segment_t  s;
    static const char  *bad[] = { "", "x", "99999999999999999999999", "-",
                                  "--1", "1.5", "+1" };

    for (i = 0; i < sizeof(good) - 1; i++) {
        lo_str_t  cut = { i, (unsigned char *) good };

        if (i <= sizeof(good) - 37) {
            assert_int_equal(lo_share_read(&s, cut), LO_ERROR);
        }
    }

    for (p = good; *p && strncmp(p, "0f1e2d3c", 8) != 0; p = end + 1) {

        end = strchr(p, ' ');

        for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            (void) snprintf(line, sizeof(line), "%.*s%s%s", (int) (p - good),
                            good, bad[i], end);
            assert_int_equal(lo_share_read(&s, lo_cstr(line)), LO_ERROR);
        }
    }

    /* a node is an id: nothing that ends a string before its end */

    memcpy(line, good, sizeof(good));
    line[sizeof(good) - 3] = '\0';
    {
        lo_str_t  torn = { sizeof(good) - 1, (unsigned char *) line };

        assert_int_equal(lo_share_read(&s, torn), LO_ERROR);
    }

    /* parts and size have to agree, and a later version may add fields */

    assert_int_equal(lo_share_parts(0), 1);
    assert_int_equal(lo_share_parts(LO_SHARE_PART), 1);
    assert_int_equal(lo_share_parts(LO_SHARE_PART + 1), 2);

    (void) snprintf(line, sizeof(line), "%s more", good);
    assert_int_equal(lo_share_read(&s, lo_cstr(line)), LO_OK);
}


#define HEX  "0123456789abcdeffedcba9876543210"


static void
test_news(void **state)
{
    unsigned            i;
    lo_news_t           n;
    static const char  *bad[] = {
        "", "segment", "event", "event ev", "event -ev node",
        "events ev node", "segment ev node v x a a " HEX,
        "segment ev node v -1 a a " HEX,
        "segment ev node v 1 a", "segment ev node v 1 a * " HEX,
        "gone ev N", "gone ev N x", "gap ev N v1", "gap ev N * 1", "segment ev node",
        "segment ev node v 99999999999999999999 a a " HEX, "segment ev node v 1 a a",
        "segment ev node v 1 a a " HEX "0", "segment ev node v 1 a a x"
    };

    assert_int_equal(lo_news_read(&n, lo_cstr("segment ev N v1 17 a b " HEX)),
                     LO_OK);
    assert_memory_equal(n.digest, "\x01\x23\x45\x67\x89\xab\xcd\xef"
                                  "\xfe\xdc\xba\x98\x76\x54\x32\x10", 16);
    assert_int_equal(n.kind, LO_NEWS_SEGMENT);
    assert_true(lo_str_eq(n.event, lo_cstr("ev")));
    assert_true(lo_str_eq(n.node, lo_cstr("N")));
    assert_true(lo_str_eq(n.track, lo_cstr("v1")));
    assert_true(lo_str_eq(n.pipeline, lo_cstr("a")));
    assert_true(lo_str_eq(n.chosen, lo_cstr("b")));
    assert_int_equal(n.number, 17);

    assert_int_equal(lo_news_read(&n, lo_cstr("event ev N")), LO_OK);
    assert_int_equal(n.kind, LO_NEWS_EVENT);
    assert_int_equal(lo_news_read(&n, lo_cstr("gone ev N "
                                              "18446744073709551615")), LO_OK);
    assert_int_equal(n.kind, LO_NEWS_GONE);
    assert_true(n.life == UINT64_MAX);
    assert_int_equal(lo_news_read(&n, lo_cstr("gap ev N v1 17")), LO_OK);
    assert_int_equal(n.kind, LO_NEWS_GAP);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(lo_news_read(&n, lo_cstr(bad[i])), LO_ERROR);
    }
}


/* ---- learning */

static void
live(lo_live_t *l, uint64_t serial, uint64_t agreed)
{
    memset(l, 0, sizeof(lo_live_t));

    l->version = LO_LIVE_VERSION;
    l->size = sizeof(lo_live_t);
    l->serial = serial;
    l->agreed = agreed;
    l->life = 7;
    l->d.duration = 2;
    l->d.timescale = 1;
    l->dvr_s = 60;
    l->first = INT64_MAX;
    l->next_run = 1;
    l->next_init = 1;
}


static void
track(lo_live_t *l, const char *id, uint64_t digest, unsigned pipeline,
    const char *name, uint32_t ring, uint64_t word)
{
    lo_live_init_t   *init;
    lo_live_track_t  *t;

    if (l->npipelines <= pipeline) {
        l->npipelines = pipeline + 1;
    }

    strcpy(l->pipelines[pipeline], name);

    t = &l->tracks[l->ntracks];
    strcpy(t->id, id);
    t->ring = ring;

    init = &l->inits[l->ninits++];
    init->id = l->next_init++;
    init->track = l->ntracks++;
    init->digest = digest;
    init->word = word;
    init->pipelines = 1u << pipeline;
    init->info.timescale = 90000;
    t->init[pipeline] = init->id;
}


/* what has nothing of its own becomes theirs, but for rings and words */

static void
test_learn_clean(void **state)
{
    static lo_live_t  l, theirs;

    live(&l, 5, 5);
    track(&l, "v", 11, 0, "a", 3, 1003);

    live(&theirs, 9, 9);
    track(&theirs, "v", 11, 0, "a", UINT32_MAX, 0);
    track(&theirs, "a", 12, 0, "a", UINT32_MAX, 0);
    theirs.phase = LO_LIVE_LIVE;
    theirs.window = 30;

    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.serial == 9 && l.agreed == 9);
    assert_int_equal(l.ntracks, 2);
    assert_int_equal(l.tracks[0].ring, 3);
    assert_true(l.tracks[1].ring == UINT32_MAX);
    assert_true(l.inits[0].word == 1003);
    assert_true(l.inits[1].word == 0);
    assert_int_equal(l.phase, LO_LIVE_LIVE);

    assert_int_equal(lo_live_adopt(&l, &theirs), 0);
}


/* a new event gives way, also where it has a serial of its own */

static void
test_learn_fresh(void **state)
{
    static lo_live_t  l, theirs;

    live(&l, 1, 0);
    l.life = 0;
    live(&theirs, 4, 4);
    track(&theirs, "v", 11, 0, "a", UINT32_MAX, 0);
    theirs.first = 100;

    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.serial == 4 && l.agreed == 4 && l.life == 7);
    assert_int_equal(l.first, 100);
}


/* tracks that keep their clock in a run: of one that both have, and of one
   that theirs lacks; tracks have other indices there */

static void
test_learn_kept(void **state)
{
    static lo_live_t  l, theirs;

    live(&theirs, 9, 9);
    track(&theirs, "x", 10, 0, "a", UINT32_MAX, 0);
    track(&theirs, "v", 11, 0, "a", UINT32_MAX, 0);
    track(&theirs, "a", 12, 0, "a", UINT32_MAX, 0);
    theirs.runs[0].id = 1;
    theirs.runs[0].first = 100;
    theirs.runs[0].anchor.offset = 50;
    theirs.runs[0].anchor.scale = 1;
    theirs.runs[1].id = 2;
    theirs.runs[1].first = 120;
    theirs.runs[1].anchor.offset = 70;
    theirs.runs[1].anchor.scale = 1;
    theirs.nruns = 2;
    theirs.next_run = 3;
    theirs.first = 100;

    live(&l, 8, 5);
    track(&l, "v", 11, 0, "a", 3, 1003);
    track(&l, "a", 12, 0, "a", 4, 1004);
    memcpy(l.runs, theirs.runs, sizeof(l.runs));
    l.runs[1].kept = 2;
    l.runs[2] = l.runs[1];
    l.runs[2].id = 3;
    l.runs[2].first = 140;
    l.runs[2].anchor.offset = 90;
    l.nruns = 3;
    l.next_run = 4;
    l.first = 100;
    l.tracks[1].clock = l.runs[0].anchor;
    l.tracks[1].clock_run = 3;

    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_int_equal(l.serial, 10);
    assert_string_equal(l.tracks[2].id, "a");
    assert_int_equal(l.nruns, 3);
    assert_int_equal(l.runs[0].kept, 0);
    assert_int_equal(l.runs[1].kept, 4);
    assert_int_equal(l.runs[2].kept, 4);
    assert_int_equal(lo_live_anchor(&l, &l.runs[2], 2)->offset, 50);
    assert_int_equal(lo_live_anchor(&l, &l.runs[1], 2)->offset, 50);
    assert_int_equal(lo_live_anchor(&l, &l.runs[2], 1)->offset, 90);
}


/* both sides went on: theirs counts, what it lacks is added and said so */

static void
test_learn_both(void **state)
{
    lo_str_t          value;
    lo_err_t          err;
    lo_live_mask_t    mask;
    static lo_live_t  l, theirs;

    live(&theirs, 9, 9);
    track(&theirs, "v", 11, 0, "a", UINT32_MAX, 0);
    theirs.runs[0].id = 1;
    theirs.runs[0].first = 100;
    theirs.nruns = 1;
    theirs.next_run = 2;
    theirs.first = 100;

    l = theirs;
    l.agreed = 5;
    l.serial = 8;
    l.tracks[0].ring = 3;
    l.inits[0].word = 1003;
    track(&l, "a", 12, 1, "b", 4, 1004);
    l.runs[1].id = 2;
    l.runs[1].first = 140;
    l.runs[1].pipelines = 2;
    l.nruns = 2;
    l.next_run = 3;
    l.phase = LO_LIVE_ENDED;
    l.last = 150;

    memset(&mask, 0, sizeof(mask));
    mask.from = 120;
    mask.to = 130;
    mask.track = 1;
    mask.pipeline = 1;
    assert_int_equal(lo_live_mask(&l, &mask, -1), 1);

    value = lo_cstr("x");
    assert_int_equal(lo_notice_set(&l.notices, lo_cstr("ad"), &value,
                                   INT64_MAX, 0, &err), 1);

    assert_int_equal(lo_live_adopt(&l, &theirs), 1);

    assert_true(l.agreed == 9 && l.serial == 10);
    assert_int_equal(l.npipelines, 2);
    assert_int_equal(l.ntracks, 2);
    assert_string_equal(l.tracks[1].id, "a");
    assert_int_equal(l.tracks[0].ring, 3);
    assert_int_equal(l.tracks[1].ring, 4);
    assert_int_equal(l.ninits, 2);
    assert_int_equal(l.inits[1].id, 2);
    assert_int_equal(l.inits[1].track, 1);
    assert_true(l.inits[0].word == 1003 && l.inits[1].word == 1004);
    assert_int_equal(l.tracks[1].init[1], 2);
    assert_int_equal(l.nruns, 2);
    assert_int_equal(l.next_run, 3);
    assert_int_equal(l.phase, LO_LIVE_ENDED);
    assert_int_equal(l.last, 150);
    assert_int_equal(lo_live_masked(&l, 1, 125), 2);
    assert_int_equal(l.notices.n, 1);

    /* and what comes of it is what the other one learns */

    l.agreed = l.serial;
    lo_live_strip(&l);
    assert_int_equal(lo_live_adopt(&theirs, &l), 1);
    assert_true(theirs.serial == theirs.agreed);
    lo_live_strip(&theirs);
    assert_memory_equal(&theirs, &l, sizeof(l));
}


/* Redis lost what it had: another record has the number of this one */

static void
test_learn_stamp(void **state)
{
    static lo_live_t  l, theirs;

    live(&l, 6, 6);
    track(&l, "v", 11, 0, "a", 3, 1003);
    l.stamp = 1;

    live(&theirs, 6, 6);
    track(&theirs, "v", 11, 0, "a", UINT32_MAX, 0);
    theirs.stamp = 1;
    assert_int_equal(lo_live_adopt(&l, &theirs), 0);

    theirs.stamp = 2;
    track(&l, "a", 12, 0, "a", 4, 1004);
    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.stamp == 2 && l.agreed == 6 && l.serial == 7);
    assert_int_equal(l.ntracks, 2);

    /* one that is older was under way for longer than this */

    theirs.serial = 5;
    assert_int_equal(lo_live_adopt(&l, &theirs), 0);
}


/* of what operators say of CDNs the last word counts, on both sides */

static void
test_learn_drained(void **state)
{
    static lo_live_t  l, theirs;

    live(&theirs, 9, 9);
    theirs.first = 100;
    theirs.drained.since_us = 50;
    theirs.drained.n = 1;
    strcpy(theirs.drained.ids[0], "cdn-a");

    l = theirs;
    l.agreed = 5;
    l.serial = 8;
    l.drained.since_us = 60;
    l.drained.n = 0;
    l.shown_us = 70;
    assert_false(lo_live_same(&l, &theirs));

    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.serial == 10 && l.agreed == 9);
    assert_int_equal(l.drained.n, 0);
    assert_true(l.shown == l.serial && l.shown_us == 70);

    l = theirs;
    l.agreed = 5;
    l.serial = 8;
    l.drained.since_us = 40;
    strcpy(l.drained.ids[0], "cdn-b");
    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.serial == 9 && l.agreed == 9);
    assert_string_equal(l.drained.ids[0], "cdn-a");

    /* it is something of its own, also where there is nothing else */

    live(&l, 8, 5);
    l.drained.since_us = 60;
    l.drained.n = 1;
    strcpy(l.drained.ids[0], "cdn-c");
    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_string_equal(l.drained.ids[0], "cdn-c");
}


/* of documents the newest counts, and a list of pipelines is closed */

static void
test_learn_document(void **state)
{
    static lo_live_t  l, theirs;

    live(&theirs, 9, 9);
    track(&theirs, "v", 11, 0, "a", UINT32_MAX, 0);
    theirs.first = 100;
    theirs.doc_us = 50;
    theirs.fixed_pipelines = 1;

    l = theirs;
    l.agreed = 5;
    l.serial = 8;
    l.doc_us = 60;
    l.dvr_s = 600;
    l.playlist_s = 30;
    strcpy(l.pipelines[1], "z");
    l.npipelines = 2;

    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.doc_us == 60 && l.serial == 10 && l.agreed == 9);
    assert_int_equal(l.dvr_s, 600);
    assert_int_equal(l.playlist_s, 30);
    assert_int_equal(l.npipelines, 1);

    l.agreed = l.serial;
    theirs.serial = 11;
    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_true(l.doc_us == 50 && l.serial == 11);
}


/* how long parts are is as who went live first has fixed it */

static void
test_learn_parts(void **state)
{
    static lo_live_t  l, theirs, scheduled;

    live(&scheduled, 9, 9);
    track(&scheduled, "a", 11, 0, "a", UINT32_MAX, 0);
    track(&scheduled, "v", 12, 0, "a", UINT32_MAX, 0);
    scheduled.first = 100;
    scheduled.tracks[0].chunk_us = 512000;

    l = scheduled;
    l.agreed = 5;
    l.serial = 8;
    l.phase = LO_LIVE_LIVE;
    l.window = 30;
    l.part_us = 256000;
    l.tracks[0].chunk_us = 256000;
    l.tracks[1].chunk_us = 1000000;
    theirs = l;

    assert_int_equal(lo_live_adopt(&l, &scheduled), 1);
    assert_true(l.serial == 10 && l.phase == LO_LIVE_LIVE);
    assert_int_equal(l.part_us, 256000);
    assert_int_equal(l.tracks[0].chunk_us, 256000);
    assert_int_equal(l.tracks[1].chunk_us, 1000000);

    /* both are live: theirs, and what it does not know yet */

    theirs.serial = 20;
    theirs.agreed = 20;
    theirs.part_us = 500000;
    theirs.tracks[0].chunk_us = 500000;
    theirs.tracks[1].chunk_us = 0;
    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_int_equal(l.part_us, 500000);
    assert_int_equal(l.tracks[0].chunk_us, 500000);
    assert_int_equal(l.tracks[1].chunk_us, 1000000);

    theirs.serial = 30;
    theirs.agreed = 30;
    theirs.part_us = 0;
    theirs.tracks[0].chunk_us = 0;
    assert_int_equal(lo_live_adopt(&l, &theirs), 1);
    assert_int_equal(l.part_us, 500000);
    assert_int_equal(l.tracks[0].chunk_us, 500000);

    /* nobody is: the newest document says it */

    l = scheduled;
    l.agreed = 5;
    l.serial = 8;
    l.part_us = 300000;
    l.tracks[1].chunk_us = 1000000;
    assert_int_equal(lo_live_adopt(&l, &scheduled), 1);
    assert_int_equal(l.part_us, 0);
    l = scheduled;
    l.agreed = 5;
    l.serial = 8;
    l.part_us = 300000;
    l.doc_us = 1;
    assert_int_equal(lo_live_adopt(&l, &scheduled), 1);
    assert_int_equal(l.part_us, 300000);
}


static void
test_same(void **state)
{
    static lo_live_t  a, b;

    live(&a, 5, 5);
    track(&a, "v", 11, 0, "a", 3, 1003);
    b = a;
    b.serial = 6;
    b.shown = 6;
    b.shown_us = 1;
    b.tracks[0].ring = 4;
    b.inits[0].word = 1;
    assert_true(lo_live_same(&a, &b));

#define DIFFERS(change)                                                       \
    b = a;                                                                    \
    change;                                                                   \
    assert_false(lo_live_same(&a, &b))

    DIFFERS(b.phase = LO_LIVE_LIVE);
    DIFFERS(b.agreed = 4);
    DIFFERS(b.stamp = 1);
    DIFFERS(b.doc_us = 1);
    DIFFERS(b.d.duration = 3);
    DIFFERS(b.nmasks = 1);
    DIFFERS(strcpy(b.pipelines[1], "b"));
    DIFFERS(b.tracks[0].type = LO_MEDIA_AUDIO);
    DIFFERS(b.tracks[0].chunk_us = 1);
    DIFFERS(b.tracks[0].init[1] = 1);
    DIFFERS(b.runs[0].first = 1);
    DIFFERS(b.inits[0].first = 1);
    DIFFERS(b.inits[0].info.timescale = 1);
    DIFFERS(track(&b, "a", 12, 0, "a", 4, 1004));
}


static void
test_likely(void **state)
{
    int64_t           now, n;
    static lo_live_t  l;

    live(&l, 5, 5);
    now = INT64_C(1795383757) * LO_USEC;
    n = 1795383757 / 2;

    assert_true(lo_live_likely(&l, 0, now));
    assert_true(lo_live_likely(&l, n + 59, now));
    assert_false(lo_live_likely(&l, n + 62, now));
    assert_false(lo_live_likely(&l, -1, now));
    assert_false(lo_live_likely(&l, INT64_MAX, now));

    l.lead_s = 3600;
    assert_true(lo_live_likely(&l, n + 1800, now));

    l.irregular = 1;
    assert_true(lo_live_likely(&l, n * 2, now));
    assert_false(lo_live_likely(&l, INT64_MAX, now));
}


static void
test_check(void **state)
{
    lo_err_t          err;
    static lo_live_t  l, bad;

    live(&l, 1, 1);
    track(&l, "v", 11, 0, "a", UINT32_MAX, 0);

    assert_int_equal(lo_live_check(&l, lo_live_len(&l), &err), LO_OK);
    assert_int_equal(lo_live_check(&l, lo_live_len(&l) - 1, &err), LO_ERROR);
    assert_int_equal(lo_live_check(&l, 8, &err), LO_ERROR);

#define BAD(change)                                                           \
    bad = l;                                                                  \
    change;                                                                   \
    assert_int_equal(lo_live_check(&bad, lo_live_len(&l), &err), LO_ERROR)

    BAD(bad.version++);
    BAD(bad.size++);
    BAD(bad.ntracks = LO_MAX_TRACKS + 1);
    BAD(bad.npipelines = LO_MAX_PIPELINES + 1);
    BAD(bad.inits[0].track = 1);
    BAD(memset(bad.tracks[0].id, 'x', sizeof(bad.tracks[0].id)));
    BAD(memset(bad.pipelines[0], 'x', sizeof(bad.pipelines[0])));
    BAD(bad.nmasks = 1; bad.masks[0].track = 1);
    BAD(bad.d.timescale = 0);

    bad = l;
    bad.d.duration = 0;
    bad.d.timescale = 0;
    assert_int_equal(lo_live_check(&bad, lo_live_len(&l), &err), LO_OK);

    BAD(bad.notices.n = LO_NOTICES + 1);
    BAD(bad.inits[0].info.timescale = 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_line_bad),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_learn_clean),
        cmocka_unit_test(test_learn_fresh),
        cmocka_unit_test(test_learn_kept),
        cmocka_unit_test(test_learn_both),
        cmocka_unit_test(test_learn_stamp),
        cmocka_unit_test(test_learn_drained),
        cmocka_unit_test(test_learn_document),
        cmocka_unit_test(test_learn_parts),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_likely),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
