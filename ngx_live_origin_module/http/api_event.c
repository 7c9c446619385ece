/* what the API asks of one event, and does to it */

#include "http/api.h"


ngx_int_t
ngx_live_origin_api_event_status(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    return ngx_live_origin_api_json(r, NGX_HTTP_OK,
                                    ngx_live_origin_api_event(ask->zone,
                                                              event));
}


ngx_int_t
ngx_live_origin_api_end(ngx_http_request_t *r, ngx_live_origin_api_ask_t *ask)
{
    ngx_live_origin_event_t  *event;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    switch (ngx_live_origin_event_end(ask->zone, event->index)) {

    case LO_OK:
        return ngx_live_origin_api_event_status(r, ask);

    case LO_NONE:
        return ngx_live_origin_api_unknown(r);

    default:
        return ngx_live_origin_api_error(r, NGX_HTTP_INSUFFICIENT_STORAGE,
                                         "no room in the zone", NULL);
    }
}
