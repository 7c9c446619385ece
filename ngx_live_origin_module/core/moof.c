/*
 * What a moof says of its samples: ISO/IEC 14496-12, 8.8.
 */

#include "core/moof.h"
#include "core/box.h"


#define LO_TFHD_BASE      0x000001
#define LO_TFHD_DESC      0x000002
#define LO_TFHD_DURATION  0x000008
#define LO_TFHD_SIZE      0x000010
#define LO_TFHD_FLAGS     0x000020

#define LO_TRUN_OFFSET    0x000001
#define LO_TRUN_FIRST     0x000004
#define LO_TRUN_DURATION  0x000100
#define LO_TRUN_SIZE      0x000200
#define LO_TRUN_FLAGS     0x000400
#define LO_TRUN_CTO       0x000800

#define LO_SAMPLE_NON_SYNC  0x00010000


typedef struct {
    uint32_t            flags;             /* of tfhd */
    uint32_t            duration;
    uint32_t            size;
    uint32_t            sample_flags;
    uint64_t            next;              /* where a trun without an offset
                                              begins, from the moof on */
} lo_traf_t;


static int
lo_moof_tfhd(lo_cmaf_reader_t *r, lo_traf_t *t, lo_box_t *box, lo_err_t *err)
{
    uint32_t              flags, need;
    const unsigned char  *p;

    if (lo_span_left(&box->body) < 8) {
        return lo_err(err, "tfhd is too short");
    }

    flags = lo_box_flags(box);
    need = 8 + !!(flags & LO_TFHD_BASE) * 8 + !!(flags & LO_TFHD_DESC) * 4
           + !!(flags & LO_TFHD_DURATION) * 4 + !!(flags & LO_TFHD_SIZE) * 4
           + !!(flags & LO_TFHD_FLAGS) * 4;

    if (lo_span_left(&box->body) < need) {
        return lo_err(err, "tfhd is too short");
    }

    p = box->body.pos + 4;
    r->chunk.track_id = lo_be32(p);
    p += 4;

    if (r->chunk.track_id == 0) {
        return lo_err(err, "track_ID must not be 0");
    }

    if (flags & LO_TFHD_BASE) {
        (void) lo_err(err, "tfhd has a base-data-offset, which no player "
                      "takes from a segment (ffmpeg: -movflags "
                      "+default_base_moof)");
        return LO_NONE;
    }

    if (flags & LO_TFHD_DESC) {
        r->chunk.desc = lo_be32(p);
        p += 4;
    }

    if (flags & LO_TFHD_DURATION) {
        t->duration = lo_be32(p);
        p += 4;
    }

    if (flags & LO_TFHD_SIZE) {
        t->size = lo_be32(p);
        p += 4;
    }

    if (flags & LO_TFHD_FLAGS) {
        t->sample_flags = lo_be32(p);
    }

    return LO_OK;
}


static int
lo_moof_tfdt(lo_cmaf_reader_t *r, lo_box_t *box, lo_err_t *err)
{
    size_t  left;

    left = lo_span_left(&box->body);

    if (left >= 12 && lo_box_version(box) == 1) {
        r->chunk.tfdt = lo_be64(box->body.pos + 4);

    } else if (left >= 8 && lo_box_version(box) == 0) {
        r->chunk.tfdt = lo_be32(box->body.pos + 4);
        r->chunk.tfdt32 = 1;

    } else {
        return lo_err(err, "tfdt is malformed");
    }

    if (r->chunk.tfdt > INT64_MAX) {
        return lo_err(err, "tfdt is beyond 63 bits");
    }

    return LO_OK;
}


/* sums over the samples of a run; p has room for n of them */

static void
lo_moof_samples(const lo_traf_t *t, uint32_t flags, const unsigned char *p,
    uint32_t n, uint64_t *duration, uint64_t *size)
{
    uint32_t  i, stride, at_size;
    uint64_t  d, s;

    at_size = !!(flags & LO_TRUN_DURATION) * 4;
    stride = at_size + !!(flags & LO_TRUN_SIZE) * 4
             + !!(flags & LO_TRUN_FLAGS) * 4 + !!(flags & LO_TRUN_CTO) * 4;
    d = (uint64_t) t->duration * n;
    s = (uint64_t) t->size * n;

    if (flags & LO_TRUN_DURATION) {
        for (d = 0, i = 0; i < n; i++) {
            d += lo_be32(p + (size_t) i * stride);
        }
    }

    if (flags & LO_TRUN_SIZE) {
        for (s = 0, i = 0; i < n; i++) {
            s += lo_be32(p + (size_t) i * stride + at_size);
        }
    }

    *duration = d;
    *size = s;
}


