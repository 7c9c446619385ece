/*
 * Media playlists: the numbers of a track that are listed, and what there is
 * of each.
 */

#include "http/low.h"
#include "http/share.h"
#include "core/hls.h"
#include "core/limits.h"


static int
ngx_live_origin_list_find(ngx_live_origin_list_t *list, int64_t n,
    uint32_t masked, lo_zone_meta_t *meta)
{
    lo_zone_pin_t  pin;

    if (lo_zone_find(list->zone->z, list->ring, n, 0, masked, &pin) != LO_OK)
    {
        return LO_NONE;
    }

    *meta = pin.object->meta;
    lo_zone_unpin(list->zone->z, &pin);

    return LO_OK;
}


static int
ngx_live_origin_list_meta(ngx_live_origin_list_t *list, int64_t n,
    lo_zone_meta_t *meta)
{
    lo_zone_record_t  rec;

    if (ngx_live_origin_list_find(list, n,
                                  lo_live_masked(list->live, list->track, n),
                                  meta)
        == LO_OK)
    {
        return LO_OK;
    }

    if (ngx_live_origin_record_of(list->zone, list->live,
                                          list->track, n, &rec)
        != LO_OK)
    {
        return LO_NONE;
    }

    ngx_memzero(meta, sizeof(lo_zone_meta_t));

    meta->m = rec.m;
    meta->duration = rec.duration;
    meta->timescale = rec.timescale;
    meta->init = rec.init;
    meta->run = rec.run;

    return LO_OK;
}


/* UTC of a segment's m; its number's, where its run was forgotten */

void
ngx_live_origin_list_time(ngx_live_origin_list_t *list,
    lo_manifest_segment_t *s, uint32_t timescale)
{
    const lo_live_t      *l;
    const lo_anchor_t    *anchor;
    const lo_live_run_t  *run;

    l = list->live;
    run = lo_live_run_by_id(l, s->run);
    anchor = lo_live_anchor(l, run, list->track);

    if (anchor) {
        s->start_us = lo_timeline_utc_us(anchor, s->m, timescale);
        s->end_us = lo_timeline_utc_us(anchor, s->m + s->duration, timescale);
        return;
    }

    s->start_us = lo_timeline_start_us(&l->d, s->number);
    s->end_us = s->start_us + lo_rescale(s->duration, LO_USEC, timescale,
                                         LO_NEAREST);
}


static int
ngx_live_origin_list_set(ngx_live_origin_list_t *list, int64_t n,
    const lo_zone_meta_t *meta, lo_manifest_segment_t *s)
{
    const lo_live_init_t  *init;

    init = lo_live_init_by_id(list->live, meta->init);

    ngx_memzero(s, sizeof(lo_manifest_segment_t));

    s->number = n;
    s->m = meta->m;
    s->duration = meta->duration;
    s->run = meta->run;
    s->init = init ? init->digest : 0;
    s->info = init ? &init->info : NULL;

    ngx_live_origin_list_time(list, s, meta->timescale);

    return init ? LO_OK : LO_NONE;
}


int
ngx_live_origin_list_segment(ngx_live_origin_list_t *list, int64_t n,
    lo_manifest_segment_t *s)
{
    lo_zone_meta_t  meta;

    return ngx_live_origin_list_meta(list, n, &meta) == LO_OK
           ? ngx_live_origin_list_set(list, n, &meta, s) : LO_NONE;
}


int
ngx_live_origin_list_masked(ngx_live_origin_list_t *list, int64_t n,
    lo_manifest_segment_t *s)
{
    lo_zone_meta_t  meta;

    if (ngx_live_origin_list_find(list, n, 0, &meta) != LO_OK
        || ngx_live_origin_list_set(list, n, &meta, s) != LO_OK)
    {
        return LO_NONE;
    }

    s->gap = 1;

    return LO_OK;
}


static void
ngx_live_origin_list_gap(ngx_live_origin_list_t *list, int64_t n,
    lo_manifest_segment_t *s)
{
    const lo_live_run_t   *run;
    const lo_live_init_t  *init;

    ngx_memzero(s, sizeof(lo_manifest_segment_t));

    init = lo_live_init_at(list->live, list->track, n);
    run = lo_live_run_at(list->live, n);

    s->number = n;
    s->gap = 1;
    s->init = init ? init->digest : 0;
    s->info = init ? &init->info : NULL;
    s->run = run ? run->id : 0;
    s->start_us = lo_timeline_start_us(&list->live->d, n);
    s->end_us = lo_timeline_start_us(&list->live->d, n + 1);
}


