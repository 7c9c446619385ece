/*
 * From a whole piece to something that is served.  The live state decides
 * (decide.c); this file publishes in the zone and wakes who waits.
 */

#include "http/publish.h"


#define NGX_LIVE_ORIGIN_WAIT_MAX  1000000   /* us, then audio decides on d */


static uint64_t *
ngx_live_origin_counters(ngx_live_origin_zone_t *zone, uint32_t ring,
    unsigned pipeline)
{
    lo_zone_track_t  *zt;

    zt = lo_zone_track(zone->z, ring);

    return zt ? &zt->counters[pipeline * NGX_LIVE_ORIGIN_NTRACK] : NULL;
}


static ngx_uint_t
ngx_live_origin_place_publish(ngx_live_origin_place_t *c)
{
    int                          rc;
    int64_t                      us;
    uint64_t                    *counters;
    lo_word_t                    word;
    ngx_int_t                    shared;
    ngx_uint_t                   size, status;
    lo_zone_meta_t               meta;
    lo_zone_track_t             *zt;
    ngx_live_origin_piece_t     *piece;
    ngx_live_origin_upload_t    *u;
    ngx_live_origin_loc_conf_t  *lcf;

    u = c->u;
    piece = c->piece;
    size = piece->up.size;

    ngx_live_origin_inspect(c, &meta);

    status = ngx_live_origin_deadline_missed(u, piece);
    if (status) {
        return status;
    }

    shared = ngx_live_origin_share_ack(c, &meta);

    if (shared != NGX_OK) {
        return shared == NGX_AGAIN ? 0 : (ngx_uint_t) shared;
    }

    rc = ngx_live_origin_archive_stays(u->zone, u->index, c->track,
                                       c->place.number, piece->digest,
                                       meta.rank);

    if (rc == LO_NONE && ngx_live_origin_share_stays(c)) {
        rc = LO_PUBLISH_SUPERSEDED;
    }

    if (rc == LO_NONE) {
        rc = lo_zone_publish(u->zone->z, c->ring, c->place.number,
                             c->pipeline, &piece->up, piece->digest, &meta,
                             &word);

    } else {
        lo_zone_upload_abort(u->zone->z, &piece->up);
    }

    piece->up.word = 0;

    if (rc == LO_PUBLISH_SAME && ngx_live_origin_share_fresh(c)) {
        rc = LO_PUBLISH_NEW;
    }

    if (rc == LO_NONE) {
        return ngx_live_origin_say_why(u, LO_WHY_PAST, NULL);
    }

    if (rc < 0) {
        return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                                   "the upload was lost");
    }

    piece->announced = 0;
    u->placed = 1;
    u->pieces++;
    u->number = c->place.number;
    u->track = c->track;
    u->anchor = c->anchor;
    u->anchored = 1;

    ngx_live_origin_share_seen(c);
    ngx_live_origin_body_wrapped(u, c->wrapped);

    ngx_live_origin_place_after(u, c->place.number, piece->done_us);

    /* a repeat too: the first one's worker may have died before it woke them */

    ngx_live_origin_hold_publish(u->zone, c->ring);

    us = ngx_live_origin_mono() - piece->done_us;
    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);

    ngx_live_origin_hist_add(u->zone->cells, NGX_LIVE_ORIGIN_CELL_WRITE_HIST,
                             us);

    ngx_live_origin_shed_count(u->zone, LO_SHED_PUBLISH, us,
                               (int64_t) lcf->write_deadline * 1000);

    if (us > (int64_t) lcf->write_deadline * 1000) {
        u->zone->cells[NGX_LIVE_ORIGIN_CELL_WRITE_MISSED]++;
    }

    counters = ngx_live_origin_counters(u->zone, c->ring, c->pipeline);
    zt = lo_zone_track(u->zone->z, c->ring);

    if (counters == NULL || zt == NULL) {
        return rc == LO_PUBLISH_NEW || rc == LO_PUBLISH_REPLACED
               ? NGX_HTTP_CREATED : NGX_HTTP_OK;
    }

    __atomic_store_n(&zt->counters[NGX_LIVE_ORIGIN_TRACK_WRITE_US
                                   + c->pipeline], us, __ATOMIC_RELAXED);

    switch (rc) {

    case LO_PUBLISH_SAME:
        lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_SAME], 1);
        return NGX_HTTP_OK;

    case LO_PUBLISH_SUPERSEDED:
        lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_SUPERSEDED], 1);
        ngx_live_origin_why_note(u->zone, c->ring, c->place.number,
                                 c->pipeline, NGX_LIVE_ORIGIN_WHY_SUPERSEDED);
        return NGX_HTTP_OK;
    }

    lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_SEGMENTS], 1);
    lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_BYTES], size);
    ngx_live_origin_inspected(c, &meta, counters);

    if (!c->irregular && piece->last_us > c->due_us) {
        lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_LATE], 1);
    }

    return NGX_HTTP_CREATED;
}


