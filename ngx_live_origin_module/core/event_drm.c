/*
 * "drm" of the event document: docs/drm.md.
 */

#include <stddef.h>
#include <stdio.h>

#include "core/base64.h"
#include "core/box.h"
#include "core/event_read.h"


typedef int (*lo_drm_check_pt)(lo_str_t bytes, lo_err_t *err);

typedef struct {
    const char         *name;
    size_t              offset;
    int               (*read)(lo_event_ctx_t *ctx, const json_t *o,
                              const char *name, lo_str_t *value);
} lo_drm_member_t;

typedef struct {
    const char         *name;
    unsigned            bit;
    lo_drm_member_t     members[5];
} lo_drm_system_t;


/* what stands in an MPD and in a playlist as it is: RFC 3986 */

static int
lo_drm_uri_ok(lo_str_t s, int placeholder)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (placeholder && s.len - i >= 5
            && memcmp(s.data + i, "{kid}", 5) == 0)
        {
            i += 4;
            continue;
        }

        if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c)) {
            return 0;
        }
    }

    return 1;
}


static int
lo_drm_begins(lo_str_t s, const char *with)
{
    size_t  n;

    n = strlen(with);

    return s.len > n && memcmp(s.data, with, n) == 0;
}


static int
lo_drm_url(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *value)
{
    int       rc;
    lo_str_t  url;

    rc = lo_event_string(ctx, o, name, LO_DRM_URL, 0, &url);

    if (rc != LO_OK) {
        return rc;
    }

    if (!lo_drm_uri_ok(url, 0) || !(lo_drm_begins(url, "https://")
                                    || lo_drm_begins(url, "http://")))
    {
        return lo_event_bad(ctx, name, "a URL like https://license.example/ "
                            "is wanted");
    }

    *value = url;

    return LO_OK;
}


static int
lo_drm_key_uri(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *value)
{
    int       rc;
    lo_str_t  uri;

    rc = lo_event_string(ctx, o, name, LO_DRM_URL, 0, &uri);

    if (rc == LO_NONE) {
        return lo_event_bad(ctx, name, "is missing");
    }

    if (rc != LO_OK) {
        return rc;
    }

    if (!lo_drm_uri_ok(uri, 1) || !lo_drm_begins(uri, "skd://")) {
        return lo_event_bad(ctx, name, "a URI like skd://{kid} is wanted");
    }

    *value = uri;

    return LO_OK;
}


/* of what a box of ours would have room for */

static int
lo_drm_base64(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *value, lo_drm_check_pt check)
{
    int            n, rc;
    lo_str_t       text, bytes;
    unsigned char  mem[LO_DRM_BOX];

    rc = lo_event_string(ctx, o, name, LO_EVENT_DOC_MAX, 0, &text);

    if (rc != LO_OK) {
        return rc;
    }

    n = lo_base64_read(mem, sizeof(mem), text);

    if (n == LO_FULL) {
        return lo_event_bad(ctx, name, "more than %d bytes", LO_DRM_BOX);
    }

    if (n <= 0) {
        return lo_event_bad(ctx, name, "not base64, or nothing in it");
    }

    bytes.data = mem;
    bytes.len = (size_t) n;

    if (check && check(bytes, &ctx->err->err) != LO_OK) {
        return lo_event_bad_field(ctx, name);
    }

    *value = text;

    return LO_OK;
}


static int
lo_drm_widevine_box(lo_str_t bytes, lo_err_t *err)
{
    return lo_drm_pssh_check(bytes, lo_drm_id_widevine, err);
}


static int
lo_drm_pssh_text(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *value)
{
    return lo_drm_base64(ctx, o, name, value, lo_drm_widevine_box);
}


static int
lo_drm_data_text(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *value)
{
    if (json_object_get(o, name) && json_object_get(o, "pssh")) {
        return lo_event_bad(ctx, name, "pssh or data, not both");
    }

    return lo_drm_base64(ctx, o, name, value, NULL);
}


static int
lo_drm_pro_text(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    lo_str_t *value)
{
    return lo_drm_base64(ctx, o, name, value, lo_drm_pro_check);
}


