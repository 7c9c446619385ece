/*
 * The arithmetic of the MPD over 24 hours: what a player computes from it, and
 * what the segments say.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mpd.h"

#define DAY      86400
#define UTC      1700000000LL
#define AAC      1024                      /* samples of a frame */


static uint64_t
attr(const char *track, const char *name)
{
    char         key[64];
    const char  *p;

    snprintf(key, sizeof(key), "<Representation id=\"%s\"", track);
    p = strstr(mpd_text, key);
    assert_non_null(p);
    p = strstr(p, "<SegmentTemplate ");
    snprintf(key, sizeof(key), " %s=\"", name);
    p = strstr(p, key);
    assert_non_null(p);

    return strtoull(p + strlen(key), NULL, 10);
}


static void
tracks(uint32_t duration, uint32_t timescale)
{
    mpd_event(2);
    track_video(&mpd_tracks[0], &mpd_info[0], "v", 1280, 720, 3000000);
    track_audio(&mpd_tracks[1], &mpd_info[1], "a", "en", 128000);
    mpd_info[1].sample_rate = 48000;
    mpd_info[1].timescale = 48000;
    mpd.d.duration = duration;
    mpd.d.timescale = timescale;
}


/*
 * Number addressing.  Of each number of a day: the media time where the MPD
 * has it begin, in samples of the track, against the grid's and against the
 * frame nearest to that, where a segment begins.
 */

static void
numbers(const char *track, uint32_t scale, uint32_t frame, int64_t offset)
{
    int64_t     n, first, last, by, mpd_time, grid, m, bound;
    uint64_t    ts, d, pto, start;
    __int128_t  x;

    ts = attr(track, "timescale");
    d = attr(track, "duration");
    start = attr(track, "startNumber");
    pto = attr(track, "presentationTimeOffset");

    first = lo_timeline_at(&mpd.d, UTC * LO_USEC);
    last = lo_timeline_at(&mpd.d, (UTC + DAY) * LO_USEC);
    bound = frame / 2 + 1;

    for (n = first; n <= last; n++) {

        x = (__int128_t) (n - (int64_t) start) * d + pto;
        mpd_time = x * scale / ts;

        grid = lo_timeline_media(&mpd.d, &mpd_periods[0].anchor, n, scale);
        by = mpd_time - grid;
        assert_true(by >= -1 && by <= 1);

        /* its first frame is the one nearest to the grid, counted from 0 */

        m = ((__int128_t) n * mpd.d.duration * scale / mpd.d.timescale
             + frame / 2) / frame * frame - offset * scale;
        by = mpd_time - m;
        assert_true(by >= -bound && by <= bound);
    }
}


static void
test_day(void **state)
{
    tracks(60060, 30000);
    mpd_render();
    numbers("v", 30000, 1001, 0);
    numbers("a", 48000, AAC, 0);

    tracks(2, 1);
    mpd_render();
    numbers("a", 48000, AAC, 0);

    /* a clock that began on a number of its own: its times are small */

    tracks(60060, 30000);
    mpd.origin = lo_timeline_at(&mpd.d, UTC * LO_USEC);
    mpd_periods[0].first = mpd.origin;
    mpd_periods[0].anchor.offset = UTC - 60;
    mpd_render();
    numbers("v", 30000, 1001, UTC - 60);
    numbers("a", 48000, AAC, UTC - 60);
}


/*
 * A list: every S@t and S@d of a day is that of its segment, exactly, though
 * audio alternates and most times are only implied.
 */

#define SEGMENTS  43200

static lo_manifest_segment_t  list[SEGMENTS];


static void
listed(const char *track, unsigned n, char *text)
{
    char        *p, *e, key[64];
    int64_t      t, d, r;
    unsigned     i;

    snprintf(key, sizeof(key), "<Representation id=\"%s\"", track);
    p = strstr(text, key);
    assert_non_null(p);
    e = strstr(p, "</SegmentTimeline>");

    for (t = 0, i = 0; (p = strstr(p, "<S ")) != NULL && p < e; ) {

        p += 3;

        if (strncmp(p, "t=\"", 3) == 0) {
            t = strtoll(p + 3, &p, 10);
            p += 2;
        }

        assert_memory_equal(p, "d=\"", 3);
        d = strtoll(p + 3, &p, 10);
        r = strncmp(p, "\" r=\"", 5) == 0 ? strtoll(p + 5, NULL, 10) : 0;

        for ( ; r >= 0; r--, i++) {
            assert_true(i < n);
            assert_int_equal(t, list[i].m);
            assert_int_equal(d, list[i].duration);
            t += d;
        }
    }

    assert_int_equal(i, n);
}


static void
test_list(void **state)
{
    char      *text;
    int64_t    m, next;
    size_t     size;
    unsigned   i;
    lo_buf_t   b;

    tracks(2, 1);
    mpd.irregular = 1;
    mpd_periods[0].start_us = UTC * LO_USEC;
    mpd_periods[0].anchor.offset = UTC;
    mpd_tracks[1].segments = list;
    mpd_tracks[1].nsegments = SEGMENTS;

    for (m = 0, i = 0; i < SEGMENTS; i++, m = next) {
        next = ((int64_t) (i + 1) * 96000 + AAC / 2) / AAC * AAC;
        list[i].number = i;
        list[i].m = m;
        list[i].duration = next - m;
    }

    lo_buf_init(&b, NULL, 0);
    lo_dash_mpd(&b, &mpd);
    size = b.need;
    text = malloc(size + 1);
    lo_buf_init(&b, text, size);
    lo_dash_mpd(&b, &mpd);
    assert_true(lo_buf_ok(&b));
    text[size] = '\0';

    listed("a", SEGMENTS, text);
    free(text);

    /* a day later than its first */

    assert_true(list[SEGMENTS - 1].m + (int64_t) list[SEGMENTS - 1].duration
                - (int64_t) DAY * 48000 <= AAC);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_day),
        cmocka_unit_test(test_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
