/*
 * The zone: one memory-mapped file per host with everything that workers
 * share: events, tracks, the index of segments and their bytes.  No HTTP.
 * How it survives kills, stops and reloads: docs/architecture.md, "The zone".
 *
 * Who owns what.  A lo_zone_t is one process's handle.  Bytes under upload
 * belong to the uploading worker alone (state PRIVATE) until lo_zone_publish
 * or lo_zone_seal makes them an immutable object, named by a word.  A word
 * stays valid until the object is killed (evicted, replaced); from then on
 * every look-up through it fails, and the bytes are reused once no worker
 * has it pinned.  So: pin, check, use, unpin; never keep a pointer without a
 * pin.
 *
 * Every function returns at once; none waits for another process.
 *
 * Here are objects, events, tracks and segments; zone/elsewhere.h is what the
 * zone knows of segments that it does not have, zone/growing.h readers that
 * are given an upload before it is whole.  They come with this one.
 */

#ifndef LO_ZONE_H
#define LO_ZONE_H

#include "core/base.h"
#include "core/box.h"
#include "core/segment.h"


#define LO_ZONE_LAYOUT      6
#define LO_ZONE_PAGE        16384
#define LO_ZONE_SLOTS       256        /* workers, of all instances */
#define LO_ZONE_CELLS       512        /* counters of one worker slot */
#define LO_ZONE_COUNTERS    128        /* of one event, and of one track */
#define LO_ZONE_MIN_SIZE    (8 * 1024 * 1024)
#define LO_ZONE_MAX_EVENTS  4096
#define LO_ZONE_RING_MAX    262144     /* numbers of one track */

#define LO_ZONE_NO_TRACK    UINT32_MAX


typedef uint64_t            lo_word_t;     /* 0: nothing */

typedef struct lo_zone_s    lo_zone_t;


typedef struct {
    const char             *path;
    uint64_t                size;          /* bytes of the file, metadata
                                              included */
    uint32_t                events;
    int64_t                 uid;           /* of the workers; -1: as is */
    int64_t                 gid;
} lo_zone_conf_t;


/*
 * What lies in the zone of one object.  Fixed once published; to be read
 * only under a pin.
 */

typedef enum {
    LO_KIND_NONE = 0,
    LO_KIND_SEGMENT,
    LO_KIND_INIT,
    LO_KIND_DOC,
    LO_KIND_LIVE,
    LO_KIND_RING
} lo_zone_kind_e;

typedef lo_segment_meta_t   lo_zone_meta_t;

typedef struct {
    uint64_t                word __attribute__((aligned(64)));
                                           /* generation, state, slot */
    uint64_t                pins[LO_ZONE_SLOTS / 64];
    int64_t                 number;
    uint32_t                track;         /* or LO_ZONE_NO_TRACK */
    uint16_t                event;
    uint8_t                 kind;          /* lo_zone_kind_e */
    uint8_t                 pipeline;
    uint32_t                page;          /* the first of its chain */
    uint32_t                boot;          /* checked under this boot */

    uint32_t                npages;
    uint32_t                pad;
    uint64_t                size;
    unsigned char           digest[16];    /* XXH3-128, big endian; ETag */
    lo_zone_meta_t          meta;

    uint64_t                grown;         /* grow.c: bytes that readers may
                                              be given before the rest, and
                                              how it ended */
    int64_t                 grown_us;      /* CLOCK_MONOTONIC: since when */
    uint64_t                given;         /* when readers got it first (wall
                                              clock, us) << 8 | lo_choice_e */
} lo_zone_object_t;


/* ---- the file */

/* makes it, or checks the one that is there; for the master, at start.
   LO_ERROR: one line that says what to do */
int lo_zone_create(const lo_zone_conf_t *conf, lo_err_t *err);

/* maps an existing zone; no slot yet, so nothing may be changed */
lo_zone_t *lo_zone_attach(const char *path, int readonly, lo_err_t *err);

/* takes a worker slot, after fork; opens the wake-up socket */
int lo_zone_join(lo_zone_t *z, lo_err_t *err);

/* gives the slot back and unmaps; pins and uploads of this process end */
void lo_zone_close(lo_zone_t *z);

/* after every reload or restart the same */
void lo_zone_uuid(lo_zone_t *z, char uuid[37]);

/* random bytes of this zone, which are shown nowhere */
#define LO_ZONE_SECRET  32
const unsigned char *lo_zone_secret(lo_zone_t *z);
unsigned lo_zone_slot(lo_zone_t *z);

