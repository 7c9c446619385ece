/*
 * The directive live_origin_purge.
 */

#include "http/purge.h"


static const char *
ngx_live_origin_purge_vars[] = { "$event", "$track", "$number", "$key" };


const char *
ngx_live_origin_purge_var(const u_char *p, const u_char *last)
{
    size_t      n;
    ngx_uint_t  i;

    for (i = 0; i < 4; i++) {

        n = ngx_strlen(ngx_live_origin_purge_vars[i]);

        if ((size_t) (last - p) >= n
            && ngx_strncmp(p, ngx_live_origin_purge_vars[i], n) == 0)
        {
            return ngx_live_origin_purge_vars[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_live_origin_purge_path(ngx_live_origin_purge_t *purge)
{
    u_char      *p, *last;
    const char  *var;

    p = purge->path.data;
    last = p + purge->path.len;

    for ( /* void */ ; p < last; p++) {

        if (*p <= ' ' || *p >= 0x7f) {
            return 0;
        }

        if (*p != '$') {
            continue;
        }

        var = ngx_live_origin_purge_var(p, last);

        if (var == NULL) {
            return 0;
        }

        purge->numbers |= ngx_strcmp(var, "$number") == 0;
    }

    return 1;
}


static ngx_uint_t
ngx_live_origin_purge_method(ngx_live_origin_purge_t *purge, ngx_str_t *value)
{
    size_t  i;

    if (value->len < 8 || value->len > 7 + 16
        || ngx_strncmp(value->data, "method=", 7) != 0)
    {
        return 0;
    }

    purge->method.len = value->len - 7;
    purge->method.data = value->data + 7;

    for (i = 0; i < purge->method.len; i++) {
        if (purge->method.data[i] < 'A' || purge->method.data[i] > 'Z') {
            return 0;
        }
    }

    return 1;
}


char *
ngx_live_origin_purge_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    u_char                       *slash;
    ngx_str_t                    *value;
    ngx_url_t                     u;
    ngx_live_origin_purge_t      *purge;
    ngx_live_origin_main_conf_t  *mcf = conf;

    if (mcf->purge) {
        return "is duplicate";
    }

    value = cf->args->elts;

    purge = ngx_pcalloc(cf->pool, sizeof(ngx_live_origin_purge_t));
    if (purge == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&purge->method, "PURGE");
    purge->url = value[1];
    ngx_queue_init(&purge->queue);

    if (cf->args->nelts == 3
        && !ngx_live_origin_purge_method(purge, &value[2]))
    {
        return ngx_live_origin_bad(cf, &value[2], "method=METHOD of up to 16 "
                                   "letters A-Z");
    }

    slash = value[1].len > 7
            ? ngx_strlchr(value[1].data + 7, value[1].data + value[1].len, '/')
            : NULL;

    if (slash == NULL || slash == value[1].data + 7
        || ngx_strncasecmp(value[1].data, (u_char *) "http://", 7) != 0)
    {
        return ngx_live_origin_bad(cf, &value[1], "http://HOST[:PORT]/PATH");
    }

    purge->host.data = value[1].data + 7;
    purge->host.len = slash - purge->host.data;
    purge->path.data = slash;
    purge->path.len = value[1].data + value[1].len - slash;

    if (!ngx_live_origin_purge_path(purge)) {
        return ngx_live_origin_bad(cf, &value[1], "http://HOST[:PORT]/PATH, "
                                   "with $event, $track, $number and $key in "
                                   "the path");
    }

    ngx_memzero(&u, sizeof(ngx_url_t));
    u.url = purge->host;
    u.default_port = 80;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        return ngx_live_origin_bad(cf, &value[1], "http://HOST[:PORT]/PATH, "
                                   "where HOST is an address, or a name that "
                                   "resolves");
    }

    purge->addrs = u.addrs;
    purge->naddrs = u.naddrs;
    mcf->purge = purge;

    return NGX_CONF_OK;
}
