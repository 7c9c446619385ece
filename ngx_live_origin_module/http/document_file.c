/*
 * The folder of documents ("live_origin_events").
 */

#include "http/module.h"


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

    rc = ngx_live_origin_event_document(zone, json, len, 0, &err);

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
