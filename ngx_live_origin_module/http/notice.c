/*
 * Live-Origin-Notice.  The value of the header is made once by a worker for a
 * live record, and again when a notice in it has expired.
 */

#include "http/module.h"


void
ngx_live_origin_notice_drop(ngx_live_origin_event_t *event)
{
    free(event->notice.data);
    ngx_str_null(&event->notice);
    event->notice_until = 0;
}


static ngx_int_t
ngx_live_origin_notice_make(ngx_live_origin_event_t *event, int64_t now)
{
    int64_t   until;
    lo_buf_t  b;

    ngx_live_origin_notice_drop(event);

    lo_buf_init(&b, NULL, 0);
    lo_notice_write(&b, &event->live->notices, now, &until);

    if (b.need) {
        event->notice.data = malloc(b.need);
        if (event->notice.data == NULL) {
            return NGX_ERROR;
        }

        event->notice.len = b.need;

        lo_buf_init(&b, event->notice.data, b.need);
        lo_notice_write(&b, &event->live->notices, now, &until);
    }

    event->notice_until = until;

    return NGX_OK;
}


/* a copy, as a log may read the header when the record is another already */

ngx_int_t
ngx_live_origin_notice(ngx_http_request_t *r, ngx_live_origin_event_t *event)
{
    u_char   *value;
    int64_t   now;

    now = ngx_live_origin_wall();

    if (now >= event->notice_until
        && ngx_live_origin_notice_make(event, now) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (event->notice.len == 0) {
        return NGX_OK;
    }

    value = ngx_pstrdup(r->pool, &event->notice);
    if (value == NULL) {
        return NGX_ERROR;
    }

    return ngx_live_origin_header(r, "Live-Origin-Notice", value,
                                  event->notice.len);
}
