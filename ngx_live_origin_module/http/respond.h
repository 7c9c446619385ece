/* what answers are made of: headers, their values, short texts */

#ifndef NGX_LIVE_ORIGIN_RESPOND_H
#define NGX_LIVE_ORIGIN_RESPOND_H


/* put.c: where the value ends */

#define ngx_live_origin_put(p, text)                                          \
    ngx_cpymem(p, text, sizeof(text) - 1)
#define ngx_live_origin_put_str(p, s)  ngx_cpymem(p, (s)->data, (s)->len)
u_char *ngx_live_origin_put_number(u_char *p, uint64_t n);
#define NGX_LIVE_ORIGIN_TIME_LEN  (sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1)
/* as HTTP writes it */
u_char *ngx_live_origin_put_time(u_char *p, time_t t);


/* respond.c */

/* of the request; NULL: there is none */
ngx_table_elt_t *ngx_live_origin_find_header(ngx_http_request_t *r,
    const char *lowcase);
/* all lines of it as one (RFC 9110, 5.3); NGX_DECLINED: there is none */
ngx_int_t ngx_live_origin_join_header(ngx_http_request_t *r,
    const char *lowcase, lo_str_t *value);
/* the path of the URI behind the location's prefix */
void ngx_live_origin_path(ngx_http_request_t *r, lo_str_t *path);
/* whether it ends so, as "/play" does, and names what such an end is of */
ngx_uint_t ngx_live_origin_path_is(lo_str_t path, const char *end,
    lo_name_e kind);
ngx_live_origin_ctx_t *ngx_live_origin_ctx(ngx_http_request_t *r,
    ngx_live_origin_zone_t *zone);
ngx_int_t ngx_live_origin_header(ngx_http_request_t *r, const char *name,
    u_char *value, size_t len);
/* the one that was added last */
#define ngx_live_origin_last_header(r)                                        \
    (&((ngx_table_elt_t *) (r)->headers_out.headers.last->elts)               \
         [(r)->headers_out.headers.last->nelts - 1])
#define ngx_live_origin_header_const(r, name, value)                          \
    ngx_live_origin_header(r, name, (u_char *) value, sizeof(value) - 1)
/* what every answer has: CORS, and the notices of its event */
ngx_int_t ngx_live_origin_cors(ngx_http_request_t *r);
ngx_int_t ngx_live_origin_options(ngx_http_request_t *r);
ngx_int_t ngx_live_origin_etag(ngx_http_request_t *r,
    const unsigned char *digest);
/* of Cache-Control, what stands before max-age; 9 bytes at most */
u_char *ngx_live_origin_share(u_char *p, ngx_live_origin_ctx_t *ctx,
    ngx_uint_t found);
/* the whole field of an error; seconds, 0: not to be kept */
ngx_int_t ngx_live_origin_share_error(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, int64_t age);
/* a whole answer of a status and one line of text; the text must live */
ngx_int_t ngx_live_origin_text(ngx_http_request_t *r, ngx_uint_t status,
    const u_char *text, size_t len);
/* likewise, uncached, whatever the body of the request; a constant text */
ngx_int_t ngx_live_origin_plain(ngx_http_request_t *r, ngx_uint_t status,
    const char *text);
void ngx_live_origin_reason(ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_reason_e reason);
/* the word and a newline */
ngx_str_t *ngx_live_origin_reason_line(ngx_live_origin_reason_e reason);

#endif /* NGX_LIVE_ORIGIN_RESPOND_H */
