/*
 * What hls_master.c asks for where an event has CDNs; cdn is NULL where it has
 * none.
 */

#ifndef LO_HLS_CDN_H
#define LO_HLS_CDN_H

#include "core/manifest.h"


/* EXT-X-CONTENT-STEERING, if there is any */
void lo_hls_cdn_steering(lo_buf_t *b, const lo_manifest_t *m);

/* ,PATHWAY-ID="..." */
void lo_hls_cdn_pathway(lo_buf_t *b, const lo_manifest_t *m, const lo_cdn_t *cdn);

/* behind the name of a group, which belongs to one pathway */
void lo_hls_cdn_group(lo_buf_t *b, const lo_cdn_t *cdn);

/* the URL of a media playlist */
void lo_hls_cdn_playlist(lo_buf_t *b, const lo_manifest_t *m,
    const lo_cdn_t *cdn, lo_str_t track);

#endif /* LO_HLS_CDN_H */
