/*
 * What the manifest writers (core/dash.h, core/hls.h) are told.  Plain structs
 * that the caller owns; every pointer has to live only for the call.  Nothing
 * here reads a clock: the same input gives the same bytes on every node.
 *
 * A writer that runs out of room goes on counting: after it, b->need is the
 * size that would have sufficed (lo_buf_ok tells).
 */

#ifndef LO_MANIFEST_H
#define LO_MANIFEST_H

#include "core/base.h"
#include "core/timeline.h"
#include "core/cmaf.h"
#include "core/event.h"
#include "core/live.h"
#include "core/reload.h"


/*
 * A segment of one track.  Times are UTC media time in us, each of both ends
 * rounded by itself from the exact value (lo_timeline_utc_us of m and of
 * m + duration), so that durations of neighbours add up without drift.
 */

typedef struct {
    int64_t             start_us;
    int64_t             end_us;
    uint32_t            independent;
    uint32_t            gap;
} lo_manifest_part_t;

typedef struct {
    int64_t             number;
    int64_t             start_us;
    int64_t             end_us;
    int64_t             m;            /* media time and duration in the init's
                                         timescale; DASH, irregular only */
    uint64_t            duration;
    uint64_t            init;         /* digest of its init; for a gap that of
                                         lo_live_init_at, or 0 */
    const lo_cmaf_init_t  *info;      /* of that init; NULL: not known */
    uint32_t            run;          /* id; for a gap that of
                                         lo_live_run_at, or 0 */
    uint32_t            gap;          /* listed as GAP: [start_us, end_us) is
                                         number's slot on the grid; irregular:
                                         the time it took */
    uint32_t            nparts;       /* low-latency playlists: how many of
                                         its parts are listed, from the first */
    const lo_manifest_part_t  *parts;
} lo_manifest_segment_t;


/* a track: in a period for DASH, as of now for the multivariant playlist */

typedef struct {
    lo_str_t                      id;
    const lo_cmaf_init_t         *info;    /* of the init in use */
    uint64_t                      digest;  /* of that init's bytes; the upper
                                              half names its URL */
    uint32_t                      bandwidth;  /* peak, bit/s; 0: info->bitrate,
                                              else a guess by type */
    uint32_t                      average;    /* bit/s; 0: bandwidth */
    uint32_t                      fps_num;    /* 0: info's, or left out */
    uint32_t                      fps_den;
    lo_str_t                      lang;    /* empty: info->lang */
    lo_str_t                      label;
    uint32_t                      chunk_us;   /* 0: of whole segments */
    lo_str_t                      role;    /* DASH role scheme's word; empty:
                                              "main" */
    unsigned                      ninband; /* schemes of the emsg boxes in its */
    const lo_str_t               *inband;  /* segments, as declared */
    uint32_t                      score;   /* in thousandths; 0: none */
    lo_str_t                      hdcp;    /* HDCP-LEVEL; empty: none */
    unsigned                      place;   /* among the event's tracks, from 1
                                              on; it keeps that */
    unsigned                      set;     /* id of its AdaptationSet: place of
                                              the first one in it; 0: by
                                              the tracks that are there */
    const lo_anchor_t            *clock;   /* where it is not the Period's;
                                              else NULL */
    unsigned                      nsegments;  /* irregular events only: what */
    const lo_manifest_segment_t  *segments;   /* SegmentTimeline lists, oldest
                                              first; a gap has the time that
                                              its number took */
} lo_manifest_track_t;

/* peak bandwidth, guessed from the picture's size if nobody says it */
uint32_t lo_manifest_bandwidth(const lo_manifest_track_t *t);

/* video of key frames alone, for trick play: its role is "trick" */
int lo_manifest_trick(const lo_manifest_track_t *t);

/* ... whose segments of d have one frame each: what HLS can list */
int lo_manifest_iframes(const lo_manifest_track_t *t, const lo_dur_t *d);


/*
 * A run, as a Period.  It ends where the next one starts, or with the event.
 */

typedef struct {
    uint32_t                    id;       /* of the run: Period@id */
    int64_t                     first;    /* the number at Period@start: the
                                             event's origin for its first run,
                                             else the run's first */
    int64_t                     start_us; /* irregular: UTC of Period@start */
    lo_anchor_t                 anchor;
    unsigned                    ntracks;
    const lo_manifest_track_t  *tracks;
} lo_manifest_period_t;


