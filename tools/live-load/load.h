/*
 * live-load: one process, one epoll loop.  A run has one or more groups; a
 * group is a mode (publish, read, edge, storm, get, fan) with its options,
 * connections and statistics.  Everything is allocated before the run
 * begins.  Times are nanoseconds of CLOCK_MONOTONIC unless called wall.
 */

#ifndef LOAD_H
#define LOAD_H


#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "hist.h"
#include "media.h"


#define LOAD_MS            1000000ull
#define LOAD_SEC           1000000000ull

#define LOAD_MAX_GROUPS    8
#define LOAD_MAX_PATHS     64
#define LOAD_MAX_PIPELINES 4
#define LOAD_HEAD          4096
#define LOAD_RECENT        64


typedef struct load_s    load_t;
typedef struct group_s   group_t;
typedef struct conn_s    conn_t;


typedef struct {
    uint64_t      at;
    uint32_t      index;           /* in the heap, from 1; 0: not set */
    void        (*handler)(void *data);
    void         *data;
} load_timer_t;


typedef enum {
    VERIFY_OFF,
    VERIFY_SAMPLE,                 /* one response in 16 */
    VERIFY_ALL
} verify_e;


typedef struct {
    const char   *url;
    const char   *put_url;
    const char   *put_path;
    const char   *get_path;
    const char   *event;
    const char   *track;
    const char   *pipelines;
    const char   *fps;
    const char   *paths[LOAD_MAX_PATHS];
    uint32_t      npaths;
    char          headers[1024];
    uint64_t      events;
    uint64_t      tracks;
    uint64_t      connections;
    uint64_t      requests;        /* 0: no limit */
    uint64_t      start;           /* first number; 0: from the clock */
    uint64_t      behind;          /* start that many ns before now */
    uint64_t      segments;
    uint64_t      cycle;
    uint64_t      chunk;           /* 0: Content-Length */
    uint64_t      rate;            /* a second; 0: as fast as it goes */
    uint64_t      jitter;
    uint64_t      timeout;
    uint64_t      settle;
    uint64_t      rounds;
    verify_e      verify;
    media_t       media;
    int           all;
    int           copy;
    int           live;
    int           digest;
} load_opts_t;


/* what publishers and readers of one process both know of a track */
typedef struct {
    char          event[96];
    char          name[96];
    uint64_t      key;
    uint64_t      first;           /* numbers answered 200 or 201 so far */
    uint64_t      head;

    struct {
        uint64_t  number;
        uint64_t  at;              /* when its last byte was sent */
    } recent[LOAD_RECENT];
} track_t;


typedef struct {
    char         *prefix;          /* up to the name */
    size_t        len;
    const char   *suffix;
} path_t;


/* one (event, track), of one pipeline when it is published */
typedef struct {
    track_t      *track;
    const char   *pipeline;
    path_t        get;
    path_t        put;
    uint64_t      next;            /* the number to publish */
    uint64_t      left;
    int           ready;           /* its init was taken */
} target_t;


typedef struct {
    uint64_t      requests;
    uint64_t      inits;           /* taken; in no other figure */
    uint64_t      status[600];
    uint64_t      connect_errors;
    uint64_t      aborted;         /* closed before the response was whole */
    uint64_t      timeouts;
    uint64_t      malformed;
    uint64_t      verified;
    uint64_t      wrong;
    uint64_t      bytes_in;
    uint64_t      bytes_out;
    lo_hist_t     first;           /* to the first byte of the response */
    lo_hist_t     total;
    lo_hist_t     publish;         /* publisher's last byte to first byte */
    lo_hist_t     fan_held;        /* one value a round */
    lo_hist_t     fan_ready;
} stats_t;


typedef struct {
    socklen_t     len;
    int           tls;
    const char   *host;
    const char   *authority;
    struct sockaddr_storage  addr;
} address_t;


enum {
    MODE_PUTS_NONE,
    MODE_PUTS_FIRST,               /* its first connection */
    MODE_PUTS_ALL
};


typedef struct {
    const char   *name;
    int           puts;
    const char *(*prepare)(group_t *g);
    void        (*start)(conn_t *c);
    void        (*done)(conn_t *c);
} load_mode_t;


typedef enum {
    RESPONSE_HEAD,
    RESPONSE_BODY,
    RESPONSE_CHUNK_SIZE,
    RESPONSE_CHUNK_DATA,
    RESPONSE_CHUNK_END,
    RESPONSE_TRAILER,
    RESPONSE_DONE
} response_e;


typedef struct {
    response_e    state;
    int           status;
    uint64_t      left;            /* of the body or of a chunk */
    uint64_t      due;             /* Live-Origin-Due, wall milliseconds */
    uint64_t      line;            /* bytes in a trailer's line */
    unsigned      until_close:1;
    unsigned      close:1;
} response_t;


typedef enum {
    CONN_CLOSED,
    CONN_CONNECTING,
    CONN_HANDSHAKE,
    CONN_IDLE,
    CONN_BUSY
} conn_e;


