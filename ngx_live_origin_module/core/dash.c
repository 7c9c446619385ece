#include "core/dash_int.h"


#define LO_DASH_UPDATE   (10 * LO_USEC)
#define LO_DASH_YOUNG    (16 * LO_USEC)


/* on the MPD's own clock, which begins with the origin's slot */

static int64_t
lo_dash_clock(const lo_manifest_t *m, int64_t us)
{
    return us - lo_timeline_start_us(&m->d, m->origin);
}


static int64_t
lo_dash_start(const lo_manifest_t *m, const lo_manifest_period_t *p)
{
    return m->irregular ? p->start_us : lo_timeline_start_us(&m->d, p->first);
}


static int64_t
lo_dash_end(const lo_manifest_t *m)
{
    return m->irregular ? m->end_us
                        : lo_timeline_start_us(&m->d, m->last + 1);
}


/*
 * No @duration while live: the next Period's start says it, and ffmpeg would
 * take the longest Period for the current one.
 */

static void
lo_dash_period(lo_dash_t *x, unsigned index)
{
    const lo_manifest_t  *m;

    m = x->m;
    x->p = &m->periods[index];
    x->first = x->p->first;

    if (m->ended && !m->irregular && x->first < m->from) {
        x->first = m->from;
    }

    x->start_us = m->irregular ? x->p->start_us
                               : lo_timeline_start_us(&m->d, x->first);
    x->end_us = index + 1 < m->nperiods ? lo_dash_start(m, x->p + 1)
                : m->ended || m->bound ? lo_dash_end(m) : INT64_MAX;

    lo_buf_printf(x->b, "  <Period id=\"%u\"", x->p->id);
    lo_dash_duration(x->b, "start", lo_dash_clock(m, x->start_us));

    if ((m->ended || m->bound) && index + 1 == m->nperiods) {
        lo_dash_duration(x->b, "duration", x->end_us - x->start_us);
    }

    lo_buf_puts(x->b, ">\n");
    lo_dash_cues(x);
    lo_dash_sets(x);
    lo_buf_puts(x->b, "  </Period>\n");
}


/* ---- the MPD */

/*
 * A pusher that is not on UTC begins a new Period whenever it is started
 * again, and a player that does not know of it yet puts the new segments
 * where the old ones were.
 */

static int
lo_dash_restarts(const lo_manifest_t *m)
{
    return m->nperiods != 0 && m->periods[m->nperiods - 1].anchor.offset != 0;
}


int64_t
lo_dash_update_us(const lo_manifest_t *m)
{
    int64_t  d;

    if (m->ended) {
        return 0;
    }

    d = lo_dur_us(&m->d);

    if (m->irregular || m->depth_us < LO_DASH_YOUNG || lo_dash_restarts(m)) {
        return d > 2 * LO_USEC ? d : 2 * LO_USEC;
    }

    return d > LO_DASH_UPDATE ? d : LO_DASH_UPDATE;
}


static int
lo_dash_encrypted(const lo_manifest_t *m)
{
    unsigned  i, j;

    for (i = 0; i < m->nperiods; i++) {
        for (j = 0; j < m->periods[i].ntracks; j++) {
            if (m->periods[i].tracks[j].info->scheme) {
                return 1;
            }
        }
    }

    return 0;
}


/* the longest segment: d, or what an irregular event lists, in seconds */

static int64_t
lo_dash_longest(const lo_manifest_t *m)
{
    int64_t                     us, max;
    unsigned                    i, j, k;
    const lo_manifest_track_t  *t;

    max = lo_dur_us(&m->d);

    for (i = 0; i < m->nperiods && m->irregular; i++) {
        for (j = 0; j < m->periods[i].ntracks; j++) {
            t = &m->periods[i].tracks[j];

            for (k = 0; k < t->nsegments; k++) {
                us = lo_rescale(t->segments[k].duration, LO_USEC,
                                t->info->timescale, LO_CEIL);
                us = (us + LO_USEC - 1) / LO_USEC * LO_USEC;
                max = us > max ? us : max;
            }
        }
    }

    return max;
}