typedef struct {
    lo_str_t                    id;
    lo_str_t                    title;
    lo_dur_t                    d;
    int64_t                     origin;       /* n0: its slot begins at t0,
                                                 1970 + n0 d; 0 for an event
                                                 that is locked to it */
    int64_t                     delay_us;
    int64_t                     depth_us;     /* timeShiftBufferDepth */
    int64_t                     publish_us;   /* of the last change shown */
    uint32_t                    irregular;
    uint32_t                    ended;
    uint32_t                    early;        /* chunks can be asked for
                                                 before their segment is
                                                 whole */
    int64_t                     first;        /* the event's first number */
    int64_t                     from;         /* ended: the oldest number */
    int64_t                     last;         /* ended: the newest number */
    uint32_t                    bound;        /* last is known before it has
                                                 come */
    int64_t                     end_us;       /* ended, irregular: UTC of the
                                                 end of media */
    lo_str_t                    utc_timing;   /* URL of UTCTiming http-iso,
                                                 relative to the MPD; empty:
                                                 none */
    const lo_event_t           *doc;          /* NULL: there is none */
    lo_str_t                    up;           /* from where it is answered to
                                                 EVENT/: "", or "../" below a
                                                 class */
    lo_str_t                    class;        /* "~CLASS/", or "": what stands
                                                 before what is of the class,
                                                 seen from there */
    unsigned                    systems;      /* LO_DRM_...: what may be
                                                 shown */
    lo_str_t                    class_path;   /* "~CLASS/", or "": what stands
                                                 behind EVENT/ */
    unsigned                    ncdns;        /* best first; 0: segments have
                                                 relative URLs */
    const lo_cdn_t *const      *cdns;
    const lo_steering_t        *steering;     /* NULL: none */
    unsigned                    nperiods;     /* oldest first */
    const lo_manifest_period_t *periods;
} lo_manifest_t;


/*
 * Fills m, periods and tracks from the state of an event: the runs that hold
 * a number in [from, INT64_MAX) and, for each, the tracks with an init in it.
 * doc may be NULL.  What remains for the caller: utc_timing, early, and where
 * measured better bandwidths and fps than the document's; for irregular
 * events segments and end_us.  LO_FULL: periods or tracks is too small.
 * Tracks may be left out and moved then: AdaptationSets keep their ids.
 */

typedef struct {
    lo_manifest_period_t       *periods;
    unsigned                    max_periods;   /* LO_LIVE_RUNS suffices */
    lo_manifest_track_t        *tracks;
    unsigned                    max_tracks;    /* of all periods together */
} lo_manifest_room_t;

int lo_manifest_live(lo_manifest_t *m, const lo_live_t *l,
    const lo_event_t *doc, int64_t from, const lo_manifest_room_t *room);


/* what a low-latency media playlist says besides */

typedef struct {
    lo_str_t                      track;
    int64_t                       msn;        /* its last segment, or the one
                                                 that part is of */
    int64_t                       part;       /* -1: it has no parts */
} lo_manifest_report_t;

typedef struct {
    uint32_t                      target_us;  /* part target */
    uint32_t                      longest_us; /* of all tracks of the event */
    lo_skip_e                     skip;       /* a delta update is asked for */
    const lo_manifest_segment_t  *open;       /* the segment behind the last,
                                                 as far as it is there; NULL */
    int64_t                       hint;       /* the part that comes next */
    uint32_t                      hint_part;
    unsigned                      nreports;
    const lo_manifest_report_t   *reports;
} lo_manifest_low_t;


/* an HLS media playlist */

typedef enum {
    LO_LIST_LIVE = 0,
    LO_LIST_EVENT,             /* is only added to */
    LO_LIST_VOD                /* does not change */
} lo_list_e;

typedef struct {
    const lo_event_t             *doc;        /* as of lo_manifest_t */
    lo_str_t                      up;         /* to TRACK/ of segments: "", or
                                                 "../../TRACK/" */
    unsigned                      systems;
    lo_dur_t                      d;
    lo_list_e                     type;
    uint32_t                      target_s;   /* 0: lo_hls_target(d) */
    uint32_t                      ended;
    uint32_t                      iframes;    /* each segment is a key frame */
    unsigned                      nsegments;  /* consecutive numbers (GAPs
                                                 where nothing is), oldest
                                                 first */
    const lo_manifest_segment_t  *segments;
    const lo_manifest_low_t      *low;        /* NULL: no low latency */
} lo_manifest_list_t;

/* lo_manifest_iframes of a track as it is at number n */
int lo_manifest_list_iframes(const lo_live_t *l, unsigned track, int64_t n,
    const lo_event_t *doc);

#endif /* LO_MANIFEST_H */
