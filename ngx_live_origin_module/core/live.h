/*
 * The state of a live event, and every rule by which it changes: what d is,
 * which clock a pipeline is on, where runs begin, which init serves which
 * number, when the manifest may go out.
 *
 * lo_live_t is plain data.  In the zone it is an immutable record; a change
 * is made on a copy and published by one compare-and-swap, so the loser of a
 * race takes the new record and decides again.  Hence every function here is
 * pure: state and facts in, state and decision out; `changed` says whether
 * the copy differs from what it was.  What moves with every segment (heads,
 * candidates, counters) is not here but in the zone's tracks.
 *
 * One grid: number n covers UTC media time [n d, (n + 1) d) for the whole
 * life of an event (core/timeline.h).  A run is the stretch on one unbroken
 * clock; its anchor lifts that clock onto the grid (0 for pushers on UTC).
 */

#ifndef LO_LIVE_H
#define LO_LIVE_H

#include "core/base.h"
#include "core/timeline.h"
#include "core/cmaf.h"
#include "core/event.h"
#include "core/notice.h"
#include "core/steer.h"

#define LO_LIVE_VERSION   5
#define LO_LIVE_RUNS      32          /* the oldest are forgotten first */
#define LO_LIVE_INITS     128
#define LO_LIVE_MASKS     32


/*
 * The life of an event; one list for the state, the API, metrics and docs.
 *
 * scheduled  there is nothing yet that a manifest could name
 * live       the manifest is out: d, delay and window are fixed
 * ended      the last number is fixed
 * archived   ended, and the zone holds none of its media any more
 */

#define LO_LIVE_PHASES(X)                                                     \
    X(SCHEDULED, "scheduled")                                                 \
    X(LIVE,      "live")                                                      \
    X(ENDED,     "ended")                                                     \
    X(ARCHIVED,  "archived")

#define LO_LIVE_PHASE_ENUM(name, word)  LO_LIVE_##name,
typedef enum { LO_LIVE_PHASES(LO_LIVE_PHASE_ENUM) LO_LIVE_NPHASES }
    lo_live_phase_e;


#define LO_RUN_UTC      1             /* the pusher is on UTC: anchor 0 */
#define LO_RUN_SHIFTED  2             /* on UTC, but cut off the grid: the
                                         anchor lifts it onto the grid */
#define LO_RUN_ON_UTC   (LO_RUN_UTC | LO_RUN_SHIFTED)

typedef struct {
    int64_t             first;        /* its first number */
    int64_t             start_us;     /* UTC media time of its first segment */
    lo_anchor_t         anchor;
    uint32_t            id;           /* 1.., never used twice in an event */
    uint32_t            flags;
    uint32_t            pipelines;    /* bits: who is aligned on this clock */
    uint32_t            room;         /* numbers below first that were given
                                         to nobody when it began: a track that
                                         joins a little lower takes them */
    uint64_t            kept;         /* bits: tracks that are pushed by a
                                         process of their own, which did not
                                         begin again: they keep the clock that
                                         they had in the run before */
} lo_live_run_t;


typedef struct {
    uint32_t            id;           /* 1.., never used twice in an event;
                                         every stored segment carries it */
    uint32_t            track;        /* index in tracks */
    uint32_t            run;          /* id of the run it came into use in */
    uint32_t            pipelines;    /* bits: who has sent it */
    int64_t             first;        /* the first number it serves, or
                                         INT64_MAX before that */
    uint64_t            digest;       /* the first 8 bytes of its bytes'
                                         digest, big endian; DIGEST8 in URLs
                                         is the upper half */
    uint64_t            word;         /* the zone's word for its bytes */
    lo_cmaf_init_t      info;
} lo_live_init_t;


