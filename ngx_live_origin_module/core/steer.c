#include "core/steer.h"
#include "core/xxh.h"


#define LO_STEER_BITS  20             /* behind the point of a logarithm */


typedef struct {
    const lo_cdn_t     *cdn;
    int                 drained;
    int                 rank;         /* of lo_where_rank */
    uint64_t            cost;
} lo_steer_t;


int
lo_drained(const lo_drained_t *all, lo_str_t id)
{
    uint32_t  i;

    for (i = 0; i < all->n; i++) {
        if (lo_id_eq(all->ids[i], id)) {
            return 1;
        }
    }

    return 0;
}


static int
lo_steer_listed(const lo_str_t *ids, unsigned n, lo_str_t id)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (lo_str_eq(ids[i], id)) {
            return 1;
        }
    }

    return 0;
}


int
lo_steer_set(lo_drained_t *all, const lo_cdns_t *cdns, lo_steer_e what,
    const lo_str_t *ids, unsigned n, int64_t now_us)
{
    int           on;
    unsigned      i, listed;
    lo_drained_t  out;

    memset(&out, 0, sizeof(out));

    for (i = 0; i < cdns->n; i++) {

        on = lo_drained(all, cdns->cdn[i].id);
        listed = lo_steer_listed(ids, n, cdns->cdn[i].id);

        switch (what) {

        case LO_STEER_DRAIN:
            on |= listed;
            break;

        case LO_STEER_UNDRAIN:
            on &= !listed;
            break;

        default:
            on = !listed;
        }

        if (on) {
            memcpy(out.ids[out.n++], cdns->cdn[i].id.data,
                   cdns->cdn[i].id.len);
        }
    }

    if (out.n == all->n && memcmp(out.ids, all->ids, sizeof(out.ids)) == 0) {
        return 0;
    }

    out.since_us = now_us > all->since_us ? now_us : all->since_us + 1;
    *all = out;

    return 1;
}


/* -log2 of h / 2^64, in 2^-LO_STEER_BITS: the same on every machine */

static uint64_t
lo_steer_log(uint64_t h)
{
    int       zeroes;
    unsigned  i;
    uint64_t  part;

    if (h == 0) {
        h = 1;
    }

    zeroes = __builtin_clzll(h);
    h <<= zeroes;                     /* 1 to 2, the point behind a bit */
    part = 0;

    for (i = 0; i < LO_STEER_BITS; i++) {

        h = (uint64_t) ((unsigned __int128) h * h >> 64);
        part <<= 1;

        if (h >> 63) {
            part |= 1;

        } else {
            h <<= 1;
        }
    }

    return ((uint64_t) (zeroes + 1) << LO_STEER_BITS) - part;
}


/* times that pass until an event of this rate: who is first is so by weight */

static uint64_t
lo_steer_cost(const lo_cdn_t *cdn, lo_str_t session)
{
    uint64_t  h;

    if (session.len == 0) {
        return 0;
    }

    if (cdn->weight == 0) {
        return UINT64_MAX;
    }

    h = XXH64(cdn->id.data, cdn->id.len, 0);
    h = XXH64(session.data, session.len, h);

    return (lo_steer_log(h) << LO_STEER_BITS) / cdn->weight;
}


static int
lo_steer_before(const lo_steer_t *a, const lo_steer_t *b)
{
    if (a->drained != b->drained) {
        return a->drained < b->drained;
    }

    if (a->rank != b->rank) {
        return a->rank > b->rank;
    }

    return a->cost < b->cost;
}


unsigned
lo_steer_order(const lo_cdns_t *cdns, const lo_drained_t *drained,
    const lo_place_t *place, lo_str_t session, const lo_cdn_t **order)
{
    unsigned    i, k;
    lo_place_t  nowhere;
    lo_steer_t  all[LO_CDNS], one;

    if (place == NULL) {
        lo_place_unknown(&nowhere);
        place = &nowhere;
    }

    for (i = 0; i < cdns->n; i++) {

        one.cdn = &cdns->cdn[i];
        one.drained = lo_drained(drained, one.cdn->id);
        one.rank = lo_where_rank(&one.cdn->where, place);
        one.cost = lo_steer_cost(one.cdn, session);

        for (k = i; k > 0 && lo_steer_before(&one, &all[k - 1]); k--) {
            all[k] = all[k - 1];
        }

        all[k] = one;
    }

    for (i = 0; i < cdns->n; i++) {
        order[i] = all[i].cdn;
    }

    return cdns->n;
}


/* no RELOAD-URI: Shaka Player cannot resolve a relative one */

void
lo_steer_write(lo_buf_t *b, const lo_cdns_t *cdns,
    const lo_cdn_t *const *order, unsigned n)
{
    unsigned  i;

    lo_buf_printf(b, "{\"VERSION\":1,\"TTL\":%u,\"PATHWAY-PRIORITY\":[",
                  (unsigned) cdns->steering.ttl_s);

    for (i = 0; i < n; i++) {
        lo_buf_puts(b, i ? ",\"" : "\"");
        lo_buf_put(b, order[i]->id.data, order[i]->id.len);
        lo_buf_puts(b, "\"");
    }

    lo_buf_puts(b, "]}\n");
}
