/*
 * Versions of manifests: rendered once per worker, then answered from memory.
 *
 * A version is good while the event's record is the same (event.c drops the
 * table when that changes) and, for media playlists, while the next number is
 * neither there nor due as GAP.  A version in use by a response outlives its
 * place in the table: it is counted.
 *
 * A table per event, and one queue per zone by when a version was asked for
 * last: whatever classes there are, a worker has so many versions and no
 * more.
 */

#include "http/low.h"


#define NGX_LIVE_ORIGIN_BUCKETS        128
#define NGX_LIVE_ORIGIN_VERSIONS       4096
#define NGX_LIVE_ORIGIN_VERSIONS_SIZE  (64 * 1024 * 1024)


struct ngx_live_origin_versions_s {
    ngx_live_origin_manifest_t  *buckets[NGX_LIVE_ORIGIN_BUCKETS];
};


static uint32_t
ngx_live_origin_version_hash(const ngx_live_origin_version_t *of)
{
    uint32_t  hash;

    hash = ngx_murmur_hash2(of->key.data, of->key.len);

    return hash ^ ((uint32_t) of->kind << 24 | (uint32_t) of->early << 23
                   | (uint32_t) of->below << 22 | (of->path.len > 0) << 21
                   | (uint32_t) of->low << 20 | (uint32_t) of->skip << 18)
           ^ ((uint32_t) (of->track + 1) * 2654435761u);
}


static ngx_uint_t
ngx_live_origin_version_is(const ngx_live_origin_version_t *a,
    const ngx_live_origin_version_t *b)
{
    return a->kind == b->kind && a->track == b->track && a->early == b->early
           && a->below == b->below && a->low == b->low && a->skip == b->skip
           && a->left == b->left
           && a->left_us == b->left_us
           && lo_str_eq(ngx_live_origin_lo_str(&a->key),
                        ngx_live_origin_lo_str(&b->key))
           && lo_str_eq(ngx_live_origin_lo_str(&a->path),
                        ngx_live_origin_lo_str(&b->path));
}


static ngx_uint_t
ngx_live_origin_version_good(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, ngx_live_origin_manifest_t *m,
    const lo_reload_end_t *end)
{
    ngx_int_t         good;
    lo_zone_event_t  *ze;
    lo_zone_track_t  *t;
    const lo_live_t  *l;

    l = event->live;

    if (m->windowed) {
        good = ngx_live_origin_window_good(m, event);

        if (good != NGX_DECLINED) {
            return good;
        }
    }

    /* until the next part, or segment, or GAP */

    if (m->of.low) {
        return end->last == m->to && end->parts == m->parts
               && end->open == m->open && end->partless == m->partless;
    }

    if (m->of.kind == LO_NAME_MEDIA && l->irregular) {
        t = lo_zone_track(zone->z, l->tracks[m->of.track].ring);

        return t && m->to == ngx_live_origin_list_head(l, t);
    }

    if (m->of.kind == LO_NAME_MEDIA) {

        if (lo_zone_has(zone->z, l->tracks[m->of.track].ring, m->to + 1,
                        lo_live_masked(l, m->of.track, m->to + 1)))
        {
            return lo_live_over(l);
        }

        return lo_live_over(l) || m->gap_us == 0
               || ngx_live_origin_wall() < m->gap_us;
    }

    if (m->of.kind == LO_NAME_MPD && l->irregular) {
        ze = lo_zone_event(zone->z, event->index);

        return ze && m->head_us
                     == __atomic_load_n(&ze->head_us, __ATOMIC_RELAXED);
    }

    return 1;
}


/* ---- memory */

void
ngx_live_origin_manifest_unref(void *data)
{
    ngx_live_origin_manifest_t  *m = data;

    if (--m->refs == 0) {
        free(m->body);
        free(m->marked);
        free(m->gzip);
        free(m);
    }
}


static size_t
ngx_live_origin_version_size(ngx_live_origin_manifest_t *m)
{
    return sizeof(ngx_live_origin_manifest_t) + m->of.key.len
           + m->of.path.len + m->len + m->marked_len + m->gzip_len;
}


/* out of the queue; who calls has it out of its bucket */

static void
ngx_live_origin_version_drop(ngx_live_origin_manifest_t *m)
{
    ngx_queue_remove(&m->queue);
    m->zone->nversions--;
    m->zone->versions_size -= ngx_live_origin_version_size(m);
    m->versions = NULL;
    ngx_live_origin_manifest_unref(m);
}


void
ngx_live_origin_manifest_free(ngx_live_origin_versions_t *v)
{
    ngx_uint_t                   i;
    ngx_live_origin_manifest_t  *m, *next;

    if (v == NULL) {
        return;
    }

    for (i = 0; i < NGX_LIVE_ORIGIN_BUCKETS; i++) {
        for (m = v->buckets[i]; m; m = next) {
            next = m->next;
            ngx_live_origin_version_drop(m);
        }
    }

    free(v);
}


