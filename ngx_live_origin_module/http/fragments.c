/*
 * What the reader finds in a body: headers, and fragments, which become
 * pieces by the numbers that they belong to.
 */

#include "http/publish.h"


static int ngx_live_origin_body_init(void *data, uint64_t offset,
    const unsigned char *bytes, size_t size);
static int ngx_live_origin_body_moof(void *data, const lo_cmaf_chunk_t *chunk);
static int ngx_live_origin_body_chunk(void *data,
    const lo_cmaf_chunk_t *chunk);


const lo_cmaf_handler_t  ngx_live_origin_fragments = {
    ngx_live_origin_body_init,
    ngx_live_origin_body_moof,
    ngx_live_origin_body_chunk
};


/*
 * Where the slot of the open piece ends, in media time.  Before anything was
 * placed only the distance counts: the piece's own beginning makes the grid.
 */

static ngx_uint_t
ngx_live_origin_body_slot(ngx_live_origin_upload_t *u, int64_t *end,
    ngx_uint_t *irregular)
{
    int64_t                   m, n, now, utc;
    lo_anchor_t               a;
    const lo_live_t          *l;
    ngx_live_origin_event_t  *e;

    e = u->index < 0 ? NULL : ngx_live_origin_event_get(u->zone, u->index);

    if (e == NULL || e->live->d.duration == 0 || u->init.timescale == 0) {
        return 0;
    }

    l = e->live;
    m = (int64_t) u->open->tfdt - u->init.edit;

    *irregular = l->irregular;

    if (u->anchored) {
        a = u->anchor;

    } else {
        a.offset = 0;
        a.scale = 1;
        a.pad = 0;

        now = ngx_live_origin_wall();
        utc = lo_timeline_utc_us(&a, m, u->init.timescale);

        if (utc - now > (int64_t) 86400 * LO_USEC
            || now - utc > (int64_t) 86400 * LO_USEC)
        {
            lo_timeline_anchor(&a, &l->d, m, u->init.timescale, 0);
        }
    }

    n = lo_timeline_number(&l->d, &a, m, u->init.timescale, NULL);
    *end = lo_timeline_media(&l->d, &a, n + 1, u->init.timescale);

    return 1;
}


/* whether media time m is, to half a sample, at or past the open slot's end */

static ngx_uint_t
ngx_live_origin_body_past(ngx_live_origin_upload_t *u, uint64_t tfdt,
    const lo_cmaf_chunk_t *chunk)
{
    int64_t     m, end, half;
    ngx_uint_t  irregular;

    if (!ngx_live_origin_body_slot(u, &end, &irregular)) {

        /* d is learned from video, whole groups of pictures */

        return u->init.type == LO_MEDIA_VIDEO
               || u->open->duration / 2 >= u->init.timescale;
    }

    if (irregular) {
        return u->init.type == LO_MEDIA_VIDEO
               || u->open->duration / 2 >= u->init.timescale;
    }

    half = chunk->samples ? chunk->duration / chunk->samples / 2 : 0;
    m = (int64_t) tfdt - u->init.edit;

    return m + half >= end;
}


/* in a stream, a tfdt of 32 bits has wrapped if it falls by half of them */

static uint64_t
ngx_live_origin_body_tfdt(ngx_live_origin_upload_t *u,
    const lo_cmaf_chunk_t *chunk)
{
    uint64_t  tfdt;

    tfdt = chunk->tfdt;

    if (chunk->tfdt32) {
        tfdt += u->wrapped;

        if (tfdt + ((uint64_t) 1 << 31) < u->last_tfdt) {
            tfdt += (uint64_t) 1 << 32;
            u->wrapped += (int64_t) 1 << 32;
        }
    }

    u->last_tfdt = tfdt;

    return tfdt;
}


void
ngx_live_origin_body_wrapped(ngx_live_origin_upload_t *u, int64_t more)
{
    if (more <= 0) {
        return;
    }

    u->wrapped += more;
    u->last_tfdt += more;

    if (u->open && u->open->chunks) {
        u->open->tfdt += more;
        u->open->end += more;
    }
}


