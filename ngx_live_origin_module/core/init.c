/*
 * The CMAF header: a moov of one track, which init_track.c reads.
 */

#include "core/codec.h"
#include "core/init_int.h"


int
lo_init_walk(lo_init_t *in, const lo_span_t *body, lo_init_box_pt handler)
{
    int        rc;
    lo_box_t   box;
    lo_span_t  s;

    s = *body;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        rc = handler(in, &box);

        if (rc != LO_OK) {
            return rc;
        }
    }

    if (rc == LO_ERROR) {

        /* QuickTime ends a list of boxes with a zero word */

        if (lo_span_left(&s) == 4 && lo_be32(s.pos) == 0) {
            return LO_OK;
        }

        return lo_err(in->err, "a box in the header has an impossible size");
    }

    return LO_OK;
}


int
lo_init_short(lo_init_t *in, const lo_box_t *box)
{
    return lo_err(in->err, "%.4s is too short", (char *) box->start + 4);
}


static int
lo_init_mvhd(lo_init_t *in, const lo_box_t *box)
{
    size_t  left, at;

    left = lo_span_left(&box->body);
    at = left && lo_box_version(box) == 1 ? 20 : 12;

    if (left < at + 4) {
        return lo_init_short(in, box);
    }

    in->movie_timescale = lo_be32(box->body.pos + at);

    return LO_OK;
}


static int
lo_init_trex(lo_init_t *in, const lo_box_t *box)
{
    if (box->type != lo_fourcc('t', 'r', 'e', 'x')) {
        return LO_OK;
    }

    if (lo_span_left(&box->body) < 24) {
        return lo_init_short(in, box);
    }

    in->init->def_duration = lo_be32(box->body.pos + 12);
    in->init->def_size = lo_be32(box->body.pos + 16);
    in->init->def_flags = lo_be32(box->body.pos + 20);

    return LO_OK;
}


static int
lo_init_moov(lo_init_t *in, const lo_box_t *box)
{
    switch (box->type) {

    case lo_fourcc('m', 'v', 'h', 'd'):
        return lo_init_mvhd(in, box);

    case lo_fourcc('t', 'r', 'a', 'k'):
        in->tracks++;
        return in->tracks > 1 ? LO_OK
                              : lo_init_walk(in, &box->body, lo_init_trak);

    case lo_fourcc('m', 'v', 'e', 'x'):
        in->mvex = 1;
        return lo_init_walk(in, &box->body, lo_init_trex);

    default:
        return LO_OK;
    }
}


static int
lo_init_stsd(lo_init_t *in)
{
    int        rc, entries;
    lo_box_t   box;
    lo_span_t  s;

    if (lo_span_left(&in->stsd.body) < 8) {
        return lo_init_short(in, &in->stsd);
    }

    s.pos = in->stsd.body.pos + 8;
    s.end = in->stsd.body.end;
    entries = 0;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        if (entries++) {
            lo_codec_fold(in->init, box.start, box.body.end - box.start);
            continue;
        }

        rc = lo_codec_entry(in->init, &box, in->err);

        if (rc != LO_OK) {
            return rc;
        }
    }

    if (rc == LO_ERROR || entries == 0) {
        return lo_err(in->err, "stsd is malformed");
    }

    in->init->entries = (uint32_t) entries;

    return LO_OK;
}


static int
lo_init_none(lo_init_t *in, const char *why)
{
    (void) lo_err(in->err, "%s", why);

    return LO_NONE;
}


static int
lo_init_finish(lo_init_t *in)
{
    int              rc;
    int64_t          must[3];
    lo_cmaf_init_t  *init;

    init = in->init;

    if (in->tracks == 0) {
        return lo_err(in->err, "a header without a track");
    }

    if (in->tracks > 1) {
        return lo_init_none(in, "a header with several tracks: one track is "
                            "published under one name");
    }

    if (!in->mvex || in->samples) {
        return lo_init_none(in, "a header of a file that is not fragmented");
    }

    if (in->handler == 0 || in->stsd.start == NULL) {
        return lo_err(in->err, "a track without hdlr or stsd");
    }

    if (init->type == LO_MEDIA_NONE) {
        return lo_init_none(in, "neither video, audio nor text");
    }

    if (init->timescale == 0 || init->track_id == 0) {
        return lo_err(in->err, "timescale and track_ID must not be 0");
    }

    init->edit = in->media_time;

    if (in->empty && in->movie_timescale) {
        init->edit -= lo_rescale(in->empty, init->timescale,
                                 in->movie_timescale, LO_NEAREST);
    }

    /* an edit of more than a day is a mistake, and would wreck arithmetic */

    if (init->edit > 86400LL * init->timescale
        || init->edit < -86400LL * init->timescale)
    {
        return lo_err(in->err, "an edit list that shifts by more than a day");
    }

    must[0] = init->track_id;
    must[1] = init->timescale;
    must[2] = init->edit;

    lo_codec_fold(init, must, sizeof(must));

    rc = lo_init_stsd(in);

    if (rc != LO_OK) {
        return rc;
    }

    if (init->type == LO_MEDIA_VIDEO && init->fps_num == 0
        && init->def_duration)
    {
        lo_codec_fps(init, init->timescale, init->def_duration);
    }

    must[0] = init->scheme;
    lo_codec_fold(init, must, sizeof(must[0]));
    lo_codec_fold(init, init->kid, sizeof(init->kid));

    return LO_OK;
}


static int
lo_init_top(lo_init_t *in, const lo_box_t *box)
{
    if (box->type == lo_fourcc('m', 'o', 'o', 'v')) {
        return lo_init_walk(in, &box->body, lo_init_moov);
    }

    if (box->type == lo_fourcc('m', 'o', 'o', 'f')
        || box->type == lo_fourcc('m', 'd', 'a', 't'))
    {
        return lo_err(in->err, "media in a header");
    }

    return LO_OK;
}


int
lo_cmaf_init(lo_cmaf_init_t *init, const unsigned char *data, size_t len,
    lo_err_t *err)
{
    int        rc;
    lo_init_t  in;
    lo_span_t  s;

    memset(init, 0, sizeof(lo_cmaf_init_t));
    memset(&in, 0, sizeof(lo_init_t));

    in.init = init;
    in.err = err;
    s.pos = data;
    s.end = data + len;

    rc = lo_init_walk(&in, &s, lo_init_top);

    if (rc != LO_OK) {
        return rc;
    }

    return lo_init_finish(&in);
}