static void
lo_dash_dynamic(lo_buf_t *b, const lo_manifest_t *m)
{
    lo_buf_puts(b, " type=\"dynamic\"");
    lo_dash_time(b, "availabilityStartTime",
                 lo_timeline_start_us(&m->d, m->origin) + m->delay_us);
    lo_dash_time(b, "publishTime", lo_dash_publish_us(m));
    lo_dash_duration(b, "minimumUpdatePeriod", lo_dash_update_us(m));
    lo_dash_duration(b, "timeShiftBufferDepth", m->depth_us);
    lo_dash_duration(b, "suggestedPresentationDelay", 3 * lo_dash_longest(m));
}


static void
lo_dash_static(lo_buf_t *b, const lo_manifest_t *m)
{
    lo_buf_puts(b, " type=\"static\"");
    lo_dash_time(b, "publishTime", lo_dash_publish_us(m));
    lo_dash_duration(b, "mediaPresentationDuration",
                     lo_dash_clock(m, lo_dash_end(m)));
}


/* where segments are, seen from a class, and where the class is, seen from
   elsewhere: what is asked for again is asked for there */

static void
lo_dash_place(lo_buf_t *b, const lo_manifest_t *m)
{
    lo_dash_cdns(b, m);

    if (m->up.len && m->ncdns == 0) {
        lo_buf_puts(b, "  <BaseURL>");
        lo_dash_escape(b, m->up);
        lo_buf_puts(b, "</BaseURL>\n");
    }

    if (m->class.len) {
        lo_buf_puts(b, "  <Location>");
        lo_dash_escape(b, m->class);
        lo_buf_puts(b, m->ncdns ? "manifest.mpd" LO_MARK_SESSION
                                : "manifest.mpd");
        lo_buf_puts(b, "</Location>\n");
    }
}


/*
 * One that is not below its class is asked for there, patches and all; with
 * CDNs there are none, as a patch would be of bytes that not every viewer has.
 */

static int
lo_dash_patched(const lo_manifest_t *m)
{
    return m->irregular && !m->ended && m->class.len == 0 && m->id.len
           && m->ncdns == 0;
}


void
lo_dash_mpd(lo_buf_t *b, const lo_manifest_t *m)
{
    unsigned   i;
    lo_dash_t  x;

    lo_buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"");

    if (lo_dash_encrypted(m)) {
        lo_buf_puts(b, " xmlns:cenc=\"urn:mpeg:cenc:2013\"");
    }

    if (lo_dash_patched(m)) {
        lo_dash_attr(b, "id", m->id);
    }

    lo_buf_printf(b, " profiles=\"urn:mpeg:dash:profile:isoff-live:2011%s\"",
                  m->irregular ? "" : ",urn:mpeg:dash:profile:cmaf:2019");

    if (m->ended) {
        lo_dash_static(b, m);

    } else {
        lo_dash_dynamic(b, m);
    }

    lo_dash_duration(b, "minBufferTime", lo_dur_us(&m->d));
    lo_dash_duration(b, "maxSegmentDuration", lo_dash_longest(m));
    lo_buf_puts(b, ">\n");

    if (m->title.len) {
        lo_buf_puts(b, "  <ProgramInformation><Title>");
        lo_dash_escape(b, m->title);
        lo_buf_puts(b, "</Title></ProgramInformation>\n");
    }

    lo_dash_place(b, m);

    if (lo_dash_patched(m)) {
        lo_dash_patch_location(b);
    }

    lo_dash_latency(b, m);
    lo_dash_steering(b, m);

    x.m = m;
    x.b = b;

    for (i = 0; i < m->nperiods; i++) {
        lo_dash_period(&x, i);
    }

    if (m->utc_timing.len && !m->ended) {
        lo_buf_puts(b, "  <UTCTiming schemeIdUri="
                    "\"urn:mpeg:dash:utc:http-iso:2014\"");
        lo_dash_attr(b, "value", m->utc_timing);
        lo_buf_puts(b, "/>\n");
    }

    lo_buf_puts(b, "</MPD>\n");

    if (lo_dash_patched(m) && lo_buf_ok(b)) {
        lo_dash_patch_sign(b->start, b->pos - b->start);
    }
}
