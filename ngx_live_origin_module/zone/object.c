/*
 * Objects by word: pinning, killing, sealing, reading.
 */

#include <stdlib.h>

#include "core/xxh.h"
#include "zone/layout.h"


static int lo_zone_verify(lo_zone_t *z, lo_zone_object_t *o,
    lo_word_t word);


void
lo_zone_digest(unsigned char digest[16], const void *data, size_t len)
{
    XXH128_canonical_t  c;

    XXH128_canonicalFromHash(&c, XXH3_128bits(data, len));
    memcpy(digest, c.digest, 16);
}


/*
 * One bit per worker slot lies in the object; how many requests of this
 * worker stand behind it is known to this process alone.
 */

void
lo_zone_pin_raise(lo_zone_t *z, lo_zone_object_t *o, lo_word_t word,
    lo_zone_pin_t *pin)
{
    if (z->pins[lo_word_index(word)]++ == 0) {
        lo_or(&o->pins[z->slot / 64], UINT64_C(1) << (z->slot % 64));
    }

    pin->object = o;
    pin->word = word;
    pin->passing = 0;
}


int
lo_zone_pin(lo_zone_t *z, lo_word_t word, lo_zone_pin_t *pin)
{
    lo_zone_object_t  *o;

    pin->object = NULL;
    pin->word = 0;

    o = lo_obj(z, word);
    if (o == NULL) {
        return LO_NONE;
    }

    lo_zone_pin_raise(z, o, word, pin);

    if (!lo_obj_live(o, word)
        || (o->boot != z->h->boot && !lo_zone_verify(z, o, word)))
    {
        lo_zone_unpin(z, pin);
        return LO_NONE;
    }

    return LO_OK;
}


void
lo_zone_unpin(lo_zone_t *z, lo_zone_pin_t *pin)
{
    uint32_t           i;
    lo_zone_object_t  *o;

    if (pin->object == NULL) {
        return;
    }

    i = lo_word_index(pin->word);
    o = &z->objects[i];

    pin->object = NULL;
    pin->word = 0;

    if (--z->pins[i] > 0) {
        return;
    }

    lo_and(&o->pins[z->slot / 64], ~(UINT64_C(1) << (z->slot % 64)));

    if (lo_obj_state(lo_load(&o->word)) == LO_OBJ_RETIRED) {
        lo_zone_finish(z, o);
    }
}


/* whether its pages are its own: others would be given to the next upload */

static int
lo_zone_owns(lo_zone_t *z, lo_zone_object_t *o, lo_word_t word)
{
    uint32_t  n, page;

    page = o->page;

    for (n = 0; n < o->npages && page < z->h->pages; n++) {

        if (lo_load(&z->table[page].owner) != word) {
            return 0;
        }

        page = z->table[page].next;
    }

    return n == o->npages && page == LO_NO_PAGE
           && o->size <= (uint64_t) n * LO_ZONE_PAGE;
}


/*
 * After another boot: writeback has no order, so what the index says of the
 * bytes is proved before they are served, once an object.  A ring proves
 * itself, as its words do.
 */

static int
lo_zone_verify(lo_zone_t *z, lo_zone_object_t *o, lo_word_t word)
{
    size_t               n;
    unsigned char       *p, digest[16];
    XXH3_state_t        *st;
    lo_zone_cursor_t     c;
    XXH128_canonical_t   canon;

    if (!lo_zone_owns(z, o, word)) {
        lo_zone_kill(z, word);
        return 0;
    }

    if (o->kind != LO_KIND_RING) {

        st = XXH3_createState();
        if (st == NULL) {
            return 0;
        }

        XXH3_128bits_reset(st);
        lo_zone_seek(z, o, 0, o->size, &c);

        while ((n = lo_zone_span(z, &c, &p)) > 0) {
            XXH3_128bits_update(st, p, n);
        }

        XXH128_canonicalFromHash(&canon, XXH3_128bits_digest(st));
        XXH3_freeState(st);
        memcpy(digest, canon.digest, 16);

        if (memcmp(digest, o->digest, 16) != 0) {
            lo_zone_kill(z, word);
            return 0;
        }
    }

    __atomic_store_n(&o->boot, z->h->boot, __ATOMIC_SEQ_CST);

    return 1;
}


void
lo_zone_kill(lo_zone_t *z, lo_word_t word)
{
    lo_zone_object_t  *o;

    o = lo_obj(z, word);

    if (o != NULL) {
        lo_zone_retire(z, o, lo_obj_word(lo_word_gen(word), LO_OBJ_PUBLISHED,
                                         0));
    }
}


