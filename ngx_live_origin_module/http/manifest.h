/* what manifest.c and manifest_write.c have between them */

#ifndef NGX_LIVE_ORIGIN_MANIFEST_H
#define NGX_LIVE_ORIGIN_MANIFEST_H

#include "http/module.h"


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


/* body, len, max_age and what tells when they are out of date; NGX_DECLINED:
   there is nothing to list */
ngx_int_t ngx_live_origin_manifest_write(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m);

#endif /* NGX_LIVE_ORIGIN_MANIFEST_H */
