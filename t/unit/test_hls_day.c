/*
 * A day of media in one playlist: no EXTINF and no PROGRAM-DATE-TIME is more
 * than a frame from what the boxes say, and what is left over does not add up.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/hls.h"


#define HOURS   24
#define BEGIN   1795381200LL            /* 2026-11-22T21:00:00Z */


/* frames of a track lie nearest to the grid of d */

typedef struct {
    uint32_t    ts;
    int64_t     num;                    /* frames per second */
    int64_t     den;
} rate_t;


static int64_t
frame_time(const rate_t *r, int64_t frame)
{
    return lo_rescale(frame, (uint64_t) r->den * r->ts, (uint64_t) r->num,
                      LO_NEAREST);
}


static int64_t
segment_time(const rate_t *r, const lo_dur_t *d, int64_t n)
{
    int64_t  frame;

    frame = lo_rescale(n, d->duration * (uint64_t) r->num,
                       d->timescale * (uint64_t) r->den, LO_NEAREST);

    return frame_time(r, frame);
}


static int64_t
date_us(const char *p)
{
    int        ms;
    struct tm  tm;

    memset(&tm, 0, sizeof(tm));
    assert_int_equal(sscanf(p, "%d-%d-%dT%d:%d:%d.%3dZ", &tm.tm_year,
                            &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
                            &tm.tm_sec, &ms), 7);
    tm.tm_year -= 1900;
    tm.tm_mon--;

    return timegm(&tm) * 1000000LL + ms * 1000;
}


/* the next line with this beginning, behind p; NULL: there is none.  Line by
   line, as strstr and sscanf of a sanitizer look at the whole day each time */

static const char *
line(const char *p, const char *begins)
{
    for (p = strchr(p, '\n'); p != NULL; p = strchr(p, '\n')) {
        if (strncmp(++p, begins, strlen(begins)) == 0) {
            return p;
        }
    }

    return NULL;
}


/* what a player makes of the list, segment by segment */

static void
compare(const char *text, const rate_t *r, const lo_dur_t *d, int64_t first,
    int64_t n)
{
    double       us, frame, off, most;
    int64_t      i, m, next, base;
    long         sec, micro;
    char        *end;
    const char  *p;

    p = line(text, "#EXT-X-PROGRAM-DATE-TIME:");
    assert_non_null(p);
    base = date_us(p + 25);
    assert_null(line(p, "#EXT-X-PROGRAM-DATE-TIME:"));

    frame = 1e6 * (double) r->den / (double) r->num;
    m = segment_time(r, d, first);
    most = 0;
    us = (double) base;

    for (i = 0; i < n; i++, m = next) {

        off = us - 1e6 * (double) m / r->ts;
        most = off > most ? off : -off > most ? -off : most;

        p = line(p, "#EXTINF:");
        assert_non_null(p);
        sec = strtol(p + 8, &end, 10);
        assert_int_equal(*end, '.');
        micro = strtol(end + 1, &end, 10);
        assert_int_equal(*end, ',');

        next = segment_time(r, d, first + i + 1);
        off = (double) sec * 1e6 + (double) micro
              - 1e6 * (double) (next - m) / r->ts;
        assert_true(off < 1.5 && off > -1.5 && 1.5 < frame);

        us += (double) sec * 1e6 + (double) micro;
    }

    assert_null(line(p, "#EXTINF:"));

    /* the date is to the millisecond; nothing is added to that in a day */

    assert_true(most < 502);
}


static void
day(const rate_t *r, uint64_t duration, uint32_t timescale)
{
    char                   *text;
    int64_t                 i, n, first, m, end;
    lo_buf_t                b;
    lo_dur_t                d;
    lo_anchor_t             a = { 0, 1, 0 };
    lo_manifest_list_t      list;
    lo_manifest_segment_t  *s;

    assert_int_equal(lo_dur_set(&d, duration, timescale, NULL), LO_OK);

    n = lo_rescale(HOURS * 3600, d.timescale, d.duration, LO_CEIL);
    first = lo_rescale(BEGIN, d.timescale, d.duration, LO_NEAREST);
    s = calloc((size_t) n, sizeof(lo_manifest_segment_t));
    text = malloc((size_t) n * 64);
    assert_non_null(s);
    assert_non_null(text);

    for (i = 0; i < n; i++) {
        m = segment_time(r, &d, first + i);
        end = segment_time(r, &d, first + i + 1);
        s[i].number = first + i;
        s[i].start_us = lo_timeline_utc_us(&a, m, r->ts);
        s[i].end_us = lo_timeline_utc_us(&a, end, r->ts);
        s[i].init = 1;
        s[i].run = 1;
    }

    memset(&list, 0, sizeof(list));
    list.d = d;
    list.segments = s;
    list.nsegments = (unsigned) n;

    lo_buf_init(&b, text, (size_t) n * 64 - 1);
    lo_hls_media(&b, &list);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    compare(text, r, &d, first, n);
    free(text);
    free(s);
}


static const rate_t  video_29 = { 30000, 30000, 1001 };
static const rate_t  video_25 = { 90000, 25, 1 };
static const rate_t  audio_48 = { 48000, 48000, 1024 };
static const rate_t  audio_44 = { 44100, 44100, 1024 };


static void
test_2002(void **state)
{
    day(&video_29, 60060, 30000);
    day(&audio_48, 60060, 30000);
    day(&audio_44, 60060, 30000);
}


static void
test_2000(void **state)
{
    day(&video_25, 2, 1);
    day(&audio_48, 2, 1);
    day(&audio_44, 2, 1);
}


static void
test_1920(void **state)
{
    day(&video_25, 48, 25);
    day(&audio_48, 48, 25);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_2002),
        cmocka_unit_test(test_2000),
        cmocka_unit_test(test_1920),
    };

    return cmocka_run_group_tests_name("hls_day", tests, NULL, NULL);
}
