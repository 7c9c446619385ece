#include "core/name_parse.h"


#define LO_PATH_MAX  1024


int
lo_name_number(lo_str_t s, uint64_t *number)
{
    size_t    i;
    uint64_t  v;

    if (s.len == 0) {
        return LO_NONE;
    }

    for (v = 0, i = 0; i < s.len; i++) {
        if (!lo_is_digit(s.data[i])) {
            return LO_NONE;
        }

        v = v > LO_NAME_NUMBER_MAX ? v : v * 10 + (s.data[i] - '0');
    }

    *number = v;

    return v > LO_NAME_NUMBER_MAX ? LO_FULL : LO_OK;
}


int
lo_name_path_ok(lo_str_t path)
{
    size_t    i;
    lo_str_t  c;

    if (path.len == 0 || path.len > LO_PATH_MAX
        || path.data[path.len - 1] == '/')
    {
        return 0;
    }

    for (i = 0; i < path.len; i++) {
        if (path.data[i] < 0x20 || path.data[i] == 0x7f
            || path.data[i] == '\\')
        {
            return 0;
        }
    }

    while (path.len) {
        c = lo_name_next(&path);

        if (c.len == 0 || (c.data[0] == '.'
            && (c.len == 1 || (c.len == 2 && c.data[1] == '.'))))
        {
            return 0;
        }
    }

    return 1;
}
