#include "core/name.h"
#include "core/name_parse.h"


#define LO_TOKEN_MAX  512


static int
lo_name_digest(lo_str_t s, uint32_t *digest)
{
    size_t         i;
    uint32_t       v;
    unsigned char  c;

    if (s.len != 8) {
        return LO_NONE;
    }

    for (v = 0, i = 0; i < 8; i++) {
        c = s.data[i];

        if (lo_is_digit(c)) {
            v = v << 4 | (c - '0');

        } else if (c >= 'a' && c <= 'f') {
            v = v << 4 | (c - 'a' + 10);

        } else {
            return LO_NONE;
        }
    }

    *digest = v;

    return LO_OK;
}


/* in its one spelling: 8 and 008 would be two objects of a cache */

static int
lo_name_serve_number(lo_str_t s, uint64_t *number)
{
    if (s.len > 1 && s.data[0] == '0') {
        return LO_NONE;
    }

    return lo_name_number(s, number);
}


/* NUMBER or NUMBER.K */

static int
lo_name_serve_media(lo_name_t *n, lo_str_t s)
{
    uint64_t  part;
    lo_str_t  number;

    number.data = s.data;
    number.len = lo_name_digits(s);

    if (lo_name_serve_number(number, &n->number) != LO_OK) {
        return LO_NONE;
    }

    n->kind = LO_NAME_SEGMENT;
    lo_skip(&s, number.len);

    if (s.len == 0) {
        return LO_OK;
    }

    if (s.data[0] != '.') {
        return LO_NONE;
    }

    lo_skip(&s, 1);

    if (lo_name_serve_number(s, &part) != LO_OK || part > INT32_MAX) {
        return LO_NONE;
    }

    n->kind = LO_NAME_PART;
    n->part = (uint32_t) part;

    return LO_OK;
}


static int
lo_name_serve_track(lo_name_t *n, lo_str_t file)
{
    static const lo_str_t  media = lo_string("media.m3u8");
    static const lo_str_t  init = lo_string("init.mp4");
    static const lo_str_t  digest = lo_string("init-");
    static const lo_str_t  mp4 = lo_string(".mp4");
    static const lo_str_t  m4s = lo_string(".m4s");

    if (lo_str_eq(file, media)) {
        n->kind = LO_NAME_MEDIA;
        return LO_OK;
    }

    if (lo_str_eq(file, init)) {
        n->kind = LO_NAME_INIT;
        return LO_OK;
    }

    if (lo_ends(file, m4s)) {
        file.len -= m4s.len;
        return lo_name_serve_media(n, file);
    }

    if (lo_starts(file, digest) && lo_ends(file, mp4)
        && file.len == digest.len + 8 + mp4.len)
    {
        n->kind = LO_NAME_INIT_DIGEST;
        lo_skip(&file, digest.len);
        file.len -= mp4.len;

        return lo_name_digest(file, &n->digest);
    }

    return LO_NONE;
}


/* patch-KEY.mpp */

static int
lo_name_serve_patch(lo_name_t *n, lo_str_t file)
{
    uint32_t  high, low;
    lo_str_t  s;

    static const lo_str_t  patch = lo_string("patch-");
    static const lo_str_t  mpp = lo_string(".mpp");

    if (file.len != patch.len + 16 + mpp.len || !lo_starts(file, patch)
        || !lo_ends(file, mpp))
    {
        return LO_NONE;
    }

    s.data = file.data + patch.len;
    s.len = 8;

    if (lo_name_digest(s, &high) != LO_OK) {
        return LO_NONE;
    }

    s.data += 8;

    if (lo_name_digest(s, &low) != LO_OK) {
        return LO_NONE;
    }

    n->kind = LO_NAME_PATCH;
    n->number = (uint64_t) high << 32 | low;

    return LO_OK;
}


static int
lo_name_tilde(lo_str_t *rest, lo_str_t *value, size_t max)
{
    *value = lo_name_next(rest);
    lo_skip(value, 1);

    return value->len && value->len <= max ? LO_OK : LO_NONE;
}


/* an id, or one that is signed (core/class.h) */

static int
lo_name_class(lo_str_t *rest, lo_str_t *value)
{
    size_t         i;
    unsigned char  c;

    if (lo_name_tilde(rest, value, LO_CLASS_TEXT) != LO_OK) {
        return LO_NONE;
    }

    if (value->data[0] != '_') {
        return lo_id_ok(*value) ? LO_OK : LO_NONE;
    }

    for (i = 1; i < value->len; i++) {
        c = value->data[i];

        if (!lo_is_digit(c) && !lo_is_alpha(c) && c != '.' && c != '-'
            && c != '_')
        {
            return LO_NONE;
        }
    }

    return LO_OK;
}


/* what is of the whole event */

static lo_name_e
lo_name_serve_event(lo_str_t file)
{
    static const struct {
        lo_str_t   file;
        lo_name_e  kind;
    } names[] = {
        { lo_string("manifest.mpd"), LO_NAME_MPD },
        { lo_string("master.m3u8"), LO_NAME_MASTER },
        { lo_string("play"), LO_NAME_PLAY },
        { lo_string("steering"), LO_NAME_STEERING },
        { lo_string("clearkey"), LO_NAME_CLEARKEY }
    };
    unsigned  i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (lo_str_eq(file, names[i].file)) {
            return names[i].kind;
        }
    }

    return LO_NAME_NONE;
}


static int
lo_name_serve_path(lo_name_t *n, lo_str_t rest)
{
    if (rest.data[0] == '~'
        && lo_name_tilde(&rest, &n->token, LO_TOKEN_MAX) != LO_OK)
    {
        return LO_NONE;
    }

    n->event = lo_name_next(&rest);

    if (!lo_id_ok(n->event) || rest.len == 0) {
        return LO_NONE;
    }

    if (rest.data[0] == '~'
        && lo_name_class(&rest, &n->class) != LO_OK)
    {
        return LO_NONE;
    }

    n->kind = lo_name_serve_event(rest);

    if (n->kind != LO_NAME_NONE) {
        return LO_OK;
    }

    if (lo_name_serve_patch(n, rest) == LO_OK) {
        return LO_OK;
    }

    n->track = lo_name_next(&rest);

    if (!lo_id_ok(n->track)) {
        return LO_NONE;
    }

    return lo_name_serve_track(n, rest);
}


int
lo_name_serve(lo_name_t *n, lo_str_t path)
{
    memset(n, 0, sizeof(*n));

    if (!lo_name_path_ok(path, LO_PATH_SERVE)) {
        return LO_NONE;
    }

    if (lo_name_serve_path(n, path) != LO_OK) {
        n->kind = LO_NAME_NONE;
        return LO_NONE;
    }

    return LO_OK;
}
