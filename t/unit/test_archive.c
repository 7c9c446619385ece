/* the head of archived files, and the records that the zone keeps of them */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/archive.h"
#include "zone/zone.h"
#include "lib/sim.h"
#include "lib/zone_util.h"


static lo_archive_head_t
a_head(void)
{
    unsigned           i;
    lo_archive_head_t  h;

    memset(&h, 0, sizeof(h));

    h.kind = LO_ARCHIVE_SEGMENT;
    h.pipeline = 3;
    h.size = UINT64_C(0x1234569a);
    h.place = lo_archive_place(lo_cstr("ev"), lo_cstr("v1"));
    h.number = INT64_C(1764195432);
    h.m = INT64_MIN + 5;
    h.tfdt = UINT64_MAX - 7;
    h.duration = 60060;
    h.timescale = 30000;
    h.init = 7;
    h.run = 9;
    h.rank = 2;
    h.verdict = UINT64_C(1) << 63 | 5;
    h.first_us = 1764195432000001;
    h.last_us = 1764195432000002;
    h.chunks = 12;
    h.flags = UINT32_MAX;

    for (i = 0; i < LO_ARCHIVE_AMOUNTS; i++) {
        h.ms[i] = (uint16_t) (1000 * i + 7);
    }

    for (i = 0; i < 16; i++) {
        h.digest[i] = (unsigned char) (i * 17);
    }

    return h;
}


static void
test_round_trip(void **state)
{
    lo_archive_head_t  h, back;
    unsigned char      mem[LO_ARCHIVE_HEAD];

    h = a_head();
    memset(&back, 0, sizeof(back));

    lo_archive_encode(mem, &h);
    assert_int_equal(lo_archive_decode(&back, mem, NULL), LO_OK);
    assert_memory_equal(&back, &h, sizeof(h));
}


/* the layout is what disks hold: it does not change with the compiler */

static void
test_layout(void **state)
{
    lo_archive_head_t           h;
    unsigned char               mem[LO_ARCHIVE_HEAD];
    static const unsigned char  start[] = {
        'L', 'O', 'A', 'R', 'C', 'H', '\r', '\n', 1, 0, 0, 0, 1, 0, 0, 0,
        0x9a, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0, 17, 34
    };

    h = a_head();
    lo_archive_encode(mem, &h);
    assert_memory_equal(mem, start, sizeof(start));
}


static void
test_any_altered_byte(void **state)
{
    unsigned           i;
    lo_err_t           err;
    lo_archive_head_t  h, back;
    unsigned char      mem[LO_ARCHIVE_HEAD];

    h = a_head();
    lo_archive_encode(mem, &h);

    for (i = 0; i < LO_ARCHIVE_HEAD; i++) {
        mem[i] ^= 0x40;
        assert_int_equal(lo_archive_decode(&back, mem, &err), LO_ERROR);
        mem[i] ^= 0x40;
    }

    assert_int_equal(lo_archive_decode(&back, mem, &err), LO_OK);
}


static void
test_places(void **state)
{
    assert_int_equal(lo_archive_place(lo_cstr("ev"), lo_cstr("v")),
                     lo_archive_place(lo_cstr("ev"), lo_cstr("v")));
    assert_int_not_equal(lo_archive_place(lo_cstr("ev"), lo_cstr("v")),
                         lo_archive_place(lo_cstr("e"), lo_cstr("vv")));
    assert_int_not_equal(lo_archive_place(lo_cstr("ev"), lo_cstr("")),
                         lo_archive_place(lo_cstr("ev"), lo_cstr("v")));
}


static void
test_names(void **state)
{
    assert_int_equal(lo_archive_number("0.seg"), 0);
    assert_int_equal(lo_archive_number("1764195432.seg"), 1764195432);
    assert_int_equal(lo_archive_number("123456789012345678.seg"),
                     INT64_C(123456789012345678));

    assert_int_equal(lo_archive_number("1234567890123456789.seg"), LO_NONE);
    assert_int_equal(lo_archive_number(".seg"), LO_NONE);
    assert_int_equal(lo_archive_number("12.seg.tmp"), LO_NONE);
    assert_int_equal(lo_archive_number("12"), LO_NONE);
    assert_int_equal(lo_archive_number("-1.seg"), LO_NONE);
    assert_int_equal(lo_archive_number("x12.seg"), LO_NONE);
}


