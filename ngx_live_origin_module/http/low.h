/*
 * Low-latency HLS: parts of segments, playlists that list them, and readers
 * that wait for the next (docs/low-latency.md).
 */

#ifndef NGX_LIVE_ORIGIN_LOW_H
#define NGX_LIVE_ORIGIN_LOW_H

#include "http/manifest.h"
#include "core/part.h"
#include "core/reload.h"


/* part_table.c: the parts of the newest segments, as this worker has seen
   their bytes */

/*
 * Those of a number by now, and what they are cut from in *pin; NULL: it has
 * none.  growing: only while its upload is under way.
 */
lo_parts_t *ngx_live_origin_parts(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, int64_t number,
    ngx_uint_t growing, lo_zone_pin_t *pin);
/* how long an upload may show nothing and still be followed, us */
int64_t ngx_live_origin_low_silent(const lo_live_t *l);


/* low.c */

/* the part target of a track where its playlists are low-latency ones; 0 */
uint32_t ngx_live_origin_low(ngx_http_request_t *r,
    ngx_live_origin_event_t *event, ngx_uint_t track);
/* where they end by now */
void ngx_live_origin_low_end(ngx_live_origin_list_t *list,
    lo_reload_end_t *end);
/* likewise; in a batch of held readers, what the first of them found */
void ngx_live_origin_low_batch_end(ngx_live_origin_list_t *list,
    lo_reload_end_t *end);
/* the next of them looks again */
void ngx_live_origin_low_batch_forget(ngx_live_origin_zone_t *zone);

/* what a low-latency playlist has beside its segments */

typedef struct {
    lo_manifest_low_t            low;
    lo_manifest_segment_t        open;
    lo_manifest_part_t          *parts;
    lo_manifest_report_t        *reports;
    ngx_uint_t                   partless; /* the segment behind the last one
                                              is to have none */
} ngx_live_origin_low_t;

/* to be freed whatever the result */
ngx_int_t ngx_live_origin_low_fill(ngx_live_origin_list_t *list,
    ngx_live_origin_manifest_t *m, lo_manifest_list_t *out,
    lo_manifest_segment_t *s, ngx_live_origin_low_t *low);
void ngx_live_origin_low_free(ngx_live_origin_low_t *low);


/* reload.c */

/* NGX_DECLINED: what is asked for is there, and is to be sent; of->skip and
   of->end are set.  NGX_DONE: held.  Else it is answered */
ngx_int_t ngx_live_origin_reload(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_version_t *of);

#endif /* NGX_LIVE_ORIGIN_LOW_H */
