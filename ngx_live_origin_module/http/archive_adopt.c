/*
 * An event that was found on the disk, by archive_restore.c: in the event loop
 * it becomes one of the zone's, unless that has it.
 */

#include "http/archive.h"


typedef struct {
    ngx_live_origin_found_t     *found;
    lo_event_t                  *doc;
    lo_word_t                    words[LO_LIVE_INITS];
    ngx_uint_t                   done;
} ngx_live_origin_adopt_t;


static ngx_uint_t
ngx_live_origin_adopt_fresh(const lo_live_t *l)
{
    return l->first == INT64_MAX && l->ninits == 0 && l->nruns == 0
           && l->phase == LO_LIVE_SCHEDULED;
}


static int
ngx_live_origin_adopt_change(lo_live_t *l, void *data)
{
    uint64_t                  serial;
    ngx_uint_t                i;
    ngx_live_origin_adopt_t  *ad = data;

    ad->done = 0;

    if (!ngx_live_origin_adopt_fresh(l)) {
        return 0;
    }

    serial = l->serial;
    ngx_memcpy(l, ad->found->live, sizeof(lo_live_t));

    for (i = 0; i < l->ninits; i++) {
        l->inits[i].word = ad->words[i];
    }

    /* the document here may be newer than the one there */

    if (ad->doc) {
        (void) lo_live_document(l, ad->doc);
    }

    l->serial = ngx_max(l->serial, serial) + 1;
    ad->done = 1;

    return 1;
}


/* its inits and rings; LO_FULL: no room for them */

static int
ngx_live_origin_adopt_fill(ngx_live_origin_zone_t *zone, int index,
    ngx_live_origin_adopt_t *ad)
{
    ngx_uint_t                i;
    lo_live_t                *l;
    ngx_live_origin_found_t  *f;

    f = ad->found;
    l = f->live;

    for (i = 0; i < l->ninits; i++) {

        ad->words[i] = lo_zone_put(zone->z, index, LO_KIND_INIT, f->inits[i],
                                   f->lens[i]);
        if (ad->words[i] == 0) {
            return LO_FULL;
        }
    }

    for (i = 0; i < l->ntracks; i++) {

        /* what it names was another zone's */

        l->tracks[i].ring = LO_ZONE_NO_TRACK;

        if (f->heads[i] >= 0
            && ngx_live_origin_ring_make(zone, index, l, i) < 0)
        {
            return LO_FULL;
        }
    }

    return LO_OK;
}


static void
ngx_live_origin_adopt_heads(ngx_live_origin_zone_t *zone,
    ngx_live_origin_found_t *f)
{
    ngx_uint_t        i;
    lo_live_t        *l;
    lo_zone_track_t  *t;

    l = f->live;

    for (i = 0; i < l->ntracks; i++) {

        t = ngx_live_origin_track_of(zone, &l->tracks[i]);

        if (t && t->records) {
            __atomic_store_n(&t->loading, 1, __ATOMIC_SEQ_CST);
            lo_zone_track_restore(zone->z, l->tracks[i].ring, f->heads[i]);
        }
    }
}


/* what is not read back is left alone */

static void
ngx_live_origin_adopt_left(ngx_live_origin_zone_t *zone,
    ngx_live_origin_found_t *f)
{
    const char  *why;

    switch (f->err) {

    case ENOENT:

        /* nothing of it had been recorded */

        return;

    case EPROTO:
        why = "another version of this module has written it";
        break;

    case ESTALE:
        why = "the event has begun anew; it goes when that is deleted";
        break;

    case NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT:
        why = "its records are damaged";
        break;

    default:
        why = strerror(f->err);
        break;
    }

    ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                  "live origin archive: event \"%s\" (%s) is not found "
                  "again: %s", f->id, f->folder, why);
}


void
ngx_live_origin_archive_adopt(ngx_live_origin_zone_t *zone,
    ngx_live_origin_found_t *f)
{
    int                       index, rc;
    ngx_uint_t                i;
    lo_event_err_t            err;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *e;
    ngx_live_origin_adopt_t   ad;

    if (f->err) {
        ngx_live_origin_adopt_left(zone, f);
        return;
    }

    index = lo_zone_event_find(zone->z, lo_cstr(f->id));

    if (index < 0) {
        index = ngx_live_origin_event_document(zone, f->doc, f->doc_len, 0,
                                               &err);
    }

    e = index < 0 ? NULL : ngx_live_origin_event_get(zone, index);

    if (e == NULL) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "live origin archive: event \"%s\" is not found again: "
                      "the zone has no room for it, raise \"events\" or "
                      "\"size\"", f->id);
        return;
    }

    if (!ngx_live_origin_adopt_fresh(e->live)) {

        /* found before, by an archivist that did not come to the end */

        ze = lo_zone_event(zone->z, index);

        if (ze && ze->born_us != f->born) {
            f->err = ESTALE;
            ngx_live_origin_adopt_left(zone, f);
        }

        return;
    }

    ngx_memzero(&ad, sizeof(ngx_live_origin_adopt_t));
    ad.found = f;
    ad.doc = e->doc;

    rc = ngx_live_origin_adopt_fill(zone, index, &ad);

    if (rc == LO_OK) {
        rc = ngx_live_origin_event_change(zone, e,
                                          ngx_live_origin_adopt_change,
                                          &ad);
    }

    if (rc != LO_OK || !ad.done) {

        for (i = 0; i < f->live->ninits; i++) {
            if (ad.words[i]) {
                lo_zone_kill(zone->z, ad.words[i]);
            }
        }

        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "live origin archive: event \"%s\" is not found again: "
                      "%s", f->id, rc == LO_OK
                      ? "it is being published already"
                      : "its share of the zone has no room for it");
        return;
    }

    lo_zone_event_restore(zone->z, index, f->born);
    ngx_live_origin_adopt_heads(zone, f);

    ngx_log_error(NGX_LOG_NOTICE, zone->log, 0,
                  "live origin archive: event \"%s\" is found again", f->id);
}
