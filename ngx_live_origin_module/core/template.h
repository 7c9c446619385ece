/*
 * DASH templates (ISO/IEC 23009-1, 5.3.9.4.4) read backwards: what a pusher's
 * file name says, by the event's own naming.  Known are $$,
 * $RepresentationID$, $Number$, $Time$ and $Bandwidth$, the last three with
 * a width such as %05d.
 */

#ifndef LO_TEMPLATE_H
#define LO_TEMPLATE_H

#include "core/base.h"

#define LO_TEMPLATE_MAX  256


typedef struct {
    lo_str_t            track;        /* lies in the matched name */
    uint64_t            number;       /* 0 without $Number$ */
    unsigned            tracked:1;
    unsigned            overflow:1;   /* the number is above 2^53 */
} lo_template_t;

/* can names be read by it: media needs $Number$ or $Time$ */
int lo_template_check(lo_str_t template, int media, lo_err_t *err);

/* LO_OK: the whole name matches; else LO_NONE */
int lo_template_match(lo_template_t *m, lo_str_t template, lo_str_t name);

#endif /* LO_TEMPLATE_H */
