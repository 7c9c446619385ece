/*
 * Zones in the configuration: the directives that make them, those that say
 * where their documents and archives are, and those that serve from them.
 */

#include "http/module.h"


#define NGX_LIVE_ORIGIN_ARCHIVE_PATH  512


static ngx_live_origin_zone_t *
ngx_live_origin_find_zone(ngx_conf_t *cf, ngx_str_t *name, const char *where)
{
    ngx_uint_t                    i;
    ngx_live_origin_zone_t       *zone, **zones;
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_live_origin_module);
    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (zones[i]->name.len == name->len
            && ngx_memcmp(zones[i]->name.data, name->data, name->len) == 0)
        {
            return zones[i];
        }
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_zone_t));
    zones = ngx_array_push(&mcf->zones);

    if (zone == NULL || zones == NULL) {
        return NULL;
    }

    zone->name = *name;
    zone->where = where;
    zone->file = cf->conf_file->file.name.data;
    zone->line = cf->conf_file->line;
    zone->events = &mcf->events;

    *zones = zone;

    return zone;
}


/* path is absolute, and ends with a null */

static ngx_uint_t
ngx_live_origin_zone_folder(ngx_str_t *path)
{
    u_char           *slash, c;
    ngx_int_t         rc;
    ngx_file_info_t   fi;

    slash = path->data + path->len;

    while (slash > path->data + 1 && slash[-1] != '/') {
        slash--;
    }

    c = *slash;
    *slash = '\0';

    rc = ngx_file_info(path->data, &fi);

    *slash = c;

    return rc != NGX_FILE_ERROR && ngx_is_dir(&fi);
}


static char *
ngx_live_origin_zone_param(ngx_conf_t *cf, ngx_live_origin_zone_t *zone,
    ngx_str_t *param)
{
    off_t      size;
    ngx_int_t  n;
    ngx_str_t  v;

    if (ngx_strncmp(param->data, "path=", 5) == 0) {
        zone->path.len = param->len - 5;
        zone->path.data = param->data + 5;

        if (zone->path.len == 0
            || ngx_conf_full_name(cf->cycle, &zone->path, 0) != NGX_OK)
        {
            return ngx_live_origin_bad(cf, param, "path=FILE");
        }

        if (!ngx_live_origin_zone_folder(&zone->path)) {
            return ngx_live_origin_bad(cf, param,
                                       "path=FILE in a folder that exists");
        }

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(param->data, "size=", 5) == 0) {
        v.len = param->len - 5;
        v.data = param->data + 5;

        size = ngx_parse_offset(&v);

        if (size < LO_ZONE_MIN_SIZE) {
            return ngx_live_origin_bad(cf, param, "size=SIZE, at least 8m");
        }

        zone->size = size;

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(param->data, "events=", 7) == 0) {
        n = ngx_atoi(param->data + 7, param->len - 7);

        if (n < 1 || n > LO_ZONE_MAX_EVENTS) {
            return ngx_live_origin_bad(cf, param, "events=1 to events=4096");
        }

        zone->events_max = n;

        return NGX_CONF_OK;
    }

    return ngx_live_origin_bad(cf, param,
                               "path=FILE, size=SIZE and events=NUMBER");
}


char *
ngx_live_origin_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t               *value;
    ngx_uint_t               i;
    ngx_live_origin_zone_t  *zone;

    value = cf->args->elts;

    if (!lo_id_ok(ngx_live_origin_lo_str(&value[1]))) {
        return ngx_live_origin_bad(cf, &value[1], "a NAME of up to 64 "
                                   "characters A-Z a-z 0-9 . _ - that begins "
                                   "with a letter or digit");
    }

    zone = ngx_live_origin_find_zone(cf, &value[1], "live_origin_zone");
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (zone->declared) {
        return ngx_live_origin_bad(cf, &value[1], "a NAME that no other "
                                   "\"live_origin_zone\" has");
    }

    zone->declared = 1;
    zone->events_max = 64;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_live_origin_zone_param(cf, zone, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (zone->path.len == 0 || zone->size == 0) {
        return ngx_live_origin_bad(cf, &value[1], "NAME with both path=FILE "
                                   "and size=SIZE");
    }

    return NGX_CONF_OK;
}


char *
ngx_live_origin_events_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_str_t                    *value;
    ngx_live_origin_main_conf_t  *mcf = conf;

    value = cf->args->elts;

    if (mcf->events.len) {
        return "is duplicate";
    }

    if (value[1].len == 0) {
        return ngx_live_origin_bad(cf, &value[1], "the path of a folder");
    }

    mcf->events = value[1];

    return ngx_conf_full_name(cf->cycle, &mcf->events, 0) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_live_origin_archive_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_str_t                    *value;
    ngx_live_origin_main_conf_t  *mcf = conf;

    value = cf->args->elts;

    if (mcf->archive.len) {
        return "is duplicate";
    }

#if !(NGX_THREADS)

    return ngx_live_origin_bad(cf, &value[1],
                               "only in an nginx built --with-threads");

#else
    {
    ngx_str_t         pool, *name;
    ngx_file_info_t   fi;

    mcf->archive = value[1];

    if (value[1].len == 0
        || ngx_conf_full_name(cf->cycle, &mcf->archive, 0) != NGX_OK
        || mcf->archive.len > NGX_LIVE_ORIGIN_ARCHIVE_PATH
        || ngx_file_info(mcf->archive.data, &fi) == NGX_FILE_ERROR
        || !ngx_is_dir(&fi))
    {
        return ngx_live_origin_bad(cf, &value[1], "the path of a folder that "
                                   "exists, up to 512 characters");
    }

    name = NULL;

    if (cf->args->nelts == 3) {

        if (value[2].len < 6 || ngx_strncmp(value[2].data, "pool=", 5) != 0) {
            return ngx_live_origin_bad(cf, &value[2], "pool=NAME of a "
                                       "\"thread_pool\"");
        }

        pool.len = value[2].len - 5;
        pool.data = value[2].data + 5;
        name = &pool;
    }

    mcf->archive_pool = ngx_thread_pool_add(cf, name);

    return mcf->archive_pool ? NGX_CONF_OK : NGX_CONF_ERROR;
    }
#endif
}


char *
ngx_live_origin_use_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t                    *value;
    ngx_live_origin_zone_t      **zone;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_live_origin_served_t     *served;
    ngx_live_origin_srv_conf_t   *scf;
    ngx_live_origin_loc_conf_t   *lcf = conf;

    value = cf->args->elts;
    zone = (ngx_live_origin_zone_t **) (p + cmd->offset);

    if (*zone != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    *zone = ngx_live_origin_find_zone(cf, &value[1],
                                      (const char *) cmd->name.data);
    if (*zone == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_live_origin_handler;

    /* of a regular expression nothing is a prefix but the slash */

#if (NGX_PCRE)
    lcf->prefix = clcf->regex ? 1 : clcf->name.len;
#else
    lcf->prefix = clcf->name.len;
#endif

    if (cmd->offset == offsetof(ngx_live_origin_loc_conf_t, serve)) {
        scf = ngx_http_conf_get_module_srv_conf(cf, ngx_live_origin_module);

        served = ngx_array_push(&scf->served);
        if (served == NULL) {
            return NGX_CONF_ERROR;
        }

        served->zone = *zone;
        served->prefix.len = lcf->prefix;
        served->prefix.data = lcf->prefix == 1 ? (u_char *) "/"
                                               : clcf->name.data;
    }

    return NGX_CONF_OK;
}
