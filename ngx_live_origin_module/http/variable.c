#include "core/verdict.h"
#include "http/access.h"
#include "http/geo.h"


typedef enum {
    NGX_LIVE_ORIGIN_VAR_EVENT = 0,
    NGX_LIVE_ORIGIN_VAR_TRACK,
    NGX_LIVE_ORIGIN_VAR_NUMBER,
    NGX_LIVE_ORIGIN_VAR_PIPELINE,
    NGX_LIVE_ORIGIN_VAR_REASON,
    NGX_LIVE_ORIGIN_VAR_HELD,
    NGX_LIVE_ORIGIN_VAR_CLASS,
    NGX_LIVE_ORIGIN_VAR_DENIED,
    NGX_LIVE_ORIGIN_VAR_CHOICE,
    NGX_LIVE_ORIGIN_VAR_DEFECTS
} ngx_live_origin_var_e;

typedef enum {
    NGX_LIVE_ORIGIN_VAR_COUNTRY = 0,
    NGX_LIVE_ORIGIN_VAR_CONTINENT,
    NGX_LIVE_ORIGIN_VAR_ASN
} ngx_live_origin_var_place_e;


static ngx_int_t ngx_live_origin_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_live_origin_variable_uri(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_live_origin_variable_place(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_live_origin_vars[] = {

    { ngx_string("live_origin_event"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_EVENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_track"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_TRACK, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_number"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_NUMBER, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_pipeline"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_PIPELINE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_reason"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_REASON, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_held"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_HELD, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_class"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_CLASS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_denied"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_DENIED, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_uri"), NULL, ngx_live_origin_variable_uri,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_choice"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_CHOICE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_defects"), NULL, ngx_live_origin_variable,
      NGX_LIVE_ORIGIN_VAR_DEFECTS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_country"), NULL, ngx_live_origin_variable_place,
      NGX_LIVE_ORIGIN_VAR_COUNTRY, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_continent"), NULL,
      ngx_live_origin_variable_place,
      NGX_LIVE_ORIGIN_VAR_CONTINENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("live_origin_asn"), NULL, ngx_live_origin_variable_place,
      NGX_LIVE_ORIGIN_VAR_ASN, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_live_origin_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_live_origin_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_variable_number(ngx_http_request_t *r, ngx_str_t *s,
    int64_t n)
{
    if (n < 0) {
        return NGX_DECLINED;
    }

    s->data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (s->data == NULL) {
        return NGX_ERROR;
    }

    s->len = ngx_sprintf(s->data, "%L", n) - s->data;

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_variable_defects(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_str_t *s)
{
    lo_buf_t                 b;
    lo_verdict_t             v;
    const lo_zone_object_t  *o;

    o = ctx->pin.object;

    if (o == NULL || o->kind != LO_KIND_SEGMENT || o->meta.rank == 0) {
        return NGX_DECLINED;
    }

    s->data = ngx_pnalloc(r->pool, LO_VERDICT_TEXT);
    if (s->data == NULL) {
        return NGX_ERROR;
    }

    lo_verdict_unpack(&v, o->meta.verdict, o->meta.ms);
    lo_buf_init(&b, s->data, LO_VERDICT_TEXT);
    lo_verdict_print(&b, &v);
    s->len = b.pos - b.start;

    return NGX_OK;
}


static ngx_int_t
ngx_live_origin_variable_get(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx, ngx_live_origin_var_e var, ngx_str_t *s)
{
    ngx_str_null(s);

    switch (var) {

    case NGX_LIVE_ORIGIN_VAR_EVENT:
        s->len = ctx->name.event.len;
        s->data = ctx->name.event.data;
        break;

    case NGX_LIVE_ORIGIN_VAR_TRACK:
        s->len = ctx->name.track.len;
        s->data = ctx->name.track.data;
        break;

    case NGX_LIVE_ORIGIN_VAR_CLASS:
        s->len = ctx->name.class.len;
        s->data = ctx->name.class.data;
        break;

    case NGX_LIVE_ORIGIN_VAR_PIPELINE:
        *s = ctx->pipeline;
        break;

    case NGX_LIVE_ORIGIN_VAR_REASON:
        if (ctx->reason_set) {
            *s = *ngx_live_origin_reason_line(ctx->reason);
            s->len--;
        }

        break;

    case NGX_LIVE_ORIGIN_VAR_DENIED:
        if (ctx->denied) {
            s->data = (u_char *) lo_deny_word(ctx->denied);
            s->len = ngx_strlen(s->data);
        }

        break;

    case NGX_LIVE_ORIGIN_VAR_CHOICE:
        if (ctx->pin.object && ctx->pin.object->kind == LO_KIND_SEGMENT) {
            s->data = (u_char *) lo_choice_word(ctx->pin.object->given & 0xff);
            s->len = ngx_strlen(s->data);
        }

        break;

    case NGX_LIVE_ORIGIN_VAR_DEFECTS:
        return ngx_live_origin_variable_defects(r, ctx, s);

    case NGX_LIVE_ORIGIN_VAR_NUMBER:
        return ngx_live_origin_variable_number(r, s, ctx->number);

    case NGX_LIVE_ORIGIN_VAR_HELD:
        return ngx_live_origin_variable_number(r, s, ctx->held_us < 0 ? -1
                                                     : ctx->held_us / 1000);
    }

    return s->len ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_live_origin_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_int_t               rc;
    ngx_str_t               s;
    ngx_live_origin_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_live_origin_module);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    rc = ngx_live_origin_variable_get(r, ctx, data, &s);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = s.len;
    v->data = s.data;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


/* as it was sent, with its arguments, but without a token */

static ngx_int_t
ngx_live_origin_variable_uri(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  uri;

    if (ngx_live_origin_redacted(r->pool, &r->unparsed_uri, &uri) != NGX_OK) {
        return NGX_ERROR;
    }

    v->len = uri.len;
    v->data = uri.data;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


/* of the client; empty: unknown */

static ngx_int_t
ngx_live_origin_variable_place(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char      *p;
    lo_place_t   place;

    (void) ngx_live_origin_geo(r, &place);

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;

    switch (data) {

    case NGX_LIVE_ORIGIN_VAR_COUNTRY:
        if (ngx_strncmp(place.country, "ZZ", 2) != 0) {
            p = ngx_cpymem(p, place.country, 2);
        }

        break;

    case NGX_LIVE_ORIGIN_VAR_CONTINENT:
        if (place.continent[0]) {
            p = ngx_cpymem(p, place.continent, 2);
        }

        break;

    default: /* NGX_LIVE_ORIGIN_VAR_ASN */
        if (place.asn) {
            p = ngx_sprintf(p, "%uD", place.asn);
        }
    }

    v->len = p - v->data;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = v->len == 0;

    return NGX_OK;
}
