/*
 * What Redis says and is told, as bytes: no nginx, no I/O.
 */

#ifndef LO_REDIS_WIRE_H
#define LO_REDIS_WIRE_H

#include <stddef.h>


#define LO_REDIS_SLOTS      16384


/* error replies that are about the connection or the node */

#define LO_REDIS_ERRORS(X)                                                    \
    X(MOVED, "MOVED")                                                         \
    X(ASK, "ASK")                                                             \
    X(TRYAGAIN, "TRYAGAIN")                                                   \
    X(CLUSTERDOWN, "CLUSTERDOWN")                                             \
    X(LOADING, "LOADING")                                                     \
    X(READONLY, "READONLY")                                                   \
    X(MASTERDOWN, "MASTERDOWN")                                               \
    X(NOAUTH, "NOAUTH")                                                       \
    X(NOSCRIPT, "NOSCRIPT")

typedef enum {
    LO_REDIS_OTHER = 0,                /* about the command */
#define LO_REDIS_X(sym, word)  LO_REDIS_##sym,
    LO_REDIS_ERRORS(LO_REDIS_X)
#undef LO_REDIS_X
} lo_redis_error_e;

lo_redis_error_e lo_redis_error(const char *text, size_t len);
/* what to do about an error reply; NULL: it speaks for itself */
const char *lo_redis_hint(const char *text);


/* "MOVED 3999 127.0.0.1:6381", "ASK ..."; host is empty where the node is on
   the host that said so */

typedef struct {
    unsigned            slot;
    unsigned            port;
    char                host[64];
} lo_redis_redirect_t;

/* 0, or -1: it cannot be read */
int lo_redis_redirect(lo_redis_redirect_t *r, const char *text, size_t len);


/* the slot of a key, 0 .. 16383: CRC16 of what is between the first { and the
   next }, or of all (Redis Cluster Specification, "Hash tags") */
unsigned lo_redis_slot(const void *key, size_t len);


/* a command is an array of strings: its head, at p where that is not NULL,
   and the strings; the length of each.  One byte more is written to */
size_t lo_redis_array(char *p, int argc);
size_t lo_redis_length(int argc, const size_t *lens);
char *lo_redis_write(char *p, int argc, const char *const *argv,
    const size_t *lens);

#endif /* LO_REDIS_WIRE_H */
