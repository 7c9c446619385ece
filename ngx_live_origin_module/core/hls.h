/*
 * HLS playlists: RFC 8216, and rfc8216bis for GAP.
 */

#ifndef LO_HLS_H
#define LO_HLS_H

#include "core/manifest.h"


/*
 * EXT-X-TARGETDURATION, seconds: fixed by d alone, with room for audio that
 * cannot cut on the grid.
 */
uint32_t lo_hls_target(const lo_dur_t *d);

/*
 * The same for an irregular event: its longest segment is not known, and the
 * target may not grow.  2 d, and at least the 10 s that encoders put between
 * key frames when nobody tells them.
 */
uint32_t lo_hls_target_irregular(const lo_dur_t *d);

/* the multivariant playlist, of the newest period's tracks */
void lo_hls_master(lo_buf_t *b, const lo_manifest_t *m);

/*
 * A media playlist, relative to TRACK/.  MEDIA-SEQUENCE is the first number,
 * DISCONTINUITY-SEQUENCE its run's id less 1; a segment longer than the
 * target is listed as GAP.
 */
void lo_hls_media(lo_buf_t *b, const lo_manifest_list_t *list);

#endif /* LO_HLS_H */
