/*
 * Early bytes, the publishing side: of a piece that is being received,
 * readers may have every chunk (moof and mdat) that is whole.
 */

#include "http/publish.h"


static ngx_uint_t
ngx_live_origin_announced(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece)
{
    int64_t   number;
    unsigned  pipeline;

    if (piece->tried) {
        return piece->announced;
    }

    piece->tried = 1;

    if (ngx_live_origin_place_ahead(u, piece, &number, &pipeline) == NGX_OK
        && lo_zone_announce(u->zone->z, piece->ring, number, pipeline,
                            &piece->up)
           == LO_OK)
    {
        piece->announced = 1;
    }

    return piece->announced;
}


/*
 * A body that is complete is about to be published.  What is seen only at
 * the body's end, with a header before it or behind a piece that waits for
 * its place, is not shown.
 */

void
ngx_live_origin_announce(ngx_live_origin_upload_t *u)
{
    ngx_live_origin_piece_t     *piece;
    ngx_live_origin_loc_conf_t  *lcf;

    piece = u->open;
    lcf = ngx_http_get_module_loc_conf(u->request, ngx_live_origin_module);

    if (!lcf->early_bytes || piece == NULL || piece->chunked == piece->shown
        || u->drain || !u->request->reading_body
        || (!u->whole && !u->early) || u->header || !ngx_queue_empty(&u->done)
        || !ngx_live_origin_announced(u, piece))
    {
        return;
    }

    piece->shown = piece->chunked;
    lo_zone_show(u->zone->z, &piece->up, piece->shown);

    ngx_live_origin_hold_publish(u->zone, piece->ring);
}
