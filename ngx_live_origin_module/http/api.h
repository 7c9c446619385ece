/* what the files of the API have between them */

#ifndef NGX_LIVE_ORIGIN_API_H
#define NGX_LIVE_ORIGIN_API_H

#include <jansson.h>

#include "http/module.h"


typedef struct ngx_live_origin_api_ask_s  ngx_live_origin_api_ask_t;

typedef ngx_int_t (*ngx_live_origin_api_pt)(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);

typedef struct {
    const char                         *root;  /* "events/": an id follows */
    const char                         *verb;  /* behind the id; "why/": more
                                                  of the path follows */
    ngx_uint_t                          methods;
    size_t                              max;   /* of the body; 0: none is
                                                  read */
    ngx_live_origin_api_pt              handler;
} ngx_live_origin_api_route_t;

/* what is asked; the strings live as long as the request */

struct ngx_live_origin_api_ask_s {
    ngx_live_origin_ctx_t               ctx;   /* the first: variables of the
                                                  log read it */
    const ngx_live_origin_api_route_t  *route;
    ngx_live_origin_zone_t             *zone;
    lo_str_t                            id;    /* of the event */
    lo_str_t                            rest;  /* behind the verb */
    u_char                             *body;
    size_t                              len;
};


/* api.c */

ngx_int_t ngx_live_origin_api_handler(ngx_http_request_t *r);

/* JSON answers, never cached; _json takes the reference */
ngx_int_t ngx_live_origin_api_bytes(ngx_http_request_t *r,
    ngx_uint_t status, u_char *data, size_t len);
ngx_int_t ngx_live_origin_api_json(ngx_http_request_t *r, ngx_uint_t status,
    json_t *json);
ngx_int_t ngx_live_origin_api_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *error, const char *field);
ngx_int_t ngx_live_origin_api_unknown(ngx_http_request_t *r);
/* the body as an object, {} for an empty one; NULL: it is none or has others
   than members, "a b c", and *rc is the answer */
json_t *ngx_live_origin_api_object(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, const char *members, ngx_int_t *rc);


/* api_agree.c */

/* the change was made, or was so already (LO_OK), the event is gone (LO_NONE),
   the zone is full (LO_FULL): what the request ends with */
typedef ngx_int_t (*ngx_live_origin_api_done_pt)(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, int rc, void *data);

/* what the handler of a route returns.  data is the request pool's; change may
   be called several times, on records that differ, and leaves one alone that
   has the change already */
ngx_int_t ngx_live_origin_api_agree(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, ngx_live_origin_change_pt change,
    void *data, ngx_live_origin_api_done_pt done);


/* api_notify.c */

ngx_int_t ngx_live_origin_api_notices(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_notify(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);


/* api_steer.c */

ngx_int_t ngx_live_origin_api_steering(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_steer(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
/* the ids, as a list; a new reference */
json_t *ngx_live_origin_api_drained(const lo_live_t *l);


/* api_document.c */

ngx_int_t ngx_live_origin_api_document(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_put(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_delete(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);


/* api_event.c */

ngx_int_t ngx_live_origin_api_event_status(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_start(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_end(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);


/* mask.c, why.c */

ngx_int_t ngx_live_origin_api_masks(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_mask(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);
ngx_int_t ngx_live_origin_api_why(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask);


/* api_status.c: new references, or NULL */

json_t *ngx_live_origin_api_list(ngx_live_origin_zone_t *zone);
/* api_archive.c; NULL: there is none */
json_t *ngx_live_origin_api_archive(ngx_live_origin_zone_t *zone);
json_t *ngx_live_origin_api_archive_track(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, uint32_t ring);

/* drm.c: what a track is encrypted with; NULL: it is not, nor should be */
json_t *ngx_live_origin_api_drm(ngx_live_origin_event_t *event,
    const lo_live_init_t *init);

json_t *ngx_live_origin_api_node(ngx_live_origin_zone_t *zone);
json_t *ngx_live_origin_api_event(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event);
/* api_track.c; NULL: no memory */
json_t *ngx_live_origin_api_track(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t i, int64_t now);
/* a time as the API has it, seconds since 1970; null for none */
json_t *ngx_live_origin_api_us(int64_t us);
/* of a segment; null for none */
json_t *ngx_live_origin_api_number(int64_t n);

#endif /* NGX_LIVE_ORIGIN_API_H */
