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


static ngx_uint_t
ngx_live_origin_conf_file_bad(ngx_live_origin_conf_err_t *e, ngx_err_t err,
    const char *fmt, ...)
{
    va_list  args;

    e->err = err;

    va_start(args, fmt);
    *ngx_vslprintf(e->why, e->why + NGX_LIVE_ORIGIN_CONF_WHY - 1, fmt, args)
        = '\0';
    va_end(args);

    return 0;
}


static ngx_uint_t
ngx_live_origin_conf_file_ok(ngx_file_info_t *fi, size_t max,
    ngx_uint_t secret, ngx_live_origin_conf_err_t *e)
{
    if (!ngx_is_file(fi)) {
        return ngx_live_origin_conf_file_bad(e, 0, "it is not a file");
    }

    if (secret && (fi->st_mode & S_IRWXO)) {
        return ngx_live_origin_conf_file_bad(e, 0, "its mode %d%d%d opens it "
                                             "to others than owner and group",
                                             (int) (fi->st_mode >> 6 & 7),
                                             (int) (fi->st_mode >> 3 & 7),
                                             (int) (fi->st_mode & 7));
    }

    if (ngx_file_size(fi) > (off_t) max) {
        return ngx_live_origin_conf_file_bad(e, 0, "it has more than %uz "
                                             "bytes", max);
    }

    return 1;
}


u_char *
ngx_live_origin_conf_file(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_uint_t secret, size_t *size, ngx_live_origin_conf_err_t *e)
{
    u_char           *data;
    ngx_file_t        file;
    ngx_file_info_t   fi;

    ngx_memzero(&file, sizeof(ngx_file_t));
    file.name = *path;
    file.log = cf->log;
    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_live_origin_conf_file_bad(e, ngx_errno, "it cannot be opened");
        return NULL;
    }

    data = NULL;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_live_origin_conf_file_bad(e, ngx_errno, "it cannot be read");

    } else if (ngx_live_origin_conf_file_ok(&fi, max, secret, e)) {

        *size = ngx_file_size(&fi);
        data = malloc(*size + 1);

        if (data == NULL
            || ngx_read_file(&file, data, *size, 0) != (ssize_t) *size)
        {
            ngx_live_origin_conf_file_bad(e, ngx_errno, "it cannot be read");
            free(data);
            data = NULL;
        }
    }

    ngx_close_file(file.fd);

    return data;
}
