/*
 * What lies in the zone's file, for the files of this folder only.
 *
 *   header | slots | pending | cells | events | tracks | objects |
 *   page table | page map | object map | data pages
 *
 * A ring is an object like others: a page that lists the others by index,
 * then pages of entries, then (records) as many of records.
 *
 * An object's word is the one truth about it: generation (upper 32 bits),
 * state, and while PRIVATE the slot of the worker it belongs to.  All
 * references (candidate, chosen, roots, page owners) are words of index and
 * generation; they go stale by themselves when the generation moves on.
 *
 *   FREE g -> PRIVATE g slot -> PUBLISHED g -> RETIRED g+1 -> FREE g+1
 *                     \------------------------> RETIRED g+1
 *
 * A PRIVATE object may be pinned, too, by readers that follow a growing
 * upload: their references are the same words.
 *
 * RETIRED becomes FREE when no pin is left; its pages are owned by g until
 * they are given back.  A page belongs to an object when its owner word
 * says so and the generation is that object's; maps are hints.
 */

#ifndef LO_ZONE_LAYOUT_H
#define LO_ZONE_LAYOUT_H

#include "zone/zone.h"

#define LO_ZONE_MAGIC       "LOZONE\r\n"

#define LO_ZONE_CLAIMS      1024           /* a power of 2 */

#define LO_OBJ_FREE         0
#define LO_OBJ_PRIVATE      1
#define LO_OBJ_PUBLISHED    2
#define LO_OBJ_RETIRED      3

#define LO_TAB_FREE         0      /* events and tracks */
#define LO_TAB_CLAIMED      1
#define LO_TAB_READY        2
#define LO_TAB_GONE         3      /* was READY: probing goes on past it */

#define LO_NO_PAGE          UINT32_MAX

/* bytes of the file that are only ever locked, far beyond its end */
#define LO_LOCK_BASE        (INT64_C(1) << 40)
#define LO_LOCK_CREATE      (LO_LOCK_BASE + 1)
#define LO_LOCK_TABLES      (LO_LOCK_BASE + 2)
#define LO_LOCK_SWEEP       (LO_LOCK_BASE + 3)
#define LO_LOCK_ARCHIVE     (LO_LOCK_BASE + 4)
#define LO_LOCK_ENVOY       (LO_LOCK_BASE + 5)
#define LO_LOCK_SLOT        (LO_LOCK_BASE + 1024)


typedef struct {
    char                    magic[8];      /* written last */
    uint32_t                layout;
    uint32_t                header_size;
    uint32_t                slot_size;
    uint32_t                event_size;
    uint32_t                track_size;
    uint32_t                object_size;
    uint32_t                page_size;
    uint32_t                slots;
    uint32_t                cells;
    uint32_t                events;
    uint32_t                tracks;
    uint32_t                objects;
    uint64_t                pages;
    uint64_t                size;
    int64_t                 created_us;
    unsigned char           uuid[16];
    unsigned char           secret[LO_ZONE_SECRET];
    char                    boot_id[40];
    uint32_t                boot;          /* counts boots seen */
    uint32_t                pad;

    uint64_t                off_slots;
    uint64_t                off_pending;
    uint64_t                off_cells;
    uint64_t                off_events;
    uint64_t                off_tracks;
    uint64_t                off_objects;
    uint64_t                off_table;
    uint64_t                off_page_map;
    uint64_t                off_object_map;
    uint64_t                off_data;

    /* moving words, a cache line each */
    struct {
        uint64_t            v;
        uint64_t            pad[7];
    } page_cursor __attribute__((aligned(64))), object_cursor, reserved,
      events_serial, recount, restored, walked, walk;

    uint64_t                claims[LO_ZONE_CLAIMS];   /* claim.c */
} lo_zone_header_t;

typedef struct {
    int64_t                 pid;           /* 0: nobody since recovery */
    int64_t                 joined_us;
    uint64_t                pad[6];
} lo_zone_slot_t;

typedef struct {
    lo_word_t               owner;         /* 0: free */
    uint32_t                next;
    uint32_t                pad;
} lo_zone_page_t;

/* one number of one track: 64 bytes */
typedef struct {
    lo_word_t               chosen;        /* see lo_zone_give */
    lo_word_t               cand[LO_MAX_PIPELINES];
    uint64_t                gap;           /* number + 1 listed as GAP, or
                                              LO_NO_PARTS */
    lo_word_t               early;         /* followed before it was whole */
    uint64_t                note;          /* of lo_zone_note */
} lo_zone_entry_t;

/* in `gap': not listed as GAP, but without parts for good (part.c) */
#define LO_NO_PARTS         (UINT64_C(1) << 63)

/* in `chosen': proposed, but given to nobody yet */
#define LO_TENTATIVE        (UINT64_C(1) << 63)

#define lo_chosen_word(w)   ((w) & ~LO_TENTATIVE)

_Static_assert(LO_ZONE_MAX_EVENTS <= UINT16_MAX
               && sizeof(lo_zone_object_t) == 256
               && offsetof(lo_zone_object_t, npages) == 64
               && offsetof(lo_zone_object_t, meta.tfdt) == 128
               && offsetof(lo_zone_track_t, waiters) == 64,
               "cache lines of an object and of a track");

