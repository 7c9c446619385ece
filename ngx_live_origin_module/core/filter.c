/*
 * From the text of a filter to what it asks for, and back.
 */

#include "core/filter_int.h"
#include "core/name_parse.h"

#include <stdio.h>


const lo_filter_param_t  lo_filter_params[LO_FILTER_NKEYS] = {
    { "audio_bitrate", LO_FILTER_RANGE, 0, INT32_MAX, { NULL } },
    { "audio_channels", LO_FILTER_RANGE, 1, INT16_MAX, { NULL } },
    { "audio_codec", LO_FILTER_WORD, 0, 0,
      { "aacl", "aach", "ac-3", "ec-3", NULL } },
    { "audio_language", LO_FILTER_TEXT, 0, 0, { NULL } },
    { "audio_sample_rate", LO_FILTER_RANGE, 0, INT32_MAX, { NULL } },
    { "subtitle_language", LO_FILTER_TEXT, 0, 0, { NULL } },
    { "trickplay_height", LO_FILTER_RANGE, 1, INT32_MAX, { NULL } },
    { "trickplay_type", LO_FILTER_WORD, 0, 0,
      { "iframe", "image", "none", NULL } },
    { "video_bitrate", LO_FILTER_RANGE, 0, LO_FILTER_BITRATE_MAX, { NULL } },
    { "video_codec", LO_FILTER_WORD, 0, 0, { "av1", "h264", "h265", NULL } },
    { "video_dynamic_range", LO_FILTER_WORD, 0, 0,
      { "dv", "hdr10", "hlg", "sdr", NULL } },
    { "video_framerate", LO_FILTER_FPS, 1000, 999999, { NULL } },
    { "video_height", LO_FILTER_RANGE, 1, LO_FILTER_HEIGHT_MAX, { NULL } }
};


/* what every track satisfies is not asked for */

static void
lo_filter_settle(lo_filter_t *f, lo_filter_key_e key)
{
    unsigned                  n;
    const lo_filter_range_t  *r;
    const lo_filter_param_t  *param;

    param = &lo_filter_params[key];
    f->keys |= 1u << key;

    switch (param->kind) {

    case LO_FILTER_RANGE:
    case LO_FILTER_FPS:
        r = &f->ranges[f->first[key]];

        if (f->n[key] == 1 && r->lo == param->min && r->hi == param->max) {
            f->n[key] = 0;
            f->keys &= ~(1u << key);
        }

        f->used += f->n[key];
        break;

    case LO_FILTER_WORD:

        /* none of them, or these: these */

        if (key == LO_FILTER_TRICKPLAY_TYPE
            && f->words[key] != LO_FILTER_NOTRICK)
        {
            f->words[key] &= ~LO_FILTER_NOTRICK;
        }

        for (n = 0; param->words[n] != NULL; n++) { /* void */ }

        if ((key == LO_FILTER_VIDEO_DYNAMIC_RANGE
             && f->words[key] == (1u << n) - 1)
            || (key == LO_FILTER_TRICKPLAY_TYPE
                && f->words[key] == (LO_FILTER_IFRAME | LO_FILTER_IMAGE)))
        {
            f->words[key] = 0;
            f->keys &= ~(1u << key);
        }

        break;

    default:
        break;
    }
}


static int
lo_filter_param(lo_filter_parse_t *p, lo_str_t values)
{
    int       more, rc;
    size_t    i;
    lo_str_t  value;

    for (i = 0; i < values.len; i++) {
        if (values.data[i] == ':' || values.data[i] == '=') {
            return lo_filter_err(p, values, "has two values that are not "
                                 "apart by a comma");
        }
    }

    p->values = 0;
    p->f->first[p->key] = p->f->used;
    p->f->text_at[p->key] = p->f->text_used;

    do {
        more = lo_filter_cut(&values, ',', &value);
        rc = lo_filter_value(p, lo_filter_trim(value));

    } while (rc == LO_OK && more);

    if (rc == LO_OK) {
        lo_filter_settle(p->f, p->key);
    }

    return rc;
}


static int
lo_filter_key(lo_str_t name, lo_filter_key_e *key)
{
    unsigned  i;

    for (i = 0; i < LO_FILTER_NKEYS; i++) {
        if (lo_filter_is(name, lo_filter_params[i].name)) {
            *key = i;
            return LO_OK;
        }
    }

    return LO_NONE;
}


/* "name:value,value"; "=" for ":" stands in MediaPackage's own examples */

