#include "http/module.h"
#include "http/api.h"
#include "http/metrics.h"


typedef struct {
    ngx_str_t                  name;       /* of the directive */
    ngx_uint_t                 offset;
    ngx_msec_t                 min;
    ngx_msec_t                 max;
    const char                *allowed;
} ngx_live_origin_time_range_t;


static ngx_int_t ngx_live_origin_handler(ngx_http_request_t *r);
static char *ngx_live_origin_zone_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_live_origin_events_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_live_origin_use_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_live_origin_set_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_live_origin_set_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_live_origin_init(ngx_conf_t *cf);
static void *ngx_live_origin_create_main_conf(ngx_conf_t *cf);
static char *ngx_live_origin_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_live_origin_create_srv_conf(ngx_conf_t *cf);
static void *ngx_live_origin_create_loc_conf(ngx_conf_t *cf);
static char *ngx_live_origin_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


#define NGX_LIVE_ORIGIN_ANY  (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF            \
                              |NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1)


static ngx_command_t  ngx_live_origin_commands[] = {

    { ngx_string("live_origin_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_live_origin_zone_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_events"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_events_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_auto_event"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, auto_event),
      NULL },

    { ngx_string("live_origin_publish"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_use_zone,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, publish),
      NULL },

    { ngx_string("live_origin_serve"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_use_zone,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, serve),
      NULL },

    { ngx_string("live_origin_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_use_zone,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, api),
      NULL },

    { ngx_string("live_origin_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_use_zone,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, metrics),
      NULL },

    { ngx_string("live_origin_hold"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_set_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, hold),
      NULL },

    { ngx_string("live_origin_max_segment"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_set_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, max_segment),
      NULL },

    { ngx_string("live_origin_write_deadline"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_set_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, write_deadline),
      NULL },

    { ngx_string("live_origin_read_deadline"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_set_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, read_deadline),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_live_origin_module_ctx = {
    ngx_live_origin_add_variables,         /* preconfiguration */
    ngx_live_origin_init,                  /* postconfiguration */

    ngx_live_origin_create_main_conf,      /* create main configuration */
    ngx_live_origin_init_main_conf,        /* init main configuration */

    ngx_live_origin_create_srv_conf,       /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_live_origin_create_loc_conf,       /* create location configuration */
    ngx_live_origin_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_live_origin_module = {
    NGX_MODULE_V1,
    &ngx_live_origin_module_ctx,           /* module context */
    ngx_live_origin_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_live_origin_init_zones,            /* init module */
    ngx_live_origin_init_worker,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_live_origin_exit_worker,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static const ngx_live_origin_time_range_t  ngx_live_origin_times[] = {

    { ngx_string("live_origin_hold"),
      offsetof(ngx_live_origin_loc_conf_t, hold),
      0, 60000, "0 (off) to 60s" },

    { ngx_string("live_origin_write_deadline"),
      offsetof(ngx_live_origin_loc_conf_t, write_deadline),
      1, 60000, "1ms to 60s" },

    { ngx_string("live_origin_read_deadline"),
      offsetof(ngx_live_origin_loc_conf_t, read_deadline),
      1, 60000, "1ms to 60s" },

    { ngx_null_string, 0, 0, 0, NULL }
};


static ngx_int_t
ngx_live_origin_not_allowed(ngx_http_request_t *r,
    ngx_live_origin_loc_conf_t *lcf)
{
    ngx_int_t  rc;

    rc = lcf->publish == NULL
         ? ngx_live_origin_header_const(r, "Allow", "GET, HEAD, OPTIONS")
         : lcf->serve == NULL
         ? ngx_live_origin_header_const(r, "Allow", "PUT, POST, DELETE")
         : ngx_live_origin_header_const(r, "Allow", "GET, HEAD, OPTIONS, PUT, "
                                                    "POST, DELETE");

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_live_origin_plain(r, NGX_HTTP_NOT_ALLOWED,
                                 "method not allowed\n");
}


static ngx_int_t
ngx_live_origin_handler(ngx_http_request_t *r)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->publish
        && (r->method & (NGX_HTTP_PUT|NGX_HTTP_POST|NGX_HTTP_DELETE)))
    {
        return ngx_live_origin_publish_handler(r);
    }

    if (lcf->serve
        && (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS)))
    {
        return ngx_live_origin_serve_handler(r);
    }

    if (lcf->api) {
        return ngx_live_origin_api_handler(r);
    }

    if (lcf->metrics) {
        return ngx_live_origin_metrics_handler(r);
    }

    return ngx_live_origin_not_allowed(r, lcf);
}


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


static char *
ngx_live_origin_bad(ngx_conf_t *cf, ngx_str_t *value, const char *allowed)
{
    ngx_str_t  *args;

    args = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"%V\", allowed: %s",
                       value, &args[0], allowed);

    return NGX_CONF_ERROR;
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


static char *
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


static char *
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


static char *
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


static char *
ngx_live_origin_set_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t                            ms;
    ngx_str_t                           *value;
    ngx_msec_t                          *field;
    const ngx_live_origin_time_range_t  *range;

    for (range = ngx_live_origin_times; range->offset != cmd->offset; range++)
    {
        /* void */
    }

    value = cf->args->elts;
    field = (ngx_msec_t *) (p + cmd->offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    ms = ngx_parse_time(&value[1], 0);

    if (ms == NGX_ERROR || (ngx_msec_t) ms < range->min
        || (ngx_msec_t) ms > range->max)
    {
        return ngx_live_origin_bad(cf, &value[1], range->allowed);
    }

    *field = ms;

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_set_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    off_t                        size;
    ngx_str_t                   *value;
    ngx_live_origin_loc_conf_t  *lcf = conf;

    value = cf->args->elts;

    if (lcf->max_segment != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    size = ngx_parse_offset(&value[1]);

    if (size < 1024 || size > 1024 * 1024 * 1024) {
        return ngx_live_origin_bad(cf, &value[1], "1k to 1g");
    }

    lcf->max_segment = size;

    return NGX_CONF_OK;
}


static void *
ngx_live_origin_create_main_conf(ngx_conf_t *cf)
{
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&mcf->zones, cf->pool, 2,
                       sizeof(ngx_live_origin_zone_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return mcf;
}


static char *
ngx_live_origin_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_uint_t                    i;
    ngx_live_origin_zone_t      **zones;
    ngx_live_origin_main_conf_t  *mcf = conf;

    zones = mcf->zones.elts;

    for (i = 0; i < mcf->zones.nelts; i++) {
        if (!zones[i]->declared) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "invalid value \"%V\" of \"%s\", allowed: the NAME "
                          "of a \"live_origin_zone\" in %s:%ui",
                          &zones[i]->name, zones[i]->where, zones[i]->file,
                          zones[i]->line);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static void *
ngx_live_origin_create_srv_conf(ngx_conf_t *cf)
{
    ngx_live_origin_srv_conf_t  *scf;

    scf = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_srv_conf_t));
    if (scf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&scf->served, cf->pool, 2,
                       sizeof(ngx_live_origin_served_t))
        != NGX_OK)
    {
        return NULL;
    }

    return scf;
}


static void *
ngx_live_origin_create_loc_conf(ngx_conf_t *cf)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_loc_conf_t));
    if (lcf == NULL) {
        return NULL;
    }

    lcf->publish = NGX_CONF_UNSET_PTR;
    lcf->serve = NGX_CONF_UNSET_PTR;
    lcf->api = NGX_CONF_UNSET_PTR;
    lcf->metrics = NGX_CONF_UNSET_PTR;
    lcf->auto_event = NGX_CONF_UNSET;
    lcf->hold = NGX_CONF_UNSET_MSEC;
    lcf->max_segment = NGX_CONF_UNSET;
    lcf->write_deadline = NGX_CONF_UNSET_MSEC;
    lcf->read_deadline = NGX_CONF_UNSET_MSEC;

    return lcf;
}


