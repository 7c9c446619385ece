/*
 * The class of devices that a request is of: by its argument, by
 * live_origin_device, or the default of the devices document.
 */

#include "http/class.h"
#include "http/window.h"


/* of the argument; NULL: there is none, or *rc: it names none that there is */

static const lo_device_t *
ngx_live_origin_class_asked(ngx_http_request_t *r,
    const lo_devices_t *devices, lo_err_t *err, ngx_int_t *rc)
{
    int                 given;
    lo_str_t            value;
    const lo_device_t  *device;

    given = ngx_live_origin_args_any(r)
            ? ngx_live_origin_arg_text(r, "device", &value, err) : LO_NONE;

    if (given == LO_NONE) {
        return NULL;
    }

    device = given == LO_OK && devices ? lo_device_find(devices, value)
                                       : NULL;

    if (device == NULL) {
        *rc = NGX_ERROR;
    }

    if (device == NULL && given == LO_OK) {
        lo_err(err, devices ? "device: the devices document has none of this "
                              "id"
                            : "device: there is no devices document");
    }

    return device;
}


const lo_device_t *
ngx_live_origin_class_device(ngx_http_request_t *r, const lo_class_t *old,
    lo_err_t *err, ngx_int_t *rc, ngx_uint_t *own)
{
    ngx_str_t                     value;
    const lo_device_t            *device;
    const lo_devices_t           *devices;
    ngx_live_origin_loc_conf_t   *lcf;
    ngx_live_origin_main_conf_t  *mcf;

    *rc = NGX_OK;
    mcf = ngx_http_get_module_main_conf(r, ngx_live_origin_module);
    devices = mcf->classes->devices;

    device = old && old->device[0] && devices
             ? lo_device_find(devices, lo_cstr(old->device))
             : ngx_live_origin_class_asked(r, devices, err, rc);

    if (device || *rc != NGX_OK) {
        return device;
    }

    if (devices == NULL) {
        return NULL;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_live_origin_module);

    if (lcf->device) {

        if (ngx_http_complex_value(r, lcf->device, &value) != NGX_OK) {
            *rc = NGX_ERROR;
            lo_err(err, "no memory");
            return NULL;
        }

        /* an unknown one is no fault of the viewer's */

        *own = 1;
        device = lo_device_find(devices, ngx_live_origin_lo_str(&value));

        if (device) {
            return device;
        }
    }

    return devices->fallback < devices->n
           ? &devices->devices[devices->fallback] : NULL;
}
