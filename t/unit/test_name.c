#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "core/name.h"
#include "core/template.h"


static const lo_str_t  none = lo_null_string;


static void
expect(lo_str_t got, const char *want)
{
    char  text[128];

    snprintf(text, sizeof(text), "%.*s", (int) got.len,
             got.data ? (char *) got.data : "");
    assert_string_equal(text, want ? want : "");
}


static void
test_publish(void **state)
{
    static const struct {
        const char  *path;
        lo_name_e    kind;
        const char  *track;
        uint64_t     number;
    } cases[] = {
        { "ev/a/v1/init.mp4", LO_NAME_INIT, "v1", 0 },
        { "ev/a/v1/init.cmfv", LO_NAME_INIT, "v1", 0 },
        { "ev/a/v1/init-0.mp4", LO_NAME_INIT, "v1", 0 },
        { "ev/a/v1/init_0.mp4", LO_NAME_INIT, "v1", 0 },
        { "ev/a/v1/init0.m4s", LO_NAME_INIT, "v1", 0 },
        { "ev/a/v1/12.m4s", LO_NAME_SEGMENT, "v1", 12 },
        { "ev/a/v1/00012.cmfv", LO_NAME_SEGMENT, "v1", 12 },
        { "ev/a/v1/0.cmfa", LO_NAME_SEGMENT, "v1", 0 },
        { "ev/a/v1/7.cmft", LO_NAME_SEGMENT, "v1", 7 },
        { "ev/a/v1/7.cmfm", LO_NAME_SEGMENT, "v1", 7 },
        { "ev/a/v1/7.mp4", LO_NAME_SEGMENT, "v1", 7 },
        { "ev/a/v1/7.m4v", LO_NAME_SEGMENT, "v1", 7 },
        { "ev/a/v1/7.m4a", LO_NAME_SEGMENT, "v1", 7 },
        { "ev/a/v1/9007199254740992.m4s", LO_NAME_SEGMENT, "v1",
          9007199254740992ULL },
        { "ev/a/v1/media12.m4s", LO_NAME_SEGMENT, "v1", 12 },
        { "ev/a/v1/index_00003.m4s", LO_NAME_SEGMENT, "v1", 3 },
        { "ev/a/v1/seg-2-5.m4s", LO_NAME_SEGMENT, "v1", 5 },
        { "ev/a/v1/initial5.m4s", LO_NAME_SEGMENT, "v1", 5 },
        { "ev/a/init-stream0.m4s", LO_NAME_INIT, "stream0", 0 },
        { "ev/a/init-stream12.mp4", LO_NAME_INIT, "stream12", 0 },
        { "ev/a/chunk-stream0-00001.m4s", LO_NAME_SEGMENT, "stream0", 1 },
        { "ev/a/chunk-stream3-100000.m4s", LO_NAME_SEGMENT, "stream3",
          100000 },
        { "ev/a/Streams(v1.cmfv)", LO_NAME_STREAM, "v1", 0 },
        { "ev/a/Streams(v1.x.cmfa)", LO_NAME_STREAM, "v1.x", 0 },
        { "ev/a/Streams(v1)", LO_NAME_STREAM, "v1", 0 },
        { "ev/a/manifest.mpd", LO_NAME_MANIFEST, NULL, 0 },
        { "ev/a/v1/index.m3u8", LO_NAME_MANIFEST, NULL, 0 },
        { "ev/a/master.m3u8", LO_NAME_MANIFEST, NULL, 0 },
        { "2026-cup.final_1/b.2/v/1.m4s", LO_NAME_SEGMENT, "v", 1 },
    };
    size_t     i;
    lo_name_t  n;
    lo_err_t   err;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err.text[0] = '\0';

        if (lo_name_publish(&n, lo_cstr(cases[i].path), none, none, &err)
            != LO_OK)
        {
            fail_msg("%s: %s", cases[i].path, err.text);
        }

        assert_int_equal(n.kind, cases[i].kind);
        expect(n.track, cases[i].track);
        assert_int_equal(n.number, cases[i].number);
    }

    assert_int_equal(lo_name_publish(&n, lo_cstr("ev/a/v1/3.m4s"), none, none,
                                     &err), LO_OK);
    expect(n.event, "ev");
    expect(n.pipeline, "a");
}


