#include <stdio.h>
#include <stdlib.h>

#include "core/archive.h"
#include "core/xxh.h"


#define LO_ARCHIVE_MAGIC   "LOARCH\r\n"
#define LO_ARCHIVE_CHECK   (LO_ARCHIVE_HEAD - 8)
#define LO_ARCHIVE_NUMBER  18         /* digits of a number, at most */


static unsigned char *
lo_archive_put(unsigned char *p, uint64_t v, unsigned bytes)
{
    for ( ; bytes; bytes--, v >>= 8) {
        *p++ = (unsigned char) v;
    }

    return p;
}


static uint64_t
lo_archive_get(const unsigned char **p, unsigned bytes)
{
    uint64_t  v;
    unsigned  i;

    for (v = 0, i = 0; i < bytes; i++) {
        v |= (uint64_t) *(*p)++ << 8 * i;
    }

    return v;
}


void
lo_archive_encode(unsigned char mem[LO_ARCHIVE_HEAD],
    const lo_archive_head_t *h)
{
    unsigned        i;
    unsigned char  *p;

    memset(mem, 0, LO_ARCHIVE_HEAD);
    memcpy(mem, LO_ARCHIVE_MAGIC, 8);

    p = lo_archive_put(mem + 8, LO_ARCHIVE_VERSION, 4);
    p = lo_archive_put(p, h->kind, 4);
    p = lo_archive_put(p, h->size, 8);

    memcpy(p, h->digest, 16);

    p = lo_archive_put(p + 16, h->place, 8);
    p = lo_archive_put(p, (uint64_t) h->number, 8);
    p = lo_archive_put(p, (uint64_t) h->m, 8);
    p = lo_archive_put(p, h->tfdt, 8);
    p = lo_archive_put(p, h->duration, 8);
    p = lo_archive_put(p, h->timescale, 4);
    p = lo_archive_put(p, h->init, 4);
    p = lo_archive_put(p, h->run, 4);
    p = lo_archive_put(p, h->rank, 4);
    p = lo_archive_put(p, h->verdict, 8);
    p = lo_archive_put(p, (uint64_t) h->first_us, 8);
    p = lo_archive_put(p, (uint64_t) h->last_us, 8);
    p = lo_archive_put(p, h->chunks, 4);
    p = lo_archive_put(p, h->flags, 4);
    p = lo_archive_put(p, h->pipeline, 4);

    for (i = 0; i < LO_ARCHIVE_AMOUNTS; i++) {
        p = lo_archive_put(p, h->ms[i], 2);
    }

    lo_archive_put(mem + LO_ARCHIVE_CHECK, XXH3_64bits(mem, LO_ARCHIVE_CHECK),
                   8);
}


int
lo_archive_decode(lo_archive_head_t *h,
    const unsigned char mem[LO_ARCHIVE_HEAD], lo_err_t *err)
{
    unsigned              i;
    uint64_t              v;
    const unsigned char  *p;

    if (memcmp(mem, LO_ARCHIVE_MAGIC, 8) != 0) {
        return lo_err(err, "no file of the archive");
    }

    p = mem + LO_ARCHIVE_CHECK;

    if (lo_archive_get(&p, 8) != XXH3_64bits(mem, LO_ARCHIVE_CHECK)) {
        return lo_err(err, "its head is damaged");
    }

    p = mem + 8;
    v = lo_archive_get(&p, 4);

    if (v != LO_ARCHIVE_VERSION) {
        return lo_err(err, "it is of version %u, this is %d", (unsigned) v,
                      LO_ARCHIVE_VERSION);
    }

    h->kind = (uint32_t) lo_archive_get(&p, 4);
    h->size = lo_archive_get(&p, 8);

    memcpy(h->digest, p, 16);
    p += 16;

    h->place = lo_archive_get(&p, 8);
    h->number = (int64_t) lo_archive_get(&p, 8);
    h->m = (int64_t) lo_archive_get(&p, 8);
    h->tfdt = lo_archive_get(&p, 8);
    h->duration = lo_archive_get(&p, 8);
    h->timescale = (uint32_t) lo_archive_get(&p, 4);
    h->init = (uint32_t) lo_archive_get(&p, 4);
    h->run = (uint32_t) lo_archive_get(&p, 4);
    h->rank = (uint32_t) lo_archive_get(&p, 4);
    h->verdict = lo_archive_get(&p, 8);
    h->first_us = (int64_t) lo_archive_get(&p, 8);
    h->last_us = (int64_t) lo_archive_get(&p, 8);
    h->chunks = (uint32_t) lo_archive_get(&p, 4);
    h->flags = (uint32_t) lo_archive_get(&p, 4);
    h->pipeline = (uint32_t) lo_archive_get(&p, 4);

    for (i = 0; i < LO_ARCHIVE_AMOUNTS; i++) {
        h->ms[i] = (uint16_t) lo_archive_get(&p, 2);
    }

    if (h->kind == LO_ARCHIVE_SEGMENT
        && (h->number < 0 || h->timescale == 0 || h->size > UINT32_MAX
            || h->duration > UINT32_MAX || h->rank > UINT16_MAX
            || h->pipeline >= LO_MAX_PIPELINES))
    {
        return lo_err(err, "its head is no segment's");
    }

    return LO_OK;
}


void
lo_archive_folder(char name[LO_ARCHIVE_NAME], const char *id, int64_t born_us)
{
    (void) snprintf(name, LO_ARCHIVE_NAME, "%.*s~%llx", LO_ID_MAX, id,
                    (unsigned long long) born_us);
}


int
lo_archive_event(const char *name, char id[LO_ID_MAX + 1], int64_t *born_us)
{
    size_t       len;
    char         again[LO_ARCHIVE_NAME];
    const char  *tilde;

    tilde = strchr(name, '~');
    len = tilde ? (size_t) (tilde - name) : 0;

    if (len == 0 || len > LO_ID_MAX) {
        return LO_ERROR;
    }

    memcpy(id, name, len);
    id[len] = '\0';
    *born_us = (int64_t) strtoull(tilde + 1, NULL, 16);

    if (!lo_id_ok(lo_cstr(id)) || *born_us < 0) {
        return LO_ERROR;
    }

    /* there is one way to write it */

    lo_archive_folder(again, id, *born_us);

    return strcmp(again, name) == 0 ? LO_OK : LO_ERROR;
}


uint64_t
lo_archive_place(lo_str_t event, lo_str_t track)
{
    unsigned char  name[LO_ARCHIVE_NAME + LO_ID_MAX + 2];
    lo_buf_t       b;

    lo_buf_init(&b, name, sizeof(name));
    lo_buf_put(&b, event.data, event.len);
    lo_buf_put(&b, "/", 1);

    if (track.len) {
        lo_buf_put(&b, track.data, track.len);
    }

    return XXH3_64bits(name, (size_t) (b.pos - b.start));
}


int64_t
lo_archive_number(const char *name)
{
    size_t   i;
    int64_t  n;

    for (n = 0, i = 0; name[i] >= '0' && name[i] <= '9'; i++) {

        if (i == LO_ARCHIVE_NUMBER) {
            return LO_NONE;
        }

        n = n * 10 + (name[i] - '0');
    }

    return i && strcmp(name + i, ".seg") == 0 ? n : LO_NONE;
}
