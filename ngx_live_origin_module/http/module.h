/*
 * What the files of http/ share: configuration, the worker's side of a zone,
 * the context of a request, and one prototype list per file.
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


/*
 * An event as this worker knows it: copies of what lies in the zone, good as
 * long as the zone still holds the same words.
 */

typedef struct {
    lo_word_t                    live_word;
    lo_word_t                    doc_word;
    lo_live_t                   *live;     /* malloc'ed, without the inits
                                              beyond ninits; NULL: none */
    lo_event_t                  *doc;      /* NULL: none */
    ngx_live_origin_versions_t  *manifests; /* NULL: none */
    uint32_t                     cut;      /* lo_where_digest of doc */
    ngx_live_origin_tables_t    *parts;    /* NULL: none; part_table.c */
    uint64_t                     index;
    uint64_t                     depth_at; /* CLOCK_MONOTONIC, s */
    int64_t                      defects_at; /* likewise: the first of */
    ngx_uint_t                   defects;  /* those of this minute */
    ngx_str_t                    notice;   /* malloc'ed value of the header */
    int64_t                      notice_until; /* wall clock, us; 0: not made
                                              from this live yet */
} ngx_live_origin_event_t;


/*
 * Held readers that are answered together (hold.c): as one of them finds the
 * playlist's end, so do the others.
 */

typedef struct {
    ngx_live_origin_event_t     *event;    /* NULL: nobody has looked */
    lo_word_t                    live_word;
    ngx_uint_t                   track;    /* in the live state */
    lo_reload_end_t              end;
} ngx_live_origin_batch_t;


/*
 * One live_origin_zone.  The upper part is configuration; the lower belongs
 * to the worker and is filled in when it starts.
 */

typedef struct {
    ngx_str_t                    name;
    ngx_str_t                    path;
    uint64_t                     size;
    ngx_uint_t                   events_max;
    ngx_uint_t                   declared; /* live_origin_zone was seen */
    ngx_str_t                   *events;   /* folder of documents */
    const char                  *where;    /* first directive that names it */
    u_char                      *file;     /* and its place, for the error */
    ngx_uint_t                   line;

    lo_zone_t                   *z;        /* NULL: could not be opened */
    uint64_t                    *cells;
    ngx_live_origin_event_t    **cache;    /* by event index */
    ngx_queue_t                  versions; /* of manifests (version.c) */
    ngx_uint_t                   nversions;
    size_t                       versions_size;
    ngx_live_origin_holds_t     *holds;
    ngx_live_origin_batch_t     *batch;    /* NULL: none is under way */
    ngx_live_origin_archive_t   *archive;  /* NULL: there is none */
    ngx_live_origin_share_t     *share;    /* NULL: this node is alone */
    lo_live_t                   *scratch;
    lo_word_t                    scratch_word; /* it is an untouched copy of
                                                  this; 0: of nothing */
    void                        *spare;    /* body.c: pieces to be used again */
    ngx_uint_t                   nspare;
    ngx_event_t                  tick;
    ngx_uint_t                   ticks;
    int64_t                      ticked_us; /* CLOCK_MONOTONIC */
    int64_t                      lag_us;   /* of the last tick */
    lo_shed_conf_t              *shed_conf;
    lo_shed_t                    shed;     /* shed.c */
    lo_shed_input_t              shed_in;
    ngx_connection_t            *probe;
    int64_t                      probe_us; /* sent; 0: it came back */
    int64_t                      probe_lag;
    ngx_live_origin_redis_t     *rd;       /* NULL: there is no Redis */
    ngx_log_t                   *log;
} ngx_live_origin_zone_t;


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


/* of a segment, what is answered: one part */

typedef struct {
    ngx_chain_t                 *chain;
    uint64_t                     size;
    int64_t                      ms;       /* its duration */
    int64_t                      end_us;   /* from the segment's beginning */
    ngx_uint_t                   growing;  /* the segment is not whole yet */
    unsigned char                digest[16];
} ngx_live_origin_slice_t;


/* of one request; serving and publishing share the part that is logged */

