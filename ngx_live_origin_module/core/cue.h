/*
 * Cues: what the event document says happens at a time (an ad break, a
 * programme).  HLS lists them as DATERANGE, DASH as events.
 */

#ifndef LO_CUE_H
#define LO_CUE_H

#include "core/base.h"


#define LO_CUE_MAX         64      /* of one event */
#define LO_CUE_DATA_MAX    256     /* members of "data", of all cues */
#define LO_CUE_SCTE35_MAX  4096    /* bytes of one splice_info_section */


/* what a splice_info_section says, in the order of lo_cue_t.scte35 */

typedef enum {
    LO_CUE_CMD = 0,
    LO_CUE_OUT,
    LO_CUE_IN
} lo_cue_splice_e;

#define LO_CUE_SPLICES  3


/* a member of "data": X-NAME, and a string or a number */

typedef struct {
    lo_str_t            name;
    lo_str_t            text;
    int64_t             milli;            /* a number, in thousandths */
    uint32_t            number;           /* which of both it is */
} lo_cue_data_t;


typedef struct {
    lo_str_t            id;
    lo_str_t            cls;              /* "class"; empty: none */
    int64_t             start_us;         /* UTC */
    int64_t             end_us;           /* INT64_MAX: not known */
    int64_t             duration_us;      /* -1: not given, "end" may be */
    int64_t             planned_us;       /* -1: not given */
    lo_str_t            scte35[LO_CUE_SPLICES];   /* base64; empty: none */
    unsigned            data;             /* the first in lo_cues_t.data */
    unsigned            ndata;
} lo_cue_t;


typedef struct {
    unsigned            n;
    lo_cue_t            cue[LO_CUE_MAX];  /* by start, then as given */
    unsigned            ndata;
    lo_cue_data_t       data[LO_CUE_DATA_MAX];
} lo_cues_t;


/* bytes of a section of at most LO_CUE_SCTE35_MAX; 0: there is none */
size_t lo_cue_scte35(const lo_cue_t *c, lo_cue_splice_e which,
    unsigned char *out);

/* whether a cue has to do with media of [from, to); what has no end, and no
   planned one, lasts */
int lo_cue_overlaps(const lo_cue_t *c, int64_t from_us, int64_t to_us);

#endif /* LO_CUE_H */
