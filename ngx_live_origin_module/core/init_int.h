/* what init.c and init_track.c have between them */

#ifndef LO_INIT_INT_H
#define LO_INIT_INT_H

#include "core/cmaf.h"
#include "core/box.h"


typedef struct {
    lo_cmaf_init_t     *init;
    lo_err_t           *err;
    uint32_t            movie_timescale;
    uint32_t            handler;
    int                 tracks;
    int                 mvex;
    int                 samples;           /* stts of a whole file */
    int                 edited;
    uint64_t            empty;             /* edits, movie timescale */
    int64_t             media_time;
    lo_box_t            stsd;              /* read when hdlr is known */
} lo_init_t;

typedef int (*lo_init_box_pt)(lo_init_t *in, const lo_box_t *box);


/* init.c */

/* calls handler for each child; what it does not know it passes over */
int lo_init_walk(lo_init_t *in, const lo_span_t *body,
    lo_init_box_pt handler);
int lo_init_short(lo_init_t *in, const lo_box_t *box);


/* init_track.c: what a trak holds */

int lo_init_trak(lo_init_t *in, const lo_box_t *box);

#endif /* LO_INIT_INT_H */