static void
test_publish_refused(void **state)
{
    static const char  *paths[] = {
        "", "/", "ev", "ev/a", "ev/a/", "ev//a/v/1.m4s", "/ev/a/v/1.m4s",
        "ev/a/v/1.m4s/", "ev/a/v//1.m4s", "ev/../a/v/1.m4s",
        "ev/a/../1.m4s", "ev/a/v/..", "ev/a/./1.m4s", "ev/./v/1.m4s",
        "~ev/a/v/1.m4s", "ev/~a/v/1.m4s", "ev/a/~v/1.m4s",
        "-ev/a/v/1.m4s", "ev/a b/v/1.m4s", "ev/a/v/w/1.m4s",
        "ev/a/v/1", "ev/a/v/1.ts", "ev/a/v/.m4s", "ev/a/v/x.m4s",
        "ev/a/v/-1.m4s", "ev/a/v/+1.m4s", "ev/a/v/1.5.m4s", "ev/a/v/1e3.mp4",
        "ev/a/v/1x.m4s", "ev/a/v/0x10.m4s", "ev/a/1.m4s", "ev/a/init.mp4",
        "ev/a/v/9007199254740993.m4s",
        "ev/a/v/18446744073709551617.m4s",
        "ev/a/v/99999999999999999999999999999999999999.m4s",
        "ev/a/init-stream.m4s", "ev/a/init-streamX.m4s",
        "ev/a/init-stream0-1.m4s", "ev/a/chunk-stream0.m4s",
        "ev/a/chunk-stream0-.m4s", "ev/a/chunk-stream0-1x.m4s",
        "ev/a/chunk-stream-1.m4s",
        "ev/a/chunk-stream0-99999999999999999999.m4s",
        "ev/a/v/init-stream0.m4s", "ev/a/v/chunk-stream1-00001.m4s",
        "ev/a/Streams(", "ev/a/Streams()", "ev/a/Streams(v.cmfv",
        "ev/a/Streams(../x.cmfv)", "ev/a/Streams(~v.cmfv)",
        "ev/a/Streams(.cmfv)", "ev/a/Streams(v.cmfv)/1",
        "ev/a/v\\..\\1.m4s", "ev/a/v/1\n.m4s",
        ("01234567890123456789012345678901234567890123456789012345678901234"
         "/a/v/1.m4s"),
    };
    size_t     i;
    char       text[1200];
    lo_name_t  n;
    lo_err_t   err;
    lo_str_t   nul = lo_string("ev/a/v/1\0.m4s");

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        err.text[0] = '\0';

        if (lo_name_publish(&n, lo_cstr(paths[i]), none, none, &err)
            != LO_ERROR)
        {
            fail_msg("%s was taken", paths[i]);
        }

        assert_true(err.text[0] != '\0');
    }

    assert_int_equal(lo_name_publish(&n, nul, none, none, &err), LO_ERROR);

    /* overlong, though every component would be well */

    snprintf(text, sizeof(text), "ev/a/v/%01100d.m4s", 1);
    assert_int_equal(lo_name_publish(&n, lo_cstr(text), none, none, &err),
                     LO_ERROR);

    snprintf(text, sizeof(text), "ev/a/v/%0900d.m4s", 1);
    assert_int_equal(lo_name_publish(&n, lo_cstr(text), none, none, &err),
                     LO_OK);
    assert_int_equal(n.number, 1);
}


