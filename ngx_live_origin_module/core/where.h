/*
 * Sets of places, as event documents list them, and the place that a viewer
 * is in.  A place is in a set if its country or its network (ASN) is listed.
 */

#ifndef LO_WHERE_H
#define LO_WHERE_H

#include "core/base.h"

#define LO_WHERE_CODES     (26 * 26)
#define LO_WHERE_WORDS     ((LO_WHERE_CODES + 63) / 64)
#define LO_WHERE_ASNS      32


/* both counts 0: no set was given */

typedef struct {
    unsigned            ncountries;
    uint64_t            countries[LO_WHERE_WORDS];   /* a bit each, from AA */
    unsigned            nasns;
    uint32_t            asns[LO_WHERE_ASNS];         /* ascending */
} lo_where_t;


/* of one viewer; upper case */

typedef struct {
    char                country[2];     /* ISO 3166-1; "ZZ": unknown */
    char                continent[2];   /* "EU"; zeroes: unknown */
    uint32_t            asn;            /* 0: unknown */
} lo_place_t;

void lo_place_unknown(lo_place_t *p);

/* two letters of either case; LO_ERROR: something else */
int lo_place_country(lo_place_t *p, lo_str_t s);


void lo_where_add(lo_where_t *w, const lo_place_t *country);
int lo_where_has(const lo_where_t *w, const lo_place_t *p);

/* how much a set is meant for a place: 3 its network is listed, 2 its country,
   1 it is for everybody alike, 0 it is for others */
int lo_where_rank(const lo_where_t *w, const lo_place_t *p);

static inline int
lo_where_empty(const lo_where_t *w)
{
    return w->ncountries == 0 && w->nasns == 0;
}


/*
 * All sets that a document mentions cut the world into parts, within which
 * everybody is treated alike.  canon is the one place that stands for p's
 * part: its first country and its smallest ASN, ZZ and 0 where none is listed
 * (should ZZ itself be listed, the last country that is not).  The digest is
 * 24 bits of the cut, 0 where there is none.  doc may be NULL.
 */

struct lo_event_s;

void lo_where_canon(const struct lo_event_s *doc, const lo_place_t *p,
    lo_place_t *canon);
uint32_t lo_where_digest(const struct lo_event_s *doc);

#endif /* LO_WHERE_H */
