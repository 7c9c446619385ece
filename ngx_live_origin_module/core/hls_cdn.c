/*
 * The multivariant playlist of an event with CDNs: each variant and rendition
 * once for every CDN (a pathway), and EXT-X-CONTENT-STEERING (RFC 8216bis,
 * 4.4.6.6).
 */

#include "core/hls_cdn.h"


/* the URL of EVENT/ below what stands for PREFIX, and of the class below it */

static void
lo_hls_cdn_url(lo_buf_t *b, const lo_manifest_t *m, lo_str_t url)
{
    lo_buf_put(b, url.data, url.len);
    lo_buf_puts(b, "/" LO_MARK_TOKEN);
    lo_buf_put(b, m->id.data, m->id.len);
    lo_buf_puts(b, "/");
    lo_buf_put(b, m->class_path.data, m->class_path.len);
}


void
lo_hls_cdn_steering(lo_buf_t *b, const lo_manifest_t *m)
{
    if (m->ncdns == 0 || m->steering == NULL) {
        return;
    }

    lo_buf_puts(b, "#EXT-X-CONTENT-STEERING:SERVER-URI=\"");

    if (m->steering->url.len) {
        lo_hls_cdn_url(b, m, m->steering->url);

    } else {
        lo_buf_put(b, m->class.data, m->class.len);
    }

    lo_buf_puts(b, "steering" LO_MARK_SESSION "\",PATHWAY-ID=\""
                LO_MARK_PATHWAY "\"\n");
}


void
lo_hls_cdn_pathway(lo_buf_t *b, const lo_manifest_t *m, const lo_cdn_t *cdn)
{
    if (cdn && m->steering) {
        lo_buf_puts(b, ",PATHWAY-ID=\"");
        lo_buf_put(b, cdn->id.data, cdn->id.len);
        lo_buf_puts(b, "\"");
    }
}


void
lo_hls_cdn_group(lo_buf_t *b, const lo_cdn_t *cdn)
{
    if (cdn) {
        lo_buf_puts(b, "@");
        lo_buf_put(b, cdn->id.data, cdn->id.len);
    }
}


void
lo_hls_cdn_playlist(lo_buf_t *b, const lo_manifest_t *m, const lo_cdn_t *cdn,
    lo_str_t track)
{
    if (cdn) {
        lo_hls_cdn_url(b, m, cdn->url);

    } else {
        lo_buf_put(b, m->class.data, m->class.len);
    }

    lo_buf_put(b, track.data, track.len);
    lo_buf_puts(b, "/media.m3u8");
}