static void
test_publish_own(void **state)
{
    static const struct {
        const char  *init;
        const char  *media;
        const char  *name;
        lo_name_e    kind;             /* NONE: refused */
        const char  *track;
        uint64_t     number;
    } cases[] = {
        { "$RepresentationID$/i.mp4",
          "$RepresentationID$/$Number%05d$.seg",
          "v1/00017.seg", LO_NAME_SEGMENT, "v1", 17 },
        { "$RepresentationID$/i.mp4",
          "$RepresentationID$/$Number%05d$.seg",
          "v1/17.seg", LO_NAME_NONE, NULL, 0 },
        { "$RepresentationID$/i.mp4",
          "$RepresentationID$/$Number%05d$.seg",
          "v1/i.mp4", LO_NAME_INIT, "v1", 0 },
        { "a-$RepresentationID$-init.mp4",
          "a-$RepresentationID$-$Number$.mp4",
          "a-v-1-init.mp4", LO_NAME_INIT, "v-1", 0 },
        { "a-$RepresentationID$-init.mp4",
          "a-$RepresentationID$-$Number$.mp4",
          "a-v-1-9.mp4", LO_NAME_SEGMENT, "v-1", 9 },
        { "", "$RepresentationID$_$Time$.m4s",
          "v_123456789012345678901234567890.m4s", LO_NAME_SEGMENT, "v", 0 },
        { "", "$Bandwidth$/$RepresentationID$/$RepresentationID$-$Number$.s",
          "800000/v/v-3.s", LO_NAME_SEGMENT, "v", 3 },
        { "", "$Bandwidth$/$RepresentationID$/$RepresentationID$-$Number$.s",
          "800000/v/w-3.s", LO_NAME_NONE, NULL, 0 },
        { "", "$$$RepresentationID$$$$Number$", "$v$5", LO_NAME_SEGMENT, "v",
          5 },
        { "", "$RepresentationID$/s$Number$.m4s",
          "v/s9007199254740993.m4s", LO_NAME_NONE, NULL, 0 },

        /* the standing grammar goes on beside it */

        { "$RepresentationID$/i.mp4",
          "$RepresentationID$/$Number%05d$.seg",
          "v1/3.m4s", LO_NAME_SEGMENT, "v1", 3 },
    };
    size_t     i;
    int        rc;
    char       path[256];
    lo_name_t  n;
    lo_err_t   err;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(path, sizeof(path), "ev/a/%s", cases[i].name);

        rc = lo_name_publish(&n, lo_cstr(path), lo_cstr(cases[i].init),
                             lo_cstr(cases[i].media), &err);

        if (cases[i].kind == LO_NAME_NONE) {
            assert_int_equal(rc, LO_ERROR);
            continue;
        }

        if (rc != LO_OK) {
            fail_msg("%s: %s", path, err.text);
        }

        assert_int_equal(n.kind, cases[i].kind);
        expect(n.track, cases[i].track);
        assert_int_equal(n.number, cases[i].number);
    }
}


static void
test_template_check(void **state)
{
    char      text[300];
    lo_err_t  err;

#define ok(t, media)                                                          \
    assert_int_equal(lo_template_check(lo_cstr(t), media, &err), LO_OK)
#define bad(t, media)                                                         \
    assert_int_equal(lo_template_check(lo_cstr(t), media, &err), LO_ERROR)

    ok("$RepresentationID$/$Number$.m4s", 1);
    ok("$RepresentationID$/$Time%09d$", 1);
    ok("$RepresentationID$.mp4", 0);
    ok("$$$RepresentationID$$$", 0);

    bad("", 0);
    bad("x", 0);
    bad("$Number$.m4s", 1);
    bad("$RepresentationID$.m4s", 1);
    bad("$RepresentationID$/$Number", 1);
    bad("$RepresentationID$/$number$", 1);
    bad("$RepresentationID$/$Number%5d$", 1);
    bad("$RepresentationID$/$Number%05x$", 1);
    bad("$RepresentationID%05d$/$Number$", 1);
    bad("$RepresentationID$/$Number$/$SubNumber$", 1);
    bad("$", 0);

    /* what could not be told apart */

    ok("$RepresentationID$-0$Number$-1", 1);
    bad("$RepresentationID$/$Number%05d$4.m4s", 1);
    bad("$RepresentationID$$Number$.m4s", 1);
    bad("$RepresentationID$12$Number$.m4s", 1);
    bad("$Number$$RepresentationID$.m4s", 1);
    bad("$RepresentationID$/$Number$$Time$.m4s", 1);

    snprintf(text, sizeof(text), "$RepresentationID$%0280d", 0);
    bad(text, 0);
}


