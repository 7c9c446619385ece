/*
 * The directives of class.h.
 */

#include "http/access.h"
#include "http/class.h"


static char *
ngx_live_origin_devices_bad(ngx_conf_t *cf, ngx_str_t *value, ngx_err_t err,
    const lo_event_err_t *what)
{
    if (what) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid value \"%V\" of "
                           "\"live_origin_devices\", allowed: a devices "
                           "document; of this one: %s%s%s", value,
                           what->field, what->field[0] ? ": " : "",
                           what->err.text);

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, err, "invalid value \"%V\" of "
                           "\"live_origin_devices\", allowed: a devices "
                           "document of at most %d bytes that can be read",
                           value, LO_DEVICES_FILE_MAX);
    }

    return NGX_CONF_ERROR;
}


char *
ngx_live_origin_devices_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    int                           rc;
    size_t                        len;
    u_char                       *data;
    ngx_str_t                    *value, path;
    lo_event_err_t                err;
    ngx_live_origin_conf_err_t    e;
    ngx_live_origin_main_conf_t  *mcf = conf;

    value = cf->args->elts;
    path = value[1];

    if (mcf->classes->devices) {
        return "is duplicate";
    }

    if (path.len == 0) {
        return ngx_live_origin_devices_bad(cf, &value[1], 0, NULL);
    }

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    data = ngx_live_origin_conf_file(cf, &path, LO_DEVICES_FILE_MAX, 0, &len,
                                     &e);
    if (data == NULL) {
        return ngx_live_origin_devices_bad(cf, &value[1], e.err, NULL);
    }

    mcf->classes->devices = ngx_pcalloc(cf->pool, sizeof(lo_devices_t));

    if (mcf->classes->devices == NULL) {
        free(data);
        return NGX_CONF_ERROR;
    }

    rc = lo_devices_parse(mcf->classes->devices, data, len, &err);
    free(data);

    return rc == LO_OK ? NGX_CONF_OK
                       : ngx_live_origin_devices_bad(cf, &value[1], 0, &err);
}


char *
ngx_live_origin_device_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_live_origin_loc_conf_t  *lcf = conf;

    ngx_str_t                         *value;
    ngx_http_compile_complex_value_t   ccv;

    if (lcf->device != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    lcf->device = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (lcf->device == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));
    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = lcf->device;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


/* all keys of the file that may sign classes: of those that are good for an
   event the first one does, the others are still believed */

char *
ngx_live_origin_class_key_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    uint32_t                      i;
    ngx_str_t                    *value;
    const lo_keys_t              *keys;
    ngx_live_origin_classes_t    *classes;
    ngx_live_origin_main_conf_t  *mcf = conf;

    value = cf->args->elts;
    classes = mcf->classes;

    if (classes->keys) {
        return "is duplicate";
    }

    if (ngx_live_origin_keys(cf, &value[1], LO_USE_CLASS, "\"class\"",
                             &classes->keys)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    keys = &classes->keys->keys;

    for (i = 0; i < keys->n; i++) {
        if (keys->keys[i].uses & LO_USE_CLASS) {
            classes->sign[classes->nsign++] = keys->keys[i];
        }
    }

    return NGX_CONF_OK;
}
