#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bearer.h"


static int
lo_bearer_file(const char *path, char *token, size_t size, lo_err_t *err)
{
    FILE    *f;
    size_t   n;

    f = fopen(path, "r");

    if (f == NULL) {
        return lo_err(err, "%s: %s", path, strerror(errno));
    }

    n = fread(token, 1, size - 1, f);
    fclose(f);

    token[n] = '\0';

    return LO_OK;
}


int
lo_bearer_read(const char *path, const char *env, char *token, size_t size,
    lo_err_t *err)
{
    size_t       i, n;
    const char  *value;

    value = path ? NULL : getenv(env);

    if (path) {
        if (lo_bearer_file(path, token, size, err) != LO_OK) {
            return LO_ERROR;
        }

    } else if (value) {
        snprintf(token, size, "%s", value);

    } else {
        return LO_NONE;
    }

    n = strlen(token);

    while (n && strchr(" \t\r\n", token[n - 1])) {
        token[--n] = '\0';
    }

    for (i = 0; i < n && token[i] > ' ' && token[i] <= '~'; i++) {
        /* void */
    }

    if (n == 0 || i < n || n > size - 2) {
        return lo_err(err, "%s: a token is one word of at most %zu printable "
                      "characters", path ? path : env, size - 2);
    }

    return LO_OK;
}
