#include "core/name.h"
#include "core/name_parse.h"
#include "core/template.h"


static const lo_str_t  lo_name_exts[] = {
    lo_string(".m4s"), lo_string(".mp4"), lo_string(".cmfv"),
    lo_string(".cmfa"), lo_string(".cmft"), lo_string(".cmfm"),
    lo_string(".m4v"), lo_string(".m4a"), lo_string(".m4f"),
    lo_null_string
};


/* removes one known extension; 0: there is none */

static int
lo_name_ext(lo_str_t *name)
{
    const lo_str_t  *ext;

    for (ext = lo_name_exts; ext->len; ext++) {
        if (name->len > ext->len && lo_ends(*name, *ext)) {
            name->len -= ext->len;
            return 1;
        }
    }

    return 0;
}


static int
lo_name_own(lo_name_t *n, lo_str_t rest, lo_str_t template, lo_name_e kind,
    lo_err_t *err)
{
    lo_template_t  m;

    if (lo_template_match(&m, template, rest) != LO_OK) {
        return LO_NONE;
    }

    if (m.overflow) {
        return lo_err(err, "a segment number above 2^53");
    }

    n->kind = kind;
    n->track = m.track;
    n->number = m.number;

    return LO_OK;
}


static int
lo_name_segment(lo_name_t *n, lo_str_t digits, lo_err_t *err)
{
    n->kind = LO_NAME_SEGMENT;

    switch (lo_name_number(digits, &n->number)) {

    case LO_OK:
        return LO_OK;

    case LO_FULL:
        return lo_err(err, "a segment number above 2^53");

    default:
        return lo_err(err, "a segment name without a number");
    }
}


/* "init-streamK" or "chunk-streamK-NNNNN", less the extension */

static int
lo_name_ffmpeg(lo_name_t *n, lo_str_t name, lo_err_t *err)
{
    static const lo_str_t  init = lo_string("init-stream");
    static const lo_str_t  chunk = lo_string("chunk-stream");

    size_t    k;
    lo_str_t  rest;

    rest = name;

    if (lo_starts(name, init)) {
        lo_skip(&rest, init.len);
        n->kind = LO_NAME_INIT;

    } else if (lo_starts(name, chunk)) {
        lo_skip(&rest, chunk.len);
        n->kind = LO_NAME_SEGMENT;

    } else {
        return LO_NONE;
    }

    k = lo_name_digits(rest);

    n->track.len = k + sizeof("stream") - 1;
    n->track.data = rest.data - (sizeof("stream") - 1);

    lo_skip(&rest, k);

    if (k == 0 || !lo_id_ok(n->track)) {
        return lo_err(err, "ffmpeg's stream has no number");
    }

    if (n->kind == LO_NAME_INIT) {
        return rest.len == 0 ? LO_OK
                             : lo_err(err, "neither an init nor a segment");
    }

    if (rest.len == 0 || rest.data[0] != '-') {
        return lo_err(err, "a segment name without a number");
    }

    lo_skip(&rest, 1);

    return lo_name_segment(n, rest, err);
}


static int
lo_name_streams(lo_name_t *n, lo_str_t rest, lo_err_t *err)
{
    static const lo_str_t  streams = lo_string("Streams(");

    if (!lo_starts(rest, streams)) {
        return LO_NONE;
    }

    lo_skip(&rest, streams.len);

    if (rest.len == 0 || rest.data[rest.len - 1] != ')') {
        return lo_err(err, "Streams(...) is not closed");
    }

    rest.len--;
    (void) lo_name_ext(&rest);

    if (!lo_id_ok(rest)) {
        return lo_err(err, "bad track id in Streams(...)");
    }

    n->kind = LO_NAME_STREAM;
    n->track = rest;

    return LO_OK;
}


/* the file of TRACK/FILE, less its extension */

static int
lo_name_file(lo_name_t *n, lo_str_t file, lo_err_t *err)
{
    static const lo_str_t  init = lo_string("init");

    size_t     i, digits;
    lo_name_t  flat;

    if (lo_name_ffmpeg(&flat, file, NULL) == LO_OK) {
        return lo_err(err, "ffmpeg's stream names stand directly below the "
                      "pipeline: several streams would share this track");
    }

    if (lo_starts(file, init)
        && (file.len == init.len || !lo_is_alpha(file.data[init.len])))
    {
        n->kind = LO_NAME_INIT;
        return LO_OK;
    }

    for (digits = 0;
         digits < file.len && lo_is_digit(file.data[file.len - digits - 1]);
         digits++)
    { /* void */ }

    for (i = 0; i < file.len - digits; i++) {
        if (!lo_is_alpha(file.data[i])
            && (i == 0 || (file.data[i] != '-' && file.data[i] != '_'
                           && !lo_is_digit(file.data[i]))))
        {
            return lo_err(err, "neither an init nor a segment");
        }
    }

    lo_skip(&file, i);

    return lo_name_segment(n, file, err);
}


int
lo_name_event(lo_name_t *n, lo_str_t path, lo_err_t *err)
{
    memset(n, 0, sizeof(*n));

    if (!lo_name_path_ok(path, LO_PATH_PUBLISH)) {
        return lo_err(err, "the path is empty, too long or not in its "
                      "simplest form");
    }

    n->event = lo_name_next(&path);

    if (!lo_id_ok(n->event)) {
        return lo_err(err, "bad event id");
    }

    n->pipeline = lo_name_next(&path);

    if (!lo_id_ok(n->pipeline)) {
        return lo_err(err, "bad pipeline id");
    }

    return LO_OK;
}


int
lo_name_publish(lo_name_t *n, lo_str_t path, lo_str_t init, lo_str_t media,
    lo_err_t *err)
{
    return lo_name_event(n, path, err) == LO_OK
           ? lo_name_publish_rest(n, path, init, media, err) : LO_ERROR;
}


int
lo_name_publish_rest(lo_name_t *n, lo_str_t path, lo_str_t init,
    lo_str_t media, lo_err_t *err)
{
    static const lo_str_t  mpd = lo_string(".mpd");
    static const lo_str_t  m3u8 = lo_string(".m3u8");

    int       rc;
    lo_str_t  rest, file;

    rest = path;
    lo_skip(&rest, n->pipeline.data + n->pipeline.len - path.data);

    if (rest.len) {
        lo_skip(&rest, 1);
    }

    rc = lo_name_own(n, rest, init, LO_NAME_INIT, err);

    if (rc == LO_NONE) {
        rc = lo_name_own(n, rest, media, LO_NAME_SEGMENT, err);
    }

    if (rc != LO_NONE) {
        return rc;
    }

    if (lo_ends(rest, mpd) || lo_ends(rest, m3u8)) {
        n->kind = LO_NAME_MANIFEST;
        return LO_OK;
    }

    rc = lo_name_streams(n, rest, err);

    if (rc != LO_NONE) {
        return rc;
    }

    file = rest;

    if (file.len == 0 || !lo_name_ext(&file)) {
        return lo_err(err, "the name has no known extension");
    }

    n->track = lo_name_next(&file);

    if (file.len == 0) {
        rc = lo_name_ffmpeg(n, n->track, err);

        return rc == LO_NONE ? lo_err(err, "a name without a track") : rc;
    }

    if (!lo_id_ok(n->track)) {
        return lo_err(err, "bad track id");
    }

    return lo_name_file(n, file, err);
}