typedef struct {
    uint64_t                size;
    uint64_t                pages;
    uint64_t                pages_free;
    uint64_t                page_size;
    uint32_t                events_max;
    uint32_t                tracks_max;
    uint32_t                workers;       /* live slots */
    uint32_t                layout;
    int64_t                 created_us;
} lo_zone_stat_t;

void lo_zone_stat(lo_zone_t *z, lo_zone_stat_t *st);
int64_t lo_zone_worker(lo_zone_t *z, unsigned slot);  /* pid; 0: no worker */

/*
 * Housekeeping, a bounded step: recovers the slots of dead workers, finishes
 * retired objects, sweeps for leaks, touches pages ahead of the allocator.
 * Every worker calls it every 100 ms or so.
 */
void lo_zone_tick(lo_zone_t *z);


/* ---- events: index 0 .. events - 1 */

typedef struct {
    uint64_t                word;          /* generation, state */
    uint64_t                hash;
    char                    id[LO_ID_MAX + 8];
    lo_word_t               doc;           /* roots: the event document and */
    lo_word_t               live;          /* the live state */
    uint64_t                share;         /* pages */
    uint64_t                used;          /* pages; rebuilt by the sweep */
    int64_t                 head;          /* newest number of any track; -1 */
    int64_t                 head_us;       /* when it was published */
    int64_t                 last_us[LO_MAX_PIPELINES];
    int64_t                 bytes_in;
    int64_t                 born_us;       /* wall clock: this event and no
                                              other that had its name */
    uint32_t                ntracks;
    uint32_t                tracks[LO_MAX_TRACKS];
    uint64_t                counters[LO_ZONE_COUNTERS];
} lo_zone_event_t;

int lo_zone_event_find(lo_zone_t *z, lo_str_t id);        /* or LO_NONE */
/* share in bytes, 0: default (data pages / events).  The index, also when it
   is there already; LO_FULL: no event or no room left; LO_AGAIN: table busy */
int lo_zone_event_add(lo_zone_t *z, lo_str_t id, uint64_t share);
/* LO_FULL where the sum of shares would pass the zone */
int lo_zone_event_share(lo_zone_t *z, unsigned event, uint64_t share);
/* kills everything of it, then its name */
int lo_zone_event_remove(lo_zone_t *z, unsigned event);
/* NULL when the index holds no event; fields are read atomically or as hints */
lo_zone_event_t *lo_zone_event(lo_zone_t *z, unsigned event);
/* changes whenever an event comes or goes */
uint64_t lo_zone_events_serial(lo_zone_t *z);


/* ---- tracks */

typedef struct {
    uint64_t                word __attribute__((aligned(64)));
                                           /* generation, state */
    uint32_t                event;
    uint32_t                cap;           /* numbers the ring holds */
    uint32_t                npages;        /* of entries, and of records */
    uint32_t                list;          /* the page that names them */
    uint32_t                records;       /* of 2 pages one is for them */
    uint32_t                loading;       /* records are being read back */
    lo_word_t               ring;
    int64_t                 head;          /* newest published; -1 */
    int64_t                 tail;          /* hint: nothing below it */
    int64_t                 spare;         /* hint: no second candidates
                                              below it */

    uint64_t                waiters[LO_ZONE_SLOTS / 64];
    int64_t                 head_us;
    uint64_t                gaps;          /* marks that were made */
    int64_t                 looked;        /* see lo_zone_looked */
    int64_t                 unsaved;
    uint64_t                again;
    lo_word_t               growing[LO_MAX_PIPELINES][2];
                                           /* uploads under way that may be
                                              followed, by number % 2 */
    char                    id[LO_ID_MAX + 8];
    uint64_t                counters[LO_ZONE_COUNTERS];
} lo_zone_track_t;

/* finds or adds; cap numbers at the least.  The track, or LO_FULL, LO_AGAIN */
int lo_zone_track_add(lo_zone_t *z, unsigned event, lo_str_t id,
    uint32_t cap);
lo_zone_track_t *lo_zone_track(lo_zone_t *z, uint32_t track);


/* ---- uploads: bytes of this worker that nobody sees yet */

typedef struct {
    lo_word_t               word;          /* 0: not open */
    uint32_t                object;
    uint32_t                event;
    uint32_t                page;          /* being filled */
    uint32_t                last;          /* end of the chain */
    uint32_t                used;          /* bytes in page */
    uint32_t                npages;
    uint64_t                size;
} lo_zone_upload_t;

