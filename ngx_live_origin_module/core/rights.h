/*
 * Who may see an event, by place and time: "countries" and "blackouts" of its
 * document, "countries" of its tracks.
 */

#ifndef LO_RIGHTS_H
#define LO_RIGHTS_H

#include "core/base.h"
#include "core/where.h"

#define LO_MAX_BLACKOUTS   64


/* an empty set: everywhere */

typedef struct {
    unsigned            deny;         /* all but the set; else only the set */
    lo_where_t          where;
} lo_rights_rule_t;

/* in [start_us, end_us); an empty set: everywhere */

typedef struct {
    int64_t             start_us;
    int64_t             end_us;
    unsigned            except;       /* all but the set; else only the set */
    lo_where_t          where;
} lo_blackout_t;

typedef enum {
    LO_RIGHTS_OPEN = 0,
    LO_RIGHTS_COUNTRY,
    LO_RIGHTS_BLACKOUT
} lo_rights_e;


struct lo_event_s;
struct lo_event_track_s;

/* *until_us: when the answer may next change; INT64_MAX: never.  doc may be
   NULL */
lo_rights_e lo_rights(const struct lo_event_s *doc, const lo_place_t *p,
    int64_t now_us, int64_t *until_us);

int lo_rights_track(const struct lo_event_track_s *t, const lo_place_t *p);

/* whether the answer depends on the place at all, now or later; tracks too */
int lo_rights_by_place(const struct lo_event_s *doc);

#endif /* LO_RIGHTS_H */