struct conn_s {
    group_t          *group;
    const address_t  *address;
    int               fd;
    conn_e            state;
    SSL              *ssl;
    load_timer_t      timer;       /* the mode's */
    load_timer_t      reopen;
    conn_t           *next;        /* of the group's idle list */
    uint32_t          index;
    unsigned          writing:1;
    unsigned          verify:1;
    unsigned          failed:1;
    unsigned          is_init:1;
    unsigned          is_segment:1;
    unsigned          is_put:1;
    unsigned          finished:1;
    unsigned          pending:1;   /* group_next() once connected */

    target_t         *target;
    media_segment_t   seg;
    uint64_t          due;         /* when the request should have begun */
    uint64_t          began;
    uint64_t          sent;
    uint64_t          first;
    uint64_t          body;        /* bytes of the response's body so far */
    uint64_t          number;      /* that it waits for, or sends again */
    uint64_t          cursor;
    unsigned          tries;

    size_t            head_len;
    size_t            head_pos;
    uint64_t          payload_pos;
    uint64_t          payload_len;
    uint64_t          chunk_left;
    unsigned          frame_len;
    unsigned          frame_pos;
    char              frame[24];

    response_t        in;
    size_t            in_len;
    unsigned char     head[LOAD_HEAD];
    unsigned char     in_head[LOAD_HEAD];
};


struct group_s {
    load_t             *load;
    const load_mode_t  *mode;
    load_opts_t         o;
    conn_t             *conns;
    conn_t             *idle;
    load_timer_t        timer;
    void               *data;      /* the mode's own */
    target_t           *targets;
    uint64_t            ntargets;
    uint64_t            started;
    uint64_t            unfinished;
    uint64_t            interval;
    uint64_t            rate_next;
    uint64_t            random;
    char                tail[2048];
    size_t              tail_len;
    SSL_CTX            *ssl;
    address_t           address;
    address_t           put_address;
    stats_t             stats;
};


struct load_s {
    int              epoll;
    int              stop;
    uint64_t         now;
    uint64_t         began;
    uint64_t         ended;
    uint64_t         seed;
    uint64_t         seconds;
    uint64_t         warmup;
    int              json;
    int              complaints;
    const char      *watch;
    double           watch_cpu;    /* seconds, of the measured part */
    double           own_cpu;
    uint32_t         ngroups;
    group_t         *groups[LOAD_MAX_GROUPS];
    track_t         *tracks;
    uint64_t         ntracks;
};


/* clock.c */

uint64_t load_clock(void);
uint64_t load_wall(void);
double load_own_cpu(void);
double load_watch_cpu(const char *pids);
void load_timer_set(load_timer_t *t, uint64_t at);
void load_timer_clear(load_timer_t *t);
int load_timers_init(uint64_t max);
uint64_t load_timers_next(void);
void load_timers_run(uint64_t now);

/* options.c */

int load_options(load_t *load, int argc, char **argv);

/* group.c */

const char *group_init(group_t *g);
void group_open(group_t *g);
void group_next(conn_t *c);
void group_sleep(conn_t *c, uint64_t until);
void group_finish(conn_t *c);
int group_exhausted(group_t *g);
uint64_t group_random(group_t *g);
uint64_t group_wall_number(group_t *g, uint64_t wall);
uint64_t group_due_wall(group_t *g, uint64_t number);
void group_complain(conn_t *c, const char *what);

/* request.c */

void request_get(conn_t *c, target_t *t, uint64_t number);
void request_path(conn_t *c, const char *path);
void request_put(conn_t *c, target_t *t, uint64_t number);
void request_put_init(conn_t *c, target_t *t);

/* conn.c */

void conn_open(conn_t *c);
void conn_request(conn_t *c);
void conn_complete(conn_t *c);
void conn_fail(conn_t *c, uint64_t *counter);
void conn_eof(conn_t *c);
void conn_event(conn_t *c, uint32_t events);
void conn_expire(conn_t *c);

/* send.c, receive.c */

int conn_setup(void);
void conn_send(conn_t *c);
void conn_receive(conn_t *c, int ending);

/* tls.c */

SSL_CTX *tls_context(void);
int tls_open(conn_t *c);
int tls_handshake(conn_t *c);
ssize_t tls_read(conn_t *c, void *buf, size_t len);
ssize_t tls_write(conn_t *c, const struct iovec *iov, unsigned n);

/* response.c */

void response_reset(response_t *r);

/* bytes of the header, 0 when more is needed, -1 when it is none */
ssize_t response_head(response_t *r, const unsigned char *buf, size_t len);

/* takes bytes of a body; *data, *n is the part of them that is content;
   returns what was consumed, -1 when malformed */
ssize_t response_body(response_t *r, const unsigned char *buf, size_t len,
    const unsigned char **data, size_t *n);

/* report.c */

uint64_t report_answers(load_t *load);
void report_text(load_t *load);
void report_json(load_t *load);

/* modes */

extern const load_mode_t  mode_publish;
extern const load_mode_t  mode_read;
extern const load_mode_t  mode_storm;
extern const load_mode_t  mode_get;
extern const load_mode_t  mode_edge;
extern const load_mode_t  mode_fan;


#endif
