#include "core/reload.h"


#define LO_RELOAD_SEGMENTS  2              /* ahead of the last one */
#define LO_RELOAD_PARTS     3              /* and seconds of parts */
#define LO_RELOAD_DIGITS    18


static int
lo_reload_number(lo_str_t v, const char *name, int64_t *n, lo_err_t *err)
{
    size_t  i;

    if (*n >= 0) {
        return lo_err(err, "%s is there twice", name);
    }

    if (v.len == 0 || v.len > LO_RELOAD_DIGITS) {
        return lo_err(err, "%s is not a whole number", name);
    }

    for (*n = 0, i = 0; i < v.len; i++) {

        if (v.data[i] < '0' || v.data[i] > '9') {
            return lo_err(err, "%s is not a whole number", name);
        }

        *n = *n * 10 + (v.data[i] - '0');
    }

    return LO_OK;
}


static int
lo_reload_skip(lo_str_t v, lo_skip_e *skip, lo_err_t *err)
{
    static const lo_str_t  yes = lo_string("YES");
    static const lo_str_t  v2 = lo_string("v2");

    if (*skip != LO_SKIP_NONE) {
        return lo_err(err, "_HLS_skip is there twice");
    }

    if (lo_str_eq(v, yes)) {
        *skip = LO_SKIP_SEGMENTS;

    } else if (lo_str_eq(v, v2)) {
        *skip = LO_SKIP_ALL;

    } else {
        return lo_err(err, "_HLS_skip is neither YES nor v2");
    }

    return LO_OK;
}


/* what stands before the next of these, or all; s begins behind it then */

static lo_str_t
lo_reload_token(lo_str_t *s, unsigned char end)
{
    size_t    n;
    lo_str_t  token;

    for (n = 0; n < s->len && s->data[n] != end; n++) { /* void */ }

    token.data = s->data;
    token.len = n;

    n += n < s->len;
    s->data += n;
    s->len -= n;

    return token;
}


int
lo_reload_parse(lo_reload_t *r, lo_str_t args, lo_err_t *err)
{
    int       rc;
    lo_str_t  name, value;

    static const lo_str_t  msn = lo_string("_HLS_msn");
    static const lo_str_t  part = lo_string("_HLS_part");
    static const lo_str_t  skip = lo_string("_HLS_skip");

    r->msn = -1;
    r->part = -1;
    r->skip = LO_SKIP_NONE;

    while (args.len) {

        value = lo_reload_token(&args, '&');
        name = lo_reload_token(&value, '=');
        rc = LO_OK;

        if (lo_str_eq(name, msn)) {
            rc = lo_reload_number(value, "_HLS_msn", &r->msn, err);

        } else if (lo_str_eq(name, part)) {
            rc = lo_reload_number(value, "_HLS_part", &r->part, err);

        } else if (lo_str_eq(name, skip)) {
            rc = lo_reload_skip(value, &r->skip, err);
        }

        if (rc != LO_OK) {
            return rc;
        }
    }

    if (r->part >= 0 && r->msn < 0) {
        return lo_err(err, "_HLS_part without _HLS_msn");
    }

    return LO_OK;
}


int
lo_reload_there(const lo_reload_t *r, const lo_reload_end_t *end)
{
    if (r->msn < end->last) {
        return 1;
    }

    if (r->part < 0) {
        return r->msn == end->last;
    }

    if (r->msn == end->last) {
        return end->parts == 0 || r->part < end->parts || end->open > 0;
    }

    return r->msn == end->last + 1 && r->part < end->open;
}


int
lo_reload_near(const lo_reload_t *r, const lo_reload_end_t *end,
    uint32_t part_us, lo_err_t *err)
{
    int64_t  limit;

    if (r->msn > end->last + LO_RELOAD_SEGMENTS) {
        return lo_err(err, "_HLS_msn is more than %d ahead of the last "
                      "segment, %lld", LO_RELOAD_SEGMENTS,
                      (long long) end->last);
    }

    limit = LO_RELOAD_PARTS;

    if (part_us > 0 && part_us < LO_USEC) {
        limit = ((int64_t) LO_RELOAD_PARTS * LO_USEC + part_us - 1) / part_us;
    }

    /* part open is the next one */

    if (r->msn > end->last && r->part > (int64_t) end->open - 1 + limit) {
        return lo_err(err, "_HLS_part is more than %lld parts ahead",
                      (long long) limit);
    }

    return LO_OK;
}
