/*
 * An upload in progress.  publish.c reads the head of the request, receive.c
 * its body; body.c and fragments.c turn that into pieces (a piece is what
 * becomes one segment); place_init.c and decide.c find out where they belong,
 * place.c publishes them; answer.c says so.
 */

#ifndef NGX_LIVE_ORIGIN_PUBLISH_H
#define NGX_LIVE_ORIGIN_PUBLISH_H

#include <openssl/evp.h>

#include "core/verdict.h"
#include "core/xxh.h"
#include "http/module.h"


#define NGX_LIVE_ORIGIN_RETRY  10          /* ms, while d is not known */
#define NGX_LIVE_ORIGIN_ACKING 1000        /* ms: Redis's reply is an event */
#define NGX_LIVE_ORIGIN_BLIND  5000000     /* us, of a stream */
#define NGX_LIVE_ORIGIN_LATER  1           /* no status: to be asked again */
#define NGX_LIVE_ORIGIN_AWAIT  300000      /* us, for an init to arrive */


typedef struct ngx_live_origin_put_s  ngx_live_origin_put_t;


typedef struct ngx_live_origin_piece_s  ngx_live_origin_piece_t;

struct ngx_live_origin_piece_s {
    ngx_queue_t                  queue;
    ngx_live_origin_piece_t     *next;     /* of those to be used again */
    lo_zone_upload_t             up;
    XXH3_state_t                *xxh;
    unsigned char                digest[16];
    uint64_t                     tfdt;
    uint64_t                     duration;
    uint64_t                     end;      /* of the last chunk, media time */
    uint64_t                     holes;    /* between chunks, and of chunks */
    uint64_t                     laps;     /* over each other */
    uint64_t                     prft_us;  /* of the first chunk */
    uint32_t                     track_id;
    uint32_t                     samples;
    uint32_t                     chunks;
    uint64_t                     longest;  /* of its chunks */
    int64_t                      first_us; /* wall clock */
    int64_t                      last_us;
    int64_t                      done_us;  /* monotonic: its last byte */
    uint64_t                     chunked;  /* the end of its last whole chunk */
    uint64_t                     shown;    /* of it readers may be given */
    ngx_live_origin_put_t       *put;      /* share_put.c; NULL: none */
    uint32_t                     ring;     /* announced there */
    unsigned                     tried:1;  /* to announce it */
    unsigned                     announced:1;
    unsigned                     sync:1;
    unsigned                     media:1;
    unsigned                     slat:1;
    unsigned                     lmsg:1;
    unsigned                     tfdt32:1;
    unsigned                     wrong_init:1;
};


typedef struct {
    ngx_http_request_t          *request;
    ngx_live_origin_ctx_t       *ctx;
    ngx_live_origin_zone_t      *zone;
    int                          index;    /* of the event; -1: not there */
    uint64_t                     row;      /* its word in the zone's table: an
                                              index may get another event */

    lo_cmaf_reader_t             reader;
    lo_cmaf_init_t               init;     /* in force for what is read */
    u_char                      *header;   /* an init to be committed */
    size_t                       header_len;
    int64_t                      agree_us; /* others are asked since; 0 */

    ngx_live_origin_piece_t     *open;
    ngx_queue_t                  done;     /* whole, to be placed in order */

    /* the bytes of the body: those before `written` are in pieces */

    uint64_t                     received;
    uint64_t                     written;
    u_char                      *pending;  /* [written, span_at) */
    size_t                       npending;
    size_t                       pending_size;
    u_char                      *span;     /* being fed */
    uint64_t                     span_at;
    size_t                       span_len;
    u_char                      *room;     /* the socket reads into the zone */
    u_char                      *own_start;  /* nginx's own buffer, while */
    u_char                      *own_end;    /* room is in use; or NULL */

    lo_verdict_t                 declared; /* Live-Origin-Defects */

    EVP_MD_CTX                  *sha;
    u_char                       sha_want[32];

    ngx_event_t                  timer;    /* LO_WHY_WAIT */
    int64_t                      wait_us;  /* since; 0: not waiting */
    int64_t                      blind_us; /* since */
    lo_anchor_t                  anchor;   /* of what was placed last */
    int64_t                      wrapped;  /* what a tfdt of 32 bits lost */
    uint64_t                     last_tfdt;
    ngx_uint_t                   pieces;   /* published */
    ngx_uint_t                   leaving;  /* those when the worker was told
                                              to exit, plus 1 */

    /* the answer */

    off_t                        max;      /* of one segment */
    ngx_uint_t                   status;   /* 0: none yet */
    ngx_str_t                    text;
    uint32_t                     track;    /* of the location: index in live */
    int64_t                      number;   /* and number; -1: the init */
    uint64_t                     init_digest;

    int                          available; /* of the read event, while */
    unsigned                     put_off:1; /* reading is put off */
    unsigned                     waited:1; /* reading waited for an init */
    unsigned                     whole:1;  /* the body is one segment */
    unsigned                     direct:1; /* may be received in place */
    unsigned                     started:1;
    unsigned                     split:1;  /* by numbers */
    unsigned                     early:1;  /* pieces are published at once */
    unsigned                     taken:1;  /* the last one's number was; those
                                              behind it need not be */
    unsigned                     in_mdat:1;
    unsigned                     anchored:1;
    unsigned                     header_due:1; /* to be placed */
    unsigned                     proposed:1; /* the header is a new one */
    unsigned                     alone:1;  /* others are not waited for */
    unsigned                     placed:1; /* something became visible */
    unsigned                     drain:1;  /* refused, the rest is thrown
                                              away */
    unsigned                     ended:1;  /* the body is complete */
    unsigned                     answered:1;
} ngx_live_origin_upload_t;


