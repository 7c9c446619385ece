#include "lib/grower.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>


void
grow_begin(lo_zone_t *z, grower_t *g, int event, uint64_t seed, size_t size)
{
    g->size = size;
    g->sent = 0;
    g->data = malloc(size);
    t_zone_fill(g->data, size, seed);

    assert_int_equal(lo_zone_upload(z, &g->up, event, LO_KIND_SEGMENT, 0),
                     LO_OK);
}


void
grow_more(lo_zone_t *z, grower_t *g, size_t upto)
{
    assert_int_equal(lo_zone_upload_write(z, &g->up, g->data + g->sent,
                                          upto - g->sent), LO_OK);
    g->sent = upto;
    lo_zone_show(z, &g->up, upto);
}


int
grow_end(lo_zone_t *z, grower_t *g, int track, int64_t number,
    unsigned pipeline, uint32_t rank)
{
    int             rc;
    lo_word_t       word;
    lo_zone_meta_t  meta;
    unsigned char   digest[16];

    assert_int_equal(lo_zone_upload_write(z, &g->up, g->data + g->sent,
                                          g->size - g->sent), LO_OK);

    lo_zone_digest(digest, g->data, g->size);
    memset(&meta, 0, sizeof(meta));
    meta.m = number;
    meta.rank = rank;
    meta.last_us = number;             /* long ago: the sweep has no grace */

    rc = lo_zone_publish(z, track, number, pipeline, &g->up, digest, &meta,
                         &word);
    free(g->data);

    return rc;
}


void
grow_give_up(lo_zone_t *z, grower_t *g)
{
    lo_zone_upload_abort(z, &g->up);
    free(g->data);
}


uint64_t
grow_read_on(lo_zone_t *z, const lo_zone_pin_t *pin, lo_zone_growth_t *at,
    const unsigned char *data, lo_grown_e *how)
{
    size_t          n;
    uint64_t        visible, from;
    unsigned char  *p;

    *how = lo_zone_grown(pin, &visible);

    for ( ;; ) {

        from = at->at;
        n = lo_zone_growth_span(z, at, visible, &p);

        if (n == 0) {
            break;
        }

        assert_memory_equal(p, data + from, n);
    }

    return at->at;
}