/* when number n, still missing, is listed as GAP: half a target duration
   after it was due */

int64_t
ngx_live_origin_list_gap_us(const lo_live_t *l, int64_t n)
{
    return lo_live_due_us(l, n)
           + (int64_t) lo_hls_target(&l->d) * LO_USEC / 2;
}


static ngx_uint_t
ngx_live_origin_list_has(ngx_live_origin_list_t *list, int64_t n)
{
    uint32_t           masked;
    lo_zone_pin_t      pin;
    const lo_live_t   *l;
    lo_zone_record_t   rec;

    l = list->live;
    masked = lo_live_masked(l, list->track, n);

    if (!lo_zone_has(list->zone->z, list->ring, n, masked)) {
        return ngx_live_origin_record_of(list->zone, l, list->track, n, &rec)
               == LO_OK
               || lo_zone_gap(list->zone->z, list->ring, n, 0, 0);
    }

    if (list->low
        && lo_zone_parts_grow(list->zone->z, list->ring, n, masked,
                              ngx_live_origin_low_silent(l), &pin)
           == LO_OK)
    {
        lo_zone_unpin(list->zone->z, &pin);
        return 0;
    }

    return 1;
}


/*
 * The last number that may be listed: all below it are there or GAPs.  What
 * is due by now is one of the two; above that, as far as there is no hole that
 * was not listed before, when the event had ended.
 */

int64_t
ngx_live_origin_list_to(ngx_live_origin_list_t *list)
{
    int64_t           to, due;
    const lo_live_t  *l;

    l = list->live;

    if (lo_live_over(l)) {
        return l->last;
    }

    due = lo_timeline_at(&l->d, ngx_live_origin_wall()
                                - (int64_t) lo_hls_target(&l->d) * LO_USEC / 2
                                - l->delay_us) - 1;

    to = due < l->first - 1 ? l->first - 1 : due;

    while (ngx_live_origin_list_has(list, to + 1)) {
        to++;
    }

    return to;
}


int64_t
ngx_live_origin_list_count(const lo_live_t *l, ngx_uint_t ended)
{
    int64_t  count;

    count = (int64_t) l->playlist_s * LO_USEC / lo_dur_us(&l->d);

    if (ended || count > l->window) {
        count = l->window;
    }

    if (count < 3) {
        count = 3;
    }

    return count > NGX_LIVE_ORIGIN_LIST_MAX ? NGX_LIVE_ORIGIN_LIST_MAX
                                            : count;
}


int
ngx_live_origin_list_mark(ngx_live_origin_list_t *list, int64_t n)
{
    uint32_t  masked;

    masked = lo_live_masked(list->live, list->track, n);

    /* another pipeline's may be on other nodes */

    if ((masked && list->zone->share)
        || !ngx_live_origin_share_knows(list->zone)
        || !lo_zone_gap(list->zone->z, list->ring, n, 1, masked))
    {
        return 0;
    }

    ngx_live_origin_share_gap(list->zone, list->event->index,
                              lo_cstr(list->live->tracks[list->track].id), n);

    return 1;
}


/* numbers of the list, regular events: there, or GAP */

static unsigned
ngx_live_origin_list_fill(ngx_live_origin_list_t *list, int64_t from,
    int64_t to, lo_manifest_segment_t *s)
{
    int64_t   n;
    unsigned  i;

    for (n = from, i = 0; n <= to; n++, i++) {

        /* what was listed as GAP once stays one, though its URL serves */

        if (lo_zone_gap(list->zone->z, list->ring, n, 0, 0)) {
            ngx_live_origin_list_gap(list, n, &s[i]);
            continue;
        }

        if (ngx_live_origin_list_segment(list, n, &s[i]) == LO_OK) {
            continue;
        }

        if (ngx_live_origin_list_mark(list, n)
            || ngx_live_origin_list_segment(list, n, &s[i]) != LO_OK)
        {
            ngx_live_origin_list_gap(list, n, &s[i]);
        }
    }

    return i;
}


/* irregular events: a track's newest number that belongs to the event */

