/*
 * ContentProtection: ISO/IEC 23009-1, 5.8.4.1; DASH-IF "Content protection"
 * for Laurl and Certurl; "PlayReady DASH" for mspr:pro.  Namespaces are
 * declared where they are used, with the prefixes that players look for.
 */

#include "core/dash_int.h"
#include "core/drm_manifest.h"


#define LO_DASH_WIDEVINE   "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
#define LO_DASH_PLAYREADY  "9a04f079-9840-4286-ab92-e65be0885f95"
#define LO_DASH_FAIRPLAY   "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
#define LO_DASH_CLEARKEY   "e2719d58-a985-b3c9-781a-b030af78d30e"


static void
lo_drm_dash_common(lo_buf_t *b, const lo_cmaf_init_t *info)
{
    unsigned        i;
    unsigned char   scheme[4];

    for (i = 0; i < 4; i++) {
        scheme[i] = info->scheme >> (24 - 8 * i);
    }

    lo_buf_puts(b, "      <ContentProtection schemeIdUri="
                "\"urn:mpeg:dash:mp4protection:2011\"");
    lo_dash_attr(b, "value", (lo_str_t) { 4, scheme });
    lo_buf_puts(b, " cenc:default_KID=\"");
    lo_drm_uuid(b, info->kid);
    lo_buf_puts(b, "\"/>\n");
}


static void
lo_drm_dash_open(lo_buf_t *b, const char *uuid, const char *value)
{
    lo_buf_puts(b, "      <ContentProtection schemeIdUri=\"urn:uuid:");
    lo_buf_puts(b, uuid);
    lo_buf_puts(b, "\" value=\"");
    lo_buf_puts(b, value);
    lo_buf_puts(b, "\">\n");
}


static void
lo_drm_dash_close(lo_buf_t *b)
{
    lo_buf_puts(b, "      </ContentProtection>\n");
}


static void
lo_drm_dash_pssh(lo_buf_t *b, const lo_drm_t *drm, unsigned system,
    const lo_cmaf_init_t *info)
{
    lo_buf_puts(b, "        <cenc:pssh>");
    lo_drm_pssh(b, drm, system, info);
    lo_buf_puts(b, "</cenc:pssh>\n");
}


/* Laurl or Certurl */

static void
lo_drm_dash_url(lo_buf_t *b, const char *name, lo_str_t url)
{
    if (url.len == 0) {
        return;
    }

    lo_buf_printf(b, "        <dashif:%s xmlns:dashif=\"https://dashif.org/"
                  "CPS\">", name);
    lo_dash_escape(b, url);
    lo_buf_printf(b, "</dashif:%s>\n", name);
}


static void
lo_drm_dash_widevine(lo_buf_t *b, const lo_drm_t *drm,
    const lo_cmaf_init_t *info)
{
    lo_drm_dash_open(b, LO_DASH_WIDEVINE, "Widevine");
    lo_drm_dash_pssh(b, drm, LO_DRM_WIDEVINE, info);
    lo_drm_dash_url(b, "Laurl", drm->widevine_url);
    lo_drm_dash_close(b);
}


static void
lo_drm_dash_playready(lo_buf_t *b, const lo_drm_t *drm,
    const lo_cmaf_init_t *info)
{
    lo_drm_dash_open(b, LO_DASH_PLAYREADY, "MSPR 2.0");
    lo_drm_dash_pssh(b, drm, LO_DRM_PLAYREADY, info);
    lo_buf_puts(b, "        <mspr:pro xmlns:mspr=\"urn:microsoft:"
                "playready\">");
    lo_drm_pro(b, drm, info);
    lo_buf_puts(b, "</mspr:pro>\n");
    lo_drm_dash_url(b, "Laurl", drm->playready_url);
    lo_drm_dash_close(b);
}


static void
lo_drm_dash_fairplay(lo_buf_t *b, const lo_drm_t *drm)
{
    lo_drm_dash_open(b, LO_DASH_FAIRPLAY, "FairPlay");
    lo_drm_dash_url(b, "Laurl", drm->fairplay_url);
    lo_drm_dash_url(b, "Certurl", drm->certificate_url);
    lo_drm_dash_close(b);
}


/*
 * The origin's own URL would be relative, which players do not resolve and
 * Shaka Player prefers to what it is told; and a pssh of the common system is
 * more than dash.js understands.  So without a URL players are told.
 */

static void
lo_drm_dash_clearkey(lo_buf_t *b, const lo_drm_t *drm)
{
    lo_drm_dash_open(b, LO_DASH_CLEARKEY, "ClearKey1.0");

    if (drm->clearkey_url.len) {
        lo_drm_dash_url(b, "Laurl", drm->clearkey_url);
        lo_buf_puts(b, "        <clearkey:Laurl xmlns:clearkey=\"http://"
                    "dashif.org/guidelines/clearKey\" "
                    "Lic_type=\"EME-1.0\">");
        lo_dash_escape(b, drm->clearkey_url);
        lo_buf_puts(b, "</clearkey:Laurl>\n");
    }

    lo_drm_dash_close(b);
}


void
lo_drm_dash(lo_buf_t *b, const lo_manifest_t *m, const lo_cmaf_init_t *info)
{
    unsigned         systems;
    const lo_drm_t  *drm;

    if (info->scheme == 0) {
        return;
    }

    lo_drm_dash_common(b, info);

    if (m->doc == NULL) {
        return;
    }

    drm = &m->doc->drm;
    systems = lo_drm_shown(drm, m->systems, info);

    if (systems & LO_DRM_WIDEVINE) {
        lo_drm_dash_widevine(b, drm, info);
    }

    if (systems & LO_DRM_PLAYREADY) {
        lo_drm_dash_playready(b, drm, info);
    }

    if (systems & LO_DRM_FAIRPLAY) {
        lo_drm_dash_fairplay(b, drm);
    }

    if (systems & LO_DRM_CLEARKEY) {
        lo_drm_dash_clearkey(b, drm);
    }
}
