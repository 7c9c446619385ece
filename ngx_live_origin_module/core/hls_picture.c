/*
 * What a variant and its I-frame playlist say of their picture.
 */

#include "core/hls_int.h"
#include "core/box.h"


int
lo_hls_video(const lo_manifest_track_t *t)
{
    return t->info->type == LO_MEDIA_VIDEO && !lo_manifest_trick(t);
}


/* code points of transfer characteristics (rfc8216bis, 4.4.6.2); NULL: not
   told */

const char *
lo_hls_range(const lo_manifest_track_t *t)
{
    switch (t->info->transfer) {

    case LO_TRANSFER_PQ:
        return "PQ";

    case LO_TRANSFER_HLG:
        return "HLG";

    case 1: case 6: case 13: case 14: case 15:
        return "SDR";

    default:
        return NULL;
    }
}


/* Dolby Vision that decoders of the codec alone show as well; others have no
   name here */

static void
lo_hls_supplemental(lo_buf_t *b, const lo_cmaf_init_t *in)
{
    const char  *codec, *brand;

    switch (in->fourcc) {

    case lo_fourcc('h', 'v', 'c', '1'):
    case lo_fourcc('h', 'e', 'v', '1'):
        codec = in->dv_profile == 8 ? "dvh1" : NULL;
        break;

    case lo_fourcc('a', 'v', '0', '1'):
        codec = in->dv_profile == 10 ? "dav1" : NULL;
        break;

    default:
        codec = NULL;
    }

    brand = in->dv_base == 1 ? "db1p" : in->dv_base == 2 ? "db2g"
            : in->dv_base == 4 && in->transfer == LO_TRANSFER_HLG ? "db4h"
            : NULL;

    if (codec && brand) {
        lo_buf_printf(b, ",SUPPLEMENTAL-CODECS=\"%s.%02u.%02u/%s\"", codec,
                      in->dv_profile, in->dv_level, brand);
    }
}


static void
lo_hls_frame_rate(lo_buf_t *b, const lo_manifest_track_t *t)
{
    uint32_t  num, den;
    uint64_t  milli;

    num = t->fps_den ? t->fps_num : t->info->fps_num;
    den = t->fps_den ? t->fps_den : t->info->fps_den;

    if (num == 0 || den == 0) {
        return;
    }

    milli = ((uint64_t) num * 1000 + den / 2) / den;

    lo_buf_printf(b, ",FRAME-RATE=%u.%03u", (unsigned) (milli / 1000),
                  (unsigned) (milli % 1000));
}


void
lo_hls_picture(const lo_hls_master_t *x, const lo_manifest_track_t *t)
{
    lo_buf_t    *b;
    const char  *range;

    b = x->b;

    lo_hls_supplemental(b, t->info);

    lo_buf_printf(b, ",RESOLUTION=%ux%u", t->info->width, t->info->height);

    if (!lo_manifest_trick(t)) {
        lo_hls_frame_rate(b, t);
    }

    if (t->hdcp.len) {
        lo_buf_puts(b, ",HDCP-LEVEL=");
        lo_buf_put(b, t->hdcp.data, t->hdcp.len);
    }

    /* beside others, what does not say what it is, is SDR */

    range = lo_hls_range(t);

    if (range || x->hdr) {
        lo_buf_puts(b, ",VIDEO-RANGE=");
        lo_buf_puts(b, range ? range : "SDR");
    }
}
