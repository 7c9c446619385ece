/* live_origin_shed */

#include "http/module.h"


void
ngx_live_origin_shed_defaults(lo_shed_conf_t *shed)
{
    /* a parameter is never 0; "on" is 1, and 2 for "off" until here */

    shed->on = shed->on != 2;
    shed->over = shed->over ? shed->over : 100;
    shed->queue = shed->queue ? shed->queue : 64;
    shed->lag_us = shed->lag_us ? shed->lag_us : 100000;
    shed->edge_us = shed->edge_us ? shed->edge_us : 20 * LO_USEC;
}


/* the value of NAME=VALUE in min to max, 0: it is none */

static ngx_int_t
ngx_live_origin_shed_value(ngx_str_t *param, const char *name, ngx_uint_t time,
    ngx_int_t min, ngx_int_t max)
{
    size_t     len;
    ngx_int_t  n;
    ngx_str_t  v;

    len = ngx_strlen(name);

    if (param->len <= len || ngx_strncmp(param->data, name, len) != 0) {
        return 0;
    }

    v.data = param->data + len;
    v.len = param->len - len;

    if (name[0] == 'o' && v.data[v.len - 1] == '%') {
        v.len--;
    }

    n = time ? ngx_parse_time(&v, 0) : ngx_atoi(v.data, v.len);

    return n < min || n > max ? 0 : n;
}


char *
ngx_live_origin_shed_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t       *value;
    ngx_int_t        lag, over, edge, queue;
    ngx_uint_t       i;
    lo_shed_conf_t  *shed;

    shed = &((ngx_live_origin_main_conf_t *) conf)->shed;

    if (shed->on) {
        return "is duplicate";
    }

    value = cf->args->elts;

    shed->on = 1;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        shed->on = 2;
        return NGX_CONF_OK;
    }

    i = ngx_strcmp(value[1].data, "on") == 0 ? 2 : 1;

    for ( /* void */ ; i < cf->args->nelts; i++) {

        lag = ngx_live_origin_shed_value(&value[i], "lag=", 1, 5, 10000);
        over = ngx_live_origin_shed_value(&value[i], "over=", 0, 1, 100);
        edge = ngx_live_origin_shed_value(&value[i], "edge=", 1, 1000,
                                          3600000);
        queue = ngx_live_origin_shed_value(&value[i], "queue=", 0, 1, 1000000);

        if (!lag && !over && !edge && !queue) {
            return ngx_live_origin_bad(cf, &value[i], "on, off, lag=5ms to "
                                       "lag=10s, over=1% to over=100%, "
                                       "edge=1s to edge=1h and "
                                       "queue=1 to queue=1000000");
        }

        shed->lag_us = lag ? lag * 1000 : shed->lag_us;
        shed->over = over ? (uint32_t) over * 10 : shed->over;
        shed->edge_us = edge ? (int64_t) edge * 1000 : shed->edge_us;
        shed->queue = queue ? (uint32_t) queue : shed->queue;
    }

    return NGX_CONF_OK;
}
