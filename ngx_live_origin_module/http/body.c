/*
 * The body of a PUT, as it arrives.
 *
 * whole    one segment: bytes go straight to the zone's pages, those of a
 *          Content-Length body are received into them
 * else     a header comes first, or it is a stream of fragments: bytes of a
 *          fragment's head wait in u->pending until its moof has said which
 *          piece it belongs to
 */

#include "http/publish.h"


#define NGX_LIVE_ORIGIN_SPARE  64          /* pieces of a worker */


void
ngx_live_origin_body_exit(ngx_live_origin_zone_t *zone)
{
    ngx_live_origin_piece_t  *piece;

    while (zone->spare) {
        piece = zone->spare;
        zone->spare = piece->next;

        XXH3_freeState(piece->xxh);
        free(piece);
    }

    zone->nspare = 0;
}


static ngx_live_origin_piece_t *
ngx_live_origin_piece_create(ngx_live_origin_zone_t *zone)
{
    XXH3_state_t             *xxh;
    ngx_live_origin_piece_t  *piece;

    piece = zone->spare;

    if (piece) {
        zone->spare = piece->next;
        zone->nspare--;

        xxh = piece->xxh;
        ngx_memzero(piece, sizeof(ngx_live_origin_piece_t));

    } else {
        piece = calloc(1, sizeof(ngx_live_origin_piece_t));
        if (piece == NULL) {
            return NULL;
        }

        xxh = XXH3_createState();
        if (xxh == NULL) {
            free(piece);
            return NULL;
        }
    }

    piece->xxh = xxh;
    XXH3_128bits_reset(xxh);

    return piece;
}


void
ngx_live_origin_piece_free(ngx_live_origin_upload_t *u,
    ngx_live_origin_piece_t *piece)
{
    if (piece->up.word) {
        lo_zone_upload_abort(u->zone->z, &piece->up);
    }

    if (piece->announced) {
        ngx_live_origin_hold_publish(u->zone, piece->ring);
    }

    ngx_live_origin_share_leave(piece);

    if (u->zone->nspare < NGX_LIVE_ORIGIN_SPARE) {
        piece->next = u->zone->spare;
        u->zone->spare = piece;
        u->zone->nspare++;

        return;
    }

    XXH3_freeState(piece->xxh);
    free(piece);
}


ngx_uint_t
ngx_live_origin_body_open(ngx_live_origin_upload_t *u, uint64_t size)
{
    ngx_uint_t                status;
    ngx_live_origin_piece_t  *piece;

    status = ngx_live_origin_place_event(u);
    if (status) {
        return status;
    }

    piece = ngx_live_origin_piece_create(u->zone);
    if (piece == NULL) {
        return ngx_live_origin_say(u, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "no memory");
    }

    if (lo_zone_upload(u->zone->z, &piece->up, u->index, LO_KIND_SEGMENT, size)
        != LO_OK)
    {
        piece->up.word = 0;
        ngx_live_origin_piece_free(u, piece);

        return ngx_live_origin_say(u, NGX_HTTP_INSUFFICIENT_STORAGE,
                                   "no room in the zone");
    }

    piece->first_us = ngx_live_origin_wall();
    u->open = piece;

    return 0;
}


void
ngx_live_origin_body_close(ngx_live_origin_upload_t *u)
{
    XXH128_canonical_t        c;
    ngx_live_origin_piece_t  *piece;

    piece = u->open;
    u->open = NULL;

    if (piece == NULL) {
        return;
    }

    if (piece->chunks == 0) {
        ngx_live_origin_piece_free(u, piece);
        return;
    }

    XXH128_canonicalFromHash(&c, XXH3_128bits_digest(piece->xxh));
    ngx_memcpy(piece->digest, c.digest, 16);

    piece->last_us = ngx_live_origin_wall();
    piece->done_us = ngx_live_origin_deadline_start(u);

    ngx_queue_insert_tail(&u->done, &piece->queue);
}


