/*
 * What a low-latency playlist lists: parts of the newest segments, of the one
 * that is being published, what comes next, and where the other playlists of
 * the event end.
 */

#include "http/health.h"
#include "http/low.h"
#include "core/hls.h"


#define NGX_LIVE_ORIGIN_LOW_LISTED  3      /* target durations from the end */


/*
 * Parts are cut from uploads under way, which readers may be given only where
 * live_origin_early_bytes says so; and a playlist without anybody who may wait
 * for the next is none.
 */

uint32_t
ngx_live_origin_low(ngx_http_request_t *r, ngx_live_origin_event_t *event,
    ngx_uint_t track)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (!lcf->early_bytes || lcf->hold == 0
        || event->live->phase != LO_LIVE_LIVE
        || (event->doc && event->doc->low.off))
    {
        return 0;
    }

    return lo_live_part_us(event->live, track);
}


void
ngx_live_origin_low_end(ngx_live_origin_list_t *list, lo_reload_end_t *end)
{
    lo_parts_t     *p;
    lo_zone_pin_t   pin;

    end->last = ngx_live_origin_list_to(list);
    end->parts = 0;
    end->open = 0;
    end->partless = 0;

    p = ngx_live_origin_parts(list->zone, list->event, list->track, end->last,
                              0, &pin);
    if (p) {
        end->parts = p->whole ? p->n : 0;
        lo_zone_unpin(list->zone->z, &pin);
    }

    p = ngx_live_origin_parts(list->zone, list->event, list->track,
                              end->last + 1, 1, &pin);
    if (p) {
        end->open = p->n;
        lo_zone_unpin(list->zone->z, &pin);

    } else {
        end->partless = lo_zone_partless(list->zone->z, list->ring,
                                         end->last + 1);
    }
}


void
ngx_live_origin_low_batch_end(ngx_live_origin_list_t *list,
    lo_reload_end_t *end)
{
    ngx_live_origin_batch_t  *b;

    b = list->zone->batch;

    if (b == NULL) {
        ngx_live_origin_low_end(list, end);
        return;
    }

    if (b->event != list->event || b->live_word != list->event->live_word
        || b->track != list->track)
    {
        b->event = list->event;
        b->live_word = list->event->live_word;
        b->track = list->track;
        ngx_live_origin_low_end(list, &b->end);
    }

    *end = b->end;
}


void
ngx_live_origin_low_batch_forget(ngx_live_origin_zone_t *zone)
{
    if (zone->batch) {
        zone->batch->event = NULL;
    }
}


/* ---- parts of segments */

/* m: media time of the segment's first sample */

static void
ngx_live_origin_low_cut(const lo_parts_t *p, const lo_anchor_t *anchor,
    int64_t m, lo_manifest_part_t *out)
{
    unsigned  i;
    uint32_t  ts;

    ts = p->init.timescale;

    for (i = 0; i < p->n; i++) {
        out[i].start_us = lo_timeline_utc_us(anchor, m + p->list[i].start,
                                             ts);
        out[i].end_us = lo_timeline_utc_us(anchor, m + p->list[i].start
                                                   + p->list[i].duration, ts);
        out[i].independent = p->list[i].independent;
        out[i].gap = 0;
    }
}


/* the parts that it would have */

static unsigned
ngx_live_origin_low_gap(const lo_dur_t *d, uint32_t target,
    const lo_manifest_segment_t *s, lo_manifest_part_t *out)
{
    unsigned  i, n;

    n = lo_part_count(d, target);

    for (i = 0; i < n; i++) {
        out[i].start_us = s->start_us + (int64_t) i * target;
        out[i].end_us = i + 1 < n ? out[i].start_us + target : s->end_us;
        out[i].independent = 0;
        out[i].gap = 1;
    }

    return n;
}


static unsigned
ngx_live_origin_low_segment(ngx_live_origin_list_t *list, uint32_t target,
    lo_manifest_segment_t *s, lo_manifest_part_t *out)
{
    lo_parts_t         *p;
    lo_zone_pin_t       pin;
    const lo_anchor_t  *anchor;

    s->parts = out;

    if (s->gap) {
        s->nparts = ngx_live_origin_low_gap(&list->live->d, target, s, out);
        return s->nparts;
    }

    anchor = lo_live_anchor(list->live, lo_live_run_by_id(list->live, s->run),
                            list->track);

    if (anchor == NULL) {
        return 0;
    }

    p = ngx_live_origin_parts(list->zone, list->event, list->track, s->number,
                              0, &pin);
    if (p == NULL) {
        return 0;
    }

    /* a number that is due is listed, though what is followed of it is not
       whole yet: without parts until then */

    if (p->whole) {
        ngx_live_origin_low_cut(p, anchor, s->m, out);
        s->nparts = p->n;
    }

    lo_zone_unpin(list->zone->z, &pin);

    return s->nparts;
}


/* the media time of a first tfdt, which may have wrapped */

static int64_t
ngx_live_origin_low_media(const lo_live_t *l, const lo_parts_t *p,
    const lo_anchor_t *anchor, int64_t number)
{
    int64_t  m, near, wrap;

    m = (int64_t) p->tfdt - p->init.edit;

    if (!p->tfdt32) {
        return m;
    }

    wrap = INT64_C(1) << 32;
    near = lo_timeline_media(&l->d, anchor, number, p->init.timescale) - m;

    return near < wrap / 2 ? m : m + (near + wrap / 2) / wrap * wrap;
}


/* the segment behind the last one, and what comes after what there is of it */

