/*
 * MPD patches: ISO/IEC 23009-1, 5.15.  Both versions are this writer's own
 * text, an element a line.  A patch says what players are known to apply:
 * segments that came and went, and Periods.  If anything else differs, the
 * player is told to load the MPD.
 */

#include "core/dash_patch_int.h"

#include <stdlib.h>


/* ---- a Period that both have */

static int
lo_patch_line(lo_patch_t *x, const lo_patch_lines_t *was,
    const lo_patch_lines_t *is)
{
    lo_str_t  a, b;

    if (lo_patch_is(is->line, "    <AdaptationSet ")) {
        x->set = lo_patch_value(is->line, "id");

    } else if (lo_patch_is(is->line, "      <Representation ")) {
        x->rep = lo_patch_value(is->line, "id");
    }

    if (lo_str_eq(was->line, is->line)) {
        return LO_OK;
    }

    if (!lo_patch_is(is->line, "        <SegmentTemplate ")
        || !lo_patch_alike_but(was->line, is->line, "startNumber"))
    {
        return LO_NONE;
    }

    a = lo_patch_value(was->line, "startNumber");
    b = lo_patch_value(is->line, "startNumber");

    if (!lo_str_eq(a, b)) {
        lo_patch_sel(x, "replace", "/@startNumber");
        lo_buf_printf(x->b, ">%.*s</replace>\n", (int) b.len,
                      (char *) b.data);
    }

    return LO_OK;
}


static int
lo_patch_period(lo_patch_t *x, lo_str_t a, lo_str_t b)
{
    int              more, nwas, nis;
    lo_patch_lines_t  was, is;

    was.left = a;
    is.left = b;

    for ( ;; ) {

        more = lo_patch_next(&was);

        if (more != lo_patch_next(&is)) {
            return LO_NONE;
        }

        if (!more) {
            return LO_OK;
        }

        if (lo_patch_line(x, &was, &is) != LO_OK) {
            return LO_NONE;
        }

        if (!lo_patch_is(is.line, "          <SegmentTimeline>")) {
            continue;
        }

        (void) lo_patch_next(&was);
        (void) lo_patch_next(&is);
        nwas = lo_patch_read(&was, x->was);
        nis = lo_patch_read(&is, x->is);

        if (nwas < 0 || nis < 0 || !lo_str_eq(was.line, is.line)) {
            return LO_NONE;
        }

        lo_patch_list(x, nwas, nis);
    }
}


/* ---- the MPD: what stands before its Periods, they, and what is behind */

static int
lo_patch_head(lo_patch_lines_t *was, lo_patch_lines_t *is)
{
    for ( ;; ) {

        if (!lo_patch_next(was) || !lo_patch_next(is)) {
            return LO_NONE;
        }

        if (lo_patch_is(was->line, "  <Period ")
            && lo_patch_is(is->line, "  <Period "))
        {
            return LO_OK;
        }

        if (lo_patch_is(is->line, LO_PATCH_LOCATION)
            ? !lo_patch_is(was->line, LO_PATCH_LOCATION)
            : !lo_patch_alike_but(was->line, is->line, "publishTime"))
        {
            return LO_NONE;
        }
    }
}


/* the Period that begins with l->line; l->line is what is behind it then */

static lo_str_t
lo_patch_take(lo_patch_lines_t *l)
{
    lo_str_t  p;

    p = l->line;

    while (!lo_patch_is(l->line, "  </Period>") && lo_patch_next(l)) {
        p.len += l->line.len;
    }

    (void) lo_patch_next(l);

    return p;
}


static void
lo_patch_add_period(lo_patch_t *x, lo_str_t p)
{
    lo_buf_printf(x->b, "  <add sel=\"/MPD/Period[@id='%.*s']\" pos=\"after\">"
                  "\n", (int) x->period.len, (char *) x->period.data);
    lo_buf_put(x->b, p.data, p.len);
    lo_buf_puts(x->b, "  </add>\n");
}


/* the oldest may be gone, new ones stand at the end */

