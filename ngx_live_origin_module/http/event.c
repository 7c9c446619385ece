/*
 * Events as one worker sees them.  The zone holds each event's document and
 * live state as immutable records named by words; here are copies, one
 * comparison of words away from being known good.
 */

#include "http/module.h"


#define NGX_LIVE_ORIGIN_TRIES  64


static size_t
ngx_live_origin_live_size(const lo_live_t *l)
{
    return offsetof(lo_live_t, inits) + l->ninits * sizeof(lo_live_init_t);
}


static void
ngx_live_origin_event_set_live(ngx_live_origin_event_t *e, lo_word_t word,
    const lo_live_t *l)
{
    size_t  size;

    ngx_live_origin_manifest_free(e->manifests);
    e->manifests = NULL;

    free(e->live);
    e->live = NULL;
    e->live_word = 0;

    if (l == NULL) {
        e->live_word = word;
        return;
    }

    size = ngx_live_origin_live_size(l);

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
            && n == (int64_t) ngx_live_origin_live_size(l))
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


static void
ngx_live_origin_event_read_doc(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *e, lo_zone_event_t *ze)
{
    u_char          *json;
    int64_t          n;
    lo_word_t        word;
    lo_event_t      *doc;
    lo_event_err_t   err;

    if (e->doc) {
        lo_event_free(e->doc);
        free(e->doc);
        e->doc = NULL;
    }

    ngx_live_origin_manifest_free(e->manifests);
    e->manifests = NULL;

    word = __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);
    e->doc_word = word;

    if (word == 0) {
        return;
    }

    json = malloc(LO_EVENT_DOC_MAX);
    doc = malloc(sizeof(lo_event_t));

    if (json == NULL || doc == NULL) {
        goto failed;
    }

    n = lo_zone_read(zone->z, word, json, LO_EVENT_DOC_MAX);

    if (n < 0) {
        e->doc_word = 0;
        goto failed;
    }

    if (lo_event_parse(doc, json, n, &err) != LO_OK) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "the stored document of event \"%s\": %s: %s", ze->id,
                      err.field, err.err.text);
        goto failed;
    }

    free(json);
    e->doc = doc;

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

    if (e->doc_word != __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE)) {
        ngx_live_origin_event_read_doc(zone, e, ze);
    }

    return e->live ? e : NULL;
}


ngx_live_origin_event_t *
ngx_live_origin_event_find(ngx_live_origin_zone_t *zone, lo_str_t id)
{
    int  index;

    index = lo_zone_event_find(zone->z, id);

    return index < 0 ? NULL : ngx_live_origin_event_get(zone, index);
}


/* stores a new record in place of old; LO_AGAIN: somebody was faster */

static int
ngx_live_origin_event_store(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_word_t old, const lo_live_t *l, lo_word_t *word)
{
    lo_zone_event_t  *ze;

    ze = lo_zone_event(zone->z, index);
    if (ze == NULL) {
        return LO_NONE;
    }

    *word = lo_zone_put(zone->z, index, LO_KIND_LIVE, l,
                        ngx_live_origin_live_size(l));
    if (*word == 0) {
        return LO_FULL;
    }

    if (!lo_zone_swap(zone->z, &ze->live, old, *word)) {
        lo_zone_kill(zone->z, *word);
        return LO_AGAIN;
    }

    return LO_OK;
}


