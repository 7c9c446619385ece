/* what the API says of the archive */

#include "http/api.h"
#include "http/archive.h"


static json_int_t
ngx_live_origin_api_archive_cell(ngx_live_origin_zone_t *zone,
    ngx_uint_t cell)
{
    switch (cell) {

    case NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING:
        return lo_zone_unsaved(zone->z);

    case NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS:
        return lo_zone_cell_live(zone->z, cell);

    default:
        return lo_zone_cell_sum(zone->z, cell);
    }
}


json_t *
ngx_live_origin_api_archive(ngx_live_origin_zone_t *zone)
{
    json_t      *json;
    ngx_uint_t   i;

    static const struct {
        const char  *name;
        ngx_uint_t   cell;
    } values[] = {
        { "bytes", NGX_LIVE_ORIGIN_CELL_ARCHIVE_BYTES },
        { "segments_written", NGX_LIVE_ORIGIN_CELL_ARCHIVE_SEGMENTS },
        { "pending", NGX_LIVE_ORIGIN_CELL_ARCHIVE_PENDING },
        { "lost", NGX_LIVE_ORIGIN_CELL_ARCHIVE_LOST },
        { "jobs", NGX_LIVE_ORIGIN_CELL_ARCHIVE_JOBS },
        { "write_errors", NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITE_ERRORS },
        { "read_errors", NGX_LIVE_ORIGIN_CELL_ARCHIVE_READ_ERRORS },
        { "damaged", NGX_LIVE_ORIGIN_CELL_ARCHIVE_CORRUPT },
    };

    if (zone->archive == NULL) {
        return NULL;
    }

    json = json_pack("{s:s, s:b}", "path", zone->archive->path,
                     "restored", lo_zone_restored(zone->z, 0));

    for (i = 0; json && i < sizeof(values) / sizeof(values[0]); i++) {
        json_object_set_new(json, values[i].name,
            json_integer(ngx_live_origin_api_archive_cell(zone,
                                                          values[i].cell)));
    }

    return json;
}


/* within the window: what is below is about to be deleted.  A window may have
   many numbers: each is a look */

json_t *
ngx_live_origin_api_archive_track(ngx_live_origin_zone_t *zone,
    const lo_live_t *l, uint32_t ring)
{
    int64_t            n, from, head, first, last, count;
    lo_zone_track_t   *t;
    lo_zone_record_t   rec;

    t = lo_zone_track(zone->z, ring);

    if (t == NULL || !t->records) {
        return json_null();
    }

    head = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);
    from = head - (l->window ? l->window : (int64_t) t->cap - 1);
    first = -1;
    last = -1;
    count = 0;

    for (n = from > 0 ? from : 0; n <= head; n++) {
        if (zone->share ? lo_zone_record(zone->z, ring, n, &rec) == LO_OK
                          && !(rec.pipeline & NGX_LIVE_ORIGIN_SHARE_AWAY)
                        : lo_zone_recorded(zone->z, ring, n))
        {
            first = first < 0 ? n : first;
            last = n;
            count++;
        }
    }

    return json_pack("{s:I, s:o, s:o, s:b}", "segments", (json_int_t) count,
                     "first", first < 0 ? json_null() : json_integer(first),
                     "last", last < 0 ? json_null() : json_integer(last),
                     "loading", __atomic_load_n(&t->loading,
                                                __ATOMIC_RELAXED) != 0);
}
