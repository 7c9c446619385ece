/*
 * Numbers that playlists have listed as GAP stay GAP, also when the zone has
 * been lost: a file of each track names them, as ranges in rising order.  It
 * is written when there are new ones, at most once a second.
 */

#include "http/archive.h"


#define NGX_LIVE_ORIGIN_GAPS       "_gaps"
#define NGX_LIVE_ORIGIN_GAPS_END   (INT64_C(1) << 60)     /* no number */
#define NGX_LIVE_ORIGIN_GAPS_MAX   (16 * LO_ZONE_RING_MAX)


typedef struct {
    int64_t                      first;
    int64_t                      last;
} ngx_live_origin_range_t;

typedef struct {
    ngx_live_origin_job_t        job;
    uint32_t                     ring;
    uint64_t                     word;      /* of the track's row */
    uint64_t                     gaps;      /* what it is up to */
    lo_archive_head_t            head;
    ngx_live_origin_range_t     *ranges;
    char                         name[1024];
} ngx_live_origin_gaps_t;


static int
ngx_live_origin_gaps_order(const void *one, const void *two)
{
    int64_t  a = *(const int64_t *) one, b = *(const int64_t *) two;

    return (a > b) - (a < b);
}


static size_t
ngx_live_origin_gaps_ranges(ngx_live_origin_range_t *ranges,
    const int64_t *numbers, size_t n)
{
    size_t  i, k;

    for (i = 0, k = 0; i < n; i++) {

        if (k && ranges[k - 1].last + 1 == numbers[i]) {
            ranges[k - 1].last = numbers[i];
            continue;
        }

        ranges[k].first = numbers[i];
        ranges[k].last = numbers[i];
        k++;
    }

    return k;
}


/* NULL: no memory */

static ngx_live_origin_range_t *
ngx_live_origin_gaps_collect(ngx_live_origin_zone_t *zone, uint32_t ring,
    lo_zone_track_t *t, size_t *size)
{
    size_t                    n;
    int64_t                   number, from, *numbers;
    uint32_t                  i, cap;
    ngx_live_origin_range_t  *ranges;

    cap = t->cap;
    from = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE) - (int64_t) cap;
    numbers = malloc(cap * sizeof(int64_t));

    if (numbers == NULL) {
        return NULL;
    }

    for (i = 0, n = 0; i < cap; i++) {

        number = lo_zone_gap_in(zone->z, ring, i);

        if (number >= 0 && number > from) {
            numbers[n++] = number;
        }
    }

    qsort(numbers, n, sizeof(int64_t), ngx_live_origin_gaps_order);

    ranges = malloc((n + 1) * sizeof(ngx_live_origin_range_t));

    if (ranges) {
        *size = ngx_live_origin_gaps_ranges(ranges, numbers, n)
                * sizeof(ngx_live_origin_range_t);
    }

    free(numbers);

    return ranges;
}


static void
ngx_live_origin_gaps_run(ngx_live_origin_job_t *job)
{
    struct iovec             iov[2];
    ngx_live_origin_gaps_t  *g = (ngx_live_origin_gaps_t *) job;

    iov[1].iov_base = g->ranges;
    iov[1].iov_len = g->head.size;

    job->err = ngx_live_origin_file_write(g->name, 1, &g->head, iov, 2, 1);
}


static void
ngx_live_origin_gaps_done(ngx_live_origin_job_t *job)
{
    ngx_live_origin_zone_t           *zone;
    ngx_live_origin_gaps_t           *g = (ngx_live_origin_gaps_t *) job;
    ngx_live_origin_archive_track_t  *st;

    zone = job->zone;

    if (zone->archive->archivist) {

        st = &zone->archive->tracks[g->ring];

        if (st->word == g->word) {
            st->gaps_busy = 0;

            if (job->err == 0) {
                st->gaps = g->gaps;

            } else {
                zone->cells[NGX_LIVE_ORIGIN_CELL_ARCHIVE_WRITE_ERRORS]++;
                ngx_live_origin_archive_failed(zone, "writing", g->name,
                                               job->err);
                zone->archive->write_us = ngx_live_origin_mono()
                                          + NGX_LIVE_ORIGIN_ARCHIVE_PAUSE;
            }
        }
    }

    free(g->ranges);
    free(g);
}


