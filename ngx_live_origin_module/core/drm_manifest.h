/*
 * DRM signalling in manifests: what the event's document has, as far as the
 * manifest may show it (lo_manifest_t.systems).  Nothing is written of a
 * track that is not encrypted.
 */

#ifndef LO_DRM_MANIFEST_H
#define LO_DRM_MANIFEST_H

#include "core/manifest.h"


/* an AdaptationSet's ContentProtection: mp4protection, then each system */
void lo_drm_dash(lo_buf_t *b, const lo_manifest_t *m,
    const lo_cmaf_init_t *info);

/*
 * Before an EXT-X-MAP: the EXT-X-KEYs of its init, where they are not those
 * of *shown, which is the init before and becomes this one.  *shown is NULL
 * at the beginning of a playlist.
 */
void lo_drm_hls_keys(lo_buf_t *b, const lo_manifest_list_t *list,
    const lo_cmaf_init_t *info, const lo_cmaf_init_t **shown);

/* the EXT-X-SESSION-KEYs of a multivariant playlist's tracks */
void lo_drm_hls_session(lo_buf_t *b, const lo_manifest_t *m,
    const lo_manifest_track_t *tracks, unsigned ntracks);

#endif /* LO_DRM_MANIFEST_H */
