/*
 * An event on many nodes (docs/redis.md): what the files of it share.
 *
 *   share.c         the connection's ups and downs, and who the envoy is
 *   share_news.c    what it hears
 *   share_tell.c    commands and scripts
 *   share_event.c   live states: asked for and proposed
 *   share_along.c   and what goes along with one
 *   share_document.c  documents
 *   share_learn.c   and learnt
 *   share_gone.c    events that are deleted
 *   share_put.c     a segment to Redis before it is seen here
 *   share_send.c    and behind it; GAPs
 *   share_say.c     how it is told
 *   share_get.c     a segment from Redis
 *   share_keep.c    into the zone
 *   share_ring.c    a place for it
 *   share_read.c    a reader of what is in Redis
 *   share_walk.c    the envoy compares everything, one event at a time
 *   share_scan.c    of an event one track
 *   share_entry.c   and of a track one field
 *   share_count.c   what is counted of all that
 *
 * Every worker has a connection, for what its own requests need.  One worker
 * of a host is the envoy (a lock in the zone): it hears the news, fetches what
 * others publish and makes good what was missed.
 *
 * An operation is malloc'ed, belongs to the connection until its handler is
 * called, and knows events by their index and row: it outlives requests,
 * uploads and events.
 */

#ifndef NGX_LIVE_ORIGIN_SHARE_H
#define NGX_LIVE_ORIGIN_SHARE_H

#include "core/share.h"
#include "http/module.h"
#include "redis/index.h"


#define NGX_LIVE_ORIGIN_SHARE_TRIES    16       /* to store a live state */
#define NGX_LIVE_ORIGIN_SHARE_WANTED   16
#define NGX_LIVE_ORIGIN_SHARE_BEHIND   (8 * 1024 * 1024)  /* bytes under way
                                                  behind their 201 */
#define NGX_LIVE_ORIGIN_SHARE_INLINE   16384    /* bytes that go through a
                                                  script: Redis's Lua hashes
                                                  every byte of a string */
#define NGX_LIVE_ORIGIN_SHARE_ARGS     80
#define NGX_LIVE_ORIGIN_SHARE_PUTS     4        /* of the walk, at a time */
#define NGX_LIVE_ORIGIN_SHARE_WALK     30       /* s, between two walks */
#define NGX_LIVE_ORIGIN_SHARE_REST     3        /* s, where one left some */
#define NGX_LIVE_ORIGIN_SHARE_JOIN     30000000 /* us: a new zone is filled */
#define NGX_LIVE_ORIGIN_SHARE_PAUSE    500000   /* us, behind a refusal */
#define NGX_LIVE_ORIGIN_SHARE_ALONE    1500000  /* likewise, without Redis */
#define NGX_LIVE_ORIGIN_SHARE_FETCH    1000     /* ms: a claim on a number */
#define NGX_LIVE_ORIGIN_SHARE_NO_DOC   ((int64_t) -2)  /* us: older than what
                                                  Redis has, or has not */
#define NGX_LIVE_ORIGIN_SHARE_LEAST    86400000 /* ms: life of an event's key */
#define NGX_LIVE_ORIGIN_SHARE_GONE     16       /* lives that are remembered */
#define NGX_LIVE_ORIGIN_SHARE_STALE    8        /* answers of before a DELETE */


typedef struct {
    char                         track[LO_ID_MAX + 1];
    char                         pipeline[LO_ID_MAX + 1];
    int64_t                      number;
    uint64_t                     serial;   /* of the state that did not do */
} ngx_live_origin_wanted_t;


/* of an event, by its index in the zone */

typedef struct {
    uint64_t                     row;
    uint32_t                     inits;    /* ids below are in Redis */
    int64_t                      pause_us; /* mono: not asked before that */
    unsigned                     asking:1; /* about its live state */
    unsigned                     again:1;  /* once more, behind that */
    unsigned                     learn:1;  /* not ask, but read */
    unsigned                     listed:1;
    ngx_uint_t                   nwanted;  /* behind the live state */
    ngx_live_origin_wanted_t     wanted[NGX_LIVE_ORIGIN_SHARE_WANTED];
} ngx_live_origin_share_event_t;


