/* what is not in the zone: on disk, or in Redis */

#ifndef NGX_LIVE_ORIGIN_ELSEWHERE_H
#define NGX_LIVE_ORIGIN_ELSEWHERE_H


/* share_get.c */

/* in the pipeline of a record: the segment is in Redis only */
#define NGX_LIVE_ORIGIN_SHARE_AWAY  0x8000

/* what lies elsewhere of a number, on disk or in Redis; LO_NONE where its
   pipeline is masked, too */
int ngx_live_origin_record_of(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, ngx_uint_t track, int64_t number,
    lo_zone_record_t *rec);


/* archive.c; all but init may be called without an archive */

ngx_int_t ngx_live_origin_archive_init(ngx_live_origin_zone_t *zone,
    ngx_str_t *path, void *pool);
void ngx_live_origin_archive_exit(ngx_live_origin_zone_t *zone);
void ngx_live_origin_archive_tick(ngx_live_origin_zone_t *zone);
/* whether publishing has to wait, for events may still be found */
ngx_uint_t ngx_live_origin_archive_waits(ngx_live_origin_zone_t *zone);
/* whether what of an event leaves the zone is on disk */
ngx_uint_t ngx_live_origin_archive_holds(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);
/* LO_PUBLISH_SAME or _SUPERSEDED: a number that has left the zone and is
   sent again; LO_NONE: it may be stored */
int ngx_live_origin_archive_stays(ngx_live_origin_zone_t *zone,
    ngx_uint_t index, ngx_uint_t track, int64_t number,
    const u_char *digest, uint32_t rank);
/* an event that was deleted: all that was made under its id until then */
void ngx_live_origin_archive_forget(ngx_live_origin_zone_t *zone,
    lo_str_t id, int64_t born_us);
/* of the event: what its record says, or LO_LIVE_ARCHIVED */
uint32_t ngx_live_origin_archive_phase(ngx_live_origin_zone_t *zone,
    const lo_live_t *l);
/* what the archive has of a number; LO_NONE where its pipeline is masked, too */
int ngx_live_origin_archive_record_of(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, ngx_uint_t track, int64_t number,
    lo_zone_record_t *rec);


/* archive_read.c */

/* NGX_OK: ctx->pin.object can be answered; NGX_DONE: it is being read, then
   ngx_live_origin_serve_again; NGX_BUSY: not now; NGX_DECLINED: not there */
ngx_int_t ngx_live_origin_archive_get(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
void ngx_live_origin_archive_release(ngx_live_origin_ctx_t *ctx);
ngx_chain_t *ngx_live_origin_archive_chain(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);

#endif /* NGX_LIVE_ORIGIN_ELSEWHERE_H */
