/*
 * EXT-X-SESSION-DATA of the event document.
 */

#ifndef LO_SESSION_H
#define LO_SESSION_H

#include "core/base.h"


#define LO_SESSION_MAX  32


typedef struct {
    lo_str_t            id;               /* DATA-ID */
    lo_str_t            value;            /* or, empty: */
    lo_str_t            uri;              /* of JSON; absolute */
    lo_str_t            lang;             /* empty: none */
} lo_session_t;

typedef struct {
    unsigned            n;
    lo_session_t        data[LO_SESSION_MAX];
} lo_sessions_t;

#endif /* LO_SESSION_H */
