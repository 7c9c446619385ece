/*
 * Delivery directives of a media playlist's request (rfc8216bis, 6.2.5.2):
 * what is asked for, and whether it is there.
 */

#ifndef LO_RELOAD_H
#define LO_RELOAD_H

#include "core/base.h"


typedef enum {
    LO_SKIP_NONE = 0,
    LO_SKIP_SEGMENTS,                      /* _HLS_skip=YES */
    LO_SKIP_ALL                            /* v2: dates as well */
} lo_skip_e;

typedef struct {
    int64_t             msn;               /* -1: not given */
    int64_t             part;              /* likewise */
    lo_skip_e           skip;
} lo_reload_t;

/* where a playlist ends */

typedef struct {
    int64_t             last;              /* its last segment */
    unsigned            parts;             /* that this one has; 0: it is a GAP,
                                              or lost them */
    unsigned            open;              /* parts of the one behind it */
    unsigned            partless;          /* which is to have none */
} lo_reload_end_t;


/*
 * args: the query of the URL; what is not a directive is passed over.
 * LO_ERROR (400): a value that is none of its directive's, a directive that
 * is there twice, _HLS_part without _HLS_msn.
 */
int lo_reload_parse(lo_reload_t *r, lo_str_t args, lo_err_t *err);

/* whether a playlist that ends there answers it; a part that its segment does
   not have is the first of the next */
int lo_reload_there(const lo_reload_t *r, const lo_reload_end_t *end);

/*
 * LO_ERROR (400): it is further ahead than may be asked for: more than two
 * segments, or more parts of the next segment than three seconds of them, and
 * at least three.
 */
int lo_reload_near(const lo_reload_t *r, const lo_reload_end_t *end,
    uint32_t part_us, lo_err_t *err);

#endif /* LO_RELOAD_H */
