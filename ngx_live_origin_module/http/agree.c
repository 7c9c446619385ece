/*
 * An upload that changes its event's live state, where other nodes have a say
 * in it.  Where 201 is a matter of this node alone, or may be if need be
 * (live_origin_ack), it waits for them for half of its deadline, and then goes
 * on by itself, with all that is left of it: what they decided meanwhile is
 * merged later.  Else it is refused when its time is over.
 */

#include "http/publish.h"


int
ngx_live_origin_agree_change(ngx_live_origin_upload_t *u,
    ngx_live_origin_event_t *event, ngx_live_origin_change_pt change,
    void *data)
{
    int  rc;

    rc = u->alone ? ngx_live_origin_event_change(u->zone, event, change, data)
                  : ngx_live_origin_event_agree(u->zone, event, change, data);

    if (rc != LO_AGAIN) {
        ngx_live_origin_agree_done(u);
    }

    return rc;
}


void
ngx_live_origin_agree_done(ngx_live_origin_upload_t *u)
{
    u->alone &= !u->early;
    u->agree_us = 0;
}


ngx_int_t
ngx_live_origin_agree_wait(ngx_live_origin_upload_t *u, int64_t since)
{
    int64_t                      now, max;
    ngx_uint_t                   strict;
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);
    strict = lcf->ack == NGX_LIVE_ORIGIN_ACK_REDIS && !lcf->ack_degrade;

    now = ngx_live_origin_mono();
    u->agree_us = u->agree_us ? u->agree_us : now;

    /* a stream has no deadline of its own */

    since = since && !u->early ? since : u->agree_us;

    max = strict && u->early ? NGX_LIVE_ORIGIN_BLIND
                             : ngx_live_origin_deadline_us(u);

    if (now - since < (strict ? max : max / 2)) {
        ngx_add_timer(&u->timer, NGX_LIVE_ORIGIN_RETRY);
        return NGX_AGAIN;
    }

    if (!strict) {
        u->alone = 1;
        return NGX_OK;
    }

    return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                               "other nodes have not agreed to it in time");
}
