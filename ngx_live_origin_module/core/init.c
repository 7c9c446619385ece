/*
 * The CMAF header: one track's moov.
 */

#include "core/cmaf.h"
#include "core/box.h"
#include "core/codec.h"


typedef struct {
    lo_cmaf_init_t     *init;
    lo_err_t           *err;
    uint32_t            movie_timescale;
    uint32_t            handler;
    int                 tracks;
    int                 mvex;
    int                 samples;           /* stts of a whole file */
    int                 edited;
    uint64_t            empty;             /* edits, movie timescale */
    int64_t             media_time;
    lo_box_t            stsd;              /* read when hdlr is known */
} lo_init_t;

typedef int (*lo_init_box_pt)(lo_init_t *in, const lo_box_t *box);


/* calls box for each child; what it does not know it passes over */

static int
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


static int
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
lo_init_tkhd(lo_init_t *in, const lo_box_t *box)
{
    size_t  left, at;

    left = lo_span_left(&box->body);
    at = left && lo_box_version(box) == 1 ? 20 : 12;

    if (left < at + 4) {
        return lo_init_short(in, box);
    }

    in->init->track_id = lo_be32(box->body.pos + at);

    return LO_OK;
}


static int
lo_init_elst(lo_init_t *in, const lo_box_t *box)
{
    size_t                left, entry;
    int64_t               time;
    uint32_t              n;
    uint64_t              duration;
    const unsigned char  *p;

    left = lo_span_left(&box->body);

    if (left < 8) {
        return lo_init_short(in, box);
    }

    n = lo_be32(box->body.pos + 4);
    entry = lo_box_version(box) == 1 ? 20 : 12;

    if (n > (left - 8) / entry) {
        return lo_init_short(in, box);
    }

    for (p = box->body.pos + 8; n > 0 && !in->edited; n--, p += entry) {

        if (entry == 20) {
            duration = lo_be64(p);
            time = (int64_t) lo_be64(p + 8);

        } else {
            duration = lo_be32(p);
            time = (int32_t) lo_be32(p + 4);
        }

        if (time >= 0) {
            in->media_time = time;
            in->edited = 1;

        } else if (duration > INT64_MAX / 2
                   || (in->empty += duration) > INT64_MAX / 2)
        {
            return lo_err(in->err, "elst is malformed");
        }
    }

    return LO_OK;
}


static int
lo_init_edts(lo_init_t *in, const lo_box_t *box)
{
    return box->type == lo_fourcc('e', 'l', 's', 't') ? lo_init_elst(in, box)
                                                      : LO_OK;
}


static int
lo_init_mdhd(lo_init_t *in, const lo_box_t *box)
{
    char                  code[4];
    size_t                left, at;
    uint32_t              packed;
    unsigned              i;

    left = lo_span_left(&box->body);
    at = left && lo_box_version(box) == 1 ? 20 : 12;

    if (left < at + (at == 20 ? 12 : 8) + 4) {
        return lo_init_short(in, box);
    }

    in->init->timescale = lo_be32(box->body.pos + at);
    packed = lo_be16(box->body.pos + at + (at == 20 ? 12 : 8));

    for (i = 0; i < 3; i++) {
        code[i] = (packed >> (10 - 5 * i) & 0x1f) + 0x60;

        if (code[i] < 'a' || code[i] > 'z') {
            memcpy(code, "und", 3);
            break;
        }
    }

    code[3] = '\0';

    if (in->init->lang[0] == '\0') {
        lo_codec_lang(in->init->lang, code);
    }

    return LO_OK;
}


/* RFC 5646: letters, digits and hyphens */

static int
lo_init_elng(lo_init_t *in, const lo_box_t *box)
{
    char                  lang[LO_LANG_MAX];
    size_t                i, left;
    const unsigned char  *p;

    left = lo_span_left(&box->body);

    if (left < 4) {
        return lo_init_short(in, box);
    }

    p = box->body.pos + 4;
    left -= 4;

    for (i = 0; i < left && i < LO_LANG_MAX - 1 && p[i] != '\0'; i++) {
        if (!((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z')
            && !(p[i] >= '0' && p[i] <= '9') && p[i] != '-')
        {
            return LO_OK;
        }

        lang[i] = p[i];
    }

    if (i > 0) {
        lang[i] = '\0';
        lo_codec_lang(in->init->lang, lang);
    }

    return LO_OK;
}


static int
lo_init_hdlr(lo_init_t *in, const lo_box_t *box)
{
    if (lo_span_left(&box->body) < 12) {
        return lo_init_short(in, box);
    }

    in->handler = lo_be32(box->body.pos + 8);

    switch (in->handler) {

    case lo_fourcc('v', 'i', 'd', 'e'):
        in->init->type = LO_MEDIA_VIDEO;
        break;

    case lo_fourcc('s', 'o', 'u', 'n'):
        in->init->type = LO_MEDIA_AUDIO;
        break;

    case lo_fourcc('s', 'u', 'b', 't'):
    case lo_fourcc('t', 'e', 'x', 't'):
        in->init->type = LO_MEDIA_TEXT;
        break;
    }

    return LO_OK;
}


static int
lo_init_stbl(lo_init_t *in, const lo_box_t *box)
{
    switch (box->type) {

    case lo_fourcc('s', 't', 's', 'd'):
        in->stsd = *box;
        return LO_OK;

    case lo_fourcc('s', 't', 't', 's'):
        if (lo_span_left(&box->body) < 8) {
            return lo_init_short(in, box);
        }

        in->samples = lo_be32(box->body.pos + 4) != 0;
        return LO_OK;

    default:
        return LO_OK;
    }
}


static int
lo_init_minf(lo_init_t *in, const lo_box_t *box)
{
    return box->type == lo_fourcc('s', 't', 'b', 'l')
           ? lo_init_walk(in, &box->body, lo_init_stbl) : LO_OK;
}


static int
lo_init_mdia(lo_init_t *in, const lo_box_t *box)
{
    switch (box->type) {

    case lo_fourcc('m', 'd', 'h', 'd'):
        return lo_init_mdhd(in, box);

    case lo_fourcc('e', 'l', 'n', 'g'):
        return lo_init_elng(in, box);

    case lo_fourcc('h', 'd', 'l', 'r'):
        return lo_init_hdlr(in, box);

    case lo_fourcc('m', 'i', 'n', 'f'):
        return lo_init_walk(in, &box->body, lo_init_minf);

    default:
        return LO_OK;
    }
}


static int
lo_init_trak(lo_init_t *in, const lo_box_t *box)
{
    switch (box->type) {

    case lo_fourcc('t', 'k', 'h', 'd'):
        return lo_init_tkhd(in, box);

    case lo_fourcc('e', 'd', 't', 's'):
        return lo_init_walk(in, &box->body, lo_init_edts);

    case lo_fourcc('m', 'd', 'i', 'a'):
        return lo_init_walk(in, &box->body, lo_init_mdia);

    default:
        return LO_OK;
    }
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
