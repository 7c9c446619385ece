/* what the files manifest*.c have between them */

#ifndef NGX_LIVE_ORIGIN_MANIFEST_H
#define NGX_LIVE_ORIGIN_MANIFEST_H

#include "http/module.h"
#include "core/manifest.h"


#define NGX_LIVE_ORIGIN_LIST_MAX  LO_ZONE_RING_MAX    /* segments of one
                                                         playlist */


/* one version of one manifest of one event, in malloc'ed memory */

struct ngx_live_origin_manifest_s {
    ngx_live_origin_manifest_t  *next;
    ngx_uint_t                   refs;     /* the list, and each response */
    lo_name_e                    kind;
    ngx_int_t                    track;    /* in the live state; -1: none */
    ngx_uint_t                   early;    /* live_origin_early_bytes */

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


/* manifest_write.c */

/* body, len, max_age and what tells when they are out of date; NGX_DECLINED:
   there is nothing to list */
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
