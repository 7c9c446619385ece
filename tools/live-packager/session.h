/*
 * One packager: an input, its tracks, and the origins they go to.
 */

#ifndef LP_SESSION_H
#define LP_SESSION_H

#include "input.h"
#include "options.h"
#include "publish.h"
#include "track.h"


typedef struct {
    const lp_options_t   *options;
    lp_clock_t            clock;
    lp_input_t           *input;
    lp_publish_t          publish;
    unsigned              publishing:1;
    char                  path[2 * LO_ID_MAX + 2];    /* EVENT/PIPELINE */
    unsigned              ntracks;
    lp_track_t            tracks[LP_MAX_TRACKS];
    int                   nstreams;
    signed char          *stream_track;   /* stream -> track, or -1 */
} lp_session_t;


/* -1: a line is in the log */
int lp_session_open(lp_session_t *s, const lp_options_t *o,
    const volatile int *stop);

/* Until the input ends or *stop is set; then what is whole is delivered, for
   as long as one segment lasts.  0: all went its way; -1: the input failed */
int lp_session_run(lp_session_t *s, const volatile int *stop);

void lp_session_close(lp_session_t *s);

/* a line of JSON */
void lp_session_status(const lp_session_t *s);

#endif /* LP_SESSION_H */
