/*
 * What is known of a segment when its last byte has come: every fact was
 * gathered while it arrived, here they are put together.  One look at the
 * pipeline's previous segment, nothing is read again.
 */

#include "http/publish.h"


static void
ngx_live_origin_inspect_neighbour(ngx_live_origin_place_t *c,
    lo_verdict_facts_t *f)
{
    lo_zone_t             *z;
    lo_zone_pin_t          pin;
    const lo_zone_meta_t  *meta;

    z = c->u->zone->z;

    if (lo_zone_candidate(z, c->ring, c->place.number - 1, c->pipeline, &pin)
        != LO_OK)
    {
        return;
    }

    meta = &pin.object->meta;

    f->changed_init = meta->init != c->place.init;

    if (meta->run == c->place.run && meta->timescale == c->init.timescale) {
        f->follows = 1;
        f->gap = c->m - (meta->m + (int64_t) meta->duration);
    }

    lo_zone_unpin(z, &pin);
}


static void
ngx_live_origin_inspect_facts(ngx_live_origin_place_t *c,
    lo_verdict_facts_t *f)
{
    ngx_live_origin_piece_t  *piece;

    piece = c->piece;

    ngx_memzero(f, sizeof(lo_verdict_facts_t));

    f->type = c->init.type;
    f->timescale = c->init.timescale;
    f->duration = piece->duration;
    f->samples = piece->samples;
    f->holes = piece->holes;
    f->laps = piece->laps;
    f->off = c->place.off;
    f->d = &c->d;

    f->start_us = lo_timeline_utc_us(&c->anchor, c->m, c->init.timescale);
    f->end_us = lo_timeline_utc_us(&c->anchor, c->m + piece->duration,
                                   c->init.timescale);
    f->arrived_us = piece->last_us;
    f->prft_us = piece->prft_us;
    f->delay_us = c->delay_us;

    f->utc = c->anchor.offset == 0;
    f->irregular = c->irregular;
    f->off_grid = c->place.off_grid;
    f->last = piece->lmsg;
    f->sync = piece->sync;
    f->empty = !piece->media;
    f->slat = piece->slat;
    f->wrong_init = piece->wrong_init;

    ngx_live_origin_inspect_neighbour(c, f);
}


void
ngx_live_origin_inspect(ngx_live_origin_place_t *c, lo_zone_meta_t *meta)
{
    lo_verdict_t              v;
    lo_verdict_facts_t        f;
    ngx_live_origin_piece_t  *piece;

    piece = c->piece;
    v = c->u->declared;

    ngx_live_origin_inspect_facts(c, &f);
    lo_verdict(&v, &f);

    ngx_memzero(meta, sizeof(lo_zone_meta_t));

    meta->m = c->m;
    meta->tfdt = piece->tfdt;
    meta->duration = piece->duration;
    meta->timescale = c->init.timescale;
    meta->init = c->place.init;
    meta->run = c->place.run;
    meta->verdict = v.bits;
    meta->rank = lo_verdict_rank(&v);
    meta->first_us = piece->first_us;
    meta->last_us = piece->last_us;
    meta->chunks = piece->chunks;

    lo_verdict_pack(&v, meta->ms);
}


/*
 * A document that says another duration than what comes: one line, and a
 * metric for the rest.  A short segment behind good ones may be a pusher's
 * last.
 */

static void
ngx_live_origin_inspect_differs(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta, const uint64_t *counters)
{
    int64_t           ms, d, differs;
    lo_zone_event_t  *ze;

    ms = lo_rescale(meta->duration, 1000, meta->timescale, LO_NEAREST);
    d = lo_dur_us(&c->d) / 1000;
    differs = ms < d ? d - ms : ms - d;

    if (!c->declared || c->irregular || differs <= d / 4
        || (ms < d && c->piece->lmsg))
    {
        return;
    }

    ze = lo_zone_event(c->u->zone->z, c->u->index);

    if (ze == NULL || (ms < d && counters[NGX_LIVE_ORIGIN_TRACK_GOOD])) {
        return;
    }

    if (__atomic_fetch_add(&ze->counters[NGX_LIVE_ORIGIN_EVENT_DIFFERS], 1,
                           __ATOMIC_RELAXED)
        == 0)
    {
        ngx_log_error(NGX_LOG_ERR, c->u->request->connection->log, 0,
                      "event \"%s\": segments of %L ms are declared, "
                      "pipeline \"%V\" sends %L ms", ze->id, d,
                      &c->u->ctx->pipeline, ms);
    }
}


void
ngx_live_origin_inspected(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta, uint64_t *counters)
{
    ngx_uint_t  i;

    ngx_live_origin_inspect_differs(c, meta, counters);

    for (i = 0; i < LO_VERDICT_N; i++) {
        if (meta->verdict >> i & 1) {
            lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_VERDICTS + i], 1);
        }
    }

    if (meta->rank == 0) {
        lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_GOOD], 1);
        return;
    }

    ngx_live_origin_defects_log(c, meta);
}
