/* a file of keys, as it is read */

#ifndef T_KEYS_H
#define T_KEYS_H

#include "core/keys.h"


extern lo_keys_t       keys;
extern lo_event_err_t  keys_err;

/* the members of a key, but its id */
#define KEYS_GOOD  "\"secret\":\"0123456789abcdef\",\"use\":[\"serve\"]"

int keys_parse(const char *json);
/* k1 publishes and serves; k2 serves, k3 publishes (as pipeline "a"), both of
   the event "ev"; t1 and t2 are bearer tokens */
void keys_set(void);

#endif /* T_KEYS_H */