int64_t
ngx_live_origin_list_head(const lo_live_t *l, lo_zone_track_t *t)
{
    int64_t  head;

    head = __atomic_load_n(&t->head, __ATOMIC_RELAXED);

    return lo_live_over(l) && head > l->last ? l->last : head;
}


static void
ngx_live_origin_writer_media(lo_buf_t *b, const void *data)
{
    lo_hls_media(b, data);
}


ngx_int_t
ngx_live_origin_manifest_media(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m)
{
    int64_t                  from, to, count;
    ngx_int_t                rc;
    lo_zone_track_t         *t;
    lo_manifest_list_t       out;
    lo_manifest_segment_t   *s, *cut;
    ngx_live_origin_low_t    low;
    ngx_live_origin_list_t   list;
    u_char                   up[LO_ID_MAX + sizeof("../..//")];

    list.zone = zone;
    list.event = event;
    list.live = event->live;
    list.track = m->of.track;
    list.ring = event->live->tracks[m->of.track].ring;
    list.low = m->of.low;

    t = lo_zone_track(zone->z, list.ring);

    /* a number that is not known again would stay GAP */

    if (t == NULL
        || (zone->archive && __atomic_load_n(&t->loading, __ATOMIC_RELAXED)))
    {
        return NGX_DECLINED;
    }

    ngx_memzero(&out, sizeof(lo_manifest_list_t));

    if (event->live->irregular) {
        to = ngx_live_origin_list_head(event->live, t);
        count = ngx_live_origin_window_most(m->of.window, event->live);

    } else {
        to = ngx_live_origin_list_to(&list);
        count = ngx_live_origin_list_count(event->live,
                                           lo_live_over(event->live));
    }

    out.ended = lo_live_over(event->live);
    from = to - count + 1;

    if (from < event->live->first) {
        from = event->live->first;
    }

    if (m->of.window && !event->live->irregular) {
        ngx_live_origin_window_numbers(&list, m, &out, &from, &to);
    }

    m->gap_us = event->live->irregular
                ? 0 : ngx_live_origin_list_gap_us(event->live, to + 1);

    if (to < from) {
        return NGX_DECLINED;
    }

    s = malloc((to - from + 1) * sizeof(lo_manifest_segment_t));
    if (s == NULL) {
        return NGX_ERROR;
    }

    if (m->of.below) {
        out.up.data = up;
        out.up.len = ngx_sprintf(up, "../../%s/",
                                 event->live->tracks[m->of.track].id) - up;
    }

    out.doc = event->doc;
    out.systems = m->of.systems;
    cut = s;
    out.d = event->live->d;
    out.target_s = event->live->irregular
                   ? lo_hls_target_irregular(&out.d) : lo_hls_target(&out.d);
    out.iframes = lo_manifest_list_iframes(event->live, m->of.track, to,
                                           event->doc);
    out.nsegments = event->live->irregular
                    ? ngx_live_origin_list_there(&list, from, to, s)
                    : ngx_live_origin_list_fill(&list, from, to, s);

    if (m->of.window && event->live->irregular) {
        out.nsegments = ngx_live_origin_window_cut(m, event->live, &cut,
                                                   out.nsegments);
        out.ended = m->over;
        out.type = m->over && m->of.window->start_us ? LO_LIST_VOD
                                                     : LO_LIST_LIVE;
        to = m->next_us && out.nsegments ? cut[out.nsegments - 1].number : to;
    }

    if (event->live->irregular) {
        ngx_live_origin_list_mark_holes(&list, cut, out.nsegments);
    }

    out.segments = cut;

    m->to = to;
    m->max_age = out.ended ? 3600 : lo_dur_us(&out.d) / 2 / LO_USEC;

    if (m->max_age < 1) {
        m->max_age = 1;
    }

    rc = out.nsegments ? NGX_OK : NGX_DECLINED;

    if (rc == NGX_OK && m->of.low) {
        rc = ngx_live_origin_low_fill(&list, m, &out, s, &low);
    }

    if (rc == NGX_OK) {
        rc = ngx_live_origin_manifest_render(m, ngx_live_origin_writer_media,
                                             &out);
    }

    if (m->of.low && out.nsegments) {
        ngx_live_origin_low_free(&low);
    }

    free(s);

    return rc;
}
