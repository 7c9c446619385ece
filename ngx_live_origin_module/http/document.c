/*
 * Events come, change and end: by the API, the folder of documents, or the
 * first init of an unknown one.
 */

#include "http/share.h"


typedef struct {
    const lo_event_t  *doc;
    ngx_uint_t         differs;            /* from the one before */
} ngx_live_origin_redocument_t;


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

    return changed;
}


int
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
            ngx_live_origin_drm_check(zone, index, NGX_ERROR);
            return LO_OK;
        }

        lo_zone_kill(zone->z, word);
    }
}


static int
ngx_live_origin_event_put(ngx_live_origin_zone_t *zone, lo_event_t *doc,
    const u_char *json, size_t len, ngx_uint_t replace)
{
    int                            index, rc;
    lo_word_t                      word, was;
    lo_zone_event_t               *ze;
    ngx_live_origin_event_t       *e;
    ngx_live_origin_redocument_t   re;

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

    ze = lo_zone_event(zone->z, index);
    was = ze ? __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE) : 0;

    rc = ngx_live_origin_event_set_doc(zone, index, json, len, replace);
    if (rc != LO_OK) {
        return rc;
    }

    e = ngx_live_origin_event_get(zone, index);

    if (e == NULL) {
        zone->scratch_word = 0;
        lo_live_create(zone->scratch, doc);

        rc = ngx_live_origin_event_store(zone, index, 0, zone->scratch, &word);

        if (rc == LO_OK) {
            ngx_live_origin_share_event(zone, index);
            return index;
        }

        e = rc == LO_AGAIN ? ngx_live_origin_event_get(zone, index) : NULL;
        if (e == NULL) {
            return LO_FULL;
        }

        rc = LO_OK;
    }

    if (replace) {
        re.doc = doc;
        re.differs = was != __atomic_load_n(&ze->doc, __ATOMIC_ACQUIRE);

        rc = ngx_live_origin_event_change(zone, e,
                                          ngx_live_origin_event_redocument,
                                          &re);
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


/* a file that is older than what was put, here or on another node, since */

static ngx_uint_t
ngx_live_origin_event_older(ngx_live_origin_zone_t *zone, const u_char *json,
    size_t len, int64_t mtime_us)
{
    ngx_uint_t                older;
    lo_event_t                doc;
    lo_event_err_t            err;
    ngx_live_origin_event_t  *e;

    if (zone->z == NULL || lo_event_parse(&doc, json, len, &err) != LO_OK) {
        return 0;
    }

    e = ngx_live_origin_event_find(zone, doc.id);
    older = e && e->live->doc_us > mtime_us;

    lo_event_free(&doc);

    return older;
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
    ngx_file_info_t  fi;

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

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_memzero(&fi, sizeof(ngx_file_info_t));
    }

    ngx_close_file(fd);

    if (n != 0) {
        ngx_log_error(NGX_LOG_ERR, zone->log, n < 0 ? ngx_errno : 0,
                      "event document \"%s\" cannot be read, or is larger "
                      "than 64k", name->data);
        free(json);
        return;
    }

    if (ngx_live_origin_event_older(zone, json, len,
                                    (int64_t) fi.st_mtim.tv_sec * LO_USEC
                                    + fi.st_mtim.tv_nsec / 1000))
    {
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
