/*
 * The reader of chunks: it is fed a body in any pieces, and has cmaf_box.c
 * read each box.  A moof is parsed where it lies when it lies whole in what is
 * fed; payload is passed over by arithmetic.
 */

#include "core/cmaf_int.h"

#include <stdlib.h>
#include <sys/types.h>


void
lo_cmaf_reader(lo_cmaf_reader_t *r, const lo_cmaf_handler_t *handler,
    void *data, const lo_cmaf_init_t *init)
{
    memset(r, 0, sizeof(lo_cmaf_reader_t));

    r->handler = handler;
    r->data = data;
    r->init = init;
}


void
lo_cmaf_reader_free(lo_cmaf_reader_t *r)
{
    free(r->head);

    r->head = NULL;
    r->head_len = 0;
    r->head_size = 0;
}


/* grows with what has arrived, not with what a size claims */

static int
lo_cmaf_collect(lo_cmaf_reader_t *r, const unsigned char *p, size_t n,
    lo_err_t *err)
{
    size_t          size;
    unsigned char  *head;

    if (r->head_size - r->head_len < n) {
        size = r->head_size ? r->head_size * 2 : 4096;

        while (size - r->head_len < n) {
            size *= 2;
        }

        head = realloc(r->head, size);

        if (head == NULL) {
            return lo_err(err, "no memory for %zu bytes of boxes", size);
        }

        r->head = head;
        r->head_size = size;
    }

    memcpy(r->head + r->head_len, p, n);
    r->head_len += n;

    return LO_OK;
}


/*
 * Goes on with what was collected: takes from p as much as is wanted.
 * Returns what it took, or an error.
 */

static ssize_t
lo_cmaf_resume(lo_cmaf_reader_t *r, const unsigned char *p, size_t n,
    lo_err_t *err)
{
    int     rc;
    size_t  used, want;

    n = r->want - r->head_len < n ? r->want - r->head_len : n;

    rc = lo_cmaf_collect(r, p, n, err);

    if (rc != LO_OK) {
        return rc;
    }

    r->offset += n;

    if (r->head_len < r->want) {
        return n;
    }

    used = 0;
    want = 0;

    rc = lo_cmaf_step(r, r->offset - r->head_len, r->head, r->head_len, &want,
                      &used, err);

    if (rc != LO_OK) {
        return rc;
    }

    if (want) {
        r->want = want;
        return n;
    }

    /* a header that was none: its last box header has to be read again */

    memmove(r->head, r->head + used, r->head_len - used);
    r->head_len -= used;
    r->want = r->head_len;

    return n;
}


int
lo_cmaf_feed(lo_cmaf_reader_t *r, const unsigned char *data, size_t len,
    lo_err_t *err)
{
    int      rc;
    size_t   n, used, want;
    ssize_t  took;

    for ( ;; ) {

        if (r->skip > 0) {
            n = r->skip < len ? r->skip : len;

            data += n;
            len -= n;
            r->offset += n;
            r->skip -= n;

            if (r->skip > 0) {
                return LO_OK;
            }
        }

        if (r->state & LO_UNIT_MDAT) {
            rc = lo_cmaf_skipped(r);

            if (rc != LO_OK) {
                return rc;
            }
        }

        if (r->head_len > 0) {
            if (len == 0 && r->head_len < r->want) {
                return LO_OK;
            }

            took = lo_cmaf_resume(r, data, len, err);

            if (took < 0) {
                return took;
            }

            data += took;
            len -= took;
            continue;
        }

        if (len == 0) {
            return LO_OK;
        }

        used = 0;
        want = 0;

        rc = lo_cmaf_step(r, r->offset, data, len, &want, &used, err);

        if (rc != LO_OK) {
            return rc;
        }

        if (want) {
            r->want = want;
            r->offset += len;

            return lo_cmaf_collect(r, data, len, err);
        }

        data += used;
        len -= used;
        r->offset += used;
    }
}


int
lo_cmaf_end(lo_cmaf_reader_t *r, lo_err_t *err)
{
    if (r->head_len > 0 || r->skip > 0) {
        return lo_err(err, "the body ends inside a box, at %llu bytes",
                      (unsigned long long) r->offset);
    }

    if (r->state & (LO_UNIT_MOOF|LO_UNIT_HEADER|LO_UNIT_PROMISE)) {
        return lo_err(err, "the body ends before its %s, at %llu bytes",
                      r->state & LO_UNIT_MOOF ? "mdat"
                      : r->state & LO_UNIT_HEADER ? "moov" : "moof",
                      (unsigned long long) r->offset);
    }

    return LO_OK;
}
