/*
 * Events: the cues of the event document as EventStream, and what tracks
 * carry themselves as InbandEventStream.
 */

#include "core/dash_int.h"
#include "core/xxh.h"


#define LO_DASH_SCTE35     "urn:scte:scte35:2014:xml+bin"
#define LO_DASH_CUE        "urn:live-origin:cue:2026"
#define LO_DASH_TIMESCALE  1000000


static int
lo_dash_cue_spliced(const lo_cue_t *c)
{
    unsigned  i;

    for (i = 0; i < LO_CUE_SPLICES && c->scte35[i].len == 0; i++) {
        /* void */
    }

    return i < LO_CUE_SPLICES;
}


/* what a splice_info_section does not say */

static int
lo_dash_cue_generic(const lo_cue_t *c)
{
    return c->ndata != 0 || !lo_dash_cue_spliced(c);
}


static int64_t
lo_dash_cue_end(const lo_cue_t *c)
{
    return c->end_us != INT64_MAX ? c->end_us
           : c->planned_us >= 0 ? c->start_us + c->planned_us : INT64_MAX;
}


/*
 * Players know an event again by its id: it is the same in each Period, and
 * whatever else the document lists.  What began before the Period begins with
 * it.
 */

static void
lo_dash_event_open(lo_dash_t *x, const lo_cue_t *c, unsigned seed,
    int64_t at_us, int64_t end_us)
{
    int64_t  from;

    from = at_us > x->start_us ? at_us : x->start_us;

    lo_buf_printf(x->b, "      <Event presentationTime=\"%lld\"",
                  (long long) (from - x->start_us));

    if (end_us != INT64_MAX) {
        lo_buf_printf(x->b, " duration=\"%lld\"",
                      (long long) (end_us > from ? end_us - from : 0));
    }

    lo_buf_printf(x->b, " id=\"%u\">",
                  (unsigned) (XXH3_64bits_withSeed(c->id.data, c->id.len, seed)
                              & UINT32_MAX));
}


/* ---- SCTE 214-1 */

static void
lo_dash_event_splice(lo_dash_t *x, const lo_cue_t *c, unsigned which)
{
    int64_t  at, end;

    if (c->scte35[which].len == 0) {
        return;
    }

    at = c->start_us;
    end = lo_dash_cue_end(c);

    if (which == LO_CUE_IN) {
        at = end;

        if (at == INT64_MAX || at > x->end_us) {
            return;
        }
    }

    lo_dash_event_open(x, c, which, at, end);
    lo_buf_puts(x->b, "<Signal xmlns=\"http://www.scte.org/schemas/35/2016\">"
                "<Binary>");
    lo_dash_escape(x->b, c->scte35[which]);
    lo_buf_puts(x->b, "</Binary></Signal></Event>\n");
}


static void
lo_dash_splices(lo_dash_t *x, const lo_cues_t *cues)
{
    unsigned         i, j, n;
    const lo_cue_t  *c;

    for (n = 0, i = 0; i < cues->n; i++) {

        c = &cues->cue[i];

        if (!lo_dash_cue_spliced(c)
            || !lo_cue_overlaps(c, x->start_us, x->end_us))
        {
            continue;
        }

        if (n++ == 0) {
            lo_buf_printf(x->b, "    <EventStream schemeIdUri=\"%s\" "
                          "timescale=\"%u\">\n", LO_DASH_SCTE35,
                          LO_DASH_TIMESCALE);
        }

        for (j = 0; j < LO_CUE_SPLICES; j++) {
            lo_dash_event_splice(x, c, j);
        }
    }

    if (n) {
        lo_buf_puts(x->b, "    </EventStream>\n");
    }
}


/* ---- others: a class is a scheme, or the value of ours */

static int
lo_dash_uri(lo_str_t s)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {

        c = s.data[i] | 0x20;

        if ((c < 'a' || c > 'z')
            && (i == 0 || s.data[i] == '\0'
                || !strchr("0123456789:/?#@!$&()*+,;=._~-", s.data[i])))
        {
            return 0;
        }
    }

    return s.len != 0 && memchr(s.data, ':', s.len) != NULL;
}


