/* what the files manifest*.c have between them */

#ifndef NGX_LIVE_ORIGIN_MANIFEST_H
#define NGX_LIVE_ORIGIN_MANIFEST_H

#include "http/module.h"
#include "core/class.h"
#include "core/manifest.h"
#include "core/window.h"


#define NGX_LIVE_ORIGIN_LIST_MAX  LO_ZONE_RING_MAX    /* segments of one
                                                         playlist */
#define NGX_LIVE_ORIGIN_TIMES_MAX  8192     /* that a window of an irregular
                                               event looks at, of a track */


/* what a version of a manifest of one event is of */

typedef struct {
    lo_name_e                    kind;
    ngx_int_t                    track;    /* in the live state; -1: none */
    unsigned                     early:1;  /* live_origin_early_bytes */
    unsigned                     below:1;  /* its URL has a class */
    unsigned                     low:1;    /* media: low latency */
    unsigned                     skip:2;   /* lo_skip_e: a delta update */
    lo_reload_end_t              end;      /* low: where it ends by now */
    uint64_t                     left;     /* health.h: tracks that are left */
    int64_t                      left_us;  /* out, and since when */
    ngx_str_t                    key;      /* what else it depends on, as
                                              text: of the class */
    ngx_str_t                    path;     /* MPD, multivariant playlist that
                                              are not below their class:
                                              "~CLASS/"; or empty */
    ngx_str_t                    class_path;   /* "~CLASS/"; or empty; good
                                              while it is written */
    const lo_class_t            *class;    /* NULL: none; good while it is
                                              written */
    const lo_window_t           *window;   /* likewise */
    const lo_device_t           *device;   /* NULL: none */
    unsigned                     systems;  /* LO_DRM_... of a media playlist */
} ngx_live_origin_version_t;

/* in malloc'ed memory */

struct ngx_live_origin_manifest_s {
    ngx_live_origin_manifest_t  *next;     /* in its bucket */
    ngx_queue_t                  queue;    /* by when it was asked for last */
    ngx_live_origin_zone_t      *zone;
    ngx_live_origin_versions_t  *versions;
    uint32_t                     hash;
    ngx_uint_t                   refs;     /* the table, and each response */
    ngx_live_origin_version_t    of;       /* key and path lie behind this
                                              struct */

    u_char                      *body;
    size_t                       len;
    u_char                      *marked;   /* the same with marks in it, where
                                              something of it is a viewer's own;
                                              NULL: nothing is */
    size_t                       marked_len;
    unsigned                     own:1;    /* a viewer's */
    u_char                      *gzip;     /* NULL: nobody asked yet */
    size_t                       gzip_len;
    unsigned char                digest[16];
    int64_t                      max_age;  /* s */

    int64_t                      to;       /* media: the last number listed */
    uint32_t                     parts;    /* low latency: of that number, */
    uint32_t                     open;     /* and of the one behind it, */
    uint32_t                     partless; /* which is to have none */
    int64_t                      gap_us;   /* when the next one is listed as
                                              GAP; 0: never */
    int64_t                      head_us;  /* irregular MPD: of the event */

    /* of a window */

    int64_t                      from;     /* the first number listed */
    int64_t                      next_us;  /* before it there is no more to
                                              list; 0: no matter */
    int64_t                      until_us; /* out of date; 0: no matter */
    unsigned                     windowed:1;
    unsigned                     over:1;   /* nothing will be added */
};


/* one track's numbers */

typedef struct {
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *event;
    const lo_live_t          *live;
    ngx_uint_t                track;
    uint32_t                  ring;
    ngx_uint_t                low;         /* a number is there when the upload
                                              is that its parts are cut from */
} ngx_live_origin_list_t;

typedef void (*ngx_live_origin_writer_pt)(lo_buf_t *b, const void *data);


/* version.c */

/* the one that is good now, made if need be; NGX_DECLINED: there is nothing
   to list yet; NGX_ABORT: nothing is for this class */
ngx_int_t ngx_live_origin_manifest_get(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, const ngx_live_origin_version_t *of,
    ngx_live_origin_manifest_t **m);
/* a cleanup handler */
void ngx_live_origin_manifest_unref(void *data);


/* manifest_send.c */

ngx_int_t ngx_live_origin_manifest_send(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t *m);


/* manifest_write.c */

/* body, len, max_age and what tells when they are out of date; NGX_DECLINED:
   there is nothing to list; NGX_ABORT: nothing for this class */
ngx_int_t ngx_live_origin_manifest_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m);
/* sized, allocated once, written */
ngx_int_t ngx_live_origin_manifest_render(ngx_live_origin_manifest_t *m,
    ngx_live_origin_writer_pt writer, const void *data);


/* manifest_own.c */

/* the CDNs that are shown to who is at this place (NULL: unknown), in this
   order; room is for LO_CDNS */
void ngx_live_origin_manifest_cdns(lo_manifest_t *man,
    const ngx_live_origin_event_t *event, const lo_place_t *place,
    const lo_cdn_t **room);
