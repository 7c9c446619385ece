/*
 * Content steering: in which order a viewer is to use an event's CDNs, and
 * what the steering endpoint says of it (RFC 8216bis, 7.1; ETSI TS 103 998).
 */

#ifndef LO_STEER_H
#define LO_STEER_H

#include "core/base.h"
#include "core/cdn.h"


/* what an operator has put out of use; it lies in lo_live_t */

typedef struct {
    int64_t             since_us;     /* wall clock of the last change; the
                                         newest is the event's on all nodes */
    uint32_t            n;
    uint32_t            reserved;     /* 0 */
    char                ids[LO_CDNS][LO_ID_MAX + 1];
} lo_drained_t;

int lo_drained(const lo_drained_t *all, lo_str_t id);


typedef enum {
    LO_STEER_DRAIN = 0,
    LO_STEER_UNDRAIN,
    LO_STEER_ONLY                     /* all others are drained */
} lo_steer_e;

/* ids that the document has no more are forgotten.  1: changed */
int lo_steer_set(lo_drained_t *all, const lo_cdns_t *cdns, lo_steer_e what,
    const lo_str_t *ids, unsigned n, int64_t now_us);


/*
 * All CDNs of the document, and how many they are: those that are not drained
 * before those that are; those that name the viewer's network before those
 * that name the country, before those that name no place, before those that
 * name others; then by the document.
 *
 * With a session (not empty) the weights come before the document: of equals
 * each comes first for as large a part of all sessions as its weight is of
 * their sum, and a session whose first is drained goes to one of the others
 * likewise, while no other session moves.  place may be NULL: unknown.
 */
unsigned lo_steer_order(const lo_cdns_t *cdns, const lo_drained_t *drained,
    const lo_place_t *place, lo_str_t session, const lo_cdn_t **order);


/* the steering manifest, one JSON for HLS and DASH */
void lo_steer_write(lo_buf_t *b, const lo_cdns_t *cdns,
    const lo_cdn_t *const *order, unsigned n);

#endif /* LO_STEER_H */
