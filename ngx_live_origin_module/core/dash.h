/*
 * The MPD: ISO/IEC 23009-1, live profile, $Number$ addressing.
 *
 * It changes only when the event does: segments come and go by arithmetic
 * (availabilityStartTime, @duration, timeShiftBufferDepth).  Only irregular
 * events list their segments.
 */

#ifndef LO_DASH_H
#define LO_DASH_H

#include "core/manifest.h"


/* minimumUpdatePeriod; 0 when ended.  A cache may keep the MPD half as long */
int64_t lo_dash_update_us(const lo_manifest_t *m);

void lo_dash_mpd(lo_buf_t *b, const lo_manifest_t *m);

/* of the tracks of a Period: by type, then in their order */
void lo_dash_number_sets(lo_manifest_track_t *tracks, unsigned n);


/*
 * MPD patches.  An MPD that changes with the segments names the place of a
 * patch from it to the newest: patch-KEY.mpp.
 */

/* LO_NONE: it names none */
int lo_dash_patch_key(const void *mpd, size_t len, uint64_t *key);

/*
 * From one version to a later one.  LO_NONE: they differ in what players do
 * not take from a patch; b is spoilt then.
 */
int lo_dash_patch(lo_buf_t *b, lo_str_t was, lo_str_t is);

/* to the same version (same), or to another than the player has: one that it
   may not apply, so that it loads the MPD */
void lo_dash_patch_none(lo_buf_t *b, lo_str_t is, int same);

#endif /* LO_DASH_H */
