/*
 * Tables of parts: what core/part.c makes of a segment's bytes, fed as they
 * become visible.  One for each of the newest numbers of a track, by the word
 * of the object that the parts are cut from, so that no table outlives its
 * bytes.
 */

#include "http/low.h"


#define NGX_LIVE_ORIGIN_TABLES  32         /* numbers of a track */


typedef struct {
    lo_word_t                    word;     /* 0: none */
    uint32_t                     init;     /* id in the live state */
    lo_zone_growth_t             at;
    lo_parts_t                   parts;
} ngx_live_origin_table_t;

struct ngx_live_origin_tables_s {
    ngx_live_origin_table_t     *tracks[LO_MAX_TRACKS];
};


void
ngx_live_origin_parts_free(ngx_live_origin_tables_t *t)
{
    ngx_uint_t  i, k;

    if (t == NULL) {
        return;
    }

    for (i = 0; i < LO_MAX_TRACKS; i++) {

        for (k = 0; t->tracks[i] && k < NGX_LIVE_ORIGIN_TABLES; k++) {
            if (t->tracks[i][k].word) {
                lo_parts_free(&t->tracks[i][k].parts);
            }
        }

        free(t->tracks[i]);
    }

    free(t);
}


static ngx_live_origin_table_t *
ngx_live_origin_table(ngx_live_origin_event_t *event, ngx_uint_t track,
    int64_t number)
{
    if (event->parts == NULL) {
        event->parts = calloc(1, sizeof(ngx_live_origin_tables_t));
    }

    if (event->parts == NULL) {
        return NULL;
    }

    if (event->parts->tracks[track] == NULL) {
        event->parts->tracks[track] = calloc(NGX_LIVE_ORIGIN_TABLES,
                                             sizeof(ngx_live_origin_table_t));
    }

    return event->parts->tracks[track]
           ? &event->parts->tracks[track][number % NGX_LIVE_ORIGIN_TABLES]
           : NULL;
}


/* the one that a growing upload has is said only by its end; it is not
   followed behind a new one */

static uint32_t
ngx_live_origin_table_init(const lo_live_t *l, ngx_uint_t track,
    const lo_zone_pin_t *pin, ngx_uint_t whole)
{
    return whole ? pin->object->meta.init
                 : l->tracks[track].init[pin->object->pipeline
                                         % LO_MAX_PIPELINES];
}


static void
ngx_live_origin_table_feed(ngx_live_origin_zone_t *zone,
    ngx_live_origin_table_t *t, uint64_t visible, ngx_uint_t whole)
{
    size_t   n;
    u_char  *p;

    for ( ;; ) {

        n = lo_zone_growth_span(zone->z, &t->at, visible, &p);

        if (n == 0 || lo_parts_feed(&t->parts, p, n) != LO_OK) {
            break;
        }
    }

    if (whole) {
        (void) lo_parts_end(&t->parts);
    }
}


int64_t
ngx_live_origin_low_silent(const lo_live_t *l)
{
    return 3 * ngx_max(lo_dur_us(&l->d), LO_USEC);
}


/* LO_OK: pinned, with how much of it may be looked at */

static int
ngx_live_origin_parts_pin(ngx_live_origin_zone_t *zone, const lo_live_t *l,
    ngx_uint_t track, int64_t number, ngx_uint_t growing, lo_zone_pin_t *pin,
    uint64_t *visible, ngx_uint_t *whole)
{
    int         rc;
    uint32_t    ring, masked;
    lo_grown_e  how;

    ring = l->tracks[track].ring;
    masked = lo_live_masked(l, track, number);
    *whole = 0;

    rc = lo_zone_parts_grow(zone->z, ring, number, masked,
                            ngx_live_origin_low_silent(l), pin);

    if (rc == LO_OK) {

        how = lo_zone_grown(pin, visible);

        if (how != LO_GROWN_FAILED) {
            *whole = how == LO_GROWN_WHOLE;
            return LO_OK;
        }

        lo_zone_unpin(zone->z, pin);
        return LO_NONE;
    }

    if (growing
        || lo_zone_parts(zone->z, ring, number, masked,
                         ngx_live_origin_low_silent(l), pin)
           != LO_OK)
    {
        return LO_NONE;
    }

    /* it may grow after all: then the next look is for it */

    *whole = lo_zone_pinned_whole(zone->z, pin);

    if (*whole) {
        *visible = pin->object->size;
        return LO_OK;
    }

    lo_zone_unpin(zone->z, pin);

    return LO_NONE;
}


lo_parts_t *
ngx_live_origin_parts(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_uint_t track, int64_t number,
    ngx_uint_t growing, lo_zone_pin_t *pin)
{
    uint32_t                  id, target;
    uint64_t                  visible;
    ngx_uint_t                whole;
    const lo_live_t          *l;
    const lo_live_init_t     *init;
    ngx_live_origin_table_t  *t;

    l = event->live;
    target = lo_live_part_us(l, track);

    if (target == 0 || number < 0 || track >= LO_MAX_TRACKS
        || ngx_live_origin_parts_pin(zone, l, track, number, growing, pin,
                                     &visible, &whole)
           != LO_OK)
    {
        return NULL;
    }

    t = ngx_live_origin_table(event, track, number);
    id = ngx_live_origin_table_init(l, track, pin, whole);

    if (t == NULL) {
        goto none;
    }

    if (t->word != pin->word || t->init != id
        || t->parts.target_us != target)
    {
        if (t->word) {
            lo_parts_free(&t->parts);
            t->word = 0;
        }

        init = lo_live_init_by_id(l, id);

        if (init == NULL) {
            goto none;
        }

        lo_parts_init(&t->parts, &init->info, target);
        lo_zone_growth(pin, &t->at);
        t->word = pin->word;
        t->init = id;
    }

    ngx_live_origin_table_feed(zone, t, visible, whole);

    if (!t->parts.bad) {
        return &t->parts;
    }

none:

    lo_zone_unpin(zone->z, pin);

    return NULL;
}
