/* what the files manifest*.c have between them */

#ifndef NGX_LIVE_ORIGIN_MANIFEST_H
#define NGX_LIVE_ORIGIN_MANIFEST_H

#include "http/module.h"
#include "core/manifest.h"


#define NGX_LIVE_ORIGIN_LIST_MAX  LO_ZONE_RING_MAX    /* segments of one
                                                         playlist */


struct lo_class_s;
typedef struct lo_class_s  lo_class_t;


/* what a version of a manifest of one event is of */

typedef struct {
    lo_name_e                    kind;
    ngx_int_t                    track;    /* in the live state; -1: none */
    unsigned                     early:1;  /* live_origin_early_bytes */
    unsigned                     below:1;  /* its URL has a class */
    ngx_str_t                    key;      /* what else it depends on, as
                                              text: of the class */
    ngx_str_t                    path;     /* MPD, multivariant playlist that
                                              are not below their class:
                                              "~CLASS/"; or empty */
    const lo_class_t            *class;    /* NULL: none; good while it is
                                              written */
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
    u_char                      *gzip;     /* NULL: nobody asked yet */
    size_t                       gzip_len;
    unsigned char                digest[16];
    int64_t                      max_age;  /* s */

    int64_t                      to;       /* media: the last number listed */
    int64_t                      gap_us;   /* when the next one is listed as
                                              GAP; 0: never */
    int64_t                      head_us;  /* irregular MPD: of the event */
};


/* one track's numbers */

typedef struct {
    ngx_live_origin_zone_t   *zone;
    ngx_live_origin_event_t  *event;
    const lo_live_t          *live;
    ngx_uint_t                track;
    uint32_t                  ring;
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


/* manifest_write.c */

/* body, len, max_age and what tells when they are out of date; NGX_DECLINED:
   there is nothing to list; NGX_ABORT: nothing for this class */
ngx_int_t ngx_live_origin_manifest_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m);
/* sized, allocated once, written */
ngx_int_t ngx_live_origin_manifest_render(ngx_live_origin_manifest_t *m,
    ngx_live_origin_writer_pt writer, const void *data);


/* manifest_list.c */

ngx_int_t ngx_live_origin_manifest_media(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m);
/* segments that a list has at most */
int64_t ngx_live_origin_list_count(const lo_live_t *l);
/* irregular events: a track's newest number that belongs to the event */
int64_t ngx_live_origin_list_head(const lo_live_t *l, lo_zone_track_t *t);
/* irregular events: only what is there; numbers have no holes */
unsigned ngx_live_origin_list_there(ngx_live_origin_list_t *list,
    int64_t from, int64_t to, lo_manifest_segment_t *s);


/* manifest_times.c */

/* what each track of each Period has, into *mem, which is then malloc'ed */
ngx_int_t ngx_live_origin_manifest_times(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, lo_manifest_t *man,
    lo_manifest_period_t *periods, lo_manifest_track_t *tracks,
    lo_manifest_segment_t **mem);

#endif /* NGX_LIVE_ORIGIN_MANIFEST_H */
