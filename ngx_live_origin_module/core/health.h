/*
 * Which tracks a manifest leaves out, or whether it is withheld, because
 * nothing new has come for too long: "manifest" of the event document.
 */

#ifndef LO_HEALTH_H
#define LO_HEALTH_H

#include "core/base.h"


typedef struct {
    int64_t             stale_us;     /* age of a head; 0: never stale */
    unsigned            drop;         /* stale tracks are left out */
} lo_health_rule_t;

/* of tracks that have something, by their number; a bit each */

typedef struct {
    uint64_t            video;
    uint64_t            audio;
    uint64_t            other;
} lo_health_tracks_t;


#define LO_HEALTH_NONE  UINT64_MAX    /* there is no manifest */

/*
 * What is left out of the manifests of the event.  There are none where no
 * video is fresh, or no audio, of which there is some; where there is neither,
 * where nothing is.
 */
uint64_t lo_health(const lo_health_rule_t *rule,
    const lo_health_tracks_t *has, uint64_t stale);

#endif /* LO_HEALTH_H */
