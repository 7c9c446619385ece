#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "core/dash.h"
#include "core/hls.h"
#include "lib/day.h"


#define ZONE_SIZE  (24 << 20)
#define BYTES      200                /* of a segment */
#define TEXT       (256 * 1024)       /* of a manifest */

typedef __int128  day_wide_t;


/* ---- frames: round(k d fps) is the first of slot k */

static int64_t
day_div(day_wide_t v, day_wide_t den)
{
    day_wide_t  q;

    v = 2 * v + den;
    den *= 2;
    q = v / den;

    return (int64_t) (v % den < 0 ? q - 1 : q);
}


int64_t
day_frame(const day_plan_t *plan, const day_track_t *t, int64_t k)
{
    return day_div((day_wide_t) k * (int64_t) plan->d.duration * t->num,
                   (day_wide_t) t->den * plan->d.timescale);
}


int64_t
day_time(const day_track_t *t, int64_t frame)
{
    return day_div((day_wide_t) frame * t->den * t->ts, t->num);
}


/* the longest frame, microseconds, rounded up */

static int64_t
day_frame_us(const day_track_t *t)
{
    return (int64_t) LO_USEC * t->den / t->num + 1;
}


/* ---- the event */

day_t *
day_new(const day_plan_t *plan)
{
    unsigned            i;
    day_t              *day;
    const day_track_t  *t;

    day = calloc(1, sizeof(day_t));
    assert_non_null(day);

    day->plan = plan;
    day->d = plan->d;
    day->sim = sim_new(plan->document);
    day->sim->wraps = plan->wraps;

    t_zone_make(&day->zone, ZONE_SIZE, 1, 0);

    for (i = 0; plan->tracks[i].type; i++) {
        t = &plan->tracks[i];

        sim_init(day->sim, "a", t->id, t->type, t->ts, i + 1);

        if (plan->pipelines > 1) {
            sim_init(day->sim, "b", t->id, t->type, t->ts, i + 1);
        }

        day->ring[i] = lo_zone_track_add(day->zone.z, day->zone.event,
                                         lo_cstr(t->id), DAY_KEEP);
        assert_true(day->ring[i] >= 0);
    }

    day->ntracks = i;

    return day;
}


static void
day_publish(day_t *day, unsigned i, unsigned pipeline,
    const day_segment_t *s)
{
    int                rc;
    lo_word_t          word;
    lo_zone_t         *z;
    unsigned char      data[BYTES], digest[16];
    lo_zone_meta_t     meta;
    lo_zone_upload_t   up;

    z = day->zone.z;
    t_zone_fill(data, BYTES, (uint64_t) s->number * 8 + i);
    lo_zone_digest(digest, data, BYTES);

    memset(&meta, 0, sizeof(meta));
    meta.m = s->m;
    meta.duration = s->duration;
    meta.timescale = day->plan->tracks[i].ts;
    meta.init = day->sim->place.init;
    meta.run = s->run;

    rc = lo_zone_upload(z, &up, (unsigned) day->zone.event, LO_KIND_SEGMENT,
                        BYTES);
    assert_int_equal(rc, LO_OK);
    assert_int_equal(lo_zone_upload_write(z, &up, data, BYTES), LO_OK);

    rc = lo_zone_publish(z, (uint32_t) day->ring[i], s->number, pipeline, &up,
                         digest, &meta, &word);
    assert_true(rc == LO_PUBLISH_NEW);
}


/* the first number of all is what the first track gets */

static void
day_push(day_t *day, unsigned i, const char *pipeline, int64_t k)
{
    int64_t             m, n, slot, frame, next;
    uint64_t            duration;
    const day_track_t  *t;
    day_segment_t      *s;

    t = &day->plan->tracks[i];
    slot = day->base + k;
    frame = day_frame(day->plan, t, slot);
    next = day_frame(day->plan, t, slot + 1);
    m = day_time(t, frame);
    duration = (uint64_t) (day_time(t, next) - m);

    n = sim_put(day->sim, pipeline, t->id,
                day->plan->wraps ? (int64_t) (uint32_t) m : m, duration);

    if (day->first < 0) {
        day->first = n;
    }

    /* none skipped, none used twice, by any track */

    assert_int_equal(n, day->first + k);
    assert_false(day->sim->place.off_grid);

    s = &day->seen[i][n % DAY_KEEP];

    if (*pipeline == 'a') {
        assert_true(s->number < n);
        s->number = n;
        s->m = m;
        s->duration = duration;
        s->run = day->sim->place.run;

    } else {
        assert_int_equal(s->number, n);
    }

    assert_int_equal(day->sim->place.m, m);
    day_publish(day, i, *pipeline - 'a', s);
}


/* the clock at the end of a number's slot, and a little more */

static void
day_clock(day_t *day, int64_t k)
{
    int64_t          us, midnight;
    const lo_dur_t  *d;

    d = &day->plan->d;

    us = lo_timeline_start_us(d, lo_timeline_at(d, SIM_NOW) + k) + 300000;
    midnight = (SIM_NOW / LO_USEC / 86400 + 1) * 86400 * LO_USEC;

    if (us >= midnight) {
        us += day->plan->leap_s * LO_USEC;
    }

    day->sim->f.now_us = us;
}


