/* an upload that readers follow while it grows */

#ifndef T_GROWER_H
#define T_GROWER_H

#include "lib/zone_util.h"


typedef struct {
    lo_zone_upload_t   up;
    unsigned char     *data;
    size_t             size;
    size_t             sent;
} grower_t;


void grow_begin(lo_zone_t *z, grower_t *g, int event, uint64_t seed,
    size_t size);
/* its bytes up to there, to be seen */
void grow_more(lo_zone_t *z, grower_t *g, size_t upto);
/* the rest, and lo_zone_publish's result */
int grow_end(lo_zone_t *z, grower_t *g, int track, int64_t number,
    unsigned pipeline, uint32_t rank);
void grow_give_up(lo_zone_t *z, grower_t *g);
/* what is visible and not read yet is what was sent; bytes read, in all */
uint64_t grow_read_on(lo_zone_t *z, const lo_zone_pin_t *pin,
    lo_zone_growth_t *at, const unsigned char *data, lo_grown_e *how);

#endif /* T_GROWER_H */