static int
lo_moof_trun(lo_cmaf_reader_t *r, lo_traf_t *t, lo_box_t *box, lo_err_t *err)
{
    int64_t               offset;
    uint32_t              flags, n, first, stride;
    uint64_t              duration, size;
    const unsigned char  *p;

    if (lo_span_left(&box->body) < 8) {
        return lo_err(err, "trun is too short");
    }

    flags = lo_box_flags(box);
    n = lo_be32(box->body.pos + 4);
    p = box->body.pos + 8;

    if (lo_span_left(&box->body) < 8u + !!(flags & LO_TRUN_OFFSET) * 4
                                   + !!(flags & LO_TRUN_FIRST) * 4)
    {
        return lo_err(err, "trun is too short");
    }

    if (flags & LO_TRUN_OFFSET) {
        offset = (int32_t) lo_be32(p);
        p += 4;

        if (offset < 0) {
            return lo_err(err, "trun's data lie before its moof");
        }

        t->next = offset;
    }

    first = t->sample_flags;

    if (flags & LO_TRUN_FIRST) {
        first = lo_be32(p);
        p += 4;
    }

    stride = __builtin_popcount(flags & (LO_TRUN_DURATION|LO_TRUN_SIZE
                                         |LO_TRUN_FLAGS|LO_TRUN_CTO)) * 4;

    if ((uint64_t) n * stride > (uint64_t) (box->body.end - p)) {
        return lo_err(err, "trun is too short for its %u samples", n);
    }

    if (n == 0) {
        return LO_OK;
    }

    if ((flags & (LO_TRUN_FIRST|LO_TRUN_FLAGS)) == LO_TRUN_FLAGS) {
        first = lo_be32(p + !!(flags & LO_TRUN_DURATION) * 4
                        + !!(flags & LO_TRUN_SIZE) * 4);
    }

    if (r->chunk.samples == 0) {
        r->chunk.sync = !(first & LO_SAMPLE_NON_SYNC);
    }

    lo_moof_samples(t, flags, p, n, &duration, &size);

    if (size > 0) {
        if (t->next < r->data_from) {
            r->data_from = t->next;
        }

        if (__builtin_add_overflow(t->next, size, &t->next)) {
            return lo_err(err, "the sizes of samples overflow");
        }

        if (t->next > r->data_to) {
            r->data_to = t->next;
        }
    }

    if (__builtin_add_overflow(r->chunk.samples, n, &r->chunk.samples)
        || __builtin_add_overflow(r->chunk.duration, duration,
                                  &r->chunk.duration))
    {
        return lo_err(err, "the durations of samples overflow");
    }

    return LO_OK;
}


static int
lo_moof_traf(lo_cmaf_reader_t *r, lo_box_t *traf, lo_err_t *err)
{
    int        rc, tfhd, tfdt;
    lo_box_t   box;
    lo_span_t  s;
    lo_traf_t  t;

    memset(&t, 0, sizeof(lo_traf_t));

    if (r->init != NULL) {
        t.duration = r->init->def_duration;
        t.size = r->init->def_size;
        t.sample_flags = r->init->def_flags;
    }

    tfhd = 0;
    tfdt = 0;
    s = traf->body;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        switch (box.type) {

        case lo_fourcc('t', 'f', 'h', 'd'):
            if (tfhd++) {
                return lo_err(err, "two tfhd in a traf");
            }

            rc = lo_moof_tfhd(r, &t, &box, err);
            break;

        case lo_fourcc('t', 'f', 'd', 't'):
            if (tfdt++) {
                return lo_err(err, "two tfdt in a traf");
            }

            rc = lo_moof_tfdt(r, &box, err);
            break;

        case lo_fourcc('t', 'r', 'u', 'n'):
            if (!tfhd) {
                return lo_err(err, "trun before tfhd");
            }

            rc = lo_moof_trun(r, &t, &box, err);
            break;

        default:
            rc = LO_OK;
        }

        if (rc != LO_OK) {
            return rc;
        }
    }

    if (rc == LO_ERROR) {
        return lo_err(err, "a box in traf has an impossible size");
    }

    if (!tfhd) {
        return lo_err(err, "traf without tfhd");
    }

    if (!tfdt) {
        (void) lo_err(err, "traf without tfdt: its time is not known");
        return LO_NONE;
    }

    if (r->chunk.duration > INT64_MAX
        || r->chunk.tfdt + r->chunk.duration > INT64_MAX)
    {
        return lo_err(err, "tfdt and durations overflow");
    }

    return LO_OK;
}


int
lo_moof_parse(lo_cmaf_reader_t *r, const unsigned char *data, size_t size,
    lo_err_t *err)
{
    int        rc, mfhd, trafs;
    lo_box_t   box;
    lo_span_t  s;

    mfhd = 0;
    trafs = 0;
    s.pos = data;
    s.end = data + size;

    while ((rc = lo_box_next(&s, &box)) == 1) {

        if (box.type == lo_fourcc('m', 'f', 'h', 'd')) {
            if (lo_span_left(&box.body) < 8) {
                return lo_err(err, "mfhd is too short");
            }

            mfhd = 1;
            r->chunk.sequence = lo_be32(box.body.pos + 4);

        } else if (box.type == lo_fourcc('t', 'r', 'a', 'f')) {
            if (trafs++) {
                (void) lo_err(err, "a moof with several tracks");
                return LO_NONE;
            }

            rc = lo_moof_traf(r, &box, err);

            if (rc != LO_OK) {
                return rc;
            }
        }
    }

    if (rc == LO_ERROR) {
        return lo_err(err, "a box in moof has an impossible size");
    }

    if (!mfhd || trafs == 0) {
        return lo_err(err, "moof without %s", mfhd ? "traf" : "mfhd");
    }

    return LO_OK;
}