void
day_step(day_t *day, int64_t k)
{
    sim_t            *sim;
    unsigned          i;
    lo_zone_event_t  *ze;
    lo_live_ready_t   r;

    sim = day->sim;
    day_clock(day, k);

    if (k == 0) {
        day->first = -1;
        day->base = day->plan->begin == INT64_MIN
                    ? lo_timeline_at(&day->plan->d, sim->f.now_us) - 1
                    : day->plan->begin;
    }

    for (i = 0; i < day->ntracks; i++) {
        day_push(day, i, "a", k);
    }

    for (i = 0; i < day->ntracks && day->plan->pipelines > 1; i++) {
        day_push(day, i, "b", k);
    }

    ze = lo_zone_event(day->zone.z, (unsigned) day->zone.event);

    memset(&r, 0, sizeof(r));
    r.now_us = sim->f.now_us;
    r.has = (UINT64_C(1) << day->ntracks) - 1;
    r.bytes_per_d = (uint64_t) day->ntracks * LO_ZONE_PAGE;
    r.share = ze->share * LO_ZONE_PAGE;
    r.head = sim->f.event_head;

    lo_live_late(&sim->l, sim->f.event_head, sim->f.now_us);
    lo_live_ready(&sim->l, &r);
    lo_live_depth(&sim->l, sim->f.now_us);
}


/* ---- what readers get */

static void
day_list(day_t *day, unsigned i, int64_t n, lo_manifest_segment_t *s)
{
    unsigned                k;
    lo_anchor_t             anchor;
    lo_zone_pin_t           pin;
    const lo_live_t        *l;
    const lo_zone_meta_t   *meta;

    l = &day->sim->l;

    assert_int_equal(lo_zone_find(day->zone.z, (uint32_t) day->ring[i], n, 1,
                                  0, &pin), LO_OK);
    assert_true(t_zone_same(day->zone.z, pin.object, (uint64_t) n * 8 + i));

    meta = &pin.object->meta;

    for (k = 0; k + 1 < l->nruns && l->runs[k].id != meta->run; k++) {
        /* void */
    }

    anchor = l->runs[k].anchor;

    memset(s, 0, sizeof(*s));
    s->number = n;
    s->m = meta->m;
    s->duration = meta->duration;
    s->run = meta->run;
    s->init = lo_live_init_by_id(l, meta->init)->digest;
    s->start_us = lo_timeline_utc_us(&anchor, meta->m, meta->timescale);
    s->end_us = lo_timeline_utc_us(&anchor,
                                   meta->m + (int64_t) meta->duration,
                                   meta->timescale);

    lo_zone_unpin(day->zone.z, &pin);
}


static int64_t
day_iso_us(const char *text)
{
    int        ms;
    char      *end;
    struct tm  tm;

    memset(&tm, 0, sizeof(tm));
    end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    assert_non_null(end);

    ms = *end == '.' ? atoi(end + 1) : 0;

    return timegm(&tm) * LO_USEC + ms * 1000;
}


/* where a segment lies on UTC: what its boxes say, plus the run's anchor */

static int64_t
day_true_us(const day_t *day, const day_track_t *t, const day_segment_t *s)
{
    lo_anchor_t  a;

    a = lo_live_run_at(&day->sim->l, s->number)->anchor;

    return lo_timeline_utc_us(&a, s->m, t->ts);
}


static void
day_playlist(day_t *day, unsigned i, const char *text, int64_t from)
{
    int64_t               n, at, sec, us, off, frame;
    const char           *p;
    const day_track_t    *t;
    const day_segment_t  *s;

    t = &day->plan->tracks[i];
    frame = day_frame_us(t);
    n = from;
    at = -1;

    for (p = text; p != NULL; p = strchr(p, '\n')) {
        p += *p == '\n';

        if (sscanf(p, "#EXT-X-PROGRAM-DATE-TIME:%*d-%ld", &sec) == 1) {
            at = day_iso_us(strchr(p, ':') + 1);
        }

        assert_true(strncmp(p, "#EXT-X-GAP", 10) != 0);
        assert_true(strncmp(p, "#EXT-X-DISCONTINUITY\n", 21) != 0);

        if (sscanf(p, "#EXTINF:%ld.%6ld,", &sec, &us) != 2) {
            continue;
        }

        us += sec * LO_USEC;
        s = &day->seen[i][n % DAY_KEEP];
        assert_int_equal(s->number, n);

        off = us - lo_rescale((int64_t) s->duration, LO_USEC, t->ts,
                              LO_NEAREST);
        assert_in_range(off + frame, 0, 2 * frame);

        off = at - day_true_us(day, t, s);
        assert_in_range(off + frame, 0, 2 * frame);

        at += us;
        n++;
        day->listed++;
    }

    assert_int_equal(n, day->sim->f.event_head + 1);
}


