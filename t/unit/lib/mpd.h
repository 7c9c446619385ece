/*
 * An MPD as the writer is told of it, and what it says.
 */

#ifndef LO_TEST_MPD_H
#define LO_TEST_MPD_H

#include "core/dash.h"
#include "lib/tracks.h"


#define MPD_TRACKS  8

extern char                   mpd_text[65536];
extern lo_cmaf_init_t         mpd_info[MPD_TRACKS];
extern lo_manifest_track_t    mpd_tracks[MPD_TRACKS];
extern lo_manifest_period_t   mpd_periods[2];
extern lo_manifest_t          mpd;
extern lo_event_t             mpd_doc;

/* a live event on UTC of one Period with the first tracks, d = 1001/500 s */
void mpd_event(unsigned ntracks);

/* writes mpd; xmllint reads it, with the schema where LO_DASH_SCHEMA names
   the folder that it lies in */
const char *mpd_render(void);

void mpd_expect(const char *part);
void mpd_expect_not(const char *part);
unsigned mpd_count(const char *part);

#endif /* LO_TEST_MPD_H */