typedef struct {
    lo_name_t                    name;
    ngx_live_origin_zone_t      *zone;
    ngx_live_origin_event_t     *event;

    int64_t                      number;   /* -1: none */
    ngx_str_t                    pipeline;
    ngx_live_origin_reason_e     reason;
    ngx_uint_t                   reason_set;
    lo_shed_class_e              klass;
    int64_t                      start_us; /* CLOCK_MONOTONIC */
    int64_t                      held_us;  /* -1: was not held */
    ngx_uint_t                   denied;   /* lo_deny_e: why, or 0 */
    lo_place_t                   place;    /* geo.c: of the client */
    ngx_live_origin_class_t     *class;    /* of a manifest; NULL: none */
    int64_t                      until_us; /* rights.c: wall clock; 0 or
                                              INT64_MAX: for ever */

    /* hold.c */

    ngx_rbtree_node_t            node;     /* key: number */
    ngx_queue_t                  queue;    /* of those to be looked at again */
    ngx_event_t                  timer;
    ngx_http_request_t          *request;
    uint32_t                     track;    /* of the zone */
    unsigned                     parked:1; /* in the tree */
    unsigned                     ready:1;  /* in the queue */
    unsigned                     cleanup:1;
    unsigned                     expired:1;
    unsigned                     let_in:1; /* by its token, before it is held */
    unsigned                     placed:1; /* place is known */
    unsigned                     share:2;  /* NGX_LIVE_ORIGIN_SHARE_... */
    unsigned                     following:1; /* in the growing queue, or
                                                 ready */

    int64_t                      silent_us; /* 0: whole segments only */
    void                        *growth;   /* grow.c */

    ngx_live_origin_slice_t     *slice;    /* part.c; NULL: the whole */
    lo_reload_t                  reload;   /* reload.c: what is waited for */

    lo_zone_pin_t                pin;
    void                        *upload;   /* publish.c */
    void                        *small;    /* small.c: the body */

    void                        *copy;     /* archive_read.c: what is waited
                                              for, then answered from */
    ngx_queue_t                  copies;   /* of those who wait */
    unsigned                     copying:1;
} ngx_live_origin_ctx_t;


extern ngx_module_t  ngx_live_origin_module;


#define NGX_LIVE_ORIGIN_HTTP_GONE  410       /* nginx has no name for it */

/* who may keep an answer: every cache; one that may for this request (RFC
   9111, 3.5); the client alone */

#define NGX_LIVE_ORIGIN_SHARE_ALL  0
#define NGX_LIVE_ORIGIN_SHARE_OWN  1
#define NGX_LIVE_ORIGIN_SHARE_NONE 2


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


/* the row that the live state names; NULL: it names none, or none is there */

static ngx_inline lo_zone_track_t *
ngx_live_origin_track_of(ngx_live_origin_zone_t *zone,
    const lo_live_track_t *t)
{
    return lo_zone_track(zone->z, t->ring);
}


/* ngx_live_origin_module.c */

/* of every location: by method and directive */
ngx_int_t ngx_live_origin_handler(ngx_http_request_t *r);


/* conf.c: handlers of directives */

/* logs the one line; NGX_CONF_ERROR */
char *ngx_live_origin_bad(ngx_conf_t *cf, ngx_str_t *value,
    const char *allowed);
