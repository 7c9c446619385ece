/*
 * BaseURLs and ContentSteering (ETSI TS 103 998): where segments are fetched.
 */

#include "core/dash_int.h"


/* the URL of EVENT/ below what stands for PREFIX */

static void
lo_dash_cdn_url(lo_buf_t *b, const lo_manifest_t *m, lo_str_t url)
{
    lo_dash_escape(b, url);
    lo_buf_puts(b, "/" LO_MARK_TOKEN);
    lo_buf_put(b, m->id.data, m->id.len);
    lo_buf_puts(b, "/");
}


void
lo_dash_cdns(lo_buf_t *b, const lo_manifest_t *m)
{
    unsigned  i;

    for (i = 0; i < m->ncdns; i++) {
        lo_buf_puts(b, "  <BaseURL");
        lo_dash_attr(b, "serviceLocation", m->cdns[i]->id);
        lo_buf_puts(b, ">");
        lo_dash_cdn_url(b, m, m->cdns[i]->url);
        lo_buf_puts(b, "</BaseURL>\n");
    }
}


void
lo_dash_steering(lo_buf_t *b, const lo_manifest_t *m)
{
    if (m->ncdns == 0 || m->steering == NULL) {
        return;
    }

    lo_buf_puts(b, "  <ContentSteering defaultServiceLocation=\""
                LO_MARK_PATHWAY "\" queryBeforeStart=\"false\">");

    if (m->steering->url.len) {
        lo_dash_cdn_url(b, m, m->steering->url);
        lo_buf_put(b, m->class_path.data, m->class_path.len);

    } else {
        lo_buf_put(b, m->class.data, m->class.len);
    }

    lo_buf_puts(b, "steering" LO_MARK_SESSION "</ContentSteering>\n");
}