/* audio that waits for d: until the deadline comes near, it decides on d */

static int
ngx_live_origin_place_force(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece)
{
    int64_t  now, max;

    now = ngx_live_origin_mono();

    if (u->early) {
        return u->wait_us && now - u->wait_us > NGX_LIVE_ORIGIN_BLIND;
    }

    max = ngx_live_origin_deadline_us(u) * 4 / 5;
    max = ngx_min(max, NGX_LIVE_ORIGIN_WAIT_MAX);

    return now - piece->done_us + NGX_LIVE_ORIGIN_RETRY * 1000 > max;
}


static ngx_uint_t
ngx_live_origin_place_no_ring(ngx_live_origin_upload_t *u,
    ngx_live_origin_place_t *c)
{
    if (c->no_ring == LO_AGAIN) {
        return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                                   "the zone is busy");
    }

    return ngx_live_origin_say(u, NGX_HTTP_INSUFFICIENT_STORAGE,
                               "no room for another track: its window "
                               "(dvr_s) has %u numbers, which take %u KB of "
                               "the event's zone_share", c->cap,
                               c->cap / (u->zone->archive ? 8 : 16));
}


/* 201, 200 or what was refused; 0: not yet */

static ngx_uint_t
ngx_live_origin_place_piece(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece)
{
    int                       rc;
    uint64_t                 *counters;
    ngx_int_t                 wait;
    ngx_uint_t                status;
    ngx_live_origin_event_t  *e;
    ngx_live_origin_place_t   c;

    e = ngx_live_origin_place_get(u);
    if (e == NULL) {
        return u->status;
    }

    /* before anything changes, too */

    status = ngx_live_origin_deadline_missed(u, piece);
    if (status) {
        return status;
    }

    ngx_memzero(&c, sizeof(c));
    c.u = u;
    c.piece = piece;
    c.ring = LO_ZONE_NO_TRACK;
    c.force = ngx_live_origin_place_force(u, piece);

    ngx_live_origin_event_facts(u->zone, e, &c.facts);

    rc = ngx_live_origin_place_decide(e, &c);

    if (rc == LO_AGAIN) {

        wait = ngx_live_origin_agree_wait(u, piece->done_us);

        if (wait != NGX_OK) {
            return wait == NGX_AGAIN ? 0 : (ngx_uint_t) wait;
        }

        rc = ngx_live_origin_place_decide(e, &c);
    }

    if (rc != LO_OK) {
        return ngx_live_origin_say(u, rc == LO_NONE
                                      ? NGX_HTTP_NOT_FOUND
                                      : NGX_HTTP_INSUFFICIENT_STORAGE,
                                   rc == LO_NONE ? "unknown event"
                                                 : "no room in the zone");
    }

    if (c.no_ring) {
        return ngx_live_origin_place_no_ring(u, &c);
    }

    if (c.why == LO_WHY_WAIT && !c.force) {
        u->wait_us = u->wait_us ? u->wait_us : ngx_live_origin_mono();
        return 0;
    }

    u->wait_us = 0;
    u->taken = (c.why == LO_WHY_TAKEN);

    if (c.why == LO_WHY_OK) {
        return ngx_live_origin_place_publish(&c);
    }

    e = ngx_live_origin_event_get(u->zone, u->index);

    if (e && c.track >= 0 && c.pipeline < LO_MAX_PIPELINES
        && c.why != LO_WHY_PIPELINE && c.why != LO_WHY_PIPELINES)
    {
        counters = ngx_live_origin_counters(u->zone,
                                            e->live->tracks[c.track].ring,
                                            c.pipeline);
        if (counters) {
            lo_zone_count(&counters[NGX_LIVE_ORIGIN_TRACK_REFUSED], 1);
            ngx_live_origin_why_note(u->zone, e->live->tracks[c.track].ring,
                                     c.place.number, c.pipeline, c.why);
        }
    }

    return ngx_live_origin_say_why(u, c.why, &c.place.when);
}


