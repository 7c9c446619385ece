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

#endif /* LO_DASH_H */
