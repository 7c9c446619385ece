#include <openssl/crypto.h>

#include "core/xxh.h"
#include "http/access.h"
#include "http/geo.h"


/* nginx answers two lines of it with 400 */

static lo_str_t
ngx_live_origin_authorization(ngx_http_request_t *r)
{
    lo_str_t  value = lo_null_string;

    if (r->headers_in.authorization) {
        value = ngx_live_origin_lo_str(&r->headers_in.authorization->value);
    }

    return value;
}


/* the client's address; a unix socket has none */

static size_t
ngx_live_origin_address(ngx_connection_t *c, const u_char **addr)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (c->sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) c->sockaddr;
        *addr = (const u_char *) &sin->sin_addr;
        return 4;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) c->sockaddr;
        *addr = sin6->sin6_addr.s6_addr;
        return 16;
#endif

    default:
        *addr = NULL;
        return 0;
    }
}


/* ---- publishing */

lo_deny_e
ngx_live_origin_access_publish(ngx_http_request_t *r, const lo_name_t *name)
{
    lo_deny_e                    why;
    lo_signed_t                  s;
    const lo_key_t              *key;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->publish_auth == NULL) {
        return LO_ALLOW;
    }

    ngx_memzero(&s, sizeof(s));
    s.method = ngx_live_origin_lo_str(&r->method_name);
    s.target = ngx_live_origin_lo_str(&r->unparsed_uri);

    /* what is signed is what the body is held against: every line of it */

    if (ngx_live_origin_join_header(r, "content-digest", &s.digest)
        == NGX_ERROR)
    {
        return LO_DENY_NONE;
    }

    why = lo_keys_authorize(&lcf->publish_auth->keys, LO_USE_PUBLISH,
                            ngx_live_origin_authorization(r), &s,
                            ngx_live_origin_wall(), &key);

    return why == LO_ALLOW ? lo_key_covers(key, name->event, name->pipeline)
                           : why;
}


/* ---- serving */

/* the signature of a token is checked once in a worker's life, as long as no
   other one takes its place; what is wrong takes nobody's */

static lo_deny_e
ngx_live_origin_known(ngx_live_origin_keys_t *keys, lo_str_t text,
    int64_t now_us, const lo_token_t **token)
{
    uint64_t                  hash;
    lo_deny_e                 why;
    lo_token_t                fresh;
    ngx_live_origin_known_t  *k;

    if (text.len > LO_TOKEN_TEXT) {
        return LO_DENY_MALFORMED;
    }

    if (keys->known == NULL) {
        keys->known = ngx_pcalloc(keys->pool, NGX_LIVE_ORIGIN_TOKENS
                                  * sizeof(ngx_live_origin_known_t));
        if (keys->known == NULL) {
            return LO_DENY_NONE;
        }
    }

    hash = XXH3_64bits(text.data, text.len);
    k = &keys->known[hash & (NGX_LIVE_ORIGIN_TOKENS - 1)];
    *token = &k->token;

    if (k->len == text.len && k->hash == hash
        && CRYPTO_memcmp(k->text, text.data, text.len) == 0)
    {
        return LO_ALLOW;
    }

    why = lo_token_verify(&fresh, &keys->keys, text, now_us);

    if (why == LO_ALLOW) {
        k->hash = hash;
        k->len = text.len;
        ngx_memcpy(k->text, text.data, text.len);
        k->token = fresh;
    }

    return why;
}


static ngx_uint_t
ngx_live_origin_cookie(ngx_http_request_t *r, ngx_str_t *name, lo_str_t *text)
{
    ngx_str_t  value;

#if (nginx_version >= 1023000)

    if (ngx_http_parse_multi_header_lines(r, r->headers_in.cookie, name,
                                          &value)
        == NULL)
    {
        return 0;
    }

#else

    if (ngx_http_parse_multi_header_lines(&r->headers_in.cookies, name,
                                          &value)
        == NGX_DECLINED)
    {
        return 0;
    }

#endif

    *text = ngx_live_origin_lo_str(&value);

    return text->len > 0;
}


/* place is room for it */

static lo_str_t
ngx_live_origin_country(ngx_http_request_t *r,
    ngx_live_origin_serve_auth_t *auth, lo_place_t *place)
{
    lo_str_t                    country = lo_null_string;
    ngx_http_variable_value_t  *vv;

    if (auth->country == NGX_ERROR) {

        if (ngx_live_origin_geo(r, place) == NGX_OK) {
            country.data = (u_char *) place->country;
            country.len = 2;
        }

    } else {
        vv = ngx_http_get_indexed_variable(r, auth->country);

        if (vv && !vv->not_found) {
            country.data = vv->data;
            country.len = vv->len;
        }
    }

    return country;
}


static lo_deny_e
ngx_live_origin_serve_bearer(ngx_http_request_t *r, lo_keys_t *keys,
    const lo_name_t *name, int64_t now_us)
{
    lo_str_t         none = lo_null_string;
    lo_deny_e        why;
    const lo_key_t  *key;

    why = lo_keys_authorize(keys, LO_USE_SERVE,
                            ngx_live_origin_authorization(r), NULL, now_us,
                            &key);

    return why == LO_ALLOW ? lo_key_covers(key, name->event, none) : why;
}


/* what opened it is not in the URL, or not good for everybody who has it: a
   cache that knows nothing of tokens must not give it to others */

static void
ngx_live_origin_keeps(ngx_live_origin_ctx_t *ctx,
    ngx_live_origin_serve_auth_t *auth, ngx_uint_t share)
{
    ctx->share = auth->shared ? NGX_LIVE_ORIGIN_SHARE_ALL : share;
}


