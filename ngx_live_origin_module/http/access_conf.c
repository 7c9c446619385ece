/*
 * The directives of access.h.
 */

#include <openssl/crypto.h>

#include "http/access.h"


char *
ngx_live_origin_keys_bad(ngx_conf_t *cf, ngx_str_t *value, ngx_err_t err,
    const char *fmt, ...)
{
    u_char      text[NGX_MAX_CONF_ERRSTR], *p;
    va_list     args;
    ngx_str_t  *cmd;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    cmd = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                       "invalid value \"%V\" of \"%V\", allowed: off, or a "
                       "file of keys; of this one: %*s", value, &cmd[0],
                       p - text, text);

    return NGX_CONF_ERROR;
}


u_char *
ngx_live_origin_keys_file(ngx_conf_t *cf, ngx_str_t *value, ngx_str_t *path,
    size_t max, size_t *size)
{
    u_char                      *data;
    ngx_live_origin_conf_err_t   e;

    data = ngx_live_origin_conf_file(cf, path, max, 1, size, &e);

    if (data == NULL) {
        ngx_live_origin_keys_bad(cf, value, e.err, "%s", e.why);
    }

    return data;
}


static char *
ngx_live_origin_keys_read(ngx_conf_t *cf, ngx_str_t *value,
    ngx_live_origin_keys_t *keys)
{
    int              rc;
    size_t           size;
    u_char          *data;
    lo_event_err_t   err;

    data = ngx_live_origin_keys_file(cf, value, &keys->path, LO_KEYS_FILE_MAX,
                                     &size);
    if (data == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = lo_keys_parse(&keys->keys, data, size, &err);

    OPENSSL_cleanse(data, size);
    free(data);

    return rc == LO_OK ? NGX_CONF_OK
           : ngx_live_origin_keys_bad(cf, value, 0, "%s%s%s", err.field,
                                      err.field[0] ? ": " : "", err.err.text);
}


char *
ngx_live_origin_keys(ngx_conf_t *cf, ngx_str_t *value, uint32_t uses,
    const char *words, ngx_live_origin_keys_t **keys)
{
    ngx_str_t                      path;
    ngx_uint_t                     i;
    ngx_live_origin_keys_t       **list, *k;
    ngx_live_origin_main_conf_t   *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_live_origin_module);
    path = *value;

    if (path.len == 0) {
        return ngx_live_origin_keys_bad(cf, value, 0, "it has no name");
    }

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    k = NULL;
    list = mcf->keys.elts;

    for (i = 0; i < mcf->keys.nelts; i++) {
        if (list[i]->path.len == path.len
            && ngx_memcmp(list[i]->path.data, path.data, path.len) == 0)
        {
            k = list[i];
        }
    }

    if (k == NULL) {
        k = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_keys_t));
        list = ngx_array_push(&mcf->keys);

        if (k == NULL || list == NULL) {
            return NGX_CONF_ERROR;
        }

        k->path = path;
        k->pool = cf->pool;
        *list = k;

        if (ngx_live_origin_keys_read(cf, value, k) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if ((k->keys.uses & uses) == 0) {
        return ngx_live_origin_keys_bad(cf, value, 0, "no key or token has "
                                        "the use %s", words);
    }

    *keys = k;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_live_origin_is_off(ngx_str_t *value)
{
    return value->len == 3 && ngx_strncmp(value->data, "off", 3) == 0;
}


char *
ngx_live_origin_publish_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                   *value;
    ngx_live_origin_loc_conf_t  *lcf = conf;

    value = cf->args->elts;

    if (lcf->publish_auth != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    if (ngx_live_origin_is_off(&value[1])) {
        lcf->publish_auth = NULL;
        return NGX_CONF_OK;
    }

    return ngx_live_origin_keys(cf, &value[1], LO_USE_PUBLISH, "\"publish\"",
                                &lcf->publish_auth);
}


char *
ngx_live_origin_api_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                   *value;
    ngx_live_origin_loc_conf_t  *lcf = conf;

    value = cf->args->elts;

    if (lcf->api_auth != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    if (ngx_live_origin_is_off(&value[1])) {
        lcf->api_auth = NULL;
        return NGX_CONF_OK;
    }

    return ngx_live_origin_keys(cf, &value[1], LO_USE_API|LO_USE_API_READ,
                                "\"api\" or \"api_read\"", &lcf->api_auth);
}


/* RFC 6265: a token */

static ngx_uint_t
ngx_live_origin_cookie_ok(ngx_str_t *name)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.'))
        {
            return 0;
        }
    }

    return name->len > 0;
}


