/*
 * The first byte: 0 for the directives of a reload, else the size of the
 * pieces that a segment comes in and, with the second, its part target.  Parts
 * lie behind each other, are no longer than the target and do not depend on
 * the pieces; none goes away again.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/part.h"
#include "core/reload.h"
#include "fuzz.h"


static void
fuzz_reload(const uint8_t *data, size_t size)
{
    lo_err_t         err;
    lo_str_t         args;
    lo_reload_t      r;
    lo_reload_end_t  end = { 1000, 4, 2 };

    args.data = malloc(size + !size);
    args.len = size;
    memcpy(args.data, data, size);

    if (lo_reload_parse(&r, args, &err) == LO_OK) {
        check(r.msn >= -1 && r.part >= -1 && (r.part < 0 || r.msn >= 0));

        if (lo_reload_there(&r, &end)) {
            check(lo_reload_near(&r, &end, 500000, &err) == LO_OK);
        }
    }

    free(args.data);
}


static void
fuzz_parts(lo_parts_t *p, const uint8_t *data, size_t size, size_t piece,
    uint32_t target)
{
    size_t           at, n;
    unsigned         i, seen;
    uint64_t         offset, start;
    unsigned char   *copy;
    lo_cmaf_init_t   init;

    memset(&init, 0, sizeof(init));
    init.timescale = 1000;
    init.def_duration = 20;

    lo_parts_init(p, &init, target);
    seen = 0;

    for (at = 0; at < size; at += n) {
        n = size - at < piece ? size - at : piece;

        copy = malloc(n);
        memcpy(copy, data + at, n);
        (void) lo_parts_feed(p, copy, n);
        free(copy);

        check(p->n >= seen);
        seen = p->n;
    }

    (void) lo_parts_end(p);

    offset = p->n ? p->list[0].offset : 0;
    start = 0;

    for (i = 0; i < p->n; i++) {
        check(p->list[i].offset >= offset && p->list[i].start == start
              && p->list[i].offset + p->list[i].size <= size
              && p->list[i].duration * 1000 <= target);
        offset = p->list[i].offset + p->list[i].size;
        start += p->list[i].duration;
    }

    check(p->n <= LO_PARTS_MAX);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_parts_t  a, b;

    if (size < 2) {
        return 0;
    }

    if (data[0] == 0) {
        fuzz_reload(data + 1, size - 1);
        return 0;
    }

    fuzz_parts(&a, data + 2, size - 2, SIZE_MAX, data[1] * 10000u);
    fuzz_parts(&b, data + 2, size - 2, data[0], data[1] * 10000u);

    check(a.bad == b.bad && a.n == b.n
          && (a.n == 0 || memcmp(a.list, b.list, a.n * sizeof(lo_part_t))
                          == 0));

    lo_parts_free(&a);
    lo_parts_free(&b);

    return 0;
}
