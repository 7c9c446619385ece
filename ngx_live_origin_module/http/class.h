/*
 * Which class of viewers a request is of: by what its URL says, else by its
 * arguments, the devices document and where it comes from (docs/devices.md).
 */

#ifndef NGX_LIVE_ORIGIN_CLASS_H
#define NGX_LIVE_ORIGIN_CLASS_H

#include "core/class.h"
#include "http/module.h"


#define NGX_LIVE_ORIGIN_CLASSES  1024      /* remembered, a power of 2 */


/* of one request, in its pool */

struct ngx_live_origin_class_s {
    const lo_class_t            *of;
    const lo_device_t           *device;   /* NULL: none */
    ngx_str_t                    text;     /* before the MAC */
    ngx_str_t                    path;     /* "~CLASS/" */
    unsigned                     below:1;  /* it stands in the URL */
};

/* main configuration */

struct ngx_live_origin_classes_s {
    lo_devices_t                *devices;  /* NULL: none */
    ngx_live_origin_keys_t      *keys;     /* likewise */
    lo_key_t                     sign[LO_KEYS_MAX];  /* the first good one
                                                        signs */
    ngx_uint_t                   nsign;    /* 0: the zone's own */
    ngx_uint_t                   said;     /* of the worker: it is the zone's
                                              own all the same */
    ngx_pool_t                  *pool;     /* of the configuration */
    void                       **known;    /* of the worker: class_sign.c */
    lo_hmac_t                   *hmac;     /* likewise; NULL: not yet */
};


/* class.c */

/* for a manifest of ctx->event: ctx->class, NULL where it is of none.
   NGX_DECLINED: go on; else it was answered */
ngx_int_t ngx_live_origin_class(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* whether this event is for such a class now */
lo_deny_e ngx_live_origin_class_denied(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_class_t *class);

/* class_sign.c */

/* the class of a URL, ctx->name; NULL: nobody here has signed it */
const lo_class_t *ngx_live_origin_class_known(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* texts of a class; NGX_ERROR: no memory */
ngx_int_t ngx_live_origin_class_make(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, const lo_class_t *of,
    ngx_live_origin_class_t **class);

/* class_device.c */

/* that of an earlier class (NULL: there was none), if it is there still, else
   the viewer's; NULL: none; NGX_ERROR through *rc: the argument is wrong, *err
   says why.  *own: more than the URL says it */
const lo_device_t *ngx_live_origin_class_device(ngx_http_request_t *r,
    const lo_class_t *old, lo_err_t *err, ngx_int_t *rc, ngx_uint_t *own);

/* class_conf.c */

char *ngx_live_origin_devices_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_device_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_class_key_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

#endif /* NGX_LIVE_ORIGIN_CLASS_H */