/* ---- systems */

#define LO_DRM_MEMBER(name, field, read)                                      \
    { name, offsetof(lo_drm_t, field), read }

static const lo_drm_system_t  lo_drm_systems[] = {

    { "widevine", LO_DRM_WIDEVINE,
      { LO_DRM_MEMBER("pssh", pssh, lo_drm_pssh_text),
        LO_DRM_MEMBER("data", pssh_data, lo_drm_data_text),
        LO_DRM_MEMBER("license_url", widevine_url, lo_drm_url) } },

    { "playready", LO_DRM_PLAYREADY,
      { LO_DRM_MEMBER("pro", pro, lo_drm_pro_text),
        LO_DRM_MEMBER("license_url", playready_url, lo_drm_url) } },

    { "fairplay", LO_DRM_FAIRPLAY,
      { LO_DRM_MEMBER("key_uri", key_uri, lo_drm_key_uri),
        LO_DRM_MEMBER("certificate_url", certificate_url, lo_drm_url),
        LO_DRM_MEMBER("license_url", fairplay_url, lo_drm_url) } },

    { "clearkey", LO_DRM_CLEARKEY,
      { LO_DRM_MEMBER("license_url", clearkey_url, lo_drm_url) } },

    { NULL, 0, { { NULL, 0, NULL } } }
};


static int
lo_drm_system(lo_event_ctx_t *ctx, const json_t *v, const lo_drm_system_t *s,
    lo_drm_t *drm)
{
    unsigned     i;
    const char  *known[6];

    if (!json_is_object(v)) {
        ctx->at[sizeof("drm.systems.") - 1] = '\0';
        return lo_event_bad(ctx, s->name, "not an object");
    }

    for (i = 0; s->members[i].name; i++) {
        known[i] = s->members[i].name;
    }

    known[i] = NULL;

    if (lo_event_members(ctx, v, known) != LO_OK) {
        return LO_ERROR;
    }

    for (i = 0; s->members[i].name; i++) {
        if (s->members[i].read(ctx, v, s->members[i].name,
                               (lo_str_t *) (void *) ((char *) drm
                                                      + s->members[i].offset))
            == LO_ERROR)
        {
            return LO_ERROR;
        }
    }

    drm->systems |= s->bit;

    return LO_OK;
}


static int
lo_drm_systems_read(lo_event_ctx_t *ctx, const json_t *o, lo_drm_t *drm)
{
    json_t                 *v, *system;
    const lo_drm_system_t  *s;

    static const char *const  known[] = {
        "widevine", "playready", "fairplay", "clearkey", NULL
    };

    v = json_object_get(o, "systems");

    if (!json_is_object(v) || json_object_size(v) == 0) {
        return lo_event_bad(ctx, "systems", "an object with widevine, "
                            "playready, fairplay or clearkey is wanted");
    }

    snprintf(ctx->at, sizeof(ctx->at), "drm.systems.");

    if (lo_event_members(ctx, v, known) != LO_OK) {
        return LO_ERROR;
    }

    for (s = lo_drm_systems; s->name; s++) {
        system = json_object_get(v, s->name);

        if (system == NULL) {
            continue;
        }

        snprintf(ctx->at, sizeof(ctx->at), "drm.systems.%s.", s->name);

        if (lo_drm_system(ctx, system, s, drm) != LO_OK) {
            return LO_ERROR;
        }
    }

    snprintf(ctx->at, sizeof(ctx->at), "drm.");

    return LO_OK;
}


/* ---- keys */

/* one for each pair, so that a track has one key id */

static int
lo_drm_key_add(lo_event_ctx_t *ctx, const char *field, lo_drm_t *drm,
    const unsigned char *kid, lo_str_t track)
{
    unsigned  i;

    for (i = 0; i < drm->nkeys; i++) {
        if (lo_str_eq(drm->keys[i].track, track)) {
            return track.len == 0
                   ? lo_event_bad(ctx, field, "are missing here, as in "
                                  "another entry: one may be for all others")
                   : lo_event_bad(ctx, field, "has a key id already");
        }
    }

    if (drm->nkeys == LO_DRM_KEYS) {
        return lo_event_bad(ctx, field, "more than %d tracks with keys",
                            LO_DRM_KEYS);
    }

    memcpy(drm->keys[drm->nkeys].kid, kid, 16);
    drm->keys[drm->nkeys++].track = track;

    return LO_OK;
}