static int
lo_patch_periods(lo_patch_t *x, lo_patch_lines_t *was,
    lo_patch_lines_t *is)
{
    unsigned  matched;
    lo_str_t  a, b, id;

    for (matched = 0; lo_patch_is(was->line, "  <Period "); /* void */ ) {

        id = lo_patch_value(was->line, "id");
        a = lo_patch_take(was);

        if (lo_patch_is(is->line, "  <Period ")
            && lo_str_eq(lo_patch_value(is->line, "id"), id))
        {
            x->period = id;
            b = lo_patch_take(is);

            if (lo_patch_period(x, a, b) != LO_OK) {
                return LO_NONE;
            }

            matched++;

        } else if (matched) {
            return LO_NONE;

        } else {
            lo_buf_printf(x->b, "  <remove sel=\"/MPD/Period[@id='%.*s']\"/>"
                          "\n", (int) id.len, (char *) id.data);
        }
    }

    if (matched == 0) {
        return LO_NONE;
    }

    while (lo_patch_is(is->line, "  <Period ")) {
        id = lo_patch_value(is->line, "id");
        b = lo_patch_take(is);
        lo_patch_add_period(x, b);
        x->period = id;
    }

    return lo_str_eq(was->line, is->line) && lo_str_eq(was->left, is->left)
           ? LO_OK : LO_NONE;
}


static void
lo_patch_open(lo_buf_t *b, lo_str_t mpd, lo_str_t from)
{
    lo_buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<Patch xmlns=\"urn:mpeg:dash:schema:mpd-patch:2020\"");

    if (lo_patch_value(mpd, "xmlns:cenc").len) {
        lo_dash_attr(b, "xmlns:cenc", lo_patch_value(mpd, "xmlns:cenc"));
    }

    lo_buf_puts(b, " mpdId=\"");
    lo_buf_put(b, lo_patch_value(mpd, "id").data, lo_patch_value(mpd, "id").len);
    lo_buf_puts(b, "\" originalPublishTime=\"");
    lo_buf_put(b, from.data, from.len);
    lo_buf_puts(b, "\" publishTime=\"");
    lo_buf_put(b, lo_patch_value(mpd, "publishTime").data,
               lo_patch_value(mpd, "publishTime").len);
    lo_buf_puts(b, "\">\n  <replace sel=\"/MPD/@publishTime\">");
    lo_buf_put(b, lo_patch_value(mpd, "publishTime").data,
               lo_patch_value(mpd, "publishTime").len);
    lo_buf_puts(b, "</replace>\n");
}


/* the MPD's own tag, of the whole text */

static lo_str_t
lo_patch_root(lo_str_t mpd)
{
    lo_patch_lines_t  l;

    l.left = mpd;
    (void) lo_patch_next(&l);
    (void) lo_patch_next(&l);

    return l.line;
}


static void
lo_patch_location(lo_buf_t *b, lo_str_t mpd)
{
    lo_patch_lines_t  l;

    l.left = mpd;

    while (lo_patch_next(&l)) {
        if (lo_patch_is(l.line, LO_PATCH_LOCATION)) {
            lo_buf_puts(b, "  <replace sel=\"/MPD/PatchLocation[1]\">");
            lo_patch_content(b, l.line);
            lo_buf_puts(b, "</replace>\n");
            return;
        }
    }
}


int
lo_dash_patch(lo_buf_t *b, lo_str_t was, lo_str_t is)
{
    int              rc;
    lo_patch_lines_t  a, c;
    lo_patch_t  x;

    a.left = was;
    c.left = is;

    if (lo_patch_head(&a, &c) != LO_OK) {
        return LO_NONE;
    }

    memset(&x, 0, sizeof(lo_patch_t));
    x.b = b;
    x.was = malloc(2 * LO_PATCH_S_MAX * sizeof(lo_patch_s_t));

    if (x.was == NULL) {
        return LO_ERROR;
    }

    x.is = x.was + LO_PATCH_S_MAX;

    lo_patch_open(b, lo_patch_root(is),
                       lo_patch_value(lo_patch_root(was), "publishTime"));
    lo_patch_location(b, is);
    rc = lo_patch_periods(&x, &a, &c);
    lo_buf_puts(b, "</Patch>\n");
    free(x.was);

    return rc;
}


void
lo_dash_patch_none(lo_buf_t *b, lo_str_t is, int same)
{
    lo_str_t  root;

    root = lo_patch_root(is);

    lo_patch_open(b, root, same ? lo_patch_value(root, "publishTime")
                                     : lo_cstr("1970-01-01T00:00:00Z"));
    lo_buf_puts(b, "</Patch>\n");
}
