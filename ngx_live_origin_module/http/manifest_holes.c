/*
 * Lists of irregular events.  Numbers are counted by track, and say nothing of
 * time: what is missing among those that are there (masked, or lost) has its
 * number all the same, and the time that it took.
 */

#include "http/manifest.h"


/*
 * s[0] .. s[n - 1], of which nothing is known, are as long as there is time
 * between s[-1] and s[n].
 */

static void
ngx_live_origin_holes_fill(ngx_live_origin_list_t *list,
    lo_manifest_segment_t *s, unsigned n)
{
    int64_t                 begin, len;
    unsigned                i;
    uint32_t                timescale;
    lo_manifest_segment_t   before, *after;

    before = s[-1];
    after = &s[n];
    timescale = before.info->timescale;
    begin = before.m + (int64_t) before.duration;

    if (before.run == after->run && timescale == after->info->timescale) {
        len = after->m - begin;

    } else {
        len = lo_rescale(after->start_us - before.end_us, timescale, LO_USEC,
                         LO_NEAREST);
    }

    if (len < (int64_t) n) {
        len = lo_rescale(n * (int64_t) list->live->d.duration, timescale,
                         list->live->d.timescale, LO_CEIL);
    }

    for (i = 0; i < n; i++) {
        s[i] = before;
        s[i].number = before.number + 1 + i;
        s[i].gap = 1;
        s[i].m = begin + lo_rescale(len, i, n, LO_FLOOR);
        s[i].duration = begin + lo_rescale(len, i + 1, n, LO_FLOOR) - s[i].m;
        ngx_live_origin_list_time(list, &s[i], timescale);
    }
}


unsigned
ngx_live_origin_list_there(ngx_live_origin_list_t *list, int64_t from,
    int64_t to, lo_manifest_segment_t *s)
{
    int64_t   n;
    unsigned  i, known, there;

    there = 0;
    known = 0;

    for (n = from, i = 0; n <= to; n++) {

        if (ngx_live_origin_list_segment(list, n, &s[i]) == LO_OK) {
            there = i + 1;

        } else if (i == 0) {
            continue;

        } else if (ngx_live_origin_list_masked(list, n, &s[i]) != LO_OK) {
            i++;
            continue;
        }

        if (known < i) {
            ngx_live_origin_holes_fill(list, &s[known], i - known);
        }

        known = ++i;
    }

    return there;
}


void
ngx_live_origin_list_mark_holes(ngx_live_origin_list_t *list,
    lo_manifest_segment_t *s, unsigned n)
{
    unsigned  i;

    for (i = 0; i < n; i++) {

        if (s[i].gap) {

            /* on many nodes it may be on its way, and numbers are not due */

            if (list->zone->share == NULL) {
                (void) ngx_live_origin_list_mark(list, s[i].number);
            }

        } else {
            s[i].gap = lo_zone_gap(list->zone->z, list->ring, s[i].number, 0,
                                   0);
        }
    }
}


/* ---- MPDs: no hole at either end, no track without a segment, no Period
   without a track */

static unsigned
ngx_live_origin_holes_trim(lo_manifest_track_t *t)
{
    while (t->nsegments && t->segments[0].gap) {
        t->segments++;
        t->nsegments--;
    }

    while (t->nsegments && t->segments[t->nsegments - 1].gap) {
        t->nsegments--;
    }

    return t->nsegments;
}


void
ngx_live_origin_list_trim(lo_manifest_t *man, lo_manifest_period_t *periods)
{
    unsigned              i, k, n, kept;
    lo_manifest_track_t  *t;

    for (n = 0, i = 0; i < man->nperiods; i++) {

        t = (lo_manifest_track_t *) periods[i].tracks;

        for (kept = 0, k = 0; k < periods[i].ntracks; k++) {

            if (ngx_live_origin_holes_trim(&t[k])) {
                t[kept++] = t[k];
            }
        }

        if (kept) {
            periods[n] = periods[i];
            periods[n++].ntracks = kept;
        }
    }

    man->nperiods = n;
}
