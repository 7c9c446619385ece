/* a zone as a worker has it, and what the worker does of itself */

#ifndef NGX_LIVE_ORIGIN_WORKER_H
#define NGX_LIVE_ORIGIN_WORKER_H


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


#define NGX_LIVE_ORIGIN_SESSION   16     /* random bytes of an id */
#define NGX_LIVE_ORIGIN_SESSIONS  32

/*
 * One live_origin_zone.  The upper part is configuration; the lower belongs
 * to the worker and is filled in when it starts.
 */

struct ngx_live_origin_zone_s {
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
    u_char                       sessions[NGX_LIVE_ORIGIN_SESSIONS]
                                         [NGX_LIVE_ORIGIN_SESSION];
    ngx_uint_t                   nsessions; /* play.c: ids that nobody has */
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
};


/* the row that the live state names; NULL: it names none, or none is there */

static ngx_inline lo_zone_track_t *
ngx_live_origin_track_of(ngx_live_origin_zone_t *zone,
    const lo_live_track_t *t)
{
    return lo_zone_track(zone->z, t->ring);
}


/* worker.c */

/* on reload: whether the zones there are fit the new configuration */
ngx_int_t ngx_live_origin_check_zones(ngx_conf_t *cf);
ngx_int_t ngx_live_origin_init_zones(ngx_cycle_t *cycle);
ngx_int_t ngx_live_origin_init_worker(ngx_cycle_t *cycle);
void ngx_live_origin_exit_worker(ngx_cycle_t *cycle);
/* how late this worker's event loop may be, us; now: CLOCK_MONOTONIC */
int64_t ngx_live_origin_late(ngx_live_origin_zone_t *zone, int64_t now);


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

#endif /* NGX_LIVE_ORIGIN_WORKER_H */