/* where a piece belongs, as the live state decided */

typedef struct {
    ngx_live_origin_upload_t  *u;
    ngx_live_origin_piece_t   *piece;
    lo_live_facts_t            facts;
    lo_live_place_t            place;
    lo_live_reason_e           why;
    unsigned                   pipeline;
    int                        track;
    uint32_t                   ring;
    int                        no_ring;     /* LO_FULL, LO_AGAIN */
    uint32_t                   cap;         /* numbers that it would have */
    int                        force;
    int                        ahead;       /* of its end: to look only */
    int64_t                    m;
    int64_t                    wrapped;     /* of it, what its tfdt lost */
    lo_cmaf_init_t             init;
    lo_dur_t                   d;
    uint32_t                   irregular;
    uint32_t                   declared;    /* d is the document's */
    lo_anchor_t                anchor;
    int64_t                    delay_us;
    int64_t                    due_us;
} ngx_live_origin_place_t;


/* publish.c */

ngx_int_t ngx_live_origin_publish_handler(ngx_http_request_t *r);

/* body.c: 0, or an HTTP status with u->text set */

ngx_uint_t ngx_live_origin_body_span(ngx_live_origin_upload_t *u,
    u_char *data, size_t len);
ngx_uint_t ngx_live_origin_body_end(ngx_live_origin_upload_t *u);
/* before the next read: where the socket may write; NULL: anywhere */
u_char *ngx_live_origin_body_room(ngx_live_origin_upload_t *u, size_t *len);
/* 1: to be read on a little later */
ngx_uint_t ngx_live_origin_body_blind(ngx_live_origin_upload_t *u);
void ngx_live_origin_body_free(ngx_live_origin_upload_t *u);
/* what the worker has kept, when it exits */
void ngx_live_origin_body_exit(ngx_live_origin_zone_t *zone);
void ngx_live_origin_piece_free(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece);

/* for fragments.c */
ngx_uint_t ngx_live_origin_body_open(ngx_live_origin_upload_t *u,
    uint64_t size);
void ngx_live_origin_body_close(ngx_live_origin_upload_t *u);
/* the body's bytes up to an offset go to the open piece, or nowhere */
ngx_uint_t ngx_live_origin_body_take(ngx_live_origin_upload_t *u,
    uint64_t upto);

/* fragments.c: data is the upload */

extern const lo_cmaf_handler_t  ngx_live_origin_fragments;

/* what was placed had lost this much more than was known */
void ngx_live_origin_body_wrapped(ngx_live_origin_upload_t *u, int64_t more);

/* announce.c: readers may have the open piece's whole chunks */
void ngx_live_origin_announce(ngx_live_origin_upload_t *u);

/* receive.c */

void ngx_live_origin_publish_read(ngx_http_request_t *r);
void ngx_live_origin_publish_wait(ngx_event_t *ev);

/* place_init.c */

/* NULL: it was removed meanwhile; u->status says so */
ngx_live_origin_event_t *ngx_live_origin_place_get(
    ngx_live_origin_upload_t *u);
void ngx_live_origin_place_set(ngx_live_origin_upload_t *u, int index);

/* the event of the upload, created if need be and allowed: 0 or a status */
ngx_uint_t ngx_live_origin_place_event(ngx_live_origin_upload_t *u);
/* 0, a status, or NGX_LIVE_ORIGIN_LATER: other nodes are being asked */
ngx_uint_t ngx_live_origin_place_init(ngx_live_origin_upload_t *u,
    const u_char *data, size_t len);
/* the init by which a pipeline's segments of a track are read; or NULL */
const lo_live_init_t *ngx_live_origin_place_known(ngx_live_origin_upload_t *u,
    const lo_live_t *l, ngx_uint_t track);

