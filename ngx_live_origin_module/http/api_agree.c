/*
 * An operator's change of an event's live state.  Other nodes agree to it
 * first, as far as they can be asked, so that no publisher's request on one of
 * them is faster and takes it back; for a second at most, then it is made here
 * and handed on.  The request waits meanwhile: it holds one count of its own,
 * and the timer goes with it.
 */

#include "http/api.h"


#define NGX_LIVE_ORIGIN_API_AGREE  1000        /* ms, until it is made alone */
#define NGX_LIVE_ORIGIN_API_RETRY  10          /* ms */


typedef struct {
    ngx_http_request_t           *request;
    ngx_live_origin_api_ask_t    *ask;
    ngx_uint_t                    index;       /* of the event */
    ngx_live_origin_change_pt     change;
    void                         *data;
    ngx_live_origin_api_done_pt   done;
    ngx_msec_t                    since;
    ngx_event_t                   timer;
} ngx_live_origin_api_agree_t;


static void ngx_live_origin_api_agree_again(ngx_event_t *ev);


/* NGX_AGAIN: the timer goes; else what the request ends with */

static ngx_int_t
ngx_live_origin_api_agree_try(ngx_live_origin_api_agree_t *a)
{
    int                         rc;
    ngx_live_origin_event_t    *event;
    ngx_live_origin_api_ask_t  *ask;

    ask = a->ask;
    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL || event->index != a->index) {
        return a->done(a->request, ask, LO_NONE, a->data);
    }

    rc = ngx_live_origin_event_agree(ask->zone, event, a->change, a->data);

    if (rc == LO_AGAIN
        && ngx_current_msec - a->since < NGX_LIVE_ORIGIN_API_AGREE)
    {
        ngx_add_timer(&a->timer, NGX_LIVE_ORIGIN_API_RETRY);
        return NGX_AGAIN;
    }

    if (rc == LO_AGAIN) {
        rc = ngx_live_origin_event_change(ask->zone, event, a->change,
                                          a->data);
    }

    return a->done(a->request, ask, rc, a->data);
}


static void
ngx_live_origin_api_agree_again(ngx_event_t *ev)
{
    ngx_int_t                     rc;
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_live_origin_api_agree_t  *a = ev->data;

    r = a->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    rc = ngx_live_origin_api_agree_try(a);

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
        ngx_http_run_posted_requests(c);
    }
}


static void
ngx_live_origin_api_agree_cleanup(void *data)
{
    ngx_live_origin_api_agree_t  *a = data;

    if (a->timer.timer_set) {
        ngx_del_timer(&a->timer);
    }
}


ngx_int_t
ngx_live_origin_api_agree(ngx_http_request_t *r,
    ngx_live_origin_api_ask_t *ask, ngx_live_origin_change_pt change,
    void *data, ngx_live_origin_api_done_pt done)
{
    ngx_int_t                     rc;
    ngx_http_cleanup_t           *cln;
    ngx_live_origin_event_t      *event;
    ngx_live_origin_api_agree_t  *a;

    event = ngx_live_origin_event_find(ask->zone, ask->id);

    if (event == NULL) {
        return ngx_live_origin_api_unknown(r);
    }

    a = ngx_pcalloc(r->pool, sizeof(ngx_live_origin_api_agree_t));
    cln = a ? ngx_http_cleanup_add(r, 0) : NULL;

    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_live_origin_api_agree_cleanup;
    cln->data = a;

    a->request = r;
    a->ask = ask;
    a->index = event->index;
    a->change = change;
    a->data = data;
    a->done = done;
    a->since = ngx_current_msec;
    a->timer.handler = ngx_live_origin_api_agree_again;
    a->timer.data = a;
    a->timer.log = r->connection->log;

    rc = ngx_live_origin_api_agree_try(a);

    if (rc == NGX_AGAIN) {
        r->main->count++;
        return NGX_DONE;
    }

    return rc;
}