typedef struct {
    char                id[LO_ID_MAX + 1];
    unsigned char       declared;     /* named in the event document */
    unsigned char       restarted;    /* bits: pipelines that sent an init
                                         since their last segment */
    unsigned char       differs;      /* bits: pipelines whose last init could
                                         not stand beside another's */
    uint32_t            type;         /* lo_media_e */
    uint32_t            ring;         /* the zone's track; UINT32_MAX: none
                                         yet */
    uint32_t            chunk_us;     /* of several in a segment the longest
                                         chunk, as the manifest says it; 0:
                                         whole segments only */
    uint32_t            init[LO_MAX_PIPELINES];  /* id of the init that each
                                         pipeline sent last; 0: none */
    lo_anchor_t         clock;        /* of the runs in which it was kept up to
                                         this one: theirs may be forgotten */
    uint32_t            clock_run;    /* id; 0: none */
    uint32_t            pad;
} lo_live_track_t;


#define LO_LIVE_ALL_TRACKS  UINT32_MAX

typedef struct {
    int64_t             from;         /* numbers, both inclusive; INT64_MAX: */
    int64_t             to;           /* until it is taken back */
    int64_t             since_us;     /* wall clock */
    uint32_t            pipeline;     /* index */
    uint32_t            track;        /* index, or LO_LIVE_ALL_TRACKS */
} lo_live_mask_t;


typedef struct {
    uint32_t            version;      /* LO_LIVE_VERSION */
    uint32_t            size;         /* sizeof(lo_live_t) */
    uint32_t            phase;
    uint32_t            irregular;    /* segments are off any grid: numbers
                                         are counted per track, manifests
                                         list times */
    uint64_t            serial;       /* of this record, from 1 */
    uint64_t            agreed;       /* serial of the newest record that
                                         other nodes have as well; 0: none.
                                         Not serial: something is this node's
                                         own so far (live_share.c, live_learn.c) */
    uint64_t            stamp;        /* of that record: two that have one
                                         serial, after Redis lost what it had,
                                         differ in this */
    uint64_t            life;         /* of the event, on all nodes; an event
                                         that is deleted and made again has
                                         another; 0: not shared yet */
    int64_t             doc_us;       /* wall clock: when its document was put
                                         here or elsewhere; 0: it is from a
                                         folder, or there is none.  The newest
                                         is the event's on all nodes */
    uint64_t            shown;        /* serial of the last change that a
                                         manifest shows */
    int64_t             shown_us;     /* and when it was; written by who
                                         stores the record */
    lo_dur_t            d;            /* duration 0: not known yet */
    uint32_t            declared;     /* d comes from the document */
    uint32_t            dvr_s;
    uint32_t            playlist_s;
    uint32_t            lead_s;       /* 0: one window */
    int64_t             backfill_us;
    int32_t             declared_delay;   /* delay_us comes from there too */
    uint32_t            part_us;      /* "part_ms" of the document; 0: as the
                                         chunks are.  Fixed when live, or with
                                         the first chunks after that */
    int64_t             delay_us;     /* until live: largest lateness seen */
    int64_t             first;        /* first number of all; INT64_MAX: none */
    int64_t             origin;       /* the number whose slot begins the MPD's
                                         clock: 0, or for a first run that is
                                         not on UTC where its media time is 0 */
    int64_t             last;         /* ended: the last number */
    int64_t             window;       /* numbers that can be asked for, fixed
                                         when live; 0 before */
    int64_t             live_us;      /* when it went live */
    int64_t             depth_us;     /* what manifests say the window is now:
                                         never below the first segment; grows
                                         in few steps, see lo_live_depth */
    int64_t             init_us;      /* when the newest init or track came */
    lo_notices_t        notices;
    lo_drained_t        drained;      /* CDNs */

    uint32_t            npipelines;
    uint32_t            ntracks;
    uint32_t            nruns;
    uint32_t            ninits;
    uint32_t            next_run;
    uint32_t            next_init;

    char                pipelines[LO_MAX_PIPELINES][LO_ID_MAX + 1];
    uint32_t            fixed_pipelines;  /* the document names them */
    uint32_t            nmasks;
    lo_live_mask_t      masks[LO_LIVE_MASKS];
    lo_live_track_t     tracks[LO_MAX_TRACKS];
    lo_live_run_t       runs[LO_LIVE_RUNS];
    lo_live_init_t      inits[LO_LIVE_INITS];
} lo_live_t;