static int
ngx_live_origin_body_init(void *data, uint64_t offset,
    const unsigned char *bytes, size_t size)
{
    int                        rc;
    lo_err_t                   err;
    ngx_live_origin_upload_t  *u = data;

    if (u->whole) {
        ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                            "a header behind the beginning of a segment");
        return LO_ERROR;
    }

    if (u->header && u->ctx->name.kind != LO_NAME_STREAM) {
        ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                            "two headers in one body");
        return LO_ERROR;
    }

    if (ngx_live_origin_body_take(u, offset)) {
        return LO_ERROR;
    }

    ngx_live_origin_body_close(u);

    rc = lo_cmaf_init(&u->init, bytes, size, &err);

    if (rc != LO_OK) {
        ngx_live_origin_say(u, rc == LO_NONE ? NGX_HTTP_UNSUPPORTED_MEDIA_TYPE
                                             : NGX_HTTP_BAD_REQUEST,
                            "%s", err.text);
        return LO_ERROR;
    }

    u->reader.init = &u->init;
    u->split = 1;
    u->wrapped = 0;
    u->last_tfdt = 0;

    if (ngx_live_origin_body_take(u, offset + size)) {
        return LO_ERROR;
    }

    if (u->early) {
        return ngx_live_origin_place_init(u, bytes, size) ? LO_ERROR : LO_OK;
    }

    /* nothing is seen of it before the body's end */

    free(u->header);
    u->header = malloc(size);

    if (u->header == NULL) {
        ngx_live_origin_say(u, NGX_HTTP_INTERNAL_SERVER_ERROR, "no memory");
        return LO_ERROR;
    }

    ngx_memcpy(u->header, bytes, size);
    u->header_len = size;

    return LO_OK;
}


/* where a chunk does not begin, to half a sample, where the last one ended */

static void
ngx_live_origin_body_seam(ngx_live_origin_piece_t *piece,
    const lo_cmaf_chunk_t *chunk, uint64_t tfdt)
{
    uint64_t  half;

    half = chunk->samples ? chunk->duration / chunk->samples / 2 : 0;

    if (tfdt > piece->end && tfdt - piece->end > half) {
        piece->holes += tfdt - piece->end;

    } else if (tfdt < piece->end && piece->end - tfdt > half) {
        piece->laps += piece->end - tfdt;
    }
}


static int
ngx_live_origin_body_moof(void *data, const lo_cmaf_chunk_t *chunk)
{
    uint64_t                   tfdt;
    ngx_live_origin_piece_t   *piece;
    ngx_live_origin_upload_t  *u = data;

    tfdt = ngx_live_origin_body_tfdt(u, chunk);

    if (u->open && u->open->chunks && u->split
        && (u->init.type != LO_MEDIA_VIDEO || chunk->sync)
        && ngx_live_origin_body_past(u, tfdt, chunk))
    {
        if (ngx_live_origin_body_take(u, chunk->offset)) {
            return LO_ERROR;
        }

        ngx_live_origin_body_close(u);
    }

    /* between the pieces nothing is kept */

    if (u->open == NULL) {
        if (ngx_live_origin_body_take(u, chunk->offset)
            || ngx_live_origin_body_open(u, 0))
        {
            return LO_ERROR;
        }
    }

    piece = u->open;

    if (piece->chunks == 0) {
        piece->tfdt = tfdt;
        piece->tfdt32 = chunk->tfdt32;
        piece->track_id = chunk->track_id;
        piece->prft_us = chunk->prft_us;
        piece->sync = chunk->sync;
        piece->slat = chunk->slat;

    } else if (chunk->track_id != piece->track_id) {
        ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                            "fragments of several tracks");
        return LO_ERROR;

    } else {
        ngx_live_origin_body_seam(piece, chunk, tfdt);
    }

    piece->end = tfdt + chunk->duration;
    piece->lmsg |= chunk->lmsg;
    piece->wrong_init |= u->init.entries && chunk->desc > u->init.entries;

    u->in_mdat = 1;

    return LO_OK;
}


static int
ngx_live_origin_body_chunk(void *data, const lo_cmaf_chunk_t *chunk)
{
    int64_t                    end, half;
    ngx_uint_t                 irregular;
    ngx_live_origin_piece_t   *piece;
    ngx_live_origin_upload_t  *u = data;

    u->in_mdat = 0;

    piece = u->open;
    piece->chunks++;
    piece->samples += chunk->samples;
    piece->duration += chunk->duration;
    piece->longest = ngx_max(piece->longest, chunk->duration);
    piece->media |= !chunk->empty;

    if (u->whole) {
        piece->chunked = chunk->offset + chunk->size;
        return LO_OK;
    }

    if (ngx_live_origin_body_take(u, chunk->offset + chunk->size)) {
        return LO_ERROR;
    }

    piece->chunked = piece->up.size;

    /* the number is complete: not to wait for the next fragment to say so */

    if (u->split && ngx_live_origin_body_slot(u, &end, &irregular)
        && !irregular)
    {
        half = chunk->samples ? chunk->duration / chunk->samples / 2 : 0;

        if ((int64_t) (piece->tfdt + piece->duration) - u->init.edit + half
            >= end)
        {
            ngx_live_origin_body_close(u);
        }
    }

    return LO_OK;
}
