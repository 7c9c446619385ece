/*
 * What the files of this room share.
 *
 * hiredis reads replies and nothing else: its asynchronous half resolves
 * names, owns the descriptor and asserts on what a peer sends.  A connection
 * is nginx's from end to end, so there is one owner of its descriptor, and
 * nothing is freed below a callback of somebody else's.
 *
 * What ends a connection is an event of its own (readable, writable, a
 * timer); sending only adds to its buffer.  So no operation can end within
 * the call that sends it.
 */

#ifndef NGX_LIVE_ORIGIN_REDIS_INT_H
#define NGX_LIVE_ORIGIN_REDIS_INT_H

#include <ngx_event_connect.h>

#include "redis/redis.h"
#include "redis/wire.h"


#define NGX_LIVE_ORIGIN_REDIS_OPS      10000
#define NGX_LIVE_ORIGIN_REDIS_OUT      (64 * 1024 * 1024)
#define NGX_LIVE_ORIGIN_REDIS_IN       (64 * 1024 * 1024)  /* one reply */
#define NGX_LIVE_ORIGIN_REDIS_ELEMENTS 1000000             /* of a reply */
#define NGX_LIVE_ORIGIN_REDIS_DEPTH    8
#define NGX_LIVE_ORIGIN_REDIS_CHUNK    65536
#define NGX_LIVE_ORIGIN_REDIS_TURN     (1024 * 1024)  /* read at a time */
#define NGX_LIVE_ORIGIN_REDIS_PING     1000           /* ms */
#define NGX_LIVE_ORIGIN_REDIS_TRIES    5
#define NGX_LIVE_ORIGIN_REDIS_NODES    1024
#define NGX_LIVE_ORIGIN_REDIS_WHY      256


typedef struct ngx_live_origin_redis_conn_s  ngx_live_origin_redis_conn_t;
typedef struct ngx_live_origin_redis_sentinel_s
                                             ngx_live_origin_redis_sentinel_t;
typedef struct ngx_live_origin_redis_cluster_s
                                             ngx_live_origin_redis_cluster_t;


/* a step until a connection is UP.  send: NGX_DECLINED: not needed here;
   check: NGX_ERROR: the connection is of no use, and conn->why says why */

typedef struct {
    ngx_int_t  (*send)(ngx_live_origin_redis_conn_t *conn);
    ngx_int_t  (*check)(ngx_live_origin_redis_conn_t *conn,
                        redisReply *reply);
} ngx_live_origin_redis_step_t;


/* what a connection is for */

typedef struct {
    const ngx_live_origin_redis_step_t  *steps;    /* the last has no send */
    ngx_uint_t                           sentinel; /* its credentials */
    /* any may be NULL */
    void  (*up)(ngx_live_origin_redis_conn_t *conn);
    /* it is DOWN, was UP or not */
    void  (*down)(ngx_live_origin_redis_conn_t *conn);
    /* the back-off after that is over */
    void  (*again)(ngx_live_origin_redis_conn_t *conn);
    /* published on a channel; what: of three elements */
    ngx_int_t  (*message)(ngx_live_origin_redis_conn_t *conn,
                          redisReply *reply);
} ngx_live_origin_redis_class_t;


/* an operation of the room's own; done: NGX_ERROR: drop the connection.
   It is not called when the connection is lost */

typedef struct {
    ngx_live_origin_redis_op_t           op;
    ngx_int_t  (*done)(ngx_live_origin_redis_conn_t *conn,
                       redisReply *reply);
    ngx_uint_t                           alone;  /* malloc'ed, and freed when
                                                      it is over */
} ngx_live_origin_redis_own_t;


struct ngx_live_origin_redis_conn_s {
    ngx_queue_t                          queue;    /* of the nodes */
    ngx_live_origin_redis_t             *rd;
    const ngx_live_origin_redis_class_t *class;