/* whether one that was read from a disk, inits behind ninits zero, is what
   this version might have written */
int lo_live_sound(const lo_live_t *l);
/* likewise, of an event that may not have begun */
int lo_live_inside(const lo_live_t *l);


/* why something was refused; one table for status, log, metric and docs */

#define LO_WHY_LIST(X)                                                        \
    X(OK,          201, "ok",          "placed")                              \
    X(WAIT,        503, "wait",        "the segment duration is not known "   \
                                       "yet: video comes first")              \
    X(NO_INIT,     412, "no-init",     "a segment before its track's init")   \
    X(PIPELINE,    403, "pipeline",    "this event has no such pipeline")     \
    X(PIPELINES,   403, "pipelines",   "this event has four pipelines "       \
                                       "already")                             \
    X(TRACKS,      507, "tracks",      "this event has all the tracks that "  \
                                       "it may have")                         \
    X(INITS,       507, "inits",       "too many inits in the window")        \
    X(STANDBY,     409, "standby",     "another pipeline is on another "      \
                                       "clock")                               \
    X(INIT_DIFFERS,409, "init-differs","another pipeline is live with "       \
                                       "another init of one of its "         \
                                       "tracks")                             \
    X(TAKEN,       409, "taken",       "the number belongs to the run "       \
                                       "before")                              \
    X(TRACK_ID,    400, "track-id",    "the fragment's track_ID is not its "  \
                                       "init's")                              \
    X(ENDED,       410, "ended",       "the event has ended")                 \
    X(PAST,        410, "past",        "the number has left the window")      \
    X(FUTURE,      400, "future",      "the number is far ahead of the "      \
                                       "clock")                               \
    X(CLOCK,       400, "clock",       "the publisher's clock is far behind") \
    X(DURATION,    400, "duration",    "the segment has no usable duration")

#define LO_WHY_ENUM(name, status, word, text)  LO_WHY_##name,
typedef enum { LO_WHY_LIST(LO_WHY_ENUM) LO_WHY_N } lo_live_reason_e;

int lo_live_status(lo_live_reason_e r);        /* HTTP status */
const char *lo_live_word(lo_live_reason_e r);
const char *lo_live_text(lo_live_reason_e r);


/* a new event from its document; and a changed document over a live state:
   what is fixed stays (d, delay, window once live) */
void lo_live_create(lo_live_t *l, const lo_event_t *doc);
int lo_live_document(lo_live_t *l, const lo_event_t *doc);  /* 1: changed */
/* what manifests take from the document is another */
void lo_live_redocument(lo_live_t *l);

/* index of a pipeline; adds it where the document leaves them open */
lo_live_reason_e lo_live_pipeline(lo_live_t *l, lo_str_t name,
    unsigned *index, int *changed);

int lo_live_find_pipeline(const lo_live_t *l, lo_str_t name);  /* LO_NONE */
int lo_live_track(const lo_live_t *l, lo_str_t id);        /* or LO_NONE */
const lo_live_init_t *lo_live_init_by_id(const lo_live_t *l, uint32_t id);
/* by the number: the newest init of the track whose first <= n */
const lo_live_init_t *lo_live_init_at(const lo_live_t *l, unsigned track,
    int64_t n);
const lo_live_run_t *lo_live_run_at(const lo_live_t *l, int64_t n);
const lo_live_run_t *lo_live_run_by_id(const lo_live_t *l, uint32_t id);
/* what lifts a track onto the grid in a run of l's; NULL: that is NULL, or was
   forgotten */
