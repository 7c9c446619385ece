/* What share_walk.c, share_scan.c and share_count.c have of the walk. */

#ifndef NGX_LIVE_ORIGIN_SHARE_WALK_H
#define NGX_LIVE_ORIGIN_SHARE_WALK_H

#include "http/share.h"


typedef enum {
    NGX_LIVE_ORIGIN_WALK_LIST = 0,              /* events are being listed */
    NGX_LIVE_ORIGIN_WALK_STATE,                 /* a live state is asked for */
    NGX_LIVE_ORIGIN_WALK_HEAD,                  /* a track's newest number */
    NGX_LIVE_ORIGIN_WALK_SCAN,                  /* a track is being read */
    NGX_LIVE_ORIGIN_WALK_FILL                   /* Redis gets what it lacks */
} ngx_live_origin_walk_e;


typedef struct {
    ngx_live_origin_redis_op_t   op;            /* one at a time */
    ngx_live_origin_share_t     *share;         /* NULL: given up */
    ngx_live_origin_walk_e       step;
    unsigned                     under_way:1;   /* op */
    ngx_uint_t                   sending;       /* puts under way */
    ngx_uint_t                   nids;
    ngx_uint_t                   id;            /* at this one */
    char                       (*ids)[LO_ID_MAX + 1];
    int                          index;
    uint64_t                     row;
    ngx_uint_t                   track;
    char                         cursor[24];
    int64_t                      from;          /* numbers of the window */
    int64_t                      to;
    int64_t                      window;        /* of the event */
    int64_t                      at;            /* being filled */
    uint8_t                     *seen;          /* bits of pipelines, by
                                                   number - from */
    int64_t                      waited_us;
    int64_t                      began_us;      /* mono */
    uint64_t                     owed;          /* then */
    int64_t                      ahead;         /* being counted */
    unsigned                     whole:1;       /* it came to its end */
    unsigned                     skipped:1;     /* less an event */
} ngx_live_origin_walk_t;


/* share_walk.c */

/* once nothing of it is under way any more */
void ngx_live_origin_walk_free(ngx_live_origin_walk_t *w);
/* 1: the walk was given up meanwhile, or ends with this */
ngx_uint_t ngx_live_origin_walk_over(ngx_live_origin_walk_t *w,
    ngx_uint_t failed);
ngx_int_t ngx_live_origin_walk_command(ngx_live_origin_walk_t *w, int argc,
    const char **argv, ngx_live_origin_redis_pt handler);
/* of its event; NULL: the event is gone */
const lo_live_t *ngx_live_origin_walk_live(ngx_live_origin_walk_t *w);
/* as far as it goes without waiting; w may be gone behind it */
void ngx_live_origin_walk_next(ngx_live_origin_walk_t *w);


/* share_scan.c: the steps of a track */

void ngx_live_origin_walk_head(ngx_live_origin_walk_t *w);
void ngx_live_origin_walk_scan(ngx_live_origin_walk_t *w);
void ngx_live_origin_walk_fill(ngx_live_origin_walk_t *w);
/* what the walk had sent or fetched is over */
void ngx_live_origin_walk_sent(void *data);


/* share_entry.c */

/* one field of the index and its value */
void ngx_live_origin_walk_entry(ngx_live_origin_walk_t *w, const lo_live_t *l,
    lo_str_t field, lo_str_t line);


/* share_count.c */

void ngx_live_origin_walk_began(ngx_live_origin_walk_t *w);
void ngx_live_origin_walk_ended(ngx_live_origin_walk_t *w);
/* the track at hand, whose live state is l: behind w->seen */
void ngx_live_origin_walk_ahead(ngx_live_origin_walk_t *w, const lo_live_t *l);
void ngx_live_origin_walk_filled(ngx_live_origin_walk_t *w);

#endif /* NGX_LIVE_ORIGIN_SHARE_WALK_H */
