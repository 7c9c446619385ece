/* what the fuzzers share */

#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdlib.h>

#include "core/base.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static inline void
check(int ok)
{
    if (!ok) {
        abort();
    }
}


static inline void
inside(lo_str_t s, lo_str_t text)
{
    check(s.len == 0 || (s.data >= text.data
                         && s.data + s.len <= text.data + text.len));
}

#endif /* FUZZ_H */