const lo_anchor_t *lo_live_anchor(const lo_live_t *l,
    const lo_live_run_t *run, unsigned track);
int64_t lo_live_due_us(const lo_live_t *l, int64_t n);

/* whether it may end with an operator's number: LO_OK, LO_ERROR (it is none
   of this event's) or LO_NONE (not in this phase); err says why */
int lo_live_end_with(const lo_live_t *l, int64_t number, int64_t head,
    lo_err_t *err);
/* an event that ended goes on, as after an outage.  1: changed */
int lo_live_start(lo_live_t *l);


/* what is known of the event's tracks when something arrives */

typedef struct {
    int64_t             now_us;       /* wall clock */
    int64_t             event_head;   /* newest number of any track; or -1 */
    int64_t             event_us;     /* when it was published; 0 */
    int64_t             last_us[LO_MAX_PIPELINES];
                                      /* when each pipeline last published */
} lo_live_facts_t;


/*
 * An init from a pipeline.  The same configuration as the track's newest
 * init (info.config equal) is that init: its bytes, id and URL stay, and
 * *id is it; `restarted` is set for the pipeline, so that a clock that then
 * begins again is a new run.  Another configuration is a new init, unused
 * until its first segment; from a second pipeline while the first is live
 * (it published within 3 d and the delay) it is INIT_DIFFERS.
 * Tracks are added as they come.  word is used only for a new init.
 *
 * *changed is set to 1 or left alone, and may be set with INIT_DIFFERS too:
 * the pipeline then has no init any more, since what it sends from here on
 * is not of its former one.  An init may share its word with an older one
 * (a pipeline came back to what it had sent before).
 */
lo_live_reason_e lo_live_init(lo_live_t *l, const lo_live_facts_t *f,
    unsigned pipeline, lo_str_t track, const lo_cmaf_init_t *info,
    uint64_t digest, uint64_t word, uint32_t *id, int *changed);


typedef struct {
    unsigned            pipeline;
    unsigned            track;        /* index */
    int64_t             m;            /* tfdt less the init's edit list */
    uint64_t            duration;     /* in the init's timescale */
    uint32_t            track_id;     /* of the fragment; 0: do not check */
    int                 force;        /* 1: learn d from audio if need be */
    int                 wraps;        /* 1: tfdt had 32 bits (version 0) */
    int64_t             track_head;   /* newest number of this track, or -1 */
    int64_t             head_m;       /* its media time and duration, for */
    uint64_t            head_duration;  /* irregular events */
    uint32_t            head_run;     /* and its run; 0: the head itself is
                                         not there to be looked at */
} lo_live_segment_t;

/* what a refusal for its time is about */

typedef struct {
    int64_t             now_us;       /* wall clock; 0: nothing is known */
    int64_t             media_us;     /* UTC media time, on its run's clock */
    int64_t             by_us;        /* how far it is ahead or below */
    int64_t             limit_us;     /* and how far it might have been */
    int                 utc;          /* the pusher is on UTC */
    int                 head;         /* measured from the event's newest
                                         segment, and not from the clock */
} lo_live_when_t;

typedef struct {
    lo_live_when_t      when;         /* PAST, FUTURE, CLOCK, STANDBY */
    int64_t             number;       /* refused: the one it would have been,
                                         or -1 */
    uint32_t            run;
    uint32_t            init;
    int64_t             m;            /* media time: what was asked for, plus
                                         2^32 for each wrap of its tfdt */
    int64_t             off;          /* from the grid, signed, timescale */
    int                 off_grid;     /* |off| > d/4 */
    int                 changed;
} lo_live_place_t;

