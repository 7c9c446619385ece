/*
 * Writing JSON.  Reading it is jansson's (core/event_read.h).
 */

#ifndef LO_JSON_H
#define LO_JSON_H

#include "core/base.h"


/* what stands between the quotes of a string; s is UTF-8, which stays */
void lo_json_text(lo_buf_t *b, lo_str_t s);
/* and with them */
void lo_json_string(lo_buf_t *b, lo_str_t s);

#endif /* LO_JSON_H */
