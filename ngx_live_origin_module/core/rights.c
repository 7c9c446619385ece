#include "core/event.h"
#include "core/rights.h"


static int
lo_rights_rule(const lo_rights_rule_t *rule, const lo_place_t *p)
{
    return lo_where_empty(&rule->where)
           || lo_where_has(&rule->where, p) != (int) rule->deny;
}


static int
lo_rights_applies(const lo_blackout_t *b, const lo_place_t *p)
{
    return lo_where_empty(&b->where)
           || lo_where_has(&b->where, p) != (int) b->except;
}


/* until the last of those that are on now has ended, or until the next one */

static lo_rights_e
lo_rights_blackout(const lo_event_t *doc, const lo_place_t *p,
    int64_t now_us, int64_t *until_us)
{
    int64_t               next, end;
    unsigned              i;
    const lo_blackout_t  *b;

    next = INT64_MAX;
    end = now_us;

    for (i = 0; i < doc->nblackouts; i++) {
        b = &doc->blackouts[i];

        if (b->end_us <= now_us || !lo_rights_applies(b, p)) {
            continue;
        }

        if (b->start_us > now_us) {
            next = b->start_us < next ? b->start_us : next;

        } else if (b->end_us > end) {
            end = b->end_us;
        }
    }

    *until_us = end > now_us ? end : next;

    return end > now_us ? LO_RIGHTS_BLACKOUT : LO_RIGHTS_OPEN;
}


lo_rights_e
lo_rights(const lo_event_t *doc, const lo_place_t *p, int64_t now_us,
    int64_t *until_us)
{
    *until_us = INT64_MAX;

    if (doc == NULL) {
        return LO_RIGHTS_OPEN;
    }

    if (!lo_rights_rule(&doc->countries, p)) {
        return LO_RIGHTS_COUNTRY;
    }

    return lo_rights_blackout(doc, p, now_us, until_us);
}


int
lo_rights_track(const lo_event_track_t *t, const lo_place_t *p)
{
    return lo_rights_rule(&t->countries, p);
}


int
lo_rights_by_place(const lo_event_t *doc)
{
    unsigned  i;

    if (doc == NULL) {
        return 0;
    }

    for (i = 0; i < doc->nblackouts; i++) {
        if (!lo_where_empty(&doc->blackouts[i].where)) {
            return 1;
        }
    }

    for (i = 0; i < doc->ntracks; i++) {
        if (!lo_where_empty(&doc->tracks[i].countries.where)) {
            return 1;
        }
    }

    return !lo_where_empty(&doc->countries.where);
}