/*
 * Where a segment belongs.
 *
 * - d undeclared: the first video segment's duration is d.  Audio before it
 *   waits (LO_WHY_WAIT) while the event has a video init, unless forced.
 * - A pusher within a day of now is on UTC (anchor 0); another clock is
 *   anchored once, with its first segment, for all tracks of the event: onto
 *   the newest number whose slot is over (lo_timeline_at(now) - 1), or
 *   event_head + 1 if that is later.
 * - A restarted pipeline whose segment falls at or below its track's head, or
 *   out of the window or far ahead, begins a new run the same way: numbers go
 *   on at the head, never back.  A restarted pipeline that continues its
 *   clock stays in its run, and so does one that sends its last segment once
 *   more.  On UTC only leaving the window is a new clock: what is below the
 *   head is back-fill.
 * - The tracks of a pipeline that follow join the run that the first began,
 *   at a number below its first too if nobody was given that (room), else
 *   they are TAKEN.
 * - A track whose process did not begin again, while that of another track
 *   did, comes into the new run with the clock that it had: kept.
 * - Pipelines share a run only on UTC: whether two clocks that began anywhere
 *   show the same moment, nobody can tell from their segments.
 * - An init of another configuration begins a new run at its first number on
 *   the same anchor (or a new one, as above); other tracks whose new init
 *   comes into use within 3 numbers of it belong to that same run.  Where
 *   other tracks were given that number before, it is TAKEN, and the run
 *   begins behind it: place->changed says so.
 * - A tfdt of 32 bits wraps, at 90 kHz every 13 hours: its media time is the
 *   one nearest to where its track's head ends, and the run goes on.
 * - A pipeline of whose tracks one has an init that differs from that of a
 *   live pipeline is a standby with all its tracks: INIT_DIFFERS.
 * - A pipeline on another clock than the run's, while a pipeline of the run
 *   is alive: STANDBY.  When it is not (nothing for 3 d and the delay), the
 *   newcomer begins a new run.
 * - An event without declared d whose segments begin off the grid, or are
 *   longer than d by more than d/4, becomes irregular: from there numbers
 *   are the track's head + 1 (or the head itself for the same m).  A short
 *   segment alone is no reason: it may be a pusher's last.
 * - Below head - window: PAST.  More than the lead (lead_s, else a window;
 *   before live: dvr_s) ahead of both the clock and the head: FUTURE.  A run
 *   that would begin on UTC more than that, more than a window and more than
 *   an hour behind the clock: CLOCK.
 */
lo_live_reason_e lo_live_segment(lo_live_t *l, const lo_live_facts_t *f,
    const lo_live_segment_t *s, lo_live_place_t *place);

/* what lo_live_segment() would say, without a copy: most segments change
   nothing.  place->changed: this one does, and the rest of place is open */
lo_live_reason_e lo_live_segment_look(const lo_live_t *l,
    const lo_live_facts_t *f, const lo_live_segment_t *s,
    lo_live_place_t *place);

/* PAST, FUTURE and CLOCK in a line: by how much, and from where.  Of STANDBY
   what the publisher's clock is, which may be the cause */
void lo_live_explain(lo_live_reason_e why, const lo_live_when_t *when,
    lo_err_t *err);

/* lateness of a whole segment, for the measured delay; 1: changed */
int lo_live_late(lo_live_t *l, int64_t number, int64_t now_us);


typedef struct {
    int64_t             now_us;
    unsigned            force;        /* with whatever tracks there are */
    uint64_t            has;          /* bits: tracks with a segment */
    uint64_t            bytes_per_d;  /* zone bytes that one number takes over
                                         all tracks and pipelines, measured */
    uint64_t            share;        /* zone bytes of this event */
    int64_t             head;
    int64_t             numbers;      /* that its rings can name; 0: any */
    int                 archive;      /* what the share does not hold is on
                                         disk */
} lo_live_ready_t;

/*
 * Goes live when every declared track has a segment and, where the document
 * declares none, every track with an init has one and none is newer than one
 * d.  Fixes delay (declared, or the largest lateness seen, rounded up to
 * 100 ms and at least 1 s), window (dvr_s, or what the share guarantees with
 * a quarter kept free, which is no limit with an archive, or what its rings
 * can name) and how long parts are.  1: changed.
 */
