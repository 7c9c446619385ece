/*
 * SegmentTimeline: what each track of each Period of an irregular event has.
 */

#include "http/manifest.h"


/* the first number that is listed: as far back as playlist_s, by time */

static int64_t
ngx_live_origin_times_from(ngx_live_origin_list_t *list, int64_t oldest,
    int64_t to)
{
    int64_t                n, end_us, keep_us;
    const lo_live_t       *l;
    lo_manifest_segment_t  s;

    l = list->live;
    keep_us = (int64_t) l->playlist_s * LO_USEC;
    end_us = INT64_MIN;

    for (n = to; n > oldest; n--) {

        if (ngx_live_origin_list_segment(list, n, &s) != LO_OK) {
            continue;
        }

        if (end_us == INT64_MIN) {
            end_us = s.end_us;
        }

        if (s.start_us <= end_us - keep_us && n <= to - 2) {
            break;
        }
    }

    return ngx_max(n, oldest);
}


ngx_int_t
ngx_live_origin_manifest_times(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event, lo_manifest_t *man,
    lo_manifest_period_t *periods, lo_manifest_segment_t **mem)
{
    size_t                   used, per;
    int64_t                  to, from, next_us;
    unsigned                 p, i, n, k, over;
    ngx_int_t                track;
    lo_zone_track_t         *t;
    lo_manifest_track_t     *mt;
    lo_manifest_segment_t   *s;
    ngx_live_origin_list_t   list;

    per = ngx_live_origin_list_count(event->live, 1);

    if (m->of.window || !lo_live_over(event->live)) {
        per = ngx_min(per, NGX_LIVE_ORIGIN_TIMES_MAX);
    }

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
    over = 1;
    next_us = 0;

    for (p = 0; p < man->nperiods; p++) {
        for (i = 0; i < periods[p].ntracks; i++) {

            mt = (lo_manifest_track_t *) &periods[p].tracks[i];
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
            from = ngx_max(to - (int64_t) per + 1, list.live->first);

            if (m->of.window == NULL && !lo_live_over(list.live)) {
                from = ngx_live_origin_times_from(&list, from, to);
            }

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

                if (!s[k].gap && s[k].end_us > man->end_us) {
                    man->end_us = s[k].end_us;
                }
            }
        }
    }

    /* over when all tracks are; out of date when one of them has more */

    m->over = m->of.window && over;
    m->until_us = next_us;
    m->next_us = 0;

    ngx_live_origin_list_trim(man, periods);

    return man->nperiods ? NGX_OK : NGX_DECLINED;
}


/* how far back players may go: to what is listed; or to the window's start,
   which it has */

void
ngx_live_origin_manifest_depth(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event, lo_manifest_t *man)
{
    int64_t                     begin, end;
    unsigned                    i, k;
    const lo_manifest_track_t  *t;

    if (m->of.window && m->of.window->start_us) {
        return;
    }

    begin = INT64_MAX;
    end = INT64_MIN;

    for (i = 0; i < man->nperiods; i++) {
        for (k = 0; k < man->periods[i].ntracks; k++) {
            t = &man->periods[i].tracks[k];

            if (t->nsegments) {
                begin = ngx_min(begin, t->segments[0].start_us);
                end = ngx_max(end, t->segments[t->nsegments - 1].end_us);
            }
        }
    }

    if (end > begin) {
        end = ngx_min(end, begin
                           + (int64_t) event->live->playlist_s * LO_USEC);
        man->depth_us = ngx_min(man->depth_us, end - begin);
    }
}
