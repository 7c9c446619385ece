/* What share_get.c and share_keep.c have between them. */

#ifndef NGX_LIVE_ORIGIN_SHARE_GET_H
#define NGX_LIVE_ORIGIN_SHARE_GET_H

#include "core/xxh.h"
#include "http/share.h"


typedef struct {
    ngx_live_origin_redis_op_t      op;
    ngx_live_origin_share_t        *share;
    ngx_uint_t                      index;
    uint64_t                        row;
    char                            track[LO_ID_MAX + 1];
    char                            pipeline[LO_ID_MAX + 1];
    char                            chosen[LO_ID_MAX + 1];
    char                            asked[LO_ID_MAX + 1];
    uint32_t                        ring;    /* LO_ZONE_NO_TRACK: none yet */
    int64_t                         number;
    int64_t                         claim;
    lo_share_segment_t              seg;
    uint32_t                        part;
    lo_zone_upload_t                up;
    XXH3_state_t                   *xxh;
    ngx_live_origin_share_got_pt    got;
    void                           *data;
} ngx_live_origin_get_t;


/* share_get.c */

/* others may look for it again */
void ngx_live_origin_get_unclaim(ngx_live_origin_get_t *g);


/* share_keep.c */

/* g->seg says what is to come; NGX_ERROR: the zone has no room for it */
ngx_int_t ngx_live_origin_get_open(ngx_live_origin_get_t *g);
ngx_int_t ngx_live_origin_get_add(ngx_live_origin_get_t *g, redisReply *bytes);
/* all of it is in the upload: published, or wanted again behind a newer live
   state */
void ngx_live_origin_get_commit(ngx_live_origin_get_t *g);

#endif /* NGX_LIVE_ORIGIN_SHARE_GET_H */