static void
lo_dash_json(lo_buf_t *b, lo_str_t s)
{
    size_t    i;
    lo_str_t  c;

    lo_buf_puts(b, "\"");

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '\\' || s.data[i] == '"') {
            lo_buf_puts(b, "\\");
        }

        /* whole, as U+FFFE has three bytes */

        for (c.data = &s.data[i], c.len = 1;
             i + 1 < s.len && (s.data[i + 1] & 0xc0) == 0x80;
             i++)
        {
            c.len++;
        }

        lo_dash_escape(b, c);
    }

    lo_buf_puts(b, "\"");
}


static void
lo_dash_event_data(lo_dash_t *x, const lo_cues_t *cues, const lo_cue_t *c)
{
    int64_t               milli;
    unsigned              i;
    const lo_cue_data_t  *d;

    lo_dash_event_open(x, c, LO_CUE_SPLICES, c->start_us, lo_dash_cue_end(c));
    lo_buf_puts(x->b, "{\"id\": ");
    lo_dash_json(x->b, c->id);

    for (i = 0; i < c->ndata; i++) {

        d = &cues->data[c->data + i];

        lo_buf_puts(x->b, ", ");
        lo_dash_json(x->b, d->name);
        lo_buf_puts(x->b, ": ");

        if (!d->number) {
            lo_dash_json(x->b, d->text);
            continue;
        }

        milli = d->milli < 0 ? -d->milli : d->milli;
        lo_buf_printf(x->b, "%s%lld.%03lld", d->milli < 0 ? "-" : "",
                      (long long) (milli / 1000), (long long) (milli % 1000));
    }

    lo_buf_puts(x->b, "}</Event>\n");
}


static int
lo_dash_cue_here(const lo_dash_t *x, const lo_cue_t *c)
{
    return lo_dash_cue_generic(c)
           && lo_cue_overlaps(c, x->start_us, x->end_us);
}


/* one EventStream for each class, as the first of it comes */

static void
lo_dash_classes(lo_dash_t *x, const lo_cues_t *cues)
{
    unsigned         i, j;
    const lo_cue_t  *c, *o;

    for (i = 0; i < cues->n; i++) {

        c = &cues->cue[i];

        if (!lo_dash_cue_here(x, c)) {
            continue;
        }

        for (j = 0; j < i && !(lo_dash_cue_here(x, &cues->cue[j])
                               && lo_str_eq(c->cls, cues->cue[j].cls)); j++)
        {
            /* void */
        }

        if (j < i) {
            continue;
        }

        lo_buf_puts(x->b, "    <EventStream");

        if (lo_dash_uri(c->cls)) {
            lo_dash_attr(x->b, "schemeIdUri", c->cls);

        } else {
            lo_dash_attr(x->b, "schemeIdUri", lo_cstr(LO_DASH_CUE));

            if (c->cls.len) {
                lo_dash_attr(x->b, "value", c->cls);
            }
        }

        lo_buf_printf(x->b, " timescale=\"%u\">\n", LO_DASH_TIMESCALE);

        for (j = i; j < cues->n; j++) {
            o = &cues->cue[j];

            if (lo_dash_cue_here(x, o) && lo_str_eq(c->cls, o->cls)) {
                lo_dash_event_data(x, cues, o);
            }
        }

        lo_buf_puts(x->b, "    </EventStream>\n");
    }
}


void
lo_dash_cues(lo_dash_t *x)
{
    if (x->m->doc == NULL) {
        return;
    }

    lo_dash_splices(x, &x->m->doc->cues);
    lo_dash_classes(x, &x->m->doc->cues);
}


/* ---- in the media */

int
lo_dash_inband_same(const lo_dash_t *x, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b)
{
    unsigned  i;

    if (a->ninband != b->ninband) {
        return 0;
    }

    for (i = 0; i < a->ninband; i++) {
        if (!lo_str_eq(a->inband[i], b->inband[i])) {
            return 0;
        }
    }

    return 1;
}


void
lo_dash_inband(lo_dash_t *x, const lo_manifest_track_t *t, const char *indent)
{
    unsigned  i;

    for (i = 0; i < t->ninband; i++) {
        lo_buf_printf(x->b, "%s<InbandEventStream", indent);
        lo_dash_attr(x->b, "schemeIdUri", t->inband[i]);
        lo_buf_puts(x->b, "/>\n");
    }
}