static void
test_event(void **state)
{
    lo_name_t  n;
    lo_err_t   err;

    assert_int_equal(lo_name_event(&n, lo_cstr("ev/a/any-thing+x"), &err),
                     LO_OK);
    expect(n.event, "ev");
    expect(n.pipeline, "a");
    assert_int_equal(n.kind, LO_NAME_NONE);

    assert_int_equal(lo_name_event(&n, lo_cstr("ev/a"), &err), LO_OK);
    assert_int_equal(lo_name_event(&n, lo_cstr("ev"), &err), LO_ERROR);
    assert_int_equal(lo_name_event(&n, lo_cstr("ev/../x"), &err), LO_ERROR);
    assert_int_equal(lo_name_event(&n, lo_cstr("ev/-a/x"), &err), LO_ERROR);
    assert_int_equal(lo_name_event(&n, none, &err), LO_ERROR);
}


static void
test_serve(void **state)
{
    static const struct {
        const char  *path;
        lo_name_e    kind;
        const char  *token;
        const char  *class;
        const char  *track;
        uint64_t     number;
        uint32_t     part;
        uint32_t     digest;
    } cases[] = {
        { "ev/manifest.mpd", LO_NAME_MPD },
        { "ev/master.m3u8", LO_NAME_MASTER },
        { "ev/steering", LO_NAME_STEERING },
        { "~t/ev/~tv/steering", LO_NAME_STEERING, "t", "tv" },
        { "ev/v1/media.m3u8", LO_NAME_MEDIA, NULL, NULL, "v1" },
        { "ev/v1/init.mp4", LO_NAME_INIT, NULL, NULL, "v1" },
        { "ev/v1/init-0a1b2c3d.mp4", LO_NAME_INIT_DIGEST, NULL, NULL, "v1",
          0, 0, 0x0a1b2c3d },
        { "ev/v1/897691878.m4s", LO_NAME_SEGMENT, NULL, NULL, "v1",
          897691878 },
        { "ev/v1/0.m4s", LO_NAME_SEGMENT, NULL, NULL, "v1", 0 },
        { "ev/v1/9007199254740992.m4s", LO_NAME_SEGMENT, NULL, NULL, "v1",
          9007199254740992ULL },
        { "ev/v1/7.0.m4s", LO_NAME_PART, NULL, NULL, "v1", 7, 0 },
        { "ev/v1/7.11.m4s", LO_NAME_PART, NULL, NULL, "v1", 7, 11 },
        { "~tok.en=/ev/manifest.mpd", LO_NAME_MPD, "tok.en=" },
        { "~t~o/ev/v1/1.m4s", LO_NAME_SEGMENT, "t~o", NULL, "v1", 1 },
        { "ev/~tv/manifest.mpd", LO_NAME_MPD, NULL, "tv" },
        { "~t/ev/~tv/v1/3.m4s", LO_NAME_SEGMENT, "t", "tv", "v1", 3 },
        { "ev/streams/4.m4s", LO_NAME_SEGMENT, NULL, NULL, "streams", 4 },
        { "ev/play", LO_NAME_PLAY },
        { "~t/ev/clearkey", LO_NAME_CLEARKEY, "t" },
        { "ev/patch-0a1b2c3d4e5f6071.mpp", LO_NAME_PATCH, NULL, NULL, NULL,
          0x0a1b2c3d4e5f6071ULL },
        { "ev/~_tv.de-3320.0012ab.x-_0/master.m3u8", LO_NAME_MASTER, NULL,
          "_tv.de-3320.0012ab.x-_0" },
        { "ev/~_/v1/media.m3u8", LO_NAME_MEDIA, NULL, "_", "v1" },
    };
    size_t     i;
    lo_name_t  n;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (lo_name_serve(&n, lo_cstr(cases[i].path)) != LO_OK) {
            fail_msg("%s", cases[i].path);
        }

        assert_int_equal(n.kind, cases[i].kind);
        expect(n.event, "ev");
        expect(n.token, cases[i].token);
        expect(n.class, cases[i].class);
        expect(n.track, cases[i].track);
        expect(n.pipeline, NULL);
        assert_int_equal(n.number, cases[i].number);
        assert_int_equal(n.part, cases[i].part);
        assert_int_equal(n.digest, cases[i].digest);
    }
}


