/*
 * Redis, as one worker sees it: connections that come back by themselves,
 * commands with a deadline, one subscription.  On hiredis and nginx's event
 * loop; no HTTP, and nothing of what is stored (that is redis/index.h).
 *
 * Who owns what.  A ngx_live_origin_redis_t belongs to its worker.  A command
 * is an operation: a struct of the caller's that starts with
 * ngx_live_origin_redis_op_t and stays until its handler has been called,
 * which happens exactly once for each operation that was taken (NGX_OK), never
 * from within the call that sent it: with a reply, which is the library's and
 * gone when the handler returns; or with NULL, when it is not known whether
 * the command was done: op->error says why.  So who goes away before its reply
 * clears what the operation points to, not the operation.  A handler may send;
 * it may not destroy.
 *
 * Replies that are about the connection and not about the command (LOADING,
 * READONLY, MASTERDOWN, MOVED, ASK, CLUSTERDOWN, TRYAGAIN, NOSCRIPT) are dealt
 * with here, by a new look for the primary or by sending again, a bounded
 * number of times; what remains is an error reply or NULL.  Other error
 * replies reach the handler.
 */

#ifndef NGX_LIVE_ORIGIN_REDIS_H
#define NGX_LIVE_ORIGIN_REDIS_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <hiredis/hiredis.h>


typedef enum {
    NGX_LIVE_ORIGIN_REDIS_SINGLE = 0,
    NGX_LIVE_ORIGIN_REDIS_SENTINEL,
    NGX_LIVE_ORIGIN_REDIS_CLUSTER
} ngx_live_origin_redis_mode_e;


/* of one live_origin_redis; all strings end with a zero */

typedef struct {
    ngx_live_origin_redis_mode_e   mode;
    ngx_array_t                    servers;    /* ngx_addr_t: the primary,
                                                  sentinels, or some nodes of
                                                  the cluster */
    ngx_str_t                      service;    /* Sentinel: of the primary */
    ngx_str_t                      user;       /* ACL; empty: "default" */
    ngx_str_t                      password;   /* empty: no AUTH */
    ngx_str_t                      sentinel_user;
    ngx_str_t                      sentinel_password;
    ngx_uint_t                     db;         /* not with Cluster */
    ngx_str_t                      prefix;     /* of all keys and channels */
    ngx_msec_t                     connect;    /* until it is usable */
    ngx_msec_t                     timeout;    /* of a command */
    ngx_uint_t                     tls;
    ngx_str_t                      tls_ca;
    void                          *ssl;        /* ngx_ssl_t, made from these
                                                  with the configuration */
} ngx_live_origin_redis_conf_t;


typedef struct ngx_live_origin_redis_s     ngx_live_origin_redis_t;
typedef struct ngx_live_origin_redis_op_s  ngx_live_origin_redis_op_t;


/* A script is sent as EVALSHA, and as EVAL where the server has not got it.
   It must live longer than its operations */

typedef struct {
    const char                    *text;
    char                           sha[41];    /* filled in on first use */
} ngx_live_origin_redis_script_t;


typedef void (*ngx_live_origin_redis_pt)(ngx_live_origin_redis_op_t *op,
    redisReply *reply);

struct ngx_live_origin_redis_op_s {
    ngx_live_origin_redis_pt       handler;
    const char                    *error;      /* with reply NULL: a line, good
                                                  until the handler returns */
    ngx_msec_t                     timeout;    /* 0: the configured one */

    /* of the room */

    ngx_queue_t                    queue;
    u_char                        *command;    /* malloc'ed until it is known
                                                  not to be sent again */
    size_t                         len;
    int64_t                        sent_us;    /* CLOCK_MONOTONIC */
    int64_t                        deadline_us;
    ngx_int_t                      slot;       /* -1: any node */
    ngx_uint_t                     tries;
    ngx_live_origin_redis_script_t  *script;   /* may have to be sent whole */
};


typedef enum {
    NGX_LIVE_ORIGIN_REDIS_DOWN = 0,            /* waits before it tries again */
    NGX_LIVE_ORIGIN_REDIS_CONNECTING,
    NGX_LIVE_ORIGIN_REDIS_UP
} ngx_live_origin_redis_state_e;


/* what the room tells its user; any may be NULL */

typedef struct {
    void                          *data;
    /* commands are taken from now on; or not any more */
    void                         (*up)(void *data);
    void                         (*down)(void *data, const char *why);
    /* the subscription stands (again): what was said before may have been
       missed */
    void                         (*subscribed)(void *data);
    void                         (*message)(void *data, const u_char *text,
                                            size_t len);
} ngx_live_origin_redis_user_t;


/* counters of this worker, plain additions; hist as http/counters.h has them:
   15 bounds, one beyond, sum of us */

