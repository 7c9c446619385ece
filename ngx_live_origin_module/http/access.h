/*
 * Who may do what: keys, tokens and allow-lists (docs/access.md).
 *
 * Keys are read with the configuration and belong to its pool; a worker that
 * is started by a reload has the new ones, and no memory of the old.
 */

#ifndef NGX_LIVE_ORIGIN_ACCESS_H
#define NGX_LIVE_ORIGIN_ACCESS_H

#include "core/token.h"
#include "http/module.h"


#define NGX_LIVE_ORIGIN_TOKENS  4096       /* remembered, a power of 2 */


/* a serve token whose signature was found right, by this worker */

typedef struct {
    uint64_t                     hash;
    size_t                       len;      /* 0: none */
    u_char                       text[LO_TOKEN_TEXT];
    lo_token_t                   token;
} ngx_live_origin_known_t;

struct ngx_live_origin_keys_s {
    ngx_str_t                    path;
    lo_keys_t                    keys;
    ngx_pool_t                  *pool;
    ngx_live_origin_known_t     *known;    /* by hash; NULL until there is
                                              one */
};

struct ngx_live_origin_serve_auth_s {
    ngx_live_origin_keys_t      *keys;
    ngx_str_t                    cookie;
    ngx_int_t                    country;  /* index of the variable; or
                                              NGX_ERROR: none */
    ngx_uint_t                   shared;   /* caches look at tokens */
};

struct ngx_live_origin_allow_s {
    ngx_array_t                  nets;     /* lo_net_t */
    unsigned                     all:1;
    unsigned                     local:1;  /* unix sockets */
};


/* access.c */

lo_deny_e ngx_live_origin_access_publish(ngx_http_request_t *r,
    const lo_name_t *name);
/* ctx->name is read */
lo_deny_e ngx_live_origin_access_serve(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx);
/* path: behind the prefix of the API */
lo_deny_e ngx_live_origin_access_api(ngx_http_request_t *r, lo_str_t path);


/* access_conf.c */

/* a file that several directives name is read once; words: of uses */
char *ngx_live_origin_keys(ngx_conf_t *cf, ngx_str_t *value, uint32_t uses,
    const char *words, ngx_live_origin_keys_t **keys);
/* of a file of secrets: its bytes, malloc'ed, to be cleansed and freed; NULL:
   the error has been logged */
u_char *ngx_live_origin_keys_file(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *path, size_t max, size_t *size);
/* says what is wrong with it: NGX_CONF_ERROR */
char *ngx_live_origin_keys_bad(ngx_conf_t *cf, ngx_str_t *value,
    ngx_err_t err, const char *fmt, ...);

char *ngx_live_origin_publish_auth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_serve_auth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_api_auth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_live_origin_api_allow(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* redact.c: tokens do not reach a log */

/* src with every token replaced by "-": the end of what was written to dst,
   which is never more than src->len and stops at last */
u_char *ngx_live_origin_redact(u_char *dst, u_char *last, const ngx_str_t *src);
/* src itself where there is no token in it */
ngx_int_t ngx_live_origin_redacted(ngx_pool_t *pool, ngx_str_t *src,
    ngx_str_t *out);
/* where tokens are in use: redacts the lines of the error log */
ngx_int_t ngx_live_origin_redact_init(ngx_conf_t *cf);

#endif /* NGX_LIVE_ORIGIN_ACCESS_H */
