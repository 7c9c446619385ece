/*
 * Between dash.c (the MPD and its Periods), dash_set.c (AdaptationSets) and
 * dash_text.c (attribute values).
 */

#ifndef LO_DASH_INT_H
#define LO_DASH_INT_H

#include "core/dash.h"


typedef struct {
    const lo_manifest_t         *m;
    const lo_manifest_period_t  *p;
    lo_buf_t                    *b;
} lo_dash_t;


/* the sets of one media type of x->p; *id counts all of the Period; first is
   the number at the Period's start */
void lo_dash_sets(lo_dash_t *x, uint32_t type, unsigned *id, int64_t first);

/* how much earlier than whole a segment's first chunk is there; 0: not */
int64_t lo_dash_early_us(const lo_manifest_t *m,
    const lo_manifest_track_t *t);

void lo_dash_escape(lo_buf_t *b, lo_str_t s);
void lo_dash_attr(lo_buf_t *b, const char *name, lo_str_t value);
void lo_dash_duration(lo_buf_t *b, const char *name, int64_t us);
void lo_dash_time(lo_buf_t *b, const char *name, int64_t us);

#endif /* LO_DASH_INT_H */