    ngx_sockaddr_t                       sockaddr;
    socklen_t                            socklen;
    ngx_str_t                            name;
    u_char                               text[NGX_SOCKADDR_STRLEN + 1];

    ngx_live_origin_redis_state_e        state;
    ngx_uint_t                           step;     /* while CONNECTING */
    ngx_uint_t                           attempts; /* that failed in a row */
    unsigned                             talking:1;   /* bytes can be sent */
    unsigned                             subscribed:1;
    unsigned                             gone:1;   /* to be shut, and opened
                                                      again */
    unsigned                             unused:1; /* no node of the map */
    unsigned                             primary:1;   /* was one before */
    unsigned                             known:1;  /* the log says that it is
                                                      connected */
    ngx_live_origin_redis_role_e         role;     /* as ROLE has it */
    int64_t                              since_us; /* in this state */
    int64_t                              again_us; /* while retry is set */

    ngx_connection_t                    *c;        /* NULL: none */
    redisReader                         *reader;
    size_t                               got;      /* of one reply */
    u_char                              *out;
    size_t                               out_pos;
    size_t                               out_last;
    size_t                               out_size;

    ngx_queue_t                          ops;      /* sent, in order */
    ngx_queue_t                          wait;     /* for UP */
    ngx_uint_t                           users;    /* of both, not our own */
    ngx_live_origin_redis_own_t          hello;    /* steps */
    ngx_live_origin_redis_own_t          ping;
    ngx_live_origin_redis_own_t          ask;      /* of the map */

    ngx_live_origin_redis_conn_t        *waiter;   /* wait.c; NULL: none */

    ngx_event_t                          deadline;
    ngx_event_t                          flush;    /* posted */
    ngx_event_t                          idle;
    ngx_event_t                          retry;

    u_char                               why[NGX_LIVE_ORIGIN_REDIS_WHY];
    u_char                               error[NGX_LIVE_ORIGIN_REDIS_WHY];
    int64_t                              error_us; /* 0: none yet */
    u_char                               logged[NGX_LIVE_ORIGIN_REDIS_WHY];
    int64_t                              logged_us;
};


struct ngx_live_origin_redis_s {
    const ngx_live_origin_redis_conf_t  *conf;
    const ngx_live_origin_redis_user_t  *user;
    ngx_log_t                           *log;
    ngx_log_t                            quiet;    /* for nginx's own lines on
                                                      sockets: ours say it */
    ngx_live_origin_redis_stat_t         stat;
    void  (*observe)(void *data, int64_t us);
    void                                *observed;

    unsigned                             up:1;     /* as the user knows it */
    unsigned                             dead:1;

    ngx_live_origin_redis_conn_t        *primary;  /* not of a cluster */
    ngx_uint_t                           server;   /* next of conf->servers */
    ngx_str_t                            last;     /* the last that was UP */
    u_char                               last_text[NGX_SOCKADDR_STRLEN + 1];
    u_char                               left_text[NGX_SOCKADDR_STRLEN + 1];
    u_char                               taken_text[NGX_SOCKADDR_STRLEN + 1];
                                                   /* by the last failover */

    ngx_live_origin_redis_conn_t        *sub;
    ngx_str_t                            channel;  /* malloc'ed */

    ngx_live_origin_redis_sentinel_t    *sentinel;
    ngx_live_origin_redis_cluster_t     *cluster;

    ngx_uint_t                           lines;    /* that may be logged */
    int64_t                              lines_us;
    u_char                               buf[NGX_LIVE_ORIGIN_REDIS_CHUNK];
};


int64_t ngx_live_origin_redis_now(void);


/* conn.c: a connection */

ngx_live_origin_redis_conn_t *ngx_live_origin_redis_conn_create(
    ngx_live_origin_redis_t *rd, const ngx_live_origin_redis_class_t *class);
/* operations get their NULL; not from a handler of this connection */
void ngx_live_origin_redis_conn_free(ngx_live_origin_redis_conn_t *conn);
void ngx_live_origin_redis_conn_address(ngx_live_origin_redis_conn_t *conn,
    struct sockaddr *sockaddr, socklen_t socklen);