/* the window is dvr_s, not what the share guarantees, and what rings name */

static void
test_window(void **state)
{
    size_t            i;
    sim_t            *sim;
    int64_t           n;
    lo_live_ready_t   r;

    static const struct {
        int      archive;
        int64_t  numbers;
        int64_t  window;
    } rows[] = {
        { 0, 0, 7 }, { 0, 16320, 7 }, { 0, 6, 6 }, { 1, 16320, 50 },
        { 1, 50, 50 }, { 1, 40, 40 }, { 1, 0, 50 },
    };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,\"dvr_s\":100,"
                      "\"tracks\":[{\"id\":\"v\"}]}");
        sim_inits(sim, "a");
        n = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;
        sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);

        memset(&r, 0, sizeof(r));
        r.now_us = sim->f.now_us;
        r.head = n;
        r.has = 1;
        r.bytes_per_d = 100;
        r.share = 1000;
        r.archive = rows[i].archive;
        r.numbers = rows[i].numbers;

        assert_true(lo_live_ready(&sim->l, &r));
        assert_int_equal(sim->l.window, rows[i].window);
        sim_free(sim);
    }
}


/* whatever a file says: no number, time or pipeline that is none */

static void
test_no_segment(void **state)
{
    size_t             i;
    lo_err_t           err;
    unsigned char      mem[LO_ARCHIVE_HEAD];
    lo_archive_head_t  h[6], back;

    for (i = 0; i < 6; i++) {
        h[i] = a_head();
    }

    h[0].number = -1;
    h[1].timescale = 0;
    h[2].size = UINT64_C(1) << 32;
    h[3].duration = UINT64_C(1) << 32;
    h[4].rank = 65536;
    h[5].pipeline = LO_MAX_PIPELINES;

    for (i = 0; i < 6; i++) {
        lo_archive_encode(mem, &h[i]);
        assert_int_equal(lo_archive_decode(&back, mem, &err), LO_ERROR);

        h[i].kind = LO_ARCHIVE_INIT;
        lo_archive_encode(mem, &h[i]);
        assert_int_equal(lo_archive_decode(&back, mem, &err), LO_OK);
    }
}


static void
test_folders(void **state)
{
    char      name[LO_ARCHIVE_NAME], id[LO_ID_MAX + 1], longest[80];
    size_t    i;
    int64_t   born;

    static const char *const  none[] = {
        "", "~", "ev", "ev~", "~1", "ev~0x1", "ev~01", "ev~1g", "ev~-1",
        "ev~1 ", "..~1", ".trash-1-ev", "_live", "e/v~1", "ev~1~1", "ev~+1",
        "ev~ffffffffffffffff", "ev~1ffffffffffffffff"
    };

    lo_archive_folder(name, "ev-1.x", INT64_C(1795383757123456));
    assert_string_equal(name, "ev-1.x~660e45b142f80");
    assert_int_equal(lo_archive_event(name, id, &born), LO_OK);
    assert_string_equal(id, "ev-1.x");
    assert_true(born == INT64_C(1795383757123456));

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(lo_archive_event(none[i], id, &born), LO_ERROR);
    }

    memset(longest, 'x', sizeof(longest));
    longest[LO_ID_MAX] = '\0';
    lo_archive_folder(name, longest, INT64_MAX);
    assert_int_equal(strlen(name), LO_ARCHIVE_NAME - 1);
    assert_int_equal(lo_archive_event(name, id, &born), LO_OK);
    assert_string_equal(id, longest);
    assert_true(born == INT64_MAX);

    longest[LO_ID_MAX] = 'x';
    strcpy(longest + LO_ID_MAX + 1, "~1");
    assert_int_equal(lo_archive_event(longest, id, &born), LO_ERROR);
}


/* a state that a disk has altered is none */