/* of what has been rendered, in which marks may be: what everybody gets who
   has nothing of his own */
ngx_int_t ngx_live_origin_manifest_marks(ngx_live_origin_manifest_t *m,
    const lo_manifest_t *man);
/* m, or what this request gets of it, in its pool; NULL: no memory */
ngx_live_origin_manifest_t *ngx_live_origin_manifest_own(
    ngx_http_request_t *r, ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_manifest_t *m);


/* manifest_list.c */

ngx_int_t ngx_live_origin_manifest_media(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m);
/* LO_OK: *s is what readers get of a number; LO_NONE: there is nothing */
int ngx_live_origin_list_segment(ngx_live_origin_list_t *list, int64_t n,
    lo_manifest_segment_t *s);
/* the last number that may be listed: all below it are there or GAPs */
int64_t ngx_live_origin_list_to(ngx_live_origin_list_t *list);
/* when number n, still missing, is listed as GAP */
int64_t ngx_live_origin_list_gap_us(const lo_live_t *l, int64_t n);
/* segments that a list has at most; of one that has ended with its event */
int64_t ngx_live_origin_list_count(const lo_live_t *l, ngx_uint_t ended);
/* irregular events: a track's newest number that belongs to the event */
int64_t ngx_live_origin_list_head(const lo_live_t *l, lo_zone_track_t *t);
/* start_us and end_us of *s, whose m and duration are in this timescale */
void ngx_live_origin_list_time(ngx_live_origin_list_t *list,
    lo_manifest_segment_t *s, uint32_t timescale);
/* LO_OK: *s is what readers do not get of a number, a GAP */
int ngx_live_origin_list_masked(ngx_live_origin_list_t *list, int64_t n,
    lo_manifest_segment_t *s);
/* a number is to be listed as GAP: 1, and it stays one; 0: a segment is there
   by now, or may be elsewhere */
int ngx_live_origin_list_mark(ngx_live_origin_list_t *list, int64_t n);


/* manifest_holes.c: irregular events */

/* from the first number to the last that is there; GAPs between them */
unsigned ngx_live_origin_list_there(ngx_live_origin_list_t *list,
    int64_t from, int64_t to, lo_manifest_segment_t *s);
/* of a playlist: what is or was listed as GAP stays one */
void ngx_live_origin_list_mark_holes(ngx_live_origin_list_t *list,
    lo_manifest_segment_t *s, unsigned n);
/* of an MPD: what has no segment is not in it */
void ngx_live_origin_list_trim(lo_manifest_t *man,
    lo_manifest_period_t *periods);


/* manifest_times.c */

/* what each track of each Period has, into *mem, which is then malloc'ed;
   NGX_DECLINED: none has anything */
ngx_int_t ngx_live_origin_manifest_times(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event, lo_manifest_t *man,
    lo_manifest_period_t *periods, lo_manifest_segment_t **mem);
/* timeShiftBufferDepth: not further back than that */
void ngx_live_origin_manifest_depth(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event, lo_manifest_t *man);


/* manifest_window.c: m->of.window is there */

/* numbers of a list without a window to those of m's; regular events */
void ngx_live_origin_window_numbers(ngx_live_origin_list_t *list,
    ngx_live_origin_manifest_t *m, lo_manifest_list_t *out, int64_t *from,
    int64_t *to);
/* irregular events: how many numbers may be of it (w may be NULL), and which
   of n segments are: how many from *s on */
int64_t ngx_live_origin_window_most(const lo_window_t *w,
    const lo_live_t *l);
unsigned ngx_live_origin_window_cut(ngx_live_origin_manifest_t *m,
    const lo_live_t *l, lo_manifest_segment_t **s, unsigned n);
/* an MPD's or multivariant playlist's first number, and what it says of time;
   of an irregular event its segments have been cut */
int64_t ngx_live_origin_window_from(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event);
void ngx_live_origin_window_mpd(ngx_live_origin_manifest_t *m,
    lo_manifest_t *man, lo_manifest_period_t *periods,
    ngx_live_origin_event_t *event, int64_t from);
/* also without a window.  Irregular events, over: each Period begins with its
   first segment */
void ngx_live_origin_window_begin(lo_manifest_t *man,
    lo_manifest_period_t *periods);
/* 1: good; 0: not; NGX_DECLINED: as without a window */
ngx_int_t ngx_live_origin_window_good(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event);
/* max-age of what is over, s */
int64_t ngx_live_origin_window_age(ngx_live_origin_manifest_t *m,
    ngx_live_origin_event_t *event);

/* patch.c */

/* a version that players will ask for a patch from */
void ngx_live_origin_patch_keep(ngx_live_origin_manifest_t *m);
/* the answer: from ctx->name's version to m */
ngx_int_t ngx_live_origin_patch(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_manifest_t *m);

#endif /* NGX_LIVE_ORIGIN_MANIFEST_H */
