/*
 * Growing segments: readers are given an upload's chunks before it is whole.
 * Part of zone/zone.h.
 *
 * The publisher announces the upload once its place is known, then shows
 * whole chunks; both before lo_zone_wake.  A reader that follows holds an
 * ordinary pin, which the upload's end respects, however it ends.
 */

#ifndef LO_ZONE_GROWING_H
#define LO_ZONE_GROWING_H


/* LO_NONE: not to be followed (it is there already, or has left) */
int lo_zone_announce(lo_zone_t *z, uint32_t track, int64_t number,
    unsigned pipeline, lo_zone_upload_t *up);
/* the first size bytes may be given out */
void lo_zone_show(lo_zone_t *z, const lo_zone_upload_t *up, uint64_t size);

/*
 * The upload to be followed for a number: the one that others follow, else of
 * the first pipeline whose previous segment was good.  It is then the choice,
 * if it is published good; until then others' candidates are given out in
 * passing only.  One that showed nothing for silent_us is not followed.
 * LO_NONE: none, or a candidate is there.
 */
int lo_zone_follow(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin);
/* whether there is one; a look, as lo_zone_has */
int lo_zone_grows(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us);
/* its followers gave it up: the choice is open again */
void lo_zone_forsake(lo_zone_t *z, const lo_zone_pin_t *pin);

/*
 * What the parts of a number are cut from: the upload that was followed
 * first, while it grows and when it is the choice, or a good choice that
 * nobody has followed; it is given out by this.  LO_NONE: nothing, or the
 * number has no parts, as what was followed or given out is not what readers
 * get in the end, or was given up.
 */
int lo_zone_parts(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin);
/* the one that grows, where that is what parts are cut from: its number is
   not whole yet for who reads parts, whoever else has it */
int lo_zone_parts_grow(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t masked, int64_t silent_us, lo_zone_pin_t *pin);

/* what is pinned has been published */
int lo_zone_pinned_whole(lo_zone_t *z, const lo_zone_pin_t *pin);
/* it has none, and will have none: it is marked so, or a GAP */
int lo_zone_partless(lo_zone_t *z, uint32_t track, int64_t number);

typedef enum {
    LO_GROWN_MORE = 0,         /* more may come */
    LO_GROWN_WHOLE,            /* the visible bytes are all, and published */
    LO_GROWN_FAILED            /* never to be completed */
} lo_grown_e;

lo_grown_e lo_zone_grown(const lo_zone_pin_t *pin, uint64_t *visible);

typedef struct {
    uint32_t                page;
    uint32_t                offset;        /* in page; its end: the next one
                                              is not looked at yet */
    uint64_t                at;            /* in the object */
} lo_zone_growth_t;

void lo_zone_growth(const lo_zone_pin_t *pin, lo_zone_growth_t *g);
/* the next contiguous bytes below visible; 0: none */
size_t lo_zone_growth_span(lo_zone_t *z, lo_zone_growth_t *g,
    uint64_t visible, unsigned char **p);

#endif /* LO_ZONE_GROWING_H */
