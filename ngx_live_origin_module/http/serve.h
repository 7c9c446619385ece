/* from a URL to its answer: what the files of serving call of each other */

#ifndef NGX_LIVE_ORIGIN_SERVE_H
#define NGX_LIVE_ORIGIN_SERVE_H


/* serve.c */

ngx_int_t ngx_live_origin_serve_handler(ngx_http_request_t *r);
/* looks again for a held request and finalizes it */
void ngx_live_origin_serve_again(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* an answer without media; age: how long caches keep it, s */
ngx_int_t ngx_live_origin_refuse(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t status,
    ngx_live_origin_reason_e reason, int64_t age);
/* 503: this node does not know yet what others have */
ngx_int_t ngx_live_origin_serve_joining(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* segment.c */

ngx_int_t ngx_live_origin_segment(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);


/* part.c, reload.c */

/* NGX_DECLINED: it is not here, or not yet */
ngx_int_t ngx_live_origin_part(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
/* of a segment that was read back from elsewhere */
ngx_int_t ngx_live_origin_part_copy(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
/* whether there is no sense in waiting for it any more */
ngx_uint_t ngx_live_origin_part_there(ngx_live_origin_ctx_t *ctx);
ngx_uint_t ngx_live_origin_reload_there(ngx_live_origin_ctx_t *ctx);
void ngx_live_origin_parts_free(ngx_live_origin_tables_t *t);


/* object.c: what ctx->pin holds */

ngx_int_t ngx_live_origin_object(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
/* object_header.c: everything of it but the length and the date */
ngx_int_t ngx_live_origin_object_header(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track);
void ngx_live_origin_read_latency(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* grow.c: a segment that is not whole yet */

/* NGX_DECLINED: there is none, or this request takes whole ones only */
ngx_int_t ngx_live_origin_grow(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_uint_t track, uint32_t ring);
/* there may be more of it */
void ngx_live_origin_grow_on(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* hold.c */

ngx_int_t ngx_live_origin_hold_init(ngx_live_origin_zone_t *zone);
void ngx_live_origin_hold_free(ngx_live_origin_zone_t *zone);
/* NGX_DONE: parked; NGX_AGAIN: look again, it is there now; NGX_ERROR */
ngx_int_t ngx_live_origin_hold(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, uint32_t track, ngx_msec_t timeout);
/* a request that follows a growing segment: ngx_live_origin_grow_on is called
   whenever its track has something new, until it is left */
ngx_int_t ngx_live_origin_hold_follow(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, uint32_t track);
void ngx_live_origin_hold_leave(ngx_live_origin_ctx_t *ctx);
/* a track has something new: puts its readers into the queue */
void ngx_live_origin_hold_wake(ngx_live_origin_zone_t *zone, uint32_t track);
/* once a second: for wake-ups that died with their sender */
void ngx_live_origin_hold_tick(ngx_live_origin_zone_t *zone);
/* after publishing: other workers and this one */
void ngx_live_origin_hold_publish(ngx_live_origin_zone_t *zone,
    uint32_t track);


/* time.c */

ngx_int_t ngx_live_origin_time(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);


/* manifest.c */

ngx_int_t ngx_live_origin_manifest(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* of one event; NULL is none */
void ngx_live_origin_manifest_free(ngx_live_origin_versions_t *v);
/* whether the manifest may go out by now; asks the live state */
ngx_uint_t ngx_live_origin_manifest_ready(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);


/* steer.c: the steering endpoint, and what of manifests is a viewer's own */

ngx_int_t ngx_live_origin_steering(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* where the viewer is, as far as it is known */
void ngx_live_origin_steer_place(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, lo_place_t *place);
/* the argument "session"; empty: there is none */
void ngx_live_origin_steer_session(ngx_http_request_t *r, lo_str_t *session);


/* patch.c: what the worker has kept, when it exits */

void ngx_live_origin_patch_exit(void);

#endif /* NGX_LIVE_ORIGIN_SERVE_H */
