/* the boxes of a body, one by one: what they make of the unit that is read */

#include "core/box.h"
#include "core/cmaf_int.h"
#include "core/moof.h"


#define LO_STYP_MAX      4096

#define LO_NTP_1970      2208988800ULL


static void
lo_cmaf_styp(lo_cmaf_reader_t *r, const unsigned char *data, size_t header,
    size_t size)
{
    size_t    i;
    uint32_t  brand;

    r->chunk.styp = 1;

    for (i = header; i + 4 <= size; i += 4) {

        if (i == header + 4) {
            continue;                      /* minor_version */
        }

        brand = lo_be32(data + i);

        if (brand == lo_fourcc('s', 'l', 'a', 't')) {
            r->chunk.slat = 1;

        } else if (brand == lo_fourcc('l', 'm', 's', 'g')) {
            r->chunk.lmsg = 1;
        }
    }
}


static int
lo_cmaf_prft(lo_cmaf_reader_t *r, const unsigned char *data, size_t header,
    size_t size, lo_err_t *err)
{
    uint64_t  ntp, sec;

    if (size < header + 20 || (data[header] > 0 && size < header + 24)) {
        return lo_err(err, "prft is too short");
    }

    ntp = lo_be64(data + header + 8);
    sec = ntp >> 32;

    if (sec < LO_NTP_1970) {
        sec += 1ULL << 32;                 /* NTP era 1, from 2036 on */
    }

    r->chunk.prft_us = (sec - LO_NTP_1970) * LO_USEC
                       + (((ntp & 0xffffffff) * LO_USEC) >> 32);

    return LO_OK;
}


static int
lo_cmaf_mdat(lo_cmaf_reader_t *r, uint64_t offset, size_t header,
    uint64_t size, lo_err_t *err)
{
    uint64_t  from, to;

    if (!(r->state & LO_UNIT_MOOF)) {
        if (r->chunks == 0 && r->inits == 0) {
            (void) lo_err(err, "mdat before any moof: not fragmented");
            return LO_NONE;
        }

        return lo_err(err, "mdat without a moof");
    }

    from = offset + header - r->moof;
    to = offset - r->moof + size;

    if (r->data_to > 0 && (r->data_from < from || r->data_to > to)) {
        return lo_err(err, "samples lie outside of their mdat: "
                      "%llu to %llu, mdat %llu to %llu after the moof",
                      (unsigned long long) r->data_from,
                      (unsigned long long) r->data_to,
                      (unsigned long long) from, (unsigned long long) to);
    }

    r->chunk.empty = (size == header);
    r->chunk.size = offset + size - r->start;
    r->skip = size - header;
    r->state |= LO_UNIT_MDAT;

    return LO_OK;
}


/* a payload has been passed over */

int
lo_cmaf_skipped(lo_cmaf_reader_t *r)
{
    if (!(r->state & LO_UNIT_MDAT)) {
        return LO_OK;
    }

    r->state = 0;
    r->chunks++;

    if (r->handler->chunk == NULL) {
        return LO_OK;
    }

    return r->handler->chunk(r->data, &r->chunk);
}


static int
lo_cmaf_type_ok(uint32_t type)
{
    unsigned  i, c;

    for (i = 0; i < 4; i++) {
        c = type >> (i * 8) & 0xff;

        if ((c < 0x20 || c > 0x7e) && c != 0xa9) {
            return 0;
        }
    }

    return 1;
}


/*
 * One box header at p: its size in *size, its own length returned; 0: more
 * bytes are needed, as many as *size says.
 */

static int
lo_cmaf_header(const unsigned char *p, size_t avail, uint64_t offset,
    uint64_t *size, lo_err_t *err)
{
    int  header;

    if (avail < 8) {
        *size = 8;
        return 0;
    }

    *size = lo_be32(p);
    header = 8;

    if (!lo_cmaf_type_ok(lo_be32(p + 4))) {
        return lo_err(err, "no box at offset %llu",
                      (unsigned long long) offset);
    }

    if (*size == 1) {
        if (avail < 16) {
            *size = 16;
            return 0;
        }

        *size = lo_be64(p + 8);
        header = 16;
    }

    if (*size == 0) {
        return lo_err(err, "a box without a size (0: to the end of the file) "
                      "at offset %llu", (unsigned long long) offset);
    }

    if (*size < (uint64_t) header || *size > INT64_MAX - offset) {
        return lo_err(err, "a box of an impossible size at offset %llu",
                      (unsigned long long) offset);
    }

    return header;
}


static int
lo_cmaf_moov(lo_cmaf_reader_t *r, uint64_t offset, const unsigned char *p,
    size_t size)
{
    r->state = 0;
    r->inits++;

    if (r->handler->init == NULL) {
        return LO_OK;
    }

    return r->handler->init(r->data, offset, p, size);
}


/*
 * A header: ftyp, whatever else, moov; all of it has to lie at p.  *want is
 * what it takes to go on, if it is more than avail; else *used is set.
 */

