/* UTF-8 (RFC 3629), byte by byte */

#ifndef LO_UTF8_H
#define LO_UTF8_H

#include "core/base.h"


/* within a sequence; all zeroes: between two */

typedef struct {
    unsigned            left;         /* bytes that are still to come */
    unsigned            low;          /* of the next one */
    unsigned            high;
} lo_utf8_t;


/* LO_ERROR: this byte cannot follow */
int lo_utf8_next(lo_utf8_t *u, unsigned char c);

int lo_utf8_ok(lo_str_t s);

/* '?' for each byte that is not part of a whole character: of one that was cut,
   say */
void lo_utf8_mend(char *s);

#endif /* LO_UTF8_H */
