/* what the tests of the zone share: a zone file of their own, its removal */

#ifndef T_ZONE_UTIL_H
#define T_ZONE_UTIL_H

#include "zone/zone.h"

#define MB  (1024 * 1024)

typedef struct {
    char        path[64];
    lo_zone_t  *z;
    int         event;
    int         track;
} t_zone_t;

/* a new zone on /dev/shm, joined, with event "ev" (share in bytes, 0: all of
   a one-event zone) and track "v" */
void t_zone_make(t_zone_t *t, uint64_t size, uint32_t events, uint64_t share);
void t_zone_drop(t_zone_t *t);

/* closed, and opened again as after another boot */
void t_zone_reboot(t_zone_t *t, uint64_t size, uint32_t events);

/* another process's handle on it */
lo_zone_t *t_zone_join(const char *path);

void t_zone_nap(long us);

/* bytes that say what they are: any mixture or tear shows */
void t_zone_fill(unsigned char *p, size_t len, uint64_t seed);
int t_zone_same(lo_zone_t *z, const lo_zone_object_t *o, uint64_t seed);

/* publishes len bytes of a seed; lo_zone_publish's result, or LO_FULL */
int t_zone_publish(lo_zone_t *z, int event, int track, int64_t number,
    unsigned pipeline, uint64_t seed, size_t len, uint32_t rank);
/* into the track of a test's t */
#define t_zone_put(n, p, seed, rank)                                          \
    t_zone_publish(t.z, t.event, t.track, n, p, seed, 20000, rank)

/* lo_zone_check with lines printed as TAP comments */
void t_zone_check(lo_zone_t *z, lo_zone_check_t *c);
/* nothing is wrong, left over or under way */
void t_zone_clean(t_zone_t *t);

#endif