static void
test_sound(void **state)
{
    size_t      i;
    sim_t      *sim;
    int64_t     n;
    lo_live_t  *l;

    sim = sim_new("{\"id\":\"e\",\"segment_ms\":2000,"
                  "\"tracks\":[{\"id\":\"v\"}]}");
    sim_inits(sim, "a");
    n = lo_timeline_at(&sim->l.d, SIM_NOW) - 1;
    sim_put(sim, "a", "v", sim_at(sim, n, 30000), 60000);
    assert_true(sim->l.ntracks == 2 && sim->l.nruns == 1);
    assert_true(lo_live_sound(&sim->l));

    l = malloc(sizeof(lo_live_t));
    assert_non_null(l);

#define bad(change)                                                           \
    do {                                                                      \
        memcpy(l, &sim->l, sizeof(lo_live_t));                                \
        change;                                                               \
        assert_false(lo_live_sound(l));                                       \
    } while (0)

    bad(l->version++);
    bad(l->size--);
    bad(l->phase = LO_LIVE_ARCHIVED);
    bad(l->phase = LO_LIVE_LIVE);
    bad(l->d.duration = 0);
    bad(l->d.timescale = 0);
    bad(l->dvr_s = 0);
    bad(l->first = -1);
    bad(l->first = INT64_MAX);
    bad(l->first = INT64_MAX - 1);
    bad(l->delay_us = -1);
    bad(l->live_us = INT64_MAX);
    bad(l->depth_us = INT64_MIN);
    bad(l->shown_us = INT64_MAX);
    bad(l->origin = INT64_MIN);
    bad((l->phase = LO_LIVE_ENDED, l->window = 50, l->last = -1));
    bad(l->runs[0].first = INT64_MAX);
    bad(l->runs[0].start_us = INT64_MAX);
    bad(l->runs[0].anchor.offset = INT64_MIN);
    bad(l->inits[0].first = -1);
    bad(l->inits[0].info.edit = INT64_MIN);
    bad(l->window = -1);
    bad(l->window = INT64_MAX);
    bad(l->ntracks = LO_MAX_TRACKS + 1);
    bad(l->ninits = LO_LIVE_INITS + 1);
    bad(l->nruns = LO_LIVE_RUNS + 1);
    bad(l->npipelines = LO_MAX_PIPELINES + 1);
    bad(l->nmasks = LO_LIVE_MASKS + 1);
    bad(l->notices.n = LO_NOTICES + 1);
    bad(l->drained.n = LO_CDNS + 1);
    bad(l->drained.since_us = -1);
    bad(l->drained.n = 1);
    bad((l->drained.n = 1, strcpy(l->drained.ids[0], "a\"b")));
    bad((l->drained.n = 1, memset(l->drained.ids[0], 'x', LO_ID_MAX + 1)));
    bad(strcpy(l->tracks[0].id, "../../x"));
    bad(memset(l->tracks[0].id, 'x', sizeof(l->tracks[0].id)));
    bad(strcpy(l->tracks[0].id, l->tracks[1].id));
    bad(strcpy(l->pipelines[0], "a/b"));
    bad(memset(l->pipelines[0], 'x', sizeof(l->pipelines[0])));
    bad(l->tracks[0].type = LO_MEDIA_META + 1);
    bad(l->inits[0].track = l->ntracks);
    bad(l->inits[0].info.timescale = 0);
    bad(l->inits[0].info.type = LO_MEDIA_META + 1);
    bad(strcpy(l->inits[0].info.codec, "avc1\r\n"));
    bad(memset(l->inits[0].info.lang, 'x', LO_LANG_MAX));
    bad(l->inits[0].id = l->next_init);
    bad(l->tracks[0].init[0] = l->tracks[1].init[0]);
    bad(l->runs[0].anchor.scale = 0);
    bad(l->runs[0].id = l->next_run);
    bad((l->nmasks = 1, l->masks[0].pipeline = LO_MAX_PIPELINES));
    bad((l->nmasks = 1, l->masks[0].track = l->ntracks));
    bad((l->notices.n = 1, strcpy(l->notices.notices[0].key, "K")));
    bad((l->notices.n = 1, strcpy(l->notices.notices[0].key, "k"),
         strcpy(l->notices.notices[0].value, "v\r\nSet-Cookie: x")));
#undef bad

    /* and one of any other bytes is found out or can be looked at */

    for (i = 0; i < sizeof(lo_live_t); i += 97) {
        memcpy(l, &sim->l, sizeof(lo_live_t));
        ((unsigned char *) l)[i] ^= 0xff;
        (void) lo_live_sound(l);
    }

    free(l);
    sim_free(sim);
}