/* size: what is expected, or 0.  LO_FULL: no room (507).  Evicts what the
   event's share asks for */
int lo_zone_upload(lo_zone_t *z, lo_zone_upload_t *up, unsigned event,
    lo_zone_kind_e kind, uint64_t size);
/* contiguous room at the end, at least one byte */
int lo_zone_upload_room(lo_zone_t *z, lo_zone_upload_t *up,
    unsigned char **p, size_t *n);
void lo_zone_upload_add(lo_zone_t *z, lo_zone_upload_t *up, size_t n);
int lo_zone_upload_write(lo_zone_t *z, lo_zone_upload_t *up,
    const void *data, size_t len);
/* reads back from one's own upload, for what spans pages */
size_t lo_zone_upload_read(lo_zone_t *z, const lo_zone_upload_t *up,
    uint64_t offset, void *data, size_t len);
void lo_zone_upload_abort(lo_zone_t *z, lo_zone_upload_t *up);

/* an object without a place in a ring: init, document, live state.  The word,
   or 0.  digest may be NULL: it is computed */
lo_word_t lo_zone_seal(lo_zone_t *z, lo_zone_upload_t *up,
    const unsigned char digest[16]);
/* upload, write and seal in one */
lo_word_t lo_zone_put(lo_zone_t *z, unsigned event, lo_zone_kind_e kind,
    const void *data, size_t len);
/* *root: old -> new and old is killed; 0: somebody was faster (new lives on,
   lo_zone_kill it) */
int lo_zone_swap(lo_zone_t *z, lo_word_t *root, lo_word_t old, lo_word_t new);
void lo_zone_kill(lo_zone_t *z, lo_word_t word);
/* one that nothing refers to for a moment: it is not taken for a lost one for as
   long as one that is new; LO_NONE: the word is dead */
int lo_zone_spare(lo_zone_t *z, lo_word_t word);
/* copies an object out: its size, LO_NONE when the word is dead, LO_FULL when
   cap is too small */
int64_t lo_zone_read(lo_zone_t *z, lo_word_t word, void *data, size_t cap);


/* ---- segments */

typedef enum {
    LO_PUBLISH_NEW = 0,        /* it is served from now on */
    LO_PUBLISH_REPLACED,       /* likewise, instead of bytes nobody was given */
    LO_PUBLISH_SAME,           /* the same bytes were there */
    LO_PUBLISH_SUPERSEDED      /* other bytes were given out: those stay */
} lo_publish_e;

/*
 * Publishes an upload as one pipeline's candidate for a number, and wakes
 * nobody yet.  Whatever the result, the upload is closed.  *word is what is
 * there for this pipeline now.  LO_NONE: the number has left the ring (410);
 * LO_ERROR: the upload was lost (its worker was taken for dead).
 */
int lo_zone_publish(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline, lo_zone_upload_t *up, const unsigned char digest[16],
    const lo_zone_meta_t *meta, lo_word_t *word);

typedef struct {
    const lo_zone_object_t *object;        /* NULL: not pinned */
    lo_word_t               word;
    int                     passing;       /* 1: not what later readers will
                                              get, see lo_zone_follow */
} lo_zone_pin_t;

/*
 * The candidate that readers get, chosen now if it was not; LO_NONE.
 * choose = 0 looks only: nothing is given out by it.  masked: bits of the
 * pipelines that are out of service for this number.  One that is good and
 * was given out stays, unless it is masked.
 */
int lo_zone_find(lo_zone_t *z, uint32_t track, int64_t number, int choose,
    uint32_t masked, lo_zone_pin_t *pin);
/* readers get this pipeline's from now on, as all nodes agreed, whatever was
   given out here; LO_NONE: it is not there */
int lo_zone_choose(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline);
/* what was given out, whether it is masked or not; 0: nothing */
lo_word_t lo_zone_given(lo_zone_t *z, uint32_t track, int64_t number);
/* one pipeline's candidate */
int lo_zone_candidate(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline, lo_zone_pin_t *pin);
int lo_zone_pin(lo_zone_t *z, lo_word_t word, lo_zone_pin_t *pin);
void lo_zone_unpin(lo_zone_t *z, lo_zone_pin_t *pin);

/* whether there is something to find: one look, no pin, no choice */
int lo_zone_has(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked);

/* listed as GAP in a playlist: stays so.  set: marks it unless a segment is
   there; returns whether it is marked */
