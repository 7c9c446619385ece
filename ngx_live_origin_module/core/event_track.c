#include <stddef.h>

#include "core/event_read.h"
#include "core/event_value.h"


#define LO_EVENT_INBAND_MAX  256           /* of one scheme */


typedef struct {
    const char         *name;
    size_t              offset;
    size_t              max;
    int                 token;        /* letters, digits and . - _ / only */
} lo_event_string_t;


static const lo_event_number_t  lo_event_track_numbers[] = {
    { "width", offsetof(lo_event_track_t, width), 1, 16384 },
    { "height", offsetof(lo_event_track_t, height), 1, 16384 },
    { "bitrate", offsetof(lo_event_track_t, bitrate), 1, 2000000000 },
    { "sample_rate", offsetof(lo_event_track_t, sample_rate), 1000, 768000 },
    { "channels", offsetof(lo_event_track_t, channels), 1, 64 },
    { NULL, 0, 0, 0 }
};

static const lo_event_string_t  lo_event_track_strings[] = {
    { "codec", offsetof(lo_event_track_t, codec), LO_CODEC_MAX - 1, 1 },
    { "lang", offsetof(lo_event_track_t, lang), LO_LANG_MAX - 1, 1 },
    { "label", offsetof(lo_event_track_t, label), 256, 0 },
    { "role", offsetof(lo_event_track_t, role), 64, 1 },
    { NULL, 0, 0, 0 }
};


static int
lo_event_track_type(lo_event_ctx_t *ctx, const json_t *o,
    lo_event_track_t *t)
{
    size_t    i;
    json_t   *v;
    lo_str_t  s;

    static const lo_str_t  types[] = {
        lo_null_string, lo_string("video"), lo_string("audio"),
        lo_string("text"), lo_string("meta")
    };

    v = json_object_get(o, "type");

    if (v == NULL) {
        t->type = lo_value_codec_type(t->codec);
        return LO_OK;
    }

    s = lo_event_str(v);

    for (i = LO_MEDIA_VIDEO; json_is_string(v) && i <= LO_MEDIA_META; i++) {
        if (lo_str_eq(s, types[i])) {
            t->type = i;
            return LO_OK;
        }
    }

    return lo_event_bad(ctx, "type",
                        "allowed are video, audio, text and meta");
}


static int
lo_event_track_fps(lo_event_ctx_t *ctx, const json_t *o, lo_event_track_t *t)
{
    int      rc;
    json_t  *v;

    v = json_object_get(o, "fps");

    if (v == NULL) {
        return LO_OK;
    }

    if (json_is_string(v)) {
        rc = lo_value_fps_str(&t->fps_num, &t->fps_den, lo_event_str(v),
                              &ctx->err->err);

    } else if (json_is_number(v)) {
        rc = lo_value_fps(&t->fps_num, &t->fps_den, json_number_value(v),
                          &ctx->err->err);

    } else {
        return lo_event_bad(ctx, "fps", "neither a number nor a string");
    }

    return rc == LO_OK ? LO_OK : lo_event_bad_field(ctx, "fps");
}


/* what HLS lets a player choose by: SCORE and HDCP-LEVEL */

static int
lo_event_track_choice(lo_event_ctx_t *ctx, const json_t *o,
    lo_event_track_t *t)
{
    double   v;
    json_t  *score;

    score = json_object_get(o, "score");

    if (score != NULL) {
        v = json_is_number(score) ? json_number_value(score) : 0;

        if (!(v >= 0.001 && v <= 1000000)) {
            return lo_event_bad(ctx, "score", "allowed is 0.001 to 1000000");
        }

        t->score = (uint32_t) (v * 1000 + 0.5);
    }

    if (lo_event_string(ctx, o, "hdcp_level", 8, 1, &t->hdcp) == LO_ERROR) {
        return LO_ERROR;
    }

    if (t->hdcp.data && !lo_str_eq(t->hdcp, lo_cstr("NONE"))
        && !lo_str_eq(t->hdcp, lo_cstr("TYPE-0"))
        && !lo_str_eq(t->hdcp, lo_cstr("TYPE-1")))
    {
        return lo_event_bad(ctx, "hdcp_level", "allowed are NONE, TYPE-0 and "
                            "TYPE-1");
    }

    return LO_OK;
}


static int
lo_event_track_strs(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    unsigned max, lo_str_t *strs, unsigned *n)
{
    json_t  *v, *item;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_array(v) || json_array_size(v) > max) {
        return lo_event_bad(ctx, name, "not a list of at most %u strings",
                            max);
    }

    while (*n < json_array_size(v)) {
        item = json_array_get(v, *n);

        if (!json_is_string(item)) {
            return lo_event_bad(ctx, name, "not a list of strings: "
                                "entry %u", *n);
        }

        strs[(*n)++] = lo_event_str(item);
    }

    return LO_OK;
}


/* what emsg boxes in its segments say of themselves: URIs */

static int
lo_event_track_inband(lo_event_ctx_t *ctx, const json_t *o,
    lo_event_track_t *t)
{
    size_t    k;
    unsigned  i;

    if (lo_event_track_strs(ctx, o, "inband_events", LO_EVENT_INBAND,
                            t->inband, &t->ninband) != LO_OK)
    {
        return LO_ERROR;
    }

    for (i = 0; i < t->ninband; i++) {

        for (k = 0; k < t->inband[i].len && t->inband[i].data[k] > ' '
                    && t->inband[i].data[k] < 0x7f
                    && !strchr("\"<>\\^`{|}%", t->inband[i].data[k]); k++)
        {
            /* void */
        }

        if (t->inband[i].len == 0 || t->inband[i].len > LO_EVENT_INBAND_MAX
            || k < t->inband[i].len)
        {
            return lo_event_bad(ctx, "inband_events", "entry %u is not a URI",
                                i);
        }
    }

    return LO_OK;
}


int
lo_event_track(lo_event_ctx_t *ctx, const json_t *o, void *into)
{
    lo_event_t  *ev = into;

    unsigned                  i;
    lo_event_track_t         *t;
    const lo_event_string_t  *s;

    t = &ev->tracks[ev->ntracks];

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "id", "is missing: the track is not an "
                            "object");
    }

    if (lo_event_id(ctx, "id", json_object_get(o, "id"), &t->id) != LO_OK) {
        return LO_ERROR;
    }

    for (i = 0; i < ev->ntracks; i++) {
        if (lo_str_eq(t->id, ev->tracks[i].id)) {
            return lo_event_bad(ctx, "id", "is there twice");
        }
    }

    for (s = lo_event_track_strings; s->name; s++) {
        if (lo_event_string(ctx, o, s->name, s->max, s->token,
                            (lo_str_t *) (void *) ((char *) t + s->offset))
            == LO_ERROR)
        {
            return LO_ERROR;
        }
    }

    if (lo_event_numbers_read(ctx, o, lo_event_track_numbers, t) != LO_OK
        || lo_event_track_type(ctx, o, t) != LO_OK
        || lo_event_track_fps(ctx, o, t) != LO_OK
        || lo_event_track_strs(ctx, o, "ffmpeg", LO_EVENT_FFMPEG, t->ffmpeg,
                               &t->nffmpeg) != LO_OK
        || lo_event_track_inband(ctx, o, t) != LO_OK
        || lo_event_track_choice(ctx, o, t) != LO_OK
        || lo_rights_rule_read(ctx, o, &t->countries) != LO_OK)
    {
        return LO_ERROR;
    }

    ev->ntracks++;

    return LO_OK;
}