/* ---- records */

static lo_zone_record_t
a_record(int64_t number)
{
    lo_zone_record_t  rec;

    memset(&rec, 0, sizeof(rec));
    rec.number = number;
    rec.m = number * 90000;
    rec.duration = 180000;
    rec.timescale = 90000;
    rec.size = 100;

    return rec;
}


static void
test_records(void **state)
{
    int                track;
    t_zone_t           t;
    lo_zone_record_t   rec;

    t_zone_make(&t, 16 * 1024 * 1024, 4, 0);

    /* a track that was made without them has none */

    rec = a_record(7);
    lo_zone_record_set(t.z, t.track, &rec);
    assert_int_equal(lo_zone_record(t.z, t.track, 7, &rec), LO_NONE);

    lo_zone_keep_records(t.z);
    track = lo_zone_track_add(t.z, t.event, lo_cstr("kept"), 300);
    assert_true(track >= 0);

    assert_int_equal(lo_zone_record(t.z, track, 0, &rec), LO_NONE);

    rec = a_record(511);
    lo_zone_record_set(t.z, track, &rec);
    rec = a_record(3);
    lo_zone_record_set(t.z, track, &rec);

    assert_int_equal(lo_zone_record(t.z, track, 511, &rec), LO_OK);
    assert_int_equal(rec.m, 511 * 90000);
    assert_int_equal(lo_zone_record(t.z, track, 3, &rec), LO_OK);
    assert_int_equal(rec.duration, 180000);

    /* the same place of the ring, another number */

    assert_int_equal(lo_zone_record(t.z, track, 3 + 512, &rec), LO_NONE);
    rec = a_record(3 + 512);
    lo_zone_record_set(t.z, track, &rec);
    assert_int_equal(lo_zone_record(t.z, track, 3 + 512, &rec), LO_OK);
    assert_int_equal(lo_zone_record(t.z, track, 3, &rec), LO_NONE);

    lo_zone_record_clear(t.z, track, 3);
    assert_int_equal(lo_zone_record(t.z, track, 3 + 512, &rec), LO_OK);
    lo_zone_record_clear(t.z, track, 3 + 512);
    assert_int_equal(lo_zone_record(t.z, track, 3 + 512, &rec), LO_NONE);

    t_zone_drop(&t);
}


static void
test_restored_heads(void **state)
{
    t_zone_t  t;

    t_zone_make(&t, 16 * 1024 * 1024, 4, 0);

    lo_zone_track_restore(t.z, t.track, 1000);
    assert_int_equal(lo_zone_track(t.z, t.track)->head, 1000);
    assert_int_equal(lo_zone_event(t.z, t.event)->head, 1000);

    lo_zone_track_restore(t.z, t.track, 900);
    assert_int_equal(lo_zone_track(t.z, t.track)->head, 1000);

    assert_false(lo_zone_restored(t.z, 0));
    assert_true(lo_zone_restored(t.z, 1));
    assert_true(lo_zone_restored(t.z, 0));

    t_zone_drop(&t);
}


static void
test_one_archivist(void **state)
{
    t_zone_t    t;
    lo_zone_t  *other;

    t_zone_make(&t, 16 * 1024 * 1024, 4, 0);
    other = t_zone_join(t.path);

    assert_true(lo_zone_archivist(t.z));
    assert_true(lo_zone_archivist(t.z));
    assert_false(lo_zone_archivist(other));

    lo_zone_archivist_end(t.z);
    assert_true(lo_zone_archivist(other));
    assert_false(lo_zone_archivist(t.z));

    /* as the kernel does when a worker dies */

    lo_zone_close(other);
    assert_true(lo_zone_archivist(t.z));

    t_zone_drop(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_any_altered_byte),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_no_segment),
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_restored_heads),
        cmocka_unit_test(test_one_archivist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
