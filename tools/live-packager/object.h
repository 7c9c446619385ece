/*
 * What is published: the bytes of an init or a segment, whole or still
 * growing, shared by the queues of all origins.
 */

#ifndef LP_OBJECT_H
#define LP_OBJECT_H

#include "bytes.h"


#define LP_DIGEST_MAX  64             /* "sha-256=:" base64 ":" */


typedef struct {
    unsigned            refs;
    int64_t             number;       /* -1: an init */
    lp_bytes_t          body;
    unsigned            whole:1;
    unsigned            dead:1;       /* will not become whole */
    int64_t             whole_at;     /* ms, monotonic */
    char                digest[LP_DIGEST_MAX];    /* once it is whole */
} lp_object_t;


lp_object_t *lp_object_create(int64_t number);
void lp_object_whole(lp_object_t *o, int64_t now);
lp_object_t *lp_object_ref(lp_object_t *o);
void lp_object_unref(lp_object_t *o);

#endif /* LP_OBJECT_H */
