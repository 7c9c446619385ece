/*
 * Between dash.c (the MPD and its Periods), dash_set.c (AdaptationSets),
 * dash_rep.c (Representations), dash_track.c (which tracks stand in a set),
 * dash_time.c (where segments are in time), dash_publish.c (MPD@publishTime),
 * dash_event.c (events), dash_cdn.c (where segments are fetched) and
 * dash_text.c (attribute values).
 */

#ifndef LO_DASH_INT_H
#define LO_DASH_INT_H

#include "core/dash.h"


typedef struct {
    const lo_manifest_t         *m;
    const lo_manifest_period_t  *p;
    lo_buf_t                    *b;
    int64_t                      first;   /* the number at the Period's start */
    int64_t                      start_us;   /* UTC of it */
    int64_t                      end_us;  /* of the Period; INT64_MAX: open */
    unsigned                     nsets;
    unsigned char                set[LO_MAX_TRACKS];
                                          /* each track's AdaptationSet, from
                                             1; 0: in none */
} lo_dash_t;


/* ---- dash_set.c: the AdaptationSets of x->p */

void lo_dash_sets(lo_dash_t *x);

/* whether all tracks of a set are the same in something; else each
   Representation says it */
typedef int (*lo_dash_same_pt)(const lo_dash_t *x,
    const lo_manifest_track_t *a, const lo_manifest_track_t *b);
int lo_dash_agrees(const lo_dash_t *x, unsigned set, lo_dash_same_pt same);


/* ---- dash_track.c */

/* what a track says: its own word, or that of its init */
lo_str_t lo_dash_lang(const lo_manifest_track_t *t);
lo_str_t lo_dash_role(const lo_manifest_track_t *t);
int lo_dash_main(const lo_manifest_track_t *t);
/* frames a second, 0/1: not known */
void lo_dash_fps(const lo_manifest_track_t *t, uint32_t *num, uint32_t *den);

/* a picture that SDR of BT.709's primaries does not show */
int lo_dash_wide(const lo_cmaf_init_t *info);
int lo_dash_colour_same(const lo_dash_t *x, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b);
int lo_dash_aspect_eq(const lo_cmaf_init_t *a, const lo_cmaf_init_t *b);

/* whether they stand in one AdaptationSet */
int lo_dash_same_set(const lo_manifest_track_t *a,
    const lo_manifest_track_t *b);
/* whether a player may switch between their AdaptationSets: the same picture
   in another codec */
int lo_dash_switchable(const lo_manifest_track_t *a,
    const lo_manifest_track_t *b);

/* x->set, x->nsets: by type, then in the order of the tracks */
void lo_dash_plan(lo_dash_t *x);
/* the first track of a set */
unsigned lo_dash_lead(const lo_dash_t *x, unsigned set);
/* AdaptationSet@id */
unsigned lo_dash_id(const lo_dash_t *x, unsigned set);
/* AdaptationSet@selectionPriority among those of one type; 0: it is alone */
unsigned lo_dash_priority(const lo_dash_t *x, unsigned lead);
/* Representation@qualityRanking among pictures that may be switched, the best
   is 1; 0: it is alone */
unsigned lo_dash_ranking(const lo_dash_t *x, unsigned track);


/* ---- dash_rep.c */

void lo_dash_representation(lo_dash_t *x, unsigned track);
/* ISO/IEC 23091-2 code points, one property each */
void lo_dash_colour(lo_buf_t *b, const char *indent,
    const lo_cmaf_init_t *info);


/* ---- dash_time.c */

void lo_dash_template(lo_dash_t *x, const lo_manifest_track_t *t);
/* the timescale of a track's times in the MPD */
uint64_t lo_dash_timescale(const lo_dash_t *x, const lo_manifest_track_t *t);
/* media time at the Period's start, in that timescale; below 0: not said */
int64_t lo_dash_offset(const lo_dash_t *x, const lo_manifest_track_t *t);
/* how much earlier than whole a segment's first chunk is there; 0: not */
int64_t lo_dash_early_us(const lo_manifest_t *m,
    const lo_manifest_track_t *t);
/* how far behind to play: ServiceDescription, or nothing */
void lo_dash_latency(lo_buf_t *b, const lo_manifest_t *m);
void lo_dash_reference(lo_dash_t *x, const lo_manifest_track_t *t,
    const char *indent);
int lo_dash_clock_same(const lo_dash_t *x, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b);


/* ---- dash_publish.c */

int64_t lo_dash_publish_us(const lo_manifest_t *m);


/* ---- dash_event.c */

/* EventStream: the cues that have to do with the Period */
void lo_dash_cues(lo_dash_t *x);
void lo_dash_inband(lo_dash_t *x, const lo_manifest_track_t *t,
    const char *indent);
int lo_dash_inband_same(const lo_dash_t *x, const lo_manifest_track_t *a,
    const lo_manifest_track_t *b);


/* ---- dash_cdn.c */

/* BaseURLs; ContentSteering, if there is any */
void lo_dash_cdns(lo_buf_t *b, const lo_manifest_t *m);
void lo_dash_steering(lo_buf_t *b, const lo_manifest_t *m);


/* ---- dash_patch.c */

/* PatchLocation, and the key in it once the MPD is whole: a digest of the rest
   of its bytes, so that a version has one name on all nodes */
void lo_dash_patch_location(lo_buf_t *b);
void lo_dash_patch_sign(unsigned char *mpd, size_t len);


/* ---- dash_text.c */

void lo_dash_escape(lo_buf_t *b, lo_str_t s);
void lo_dash_attr(lo_buf_t *b, const char *name, lo_str_t value);
void lo_dash_duration(lo_buf_t *b, const char *name, int64_t us);
void lo_dash_time(lo_buf_t *b, const char *name, int64_t us);
void lo_dash_descriptor(lo_buf_t *b, const char *indent, const char *element,
    const char *scheme, lo_str_t value);
uint64_t lo_dash_gcd(uint64_t a, uint64_t b);

#endif /* LO_DASH_INT_H */
