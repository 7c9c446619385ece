/*
 * The worker's side of live_origin_redis, and its directives.
 */

#ifndef NGX_LIVE_ORIGIN_HTTP_REDIS_H
#define NGX_LIVE_ORIGIN_HTTP_REDIS_H

#include <jansson.h>

#include "http/module.h"


#define NGX_LIVE_ORIGIN_REPORT_CONNS    8
#define NGX_LIVE_ORIGIN_REPORT_ADDRESS  64
#define NGX_LIVE_ORIGIN_REPORT_ERROR    112
#define NGX_LIVE_ORIGIN_REDIS_RECENT    30000000   /* us: of one half of
                                                      CELL_REDIS_RECENT */


/*
 * What each worker says of its connections, in its cells, so that any worker
 * can tell of all.  Strings end with a zero and are cut to fit; times are
 * CLOCK_MONOTONIC, us.
 */

typedef struct {
    uint8_t                        use;        /* of redis/redis.h */
    uint8_t                        state;
    uint8_t                        role;
    uint8_t                        pad;
    uint32_t                       attempts;
    int64_t                        since_us;
    int64_t                        again_us;
    int64_t                        error_us;
    char                           address[NGX_LIVE_ORIGIN_REPORT_ADDRESS];
    char                           error[NGX_LIVE_ORIGIN_REPORT_ERROR];
} ngx_live_origin_report_conn_t;


typedef struct {
    uint32_t                       mode;
    uint32_t                       failovers;
    uint32_t                       nconns;     /* those there is room for */
    uint32_t                       total;      /* those there are */
    char                           primary[NGX_LIVE_ORIGIN_REPORT_ADDRESS];
    ngx_live_origin_report_conn_t  conns[NGX_LIVE_ORIGIN_REPORT_CONNS];
} ngx_live_origin_report_t;


/* the last that a holder of the slot has seen: it outlives him */

typedef struct {
    int64_t                        us;         /* wall clock */
    char                           from[NGX_LIVE_ORIGIN_REPORT_ADDRESS];
    char                           to[NGX_LIVE_ORIGIN_REPORT_ADDRESS];
} ngx_live_origin_report_failover_t;


/* of the node */

typedef struct {
    uint64_t                       workers;    /* that use Redis */
    uint64_t                       up;         /* of these, connected */
    ngx_uint_t                     joining;    /* ngx_live_origin_join_e */
    int64_t                        walking_us; /* mono: since; 0 */
    int64_t                        walked_us;  /* wall: the last; 0 */
    int64_t                        walk_us;    /* how long it took */
    int64_t                        degraded_us;    /* wall: the last; 0 */
    int64_t                        refused_us;
    ngx_live_origin_report_failover_t  failover;   /* us 0: none */
    uint64_t                       recent[NGX_LIVE_ORIGIN_NBOUNDS + 1];
                                               /* round trips of the last 30
                                                  to 60 s, by bucket */
} ngx_live_origin_redis_node_t;


/* redis.c: all may be called without live_origin_redis */

void ngx_live_origin_redis_init(ngx_cycle_t *cycle,
    ngx_live_origin_main_conf_t *mcf);
void ngx_live_origin_redis_exit(ngx_live_origin_main_conf_t *mcf);

/* redis_report.c */

/* ten times a second, and when a connection comes or goes */
void ngx_live_origin_redis_report(ngx_live_origin_main_conf_t *mcf);
/* a round trip, us */
void ngx_live_origin_redis_recent(ngx_live_origin_zone_t *zone, int64_t us);
/* of a worker's slot; NGX_DECLINED: it uses no Redis, or says nothing */
ngx_int_t ngx_live_origin_redis_report_of(ngx_live_origin_zone_t *zone,
    ngx_uint_t slot, ngx_live_origin_report_t *report);
void ngx_live_origin_redis_node(ngx_live_origin_zone_t *zone,
    ngx_live_origin_redis_node_t *node);

extern const char *const  ngx_live_origin_redis_uses[4];
extern const char *const  ngx_live_origin_redis_states[4];

/* of ngx_live_origin_redis_states */
ngx_uint_t ngx_live_origin_redis_state_of(
    const ngx_live_origin_report_conn_t *c);


/* redis_status.c: for GET status; NULL: there is none */
json_t *ngx_live_origin_redis_status(ngx_live_origin_zone_t *zone);


/* redis_conf.c */

char *ngx_live_origin_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* redis_auth.c: the first line of a file; param is the parameter whose value
   is v, for errors */

char *ngx_live_origin_auth_file(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_str_t *user, ngx_str_t *password);


/* ack_conf.c */

char *ngx_live_origin_ack_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* live_origin_ack redis without live_origin_redis */
char *ngx_live_origin_ack_check(ngx_conf_t *cf,
    ngx_live_origin_main_conf_t *mcf);

#endif /* NGX_LIVE_ORIGIN_HTTP_REDIS_H */