/* an event that was deleted here */

typedef struct {
    uint64_t                     life;
    ngx_uint_t                   answers;  /* that say so many times more that
                                              it is there: of before */
} ngx_live_origin_share_gone_t;


struct ngx_live_origin_share_s {
    ngx_live_origin_zone_t          *zone;
    ngx_live_origin_redis_conf_t    *conf;
    ngx_live_origin_redis_t         *rd;
    char                             node[LO_SHARE_NODE + 1];
    char                             channel[NGX_LIVE_ORIGIN_KEY_MAX];
    ngx_uint_t                       ticks;
    ngx_uint_t                       nevents;
    ngx_live_origin_share_event_t   *events;
    void                            *walk;     /* share_walk.c */
    time_t                           walked;
    uint64_t                         behind;   /* see above */
    time_t                           complained;
    int64_t                          started_us;
    ngx_live_origin_share_gone_t     gone[NGX_LIVE_ORIGIN_SHARE_GONE];
    ngx_uint_t                       next_gone;
    unsigned                         envoy:1;
    unsigned                         due:1;    /* a walk */
    unsigned                         rest:1;   /* the last one left some */
    unsigned                         closing:1;
};


/* share.c; all but init may be called without it */

ngx_int_t ngx_live_origin_share_init(ngx_live_origin_zone_t *zone,
    ngx_live_origin_redis_conf_t *conf, ngx_live_origin_redis_t *rd);
/* before the connection is destroyed, and behind that */
void ngx_live_origin_share_close(ngx_live_origin_zone_t *zone);
void ngx_live_origin_share_exit(ngx_live_origin_zone_t *zone);
/* the connection or the subscription stands again; it was lost; news */
void ngx_live_origin_share_due(ngx_live_origin_zone_t *zone);
void ngx_live_origin_share_lost(ngx_live_origin_zone_t *zone);
void ngx_live_origin_share_heard(ngx_live_origin_zone_t *zone,
    const u_char *text, size_t len);
void ngx_live_origin_share_tick(ngx_live_origin_zone_t *zone);
/* whether a number that is missing may be said to be missing for all: this
   node has looked at what others have since it began, or lost them */
ngx_uint_t ngx_live_origin_share_knows(ngx_live_origin_zone_t *zone);
/* this node is new and does not know yet what there is */
ngx_uint_t ngx_live_origin_share_joins(ngx_live_origin_zone_t *zone);
/* likewise, or it was away: what it would say or do may be of yesterday */
ngx_uint_t ngx_live_origin_share_returns(ngx_live_origin_zone_t *zone);
/* others can be asked */
ngx_uint_t ngx_live_origin_share_up(ngx_live_origin_zone_t *zone);

/* of an event that is there; NULL: it is another's by now */
ngx_live_origin_share_event_t *ngx_live_origin_share_of(
    ngx_live_origin_share_t *sh, ngx_uint_t index);
/* the event's id; NULL: the row has another one now */
const char *ngx_live_origin_share_id(ngx_live_origin_share_t *sh,
    ngx_uint_t index, uint64_t row);
/* readers of this node get what Redis has chosen; LO_NONE: it is not here */
int ngx_live_origin_share_choose(ngx_live_origin_share_t *sh,
    const lo_live_t *l, uint32_t ring, int64_t number, lo_str_t pipeline);
/* a line in the error log, one in ten seconds */
void ngx_live_origin_share_complain(ngx_live_origin_share_t *sh,
    const char *what, const char *why);
/* ms, with up to a tenth of jitter */
int64_t ngx_live_origin_share_ttl(const lo_live_t *l, int64_t least);


/* a command of which argv[1] is the key, and a script; lens may be NULL where
   all are strings that end with a zero */
