#include <string.h>

#include "core/base.h"

#include "fragment.h"
#include "header.h"


#define LP_NTP_1970         2208988800u

#define LP_TFHD_DURATION    0x000008
#define LP_TFHD_FLAGS       0x000020
#define LP_TFHD_BASE_MOOF   0x020000

#define LP_TRUN_OFFSET      0x000001
#define LP_TRUN_FIRST       0x000004
#define LP_TRUN_DURATION    0x000100
#define LP_TRUN_SIZE        0x000200
#define LP_TRUN_FLAGS       0x000400
#define LP_TRUN_COMPOSITION 0x000800

#define LP_SAMPLE_SYNC      0x02000000
#define LP_SAMPLE_OTHER     0x01010000


static void
lp_write_styp(lp_bytes_t *b)
{
    size_t  box;

    box = lp_box(b, "styp");
    lp_bytes_add(b, "cmfs", 4);
    lp_put32(b, 0);
    lp_bytes_add(b, "cmfsmsdhiso6", 12);
    lp_box_end(b, box);
}


/*
 * ISO/IEC 14496-12 8.16.5.  The time is that of the media, not of writing: it
 * is when the frame was taken, and the same from every packager.
 */

static void
lp_write_prft(lp_bytes_t *b, const lp_fragment_t *f, int64_t media)
{
    size_t   box;
    int64_t  whole, part;

    whole = lo_rescale(media, 1, f->timescale, LO_FLOOR);
    part = media - whole * f->timescale;

    box = lp_full_box(b, "prft", 1, f->prft);
    lp_put32(b, LP_TRACK_ID);
    lp_put32(b, (uint32_t) (whole + LP_NTP_1970));
    lp_put32(b, (uint32_t) (((uint64_t) part << 32) / f->timescale));
    lp_put64(b, media);
    lp_box_end(b, box);
}


/* the trun fields that are needed; the first sample stands for the others */

static uint32_t
lp_trun_flags(const lp_fragment_t *f, const lp_sample_t *s, size_t n)
{
    size_t    i;
    uint32_t  flags;

    flags = LP_TRUN_OFFSET | LP_TRUN_SIZE;

    if (f->video && s[0].key) {
        flags |= LP_TRUN_FIRST;
    }

    for (i = 0; i < n; i++) {
        if (s[i].duration != s[0].duration) {
            flags |= LP_TRUN_DURATION;
        }

        if (s[i].pts != s[i].dts) {
            flags |= LP_TRUN_COMPOSITION;
        }

        if (f->video && i > 0 && s[i].key) {
            flags |= LP_TRUN_FLAGS;
        }
    }

    if (flags & LP_TRUN_FLAGS) {
        flags &= ~LP_TRUN_FIRST;
    }

    return flags;
}


/* returns where the data offset lies */

static size_t
lp_write_trun(lp_bytes_t *b, const lp_fragment_t *f, const lp_sample_t *s,
    size_t n, uint32_t flags)
{
    size_t  i, box, at;

    box = lp_full_box(b, "trun", 1, flags);
    lp_put32(b, n);
    at = b->len;
    lp_put32(b, 0);

    if (flags & LP_TRUN_FIRST) {
        lp_put32(b, LP_SAMPLE_SYNC);
    }

    for (i = 0; i < n; i++) {
        if (flags & LP_TRUN_DURATION) {
            lp_put32(b, s[i].duration);
        }

        lp_put32(b, s[i].size);

        if (flags & LP_TRUN_FLAGS) {
            lp_put32(b, s[i].key ? LP_SAMPLE_SYNC : LP_SAMPLE_OTHER);
        }

        if (flags & LP_TRUN_COMPOSITION) {
            lp_put32(b, (uint32_t) (int32_t) (s[i].pts - s[i].dts));
        }
    }

    lp_box_end(b, box);

    return at;
}


static void
lp_write_moof(lp_bytes_t *b, const lp_fragment_t *f, const lp_sample_t *s,
    size_t n)
{
    size_t  moof, traf, box, at;

    moof = lp_box(b, "moof");

    box = lp_full_box(b, "mfhd", 0, 0);
    lp_put32(b, f->sequence);
    lp_box_end(b, box);

    traf = lp_box(b, "traf");

    box = lp_full_box(b, "tfhd", 0, LP_TFHD_BASE_MOOF | LP_TFHD_DURATION
                                    | LP_TFHD_FLAGS);
    lp_put32(b, LP_TRACK_ID);
    lp_put32(b, s[0].duration);
    lp_put32(b, f->video ? LP_SAMPLE_OTHER : LP_SAMPLE_SYNC);
    lp_box_end(b, box);

    box = lp_full_box(b, "tfdt", 1, 0);
    lp_put64(b, s[0].dts);
    lp_box_end(b, box);

    at = lp_write_trun(b, f, s, n, lp_trun_flags(f, s, n));

    lp_box_end(b, traf);
    lp_box_end(b, moof);
    lp_set32(b, at, b->len - moof + 8);
}


void
lp_fragment_write(lp_bytes_t *b, const lp_fragment_t *f,
    const lp_sample_t *samples, size_t n)
{
    size_t  i, box;

    if (f->first) {
        lp_write_styp(b);
    }

    lp_write_prft(b, f, samples[0].dts);
    lp_write_moof(b, f, samples, n);

    box = lp_box(b, "mdat");

    for (i = 0; i < n; i++) {
        lp_bytes_add(b, samples[i].data, samples[i].size);
    }

    lp_box_end(b, box);
}
