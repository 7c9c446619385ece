/*
 * From one SegmentTimeline to a later one of the same track: the oldest went,
 * new ones came, and what is at both ends may have become shorter or longer.
 */

#include "core/dash_patch_int.h"

#include <stdio.h>


void
lo_patch_sel(lo_patch_t *x, const char *op, const char *more)
{
    lo_buf_printf(x->b, "  <%s sel=\"/MPD/Period[@id='%.*s']"
                  "/AdaptationSet[@id='%.*s']/Representation[@id='%.*s']"
                  "/SegmentTemplate%s\"", op,
                  (int) x->period.len, (char *) x->period.data,
                  (int) x->set.len, (char *) x->set.data,
                  (int) x->rep.len, (char *) x->rep.data, more);
}


static void
lo_patch_replace(lo_patch_t *x, unsigned at, const lo_patch_s_t *s)
{
    char  more[48];

    snprintf(more, sizeof(more), "/SegmentTimeline/S[%u]", at + 1);
    lo_patch_sel(x, "replace", more);
    lo_buf_puts(x->b, ">");
    lo_patch_content(x->b, s->line);
    lo_buf_puts(x->b, "</replace>\n");
}


static void
lo_patch_remove(lo_patch_t *x, unsigned n)
{
    for ( /* void */ ; n > 0; n--) {
        lo_patch_sel(x, "remove", "/SegmentTimeline/S[1]");
        lo_buf_puts(x->b, "/>\n");
    }
}


static void
lo_patch_add(lo_patch_t *x, const lo_patch_s_t *s, unsigned n)
{
    if (n == 0) {
        return;
    }

    lo_patch_sel(x, "add", "/SegmentTimeline");
    lo_buf_puts(x->b, ">");

    for ( /* void */ ; n > 0; n--, s++) {
        lo_patch_content(x->b, s->line);
    }

    lo_buf_puts(x->b, "</add>\n");
}


int
lo_patch_read(lo_patch_lines_t *l, lo_patch_s_t *s)
{
    int       n;
    int64_t   at;

    for (n = 0, at = 0; lo_patch_is(l->line, "            <S "); n++) {

        if (n == LO_PATCH_S_MAX) {
            return LO_ERROR;
        }

        s[n].line = l->line;
        s[n].t = lo_patch_int(l->line, "t", at);
        s[n].d = lo_patch_int(l->line, "d", 0);
        s[n].r = lo_patch_int(l->line, "r", 0);
        at = s[n].t + (s[n].r + 1) * s[n].d;

        (void) lo_patch_next(l);
    }

    return n;
}


/* how many of the old are gone: the first of the new is in the one behind
   them */

static int
lo_patch_gone(const lo_patch_s_t *was, int nwas, const lo_patch_s_t *first)
{
    int  k;

    for (k = 0; k < nwas; k++) {
        if (was[k].d > 0 && first->d == was[k].d && first->t >= was[k].t
            && first->t <= was[k].t + was[k].r * was[k].d
            && (first->t - was[k].t) % was[k].d == 0)
        {
            return k;
        }
    }

    return nwas;
}


void
lo_patch_list(lo_patch_t *x, int nwas, int nis)
{
    int                 k, i, last;
    const lo_patch_s_t  *was, *is;

    was = x->was;
    is = x->is;
    k = nis ? lo_patch_gone(was, nwas, &is[0]) : nwas;
    last = nwas - 1 - k;                   /* of the old, among the new */

    /* between both ends nothing may have changed; at the end, as many may
       have been added to the last */

    for (i = 1; i < last && i < nis
                && lo_str_eq(was[k + i].line, is[i].line); i++)
    {
        /* void */
    }

    if (last >= nis || i < last
        || (last > 0 && (is[last].t != was[nwas - 1].t
                         || is[last].d != was[nwas - 1].d
                         || is[last].r < was[nwas - 1].r)))
    {
        k = nwas;
        last = -1;
    }

    lo_patch_remove(x, k);

    if (last >= 0 && !lo_str_eq(is[0].line, was[k].line)) {
        lo_patch_replace(x, 0, &is[0]);
    }

    if (last > 0 && !lo_str_eq(is[last].line, was[nwas - 1].line)) {
        lo_patch_replace(x, last, &is[last]);
    }

    lo_patch_add(x, is + last + 1, nis - last - 1);
}
