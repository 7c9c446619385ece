/*
 * Where a client is, from databases in MaxMind's format (docs/geo.md).
 *
 * A file may be overwritten or cut short while it is in use, which a mapping
 * of it would not survive: what is mapped is a sealed copy in memory that has
 * no name.  The copy that is made with the configuration is inherited, and so
 * shared, by all workers; a file that is replaced later is copied by each.
 */

#ifndef NGX_LIVE_ORIGIN_GEO_H
#define NGX_LIVE_ORIGIN_GEO_H

#include <maxminddb.h>

#include "core/where.h"
#include "http/module.h"


/* a version of a file, as stat() tells it from others */

typedef struct {
    ngx_err_t                    err;      /* there is none: why */
    dev_t                        dev;
    ino_t                        ino;
    off_t                        size;
    struct timespec              mtime;
    struct timespec              ctime;
} ngx_live_origin_geo_id_t;


typedef struct {
    ngx_str_t                    path;
    ngx_log_t                   *log;
    MMDB_s                       db;
    ngx_uint_t                   open;     /* db is */
    ngx_live_origin_geo_id_t     id;       /* of what was opened, or refused */
    ngx_live_origin_geo_id_t     seen;     /* at the last look */
    ngx_uint_t                   again;    /* it was not the file's fault */
    ngx_uint_t                   said;     /* by this worker, of that */

    ngx_fd_t                     from;     /* -1: nothing is being copied */
    ngx_fd_t                     to;
    off_t                        done;
} ngx_live_origin_geo_file_t;


struct ngx_live_origin_geo_s {
    ngx_event_t                  timer;    /* of the worker */
    ngx_array_t                  files;    /* ngx_live_origin_geo_file_t */
};


/* geo.c */

char *ngx_live_origin_geo_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* of r->connection->sockaddr; NGX_DECLINED: there is no database, and p is
   unknown */
ngx_int_t ngx_live_origin_geo(ngx_http_request_t *r, lo_place_t *p);


/* geo_file.c */

/* the whole file at once; NULL, or why not */
const char *ngx_live_origin_geo_open(ngx_live_origin_geo_file_t *f);
/* looks for new versions once a second */
void ngx_live_origin_geo_init(ngx_cycle_t *cycle, ngx_live_origin_geo_t *geo);
void ngx_live_origin_geo_close(ngx_live_origin_geo_file_t *f);

#endif /* NGX_LIVE_ORIGIN_GEO_H */
