/*
 * A growing byte string, and ISO base media boxes written into it.  Running
 * out of memory ends the process with a line on stderr.
 */

#ifndef LP_BYTES_H
#define LP_BYTES_H

#include <stddef.h>
#include <stdint.h>


typedef struct {
    unsigned char      *data;
    size_t              len;
    size_t              cap;
} lp_bytes_t;


void *lp_alloc(size_t size);                              /* zeroed */
void *lp_realloc(void *p, size_t size);

void lp_bytes_reserve(lp_bytes_t *b, size_t more);
void lp_bytes_add(lp_bytes_t *b, const void *data, size_t len);
void lp_bytes_free(lp_bytes_t *b);

void lp_put8(lp_bytes_t *b, uint32_t v);
void lp_put16(lp_bytes_t *b, uint32_t v);
void lp_put24(lp_bytes_t *b, uint32_t v);
void lp_put32(lp_bytes_t *b, uint32_t v);
void lp_put64(lp_bytes_t *b, uint64_t v);
void lp_zero(lp_bytes_t *b, size_t n);
void lp_set32(lp_bytes_t *b, size_t at, uint32_t v);

/* what begin returns is handed to end, which fills in the size */
size_t lp_box(lp_bytes_t *b, const char *type);
size_t lp_full_box(lp_bytes_t *b, const char *type, unsigned version,
    uint32_t flags);
void lp_box_end(lp_bytes_t *b, size_t at);

#endif /* LP_BYTES_H */
