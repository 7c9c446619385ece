/*
 * The write deadline of a segment: when its last byte came, and whether 201
 * can still be said in time.
 */

#include <netinet/tcp.h>

#include "http/publish.h"


#define NGX_LIVE_ORIGIN_BEHIND  20000       /* us */


/*
 * A worker that was kept from its event loop reads a body long after it has
 * come.  Only the kernel knows when that was, and it is asked only where the
 * worker may be late: every segment would pay for it else.
 */

static ngx_uint_t
ngx_live_origin_deadline_behind(ngx_live_origin_upload_t *u, int64_t now)
{
    return u->waited
           || now / 1000 - (int64_t) ngx_current_msec
              > NGX_LIVE_ORIGIN_BEHIND / 1000
           || ngx_live_origin_late(u->zone, now) > NGX_LIVE_ORIGIN_BEHIND;
}


int64_t
ngx_live_origin_deadline_start(ngx_live_origin_upload_t *u)
{
    int64_t          now;
    socklen_t        len;
    struct tcp_info  ti;

    now = ngx_live_origin_mono();

    if (u->early || !ngx_live_origin_deadline_behind(u, now)) {
        return now;
    }

    len = sizeof(struct tcp_info);

    if (getsockopt(u->request->connection->fd, IPPROTO_TCP, TCP_INFO, &ti,
                   &len)
        == -1)
    {
        return now;
    }

    return now - (int64_t) ti.tcpi_last_data_recv * 1000;
}


int64_t
ngx_live_origin_deadline_us(ngx_live_origin_upload_t *u)
{
    ngx_live_origin_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);

    return (int64_t) lcf->write_deadline * 1000;
}


/* where it would have belonged, if its event's state need not change for it */

static void
ngx_live_origin_deadline_note(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece)
{
    int64_t   number;
    unsigned  pipeline;

    if (ngx_live_origin_place_ahead(u, piece, &number, &pipeline) == NGX_OK) {
        ngx_live_origin_why_note(u->zone, piece->ring, number, pipeline,
                                 NGX_LIVE_ORIGIN_WHY_DEADLINE);
    }
}


/*
 * A stream has one answer for all its segments: who sends it cannot be told
 * to send one again, so there late is better than never.
 */

ngx_uint_t
ngx_live_origin_deadline_missed(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece)
{
    int64_t  us, max;

    if (u->early) {
        return 0;
    }

    us = ngx_live_origin_mono() - piece->done_us;
    max = ngx_live_origin_deadline_us(u);

    if (us <= max) {
        return 0;
    }

    ngx_live_origin_shed_count(u->zone, LO_SHED_PUBLISH, us, max);
    u->zone->cells[NGX_LIVE_ORIGIN_CELL_WRITE_MISSED]++;
    ngx_live_origin_deadline_note(u, piece);

    return ngx_live_origin_say(u, NGX_HTTP_SERVICE_UNAVAILABLE,
                               "the write deadline is missed, %lld ms behind "
                               "the last byte: live_origin_write_deadline is "
                               "%lld ms; nothing was published, send it again",
                               (long long) us / 1000, (long long) max / 1000);
}
