/*
 * The answer to POST EVENT/play.  All viewers of a match ask for it within the
 * minutes in which it begins: it is written, not built and then written.
 */

#include "core/json.h"
#include "core/play.h"
#include "core/utf8.h"


#define lo_play_put(b, text)  lo_buf_put(b, text, sizeof(text) - 1)


/* "BASE EVENT/[~CLASS/]NAME", and the quotes */

static void
lo_play_url(lo_buf_t *b, const lo_play_answer_t *a, lo_str_t path,
    lo_str_t name, int session)
{
    lo_play_put(b, "\"");
    lo_json_text(b, a->base);
    lo_buf_put(b, a->event.data, a->event.len);
    lo_play_put(b, "/");
    lo_buf_put(b, path.data, path.len);
    lo_buf_put(b, name.data, name.len);

    if (session) {
        lo_play_put(b, "?session=");
        lo_buf_put(b, a->session.data, a->session.len);
    }

    lo_play_put(b, "\"");
}


/* ---- where this player's licenses are */

static void
lo_play_licenses(lo_buf_t *b, const lo_play_answer_t *a)
{
    size_t           i;
    unsigned         n;
    lo_limits_t      limits;
    const lo_str_t  *url;
    const lo_drm_t  *drm;

    static const lo_str_t  none = lo_null_string;
    static const lo_str_t  clearkey = lo_string("clearkey");

    static const struct {
        unsigned     system;
        lo_str_t     name;
        size_t       url;
    } systems[] = {
        { LO_DRM_WIDEVINE, lo_string("widevine"),
          offsetof(lo_drm_t, widevine_url) },
        { LO_DRM_PLAYREADY, lo_string("playready"),
          offsetof(lo_drm_t, playready_url) },
        { LO_DRM_FAIRPLAY, lo_string("fairplay"),
          offsetof(lo_drm_t, fairplay_url) },
        { LO_DRM_FAIRPLAY, lo_string("fairplay_certificate"),
          offsetof(lo_drm_t, certificate_url) },
        { LO_DRM_CLEARKEY, lo_string("clearkey"),
          offsetof(lo_drm_t, clearkey_url) }
    };

    drm = &a->doc->drm;
    (void) lo_device_narrow(&limits, a->doc, a->device);

    for (n = 0, i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {

        if (!(drm->systems & systems[i].system)
            || (limits.has_systems && !(limits.systems & systems[i].system)))
        {
            continue;
        }

        url = (const lo_str_t *) (const void *) ((const char *) drm
                                                 + systems[i].url);

        if (url->len == 0 && systems[i].system != LO_DRM_CLEARKEY) {
            continue;
        }

        lo_buf_put(b, ",", n++ ? 1 : 0);
        lo_json_string(b, systems[i].name);
        lo_play_put(b, ":");

        if (url->len) {
            lo_json_string(b, *url);

        } else {
            lo_play_url(b, a, none, clearkey, 0);
        }
    }
}


/* ---- the whole */

static int
lo_play_dash(const lo_play_answer_t *a)
{
    return a->asked->dash
           || (!a->asked->hls && a->device != NULL && a->device->dash);
}


/* what there is not for every playback */

static void
lo_play_rest(lo_buf_t *b, const lo_play_answer_t *a, int steers)
{
    lo_str_t  country;

    static const lo_str_t  steering = lo_string("steering");

    if (a->of->device[0]) {
        lo_play_put(b, ",\"device\":");
        lo_json_string(b, lo_cstr(a->of->device));
    }

    if (a->of->cut) {
        country.data = (unsigned char *) a->of->place.country;
        country.len = 2;

        lo_play_put(b, ",\"country\":");
        lo_json_string(b, country);
    }

    if (steers) {
        lo_play_put(b, ",\"steering\":");
        lo_play_url(b, a, a->path, steering, 1);
    }

    if (a->doc != NULL && a->doc->drm.systems) {
        lo_play_put(b, ",\"licenses\":{");
        lo_play_licenses(b, a);
        lo_play_put(b, "}");
    }

    if (a->doc != NULL && a->doc->beacon_url.len) {
        lo_play_put(b, ",\"beacon\":");
        lo_json_string(b, a->doc->beacon_url);
    }
}


int
lo_play_write(lo_buf_t *b, const lo_play_answer_t *a)
{
    int  steers;

    static const lo_str_t  hls = lo_string("master.m3u8");
    static const lo_str_t  mpd = lo_string("manifest.mpd");

    if (!lo_utf8_ok(a->base)) {
        return LO_ERROR;
    }

    /* whether the session is asked for again, by its URLs */

    steers = a->doc != NULL && a->doc->cdns.n
             && a->doc->cdns.steering.enabled;

    lo_play_put(b, "{\"event\":");
    lo_json_string(b, a->event);
    lo_play_put(b, ",\"session\":");
    lo_json_string(b, a->session);
    lo_play_put(b, ",\"protocol\":");
    lo_json_string(b, lo_cstr(lo_play_dash(a) ? "dash" : "hls"));
    lo_play_put(b, ",\"manifests\":{\"hls\":");
    lo_play_url(b, a, a->path, hls, steers);
    lo_play_put(b, ",\"dash\":");
    lo_play_url(b, a, a->path, mpd, steers);
    lo_play_put(b, "},\"class\":");
    lo_json_string(b, a->class);

    lo_play_rest(b, a, steers);
    lo_play_put(b, "}\n");

    return LO_OK;
}
