/* what mask.c and mask_given.c have between them */

#ifndef NGX_LIVE_ORIGIN_MASK_H
#define NGX_LIVE_ORIGIN_MASK_H

#include "http/api.h"


#define NGX_LIVE_ORIGIN_MASK_LIST  1000    /* URLs in an answer */


typedef struct {
    ngx_live_origin_zone_t   *zone;
    const char               *event;
    lo_live_mask_t            mask;
    lo_str_t                  pipeline;
    lo_str_t                  track;       /* empty: all */
    int64_t                   head;
    ngx_uint_t                on;
    int                       rc;          /* of lo_live_mask, _unmask */
    unsigned                  changed:1;   /* by this request */
    lo_live_mask_t            before[LO_LIVE_MASKS];
    ngx_uint_t                nbefore;     /* masks until then */
    const char               *error;
    const char               *field;

    ngx_str_t                 prefix;      /* of a serving location */
    json_t                   *given;       /* URLs */
    ngx_uint_t                ngiven;
    ngx_uint_t                steps;
    ngx_http_request_t       *request;
} ngx_live_origin_mask_t;


/* mask_given.c: all numbers of a track, as long as there are steps */
void ngx_live_origin_mask_track(ngx_live_origin_mask_t *m, const lo_live_t *l,
    ngx_uint_t track);

#endif /* NGX_LIVE_ORIGIN_MASK_H */
