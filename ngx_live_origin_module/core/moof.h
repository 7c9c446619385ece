/*
 * Of the reader (core/cmaf.c) only.
 */

#ifndef LO_MOOF_H
#define LO_MOOF_H

#include "core/cmaf.h"


/*
 * data is a whole moof's content.  Fills r->chunk, and r->data_from and
 * r->data_to with the bytes that its samples refer to.  Errors as of
 * lo_cmaf_feed.
 */
int lo_moof_parse(lo_cmaf_reader_t *r, const unsigned char *data, size_t size,
    lo_err_t *err);

#endif /* LO_MOOF_H */