#define LO_ENTRIES_A_PAGE   (LO_ZONE_PAGE / sizeof(lo_zone_entry_t))

struct lo_zone_s {
    unsigned char          *base;
    lo_zone_header_t       *h;
    lo_zone_slot_t         *slots;
    uint64_t               *pending;
    uint64_t               *cells;
    lo_zone_event_t        *events;
    lo_zone_track_t        *tracks;
    lo_zone_object_t       *objects;
    lo_zone_page_t         *table;
    uint64_t               *page_map;
    uint64_t               *object_map;
    unsigned char          *data;

    /* this process only */
    int                     fd;
    int                     wake_fd;
    int                     slot;          /* -1: not joined */
    int                     readonly;
    uint64_t                size;
    uint32_t               *pins;          /* per object */
    lo_word_t              *rings;         /* per track: the ring pinned */
    uint64_t               *own_cells;
    uint64_t                populated;     /* bytes touched */
    uint64_t                populate_from; /* where in the data it began */
    uint64_t                events_serial; /* rings were looked at then */
    uint32_t                evicted;       /* the first page given up by the
                                              eviction under way */
    int64_t                 swept_us;      /* monotonic */
    int64_t                 looked_us;     /* at the other slots */
    unsigned                recount:1;     /* a sweep is due at once */
    unsigned                mend:1;        /* a ring may be broken */
    unsigned                records:1;     /* see lo_zone_keep_records */
};


/* everything shared is touched through these; all sequentially consistent:
   publishing, choosing and pinning rest on store-load order */

#define lo_load(p)          __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define lo_store(p, v)      __atomic_store_n(p, v, __ATOMIC_SEQ_CST)

/* what no look at something else depends on: what is not to be seen yet,
   hints, times.  A full barrier waits for every store before it, such as those
   of a body */
#define lo_set(p, v)        __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define lo_add(p, v)        __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)
#define lo_sub(p, v)        __atomic_sub_fetch(p, v, __ATOMIC_SEQ_CST)
#define lo_or(p, v)         __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define lo_and(p, v)        __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)
#define lo_swap(p, v)       __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

