/*
 * The event document (docs/api.md): JSON, 64 KB at most, only "id" required.
 */

#ifndef LO_EVENT_H
#define LO_EVENT_H

#include "core/base.h"
#include "core/timeline.h"
#include "core/cdn.h"
#include "core/cmaf.h"
#include "core/drm.h"
#include "core/cue.h"
#include "core/session.h"
#include "core/health.h"
#include "core/rights.h"
#include "core/limits.h"

#define LO_EVENT_DOC_MAX   65536
#define LO_EVENT_FFMPEG    32      /* extra ffmpeg options of a track */
#define LO_EVENT_INBAND    8       /* schemes of events in its media */


typedef struct lo_event_track_s {
    lo_str_t            id;
    uint32_t            type;             /* lo_media_e */
    lo_str_t            codec;            /* as given: RFC 6381, or a family
                                             ("h264", "hevc", "aac", "opus") */
    uint32_t            width;
    uint32_t            height;
    uint32_t            fps_num;          /* "fps": 25, 29.97 or "30000/1001" */
    uint32_t            fps_den;
    uint32_t            bitrate;          /* bits per second */
    uint32_t            sample_rate;
    uint32_t            channels;
    lo_str_t            lang;
    lo_str_t            label;
    lo_str_t            role;
    uint32_t            score;            /* in thousandths; 0: none */
    lo_str_t            hdcp;             /* "hdcp_level"; empty: none */
    unsigned            nffmpeg;
    lo_str_t            ffmpeg[LO_EVENT_FFMPEG];
    unsigned            ninband;          /* "inband_events" */
    lo_str_t            inband[LO_EVENT_INBAND];
    lo_rights_rule_t    countries;
} lo_event_track_t;


/* what an event may take; 0: no limit but the node's */

typedef struct {
    uint64_t            segment_size;     /* bytes */
    uint32_t            tracks;
    uint32_t            publish_rate;     /* requests a second */
} lo_event_limits_t;


/* low-latency HLS */

typedef struct {
    uint32_t            off;              /* "low_latency": false */
    uint32_t            part_us;          /* part_ms; 0: as the chunks are */
} lo_event_low_t;


typedef struct lo_event_s {
    lo_str_t            id;
    lo_str_t            title;
    int64_t             start_us;         /* schedule; 0: none */
    int64_t             end_us;
    lo_dur_t            d;                /* duration 0: undeclared */
    int64_t             delay_us;         /* -1: measured */
    uint32_t            dvr_s;            /* default 3600 */
    uint32_t            playlist_s;       /* default 120 */
    uint32_t            lead_s;           /* 0: one window */
    int64_t             backfill_us;      /* default 10 minutes */
    uint64_t            zone_share;       /* bytes; 0: the default */
    unsigned            npipelines;       /* 0: any, in order of appearance */
    lo_str_t            pipelines[LO_MAX_PIPELINES];
    unsigned            ntracks;
    lo_event_track_t    tracks[LO_MAX_TRACKS];
    lo_event_limits_t   limits;
    lo_str_t            beacon_url;       /* where players report to; or empty */
    unsigned            nnarrow;          /* "devices": what it allows each */
    lo_narrow_t         narrow[LO_NARROW_MAX];   /* class of them */
    lo_drm_t            drm;              /* nothing in it: no "drm" */
    lo_str_t            naming_init;      /* "naming": {"init", "media"}: */
    lo_str_t            naming_media;     /* DASH templates, or empty */
    lo_event_low_t      low;
    lo_cues_t           cues;
    lo_sessions_t       sessions;         /* "session_data" */
    lo_cdns_t           cdns;
    lo_rights_rule_t    countries;
    unsigned            nblackouts;
    lo_blackout_t       blackouts[LO_MAX_BLACKOUTS];
    lo_health_rule_t    health;           /* "manifest" */
    void               *json;             /* json_t: the strings lie in it */
} lo_event_t;


/* In error, field is the offending member ("tracks[2].fps"). */

#define LO_EVENT_FIELD  64

typedef struct {
    lo_err_t            err;
    char                field[LO_EVENT_FIELD];
} lo_event_err_t;

/* zone_share: bytes as a number or "512m"; members this code does not know
   are kept, not refused */
int lo_event_parse(lo_event_t *ev, const void *json, size_t len,
    lo_event_err_t *err);
void lo_event_free(lo_event_t *ev);

#endif /* LO_EVENT_H */