static int
lo_drm_key_tracks(lo_event_ctx_t *ctx, const json_t *o, lo_drm_t *drm,
    const unsigned char *kid)
{
    char       field[40];
    size_t     i;
    json_t    *v;
    lo_str_t   track;

    v = json_object_get(o, "tracks");

    if (v == NULL) {
        return lo_drm_key_add(ctx, "tracks", drm, kid,
                              (lo_str_t) lo_null_string);
    }

    if (!json_is_array(v) || json_array_size(v) == 0) {
        return lo_event_bad(ctx, "tracks", "not a list of tracks' ids");
    }

    for (i = 0; i < json_array_size(v); i++) {
        snprintf(field, sizeof(field), "tracks[%zu]", i);

        if (lo_event_id(ctx, field, json_array_get(v, i), &track) != LO_OK
            || lo_drm_key_add(ctx, field, drm, kid, track) != LO_OK)
        {
            return LO_ERROR;
        }
    }

    return LO_OK;
}


static int
lo_drm_key_read(lo_event_ctx_t *ctx, const json_t *o, void *into)
{
    json_t         *v;
    unsigned char   kid[16];

    static const char *const  known[] = { "kid", "tracks", NULL };

    if (!json_is_object(o)) {
        return lo_event_bad(ctx, "kid", "is missing: not an object");
    }

    if (lo_event_members(ctx, o, known) != LO_OK) {
        return LO_ERROR;
    }

    v = json_object_get(o, "kid");

    if (!json_is_string(v) || lo_drm_kid(kid, lo_event_str(v)) != LO_OK) {
        return lo_event_bad(ctx, "kid", "a key id is 32 hexadecimal digits, "
                            "or a UUID");
    }

    return lo_drm_key_tracks(ctx, o, into, kid);
}


/* ---- the member */

static int
lo_drm_scheme(lo_event_ctx_t *ctx, const json_t *o, lo_drm_t *drm)
{
    const char  *s;

    if (json_object_get(o, "scheme") == NULL) {
        return LO_OK;
    }

    s = json_string_value(json_object_get(o, "scheme"));

    if (s && strcmp(s, "cenc") == 0) {
        drm->scheme = lo_fourcc('c', 'e', 'n', 'c');

    } else if (s && strcmp(s, "cbcs") == 0) {
        drm->scheme = lo_fourcc('c', 'b', 'c', 's');

    } else {
        return lo_event_bad(ctx, "scheme", "allowed are cenc and cbcs");
    }

    return LO_OK;
}


int
lo_event_drm(lo_event_ctx_t *ctx, const json_t *o, lo_event_t *ev)
{
    json_t  *v;

    static const char *const  known[] = { "scheme", "keys", "systems", NULL };

    v = json_object_get(o, "drm");

    if (v == NULL) {
        return LO_OK;
    }

    if (!json_is_object(v)) {
        return lo_event_bad(ctx, "drm", "not an object");
    }

    snprintf(ctx->at, sizeof(ctx->at), "drm.");

    if (lo_event_members(ctx, v, known) != LO_OK
        || lo_drm_scheme(ctx, v, &ev->drm) != LO_OK
        || lo_event_list(ctx, v, "keys", LO_DRM_KEYS, "keys", lo_drm_key_read,
                         &ev->drm)
           != LO_OK
        || lo_drm_systems_read(ctx, v, &ev->drm) != LO_OK)
    {
        return LO_ERROR;
    }

    if (ev->drm.scheme == lo_fourcc('c', 'e', 'n', 'c')
        && ev->drm.systems == LO_DRM_FAIRPLAY)
    {
        return lo_event_bad(ctx, "scheme", "FairPlay wants cbcs");
    }

    ctx->at[0] = '\0';

    return LO_OK;
}