static ngx_uint_t
ngx_live_origin_body_write(ngx_live_origin_upload_t *u, u_char *p, size_t n)
{
    ngx_live_origin_piece_t  *piece;

    piece = u->open;

    if ((off_t) (piece->up.size + n) > u->max) {
        return ngx_live_origin_limit_size(u);
    }

    XXH3_128bits_update(piece->xxh, p, n);

    if (p == u->room) {
        lo_zone_upload_add(u->zone->z, &piece->up, n);
        u->room += n;

        return 0;
    }

    if (lo_zone_upload_write(u->zone->z, &piece->up, p, n) != LO_OK) {
        return ngx_live_origin_say(u, NGX_HTTP_INSUFFICIENT_STORAGE,
                                   "no room in the zone");
    }

    return 0;
}


/* the body's bytes up to an offset go to the open piece, or nowhere */

ngx_uint_t
ngx_live_origin_body_take(ngx_live_origin_upload_t *u, uint64_t upto)
{
    size_t      n;
    ngx_uint_t  status;

    if (u->npending && upto > u->written) {

        n = ngx_min(upto - u->written, u->npending);

        if (u->open) {
            status = ngx_live_origin_body_write(u, u->pending, n);
            if (status) {
                return status;
            }
        }

        ngx_memmove(u->pending, u->pending + n, u->npending - n);
        u->npending -= n;
        u->written += n;
    }

    if (upto > u->written && upto > u->span_at) {

        n = upto - u->written;

        if (u->open) {
            status = ngx_live_origin_body_write(u, u->span
                                                   + (u->written - u->span_at),
                                                n);
            if (status) {
                return status;
            }
        }

        u->written = upto;
    }

    return 0;
}


static ngx_uint_t
ngx_live_origin_body_keep(ngx_live_origin_upload_t *u)
{
    size_t   n, size;
    u_char  *p;

    n = u->span_at + u->span_len - u->written;

    if (n == u->npending) {
        return 0;
    }

    if (n > u->pending_size) {

        size = ngx_max(2 * u->pending_size, 4096);

        while (size < n) {
            size *= 2;
        }

        if (size > 4 * LO_CMAF_HEADER_MAX) {
            return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                                       "a fragment's header is too large");
        }

        p = realloc(u->pending, size);
        if (p == NULL) {
            return ngx_live_origin_say(u, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                       "no memory");
        }

        u->pending = p;
        u->pending_size = size;
    }

    ngx_memcpy(u->pending + u->npending,
               u->span + (u->span_len - (n - u->npending)), n - u->npending);
    u->npending = n;

    return 0;
}


/* what the first bytes say about the body */

static ngx_uint_t
ngx_live_origin_body_start(ngx_live_origin_upload_t *u, u_char *data,
    size_t len)
{
    int                       i;
    off_t                     n;
    ngx_http_request_t       *r;
    ngx_live_origin_event_t  *e;
    const lo_live_init_t     *init;

    r = u->request;

    lo_cmaf_reader(&u->reader, &ngx_live_origin_fragments, u, NULL);
    u->started = 1;

    e = u->index < 0 ? NULL : ngx_live_origin_event_get(u->zone, u->index);

    if (e) {
        i = lo_live_track(e->live, u->ctx->name.track);
        init = i < 0 ? NULL : ngx_live_origin_place_known(u, e->live, i);

        if (init) {
            u->init = init->info;
            u->reader.init = &u->init;
        }
    }

    if (u->ctx->name.kind == LO_NAME_STREAM) {
        u->split = 1;
        return 0;
    }

    /* what an event is not made by is refused once it is known what it is */

    if (u->index < 0 || len < 8 || ngx_memcmp(data + 4, "ftyp", 4) == 0
        || ngx_memcmp(data + 4, "moov", 4) == 0)
    {
        return 0;
    }

    n = r->headers_in.content_length_n;

    u->whole = 1;
    u->direct = n > 0 && !r->headers_in.chunked;
#if (NGX_HTTP_V2)
    u->direct = u->direct && r->stream == NULL;
#endif

    return ngx_live_origin_body_open(u, n > 0 ? n : 0);
}