int lo_live_ready(lo_live_t *l, const lo_live_ready_t *r);

/*
 * The depth steps: at going live what there is, then 16 s, 1, 4, 16 minutes,
 * 1, 4, 16 hours as the event grows that old, at most the window.  1: changed.
 */
int lo_live_depth(lo_live_t *l, int64_t now_us);

/*
 * A segment of a track came in so many chunks, the longest of which is of
 * this duration.  Before the event is live the longest of all counts, then
 * only the first segment of a new track, once.  1: changed.
 */
int lo_live_chunks(lo_live_t *l, unsigned track, int first, uint32_t chunks,
    uint64_t longest, uint32_t timescale);
/* whether they count at all */
int lo_live_chunks_count(const lo_live_t *l, int first, uint32_t chunks);

/* the part target of a track; 0: it is not cut into parts */
uint32_t lo_live_part_us(const lo_live_t *l, unsigned track);

int lo_live_end(lo_live_t *l, int64_t last);                /* 1: changed */

const char *lo_live_phase(uint32_t phase);                  /* the word */

/* ended, or archived since: there is a last number */
static inline int
lo_live_over(const lo_live_t *l)
{
    return l->phase >= LO_LIVE_ENDED;
}


/*
 * One event on many nodes (live_share.c).  What nodes share is the record
 * without what is a node's own: rings, and the words of inits.
 */

void lo_live_strip(lo_live_t *l);

/*
 * l, this node's record, learns what others have agreed on.  Where it has
 * nothing of its own it becomes theirs; else theirs is what counts and what is
 * missing there is added: pipelines, tracks, runs and inits behind theirs,
 * masks, notices, a later word on CDNs, the end; then l->serial is not l->agreed, and others
 * are to be asked.  Rings are kept by a track's id, words by an init's digest;
 * 0 where this node has none.  1: changed.
 */
int lo_live_adopt(lo_live_t *l, const lo_live_t *theirs);

/* whether two records differ in nothing but what is a node's own, and in how
   they are counted (serial, shown) */
int lo_live_same(const lo_live_t *a, const lo_live_t *b);

/* a number that may be one of the event's: not below 0, nor further ahead of
   the clock than its lead, its window and a minute; of an irregular event, any
   that can be counted on from */
int lo_live_likely(const lo_live_t *l, int64_t number, int64_t now_us);

/* a record from elsewhere: LO_ERROR, *err says what it is */
int lo_live_check(const lo_live_t *l, size_t len, lo_err_t *err);

#define lo_live_len(l)                                                        \
    (offsetof(lo_live_t, inits) + (l)->ninits * sizeof(lo_live_init_t))


/*
 * Masks.  1: changed; LO_FULL: LO_LIVE_MASKS ranges are masked already (the
 * copy is spoilt).  Of one pipeline and track what touches becomes one range;
 * what has left the window below head is forgotten.  A range that was masked
 * for all tracks is taken back for all tracks.
 */
int lo_live_mask(lo_live_t *l, const lo_live_mask_t *mask, int64_t head);
int lo_live_unmask(lo_live_t *l, const lo_live_mask_t *mask, int64_t head);

/* bits of the pipelines that do not serve number n of a track */
uint32_t lo_live_masked_of(const lo_live_t *l, unsigned track, int64_t n);

static inline uint32_t
lo_live_masked(const lo_live_t *l, unsigned track, int64_t n)
{
    return l->nmasks ? lo_live_masked_of(l, track, n) : 0;
}


/* lo_steer_set, which manifests show.  1: changed */
int lo_live_steer(lo_live_t *l, const lo_cdns_t *cdns, lo_steer_e what,
    const lo_str_t *ids, unsigned n, int64_t now_us);

#endif /* LO_LIVE_H */