static inline int
lo_cas(uint64_t *p, uint64_t old, uint64_t new)
{
    return __atomic_compare_exchange_n(p, &old, new, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static inline void
lo_max(int64_t *p, int64_t v)
{
    int64_t  old;

    old = lo_load(p);

    while (old < v
           && !__atomic_compare_exchange_n(p, &old, v, 0, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST))
    {
        /* old was reloaded */
    }
}

static inline void
lo_min(int64_t *p, int64_t v)
{
    int64_t  old;

    old = lo_load(p);

    while (old > v
           && !__atomic_compare_exchange_n(p, &old, v, 0, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST))
    {
        /* old was reloaded */
    }
}


#define lo_obj_word(gen, state, slot)                                         \
    (((uint64_t) (uint32_t) (gen) << 32) | ((uint64_t) (state) << 16) | (slot))
#define lo_obj_gen(w)       ((uint32_t) ((w) >> 32))
#define lo_obj_state(w)     ((unsigned) ((w) >> 16) & 0xff)
#define lo_obj_slot(w)      ((unsigned) (w) & 0xffff)

#define lo_word(index, gen)                                                   \
    (((uint64_t) ((index) + 1) << 32) | (uint32_t) (gen))
#define lo_word_index(w)    ((uint32_t) ((w) >> 32) - 1)
#define lo_word_gen(w)      ((uint32_t) (w))

#define lo_tab_word(gen, state)  (((uint64_t) (gen) << 8) | (state))
#define lo_tab_state(w)     ((unsigned) (w) & 0xff)
#define lo_tab_gen(w)       ((w) >> 8)

#define lo_page_data(z, p)  ((z)->data + (uint64_t) (p) * LO_ZONE_PAGE)

#define LO_RING_PAGES       (LO_ZONE_PAGE / sizeof(uint32_t))

_Static_assert(2 * LO_ZONE_RING_MAX / LO_ENTRIES_A_PAGE <= LO_RING_PAGES,
               "one page lists all of a ring");

/* page i of a ring, or LO_NO_PAGE */
static inline uint32_t
lo_ring_page(lo_zone_t *z, const lo_zone_track_t *t, uint32_t i)
{
    uint32_t  list, page;

    list = t->list;

    if (list >= z->h->pages || i >= LO_RING_PAGES) {
        return LO_NO_PAGE;
    }

    page = ((uint32_t *) lo_page_data(z, list))[i];

    return page < z->h->pages ? page : LO_NO_PAGE;
}

/* the object of a word, or NULL when the index is impossible */
static inline lo_zone_object_t *
lo_obj(lo_zone_t *z, lo_word_t w)
{
    uint32_t  i;

    i = lo_word_index(w);

    return (w != 0 && i < z->h->objects) ? &z->objects[i] : NULL;
}

/* is the object that w names still what w names? */
static inline int
lo_obj_live(lo_zone_object_t *o, lo_word_t w)
{
    return lo_load(&o->word)
           == lo_obj_word(lo_word_gen(w), LO_OBJ_PUBLISHED, 0);
}


int64_t lo_zone_now_us(void);              /* wall clock */
int64_t lo_zone_mono_us(void);

/* file.c */
int lo_zone_open(const char *path, int flags, lo_err_t *err);
int lo_zone_check_header(int fd, const char *path, lo_zone_header_t *h,
    lo_err_t *err);

/* slot.c: locks on bytes; the kernel drops them when the process dies */
struct flock;
int lo_zone_flock(int fd, int cmd, int type, int64_t byte,
    struct flock *fl);
int lo_zone_trylock(lo_zone_t *z, int64_t byte);
void lo_zone_unlock(lo_zone_t *z, int64_t byte);
int lo_zone_tables(lo_zone_t *z);          /* bounded: LO_AGAIN */
void lo_zone_recover(lo_zone_t *z, unsigned slot);

/* alloc.c */
lo_zone_object_t *lo_zone_claim(lo_zone_t *z, unsigned event,
    lo_zone_kind_e kind);
int lo_zone_grow(lo_zone_t *z, lo_zone_upload_t *up, uint32_t n);
void lo_zone_trim(lo_zone_t *z, lo_zone_upload_t *up);
uint32_t lo_zone_free_chain(lo_zone_t *z, lo_zone_object_t *o, uint32_t page,
    lo_word_t owner);
void lo_zone_retire(lo_zone_t *z, lo_zone_object_t *o, uint64_t word);
int lo_zone_finish(lo_zone_t *z, lo_zone_object_t *o);
void lo_zone_populate(lo_zone_t *z, int64_t until_us);

/* wake.c */
int lo_zone_wake_open(lo_zone_t *z, lo_err_t *err);

/* upload.c */
void lo_zone_upload_digest(lo_zone_t *z, const lo_zone_upload_t *up,
    unsigned char digest[16]);

/* evict.c: at least n pages of the event's own; how many it gave up */
uint64_t lo_zone_evict(lo_zone_t *z, lo_zone_event_t *ev, uint64_t n);

/* entry.c: NULL: the number has no place, or the ring is not whole */
lo_zone_entry_t *lo_zone_entry(lo_zone_t *z, uint32_t track, int64_t number);

/* segment.c */
int lo_zone_pin_segment(lo_zone_t *z, lo_word_t word, uint32_t track,
    int64_t number, lo_zone_pin_t *pin);
/* the candidate that would be kept, unpinned; 0: none */
lo_word_t lo_zone_best(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number);

/* readers get it from now on; why: lo_choice_e */
void lo_zone_given_since(lo_zone_t *z, lo_word_t word, unsigned why);

/* object.c: the bit alone, before the word is looked at */
void lo_zone_pin_raise(lo_zone_t *z, lo_zone_object_t *o, lo_word_t word,
    lo_zone_pin_t *pin);

/* grow.c: an upload's place at its end, its end, and what follows for the
   choice when it is there as word */
void lo_zone_grown_place(lo_zone_t *z, const lo_zone_upload_t *up,
    uint32_t track, int64_t number, unsigned pipeline);
void lo_zone_grown_whole(lo_zone_object_t *o);
void lo_zone_grown_choose(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, lo_word_t own, lo_word_t word);
/* one that ended without becoming a candidate */
void lo_zone_grown_failed(lo_zone_t *z, uint32_t track, int64_t number,
    lo_word_t own);
/* pinned, if it is under way, shown, and not silent */
int lo_zone_pin_growing(lo_zone_t *z, lo_word_t word, uint32_t track,
    int64_t number, int64_t silent_us, lo_zone_pin_t *pin);

/* gap.c: what was followed of a number is not what readers get of it */
void lo_zone_no_parts(lo_zone_entry_t *e, int64_t number);
/* so it is, or it is a GAP */
int lo_zone_has_no_parts(const lo_zone_entry_t *e, int64_t number);

/* before a candidate is chosen: LO_OK: another is being followed; LO_AGAIN:
   that has just become the choice; LO_NONE */
int lo_zone_early(lo_zone_t *z, lo_zone_entry_t *e, uint32_t track,
    int64_t number, uint32_t masked, lo_word_t word);

/* unsaved.c: after another candidate, or choice, of a number of a track */
void lo_zone_touched(lo_zone_t *z, uint32_t track, int64_t number);

/* event.c */
void lo_zone_reserved(lo_zone_t *z);

/* track.c */
/* lets go of rings that are a track's no more, or of all */
void lo_zone_rings(lo_zone_t *z, int all);
void lo_zone_tracks_drop(lo_zone_t *z, unsigned event);
/* under the table lock: a ring for a row that has a cap; LO_FULL */
int lo_zone_ring_make(lo_zone_t *z, lo_zone_track_t *t);

/* mend.c */
void lo_zone_mend(lo_zone_t *z);

/* sweep.c: pages that belong to nobody, and what each event has */
void lo_zone_recount(lo_zone_t *z);

#endif /* LO_ZONE_LAYOUT_H */