typedef struct {
    uint64_t                       connects;
    uint64_t                       failures;   /* connections lost or refused */
    uint64_t                       commands;
    uint64_t                       ok;         /* how they ended: replies, */
    uint64_t                       refused;    /* error replies, */
    uint64_t                       late;       /* NULL at the deadline, */
    uint64_t                       lost;       /* or with the connection */
    uint64_t                       declined;   /* not taken */
    uint64_t                       errors;     /* error replies and NULLs */
    uint64_t                       timeouts;
    uint64_t                       redirects;  /* MOVED, ASK */
    uint64_t                       failovers;  /* the primary became another */
    int64_t                        failover_us;  /* wall clock; of the last */
    int64_t                        pending;    /* operations under way */
    int64_t                        pending_bytes;  /* of their commands */
} ngx_live_origin_redis_stat_t;


/* a connection, as it is said to people */

typedef enum {
    NGX_LIVE_ORIGIN_REDIS_COMMANDS = 0,
    NGX_LIVE_ORIGIN_REDIS_NEWS,                /* the subscription */
    NGX_LIVE_ORIGIN_REDIS_REPLICAS,            /* WAIT */
    NGX_LIVE_ORIGIN_REDIS_SENTINELS
} ngx_live_origin_redis_use_e;


typedef enum {
    NGX_LIVE_ORIGIN_REDIS_UNKNOWN = 0,
    NGX_LIVE_ORIGIN_REDIS_PRIMARY,
    NGX_LIVE_ORIGIN_REDIS_REPLICA
} ngx_live_origin_redis_role_e;


typedef struct {
    ngx_live_origin_redis_use_e    use;
    ngx_live_origin_redis_state_e  state;
    ngx_live_origin_redis_role_e   role;       /* of the server, by its word */
    ngx_uint_t                     attempts;   /* that failed in a row */
    int64_t                        since_us;   /* CLOCK_MONOTONIC; in state */
    int64_t                        again_us;   /* DOWN: the next attempt;
                                                  0: when it is wanted */
    int64_t                        error_us;   /* of the last; 0: none */
    const char                    *error;      /* "ADDRESS: why" */
    const char                    *address;    /* empty: not known yet */
} ngx_live_origin_redis_look_t;


/* conf and user stay the caller's and live longer.  NULL: no memory */
ngx_live_origin_redis_t *ngx_live_origin_redis_create(
    const ngx_live_origin_redis_conf_t *conf,
    const ngx_live_origin_redis_user_t *user, ngx_log_t *log);
/* every operation under way gets its NULL; no callback after this */
void ngx_live_origin_redis_destroy(ngx_live_origin_redis_t *rd);

/* UP: commands are taken (Cluster: the slots are known and at least one node
   answers) */
ngx_live_origin_redis_state_e ngx_live_origin_redis_state(
    ngx_live_origin_redis_t *rd);
const ngx_live_origin_redis_stat_t *ngx_live_origin_redis_stat(
    ngx_live_origin_redis_t *rd);
/* called with the round trip of each reply, us */
void ngx_live_origin_redis_observe(ngx_live_origin_redis_t *rd,
    void (*observe)(void *data, int64_t us), void *data);

/* where commands go: "127.0.0.1:6379", in a cluster the number of nodes; ends
   with a zero, empty while it is not known */
const char *ngx_live_origin_redis_primary(ngx_live_origin_redis_t *rd);

/* look.c: the connections there are, up to n of them, those that are not UP
   first; their number.  Strings are good until the caller returns */
ngx_uint_t ngx_live_origin_redis_look(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_look_t *looks, ngx_uint_t n);
/* the last: its addresses, empty where they are not known; 0: there was none */
int64_t ngx_live_origin_redis_failover(ngx_live_origin_redis_t *rd,
    const char **from, const char **to);

/*
 * key: decides on the node in a cluster; it is not added to argv.  NULL: any.
 * NGX_OK: taken; NGX_DECLINED: not connected, or too much is under way
 * already (the handler is not called); NGX_ERROR: no memory, likewise.
 */
ngx_int_t ngx_live_origin_redis_command(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, const ngx_str_t *key, int argc,
    const char **argv, const size_t *lens);
/* the first nkeys of argv are the keys; the first decides on the node */
ngx_int_t ngx_live_origin_redis_eval(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, ngx_live_origin_redis_script_t *script,
    ngx_uint_t nkeys, int argc, const char **argv, const size_t *lens);

/* an integer: how many replicas have all that the node of the key has answered
   until now, after ms at most; fewer than asked for, if that was not enough
   time.  On a connection of its own, for it blocks what is sent behind it */
ngx_int_t ngx_live_origin_redis_wait(ngx_live_origin_redis_t *rd,
    ngx_live_origin_redis_op_t *op, const ngx_str_t *key, ngx_uint_t replicas,
    ngx_msec_t ms);

/* one channel, on a connection of its own, from now on and again after every
   loss; name is copied */
ngx_int_t ngx_live_origin_redis_subscribe(ngx_live_origin_redis_t *rd,
    const ngx_str_t *channel);
void ngx_live_origin_redis_unsubscribe(ngx_live_origin_redis_t *rd);

#endif /* NGX_LIVE_ORIGIN_REDIS_H */
