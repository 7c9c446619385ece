/*
 * Where segments are in time: SegmentTemplate, by arithmetic or, of irregular
 * events, as a list; and how far behind it to play.
 */

#include "core/dash_int.h"


#define LO_DASH_REFERENCE  1              /* ProducerReferenceTime@id */


/*
 * One that holds both d and the track's own times without rounding, where 32
 * bits can hold it.
 */

uint64_t
lo_dash_timescale(const lo_dash_t *x, const lo_manifest_track_t *t)
{
    uint64_t         ts, lcm;
    const lo_dur_t  *d;

    ts = t->info->timescale;

    if (x->m->irregular) {
        return ts;
    }

    d = &x->m->d;
    lcm = ts / lo_dash_gcd(ts, d->timescale) * d->timescale;

    return lcm <= UINT32_MAX ? lcm : d->timescale;
}


int64_t
lo_dash_offset(const lo_dash_t *x, const lo_manifest_track_t *t)
{
    int64_t             pto;
    uint64_t            ts;
    const lo_anchor_t  *a;

    ts = lo_dash_timescale(x, t);
    a = t->clock ? t->clock : &x->p->anchor;

    if (!x->m->irregular) {
        return lo_timeline_media(&x->m->d, a, x->first, ts);
    }

    if (__builtin_sub_overflow(lo_rescale(x->p->start_us, ts, LO_USEC,
                                          LO_NEAREST),
                               lo_rescale(a->offset, ts, a->scale,
                                          LO_NEAREST),
                               &pto))
    {
        return 0;                          /* of no clock that exists */
    }

    return pto;
}


static void
lo_dash_number(lo_dash_t *x, const lo_manifest_track_t *t)
{
    int64_t          pto, early;
    uint64_t         ts;
    const lo_dur_t  *d;

    d = &x->m->d;
    ts = lo_dash_timescale(x, t);
    early = lo_dash_early_us(x->m, t);

    if (early) {
        lo_buf_printf(x->b, " availabilityTimeOffset=\"%lld.%03lld\" "
                      "availabilityTimeComplete=\"false\"",
                      (long long) (early / LO_USEC),
                      (long long) (early % LO_USEC / 1000));
    }

    pto = lo_dash_offset(x, t);

    lo_buf_printf(x->b, " timescale=\"%llu\" duration=\"%llu\" "
                  "startNumber=\"%lld\" presentationTimeOffset=\"%lld\"/>\n",
                  (unsigned long long) ts,
                  (unsigned long long) (ts / d->timescale * d->duration),
                  (long long) x->first, (long long) (pto > 0 ? pto : 0));
}


/* numbers are counted along the list, so that it may not have a hole */

static unsigned
lo_dash_after_hole(const lo_manifest_track_t *t)
{
    unsigned  i;

    for (i = t->nsegments; i > 1; i--) {
        if (t->segments[i - 2].number + 1 != t->segments[i - 1].number) {
            return i - 1;
        }
    }

    return 0;
}


static void
lo_dash_list(lo_dash_t *x, const lo_manifest_track_t *t)
{
    int64_t                       pto, at, m;
    unsigned                      i, k, repeat;
    uint64_t                      d;
    const lo_manifest_segment_t  *s;

    i = lo_dash_after_hole(t);
    s = t->segments;

    pto = lo_dash_offset(x, t);

    lo_buf_printf(x->b, " timescale=\"%u\" startNumber=\"%lld\" "
                  "presentationTimeOffset=\"%lld\">\n"
                  "          <SegmentTimeline>\n",
                  t->info->timescale,
                  (long long) (t->nsegments ? s[i].number : 0),
                  (long long) (pto > 0 ? pto : 0));

    for (at = -1; i < t->nsegments; i = k) {
        m = s[i].m;
        d = s[i].duration;

        if (m < 0) {                       /* priming before time 0 */
            d = (uint64_t) -m < d ? d + m : 1;
            m = 0;
        }

        lo_buf_puts(x->b, "            <S");

        if (m != at) {
            lo_buf_printf(x->b, " t=\"%lld\"", (long long) m);
        }

        at = m + d;
        repeat = 0;

        for (k = i + 1; k < t->nsegments && s[k].m == at
                        && s[k].duration == d; k++)
        {
            at += d;
            repeat++;
        }

        lo_buf_printf(x->b, " d=\"%llu\"", (unsigned long long) d);

        if (repeat) {
            lo_buf_printf(x->b, " r=\"%u\"", repeat);
        }

        lo_buf_puts(x->b, "/>\n");
    }

    lo_buf_puts(x->b, "          </SegmentTimeline>\n"
                "        </SegmentTemplate>\n");
}


