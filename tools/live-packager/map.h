#ifndef LP_MAP_H
#define LP_MAP_H

#include "session.h"


/* fills in the session's tracks (id, index, es): 0, or -1 with a log line */
int lp_map_tracks(lp_session_t *s, AVFormatContext *fmt);

#endif /* LP_MAP_H */
