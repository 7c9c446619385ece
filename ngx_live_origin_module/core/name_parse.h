/*
 * What the files of the name grammar share: walking over a path.
 */

#ifndef LO_NAME_PARSE_H
#define LO_NAME_PARSE_H

#include "core/base.h"


#define LO_PATH_PUBLISH     1024
#define LO_PATH_SERVE       2560          /* a token, a class, a track */
#define LO_NAME_NUMBER_MAX  ((uint64_t) 1 << 53)


static inline int
lo_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}


static inline int
lo_is_alpha(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static inline int
lo_starts(lo_str_t s, lo_str_t with)
{
    return s.len >= with.len && memcmp(s.data, with.data, with.len) == 0;
}


static inline int
lo_ends(lo_str_t s, lo_str_t with)
{
    return s.len >= with.len
           && memcmp(s.data + s.len - with.len, with.data, with.len) == 0;
}


static inline void
lo_skip(lo_str_t *s, size_t len)
{
    s->data += len;
    s->len -= len;
}


/* cuts the first component and its slash off *rest */

static inline lo_str_t
lo_name_next(lo_str_t *rest)
{
    size_t    i;
    lo_str_t  first;

    for (i = 0; i < rest->len && rest->data[i] != '/'; i++) { /* void */ }

    first.data = rest->data;
    first.len = i;

    lo_skip(rest, i < rest->len ? i + 1 : i);

    return first;
}


static inline size_t
lo_name_digits(lo_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len && lo_is_digit(s.data[i]); i++) { /* void */ }

    return i;
}


/* all of s is digits, or LO_NONE; LO_FULL: more than 2^53 */
int lo_name_number(lo_str_t s, uint64_t *number);

/* no empty, "." or ".." component, nothing unprintable, not overlong */
int lo_name_path_ok(lo_str_t path, size_t max);

#endif /* LO_NAME_PARSE_H */