void
ngx_live_origin_archive_gaps(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, uint32_t ring,
    ngx_live_origin_archive_track_t *st)
{
    char                      folder[LO_ARCHIVE_NAME];
    size_t                    size;
    lo_zone_track_t          *t;
    lo_zone_event_t          *ze;
    ngx_live_origin_gaps_t   *g;

    t = lo_zone_track(zone->z, ring);
    ze = lo_zone_event(zone->z, event->index);

    if (t == NULL || ze == NULL || st->gaps_busy
        || __atomic_load_n(&t->gaps, __ATOMIC_ACQUIRE) == st->gaps
        || __atomic_load_n(&t->loading, __ATOMIC_RELAXED))
    {
        return;
    }

    g = calloc(1, sizeof(ngx_live_origin_gaps_t));
    if (g == NULL) {
        return;
    }

    g->ring = ring;
    g->word = st->word;
    g->gaps = __atomic_load_n(&t->gaps, __ATOMIC_ACQUIRE);
    g->ranges = ngx_live_origin_gaps_collect(zone, ring, t, &size);

    if (g->ranges == NULL) {
        free(g);
        return;
    }

    lo_archive_folder(folder, ze->id, ze->born_us);
    (void) snprintf(g->name, sizeof(g->name), "%s/%s/%s/"
                    NGX_LIVE_ORIGIN_GAPS, zone->archive->path, folder, t->id);

    g->head.kind = LO_ARCHIVE_GAPS;
    g->head.size = size;
    g->head.number = -1;
    g->head.place = lo_archive_place(lo_cstr(folder), lo_cstr(t->id));
    lo_zone_digest(g->head.digest, g->ranges, size);

    g->job.run = ngx_live_origin_gaps_run;
    g->job.done = ngx_live_origin_gaps_done;

    if (ngx_live_origin_archive_post(zone, &g->job) != NGX_OK) {
        free(g->ranges);
        free(g);
        return;
    }

    st->gaps_busy = 1;
}


/* ---- and back */

int
ngx_live_origin_gaps_read(const char *track, uint64_t place, u_char **data,
    size_t *size)
{
    int                 err;
    char                name[1100];
    lo_archive_head_t   h;

    (void) snprintf(name, sizeof(name), "%s/" NGX_LIVE_ORIGIN_GAPS, track);

    err = ngx_live_origin_file_read(name, &h, data, NGX_LIVE_ORIGIN_GAPS_MAX);

    if (err) {
        return err == ENOENT || err == NGX_LIVE_ORIGIN_ARCHIVE_CORRUPT
               ? 0 : err;
    }

    *size = h.kind == LO_ARCHIVE_GAPS && h.place == place ? h.size : 0;

    return 0;
}


void
ngx_live_origin_gaps_set(ngx_live_origin_zone_t *zone, uint32_t ring,
    const u_char *data, size_t size)
{
    size_t                    i, n;
    int64_t                   number, from;
    lo_zone_track_t          *t;
    ngx_live_origin_range_t   range;

    t = lo_zone_track(zone->z, ring);
    n = size / sizeof(ngx_live_origin_range_t);

    if (t == NULL || n == 0) {
        return;
    }

    /* as many as the ring has places, the newest of them */

    ngx_memcpy(&range, data + (n - 1) * sizeof(ngx_live_origin_range_t),
               sizeof(ngx_live_origin_range_t));

    if (range.last < 0 || range.last > NGX_LIVE_ORIGIN_GAPS_END) {
        return;
    }

    from = ngx_max(range.last - (int64_t) t->cap + 1, 0);

    for (i = 0; i < n; i++) {

        ngx_memcpy(&range, data + i * sizeof(ngx_live_origin_range_t),
                   sizeof(ngx_live_origin_range_t));

        number = ngx_max(range.first, from);

        if (range.last >= from + (int64_t) t->cap) {
            return;
        }

        for ( /* void */ ; number <= range.last; number++) {
            (void) lo_zone_gap(zone->z, ring, number, 1, UINT32_MAX);
        }
    }
}
