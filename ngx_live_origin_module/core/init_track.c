/* one track of a CMAF header: its trak */

#include "core/codec.h"
#include "core/init_int.h"


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


int
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
