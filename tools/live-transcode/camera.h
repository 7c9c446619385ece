/*
 * The synthetic camera: filter graphs for ffmpeg's lavfi input.  Everything in
 * the picture and the sound is a function of media time, so that two cameras
 * started at different moments show the same.
 */

#ifndef LT_CAMERA_H
#define LT_CAMERA_H

#include "plan.h"


/* malloc()ed graphs; NULL when out of memory */
char *lt_camera_video(const lt_plan_t *plan, int64_t frame);
char *lt_camera_audio(const lt_track_t *tr, int64_t sample);

#endif /* LT_CAMERA_H */
