/*
 * What the configuration says, by its three levels, and the handlers of
 * directives that have no subject of their own.
 */

#ifndef NGX_LIVE_ORIGIN_CONF_H
#define NGX_LIVE_ORIGIN_CONF_H


typedef struct {
    ngx_array_t                  zones;    /* ngx_live_origin_zone_t * */
    ngx_str_t                    events;
    ngx_str_t                    archive;
    void                        *archive_pool;   /* ngx_thread_pool_t */
    ngx_live_origin_purge_t     *purge;    /* NULL: none */
    ngx_live_origin_geo_t       *geo;      /* likewise */
    lo_shed_conf_t               shed;
    ngx_array_t                  keys;     /* ngx_live_origin_keys_t * */
    ngx_uint_t                   tokens;   /* serve tokens are in use */
    ngx_live_origin_classes_t   *classes;
    ngx_live_origin_redis_conf_t  *redis;  /* NULL: none */
    ngx_live_origin_redis_t     *rd;       /* of the worker */
    u_char                      *ack_file; /* the first "live_origin_ack" */
    ngx_uint_t                   ack_line; /* that wants it; 0: none */
} ngx_live_origin_main_conf_t;


typedef enum {
    NGX_LIVE_ORIGIN_ACK_ZONE = 0,
    NGX_LIVE_ORIGIN_ACK_REDIS
} ngx_live_origin_ack_e;


typedef struct {
    ngx_live_origin_zone_t      *zone;
    ngx_str_t                    prefix;
} ngx_live_origin_served_t;

typedef struct {
    ngx_array_t                  served;   /* ngx_live_origin_served_t */
} ngx_live_origin_srv_conf_t;


typedef struct {
    ngx_live_origin_zone_t      *publish;
    ngx_live_origin_zone_t      *serve;
    ngx_live_origin_zone_t      *api;
    ngx_live_origin_zone_t      *metrics;
    ngx_flag_t                   auto_event;
    ngx_flag_t                   early_bytes;
    ngx_msec_t                   hold;
    off_t                        max_segment;
    ngx_msec_t                   write_deadline;
    ngx_msec_t                   read_deadline;
    size_t                       prefix;   /* bytes of the URI before EVENT */
    ngx_uint_t                   ack;      /* ngx_live_origin_ack_e */
    ngx_uint_t                   ack_replicas;
    ngx_uint_t                   ack_degrade;

    /* NULL: off */

    ngx_live_origin_keys_t      *publish_auth;
    lo_clearkeys_t              *clearkey;
    ngx_live_origin_keys_t      *api_auth;
    ngx_live_origin_serve_auth_t  *serve_auth;
    ngx_live_origin_allow_t     *api_allow;
    ngx_http_complex_value_t    *device;   /* of a request that names none */
} ngx_live_origin_loc_conf_t;


/* conf.c */

#define NGX_LIVE_ORIGIN_CONF_WHY  96

typedef struct {
    ngx_err_t                    err;      /* 0: none */
    u_char                       why[NGX_LIVE_ORIGIN_CONF_WHY];
} ngx_live_origin_conf_err_t;

/* logs the one line; NGX_CONF_ERROR */
char *ngx_live_origin_bad(ngx_conf_t *cf, ngx_str_t *value,
    const char *allowed);
/* the bytes of a file that a directive names, malloc'ed; NULL: why and err say
   what is wrong with it.  secret: others than owner and group may not read it */
u_char *ngx_live_origin_conf_file(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_uint_t secret, size_t *size, ngx_live_origin_conf_err_t *e);
char *ngx_live_origin_set_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_set_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* zone_conf.c */

char *ngx_live_origin_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_events_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_archive_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_use_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* shed_conf.c */

char *ngx_live_origin_shed_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* what the directive did not say */
void ngx_live_origin_shed_defaults(lo_shed_conf_t *shed);


/* variable.c */

ngx_int_t ngx_live_origin_add_variables(ngx_conf_t *cf);

#endif /* NGX_LIVE_ORIGIN_CONF_H */