static char *
ngx_live_origin_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_live_origin_loc_conf_t  *prev = parent;
    ngx_live_origin_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t    *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* blocks of "limit_except" and "if" are their location */

    if (clcf->noname && clcf->handler == NULL) {
        ngx_conf_merge_ptr_value(conf->publish, prev->publish, NULL);
        ngx_conf_merge_ptr_value(conf->serve, prev->serve, NULL);
        ngx_conf_merge_ptr_value(conf->api, prev->api, NULL);
        ngx_conf_merge_ptr_value(conf->metrics, prev->metrics, NULL);
        conf->prefix = prev->prefix;

        if (conf->publish || conf->serve || conf->api || conf->metrics) {
            clcf->handler = ngx_live_origin_handler;
        }

    } else {
        ngx_conf_init_ptr_value(conf->publish, NULL);
        ngx_conf_init_ptr_value(conf->serve, NULL);
        ngx_conf_init_ptr_value(conf->api, NULL);
        ngx_conf_init_ptr_value(conf->metrics, NULL);
    }

    ngx_conf_merge_value(conf->auto_event, prev->auto_event, 0);
    ngx_conf_merge_msec_value(conf->hold, prev->hold, 6000);
    ngx_conf_merge_off_value(conf->max_segment, prev->max_segment,
                             32 * 1024 * 1024);
    ngx_conf_merge_msec_value(conf->write_deadline, prev->write_deadline,
                              500);
    ngx_conf_merge_msec_value(conf->read_deadline, prev->read_deadline, 100);

    /* live_origin_max_segment is the limit, by segment and not by body */

    if (conf->publish) {
        clcf->client_max_body_size = 0;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_live_origin_init(ngx_conf_t *cf)
{
    return ngx_live_origin_check_zones(cf);
}
