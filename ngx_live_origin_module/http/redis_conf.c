/*
 * live_origin_redis.
 */

#include "http/redis.h"


#define NGX_LIVE_ORIGIN_REDIS_ALLOWED                                         \
    "ADDRESS ..., mode=single, mode=sentinel or mode=cluster, service=NAME, " \
    "auth=FILE, sentinel_auth=FILE, db=NUMBER, prefix=TEXT, "                 \
    "connect_timeout=TIME, timeout=TIME, tls=on or tls=off, and tls_ca=FILE"


typedef char *(*ngx_live_origin_redis_set_pt)(ngx_conf_t *cf, ngx_str_t *param,
    ngx_str_t *v, ngx_live_origin_redis_conf_t *rcf);


static char *
ngx_live_origin_redis_mode(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    if (ngx_strcmp(v->data, "single") == 0) {
        rcf->mode = NGX_LIVE_ORIGIN_REDIS_SINGLE;

    } else if (ngx_strcmp(v->data, "sentinel") == 0) {
        rcf->mode = NGX_LIVE_ORIGIN_REDIS_SENTINEL;

    } else if (ngx_strcmp(v->data, "cluster") == 0) {
        rcf->mode = NGX_LIVE_ORIGIN_REDIS_CLUSTER;

    } else {
        return ngx_live_origin_bad(cf, param, "mode=single, mode=sentinel and "
                                   "mode=cluster");
    }

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_redis_service(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    if (v->len == 0) {
        return ngx_live_origin_bad(cf, param, "service=NAME, as the sentinels "
                                   "call the primary");
    }

    rcf->service = *v;

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_redis_auth(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    return ngx_live_origin_auth_file(cf, param, v, &rcf->user,
                                     &rcf->password);
}


static char *
ngx_live_origin_redis_sentinel_auth(ngx_conf_t *cf, ngx_str_t *param,
    ngx_str_t *v, ngx_live_origin_redis_conf_t *rcf)
{
    return ngx_live_origin_auth_file(cf, param, v, &rcf->sentinel_user,
                                     &rcf->sentinel_password);
}


static char *
ngx_live_origin_redis_db(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    ngx_int_t  n;

    n = ngx_atoi(v->data, v->len);

    if (n < 0 || n > 65535) {
        return ngx_live_origin_bad(cf, param, "db=0 to db=65535");
    }

    rcf->db = n;

    return NGX_CONF_OK;
}


/* braces would make all keys of a cluster lie on one node */

static char *
ngx_live_origin_redis_prefix(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    size_t  i;

    for (i = 0; i < v->len && v->data[i] > 0x20 && v->data[i] < 0x7f
                && v->data[i] != '{' && v->data[i] != '}'; i++)
    {
        /* void */
    }

    if (i == 0 || i < v->len || v->len > 64) {
        return ngx_live_origin_bad(cf, param, "prefix=TEXT of 1 to 64 "
                                   "printable characters without braces");
    }

    rcf->prefix = *v;

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_redis_connect_timeout(ngx_conf_t *cf, ngx_str_t *param,
    ngx_str_t *v, ngx_live_origin_redis_conf_t *rcf)
{
    ngx_int_t  ms;

    ms = ngx_parse_time(v, 0);

    if (ms < 10 || ms > 60000) {
        return ngx_live_origin_bad(cf, param, "connect_timeout=10ms to "
                                   "connect_timeout=60s");
    }

    rcf->connect = ms;

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_redis_timeout(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    ngx_int_t  ms;

    ms = ngx_parse_time(v, 0);

    if (ms < 10 || ms > 60000) {
        return ngx_live_origin_bad(cf, param, "timeout=10ms to timeout=60s");
    }

    rcf->timeout = ms;

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_redis_tls(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    if (ngx_strcmp(v->data, "off") == 0) {
        rcf->tls = 0;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(v->data, "on") != 0) {
        return ngx_live_origin_bad(cf, param, "tls=on and tls=off");
    }

#if (NGX_SSL)
    rcf->tls = 1;
    return NGX_CONF_OK;
#else
    return ngx_live_origin_bad(cf, param, "tls=off: this nginx was built "
                               "without TLS (--with-http_ssl_module)");
#endif
}


static char *
ngx_live_origin_redis_tls_ca(ngx_conf_t *cf, ngx_str_t *param, ngx_str_t *v,
    ngx_live_origin_redis_conf_t *rcf)
{
    rcf->tls_ca = *v;

    if (v->len == 0) {
        return ngx_live_origin_bad(cf, param, "tls_ca=FILE of certificates");
    }

    return ngx_conf_full_name(cf->cycle, &rcf->tls_ca, 1) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static const struct {
    ngx_str_t                      name;
    ngx_live_origin_redis_set_pt   set;
} ngx_live_origin_redis_params[] = {
    { ngx_string("mode="), ngx_live_origin_redis_mode },
    { ngx_string("service="), ngx_live_origin_redis_service },
    { ngx_string("auth="), ngx_live_origin_redis_auth },
    { ngx_string("sentinel_auth="), ngx_live_origin_redis_sentinel_auth },
    { ngx_string("db="), ngx_live_origin_redis_db },
    { ngx_string("prefix="), ngx_live_origin_redis_prefix },
    { ngx_string("connect_timeout="), ngx_live_origin_redis_connect_timeout },
    { ngx_string("timeout="), ngx_live_origin_redis_timeout },
    { ngx_string("tls="), ngx_live_origin_redis_tls },
    { ngx_string("tls_ca="), ngx_live_origin_redis_tls_ca }
};

#define NGX_LIVE_ORIGIN_REDIS_NPARAMS                                         \
    (sizeof(ngx_live_origin_redis_params)                                     \
     / sizeof(ngx_live_origin_redis_params[0]))


/* an address has no equals sign */

static ngx_uint_t
ngx_live_origin_redis_is_param(ngx_str_t *param)
{
    return memchr(param->data, '=', param->len) != NULL;
}


static char *
ngx_live_origin_redis_param(ngx_conf_t *cf, ngx_str_t *param,
    ngx_live_origin_redis_conf_t *rcf)
{
    ngx_str_t         v;
    ngx_uint_t        i;
    const ngx_str_t  *name;

    for (i = 0; i < NGX_LIVE_ORIGIN_REDIS_NPARAMS; i++) {

        name = &ngx_live_origin_redis_params[i].name;

        if (param->len >= name->len
            && ngx_strncmp(param->data, name->data, name->len) == 0)
        {
            v.data = param->data + name->len;
            v.len = param->len - name->len;

            return ngx_live_origin_redis_params[i].set(cf, param, &v, rcf);
        }
    }

    return ngx_live_origin_bad(cf, param, NGX_LIVE_ORIGIN_REDIS_ALLOWED);
}


/* a name becomes its addresses, now: a worker must not wait for a resolver */

static char *
ngx_live_origin_redis_address(ngx_conf_t *cf, ngx_str_t *value,
    ngx_live_origin_redis_conf_t *rcf)
{
    ngx_url_t    u;
    ngx_addr_t  *addrs;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *value;
    u.default_port = rcf->mode == NGX_LIVE_ORIGIN_REDIS_SENTINEL ? 26379
                                                                 : 6379;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0
        || u.uri.len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"live_origin_redis\", "
                           "allowed: " NGX_LIVE_ORIGIN_REDIS_ALLOWED
                           "; of this one: %s", value,
                           u.err ? u.err : "it is no ADDRESS");
        return NGX_CONF_ERROR;
    }

    addrs = ngx_array_push_n(&rcf->servers, u.naddrs);
    if (addrs == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(addrs, u.addrs, u.naddrs * sizeof(ngx_addr_t));

    return NGX_CONF_OK;
}


static char *
ngx_live_origin_redis_ssl(ngx_conf_t *cf, ngx_live_origin_redis_conf_t *rcf)
{
#if (NGX_SSL)

    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (ssl == NULL || cln == NULL) {
        return NGX_CONF_ERROR;
    }

    ssl->log = cf->log;

    if (ngx_ssl_create(ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    if (rcf->tls_ca.len) {

        /* what is wrong with it is logged */

        if (ngx_ssl_trusted_certificate(cf, ssl, &rcf->tls_ca, 3) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

    } else if (SSL_CTX_set_default_verify_paths(ssl->ctx) != 1) {
        return NGX_CONF_ERROR;
    }

    rcf->ssl = ssl;

#endif

    return NGX_CONF_OK;
}


/* what does not go together */

static char *
ngx_live_origin_redis_whole_check(ngx_conf_t *cf, ngx_uint_t addresses,
    ngx_live_origin_redis_conf_t *rcf)
{
    ngx_uint_t   sentinel;
    const char  *why;

    sentinel = rcf->mode == NGX_LIVE_ORIGIN_REDIS_SENTINEL;
    why = NULL;

    if (addresses == 0) {
        why = "an ADDRESS is missing";

    } else if (addresses > 1 && rcf->mode == NGX_LIVE_ORIGIN_REDIS_SINGLE) {
        why = "several ADDRESSes need mode=sentinel or mode=cluster";

    } else if (sentinel && rcf->service.len == 0) {
        why = "mode=sentinel needs service=NAME";

    } else if (!sentinel && rcf->service.len) {
        why = "service=NAME needs mode=sentinel";

    } else if (!sentinel && rcf->sentinel_password.len) {
        why = "sentinel_auth=FILE needs mode=sentinel";

    } else if (rcf->db && rcf->mode == NGX_LIVE_ORIGIN_REDIS_CLUSTER) {
        why = "a cluster has db=0 only";

    } else if (rcf->tls_ca.len && !rcf->tls) {
        why = "tls_ca=FILE needs tls=on";
    }

    if (why == NULL) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameters of "
                       "\"live_origin_redis\": %s, allowed: "
                       NGX_LIVE_ORIGIN_REDIS_ALLOWED, why);

    return NGX_CONF_ERROR;
}


char *
ngx_live_origin_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                     *value;
    ngx_uint_t                     i, n;
    ngx_live_origin_main_conf_t   *mcf = conf;
    ngx_live_origin_redis_conf_t  *rcf;

    if (mcf->redis) {
        return "is duplicate";
    }

    rcf = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_redis_conf_t));

    if (rcf == NULL
        || ngx_array_init(&rcf->servers, cf->pool, 4, sizeof(ngx_addr_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&rcf->prefix, "lo:");
    rcf->connect = 1000;
    rcf->timeout = 500;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_live_origin_redis_is_param(&value[i])
            && ngx_live_origin_redis_param(cf, &value[i], rcf) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    for (i = 1, n = 0; i < cf->args->nelts; i++) {

        if (ngx_live_origin_redis_is_param(&value[i])) {
            continue;
        }

        if (ngx_live_origin_redis_address(cf, &value[i], rcf) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        n++;
    }

    mcf->redis = rcf;

    if (ngx_live_origin_redis_whole_check(cf, n, rcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return rcf->tls ? ngx_live_origin_redis_ssl(cf, rcf) : NGX_CONF_OK;
}