void
day_playlists(day_t *day, unsigned n)
{
    int64_t                 from, k;
    unsigned                i;
    lo_buf_t                b;
    lo_manifest_list_t      list;
    static char             text[TEXT];
    lo_manifest_segment_t  *s;

    from = day->sim->f.event_head - n + 1;
    from = from < day->first ? day->first : from;

    s = calloc(n, sizeof(*s));
    assert_non_null(s);

    for (i = 0; i < day->ntracks; i++) {

        memset(&list, 0, sizeof(list));
        list.d = day->sim->l.d;
        list.segments = s;

        for (k = from; k <= day->sim->f.event_head; k++) {
            day_list(day, i, k, &s[list.nsegments++]);
        }

        lo_buf_init(&b, text, sizeof(text) - 1);
        lo_hls_media(&b, &list);
        assert_true(lo_buf_ok(&b));
        *b.pos = '\0';

        day_playlist(day, i, text, from);
    }

    free(s);
}


static int64_t
day_attr(const char *text, const char *name)
{
    const char  *p;

    p = strstr(text, name);
    assert_non_null(p);

    return strtoll(p + strlen(name), NULL, 10);
}


/* by ISO/IEC 23009-1, 5.3.9.5.3 */

void
day_mpd(day_t *day)
{
    char                  *tpl;
    int64_t                ast, start, d, ts, pto, at, head, m;
    unsigned               i;
    lo_buf_t               b;
    lo_manifest_t          man;
    static char            text[TEXT];
    const day_track_t     *t;
    lo_manifest_room_t     room;
    const day_segment_t   *s;
    lo_manifest_track_t    tracks[DAY_TRACKS];
    lo_manifest_period_t   periods[1];

    room.periods = periods;
    room.max_periods = 1;
    room.tracks = tracks;
    room.max_tracks = DAY_TRACKS;
    head = day->sim->f.event_head;

    assert_int_equal(lo_manifest_live(&man, &day->sim->l, NULL,
                                      head - day->sim->l.window + 1, &room),
                     LO_OK);

    man.id = lo_cstr("ev");
    lo_buf_init(&b, text, sizeof(text) - 1);
    lo_dash_mpd(&b, &man);
    assert_true(lo_buf_ok(&b));
    *b.pos = '\0';

    ast = day_iso_us(strstr(text, "availabilityStartTime=\"") + 23);
    tpl = text;

    for (i = 0; i < day->ntracks; i++) {

        tpl = strstr(tpl + 1, "<SegmentTemplate");
        assert_non_null(tpl);

        start = day_attr(tpl, "startNumber=\"");
        d = day_attr(tpl, " duration=\"");
        ts = day_attr(tpl, "timescale=\"");
        pto = day_attr(tpl, "presentationTimeOffset=\"");

        /* the newest number that a player takes for available: the clock is
           300 ms behind the end of the head, the delay at least 1 s */

        at = (int64_t) ((day_wide_t) (day->sim->f.now_us - ast) * ts
                        / ((day_wide_t) d * LO_USEC)) + start - 1;

        assert_in_range(at - head + 3, 0, 4);

        /* where it expects the head in media time: within half a frame for
           the cut, and one for the rounding */

        t = &day->plan->tracks[i];
        s = &day->seen[i][head % DAY_KEEP];
        m = (int64_t) ((day_wide_t) (head - start) * d * t->ts / ts)
            + day_div((day_wide_t) pto * t->ts, ts);

        assert_in_range(s->m - m + 2 * (int64_t) t->ts * t->den / t->num, 0,
                        4 * (int64_t) t->ts * t->den / t->num);
    }
}


void
day_end(day_t *day)
{
    int64_t           n, head, window;
    unsigned          i;
    struct stat       st;
    lo_zone_pin_t     pin;
    lo_zone_check_t   c;

    head = day->sim->f.event_head;
    window = day->sim->l.window;

    assert_true(window >= 60);
    assert_int_equal(stat(day->zone.path, &st), 0);
    assert_int_equal(st.st_size, ZONE_SIZE);

    for (i = 0; i < day->ntracks; i++) {

        for (n = head - window + 1; n <= head; n++) {
            assert_int_equal(lo_zone_find(day->zone.z,
                                          (uint32_t) day->ring[i], n, 0, 0,
                                          &pin), LO_OK);
            lo_zone_unpin(day->zone.z, &pin);
        }

        assert_int_equal(lo_zone_find(day->zone.z, (uint32_t) day->ring[i],
                                      head - 2 * DAY_KEEP, 0, 0, &pin),
                         LO_NONE);
    }

    lo_zone_sweep(day->zone.z);
    memset(&c, 0, sizeof(c));
    t_zone_check(day->zone.z, &c);
    assert_int_equal(c.errors, 0);
    assert_int_equal(c.leaks, 0);
    assert_int_equal(c.private, 0);
    assert_int_equal(c.pinned, day->ntracks);          /* the rings */

    t_zone_drop(&day->zone);
    sim_free(day->sim);
    free(day);
}