ngx_uint_t
ngx_live_origin_body_span(ngx_live_origin_upload_t *u, u_char *data,
    size_t len)
{
    int          rc;
    lo_err_t     err;
    ngx_uint_t   status;

    u->zone->cells[NGX_LIVE_ORIGIN_CELL_BYTES_IN] += len;

    if (u->sha) {
        (void) EVP_DigestUpdate(u->sha, data, len);
    }

    if (!u->started) {
        status = ngx_live_origin_body_start(u, data, len);
        if (status) {
            return status;
        }
    }

    u->span = data;
    u->span_at = u->received;
    u->span_len = len;
    u->received += len;

    rc = lo_cmaf_feed(&u->reader, data, len, &err);

    if (rc == LO_ERROR || rc == LO_NONE) {
        return u->status ? u->status
                         : ngx_live_origin_say(u, rc == LO_NONE
                                              ? NGX_HTTP_UNSUPPORTED_MEDIA_TYPE
                                              : NGX_HTTP_BAD_REQUEST, "%s",
                                              err.text);
    }

    if (u->whole) {
        return ngx_live_origin_body_write(u, data, len);
    }

    if (u->in_mdat) {
        status = ngx_live_origin_body_take(u, u->received);
        if (status) {
            return status;
        }
    }

    return ngx_live_origin_body_keep(u);
}


ngx_uint_t
ngx_live_origin_body_end(ngx_live_origin_upload_t *u)
{
    lo_err_t      err;
    unsigned      n;
    u_char        sha[EVP_MAX_MD_SIZE];

    if (u->sha
        && (EVP_DigestFinal_ex(u->sha, sha, &n) != 1
            || ngx_memcmp(sha, u->sha_want, 32) != 0))
    {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST,
                                   "the body does not have the SHA-256 that "
                                   "its Content-Digest says");
    }

    if (u->started && lo_cmaf_end(&u->reader, &err) != LO_OK) {
        return ngx_live_origin_say(u, NGX_HTTP_BAD_REQUEST, "%s", err.text);
    }

    ngx_live_origin_body_close(u);

    return 0;
}


/*
 * A stream of audio is not read on before d is known: pieces that were cut
 * blindly would lie off every grid.
 */

ngx_uint_t
ngx_live_origin_body_blind(ngx_live_origin_upload_t *u)
{
    ngx_live_origin_event_t  *e;

    if (!u->early || u->drain || u->open == NULL || u->open->chunks == 0
        || u->init.type == LO_MEDIA_VIDEO)
    {
        return 0;
    }

    e = ngx_live_origin_event_get(u->zone, u->index);

    return e && e->live->d.duration == 0;
}


u_char *
ngx_live_origin_body_room(ngx_live_origin_upload_t *u, size_t *len)
{
    u_char  *p;

    u->room = NULL;

    if (!u->direct || u->drain || u->open == NULL
        || lo_zone_upload_room(u->zone->z, &u->open->up, &p, len) != LO_OK)
    {
        return NULL;
    }

    u->room = p;

    return p;
}


void
ngx_live_origin_body_free(ngx_live_origin_upload_t *u)
{
    ngx_queue_t              *q;
    ngx_live_origin_piece_t  *piece;

    if (u->open) {
        ngx_live_origin_piece_free(u, u->open);
        u->open = NULL;
    }

    while (!ngx_queue_empty(&u->done)) {
        q = ngx_queue_head(&u->done);
        piece = ngx_queue_data(q, ngx_live_origin_piece_t, queue);

        ngx_queue_remove(q);
        ngx_live_origin_piece_free(u, piece);
    }

    if (u->started) {
        lo_cmaf_reader_free(&u->reader);
        u->started = 0;
    }

    if (u->sha) {
        EVP_MD_CTX_free(u->sha);
        u->sha = NULL;
    }

    free(u->pending);
    u->pending = NULL;
    free(u->header);
    u->header = NULL;
}
