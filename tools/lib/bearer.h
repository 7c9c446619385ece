/*
 * A bearer token from a file or from the environment, never from a command
 * line, which every process of the machine can read.
 */

#ifndef LO_BEARER_H
#define LO_BEARER_H

#include <stddef.h>

#include "core/base.h"

#define LO_BEARER_MAX  1024


/*
 * The one word in the file; where path is NULL, the value of the environment's
 * variable env.  LO_NONE: there is neither.  LO_ERROR: see err, which holds
 * nothing of the token.
 */
int lo_bearer_read(const char *path, const char *env, char *token,
    size_t size, lo_err_t *err);

#endif /* LO_BEARER_H */