/* what became of it is told by up or down, not from within */
void ngx_live_origin_redis_conn_open(ngx_live_origin_redis_conn_t *conn);
/* the same, at the next of conf->servers */
void ngx_live_origin_redis_conn_next(ngx_live_origin_redis_conn_t *conn);
/* shut, and class->again, when nothing of it is in use below the caller */
void ngx_live_origin_redis_conn_renew(ngx_live_origin_redis_conn_t *conn);
/* to DOWN, by what the room decided: down is not called */
void ngx_live_origin_redis_conn_shut(ngx_live_origin_redis_conn_t *conn,
    const char *why);
void ngx_live_origin_redis_conn_why(ngx_live_origin_redis_conn_t *conn,
    const char *fmt, ...);
/* at a bounded rate; begins with the name of the connection */
void ngx_live_origin_redis_conn_log(ngx_live_origin_redis_conn_t *conn,
    ngx_uint_t level, const char *fmt, ...);


/* it is lost, and conn->why says why: the caller, an event's handler, does no
   more */
void ngx_live_origin_redis_conn_drop(ngx_live_origin_redis_conn_t *conn);
/* the first event of its socket */
void ngx_live_origin_redis_conn_connected(ngx_live_origin_redis_conn_t *conn);
/* the connection is there, or cannot be had (conn->why): from its events */
void ngx_live_origin_redis_conn_talk(ngx_live_origin_redis_conn_t *conn,
    ngx_int_t rc);


/* io.c: handlers of events */

void ngx_live_origin_redis_conn_read(ngx_event_t *rev);
void ngx_live_origin_redis_conn_write(ngx_event_t *wev);
void ngx_live_origin_redis_conn_flush(ngx_event_t *ev);


/* tls.c: conn_talk when it is done */

void ngx_live_origin_redis_tls_start(ngx_live_origin_redis_conn_t *conn);
void ngx_live_origin_redis_tls_close(ngx_connection_t *c);


/* ops.c: the operations of a connection */

/* op->command is sent, now or when conn is UP */
ngx_int_t ngx_live_origin_redis_send(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op);
ngx_int_t ngx_live_origin_redis_send_own(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_own_t *own,
    ngx_int_t (*done)(ngx_live_origin_redis_conn_t *conn, redisReply *reply),
    int argc, const char **argv);
/* a word that an operation is sent behind; its reply is for nobody */
ngx_int_t ngx_live_origin_redis_send_before(
    ngx_live_origin_redis_conn_t *conn, const char *command);
/* all that wait are sent */
void ngx_live_origin_redis_send_waiting(ngx_live_origin_redis_conn_t *conn);
/* NGX_ERROR: conn->why */
ngx_int_t ngx_live_origin_redis_replied(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply);
/* all operations get their NULL; why: conn->why */
void ngx_live_origin_redis_fail(ngx_live_origin_redis_conn_t *conn,
    ngx_queue_t *ops);
void ngx_live_origin_redis_finish(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, redisReply *reply, const char *error);
/* NGX_ERROR: one that was sent has no reply in time; arms the next look */
ngx_int_t ngx_live_origin_redis_deadline(ngx_live_origin_redis_conn_t *conn);


/* hello.c: until it is UP */

extern const ngx_live_origin_redis_step_t  ngx_live_origin_redis_data_steps[];
extern const ngx_live_origin_redis_step_t  ngx_live_origin_redis_node_steps[];
extern const ngx_live_origin_redis_step_t  ngx_live_origin_redis_sub_steps[];

ngx_int_t ngx_live_origin_redis_hello(ngx_live_origin_redis_conn_t *conn);
ngx_int_t ngx_live_origin_redis_auth_send(ngx_live_origin_redis_conn_t *conn);
ngx_int_t ngx_live_origin_redis_auth_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply);
ngx_int_t ngx_live_origin_redis_subscribe_check(
    ngx_live_origin_redis_conn_t *conn, redisReply *reply);