static char *
ngx_live_origin_serve_param(ngx_conf_t *cf, ngx_str_t *param,
    ngx_live_origin_serve_auth_t *auth)
{
    ngx_str_t  name;

    if (ngx_strncmp(param->data, "cookie=", 7) == 0) {
        auth->cookie.len = param->len - 7;
        auth->cookie.data = param->data + 7;

        return ngx_live_origin_cookie_ok(&auth->cookie) ? NGX_CONF_OK
               : ngx_live_origin_bad(cf, param, "cookie=NAME, of letters, "
                                     "digits, \".\", \"-\" and \"_\"");
    }

    if (ngx_strncmp(param->data, "country=$", 9) == 0 && param->len > 9) {
        name.len = param->len - 9;
        name.data = param->data + 9;

        auth->country = ngx_http_get_variable_index(cf, &name);

        return auth->country == NGX_ERROR ? NGX_CONF_ERROR : NGX_CONF_OK;
    }

    if (ngx_strcmp(param->data, "shared") == 0) {
        auth->shared = 1;
        return NGX_CONF_OK;
    }

    return ngx_live_origin_bad(cf, param, "cookie=NAME, country=$VARIABLE "
                               "and shared");
}


char *
ngx_live_origin_serve_auth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                     *value;
    ngx_uint_t                     i;
    ngx_live_origin_main_conf_t   *mcf;
    ngx_live_origin_loc_conf_t    *lcf = conf;
    ngx_live_origin_serve_auth_t  *auth;

    value = cf->args->elts;

    if (lcf->serve_auth != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    lcf->serve_auth = NULL;

    if (ngx_live_origin_is_off(&value[1])) {
        return cf->args->nelts == 2 ? NGX_CONF_OK
               : ngx_live_origin_bad(cf, &value[2], "nothing behind off");
    }

    auth = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_serve_auth_t));
    if (auth == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&auth->cookie, "live_origin_token");
    auth->country = NGX_ERROR;

    if (ngx_live_origin_keys(cf, &value[1], LO_USE_SERVE, "\"serve\"",
                             &auth->keys)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_live_origin_serve_param(cf, &value[i], auth) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_live_origin_module);
    mcf->tokens = 1;
    lcf->serve_auth = auth;

    return NGX_CONF_OK;
}


char *
ngx_live_origin_api_allow(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    lo_net_t                    *net;
    lo_err_t                     err;
    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_live_origin_allow_t     *allow;
    ngx_live_origin_loc_conf_t  *lcf = conf;

    value = cf->args->elts;
    allow = lcf->api_allow;

    if (allow == NGX_CONF_UNSET_PTR) {
        allow = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_allow_t));

        if (allow == NULL
            || ngx_array_init(&allow->nets, cf->pool, 4, sizeof(lo_net_t))
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        lcf->api_allow = allow;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "all") == 0) {
            allow->all = 1;
            continue;
        }

        if (ngx_strcmp(value[i].data, "unix:") == 0) {
            allow->local = 1;
            continue;
        }

        net = ngx_array_push(&allow->nets);
        if (net == NULL) {
            return NGX_CONF_ERROR;
        }

        if (lo_net_parse(net, ngx_live_origin_lo_str(&value[i]), &err)
            != LO_OK)
        {
            return ngx_live_origin_bad(cf, &value[i], "networks like "
                                       "192.0.2.0/24 and 2001:db8::/32, "
                                       "\"unix:\" and \"all\"");
        }
    }

    return NGX_CONF_OK;
}
