#include "core/name_parse.h"


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


static int
lo_name_component_ok(const unsigned char *p, size_t len)
{
    return len > 0 && (p[0] != '.'
                       || (len != 1 && (len != 2 || p[1] != '.')));
}


int
lo_name_path_ok(lo_str_t path, size_t max)
{
    size_t         i, start;
    unsigned char  c;

    if (path.len == 0 || path.len > max
        || path.data[path.len - 1] == '/')
    {
        return 0;
    }

    for (i = 0, start = 0; i < path.len; i++) {

        c = path.data[i];

        /* letters and digits, which most are */

        if (c >= '0' && c < 0x7f && c != '\\') {
            continue;
        }

        if (c < 0x20 || c == 0x7f || c == '\\') {
            return 0;
        }

        if (c == '/') {

            if (!lo_name_component_ok(path.data + start, i - start)) {
                return 0;
            }

            start = i + 1;
        }
    }

    return lo_name_component_ok(path.data + start, i - start);
}