static int
lo_cmaf_step_header(lo_cmaf_reader_t *r, uint64_t offset,
    const unsigned char *p, size_t avail, size_t *want, size_t *used,
    lo_err_t *err)
{
    int       header;
    size_t    at;
    uint32_t  type;
    uint64_t  size;

    for (at = 0; /* void */; at += size) {

        header = lo_cmaf_header(p + at, avail - at, offset + at, &size, err);

        if (header < 0) {
            return header;
        }

        if (header == 0) {
            *want = at + size;
            return LO_OK;
        }

        type = lo_be32(p + at + 4);

        if (type == lo_fourcc('m', 'o', 'o', 'f')
            || type == lo_fourcc('m', 'd', 'a', 't')
            || type == lo_fourcc('s', 't', 'y', 'p'))
        {
            r->state = LO_UNIT_BEGUN|LO_UNIT_PROMISE;
            *used = at;
            return LO_OK;
        }

        if (size > LO_CMAF_HEADER_MAX - at) {
            return lo_err(err, "a header of more than %d bytes",
                          LO_CMAF_HEADER_MAX);
        }

        if (avail - at < size) {
            *want = at + size;
            return LO_OK;
        }

        if (type == lo_fourcc('m', 'o', 'o', 'v')) {
            *used = at + size;
            return lo_cmaf_moov(r, offset, p, at + size);
        }
    }
}


static int
lo_cmaf_step_moof(lo_cmaf_reader_t *r, uint64_t offset,
    const unsigned char *p, size_t header, size_t size, lo_err_t *err)
{
    int  rc;

    if (r->state & LO_UNIT_MOOF) {
        return lo_err(err, "a moof without its mdat");
    }

    r->moof = offset;
    r->data_from = UINT64_MAX;
    r->data_to = 0;
    r->chunk.offset = r->start;

    rc = lo_moof_parse(r, p + header, size - header, err);

    if (rc != LO_OK) {
        return rc;
    }

    r->state |= LO_UNIT_MOOF;

    if (r->handler->moof == NULL) {
        return LO_OK;
    }

    return r->handler->moof(r->data, &r->chunk);
}


static void
lo_cmaf_begin(lo_cmaf_reader_t *r, uint64_t offset)
{
    memset(&r->chunk, 0, sizeof(lo_cmaf_chunk_t));

    r->start = offset;
    r->state = LO_UNIT_BEGUN;
}


/* one box at p, or a whole header; *want and *used as above */

int
lo_cmaf_step(lo_cmaf_reader_t *r, uint64_t offset, const unsigned char *p,
    size_t avail, size_t *want, size_t *used, lo_err_t *err)
{
    int       header;
    uint32_t  type;
    uint64_t  size;

    if (r->state & LO_UNIT_HEADER) {
        return lo_cmaf_step_header(r, offset, p, avail, want, used, err);
    }

    header = lo_cmaf_header(p, avail, offset, &size, err);

    if (header < 0) {
        return header;
    }

    if (header == 0) {
        *want = size;
        return LO_OK;
    }

    if (r->state == 0) {
        lo_cmaf_begin(r, offset);
    }

    type = lo_be32(p + 4);

    switch (type) {

    case lo_fourcc('f', 't', 'y', 'p'):
    case lo_fourcc('m', 'o', 'o', 'v'):
        if (r->state & LO_UNIT_MOOF) {
            return lo_err(err, "a moof without its mdat");
        }

        r->state |= LO_UNIT_HEADER;

        return lo_cmaf_step_header(r, offset, p, avail, want, used, err);

    case lo_fourcc('m', 'd', 'a', 't'):
        *used = header;
        return lo_cmaf_mdat(r, offset, header, size, err);

    case lo_fourcc('m', 'o', 'o', 'f'):
    case lo_fourcc('s', 't', 'y', 'p'):
    case lo_fourcc('p', 'r', 'f', 't'):

        if (size > (type == lo_fourcc('m', 'o', 'o', 'f') ? LO_CMAF_HEADER_MAX
                                                          : LO_STYP_MAX))
        {
            return lo_err(err, "a %.4s of %llu bytes", (char *) p + 4,
                          (unsigned long long) size);
        }

        if (avail < size) {
            *want = size;
            return LO_OK;
        }

        *used = size;
        r->state |= LO_UNIT_PROMISE;

        if (type == lo_fourcc('m', 'o', 'o', 'f')) {
            return lo_cmaf_step_moof(r, offset, p, header, size, err);
        }

        if (type == lo_fourcc('p', 'r', 'f', 't')) {
            return lo_cmaf_prft(r, p, header, size, err);
        }

        lo_cmaf_styp(r, p, header, size);

        return LO_OK;

    case lo_fourcc('s', 'i', 'd', 'x'):
        r->state |= LO_UNIT_PROMISE;
        /* fall through */

    default:
        *used = header;
        r->skip = size - header;

        return LO_OK;
    }
}
