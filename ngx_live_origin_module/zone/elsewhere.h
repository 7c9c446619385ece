/*
 * Segments that are not in the zone, but on disk or on other nodes: what the
 * zone knows of them, and who looks after them.  Part of zone/zone.h.
 */

#ifndef LO_ZONE_ELSEWHERE_H
#define LO_ZONE_ELSEWHERE_H


/*
 * Records: what of a track lies elsewhere (the archive), one for each
 * number of its ring.  A record proves itself by its check, so that whoever
 * dies while writing one, or writes it at the same time, leaves none.
 */

typedef struct {
    int64_t                 number;
    int64_t                 m;             /* as in lo_zone_meta_t */
    uint64_t                verdict;
    uint64_t                digest;        /* the first 8 bytes, big endian */
    uint32_t                duration;
    uint32_t                timescale;
    uint32_t                init;
    uint32_t                run;
    uint32_t                size;
    uint16_t                rank;
    uint16_t                pipeline;
    uint64_t                check;
} lo_zone_record_t;

/* tracks that this process makes from now on have records */
void lo_zone_keep_records(lo_zone_t *z);
/* LO_OK or LO_NONE */
int lo_zone_record(lo_zone_t *z, uint32_t track, int64_t number,
    lo_zone_record_t *rec);
/* whether there seems to be one: its number is looked at, and no more */
int lo_zone_recorded(lo_zone_t *z, uint32_t track, int64_t number);
/* what has left the ring has none: its place is another number's */
void lo_zone_record_set(lo_zone_t *z, uint32_t track, lo_zone_record_t *rec);
void lo_zone_record_clear(lo_zone_t *z, uint32_t track, int64_t number);
/* head of a track, and of its event, that was read back */
void lo_zone_track_restore(lo_zone_t *z, uint32_t track, int64_t head);
/* an event was read back that was born then */
void lo_zone_event_restore(lo_zone_t *z, unsigned event, int64_t born_us);

/*
 * How many numbers wait to be recorded, whoever looks after it and dies.  The
 * archivist says that it looks at all below a number, and how many of these
 * are not recorded yet, before it looks; who publishes or chooses below that
 * number what is not what the record says, asks for another look.
 */
void lo_zone_looked(lo_zone_t *z, uint32_t track, int64_t below, int64_t n);
/* the numbers that another look is asked for; take: they get it.  0: none */
int lo_zone_again(lo_zone_t *z, uint32_t track, int take, int64_t *from,
    int64_t *to);
/* of all tracks; rather more than there are than less */
uint64_t lo_zone_unsaved(lo_zone_t *z);

/* one worker of all instances looks after what lies elsewhere: 1, it is this
   one, until it lets go or ends */
int lo_zone_archivist(lo_zone_t *z);
void lo_zone_archivist_end(lo_zone_t *z);
/* whether events were read back into this zone; set says so */
int lo_zone_restored(lo_zone_t *z, int set);


/* likewise for what other nodes have */
int lo_zone_envoy(lo_zone_t *z);
void lo_zone_envoy_end(lo_zone_t *z);
/* whether all that other nodes have was looked at: sets it, or asks (-1) */
#define LO_WALKED_EMPTY   0        /* not yet: the zone is new */
#define LO_WALKED_ALL     1
#define LO_WALKED_BEFORE  2        /* not since it came again */
#define LO_WALKED_LOST    3        /* not since it lost them */

int lo_zone_walked(lo_zone_t *z, int set);
/* that it is looked at again: 1 asks for it, 0 takes the wish */
int lo_zone_walk(lo_zone_t *z, int want);

/*
 * A claim on getting a number from elsewhere, so that one worker of all does:
 * LO_OK, it is this one's for so long; LO_AGAIN: it is another's, or was tried
 * just now.  A hint: two that collide in it get their segment twice.
 */
int lo_zone_claim_number(lo_zone_t *z, uint32_t track, int64_t number,
    uint32_t ms);
/* it is there, or may be tried again at once */
void lo_zone_unclaim_number(lo_zone_t *z, uint32_t track, int64_t number);

#endif /* LO_ZONE_ELSEWHERE_H */
