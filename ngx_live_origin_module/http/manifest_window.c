/*
 * What a window makes of manifests: the numbers that a media playlist lists,
 * and what an MPD says of time.
 *
 * Start-over and catch-up lists begin at one number, as long as that is in
 * the event's window, and end at one.  A delay is a later due time: the
 * version is of its moment (next_us, until_us), as nothing arrives that would
 * make it out of date.
 */

#include "http/manifest.h"
#include "core/dash.h"
#include "core/hls.h"


/* the newest number of the event, and the oldest that can be asked for */

static int64_t
ngx_live_origin_window_oldest(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event)
{
    int64_t           head, oldest;
    const lo_live_t  *l;
    lo_zone_event_t  *ze;

    l = event->live;
    ze = lo_zone_event(zone->z, event->index);

    head = lo_live_over(l) || ze == NULL
           ? l->last : __atomic_load_n(&ze->head, __ATOMIC_RELAXED);

    oldest = head - l->window + 1;

    return oldest > l->first ? oldest : l->first;
}


/* half a target duration after the last number is due it is listed, if as a
   GAP, by every track */

static int64_t
ngx_live_origin_window_over_us(const lo_window_t *w, const lo_live_t *l,
    int64_t last)
{
    return lo_window_due_us(w, l, last)
           + (int64_t) lo_hls_target(&l->d) * LO_USEC / 2;
}


/* EVENT only where nothing that is listed leaves before all has come */

static lo_list_e
ngx_live_origin_window_type(const lo_window_t *w, const lo_live_t *l,
    int64_t from, ngx_uint_t over)
{
    int64_t  numbers;

    if (over) {
        return w->start_us ? LO_LIST_VOD : LO_LIST_LIVE;
    }

    if (w->start_us == 0 || w->end_us == 0 || l->irregular) {
        return LO_LIST_LIVE;
    }

    /* a delay lists each so much later */

    numbers = lo_window_last(w, l) - from + 1
              + (w->delay_us + lo_dur_us(&l->d) - 1) / lo_dur_us(&l->d);

    return numbers <= l->window && numbers <= NGX_LIVE_ORIGIN_LIST_MAX
           ? LO_LIST_EVENT : LO_LIST_LIVE;
}


void
ngx_live_origin_window_numbers(ngx_live_origin_list_t *list,
    ngx_live_origin_manifest_t *m, lo_manifest_list_t *out, int64_t *from,
    int64_t *to)
{
    int64_t             last, first, due;
    const lo_live_t    *l;
    const lo_window_t  *w;

    l = list->live;
    w = m->of.window;

    last = lo_window_last(w, l);
    last = lo_live_over(l) && l->last < last ? l->last : last;

    if (w->delay_us) {
        due = lo_window_due(w, l, ngx_live_origin_wall());
        *to = due < *to ? due : *to;
    }

    out->ended = *to >= last;
    *to = out->ended ? last : *to;

    first = ngx_live_origin_window_oldest(list->zone, list->event);

    if (w->start_us == 0) {
        *from = *to - ngx_live_origin_list_count(l, out->ended
                                                    && lo_live_over(l)) + 1;

    } else {
        *from = lo_window_first(w, l);
    }

    *from = *from > first ? *from : first;

    if (*from <= *to - NGX_LIVE_ORIGIN_LIST_MAX) {
        *from = *to - NGX_LIVE_ORIGIN_LIST_MAX + 1;
    }

    out->type = ngx_live_origin_window_type(w, l, *from, out->ended);

    m->over = out->ended;
    m->from = *from;
    m->next_us = w->delay_us && !m->over ? lo_window_due_us(w, l, *to + 1)
                                         : 0;
}


/* ---- irregular events: numbers say nothing of time */

int64_t
ngx_live_origin_window_most(const lo_window_t *w, const lo_live_t *l)
{
    int64_t  most;

    if (w == NULL) {
        return ngx_live_origin_list_count(l, lo_live_over(l));
    }

    most = l->window;

    return most > NGX_LIVE_ORIGIN_TIMES_MAX ? NGX_LIVE_ORIGIN_TIMES_MAX
                                            : most;
}


