/*
 * SegmentTimeline: what each track of each Period of an irregular event has.
 */

#include "http/manifest.h"


ngx_int_t
ngx_live_origin_manifest_times(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event, lo_manifest_t *man,
    lo_manifest_period_t *periods, lo_manifest_track_t *tracks,
    lo_manifest_segment_t **mem)
{
    size_t                   used, per;
    int64_t                  to, from, count, next_us;
    unsigned                 p, i, n, k, over;
    ngx_int_t                track;
    lo_zone_track_t         *t;
    lo_manifest_track_t     *mt;
    lo_manifest_segment_t   *s;
    ngx_live_origin_list_t   list;

    per = ngx_live_origin_window_most(m->of.window, event->live);
    n = 0;

    for (p = 0; p < man->nperiods; p++) {
        n += periods[p].ntracks;
    }

    *mem = malloc((n * per + 1) * sizeof(lo_manifest_segment_t));
    if (*mem == NULL) {
        return NGX_ERROR;
    }

    list.zone = m->zone;
    list.event = event;
    list.live = event->live;
    used = 0;
    mt = tracks;
    over = 1;
    next_us = 0;

    for (p = 0; p < man->nperiods; p++) {
        for (i = 0; i < periods[p].ntracks; i++, mt++) {

            track = lo_live_track(list.live, mt->id);
            if (track < 0) {
                continue;
            }

            list.track = track;
            list.ring = list.live->tracks[track].ring;
            list.low = 0;
            t = lo_zone_track(m->zone->z, list.ring);

            if (t == NULL) {
                continue;
            }

            to = ngx_live_origin_list_head(list.live, t);
            count = per;
            from = to - count + 1 > list.live->first ? to - count + 1
                                                     : list.live->first;

            s = *mem + used;
            n = ngx_live_origin_list_there(&list, from, to, s);
            used += n;

            if (m->of.window) {
                n = ngx_live_origin_window_cut(m, list.live, &s, n);
                over &= m->over;

                if (next_us == 0 || (m->next_us && m->next_us < next_us)) {
                    next_us = m->next_us;
                }
            }

            /* of this Period's run only */

            for (k = 0; k < n && s[k].run < periods[p].id; k++) {
                /* void */
            }

            mt->segments = s + k;

            for (mt->nsegments = 0;
                 k < n && s[k].run == periods[p].id; k++)
            {
                mt->nsegments++;

                if (s[k].end_us > man->end_us) {
                    man->end_us = s[k].end_us;
                }
            }
        }
    }

    /* over when all tracks are; out of date when one of them has more */

    m->over = m->of.window && over;
    m->until_us = next_us;
    m->next_us = 0;

    return NGX_OK;
}
