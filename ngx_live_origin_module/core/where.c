#include "core/event.h"
#include "core/where.h"
#include "core/xxh.h"


#define LO_WHERE_DIGEST   0xffffff
#define lo_where_bit(i)   ((uint64_t) 1 << ((i) % 64))


typedef void (*lo_where_pt)(void *data, const lo_where_t *w);

typedef struct {
    const lo_event_t    *doc;
    const lo_place_t    *place;
    uint64_t             alike[LO_WHERE_WORDS];
    unsigned             listed;
} lo_where_countries_t;

typedef struct {
    const lo_event_t    *doc;
    uint32_t             asn;
    uint32_t             other;
    uint32_t             best;
    unsigned             differ;
} lo_where_networks_t;


/* every set of a document; whoever adds one to it adds it here */

static void
lo_where_each(const lo_event_t *doc, lo_where_pt fn, void *data)
{
    unsigned  i;

    fn(data, &doc->countries.where);

    for (i = 0; i < doc->nblackouts; i++) {
        fn(data, &doc->blackouts[i].where);
    }

    for (i = 0; i < doc->ntracks; i++) {
        fn(data, &doc->tracks[i].countries.where);
    }

    for (i = 0; i < doc->cdns.n; i++) {
        fn(data, &doc->cdns.cdn[i].where);
    }
}


static unsigned
lo_where_code(const lo_place_t *p)
{
    unsigned  a, b;

    a = (unsigned char) p->country[0] - 'A';
    b = (unsigned char) p->country[1] - 'A';

    return a < 26 && b < 26 ? a * 26 + b : LO_WHERE_CODES - 1;
}


void
lo_place_unknown(lo_place_t *p)
{
    memset(p, 0, sizeof(*p));
    memcpy(p->country, "ZZ", 2);
}


int
lo_place_country(lo_place_t *p, lo_str_t s)
{
    unsigned char  a, b;

    if (s.len != 2) {
        return LO_ERROR;
    }

    a = s.data[0] & ~0x20;
    b = s.data[1] & ~0x20;

    if (a < 'A' || a > 'Z' || b < 'A' || b > 'Z') {
        return LO_ERROR;
    }

    p->country[0] = (char) a;
    p->country[1] = (char) b;

    return LO_OK;
}


static int
lo_where_listed(const lo_where_t *w, unsigned code)
{
    return (w->countries[code / 64] & lo_where_bit(code)) != 0;
}


static int
lo_where_network(const lo_where_t *w, uint32_t asn)
{
    unsigned  i;

    for (i = 0; i < w->nasns; i++) {
        if (w->asns[i] == asn) {
            return 1;
        }
    }

    return 0;
}


void
lo_where_add(lo_where_t *w, const lo_place_t *country)
{
    unsigned  code;

    code = lo_where_code(country);

    if (!lo_where_listed(w, code)) {
        w->countries[code / 64] |= lo_where_bit(code);
        w->ncountries++;
    }
}


int
lo_where_has(const lo_where_t *w, const lo_place_t *p)
{
    return lo_where_listed(w, lo_where_code(p))
           || (p->asn && lo_where_network(w, p->asn));
}


int
lo_where_rank(const lo_where_t *w, const lo_place_t *p)
{
    if (p->asn && lo_where_network(w, p->asn)) {
        return 3;
    }

    if (lo_where_listed(w, lo_where_code(p))) {
        return 2;
    }

    return lo_where_empty(w);
}


/* leaves those countries that are in w if the place is, else the others */

static void
lo_where_alike(void *data, const lo_where_t *w)
{
    int                    in;
    unsigned               i;
    lo_where_countries_t  *c;

    c = data;
    in = lo_where_listed(w, lo_where_code(c->place));
    c->listed |= in;

    for (i = 0; i < LO_WHERE_WORDS; i++) {
        c->alike[i] &= in ? w->countries[i] : ~w->countries[i];
    }
}


static void
lo_where_canon_country(const lo_event_t *doc, const lo_place_t *p,
    lo_place_t *canon)
{
    unsigned              i, code;
    lo_where_countries_t  c;

    memset(&c, 0, sizeof(c));
    memset(c.alike, 0xff, sizeof(c.alike));
    c.place = p;

    lo_where_each(doc, lo_where_alike, &c);

    /* the place itself is always one of them */

    for (i = 0; i < LO_WHERE_CODES; i++) {
        code = c.listed ? i : LO_WHERE_CODES - 1 - i;

        if (c.alike[code / 64] & lo_where_bit(code)) {
            canon->country[0] = (char) ('A' + code / 26);
            canon->country[1] = (char) ('A' + code % 26);
            return;
        }
    }
}


static void
lo_where_differ(void *data, const lo_where_t *w)
{
    lo_where_networks_t  *n;

    n = data;
    n->differ |= lo_where_network(w, n->asn) != lo_where_network(w, n->other);
}


static void
lo_where_least(void *data, const lo_where_t *w)
{
    unsigned              i;
    lo_where_networks_t  *n;

    n = data;

    for (i = 0; i < w->nasns && (n->best == 0 || w->asns[i] < n->best); i++) {
        n->other = w->asns[i];
        n->differ = 0;

        lo_where_each(n->doc, lo_where_differ, n);

        if (!n->differ) {
            n->best = n->other;
        }
    }
}


void
lo_where_canon(const lo_event_t *doc, const lo_place_t *p, lo_place_t *canon)
{
    lo_where_networks_t  n;

    lo_place_unknown(canon);

    if (doc == NULL) {
        return;
    }

    lo_where_canon_country(doc, p, canon);

    if (p->asn) {
        memset(&n, 0, sizeof(n));
        n.doc = doc;
        n.asn = p->asn;

        lo_where_each(doc, lo_where_least, &n);
        canon->asn = n.best;
    }
}


static void
lo_where_hash(void *data, const lo_where_t *w)
{
    uint64_t  *h;

    h = data;

    if (!lo_where_empty(w)) {
        *h = XXH64(w->countries, sizeof(w->countries), *h);
        *h = XXH64(w->asns, w->nasns * sizeof(w->asns[0]), *h);
    }
}


uint32_t
lo_where_digest(const lo_event_t *doc)
{
    uint64_t  h;

    h = 0;

    if (doc) {
        lo_where_each(doc, lo_where_hash, &h);
    }

    return (uint32_t) h & LO_WHERE_DIGEST;
}
