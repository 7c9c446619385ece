#include "core/dash_patch_int.h"
#include "core/xxh.h"

#include <stdio.h>
#include <stdlib.h>


#define LO_PATCH_NONE  "0000000000000000"


/* ---- the version's own name */

void
lo_dash_patch_location(lo_buf_t *b)
{
    lo_buf_puts(b, LO_PATCH_LOCATION "patch-" LO_PATCH_NONE
                ".mpp</PatchLocation>\n");
}


static unsigned char *
lo_patch_digits(const unsigned char *mpd, size_t len)
{
    unsigned char  *p;

    static const char  open[] = LO_PATCH_LOCATION "patch-";

    p = memmem(mpd, len, open, sizeof(open) - 1);

    return p && (size_t) (mpd + len - p) > sizeof(open) - 1 + 16
           ? p + sizeof(open) - 1 : NULL;
}


void
lo_dash_patch_sign(unsigned char *mpd, size_t len)
{
    char            hex[17];
    unsigned char  *p;

    p = lo_patch_digits(mpd, len);

    if (p) {
        snprintf(hex, sizeof(hex), "%016llx",
                 (unsigned long long) XXH3_64bits(mpd, len));
        memcpy(p, hex, 16);
    }
}


int
lo_dash_patch_key(const void *mpd, size_t len, uint64_t *key)
{
    char                  hex[17];
    const unsigned char  *p;

    p = lo_patch_digits(mpd, len);

    if (p == NULL) {
        return LO_NONE;
    }

    memcpy(hex, p, 16);
    hex[16] = '\0';
    *key = strtoull(hex, NULL, 16);

    return LO_OK;
}


/* ---- lines */

int
lo_patch_next(lo_patch_lines_t *l)
{
    size_t                len;
    const unsigned char  *end;

    if (l->left.len == 0) {
        l->line.len = 0;
        return 0;
    }

    end = memchr(l->left.data, '\n', l->left.len);
    len = end ? (size_t) (end - l->left.data) + 1 : l->left.len;

    l->line.data = l->left.data;
    l->line.len = len;
    lo_skip(&l->left, len);

    return 1;
}


int
lo_patch_is(lo_str_t line, const char *start)
{
    return lo_starts(line, lo_cstr(start));
}


lo_str_t
lo_patch_value(lo_str_t line, const char *name)
{
    char                  key[40];
    size_t                n;
    lo_str_t              v;
    const unsigned char  *p, *end;

    v.data = NULL;
    v.len = 0;

    n = snprintf(key, sizeof(key), " %s=\"", name);
    p = memmem(line.data, line.len, key, n);

    if (p) {
        p += n;
        end = memchr(p, '"', line.data + line.len - p);

        if (end) {
            v.data = (unsigned char *) p;
            v.len = end - p;
        }
    }

    return v;
}


int64_t
lo_patch_int(lo_str_t line, const char *name, int64_t otherwise)
{
    size_t    i;
    int64_t   n;
    lo_str_t  v;

    v = lo_patch_value(line, name);

    for (n = 0, i = 0; i < v.len && i < 18; i++) {
        n = n * 10 + (v.data[i] - '0');
    }

    return v.len ? n : otherwise;
}


int
lo_patch_alike_but(lo_str_t a, lo_str_t b, const char *name)
{
    size_t    head;
    lo_str_t  x, y;

    x = lo_patch_value(a, name);
    y = lo_patch_value(b, name);

    if (x.data == NULL || y.data == NULL) {
        return lo_str_eq(a, b);
    }

    head = x.data - a.data;

    if (head != (size_t) (y.data - b.data)
        || memcmp(a.data, b.data, head) != 0)
    {
        return 0;
    }

    lo_skip(&a, head + x.len);
    lo_skip(&b, head + y.len);

    return lo_str_eq(a, b);
}


void
lo_patch_content(lo_buf_t *b, lo_str_t line)
{
    while (line.len && line.data[0] == ' ') {
        lo_skip(&line, 1);
    }

    if (line.len && line.data[line.len - 1] == '\n') {
        line.len--;
    }

    lo_buf_put(b, line.data, line.len);
}
