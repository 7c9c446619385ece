/*
 * Events as one worker sees them.  The zone holds each event's document and
 * live state as immutable records named by words; here are copies, one
 * comparison of words away from being known good.
 */

#include "http/share.h"


#define NGX_LIVE_ORIGIN_TRIES        64
#define NGX_LIVE_ORIGIN_UNREAD_SAID  60    /* s, of one event */


static void
ngx_live_origin_event_set_live(ngx_live_origin_event_t *e, lo_word_t word,
    const lo_live_t *l)
{
    size_t  size;

    ngx_live_origin_manifest_free(e->manifests);
    e->manifests = NULL;
    ngx_live_origin_parts_free(e->parts);
    e->parts = NULL;
    ngx_live_origin_notice_drop(e);

    free(e->live);
    e->live = NULL;
    e->live_word = 0;

    if (l == NULL) {
        e->live_word = word;
        return;
    }

    size = lo_live_len(l);

    e->live = malloc(size);

    if (e->live) {
        ngx_memcpy(e->live, l, size);
        e->live_word = word;
    }
}


/* a word may die while it is read: then there is a newer one */

static void
ngx_live_origin_event_read_live(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *e, lo_zone_event_t *ze)
{
    int64_t      n;
    lo_live_t   *l;
    lo_word_t    word;
    ngx_uint_t   i;

    l = zone->scratch;
    zone->scratch_word = 0;

    for (i = 0; i < NGX_LIVE_ORIGIN_TRIES; i++) {

        word = __atomic_load_n(&ze->live, __ATOMIC_ACQUIRE);

        if (word == 0) {
            ngx_live_origin_event_set_live(e, 0, NULL);
            return;
        }

        n = lo_zone_read(zone->z, word, l, sizeof(lo_live_t));

        if (n >= (int64_t) offsetof(lo_live_t, inits)
            && l->version == LO_LIVE_VERSION && l->size == sizeof(lo_live_t)
            && l->ninits <= LO_LIVE_INITS
            && n == (int64_t) lo_live_len(l))
        {
            ngx_live_origin_event_set_live(e, word, l);
            return;
        }

        if (n >= 0) {
            break;
        }
    }

    ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                  "the live state of event \"%s\" cannot be read", ze->id);

    ngx_live_origin_event_set_live(e, 0, NULL);
}


int64_t
ngx_live_origin_event_json(ngx_live_origin_zone_t *zone, lo_zone_event_t *ze,
    u_char *json, lo_word_t *word)
{
    int64_t     n;
    lo_word_t   was;
    ngx_uint_t  i;

    n = LO_NONE;
    *word = __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);

    for (i = 0; *word && i < NGX_LIVE_ORIGIN_TRIES; i++) {

        n = lo_zone_read(zone->z, *word, json, LO_EVENT_DOC_MAX);

        if (n >= 0) {
            return n;
        }

        was = *word;
        *word = __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);

        if (*word == was) {
            break;
        }
    }

    return LO_NONE;
}


/* once in a minute at most: who asks for the event asks again */

static void
ngx_live_origin_event_unread(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *e, lo_zone_event_t *ze, const char *field,
    const char *why)
{
    int64_t  now;

    now = ngx_live_origin_mono() / LO_USEC + 1;

    if (e->unread_at && now - e->unread_at < NGX_LIVE_ORIGIN_UNREAD_SAID) {
        return;
    }

    e->unread_at = now;

    ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                  "the stored document of event \"%s\": %s%s%s; its "
                  "manifests, play and clearkey are 503 until the document is "
                  "put again (or this node updated, where a newer one has "
                  "written it)", ze->id, field, field[0] ? ": " : "", why);
}


static void
ngx_live_origin_event_read_doc(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *e, lo_zone_event_t *ze)
{
    u_char          *json;
    int64_t          n;
    lo_event_t      *doc;
    lo_event_err_t   err;

    if (e->doc) {
        lo_event_free(e->doc);
        free(e->doc);
        e->doc = NULL;
        e->cut = 0;
    }

    ngx_live_origin_manifest_free(e->manifests);
    e->manifests = NULL;
    e->doc_word = 0;

    json = malloc(LO_EVENT_DOC_MAX);
    doc = malloc(sizeof(lo_event_t));

    if (json == NULL || doc == NULL) {
        ngx_live_origin_event_unread(zone, e, ze, "", "no memory");
        goto failed;
    }

    n = ngx_live_origin_event_json(zone, ze, json, &e->doc_word);

    if (n < 0) {
        e->doc_word = 0;
        ngx_live_origin_event_unread(zone, e, ze, "",
                                     "it cannot be read from the zone");
        goto failed;
    }

    if (lo_event_parse(doc, json, n, &err) != LO_OK) {
        ngx_live_origin_event_unread(zone, e, ze, err.field, err.err.text);
        goto failed;
    }

    free(json);
    e->doc = doc;
    e->cut = lo_where_digest(doc);
    e->unread_at = 0;

    return;

failed:

    free(json);
    free(doc);
}


ngx_live_origin_event_t *
ngx_live_origin_event_get(ngx_live_origin_zone_t *zone, ngx_uint_t index)
{
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *e;

    ze = lo_zone_event(zone->z, index);
    if (ze == NULL) {
        return NULL;
    }

    e = zone->cache[index];

    if (e == NULL) {
        e = calloc(1, sizeof(ngx_live_origin_event_t));
        if (e == NULL) {
            return NULL;
        }

        e->index = index;
        zone->cache[index] = e;
    }

    if (e->live_word != __atomic_load_n(&ze->live, __ATOMIC_ACQUIRE)) {
        ngx_live_origin_event_read_live(zone, e, ze);
    }

    if (e->live == NULL) {
        return NULL;
    }

    if (e->doc_word == 0
        || e->doc_word != __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE))
    {
        ngx_live_origin_event_read_doc(zone, e, ze);
    }

    return e;
}