int
ngx_live_origin_event_change(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data)
{
    int          rc;
    uint64_t     serial;
    lo_word_t    word;
    lo_live_t   *l;
    ngx_uint_t   i;

    l = zone->scratch;

    for (i = 0; i < NGX_LIVE_ORIGIN_TRIES; i++) {

        event = ngx_live_origin_event_get(zone, event->index);
        if (event == NULL) {
            return LO_NONE;
        }

        ngx_memcpy(l, event->live, ngx_live_origin_live_size(event->live));
        serial = l->serial;

        if (!change(l, data)) {
            return LO_OK;
        }

        if (l->serial == serial) {
            l->serial++;
        }

        rc = ngx_live_origin_event_store(zone, event->index, event->live_word,
                                         l, &word);

        if (rc == LO_OK) {
            ngx_live_origin_event_set_live(event, word, l);
            return LO_OK;
        }

        if (rc != LO_AGAIN) {
            return rc;
        }
    }

    return LO_FULL;
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


static int
ngx_live_origin_event_redocument(lo_live_t *l, void *data)
{
    return lo_live_document(l, data);
}


static int
ngx_live_origin_event_set_doc(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    const u_char *json, size_t len, ngx_uint_t replace)
{
    u_char           *old;
    int64_t           n;
    lo_word_t         was, word;
    ngx_uint_t        same;
    lo_zone_event_t  *ze;

    for ( ;; ) {

        ze = lo_zone_event(zone->z, index);
        if (ze == NULL) {
            return LO_NONE;
        }

        was = __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);

        if (was) {

            if (!replace) {
                return LO_OK;
            }

            old = malloc(LO_EVENT_DOC_MAX);
            if (old == NULL) {
                return LO_FULL;
            }

            n = lo_zone_read(zone->z, was, old, LO_EVENT_DOC_MAX);
            same = n == (int64_t) len && ngx_memcmp(old, json, len) == 0;
            free(old);

            if (same) {
                return LO_OK;
            }
        }

        word = lo_zone_put(zone->z, index, LO_KIND_DOC, json, len);
        if (word == 0) {
            return LO_FULL;
        }

        if (lo_zone_swap(zone->z, &ze->doc, was, word)) {
            return LO_OK;
        }

        lo_zone_kill(zone->z, word);
    }
}


static int
ngx_live_origin_event_put(ngx_live_origin_zone_t *zone, lo_event_t *doc,
    const u_char *json, size_t len, ngx_uint_t replace)
{
    int                       index, rc;
    lo_word_t                 word;
    ngx_live_origin_event_t  *e;

    index = lo_zone_event_find(zone->z, doc->id);

    if (index < 0) {
        ngx_live_origin_try(index, lo_zone_event_add(zone->z, doc->id,
                                                     doc->zone_share));
        if (index < 0) {
            return index;
        }

    } else if (doc->zone_share && replace
               && lo_zone_event_share(zone->z, index, doc->zone_share)
                  != LO_OK)
    {
        return LO_FULL;
    }

    rc = ngx_live_origin_event_set_doc(zone, index, json, len, replace);
    if (rc != LO_OK) {
        return rc;
    }

    e = ngx_live_origin_event_get(zone, index);

    if (e == NULL) {
        lo_live_create(zone->scratch, doc);

        rc = ngx_live_origin_event_store(zone, index, 0, zone->scratch, &word);

        if (rc == LO_OK) {
            return index;
        }

        e = rc == LO_AGAIN ? ngx_live_origin_event_get(zone, index) : NULL;
        if (e == NULL) {
            return LO_FULL;
        }

        rc = LO_OK;
    }

    if (replace) {
        rc = ngx_live_origin_event_change(zone, e,
                                          ngx_live_origin_event_redocument,
                                          doc);
    }

    return rc == LO_OK ? index : LO_FULL;
}


int
ngx_live_origin_event_document(ngx_live_origin_zone_t *zone,
    const u_char *json, size_t len, lo_event_err_t *err)
{
    int         rc;
    lo_event_t  doc;

    rc = lo_event_parse(&doc, json, len, err);
    if (rc != LO_OK) {
        return LO_ERROR;
    }

    rc = ngx_live_origin_event_put(zone, &doc, json, len, 1);

    lo_event_free(&doc);

    return rc;
}


int
ngx_live_origin_event_auto(ngx_live_origin_zone_t *zone, lo_str_t id)
{
    int              rc;
    u_char           json[LO_ID_MAX + 16], *last;
    lo_event_t       doc;
    lo_event_err_t   err;

    last = ngx_snprintf(json, sizeof(json), "{\"id\":\"%V\"}", &id);

    rc = lo_event_parse(&doc, json, last - json, &err);
    if (rc != LO_OK) {
        return LO_FULL;
    }

    rc = ngx_live_origin_event_put(zone, &doc, json, last - json, 0);

    lo_event_free(&doc);

    return rc;
}


