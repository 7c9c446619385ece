/*
 * What every file of http/ includes: the types by their names, clocks, and
 * one header for each of the things that are everybody's.  What a group of
 * files has between them is in a header of its own (archive.h, share.h, ...),
 * which includes this one.
 *
 *   conf.h       what the configuration says
 *   worker.h     a zone as a worker has it
 *   event.h      an event as a worker knows it, and how it changes
 *   request.h    the context of a request
 *   serve.h      from a URL to its answer
 *   elsewhere.h  what is not in the zone: on disk, or in Redis
 *   respond.h    headers, their values, short texts
 */

#ifndef NGX_LIVE_ORIGIN_MODULE_H
#define NGX_LIVE_ORIGIN_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/clearkey.h"
#include "core/event.h"
#include "core/live.h"
#include "core/name.h"
#include "core/reload.h"
#include "core/shed.h"
#include "zone/zone.h"
#include "redis/redis.h"
#include "http/counters.h"


typedef struct ngx_live_origin_zone_s      ngx_live_origin_zone_t;
typedef struct ngx_live_origin_event_s     ngx_live_origin_event_t;
typedef struct ngx_live_origin_ctx_s       ngx_live_origin_ctx_t;
typedef struct ngx_live_origin_manifest_s  ngx_live_origin_manifest_t;
typedef struct ngx_live_origin_versions_s  ngx_live_origin_versions_t;
typedef struct ngx_live_origin_tables_s    ngx_live_origin_tables_t;
typedef struct ngx_live_origin_holds_s     ngx_live_origin_holds_t;
typedef struct ngx_live_origin_archive_s   ngx_live_origin_archive_t;
typedef struct ngx_live_origin_purge_s     ngx_live_origin_purge_t;
typedef struct ngx_live_origin_share_s     ngx_live_origin_share_t;
typedef struct ngx_live_origin_geo_s       ngx_live_origin_geo_t;

/* class.h */

typedef struct ngx_live_origin_class_s       ngx_live_origin_class_t;
typedef struct ngx_live_origin_classes_s     ngx_live_origin_classes_t;

/* access.h */

typedef struct ngx_live_origin_keys_s        ngx_live_origin_keys_t;
typedef struct ngx_live_origin_serve_auth_s  ngx_live_origin_serve_auth_t;
typedef struct ngx_live_origin_allow_s       ngx_live_origin_allow_t;


extern ngx_module_t  ngx_live_origin_module;


#define NGX_LIVE_ORIGIN_HTTP_GONE  410       /* nginx has no name for it */

/* clocks, in microseconds */

static ngx_inline int64_t
ngx_live_origin_clock(clockid_t id)
{
    struct timespec  ts;

    (void) clock_gettime(id, &ts);

    return (int64_t) ts.tv_sec * LO_USEC + ts.tv_nsec / 1000;
}

#define ngx_live_origin_wall()  ngx_live_origin_clock(CLOCK_REALTIME)
#define ngx_live_origin_mono()  ngx_live_origin_clock(CLOCK_MONOTONIC)

/*
 * The zone's tables are locked for some microseconds when an event or a track
 * comes: another worker that adds one just then lets the first finish.
 */

#define ngx_live_origin_try(rc, call)                                         \
    do {                                                                      \
        ngx_uint_t  try_;                                                     \
                                                                              \
        for (try_ = 0; ((rc) = (call)) == LO_AGAIN && try_ < 1000; try_++) {  \
            ngx_sched_yield();                                                \
        }                                                                     \
    } while (0)

static ngx_inline lo_str_t
ngx_live_origin_lo_str(const ngx_str_t *s)
{
    lo_str_t  str;

    str.len = s->len;
    str.data = s->data;

    return str;
}


/* ngx_live_origin_module.c */

/* of every location: by method and directive */
ngx_int_t ngx_live_origin_handler(ngx_http_request_t *r);


#include "http/event.h"
#include "http/worker.h"
#include "http/conf.h"
#include "http/request.h"
#include "http/serve.h"
#include "http/elsewhere.h"
#include "http/respond.h"

#endif /* NGX_LIVE_ORIGIN_MODULE_H */