ngx_live_origin_event_t *
ngx_live_origin_event_find(ngx_live_origin_zone_t *zone, lo_str_t id)
{
    int  index;

    index = lo_zone_event_find(zone->z, id);

    return index < 0 ? NULL : ngx_live_origin_event_get(zone, index);
}


/* stores a new record in place of old; LO_AGAIN: somebody was faster */

int
ngx_live_origin_event_store(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_word_t old, const lo_live_t *l, lo_word_t *word)
{
    lo_zone_event_t  *ze;

    ze = lo_zone_event(zone->z, index);
    if (ze == NULL) {
        return LO_NONE;
    }

    *word = lo_zone_put(zone->z, index, LO_KIND_LIVE, l,
                        lo_live_len(l));
    if (*word == 0) {
        return LO_FULL;
    }

    if (!lo_zone_swap(zone->z, &ze->live, old, *word)) {
        lo_zone_kill(zone->z, *word);
        return LO_AGAIN;
    }

    return LO_OK;
}


/* said once, by who went live with it */

static void
ngx_live_origin_event_live(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    const lo_live_t *l)
{
    const char       *note;
    lo_zone_event_t  *ze;

    ze = lo_zone_event(zone->z, index);
    note = ngx_live_origin_window_note(zone, l);

    if (ze && note) {
        ngx_log_error(NGX_LOG_WARN, zone->log, 0,
                      "event \"%s\": its window is %L s, less than dvr_s, "
                      "%uD s: %s", ze->id,
                      l->window * lo_dur_us(&l->d) / LO_USEC, l->dvr_s, note);
    }
}


/* agree: others are asked first, where there are any */

static int
ngx_live_origin_event_decide(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data, ngx_uint_t agree)
{
    int          rc;
    uint32_t     phase;
    uint64_t     serial, shown;
    lo_word_t    word;
    lo_live_t   *l;
    ngx_uint_t   i;

    l = zone->scratch;

    for (i = 0; i < NGX_LIVE_ORIGIN_TRIES; i++) {

        event = ngx_live_origin_event_get(zone, event->index);
        if (event == NULL) {
            return LO_NONE;
        }

        if (zone->scratch_word != event->live_word) {
            ngx_memcpy(l, event->live,
                       lo_live_len(event->live));
        }

        zone->scratch_word = 0;
        serial = l->serial;
        shown = l->shown;
        phase = l->phase;

        rc = change(l, data);

        if (rc == 0) {
            zone->scratch_word = event->live_word;
            return LO_OK;
        }

        if (rc < 0) {
            return LO_OK;
        }

        if (l->serial == serial) {
            l->serial++;
        }

        if (l->shown != shown) {
            l->shown_us = ngx_max(ngx_live_origin_wall(),
                                  l->shown_us + LO_USEC / 1000);
        }

        if (agree && ngx_live_origin_share_up(zone)) {

            if (!lo_live_same(event->live, l)) {
                return ngx_live_origin_share_propose(zone, event, l);
            }

            l->serial = serial;
        }

        rc = ngx_live_origin_event_store(zone, event->index, event->live_word,
                                         l, &word);

        if (rc == LO_OK) {
            ngx_live_origin_event_stored(zone, event, word, l, phase);
            ngx_live_origin_share_event(zone, event->index);

            return LO_OK;
        }

        if (rc != LO_AGAIN) {
            return rc;
        }
    }

    return LO_FULL;
}


void
ngx_live_origin_event_stored(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_word_t word, const lo_live_t *l,
    uint32_t phase)
{
    /* where a mask has gone readers get again what was agreed on */

    if (zone->share && event->live && event->live->nmasks > l->nmasks) {
        (void) lo_zone_walk(zone->z, 1);
    }

    ngx_live_origin_event_set_live(event, word, l);

    if (phase != LO_LIVE_LIVE && l->phase == LO_LIVE_LIVE) {
        ngx_live_origin_event_live(zone, event->index, l);
    }
}


int
ngx_live_origin_event_change(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data)
{
    return ngx_live_origin_event_decide(zone, event, change, data, 0);
}


int
ngx_live_origin_event_agree(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data)
{
    return ngx_live_origin_event_decide(zone, event, change, data, 1);
}


void
ngx_live_origin_event_facts(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_live_facts_t *f)
{
    ngx_uint_t        i;
    lo_zone_event_t  *ze;

    ngx_memzero(f, sizeof(lo_live_facts_t));

    f->now_us = ngx_live_origin_wall();
    f->event_head = -1;

    ze = lo_zone_event(zone->z, event->index);
    if (ze == NULL) {
        return;
    }

    f->event_head = __atomic_load_n(&ze->head, __ATOMIC_RELAXED);
    f->event_us = __atomic_load_n(&ze->head_us, __ATOMIC_RELAXED);

    for (i = 0; i < LO_MAX_PIPELINES; i++) {
        f->last_us[i] = __atomic_load_n(&ze->last_us[i], __ATOMIC_RELAXED);
    }
}


void
ngx_live_origin_event_free(ngx_live_origin_zone_t *zone)
{
    ngx_uint_t                i;
    lo_zone_stat_t            st;
    ngx_live_origin_event_t  *e;

    lo_zone_stat(zone->z, &st);

    for (i = 0; i < st.events_max; i++) {

        e = zone->cache[i];

        if (e == NULL) {
            continue;
        }

        ngx_live_origin_event_set_live(e, 0, NULL);

        if (e->doc) {
            lo_event_free(e->doc);
            free(e->doc);
        }

        free(e);
        zone->cache[i] = NULL;
    }
}
