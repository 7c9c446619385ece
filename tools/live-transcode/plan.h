/*
 * What is to be encoded: the event document reduced to what ffmpeg needs, with
 * every default filled in, and the grids of media time that follow from it.
 */

#ifndef LT_PLAN_H
#define LT_PLAN_H

#include "core/event.h"


#define LT_MAX_TRACKS  16

#define LT_COUNTER     (1 << 24)       /* the camera's frame counter wraps */


typedef enum {
    LT_H264 = 0,
    LT_HEVC,
    LT_AAC,
    LT_OPUS
} lt_codec_e;


typedef struct {
    char                id[LO_ID_MAX + 1];
    lt_codec_e          codec;
    unsigned            video;         /* 0: audio */
    uint32_t            width;
    uint32_t            height;
    uint32_t            bitrate;
    uint32_t            sample_rate;
    uint32_t            channels;
    char                lang[LO_LANG_MAX];
    unsigned            nffmpeg;
    char               *ffmpeg[LO_EVENT_FFMPEG];
} lt_track_t;


typedef struct {
    lo_dur_t            d;
    uint32_t            fps_num;       /* of every video track */
    uint32_t            fps_den;
    uint32_t            width;         /* of the largest */
    uint32_t            height;
    unsigned            nvideo;
    unsigned            naudio;
    unsigned            ntracks;
    lt_track_t          tracks[LT_MAX_TRACKS];
} lt_plan_t;


int lt_plan_make(lt_plan_t *plan, const lo_event_t *ev, lo_err_t *err);
void lt_plan_free(lt_plan_t *plan);


/*
 * Grids.  Frame i lies at i * fps_den / fps_num seconds since 1970, and frame
 * i begins a segment if it is the one nearest to a multiple of d (of two
 * equally near, the later).
 */

/* the frame that begins the first segment at or after us */
int64_t lt_grid_start(const lt_plan_t *plan, int64_t us);

int64_t lt_grid_frame_us(const lt_plan_t *plan, int64_t i);

/* samples of a coded frame: 1024 for AAC, 960 (20 ms) for Opus */
uint32_t lt_grid_audio_frame(const lt_track_t *tr);

/*
 * The first sample to give to a track's encoder so that it has all of the
 * audio from frame i on, and so that packet times, after priming, are multiples
 * of the coded frame.
 */
int64_t lt_grid_audio_start(const lt_plan_t *plan, const lt_track_t *tr,
    int64_t i);

/*
 * As integers: frame i begins a segment if (2 a i + a - 1) mod 2 b < 2 a,
 * where a / b is the frame duration in segment durations, in lowest terms.
 */
void lt_grid_ratio(const lt_plan_t *plan, uint64_t *a, uint64_t *b);

#endif /* LT_PLAN_H */
