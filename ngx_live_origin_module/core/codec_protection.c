/* how a sample entry is encrypted: ISO/IEC 23001-7 */

#include "core/codec.h"


static int
lo_codec_schi(lo_cmaf_init_t *init, const lo_span_t *body, lo_err_t *err)
{
    int        rc, tenc;
    lo_box_t   box;
    lo_span_t  s;

    tenc = 0;
    s = *body;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        if (box.type != lo_fourcc('t', 'e', 'n', 'c')) {
            continue;
        }

        if (lo_span_left(&box.body) < 24) {
            return lo_err(err, "tenc is too short");
        }

        memcpy(init->kid, box.body.pos + 8, 16);
        tenc = 1;
    }

    return rc == LO_ERROR || !tenc ? lo_err(err, "schi is malformed") : LO_OK;
}


static int
lo_codec_sinf(lo_cmaf_init_t *init, const lo_span_t *body, lo_err_t *err)
{
    int        rc;
    lo_box_t   box;
    lo_span_t  s;

    s = *body;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        if (box.type == lo_fourcc('f', 'r', 'm', 'a')) {
            if (lo_span_left(&box.body) < 4) {
                return lo_err(err, "frma is too short");
            }

            init->fourcc = lo_be32(box.body.pos);

        } else if (box.type == lo_fourcc('s', 'c', 'h', 'm')) {
            if (lo_span_left(&box.body) < 8) {
                return lo_err(err, "schm is too short");
            }

            init->scheme = lo_be32(box.body.pos + 4);

        } else if (box.type == lo_fourcc('s', 'c', 'h', 'i')) {
            rc = lo_codec_schi(init, &box.body, err);

            if (rc != LO_OK) {
                return rc;
            }
        }
    }

    return rc == LO_ERROR ? lo_err(err, "sinf is malformed") : LO_OK;
}


/* the original format has to be known before its configuration is read */

int
lo_codec_protection(lo_cmaf_init_t *init, const lo_span_t *children,
    lo_err_t *err)
{
    int        rc;
    lo_box_t   box;
    lo_span_t  s;

    s = *children;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        if (box.type == lo_fourcc('s', 'i', 'n', 'f')) {
            rc = lo_codec_sinf(init, &box.body, err);

            if (rc != LO_OK) {
                return rc;
            }
        }
    }

    if (rc == LO_ERROR) {
        return lo_err(err, "a box in the sample entry has an impossible size");
    }

    if (init->fourcc == lo_fourcc('e', 'n', 'c', 'v')
        || init->fourcc == lo_fourcc('e', 'n', 'c', 'a')
        || init->fourcc == 0 || init->scheme == 0)
    {
        return lo_err(err, "an encrypted sample entry without frma or schm");
    }

    /* ISO/IEC 23001-7, 10 */

    if (init->scheme != lo_fourcc('c', 'e', 'n', 'c')
        && init->scheme != lo_fourcc('c', 'b', 'c', 's')
        && init->scheme != lo_fourcc('c', 'e', 'n', 's')
        && init->scheme != lo_fourcc('c', 'b', 'c', '1'))
    {
        (void) lo_err(err, "an encryption that is not one of cenc, cbcs, "
                      "cens and cbc1");
        return LO_NONE;
    }

    return LO_OK;
}
