/*
 * The open segment of a segmenter handed on, in chunks or whole.
 */

#ifndef LP_EMIT_H
#define LP_EMIT_H

#include "segmenter.h"


/* is so much missing between two times that it must be seen: see emit.c */
int lp_emit_hole(const lp_segmenter_t *s, int64_t from, int64_t to);

/* the chunks that are complete */
void lp_emit_push(lp_segmenter_t *s);

/* The segment is samples [0, n), and the media after it begins at end, or
   INT64_MIN: nothing follows at once. */
void lp_emit_close(lp_segmenter_t *s, size_t n, int64_t end);

#endif /* LP_EMIT_H */
