#include "core/part.h"

#include <stdlib.h>


#define LO_PART_FIRST   8              /* of the list, when it is made */


static int lo_parts_chunk(void *data, const lo_cmaf_chunk_t *chunk);


static const lo_cmaf_handler_t  lo_parts_handler = {
    NULL, NULL, lo_parts_chunk
};


uint32_t
lo_part_target_us(const lo_dur_t *d, uint32_t part_us, uint32_t chunk_us)
{
    uint64_t  n, m, us, part, rest;

    us = lo_dur_us(d);

    if (part_us == 0 || chunk_us == 0 || us == 0) {
        return 0;
    }

    /* so many parts of one length in a segment */

    n = (us + part_us / 2) / part_us;
    part = us / (n ? n : 1);

    /* so many chunks in a part: with many of them one more costs little, and
       one less would leave a rest in every segment */

    m = part / chunk_us;
    rest = part % chunk_us;

    if (m == 0 || 2 * m * rest > chunk_us) {
        m++;
    }

    us = m * chunk_us;

    return us > UINT32_MAX ? UINT32_MAX : us;
}


unsigned
lo_part_count(const lo_dur_t *d, uint32_t target_us)
{
    int64_t  n;

    if (target_us == 0) {
        return 0;
    }

    n = (lo_dur_us(d) + target_us - 1) / target_us;

    return n > LO_PARTS_MAX ? LO_PARTS_MAX : n;
}


void
lo_parts_init(lo_parts_t *p, const lo_cmaf_init_t *init, uint32_t target_us)
{
    memset(p, 0, sizeof(lo_parts_t));

    p->init = *init;
    p->target_us = target_us;
    p->bad = init->timescale == 0;

    lo_cmaf_reader(&p->reader, &lo_parts_handler, p, &p->init);
}


void
lo_parts_free(lo_parts_t *p)
{
    lo_cmaf_reader_free(&p->reader);
    free(p->list);
    p->list = NULL;
}


/* exact: a target is rounded up to us, a duration is not */

static int
lo_parts_fits(const lo_parts_t *p, uint64_t duration)
{
    return (unsigned __int128) duration * LO_USEC
           <= (unsigned __int128) p->target_us * p->init.timescale;
}


static lo_part_t *
lo_parts_new(lo_parts_t *p)
{
    unsigned    size;
    lo_part_t  *list;

    if (p->n == p->size) {

        size = p->size ? 2 * p->size : LO_PART_FIRST;

        if (size > LO_PARTS_MAX) {
            return NULL;
        }

        list = realloc(p->list, size * sizeof(lo_part_t));
        if (list == NULL) {
            return NULL;
        }

        p->list = list;
        p->size = size;
    }

    memset(&p->list[p->n], 0, sizeof(lo_part_t));
    p->open = 1;

    return &p->list[p->n];
}


static void
lo_parts_close(lo_parts_t *p)
{
    p->open = 0;
    p->n++;
}


static int
lo_parts_chunk(void *data, const lo_cmaf_chunk_t *chunk)
{
    lo_part_t   *part;
    lo_parts_t  *p = data;

    if (!lo_parts_fits(p, chunk->duration)) {
        return LO_ERROR;
    }

    if (p->n == 0 && !p->open) {
        p->tfdt = chunk->tfdt;
        p->tfdt32 = chunk->tfdt32;
    }

    if (p->open
        && !lo_parts_fits(p, p->list[p->n].duration + chunk->duration))
    {
        lo_parts_close(p);
    }

    if (!p->open) {
        part = lo_parts_new(p);

        if (part == NULL) {
            return LO_ERROR;
        }

        part->offset = chunk->offset;
        part->start = p->total;
    }

    part = &p->list[p->n];
    part->size = chunk->offset + chunk->size - part->offset;
    part->duration += chunk->duration;
    part->independent |= chunk->sync;

    p->total += chunk->duration;
    p->last = chunk->duration;

    if (!lo_parts_fits(p, part->duration + chunk->duration)) {
        lo_parts_close(p);
    }

    return LO_OK;
}


int
lo_parts_feed(lo_parts_t *p, const void *data, size_t len)
{
    lo_err_t  err;

    if (p->bad || p->whole) {
        return p->bad ? LO_ERROR : LO_OK;
    }

    if (lo_cmaf_feed(&p->reader, data, len, &err) != LO_OK) {
        p->bad = 1;
        return LO_ERROR;
    }

    return LO_OK;
}


int
lo_parts_end(lo_parts_t *p)
{
    lo_err_t  err;

    if (!p->bad && !p->whole) {

        p->whole = 1;

        if (lo_cmaf_end(&p->reader, &err) != LO_OK) {
            p->bad = 1;

        } else if (p->open) {
            lo_parts_close(p);
        }

        if (p->n == 0) {
            p->bad = 1;
        }
    }

    return p->bad ? LO_ERROR : LO_OK;
}


int
lo_parts_full(const lo_parts_t *p, const lo_dur_t *d)
{
    unsigned __int128  end;

    if (p->whole) {
        return 1;
    }

    /* (total + last / 2) / timescale > d */

    end = (unsigned __int128) 2 * p->total + p->last;

    return !p->bad && !p->open && p->n > 0
           && end * d->timescale
              > (unsigned __int128) 2 * d->duration * p->init.timescale;
}