static int
lo_filter_pair(lo_filter_parse_t *p, lo_str_t pair, uint32_t *seen)
{
    char      shown[LO_FILTER_SHOWN + 1];
    size_t    i;
    lo_str_t  name;

    for (i = 0; i < pair.len && pair.data[i] != ':' && pair.data[i] != '=';
         i++)
    {
        /* void */
    }

    name.data = pair.data;
    name.len = i;
    name = lo_filter_trim(name);

    if (lo_filter_is(name, "aws.manifestfilter")) {
        return lo_err(p->err, "aws.manifestfilter is given twice");
    }

    if (lo_filter_key(name, &p->key) != LO_OK) {
        return lo_err(p->err, "aws.manifestfilter: unknown parameter \"%s\"",
                      lo_filter_shown(shown, name));
    }

    if (i == pair.len) {
        return lo_err(p->err, "aws.manifestfilter: \"%s\" has no value",
                      lo_filter_params[p->key].name);
    }

    if (*seen & (1u << p->key)) {
        return lo_err(p->err, "aws.manifestfilter: \"%s\" is given twice",
                      lo_filter_params[p->key].name);
    }

    *seen |= 1u << p->key;
    lo_skip(&pair, i + 1);

    return lo_filter_param(p, pair);
}


int
lo_filter_parse(lo_filter_t *f, lo_str_t text, lo_err_t *err)
{
    int                more, rc;
    uint32_t           seen;
    lo_str_t           pair;
    lo_filter_parse_t  p;

    memset(f, 0, sizeof(lo_filter_t));

    if (text.len > LO_FILTER_MAX) {
        return lo_err(err, "aws.manifestfilter has %zu characters: at most "
                      "%d", text.len, LO_FILTER_MAX);
    }

    if (lo_filter_trim(text).len == 0) {
        return lo_err(err, "aws.manifestfilter is empty");
    }

    p.f = f;
    p.err = err;
    seen = 0;

    do {
        more = lo_filter_cut(&text, ';', &pair);
        pair = lo_filter_trim(pair);

        if (pair.len == 0) {
            return lo_err(err, "aws.manifestfilter has an empty parameter");
        }

        rc = lo_filter_pair(&p, pair, &seen);

    } while (rc == LO_OK && more);

    return rc;
}


/* ---- and back */

static void
lo_filter_write_number(lo_buf_t *b, uint32_t v, int fps)
{
    char      text[16];
    unsigned  len;

    if (!fps) {
        lo_buf_u64(b, v);
        return;
    }

    len = snprintf(text, sizeof(text), "%u.%03u", v / 1000, v % 1000);

    while (text[len - 1] == '0') {
        len--;
    }

    lo_buf_put(b, text, text[len - 1] == '.' ? len - 1 : len);
}


static void
lo_filter_write_ranges(lo_buf_t *b, const lo_filter_t *f,
    lo_filter_key_e key)
{
    int                       fps;
    unsigned                  i;
    const lo_filter_range_t  *r;

    fps = lo_filter_params[key].kind == LO_FILTER_FPS;

    for (i = 0; i < f->n[key]; i++) {
        r = &f->ranges[f->first[key] + i];

        if (i) {
            lo_buf_puts(b, ",");
        }

        lo_filter_write_number(b, r->lo, fps);

        if (r->hi != r->lo) {
            lo_buf_puts(b, "-");
            lo_filter_write_number(b, r->hi, fps);
        }
    }
}


void
lo_filter_write(lo_buf_t *b, const lo_filter_t *f)
{
    int         any, comma;
    unsigned    i, key;

    const char *const  *words;

    for (any = 0, key = 0; key < LO_FILTER_NKEYS; key++) {

        if (!lo_filter_has(f, key)) {
            continue;
        }

        lo_buf_puts(b, any ? ";" : "");
        lo_buf_puts(b, lo_filter_params[key].name);
        lo_buf_puts(b, ":");
        any = 1;

        switch (lo_filter_params[key].kind) {

        case LO_FILTER_WORD:
            words = lo_filter_params[key].words;

            for (comma = 0, i = 0; words[i] != NULL; i++) {
                if (f->words[key] & (1u << i)) {
                    lo_buf_puts(b, comma ? "," : "");
                    lo_buf_puts(b, words[i]);
                    comma = 1;
                }
            }

            break;

        case LO_FILTER_TEXT:
            lo_buf_put(b, f->text + f->text_at[key], f->text_len[key] - 1);
            break;

        default:
            lo_filter_write_ranges(b, f, key);
        }
    }
}