/* anything but an error */
ngx_int_t ngx_live_origin_redis_ok_check(ngx_live_origin_redis_conn_t *conn,
    redisReply *reply);
ngx_int_t ngx_live_origin_redis_hello_send(ngx_live_origin_redis_conn_t *conn,
    int argc, const char **argv);


/* redis.c */

/* tells the user, if UP or not has changed; why: of DOWN */
void ngx_live_origin_redis_edge(ngx_live_origin_redis_t *rd, const char *why);
/* to: NULL: it is not known */
void ngx_live_origin_redis_failed_over(ngx_live_origin_redis_t *rd,
    const ngx_str_t *from, const ngx_str_t *to);


/* subscribe.c: the subscription wants a connection, and there may be one now */

void ngx_live_origin_redis_sub_open(ngx_live_origin_redis_t *rd);


/* wait.c */

/* what is sent before an operation, on a connection for WAIT */
ngx_int_t ngx_live_origin_redis_wait_before(
    ngx_live_origin_redis_conn_t *conn);
/* of a node whose connection is no more */
void ngx_live_origin_redis_wait_end(ngx_live_origin_redis_conn_t *node);


/* command.c */

/* the connection for a command; NULL: not now */
ngx_live_origin_redis_conn_t *ngx_live_origin_redis_route(
    ngx_live_origin_redis_t *rd, ngx_int_t slot);
ngx_int_t ngx_live_origin_redis_take(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_conn_t *conn, ngx_live_origin_redis_op_t *op,
    int argc, const char **argv, const size_t *lens);
/* an error reply: NGX_OK: it is the caller's; NGX_DONE: the operation goes
   on; NGX_ERROR: it is the caller's, and the connection is of no use */
ngx_int_t ngx_live_origin_redis_refused(ngx_live_origin_redis_conn_t *conn,
    ngx_live_origin_redis_op_t *op, redisReply *reply);


/* sentinel.c */

ngx_int_t ngx_live_origin_redis_sentinel_create(ngx_live_origin_redis_t *rd);
void ngx_live_origin_redis_sentinel_destroy(ngx_live_origin_redis_t *rd);
/* asks the next of them for the primary */
void ngx_live_origin_redis_sentinel_look(ngx_live_origin_redis_t *rd);
/* NULL: there are no sentinels */
ngx_live_origin_redis_conn_t *ngx_live_origin_redis_sentinel_conn(
    ngx_live_origin_redis_t *rd);


/* cluster.c, map.c, redirect.c */

ngx_int_t ngx_live_origin_redis_cluster_create(ngx_live_origin_redis_t *rd);
void ngx_live_origin_redis_cluster_destroy(ngx_live_origin_redis_t *rd);
ngx_uint_t ngx_live_origin_redis_cluster_up(ngx_live_origin_redis_t *rd);
ngx_uint_t ngx_live_origin_redis_cluster_nodes(ngx_live_origin_redis_t *rd);
/* of a slot, or of any where it is -1; NULL: none */
ngx_live_origin_redis_conn_t *ngx_live_origin_redis_cluster_node(
    ngx_live_origin_redis_t *rd, ngx_int_t slot);
/* MOVED, ASK, TRYAGAIN, CLUSTERDOWN: NGX_DONE, or NGX_OK: tried often enough */
ngx_int_t ngx_live_origin_redis_cluster_refused(
    ngx_live_origin_redis_conn_t *conn, ngx_live_origin_redis_op_t *op,
    lo_redis_error_e error, redisReply *reply);

/* an address as Redis writes it; NGX_ERROR: it is a name */
ngx_int_t ngx_live_origin_redis_addr(ngx_sockaddr_t *sa, socklen_t *socklen,
    const char *host, size_t len, ngx_uint_t port);

#endif /* NGX_LIVE_ORIGIN_REDIS_INT_H */