ngx_int_t ngx_live_origin_share_command(ngx_live_origin_share_t *sh,
    ngx_live_origin_redis_op_t *op, int argc, const char **argv,
    const size_t *lens);
ngx_int_t ngx_live_origin_share_eval(ngx_live_origin_share_t *sh,
    ngx_live_origin_redis_op_t *op, ngx_live_origin_redis_script_t *script,
    ngx_uint_t nkeys, int argc, const char **argv, const size_t *lens);
/* likewise, when the answer is of no use; script NULL: a command */
ngx_int_t ngx_live_origin_share_tell(ngx_live_origin_share_t *sh,
    ngx_live_origin_redis_script_t *script, ngx_uint_t nkeys, int argc,
    const char **argv, const size_t *lens);
/* SADD or SREM: the event is one of all, or is not */
void ngx_live_origin_share_list(ngx_live_origin_share_t *sh, const char *verb,
    lo_str_t id);


/* share_event.c */

/* its live state or document is new here, or it is not known whether others
   have it */
void ngx_live_origin_share_event(ngx_live_origin_zone_t *zone,
    ngx_uint_t index);
/* LO_AGAIN, in any case but LO_FULL: no memory */
int ngx_live_origin_share_propose(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_live_t *l);
/* something is being asked of it, or was refused just now */
ngx_uint_t ngx_live_origin_share_asking(ngx_live_origin_zone_t *zone,
    ngx_uint_t index);
/* the event's turn is over: what has come up meanwhile */
void ngx_live_origin_share_next(ngx_live_origin_share_t *sh, ngx_uint_t index,
    uint64_t row);
/* what waits for a newer live state */
void ngx_live_origin_share_wanted(ngx_live_origin_share_t *sh,
    ngx_uint_t index, ngx_live_origin_share_event_t *st);


/* share_along.c */

/* headers with an id of known or above: before the record that names them, on
   the same connection */
ngx_int_t ngx_live_origin_share_inits(ngx_live_origin_share_t *sh, lo_str_t id,
    const lo_live_t *l, uint32_t known);


/* share_document.c */

/* the event's document, malloc'ed; NULL: no memory; of length 0: this node has
   none that others could use */
u_char *ngx_live_origin_share_doc(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, size_t *len);
/* of other nodes, who have had it since us: 1, it is in force here, too; 0, it
   is not newer than this node's, or is refused, and that was said */
ngx_uint_t ngx_live_origin_share_document(ngx_live_origin_share_t *sh,
    ngx_live_origin_event_t *e, const u_char *json, size_t len, int64_t us);


/* share_learn.c */

/* a record, a document and when that was put, from Redis (n: how many of them);
   NGX_OK: it is this node's, or will be when its inits are here; NGX_DECLINED:
   it was deleted here, and Redis had not heard of that: ask again */
ngx_int_t ngx_live_origin_share_adopt(ngx_live_origin_share_t *sh,
    const char *id, redisReply **got, size_t n);
/* somebody else has something new of it, or it is new itself */
void ngx_live_origin_share_learn(ngx_live_origin_share_t *sh, lo_str_t id);


/* share_gone.c */

/* before it is removed from the zone */
void ngx_live_origin_share_gone(ngx_live_origin_zone_t *zone,
    ngx_uint_t index);
/* an answer that has it still is of before */
ngx_uint_t ngx_live_origin_share_is_gone(ngx_live_origin_share_t *sh,
    uint64_t life);
/* somebody else has deleted it */
void ngx_live_origin_share_deleted(ngx_live_origin_share_t *sh, lo_str_t id,
    uint64_t life);


/* share_get.c */

typedef void (*ngx_live_origin_share_got_pt)(void *data);

/* one number of a track, of a pipeline (empty: the chosen one); got may be NULL, and is called in any case once it is NGX_OK.
   NGX_DECLINED: another worker does that, or it was not there just now */
ngx_int_t ngx_live_origin_share_fetch(ngx_live_origin_share_t *sh,
    ngx_uint_t index, lo_str_t track, int64_t number, lo_str_t pipeline,
    ngx_live_origin_share_got_pt got, void *data);
