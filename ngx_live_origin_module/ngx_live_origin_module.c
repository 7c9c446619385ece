#include "http/access.h"
#include "http/api.h"
#include "http/class.h"
#include "http/clearkey.h"
#include "http/geo.h"
#include "http/metrics.h"
#include "http/play.h"
#include "http/publish.h"
#include "http/purge.h"
#include "http/redis.h"


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

    { ngx_string("live_origin_purge"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_live_origin_purge_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_geoip"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_live_origin_geo_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_archive"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_live_origin_archive_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_shed"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_live_origin_shed_directive,
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

    { ngx_string("live_origin_publish_auth"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_publish_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_serve_auth"),
      NGX_LIVE_ORIGIN_ANY|NGX_CONF_TAKE23|NGX_CONF_TAKE4,
      ngx_live_origin_serve_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_api_auth"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_api_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_api_allow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_live_origin_api_allow,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_clearkey"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_clearkey_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_early_bytes"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_live_origin_loc_conf_t, early_bytes),
      NULL },

    { ngx_string("live_origin_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_live_origin_redis_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_ack"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_live_origin_ack_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_devices"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_devices_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_device"),
      NGX_LIVE_ORIGIN_ANY,
      ngx_live_origin_device_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("live_origin_class_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_live_origin_class_key_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
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


ngx_int_t
ngx_live_origin_handler(ngx_http_request_t *r)
{
    lo_str_t                     path;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->serve && r->method == NGX_HTTP_POST) {

        ngx_live_origin_path(r, &path);

        if (ngx_live_origin_play_is(path)) {
            return ngx_live_origin_play_handler(r);
        }

        if (ngx_live_origin_clearkey_is(path)) {
            return ngx_live_origin_clearkey_handler(r);
        }
    }

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


static void *
ngx_live_origin_create_main_conf(ngx_conf_t *cf)
{
    ngx_live_origin_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    mcf->classes = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_classes_t));
    if (mcf->classes == NULL) {
        return NULL;
    }

    mcf->classes->pool = cf->pool;

    if (ngx_array_init(&mcf->zones, cf->pool, 2,
                       sizeof(ngx_live_origin_zone_t *))
        != NGX_OK
        || ngx_array_init(&mcf->keys, cf->pool, 2,
                          sizeof(ngx_live_origin_keys_t *))
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

    ngx_live_origin_shed_defaults(&mcf->shed);

    for (i = 0; i < mcf->zones.nelts; i++) {

        zones[i]->shed_conf = &mcf->shed;

        if (!zones[i]->declared) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "invalid value \"%V\" of \"%s\", allowed: the NAME "
                          "of a \"live_origin_zone\" in %s:%ui",
                          &zones[i]->name, zones[i]->where, zones[i]->file,
                          zones[i]->line);
            return NGX_CONF_ERROR;
        }
    }

    return ngx_live_origin_ack_check(cf, mcf);
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
    lcf->early_bytes = NGX_CONF_UNSET;
    lcf->ack = NGX_CONF_UNSET_UINT;
    lcf->ack_replicas = NGX_CONF_UNSET_UINT;
    lcf->ack_degrade = NGX_CONF_UNSET_UINT;
    lcf->hold = NGX_CONF_UNSET_MSEC;
    lcf->max_segment = NGX_CONF_UNSET;
    lcf->write_deadline = NGX_CONF_UNSET_MSEC;
    lcf->read_deadline = NGX_CONF_UNSET_MSEC;
    lcf->publish_auth = NGX_CONF_UNSET_PTR;
    lcf->clearkey = NGX_CONF_UNSET_PTR;
    lcf->serve_auth = NGX_CONF_UNSET_PTR;
    lcf->api_auth = NGX_CONF_UNSET_PTR;
    lcf->api_allow = NGX_CONF_UNSET_PTR;
    lcf->device = NGX_CONF_UNSET_PTR;

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
    ngx_conf_merge_value(conf->early_bytes, prev->early_bytes, 0);
    ngx_conf_merge_msec_value(conf->hold, prev->hold, 6000);
    ngx_conf_merge_off_value(conf->max_segment, prev->max_segment,
                             32 * 1024 * 1024);
    ngx_conf_merge_msec_value(conf->write_deadline, prev->write_deadline,
                              500);
    ngx_conf_merge_msec_value(conf->read_deadline, prev->read_deadline, 100);

    ngx_conf_merge_uint_value(conf->ack, prev->ack, NGX_LIVE_ORIGIN_ACK_ZONE);
    ngx_conf_merge_uint_value(conf->ack_replicas, prev->ack_replicas, 0);
    ngx_conf_merge_uint_value(conf->ack_degrade, prev->ack_degrade, 0);

    ngx_conf_merge_ptr_value(conf->publish_auth, prev->publish_auth, NULL);
    ngx_conf_merge_ptr_value(conf->clearkey, prev->clearkey, NULL);
    ngx_conf_merge_ptr_value(conf->serve_auth, prev->serve_auth, NULL);
    ngx_conf_merge_ptr_value(conf->api_auth, prev->api_auth, NULL);
    ngx_conf_merge_ptr_value(conf->api_allow, prev->api_allow, NULL);
    ngx_conf_merge_ptr_value(conf->device, prev->device, NULL);

    /* live_origin_max_segment is the limit, by segment and not by body; the
       API has limits of its own and answers in JSON */

    if (conf->publish || conf->api || conf->clearkey) {
        clcf->client_max_body_size = 0;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_live_origin_init(ngx_conf_t *cf)
{
    if (ngx_live_origin_redact_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_live_origin_check_zones(cf);
}