/* whether the pipeline has sent one for this track; finds the event, too */
ngx_uint_t ngx_live_origin_place_has_init(ngx_live_origin_upload_t *u);

/* decide.c: what the live state says of a piece: LO_OK and c->why, LO_FULL,
   LO_NONE: the event is gone.  c->ahead: changes nothing */
int ngx_live_origin_place_decide(ngx_live_origin_event_t *e,
    ngx_live_origin_place_t *c);

/* place.c: where a piece that is not whole yet will belong; changes nothing.
   NGX_DECLINED: that cannot be said before its end */
ngx_int_t ngx_live_origin_place_ahead(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece, int64_t *number, unsigned *pipeline);

/* NGX_OK: the queue is empty; NGX_AGAIN: waiting; NGX_ERROR: u->status says */
ngx_int_t ngx_live_origin_place_queue(ngx_live_origin_upload_t *u);

/* deadline.c */

/* CLOCK_MONOTONIC, us: when the last byte of the body came to this host */
int64_t ngx_live_origin_deadline_start(ngx_live_origin_upload_t *u);
int64_t ngx_live_origin_deadline_us(ngx_live_origin_upload_t *u);
/* a status: not to be published any more; 0: in time */
ngx_uint_t ngx_live_origin_deadline_missed(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece);

/* inspect.c */

/* everything that is known of a piece, its verdict included */
void ngx_live_origin_inspect(ngx_live_origin_place_t *c,
    lo_zone_meta_t *meta);
/* one that was stored: counted, and its defects logged */
void ngx_live_origin_inspected(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta, uint64_t *counters);

/* defects.c */

void ngx_live_origin_defects_log(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta);

/* why.c: an upload that did not become the candidate of its number; reason:
   lo_live_reason_e, or */
#define NGX_LIVE_ORIGIN_WHY_DEADLINE    62
#define NGX_LIVE_ORIGIN_WHY_SUPERSEDED  63
void ngx_live_origin_why_note(ngx_live_origin_zone_t *zone, uint32_t ring,
    int64_t number, unsigned pipeline, ngx_uint_t reason);

/* agree.c */

/* as ngx_live_origin_event_agree, or without the others */
int ngx_live_origin_agree_change(ngx_live_origin_upload_t *u,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data);
/* nothing is to be agreed any more */
void ngx_live_origin_agree_done(ngx_live_origin_upload_t *u);
/* when that was LO_AGAIN: NGX_AGAIN, u->timer goes on; NGX_OK: to be tried
   once more at once; else a status.  since: when the last byte came, or 0 */
ngx_int_t ngx_live_origin_agree_wait(ngx_live_origin_upload_t *u,
    int64_t since);

/* share_put.c */

/* before it is seen here, where live_origin_ack says so: NGX_OK: it may be;
   NGX_AGAIN: Redis is being asked, u->timer goes on; else a status */
ngx_int_t ngx_live_origin_share_ack(ngx_live_origin_place_t *c,
    const lo_zone_meta_t *meta);
/* Redis keeps what this pipeline sent before: nothing is to be stored */
ngx_uint_t ngx_live_origin_share_stays(ngx_live_origin_place_t *c);
/* Redis has been told, and its reply goes on with the upload */
ngx_uint_t ngx_live_origin_share_acking(ngx_live_origin_piece_t *piece);
/* Redis had not got it, though this node may have fetched it from there since */
ngx_uint_t ngx_live_origin_share_fresh(ngx_live_origin_place_t *c);
/* it is seen here */
void ngx_live_origin_share_seen(ngx_live_origin_place_t *c);
/* nobody waits for it any more */
void ngx_live_origin_share_leave(ngx_live_origin_piece_t *piece);

/* ready.c */

/* now: CLOCK_MONOTONIC, us */
void ngx_live_origin_place_after(ngx_live_origin_upload_t *u, int64_t number,
    int64_t now);

/* limit.c: those of the event's document; 0 or a status */

ngx_uint_t ngx_live_origin_limit(ngx_live_origin_upload_t *u);
ngx_uint_t ngx_live_origin_limit_size(ngx_live_origin_upload_t *u);

/* answer.c; what the answer says: both return the status */
ngx_uint_t ngx_live_origin_say(ngx_live_origin_upload_t *u, ngx_uint_t status,
    const char *fmt, ...);
ngx_uint_t ngx_live_origin_say_why(ngx_live_origin_upload_t *u,
    lo_live_reason_e why, const lo_live_when_t *when);
ngx_int_t ngx_live_origin_publish_answer(ngx_live_origin_upload_t *u);
void ngx_live_origin_publish_count(ngx_live_origin_zone_t *zone,
    ngx_uint_t status);

#endif /* NGX_LIVE_ORIGIN_PUBLISH_H */
