/*
 * Events come, change and end: by the API, the folder of documents
 * (document_file.c), or the first init of an unknown one.
 */

#include "http/share.h"


typedef struct {
    const lo_event_t  *doc;
    ngx_uint_t         differs;            /* from the one before */
    ngx_uint_t         put;                /* just now, for all nodes */
} ngx_live_origin_redocument_t;


static void
ngx_live_origin_event_stamp(lo_live_t *l)
{
    l->doc_us = ngx_max(l->doc_us + 1, ngx_live_origin_wall());
}


static int
ngx_live_origin_event_redocument(lo_live_t *l, void *data)
{
    int                            changed;
    ngx_live_origin_redocument_t  *re = data;

    changed = lo_live_document(l, re->doc);

    if (re->differs && !changed) {
        lo_live_redocument(l);
        changed = 1;
    }

    if (re->put) {
        ngx_live_origin_event_stamp(l);
        changed = 1;
    }

    return changed;
}


/*
 * The document alone.  *word: of what is in force from here on, 0: it was that
 * already.  *was: of the one before, which is to be killed by who calls.
 */

static int
ngx_live_origin_event_swap_doc(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    const u_char *json, size_t len, ngx_uint_t replace, lo_word_t *was,
    lo_word_t *word)
{
    u_char           *old;
    int64_t           n;
    ngx_uint_t        same;
    lo_zone_event_t  *ze;

    *word = 0;

    for ( ;; ) {

        ze = lo_zone_event(zone->z, index);
        if (ze == NULL) {
            return LO_NONE;
        }

        *was = __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);

        if (*was) {

            if (!replace) {
                return LO_OK;
            }

            old = malloc(LO_EVENT_DOC_MAX);
            if (old == NULL) {
                return LO_FULL;
            }

            n = lo_zone_read(zone->z, *was, old, LO_EVENT_DOC_MAX);
            same = n == (int64_t) len && ngx_memcmp(old, json, len) == 0;
            free(old);

            if (same) {
                return LO_OK;
            }
        }

        *word = lo_zone_put(zone->z, index, LO_KIND_DOC, json, len);
        if (*word == 0) {
            return LO_FULL;
        }

        /* it may have to come back */

        (void) lo_zone_spare(zone->z, *was);

        if (__atomic_compare_exchange_n(&ze->doc, was, *word, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        {
            return LO_OK;
        }

        lo_zone_kill(zone->z, *word);
        *word = 0;
    }
}


/* that one stays */

static void
ngx_live_origin_event_keep_doc(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_word_t was, lo_word_t word)
{
    if (word) {
        if (was) {
            lo_zone_kill(zone->z, was);
        }

        ngx_live_origin_drm_check(zone, index, NGX_ERROR);
    }
}


/* the one before is in force again, unless there is a third by now, or it could
   not be read */

static void
ngx_live_origin_event_undo_doc(ngx_live_origin_zone_t *zone,
    lo_zone_event_t *ze, lo_word_t was, lo_word_t word)
{
    if (word == 0 || (was && lo_zone_spare(zone->z, was) != LO_OK)) {
        return;
    }

    if (!lo_zone_swap(zone->z, &ze->doc, word, was) && was) {
        lo_zone_kill(zone->z, was);
    }
}


int
ngx_live_origin_event_set_doc(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    const u_char *json, size_t len, ngx_uint_t replace)
{
    int        rc;
    lo_word_t  was, word;

    rc = ngx_live_origin_event_swap_doc(zone, index, json, len, replace, &was,
                                        &word);
    if (rc == LO_OK) {
        ngx_live_origin_event_keep_doc(zone, index, was, word);
    }

    return rc;
}


/* the live state, made or changed by a document that is in force already */

static int
ngx_live_origin_event_put_live(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    ngx_live_origin_redocument_t *re, ngx_uint_t replace)
{
    int                       rc;
    lo_word_t                 word;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(zone, index);

    if (e == NULL) {
        zone->scratch_word = 0;
        lo_live_create(zone->scratch, re->doc);

        if (re->put) {
            ngx_live_origin_event_stamp(zone->scratch);
        }

        rc = ngx_live_origin_event_store(zone, index, 0, zone->scratch, &word);

        if (rc == LO_OK) {
            ngx_live_origin_share_event(zone, index);
            return LO_OK;
        }

        e = rc == LO_AGAIN ? ngx_live_origin_event_get(zone, index) : NULL;
        if (e == NULL) {
            return LO_FULL;
        }
    }

    return replace
           ? ngx_live_origin_event_change(zone, e,
                                          ngx_live_origin_event_redocument, re)
           : LO_OK;
}


/* all of it, or an event that was there stays as it was */

static int
ngx_live_origin_event_put(ngx_live_origin_zone_t *zone, lo_event_t *doc,
    const u_char *json, size_t len, ngx_uint_t replace, ngx_uint_t put)
{
    int                            index, rc;
    uint64_t                       share;
    lo_word_t                      was, word;
    lo_zone_event_t               *ze;
    ngx_live_origin_redocument_t   re;

    index = lo_zone_event_find(zone->z, doc->id);

    if (index < 0) {
        ngx_live_origin_try(index, lo_zone_event_add(zone->z, doc->id,
                                                     doc->zone_share));
        if (index < 0) {
            return index;
        }
    }

    ze = lo_zone_event(zone->z, index);
    if (ze == NULL) {
        return LO_NONE;
    }

    share = __atomic_load_n(&ze->share, __ATOMIC_RELAXED) * LO_ZONE_PAGE;

    if (doc->zone_share && replace
        && lo_zone_event_share(zone->z, index, doc->zone_share) != LO_OK)
    {
        return LO_FULL;
    }

    rc = ngx_live_origin_event_swap_doc(zone, index, json, len, replace, &was,
                                        &word);
    if (rc == LO_OK) {
        re.doc = doc;
        re.differs = word != 0;
        re.put = put && zone->share;

        rc = ngx_live_origin_event_put_live(zone, index, &re, replace);

        if (rc == LO_OK) {
            ngx_live_origin_event_keep_doc(zone, index, was, word);
            return index;
        }

        ngx_live_origin_event_undo_doc(zone, ze, was, word);
    }

    (void) lo_zone_event_share(zone->z, index, share);

    return rc == LO_NONE ? LO_NONE : LO_FULL;
}


int
ngx_live_origin_event_document(ngx_live_origin_zone_t *zone,
    const u_char *json, size_t len, ngx_uint_t put, lo_event_err_t *err)
{
    int         rc;
    lo_event_t  doc;

    rc = lo_event_parse(&doc, json, len, err);
    if (rc != LO_OK) {
        return LO_ERROR;
    }

    rc = ngx_live_origin_event_put(zone, &doc, json, len, 1, put);

    lo_event_free(&doc);

    return rc;
}


size_t
ngx_live_origin_event_least(u_char *json, lo_str_t id)
{
    return ngx_snprintf(json, NGX_LIVE_ORIGIN_LEAST, "{\"id\":\"%*s\"}",
                        id.len, id.data)
           - json;
}


int
ngx_live_origin_event_auto(ngx_live_origin_zone_t *zone, lo_str_t id)
{
    int              rc;
    size_t           len;
    u_char           json[NGX_LIVE_ORIGIN_LEAST];
    lo_event_t       doc;
    lo_event_err_t   err;

    len = ngx_live_origin_event_least(json, id);

    rc = lo_event_parse(&doc, json, len, &err);
    if (rc != LO_OK) {
        return LO_FULL;
    }

    rc = ngx_live_origin_event_put(zone, &doc, json, len, 0, 0);

    lo_event_free(&doc);

    return rc;
}


int
ngx_live_origin_change_end(lo_live_t *l, void *data)
{
    int64_t                    head;
    lo_zone_event_t           *ze;
    ngx_live_origin_ending_t  *e = data;

    ze = lo_zone_event(e->zone->z, e->index);
    if (ze == NULL) {
        return -1;
    }

    head = __atomic_load_n(&ze->head, __ATOMIC_ACQUIRE);

    if (e->number < 0) {
        return lo_live_end(l, head);
    }

    e->why = lo_live_end_with(l, e->number, head, &e->err);

    return e->why == LO_OK ? lo_live_end(l, e->number) : 0;
}


/* what is woken looks at the event, too: it may be gone by then */

void
ngx_live_origin_event_wake(ngx_live_origin_zone_t *zone, ngx_uint_t index)
{
    ngx_uint_t                i;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(zone, index);

    for (i = 0; e && e->live && i < e->live->ntracks; i++) {
        if (e->live->tracks[i].ring != LO_ZONE_NO_TRACK) {
            ngx_live_origin_hold_publish(zone, e->live->tracks[i].ring);
        }
    }
}
