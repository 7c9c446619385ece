/*
 * A body of any bytes, whole and in pieces: both must come to the same, and
 * no byte beyond what was fed may be looked at.  The first byte is the size
 * of the pieces.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cmaf.h"
#include "fuzz.h"


typedef struct {
    unsigned            inits;
    unsigned            moofs;
    uint64_t            bytes;             /* of chunks */
    uint64_t            duration;
    lo_cmaf_init_t      init;
    lo_cmaf_reader_t    reader;
} body_t;


static int
body_init(void *data, uint64_t offset, const unsigned char *bytes,
    size_t size)
{
    body_t    *b = data;
    lo_err_t   err;

    b->inits++;

    if (lo_cmaf_init(&b->init, bytes, size, &err) == LO_OK) {
        b->reader.init = &b->init;
    }

    return LO_OK;
}


static int
body_moof(void *data, const lo_cmaf_chunk_t *chunk)
{
    body_t  *b = data;

    b->moofs++;
    b->duration += chunk->duration;

    return LO_OK;
}


static int
body_chunk(void *data, const lo_cmaf_chunk_t *chunk)
{
    body_t  *b = data;

    b->bytes += chunk->size;

    return LO_OK;
}


static int
body_read(body_t *b, const uint8_t *data, size_t size, size_t piece)
{
    int             rc;
    size_t          at, n;
    lo_err_t        err;
    unsigned char  *copy;

    static const lo_cmaf_handler_t  handler = {
        body_init, body_moof, body_chunk
    };

    memset(b, 0, sizeof(body_t));
    lo_cmaf_reader(&b->reader, &handler, b, NULL);

    for (rc = LO_OK, at = 0; at < size && rc == LO_OK; at += n) {
        n = size - at < piece ? size - at : piece;

        copy = malloc(n);
        memcpy(copy, data + at, n);
        rc = lo_cmaf_feed(&b->reader, copy, n, &err);
        free(copy);
    }

    if (rc == LO_OK) {
        rc = lo_cmaf_end(&b->reader, &err);
    }

    lo_cmaf_reader_free(&b->reader);

    return rc;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            whole, pieces;
    lo_err_t       err;
    static body_t  a, b;

    if (size < 1) {
        return 0;
    }

    whole = body_read(&a, data + 1, size - 1, SIZE_MAX);
    pieces = body_read(&b, data + 1, size - 1, data[0] + 1);

    check(whole == pieces && a.inits == b.inits && a.moofs == b.moofs
          && a.bytes == b.bytes && a.duration == b.duration
          && memcmp(&a.init, &b.init, sizeof(a.init)) == 0);

    (void) lo_cmaf_init(&a.init, data + 1, size - 1, &err);

    return 0;
}
