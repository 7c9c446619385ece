#include "core/share.h"


#define LO_SHARE_FIELDS  17


static lo_str_t
lo_share_field(lo_str_t *rest)
{
    size_t    i;
    lo_str_t  field;

    for (i = 0; i < rest->len && rest->data[i] != ' '; i++) { /* void */ }

    field.data = rest->data;
    field.len = i;

    if (i < rest->len) {
        i++;
    }

    rest->data += i;
    rest->len -= i;

    return field;
}


static int
lo_share_digit(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* 0 and *bad set, when it is no number, or too large a one */

static uint64_t
lo_share_value(lo_str_t s, unsigned base, uint64_t max, int *bad)
{
    int       digit;
    size_t    i;
    uint64_t  v;

    v = 0;

    for (i = 0; i < s.len; i++) {

        digit = lo_share_digit(s.data[i]);

        if (digit < 0 || digit >= (int) base
            || v > (max - (uint64_t) digit) / base)
        {
            *bad = 1;
            return 0;
        }

        v = v * base + (uint64_t) digit;
    }

    *bad |= s.len == 0;

    return v;
}


static int64_t
lo_share_signed(lo_str_t s, int *bad)
{
    uint64_t  v;

    if (s.len > 1 && s.data[0] == '-') {
        s.data++;
        s.len--;
        v = lo_share_value(s, 10, INT64_MAX, bad);

        return - (int64_t) v;
    }

    return (int64_t) lo_share_value(s, 10, INT64_MAX, bad);
}


int64_t
lo_share_number(lo_str_t s)
{
    int      bad;
    int64_t  v;

    bad = 0;
    v = (int64_t) lo_share_value(s, 10, INT64_MAX, &bad);

    return bad ? -1 : v;
}


uint32_t
lo_share_parts(uint64_t size)
{
    return size ? (uint32_t) ((size + LO_SHARE_PART - 1) / LO_SHARE_PART) : 1;
}


void
lo_share_write(lo_buf_t *b, const lo_share_segment_t *s)
{
    unsigned  i;

    lo_buf_printf(b, "%u ", s->meta.rank);

    for (i = 0; i < sizeof(s->digest); i++) {
        lo_buf_printf(b, "%02x", s->digest[i]);
    }

    lo_buf_printf(b, " %llu %u %lld %llu %llu %u %u %u %llx ",
                  (unsigned long long) s->size, s->parts, (long long) s->meta.m,
                  (unsigned long long) s->meta.tfdt,
                  (unsigned long long) s->meta.duration, s->meta.timescale, s->meta.init,
                  s->meta.run, (unsigned long long) s->meta.verdict);

    for (i = 0; i < sizeof(s->meta.ms) / sizeof(s->meta.ms[0]); i++) {
        lo_buf_printf(b, "%s%u", i ? "," : "", s->meta.ms[i]);
    }

    lo_buf_printf(b, " %lld %lld %u %u %s", (long long) s->meta.first_us,
                  (long long) s->meta.last_us, s->meta.chunks, s->meta.flags, s->node);
}


static int
lo_share_digest(unsigned char digest[16], lo_str_t f)
{
    int       hi, lo;
    unsigned  i;

    if (f.len != 2 * 16) {
        return LO_ERROR;
    }

    for (i = 0; i < 16; i++) {

        hi = lo_share_digit(f.data[2 * i]);
        lo = lo_share_digit(f.data[2 * i + 1]);

        if (hi < 0 || lo < 0) {
            return LO_ERROR;
        }

        digest[i] = (unsigned char) (hi << 4 | lo);
    }

    return LO_OK;
}


static int
lo_share_amounts(lo_share_segment_t *s, lo_str_t f)
{
    int       bad;
    size_t    at, end;
    unsigned  i;
    lo_str_t  v;

    bad = 0;
    at = 0;

    for (i = 0; i < sizeof(s->meta.ms) / sizeof(s->meta.ms[0]); i++) {

        for (end = at; end < f.len && f.data[end] != ','; end++) {
            /* void */
        }

        v.data = f.data + at;
        v.len = end - at;
        s->meta.ms[i] = (uint16_t) lo_share_value(v, 10, UINT16_MAX, &bad);

        at = end < f.len ? end + 1 : end;
    }

    return bad || at != f.len ? LO_ERROR : LO_OK;
}


int
lo_share_read(lo_share_segment_t *s, lo_str_t line)
{
    int       bad;
    unsigned  i;
    lo_str_t  f[LO_SHARE_FIELDS];

    for (i = 0; i < LO_SHARE_FIELDS; i++) {

        f[i] = lo_share_field(&line);

        if (f[i].len == 0) {
            return LO_ERROR;
        }
    }

    if (lo_share_digest(s->digest, f[1]) != LO_OK
        || lo_share_amounts(s, f[11]) != LO_OK
        || f[16].len > LO_SHARE_NODE || !lo_id_ok(f[16]))
    {
        return LO_ERROR;
    }

    bad = 0;

    s->meta.rank = (uint32_t) lo_share_value(f[0], 10, UINT32_MAX, &bad);
    s->size = lo_share_value(f[2], 10, UINT32_MAX, &bad);
    s->parts = (uint32_t) lo_share_value(f[3], 10, LO_SHARE_PARTS, &bad);
    s->meta.m = lo_share_signed(f[4], &bad);
    s->meta.tfdt = lo_share_value(f[5], 10, UINT64_MAX, &bad);
    s->meta.duration = lo_share_value(f[6], 10, UINT64_MAX, &bad);
    s->meta.timescale = (uint32_t) lo_share_value(f[7], 10, UINT32_MAX, &bad);
    s->meta.init = (uint32_t) lo_share_value(f[8], 10, UINT32_MAX, &bad);
    s->meta.run = (uint32_t) lo_share_value(f[9], 10, UINT32_MAX, &bad);
    s->meta.verdict = lo_share_value(f[10], 16, UINT64_MAX, &bad);
    s->meta.first_us = lo_share_signed(f[12], &bad);
    s->meta.last_us = lo_share_signed(f[13], &bad);
    s->meta.chunks = (uint32_t) lo_share_value(f[14], 10, UINT32_MAX, &bad);
    s->meta.flags = (uint32_t) lo_share_value(f[15], 10, UINT32_MAX, &bad);

    memcpy(s->node, f[16].data, f[16].len);
    s->node[f[16].len] = '\0';

    return bad || s->meta.timescale == 0 || s->parts != lo_share_parts(s->size)
           ? LO_ERROR : LO_OK;
}


int
lo_news_read(lo_news_t *n, lo_str_t text)
{
    int              bad;
    lo_str_t         kind;
    static lo_str_t  segment = lo_string("segment");
    static lo_str_t  gap = lo_string("gap");
    static lo_str_t  event = lo_string("event");
    static lo_str_t  gone = lo_string("gone");

    memset(n, 0, sizeof(lo_news_t));

    kind = lo_share_field(&text);
    n->event = lo_share_field(&text);
    n->node = lo_share_field(&text);

    if (!lo_id_ok(n->event) || !lo_id_ok(n->node)) {
        return LO_ERROR;
    }

    if (lo_str_eq(kind, event)) {
        n->kind = LO_NEWS_EVENT;
        return LO_OK;
    }

    if (lo_str_eq(kind, gone)) {
        bad = 0;
        n->kind = LO_NEWS_GONE;
        n->life = lo_share_value(lo_share_field(&text), 10, UINT64_MAX, &bad);
        return bad ? LO_ERROR : LO_OK;
    }

    n->track = lo_share_field(&text);
    n->number = lo_share_number(lo_share_field(&text));

    if (!lo_id_ok(n->track) || n->number < 0) {
        return LO_ERROR;
    }

    if (lo_str_eq(kind, gap)) {
        n->kind = LO_NEWS_GAP;
        return LO_OK;
    }

    n->kind = LO_NEWS_SEGMENT;
    n->pipeline = lo_share_field(&text);
    n->chosen = lo_share_field(&text);

    return lo_str_eq(kind, segment) && lo_id_ok(n->pipeline)
           && lo_id_ok(n->chosen)
           && lo_share_digest(n->digest, lo_share_field(&text)) == LO_OK
           ? LO_OK : LO_ERROR;
}
