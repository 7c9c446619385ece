#include <stdio.h>

#include "core/limits_read.h"


typedef struct {
    const char         *word;
    uint32_t            bit;
} lo_limits_word_t;


static const lo_limits_word_t  lo_limits_ranges[] = {
    { "sdr", LO_RANGE_SDR }, { "hlg", LO_RANGE_HLG }, { "pq", LO_RANGE_PQ },
    { NULL, 0 }
};

static const lo_limits_word_t  lo_limits_schemes[] = {
    { "cenc", LO_SCHEME_CENC }, { "cbcs", LO_SCHEME_CBCS }, { NULL, 0 }
};

static const lo_limits_word_t  lo_limits_systems[] = {
    { "widevine", LO_DRM_WIDEVINE }, { "playready", LO_DRM_PLAYREADY },
    { "fairplay", LO_DRM_FAIRPLAY }, { "clearkey", LO_DRM_CLEARKEY },
    { NULL, 0 }
};

#define LO_LIMITS_FAMILY(sym, name)                                           \
    { name, (uint32_t) 1 << LO_FAMILY_##sym },

static const lo_limits_word_t  lo_limits_families[] = {
    LO_FAMILY_LIST(LO_LIMITS_FAMILY) { NULL, 0 }
};


static uint32_t
lo_limits_word(const lo_limits_word_t *words, const char *s)
{
    for ( /* void */ ; words->word && strcmp(words->word, s) != 0; words++) {
        /* void */
    }

    return words->bit;
}


/* a list of words; LO_NONE: not there */

static int
lo_limits_words(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    const lo_limits_word_t *words, uint32_t allowed, uint32_t *bits)
{
    size_t       i;
    json_t      *v, *item;
    uint32_t     bit;
    const char  *s;

    v = json_object_get(o, name);

    if (v == NULL) {
        return LO_NONE;
    }

    if (!json_is_array(v)) {
        return lo_event_bad(ctx, name, "not a list");
    }

    for (i = 0; i < json_array_size(v); i++) {
        item = json_array_get(v, i);
        s = json_string_value(item);
        bit = s ? lo_limits_word(words, s) & allowed : 0;

        if (bit == 0) {
            return lo_event_bad(ctx, name, "\"%.32s\" is none of what is "
                                "allowed there", s ? s : "entry");
        }

        *bits |= bit;
    }

    return LO_OK;
}


/* "4.2" or true */

static int
lo_limits_level(lo_event_ctx_t *ctx, const char *family, const json_t *v,
    uint8_t *level)
{
    const char  *s;

    *level = 0;

    if (json_is_true(v)) {
        return LO_OK;
    }

    s = json_string_value(v);

    if (s == NULL || s[0] < '1' || s[0] > '9'
        || (s[1] != '\0' && (s[1] != '.' || s[2] < '0' || s[2] > '9'
                             || s[3] != '\0')))
    {
        return lo_event_bad(ctx, "codecs", "the level of %s is neither true "
                            "nor like \"4.1\"", family);
    }

    *level = (s[0] - '0') * 10 + (s[1] ? s[2] - '0' : 0);

    return LO_OK;
}


static int
lo_limits_codecs(lo_event_ctx_t *ctx, const json_t *o, uint32_t allowed,
    lo_limits_t *l)
{
    unsigned     i;
    json_t      *v, *level;
    uint32_t     bit;
    const char  *key;

    v = json_object_get(o, "codecs");

    if (!json_is_object(v)) {
        return lo_limits_words(ctx, o, "codecs", lo_limits_families, allowed,
                               &l->families);
    }

    json_object_foreach(v, key, level) {

        bit = lo_limits_word(lo_limits_families, key) & allowed;

        if (bit == 0) {
            return lo_event_bad(ctx, "codecs", "\"%.32s\" is no codec that "
                                "is allowed there", key);
        }

        for (i = 0; (uint32_t) 1 << i != bit; i++) { /* void */ }

        if (lo_limits_level(ctx, key, level, &l->level[i]) != LO_OK) {
            return LO_ERROR;
        }

        l->families |= bit;
    }

    return LO_OK;
}


/* o.name, which is an object if it is there; ctx->at goes into it, and back
   to len */

static int
lo_limits_into(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    json_t **v, size_t *len)
{
    lo_buf_t  b;

    *v = json_object_get(o, name);
    *len = strlen(ctx->at);

    if (*v == NULL) {
        return LO_NONE;
    }

    if (!json_is_object(*v)) {
        return lo_event_bad(ctx, name, "not an object");
    }

    lo_buf_init(&b, ctx->at + *len, sizeof(ctx->at) - *len - 1);
    lo_buf_puts(&b, name);
    lo_buf_puts(&b, ".");
    *b.pos = '\0';

    return LO_OK;
}


static int
lo_limits_video(lo_event_ctx_t *ctx, const json_t *v, lo_limits_t *l)
{
    int      rc;
    int64_t  fps;

    static const lo_event_number_t  numbers[] = {
        { "max_width", offsetof(lo_limits_t, width), 1, 16384 },
        { "max_height", offsetof(lo_limits_t, height), 1, 16384 },
        { "max_bitrate", offsetof(lo_limits_t, bitrate), 1000, 2000000000 },
        { NULL, 0, 0, 0 }
    };

    rc = lo_limits_codecs(ctx, v, LO_FAMILIES_VIDEO, l);
    l->has_video = (rc == LO_OK);

    if (rc == LO_ERROR || lo_event_numbers_read(ctx, v, numbers, l) != LO_OK) {
        return LO_ERROR;
    }

    rc = lo_event_number(ctx, v, "max_fps", 1, 1000, &fps);

    if (rc == LO_OK) {
        l->fps = fps * 1000;
    }

    if (rc == LO_ERROR) {
        return LO_ERROR;
    }

    rc = lo_limits_words(ctx, v, "ranges", lo_limits_ranges, UINT32_MAX,
                         &l->ranges);
    l->has_ranges = (rc == LO_OK);

    return rc;
}


static int
lo_limits_audio(lo_event_ctx_t *ctx, const json_t *v, lo_limits_t *l)
{
    int  rc;

    static const lo_event_number_t  numbers[] = {
        { "max_channels", offsetof(lo_limits_t, channels), 1, 64 },
        { "max_bitrate", offsetof(lo_limits_t, audio_bitrate), 1000,
          100000000 },
        { NULL, 0, 0, 0 }
    };

    rc = lo_limits_codecs(ctx, v, LO_FAMILIES_AUDIO, l);
    l->has_audio = (rc == LO_OK);

    return rc == LO_ERROR ? LO_ERROR
                          : lo_event_numbers_read(ctx, v, numbers, l);
}


static int
lo_limits_drm(lo_event_ctx_t *ctx, const json_t *v, lo_limits_t *l)
{
    int  rc;

    rc = lo_limits_words(ctx, v, "systems", lo_limits_systems, UINT32_MAX,
                         &l->systems);
    l->has_systems = (rc == LO_OK);

    if (rc == LO_ERROR) {
        return LO_ERROR;
    }

    rc = lo_limits_words(ctx, v, "schemes", lo_limits_schemes, UINT32_MAX,
                         &l->schemes);
    l->has_schemes = (rc == LO_OK);

    return rc;
}


int
lo_limits_read(lo_event_ctx_t *ctx, const json_t *o, lo_limits_t *l)
{
    int       rc;
    json_t   *v;
    size_t    len;
    unsigned  i;

    static const struct {
        const char  *name;
        int        (*read)(lo_event_ctx_t *ctx, const json_t *v,
                           lo_limits_t *l);
    } parts[] = {
        { "video", lo_limits_video },
        { "audio", lo_limits_audio },
        { "drm", lo_limits_drm }
    };

    memset(l, 0, sizeof(lo_limits_t));

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {

        rc = lo_limits_into(ctx, o, parts[i].name, &v, &len);

        if (rc == LO_OK) {
            rc = parts[i].read(ctx, v, l);
        }

        if (rc == LO_ERROR) {
            return LO_ERROR;
        }

        ctx->at[len] = '\0';
    }

    rc = lo_limits_words(ctx, o, "text", lo_limits_families, LO_FAMILIES_TEXT,
                         &l->families);
    l->has_text = (rc == LO_OK);

    return rc == LO_ERROR ? LO_ERROR : LO_OK;
}


/* ---- of an event */

int
lo_device_id_ok(lo_str_t id)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
              || (c == '-' && i > 0)))
        {
            return 0;
        }
    }

    return id.len > 0 && id.len <= LO_DEVICE_ID_MAX;
}