static int
ngx_live_origin_event_ended(lo_live_t *l, void *data)
{
    return lo_live_end(l, *(int64_t *) data);
}


int
ngx_live_origin_event_end(ngx_live_origin_zone_t *zone, ngx_uint_t index)
{
    int                       rc;
    int64_t                   last;
    ngx_uint_t                i;
    lo_zone_event_t          *ze;
    ngx_live_origin_event_t  *e;

    e = ngx_live_origin_event_get(zone, index);
    ze = lo_zone_event(zone->z, index);

    if (e == NULL || ze == NULL) {
        return LO_NONE;
    }

    last = __atomic_load_n(&ze->head, __ATOMIC_RELAXED);

    rc = ngx_live_origin_event_change(zone, e, ngx_live_origin_event_ended,
                                      &last);
    if (rc != LO_OK) {
        return rc;
    }

    for (i = 0; i < e->live->ntracks; i++) {
        if (e->live->tracks[i].ring != LO_ZONE_NO_TRACK) {
            ngx_live_origin_hold_publish(zone, e->live->tracks[i].ring);
        }
    }

    return LO_OK;
}


static void
ngx_live_origin_event_load_file(ngx_live_origin_zone_t *zone, ngx_str_t *name)
{
    int              rc;
    size_t           len;
    u_char          *json;
    ssize_t          n;
    ngx_fd_t         fd;
    lo_event_err_t   err;

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_ERR, zone->log, ngx_errno,
                      ngx_open_file_n " \"%s\" failed", name->data);
        return;
    }

    json = malloc(LO_EVENT_DOC_MAX + 1);
    len = 0;
    n = -1;

    while (json && len <= LO_EVENT_DOC_MAX) {
        n = read(fd, json + len, LO_EVENT_DOC_MAX + 1 - len);

        if (n <= 0) {
            break;
        }

        len += n;
    }

    ngx_close_file(fd);

    if (n != 0) {
        ngx_log_error(NGX_LOG_ERR, zone->log, n < 0 ? ngx_errno : 0,
                      "event document \"%s\" cannot be read, or is larger "
                      "than 64k", name->data);
        free(json);
        return;
    }

    rc = ngx_live_origin_event_document(zone, json, len, &err);

    if (rc == LO_ERROR) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "event document \"%s\": %s%s%s", name->data, err.field,
                      err.field[0] ? ": " : "", err.err.text);

    } else if (rc < 0) {
        ngx_log_error(NGX_LOG_ERR, zone->log, 0,
                      "event document \"%s\": the zone \"%V\" has no room for "
                      "it", name->data, &zone->name);
    }

    free(json);
}


/* every worker does: it changes nothing that is there already */

void
ngx_live_origin_event_load(ngx_live_origin_zone_t *zone)
{
    u_char     path[NGX_MAX_PATH];
    ngx_dir_t  dir;
    ngx_str_t  name;
    size_t     len;

    if (zone->events->len == 0) {
        return;
    }

    if (ngx_open_dir(zone->events, &dir) == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, zone->log, ngx_errno,
                      "\"live_origin_events\" " ngx_open_dir_n " \"%V\" failed",
                      zone->events);
        return;
    }

    while (ngx_read_dir(&dir) == NGX_OK) {

        len = ngx_de_namelen(&dir);

        if (ngx_de_name(&dir)[0] == '.' || len < 6
            || ngx_strcmp(ngx_de_name(&dir) + len - 5, ".json") != 0)
        {
            continue;
        }

        name.data = path;
        name.len = ngx_snprintf(path, sizeof(path) - 1, "%V/%s", zone->events,
                                ngx_de_name(&dir)) - path;
        path[name.len] = '\0';

        ngx_live_origin_event_load_file(zone, &name);
    }

    ngx_close_dir(&dir);
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
