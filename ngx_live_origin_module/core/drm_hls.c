/*
 * EXT-X-KEY and EXT-X-SESSION-KEY: RFC 8216, 4.3.2.4 and 4.3.4.5; KEYFORMATs
 * as Apple, Google ("Widevine DRM HLS") and Microsoft name them, ClearKey as
 * hls.js does.
 */

#include "core/box.h"
#include "core/drm_manifest.h"


/* one line: a key tag with all that its URI depends on */

typedef struct {
    lo_buf_t               *b;
    const char             *tag;
    const lo_drm_t         *drm;
    const lo_cmaf_init_t   *info;
    lo_str_t                up;        /* from the playlist to EVENT/ */
    const char             *method;
    unsigned                session:1; /* of all tracks, beside the event */
} lo_drm_hls_t;


/* NULL: nothing that HLS has a name for */

static const char *
lo_drm_hls_method(const lo_cmaf_init_t *info)
{
    return info->scheme == lo_fourcc('c', 'b', 'c', 's') ? "SAMPLE-AES"
           : info->scheme == lo_fourcc('c', 'e', 'n', 'c') ? "SAMPLE-AES-CTR"
           : NULL;
}


static void
lo_drm_hls_kid(lo_buf_t *b, const unsigned char *kid)
{
    unsigned  i;

    for (i = 0; i < 16; i++) {
        lo_buf_printf(b, "%02x", kid[i]);
    }
}


static void
lo_drm_hls_open(const lo_drm_hls_t *x)
{
    lo_buf_puts(x->b, x->tag);
    lo_buf_puts(x->b, ":METHOD=");
    lo_buf_puts(x->b, x->method);
    lo_buf_puts(x->b, ",URI=\"");
}


static void
lo_drm_hls_close(const lo_drm_hls_t *x, const char *format, int kid)
{
    lo_buf_puts(x->b, "\",");

    if (kid) {
        lo_buf_puts(x->b, "KEYID=0x");
        lo_drm_hls_kid(x->b, x->info->kid);
        lo_buf_puts(x->b, ",");
    }

    lo_buf_puts(x->b, "KEYFORMAT=\"");
    lo_buf_puts(x->b, format);
    lo_buf_puts(x->b, "\",KEYFORMATVERSIONS=\"1\"\n");
}


static void
lo_drm_hls_fairplay(const lo_drm_hls_t *x)
{
    size_t    i;
    lo_str_t  uri;

    uri = x->drm->key_uri;
    lo_drm_hls_open(x);

    for (i = 0; i < uri.len; i++) {
        if (uri.data[i] == '{') {              /* {kid} */
            lo_drm_hls_kid(x->b, x->info->kid);
            i += 4;

        } else {
            lo_buf_put(x->b, &uri.data[i], 1);
        }
    }

    lo_drm_hls_close(x, "com.apple.streamingkeydelivery", 0);
}


/* whether URI is the same for every key */

static int
lo_drm_hls_fixed(const lo_drm_t *drm, unsigned system)
{
    switch (system) {

    case LO_DRM_WIDEVINE:
        return drm->pssh.len || drm->pssh_data.len;

    case LO_DRM_PLAYREADY:
        return drm->pro.len != 0;

    case LO_DRM_FAIRPLAY:
        return memchr(drm->key_uri.data, '{', drm->key_uri.len) == NULL;

    default:
        return 1;
    }
}


static void
lo_drm_hls_system(const lo_drm_hls_t *x, unsigned system)
{
    int  kid;

    kid = !(x->session && lo_drm_hls_fixed(x->drm, system));

    switch (system) {

    case LO_DRM_WIDEVINE:
        lo_drm_hls_open(x);
        lo_buf_puts(x->b, "data:text/plain;base64,");
        lo_drm_pssh(x->b, x->drm, LO_DRM_WIDEVINE, x->info);
        lo_drm_hls_close(x, "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
                         kid);
        break;

    case LO_DRM_PLAYREADY:
        lo_drm_hls_open(x);
        lo_buf_puts(x->b, "data:text/plain;charset=UTF-16;base64,");
        lo_drm_pro(x->b, x->drm, x->info);
        lo_drm_hls_close(x, "com.microsoft.playready", 0);
        break;

    case LO_DRM_FAIRPLAY:
        lo_drm_hls_fairplay(x);
        break;

    case LO_DRM_CLEARKEY:
        lo_drm_hls_open(x);

        lo_drm_clearkey_url(x->b, x->drm, x->up);
        lo_drm_hls_close(x, "org.w3.clearkey", kid);
        break;
    }
}


static int
lo_drm_hls_same(const lo_cmaf_init_t *a, const lo_cmaf_init_t *b)
{
    return a->scheme == b->scheme
           && (a->scheme == 0 || memcmp(a->kid, b->kid, 16) == 0);
}


void
lo_drm_hls_keys(lo_buf_t *b, const lo_manifest_list_t *list,
    const lo_cmaf_init_t *info, const lo_cmaf_init_t **shown)
{
    unsigned               bit, systems, before;
    lo_drm_hls_t           x;
    const lo_cmaf_init_t  *was;

    was = *shown;
    *shown = info;

    if (list->doc == NULL || (was && lo_drm_hls_same(was, info))) {
        return;
    }

    x.b = b;
    x.tag = "#EXT-X-KEY";
    x.drm = &list->doc->drm;
    x.info = info;
    x.up = lo_cstr(list->up.len ? "../../" : "../");
    x.session = 0;
    x.method = lo_drm_hls_method(info);

    systems = x.method ? lo_drm_shown(x.drm, list->systems, info) : 0;
    before = was && lo_drm_hls_method(was)
             ? lo_drm_shown(x.drm, list->systems, was) : 0;

    if (systems == 0 && before) {
        lo_buf_puts(b, "#EXT-X-KEY:METHOD=NONE\n");
    }

    for (bit = 1; bit < LO_DRM_ALL; bit <<= 1) {
        if (systems & bit) {
            lo_drm_hls_system(&x, bit);
        }
    }
}


/* RFC 8216, 4.3.4.5: no two with one METHOD, URI and KEYFORMAT */

static int
lo_drm_hls_listed(const lo_drm_hls_t *x, unsigned system,
    const lo_manifest_track_t *tracks, unsigned n)
{
    unsigned               i;
    const lo_cmaf_init_t  *info;

    for (i = 0; i < n; i++) {
        info = tracks[i].info;

        if (lo_drm_hls_same(info, x->info)
            || (info->scheme == x->info->scheme
                && lo_drm_hls_fixed(x->drm, system)))
        {
            return 1;
        }
    }

    return 0;
}


void
lo_drm_hls_session(lo_buf_t *b, const lo_manifest_t *m,
    const lo_manifest_track_t *tracks, unsigned ntracks)
{
    unsigned      i, bit, systems;
    lo_drm_hls_t  x;

    if (m->doc == NULL) {
        return;
    }

    x.b = b;
    x.tag = "#EXT-X-SESSION-KEY";
    x.drm = &m->doc->drm;
    x.up = m->up;
    x.session = 1;

    for (i = 0; i < ntracks; i++) {
        x.info = tracks[i].info;
        x.method = lo_drm_hls_method(x.info);
        systems = x.method ? lo_drm_shown(x.drm, m->systems, x.info) : 0;

        for (bit = 1; bit < LO_DRM_ALL; bit <<= 1) {
            if ((systems & bit) && !lo_drm_hls_listed(&x, bit, tracks, i)) {
                lo_drm_hls_system(&x, bit);
            }
        }
    }
}