/* m learns when there may be more; that nothing will be added is known by a
   segment beyond the end */

unsigned
ngx_live_origin_window_cut(ngx_live_origin_manifest_t *m, const lo_live_t *l,
    lo_manifest_segment_t **s, unsigned n)
{
    int64_t                 now, due;
    unsigned                i, count;
    const lo_window_t      *w;
    lo_manifest_segment_t  *seg;

    w = m->of.window;
    seg = *s;
    now = ngx_live_origin_wall();

    m->next_us = 0;
    m->over = lo_live_over(l);

    for (i = 0; i < n; i++) {

        if (w->end_us && seg[i].start_us >= w->end_us) {
            m->over = 1;
            break;
        }

        due = seg[i].end_us + l->delay_us + w->delay_us;

        if (w->delay_us && due > now) {
            m->next_us = due;
            m->over = 0;
            break;
        }
    }

    n = i;

    for (i = 0; w->start_us && i < n && seg[i].end_us <= w->start_us; i++) {
        /* void */
    }

    if (w->start_us == 0) {
        count = ngx_live_origin_list_count(l, m->over && lo_live_over(l));
        i = n > count ? n - count : 0;
    }

    *s = seg + i;
    m->from = i < n ? seg[i].number : 0;

    return n - i;
}


/* ---- MPDs */

/* the first number that the MPD covers, and when it has to be written again */

int64_t
ngx_live_origin_window_from(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event)
{
    int64_t             from, last, edge;
    const lo_live_t    *l;
    const lo_window_t  *w;

    l = event->live;
    w = m->of.window;

    from = ngx_live_origin_window_oldest(m->zone, event);

    if (l->irregular) {
        return from;
    }

    if (lo_window_first(w, l) > from) {
        from = lo_window_first(w, l);
    }

    last = lo_window_last(w, l);

    if (w->start_us || last == INT64_MAX) {
        return from;
    }

    /* without a start, an end leaves as much as there was to go back to; as
       much as there is while it is to come */

    if (lo_live_over(l)) {
        last = ngx_min(last, l->last);
    }

    if (!lo_live_over(l) || w->delay_us) {
        edge = lo_window_due(w, l, ngx_live_origin_wall());
        last = ngx_min(last, edge);
    }

    return ngx_max(from, last - l->depth_us / lo_dur_us(&l->d) + 1);
}


/* Periods that begin behind the window's last number are not of it */

static void
ngx_live_origin_window_periods(lo_manifest_t *man,
    const lo_manifest_period_t *periods, const lo_window_t *w, int64_t last)
{
    const lo_manifest_period_t  *p;

    while (man->nperiods > 1) {
        p = &periods[man->nperiods - 1];

        if (man->irregular ? w->end_us == 0 || p->start_us < w->end_us
                           : p->first <= last)
        {
            break;
        }

        man->nperiods--;
    }
}


/* irregular, over: each Period begins with its first segment */

void
ngx_live_origin_window_begin(lo_manifest_t *man,
    lo_manifest_period_t *periods)
{
    int64_t                     begin;
    unsigned                    i, k, n;
    const lo_manifest_track_t  *t;

    for (n = 0, i = 0; i < man->nperiods; i++) {

        begin = INT64_MAX;

        for (k = 0; k < periods[i].ntracks; k++) {
            t = &periods[i].tracks[k];

            if (t->nsegments && t->segments[0].start_us < begin) {
                begin = t->segments[0].start_us;
            }
        }

        if (begin != INT64_MAX) {
            periods[n] = periods[i];
            periods[n].start_us = begin > 0 ? begin : 0;
            n++;
        }
    }

    man->nperiods = n;
}


/* the most that there is to go back to: of a delay's viewers so much less */

static int64_t
ngx_live_origin_window_most_us(const lo_window_t *w, const lo_live_t *l)
{
    int64_t  most;

    if (l->irregular) {
        return w->start_us ? INT64_MAX : l->depth_us;
    }

    most = lo_rescale(l->window * (int64_t) l->d.duration, LO_USEC,
                      l->d.timescale, LO_FLOOR) - w->delay_us;

    return w->start_us ? most : ngx_min(most, l->depth_us);
}