static void
ngx_live_origin_version_unlink(ngx_live_origin_manifest_t *m)
{
    ngx_live_origin_manifest_t  **mm;

    mm = &m->versions->buckets[m->hash % NGX_LIVE_ORIGIN_BUCKETS];

    while (*mm != m) {
        mm = &(*mm)->next;
    }

    *mm = m->next;
    ngx_live_origin_version_drop(m);
}


static void
ngx_live_origin_version_link(ngx_live_origin_zone_t *zone,
    ngx_live_origin_versions_t *v, ngx_live_origin_manifest_t *m)
{
    ngx_queue_t                  *q;
    ngx_live_origin_manifest_t  **bucket;

    bucket = &v->buckets[m->hash % NGX_LIVE_ORIGIN_BUCKETS];
    m->versions = v;
    m->next = *bucket;
    *bucket = m;

    ngx_queue_insert_head(&zone->versions, &m->queue);
    zone->nversions++;
    zone->versions_size += ngx_live_origin_version_size(m);

    while (zone->nversions > NGX_LIVE_ORIGIN_VERSIONS
           || (zone->versions_size > NGX_LIVE_ORIGIN_VERSIONS_SIZE
               && zone->nversions > 1))
    {
        q = ngx_queue_last(&zone->versions);
        ngx_live_origin_version_unlink(
            ngx_queue_data(q, ngx_live_origin_manifest_t, queue));
    }
}


static ngx_live_origin_manifest_t *
ngx_live_origin_version_new(ngx_live_origin_zone_t *zone,
    const ngx_live_origin_version_t *of)
{
    u_char                      *p;
    ngx_live_origin_manifest_t  *m;

    m = calloc(1, sizeof(ngx_live_origin_manifest_t) + of->key.len
                  + of->path.len);
    if (m == NULL) {
        return NULL;
    }

    p = (u_char *) (m + 1);

    m->refs = 1;
    m->zone = zone;
    m->of = *of;
    m->windowed = of->window != NULL;
    m->of.key.data = p;

    if (of->key.len) {
        p = ngx_cpymem(p, of->key.data, of->key.len);
    }

    m->of.path.data = p;

    if (of->path.len) {
        ngx_memcpy(p, of->path.data, of->path.len);
    }

    return m;
}


/* ---- the one that is asked for */

static ngx_int_t
ngx_live_origin_version_make(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, const ngx_live_origin_version_t *of,
    uint32_t hash, ngx_live_origin_manifest_t **made)
{
    ngx_int_t                    rc;
    ngx_live_origin_manifest_t  *m;

    if (event->manifests == NULL) {
        event->manifests = calloc(1, sizeof(ngx_live_origin_versions_t));
        if (event->manifests == NULL) {
            return NGX_ERROR;
        }
    }

    m = ngx_live_origin_version_new(zone, of);
    if (m == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_live_origin_manifest_write(zone, event, m);

    /* it may end behind what its reader has seen */

    ngx_live_origin_low_batch_forget(zone);

    m->of.class = NULL;
    ngx_str_null(&m->of.class_path);
    m->of.window = NULL;

    if (rc != NGX_OK) {
        ngx_live_origin_manifest_unref(m);
        return rc;
    }

    lo_zone_digest(m->digest, m->body, m->len);
    zone->cells[NGX_LIVE_ORIGIN_CELL_MANIFEST_BUILDS]++;

    m->hash = hash;
    ngx_live_origin_version_link(zone, event->manifests, m);
    ngx_live_origin_patch_keep(m);
    *made = m;

    return NGX_OK;
}


ngx_int_t
ngx_live_origin_manifest_get(ngx_live_origin_zone_t *zone,
    ngx_live_origin_event_t *event, const ngx_live_origin_version_t *of,
    ngx_live_origin_manifest_t **found)
{
    uint32_t                     hash;
    ngx_live_origin_manifest_t  *m;

    hash = ngx_live_origin_version_hash(of);
    m = event->manifests
        ? event->manifests->buckets[hash % NGX_LIVE_ORIGIN_BUCKETS] : NULL;

    while (m && (m->hash != hash || !ngx_live_origin_version_is(&m->of, of)))
    {
        m = m->next;
    }

    if (m == NULL) {
        return ngx_live_origin_version_make(zone, event, of, hash, found);
    }

    if (!ngx_live_origin_version_good(zone, event, m, &of->end)) {
        ngx_live_origin_version_unlink(m);
        return ngx_live_origin_version_make(zone, event, of, hash, found);
    }

    ngx_queue_remove(&m->queue);
    ngx_queue_insert_head(&zone->versions, &m->queue);
    *found = m;

    return NGX_OK;
}