static void
test_serve_none(void **state)
{
    static const char  *paths[] = {
        "", "/", "ev", "ev/", "~t", "~t/", "~t/ev", "~/ev/manifest.mpd",
        "ev/~/manifest.mpd", "ev/~tv", "ev/~tv/", "ev/~-tv/manifest.mpd",
        "ev/v1", "ev/v1/", "ev//manifest.mpd", "../ev/manifest.mpd",
        "ev/../manifest.mpd", "ev/v1/../manifest.mpd", "ev/Manifest.mpd",
        "ev/manifest.mpd/x", "ev/x.mpd", "ev/v1/x.m3u8", "ev/v1/init.cmfv",
        "ev/v1/init-0A1B2C3D.mp4", "ev/v1/init-0a1b2c3.mp4",
        "ev/v1/init-0a1b2c3d4.mp4", "ev/v1/init-0a1b2c3g.mp4",
        "ev/v1/init-0a1b2c3d.m4s", "ev/v1/x.m4s", "ev/v1/.m4s",
        "ev/v1/1.cmfv", "ev/v1/1.mp4", "ev/v1/1..m4s", "ev/v1/.1.m4s",
        "ev/v1/1.2.3.m4s", "ev/v1/1.x.m4s", "ev/v1/1.9999999999.m4s",
        "ev/v1/9007199254740993.m4s", "ev/v1/-1.m4s", "ev/a/v1/1.m4s",
        "ev/v1/0007.m4s", "ev/v1/00.m4s", "ev/v1/7.00.m4s",
        "ev/~a/~b/v1/1.m4s", "ev/~v1/1.m4s", "~t/~u/ev/manifest.mpd",
        "ev/patch-0a1b2c3d4e5f607.mpp", "ev/patch-0a1b2c3d4e5f607G.mpp",
        "ev/patch-.mpp", "ev/~_a=b/manifest.mpd", "ev/~_a b/manifest.mpd",
    };
    size_t     i;
    char       text[800];
    lo_name_t  n;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (lo_name_serve(&n, lo_cstr(paths[i])) != LO_NONE) {
            fail_msg("%s was found", paths[i]);
        }

        assert_int_equal(n.kind, LO_NAME_NONE);
    }

    snprintf(text, sizeof(text), "~%0600d/ev/manifest.mpd", 1);
    assert_int_equal(lo_name_serve(&n, lo_cstr(text)), LO_NONE);

    snprintf(text, sizeof(text), "~%0512d/ev/manifest.mpd", 1);
    assert_int_equal(lo_name_serve(&n, lo_cstr(text)), LO_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_publish_refused),
        cmocka_unit_test(test_publish_own),
        cmocka_unit_test(test_template_check),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_serve),
        cmocka_unit_test(test_serve_none),
    };

    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