/* once more, behind a newer live state */
void ngx_live_origin_share_refetch(ngx_live_origin_share_t *sh,
    ngx_uint_t index, const ngx_live_origin_wanted_t *w);
/* of a track, made if need be; LO_ZONE_NO_TRACK: it cannot be */
uint32_t ngx_live_origin_share_ring(ngx_live_origin_share_t *sh,
    ngx_uint_t index, lo_str_t track);
/* for a reader of what the zone has not: NGX_DONE: it is parked;
   NGX_DECLINED: nobody has it */
ngx_int_t ngx_live_origin_share_read(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track, uint32_t ring);


/* share_say.c */

/* what is said of a segment */

typedef struct {
    ngx_live_origin_share_t       *share;
    const char                    *event;
    const char                    *track;
    const char                    *pipeline;
    const lo_live_t               *live;
    ngx_uint_t                     index;
    int64_t                        number;
    lo_share_segment_t             seg;
    const u_char                  *bytes;
    unsigned                       whole:1;  /* in the script, whatever its
                                                size */
} ngx_live_origin_say_t;

/* what is said of a candidate; the strings are those of the event and of l;
   bytes are left to the caller */
void ngx_live_origin_say_of(ngx_live_origin_say_t *s,
    ngx_live_origin_share_t *sh, const lo_zone_event_t *ze, ngx_uint_t index,
    const lo_live_t *l, ngx_uint_t track, ngx_uint_t pipeline);
void ngx_live_origin_say_what(ngx_live_origin_say_t *s, int64_t number,
    const lo_zone_meta_t *meta, const u_char *digest, uint64_t size);
/* op's reply is that of ngx_live_origin_script_put; key is filled in */
ngx_int_t ngx_live_origin_say_segment(ngx_live_origin_say_t *s,
    ngx_live_origin_redis_op_t *op, char key[NGX_LIVE_ORIGIN_KEY_MAX]);

/* share_send.c */

/* a candidate of the zone, behind its 201, or because others have not got it;
   NGX_OK: on its way */
ngx_int_t ngx_live_origin_share_send(ngx_live_origin_share_t *sh,
    ngx_uint_t index, ngx_uint_t track, int64_t number, ngx_uint_t pipeline,
    ngx_live_origin_share_got_pt got, void *data);


/* a number was listed as GAP here */
void ngx_live_origin_share_gap(ngx_live_origin_zone_t *zone, ngx_uint_t index,
    lo_str_t track, int64_t number);


/* share_count.c: how many segments Redis lacks, as far as it is known, and how
   many are on their way here; of the node */

typedef enum {
    NGX_LIVE_ORIGIN_JOIN_NO = 0,
    NGX_LIVE_ORIGIN_JOIN_NEW,                  /* ngx_live_origin_share_joins */
    NGX_LIVE_ORIGIN_JOIN_BACK                  /* ngx_live_origin_share_returns */
} ngx_live_origin_join_e;

uint64_t ngx_live_origin_share_to_send(ngx_live_origin_zone_t *zone);
uint64_t ngx_live_origin_share_to_fetch(ngx_live_origin_zone_t *zone);
/* Redis does not have one that is seen here */
void ngx_live_origin_share_missed(ngx_live_origin_share_t *sh);
void ngx_live_origin_share_gauges(ngx_live_origin_share_t *sh);


/* share_walk.c: for the envoy */

void ngx_live_origin_share_walk(ngx_live_origin_share_t *sh);
/* what it waits for may be there */
void ngx_live_origin_share_walk_on(ngx_live_origin_share_t *sh);
/* of an event there is nothing */
void ngx_live_origin_share_walk_skip(ngx_live_origin_share_t *sh,
    const char *id);
void ngx_live_origin_share_walk_end(ngx_live_origin_share_t *sh);

#endif /* NGX_LIVE_ORIGIN_SHARE_H */
