/*
 * The command line, and the event document it names.
 */

#ifndef LP_OPTIONS_H
#define LP_OPTIONS_H

#include <curl/curl.h>

#include "core/event.h"

#include "clock.h"
#include "input.h"
#include "log.h"
#include "publish.h"


typedef struct {
    char                track[LO_ID_MAX + 1];
    int                 stream;       /* of the input */
} lp_map_t;


typedef struct {
    lo_event_t          event;
    unsigned            have_event:1;
    unsigned            pace:1;
    unsigned            patient:1;
    char                id[LO_ID_MAX + 1];
    char                pipeline[LO_ID_MAX + 1];
    lo_dur_t            d;
    lp_clock_t          clock;
    lp_input_conf_t     input;
    unsigned            norigins;
    const char         *origins[LP_MAX_ORIGINS];
    struct curl_slist  *headers;
    const char         *token;        /* the file it is in; NULL: none */
    unsigned            nmaps;
    lp_map_t            maps[LP_MAX_TRACKS];
    unsigned            chunk_ms;
    unsigned            window_s;
    unsigned            queue_mb;
    unsigned            status_s;
    int                 status_fd;
    lp_level_e          level;
} lp_options_t;


/* 0; 1: it was --help; -1: a line is on stderr */
int lp_options_parse(lp_options_t *o, int argc, char **argv);
void lp_options_free(lp_options_t *o);

#endif /* LP_OPTIONS_H */