static int
lo_event_device(lo_event_ctx_t *ctx, const char *id, const json_t *v,
    lo_narrow_t *n)
{
    if (strcmp(id, "*") != 0 && !lo_device_id_ok(lo_cstr(id))) {
        return lo_event_bad(ctx, "devices", "\"%.40s\" is neither \"*\" nor "
                            "the id of a class of devices", id);
    }

    strcpy(n->device, id);
    n->off = json_is_false(v);

    if (n->off) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "devices", "\"%.40s\" is neither an object "
                            "nor false", id);
    }

    snprintf(ctx->at, sizeof(ctx->at), "devices.%.12s.", id);

    if (lo_limits_read(ctx, v, &n->limits) != LO_OK) {
        return LO_ERROR;
    }

    ctx->at[0] = '\0';

    return LO_OK;
}


int
lo_event_devices(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    json_t      *v, *item;
    const char  *key;

    v = json_object_get(o, "devices");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v) || json_object_size(v) > LO_NARROW_MAX) {
        return lo_event_bad(ctx, "devices", "not an object of at most %d "
                            "classes", LO_NARROW_MAX);
    }

    json_object_foreach(v, key, item) {

        if (lo_event_device(ctx, key, item, &ev->narrow[ev->nnarrow])
            != LO_OK)
        {
            return LO_ERROR;
        }

        ev->nnarrow++;
    }

    return LO_OK;
}