static void
ngx_live_origin_low_open(ngx_live_origin_list_t *list, int64_t number,
    lo_manifest_part_t *out, ngx_live_origin_low_t *low)
{
    lo_parts_t            *p;
    lo_zone_pin_t          pin;
    const lo_live_t       *l;
    const lo_anchor_t     *anchor;
    const lo_live_run_t   *run;
    const lo_live_init_t  *init;

    l = list->live;
    run = lo_live_run_at(l, number);
    anchor = lo_live_anchor(l, run, list->track);
    init = lo_live_init_at(l, list->track, number);

    low->low.hint = number;
    low->low.hint_part = 0;

    p = anchor && init ? ngx_live_origin_parts(list->zone, list->event,
                                               list->track, number, 1, &pin)
                       : NULL;

    if (p == NULL) {

        /* there will be none of this one: the next */

        if (lo_zone_partless(list->zone->z, list->ring, number)) {
            low->low.hint++;
            low->partless = 1;
        }

        return;
    }

    if (p->n) {
        low->open.number = number;
        low->open.run = run->id;
        low->open.init = init->digest;
        low->open.info = &init->info;
        low->open.parts = out;
        low->open.nparts = p->n;
        ngx_live_origin_low_cut(p, anchor,
                                ngx_live_origin_low_media(l, p, anchor,
                                                          number),
                                out);
        low->open.start_us = out[0].start_us;
        low->open.end_us = out[p->n - 1].end_us;
        low->low.open = &low->open;
    }

    if (lo_parts_full(p, &l->d)) {
        low->low.hint++;

    } else {
        low->low.hint_part = p->n;
    }

    lo_zone_unpin(list->zone->z, &pin);
}


/* ---- the other playlists */

static void
ngx_live_origin_low_report(ngx_live_origin_list_t *list, uint32_t target,
    lo_manifest_report_t *r)
{
    lo_reload_end_t  end;

    r->track = lo_cstr(list->live->tracks[list->track].id);
    r->part = -1;

    if (target == 0) {
        r->msn = ngx_live_origin_list_to(list);
        return;
    }

    ngx_live_origin_low_end(list, &end);

    r->msn = end.open ? end.last + 1 : end.last;
    r->part = (int64_t) (end.open ? end.open : end.parts) - 1;
}


/* a list is the same for all countries: what one of them may not have, or what
   is 404 at the moment, is not reported */

static ngx_uint_t
ngx_live_origin_low_reported(ngx_live_origin_list_t *list, ngx_uint_t track,
    uint64_t stale)
{
    ngx_uint_t               i;
    lo_str_t                 id;
    const lo_event_t        *doc;
    const lo_live_track_t   *t;

    t = &list->live->tracks[track];
    doc = list->event->doc;

    if (track == list->track || (stale >> track & 1)
        || ngx_live_origin_track_of(list->zone, t) == NULL)
    {
        return 0;
    }

    id = lo_cstr(t->id);

    for (i = 0; doc && i < doc->ntracks; i++) {
        if (lo_str_eq(doc->tracks[i].id, id)) {
            return lo_where_empty(&doc->tracks[i].countries.where);
        }
    }

    return 1;
}


static ngx_int_t
ngx_live_origin_low_reports(ngx_live_origin_list_t *list,
    ngx_live_origin_low_t *low)
{
    uint32_t                  target;
    ngx_uint_t                i;
    const lo_live_t          *l;
    ngx_live_origin_list_t    other;
    ngx_live_origin_health_t  health;

    l = list->live;
    ngx_live_origin_health(list->zone, list->event, &health);

    low->reports = calloc(l->ntracks, sizeof(lo_manifest_report_t));
    if (low->reports == NULL) {
        return NGX_ERROR;
    }

    low->low.reports = low->reports;

    for (i = 0; i < l->ntracks; i++) {

        target = lo_live_part_us(l, i);
        low->low.longest_us = ngx_max(low->low.longest_us, target);

        if (!ngx_live_origin_low_reported(list, i, health.stale)) {
            continue;
        }

        other = *list;
        other.track = i;
        other.ring = l->tracks[i].ring;
        other.low = target != 0;

        ngx_live_origin_low_report(&other, target,
                                   &low->reports[low->low.nreports++]);
    }

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_low_fill(ngx_live_origin_list_t *list,
    ngx_live_origin_manifest_t *m, lo_manifest_list_t *out,
    lo_manifest_segment_t *s, ngx_live_origin_low_t *low)
{
    int64_t              from;
    unsigned             i, first, n;
    lo_manifest_part_t  *part;

    ngx_memzero(low, sizeof(ngx_live_origin_low_t));

    low->low.target_us = lo_live_part_us(list->live, list->track);
    low->low.skip = m->of.skip;

    n = out->nsegments;
    from = s[n - 1].end_us
           - (int64_t) NGX_LIVE_ORIGIN_LOW_LISTED * out->target_s * LO_USEC;

    for (first = n; first > 0 && s[first - 1].end_us > from; first--) {
        /* void */
    }

    low->parts = malloc((n - first + 1) * LO_PARTS_MAX
                        * sizeof(lo_manifest_part_t));

    if (low->parts == NULL
        || ngx_live_origin_low_reports(list, low) != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = low->parts;

    ngx_live_origin_low_open(list, m->to + 1, part, low);
    part += low->open.nparts;

    if (low->open.nparts) {
        from += low->open.end_us - s[n - 1].end_us;
    }

    for (i = first; i < n; i++) {
        if (s[i].end_us > from) {
            part += ngx_live_origin_low_segment(list, low->low.target_us,
                                                &s[i], part);
        }
    }

    m->parts = s[n - 1].gap ? 0 : s[n - 1].nparts;
    m->open = low->open.nparts;
    m->partless = low->partless;
    out->low = &low->low;

    return NGX_OK;
}


void
ngx_live_origin_low_free(ngx_live_origin_low_t *low)
{
    free(low->parts);
    free(low->reports);
}
