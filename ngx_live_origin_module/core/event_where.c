#include <stdio.h>
#include <stdlib.h>

#include "core/event_read.h"


static int
lo_where_country(lo_event_ctx_t *ctx, const char *field, const json_t *v,
    lo_where_t *w)
{
    lo_place_t  p;

    lo_place_unknown(&p);

    if (!json_is_string(v) || lo_place_country(&p, lo_event_str(v)) != LO_OK) {
        return lo_event_bad(ctx, field, "a country is two letters of "
                            "ISO 3166-1, like \"DE\"");
    }

    /* what most people write, and no database ever says */

    if (memcmp(p.country, "UK", 2) == 0) {
        return lo_event_bad(ctx, field, "\"UK\" is not of ISO 3166-1: the "
                            "United Kingdom is \"GB\"");
    }

    lo_where_add(w, &p);

    return LO_OK;
}


static int
lo_where_asn(lo_event_ctx_t *ctx, const char *field, const json_t *v,
    lo_where_t *w)
{
    if (!json_is_integer(v) || json_integer_value(v) < 1
        || json_integer_value(v) > UINT32_MAX)
    {
        return lo_event_bad(ctx, field, "an ASN is a number from 1 to %u",
                            UINT32_MAX);
    }

    w->asns[w->nasns++] = (uint32_t) json_integer_value(v);

    return LO_OK;
}


static int
lo_where_list(lo_event_ctx_t *ctx, const json_t *o, const char *name,
    size_t max, lo_where_t *w,
    int (*read)(lo_event_ctx_t *, const char *, const json_t *, lo_where_t *))
{
    char     field[40];
    size_t   i;
    json_t  *v;

    v = name ? json_object_get(o, name) : NULL;

    if (v == NULL) {
        return LO_NONE;
    }

    if (!json_is_array(v) || json_array_size(v) == 0
        || json_array_size(v) > max)
    {
        return lo_event_bad(ctx, name, "not a list of 1 to %zu entries", max);
    }

    for (i = 0; i < json_array_size(v); i++) {
        snprintf(field, sizeof(field), "%s[%zu]", name, i);

        if (read(ctx, field, json_array_get(v, i), w) != LO_OK) {
            return LO_ERROR;
        }
    }

    return LO_OK;
}


static int
lo_where_asn_cmp(const void *one, const void *two)
{
    uint32_t  a, b;

    a = *(const uint32_t *) one;
    b = *(const uint32_t *) two;

    return a < b ? -1 : a > b;
}


int
lo_where_read(lo_event_ctx_t *ctx, const json_t *o, const char *countries,
    const char *asns, lo_where_t *w)
{
    int  rc[2];

    memset(w, 0, sizeof(*w));

    rc[0] = lo_where_list(ctx, o, countries, LO_WHERE_CODES, w,
                          lo_where_country);

    if (rc[0] == LO_ERROR) {
        return LO_ERROR;
    }

    rc[1] = lo_where_list(ctx, o, asns, LO_WHERE_ASNS, w, lo_where_asn);

    if (rc[1] == LO_ERROR) {
        return LO_ERROR;
    }

    qsort(w->asns, w->nasns, sizeof(w->asns[0]), lo_where_asn_cmp);

    return rc[0] == LO_OK || rc[1] == LO_OK ? LO_OK : LO_NONE;
}
