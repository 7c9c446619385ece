/*
 * Tracks for the tests of the manifest writers.
 */

#ifndef LO_TEST_TRACKS_H
#define LO_TEST_TRACKS_H

#include "core/manifest.h"


void track_video(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id,
    unsigned width, unsigned height, unsigned bandwidth);
void track_audio(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id,
    const char *lang, unsigned bandwidth);
void track_text(lo_manifest_track_t *t, lo_cmaf_init_t *info, const char *id,
    const char *lang);

#endif /* LO_TEST_TRACKS_H */
