/* what cmaf.c and cmaf_box.c have between them */

#ifndef LO_CMAF_INT_H
#define LO_CMAF_INT_H

#include "core/cmaf.h"


/* what the unit that is being read has so far */

#define LO_UNIT_BEGUN    1
#define LO_UNIT_HEADER   2         /* an ftyp: collects through the moov */
#define LO_UNIT_PROMISE  4         /* a box that a chunk has to follow */
#define LO_UNIT_MOOF     8         /* waits for its mdat */
#define LO_UNIT_MDAT     16        /* skip is mdat's payload */


/* cmaf_box.c */

/* one box at p, or a whole header.  *want is what it takes to go on, if it is
   more than avail; else *used is set */
int lo_cmaf_step(lo_cmaf_reader_t *r, uint64_t offset,
    const unsigned char *p, size_t avail, size_t *want, size_t *used,
    lo_err_t *err);
/* the payload of an mdat has been passed over: the chunk is whole */
int lo_cmaf_skipped(lo_cmaf_reader_t *r);

#endif /* LO_CMAF_INT_H */