int lo_zone_gap(lo_zone_t *z, uint32_t track, int64_t number, int set,
    uint32_t masked);

/* likewise, as other nodes have listed it: also where a segment is there */
void lo_zone_gap_set(lo_zone_t *z, uint32_t track, int64_t number);
/* the number that slot i of a ring has marked as GAP, or LO_NONE; 0 <= i < cap.
   lo_zone_track_t.gaps tells whether there are new ones */
int64_t lo_zone_gap_in(lo_zone_t *z, uint32_t track, uint32_t i);

/* the last thing that happened to an upload of a number other than becoming
   its candidate: LO_ZONE_NOTE_BITS of the caller's; 0: nothing is known */
#define LO_ZONE_NOTE_BITS  50
void lo_zone_note(lo_zone_t *z, uint32_t track, int64_t number,
    uint64_t note);
uint64_t lo_zone_noted(lo_zone_t *z, uint32_t track, int64_t number);


/* the bytes of a pinned object, as contiguous spans */

typedef struct {
    uint32_t                page;
    uint32_t                offset;        /* in page */
    uint64_t                left;
} lo_zone_cursor_t;

void lo_zone_seek(lo_zone_t *z, const lo_zone_object_t *o, uint64_t offset,
    uint64_t len, lo_zone_cursor_t *c);
/* 0 at the end; adjacent pages make one span */
size_t lo_zone_span(lo_zone_t *z, lo_zone_cursor_t *c, unsigned char **p);


/* ---- waiting: the bitmap of workers that hold readers of a track */

/* before the last look for the segment */
void lo_zone_wait(lo_zone_t *z, uint32_t track);
void lo_zone_unwait(lo_zone_t *z, uint32_t track);
/* after publishing: signals the other workers that wait for this track;
   1: this worker waits, too */
int lo_zone_wake(lo_zone_t *z, uint32_t track);
/* the socket to poll for reading; and what to do then: woken is called once
   for each track that was published, in no order */
int lo_zone_wake_fd(lo_zone_t *z);
void lo_zone_woken(lo_zone_t *z, void (*woken)(void *data, uint32_t track),
    void *data);


/* ---- counters */

/* this worker's cells, added to without atomics; and the sum over slots */
uint64_t *lo_zone_cells(lo_zone_t *z);
uint64_t lo_zone_cell_sum(lo_zone_t *z, unsigned cell);
/* over live workers only, for gauges: a joining worker sets its own to 0 */
uint64_t lo_zone_cell_live(lo_zone_t *z, unsigned cell);
/* of one slot */
uint64_t lo_zone_cell(lo_zone_t *z, unsigned slot, unsigned cell);

/* of this worker, longer than a word: from a cell on, LO_ZONE_REPORT_CELLS of
   them.  The next holder of the slot goes on with it */
#define LO_ZONE_REPORT_CELLS(len)  (1 + ((len) + 7) / 8)

void lo_zone_report(lo_zone_t *z, unsigned cell, const void *data, size_t len);
/* of any slot: LO_OK, it is whole; LO_NONE: there was none yet; LO_AGAIN: its
   worker is stopped, or was killed, in the middle of it */
int lo_zone_report_of(lo_zone_t *z, unsigned slot, unsigned cell, void *data,
    size_t len);

static inline void
lo_zone_count(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}


/* ---- consistency, for livectl zone check and the tests */

typedef struct {
    uint64_t                objects;       /* by state */
    uint64_t                private;
    uint64_t                retired;
    uint64_t                pages_used;
    uint64_t                pinned;
    uint64_t                segments;
    uint64_t                errors;
    uint64_t                leaks;         /* what a sweep would give back */
} lo_zone_check_t;

/* digests: reads every byte.  report is called with one line per error.  On a
   zone in use, what is under way may be reported as a leak: look twice */
void lo_zone_check(lo_zone_t *z, int digests, lo_zone_check_t *c,
    void (*report)(void *data, const char *line), void *data);

/* the whole of lo_zone_tick's sweep at once */
void lo_zone_sweep(lo_zone_t *z);

/* XXH3-128 of bytes, big endian, as stored */
void lo_zone_digest(unsigned char digest[16], const void *data, size_t len);

/* its first 8 bytes, as live states and records have them */
static inline uint64_t
lo_zone_digest_first(const unsigned char digest[16])
{
    return lo_be64(digest);
}


#include "zone/elsewhere.h"
#include "zone/growing.h"

#endif /* LO_ZONE_H */