lo_deny_e
ngx_live_origin_access_serve(ngx_http_request_t *r,
    ngx_live_origin_ctx_t *ctx)
{
    lo_str_t                       text;
    lo_deny_e                      why;
    lo_place_t                     place;
    lo_token_ask_t                 ask;
    const lo_token_t              *token;
    ngx_live_origin_loc_conf_t    *lcf;
    ngx_live_origin_serve_auth_t  *auth;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);
    auth = lcf->serve_auth;

    ask.now_us = ngx_live_origin_wall();
    text = ctx->name.token;

    if (text.len == 0 && !ngx_live_origin_cookie(r, &auth->cookie, &text)) {
        ngx_live_origin_keeps(ctx, auth, NGX_LIVE_ORIGIN_SHARE_OWN);

        return ngx_live_origin_serve_bearer(r, &auth->keys->keys, &ctx->name,
                                            ask.now_us);
    }

    why = ngx_live_origin_known(auth->keys, text, ask.now_us, &token);

    if (why != LO_ALLOW) {
        return why;
    }

    if (ctx->name.token.len == 0 || token->ncountries || token->net.len) {
        ngx_live_origin_keeps(ctx, auth, NGX_LIVE_ORIGIN_SHARE_NONE);
    }

    ask.event = ctx->name.event;
    ask.track = ctx->name.track;
    ask.country.len = 0;
    ask.country.data = NULL;
    ask.addr_len = 0;

    if (token->ncountries) {
        ask.country = ngx_live_origin_country(r, auth, &place);
    }

    if (token->net.len) {
        ask.addr_len = ngx_live_origin_address(r->connection, &ask.addr);
    }

    return lo_token_opens(token, &ask);
}


/* ---- the API */

/* without a directive: this host */

static ngx_uint_t
ngx_live_origin_here(const u_char *addr, size_t len)
{
    static const lo_net_t  here[] = {
        { { 127 }, 4, 8 },
        { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 16, 128 }
    };

    return len == 0 || lo_net_has(&here[0], addr, len)
           || lo_net_has(&here[1], addr, len);
}


static ngx_uint_t
ngx_live_origin_allowed(ngx_http_request_t *r,
    ngx_live_origin_loc_conf_t *lcf)
{
    size_t                    len;
    lo_net_t                 *nets;
    ngx_uint_t                i;
    const u_char             *addr;
    ngx_live_origin_allow_t  *allow;

    allow = lcf->api_allow;
    len = ngx_live_origin_address(r->connection, &addr);

    if (allow == NULL) {
        return lcf->api_auth == NULL && ngx_live_origin_here(addr, len);
    }

    if (allow->all || (allow->local && len == 0)) {
        return 1;
    }

    nets = allow->nets.elts;

    for (i = 0; i < allow->nets.nelts; i++) {
        if (lo_net_has(&nets[i], addr, len)) {
            return 1;
        }
    }

    return 0;
}


/*
 * A browser that stands in an allowed network sends what any page tells it
 * to: a network is no credentials of a page of another site.
 */

static ngx_uint_t
ngx_live_origin_other_site(ngx_http_request_t *r)
{
    size_t            n;
    ngx_str_t        *host, origin;
    ngx_table_elt_t  *h;

    h = ngx_live_origin_find_header(r, "sec-fetch-site");

    if (h) {
        return !(h->value.len == 11
                 && ngx_strncmp(h->value.data, "same-origin", 11) == 0)
               && !(h->value.len == 4
                    && ngx_strncmp(h->value.data, "none", 4) == 0);
    }

    h = ngx_live_origin_find_header(r, "origin");

    if (h == NULL) {
        return 0;
    }

    if (r->headers_in.host == NULL) {
        return 1;
    }

    host = &r->headers_in.host->value;
    origin = h->value;

    for (n = 0; n + 3 <= origin.len; n++) {
        if (ngx_memcmp(origin.data + n, "://", 3) == 0) {
            origin.data += n + 3;
            origin.len -= n + 3;
            break;
        }
    }

    return host->len != origin.len
           || ngx_strncasecmp(host->data, origin.data, host->len) != 0;
}


/* a token of one event opens events/EVENT and what is below it */

static lo_deny_e
ngx_live_origin_api_covers(const lo_key_t *key, lo_str_t path)
{
    size_t  len;

    if (key->event[0] == '\0') {
        return LO_ALLOW;
    }

    len = ngx_strlen(key->event);

    if (path.len < 7 + len || ngx_strncmp(path.data, "events/", 7) != 0
        || ngx_memcmp(path.data + 7, key->event, len) != 0
        || (path.len > 7 + len && path.data[7 + len] != '/'))
    {
        return LO_DENY_SCOPE;
    }

    return LO_ALLOW;
}


lo_deny_e
ngx_live_origin_access_api(ngx_http_request_t *r, lo_str_t path)
{
    uint32_t                     uses;
    lo_deny_e                    why;
    const lo_key_t              *key;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);
    why = LO_DENY_NETWORK;

    if (ngx_live_origin_allowed(r, lcf)) {

        if (!ngx_live_origin_other_site(r)) {
            return LO_ALLOW;
        }

        why = LO_DENY_SITE;
    }

    if (lcf->api_auth == NULL) {
        return why;
    }

    uses = LO_USE_API;

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        uses |= LO_USE_API_READ;
    }

    why = lo_keys_authorize(&lcf->api_auth->keys, uses,
                            ngx_live_origin_authorization(r), NULL,
                            ngx_live_origin_wall(), &key);

    return why == LO_ALLOW ? ngx_live_origin_api_covers(key, path) : why;
}