void
lo_dash_template(lo_dash_t *x, const lo_manifest_track_t *t)
{
    lo_buf_puts(x->b, "        <SegmentTemplate initialization=\"");
    lo_dash_escape(x->b, t->id);
    lo_buf_printf(x->b, "/init-%08x.mp4\" media=\"",
                  (unsigned) (t->digest >> 32));
    lo_dash_escape(x->b, t->id);
    lo_buf_puts(x->b, "/$Number$.m4s\"");

    if (x->m->irregular) {
        lo_dash_list(x, t);

    } else {
        lo_dash_number(x, t);
    }
}


/* ---- latency */

int64_t
lo_dash_early_us(const lo_manifest_t *m, const lo_manifest_track_t *t)
{
    int64_t  d;

    d = lo_dur_us(&m->d);

    return m->early && !m->ended && !m->irregular && t->chunk_us
           && t->chunk_us < d ? d - t->chunk_us : 0;
}


/* the longest chunk of all tracks that are there early; 0: none is */

static int64_t
lo_dash_chunk_us(const lo_manifest_t *m)
{
    int64_t                     longest;
    unsigned                    i, j;
    const lo_manifest_track_t  *t;

    longest = 0;

    for (i = 0; i < m->nperiods; i++) {
        for (j = 0; j < m->periods[i].ntracks; j++) {
            t = &m->periods[i].tracks[j];

            if (lo_dash_early_us(m, t) && t->chunk_us > longest) {
                longest = t->chunk_us;
            }
        }
    }

    return longest;
}


/*
 * How far behind to play: three chunks, at least 1.5 s, behind what the
 * origin's delay allows; and how fast to get there.
 */

void
lo_dash_latency(lo_buf_t *b, const lo_manifest_t *m)
{
    int64_t  ms, longest;

    longest = lo_dash_chunk_us(m);

    if (longest == 0) {
        return;
    }

    ms = 3 * longest / 1000;
    ms = ms > 1500 ? ms : 1500;

    lo_buf_printf(b, "  <ServiceDescription id=\"0\">"
                  "<Latency referenceId=\"%d\" target=\"%lld\" "
                  "min=\"%lld\" max=\"%lld\"/>"
                  "<PlaybackRate min=\"0.95\" max=\"1.05\"/>"
                  "</ServiceDescription>\n", LO_DASH_REFERENCE,
                  (long long) ms, (long long) ms / 2, (long long) ms * 3);
}


/* one ProducerReferenceTime is true of both */

int
lo_dash_clock_same(const lo_dash_t *x, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b)
{
    return (lo_dash_early_us(x->m, a) != 0) == (lo_dash_early_us(x->m, b) != 0)
           && lo_dash_timescale(x, a) == lo_dash_timescale(x, b)
           && lo_dash_offset(x, a) == lo_dash_offset(x, b);
}


/*
 * What latency is measured from: when the encoder's output was there, which
 * is media time and the event's delay.
 */

void
lo_dash_reference(lo_dash_t *x, const lo_manifest_track_t *t,
    const char *indent)
{
    int64_t  pto;

    pto = lo_dash_offset(x, t);

    if (pto < 0 || lo_dash_early_us(x->m, t) == 0) {
        return;
    }

    lo_buf_printf(x->b, "%s<ProducerReferenceTime id=\"%d\" "
                  "type=\"encoder\"", indent, LO_DASH_REFERENCE);
    lo_dash_time(x->b, "wallClockTime", x->start_us + x->m->delay_us);
    lo_buf_printf(x->b, " presentationTime=\"%lld\"", (long long) pto);

    if (x->m->utc_timing.len == 0) {
        lo_buf_puts(x->b, "/>\n");
        return;
    }

    lo_buf_puts(x->b, ">");
    lo_dash_descriptor(x->b, "", "UTCTiming",
                       "urn:mpeg:dash:utc:http-iso:2014", x->m->utc_timing);
    lo_buf_printf(x->b, "%s</ProducerReferenceTime>\n", indent);
}