/*
 * What its end will say, as long as it goes as segments before it: what
 * changes the event's state (a new run, init or track) is left to the end.
 */

ngx_int_t
ngx_live_origin_place_ahead(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece, int64_t *number, unsigned *pipeline)
{
    ngx_live_origin_event_t  *e;
    ngx_live_origin_place_t   c;

    e = ngx_live_origin_place_get(u);

    if (e == NULL || e->live->d.duration == 0) {
        return NGX_DECLINED;
    }

    ngx_memzero(&c, sizeof(c));
    c.u = u;
    c.piece = piece;
    c.ring = LO_ZONE_NO_TRACK;
    c.ahead = 1;

    ngx_live_origin_event_facts(u->zone, e, &c.facts);

    if (ngx_live_origin_place_decide(e, &c) != LO_OK
        || c.why != LO_WHY_OK || c.ring == LO_ZONE_NO_TRACK)
    {
        return NGX_DECLINED;
    }

    piece->ring = c.ring;
    *number = c.place.number;
    *pipeline = c.pipeline;

    return NGX_OK;
}


/*
 * In a stream of many segments one that comes too late or twice is no reason
 * to end the stream; what every following one would meet is.
 */

static ngx_uint_t
ngx_live_origin_place_fatal(ngx_live_origin_upload_t *u, ngx_uint_t status)
{
    if (!u->early) {
        return 1;
    }

    return !u->taken && status != NGX_LIVE_ORIGIN_HTTP_GONE
           && status != NGX_HTTP_INSUFFICIENT_STORAGE;
}


ngx_int_t
ngx_live_origin_place_queue(ngx_live_origin_upload_t *u)
{
    ngx_uint_t                was, status;
    ngx_queue_t              *q;
    ngx_live_origin_piece_t  *piece;

    while (!ngx_queue_empty(&u->done)) {

        q = ngx_queue_head(&u->done);
        piece = ngx_queue_data(q, ngx_live_origin_piece_t, queue);

        was = u->status;
        status = ngx_live_origin_place_piece(u, piece);

        if (status == 0) {
            ngx_add_timer(&u->timer, ngx_live_origin_share_acking(piece)
                                     ? NGX_LIVE_ORIGIN_ACKING
                                     : NGX_LIVE_ORIGIN_RETRY);
            return NGX_AGAIN;
        }

        ngx_queue_remove(q);
        ngx_live_origin_piece_free(u, piece);

        if (status >= NGX_HTTP_SPECIAL_RESPONSE) {

            if (ngx_live_origin_place_fatal(u, status)) {
                return NGX_ERROR;
            }

            ngx_log_error(NGX_LOG_WARN, u->request->connection->log, 0,
                          "a segment within a stream was refused: %ui %V",
                          status, &u->text);
        }

        /* one that was stored says more than a repeat or a refusal */

        u->status = was == NGX_HTTP_CREATED ? was : status;
    }

    return NGX_OK;
}