/*
 * How far back players may go: to the start, or as far as without a window,
 * and at no time below what there is.  A depth that grows with the clock is
 * that of the end of the time that the MPD is good for, but at its beginning
 * not below the first segment of all.
 */

static void
ngx_live_origin_window_depth(ngx_live_origin_manifest_t *m,
    lo_manifest_t *man, const lo_window_t *w, const lo_live_t *l,
    int64_t now)
{
    int64_t  begin, first, most, update, until;

    if (w->start_us == 0 && w->delay_us == 0) {
        return;
    }

    update = lo_dash_update_us(man);
    until = (now / update + 1) * update;
    begin = w->start_us;

    if (!l->irregular) {
        begin = lo_timeline_start_us(&l->d, lo_window_first(w, l));
        first = lo_timeline_start_us(&l->d, l->first) + update;
        begin = ngx_max(begin, first);
    }

    begin += l->delay_us + w->delay_us;
    most = ngx_live_origin_window_most_us(w, l);

    if (until - begin >= most) {

        /* since the update that reached so far back */

        until = (begin + most + update - 1) / update * update;
        man->depth_us = most;

    } else {
        man->depth_us = until > begin ? until - begin : 0;
        m->until_us = m->until_us && m->until_us < until ? m->until_us
                                                         : until;
    }

    man->publish_us = ngx_max(man->publish_us, until - update);
}


void
ngx_live_origin_window_mpd(ngx_live_origin_manifest_t *m,
    lo_manifest_t *man, lo_manifest_period_t *periods,
    ngx_live_origin_event_t *event, int64_t from)
{
    int64_t             last, now, over_us;
    const lo_live_t    *l;
    const lo_window_t  *w;

    l = event->live;
    w = m->of.window;
    now = ngx_live_origin_wall();

    last = lo_window_last(w, l);
    last = lo_live_over(l) && l->last < last ? l->last : last;

    man->delay_us += w->delay_us;
    man->from = from;

    if (w->delay_us) {
        man->early = 0;                    /* all of it is there for long */
    }

    ngx_live_origin_window_periods(man, periods, w, last);

    if (l->irregular) {
        man->ended = m->over;

        if (man->ended) {
            ngx_live_origin_window_begin(man, periods);
        }

    } else if (last != INT64_MAX) {
        over_us = ngx_live_origin_window_over_us(w, l, last);
        man->ended = lo_live_over(l) && w->delay_us == 0 ? 1 : now >= over_us;
        man->last = last;
        man->bound = 1;
        m->until_us = man->ended ? 0 : over_us;

        if (man->ended && over_us > man->publish_us && !lo_live_over(l)) {
            man->publish_us = over_us;
        }
    }

    m->over = man->ended;
    m->from = from;

    if (!man->ended) {
        ngx_live_origin_window_depth(m, man, w, l, now);
    }
}


/* ---- how long it is good */

ngx_int_t
ngx_live_origin_window_good(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event)
{
    int64_t  now;

    if (m->over) {
        return lo_live_over(event->live)
               || ngx_live_origin_window_oldest(m->zone, event) <= m->from;
    }

    if (m->next_us == 0 && m->until_us == 0) {
        return NGX_DECLINED;
    }

    now = ngx_live_origin_wall();

    if (m->until_us && now >= m->until_us) {
        return 0;
    }

    if (m->next_us == 0) {
        return NGX_DECLINED;
    }

    if (now < m->next_us) {
        return 1;
    }

    return lo_live_over(event->live) ? 0 : NGX_DECLINED;
}


int64_t
ngx_live_origin_window_age(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event)
{
    int64_t           left;
    const lo_live_t  *l;

    l = event->live;

    if (lo_live_over(l) || l->irregular) {
        return l->irregular && !lo_live_over(l) ? 1 : 3600;
    }

    /* until its first number leaves the event's window */

    left = m->from - ngx_live_origin_window_oldest(m->zone, event);
    left = left * lo_dur_us(&l->d) / LO_USEC;

    return left > 3600 ? 3600 : left > 1 ? left : 1;
}