char *ngx_live_origin_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_events_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_archive_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_use_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_set_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_shed_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* what the directive did not say */
void ngx_live_origin_shed_defaults(lo_shed_conf_t *shed);
char *ngx_live_origin_set_size(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* worker.c */

/* on reload: whether the zones there are fit the new configuration */
ngx_int_t ngx_live_origin_check_zones(ngx_conf_t *cf);
ngx_int_t ngx_live_origin_init_zones(ngx_cycle_t *cycle);
ngx_int_t ngx_live_origin_init_worker(ngx_cycle_t *cycle);
void ngx_live_origin_exit_worker(ngx_cycle_t *cycle);
/* how late this worker's event loop may be, us; now: CLOCK_MONOTONIC */
int64_t ngx_live_origin_late(ngx_live_origin_zone_t *zone, int64_t now);


/* event.c */

/* changes a copy: 1 changed, 0 left as it was, -1 not to be stored */
typedef int (*ngx_live_origin_change_pt)(lo_live_t *l, void *data);

/* by name; NULL: there is no such event */
ngx_live_origin_event_t *ngx_live_origin_event_find(
    ngx_live_origin_zone_t *zone, lo_str_t id);
/* brings the copies up to date; NULL: the event is gone */
ngx_live_origin_event_t *ngx_live_origin_event_get(
    ngx_live_origin_zone_t *zone, ngx_uint_t index);
/* LO_OK (changed or not), LO_FULL, LO_NONE: the event is gone */
int ngx_live_origin_event_change(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data);
/* likewise, but where the event is shared with other nodes and they can be
   asked, nothing is changed here before they agree: LO_AGAIN, it is being
   asked for, or something else is; decide again a little later */
int ngx_live_origin_event_agree(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data);
/* a record in place of old; LO_AGAIN: somebody was faster */
int ngx_live_origin_event_store(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, lo_word_t old, const lo_live_t *l, lo_word_t *word);
/* after that, for this worker's copy; phase: of the record before */
void ngx_live_origin_event_stored(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_word_t word, const lo_live_t *l,
    uint32_t phase);
void ngx_live_origin_event_facts(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_live_facts_t *f);
void ngx_live_origin_event_free(ngx_live_origin_zone_t *zone);


/* document.c */

/* an event document, from the API or the folder: the index of its event,
   LO_ERROR: see err, LO_FULL, or LO_AGAIN: try later */
int ngx_live_origin_event_document(ngx_live_origin_zone_t *zone,
    const u_char *json, size_t len, lo_event_err_t *err);
/* the document alone, as other nodes have it; LO_OK, LO_NONE, LO_FULL */
int ngx_live_origin_event_set_doc(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, const u_char *json, size_t len, ngx_uint_t replace);
/* an event without a document: its index, LO_FULL, or LO_AGAIN: try later */
int ngx_live_origin_event_auto(ngx_live_origin_zone_t *zone, lo_str_t id);
/* ends it with number, or its head if that is below 0: data is what follows;
   behind it who waits is to be woken */
typedef struct {
    ngx_live_origin_zone_t  *zone;
    ngx_uint_t               index;
    int64_t                  number;
    int                      why;         /* of lo_live_end_with */
    lo_err_t                 err;
} ngx_live_origin_ending_t;

int ngx_live_origin_change_end(lo_live_t *l, void *data);
void ngx_live_origin_event_wake(ngx_live_origin_zone_t *zone,
    ngx_uint_t index);
void ngx_live_origin_event_load(ngx_live_origin_zone_t *zone);


/* ring.c */

/* numbers that the event has on all nodes, and what is ahead of them */
uint32_t ngx_live_origin_ring_whole(const lo_live_t *l);
/* numbers that a track's ring is made for on this one */
uint32_t ngx_live_origin_ring_cap(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, const lo_live_t *l);
/* numbers of the window that the rings can name; 0: there is none */
int64_t ngx_live_origin_ring_numbers(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);
/* NULL: it has to be made */
lo_zone_track_t *ngx_live_origin_ring_track(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, const lo_live_track_t *t);
/* that the live state names this track's row, which is made if need be: 1, it
   does from now on; 0, it did; LO_FULL, LO_AGAIN */
int ngx_live_origin_ring_make(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_live_t *l, ngx_uint_t track);
/* why the window is shorter than dvr_s; NULL: it is not */
const char *ngx_live_origin_window_note(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);


/* publish.c, body.c, serve.c */

ngx_int_t ngx_live_origin_publish_handler(ngx_http_request_t *r);
void ngx_live_origin_body_exit(ngx_live_origin_zone_t *zone);
ngx_int_t ngx_live_origin_serve_handler(ngx_http_request_t *r);
/* looks again for a held request and finalizes it */
void ngx_live_origin_serve_again(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* an answer without media; age: how long caches keep it, s */
ngx_int_t ngx_live_origin_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t status,
    ngx_live_origin_reason_e reason, int64_t age);
/* 503: this node does not know yet what others have */
ngx_int_t ngx_live_origin_serve_joining(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* segment.c */

ngx_int_t ngx_live_origin_segment(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);


/* part.c, reload.c */

/* NGX_DECLINED: it is not here, or not yet */
ngx_int_t ngx_live_origin_part(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
/* of a segment that was read back from elsewhere */
ngx_int_t ngx_live_origin_part_copy(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
/* whether there is no sense in waiting for it any more */
ngx_uint_t ngx_live_origin_part_there(ngx_live_origin_ctx_t *ctx);
ngx_uint_t ngx_live_origin_reload_there(ngx_live_origin_ctx_t *ctx);
void ngx_live_origin_parts_free(ngx_live_origin_tables_t *t);


/* object.c: what ctx->pin holds */

ngx_int_t ngx_live_origin_object(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
/* for grow.c: everything of its header but the length */
ngx_int_t ngx_live_origin_object_header(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
void ngx_live_origin_read_latency(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* grow.c: a segment that is not whole yet */

/* NGX_DECLINED: there is none, or this request takes whole ones only */
ngx_int_t ngx_live_origin_grow(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track, uint32_t ring);
/* there may be more of it */
void ngx_live_origin_grow_on(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* shed.c */

ngx_int_t ngx_live_origin_shed_init(ngx_cycle_t *cycle,
    ngx_live_origin_zone_t *zone);
void ngx_live_origin_shed_exit(ngx_live_origin_zone_t *zone);
/* ten times a second */
void ngx_live_origin_shed_tick(ngx_live_origin_zone_t *zone);
/* requests that wait for a disk at this moment */
void ngx_live_origin_shed_queue(ngx_live_origin_zone_t *zone,
    ngx_uint_t depth);
lo_shed_class_e ngx_live_origin_shed_class(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, uint32_t ring, int64_t number);
/* an answer that took us, of which it should not take more than max */
void ngx_live_origin_shed_count(ngx_live_origin_zone_t *zone,
    lo_shed_class_e klass, int64_t us, int64_t max);
/* 503; ctx->klass is what is refused */
ngx_int_t ngx_live_origin_shed(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);

#define ngx_live_origin_shed_refuses(ctx)                                     \
    lo_shed_refuses((ctx)->zone->shed.level, (ctx)->klass)


/* hold.c */

ngx_int_t ngx_live_origin_hold_init(ngx_live_origin_zone_t *zone);
void ngx_live_origin_hold_free(ngx_live_origin_zone_t *zone);
/* NGX_DONE: parked; NGX_AGAIN: look again, it is there now; NGX_ERROR */
ngx_int_t ngx_live_origin_hold(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, uint32_t track, ngx_msec_t timeout);
/* a request that follows a growing segment: ngx_live_origin_grow_on is called
   whenever its track has something new, until it is left */
ngx_int_t ngx_live_origin_hold_follow(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, uint32_t track);
void ngx_live_origin_hold_leave(ngx_live_origin_ctx_t *ctx);
/* a track has something new: puts its readers into the queue */
void ngx_live_origin_hold_wake(ngx_live_origin_zone_t *zone, uint32_t track);
/* once a second: for wake-ups that died with their sender */
void ngx_live_origin_hold_tick(ngx_live_origin_zone_t *zone);
/* after publishing: other workers and this one */
void ngx_live_origin_hold_publish(ngx_live_origin_zone_t *zone,
    uint32_t track);


/* share_get.c */

/* in the pipeline of a record: the segment is in Redis only */
#define NGX_LIVE_ORIGIN_SHARE_AWAY  0x8000

/* what lies elsewhere of a number, on disk or in Redis; LO_NONE where its
   pipeline is masked, too */
int ngx_live_origin_record_of(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, ngx_uint_t track, int64_t number,
    lo_zone_record_t *rec);


/* archive.c; all but init may be called without an archive */

ngx_int_t ngx_live_origin_archive_init(ngx_live_origin_zone_t *zone,
    ngx_str_t *path, void *pool);
void ngx_live_origin_archive_exit(ngx_live_origin_zone_t *zone);
void ngx_live_origin_archive_tick(ngx_live_origin_zone_t *zone);
/* whether publishing has to wait, for events may still be found */
ngx_uint_t ngx_live_origin_archive_waits(ngx_live_origin_zone_t *zone);
/* whether what of an event leaves the zone is on disk */
ngx_uint_t ngx_live_origin_archive_holds(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);
/* LO_PUBLISH_SAME or _SUPERSEDED: a number that has left the zone and is
   sent again; LO_NONE: it may be stored */
int ngx_live_origin_archive_stays(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, ngx_uint_t track, int64_t number,
    const u_char *digest, uint32_t rank);
/* of an event that was deleted */
/* an event that was deleted: all that was made under its id until then */
void ngx_live_origin_archive_forget(ngx_live_origin_zone_t *zone,
    lo_str_t id, int64_t born_us);
/* of the event: what its record says, or LO_LIVE_ARCHIVED */
uint32_t ngx_live_origin_archive_phase(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);


/* what the archive has of a number; LO_NONE where its pipeline is masked, too */
int ngx_live_origin_archive_record_of(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, ngx_uint_t track, int64_t number,
    lo_zone_record_t *rec);

/* archive_read.c */

/* NGX_OK: ctx->pin.object can be answered; NGX_DONE: it is being read, then
   ngx_live_origin_serve_again; NGX_BUSY: not now; NGX_DECLINED: not there */
ngx_int_t ngx_live_origin_archive_get(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
void ngx_live_origin_archive_release(ngx_live_origin_ctx_t *ctx);
ngx_chain_t *ngx_live_origin_archive_chain(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* manifest.c */

ngx_int_t ngx_live_origin_manifest(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
ngx_int_t ngx_live_origin_time(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* of one event; NULL is none */
void ngx_live_origin_manifest_free(ngx_live_origin_versions_t *v);
/* whether the manifest may go out by now; asks the live state */
ngx_uint_t ngx_live_origin_manifest_ready(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);


/* steer.c: the steering endpoint, and what of manifests is a viewer's own */

ngx_int_t ngx_live_origin_steering(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* where the viewer is, as far as it is known */
void ngx_live_origin_steer_place(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_place_t *place);
/* the argument "session"; empty: there is none */
void ngx_live_origin_steer_session(ngx_http_request_t *r, lo_str_t *session);


/* patch.c: what the worker has kept, when it exits */

void ngx_live_origin_patch_exit(void);


/* ready.c */

/* an event that ended goes on; one that is scheduled goes live with what is
   there */
typedef struct {
    ngx_live_origin_zone_t  *zone;
    ngx_uint_t               index;
    ngx_uint_t               over;        /* it had ended */
} ngx_live_origin_starting_t;

int ngx_live_origin_change_start(lo_live_t *l, void *data);


/* drm.c: says what an init is encrypted with where the document says another
   thing; of all tracks where track is NGX_ERROR */
void ngx_live_origin_drm_check(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, ngx_int_t track);


/* notice.c: Live-Origin-Notice, where the event has any */

ngx_int_t ngx_live_origin_notice(ngx_http_request_t *r,
    ngx_live_origin_event_t *event);
void ngx_live_origin_notice_drop(ngx_live_origin_event_t *event);


/* defects.c: what was not said one by one, when its time is over, or all of
   it */

void ngx_live_origin_defects_sum(ngx_live_origin_zone_t *zone,
    ngx_uint_t all);


/* put.c: where the value ends */

#define ngx_live_origin_put(p, text)                                          \
    ngx_cpymem(p, text, sizeof(text) - 1)
#define ngx_live_origin_put_str(p, s)  ngx_cpymem(p, (s)->data, (s)->len)
u_char *ngx_live_origin_put_number(u_char *p, uint64_t n);
#define NGX_LIVE_ORIGIN_TIME_LEN  (sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1)
/* as HTTP writes it */
u_char *ngx_live_origin_put_time(u_char *p, time_t t);


/* respond.c */

/* of the request; NULL: there is none */
ngx_table_elt_t *ngx_live_origin_find_header(ngx_http_request_t *r,
    const char *lowcase);
/* all lines of it as one (RFC 9110, 5.3); NGX_DECLINED: there is none */
ngx_int_t ngx_live_origin_join_header(ngx_http_request_t *r,
    const char *lowcase, lo_str_t *value);
/* the path of the URI behind the location's prefix */
void ngx_live_origin_path(ngx_http_request_t *r, lo_str_t *path);
ngx_live_origin_ctx_t *ngx_live_origin_ctx(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone);
ngx_int_t ngx_live_origin_header(ngx_http_request_t *r, const char *name,
    u_char *value, size_t len);
/* the one that was added last */
#define ngx_live_origin_last_header(r)                                        \
    (&((ngx_table_elt_t *) (r)->headers_out.headers.last->elts)               \
         [(r)->headers_out.headers.last->nelts - 1])
#define ngx_live_origin_header_const(r, name, value)                          \
    ngx_live_origin_header(r, name, (u_char *) value, sizeof(value) - 1)
/* what every answer has: CORS, and the notices of its event */
ngx_int_t ngx_live_origin_cors(ngx_http_request_t *r);
ngx_int_t ngx_live_origin_options(ngx_http_request_t *r);
ngx_int_t ngx_live_origin_etag(ngx_http_request_t *r,
    const unsigned char *digest);
/* of Cache-Control, what stands before max-age; 9 bytes at most */
u_char *ngx_live_origin_share(u_char *p, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t found);
/* the whole field of an error; seconds, 0: not to be kept */
ngx_int_t ngx_live_origin_share_error(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, int64_t age);
/* a whole answer of a status and one line of text; the text must live */
ngx_int_t ngx_live_origin_text(ngx_http_request_t *r, ngx_uint_t status,
    const u_char *text, size_t len);
/* likewise, uncached, whatever the body of the request; a constant text */
ngx_int_t ngx_live_origin_plain(ngx_http_request_t *r, ngx_uint_t status,
    const char *text);
void ngx_live_origin_reason(ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_reason_e reason);
/* the word and a newline */
ngx_str_t *ngx_live_origin_reason_line(ngx_live_origin_reason_e reason);


/* variable.c */

ngx_int_t ngx_live_origin_add_variables(ngx_conf_t *cf);

#endif /* NGX_LIVE_ORIGIN_MODULE_H */
