/* the context of a request */

#ifndef NGX_LIVE_ORIGIN_REQUEST_H
#define NGX_LIVE_ORIGIN_REQUEST_H


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

struct ngx_live_origin_ctx_s {
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
};


/* who may keep an answer: every cache; one that may for this request (RFC
   9111, 3.5); the client alone */

#define NGX_LIVE_ORIGIN_SHARE_ALL  0
#define NGX_LIVE_ORIGIN_SHARE_OWN  1
#define NGX_LIVE_ORIGIN_SHARE_NONE 2

#endif /* NGX_LIVE_ORIGIN_REQUEST_H */
