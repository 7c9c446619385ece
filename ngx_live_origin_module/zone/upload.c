/*
 * Uploads: bytes that belong to this worker alone until they are published.
 */

#include <stdlib.h>

#include "core/xxh.h"
#include "zone/layout.h"


/* pages taken at once for a body of unknown length: 64 KB, then 256 KB */

#define LO_UPLOAD_FIRST  4
#define LO_UPLOAD_NEXT   16


int
lo_zone_upload(lo_zone_t *z, lo_zone_upload_t *up, unsigned event,
    lo_zone_kind_e kind, uint64_t size)
{
    uint64_t           n;
    lo_zone_object_t  *o;

    memset(up, 0, sizeof(*up));

    if (event >= z->h->events || z->slot < 0) {
        return LO_FULL;
    }

    n = (size + LO_ZONE_PAGE - 1) / LO_ZONE_PAGE;

    if (n > lo_load(&z->events[event].share)) {
        return LO_FULL;
    }

    o = lo_zone_claim(z, event, kind);
    if (o == NULL) {
        return LO_FULL;
    }

    up->object = o - z->objects;
    up->word = lo_word(up->object, lo_obj_gen(lo_load(&o->word)));
    up->event = event;
    up->page = LO_NO_PAGE;
    up->last = LO_NO_PAGE;

    if (n > 0 && lo_zone_grow(z, up, n) != LO_OK) {
        lo_zone_upload_abort(z, up);
        return LO_FULL;
    }

    return LO_OK;
}


int
lo_zone_upload_room(lo_zone_t *z, lo_zone_upload_t *up, unsigned char **p,
    size_t *n)
{
    uint32_t  page, more;

    if (up->page == LO_NO_PAGE
        || (up->used == LO_ZONE_PAGE && up->page == up->last))
    {
        more = up->npages == 0 ? LO_UPLOAD_FIRST : LO_UPLOAD_NEXT;

        if (lo_zone_grow(z, up, more) != LO_OK
            && (up->page == LO_NO_PAGE || up->page == up->last))
        {
            return LO_FULL;
        }
    }

    if (up->used == LO_ZONE_PAGE) {
        up->page = z->table[up->page].next;
        up->used = 0;
    }

    *p = lo_page_data(z, up->page) + up->used;
    *n = LO_ZONE_PAGE - up->used;

    for (page = up->page; z->table[page].next == page + 1; page++) {
        *n += LO_ZONE_PAGE;
    }

    return LO_OK;
}


void
lo_zone_upload_add(lo_zone_t *z, lo_zone_upload_t *up, size_t n)
{
    up->size += n;

    while (up->used + n > LO_ZONE_PAGE) {
        n -= LO_ZONE_PAGE - up->used;
        up->page = z->table[up->page].next;
        up->used = 0;
    }

    up->used += n;
}


int
lo_zone_upload_write(lo_zone_t *z, lo_zone_upload_t *up, const void *data,
    size_t len)
{
    size_t                n;
    unsigned char        *p;
    const unsigned char  *src;

    src = data;

    while (len > 0) {

        if (lo_zone_upload_room(z, up, &p, &n) != LO_OK) {
            return LO_FULL;
        }

        if (n > len) {
            n = len;
        }

        memcpy(p, src, n);
        lo_zone_upload_add(z, up, n);

        src += n;
        len -= n;
    }

    return LO_OK;
}


/* an upload seen as an object, to walk over its bytes */

static void
lo_zone_upload_seek(lo_zone_t *z, const lo_zone_upload_t *up,
    uint64_t offset, uint64_t len, lo_zone_cursor_t *c)
{
    lo_zone_object_t  o;

    memset(&o, 0, sizeof(o));
    o.page = z->objects[up->object].page;
    o.size = up->size;

    lo_zone_seek(z, &o, offset, len, c);
}


size_t
lo_zone_upload_read(lo_zone_t *z, const lo_zone_upload_t *up,
    uint64_t offset, void *data, size_t len)
{
    size_t             n;
    unsigned char     *p, *dst;
    lo_zone_cursor_t   c;

    dst = data;
    lo_zone_upload_seek(z, up, offset, len, &c);

    while ((n = lo_zone_span(z, &c, &p)) > 0) {
        memcpy(dst, p, n);
        dst += n;
    }

    return dst - (unsigned char *) data;
}


void
lo_zone_upload_digest(lo_zone_t *z, const lo_zone_upload_t *up,
    unsigned char digest[16])
{
    size_t               n;
    unsigned char       *p;
    XXH3_state_t        *st;
    lo_zone_cursor_t     c;
    XXH128_canonical_t   canon;

    memset(digest, 0, 16);

    st = XXH3_createState();
    if (st == NULL) {
        return;
    }

    XXH3_128bits_reset(st);
    lo_zone_upload_seek(z, up, 0, up->size, &c);

    while ((n = lo_zone_span(z, &c, &p)) > 0) {
        XXH3_128bits_update(st, p, n);
    }

    XXH128_canonicalFromHash(&canon, XXH3_128bits_digest(st));
    memcpy(digest, canon.digest, 16);

    XXH3_freeState(st);
}


void
lo_zone_upload_abort(lo_zone_t *z, lo_zone_upload_t *up)
{
    lo_zone_object_t  *o;

    if (up->word == 0) {
        return;
    }

    o = &z->objects[up->object];

    lo_zone_retire(z, o, lo_obj_word(lo_word_gen(up->word), LO_OBJ_PRIVATE,
                                     z->slot));
    up->word = 0;
}