void
lo_zone_seek(lo_zone_t *z, const lo_zone_object_t *o, uint64_t offset,
    uint64_t len, lo_zone_cursor_t *c)
{
    uint64_t  n;

    if (offset > o->size) {
        offset = o->size;
    }

    if (len > o->size - offset) {
        len = o->size - offset;
    }

    c->page = o->page;
    c->left = len;
    c->offset = offset % LO_ZONE_PAGE;

    for (n = offset / LO_ZONE_PAGE; n > 0 && c->page < z->h->pages; n--) {
        c->page = z->table[c->page].next;
    }
}


size_t
lo_zone_span(lo_zone_t *z, lo_zone_cursor_t *c, unsigned char **p)
{
    size_t    n;
    uint32_t  page;

    if (c->left == 0 || c->page >= z->h->pages) {
        c->left = 0;
        return 0;
    }

    page = c->page;
    *p = lo_page_data(z, page) + c->offset;
    n = LO_ZONE_PAGE - c->offset;

    while (n < c->left && z->table[page].next == page + 1
           && page + 1 < z->h->pages)
    {
        page++;
        n += LO_ZONE_PAGE;
    }

    c->page = z->table[page].next;
    c->offset = 0;

    if (n > c->left) {
        n = c->left;
    }

    c->left -= n;

    return n;
}


int64_t
lo_zone_read(lo_zone_t *z, lo_word_t word, void *data, size_t cap)
{
    size_t             n;
    int64_t            size;
    unsigned char     *p, *dst;
    lo_zone_pin_t      pin;
    lo_zone_cursor_t   c;

    if (lo_zone_pin(z, word, &pin) != LO_OK) {
        return LO_NONE;
    }

    size = pin.object->size;
    dst = data;

    if (size > (int64_t) cap) {
        lo_zone_unpin(z, &pin);
        return LO_FULL;
    }

    lo_zone_seek(z, pin.object, 0, size, &c);

    while ((n = lo_zone_span(z, &c, &p)) > 0) {
        memcpy(dst, p, n);
        dst += n;
    }

    lo_zone_unpin(z, &pin);

    return dst - (unsigned char *) data == size ? size : LO_NONE;
}


int
lo_zone_spare(lo_zone_t *z, lo_word_t word)
{
    lo_zone_pin_t  pin;

    if (lo_zone_pin(z, word, &pin) != LO_OK) {
        return LO_NONE;
    }

    lo_obj(z, word)->meta.last_us = lo_zone_now_us();
    lo_zone_unpin(z, &pin);

    return LO_OK;
}


lo_word_t
lo_zone_seal(lo_zone_t *z, lo_zone_upload_t *up,
    const unsigned char digest[16])
{
    lo_word_t          word;
    lo_zone_object_t  *o;

    word = up->word;
    o = &z->objects[up->object];

    lo_zone_trim(z, up);

    o->size = up->size;
    o->boot = z->h->boot;

    if (o->kind != LO_KIND_SEGMENT) {
        o->meta.last_us = lo_zone_now_us();
    }

    if (digest) {
        memcpy(o->digest, digest, 16);

    } else {
        lo_zone_upload_digest(z, up, o->digest);
    }

    up->word = 0;

    if (!lo_cas(&o->word, lo_obj_word(lo_word_gen(word), LO_OBJ_PRIVATE,
                                      z->slot),
                lo_obj_word(lo_word_gen(word), LO_OBJ_PUBLISHED, 0)))
    {
        return 0;
    }

    return word;
}


lo_word_t
lo_zone_put(lo_zone_t *z, unsigned event, lo_zone_kind_e kind,
    const void *data, size_t len)
{
    unsigned char     digest[16];
    lo_zone_upload_t  up;

    if (lo_zone_upload(z, &up, event, kind, len) != LO_OK) {
        return 0;
    }

    if (lo_zone_upload_write(z, &up, data, len) != LO_OK) {
        lo_zone_upload_abort(z, &up);
        return 0;
    }

    lo_zone_digest(digest, data, len);

    return lo_zone_seal(z, &up, digest);
}


int
lo_zone_swap(lo_zone_t *z, lo_word_t *root, lo_word_t old, lo_word_t new)
{
    if (!lo_cas(root, old, new)) {
        return 0;
    }

    if (old != 0) {
        lo_zone_kill(z, old);
    }

    return 1;
}
