/*
 * What directives of several subjects have between them: each bad value is
 * one line that names the directive, the value and what is allowed.
 */

#include "http/module.h"


typedef struct {
    ngx_str_t                  name;       /* of the directive */
    ngx_uint_t                 offset;
    ngx_msec_t                 min;
    ngx_msec_t                 max;
    const char                *allowed;
} ngx_live_origin_time_range_t;


static const ngx_live_origin_time_range_t  ngx_live_origin_times[] = {

    { ngx_string("live_origin_hold"),
      offsetof(ngx_live_origin_loc_conf_t, hold),
      0, 60000, "0 (off) to 60s" },

    { ngx_string("live_origin_write_deadline"),
      offsetof(ngx_live_origin_loc_conf_t, write_deadline),
      1, 60000, "1ms to 60s" },

    { ngx_string("live_origin_read_deadline"),
      offsetof(ngx_live_origin_loc_conf_t, read_deadline),
      1, 60000, "1ms to 60s" },

    { ngx_null_string, 0, 0, 0, NULL }
};


char *
ngx_live_origin_bad(ngx_conf_t *cf, ngx_str_t *value, const char *allowed)
{
    ngx_str_t  *args;

    args = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" of \"%V\", allowed: %s",
                       value, &args[0], allowed);

    return NGX_CONF_ERROR;
}


char *
ngx_live_origin_set_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t                            ms;
    ngx_str_t                           *value;
    ngx_msec_t                          *field;
    const ngx_live_origin_time_range_t  *range;

    for (range = ngx_live_origin_times; range->offset != cmd->offset; range++)
    {
        /* void */
    }

    value = cf->args->elts;
    field = (ngx_msec_t *) (p + cmd->offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    ms = ngx_parse_time(&value[1], 0);

    if (ms == NGX_ERROR || (ngx_msec_t) ms < range->min
        || (ngx_msec_t) ms > range->max)
    {
        return ngx_live_origin_bad(cf, &value[1], range->allowed);
    }

    *field = ms;

    return NGX_CONF_OK;
}


char *
ngx_live_origin_set_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    off_t                        size;
    ngx_str_t                   *value;
    ngx_live_origin_loc_conf_t  *lcf = conf;

    value = cf->args->elts;

    if (lcf->max_segment != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    size = ngx_parse_offset(&value[1]);

    if (size < 1024 || size > 1024 * 1024 * 1024) {
        return ngx_live_origin_bad(cf, &value[1], "1k to 1g");
    }

    lcf->max_segment = size;

    return NGX_CONF_OK;
}
